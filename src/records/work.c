#include "records/work.h"

typedef struct row {
    enum gh_op_status (*run)(gh_work *w, gh_op *op);
    uint32_t answer,
        size; /* where what it answers begins, to the end of the struct; 0: it answers nothing more */
} row;

#define ROW(type, name, first)                            \
    {                                                     \
        gh_do_##name, offsetof(type, first), sizeof(type) \
    }
#define PLAIN(name)        \
    {                      \
        gh_do_##name, 0, 0 \
    }

/* clang-format off */
static const row rows[GH_OP_KIND_COUNT] = {
    [GH_OP_LOGIN_BEGIN]    = ROW(gh_op_login_begin, login_begin, found),
    [GH_OP_LOGIN_FINISH]   = ROW(gh_op_login_finish, login_finish, subject),
    [GH_OP_USER_CREATE]    = ROW(gh_op_user_create, user_create, user),
    [GH_OP_USER_GET]       = ROW(gh_op_user_get, user_get, user),
    [GH_OP_USER_LIST]      = ROW(gh_op_user_list, user_list, users),
    [GH_OP_USER_CHANGE]    = ROW(gh_op_user_change, user_change, user),
    [GH_OP_USER_EXPORT]    = ROW(gh_op_user_export, user_export, json),
    [GH_OP_USER_ERASE]     = PLAIN(user_erase),
    [GH_OP_REFRESH]        = ROW(gh_op_refresh, refresh, sealed),
    [GH_OP_SESSION_LIST]   = ROW(gh_op_session_list, session_list, sessions),
    [GH_OP_SESSION_END]    = ROW(gh_op_session_end, session_end, ended),
    [GH_OP_TOKEN_REVOKE]   = PLAIN(token_revoke),
    [GH_OP_DEVICE_BEGIN]   = PLAIN(device_begin),
    [GH_OP_DEVICE_CONFIRM] = PLAIN(device_confirm),
    [GH_OP_DEVICE_LIST]    = ROW(gh_op_device_list, device_list, devices),
    [GH_OP_DEVICE_END]     = PLAIN(device_end),
    [GH_OP_KEY_CREATE]     = ROW(gh_op_key_create, key_create, key),
    [GH_OP_KEY_LIST]       = ROW(gh_op_key_list, key_list, keys),
    [GH_OP_KEY_END]        = PLAIN(key_end),
    [GH_OP_AUDIT]          = PLAIN(audit),
    [GH_OP_CATCH_UP]       = PLAIN(catch_up),
};
/* clang-format on */

uint32_t gh_work_access_s(gh_work *w)
{
    if (w->look != NULL)
        w->look(w);
    return w->access_s;
}

/* The executor has done what there is to do. */
enum gh_op_status gh_do_catch_up(gh_work *w, gh_op *op)
{
    (void)w;
    (void)op;
    return GH_OP_OK;
}

enum gh_op_status gh_work_run(gh_work *w, gh_op *op)
{
    const row *r = op->kind < GH_OP_KIND_COUNT ? &rows[op->kind] : NULL;
    if (r == NULL || r->run == NULL)
        return GH_OP_UNAVAILABLE;
    w->arena = &op->arena;
    w->actor = &op->actor;
    w->now_s = op->now_s;
    return r->run(w, op);
}

void gh_work_clear_answer(gh_op *op)
{
    const row *r = op->kind < GH_OP_KIND_COUNT ? &rows[op->kind] : NULL;
    op->retry_s = 0;
    if (r != NULL && r->answer != 0)
        memset((char *)op + r->answer, 0, r->size - r->answer);
}
