/* The records on PostgreSQL: a pool of workers that share the queue, the keeper that does what is due, and the breaker.
 *
 * A worker is a thread with a connection. It takes an operation, does it in a transaction (transaction.h), and hands it to
 * the feed, which finishes it when the roster has what it changed.
 *
 * The breaker. A worker whose connection is lost tries to open another one, once; when it can't, or an answer did not come
 * in time, the breaker opens: operations are refused without being tried, and the keeper tries to connect and to commit, at first after
 * 100..200 ms, then ever more seldom, at last every 1..2 s (stores/shared/breaker.h). When it can the breaker closes, and
 * every worker opens its connection anew before it uses it. What an older connection meets after that is no news.
 *
 * The keeper. Every 15 s it writes down what this node's roster knows of uses, and tells the other nodes; at cleanup_s it
 * sweeps, when no other node does at the moment; each minute it says how long this node's tokens live; and it replays the
 * spool. All of that goes through the queue to the workers. */
#ifndef GH_RECORDS_POSTGRES_EXECUTOR_H
#define GH_RECORDS_POSTGRES_EXECUTOR_H

#include "records/inside.h"
#include "records/postgres/connection.h"
#include "records/postgres/feed.h"
#include "records/postgres/spool.h"
#include "stores/shared/breaker.h"

typedef struct gh_pg_records gh_pg_records;

typedef struct gh_pg_worker {
    gh_work work; /* comes first */
    gh_pg_records *of;
    pthread_t thread;
    gh_postgres c;
    bool open;           /* c is to be closed */
    uint64_t generation; /* of the breaker, when it was opened */
    gh_arena effects;    /* of the transaction at hand */
    gh_arena scratch;    /* of what is done without an operation */

    /* of the transaction at hand */
    gh_query head; /* how long tokens live */
    bool headed;   /* it is not read yet */
    /* its row in `worker`, and the number of the last transaction that was tried */
    uint64_t row, number;
    uint64_t added_ms; /* when the row was there for sure */
} gh_pg_worker;

enum { GH_PG_USES = 256, GH_PG_WORKERS = 64 };

/* What is said of the server: away for operations, or for the feed, is away. */
typedef struct gh_pg_news {
    pthread_mutex_t lock; /* of what follows; taken before common.lock */
    bool feed_lost;
    bool away;                 /* as was said last */
    uint64_t since_ms;         /* when that began */
    char why[GH_POSTGRES_WHY]; /* of the last failure; "": there was none since it was back */
} gh_pg_news;

struct gh_pg_records {
    gh_records common; /* comes first */
    gh_arena memory;   /* of `server`'s texts; secrets are in it */
    gh_pg_passwords passwords;
    gh_postgres_server server;
    char where[GH_POSTGRES_WHERE]; /* for people; "" before the first try to connect */
    bool unreachable;              /* while it is opened: that is why it can't be */
    gh_pg_news news;
    gh_feed *feed; /* NULL: there is no roster */
    gh_spool spool;
    uint8_t naming[GH_SIPHASH_KEY_SIZE];
    _Atomic uint32_t access_s;
    gh_pg_worker *workers;
    unsigned n;

    /* under common.lock */
    gh_breaker breaker;
    uint64_t generation;
    uint64_t opened_ms;           /* when it opened last */
    bool stopping, due, adjusted; /* due: the keeper has something to do now */
    bool renewed;                 /* the password is another one, and the keeper has not tried it */
    pthread_cond_t wake;          /* the keeper */

    /* the keeper's own */
    pthread_t keeper;
    gh_postgres probe;
    uint64_t probe_row; /* in `worker`: what a trial writes, as no lost transaction can hold it */
    gh_roster_use uses[GH_PG_USES];
    unsigned n_uses; /* collected and not written yet */
    uint64_t uses_ms, sweep_ms, life_ms, spool_ms;

    bool spool_stuck; /* what can't be read there can't be put aside; as was said last */

    _Atomic bool spool_passed; /* new lines of the audit trail need not wait behind those in the spool */
    _Atomic uint64_t
        refused;          /* lines that found no place in the queue, and are not in the spool's number yet */
    _Atomic bool failing; /* the database refuses to do its work, as was said last */
    _Atomic uint64_t outages, conflicts, reconnects, unsure, spooled, replayed, dropped;
};

/* --- breaker.c */

/* May the database be asked? */
bool gh_pg_usable(gh_pg_records *r);
/* A connection of that generation was lost, or can't be opened: the breaker opens, unless it is open or that is old. */
void gh_pg_lost(gh_pg_records *r, uint64_t generation, const char *why);
/* The keeper's trial, when it is due. Returns when the next one is (ms); 0: it is closed. */
uint64_t gh_pg_trial(gh_pg_records *r);
/* A transaction was done, or failed for what is no conflict and no lost connection. Says so once. */
void gh_pg_worked(gh_pg_records *r);
void gh_pg_failed(gh_pg_records *r, const char *why);

/* Before the next trial is due: something has changed. */
void gh_pg_try_now(gh_pg_records *r);

/* --- news.c */

/* What is true by now is said once, when it is other than what was said last: records_unavailable with `why`, and
 * records_recovered. While it is away each further `why` is passed on as records_unavailable of level 0, for no line of its own. NULL: there
 * is none. */
void gh_pg_tell(gh_pg_records *r, const char *why);
/* The feed's: it can't reach the server; it reads again. data: the gh_pg_records. */
void gh_pg_feed_lost(void *data, const char *why);
void gh_pg_feed_back(void *data);
/* "PostgreSQL at db:5432: why"; why may begin with the place. */
void gh_pg_put_why(const gh_pg_records *r, const char *why, gh_buf *out);
/* As gh_records_put_trouble(). */
void gh_pg_put_trouble(gh_records *common, gh_buf *out);

/* --- worker.c */

void gh_pg_worker_init(gh_pg_worker *w, gh_pg_records *r);
void gh_pg_worker_end(gh_pg_worker *w);
/* The thread. data: the worker. */
void *gh_pg_worker_serve(void *data);

/* --- replay.c */

/* A line into the audit trail. data: the gh_spool_line. */
void gh_pg_write_line(gh_work *w, void *line);
/* What waits in the spool, in order. False: not all of it. */
GH_MUST_CHECK bool gh_pg_replay(gh_pg_records *r);
/* Lines that found no place in the queue could not wait for the disk: their number is in the spool's from now on. */
void gh_pg_collect_refused(gh_pg_records *r);

/* --- keeper.c. data: the gh_pg_records. */
void *gh_pg_keeper_serve(void *data);

#endif
