/* Gatehouse's own answers: the problem document of a refusal (RFC 9457), a preflight's 204. */
#ifndef GH_CORE_ANSWER_H
#define GH_CORE_ANSWER_H

#include "core/engine.h"

/* At load: renders the documents of all reasons. False: out of memory. */
GH_MUST_CHECK bool gh_answer_prepare(gh_policy *policy);

/* Writes the answer's header lines (Content-Type, security, CORS and rate-limit fields; no
 * Content-Length, no Connection, no empty line) and its body, from txn->verdict. */
void gh_answer_write(gh_txn *txn, gh_buf *lines, gh_buf *body);
/* The body of an endpoint's answer, which may be long and is not written by gh_answer_write(); absent: there is none. */
static inline gh_str gh_answer_own_body(const gh_txn *txn)
{
    bool own = txn->verdict.outcome == GH_OUTCOME_ANSWER;
    return own ? txn->own.body : (gh_str){NULL, 0};
}

#endif
