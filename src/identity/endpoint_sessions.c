/* GET /sessions, DELETE /sessions (all others), DELETE /sessions/{id}: of browsers and of apps (families of refresh
 * tokens). */
#include "identity/answer.h"
#include "identity/cookies.h"
#include "identity/input.h"
#include "identity/outcome.h"
#include "identity/steps.h"

enum gh_judgement gh_ask_sessions_list(gh_txn *txn)
{
    if (gh_needs_account(txn) == GH_STOP)
        return GH_STOP;
    gh_op_session_list *op = gh_op_make(SESSION_LIST, gh_op_session_list);
    if (op == NULL)
        return gh_refuse_memory(txn);
    op->user = txn->principal.user;
    op->idle_s_cookie = txn->policy->identity.session.idle_s;
    return gh_txn_ask(txn, &op->op);
}

static size_t session_room(const gh_session_record *s)
{
    return 512 + gh_answer_room(s->user_agent) + gh_answer_room(s->device_name);
}

static void put_address(gh_buf *out, const gh_ip *address)
{
    char memory[64];
    gh_buf text = gh_buf_over(memory, sizeof memory);
    if (address->family != 0)
        gh_ip_format(address, &text);
    gh_member_word(out, "address", gh_buf_str(&text));
}

static void put_session(gh_buf *out, const gh_session_record *s, gh_id current)
{
    gh_item(out);
    gh_buf_char(out, '{');
    gh_member_id(out, "id", s->id);
    gh_member_bool(out, "current", s->id == current);
    gh_member_text(out, "kind", s->kind == GH_SESSION_TOKENS ? GH_STR("token") : GH_STR("cookie"));
    gh_member_id(out, "device", s->device);
    gh_member_word(out, "device_name", s->device_name);
    put_address(out, &s->address);
    gh_member_word(out, "user_agent", s->user_agent);
    gh_member_time(out, "created_at", s->created_s);
    gh_member_time(out, "last_used_at", s->used_s);
    gh_member_time(out, "expires_at", s->expires_s);
    gh_buf_char(out, '}');
}

enum gh_judgement gh_judge_sessions_list(gh_txn *txn)
{
    if (gh_op_judge(txn) == GH_STOP)
        return GH_STOP;
    const gh_op_session_list *op = (const gh_op_session_list *)gh_last_op(txn);
    uint32_t shown = 0;
    size_t room = 0;
    for (; shown < op->n && room < GH_ANSWER_ROOM_MOST; shown++)
        room += session_room(&op->sessions[shown]);
    gh_answer answer = gh_answer_begin(txn, room);
    gh_buf_char(&answer.body, '{');
    gh_member(&answer.body, "sessions");
    gh_buf_char(&answer.body, '[');
    for (uint32_t i = 0; i < shown; i++)
        put_session(&answer.body, &op->sessions[i], txn->principal.session);
    gh_buf_char(&answer.body, ']');
    gh_member_bool(&answer.body, "more", shown < op->n);
    gh_buf_char(&answer.body, '}');
    return gh_answer_end(txn, 200, &answer);
}

/* session 0: all but the one that asks. */
static enum gh_judgement end(gh_txn *txn, gh_id session)
{
    gh_op_session_end *op = gh_op_make(SESSION_END, gh_op_session_end);
    if (op == NULL)
        return gh_refuse_memory(txn);
    op->user = txn->principal.user;
    op->session = session;
    op->but = session == 0 ? txn->principal.session : 0;
    op->token_s = txn->policy->identity.token.access_s;
    return gh_txn_ask(txn, &op->op);
}

enum gh_judgement gh_ask_sessions_end_others(gh_txn *txn)
{
    return gh_needs_account(txn) == GH_STOP ? GH_STOP : end(txn, 0);
}

enum gh_judgement gh_judge_sessions_end_others(gh_txn *txn)
{
    if (gh_op_judge(txn) == GH_STOP)
        return GH_STOP;
    const gh_op_session_end *op = (const gh_op_session_end *)gh_last_op(txn);
    gh_answer answer = gh_answer_begin(txn, 0);
    gh_buf_char(&answer.body, '{');
    gh_member_number(&answer.body, "ended", op->ended);
    gh_buf_char(&answer.body, '}');
    return gh_answer_end(txn, 200, &answer);
}

enum gh_judgement gh_ask_sessions_end(gh_txn *txn)
{
    gh_id id;
    if (gh_needs_account(txn) == GH_STOP)
        return GH_STOP;
    if (!gh_path_id(txn, &id))
        return gh_txn_refuse(txn, GH_REASON_NOT_YOURS, NULL);
    return end(txn, id);
}

/* Who ends the session it is done from is logged out. */
enum gh_judgement gh_judge_sessions_end(gh_txn *txn)
{
    if (gh_op_judge(txn) == GH_STOP)
        return GH_STOP;
    const gh_op_session_end *op = (const gh_op_session_end *)gh_last_op(txn);
    gh_answer answer = gh_answer_begin(txn, 0);
    if (txn->principal.proof == GH_PROOF_SESSION && op->session == txn->principal.session)
        gh_session_cookies_drop(txn, &answer.lines);
    return gh_answer_end(txn, 204, &answer);
}
