/* What an operation's end means for the request: the one place where its status becomes a reason. */
#ifndef GH_IDENTITY_OUTCOME_H
#define GH_IDENTITY_OUTCOME_H

#include "model/ops.h"
#include "model/txn.h"

/* The last operation; there is one. */
gh_op *gh_last_op(const gh_txn *txn);
/* Judges the last operation: GH_PASS when it is OK, else the refusal that fits its kind and status. */
enum gh_judgement gh_op_judge(gh_txn *txn);
/* The same of another one of the transaction. */
enum gh_judgement gh_op_judge_this(gh_txn *txn, const gh_op *op);
/* With the last operation PASSWORD_VERIFY: nobody compared the password, as there was no room or no memory. It was no
 * attempt then: LOGIN_FINISH takes it back, and the answer is gh_op_judge_this()'s. */
bool gh_op_unseen(const gh_txn *txn);
/* A refusal that tells when to come again. */
enum gh_judgement gh_refuse_until(gh_txn *txn, enum gh_reason reason, uint64_t retry_s);
/* No memory left for what the request needs. */
enum gh_judgement gh_refuse_memory(gh_txn *txn);
/* Gives up an operation that could not be filled in, and refuses. */
enum gh_judgement gh_op_no_memory(gh_txn *txn, gh_op *op);
/* One finding about a member of the body, beside the reason: pointer and limit are constant texts or live as long as
 * the transaction. */
enum gh_judgement gh_refuse_member(gh_txn *txn, enum gh_reason reason, enum gh_fault fault, gh_str pointer,
                                   gh_str limit);

/* For what is one's own only: GH_PASS for one of our users who is signed in by session or token. */
enum gh_judgement gh_needs_account(gh_txn *txn);
/* The same, and not by a token that was narrowed to some scopes: what GH_RIGHT_SIGNED_IN demands, for endpoints that are
 * for anyone. */
enum gh_judgement gh_needs_whole_account(gh_txn *txn);

#endif
