/* Transactions of a worker: tried until they are done, or can't be.
 *
 * One that was in another's way (CONFLICT; CONSTRAINT, which is the same where two add one thing at once) is undone by the
 * server and done anew after a short, random while. One whose connection was lost before COMMIT was sent was not done, and
 * is done anew on another connection. When it was lost while COMMIT was under way nobody knows: then the server is asked, on
 * another connection, for as long as an answer may take. It knows by the number that each transaction leaves in its
 * connection's row (statements_postgres.def, WORKER_STEP).
 *
 * BEGIN and the first statement travel together, and so do the last statements with COMMIT. */
#ifndef GH_RECORDS_POSTGRES_TRANSACTION_H
#define GH_RECORDS_POSTGRES_TRANSACTION_H

#include "records/postgres/executor.h"

/* As gh_records_job.how. */
enum gh_pg_how {
    GH_PG_ORDERLY, /* SERIALIZABLE */
    GH_PG_LOOK,    /* reads at one moment, and is in nobody's way */
    GH_PG_ANYHOW   /* READ COMMITTED: what may be done in any order */
};

typedef struct gh_pg_task {
    enum gh_pg_how how;
    void (*run)(gh_work *w, void *data);
    void (*undo)(gh_work *w,
                 void *data); /* what `run` left in memory, before it is run anew; NULL: nothing */
    void *data;
    uint64_t until_ms; /* not tried anew after that */
    bool told;         /* done: the rosters are changed by it */
    bool wrote;        /* COMMIT, if it came to that, had something to commit */
} gh_pg_task;

enum gh_pg_end { GH_PG_DONE, GH_PG_NOT_DONE, GH_PG_UNSURE };
/* While the breaker is open: NOT_DONE at once. */
enum gh_pg_end gh_pg_do(gh_pg_worker *w, gh_pg_task *task);

/* gh_work.look: for how long tokens live. Asked at the transaction's begin, looked at when it is needed, by when an answer
 * has come anyway. */
void gh_pg_look(gh_work *w);

/* --- session.c: the worker's connection */

/* An open connection of the present generation. False: there is none, and the breaker is open. */
GH_MUST_CHECK bool gh_pg_connect(gh_pg_worker *w);
void gh_pg_disconnect(gh_pg_worker *w);
/* Of the transaction w->number, whose connection was lost in COMMIT. UNSURE: nobody could say until then. */
enum gh_pg_end gh_pg_ask(gh_pg_worker *w, uint64_t until_ms);

#endif
