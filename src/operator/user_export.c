/* `user export` */
#include "identity/answer.h"
#include "operator/errand.h"

enum { PAGE = 1000 };

/* In the form that `user import` reads. */
static void put_line(gh_errand *o, const gh_user_record *u, bool with_hashes)
{
    gh_buf *out =
        gh_text_room(o->out, 256 + 6 * (u->name.n + u->email.n + 2 * u->roles.n + u->tier.n + u->hash.n));
    gh_buf_char(out, '{');
    gh_member_text(out, "username", u->name);
    gh_member_text(out, "email", u->email);
    if (with_hashes)
        gh_member_text(out, "password_hash", u->hash);
    gh_member_words(out, "roles", u->roles);
    gh_member_word(out, "tier", u->tier);
    gh_member_bool(out, "disabled", u->disabled);
    gh_member_time(out, "created_at", u->created_s);
    gh_buf_lit(out, "}\n");
}

static int export_all(gh_errand *o)
{
    uint64_t left = UINT64_MAX;
    gh_str after = gh_option(o, "after", 0);
    bool with_hashes = gh_cli_has(o->args, "with-hashes"), more = true;
    if (!gh_read_number(o, "limit", 1, PAGE, &left))
        return GH_EXIT_USAGE;
    while (more && left > 0 && gh_buf_ok(&o->out->b)) {
        gh_op_user_list *l = gh_list_users(o, after, left < PAGE ? (uint32_t)left : PAGE, with_hashes);
        if (l == NULL)
            return GH_EXIT_FAILED;
        for (uint32_t i = 0; i < l->n; i++)
            put_line(o, &l->users[i], with_hashes);
        left -= l->n;
        more = l->more && l->n > 0;
        if (more)
            after = gh_arena_copy(&o->arena, l->users[l->n - 1].name);
        gh_op_unref(&l->op);
        if (more && after.p == NULL)
            return gh_no_memory(o);
    }
    return GH_EXIT_OK;
}

static int export_one(gh_errand *o)
{
    gh_op_user_get *user = gh_find_user(o, gh_argument(o, 0));
    if (user == NULL)
        return GH_EXIT_FAILED;
    gh_op_user_export *e = gh_op_make(USER_EXPORT, gh_op_user_export);
    if (e != NULL)
        e->id = user->user.id;
    gh_op_unref(&user->op);
    bool good = gh_do(o, e == NULL ? NULL : &e->op);
    if (good && e->op.status == GH_OP_OK) {
        gh_text_put(o->out, e->json);
        gh_text_lit(o->out, "\n");
    } else if (good) {
        (void)gh_fail(o, "the account is not there any more");
        good = false;
    }
    if (e != NULL)
        gh_op_unref(&e->op);
    return good ? GH_EXIT_OK : GH_EXIT_FAILED;
}

int gh_operate_user_export(gh_errand *o)
{
    if (gh_argument(o, 0).p == NULL)
        return export_all(o);
    static const char *const others[] = {"with-hashes", "after", "limit"};
    for (size_t i = 0; i < GH_COUNT(others); i++)
        if (gh_cli_has(o->args, others[i]))
            return gh_misuse(o, "--%s is for the export of all users", others[i]);
    return export_one(o);
}
