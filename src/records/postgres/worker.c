/* A thread with a connection: takes what waits and does it. */
#include "base/crypto.h"
#include "records/postgres/transaction.h"

enum {
    MEMORY = 256 << 20, /* bytes of an operation's changes of the roster */
    AGAIN_MS = 10000,   /* how long an operation without a deadline is tried anew */
    FOREVER_MS = 3600000
};

/* How an operation is done. */
static enum gh_pg_how how_of(enum gh_op_kind kind)
{
    switch (kind) {
    case GH_OP_USER_GET:
    case GH_OP_USER_LIST:
    case GH_OP_SESSION_LIST:
    case GH_OP_DEVICE_LIST:
    case GH_OP_KEY_LIST:
        return GH_PG_LOOK;
    case GH_OP_LOGIN_BEGIN: /* why: statements_postgres.def, at BEGIN_PLAIN */
        return GH_PG_ANYHOW;
    case GH_OP_LOGIN_FINISH:
    case GH_OP_PASSWORD_VERIFY:
    case GH_OP_PASSWORD_CREATE:
    case GH_OP_USER_CREATE:
    case GH_OP_USER_CHANGE:
    case GH_OP_USER_EXPORT:
    case GH_OP_USER_ERASE:
    case GH_OP_REFRESH:
    case GH_OP_SESSION_END:
    case GH_OP_TOKEN_REVOKE:
    case GH_OP_DEVICE_BEGIN:
    case GH_OP_DEVICE_CONFIRM:
    case GH_OP_DEVICE_END:
    case GH_OP_KEY_CREATE:
    case GH_OP_KEY_END:
    case GH_OP_AUDIT:
    case GH_OP_CATCH_UP:
    case GH_OP_KIND_COUNT:
        break;
    }
    return GH_PG_ORDERLY;
}

/* --- an operation */

typedef struct doing {
    gh_op *op;
    gh_arena_mark before;
} doing;

static void run_op(gh_work *w, void *data)
{
    const doing *d = data;
    d->op->status = (uint8_t)gh_work_run(w, d->op);
}

static void undo_op(gh_work *w, void *data)
{
    const doing *d = data;
    (void)w;
    gh_work_clear_answer(d->op);
    gh_arena_return(&d->op->arena, &d->before);
}

static void finish(gh_pg_worker *w, gh_op *op, bool told)
{
    gh_pg_records *r = w->of;
    atomic_fetch_add_explicit(&r->common.operations, 1, memory_order_relaxed);
    if (told && r->feed != NULL) {
        gh_feed_submit(r->feed, op);
        return;
    }
    if (told && gh_postgres_alive(&w->c)) { /* there is no feed to do it */
        gh_sql_run(&w->c.sql, GH_PG_CHANGE_TELL);
        gh_sql_flush(&w->c.sql);
        gh_sql_reset(&w->c.sql);
    }
    op->finished(op);
}

/* Its deadline by our clock. */
static uint64_t until_ms(const gh_pg_records *r, const gh_op *op)
{
    uint64_t now_ms = r->common.options.now_ms(), left = AGAIN_MS;
    if (op->deadline_ms != 0)
        left = op->deadline_ms > now_ms ? op->deadline_ms - now_ms : 0;
    return gh_postgres_now_ms() + left;
}

static void do_op(gh_pg_worker *w, gh_op *op)
{
    gh_pg_records *r = w->of;
    doing d = {op, gh_arena_now(&op->arena)};
    gh_pg_task task = {.how = how_of((enum gh_op_kind)op->kind),
                       .run = run_op,
                       .undo = undo_op,
                       .data = &d,
                       .until_ms = until_ms(r, op)};
    enum gh_pg_end end = gh_pg_do(w, &task);
    atomic_fetch_add_explicit(&r->common.transactions, 1, memory_order_relaxed);
    if (end == GH_PG_UNSURE) {
        undo_op(&w->work, &d);
        atomic_fetch_add_explicit(&r->unsure, 1, memory_order_relaxed);
        op->status = GH_OP_UNSURE;
    } else if (end == GH_PG_NOT_DONE) {
        op->status = GH_OP_UNAVAILABLE;
    }
    finish(w, op, end == GH_PG_DONE && task.told);
}

/* --- a line of the audit trail */

static gh_spool_line line_of(const gh_op *op)
{
    const gh_op_audit *o = (const gh_op_audit *)op;
    gh_spool_line line = {.at_s = op->now_s, .user = o->user, .actor = op->actor, .detail = o->detail};
    line.event = o->event.p == NULL ? GH_STR("") : o->event;
    gh_random(line.id, sizeof line.id);
    return line;
}

static bool keep_line(gh_pg_records *r, const gh_spool_line *line)
{
    enum gh_spool_answer answer = gh_spool_keep(&r->spool, line);
    if (answer == GH_SPOOL_KEPT) {
        atomic_fetch_add_explicit(&r->spooled, 1, memory_order_relaxed);
        return true;
    }
    atomic_fetch_add_explicit(&r->dropped, 1, memory_order_relaxed);
    if (answer == GH_SPOOL_FIRST_DROPPED)
        gh_records_say(&r->common, 2, "audit_spool_full",
                       "audit.spool, or its disk, is full: lines of the audit trail are lost until the "
                       "database is back, and counted");
    return false;
}

/* Into the database; into the spool while there is none, and while others wait there, so that they stay in order. Its id
 * makes that the same line twice is one. */
static void do_audit(gh_pg_worker *w, gh_op *op)
{
    gh_pg_records *r = w->of;
    gh_spool_line line = line_of(op);
    gh_pg_task task = {
        .how = GH_PG_ORDERLY, .run = gh_pg_write_line, .data = &line, .until_ms = until_ms(r, op)};
    bool others = gh_spool_look(&r->spool).lines > 0 && !atomic_load(&r->spool_passed);
    enum gh_pg_end end = others ? GH_PG_NOT_DONE : gh_pg_do(w, &task);
    if (end == GH_PG_DONE || keep_line(r, &line))
        op->status = GH_OP_OK;
    else
        op->status = end == GH_PG_UNSURE ? GH_OP_UNSURE : GH_OP_UNAVAILABLE;
    finish(w, op, false);
}

/* --- the thread */

static void serve_op(gh_pg_worker *w, gh_op *op)
{
    gh_pg_records *r = w->of;
    if (op->now_s == 0)
        op->now_s = r->common.options.now_s();
    if (op->kind == GH_OP_CATCH_UP) { /* there is no roster */
        op->status = GH_OP_OK;
        finish(w, op, false);
    } else if (op->kind == GH_OP_AUDIT)
        do_audit(w, op);
    else if (op->deadline_ms == 0 || r->common.options.now_ms() < op->deadline_ms)
        do_op(w, op);
    else
        finish(w, op, false); /* it is UNAVAILABLE from its start */
}

void gh_pg_worker_init(gh_pg_worker *w, gh_pg_records *r)
{
    uint8_t random[8];
    gh_random(random, sizeof random);
    w->of = r;
    w->row = gh_id_of_random(random);
    w->work = (gh_work){.sql = &w->c.sql, .roster = r->common.options.roster, .look = gh_pg_look};
    memcpy(w->work.naming, r->naming, sizeof r->naming);
    gh_arena_init(&w->effects, NULL, 0, MEMORY);
    gh_arena_init(&w->scratch, NULL, 0, MEMORY);
}

void gh_pg_worker_end(gh_pg_worker *w)
{
    if (w->open)
        gh_sql_close(&w->c.sql);
    w->open = false;
    gh_arena_reset(&w->effects);
    gh_arena_reset(&w->scratch);
}

typedef struct job {
    const gh_records_job *job;
    uint64_t now_s;
} job;

static void run_job(gh_work *w, void *data)
{
    static const gh_op_actor nobody;
    const job *j = data;
    w->arena = &((gh_pg_worker *)w)->scratch;
    w->actor = &nobody;
    w->now_s = j->now_s;
    j->job->run(w, j->job->data);
}

static void forget_scratch(gh_work *w, void *data)
{
    gh_arena *scratch = &((gh_pg_worker *)w)->scratch;
    (void)data;
    gh_arena_wipe(scratch);
    gh_arena_reset(scratch);
}

static void job_is_told(gh_op *op)
{
    gh_queue_job_over(op->owner, true);
    gh_op_unref(op);
}

/* What it changed is in the roster, too, when it is over. */
static void finish_job(gh_pg_records *r, gh_records_job *queued)
{
    gh_op *told = r->feed == NULL ? NULL : gh_op_new(GH_OP_CATCH_UP, sizeof(gh_op_catch_up));
    if (told == NULL) {
        gh_queue_job_over(queued, true);
        return;
    }
    told->owner = queued;
    told->finished = job_is_told;
    gh_feed_submit(r->feed, told);
}

static void serve_job(gh_pg_worker *w, gh_records_job *queued)
{
    gh_pg_records *r = w->of;
    job j = {queued, r->common.options.now_s()};
    gh_pg_task task = {.how = (enum gh_pg_how)queued->how,
                       .run = run_job,
                       .undo = forget_scratch,
                       .data = &j,
                       .until_ms = gh_postgres_now_ms() + AGAIN_MS};
    bool done = gh_pg_do(w, &task) == GH_PG_DONE;
    atomic_fetch_add_explicit(&r->common.transactions, 1, memory_order_relaxed);
    forget_scratch(&w->work, NULL);
    if (done && task.told)
        finish_job(r, queued);
    else
        gh_queue_job_over(queued, done);
}

void *gh_pg_worker_serve(void *data)
{
    gh_pg_worker *w = data;
    gh_queue *queue = &w->of->common.queue;
    gh_op *op;
    (void)pthread_setname_np(pthread_self(), "gh-records");
    for (;;) {
        gh_queue_taken taken = gh_queue_take(queue, gh_postgres_now_ms() + FOREVER_MS, &op, 1);
        if (taken.over)
            return NULL;
        if (taken.n > 0)
            serve_op(w, op);
        if (taken.job != NULL)
            serve_job(w, taken.job);
    }
}
