/* `user add` */
#include "identity/answer.h"
#include "operator/errand.h"

typedef struct new_user {
    gh_str name, email, roles, tier, hash;
} new_user;

static bool read_user(gh_errand *o, new_user *u)
{
    gh_str tier = gh_option(o, "tier", 0);
    u->tier = o->identity->new_user_tier;
    return gh_read_user_name(o, gh_argument(o, 0), &u->name) &&
           gh_read_email(o, gh_option(o, "email", 0), &u->email) && gh_read_roles(o, &u->roles) &&
           (tier.p == NULL || gh_read_tier(o, tier, &u->tier));
}

static gh_op_user_create *create(gh_errand *o, const new_user *u)
{
    gh_op_user_create *op = gh_op_make(USER_CREATE, gh_op_user_create);
    if (op != NULL &&
        (!gh_op_copy(&op->op, u->name, &op->name) || !gh_op_copy(&op->op, u->email, &op->email) ||
         !gh_op_copy(&op->op, u->hash, &op->hash) || !gh_op_copy(&op->op, u->roles, &op->roles) ||
         (u->tier.n > 0 && !gh_op_copy(&op->op, u->tier, &op->tier)))) {
        gh_op_unref(&op->op);
        op = NULL;
    }
    if (gh_do(o, op == NULL ? NULL : &op->op))
        return op;
    if (op != NULL)
        gh_op_unref(&op->op);
    return NULL;
}

int gh_operate_user_add(gh_errand *o)
{
    new_user u = {.hash = {NULL, 0}};
    bool without = gh_cli_has(o->args, "no-password");
    if (!read_user(o, &u))
        return GH_EXIT_USAGE;
    if (!without && !gh_read_password(o, u.name, u.email, &u.hash))
        return GH_EXIT_FAILED;
    gh_op_user_create *op = create(o, &u);
    if (op == NULL)
        return GH_EXIT_FAILED;
    int status = GH_EXIT_OK;
    if (op->op.status == GH_OP_OK) {
        gh_buf *out = gh_text_room(o->out, GH_ID_TEXT + 1);
        gh_id_put(out, op->user.id);
        gh_buf_char(out, '\n');
    } else {
        status = gh_fail(o, "the name %s%s is taken by another account", gh_show(o, u.name),
                         u.email.p == NULL ? "" : " or that e-mail address");
    }
    gh_op_unref(&op->op);
    return status;
}
