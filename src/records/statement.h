/* The database as operations see it: statements by name, values bound and read in order.
 *
 * No text of SQL is ever made at run time: statements.def holds them all. Which database it is, is its driver's matter
 * (driver.h). Failures are sticky: after the first one nothing more is done, rows end and columns are empty, so that an
 * operation is a straight column and looks once, at its end, whether the disk and the memory held (gh_sql_ok). One
 * thread at a time.
 *
 * A statement that is only run (gh_query_run, gh_sql_run*) costs a server's round trip at most with others: it may be put
 * off until rows are wanted or the transaction ends. So after one gh_sql_ok() may still be true; it is certain after
 * gh_sql_flush(). */
#ifndef GH_RECORDS_STATEMENT_H
#define GH_RECORDS_STATEMENT_H

#include "base/arena.h"
#include "base/id.h"
#include "base/ip.h"
#include "model/lookup.h"

/* A driver may have others of its own, numbered from GH_SQL_COUNT on. */
enum gh_statement {
#define STATEMENT(name, text) GH_SQL_##name,
#include "records/statements.def"
#undef STATEMENT
    GH_SQL_COUNT
};

enum gh_sql_failure {
    GH_SQL_OK,
    GH_SQL_NO_MEMORY,
    GH_SQL_CORRUPT,     /* a row, or the file, is not what was written */
    GH_SQL_MISUSE,      /* a mistake of ours */
    GH_SQL_FULL,        /* the disk is full or broken */
    GH_SQL_CONSTRAINT,  /* a rule of the schema: it is there already, or what it belongs to is not */
    GH_SQL_CONFLICT,    /* with another transaction: all of this one may be done again */
    GH_SQL_BUSY,        /* somebody else has it locked, for too long */
    GH_SQL_UNAVAILABLE, /* the server can't be reached, went away or took too long */
    GH_SQL_REFUSED,     /* the server does not let us */
    GH_SQL_OTHER
};

enum { GH_SQL_VALUES = 16, GH_SQL_WHY = 256 };

typedef struct gh_sql_driver gh_sql_driver;

typedef struct gh_sql {
    const gh_sql_driver *driver;
    enum gh_sql_failure failure; /* the first one */
    uint64_t ran;                /* statements that were only run so far: whoever writes runs some */
    char why[GH_SQL_WHY];        /* the failure for people; nothing that a client sent is in it */
} gh_sql;

static inline bool gh_sql_ok(const gh_sql *sql)
{
    return sql->failure == GH_SQL_OK;
}
/* Has failed, if it had not before: with the kind's own words, or with these (NUL-terminated, copied). */
void gh_sql_fail(gh_sql *sql, enum gh_sql_failure failure);
void gh_sql_fail_text(gh_sql *sql, enum gh_sql_failure failure, const char *why);
/* Ends all queries and forgets the failure. */
void gh_sql_reset(gh_sql *sql);
/* Waits for what was put off; then gh_sql_ok() is certain. */
void gh_sql_flush(gh_sql *sql);
void gh_sql_close(gh_sql *sql);

enum gh_sql_kind { GH_SQL_NULL, GH_SQL_NUMBER, GH_SQL_TEXT, GH_SQL_BYTES };

typedef struct gh_sql_value {
    enum gh_sql_kind kind;
    uint64_t number; /* at most INT64_MAX, or a negative one's bits */
    gh_str bytes;    /* of TEXT and BYTES */
} gh_sql_value;

/* One use of a statement. Its values are bound first, in the order of their numbers, and must live until its last row
 * was read; then its rows are taken, and of each the columns from the left. */
typedef struct gh_query {
    gh_sql *sql;
    unsigned which;
    enum { GH_QUERY_BINDING, GH_QUERY_RUNNING, GH_QUERY_OVER } stage;
    unsigned column; /* the next one */
    unsigned n;      /* values bound */
    gh_sql_value values[GH_SQL_VALUES];
    void *state; /* the driver's */
    uint32_t at;
} gh_query;

/* which: enum gh_statement, or one of the driver's own. */
gh_query gh_query_of(gh_sql *sql, unsigned which);
void gh_bind_u64(gh_query *q, uint64_t value);
void gh_bind_id(gh_query *q, gh_id id);      /* 0: NULL */
void gh_bind_text(gh_query *q, gh_str text); /* absent: NULL */
void gh_bind_blob(gh_query *q, const void *bytes, size_t n);
void gh_bind_ip(gh_query *q, const gh_ip *ip); /* family 0: NULL */
/* Its rows will be wanted, but not yet: it is on its way with what comes next, and its values need not live on. */
void gh_query_start(gh_query *q);
/* True: there is a row. False: that was the last, or it failed; the query is over. */
GH_MUST_CHECK bool gh_query_row(gh_query *q);
/* Ends a query some of whose rows were not wanted. */
void gh_query_end(gh_query *q);
/* For what has no rows, or whose rows do not matter: to its end. */
void gh_query_run(gh_query *q);

bool gh_column_absent(gh_query *q);  /* of the next column; takes nothing */
uint64_t gh_column_u64(gh_query *q); /* NULL: 0 */
/* In the arena; NULL is absent. */
gh_str gh_column_text(gh_query *q, gh_arena *arena);
/* Text or bytes as they are in the row: they live until the next one. NULL is absent. */
gh_str gh_column_peek(gh_query *q);
/* Exactly n bytes; NULL: zeros. Anything else is a failure. */
void gh_column_blob(gh_query *q, void *ret, size_t n);
gh_ip gh_column_ip(gh_query *q);
void gh_column_skip(gh_query *q);

/* Common forms: a statement with one to three numbers. */
void gh_sql_run(gh_sql *sql, unsigned which);
void gh_sql_run1(gh_sql *sql, unsigned which, uint64_t a);
void gh_sql_run2(gh_sql *sql, unsigned which, uint64_t a, uint64_t b);
void gh_sql_run3(gh_sql *sql, unsigned which, uint64_t a, uint64_t b, uint64_t c);
/* Rows that the last statement changed. Waits for it. */
uint64_t gh_sql_changed(gh_sql *sql);

/* Room for one more behind n items in the arena; *room is how many there is room for, at first 0. NULL: no memory, and
 * the database has failed. */
void *gh_sql_grow(gh_sql *sql, gh_arena *arena, void *items, uint32_t n, uint32_t *room, size_t size);

/* Ids, the first column of each row, in the arena. Bound already. */
typedef struct gh_ids {
    gh_id *id;
    uint32_t n;
} gh_ids;
gh_ids gh_query_ids(gh_query *q, gh_arena *arena);

#endif
