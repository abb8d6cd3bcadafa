/* `user disable`, `enable`, `role`, `tier`, `password`, `erase` */
#include "identity/rights.h"
#include "operator/errand.h"

/* A change of the user that was found. NULL: no memory; gh_do() says so. */
static gh_op_user_change *change_of(const gh_op_user_get *user)
{
    gh_op_user_change *c = gh_op_make(USER_CHANGE, gh_op_user_change);
    if (c != NULL)
        c->id = user->user.id;
    return c;
}

/* Does it and gives it up. */
static bool change(gh_errand *o, gh_op_user_change *c)
{
    bool done = gh_do(o, c == NULL ? NULL : &c->op);
    if (done && c->op.status != GH_OP_OK) {
        (void)gh_fail(o, "the account is not there any more");
        done = false;
    }
    if (c != NULL)
        gh_op_unref(&c->op);
    return done;
}

static int set_disabled(gh_errand *o, bool disabled)
{
    gh_op_user_get *user = gh_find_user(o, gh_argument(o, 0));
    if (user == NULL)
        return GH_EXIT_FAILED;
    int status = GH_EXIT_OK;
    if (user->user.disabled == disabled) {
        gh_note(o, "%s is %s already", gh_show(o, user->user.name), disabled ? "disabled" : "enabled");
    } else {
        gh_op_user_change *c = change_of(user);
        if (c != NULL) {
            c->set_disabled = true;
            c->disabled = disabled;
        }
        status = change(o, c) ? GH_EXIT_OK : GH_EXIT_FAILED;
        if (status == GH_EXIT_OK)
            gh_note(o, "%s is %s", gh_show(o, user->user.name),
                    disabled ? "disabled; all its sessions have ended" : "enabled");
    }
    gh_op_unref(&user->op);
    return status;
}

int gh_operate_user_disable(gh_errand *o)
{
    return set_disabled(o, true);
}

int gh_operate_user_enable(gh_errand *o)
{
    return set_disabled(o, false);
}

/* All of them, before anything is changed. A role that the policy does not know any more can still be taken away. */
static bool check_roles(gh_errand *o)
{
    gh_str word;
    for (unsigned i = 1; (word = gh_argument(o, i)).p != NULL; i++) {
        if (word.n < 2 || (word.p[0] != '+' && word.p[0] != '-')) {
            (void)gh_misuse(o, "\"%s\" is no change of roles: +ROLE gives one, -ROLE takes it away",
                            gh_show(o, word));
            return false;
        }
        if (word.p[0] == '+' && !gh_read_role(o, gh_str_cut(word, 1, word.n)))
            return false;
    }
    return true;
}

static bool change_role(gh_errand *o, const gh_op_user_get *user, gh_str word)
{
    gh_op_user_change *c = change_of(user);
    gh_str role = gh_str_cut(word, 1, word.n);
    bool had = gh_word_in(user->user.roles, role), add = word.p[0] == '+';
    if (had == add)
        gh_note(o, "%s %s the role %s", gh_show(o, user->user.name), had ? "has already" : "does not have",
                gh_show(o, role));
    if (c != NULL && !gh_op_copy(&c->op, role, add ? &c->add_role : &c->remove_role)) {
        gh_op_unref(&c->op);
        c = NULL;
    }
    if (had == add && c != NULL) {
        gh_op_unref(&c->op);
        return true;
    }
    return change(o, c);
}

int gh_operate_user_role(gh_errand *o)
{
    gh_str word;
    if (!check_roles(o))
        return GH_EXIT_USAGE;
    gh_op_user_get *user = gh_find_user(o, gh_argument(o, 0));
    if (user == NULL)
        return GH_EXIT_FAILED;
    bool good = true;
    for (unsigned i = 1; good && (word = gh_argument(o, i)).p != NULL; i++)
        good = change_role(o, user, word);
    gh_op_unref(&user->op);
    return good ? GH_EXIT_OK : GH_EXIT_FAILED;
}

/* A tier that no rule of rate limits knows is allowed, but may be a slip. */
static void note_tier(gh_errand *o, gh_str tier)
{
    const gh_policy *p = o->with->policy;
    bool any = false;
    for (unsigned i = 0; i < p->limits.n_rules; i++)
        for (unsigned k = 1; k < p->limits.rules[i].n_sets; k++) {
            any = true;
            if (gh_str_eq(p->limits.rules[i].sets[k].tier, tier))
                return;
        }
    if (any && tier.n > 0 && !gh_str_eq(tier, p->limits.default_tier))
        gh_note(o, "note: no rule of rate_limits has a tier %s", gh_show(o, tier));
}

int gh_operate_user_tier(gh_errand *o)
{
    gh_str tier;
    if (!gh_read_tier(o, gh_argument(o, 1), &tier))
        return GH_EXIT_USAGE;
    gh_op_user_get *user = gh_find_user(o, gh_argument(o, 0));
    if (user == NULL)
        return GH_EXIT_FAILED;
    gh_op_user_change *c = change_of(user);
    if (c != NULL) {
        c->set_tier = true;
        if (!gh_op_copy(&c->op, tier, &c->tier)) {
            gh_op_unref(&c->op);
            c = NULL;
        }
    }
    gh_op_unref(&user->op);
    if (!change(o, c))
        return GH_EXIT_FAILED;
    note_tier(o, tier);
    return GH_EXIT_OK;
}

int gh_operate_user_password(gh_errand *o)
{
    gh_str hash;
    gh_op_user_get *user = gh_find_user(o, gh_argument(o, 0));
    if (user == NULL)
        return GH_EXIT_FAILED;
    bool good = gh_read_password(o, user->user.name, user->user.email, &hash);
    if (good) {
        gh_op_user_change *c = change_of(user);
        if (c != NULL && !gh_op_copy(&c->op, hash, &c->hash)) {
            gh_op_unref(&c->op);
            c = NULL;
        }
        good = change(o, c);
        if (good)
            gh_note(o, "the password of %s is changed; all its sessions have ended",
                    gh_show(o, user->user.name));
    }
    gh_op_unref(&user->op);
    return good ? GH_EXIT_OK : GH_EXIT_FAILED;
}

int gh_operate_user_erase(gh_errand *o)
{
    if (!gh_cli_has(o->args, "yes"))
        return gh_misuse(o, "erasing can't be undone; --yes says that it is meant");
    gh_op_user_get *user = gh_find_user(o, gh_argument(o, 0));
    if (user == NULL)
        return GH_EXIT_FAILED;
    gh_op_user_erase *e = gh_op_make(USER_ERASE, gh_op_user_erase);
    if (e != NULL)
        e->id = user->user.id;
    bool good = gh_do(o, e == NULL ? NULL : &e->op);
    if (good)
        gh_note(o, "%s is erased", gh_show(o, user->user.name));
    if (e != NULL)
        gh_op_unref(&e->op);
    gh_op_unref(&user->op);
    return good ? GH_EXIT_OK : GH_EXIT_FAILED;
}
