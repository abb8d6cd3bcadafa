/* The records on SQLite: one thread that owns the database. */
#ifndef GH_RECORDS_SQLITE_EXECUTOR_H
#define GH_RECORDS_SQLITE_EXECUTOR_H

#include "records/inside.h"
#include "records/sqlite/folder.h"
#include "records/sqlite/transaction.h"

typedef struct gh_sqlite_records {
    gh_records common; /* comes first */
    gh_folder folder;
    gh_sqlite file;
    pthread_t thread;
    _Atomic bool adjusted; /* the sweep is due, and the emptying of the log */

    /* the thread's own */
    gh_transaction transaction;
    gh_arena scratch;                        /* of what is done without an operation */
    uint64_t uses_ms, sweep_ms, optimize_ms; /* when it is due */
    bool scrub;        /* somebody was erased, and the write-ahead log is not emptied yet */
    uint64_t scrub_ms; /* not tried again before; 0: it was not tried in vain */
} gh_sqlite_records;

/* The thread: thread.c. data: the gh_sqlite_records. */
void *gh_sqlite_records_serve(void *data);

#endif
