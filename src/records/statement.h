/* The database as operations see it: statements by name, values bound and read in order.
 *
 * No text of SQL is ever made at run time: statements.def holds them all. Failures are sticky: after the first one
 * nothing more is done, rows end and columns are empty, so that an operation is a straight column and looks once, at
 * its end, whether the disk and the memory held (gh_sql_ok). One thread at a time. */
#ifndef GH_RECORDS_STATEMENT_H
#define GH_RECORDS_STATEMENT_H

#include <sqlite3.h>

#include "base/arena.h"
#include "base/id.h"
#include "base/ip.h"
#include "model/lookup.h"

enum gh_statement {
#define STATEMENT(name, text) GH_SQL_##name,
#include "records/statements.def"
#undef STATEMENT
    GH_SQL_COUNT
};

typedef struct gh_sql {
    sqlite3 *db;
    sqlite3_stmt *ready[GH_SQL_COUNT]; /* prepared at their first use */
    int failure;                       /* SQLite's extended code of the first failure; 0: none */
} gh_sql;

/* Finalises all statements. */
void gh_sql_close(gh_sql *sql);
static inline bool gh_sql_ok(const gh_sql *sql)
{
    return sql->failure == 0;
}
/* Ends all queries and forgets the failure. */
void gh_sql_reset(gh_sql *sql);
/* A failure that is not SQLite's: no memory, or a row that is not what was written. */
void gh_sql_fail(gh_sql *sql, int code);

/* One use of a statement. Its values are bound first, in the order of their numbers, and must live until its last row
 * was read; then its rows are taken, and of each the columns from the left. */
typedef struct gh_query {
    gh_sql *sql;
    sqlite3_stmt *statement; /* NULL: failed or over */
    int parameter, column;
} gh_query;

gh_query gh_query_of(gh_sql *sql, enum gh_statement which);
void gh_bind_u64(gh_query *q, uint64_t value);
void gh_bind_id(gh_query *q, gh_id id);      /* 0: NULL */
void gh_bind_text(gh_query *q, gh_str text); /* absent: NULL */
void gh_bind_blob(gh_query *q, const void *bytes, size_t n);
void gh_bind_ip(gh_query *q, const gh_ip *ip); /* family 0: NULL */
/* True: there is a row. False: that was the last, or it failed; the query is over. */
GH_MUST_CHECK bool gh_query_row(gh_query *q);
/* Ends a query some of whose rows were not wanted. */
void gh_query_end(gh_query *q);
/* For what has no rows: to its end. */
void gh_query_run(gh_query *q);

bool gh_column_absent(const gh_query *q); /* of the next column; takes nothing */
uint64_t gh_column_u64(gh_query *q);
/* In the arena; NULL is absent. */
gh_str gh_column_text(gh_query *q, gh_arena *arena);
/* Text or bytes as they are in the row: they live until the next one. NULL is absent. */
gh_str gh_column_peek(gh_query *q);
/* Exactly n bytes; NULL: zeros. Anything else is a failure. */
void gh_column_blob(gh_query *q, void *ret, size_t n);
gh_ip gh_column_ip(gh_query *q);
void gh_column_skip(gh_query *q);

/* Common forms: a statement with one to three numbers. */
void gh_sql_run(gh_sql *sql, enum gh_statement which);
void gh_sql_run1(gh_sql *sql, enum gh_statement which, uint64_t a);
void gh_sql_run2(gh_sql *sql, enum gh_statement which, uint64_t a, uint64_t b);
void gh_sql_run3(gh_sql *sql, enum gh_statement which, uint64_t a, uint64_t b, uint64_t c);
/* Rows that the last statement changed. */
uint64_t gh_sql_changed(const gh_sql *sql);

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
