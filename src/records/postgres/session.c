/* A worker's connection: opened, and asked what became of what was being committed on the one before. */
#include <time.h>

#include "records/postgres/transaction.h"

enum { ASK_PAUSE_MS = 20, ADD_MS = 86400000 /* between two words that the row is in use */ };

void gh_pg_disconnect(gh_pg_worker *w)
{
    if (w->open)
        gh_sql_close(&w->c.sql);
    w->open = false;
}

/* Its row is there before the first transaction: a transaction of its own. */
static bool add_row(gh_pg_worker *w)
{
    gh_sql_run(&w->c.sql, GH_PG_DURABLE);
    gh_sql_run1(&w->c.sql, GH_PG_WORKER_ADD, w->row);
    gh_sql_flush(&w->c.sql);
    if (!gh_sql_ok(&w->c.sql))
        return false;
    w->added_ms = gh_postgres_now_ms();
    return true;
}

static bool open_until(gh_pg_worker *w, uint64_t until_ms, char *why)
{
    gh_pg_records *r = w->of;
    gh_pg_disconnect(w);
    (void)pthread_mutex_lock(&r->common.lock);
    w->generation = r->generation;
    (void)pthread_mutex_unlock(&r->common.lock);
    atomic_fetch_add_explicit(&r->reconnects, 1, memory_order_relaxed);
    w->open = gh_postgres_open(&w->c, &r->server, GH_POSTGRES_OPERATIONS, until_ms, why);
    if (!w->open || add_row(w))
        return w->open;
    memcpy(why, w->c.sql.why, sizeof w->c.sql.why);
    gh_pg_disconnect(w);
    return false;
}

static bool is_fine(gh_pg_worker *w)
{
    return w->open && gh_postgres_alive(&w->c) && gh_sql_ok(&w->c.sql);
}

bool gh_pg_connect(gh_pg_worker *w)
{
    gh_pg_records *r = w->of;
    char why[GH_POSTGRES_WHY];
    uint64_t now_ms = gh_postgres_now_ms();
    (void)pthread_mutex_lock(&r->common.lock);
    bool usable = r->breaker.state == GH_BREAKER_CLOSED, present = w->generation == r->generation;
    (void)pthread_mutex_unlock(&r->common.lock);
    if (!usable)
        return false;
    if (is_fine(w) && present && (now_ms < w->added_ms + ADD_MS || add_row(w)))
        return true;
    if (open_until(w, now_ms + r->server.timeout_ms, why))
        return true;
    gh_pg_lost(r, w->generation, why);
    return false;
}

/* UNSURE: it is to be asked again. */
static enum gh_pg_end ask_once(gh_pg_worker *w)
{
    gh_sql *sql = &w->c.sql;
    gh_query q = gh_query_of(sql, GH_PG_WORKER_ASK);
    gh_bind_u64(&q, w->row);
    gh_bind_u64(&q, w->number);
    bool found = gh_query_row(&q);
    uint64_t there = gh_column_u64(&q);
    gh_query_end(&q);
    gh_sql_flush(sql);
    if (found && gh_sql_ok(sql))
        return there == w->number ? GH_PG_DONE : GH_PG_NOT_DONE;
    if (!gh_sql_ok(sql) && gh_postgres_alive(&w->c))
        gh_sql_reset(sql); /* the lost transaction still runs, and has the row */
    return GH_PG_UNSURE;
}

static void pause_a_little(void)
{
    struct timespec span = {.tv_nsec = ASK_PAUSE_MS * 1000000L};
    (void)nanosleep(&span, NULL);
}

enum gh_pg_end gh_pg_ask(gh_pg_worker *w, uint64_t until_ms)
{
    char why[GH_POSTGRES_WHY] = "the connection was lost";
    enum gh_pg_end end = GH_PG_UNSURE;
    while (end == GH_PG_UNSURE && gh_postgres_now_ms() < until_ms) {
        if (is_fine(w) || open_until(w, until_ms, why))
            end = ask_once(w);
        if (end == GH_PG_UNSURE)
            pause_a_little();
    }
    if (!is_fine(w))
        gh_pg_lost(w->of, w->generation, why);
    return end;
}
