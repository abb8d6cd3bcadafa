#include "model/txn.h"

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
