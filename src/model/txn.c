#include "model/txn.h"

#include "model/op.h"

gh_str gh_txn_id(gh_txn *txn)
{
    if (!txn->has_id) {
        uint8_t bytes[GH_ID_SIZE / 2];
        txn->world.random(txn->world.random_data, bytes, sizeof bytes);
        gh_buf out = gh_buf_over(txn->id, sizeof txn->id);
        gh_buf_hex(&out, bytes, sizeof bytes);
        txn->has_id = true;
    }
    return (gh_str){txn->id, GH_ID_SIZE};
}

enum gh_judgement gh_txn_refuse(gh_txn *txn, enum gh_reason reason, const char *detail)
{
    txn->verdict.outcome = GH_OUTCOME_REFUSE;
    txn->verdict.reason = reason;
    txn->verdict.status = gh_reason_of(reason)->status;
    txn->verdict.detail = detail;
    return GH_STOP;
}

/* The user agent is the client's own word: kept short in the records. */
enum { USER_AGENT_MAX = 256 };

static gh_str user_agent(const gh_txn *txn)
{
    const gh_request *r = txn->request;
    unsigned at = gh_fields_find(r->fields, r->n_fields, GH_FIELD_USER_AGENT, 0);
    return at == r->n_fields ? (gh_str){NULL, 0} : gh_str_cut(r->fields[at].value, 0, USER_AGENT_MAX);
}

enum gh_judgement gh_txn_ask(gh_txn *txn, gh_op *op)
{
    if (op == NULL || txn->n_ops == GH_TXN_OPS_MAX) {
        gh_op_unref(op);
        return gh_txn_refuse(txn, GH_REASON_INTERNAL_ERROR, "no memory for an operation");
    }
    op->now_s = txn->world.unix_s;
    op->actor.user = txn->principal.user;
    op->actor.session = txn->principal.session;
    op->actor.key = txn->principal.key;
    op->actor.device = txn->principal.device;
    op->actor.address = txn->client.ip;
    if (!gh_op_copy(op, user_agent(txn), &op->actor.user_agent) ||
        !gh_op_copy(op, gh_txn_id(txn), &op->actor.decision)) {
        gh_op_unref(op);
        return gh_txn_refuse(txn, GH_REASON_INTERNAL_ERROR, "no memory for an operation");
    }
    txn->ops[txn->n_ops++] = op;
    return GH_PASS;
}

enum gh_judgement gh_txn_answer(gh_txn *txn, unsigned status, gh_str json)
{
    txn->verdict.outcome = GH_OUTCOME_ANSWER;
    txn->verdict.status = status;
    txn->own.type = json.p == NULL ? (gh_str){NULL, 0} : GH_STR("application/json");
    txn->own.body = json;
    return GH_STOP;
}

void gh_txn_end(gh_txn *txn)
{
    while (txn->n_ops > 0)
        gh_op_unref(txn->ops[--txn->n_ops]);
}
