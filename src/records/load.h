/* The roster as the database has it, at the start. */
#ifndef GH_RECORDS_LOAD_H
#define GH_RECORDS_LOAD_H

#include "records/statement.h"
#include "stores/state/roster.h"

/* False: no memory, or the database can't be read (then gh_sql_ok() is false). */
GH_MUST_CHECK bool gh_load_roster(gh_sql *sql, gh_roster *roster, uint64_t now_s);

#endif
