/* Transactions of the records' thread: several operations share one, each in a savepoint.
 *
 * What an operation changes in memory is done when the transaction is on disk, and before anybody is told. Where there
 * is no memory for it: what ends access, or may, is tried until it succeeds, and nobody is told meanwhile, so that an
 * answer never says more than is so; what only grants access is given up after a second, which refuses one who might
 * come in until the next start reads it. */
#ifndef GH_RECORDS_SQLITE_TRANSACTION_H
#define GH_RECORDS_SQLITE_TRANSACTION_H

#include "records/sqlite/connection.h"
#include "records/work.h"

typedef struct gh_transaction {
    gh_work work;
    gh_sqlite *file; /* the same as work.sql */
    gh_arena arena;  /* of the effects */
    bool begun;      /* false: it could not begin, or all of it was undone */
    bool failed;     /* something, since it began; the last of it: */
    char why[GH_SQL_WHY];
    uint64_t changes;  /* rows changed before it began */
    uint64_t failures; /* operations and transactions that failed, in all */
    bool disk_failing; /* as was said last */
    bool memory_failing;
    void (*said)(void *data, int level, const char *event, const char *text);
    bool (*give_up)(void *data); /* the process ends: what is in memory goes anyway */
    void *data;
} gh_transaction;

void gh_transaction_begin(gh_transaction *t);
/* The operation in a savepoint; its status and answer are provisional until the commit. */
void gh_transaction_run(gh_transaction *t, gh_op *op);
/* Does `run` without a savepoint. */
void gh_transaction_call(gh_transaction *t, void (*run)(gh_work *w, void *data), void *data);
/* To disk, then into the roster. False: nothing of it was done. */
GH_MUST_CHECK bool gh_transaction_commit(gh_transaction *t);

#endif
