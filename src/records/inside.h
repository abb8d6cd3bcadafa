/* What the files of the records share of the thread that owns the database. */
#ifndef GH_RECORDS_INSIDE_H
#define GH_RECORDS_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "records/records.h"
#include "records/sqlite/folder.h"
#include "records/transaction.h"

/* Work that is no operation. */
typedef struct gh_records_job {
    void (*run)(gh_work *w, void *data);
    void *data;
    bool over, done;
    struct gh_records_job *next;
} gh_records_job;

struct gh_records {
    gh_records_options options;
    gh_folder folder;
    gh_sqlite sqlite;
    pthread_t thread;

    pthread_mutex_t lock;
    pthread_cond_t wake, answered;
    gh_op *first, *last; /* that wait */
    uint32_t waiting;
    gh_records_job *jobs;
    bool closing;

    /* the thread's own */
    gh_transaction transaction;
    gh_arena scratch;                        /* of what is done without an operation */
    uint64_t uses_ms, sweep_ms, optimize_ms; /* when it is due */
    bool scrub;        /* somebody was erased, and the write-ahead log is not emptied yet */
    uint64_t scrub_ms; /* not tried again before; 0: it was not tried in vain */

    _Atomic uint64_t operations, transactions, failures;
};

/* Runs it on the records' thread in a transaction of its own and waits. w->arena is not set. False: it failed, and
 * nothing of it is there; or the records are being closed. */
GH_MUST_CHECK bool gh_records_call(gh_records *records, void (*run)(gh_work *w, void *data), void *data);
/* level as in gh_records_options. */
void gh_records_say(gh_records *records, int level, const char *event, const char *text);

/* The thread: thread.c. data: the gh_records. */
void *gh_records_serve(void *data);

#endif
