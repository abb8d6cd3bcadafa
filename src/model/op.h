/* An operation: work for a request that is done elsewhere (records on disk, hashing a password) while its loop goes on.
 *
 * A step asks by gh_op_new() and gh_txn_ask(); the edge submits it and steps the transaction again when it is done.
 * The operation is a heap object with memory of its own and two references, the transaction's and the executor's: a
 * client that leaves drops its half, and a late answer dies alone. What is asked is written before it is submitted and
 * not touched after; what is answered is written by the executor before `finished` and read after.
 *
 * Every kind is a struct that begins with gh_op; see ops.h. */
#ifndef GH_MODEL_OP_H
#define GH_MODEL_OP_H

#include "base/arena.h"
#include "base/ip.h"
#include "model/principal.h"

enum gh_op_executor { GH_OP_RECORDS, GH_OP_PASSWORDS };

enum gh_op_status {
    GH_OP_UNAVAILABLE, /* not done, and nothing of it was: the disk, the memory, the time. What an op begins with */
    GH_OP_OK,
    GH_OP_NOT_FOUND,
    GH_OP_EXISTS,   /* the name or address is taken */
    GH_OP_CAP,      /* no more of them for this user */
    GH_OP_SLOWED,   /* too many attempts: retry_s */
    GH_OP_DISABLED, /* the user is disabled */
    GH_OP_EXPIRED,
    GH_OP_REUSED, /* a refresh token that was used before: its family is ended */
    GH_OP_WRONG,  /* a password or secret that does not fit */
    GH_OP_BUSY,   /* its queue is full: retry_s */
    GH_OP_UNSURE  /* the database went away while it was being committed: all of it was done, or nothing */
};

/* X(NAME, executor): the struct is gh_op_<name in lower case>, in ops.h. */
#define GH_OPS(X)                 \
    X(LOGIN_BEGIN, RECORDS)       \
    X(LOGIN_FINISH, RECORDS)      \
    X(PASSWORD_VERIFY, PASSWORDS) \
    X(PASSWORD_CREATE, PASSWORDS) \
    X(USER_CREATE, RECORDS)       \
    X(USER_GET, RECORDS)          \
    X(USER_LIST, RECORDS)         \
    X(USER_CHANGE, RECORDS)       \
    X(USER_EXPORT, RECORDS)       \
    X(USER_ERASE, RECORDS)        \
    X(REFRESH, RECORDS)           \
    X(SESSION_LIST, RECORDS)      \
    X(SESSION_END, RECORDS)       \
    X(TOKEN_REVOKE, RECORDS)      \
    X(DEVICE_BEGIN, RECORDS)      \
    X(DEVICE_CONFIRM, RECORDS)    \
    X(DEVICE_LIST, RECORDS)       \
    X(DEVICE_END, RECORDS)        \
    X(KEY_CREATE, RECORDS)        \
    X(KEY_LIST, RECORDS)          \
    X(KEY_END, RECORDS)           \
    X(AUDIT, RECORDS)             \
    X(CATCH_UP, RECORDS)

enum gh_op_kind {
#define X(name, executor) GH_OP_##name,
    GH_OPS(X)
#undef X
        GH_OP_KIND_COUNT
};

/* Who does it, and from where: for the audit trail. Copied into the op's arena. */
typedef struct gh_op_actor {
    gh_id user;        /* who is signed in; 0: nobody, or the operator by command */
    gh_id session;     /* 0: none */
    gh_id key;         /* 0: none */
    gh_id device;      /* proved; 0: none */
    gh_ip address;     /* family 0: the operator by command */
    gh_str user_agent; /* at most 256 bytes */
    gh_str decision;   /* the decision's id */
} gh_op_actor;

typedef struct gh_op gh_op;
struct gh_op {
    uint16_t kind;  /* enum gh_op_kind */
    uint8_t status; /* enum gh_op_status */
    _Atomic unsigned references;
    gh_arena arena; /* of inputs and outputs; at most GH_OP_MEMORY bytes */
    uint64_t now_s; /* Unix time of the request */
    uint64_t
        deadline_ms;  /* of the monotonic clock of gh_world; past it the work need not be begun. 0: none */
    uint64_t retry_s; /* with SLOWED and BUSY */
    gh_op_actor actor;
    /* Called once, on the executor's thread, after everything else of it is written; it gives up the executor's
     * reference in the end. */
    void (*finished)(gh_op *op);
    void *owner; /* finished's own */
    gh_op *next; /* the queue it is in, the executor's */
    /* the edge's own */
    void *asker;
    gh_op *mail_next;
};

enum {
    GH_OP_MEMORY = 4 << 20,
    GH_OP_BEGIN_MS = 10000 /* how long an operation of a request may wait to be begun */
};

/* size: of the whole struct, which is zeroed. One reference. NULL: no memory. */
GH_MUST_CHECK gh_op *gh_op_new(enum gh_op_kind kind, size_t size);
#define gh_op_make(NAME, type) ((type *)gh_op_new(GH_OP_##NAME, sizeof(type)))
gh_op *gh_op_ref(gh_op *op);
/* Wipes and frees it with the last reference; NULL is fine. */
void gh_op_unref(gh_op *op);
/* Copies into the op's memory; absent stays absent. False: no memory. */
GH_MUST_CHECK bool gh_op_copy(gh_op *op, gh_str from, gh_str *ret);
enum gh_op_executor gh_op_executor_of(enum gh_op_kind kind);

#endif
