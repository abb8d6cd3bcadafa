#include "records/postgres/transaction.h"

#include <time.h>

#include "base/crypto.h"
#include "records/postgres/change.h"

enum {
    CONSTRAINT_TRIES = 4, /* a race is over by then; what is left is a mistake */
    LONGEST_PAUSE_MS = 64,
    ASK_PAUSE_MS = 20
};

/* --- the connection */

static void disconnect(gh_pg_worker *w)
{
    if (w->open)
        gh_sql_close(&w->c.sql);
    w->open = false;
}

static void look_at_history(gh_pg_worker *w)
{
    gh_sql *sql = &w->c.sql;
    w->history[0] = '\0';
    gh_query q = gh_query_of(sql, GH_PG_TRANSACTION_HISTORY);
    if (gh_query_row(&q)) {
        gh_str text = gh_column_peek(&q);
        text = gh_str_cut(text, 0, sizeof w->history - 1);
        memcpy(w->history, text.n == 0 ? "" : text.p, text.n);
        w->history[text.n] = '\0';
    }
    gh_query_end(&q);
    if (!gh_sql_ok(sql) && gh_postgres_alive(&w->c))
        gh_sql_reset(sql);
}

static bool connect_until(gh_pg_worker *w, uint64_t until_ms, char *why)
{
    gh_pg_records *r = w->of;
    disconnect(w);
    (void)pthread_mutex_lock(&r->common.lock);
    w->generation = r->generation;
    (void)pthread_mutex_unlock(&r->common.lock);
    atomic_fetch_add_explicit(&r->reconnects, 1, memory_order_relaxed);
    w->open = gh_postgres_open(&w->c, &r->server, GH_POSTGRES_OPERATIONS, until_ms, why);
    if (!w->open)
        return false;
    look_at_history(w);
    if (gh_postgres_alive(&w->c))
        return true;
    memcpy(why, w->c.sql.why, sizeof w->c.sql.why);
    disconnect(w);
    return false;
}

bool gh_pg_connect(gh_pg_worker *w)
{
    gh_pg_records *r = w->of;
    char why[GH_POSTGRES_WHY];
    (void)pthread_mutex_lock(&r->common.lock);
    bool usable = r->breaker.state == GH_BREAKER_CLOSED, present = w->generation == r->generation;
    (void)pthread_mutex_unlock(&r->common.lock);
    if (!usable)
        return false;
    if (w->open && present && gh_postgres_alive(&w->c))
        return true;
    if (connect_until(w, gh_postgres_now_ms() + r->server.timeout_ms, why))
        return true;
    gh_pg_lost(r, w->generation, why);
    return false;
}

/* --- one try */

void gh_pg_look(gh_work *work)
{
    gh_pg_worker *w = (gh_pg_worker *)work;
    if (!w->headed)
        return;
    w->headed = false;
    if (gh_query_row(&w->head)) {
        w->xid = gh_column_u64(&w->head);
        work->access_s = (uint32_t)gh_column_u64(&w->head) + GH_LEEWAY_S;
    }
    gh_query_end(&w->head);
}

static void begin(gh_pg_worker *w, enum gh_pg_how how)
{
    gh_sql *sql = &w->c.sql;
    w->xid = 0;
    w->headed = how != GH_PG_LOOK;
    switch (how) {
    case GH_PG_ORDERLY:
        gh_sql_run(sql, GH_SQL_BEGIN);
        break;
    case GH_PG_LOOK:
        gh_sql_run(sql, GH_PG_BEGIN_SNAPSHOT);
        break;
    case GH_PG_ANYHOW:
        gh_sql_run(sql, GH_PG_BEGIN_PLAIN);
        break;
    }
    if (!w->headed)
        return;
    w->head = gh_query_of(sql, GH_PG_TRANSACTION_HEAD);
    gh_query_start(&w->head);
}

/* The rows of `change`. First the accounts are held that are told of: whoever changes one comes before or after. */
static bool tell(gh_pg_worker *w)
{
    gh_sql *sql = &w->c.sql;
    const gh_effects *effects = &w->work.effects;
    gh_str bytes = {NULL, 0};
    for (const gh_effect *e = effects->first; e != NULL; e = e->next)
        if (e->kind == GH_EFFECT_SET_USER)
            gh_sql_run1(sql, GH_PG_USER_HOLD, e->user.id);
    if (!gh_change_encode(effects->first, effects->arena, &bytes))
        gh_sql_fail(sql, GH_SQL_NO_MEMORY);
    if (bytes.n == 0)
        return false;
    gh_query q = gh_query_of(sql, GH_PG_CHANGE_ADD);
    gh_bind_blob(&q, bytes.p, bytes.n);
    gh_query_run(&q);
    return true;
}

/* True: it is done. */
static bool try_once(gh_pg_worker *w, gh_pg_task *task)
{
    gh_sql *sql = &w->c.sql;
    gh_arena_reset(&w->effects);
    w->work.effects = (gh_effects){.arena = &w->effects};
    w->work.access_s = atomic_load_explicit(&w->of->access_s, memory_order_relaxed);
    begin(w, task->how);
    task->run(&w->work, task->data);
    task->told = tell(w);
    gh_pg_look(&w->work); /* before COMMIT is sent: after it there may be no asking */
    gh_sql_run(sql, GH_SQL_COMMIT);
    gh_sql_flush(sql);
    if (!gh_sql_ok(sql) && !gh_postgres_committed(&w->c))
        return false;
    atomic_store_explicit(&w->of->access_s, w->work.access_s, memory_order_relaxed);
    return true;
}

/* --- what became of it */

static void pause_ms(uint64_t ms)
{
    struct timespec span = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&span, NULL);
}

/* Two that were in each other's way must not meet again at once. */
static void step_aside(unsigned tries)
{
    uint64_t random, most = tries < 6 ? UINT64_C(1) << tries : LONGEST_PAUSE_MS;
    gh_random(&random, sizeof random);
    pause_ms(random % (most + 1));
}

/* Ends the transaction on a connection that is still there. */
static void roll_back(gh_pg_worker *w)
{
    gh_sql *sql = &w->c.sql;
    gh_sql_reset(sql);
    gh_sql_run(sql, GH_SQL_ROLLBACK);
    gh_sql_flush(sql);
    if (!gh_sql_ok(sql))
        disconnect(w);
    else
        gh_sql_reset(sql);
}

/* "committed", "aborted", "in progress", or absent: the server has forgotten it. */
static enum gh_pg_end status_of(gh_pg_worker *w, uint64_t xid, bool *ret_runs)
{
    gh_sql *sql = &w->c.sql;
    enum gh_pg_end end = GH_PG_UNSURE;
    gh_query q = gh_query_of(sql, GH_PG_TRANSACTION_STATUS);
    gh_bind_u64(&q, xid);
    if (gh_query_row(&q)) {
        gh_str status = gh_column_peek(&q);
        if (gh_str_eq(status, GH_STR("committed")))
            end = GH_PG_DONE;
        else if (gh_str_eq(status, GH_STR("aborted")))
            end = GH_PG_NOT_DONE;
        *ret_runs = gh_str_eq(status, GH_STR("in progress"));
    }
    gh_query_end(&q);
    if (*ret_runs) /* its connection is gone: nobody will end it but us */
        gh_sql_run1(sql, GH_PG_TRANSACTION_END, xid);
    gh_sql_flush(sql);
    return end;
}

static enum gh_pg_end ask(gh_pg_worker *w, uint64_t xid, uint64_t until_ms)
{
    char why[GH_POSTGRES_WHY] = "the connection was lost", history[sizeof w->history];
    enum gh_pg_end end = GH_PG_UNSURE;
    memcpy(history, w->history, sizeof history);
    bool runs = xid != 0 && history[0] != '\0';
    while (end == GH_PG_UNSURE && runs && gh_postgres_now_ms() < until_ms) {
        if ((w->open && gh_postgres_alive(&w->c)) || connect_until(w, until_ms, why)) {
            runs = gh_str_eq(gh_str_of(w->history), gh_str_of(history));
            if (runs)
                end = status_of(w, xid, &runs);
        }
        if (end == GH_PG_UNSURE && runs)
            pause_ms(ASK_PAUSE_MS);
    }
    if (!w->open || !gh_postgres_alive(&w->c))
        gh_pg_lost(w->of, w->generation, why);
    return end;
}

/* The connection is over. True: it may be tried anew on another one. */
static bool after_loss(gh_pg_worker *w, const gh_pg_task *task, uint64_t began_ms, unsigned losses,
                       enum gh_pg_end *ret)
{
    uint64_t timeout_ms = w->of->server.timeout_ms, now_ms = gh_postgres_now_ms();
    bool in_time = now_ms < began_ms + timeout_ms, doubt = gh_postgres_in_doubt(&w->c);
    char why[GH_SQL_WHY];
    memcpy(why, w->c.sql.why, sizeof why);
    *ret = GH_PG_NOT_DONE;
    if (doubt && task->how != GH_PG_LOOK)
        *ret = ask(w, w->xid, in_time ? began_ms + timeout_ms : now_ms);
    if (!in_time || losses > 1)
        gh_pg_lost(w->of, w->generation, why);
    return *ret == GH_PG_NOT_DONE && in_time && losses == 1;
}

/* It failed. True: it may be tried anew. */
static bool after_failure(gh_pg_worker *w, unsigned tries)
{
    gh_pg_records *r = w->of;
    enum gh_sql_failure failure = w->c.sql.failure;
    char why[GH_SQL_WHY];
    memcpy(why, w->c.sql.why, sizeof why);
    roll_back(w);
    if (failure == GH_SQL_CONFLICT || (failure == GH_SQL_CONSTRAINT && tries < CONSTRAINT_TRIES)) {
        atomic_fetch_add_explicit(&r->conflicts, 1, memory_order_relaxed);
        step_aside(tries);
        return true;
    }
    if (failure == GH_SQL_UNAVAILABLE)
        disconnect(w); /* the server goes down, or is a standby now: the next one may be another */
    gh_pg_failed(r, why);
    return false;
}

enum gh_pg_end gh_pg_do(gh_pg_worker *w, gh_pg_task *task)
{
    enum gh_pg_end end = GH_PG_NOT_DONE;
    unsigned losses = 0;
    bool again = true;
    for (unsigned tries = 1; again && gh_pg_connect(w); tries++) {
        uint64_t began_ms = gh_postgres_now_ms();
        if (try_once(w, task)) {
            if (task->how != GH_PG_LOOK)
                gh_pg_worked(w->of);
            return GH_PG_DONE;
        }
        if (gh_postgres_alive(&w->c))
            again = after_failure(w, tries);
        else
            again = after_loss(w, task, began_ms, ++losses, &end);
        if (end != GH_PG_NOT_DONE)
            return end;
        if (task->undo != NULL)
            task->undo(&w->work, task->data);
        again = again && gh_postgres_now_ms() < task->until_ms;
    }
    return end;
}
