/* Signing in, what registering, logging in and refreshing share: the session that is to be made, and the answer that
 * hands it out as cookies (browsers) or as tokens (everybody else). */
#ifndef GH_IDENTITY_SIGN_IN_H
#define GH_IDENTITY_SIGN_IN_H

#include "model/ops.h"
#include "model/txn.h"

/* The body's member "mode": "cookie", which is also meant when it is not there, "token" or "none". */
enum gh_sign_in_mode { GH_SIGN_IN_COOKIE, GH_SIGN_IN_TOKEN, GH_SIGN_IN_NONE };
enum gh_sign_in_mode gh_sign_in_mode(const gh_txn *txn);

/* A new id and secret for an operation that makes a session. *ret_secret: its text, in the op's memory. False: no
 * memory. */
GH_MUST_CHECK bool gh_sign_in_new(gh_txn *txn, gh_op *op, enum gh_sign_in_mode mode, gh_new_session *ret,
                                  gh_str *ret_secret);

typedef struct gh_signed_in {
    enum gh_sign_in_mode mode;
    const gh_subject *subject;
    gh_id session, device;
    gh_str secret;                 /* the session's secret or the refresh token */
    uint64_t created_s, expires_s; /* of the session; Unix time */
    uint64_t cutoff_s;             /* access tokens issued then or before are refused; 0: none */
} gh_signed_in;
/* GH_STOP: the answer with what is said of the user, and cookies or tokens. */
enum gh_judgement gh_sign_in_answer(gh_txn *txn, unsigned status, const gh_signed_in *in);

#endif
