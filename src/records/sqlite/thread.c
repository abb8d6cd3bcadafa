/* The thread that owns the database. */
#include "records/sqlite/executor.h"

enum {
    BATCH = 256,           /* operations that share a transaction, at most */
    USES_MS = 30000,       /* between two writings of the last uses */
    SCRUB_MS = 10000,      /* between two tries to empty the write-ahead log */
    OPTIMIZE_MS = 21600000 /* between two looks at the query planner's figures */
};

typedef gh_sqlite_records records;

/* What counts now: it may be adjusted. */
static gh_sweep_spans read_spans(records *r, uint64_t *ret_cleanup_ms)
{
    (void)pthread_mutex_lock(&r->common.lock);
    gh_sweep_spans spans = r->common.life.spans;
    *ret_cleanup_ms = UINT64_C(1000) * r->common.life.cleanup_s;
    (void)pthread_mutex_unlock(&r->common.lock);
    return spans;
}

static void set_dates(records *r)
{
    uint64_t now_ms = gh_records_clock_ms(), cleanup_ms;
    (void)read_spans(r, &cleanup_ms);
    r->uses_ms = now_ms + USES_MS;
    r->sweep_ms = now_ms + cleanup_ms;
    r->optimize_ms = now_ms + OPTIMIZE_MS;
}

static uint64_t next_due(const records *r)
{
    uint64_t due = r->uses_ms < r->sweep_ms ? r->uses_ms : r->sweep_ms;
    if (r->scrub && r->scrub_ms < due)
        due = r->scrub_ms;
    return due < r->optimize_ms ? due : r->optimize_ms;
}

static bool commit(records *r)
{
    gh_transaction *t = &r->transaction;
    bool done = gh_transaction_commit(t);
    r->scrub = r->scrub || (done && t->work.scrub);
    t->work.scrub = false;
    atomic_fetch_add_explicit(&r->common.transactions, 1, memory_order_relaxed);
    atomic_store_explicit(&r->common.failures, t->failures, memory_order_relaxed);
    return done;
}

static void run_batch(records *r, gh_op *const *ops, unsigned n)
{
    const gh_records_options *o = &r->common.options;
    uint64_t now_ms = o->now_ms();
    gh_transaction_begin(&r->transaction);
    for (unsigned i = 0; i < n; i++) {
        if (ops[i]->now_s == 0)
            ops[i]->now_s = o->now_s();
        if (ops[i]->deadline_ms == 0 || now_ms < ops[i]->deadline_ms)
            gh_transaction_run(&r->transaction, ops[i]);
    }
    bool done = commit(r);
    atomic_fetch_add_explicit(&r->common.operations, n, memory_order_relaxed);
    for (unsigned i = 0; i < n; i++) {
        if (!done) {
            ops[i]->status = GH_OP_UNAVAILABLE;
            gh_work_clear_answer(ops[i]);
        }
        ops[i]->finished(ops[i]);
    }
}

static bool run_alone(records *r, void (*run)(gh_work *w, void *data), void *data)
{
    gh_transaction *t = &r->transaction;
    gh_transaction_begin(t);
    t->work.now_s = r->common.options.now_s();
    t->work.arena = &r->scratch;
    gh_transaction_call(t, run, data);
    bool done = commit(r);
    gh_arena_wipe(&r->scratch);
    gh_arena_reset(&r->scratch);
    return done;
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

static void optimize(records *r, uint64_t now_ms)
{
    gh_sql_run(&r->file.sql, GH_SQL_OPTIMIZE);
    gh_sql_reset(&r->file.sql);
    r->optimize_ms = now_ms + OPTIMIZE_MS;
}

/* Whoever reads the file, a backup, is not waited for: it may take minutes, and everybody who signs in would, too. */
static void empty_log(records *r, uint64_t now_ms)
{
    (void)sqlite3_busy_timeout(r->file.db, 0);
    gh_query q = gh_query_of(&r->file.sql, GH_SQL_CHECKPOINT);
    bool emptied = gh_query_row(&q) && gh_column_u64(&q) == 0;
    gh_query_run(&q);
    emptied = emptied && gh_sql_ok(&r->file.sql);
    gh_sql_reset(&r->file.sql);
    (void)sqlite3_busy_timeout(r->file.db, GH_BUSY_MS);
    if (!emptied && r->scrub_ms == 0)
        gh_records_say(
            &r->common, 1, "records_log_kept",
            "what was erased is still in gatehouse.db-wal, which can't be emptied now: tried again");
    r->scrub = !emptied;
    r->scrub_ms = emptied ? 0 : now_ms + SCRUB_MS;
}

static void clean_up(records *r, uint64_t now_ms)
{
    uint64_t cleanup_ms, now_s = r->common.options.now_s();
    sweep s = {read_spans(r, &cleanup_ms), false};
    bool done = now_s != 0 && run_alone(r, sweep_expired, &s);
    if (r->common.options.roster != NULL)
        gh_roster_sweep(r->common.options.roster, now_s);
    r->sweep_ms = done && s.more ? now_ms : now_ms + cleanup_ms;
}

/* What is due. A piece that leaves more is due again at once, after the operations that wait. */
static void keep_house(records *r)
{
    uint64_t now_ms = gh_records_clock_ms();
    bool more = false;
    if (atomic_exchange(&r->adjusted, false)) {
        r->sweep_ms = 0;
        r->scrub_ms = r->scrub_ms > 0 ? 1 : 0;
    }
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

void *gh_sqlite_records_serve(void *data)
{
    records *r = data;
    gh_queue *queue = &r->common.queue;
    gh_op *ops[BATCH];
    bool more = false;
    set_dates(r);
    (void)pthread_setname_np(pthread_self(), "gh-records");
    for (;;) {
        gh_queue_taken taken = gh_queue_take(queue, next_due(r), ops, BATCH);
        if (taken.over)
            break;
        if (taken.n > 0)
            run_batch(r, ops, taken.n);
        if (taken.job != NULL)
            gh_queue_job_over(taken.job, run_alone(r, taken.job->run, taken.job->data));
        keep_house(r);
    }
    do {
        more = false;
        if (!run_alone(r, write_uses, &more))
            break;
    } while (more);
    return NULL;
}
