#include "records/sqlite/transaction.h"

#include <time.h>

enum { RETRY_MS = 10, GRANT_RETRIES = 100 };

static const gh_op_actor nobody;

/* Ends whatever statement is in the middle of its rows, and forgets the failure. */
static void settle(gh_transaction *t)
{
    gh_sql *sql = t->work.sql;
    if (!gh_sql_ok(sql)) {
        t->failed = true;
        memcpy(t->why, sql->why, sizeof t->why);
    }
    gh_sql_reset(sql);
}

static void undo_all(gh_transaction *t)
{
    settle(t);
    t->begun = false;
    gh_effects_drop_after(&t->work.effects, NULL);
    t->work.scrub = false;
    if (gh_sqlite_in_transaction(t->file))
        gh_sql_run(t->work.sql, GH_SQL_ROLLBACK);
    settle(t);
}

void gh_transaction_begin(gh_transaction *t)
{
    gh_arena_reset(&t->arena);
    t->work.effects = (gh_effects){.arena = &t->arena};
    t->failed = false;
    t->changes = gh_sqlite_changes(t->file);
    gh_sql_run(t->work.sql, GH_SQL_BEGIN);
    t->begun = gh_sql_ok(t->work.sql);
    if (!t->begun)
        undo_all(t);
}

/* The operation alone. When even that can't be done, or SQLite has undone everything by itself (it does for a full disk
 * and the like), all of the transaction is. */
static void undo_operation(gh_transaction *t, gh_op *op, gh_effect *before)
{
    settle(t);
    t->failures++;
    op->status = GH_OP_UNAVAILABLE;
    gh_work_clear_answer(op);
    if (gh_sqlite_in_transaction(t->file)) {
        gh_sql_run(t->work.sql, GH_SQL_ROLLBACK_TO);
        gh_sql_run(t->work.sql, GH_SQL_RELEASE);
        if (gh_sql_ok(t->work.sql)) {
            gh_effects_drop_after(&t->work.effects, before);
            return;
        }
    }
    undo_all(t);
}

void gh_transaction_run(gh_transaction *t, gh_op *op)
{
    if (!t->begun)
        return;
    gh_effect *before = t->work.effects.last;
    bool scrub = t->work.scrub;
    gh_sql_run(t->work.sql, GH_SQL_SAVEPOINT);
    op->status = (uint8_t)gh_work_run(&t->work, op);
    gh_sql_run(t->work.sql, GH_SQL_RELEASE);
    if (gh_sql_ok(t->work.sql))
        return;
    t->work.scrub = scrub;
    undo_operation(t, op, before);
}

void gh_transaction_call(gh_transaction *t, void (*run)(gh_work *w, void *data), void *data)
{
    if (!t->begun)
        return;
    t->work.actor = &nobody;
    run(&t->work, data);
    if (!gh_sql_ok(t->work.sql))
        undo_all(t);
}

/* Once when it begins and once when it is over; what only read says nothing about a full disk. */
static void say_state(gh_transaction *t, bool wrote)
{
    if (t->failed && !t->disk_failing) {
        t->disk_failing = true;
        t->said(t->data, 2, "records_failing", t->why);
    } else if (!t->failed && wrote && t->disk_failing) {
        t->disk_failing = false;
        t->said(t->data, 0, "records_recovered", "the records can be written again");
    }
}

static void pause_a_little(void)
{
    struct timespec span = {.tv_nsec = RETRY_MS * 1000000L};
    (void)nanosleep(&span, NULL);
}

static void apply(gh_transaction *t, const gh_effect *effect)
{
    for (unsigned tries = 0; !gh_effect_apply(t->work.roster, effect); tries++) {
        if (!t->memory_failing)
            t->said(t->data, 2, "records_memory",
                    "no memory for a change that is on disk: it is tried again");
        t->memory_failing = true;
        if (t->give_up(t->data) || (effect->only_grants && tries == GRANT_RETRIES))
            return;
        pause_a_little();
    }
    if (t->memory_failing)
        t->said(t->data, 0, "records_memory_recovered", "there is memory again");
    t->memory_failing = false;
}

static bool commit(gh_transaction *t)
{
    if (!t->begun)
        return false;
    gh_sql_run(t->work.sql, GH_SQL_COMMIT);
    bool done = gh_sql_ok(t->work.sql);
    if (!done)
        undo_all(t);
    t->begun = false;
    return done;
}

bool gh_transaction_commit(gh_transaction *t)
{
    bool done = commit(t);
    t->failures += !done;
    say_state(t, done && gh_sqlite_changes(t->file) != t->changes);
    for (const gh_effect *e = t->work.effects.first; done && t->work.roster != NULL && e != NULL; e = e->next)
        apply(t, e);
    return done;
}
