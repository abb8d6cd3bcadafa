#include "records/work.h"

void gh_session_read(gh_query *q, gh_session_row *ret)
{
    gh_session_row row = {0};
    row.s.id = gh_column_u64(q);
    row.s.user = gh_column_u64(q);
    row.s.kind = (uint8_t)gh_column_u64(q);
    row.s.device = gh_column_u64(q);
    gh_column_blob(q, row.s.hash, GH_SECRET_HASH);
    gh_column_blob(q, row.s.before_hash, GH_SECRET_HASH);
    row.number = (uint32_t)gh_column_u64(q);
    row.s.rotated_s = gh_column_u64(q);
    row.s.created_s = gh_column_u64(q);
    row.s.used_s = gh_column_u64(q);
    row.s.expires_s = gh_column_u64(q);
    row.idle_s = (uint32_t)gh_column_u64(q);
    row.s.address = gh_column_ip(q);
    *ret = row;
}

uint64_t gh_session_used(const gh_work *w, const gh_session_row *row)
{
    uint64_t known = w->roster == NULL ? 0 : gh_roster_session_used(w->roster, row->s.id);
    return known > row->s.used_s ? known : row->s.used_s;
}

bool gh_session_over(const gh_work *w, const gh_session_row *row)
{
    if (row->s.expires_s <= w->now_s)
        return true;
    return row->idle_s != 0 && gh_session_used(w, row) + row->idle_s <= w->now_s;
}

void gh_session_end(gh_work *w, gh_id session, uint32_t token_s)
{
    uint64_t span = (uint64_t)token_s + GH_LEEWAY_S, access_s = gh_work_access_s(w),
             until = w->now_s + (span > access_s ? span : access_s);
    gh_sql_run1(w->sql, GH_SQL_SESSION_DELETE, session);
    gh_sql_run2(w->sql, GH_SQL_ENDED_ADD, session, until);
    gh_effect *e = gh_work_effect(w, GH_EFFECT_END_SESSION);
    e->id = session;
    e->until_s = until;
}

uint32_t gh_sessions_end(gh_work *w, gh_id user, gh_id but, uint32_t token_s)
{
    gh_query q = gh_query_of(w->sql, GH_SQL_SESSIONS_OF_USER);
    gh_bind_id(&q, user);
    gh_ids ids = gh_query_ids(&q, w->arena);
    uint32_t n = 0;
    for (uint32_t i = 0; i < ids.n; i++) {
        if (ids.id[i] == but)
            continue;
        gh_session_end(w, ids.id[i], token_s);
        n++;
    }
    return n;
}

/* The least used session but one, after those that are over were ended. Returns how many are left. */
static uint32_t count_live(gh_work *w, gh_id user, gh_id but, gh_id *ret_oldest)
{
    uint64_t oldest_used = UINT64_MAX;
    uint32_t n = 0, over = 0;
    gh_session_row row;
    gh_id ended[32];
    gh_query q = gh_query_of(w->sql, GH_SQL_SESSIONS_OF_USER);
    gh_bind_id(&q, user);
    *ret_oldest = 0;
    while (gh_query_row(&q)) {
        gh_session_read(&q, &row);
        if (row.s.id == but)
            continue;
        uint64_t used = gh_session_used(w, &row);
        if (gh_session_over(w, &row)) {
            if (over < GH_COUNT(ended)) /* the others wait for the cleanup */
                ended[over++] = row.s.id;
            continue;
        }
        n++;
        if (used < oldest_used) {
            oldest_used = used;
            *ret_oldest = row.s.id;
        }
    }
    for (uint32_t i = 0; i < over; i++)
        gh_session_end(w, ended[i], 0);
    return n;
}

static bool make_room(gh_work *w, gh_id user, const gh_new_session *new_session, gh_id replaces)
{
    gh_id oldest;
    if (new_session->most == 0)
        return true;
    while (count_live(w, user, replaces, &oldest) >= new_session->most) {
        if (!new_session->end_oldest || oldest == 0 || !gh_sql_ok(w->sql))
            return false;
        gh_session_end(w, oldest, 0);
        gh_audit_thing(w, "session_end", user, "oldest_session", oldest);
    }
    return true;
}

/* The device that a session is bound to: a confirmed one of the user's own or an anonymous one. */
static gh_id bindable(gh_work *w, gh_id user, gh_id device)
{
    if (device == 0)
        return 0;
    gh_query q = gh_query_of(w->sql, GH_SQL_DEVICE_BY_ID);
    gh_bind_id(&q, device);
    bool fits = gh_query_row(&q);
    if (fits) {
        gh_column_skip(&q);
        gh_id owner = gh_column_u64(&q);
        gh_column_skip(&q);
        gh_column_skip(&q);
        fits = gh_column_u64(&q) != 0 && (owner == 0 || owner == user);
    }
    gh_query_end(&q);
    return fits ? device : 0;
}

static void write_row(gh_work *w, const gh_roster_session *s, const gh_new_session *with)
{
    gh_query q = gh_query_of(w->sql, GH_SQL_SESSION_ADD);
    gh_bind_id(&q, s->id);
    gh_bind_id(&q, s->user);
    gh_bind_u64(&q, s->kind);
    gh_bind_id(&q, s->device);
    gh_bind_blob(&q, s->hash, GH_SECRET_HASH);
    gh_bind_u64(&q, s->created_s);
    gh_bind_u64(&q, s->expires_s);
    gh_bind_u64(&q, with->idle_s);
    gh_bind_ip(&q, &s->address);
    gh_bind_text(&q, w->actor->user_agent);
    gh_bind_u64(&q, with->generation);
    gh_query_run(&q);
}

enum gh_op_status gh_session_add(gh_work *w, const gh_account *a, const gh_new_session *new_session,
                                 gh_id replaces, gh_id *ret_bound)
{
    if (!make_room(w, a->record.id, new_session, replaces))
        return GH_OP_CAP;
    gh_roster_session s = {.id = new_session->id,
                           .user = a->record.id,
                           .device = bindable(w, a->record.id, new_session->device),
                           .kind = new_session->kind,
                           .created_s = w->now_s,
                           .used_s = w->now_s,
                           .expires_s = new_session->expires_s,
                           .address = w->actor->address};
    if (s.expires_s > INT64_MAX)
        s.expires_s = INT64_MAX;
    memcpy(s.hash, new_session->hash, sizeof s.hash);
    write_row(w, &s, new_session);
    gh_account_effect(w, a);
    gh_effect *e = gh_work_effect(w, GH_EFFECT_SET_SESSION);
    e->only_grants = true;
    e->session = s;
    *ret_bound = s.device;
    return GH_OP_OK;
}
