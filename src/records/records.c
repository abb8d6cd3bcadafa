#include "records/records.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/crypto.h"
#include "records/inside.h"
#include "records/load.h"
#include "records/sqlite/schema.h"
#include "records/sweep.h"

void gh_records_say(gh_records *r, int level, const char *event, const char *text)
{
    if (r->options.said != NULL)
        r->options.said(r->options.said_data, level, event, text);
}

enum { EFFECTS = 256 << 20 /* bytes of memory for an operation's changes of the roster */ };

static void say(void *data, int level, const char *event, const char *text)
{
    gh_records_say(data, level, event, text);
}

static bool is_closing(void *data)
{
    gh_records *r = data;
    (void)pthread_mutex_lock(&r->lock);
    bool closing = r->closing;
    (void)pthread_mutex_unlock(&r->lock);
    return closing;
}

/* --- asking */

bool gh_records_submit(gh_records *r, gh_op *op)
{
    (void)pthread_mutex_lock(&r->lock);
    bool taken = !r->closing && r->waiting < r->options.max_queue;
    if (taken) {
        op->next = NULL;
        *(r->last == NULL ? &r->first : &r->last->next) = gh_op_ref(op);
        r->last = op;
        r->waiting++;
        (void)pthread_cond_signal(&r->wake);
    }
    (void)pthread_mutex_unlock(&r->lock);
    if (!taken) {
        op->status = GH_OP_BUSY;
        op->retry_s = 1;
    }
    return taken;
}

typedef struct waiter {
    gh_records *records;
    bool over;
} waiter;

static void wake_waiter(gh_op *op)
{
    waiter *w = op->owner;
    gh_records *r = w->records;
    (void)pthread_mutex_lock(&r->lock);
    w->over = true;
    (void)pthread_cond_broadcast(&r->answered);
    (void)pthread_mutex_unlock(&r->lock);
    gh_op_unref(op);
}

void gh_records_do(gh_records *r, gh_op *op)
{
    waiter w = {r, false};
    op->owner = &w; /* cppcheck-suppress autoVariables ; it is waited for below */
    op->finished = wake_waiter;
    if (!gh_records_submit(r, op))
        return;
    (void)pthread_mutex_lock(&r->lock);
    while (!w.over)
        (void)pthread_cond_wait(&r->answered, &r->lock);
    (void)pthread_mutex_unlock(&r->lock);
}

bool gh_records_call(gh_records *r, void (*run)(gh_work *w, void *data), void *data)
{
    gh_records_job c = {.run = run, .data = data};
    (void)pthread_mutex_lock(&r->lock);
    if (!r->closing) {
        gh_records_job **end = &r->jobs;
        while (*end != NULL)
            end = &(*end)->next;
        *end = &c;
        (void)pthread_cond_signal(&r->wake);
        while (!c.over)
            (void)pthread_cond_wait(&r->answered, &r->lock);
    }
    (void)pthread_mutex_unlock(&r->lock);
    return c.done;
}

/* --- opening and closing */

static void read_secret(gh_sql *sql, gh_str name, void *ret, size_t n)
{
    gh_query q = gh_query_of(sql, GH_SQL_SECRET_GET);
    gh_bind_text(&q, name);
    bool found = gh_query_row(&q);
    if (found)
        gh_column_blob(&q, ret, n);
    gh_query_end(&q);
    if (found)
        return;
    gh_random(ret, n);
    q = gh_query_of(sql, GH_SQL_SECRET_ADD);
    gh_bind_text(&q, name);
    gh_bind_blob(&q, ret, n);
    gh_query_run(&q);
}

typedef struct adjustment {
    gh_records *records;
    const gh_records_options *options;
} adjustment;

static void adjust(gh_work *w, void *data)
{
    const adjustment *a = data;
    gh_records_options *present = &a->records->options;
    present->cleanup_s = a->options->cleanup_s == 0 ? 1 : a->options->cleanup_s;
    present->access_s = a->options->access_s;
    present->cookie_idle_s = a->options->cookie_idle_s;
    present->token_idle_s = a->options->token_idle_s;
    gh_sweep_token_life(w, present->access_s);
    a->records->sweep_ms = 0; /* due, both */
    a->records->scrub_ms = a->records->scrub_ms > 0 ? 1 : 0;
}

bool gh_records_adjust(gh_records *records, const gh_records_options *options)
{
    adjustment a = {records, options};
    return gh_records_call(records, adjust, &a);
}

static void prepare(gh_records *r)
{
    gh_transaction *t = &r->transaction;
    t->work = (gh_work){.sql = &r->sqlite.sql, .roster = r->options.roster};
    t->file = &r->sqlite;
    t->said = say;
    t->give_up = is_closing;
    t->data = r;
    gh_arena_init(&t->arena, NULL, 0, EFFECTS);
    gh_arena_init(&r->scratch, NULL, 0, EFFECTS);
    if (r->options.cleanup_s == 0)
        r->options.cleanup_s = 1;
}

static void use_options(gh_work *w, void *data)
{
    const gh_records *r = data;
    read_secret(w->sql, GH_STR("naming"), w->naming, GH_SIPHASH_KEY_SIZE);
    gh_sweep_token_life(w, r->options.access_s);
}

static bool fill(gh_records *r, gh_buf *why)
{
    gh_transaction *t = &r->transaction;
    gh_sql *sql = &r->sqlite.sql;
    uint64_t now_s = r->options.now_s();
    gh_transaction_begin(t);
    t->work.now_s = now_s;
    gh_transaction_call(t, use_options, r);
    if (!gh_transaction_commit(t))
        gh_buf_printf(why, "gatehouse.db can't be used: %s", t->why);
    else if (r->options.roster != NULL && !gh_load_roster(sql, r->options.roster, now_s) && gh_sql_ok(sql))
        gh_buf_lit(why, "not enough memory for the sessions, keys and devices that there are");
    else if (!gh_sql_ok(sql))
        gh_buf_printf(why, "gatehouse.db can't be read: %s", sql->why);
    return why->n == 0;
}

/* Signals are the main thread's. */
static bool start(gh_records *r)
{
    sigset_t all, before;
    pthread_condattr_t monotonic;
    (void)pthread_mutex_init(&r->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&r->wake, &monotonic);
    (void)pthread_cond_init(&r->answered, NULL);
    (void)pthread_condattr_destroy(&monotonic);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&r->thread, NULL, gh_records_serve, r) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static bool open_all(gh_records *r, gh_buf *why)
{
    if (!gh_folder_open(&r->folder, r->options.folder, why))
        return false;
    if (!gh_schema_open(&r->sqlite, r->folder.database, r->folder.unclean, r->options.now_s(), why)) {
        gh_folder_close(&r->folder);
        return false;
    }
    prepare(r);
    if (fill(r, why) && start(r))
        return true;
    if (why->n == 0)
        gh_buf_lit(why, "the records' thread can't be started");
    gh_sql_close(&r->sqlite.sql);
    gh_folder_close(&r->folder);
    return false;
}

gh_records *gh_records_open(const gh_records_options *options, char *why, size_t why_size)
{
    gh_buf text = gh_buf_over(why, why_size - 1);
    gh_records *r = calloc(1, sizeof *r);
    if (r == NULL)
        gh_buf_lit(&text, "no memory");
    else
        r->options = *options;
    if (r != NULL && !open_all(r, &text)) {
        free(r);
        r = NULL;
    }
    why[text.n] = '\0';
    return r;
}

void gh_records_close(gh_records *r)
{
    if (r == NULL)
        return;
    (void)pthread_mutex_lock(&r->lock);
    r->closing = true;
    (void)pthread_cond_signal(&r->wake);
    (void)pthread_mutex_unlock(&r->lock);
    (void)pthread_join(r->thread, NULL);
    gh_sql_close(&r->sqlite.sql);
    gh_folder_close(&r->folder);
    gh_arena_reset(&r->transaction.arena);
    (void)pthread_cond_destroy(&r->wake);
    (void)pthread_cond_destroy(&r->answered);
    (void)pthread_mutex_destroy(&r->lock);
    free(r);
}

void gh_records_read_stats(gh_records *r, gh_records_stats *ret)
{
    (void)pthread_mutex_lock(&r->lock);
    uint64_t queued = r->waiting;
    (void)pthread_mutex_unlock(&r->lock);
    *ret = (gh_records_stats){.operations = atomic_load_explicit(&r->operations, memory_order_relaxed),
                              .transactions = atomic_load_explicit(&r->transactions, memory_order_relaxed),
                              .failures = atomic_load_explicit(&r->failures, memory_order_relaxed),
                              .queued = queued,
                              .file_bytes = gh_folder_bytes(&r->folder)};
}
