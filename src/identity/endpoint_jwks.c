/* GET /.well-known/jwks.json: the public keys that our tokens are verified with (RFC 7517 section 5). The next one is
 * in it before it signs, the retiring ones as long as their tokens live. A secret of HS256 has no public part. */
#include "base/signing.h"
#include "identity/answer.h"
#include "identity/steps.h"

static bool is_public(const gh_signing_key *key)
{
    switch (gh_signing_key_alg(key)) {
    case GH_HS256:
        return false;
    case GH_EDDSA:
    case GH_ES256:
    case GH_RS256:
        break;
    }
    return true;
}

enum gh_judgement gh_ask_jwks(gh_txn *txn)
{
    const gh_issuer *ours = &txn->policy->identity.issuers[0];
    gh_answer answer = gh_answer_begin(txn, (size_t)ours->n_keys * GH_SIGNING_JWK_MAX);
    answer.lines.n = 0;
    gh_buf_lit(&answer.lines, "Cache-Control: public, max-age=300\r\n");
    gh_buf_char(&answer.body, '{');
    gh_member(&answer.body, "keys");
    gh_buf_char(&answer.body, '[');
    for (unsigned i = 0; i < ours->n_keys; i++) {
        if (!is_public(ours->keys[i].key))
            continue;
        gh_item(&answer.body);
        if (!gh_signing_key_put_jwk(ours->keys[i].key, &answer.body))
            return gh_txn_refuse(txn, GH_REASON_INTERNAL_ERROR, "a public key can't be written");
    }
    gh_buf_lit(&answer.body, "]}");
    enum gh_judgement ended = gh_answer_end(txn, 200, &answer);
    if (txn->verdict.outcome == GH_OUTCOME_ANSWER)
        txn->own.type = GH_STR("application/jwk-set+json");
    return ended;
}
