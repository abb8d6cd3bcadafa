/* The feed: what all nodes change, applied to this node's roster. One thread with a connection of its own; it is the
 * roster's only writer.
 *
 * Each operation adds what it changes as a row of the table `change` (change.h), in its own transaction and last in it.
 * The feed reads what is new (CHANGE_READ) and applies it in the order of ids: at least every 250 ms, at once on a
 * notification, and at once when somebody waits for it.
 *
 * What is new. Each row has the number of its transaction. A read's position is the snapshot it was made in, and the largest
 * such number it has seen, so the next one asks for rows of later transactions, and of those that were under way in that
 * snapshot. All others it has seen, for what an earlier transaction wrote was either there or it was under way. So a row of
 * a slow transaction is read once it is there, however late, and nothing is ever given up by a clock. That the largest number
 * is a row's, and not the snapshot's end, is for a crash: PostgreSQL may then use again the numbers of transactions that
 * were undone before it, and a snapshot calls those seen.
 *
 * Why the order of ids is right, though an id is drawn while its transaction still runs. Take two committed transactions
 * whose effects are about the same thing, and the one that comes first in the order that SERIALIZABLE promises.
 *   - Sessions, keys, devices: who says SET or END has written (or deleted) that row. Two that write one row can't overlap:
 *     the second waits, and is undone (40001) when the first commits, unless its snapshot is younger than that commit. So
 *     the second began after the first had drawn its id, and drew its own after that.
 *   - Users: SET_USER is also said by operations that only read the account (a refresh, a new key). Two of which one reads
 *     and the other writes may overlap, and either may commit first; then the reader's, which is old, could have the larger
 *     id, and a role that was taken away would be back. So whoever says SET_USER holds the account's row (USER_HOLD, FOR NO
 *     KEY UPDATE) until its end: they too come one after the other, and the argument above holds for them.
 *   - Times (revocations, ends, uses) only grow: their order does not matter.
 * And one after the other over several reads: the second one's row can't be there in a snapshot where the first one's is not.
 *
 * What was read away. Rows are deleted after an hour (CHANGE_SWEEP, which notes how far). Whoever has not read so far, or
 * not for half an hour, may have missed something: then the roster is cleared and loaded anew, in one snapshot with the position it belongs to. The same at
 * the start, when a row can't be read or applied, and when the server is another one than before or has another history
 * (a promoted standby, a backup; or the last row we had read is not there): what we have applied may never have happened there. Meanwhile the roster counts as
 * incomplete.
 *
 * Who waits. gh_feed_submit() is for operations that are committed; they are finished when a read that began after it has
 * been applied, so that from the answer on this node refuses what was ended and admits what was made. Many share one read.
 * While the feed is away (no connection, or loading) and the roster is incomplete already, they are finished at once: they
 * are on disk, nobody is let in by this roster until it is complete again (but by an access token for identity.outage.tokens,
 * as in any outage), and the read that makes it complete begins after them. So an outage that comes between a commit and its read costs at most a second (GH_FEED_COMPLETE_MS) or, where the
 * server hangs instead of refusing, its timeout. Then the other nodes are told by NOTIFY: by the feed, in a transaction of its
 * own, once for all that are finished together; within the operations' transactions it would make all commits wait for each
 * other. A node that is not told, or not reached, reads within 250 ms anyway.
 *
 * Threads: gh_feed_submit(), gh_feed_catch_up(), gh_feed_age_ms(), gh_feed_read_stats() any; open, call and close any
 * but the feed's own. */
#ifndef GH_RECORDS_POSTGRES_FEED_H
#define GH_RECORDS_POSTGRES_FEED_H

#include "model/op.h"
#include "records/postgres/server.h"
#include "stores/state/roster.h"

typedef struct gh_feed gh_feed;

enum {
    GH_FEED_POLL_MS = 250,
    GH_FEED_COMPLETE_MS = 1000 /* the roster counts as complete up to this gh_feed_age_ms() */
};

typedef struct gh_feed_options {
    gh_postgres_server server; /* its texts must live as long as the feed */
    gh_roster *roster;         /* empty */
    uint64_t (*now_s)(void);   /* Unix time: what has run out is not loaded */
    /* Something to be logged; level as in gh_records_options. */
    void (*said)(void *data, int level, const char *event, const char *text);
    /* The ring of signing keys was changed on some node, maybe this one; also after each loading. On the feed's thread,
     * which must not be kept waiting. NULL: nobody cares. */
    void (*ring_changed)(void *data);
    /* The server can't be reached, said for every try that fails; and once when it is read from again. On the feed's
     * thread. NULL: nobody cares. */
    void (*lost)(void *data, const char *why);
    void (*back)(void *data);
    void *data; /* of all */
} gh_feed_options;

/* Starts the thread, which connects and loads the roster by itself, again and again until it can. NULL: no memory. */
GH_MUST_CHECK gh_feed *gh_feed_open(const gh_feed_options *options);
/* Waits until the roster has been loaded once, or `deadline_ms` (CLOCK_MONOTONIC) has passed. False: `why` (of
 * GH_POSTGRES_WHY) says what stands in the way; the feed goes on trying. */
GH_MUST_CHECK bool gh_feed_wait(gh_feed *feed, uint64_t deadline_ms, char *why);
/* Finishes all that wait. NULL is fine. */
void gh_feed_close(gh_feed *feed);

/* The operation is committed, by another connection. op->finished is called once, its status unchanged; on the feed's
 * thread or, see above, here. The executor's reference goes with it. Others are told. */
void gh_feed_submit(gh_feed *feed, gh_op *op);
/* The same for who only wants to know what others did: nobody is told. */
void gh_feed_catch_up(gh_feed *feed, gh_op *op);

/* Everything that was committed so long ago (ms), on whatever node, is in the roster; UINT64_MAX: never yet, or it is being
 * loaded. By CLOCK_BOOTTIME: while the machine sleeps others go on. *ret_fillings: how often loading was begun. */
uint64_t gh_feed_age_ms(const gh_feed *feed, uint64_t *ret_fillings);

/* Runs it on the feed's thread, between two reads, and waits: for all that may only be done by the roster's writer. The
 * database may be away meanwhile; then it waits for a connection that is being tried, at most the timeout. False: the feed
 * is being closed, and it was not run. */
GH_MUST_CHECK bool gh_feed_call(gh_feed *feed, void (*run)(void *data), void *data);

typedef struct gh_feed_stats {
    bool connected;
    uint64_t reads, changes, loads, notices; /* notices: that were sent */
    uint64_t waiting;
} gh_feed_stats;
void gh_feed_read_stats(gh_feed *feed, gh_feed_stats *ret);

#endif
