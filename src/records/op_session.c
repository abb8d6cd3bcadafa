/* Refreshing, listing and ending of sessions; revocation of access tokens. */
#include "base/crypto.h"
#include "records/work.h"

static bool same_hash(const uint8_t a[GH_SECRET_HASH], const uint8_t b[GH_SECRET_HASH])
{
    return gh_equal_secret((gh_str){(const char *)a, GH_SECRET_HASH},
                           (gh_str){(const char *)b, GH_SECRET_HASH});
}

/* The session with its present secret, sealed by the one before; absent: it is the login's. */
static bool find_session(gh_work *w, gh_id id, gh_session_row *ret, gh_str *ret_sealed)
{
    gh_query q = gh_query_of(w->sql, GH_SQL_SESSION_BY_ID);
    gh_bind_id(&q, id);
    bool found = gh_query_row(&q);
    if (found) {
        gh_session_read(&q, ret);
        *ret_sealed = gh_column_text(&q, w->arena);
    }
    gh_query_end(&q);
    return found && gh_sql_ok(w->sql);
}

static void rotate(gh_work *w, gh_op_refresh *o, gh_session_row *row, const gh_account *a)
{
    const gh_ip *address = &w->actor->address;
    gh_query q = gh_query_of(w->sql, GH_SQL_SESSION_ROTATE);
    gh_bind_id(&q, row->s.id);
    gh_bind_blob(&q, o->next_hash, GH_SECRET_HASH);
    gh_bind_blob(&q, o->next_sealed.p, o->next_sealed.n);
    gh_bind_u64(&q, w->now_s);
    gh_bind_ip(&q, address);
    gh_bind_u64(&q, o->next_generation);
    gh_query_run(&q);
    memcpy(row->s.before_hash, row->s.hash, GH_SECRET_HASH);
    memcpy(row->s.hash, o->next_hash, GH_SECRET_HASH);
    row->s.rotated_s = row->s.used_s = w->now_s;
    if (address->family != 0)
        row->s.address = *address;
    o->sealed = o->next_sealed;
    gh_account_effect(w, a);
    gh_work_effect(w, GH_EFFECT_SET_SESSION)->session = row->s;
}

/* Authentic, but not the present one, nor the one before within its grace: a copy of it was used. Both who has the
 * copy and who was copied are out. */
static enum gh_op_status reused(gh_work *w, const gh_session_row *row)
{
    gh_session_end(w, row->s.id, 0);
    gh_audit_thing(w, "refresh_reuse", row->s.user, "session", row->s.id);
    return GH_OP_REUSED;
}

/* A browser's secret is replaced at most once in its grace. Several tabs that refresh one after the other would else
 * leave a request that is still under way with the secret before the last but one, which counts for nothing. */
static bool is_new(const gh_work *w, const gh_op_refresh *o, const gh_session_row *row)
{
    return o->kind == GH_SESSION_COOKIE && row->number > 0 && w->now_s < row->s.rotated_s + o->grace_s;
}

static enum gh_op_status refresh_live(gh_work *w, gh_op_refresh *o, gh_session_row *row, gh_str sealed)
{
    gh_account a;
    if (o->number > row->number)
        return GH_OP_NOT_FOUND; /* of a time that a backup does not know */
    bool present = o->number == row->number && same_hash(o->hash, row->s.hash);
    o->repeated = row->number > 0 && o->number == row->number - 1 && same_hash(o->hash, row->s.before_hash) &&
                  w->now_s < row->s.rotated_s + o->grace_s;
    if (!present && !o->repeated)
        return reused(w, row);
    if (!gh_account_find(w, row->s.user, (gh_str){NULL, 0}, &a))
        return GH_OP_NOT_FOUND;
    if (a.record.disabled)
        return GH_OP_DISABLED;
    o->kept = present && is_new(w, o, row);
    if (o->repeated)
        o->sealed = sealed;
    else if (!o->kept)
        rotate(w, o, row, &a);
    o->user = a.record.id;
    o->bound = row->s.device;
    o->subject = gh_account_subject(&a);
    o->cutoff_s = a.cutoff_s;
    o->expires_s = row->s.expires_s;
    o->created_s = row->s.created_s;
    return GH_OP_OK;
}

enum gh_op_status gh_do_refresh(gh_work *w, gh_op *op)
{
    gh_op_refresh *o = (gh_op_refresh *)op;
    gh_session_row row;
    gh_str sealed;
    if (!find_session(w, o->session, &row, &sealed) || row.s.kind != o->kind)
        return GH_OP_NOT_FOUND;
    /* Before anything is ended: without the device a thief can't throw its owner out. */
    if (row.s.device != 0 && row.s.device != o->device)
        return GH_OP_WRONG;
    if (gh_session_over(w, &row))
        return GH_OP_EXPIRED;
    return refresh_live(w, o, &row, sealed);
}

static bool shown(const gh_work *w, const gh_session_row *row, uint64_t idle_s_cookie)
{
    if (gh_session_over(w, row))
        return false;
    uint64_t used = gh_session_used(w, row);
    return row->s.kind != GH_SESSION_COOKIE || idle_s_cookie == 0 || used >= w->now_s ||
           w->now_s - used < idle_s_cookie;
}

enum gh_op_status gh_do_session_list(gh_work *w, gh_op *op)
{
    gh_op_session_list *o = (gh_op_session_list *)op;
    gh_session_row row;
    uint32_t room = 0;
    gh_query q = gh_query_of(w->sql, GH_SQL_SESSIONS_OF_USER);
    gh_bind_id(&q, o->user);
    while (gh_query_row(&q)) {
        gh_session_read(&q, &row);
        if (!shown(w, &row, o->idle_s_cookie))
            continue;
        o->sessions = gh_sql_grow(w->sql, w->arena, o->sessions, o->n, &room, sizeof *o->sessions);
        if (o->sessions == NULL)
            break;
        gh_session_record *r = &o->sessions[o->n++];
        *r = (gh_session_record){.id = row.s.id,
                                 .device = row.s.device,
                                 .kind = row.s.kind,
                                 .address = row.s.address,
                                 .created_s = row.s.created_s,
                                 .used_s = gh_session_used(w, &row),
                                 .expires_s = row.s.expires_s};
        gh_column_skip(&q); /* sealed */
        r->user_agent = gh_column_text(&q, w->arena);
        r->device_name = gh_column_text(&q, w->arena);
    }
    gh_query_end(&q);
    return GH_OP_OK;
}

static enum gh_op_status end_one(gh_work *w, gh_op_session_end *o)
{
    gh_session_row row;
    gh_str sealed;
    if (!find_session(w, o->session, &row, &sealed) || (o->user != 0 && row.s.user != o->user))
        return GH_OP_NOT_FOUND;
    gh_session_end(w, o->session, o->token_s);
    o->ended = 1;
    const char *event = w->actor->session == o->session ? "logout" : "session_end";
    gh_audit_thing(w, event, row.s.user, "session", o->session);
    return GH_OP_OK;
}

enum gh_op_status gh_do_session_end(gh_work *w, gh_op *op)
{
    gh_op_session_end *o = (gh_op_session_end *)op;
    char memory[64];
    if (o->session != 0)
        return end_one(w, o);
    o->ended = gh_sessions_end(w, o->user, o->but, o->token_s);
    if (o->ended > 0) {
        gh_buf detail = gh_buf_over(memory, sizeof memory);
        gh_buf_printf(&detail, "{\"sessions\":%u}", o->ended);
        gh_audit(w, &(gh_event){.event = "session_end", .user = o->user, .detail = gh_buf_str(&detail)});
    }
    return GH_OP_OK;
}

enum gh_op_status gh_do_token_revoke(gh_work *w, gh_op *op)
{
    const gh_op_token_revoke *o = (const gh_op_token_revoke *)op;
    uint64_t until = o->expires_s > INT64_MAX - GH_LEEWAY_S ? INT64_MAX : o->expires_s + GH_LEEWAY_S;
    if (until <= w->now_s)
        return GH_OP_OK; /* it is refused anyway */
    gh_query q = gh_query_of(w->sql, GH_SQL_REVOKED_GET);
    gh_bind_u64(&q, o->jti);
    bool known = gh_query_row(&q) && gh_column_u64(&q) >= until;
    gh_query_end(&q);
    if (known)
        return GH_OP_OK;
    gh_sql_run2(w->sql, GH_SQL_REVOKED_ADD, o->jti, until);
    gh_effect *e = gh_work_effect(w, GH_EFFECT_REVOKE_TOKEN);
    e->jti = o->jti;
    e->until_s = until;
    gh_audit(w, &(gh_event){.event = "token_revoke", .user = w->actor->user});
    return GH_OP_OK;
}
