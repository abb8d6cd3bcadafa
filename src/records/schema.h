/* The database's file and schema: opened, looked at, brought to the present version. At start, on one thread. */
#ifndef GH_RECORDS_SCHEMA_H
#define GH_RECORDS_SCHEMA_H

#include "base/buf.h"
#include "records/statement.h"

/* How long a statement waits for somebody else's lock on the file. */
enum { GH_BUSY_MS = 5000 };

/* Opens or makes the database at `path` (NUL-terminated). unclean: it was not closed in peace the last time, so its
 * structure is looked through first. False: `why` says in a sentence what is wrong and what to do; nothing is open. */
GH_MUST_CHECK bool gh_schema_open(gh_sql *sql, const char *path, bool unclean, uint64_t now_s, gh_buf *why);
/* Closes it; the write-ahead log goes with a clean close. */
void gh_schema_close(gh_sql *sql);

/* How many migrations this program knows. */
unsigned gh_schema_version(void);

#endif
