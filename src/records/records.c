#include "records/records.h"

#include <time.h>

#include "base/crypto.h"
#include "records/inside.h"

void gh_records_say(gh_records *r, int level, const char *event, const char *text)
{
    if (r->options.said != NULL)
        r->options.said(r->options.said_data, level, event, text);
}

uint64_t gh_records_clock_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- asking */

bool gh_records_submit(gh_records *r, gh_op *op)
{
    return r->executor->submit(r, op);
}

static bool submit(void *data, gh_op *op)
{
    return gh_records_submit(data, op);
}

void gh_records_do(gh_records *r, gh_op *op)
{
    gh_queue_do(&r->queue, op, submit, r);
}

bool gh_records_call(gh_records *r, void (*run)(gh_work *w, void *data), void *data)
{
    return gh_queue_call(&r->queue, 0, run, data);
}

/* --- the executors' common part */

static void set_life(gh_records *r, const gh_records_options *options)
{
    (void)pthread_mutex_lock(&r->lock);
    r->life.cleanup_s = options->cleanup_s == 0 ? 1 : options->cleanup_s;
    r->life.access_s = options->access_s;
    r->life.spans = (gh_sweep_spans){options->cookie_idle_s, options->token_idle_s};
    (void)pthread_mutex_unlock(&r->lock);
}

void gh_records_init(gh_records *r, const gh_records_executor *executor, const gh_records_options *options)
{
    r->executor = executor;
    r->options = *options;
    gh_queue_init(&r->queue, options->max_queue);
    (void)pthread_mutex_init(&r->lock, NULL);
    set_life(r, options);
}

void gh_records_destroy(gh_records *r)
{
    (void)pthread_mutex_destroy(&r->lock);
    gh_queue_destroy(&r->queue);
}

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

void gh_records_prepare(gh_work *w, void *access_s)
{
    read_secret(w->sql, GH_STR("naming"), w->naming, GH_SIPHASH_KEY_SIZE);
    gh_sweep_token_life(w, *(const uint32_t *)access_s);
}

static void adjust(gh_work *w, void *access_s)
{
    gh_sweep_token_life(w, *(const uint32_t *)access_s);
}

bool gh_records_adjust(gh_records *r, const gh_records_options *options)
{
    uint32_t access_s = options->access_s;
    set_life(r, options);
    r->executor->adjusted(r); /* seen when the job is done, at the latest */
    return gh_records_call(r, adjust, &access_s);
}

bool gh_records_use_password(gh_records *r, const char *password)
{
    return r->executor->use_password == NULL || r->executor->use_password(r, password);
}

void gh_records_put_trouble(gh_records *r, gh_buf *out)
{
    r->executor->put_trouble(r, out);
}

/* --- opening and closing */

gh_records *gh_records_open(const gh_records_options *options, char *why, size_t why_size)
{
    gh_buf text = gh_buf_over(why, why_size - 1);
    gh_records *r = options->postgres.url == NULL ? gh_sqlite_records_open(options, &text)
                                                  : gh_pg_records_open(options, &text);
    why[text.n] = '\0';
    return r;
}

void gh_records_close(gh_records *r)
{
    if (r != NULL)
        r->executor->close(r);
}

uint64_t gh_records_age_ms(gh_records *r, uint64_t *ret_fillings)
{
    return r->executor->age_ms(r, ret_fillings);
}

void gh_records_read_stats(gh_records *r, gh_records_stats *ret)
{
    *ret = (gh_records_stats){.operations = atomic_load_explicit(&r->operations, memory_order_relaxed),
                              .transactions = atomic_load_explicit(&r->transactions, memory_order_relaxed),
                              .failures = atomic_load_explicit(&r->failures, memory_order_relaxed),
                              .queued = gh_queue_waiting(&r->queue)};
    r->executor->read_stats(r, ret);
}
