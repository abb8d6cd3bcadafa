/* A token that is presented to be asked about or revoked (RFC 7662, RFC 7009): what it is. It is told by its shape; the
 * hint of the request is not needed. */
#ifndef GH_IDENTITY_PRESENTED_H
#define GH_IDENTITY_PRESENTED_H

#include "identity/secret.h"
#include "identity/token.h"

enum gh_presented_kind {
    GH_PRESENTED_NOTHING, /* no token of anybody we believe, or an expired one */
    GH_PRESENTED_ACCESS,  /* an access token with a good signature: token */
    GH_PRESENTED_REFRESH, /* a refresh token that we have made: secret */
    GH_PRESENTED_API_KEY  /* the shape of an API key, which anybody can give to a text: secret */
};

typedef struct gh_presented {
    enum gh_presented_kind kind;
    gh_secret secret;
    gh_cached_token token;
    bool no_keys; /* NOTHING, as its issuer's keys are not at hand */
} gh_presented;

/* The form's parameter `token`. GH_STOP: it is missing or there twice. */
enum gh_judgement gh_presented_read(gh_txn *txn, gh_presented *ret);
/* Adds a lookup about it, in the transaction; GH_STOP: there is no room. Not of NOTHING. */
enum gh_judgement gh_presented_look(gh_txn *txn, const gh_presented *presented);
/* The last lookup. */
const gh_lookup *gh_last_lookup(const gh_txn *txn);

#endif
