#include "records/sqlite/executor.h"

#include <signal.h>
#include <stdlib.h>

#include "records/load.h"
#include "records/sqlite/schema.h"

enum { EFFECTS = 256 << 20 /* bytes of memory for an operation's changes of the roster */ };

static gh_sqlite_records *of(gh_records *r)
{
    return (gh_sqlite_records *)r;
}

static void say(void *data, int level, const char *event, const char *text)
{
    gh_records_say(data, level, event, text);
}

static bool is_closing(void *data)
{
    gh_records *r = data;
    return gh_queue_closing(&r->queue);
}

static void prepare(gh_sqlite_records *r)
{
    gh_transaction *t = &r->transaction;
    t->work = (gh_work){.sql = &r->file.sql, .roster = r->common.options.roster};
    t->file = &r->file;
    t->said = say;
    t->give_up = is_closing;
    t->data = r;
    gh_arena_init(&t->arena, NULL, 0, EFFECTS);
    gh_arena_init(&r->scratch, NULL, 0, EFFECTS);
}

static bool fill(gh_sqlite_records *r, gh_buf *why)
{
    gh_transaction *t = &r->transaction;
    gh_sql *sql = &r->file.sql;
    gh_roster *roster = r->common.options.roster;
    uint64_t now_s = r->common.options.now_s();
    gh_transaction_begin(t);
    t->work.now_s = now_s;
    gh_transaction_call(t, gh_records_prepare, &r->common.options.access_s);
    if (!gh_transaction_commit(t))
        gh_buf_printf(why, "gatehouse.db can't be used: %s", t->why);
    else if (roster != NULL && !gh_load_roster(sql, roster, now_s) && gh_sql_ok(sql))
        gh_buf_lit(why, "not enough memory for the sessions, keys and devices that there are");
    else if (!gh_sql_ok(sql))
        gh_buf_printf(why, "gatehouse.db can't be read: %s", sql->why);
    return why->n == 0;
}

/* Signals are the main thread's. */
static bool start(gh_sqlite_records *r, gh_buf *why)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&r->thread, NULL, gh_sqlite_records_serve, r) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!started)
        gh_buf_lit(why, "the records' thread can't be started");
    return started;
}

static bool open_all(gh_sqlite_records *r, gh_buf *why)
{
    const gh_records_options *o = &r->common.options;
    if (!gh_folder_open(&r->folder, o->folder, why))
        return false;
    if (gh_schema_open(&r->file, r->folder.database, r->folder.unclean, o->now_s(), why)) {
        prepare(r);
        if (fill(r, why) && start(r, why))
            return true;
        gh_sql_close(&r->file.sql);
    }
    gh_folder_close(&r->folder);
    return false;
}

static void close_all(gh_records *common)
{
    gh_sqlite_records *r = of(common);
    gh_queue_close(&common->queue);
    (void)pthread_join(r->thread, NULL);
    gh_sql_close(&r->file.sql);
    gh_folder_close(&r->folder);
    gh_arena_reset(&r->transaction.arena);
    gh_records_destroy(common);
    free(r);
}

static bool submit(gh_records *r, gh_op *op)
{
    return gh_queue_put(&r->queue, op);
}

static void adjusted(gh_records *r)
{
    atomic_store(&of(r)->adjusted, true);
}

/* The roster is changed before anybody is told. */
static uint64_t age_ms(gh_records *r, uint64_t *ret_fillings)
{
    (void)r;
    *ret_fillings = 0;
    return 0;
}

static void read_stats(gh_records *r, gh_records_stats *ret)
{
    ret->file_bytes = gh_folder_bytes(&of(r)->folder);
}

static void put_trouble(gh_records *common, gh_buf *out)
{
    (void)common;
    gh_buf_lit(out, "the database in the data folder could not be read or written: is the disk full?");
}

static const gh_records_executor executor = {.close = close_all,
                                             .submit = submit,
                                             .adjusted = adjusted,
                                             .age_ms = age_ms,
                                             .put_trouble = put_trouble,
                                             .read_stats = read_stats};

gh_records *gh_sqlite_records_open(const gh_records_options *options, gh_buf *why)
{
    gh_sqlite_records *r = calloc(1, sizeof *r);
    if (r == NULL) {
        gh_buf_lit(why, "no memory");
        return NULL;
    }
    gh_records_init(&r->common, &executor, options);
    if (open_all(r, why))
        return &r->common;
    gh_records_destroy(&r->common);
    free(r);
    return NULL;
}
