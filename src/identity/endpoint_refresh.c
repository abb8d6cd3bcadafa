/* POST /refresh: the secret of a session or a refresh token is replaced by its successor (RFC 9700 section 4.14.2).
 *
 * Several requests with the same old secret get the same successor for a while: it is kept sealed with a key that only
 * the old secret gives, so two tabs do not log each other out and what is stored opens nothing. A browser's successor
 * stays for that while, too: a third tab gets it as it is. A refresh token that comes after that while ends its session;
 * an old cookie is refused by the roster before it comes here. Only this endpoint rotates, and a refusal never clears a
 * cookie: the winner's would be it. */
#include "base/crypto.h"
#include "identity/cookies.h"
#include "identity/input.h"
#include "identity/outcome.h"
#include "identity/secret.h"
#include "identity/sign_in.h"
#include "identity/steps.h"

typedef struct memo {
    enum gh_sign_in_mode mode;
    gh_str presented; /* in the memory of REFRESH */
} memo;

enum { SEALED_MAX = GH_SECRET_TEXT_MAX + GH_SEAL_NONCE_SIZE + GH_SEAL_EXTRA };

static enum gh_secret_kind kind_of(enum gh_sign_in_mode mode)
{
    return mode == GH_SIGN_IN_TOKEN ? GH_SECRET_REFRESH : GH_SECRET_SESSION;
}

/* The successor, sealed; the first request to come keeps it, the others get that one's. */
static bool make_successor(gh_txn *txn, const memo *m, const gh_secret *before, gh_op_refresh *op)
{
    const gh_identity_keys *keys = &txn->policy->identity.keys;
    uint8_t random[GH_SECRET_RANDOM], nonce[GH_SEAL_NONCE_SIZE];
    char memory[GH_SECRET_TEXT_MAX], *sealed = gh_arena_alloc(&op->op.arena, SEALED_MAX);
    gh_buf text = gh_buf_over(memory, sizeof memory), out = gh_buf_over(sealed, SEALED_MAX);
    gh_secret next;
    if (sealed == NULL)
        return false;
    txn->world.random(txn->world.random_data, random, sizeof random);
    txn->world.random(txn->world.random_data, nonce, sizeof nonce);
    gh_secret_make(keys, kind_of(m->mode), before->id, before->number + 1, random, &text, &next);
    gh_secret_seal(keys, m->presented, nonce, gh_buf_str(&text), &out);
    memcpy(op->next_hash, next.hash, sizeof op->next_hash);
    op->next_generation = next.generation;
    op->next_sealed = gh_buf_str(&out);
    gh_wipe(random, sizeof random);
    gh_wipe(memory, sizeof memory);
    return gh_buf_ok(&text) && gh_buf_ok(&out);
}

static enum gh_judgement ask(gh_txn *txn, enum gh_sign_in_mode mode, gh_str presented)
{
    const gh_identity_policy *p = &txn->policy->identity;
    gh_secret before;
    if (!gh_secret_read(&p->keys, kind_of(mode), presented, &before) ||
        !gh_secret_authentic(&p->keys, kind_of(mode), presented) || before.number == GH_SECRET_NUMBER_MAX)
        return gh_txn_refuse(txn, GH_REASON_REFRESH_INVALID, "it was not made here");
    memo *m = gh_arena_new(txn->arena, memo);
    gh_op_refresh *op = gh_op_make(REFRESH, gh_op_refresh);
    if (m == NULL || op == NULL)
        return gh_op_no_memory(txn, (gh_op *)op);
    m->mode = mode;
    txn->memo = m;
    op->kind = mode == GH_SIGN_IN_TOKEN ? GH_SESSION_TOKENS : GH_SESSION_COOKIE;
    op->session = before.id;
    op->number = before.number;
    memcpy(op->hash, before.hash, sizeof op->hash);
    op->grace_s = p->token.grace_s;
    op->device = txn->principal.device;
    if (!gh_op_copy(&op->op, presented, &m->presented) || !make_successor(txn, m, &before, op))
        return gh_op_no_memory(txn, &op->op);
    return gh_txn_ask(txn, &op->op);
}

typedef struct search {
    const gh_txn *txn;
    gh_str value; /* absent: not found yet */
    uint32_t number;
} search;

static bool newer(void *data, gh_str value)
{
    search *s = data;
    const gh_identity_keys *keys = &s->txn->policy->identity.keys;
    gh_secret secret;
    if (gh_secret_read(keys, GH_SECRET_SESSION, value, &secret) && secret.id == s->txn->principal.session &&
        (s->value.p == NULL || secret.number > s->number) &&
        gh_secret_authentic(keys, GH_SECRET_SESSION, value)) {
        s->value = value;
        s->number = secret.number;
    }
    return false;
}

/* Of several cookies the newest that is the session's: an old one beside it would look like a stolen one. */
static gh_str session_cookie(const gh_txn *txn)
{
    search s = {.txn = txn};
    (void)gh_cookies_find(txn->request, txn->policy->identity.session.name, newer, &s);
    return s.value;
}

enum gh_judgement gh_ask_refresh(gh_txn *txn)
{
    gh_str token = gh_body_text(txn, "refresh_token");
    if (token.p != NULL)
        return ask(txn, GH_SIGN_IN_TOKEN, token);
    if (txn->principal.proof == GH_PROOF_SESSION)
        return ask(txn, GH_SIGN_IN_COOKIE, session_cookie(txn));
    if (txn->credentials.session.p != NULL)
        return gh_txn_refuse(txn, GH_REASON_SESSION_INVALID, NULL);
    return gh_txn_refuse(txn, GH_REASON_CREDENTIALS_REQUIRED, "neither a refresh token nor a session");
}

/* What the client is to present from now on. */
static bool secret_of(const gh_txn *txn, gh_op_refresh *op, gh_str *ret)
{
    const memo *m = txn->memo;
    char *memory = gh_arena_alloc(&op->op.arena, GH_SECRET_TEXT_MAX);
    gh_buf successor = gh_buf_over(memory, memory == NULL ? 0 : GH_SECRET_TEXT_MAX);
    if (op->kept) {
        *ret = m->presented;
        return true;
    }
    if (!gh_secret_unseal(&txn->policy->identity.keys, m->presented, op->sealed, &successor))
        return false;
    *ret = gh_buf_str(&successor);
    return true;
}

enum gh_judgement gh_judge_refresh(gh_txn *txn)
{
    const memo *m = txn->memo;
    gh_str secret;
    if (gh_op_judge(txn) == GH_STOP)
        return GH_STOP;
    gh_op_refresh *op = (gh_op_refresh *)gh_last_op(txn);
    if (!secret_of(txn, op, &secret))
        return gh_txn_refuse(txn, GH_REASON_INTERNAL_ERROR, "a sealed successor can't be opened");
    const gh_signed_in in = {.mode = m->mode,
                             .subject = &op->subject,
                             .session = op->session,
                             .device = op->bound,
                             .secret = secret,
                             .created_s = op->created_s,
                             .expires_s = op->expires_s,
                             .cutoff_s = op->cutoff_s};
    return gh_sign_in_answer(txn, 200, &in);
}
