/* One connection to PostgreSQL by libpq, and the driver of statement.h over it.
 *
 * It blocks the thread that uses it, and nobody else, and never longer than until a moment that is handed in: every wait is
 * a poll() with that deadline, the socket never blocks. A server that is stopped, unplugged or slow costs at most the
 * timeout. When the deadline passes, or the connection breaks, it is over: it is closed, everything fails UNAVAILABLE, and
 * another one has to be opened (gh_postgres_alive).
 *
 * Statements travel in libpq's pipeline mode. One that is only run is queued and costs no round trip; one whose rows are
 * wanted sends all that is queued, and waits for its own. Statements are prepared at their first use, in the same pipeline.
 * Numbers and bytes go and come in binary. Text that is no UTF-8, or has a NUL in it, which PostgreSQL can't store, has
 * U+FFFD in its place.
 *
 * Failures are statement.h's, the first one stays until gh_sql_reset(), and is often known only later, at the next rows or
 * gh_sql_flush():
 *   UNAVAILABLE  no connection, or it is over; or the server is going down, is a standby, took longer than a statement may
 *   CONFLICT     40001, 40P01, and 55P03 (somebody held a lock for long): the whole transaction may be done again
 *   CONSTRAINT   23xxx. Under SERIALIZABLE two that add the same thing at once may see this instead of CONFLICT: done again,
 *                the second one sees the first one's row
 *   FULL         53xxx: disk, memory, connections
 *   REFUSED      28xxx, 42501: the role may not
 *   MISUSE       other 42xxx, 08P01, 22xxx, 0Axxx: a mistake of ours, or the schema is not what it should be
 *   CORRUPT, NO_MEMORY, OTHER
 * sql.why is one line: the statement's name, the server's message and code; values are not in it.
 *
 * One thread at a time. */
#ifndef GH_RECORDS_POSTGRES_CONNECTION_H
#define GH_RECORDS_POSTGRES_CONNECTION_H

#include "records/driver.h"
#include "records/postgres/server.h"
#include "records/postgres/statements_postgres.h"

enum {
    GH_POSTGRES_QUEUE = 256, /* statements under way at once; more wait for the first ones' results */
    GH_POSTGRES_READS = 8    /* queries whose rows are wanted at once */
};

/* What was sent, in order; its results come in the same one. */
typedef struct gh_postgres_sent {
    uint8_t kind; /* connection.c's */
    uint8_t read; /* of a query with rows: which of `reads` */
    uint16_t which;
} gh_postgres_sent;

/* The rows of one query. */
typedef struct gh_postgres_read {
    bool used, over, unwanted; /* over: the last row has come. unwanted: its query was ended before that */
    PGresult *row;             /* the present one; NULL: none */
    PGresult **kept;           /* that came while another query's were waited for */
    uint32_t n_kept, room, at;
} gh_postgres_read;

typedef struct gh_postgres {
    gh_sql sql; /* comes first: a gh_sql of this driver is one of these */
    PGconn *pq; /* NULL: it is over */
    uint64_t deadline_ms;
    uint32_t timeout_ms;
    gh_postgres_sent sent[GH_POSTGRES_QUEUE];
    unsigned first, n; /* of sent */
    gh_postgres_read reads[GH_POSTGRES_READS];
    uint8_t prepared[GH_PG_COUNT];
    uint64_t changed; /* rows, by the last statement that was only run */
    bool unsynced;    /* something was sent since the last sync */
    bool committed;   /* COMMIT was the last that was run, and the server has said that it is done */
    bool in_doubt;
    bool plain;                    /* the transaction was begun by BEGIN_PLAIN */
    char where[GH_POSTGRES_WHERE]; /* whom it is connected to, for people */
    gh_arena scratch;              /* texts on their way */
} gh_postgres;

/* The clock of all deadlines here: CLOCK_MONOTONIC in milliseconds. */
uint64_t gh_postgres_now_ms(void);

/* Connects, until deadline_ms at the latest: to the first of the URL's hosts that takes us. False: `why` (of
 * GH_POSTGRES_WHY) is one line for people: where, what, and what to do; c->sql.failure is UNAVAILABLE for what may pass by
 * itself, REFUSED for what the server will go on to refuse (password, certificate, database, TLS), MISUSE for settings that
 * can't be; and there is nothing to be closed. */
GH_MUST_CHECK bool gh_postgres_open(gh_postgres *c, const gh_postgres_server *server,
                                    enum gh_postgres_use use, uint64_t deadline_ms, char *why);
/* From now on everything must have come by then. 0: each answer may take the server's timeout. What a connection begins
 * with. */
void gh_postgres_deadline(gh_postgres *c, uint64_t deadline_ms);
static inline bool gh_postgres_alive(const gh_postgres *c)
{
    return c->pq != NULL;
}
/* It ended while COMMIT was under way: whether that was done nobody can say from here. */
static inline bool gh_postgres_in_doubt(const gh_postgres *c)
{
    return c->in_doubt;
}
/* Nothing was run after COMMIT, and that is done: whatever has failed since, be it the connection. An operator who ends a
 * session, or a server that is shut down, lets COMMIT come to its end, answers it and goes. */
static inline bool gh_postgres_committed(const gh_postgres *c)
{
    return c->committed;
}
/* To wait for the server beside other things: its socket; and what has come there without being asked for, when it is
 * readable: true, as often as a NOTIFY of another session is there. */
int gh_postgres_socket(const gh_postgres *c);
bool gh_postgres_notified(gh_postgres *c);

#endif
