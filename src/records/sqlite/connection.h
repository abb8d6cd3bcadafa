/* SQLite's driver: one file, one connection, statements prepared at their first use. */
#ifndef GH_RECORDS_SQLITE_CONNECTION_H
#define GH_RECORDS_SQLITE_CONNECTION_H

#include <sqlite3.h>

#include "records/driver.h"

typedef struct gh_sqlite {
    gh_sql sql; /* comes first: a gh_sql of this driver is one of these */
    sqlite3 *db;
    sqlite3_stmt *ready[GH_SQL_COUNT];
} gh_sqlite;

/* How long a statement waits for somebody else's lock on the file. */
enum { GH_BUSY_MS = 5000 };

/* Opens the file, which must be there (NUL-terminated path). False: it has failed, and must be closed. */
GH_MUST_CHECK bool gh_sqlite_open(gh_sqlite *c, const char *path);
/* SQLite's extended result code; OK, ROW and DONE are fine. */
void gh_sqlite_fail(gh_sqlite *c, int code);

/* Is a transaction under way? SQLite undoes one by itself for a full disk and the like. */
bool gh_sqlite_in_transaction(const gh_sqlite *c);
/* Rows changed since it was opened. */
uint64_t gh_sqlite_changes(const gh_sqlite *c);

#endif
