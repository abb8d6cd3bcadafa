/* The thread that does what is due, by the workers' hands, and looks for the database while it is away. */
#include <stdlib.h>
#include <time.h>

#include "records/postgres/transaction.h"

enum {
    USES_MS = 15000, /* between two writings of the last uses */
    LIFE_MS = 60000, /* between two words on how long tokens live that are made here */
    SPOOL_MS = 1000, /* between two tries to empty the spool */
    SLACK_S =
        60 /* a use on another node is known here by then: so long later a session is swept that was not used */
};

typedef gh_pg_records records;

/* --- uses */

static void collect(void *data)
{
    records *r = data;
    r->n_uses = gh_roster_collect_used(r->common.options.roster, r->uses, GH_PG_USES);
}

static void write_collected(gh_work *w, void *data)
{
    const records *r = data;
    gh_sweep_write_uses(w, r->uses, r->n_uses);
    for (unsigned i = 0; i < r->n_uses; i++)
        gh_work_effect(w, GH_EFFECT_USED)->used = r->uses[i];
}

static int compare_uses(const void *left, const void *right)
{
    const gh_roster_use *a = left, *b = right;
    return a->what != b->what ? (a->what > b->what) - (a->what < b->what) : (a->id > b->id) - (a->id < b->id);
}

/* True: there may be more. What could not be written is kept. */
static bool write_uses(records *r)
{
    if (r->n_uses == 0) {
        if (!gh_feed_call(r->feed, collect, r) || r->n_uses == 0)
            return false;
        qsort(r->uses, r->n_uses, sizeof *r->uses, compare_uses); /* all nodes write in the same order */
    }
    if (!gh_queue_call(&r->common.queue, GH_PG_ANYHOW, write_collected, r))
        return false;
    bool more = r->n_uses == GH_PG_USES;
    r->n_uses = 0;
    return more;
}

/* --- the sweep */

typedef struct sweep {
    gh_sweep_spans spans;
    bool more;
} sweep;

/* Of all nodes one at a time. */
static void sweep_expired(gh_work *w, void *data)
{
    sweep *s = data;
    s->more = false;
    gh_query q = gh_query_of(w->sql, GH_PG_SWEEP_TURN);
    bool turn = gh_query_row(&q) && gh_column_u64(&q) != 0;
    gh_query_end(&q);
    if (!turn)
        return;
    s->more = gh_sweep_expired(w, &s->spans);
    gh_sql_run(w->sql, GH_PG_CHANGE_SWEEP);
    gh_sql_run(w->sql, GH_PG_WORKER_SWEEP);
}

static void sweep_roster(void *data)
{
    records *r = data;
    gh_roster_sweep(r->common.options.roster, r->common.options.now_s());
}

static uint32_t later(uint32_t span_s)
{
    return span_s == 0 || span_s > UINT32_MAX - SLACK_S ? span_s : span_s + SLACK_S;
}

/* Returns when it is due again, from now on. */
static uint64_t clean_up(records *r)
{
    (void)pthread_mutex_lock(&r->common.lock);
    uint64_t cleanup_ms = UINT64_C(1000) * r->common.life.cleanup_s;
    sweep s = {{later(r->common.life.spans.cookie_idle_s), later(r->common.life.spans.token_idle_s)}, false};
    (void)pthread_mutex_unlock(&r->common.lock);
    bool done = gh_queue_call(&r->common.queue, GH_PG_ORDERLY, sweep_expired, &s);
    done = gh_feed_call(r->feed, sweep_roster, r) && done;
    return done && s.more ? 0 : cleanup_ms;
}

/* --- how long tokens live */

static void say_life(gh_work *w, void *data)
{
    records *r = data;
    (void)pthread_mutex_lock(&r->common.lock);
    uint32_t access_s = r->common.life.access_s;
    (void)pthread_mutex_unlock(&r->common.lock);
    gh_sweep_token_life(w, access_s);
}

/* --- the password */

static bool is_renewed(records *r)
{
    (void)pthread_mutex_lock(&r->common.lock);
    bool renewed = r->renewed;
    r->renewed = false;
    (void)pthread_mutex_unlock(&r->common.lock);
    return renewed;
}

/* A new one is tried at once: else it would show when a connection is next made, which may be in the night. */
static void try_password(records *r)
{
    char why[GH_POSTGRES_WHY];
    uint64_t until_ms = gh_postgres_now_ms() + r->server.timeout_ms;
    if (gh_postgres_open(&r->probe, &r->server, GH_POSTGRES_LOOK, until_ms, why))
        gh_sql_close(&r->probe.sql);
    else if (r->probe.sql.failure == GH_SQL_REFUSED)
        gh_records_say(&r->common, 2, "postgresql_password_refused", why);
}

/* --- the thread */

static void keep_house(records *r)
{
    uint64_t now_ms = gh_records_clock_ms();
    bool roster = r->feed != NULL;
    if (is_renewed(r))
        try_password(r);
    if (now_ms >= r->spool_ms)
        r->spool_ms = now_ms + (gh_pg_replay(r) ? 10 * SPOOL_MS : SPOOL_MS);
    if (roster && now_ms >= r->uses_ms)
        r->uses_ms = write_uses(r) ? now_ms : now_ms + USES_MS;
    if (roster && now_ms >= r->life_ms) {
        bool said = gh_queue_call(&r->common.queue, GH_PG_ORDERLY, say_life, r);
        r->life_ms = now_ms + (said ? LIFE_MS : SPOOL_MS);
    }
    if (roster && now_ms >= r->sweep_ms)
        r->sweep_ms = now_ms + clean_up(r);
}

static uint64_t next_due(const records *r)
{
    uint64_t due = r->spool_ms;
    if (r->feed == NULL)
        return due;
    due = r->uses_ms < due ? r->uses_ms : due;
    due = r->life_ms < due ? r->life_ms : due;
    return r->sweep_ms < due ? r->sweep_ms : due;
}

/* Until then, or until it is called. False: it is to end. */
static bool wait_until(records *r, uint64_t until_ms)
{
    struct timespec until = {.tv_sec = (time_t)(until_ms / 1000),
                             .tv_nsec = (long)(until_ms % 1000) * 1000000};
    (void)pthread_mutex_lock(&r->common.lock);
    while (!r->stopping && !r->due && pthread_cond_timedwait(&r->wake, &r->common.lock, &until) == 0)
        continue;
    if (r->adjusted)
        r->sweep_ms = 0;
    r->due = r->adjusted = false;
    bool go_on = !r->stopping;
    (void)pthread_mutex_unlock(&r->common.lock);
    return go_on;
}

static void set_dates(records *r)
{
    uint64_t now_ms = gh_records_clock_ms();
    r->spool_ms = now_ms;
    r->uses_ms = now_ms + USES_MS;
    r->life_ms = now_ms + LIFE_MS;
    r->sweep_ms = now_ms + UINT64_C(1000) * r->common.life.cleanup_s;
}

void *gh_pg_keeper_serve(void *data)
{
    records *r = data;
    uint64_t trial_ms = 0;
    (void)pthread_setname_np(pthread_self(), "gh-keeper");
    set_dates(r);
    while (wait_until(r, trial_ms != 0 ? trial_ms : next_due(r))) {
        bool away = trial_ms != 0;
        trial_ms = gh_pg_trial(r);
        if (away && trial_ms == 0)
            r->spool_ms = 0; /* what waits is due */
        if (trial_ms == 0)
            keep_house(r);
    }
    while (r->feed != NULL && gh_pg_usable(r) && write_uses(r))
        continue;
    return NULL;
}
