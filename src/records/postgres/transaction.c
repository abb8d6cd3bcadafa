#include "records/postgres/transaction.h"

#include <time.h>

#include "base/crypto.h"
#include "records/postgres/change.h"

enum {
    CONSTRAINT_TRIES = 4, /* a race is over by then; what is left is a mistake */
    LONGEST_PAUSE_MS = 64
};

/* --- one try */

void gh_pg_look(gh_work *work)
{
    gh_pg_worker *w = (gh_pg_worker *)work;
    if (!w->headed)
        return;
    w->headed = false;
    if (gh_query_row(&w->head))
        work->access_s = (uint32_t)gh_column_u64(&w->head) + GH_LEEWAY_S;
    gh_query_end(&w->head);
}

static void begin(gh_pg_worker *w, enum gh_pg_how how)
{
    static const unsigned statements[] = {[GH_PG_ORDERLY] = GH_SQL_BEGIN,
                                          [GH_PG_LOOK] = GH_PG_BEGIN_SNAPSHOT,
                                          [GH_PG_ANYHOW] = GH_PG_BEGIN_PLAIN};
    gh_sql *sql = &w->c.sql;
    gh_sql_run(sql, statements[how]);
    w->headed = how == GH_PG_ORDERLY;
    if (!w->headed)
        return;
    w->head = gh_query_of(sql, GH_SQL_TOKEN_LIFE_LONGEST);
    gh_query_start(&w->head);
}

/* What nobody looked at is not waited for. */
static void end_head(gh_pg_worker *w)
{
    if (w->headed)
        gh_query_end(&w->head);
    w->headed = false;
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

/* True: it is done. Its number comes last: who has to wait for the row of this one, does so for as short as can be. */
static bool try_once(gh_pg_worker *w, gh_pg_task *task)
{
    gh_sql *sql = &w->c.sql;
    gh_arena_reset(&w->effects);
    w->work.effects = (gh_effects){.arena = &w->effects};
    w->work.access_s = atomic_load_explicit(&w->of->access_s, memory_order_relaxed);
    w->number++;
    begin(w, task->how);
    uint64_t ran = sql->ran;
    task->run(&w->work, task->data);
    task->told = tell(w);
    task->wrote = sql->ran > ran && task->how != GH_PG_LOOK;
    if (task->wrote)
        gh_sql_run2(sql, GH_PG_WORKER_STEP, w->row, w->number);
    end_head(w);
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
        gh_pg_disconnect(w);
    else
        gh_sql_reset(sql);
}

/* The connection is over. True: it may be tried anew on another one. */
static bool after_loss(gh_pg_worker *w, const gh_pg_task *task, uint64_t began_ms, unsigned losses,
                       enum gh_pg_end *ret)
{
    uint64_t until_ms = began_ms + w->of->server.timeout_ms;
    bool in_time = gh_postgres_now_ms() < until_ms;
    char why[GH_SQL_WHY];
    memcpy(why, w->c.sql.why, sizeof why);
    *ret = GH_PG_NOT_DONE;
    if (gh_postgres_in_doubt(&w->c) && task->wrote)
        *ret = gh_pg_ask(w, until_ms);
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
        gh_pg_disconnect(w); /* the server goes down, or is a standby now: the next one may be another */
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
