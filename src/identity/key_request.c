#include "identity/key_request.h"

#include "base/crypto.h"
#include "identity/input.h"
#include "identity/outcome.h"
#include "identity/secret.h"

_Static_assert(GH_SCOPES_TEXT_MAX == 240, "what is said of it below");
enum { LIFE_MOST_S = 100 * 365 * 86400U, OVERLAP_MOST_S = 30 * 86400 };

static bool may(const gh_txn *txn, gh_str permission)
{
    unsigned i = gh_identity_permission(&txn->policy->identity, permission);
    return i < GH_PERMISSIONS_MAX && gh_permission_in(&txn->principal.permissions, i);
}

/* Each scope is a permission of the principal, who is narrowed by the scopes of his token. */
static enum gh_judgement check_scopes(gh_txn *txn)
{
    const gh_json *scopes = gh_body_member(txn, "scopes");
    size_t n = 0;
    for (const gh_json *s = scopes == NULL ? NULL : scopes->first; s != NULL; s = s->next) {
        n += s->text.n + 1;
        if (!may(txn, s->text)) {
            txn->scope = s->text; /* which one, for WWW-Authenticate */
            return gh_txn_refuse(txn, GH_REASON_INSUFFICIENT_SCOPE, "a key can't do more than its maker");
        }
    }
    if (n <= GH_SCOPES_TEXT_MAX + 1)
        return GH_PASS;
    return gh_refuse_member(txn, GH_REASON_VALIDATION_ERROR, GH_FAULT_MAX_LENGTH, GH_STR("/scopes"),
                            GH_STR("240"));
}

static enum gh_judgement check_tier(gh_txn *txn)
{
    if (gh_body_text(txn, "tier").p == NULL || may(txn, GH_STR("tiers:manage")))
        return GH_PASS;
    return gh_txn_refuse(txn, GH_REASON_PERMISSION_REQUIRED, "tiers:manage");
}

static enum gh_judgement check_life(gh_txn *txn)
{
    uint64_t most = txn->policy->identity.key.max_age_s;
    if (most == 0 || gh_body_number(txn, "expires_in", LIFE_MOST_S, 0) <= most)
        return GH_PASS;
    char *memory = gh_arena_alloc(txn->arena, 24);
    gh_buf digits = gh_buf_over(memory, memory == NULL ? 0 : 24);
    gh_buf_u64(&digits, most);
    return gh_refuse_member(txn, GH_REASON_VALIDATION_ERROR, GH_FAULT_MAXIMUM, GH_STR("/expires_in"),
                            gh_buf_str(&digits));
}

static enum gh_judgement check_networks(gh_txn *txn)
{
    const gh_json *networks = gh_body_member(txn, "networks");
    unsigned i = 0;
    for (const gh_json *n = networks == NULL ? NULL : networks->first; n != NULL; n = n->next, i++) {
        gh_cidr cidr;
        const char *why;
        if (gh_cidr_parse(n->text, &cidr, &why))
            continue;
        char *memory = gh_arena_alloc(txn->arena, 24);
        gh_buf pointer = gh_buf_over(memory, memory == NULL ? 0 : 24);
        gh_buf_printf(&pointer, "/networks/%u", i);
        return gh_refuse_member(txn, GH_REASON_VALIDATION_ERROR, GH_FAULT_FORMAT, gh_buf_str(&pointer),
                                GH_STR("address or CIDR block, like 192.0.2.0/24"));
    }
    return GH_PASS;
}

static enum gh_judgement check_rolled(gh_txn *txn)
{
    gh_str rolls = gh_body_text(txn, "rolls");
    gh_id id;
    return rolls.p == NULL || gh_id_parse(rolls, &id) ? GH_PASS
                                                      : gh_txn_refuse(txn, GH_REASON_NOT_YOURS, NULL);
}

enum gh_judgement gh_key_request_check(gh_txn *txn)
{
    if (check_scopes(txn) == GH_STOP || check_tier(txn) == GH_STOP || check_life(txn) == GH_STOP ||
        check_networks(txn) == GH_STOP)
        return GH_STOP;
    return check_rolled(txn);
}

static bool make_key(gh_txn *txn, gh_op_key_create *op, gh_str *ret_text)
{
    const gh_identity_policy *p = &txn->policy->identity;
    uint8_t random[GH_SECRET_RANDOM];
    gh_secret secret;
    size_t start;
    char *memory = gh_arena_alloc(&op->op.arena, GH_API_KEY_TEXT_MAX);
    if (memory == NULL)
        return false;
    gh_buf text = gh_buf_over(memory, GH_API_KEY_TEXT_MAX);
    op->id = gh_txn_new_id(txn);
    txn->world.random(txn->world.random_data, random, sizeof random);
    gh_api_key_make(&p->keys, p->key.prefix, op->id, random, &text, &secret, &start);
    gh_wipe(random, sizeof random);
    memcpy(op->hash, secret.hash, sizeof op->hash);
    op->generation = secret.generation;
    *ret_text = gh_buf_str(&text);
    op->start = gh_str_cut(*ret_text, 0, start);
    return gh_buf_ok(&text);
}

/* 0: for ever; of a roll-over: as the key that is rolled, unless there is a longest life, which then begins anew. */
static uint64_t end_of(const gh_txn *txn)
{
    uint64_t life = gh_body_number(txn, "expires_in", LIFE_MOST_S, txn->policy->identity.key.max_age_s);
    return life == 0 ? 0 : txn->world.unix_s + life;
}

/* What a token is narrowed to, its keys are narrowed to: also when the request names no scopes. */
static bool fill_scopes(const gh_txn *txn, gh_op_key_create *op)
{
    const gh_json *scopes = gh_body_member(txn, "scopes");
    if (scopes == NULL)
        return gh_op_copy(&op->op, txn->principal.scopes, &op->scopes);
    return gh_op_copy_words(&op->op, scopes, &op->scopes);
}

bool gh_key_request_fill(gh_txn *txn, gh_op_key_create *op, gh_str *ret_text)
{
    op->user = txn->principal.user;
    op->expires_s = end_of(txn);
    op->most = txn->policy->identity.key.most;
    op->overlap_s = (uint32_t)gh_body_number(txn, "overlap", OVERLAP_MOST_S, GH_KEY_OVERLAP_S);
    if (!gh_id_parse(gh_body_text(txn, "rolls"), &op->rolls))
        op->rolls = 0;
    return gh_op_copy_label(&op->op, gh_body_text(txn, "name"), &op->name) &&
           gh_op_copy(&op->op, gh_body_text(txn, "tier"), &op->tier) && fill_scopes(txn, op) &&
           gh_op_copy_words(&op->op, gh_body_member(txn, "networks"), &op->networks) &&
           make_key(txn, op, ret_text);
}
