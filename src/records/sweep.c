#include "records/sweep.h"

enum {
    PIECE = 256,
    DAY_S = 86400,
    PLACE_S =
        90 * DAY_S, /* an address that an account was not signed in from for so long is no longer its own */
    ANONYMOUS_S = 180 * DAY_S /* devices that are nobody's and were not used for so long are forgotten */
};

/* Those that are left behind are forgotten when the last token of their time is over. */
static void look_at_token_lives(gh_work *w)
{
    (void)gh_work_access_s(w); /* what it was before */
    gh_sql_run1(w->sql, GH_SQL_TOKEN_LIFE_SWEEP, w->now_s);
    gh_query q = gh_query_of(w->sql, GH_SQL_TOKEN_LIFE_LONGEST);
    if (gh_query_row(&q))
        w->access_s = (uint32_t)gh_column_u64(&q) + GH_LEEWAY_S;
    gh_query_end(&q);
}

void gh_sweep_token_life(gh_work *w, uint32_t access_s)
{
    gh_sql_run2(w->sql, GH_SQL_TOKEN_LIFE_LEAVE, w->now_s, access_s);
    gh_sql_run1(w->sql, GH_SQL_TOKEN_LIFE_USE, access_s);
    look_at_token_lives(w);
}

static void write_use(gh_work *w, const gh_roster_use *use)
{
    static const enum gh_statement statements[] = {[GH_ROSTER_SESSION] = GH_SQL_SESSION_USED,
                                                   [GH_ROSTER_KEY] = GH_SQL_KEY_USED,
                                                   [GH_ROSTER_DEVICE] = GH_SQL_DEVICE_USED};
    if (use->what >= GH_COUNT(statements))
        return;
    gh_query q = gh_query_of(w->sql, statements[use->what]);
    gh_bind_id(&q, use->id);
    gh_bind_u64(&q, use->used_s);
    if (use->what == GH_ROSTER_SESSION)
        gh_bind_ip(&q, &use->address);
    gh_query_run(&q);
}

void gh_sweep_write_uses(gh_work *w, const gh_roster_use *uses, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        write_use(w, &uses[i]);
}

bool gh_sweep_uses(gh_work *w)
{
    gh_roster_use uses[PIECE];
    unsigned n = w->roster == NULL ? 0 : gh_roster_collect_used(w->roster, uses, PIECE);
    gh_sweep_write_uses(w, uses, n);
    return n == PIECE;
}

/* It ran out: its access tokens do so by themselves. */
static void end_session(gh_work *w, gh_id id)
{
    gh_sql_run1(w->sql, GH_SQL_SESSION_DELETE, id);
    gh_work_effect(w, GH_EFFECT_END_SESSION)->id = id;
}

static bool sweep_sessions(gh_work *w)
{
    gh_query q = gh_query_of(w->sql, GH_SQL_SESSIONS_EXPIRED);
    gh_bind_u64(&q, w->now_s);
    gh_bind_u64(&q, PIECE);
    gh_ids ids = gh_query_ids(&q, w->arena);
    for (uint32_t i = 0; i < ids.n; i++)
        end_session(w, ids.id[i]);
    return ids.n == PIECE;
}

/* The uses were written just before, so the rows know them; but a use since then counts as well. */
static bool sweep_unused(gh_work *w, enum gh_session_kind kind, uint32_t idle_s)
{
    if (idle_s == 0 || idle_s > w->now_s)
        return false;
    gh_query q = gh_query_of(w->sql, GH_SQL_SESSIONS_UNUSED);
    gh_bind_u64(&q, kind);
    gh_bind_u64(&q, w->now_s - idle_s);
    gh_bind_u64(&q, PIECE);
    gh_ids ids = gh_query_ids(&q, w->arena);
    uint32_t ended = 0;
    for (uint32_t i = 0; i < ids.n; i++) {
        if (w->roster != NULL && gh_roster_session_used(w->roster, ids.id[i]) + idle_s > w->now_s)
            continue;
        end_session(w, ids.id[i]);
        ended++;
    }
    return ids.n == PIECE && ended > 0;
}

static bool sweep_each(gh_work *w, enum gh_statement list, uint64_t before_s, enum gh_statement remove,
                       enum gh_effect_kind effect)
{
    gh_query q = gh_query_of(w->sql, list);
    gh_bind_u64(&q, before_s);
    gh_bind_u64(&q, PIECE);
    gh_ids ids = gh_query_ids(&q, w->arena);
    for (uint32_t i = 0; i < ids.n; i++) {
        gh_sql_run1(w->sql, remove, ids.id[i]);
        gh_work_effect(w, effect)->id = ids.id[i];
    }
    return ids.n == PIECE;
}

static uint64_t ago(const gh_work *w, uint64_t span_s)
{
    return w->now_s > span_s ? w->now_s - span_s : 0;
}

bool gh_sweep_expired(gh_work *w, const gh_sweep_spans *spans)
{
    look_at_token_lives(w);
    bool more = sweep_sessions(w);
    more = sweep_unused(w, GH_SESSION_COOKIE, spans->cookie_idle_s) || more;
    more = sweep_unused(w, GH_SESSION_TOKENS, spans->token_idle_s) || more;
    more = sweep_each(w, GH_SQL_KEYS_EXPIRED, w->now_s, GH_SQL_KEY_DELETE, GH_EFFECT_END_KEY) || more;
    more = sweep_each(w, GH_SQL_DEVICES_UNUSED, ago(w, ANONYMOUS_S), GH_SQL_DEVICE_DELETE,
                      GH_EFFECT_END_DEVICE) ||
           more;
    gh_sql_run1(w->sql, GH_SQL_DEVICES_UNCONFIRMED_SWEEP, w->now_s);
    gh_sql_run1(w->sql, GH_SQL_ENDED_SWEEP, w->now_s);
    gh_sql_run1(w->sql, GH_SQL_REVOKED_SWEEP, w->now_s);
    gh_sql_run1(w->sql, GH_SQL_CUTOFFS_SWEEP, w->now_s);
    gh_sql_run1(w->sql, GH_SQL_ATTEMPTS_SWEEP, w->now_s);
    gh_sql_run1(w->sql, GH_SQL_LOGINS_SWEEP, w->now_s);
    gh_sql_run1(w->sql, GH_SQL_PLACES_SWEEP, ago(w, PLACE_S));
    return more;
}
