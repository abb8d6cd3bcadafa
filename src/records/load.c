#include "records/load.h"

#include "records/api_key.h"

enum { ROW_MEMORY = 1 << 20 }; /* of one row's texts */

typedef struct load {
    gh_sql *sql;
    gh_roster *roster;
    uint64_t now_s;
    gh_arena arena; /* of the row at hand */
    bool full;      /* the roster had no memory */
} load;

static bool row_of(load *l, gh_query *q)
{
    gh_arena_reset(&l->arena);
    if (!l->full && gh_query_row(q))
        return true;
    gh_query_end(q);
    return false;
}

static void keep(load *l, bool done)
{
    if (!done)
        l->full = true;
}

static void load_users(load *l)
{
    gh_account a;
    gh_query q = gh_query_of(l->sql, GH_SQL_USERS_PRESENT);
    gh_bind_u64(&q, l->now_s);
    while (row_of(l, &q)) {
        gh_account_read(&q, &l->arena, &a);
        gh_roster_user user = {a.record.id,   a.record.name,     a.record.roles,
                               a.record.tier, a.record.disabled, a.cutoff_s};
        keep(l, gh_roster_set_user(l->roster, &user, a.until_s));
    }
    q = gh_query_of(l->sql, GH_SQL_CUTOFFS_OF_ERASED);
    gh_bind_u64(&q, l->now_s);
    while (row_of(l, &q)) {
        gh_roster_user user = {.id = gh_column_u64(&q)};
        user.cutoff_s = gh_column_u64(&q);
        keep(l, gh_roster_set_user(l->roster, &user, gh_column_u64(&q)));
    }
}

static void load_sessions(load *l)
{
    gh_session_row row;
    gh_query q = gh_query_of(l->sql, GH_SQL_SESSIONS_ALL);
    while (row_of(l, &q)) {
        gh_session_read(&q, &row);
        keep(l, gh_roster_set_session(l->roster, &row.s));
    }
    q = gh_query_of(l->sql, GH_SQL_ENDED_ALL);
    gh_bind_u64(&q, l->now_s);
    while (row_of(l, &q)) {
        gh_id id = gh_column_u64(&q);
        keep(l, gh_roster_end_session(l->roster, id, gh_column_u64(&q)));
    }
}

static void load_devices(load *l)
{
    gh_query q = gh_query_of(l->sql, GH_SQL_DEVICES_CONFIRMED);
    while (row_of(l, &q)) {
        gh_roster_device device = {.id = gh_column_u64(&q)};
        device.user = gh_column_u64(&q);
        gh_column_blob(&q, device.hash, sizeof device.hash);
        keep(l, gh_roster_set_device(l->roster, &device));
    }
}

static void load_keys(load *l)
{
    gh_key_row row;
    gh_roster_key key;
    gh_query q = gh_query_of(l->sql, GH_SQL_KEYS_ALL);
    while (row_of(l, &q)) {
        gh_key_read(&q, &l->arena, &row);
        if (gh_key_over(&row.record, l->now_s))
            continue;
        if (gh_key_for_roster(&l->arena, &row, &key))
            keep(l, gh_roster_set_key(l->roster, &key));
        else
            gh_sql_fail(l->sql, GH_SQL_CORRUPT);
    }
}

static void load_revocations(load *l)
{
    gh_query q = gh_query_of(l->sql, GH_SQL_REVOKED_ALL);
    gh_bind_u64(&q, l->now_s);
    while (row_of(l, &q)) {
        uint64_t jti = gh_column_u64(&q);
        keep(l, gh_roster_revoke_token(l->roster, jti, gh_column_u64(&q)));
    }
}

bool gh_load_roster(gh_sql *sql, gh_roster *roster, uint64_t now_s)
{
    load l = {.sql = sql, .roster = roster, .now_s = now_s};
    gh_arena_init(&l.arena, NULL, 0, ROW_MEMORY);
    load_users(&l);
    load_sessions(&l);
    load_devices(&l);
    load_keys(&l);
    load_revocations(&l);
    gh_arena_reset(&l.arena);
    return !l.full && gh_sql_ok(sql);
}
