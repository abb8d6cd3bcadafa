/* The database's file and schema: opened, looked at, brought to the present version. At start, on one thread. */
#ifndef GH_RECORDS_SQLITE_SCHEMA_H
#define GH_RECORDS_SQLITE_SCHEMA_H

#include "base/buf.h"
#include "records/sqlite/connection.h"

/* Opens or makes the database at `path` (NUL-terminated). unclean: it was not closed in peace the last time, so its
 * structure is looked through first. False: `why` says in a sentence what is wrong and what to do; nothing is open.
 * With the clean end of gh_sql_close() the write-ahead log goes. */
GH_MUST_CHECK bool gh_schema_open(gh_sqlite *c, const char *path, bool unclean, uint64_t now_s, gh_buf *why);

/* How many migrations this program knows. */
unsigned gh_schema_version(void);

#endif
