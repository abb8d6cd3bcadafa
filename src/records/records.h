/* The records: users, sessions, refresh families, devices, API keys, signing keys, revocations, attempts, audit; on SQLite
 * in one file of this process's, or on a PostgreSQL that many nodes use.
 *
 * SQLite: `gatehouse.db` in the data folder. One thread owns the database and does every operation, one after the other;
 * those that wait together share one transaction (group commit), each in a savepoint of its own. An operation is answered
 * when its transaction is on disk and the roster has been changed. When the disk fails all of the transaction's operations
 * are UNAVAILABLE, nothing of them is there, and the next transaction is tried anew: nothing is let in that is not recorded.
 * After kill -9 everything that was answered is there: WAL, synchronous=FULL.
 *
 * PostgreSQL: a few threads with a connection each share the queue. An operation is one SERIALIZABLE transaction, done anew
 * when it was in another one's way: the answer is as if all operations of all nodes were done one after the other. It is
 * answered when it is committed and this node's roster has been changed by it (postgres/feed.h); the other nodes' follow at
 * once, or within 250 ms. When the server is away operations are UNAVAILABLE at once until it is back; one that was just
 * being committed is UNSURE when there is no asking what became of it in time. Lines of the audit trail (GH_OP_AUDIT) wait
 * on disk meanwhile (postgres/spool.h) and are answered OK. */
#ifndef GH_RECORDS_RECORDS_H
#define GH_RECORDS_RECORDS_H

#include "model/identity.h"
#include "stores/state/roster.h"

typedef struct gh_records gh_records;

typedef struct gh_records_options {
    /* Must exist and be the process's own; NUL-terminated. On PostgreSQL: for the spool; NULL: none (commands) */
    const char *folder;
    struct {
        const char *url; /* NULL: SQLite. All of these are copied; NULL where there is none */
        const char *password, *ca_file, *cert_file, *key_file;
        uint32_t connections; /* 1..64 */
        uint32_t timeout_ms;
    } postgres;
    /* The signing keys were changed on some node, maybe this one. On any thread, which must not be kept waiting. NULL:
     * nobody cares. On SQLite it is not called. With said_data. */
    void (*ring_changed)(void *data);
    gh_roster *roster;                    /* empty. NULL: none (commands) */
    uint32_t cleanup_s;                   /* SESSION_CLEANUP_INTERVAL */
    uint32_t access_s;                    /* life of the access tokens that are made now */
    uint32_t cookie_idle_s, token_idle_s; /* for the cleanup; 0: none */
    uint32_t max_queue;                   /* operations that wait; more are refused: BUSY */
    /* Something to be logged; on any thread. level: 0 information, 1 warning, 2 error. */
    void (*said)(void *data, int level, const char *event, const char *text);
    void *said_data;
    uint64_t (*now_s)(void);  /* Unix time; for what is done without a request */
    uint64_t (*now_ms)(void); /* the monotonic clock of gh_op's deadlines */
} gh_records_options;

/* Opens or makes the database, brings it to the present schema, locks it against other processes, fills the roster,
 * starts the thread. NULL: *ret_why says why and what to do (static or in `why` memory). */
GH_MUST_CHECK gh_records *gh_records_open(const gh_records_options *options, char *why, size_t why_size);
/* At a reload: cleanup_s, access_s and the idle times of the options count from now on. Any thread but the records' own.
 * False: the disk; then ends may be remembered too short. */
GH_MUST_CHECK bool gh_records_adjust(gh_records *records, const gh_records_options *options);
/* Does what waits, then ends. NULL is fine. */
void gh_records_close(gh_records *records);

/* Any thread. Takes one reference of its own; op->finished is called exactly once, on a thread of the records (CATCH_UP:
 * maybe on this one, before this returns), and gives that reference up. Unless this returns false: the queue is full or it
 * is being closed, op->status is BUSY and retry_s set, and no reference was taken. */
GH_MUST_CHECK bool gh_records_submit(gh_records *records, gh_op *op);

/* Does one operation and waits for it: for commands and the start. Not from op->finished. */
void gh_records_do(gh_records *records, gh_op *op);

/* The ring of signing keys. Not operations: used at start, at reload and by `key rotate`. Private keys are stored sealed
 * by a key from secret_key when there is one. */
typedef struct gh_stored_key {
    gh_str kid, algorithm; /* "EdDSA" */
    gh_str pkcs8;          /* DER; to be wiped by the caller's arena */
    uint8_t state;         /* enum gh_key_state */
    uint64_t created_s, changed_s;
} gh_stored_key;
/* All of them, oldest first, in the arena. */
GH_MUST_CHECK bool gh_records_read_keys(gh_records *records, const uint8_t seal[GH_SEAL_KEY_SIZE],
                                        gh_arena *arena, gh_stored_key **ret, unsigned *ret_n);
/* next becomes active, active retiring, retiring ones older than keep_s go, and `fresh` is the new next. With no key yet,
 * `fresh` becomes active. */
GH_MUST_CHECK bool gh_records_rotate_keys(gh_records *records, const uint8_t seal[GH_SEAL_KEY_SIZE],
                                          const gh_stored_key *fresh, uint64_t now_s, uint32_t keep_s);

/* The moment of the monotonic clock (options.now_ms) until which the roster is known to have everything that was committed,
 * by whatever node. On SQLite that is always now. Any thread. */
uint64_t gh_records_fresh_ms(gh_records *records);

typedef struct gh_records_stats {
    uint64_t operations, transactions, failures, queued;
    uint64_t file_bytes; /* SQLite */
    /* PostgreSQL */
    bool shared;      /* it is one */
    bool away;        /* operations are refused */
    uint64_t outages; /* how often that began */
    uint64_t away_ms; /* since when it is so, now; 0: it is not */
    uint64_t conflicts, reconnects, unsure;
    uint64_t spool_lines, spool_bytes; /* that wait */
    uint64_t spooled, replayed, dropped;
    struct {
        bool connected;
        uint64_t reads, changes, loads, gaps, waiting;
    } feed;
} gh_records_stats;
void gh_records_read_stats(gh_records *records, gh_records_stats *ret);

#endif
