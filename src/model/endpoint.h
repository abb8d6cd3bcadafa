/* An endpoint of Gatehouse's own: a row of identity/endpoints.c. It passes the same stages as any request; then its
 * steps run, each of which asks (at most one operation) and judges, like a control. */
#ifndef GH_MODEL_ENDPOINT_H
#define GH_MODEL_ENDPOINT_H

#include "model/control.h"

enum { GH_ENDPOINTS_MAX = 40 };

enum gh_endpoint_right {
    GH_RIGHT_ANYONE,
    GH_RIGHT_USER,      /* one of our users, by any proof */
    GH_RIGHT_SIGNED_IN, /* one of our users by session or token, not by an API key */
    GH_RIGHT_INTROSPECT /* any principal with the permission tokens:introspect */
};

typedef struct gh_step_row {
    /* Adds one operation by gh_txn_ask(), or one lookup, or none; may refuse or answer. NULL: nothing to ask.
     * txn->input (parameters and body) is there in the first step's ask only: what is needed later is copied into the
     * transaction's arena or the operation's. */
    enum gh_judgement (*ask)(gh_txn *txn);
    enum gh_judgement (*judge)(gh_txn *txn); /* GH_PASS: on to the next step. NULL: on */
} gh_step_row;

typedef struct gh_endpoint {
    const char
        *name; /* of the route, for logs: "sessions_end". Which setting switches it: the path's first word */
    const char *method; /* "POST" */
    const char *path;   /* behind identity.prefix: "/login"; from the root when `rooted` */
    bool rooted;
    const char *schema; /* JSON Schema of the JSON body; NULL: takes none */
    bool body_optional;
    bool form; /* takes application/x-www-form-urlencoded, not JSON (RFC 7009, RFC 7662) */
    enum gh_endpoint_right right;
    bool
        csrf_by_origin; /* no session yet to bind a token to: login CSRF is met by Fetch-Metadata and Origin */
    bool verifies;      /* anyone may have it look at a token's signature: counts as one that is looked at */
    const char *does;   /* one line for people */
    gh_step_row steps[5]; /* the last one always stops */
} gh_endpoint;

#endif
