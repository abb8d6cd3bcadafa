#include "records/postgres/executor.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/crypto.h"
#include "records/postgres/schema_postgres.h"
#include "records/postgres/transaction.h"

enum {
    TEXTS = 1 << 20,  /* bytes of the server's texts */
    LOAD_MS = 120000, /* for reading the roster at the start */
    LOOK_MS = 20,     /* between two looks whether the server is back */
    LOOKS = 10,       /* between two trials, while somebody waits for it */
    OPEN_MS = 10000   /* how long the first transaction is tried anew */
};

static gh_pg_records *of(gh_records *r)
{
    return (gh_pg_records *)r;
}

static void say(void *data, int level, const char *event, const char *text)
{
    gh_records_say(data, level, event, text);
}

/* --- opening */

static const char *copy(gh_pg_records *r, const char *text, bool *ret_failed)
{
    gh_str kept = text == NULL ? (gh_str){NULL, 0} : gh_arena_copy(&r->memory, gh_str_of(text));
    *ret_failed = *ret_failed || (text != NULL && kept.p == NULL);
    return kept.p;
}

static bool copy_server(gh_pg_records *r, const gh_records_options *o, gh_buf *why)
{
    bool failed = false;
    bool changed;
    r->server = (gh_postgres_server){.url = copy(r, o->postgres.url, &failed),
                                     .passwords = &r->passwords,
                                     .ca_file = copy(r, o->postgres.ca_file, &failed),
                                     .cert_file = copy(r, o->postgres.cert_file, &failed),
                                     .key_file = copy(r, o->postgres.key_file, &failed),
                                     .timeout_ms = o->postgres.timeout_ms};
    failed = failed || !gh_pg_passwords_use(&r->passwords, o->postgres.password, &changed);
    if (failed)
        gh_buf_lit(why, "no memory");
    return !failed;
}

/* As the URL names it, before anybody has answered. */
static bool find_place(gh_pg_records *r, gh_buf *why)
{
    char text[GH_POSTGRES_WHY];
    gh_postgres_plan plan;
    if (!gh_postgres_plan_make(&plan, &r->server, text)) {
        gh_buf_printf(why, "%s", text);
        return false;
    }
    gh_buf where = gh_buf_over(r->where, sizeof r->where - 1);
    if (plan.n > 1)
        gh_buf_put(&where, gh_str_cut(gh_str_of(plan.where), 0, sizeof r->where - 1));
    else
        gh_postgres_host_put(&where, &plan.hosts[0]);
    r->where[where.n] = '\0';
    gh_postgres_plan_end(&plan);
    return true;
}

/* The schema is there, and is the present one. */
static bool open_schema(gh_pg_records *r, gh_buf *why)
{
    char text[GH_POSTGRES_WHY];
    uint64_t found;
    if (!gh_postgres_open(&r->probe, &r->server, GH_POSTGRES_SCHEMA,
                          gh_postgres_now_ms() + r->server.timeout_ms, text)) {
        r->unreachable = r->probe.sql.failure == GH_SQL_UNAVAILABLE;
        gh_pg_put_why(r, text, why);
        return false;
    }
    bool done = gh_pg_schema_open(&r->probe, &found, why);
    r->unreachable = !done && r->probe.sql.failure == GH_SQL_UNAVAILABLE;
    gh_sql_close(&r->probe.sql);
    return done;
}

static bool open_spool(gh_pg_records *r, gh_buf *why)
{
    char text[160];
    uint64_t cut = 0;
    if (r->common.options.folder == NULL)
        return true;
    if (!gh_spool_open(&r->spool, r->common.options.folder, GH_SPOOL_MOST, why, &cut))
        return false;
    if (cut > 0) {
        gh_buf b = gh_buf_over(text, sizeof text - 1);
        bool damaged = r->spool.end_aside;
        gh_buf_printf(&b, "%llu bytes at the end of audit.spool %s", (unsigned long long)cut,
                      damaged ? "can't be read; they are in audit.spool.bad now, and counted as dropped"
                              : "were no whole line and were cut off");
        text[b.n] = '\0';
        atomic_fetch_add_explicit(&r->dropped, damaged, memory_order_relaxed);
        if (damaged)
            gh_records_say(&r->common, 2, "audit_spool_damaged", text);
        else
            gh_records_say(&r->common, 1, "audit_spool_cut", text);
    }
    return true;
}

static void ring_changed(void *data)
{
    const gh_records *r = data;
    if (r->options.ring_changed != NULL)
        r->options.ring_changed(r->options.said_data);
}

static bool open_feed(gh_pg_records *r, gh_buf *why)
{
    char text[GH_POSTGRES_WHY];
    const gh_records_options *o = &r->common.options;
    const gh_feed_options options = {.server = r->server,
                                     .roster = o->roster,
                                     .now_s = o->now_s,
                                     .said = say,
                                     .ring_changed = ring_changed,
                                     .lost = gh_pg_feed_lost,
                                     .back = gh_pg_feed_back,
                                     .data = r};
    gh_feed_stats stats;
    if (o->roster == NULL)
        return true;
    r->feed = gh_feed_open(&options);
    if (r->feed == NULL)
        gh_buf_lit(why, "the thread that follows other nodes can't be started");
    else if (!gh_feed_wait(r->feed, gh_postgres_now_ms() + LOAD_MS, text)) {
        gh_feed_read_stats(r->feed, &stats);
        r->unreachable = !stats.connected;
        gh_pg_put_why(r, text, why);
    }
    return why->n == 0;
}

static void prepare(gh_work *w, void *data)
{
    gh_pg_records *r = data;
    w->arena = &((gh_pg_worker *)w)->scratch;
    w->now_s = r->common.options.now_s();
    gh_records_prepare(w, &r->common.options.access_s);
}

/* The first transaction, by the first worker's hand. */
static bool make_ready(gh_pg_records *r, gh_buf *why)
{
    gh_pg_worker *w = &r->workers[0];
    gh_pg_task task = {
        .how = GH_PG_ORDERLY, .run = prepare, .data = r, .until_ms = gh_postgres_now_ms() + OPEN_MS};
    (void)gh_breaker_good(&r->breaker, gh_records_clock_ms());
    gh_pg_worker_init(w, r);
    if (gh_pg_do(w, &task) != GH_PG_DONE) {
        r->unreachable = w->c.sql.failure == GH_SQL_UNAVAILABLE;
        gh_pg_put_why(r, w->c.sql.why[0] != '\0' ? w->c.sql.why : "it can't be used: see the log", why);
        return false;
    }
    memcpy(r->naming, w->work.naming, sizeof r->naming);
    for (unsigned i = 1; i < r->n; i++)
        gh_pg_worker_init(&r->workers[i], r);
    return true;
}

static bool start_threads(gh_pg_records *r)
{
    unsigned started = 0;
    while (started < r->n &&
           pthread_create(&r->workers[started].thread, NULL, gh_pg_worker_serve, &r->workers[started]) == 0)
        started++;
    if (started == r->n && pthread_create(&r->keeper, NULL, gh_pg_keeper_serve, r) == 0)
        return true;
    gh_queue_close(&r->common.queue);
    for (unsigned i = 0; i < started; i++)
        (void)pthread_join(r->workers[i].thread, NULL);
    return false;
}

/* Signals are the main thread's. */
static bool start(gh_pg_records *r, gh_buf *why)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = start_threads(r);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!started)
        gh_buf_lit(why, "the records' threads can't be started");
    return started;
}

static bool make_workers(gh_pg_records *r, gh_buf *why)
{
    unsigned n = r->common.options.postgres.connections;
    r->n = n == 0 ? 1 : n > GH_PG_WORKERS ? GH_PG_WORKERS : n;
    r->workers = calloc(r->n, sizeof *r->workers);
    if (r->workers == NULL)
        gh_buf_lit(why, "no memory");
    return r->workers != NULL;
}

/* --- closing */

static void free_all(gh_pg_records *r)
{
    gh_feed_close(r->feed);
    for (unsigned i = 0; r->workers != NULL && i < r->n; i++)
        gh_pg_worker_end(&r->workers[i]);
    free(r->workers);
    gh_spool_close(&r->spool);
    gh_arena_wipe(&r->memory);
    gh_arena_reset(&r->memory);
    gh_pg_passwords_end(&r->passwords);
    (void)pthread_mutex_destroy(&r->news.lock);
    (void)pthread_cond_destroy(&r->wake);
    gh_records_destroy(&r->common);
    free(r);
}

static void wake_keeper(gh_pg_records *r, bool *ret_flag)
{
    (void)pthread_mutex_lock(&r->common.lock);
    *ret_flag = r->due = true;
    (void)pthread_cond_signal(&r->wake);
    (void)pthread_mutex_unlock(&r->common.lock);
}

/* The keeper first: it writes the last uses by the workers' hands. The feed finishes what they did. */
static void close_all(gh_records *common)
{
    gh_pg_records *r = of(common);
    wake_keeper(r, &r->stopping);
    (void)pthread_join(r->keeper, NULL);
    gh_queue_close(&common->queue);
    for (unsigned i = 0; i < r->n; i++)
        (void)pthread_join(r->workers[i].thread, NULL);
    gh_pg_collect_refused(r); /* the next one that uses the folder tells of them */
    free_all(r);
}

/* --- the rest */

static bool submit(gh_records *common, gh_op *op)
{
    gh_pg_records *r = of(common);
    if (op->kind != GH_OP_CATCH_UP || r->feed == NULL || gh_queue_closing(&common->queue)) {
        bool taken = gh_queue_put(&common->queue, op);
        if (!taken && op->kind == GH_OP_AUDIT) {
            atomic_fetch_add_explicit(&r->dropped, 1, memory_order_relaxed);
            atomic_fetch_add(&r->refused, 1);
        }
        return taken;
    }
    op->status = GH_OP_OK;
    gh_feed_catch_up(r->feed, gh_op_ref(op));
    return true;
}

static void adjusted(gh_records *common)
{
    gh_pg_records *r = of(common);
    wake_keeper(r, &r->adjusted);
}

/* While there is no outage nobody is kept waiting: the keeper tries it. A trial that was under way had the one before. */
static bool use_password(gh_records *common, const char *password)
{
    gh_pg_records *r = of(common);
    struct timespec span = {.tv_nsec = LOOK_MS * 1000000L};
    bool changed;
    if (!gh_pg_passwords_use(&r->passwords, password, &changed))
        return false;
    if (!changed)
        return true;
    gh_records_say(&r->common, 0, "postgresql_password_changed",
                   "postgresql.password is another one: the next connections to PostgreSQL are made with it");
    wake_keeper(r, &r->renewed);
    uint64_t until_ms = gh_postgres_now_ms() + r->server.timeout_ms;
    for (unsigned looks = 0; !gh_pg_usable(r) && gh_postgres_now_ms() < until_ms; looks++) {
        if (looks % LOOKS == 0)
            gh_pg_try_now(r);
        (void)nanosleep(&span, NULL);
    }
    return true;
}

static uint64_t age_ms(gh_records *common, uint64_t *ret_fillings)
{
    const gh_pg_records *r = of(common);
    *ret_fillings = 0;
    return r->feed == NULL ? 0 : gh_feed_age_ms(r->feed, ret_fillings);
}

static void read_feed(const gh_pg_records *r, gh_records_stats *ret)
{
    gh_feed_stats feed;
    if (r->feed == NULL)
        return;
    gh_feed_read_stats(r->feed, &feed);
    ret->feed.connected = feed.connected;
    ret->feed.reads = feed.reads;
    ret->feed.changes = feed.changes;
    ret->feed.loads = feed.loads;
    ret->feed.waiting = feed.waiting;
}

static void read_stats(gh_records *common, gh_records_stats *ret)
{
    gh_pg_records *r = of(common);
    gh_spool_state spool = gh_spool_look(&r->spool);
    uint64_t now_ms = gh_records_clock_ms();
    ret->shared = true;
    (void)pthread_mutex_lock(&common->lock);
    ret->away = r->breaker.state != GH_BREAKER_CLOSED;
    ret->away_ms = ret->away && now_ms > r->opened_ms ? now_ms - r->opened_ms : 0;
    (void)pthread_mutex_unlock(&common->lock);
    ret->outages = atomic_load_explicit(&r->outages, memory_order_relaxed);
    ret->conflicts = atomic_load_explicit(&r->conflicts, memory_order_relaxed);
    ret->reconnects = atomic_load_explicit(&r->reconnects, memory_order_relaxed);
    ret->unsure = atomic_load_explicit(&r->unsure, memory_order_relaxed);
    ret->spooled = atomic_load_explicit(&r->spooled, memory_order_relaxed);
    ret->replayed = atomic_load_explicit(&r->replayed, memory_order_relaxed);
    ret->spool_lines = spool.lines;
    ret->spool_bytes = spool.bytes;
    ret->dropped = atomic_load_explicit(&r->dropped, memory_order_relaxed);
    read_feed(r, ret);
}

static const gh_records_executor executor = {.close = close_all,
                                             .submit = submit,
                                             .adjusted = adjusted,
                                             .age_ms = age_ms,
                                             .use_password = use_password,
                                             .put_trouble = gh_pg_put_trouble,
                                             .read_stats = read_stats};

static void init(gh_pg_records *r, const gh_records_options *options)
{
    pthread_condattr_t monotonic;
    uint8_t random[8];
    gh_random(random, sizeof random);
    r->probe_row = gh_id_of_random(random);
    gh_records_init(&r->common, &executor, options);
    gh_arena_init(&r->memory, NULL, 0, TEXTS);
    gh_spool_none(&r->spool);
    gh_pg_passwords_init(&r->passwords, options->postgres.memory);
    (void)pthread_mutex_init(&r->news.lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&r->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    gh_breaker_init(&r->breaker, gh_records_clock_ms());
}

static gh_records *open_once(const gh_records_options *options, gh_buf *why, bool *ret_unreachable)
{
    gh_pg_records *r = calloc(1, sizeof *r);
    if (r == NULL) {
        gh_buf_lit(why, "no memory");
        return NULL;
    }
    init(r, options);
    if (open_spool(r, why) && copy_server(r, options, why) && find_place(r, why) && open_schema(r, why) &&
        make_workers(r, why) && make_ready(r, why) && open_feed(r, why) && start(r, why))
        return &r->common;
    *ret_unreachable = r->unreachable;
    free_all(r);
    return NULL;
}

/* Each time from the beginning: what was begun on a server that has gone is worth nothing. */
gh_records *gh_pg_records_open(const gh_records_options *options, gh_buf *why)
{
    char text[GH_POSTGRES_WHERE + GH_POSTGRES_WHY];
    for (;;) {
        bool unreachable = false;
        gh_buf b = gh_buf_over(text, sizeof text - 1);
        gh_records *r = open_once(options, &b, &unreachable);
        if (r != NULL)
            return r;
        text[b.n] = '\0';
        if (!unreachable || options->postgres.waits == NULL ||
            !options->postgres.waits(options->said_data, text)) {
            gh_buf_put(why, gh_str_cut(gh_buf_str(&b), 0, gh_buf_room(why)));
            return NULL;
        }
    }
}
