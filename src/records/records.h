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

#include "base/buf.h"
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
        /* Where a copy of the password is kept; outlives the records. NULL: malloc */
        const gh_arena_source *memory;
        /* While it is opened the server is away; `why` says where and what. True: after a pause, here, it is tried again.
         * On the thread of gh_records_open(), with said_data. NULL: it is tried once */
        bool (*waits)(void *data, const char *why);
    } postgres;
    /* The signing keys were changed on some node, maybe this one. On any thread, which must not be kept waiting. NULL:
     * nobody cares. On SQLite it is not called. With said_data. */
    void (*ring_changed)(void *data);
    gh_roster *roster;                    /* empty. NULL: none (commands) */
    uint32_t cleanup_s;                   /* SESSION_CLEANUP_INTERVAL */
    uint32_t access_s;                    /* life of the access tokens that are made now */
    uint32_t cookie_idle_s, token_idle_s; /* for the cleanup; 0: none */
    uint32_t max_queue;                   /* operations that wait; more are refused: BUSY */
    /* Something to be logged; on any thread. level: 0 information, 1 warning, 2 error.
     * records_unavailable of level 0 is no line of its own: why it still is. */
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
/* At a reload: PostgreSQL's password from now on, NULL or empty: none; connections that stand go on. Where the server was
 * away, for the one before may be refused, it is tried at once, and this waits a little for the outcome. Nothing on SQLite.
 * Any thread but the records' own. False: no memory; then it stays as it was. */
GH_MUST_CHECK bool gh_records_use_password(gh_records *records, const char *password);
/* Why an operation was UNAVAILABLE just now, for people: "PostgreSQL at db:5432: nobody listens there". Any thread. */
void gh_records_put_trouble(gh_records *records, gh_buf *out);
/* Does what waits, then ends. NULL is fine. */
void gh_records_close(gh_records *records);

/* Any thread. Takes one reference of its own; op->finished is called exactly once, on a thread of the records (CATCH_UP:
 * maybe on this one, before this returns), and gives that reference up. Unless this returns false: the queue is full or it
 * is being closed, op->status is BUSY and retry_s set, and no reference was taken. */
GH_MUST_CHECK bool gh_records_submit(gh_records *records, gh_op *op);

/* Does one operation and waits for it: for commands and the start. Not from op->finished. */
void gh_records_do(gh_records *records, gh_op *op);

/* The ring: the keys that sign access tokens, and the generations of the other keys (identity/key_generation.h). Not
 * operations: used at start, at reload, by the schedule and by commands. All its secrets are stored sealed by a key from
 * secret_key. */
typedef struct gh_stored_key {
    gh_str kid, algorithm; /* "EdDSA" */
    gh_str pkcs8;          /* DER; to be wiped by the caller's arena */
    uint8_t state;         /* enum gh_key_state */
    uint64_t created_s, changed_s;
} gh_stored_key;

typedef struct gh_stored_generation {
    uint32_t id;
    uint8_t state; /* enum gh_key_state */
    gh_str secret; /* likewise to be wiped */
    uint64_t created_s, changed_s;
} gh_stored_generation;

typedef struct gh_stored_ring {
    gh_stored_key *keys;               /* oldest first */
    gh_stored_generation *generations; /* newest first */
    uint32_t n_keys, n_generations;
    gh_str naming; /* the naming key; absent: the ring was not begun */
} gh_stored_ring;

enum gh_keyring_result {
    GH_KEYRING_OK,
    GH_KEYRING_FAILED,   /* the records; nothing was done */
    GH_KEYRING_SEALED,   /* by another secret_key */
    GH_KEYRING_NOT_DUE,  /* of a rotation */
    GH_KEYRING_TOO_SOON, /* the next keys are so new that other nodes may not know them */
    GH_KEYRING_FULL      /* GH_GENERATIONS_MOST are in force */
};

/* All of it, in the arena. OK, FAILED, SEALED. */
GH_MUST_CHECK enum gh_keyring_result gh_records_read_ring(gh_records *records,
                                                          const uint8_t seal[GH_SEAL_KEY_SIZE],
                                                          gh_arena *arena, gh_stored_ring *ret);

typedef struct gh_keyring_beginning {
    const gh_stored_key *active, *next; /* NULL: no signing keys are wanted */
    gh_str secret;                      /* secret_key: it gives the keys of generation 0 */
    gh_str next_secret;                 /* GH_GENERATION_SECRET random bytes */
    gh_str naming;                      /* GH_SHA256_SIZE bytes */
    uint64_t now_s;
} gh_keyring_beginning;
/* What is there stays; what is missing is begun: signing keys, generations (0 active, 1 next), the naming key. */
GH_MUST_CHECK bool gh_records_begin_ring(gh_records *records, const uint8_t seal[GH_SEAL_KEY_SIZE],
                                         const gh_keyring_beginning *with);

typedef struct gh_keyring_rotation {
    const gh_stored_key *fresh; /* NULL: no signing key is wanted */
    gh_str secret;              /* of the new generation: GH_GENERATION_SECRET random bytes */
    uint64_t now_s;
    uint32_t keep_s; /* signing keys that have been retiring for so long go */
    uint64_t
        overlap_s; /* generations that have been retiring for so long are no longer in force, and go when unused */
    uint64_t every_s;  /* only when the active generation is that old; 0: whatever its age */
    uint32_t settle_s; /* and the next one was made so long ago, or with the ring itself */
} gh_keyring_rotation;
/* next becomes active, active retiring, and what is fresh is the new next; without a signing key yet, `fresh` becomes
 * active. Any of the results. */
GH_MUST_CHECK enum gh_keyring_result gh_records_rotate_ring(gh_records *records,
                                                            const uint8_t seal[GH_SEAL_KEY_SIZE],
                                                            const gh_keyring_rotation *with);

/* What is sealed by `before` is sealed by `seal` from now on. OK (also when all of it was), FAILED, SEALED. */
GH_MUST_CHECK enum gh_keyring_result gh_records_reseal_ring(gh_records *records,
                                                            const uint8_t seal[GH_SEAL_KEY_SIZE],
                                                            const uint8_t before[GH_SEAL_KEY_SIZE],
                                                            uint64_t now_s);

/* A generation, and how many of what is in force were made with it. */
typedef struct gh_generation_use {
    uint32_t id;
    uint8_t state; /* enum gh_key_state */
    uint64_t created_s, changed_s;
    uint64_t sessions, keys, devices;
} gh_generation_use;
/* All of them, newest first, in the arena. Reads all sessions, keys and devices. */
GH_MUST_CHECK bool gh_records_count_generations(gh_records *records, uint64_t now_s, gh_arena *arena,
                                                gh_generation_use **ret, unsigned *ret_n);

/* For how long (ms) something may have been committed, by whatever node, that the roster does not have; a machine's sleep
 * counts. UINT64_MAX: it is not filled. On SQLite 0. *ret_fillings: how often it has been emptied to be filled anew: what was
 * looked up while that became more is no answer. Any thread. */
uint64_t gh_records_age_ms(gh_records *records, uint64_t *ret_fillings);

typedef struct gh_records_stats {
    uint64_t operations, transactions, failures, queued;
    uint64_t file_bytes; /* SQLite */
    /* PostgreSQL */
    bool shared;      /* it is one */
    bool away;        /* operations are refused */
    uint64_t outages; /* how often that began */
    uint64_t away_ms; /* since when it is so, now; 0: it is not */
    uint64_t conflicts, reconnects, unsure;
    uint64_t spool_lines, spool_bytes;   /* that wait */
    uint64_t spooled, replayed, dropped; /* lines of the audit trail, since the start */
    struct {
        bool connected;
        uint64_t reads, changes, loads, waiting;
    } feed;
} gh_records_stats;
void gh_records_read_stats(gh_records *records, gh_records_stats *ret);

#endif
