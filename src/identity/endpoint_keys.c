/* POST /keys makes an API key, GET /keys lists, DELETE /keys/{id} revokes. The key itself is shown once, by the answer
 * that makes it; what is stored is its keyed hash. */
#include "identity/answer.h"
#include "identity/input.h"
#include "identity/key_request.h"
#include "identity/outcome.h"
#include "identity/steps.h"

/* The key's text, in the memory of KEY_CREATE, is txn->memo. */
enum gh_judgement gh_ask_keys_create(gh_txn *txn)
{
    if (gh_needs_account(txn) == GH_STOP || gh_key_request_check(txn) == GH_STOP)
        return GH_STOP;
    gh_op_key_create *op = gh_op_make(KEY_CREATE, gh_op_key_create);
    gh_str *text = op == NULL ? NULL : gh_arena_new(&op->op.arena, gh_str);
    if (text == NULL || !gh_key_request_fill(txn, op, text))
        return gh_op_no_memory(txn, (gh_op *)op);
    txn->memo = text;
    return gh_txn_ask(txn, &op->op);
}

enum gh_judgement gh_judge_keys_create(gh_txn *txn)
{
    const gh_str *text = txn->memo;
    if (gh_op_judge(txn) == GH_STOP)
        return GH_STOP;
    const gh_op_key_create *op = (const gh_op_key_create *)gh_last_op(txn);
    gh_answer answer = gh_answer_begin(txn, gh_members_key_room(&op->key));
    gh_buf_char(&answer.body, '{');
    gh_member_text(&answer.body, "key", *text);
    gh_members_key(&answer.body, &op->key);
    gh_buf_char(&answer.body, '}');
    return gh_answer_end(txn, 201, &answer);
}

enum gh_judgement gh_ask_keys_list(gh_txn *txn)
{
    if (gh_needs_account(txn) == GH_STOP)
        return GH_STOP;
    gh_op_key_list *op = gh_op_make(KEY_LIST, gh_op_key_list);
    if (op == NULL)
        return gh_refuse_memory(txn);
    op->user = txn->principal.user;
    return gh_txn_ask(txn, &op->op);
}

enum gh_judgement gh_judge_keys_list(gh_txn *txn)
{
    if (gh_op_judge(txn) == GH_STOP)
        return GH_STOP;
    const gh_op_key_list *op = (const gh_op_key_list *)gh_last_op(txn);
    uint32_t shown = 0;
    size_t room = 0;
    for (; shown < op->n && room < GH_ANSWER_ROOM_MOST; shown++)
        room += gh_members_key_room(&op->keys[shown]);
    gh_answer answer = gh_answer_begin(txn, room);
    gh_buf_char(&answer.body, '{');
    gh_member(&answer.body, "keys");
    gh_buf_char(&answer.body, '[');
    for (uint32_t i = 0; i < shown; i++) {
        gh_item(&answer.body);
        gh_buf_char(&answer.body, '{');
        gh_members_key(&answer.body, &op->keys[i]);
        gh_buf_char(&answer.body, '}');
    }
    gh_buf_char(&answer.body, ']');
    gh_member_bool(&answer.body, "more", shown < op->n);
    gh_buf_char(&answer.body, '}');
    return gh_answer_end(txn, 200, &answer);
}

enum gh_judgement gh_ask_keys_end(gh_txn *txn)
{
    gh_id id;
    if (gh_needs_account(txn) == GH_STOP)
        return GH_STOP;
    if (!gh_path_id(txn, &id))
        return gh_txn_refuse(txn, GH_REASON_NOT_YOURS, NULL);
    gh_op_key_end *op = gh_op_make(KEY_END, gh_op_key_end);
    if (op == NULL)
        return gh_refuse_memory(txn);
    op->user = txn->principal.user;
    op->id = id;
    return gh_txn_ask(txn, &op->op);
}

enum gh_judgement gh_judge_keys_end(gh_txn *txn)
{
    return gh_op_judge(txn) == GH_STOP ? GH_STOP : gh_answer_empty(txn);
}
