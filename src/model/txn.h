/* A transaction: one request on its way through the stages, with its verdict.
 *
 * Owner: the edge (or the library's caller). Begins with gh_engine_begin(), ends with the arena. */
#ifndef GH_MODEL_TXN_H
#define GH_MODEL_TXN_H

#include <gatehouse/decision.h> /* enum gh_outcome */

#include "model/policy.h"
#include "model/reason.h"
#include "model/token_cache.h"
#include "model/world.h"
#include "wire/field.h"
#include "wire/target.h"

enum gh_stage {
    GH_STAGE_DOOR,
    GH_STAGE_IDENTITY, /* what is presented, is it genuine? */
    GH_STAGE_STANDING, /* what was proved, is it still in force? Then it is known who asks */
    GH_STAGE_RIGHTS,
    GH_STAGE_ALLOWANCE,
    GH_STAGE_BODY,
    GH_STAGE_TARGET, /* an endpoint of our own takes its steps; else the upstream */
    GH_STAGE_REPLY,  /* controls that only dress the answer */
    GH_STAGE_COUNT
};

/* What a stage's control says: go on, or stop with the verdict it has set. */
enum gh_judgement { GH_PASS, GH_STOP };

typedef struct gh_verdict {
    enum gh_outcome outcome;
    enum gh_reason reason;
    unsigned status;
    const char *detail;   /* for the log only: a constant text */
    gh_str rule;          /* the rate limit rule that refused */
    gh_str limit;         /* which of its limits, as RateLimit-Policy names it */
    uint64_t retry_after; /* seconds; 0: none */
    gh_str what;          /* for the log: the first finding, "body /prompt: string_too_short" */
} gh_verdict;

/* What becomes of a request's body. */
enum gh_body_state {
    GH_BODY_STREAMS, /* nobody looks into it */
    GH_BODY_WANTED,  /* it is read whole before the stage BODY */
    GH_BODY_THERE    /* txn->body holds it */
};

/* What controls in observe mode saw: bits of txn->reports. */
enum gh_report_bit {
    GH_REPORT_UNDECLARED = 1,
    GH_REPORT_VALIDATION = 2,
    GH_REPORT_DANGEROUS = 4,
    GH_REPORT_RESPONSE = 8 /* an answer that the contract does not know */
};

enum gh_cors_state { GH_CORS_NONE, GH_CORS_ALLOWED, GH_CORS_REFUSED, GH_CORS_PREFLIGHT };

/* A take of the batch and where it came from. */
typedef struct gh_take_origin {
    uint16_t rule; /* index of policy->limits.rules */
    uint8_t limit; /* index in the set */
    bool parent;   /* an IPv6 parent: counted, not shown */
} gh_take_origin;

/* Where a request carries what proves who asks; absent: it does not. */
typedef struct gh_credentials {
    gh_str session; /* the session cookie's value: the first of several that is well-formed */
    gh_str bearer;  /* the token of Authorization: Bearer (RFC 6750 section 2.1); may be empty */
    gh_str api_key; /* of X-API-Key, or a bearer that has a key's prefix; may be empty */
    gh_str device;  /* the device token: X-Device-Token, or else its cookie; well-formed */
} gh_credentials;

/* Gatehouse's own answer, beside a refusal's problem document. In the transaction's or an operation's memory. */
typedef struct gh_own_answer {
    gh_str lines; /* further header lines, each with CRLF: Set-Cookie ...; of a refusal, too */
    gh_str type;  /* Content-Type; absent: no body */
    gh_str body;
} gh_own_answer;

/* The limits' takes, and one before them: to look at a signature. */
enum { GH_TXN_TAKES_MAX = GH_TAKES_MAX + 1 };

/* Lookups: of sessions, or a token or key; of a device; of what an endpoint is asked about. */
enum { GH_SESSIONS_PRESENTED_MAX = 3, GH_LOOKUPS_MAX = GH_SESSIONS_PRESENTED_MAX + 2 };
enum { GH_ID_SIZE = 24, GH_TXN_OPS_MAX = 5 };

typedef struct gh_txn {
    const gh_policy *policy;
    gh_request *request;
    gh_arena *arena;
    gh_world world;

    /* found at the door */
    gh_target target;
    gh_authority authority;
    gh_client_address client;
    bool secure;
    unsigned method;       /* index of policy->methods */
    const gh_route *route; /* never NULL after the door; the fallback before it */
    gh_str origin;         /* the Origin field's value, absent when there is none */
    enum gh_cors_state cors;
    const gh_operation *operation; /* what the contract says of it; NULL: nothing */
    gh_path_params params;         /* of the operation's path */
    gh_str allow;                  /* with GH_REASON_UNDECLARED_METHOD: what the path takes */

    /* identity */
    gh_credentials credentials;
    gh_principal principal;
    const char *token_fault;      /* why a presented token is not believed, for the log */
    const gh_cached_token *token; /* the presented token, found good now or before; in the arena */
    enum gh_reason
        session_fault; /* why a presented session does not count; NONE: it does, or there is none */
    gh_str scope;      /* with INSUFFICIENT_SCOPE: the one that is missing */
    bool csrf_in_form; /* the CSRF token is looked for in the body */
    gh_lookup lookups[GH_LOOKUPS_MAX]; /* the batch is [n_looked, n_lookups) */
    unsigned n_lookups, n_looked;
    gh_token_cache *token_cache; /* the worker's; NULL: none */

    /* an endpoint's steps */
    unsigned step;
    gh_op *ops[GH_TXN_OPS_MAX]; /* all it has asked, in order; one reference each */
    unsigned n_ops, n_done;     /* at most one, the last, is not done yet */
    void *memo;                 /* the endpoint's own, in the arena */
    gh_own_answer own;

    /* the body */
    uint64_t max_body; /* bytes taken of it: the route's limit, or what is held to be looked at */
    enum gh_body_state body_state;
    gh_str body;
    gh_str new_body; /* what goes to the upstream in its place; absent: it goes as it came */

    /* the stage BODY: everything it finds lives in `scratch` */
    gh_arena *scratch; /* the edge's; good until the answer is written */
    gh_input input;
    bool input_read;
    gh_findings findings;
    unsigned reports; /* enum gh_report_bit */

    /* the batch of the allowance */
    gh_take takes[GH_TXN_TAKES_MAX];
    gh_take_origin origins[GH_TXN_TAKES_MAX];
    unsigned n_takes, n_answered;               /* the batch is [n_answered, n_takes) */
    unsigned first_limit;                       /* takes from here on are of policy->limits.rules */
    const gh_limit_set *sets[GH_TXN_TAKES_MAX]; /* by take */
    unsigned observed;                          /* how many rules in observe mode would have refused */
    uint16_t observed_rules[GH_TAKES_MAX];      /* which: indices of policy->limits.rules */

    unsigned stage; /* enum gh_stage, GH_STAGE_COUNT when through */
    bool asked;     /* this stage has asked and is waiting for its answers */
    gh_verdict verdict;
    bool has_id;
    char id[GH_ID_SIZE];
} gh_txn;

/* The decision id: random, made at first use, 24 hex digits. */
gh_str gh_txn_id(gh_txn *txn);
/* A step's operation: takes over its reference and fills in what every one has (time, actor). */
enum gh_judgement gh_txn_ask(gh_txn *txn, gh_op *op);
/* Ends it with an answer of our own: GH_STOP. */
enum gh_judgement gh_txn_answer(gh_txn *txn, unsigned status, gh_str json);
/* Gives up the operations. Once, when the request is over. */
void gh_txn_end(gh_txn *txn);
/* Sets a refusal; always GH_STOP, so that a judge can return it. */
enum gh_judgement gh_txn_refuse(gh_txn *txn, enum gh_reason reason, const char *detail);

#endif
