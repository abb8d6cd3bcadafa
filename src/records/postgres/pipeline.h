/* libpq's pipeline: what was sent, and what comes for it, in the same order. Shared by the driver and what opens a
 * connection; users see connection.h. */
#ifndef GH_RECORDS_POSTGRES_PIPELINE_H
#define GH_RECORDS_POSTGRES_PIPELINE_H

#include "records/postgres/connection.h"

enum gh_postgres_sent_kind { GH_SENT_PREPARE, GH_SENT_RUN, GH_SENT_READ, GH_SENT_SYNC };
enum gh_postgres_prepared { GH_NOT_PREPARED, GH_BEING_PREPARED, GH_PREPARED };

/* A connection that there is not yet. */
void gh_postgres_begin(gh_postgres *c, uint32_t timeout_ms);
/* It is over. */
void gh_postgres_end(gh_postgres *c, enum gh_sql_failure failure, const char *text);
void gh_postgres_lose(gh_postgres *c);

/* Room for a PREPARE, a statement and a sync. False: it is over, or has failed. */
GH_MUST_CHECK bool gh_postgres_make_room(gh_postgres *c);
/* Something was given to libpq. read: the number of its rows, of GH_SENT_READ. */
void gh_postgres_note_sent(gh_postgres *c, enum gh_postgres_sent_kind kind, unsigned which, unsigned read);
/* Makes the server answer all that was sent; outside of a transaction it commits it. A Sync and no mere Flush, within a
 * transaction too: only a server that has said "ready" counts our silence (idle_in_transaction_session_timeout), and a
 * node that is stopped in the middle would else keep its locks for ever. False: it is over. */
GH_MUST_CHECK bool gh_postgres_sync(gh_postgres *c);

/* Waits for the next result and takes it. Something must have been sent. False: it is over. */
GH_MUST_CHECK bool gh_postgres_take(gh_postgres *c);
/* All that there is to come. */
void gh_postgres_take_all(gh_postgres *c);
void gh_postgres_drop_rows(gh_postgres_read *r);

#endif
