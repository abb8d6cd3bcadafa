/* Users by what an operator calls them, and the names that were meant. */
#include "operator/errand.h"
#include "operator/fields.h"

/* So many accounts are looked at for the one that was meant. */
enum { PAGE = 1000, PAGES = 5, NEAR = 2 };

static gh_op_user_get *get(gh_errand *o, gh_str name, gh_id id)
{
    gh_op_user_get *g = gh_op_make(USER_GET, gh_op_user_get);
    if (g != NULL)
        g->id = id;
    if (g != NULL && !gh_op_copy(&g->op, name, &g->name)) {
        gh_op_unref(&g->op);
        g = NULL;
    }
    if (gh_do(o, g == NULL ? NULL : &g->op))
        return g;
    if (g != NULL)
        gh_op_unref(&g->op);
    return NULL;
}

/* Among the names that begin with the same letter; slips of the first one are rare. */
static gh_str nearest_user(gh_errand *o, gh_str wanted)
{
    gh_str after = gh_str_cut(wanted, 0, 1), best = {NULL, 0};
    unsigned distance = NEAR + 1;
    bool more = wanted.n > NEAR;
    for (unsigned page = 0; page < PAGES && more; page++) {
        gh_op_user_list *l = gh_op_make(USER_LIST, gh_op_user_list);
        if (l == NULL)
            break;
        l->after = after;
        l->most = PAGE;
        l->op.now_s = o->now_s;
        gh_records_do(o->with->records, &l->op);
        more = l->op.status == GH_OP_OK && l->more && l->n > 0;
        for (uint32_t i = 0; l->op.status == GH_OP_OK && i < l->n; i++) {
            gh_str name = l->users[i].name;
            unsigned d = gh_str_distance(wanted, name, NEAR);
            more = more && name.n > 0 && name.p[0] == wanted.p[0];
            if (d < distance) {
                distance = d;
                best = gh_arena_copy(&o->arena, name);
            }
        }
        if (more)
            after = gh_arena_copy(&o->arena, l->users[l->n - 1].name);
        gh_op_unref(&l->op);
    }
    return best;
}

static void say_unknown(gh_errand *o, gh_str who)
{
    gh_str near = nearest_user(o, gh_lower_copy(&o->arena, who));
    if (near.p != NULL)
        (void)gh_fail(o, "there is no user \"%s\"; did you mean %s?", gh_show(o, who), gh_show(o, near));
    else
        (void)gh_fail(o, "there is no user \"%s\"; gatehouse user list shows those there are",
                      gh_show(o, who));
}

gh_op_user_get *gh_find_user(gh_errand *o, gh_str who)
{
    gh_id id;
    gh_op_user_get *g = get(o, gh_lower_copy(&o->arena, who), 0);
    if (g != NULL && g->op.status != GH_OP_OK && gh_id_parse(who, &id)) {
        gh_op_unref(&g->op);
        g = get(o, (gh_str){NULL, 0}, id);
    }
    if (g == NULL || g->op.status == GH_OP_OK)
        return g;
    gh_op_unref(&g->op);
    say_unknown(o, who);
    return NULL;
}

bool gh_read_id(gh_errand *o, const char *what, gh_str text, gh_id *ret)
{
    if (gh_id_parse(text, ret))
        return true;
    (void)gh_misuse(
        o, "\"%s\" is not the id of a %s, which has 13 digits and letters: gatehouse %s list shows them",
        gh_show(o, text), what, what);
    return false;
}

gh_str gh_nearest_role(const gh_identity_policy *p, gh_str wanted)
{
    gh_str best = {NULL, 0};
    unsigned distance = NEAR + 1;
    for (unsigned i = 0; i < p->n_roles; i++) {
        unsigned d = gh_str_distance(wanted, p->roles[i].name, NEAR);
        if (d < distance) {
            distance = d;
            best = p->roles[i].name;
        }
    }
    return best;
}

gh_str gh_nearest_permission(const gh_identity_policy *p, gh_str wanted)
{
    gh_str best = {NULL, 0};
    unsigned distance = NEAR + 1;
    for (unsigned i = 0; i < p->n_permissions; i++) {
        unsigned d = gh_str_distance(wanted, p->permissions[i], NEAR);
        if (d < distance) {
            distance = d;
            best = p->permissions[i];
        }
    }
    return best;
}
