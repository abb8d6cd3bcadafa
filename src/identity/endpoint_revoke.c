/* POST /revoke (RFC 7009). Who holds a token may end it: there are no client secrets here, and a thief who ends what he
 * has stolen does no harm. Whatever is no token, or is over already, is answered as one that was revoked: 200. */
#include "identity/answer.h"
#include "identity/outcome.h"
#include "identity/presented.h"
#include "identity/steps.h"

static enum gh_judgement revoked(gh_txn *txn)
{
    gh_answer answer = gh_answer_begin(txn, 0);
    return gh_answer_end(txn, 200, &answer);
}

/* Of our own making only: another issuer's tokens are that one's to revoke. */
static enum gh_judgement revoke_access(gh_txn *txn, const gh_cached_token *token)
{
    if (token->issuer != 0 || token->jti == 0)
        return revoked(txn);
    gh_op_token_revoke *op = gh_op_make(TOKEN_REVOKE, gh_op_token_revoke);
    if (op == NULL)
        return gh_refuse_memory(txn);
    op->jti = token->jti;
    op->expires_s = token->expires_s + txn->policy->identity.token.leeway_s; /* so long it would count */
    return gh_txn_ask(txn, &op->op);
}

/* The whole family, with the access tokens that came of it (RFC 7009 section 2.1). */
static enum gh_judgement revoke_family(gh_txn *txn, gh_id session)
{
    gh_op_session_end *op = gh_op_make(SESSION_END, gh_op_session_end);
    if (op == NULL)
        return gh_refuse_memory(txn);
    op->session = session;
    op->token_s = txn->policy->identity.token.access_s;
    return gh_txn_ask(txn, &op->op);
}

enum gh_judgement gh_ask_revoke(gh_txn *txn)
{
    gh_presented *presented = gh_arena_new(txn->arena, gh_presented);
    if (presented == NULL)
        return gh_refuse_memory(txn);
    if (gh_presented_read(txn, presented) == GH_STOP)
        return GH_STOP;
    txn->memo = presented;
    switch (presented->kind) {
    case GH_PRESENTED_NOTHING:
        break;
    case GH_PRESENTED_ACCESS:
        return revoke_access(txn, &presented->token);
    case GH_PRESENTED_REFRESH:
        return revoke_family(txn, presented->secret.id);
    case GH_PRESENTED_API_KEY:
        return gh_presented_look(txn, presented);
    }
    return revoked(txn);
}

/* Is the secret the key's? Its shape is no proof of that, and ids are no secrets. */
static enum gh_judgement judge_key(gh_txn *txn)
{
    switch ((enum gh_lookup_answer)gh_last_lookup(txn)->answer) {
    case GH_LOOKUP_UNAVAILABLE:
        return gh_txn_refuse(txn, GH_REASON_IDENTITY_UNAVAILABLE, "a lookup was not answered");
    case GH_LOOKUP_GOOD:
    case GH_LOOKUP_DISABLED:
    case GH_LOOKUP_ADDRESS_REFUSED:
        return GH_PASS;
    case GH_LOOKUP_UNKNOWN:
    case GH_LOOKUP_MISMATCH:
    case GH_LOOKUP_EXPIRED:
    case GH_LOOKUP_REVOKED:
        break;
    }
    return revoked(txn);
}

enum gh_judgement gh_judge_revoke(gh_txn *txn)
{
    const gh_presented *presented = txn->memo;
    if (presented->kind == GH_PRESENTED_API_KEY)
        return judge_key(txn);
    return gh_judge_revoke_key(txn);
}

enum gh_judgement gh_ask_revoke_key(gh_txn *txn)
{
    const gh_presented *presented = txn->memo;
    gh_op_key_end *op = gh_op_make(KEY_END, gh_op_key_end);
    if (op == NULL)
        return gh_refuse_memory(txn);
    op->id = presented->secret.id;
    return gh_txn_ask(txn, &op->op);
}

enum gh_judgement gh_judge_revoke_key(gh_txn *txn)
{
    bool gone = gh_last_op(txn)->status == GH_OP_NOT_FOUND;
    return !gone && gh_op_judge(txn) == GH_STOP ? GH_STOP : revoked(txn);
}
