/* The engine: takes a transaction through the stages. The only loop over controls there is.
 *
 * It does no I/O: when a stage has asked something of the store, gh_engine_step() says GH_STEP_ASK; the
 * caller has the takes answered (gh_state_take, gh_roster_answer, an executor) and calls it again. */
#ifndef GH_CORE_ENGINE_H
#define GH_CORE_ENGINE_H

#include "model/control.h"

enum gh_step {
    GH_STEP_ASK, /* answer txn->takes[n_answered .. n_takes), txn->lookups[n_looked .. n_lookups) and the operation
                  * txn->ops[n_done], if there is one, then step again */
    GH_STEP_BODY, /* read the body, at most txn->max_body bytes, hand it in by gh_engine_body(), then step again;
                     * or gh_engine_refuse() */
    GH_STEP_VERDICT /* txn->verdict is there */
};

/* request and arena stay the caller's and must outlive the transaction. Fields not yet classified are. */
void gh_engine_begin(gh_txn *txn, const gh_policy *policy, gh_request *request, gh_arena *arena,
                     const gh_world *world);
GH_MUST_CHECK enum gh_step gh_engine_step(gh_txn *txn);
/* The whole body, which must stay where it is until the exchange ends or txn->new_body has been taken over. */
void gh_engine_body(gh_txn *txn, gh_str body);
/* Memory for the stage BODY, empty; it must be there at the latest before the step that follows GH_STEP_BODY,
 * and stay until the answer is written. Without it the transaction's own arena is used. */
void gh_engine_scratch(gh_txn *txn, gh_arena *scratch);
/* What the edge found out by itself: a malformed message, an upstream that failed. */
void gh_engine_refuse(gh_txn *txn, enum gh_reason reason, const char *detail);
/* Runs every control's reply over the head of an answer. */
void gh_engine_reply(gh_txn *txn, gh_reply *reply);

#endif
