#include "base/crypto.h"
#include "records/postgres/executor.h"

bool gh_pg_usable(gh_pg_records *r)
{
    (void)pthread_mutex_lock(&r->common.lock);
    bool usable = r->breaker.state == GH_BREAKER_CLOSED;
    (void)pthread_mutex_unlock(&r->common.lock);
    return usable;
}

static uint64_t random_number(void)
{
    uint64_t n;
    gh_random(&n, sizeof n);
    return n;
}

void gh_pg_lost(gh_pg_records *r, uint64_t generation, const char *why)
{
    uint64_t now_ms = gh_records_clock_ms();
    (void)pthread_mutex_lock(&r->common.lock);
    bool news = r->breaker.state == GH_BREAKER_CLOSED && generation == r->generation;
    if (news) {
        (void)gh_breaker_bad(&r->breaker, now_ms, random_number());
        r->generation++;
        r->opened_ms = now_ms;
        r->due = true;
        (void)pthread_cond_signal(&r->wake);
    }
    (void)pthread_mutex_unlock(&r->common.lock);
    if (news)
        atomic_fetch_add(&r->outages, 1);
    gh_pg_tell(r, why);
}

/* A server whose disk hangs, or that waits for a standby that is gone, takes connections; only a commit tells. One that
 * answers at all is there: what else may be wrong operations say better. */
static bool try_to_commit(gh_pg_records *r, char *why)
{
    gh_sql *sql = &r->probe.sql;
    uint64_t until_ms = gh_postgres_now_ms() + r->server.timeout_ms;
    if (!gh_postgres_open(&r->probe, &r->server, GH_POSTGRES_OPERATIONS, until_ms, why))
        return false;
    gh_postgres_deadline(&r->probe, until_ms);
    gh_sql_run(sql, GH_PG_DURABLE);
    gh_sql_run1(sql, GH_PG_WORKER_ADD, r->probe_row);
    gh_sql_flush(sql);
    /* A trial before this one may hang there still, and hold the row. */
    bool answers =
        gh_postgres_alive(&r->probe) && sql->failure != GH_SQL_UNAVAILABLE && sql->failure != GH_SQL_CONFLICT;
    memcpy(why, sql->why, sizeof sql->why);
    gh_sql_close(sql);
    return answers;
}

uint64_t gh_pg_trial(gh_pg_records *r)
{
    (void)pthread_mutex_lock(&r->common.lock);
    bool due = gh_breaker_try(&r->breaker, gh_records_clock_ms());
    uint64_t next_ms = r->breaker.state == GH_BREAKER_CLOSED ? 0 : r->breaker.trial_ms;
    (void)pthread_mutex_unlock(&r->common.lock);
    if (!due)
        return next_ms;
    char why[GH_POSTGRES_WHY] = "";
    bool good = try_to_commit(r, why);
    (void)pthread_mutex_lock(&r->common.lock);
    if (good)
        (void)gh_breaker_good(&r->breaker, gh_records_clock_ms());
    else
        (void)gh_breaker_bad(&r->breaker, gh_records_clock_ms(), random_number());
    next_ms = good ? 0 : r->breaker.trial_ms;
    (void)pthread_mutex_unlock(&r->common.lock);
    gh_pg_tell(r, good ? NULL : why);
    return next_ms;
}

void gh_pg_try_now(gh_pg_records *r)
{
    (void)pthread_mutex_lock(&r->common.lock);
    r->breaker.trial_ms = gh_records_clock_ms();
    r->due = true;
    (void)pthread_cond_signal(&r->wake);
    (void)pthread_mutex_unlock(&r->common.lock);
}
