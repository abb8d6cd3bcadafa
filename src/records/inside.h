/* What the executors of the records, one on SQLite and one on PostgreSQL, have in common. */
#ifndef GH_RECORDS_INSIDE_H
#define GH_RECORDS_INSIDE_H

#include <stdatomic.h>

#include "base/buf.h"
#include "records/queue.h"
#include "records/records.h"
#include "records/sweep.h"

typedef struct gh_records_executor {
    /* Does what waits, ends its threads, frees the records. */
    void (*close)(gh_records *r);
    /* As gh_records_submit(). */
    bool (*submit)(gh_records *r, gh_op *op);
    /* The housekeeping's times were changed. */
    void (*adjusted)(gh_records *r);
    uint64_t (*age_ms)(gh_records *r, uint64_t *ret_fillings);
    /* As gh_records_use_password(); NULL: there is none. */
    bool (*use_password)(gh_records *r, const char *password);
    void (*put_trouble)(gh_records *r, gh_buf *out);
    /* What is not in the common part. */
    void (*read_stats)(gh_records *r, gh_records_stats *ret);
} gh_records_executor;

/* An executor's own struct begins with it. */
struct gh_records {
    const gh_records_executor *executor;
    gh_records_options options; /* cleanup_s and what is in `life` are not used from here */
    gh_queue queue;

    pthread_mutex_t lock; /* of what follows */
    struct {
        uint32_t cleanup_s, access_s;
        gh_sweep_spans spans;
    } life;

    _Atomic uint64_t operations, transactions, failures;
};

void gh_records_init(gh_records *r, const gh_records_executor *executor, const gh_records_options *options);
void gh_records_destroy(gh_records *r);

/* The executors. NULL: `why` says why. */
gh_records *gh_sqlite_records_open(const gh_records_options *options, gh_buf *why);
gh_records *gh_pg_records_open(const gh_records_options *options, gh_buf *why);

/* Runs it on a thread of the records in a transaction of its own and waits; w->arena is its own. Where the database has
 * several users it may be run anew, all that it did before being undone: it must give its data their first values itself.
 * False: it failed, and nothing of it is there; or the records are being closed. */
GH_MUST_CHECK bool gh_records_call(gh_records *records, void (*run)(gh_work *w, void *data), void *data);
/* level as in gh_records_options. */
void gh_records_say(gh_records *records, int level, const char *event, const char *text);

/* For gh_records_call() and the like: what an executor's work needs before its first operation; access_s is set, and
 * naming. data: uint32_t, of options. */
void gh_records_prepare(gh_work *w, void *ret_access_s);

uint64_t gh_records_clock_ms(void);

#endif
