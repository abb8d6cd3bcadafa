#include "identity/sign_in.h"

#include "base/crypto.h"
#include "identity/answer.h"
#include "identity/cookies.h"
#include "identity/input.h"
#include "identity/outcome.h"
#include "identity/secret.h"
#include "identity/token.h"
#include "wire/json_text.h"

enum gh_sign_in_mode gh_sign_in_mode(const gh_txn *txn)
{
    gh_str mode = gh_body_text(txn, "mode");
    if (gh_str_eq(mode, GH_STR("token")))
        return GH_SIGN_IN_TOKEN;
    return gh_str_eq(mode, GH_STR("none")) ? GH_SIGN_IN_NONE : GH_SIGN_IN_COOKIE;
}

static void set_ages(const gh_txn *txn, enum gh_sign_in_mode mode, gh_new_session *to)
{
    const gh_identity_policy *p = &txn->policy->identity;
    bool tokens = mode == GH_SIGN_IN_TOKEN;
    to->kind = tokens ? GH_SESSION_TOKENS : GH_SESSION_COOKIE;
    to->expires_s = txn->world.unix_s + (tokens ? p->token.refresh_s : p->session.absolute_s);
    to->idle_s = tokens ? p->token.idle_s : p->session.idle_s;
    to->most = p->session.most;
    to->end_oldest = p->session.end_oldest;
    to->device = txn->principal.device;
}

bool gh_sign_in_new(gh_txn *txn, gh_op *op, enum gh_sign_in_mode mode, gh_new_session *ret,
                    gh_str *ret_secret)
{
    uint8_t random[GH_SECRET_RANDOM];
    gh_secret secret;
    char *memory = gh_arena_alloc(&op->arena, GH_SECRET_TEXT_MAX);
    if (memory == NULL)
        return false;
    gh_buf text = gh_buf_over(memory, GH_SECRET_TEXT_MAX);
    ret->id = gh_txn_new_id(txn);
    txn->world.random(txn->world.random_data, random, sizeof random);
    gh_secret_make(&txn->policy->identity.keys,
                   mode == GH_SIGN_IN_TOKEN ? GH_SECRET_REFRESH : GH_SECRET_SESSION, ret->id, 0, random,
                   &text, &secret);
    gh_wipe(random, sizeof random);
    memcpy(ret->hash, secret.hash, sizeof ret->hash);
    ret->generation = secret.generation;
    set_ages(txn, mode, ret);
    *ret_secret = gh_buf_str(&text);
    return gh_buf_ok(&text);
}

static uint64_t left(const gh_txn *txn, const gh_signed_in *in)
{
    return in->expires_s > txn->world.unix_s ? in->expires_s - txn->world.unix_s : 0;
}

static void put_cookies(gh_txn *txn, const gh_signed_in *in, gh_answer *answer)
{
    char csrf[GH_CSRF_TEXT];
    gh_session_cookies_put(txn, &answer->lines, in->session, in->secret, left(txn, in), csrf);
    gh_member_text(&answer->body, "csrf_token", (gh_str){csrf, sizeof csrf});
    gh_member_number(&answer->body, "expires_in", left(txn, in));
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* RFC 6749 section 5.1. The access token does not outlive the session; a life of 0 would mean the policy's. False: it
 * can't be made. */
static bool put_tokens(gh_txn *txn, const gh_signed_in *in, gh_buf *body)
{
    const gh_identity_policy *p = &txn->policy->identity;
    uint64_t life = least(p->token.access_s, left(txn, in));
    gh_world world = txn->world;
    if (in->cutoff_s >=
        world.unix_s) /* what was ended in this very second stays so, and this token is after it */
        world.unix_s = in->cutoff_s + 1;
    const gh_token_request request = {.subject = in->subject,
                                      .session = in->session,
                                      .device = in->device,
                                      .auth_time_s = in->created_s,
                                      .life_s = life > 0 ? (uint32_t)life : 1};
    gh_member(body, "access_token");
    gh_buf_char(body, '"');
    if (!gh_token_mint(p, &world, &request, body))
        return false;
    gh_buf_char(body, '"');
    gh_member_text(body, "token_type", GH_STR("Bearer"));
    gh_member_number(body, "expires_in", request.life_s);
    gh_member_text(body, "refresh_token", in->secret);
    uint64_t idle = p->token.idle_s > 0 ? p->token.idle_s : UINT64_MAX;
    gh_member_number(body, "refresh_expires_in", least(idle, left(txn, in)));
    return true;
}

/* A browser keeps Secure cookies that came over http from the machine itself at most. */
static bool is_dropped(const gh_txn *txn)
{
    gh_str host = txn->authority.host;
    bool here = gh_str_eq(host, GH_STR("localhost")) || gh_str_ends(host, GH_STR(".localhost")) ||
                gh_str_starts(host, GH_STR("127.")) || gh_str_eq(host, GH_STR("[::1]")) ||
                gh_str_eq(host, GH_STR("::1"));
    return !txn->secure && !here && gh_str_starts(txn->policy->identity.session.name, GH_STR("__Host-"));
}

enum gh_judgement gh_sign_in_answer(gh_txn *txn, unsigned status, const gh_signed_in *in)
{
    gh_answer answer = gh_answer_begin(txn, GH_TOKEN_TEXT_MAX + GH_MEMBER_USER_ROOM);
    gh_buf_char(&answer.body, '{');
    switch (in->mode) {
    case GH_SIGN_IN_COOKIE:
        put_cookies(txn, in, &answer);
        break;
    case GH_SIGN_IN_TOKEN:
        if (!put_tokens(txn, in, &answer.body))
            return gh_txn_refuse(txn, GH_REASON_INTERNAL_ERROR, "an access token can't be made");
        break;
    case GH_SIGN_IN_NONE:
        break;
    }
    gh_member_user(&answer.body, in->subject);
    gh_buf_char(&answer.body, '}');
    enum gh_judgement judgement = gh_answer_end(txn, status, &answer);
    if (in->mode == GH_SIGN_IN_COOKIE && txn->verdict.detail == NULL && is_dropped(txn))
        txn->verdict.detail =
            "the browser drops Secure cookies over http: put TLS before Gatehouse (docs/http.md)";
    return judgement;
}
