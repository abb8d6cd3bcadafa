/* The thread that owns the database. */
#include <time.h>

#include "records/inside.h"
#include "records/sweep.h"

enum {
    BATCH = 256,           /* operations that share a transaction, at most */
    USES_MS = 30000,       /* between two writings of the last uses */
    SCRUB_MS = 10000,      /* between two tries to empty the write-ahead log */
    OPTIMIZE_MS = 21600000 /* between two looks at the query planner's figures */
};

static uint64_t clock_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void set_dates(gh_records *r)
{
    uint64_t now_ms = clock_ms();
    r->uses_ms = now_ms + USES_MS;
    r->sweep_ms = now_ms + UINT64_C(1000) * r->options.cleanup_s;
    r->optimize_ms = now_ms + OPTIMIZE_MS;
}

static uint64_t next_due(const gh_records *r)
{
    uint64_t due = r->uses_ms < r->sweep_ms ? r->uses_ms : r->sweep_ms;
    if (r->scrub && r->scrub_ms < due)
        due = r->scrub_ms;
    return due < r->optimize_ms ? due : r->optimize_ms;
}

/* Waits until there is something to do. Returns how many operations were taken; *ret_job: a job, or NULL; *ret_over:
 * nothing waits any more, and it is closing. */
static unsigned take(gh_records *r, gh_op *ret[BATCH], gh_records_job **ret_job, bool *ret_over)
{
    uint64_t due = next_due(r);
    struct timespec until = {.tv_sec = (time_t)(due / 1000), .tv_nsec = (long)(due % 1000) * 1000000};
    unsigned n = 0;
    (void)pthread_mutex_lock(&r->lock);
    while (r->first == NULL && r->jobs == NULL && !r->closing)
        if (pthread_cond_timedwait(&r->wake, &r->lock, &until) != 0)
            break; /* something is due */
    while (r->first != NULL && n < BATCH) {
        ret[n++] = r->first;
        r->first = r->first->next;
    }
    if (r->first == NULL)
        r->last = NULL;
    r->waiting -= n;
    *ret_job = r->jobs;
    if (r->jobs != NULL)
        r->jobs = r->jobs->next;
    *ret_over = r->closing && n == 0 && *ret_job == NULL;
    (void)pthread_mutex_unlock(&r->lock);
    return n;
}

static bool commit(gh_records *r)
{
    gh_transaction *t = &r->transaction;
    bool done = gh_transaction_commit(t);
    r->scrub = r->scrub || (done && t->work.scrub);
    t->work.scrub = false;
    atomic_fetch_add_explicit(&r->transactions, 1, memory_order_relaxed);
    atomic_store_explicit(&r->failures, t->failures, memory_order_relaxed);
    return done;
}

static void run_batch(gh_records *r, gh_op *const *ops, unsigned n)
{
    uint64_t now_ms = r->options.now_ms();
    gh_transaction_begin(&r->transaction);
    for (unsigned i = 0; i < n; i++) {
        if (ops[i]->now_s == 0)
            ops[i]->now_s = r->options.now_s();
        if (ops[i]->deadline_ms == 0 || now_ms < ops[i]->deadline_ms)
            gh_transaction_run(&r->transaction, ops[i]);
    }
    bool done = commit(r);
    atomic_fetch_add_explicit(&r->operations, n, memory_order_relaxed);
    for (unsigned i = 0; i < n; i++) {
        if (!done) {
            ops[i]->status = GH_OP_UNAVAILABLE;
            gh_work_clear_answer(ops[i]);
        }
        ops[i]->finished(ops[i]);
    }
}

static bool run_alone(gh_records *r, void (*run)(gh_work *w, void *data), void *data)
{
    gh_transaction *t = &r->transaction;
    gh_transaction_begin(t);
    t->work.now_s = r->options.now_s();
    t->work.arena = &r->scratch;
    gh_transaction_call(t, run, data);
    bool done = commit(r);
    gh_arena_wipe(&r->scratch);
    gh_arena_reset(&r->scratch);
    return done;
}

static void run_job(gh_records *r, gh_records_job *job)
{
    bool done = run_alone(r, job->run, job->data);
    (void)pthread_mutex_lock(&r->lock);
    job->done = done;
    job->over = true;
    (void)pthread_cond_broadcast(&r->answered);
    (void)pthread_mutex_unlock(&r->lock);
}

static void write_uses(gh_work *w, void *ret_more)
{
    *(bool *)ret_more = gh_sweep_uses(w);
}

typedef struct sweep {
    gh_sweep_spans spans;
    bool more;
} sweep;

static void sweep_expired(gh_work *w, void *data)
{
    sweep *s = data;
    s->more = gh_sweep_expired(w, &s->spans);
}

static void optimize(gh_records *r, uint64_t now_ms)
{
    gh_sql_run(&r->sqlite.sql, GH_SQL_OPTIMIZE);
    gh_sql_reset(&r->sqlite.sql);
    r->optimize_ms = now_ms + OPTIMIZE_MS;
}

/* Whoever reads the file, a backup, is not waited for: it may take minutes, and everybody who signs in would, too. */
static void empty_log(gh_records *r, uint64_t now_ms)
{
    (void)sqlite3_busy_timeout(r->sqlite.db, 0);
    gh_query q = gh_query_of(&r->sqlite.sql, GH_SQL_CHECKPOINT);
    bool emptied = gh_query_row(&q) && gh_column_u64(&q) == 0;
    gh_query_run(&q);
    emptied = emptied && gh_sql_ok(&r->sqlite.sql);
    gh_sql_reset(&r->sqlite.sql);
    (void)sqlite3_busy_timeout(r->sqlite.db, GH_BUSY_MS);
    if (!emptied && r->scrub_ms == 0)
        gh_records_say(
            r, 1, "records_log_kept",
            "what was erased is still in gatehouse.db-wal, which can't be emptied now: tried again");
    r->scrub = !emptied;
    r->scrub_ms = emptied ? 0 : now_ms + SCRUB_MS;
}

static void clean_up(gh_records *r, uint64_t now_ms)
{
    sweep s = {{r->options.cookie_idle_s, r->options.token_idle_s}, false};
    bool done = r->options.now_s() != 0 && run_alone(r, sweep_expired, &s);
    if (r->options.roster != NULL)
        gh_roster_sweep(r->options.roster, r->options.now_s());
    r->sweep_ms = done && s.more ? now_ms : now_ms + UINT64_C(1000) * r->options.cleanup_s;
}

/* What is due. A piece that leaves more is due again at once, after the operations that wait. */
static void keep_house(gh_records *r)
{
    uint64_t now_ms = clock_ms();
    bool more = false;
    if (now_ms >= r->uses_ms || now_ms >= r->sweep_ms) { /* a sweep looks at the last uses */
        bool done = run_alone(r, write_uses, &more);
        r->uses_ms = done && more ? now_ms : now_ms + USES_MS;
    }
    if (now_ms >= r->sweep_ms && !more)
        clean_up(r, now_ms);
    if (now_ms >= r->optimize_ms)
        optimize(r, now_ms);
    if (r->scrub && now_ms >= r->scrub_ms)
        empty_log(r, now_ms);
}

void *gh_records_serve(void *data)
{
    gh_records *r = data;
    gh_op *ops[BATCH];
    gh_records_job *job;
    bool over, more = false;
    set_dates(r);
    (void)pthread_setname_np(pthread_self(), "gh-records");
    for (;;) {
        unsigned n = take(r, ops, &job, &over);
        if (over)
            break;
        if (n > 0)
            run_batch(r, ops, n);
        if (job != NULL)
            run_job(r, job);
        keep_house(r);
    }
    do {
        more = false;
        if (!run_alone(r, write_uses, &more))
            break;
    } while (more);
    return NULL;
}
