/* POST /devices begins a registration, POST /devices/{id} confirms it with the device's token, GET /devices lists,
 * DELETE /devices/{id} removes. Devices belong to a user; or to nobody, where the policy lets anonymous ones be. */
#include "base/crypto.h"
#include "identity/answer.h"
#include "identity/cookies.h"
#include "identity/input.h"
#include "identity/outcome.h"
#include "identity/secret.h"
#include "identity/steps.h"

/* Who is signed in, or nobody at all where that is allowed. */
static enum gh_judgement needs_owner(gh_txn *txn)
{
    bool nobody = txn->principal.proof == GH_PROOF_NONE;
    return nobody && txn->policy->identity.device.anonymous ? GH_PASS : gh_needs_whole_account(txn);
}

static bool make_token(gh_txn *txn, gh_op_device_begin *op)
{
    uint8_t random[GH_SECRET_RANDOM];
    gh_secret secret;
    gh_str *token = gh_arena_new(&op->op.arena, gh_str);
    char *memory = gh_arena_alloc(&op->op.arena, GH_SECRET_TEXT_MAX);
    if (token == NULL || memory == NULL)
        return false;
    gh_buf text = gh_buf_over(memory, GH_SECRET_TEXT_MAX);
    txn->world.random(txn->world.random_data, random, sizeof random);
    gh_secret_make(&txn->policy->identity.keys, GH_SECRET_DEVICE, op->id, 0, random, &text, &secret);
    gh_wipe(random, sizeof random);
    memcpy(op->hash, secret.hash, sizeof op->hash);
    op->generation = secret.generation;
    *token = gh_buf_str(&text);
    txn->memo = token;
    return gh_buf_ok(&text);
}

enum gh_judgement gh_ask_devices_begin(gh_txn *txn)
{
    const gh_identity_policy *p = &txn->policy->identity;
    if (needs_owner(txn) == GH_STOP)
        return GH_STOP;
    gh_op_device_begin *op = gh_op_make(DEVICE_BEGIN, gh_op_device_begin);
    if (op == NULL)
        return gh_refuse_memory(txn);
    op->user = txn->principal.user;
    op->id = gh_txn_new_id(txn);
    op->timeout_s = p->device.timeout_s;
    op->most = op->user != 0 ? p->device.most : p->device.most_anonymous;
    gh_prefix_hash(&p->keys, &txn->client.ip, op->prefix);
    if (!gh_op_copy_label(&op->op, gh_body_text(txn, "name"), &op->name) || !make_token(txn, op))
        return gh_op_no_memory(txn, &op->op);
    return gh_txn_ask(txn, &op->op);
}

enum gh_judgement gh_judge_devices_begin(gh_txn *txn)
{
    const gh_str *token = txn->memo;
    if (gh_op_judge(txn) == GH_STOP)
        return GH_STOP;
    const gh_op_device_begin *op = (const gh_op_device_begin *)gh_last_op(txn);
    gh_answer answer = gh_answer_begin(txn, 0);
    gh_buf_char(&answer.body, '{');
    gh_member_id(&answer.body, "id", op->id);
    gh_member_text(&answer.body, "device_token", *token);
    gh_member_bool(&answer.body, "confirmed", false);
    gh_member_number(&answer.body, "expires_in", op->timeout_s);
    gh_buf_char(&answer.body, '}');
    return gh_answer_end(txn, 201, &answer);
}

enum gh_judgement gh_ask_devices_confirm(gh_txn *txn)
{
    const gh_identity_keys *keys = &txn->policy->identity.keys;
    gh_str token = gh_body_text(txn, "device_token");
    gh_secret secret;
    gh_id id;
    if (needs_owner(txn) == GH_STOP)
        return GH_STOP;
    if (!gh_path_id(txn, &id) || !gh_secret_read(keys, GH_SECRET_DEVICE, token, &secret) ||
        !gh_secret_authentic(keys, GH_SECRET_DEVICE, token) || secret.id != id)
        return gh_txn_refuse(txn, GH_REASON_NOT_YOURS, NULL);
    gh_op_device_confirm *op = gh_op_make(DEVICE_CONFIRM, gh_op_device_confirm);
    gh_str *kept = op == NULL ? NULL : gh_arena_new(&op->op.arena, gh_str);
    if (kept == NULL || !gh_op_copy(&op->op, token, kept))
        return gh_op_no_memory(txn, (gh_op *)op);
    txn->memo = kept;
    op->user = txn->principal.user;
    op->id = id;
    memcpy(op->hash, secret.hash, sizeof op->hash);
    return gh_txn_ask(txn, &op->op);
}

/* A browser keeps the token as a cookie, for as long as cookies live. */
enum gh_judgement gh_judge_devices_confirm(gh_txn *txn)
{
    const gh_identity_policy *p = &txn->policy->identity;
    const gh_str *token = txn->memo;
    if (gh_op_judge(txn) == GH_STOP)
        return GH_STOP;
    const gh_op_device_confirm *op = (const gh_op_device_confirm *)gh_last_op(txn);
    gh_answer answer = gh_answer_begin(txn, 0);
    if (txn->principal.proof != GH_PROOF_TOKEN)
        gh_cookie_put(&answer.lines, p, p->session.device_name, *token, true, UINT64_MAX);
    gh_buf_char(&answer.body, '{');
    gh_member_id(&answer.body, "id", op->id);
    gh_member_bool(&answer.body, "confirmed", true);
    gh_buf_char(&answer.body, '}');
    return gh_answer_end(txn, 200, &answer);
}

enum gh_judgement gh_ask_devices_list(gh_txn *txn)
{
    if (gh_needs_account(txn) == GH_STOP)
        return GH_STOP;
    gh_op_device_list *op = gh_op_make(DEVICE_LIST, gh_op_device_list);
    if (op == NULL)
        return gh_refuse_memory(txn);
    op->user = txn->principal.user;
    return gh_txn_ask(txn, &op->op);
}

static void put_device(gh_buf *out, const gh_device_record *d, gh_id current)
{
    gh_item(out);
    gh_buf_char(out, '{');
    gh_member_id(out, "id", d->id);
    gh_member_word(out, "name", d->name);
    gh_member_bool(out, "confirmed", d->confirmed);
    gh_member_bool(out, "current", d->id == current);
    gh_member_time(out, "created_at", d->created_s);
    gh_member_time(out, "last_used_at", d->used_s);
    gh_member_time(out, "expires_at", d->confirmed ? 0 : d->expires_s);
    gh_buf_char(out, '}');
}

enum gh_judgement gh_judge_devices_list(gh_txn *txn)
{
    if (gh_op_judge(txn) == GH_STOP)
        return GH_STOP;
    const gh_op_device_list *op = (const gh_op_device_list *)gh_last_op(txn);
    uint32_t shown = 0;
    size_t room = 0;
    for (; shown < op->n && room < GH_ANSWER_ROOM_MOST; shown++)
        room += 256 + gh_answer_room(op->devices[shown].name);
    gh_answer answer = gh_answer_begin(txn, room);
    gh_buf_char(&answer.body, '{');
    gh_member(&answer.body, "devices");
    gh_buf_char(&answer.body, '[');
    for (uint32_t i = 0; i < shown; i++)
        put_device(&answer.body, &op->devices[i], txn->principal.device);
    gh_buf_char(&answer.body, ']');
    gh_member_bool(&answer.body, "more", shown < op->n);
    gh_buf_char(&answer.body, '}');
    return gh_answer_end(txn, 200, &answer);
}

/* An anonymous device may go by its own token, and no other. */
enum gh_judgement gh_ask_devices_end(gh_txn *txn)
{
    gh_id id;
    if (needs_owner(txn) == GH_STOP)
        return GH_STOP;
    if (!gh_path_id(txn, &id))
        return gh_txn_refuse(txn, GH_REASON_NOT_YOURS, NULL);
    if (txn->principal.proof == GH_PROOF_NONE && txn->principal.device != id)
        return gh_txn_refuse(txn, GH_REASON_NOT_YOURS, "it is not the device that asks");
    gh_op_device_end *op = gh_op_make(DEVICE_END, gh_op_device_end);
    if (op == NULL)
        return gh_refuse_memory(txn);
    op->user = txn->principal.user;
    op->id = id;
    op->token_s = txn->policy->identity.token.access_s;
    return gh_txn_ask(txn, &op->op);
}

enum gh_judgement gh_judge_devices_end(gh_txn *txn)
{
    const gh_identity_policy *p = &txn->policy->identity;
    if (gh_op_judge(txn) == GH_STOP)
        return GH_STOP;
    const gh_op_device_end *op = (const gh_op_device_end *)gh_last_op(txn);
    gh_answer answer = gh_answer_begin(txn, 0);
    if (op->id == txn->principal.device && txn->principal.proof != GH_PROOF_TOKEN)
        gh_cookie_put(&answer.lines, p, p->session.device_name, GH_STR(""), true, 0);
    return gh_answer_end(txn, 204, &answer);
}
