/* What a database must be able to do for the records: the seam between statement.h, which operations use, and SQLite or
 * PostgreSQL.
 *
 * A driver's connection is a struct that begins with gh_sql, so that statement.c needs no memory of its own. All
 * functions are called on one thread at a time.
 *
 * Failures are sticky: a driver that fails says so by gh_sql_fail_text() and from then on need not be asked (statement.c
 * does not) until reset(). So it may put off a failure: a statement that was only run may be queued and sent with the
 * next one whose rows are wanted; what becomes of it is then known at the latest after flush(). A transaction looks at
 * gh_sql_ok() after COMMIT was flushed and nowhere before; an operation goes on meanwhile with rows that end and columns
 * that are empty.
 *
 *   gh_query_of(), gh_bind_*()   nothing is called: the values are collected in the query
 *   gh_query_run()               start(q, false): may return before it is sent. The values are copied, or were sent
 *   gh_query_row()               at first start(q, true), then row(q): sends all that is queued and waits, with the
 *                                connection's deadline, for the next row. The values live until the query's end
 *   gh_column_*()                column(q, i) of the present row
 *   gh_query_end()               end(q): the rows that are left are not wanted
 *   gh_sql_changed()             changed(sql): of the last statement that was run; may flush
 *   gh_sql_flush()               flush(sql): waits for all that was queued
 *   gh_sql_reset()               reset(sql): ends all queries and throws away what is still to come of what was sent, so
 *                                that the next statement can be started. The transaction is not ended by it; where the
 *                                server has undone it, ROLLBACK is still taken (and does nothing)
 *   gh_sql_close()               close(sql): ends everything without waiting for anybody
 *
 * Names: statements.def has one for every statement of the operations, with SQLite's text. Another driver has a table of its
 * own texts by the same names, and may add names of its own behind (GH_SQL_COUNT + i). A statement that a driver has no
 * text for is MISUSE.
 *
 * Statements of several queries may be under way at once: an operation reads rows of one and runs others meanwhile. */
#ifndef GH_RECORDS_DRIVER_H
#define GH_RECORDS_DRIVER_H

#include "records/statement.h"

struct gh_sql_driver {
    const char *name; /* "sqlite", "postgresql" */
    /* Uses the statement q->which with the q->n values in q->values; q->state is the driver's from here to end(). A
     * failure of a statement whose rows are wanted may also come out at its first row. */
    void (*start)(gh_query *q, bool rows);
    /* True: there is a row. False: that was the last, or it failed; end() was done. Only with q->stage RUNNING. */
    bool (*row)(gh_query *q);
    /* Of the present row; 0 is the leftmost. An integer or a truth value is NUMBER, else its bytes as they are, which live
     * until the next row. Text is UTF-8. */
    gh_sql_value (*column)(gh_query *q, unsigned i);
    void (*end)(gh_query *q);
    void (*flush)(gh_sql *sql);
    uint64_t (*changed)(gh_sql *sql);
    void (*reset)(gh_sql *sql);
    void (*close)(gh_sql *sql);
};

#endif
