/* All records of one database into another one that has none: SQLite and PostgreSQL, in any direction. */
#ifndef GH_RECORDS_MOVE_H
#define GH_RECORDS_MOVE_H

#include "base/buf.h"
#include "records/statement.h"

enum { GH_MOVE_TABLES = 15 };

typedef struct gh_move_counts {
    uint64_t rows[GH_MOVE_TABLES];
    uint64_t mended; /* texts that were no UTF-8, or had a NUL: they have U+FFFD there now */
} gh_move_counts;

/* What the i-th table has: "users". */
const char *gh_move_table(unsigned i);

enum gh_move_end {
    GH_MOVE_DONE,
    GH_MOVE_NOT_DONE, /* nothing of it is in the target */
    GH_MOVE_UNSURE    /* the target went away while all of it was being committed */
};

/* In one transaction of each database: reads the source as it is at one moment, writes all of it, reads it again from the
 * target and compares every value, commits. Both have the present schema; nobody else writes to the source, where it is
 * SQLite. `key`: 16 random bytes, for the sums that are compared.
 * Not DONE: `why` says in a sentence why. A target that has rows already is refused. */
GH_MUST_CHECK enum gh_move_end gh_move(gh_sql *from, gh_sql *to, const uint8_t key[16], gh_move_counts *ret,
                                       gh_buf *why);

#endif
