#include "endpoint.h"

#include <string.h>

#include "identity/csrf_token.h"
#include "identity/secret.h"
#include "identity/token.h"

#define PATH "/api/auth/refresh"
enum { FAMILY = 41 };

/* A secret as it was handed out before, with its number. */
static gh_str make(endpoint *e, enum gh_secret_kind kind, uint32_t number, char *memory)
{
    static const uint8_t random[GH_SECRET_RANDOM] = "bytes that stand for chance....";
    gh_buf out = gh_buf_over(memory, GH_SECRET_TEXT_MAX);
    gh_secret secret;
    gh_secret_make(&e->policy->identity.keys, kind, FAMILY, number, random, &out, &secret);
    assert_true(gh_buf_ok(&out));
    return gh_buf_str(&out);
}

static const char *body_with(gh_str token)
{
    static char body[256];
    (void)snprintf(body, sizeof body, "{\"refresh_token\":\"%.*s\"}", (int)token.n, token.p);
    return body;
}

static void done(gh_op *op, gh_str sealed)
{
    gh_op_refresh *r = (gh_op_refresh *)op;
    r->sealed = sealed;
    r->user = 7;
    endpoint_subject(&r->subject);
    r->created_s = ENDPOINT_NOW - 500;
    r->expires_s = ENDPOINT_NOW + 5000;
    r->bound = 13;
}

/* The first of several keeps its successor; the later ones are answered with it. */
static char kept_memory[256];
static gh_str kept;

static void first(gh_op *op)
{
    gh_str sealed = ((gh_op_refresh *)op)->next_sealed;
    assert_true(sealed.n > 0 && sealed.n <= sizeof kept_memory);
    memcpy(kept_memory, sealed.p, sealed.n);
    kept = (gh_str){kept_memory, sealed.n};
    done(op, sealed);
}

static void repeated(gh_op *op)
{
    assert_false(gh_str_eq(((gh_op_refresh *)op)->next_sealed, kept));
    done(op, kept);
    ((gh_op_refresh *)op)->repeated = true;
}

static char cookie_memory[512];

/* A browser with these cookies of the session, the first one as the credential. */
static void with_cookies(endpoint *e, gh_str one, gh_str other)
{
    (void)snprintf(cookie_memory, sizeof cookie_memory, "a=b; __Host-session=%.*s; __Host-session=%.*s",
                   (int)one.n, one.p, (int)other.n, other.p);
    endpoint_as(e, GH_PROOF_SESSION);
    e->principal.session = FAMILY;
    e->credentials.session = one;
    e->cookie = cookie_memory;
}

static const endpoint_op fresh = {GH_OP_REFRESH, GH_OP_OK, first},
                         again = {GH_OP_REFRESH, GH_OP_OK, repeated};

static void tokens_are_replaced(void **state)
{
    endpoint *e = *state;
    const gh_identity_policy *p = &e->policy->identity;
    char memory[GH_SECRET_TEXT_MAX];
    gh_secret before, next;
    gh_str token = make(e, GH_SECRET_REFRESH, 3, memory);
    e->principal.device = 12;
    endpoint_script(e, &fresh, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, body_with(token)), "answer 200");
    const gh_op_refresh *op = LAST_OP(e, gh_op_refresh);
    assert_true(gh_secret_read(&p->keys, GH_SECRET_REFRESH, token, &before));
    assert_int_equal(op->kind, GH_SESSION_TOKENS);
    assert_int_equal(op->session, FAMILY);
    assert_int_equal(op->number, 3);
    assert_int_equal(op->device, 12);
    assert_int_equal(op->grace_s, p->token.grace_s);
    assert_memory_equal(op->hash, before.hash, sizeof before.hash);
    gh_str successor = gh_str_of(endpoint_member(e, "/refresh_token"));
    assert_true(gh_secret_read(&p->keys, GH_SECRET_REFRESH, successor, &next));
    assert_true(gh_secret_authentic(&p->keys, GH_SECRET_REFRESH, successor));
    assert_int_equal(next.id, FAMILY);
    assert_int_equal(next.number, 4);
    assert_memory_equal(op->next_hash, next.hash, sizeof next.hash);
    char life[32]; /* not longer than the session's */
    (void)snprintf(life, sizeof life, "%u", p->token.access_s < 5000 ? p->token.access_s : 5000);
    expect_member(e, "/expires_in", life);
    expect_member(e, "/refresh_expires_in", "5000");
    gh_cached_token access; /* has the session's device, not whichever was proved */
    assert_int_equal(gh_token_verify(&e->txn, gh_str_of(endpoint_member(e, "/access_token")), &access),
                     GH_TOKEN_GOOD);
    assert_int_equal(access.device, 13);
    expect_lines(e, "Cache-Control: no-store\r\n");
    /* what is stored opens nothing */
    assert_null(memmem(op->next_sealed.p, op->next_sealed.n, "ghr_", 4));
    char opened[GH_SECRET_TEXT_MAX], other[GH_SECRET_TEXT_MAX];
    gh_buf out = gh_buf_over(opened, sizeof opened);
    assert_false(gh_secret_unseal(&p->keys, make(e, GH_SECRET_REFRESH, 4, other), op->next_sealed, &out));
    assert_true(gh_secret_unseal(&p->keys, token, op->next_sealed, &out));
}

static void parallel_ones_get_the_same_successor(void **state)
{
    endpoint *e = *state;
    char memory[GH_SECRET_TEXT_MAX], successor[GH_SECRET_TEXT_MAX + 1];
    gh_str token = make(e, GH_SECRET_REFRESH, 0, memory);
    endpoint_script(e, &fresh, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, body_with(token)), "answer 200");
    (void)snprintf(successor, sizeof successor, "%s", endpoint_member(e, "/refresh_token"));
    endpoint_script(e, &again, 1);
    for (unsigned i = 0; i < 3; i++) {
        assert_string_equal(endpoint_request(e, "POST", PATH, body_with(token)), "answer 200");
        expect_member(e, "/refresh_token", successor);
    }
}

static void a_browsers_cookie_is_replaced(void **state)
{
    endpoint *e = *state;
    char memory[GH_SECRET_TEXT_MAX], successor[GH_SECRET_TEXT_MAX + 1];
    gh_secret next;
    with_cookies(e, make(e, GH_SECRET_SESSION, 0, memory), GH_STR(""));
    endpoint_script(e, &fresh, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, NULL), "answer 200");
    assert_int_equal(LAST_OP(e, gh_op_refresh)->kind, GH_SESSION_COOKIE);
    gh_str cookie = endpoint_between(e->lines, "Set-Cookie: __Host-session=", ";");
    assert_true(gh_secret_read(&e->policy->identity.keys, GH_SECRET_SESSION, cookie, &next));
    assert_int_equal(next.number, 1);
    expect_member(e, "/expires_in", "5000");
    assert_non_null(strstr(e->lines, "HttpOnly; Max-Age=5000\r\n"));
    (void)snprintf(successor, sizeof successor, "%.*s", (int)cookie.n, cookie.p);
    endpoint_script(e, &again, 1); /* the other tab */
    assert_string_equal(endpoint_request(e, "POST", PATH, "{}"), "answer 200");
    assert_non_null(strstr(e->lines, successor));
}

static void stays(gh_op *op)
{
    done(op, (gh_str){NULL, 0});
    ((gh_op_refresh *)op)->kept = true;
}

static void a_cookie_that_is_new_stays(void **state)
{
    static const endpoint_op kept_one = {GH_OP_REFRESH, GH_OP_OK, stays};
    endpoint *e = *state;
    char memory[GH_SECRET_TEXT_MAX];
    gh_str secret = make(e, GH_SECRET_SESSION, 3, memory);
    with_cookies(e, secret, GH_STR(""));
    endpoint_script(e, &kept_one, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, NULL), "answer 200");
    assert_true(gh_str_eq(endpoint_between(e->lines, "Set-Cookie: __Host-session=", ";"), secret));
    assert_int_equal(strlen(endpoint_member(e, "/csrf_token")), GH_CSRF_TEXT);
}

/* What an older set-up, or another page, left in the jar does not end the session. */
static void of_several_cookies_the_newest_counts(void **state)
{
    endpoint *e = *state;
    char old[GH_SECRET_TEXT_MAX], new[GH_SECRET_TEXT_MAX], forged[GH_SECRET_TEXT_MAX];
    gh_str two = make(e, GH_SECRET_SESSION, 2, old), five = make(e, GH_SECRET_SESSION, 5, new),
           nine = make(e, GH_SECRET_SESSION, 9, forged);
    forged[nine.n - 1] = forged[nine.n - 1] == 'A' ? 'B' : 'A';
    endpoint_script(e, &fresh, 1);
    with_cookies(e, two, five);
    assert_string_equal(endpoint_request(e, "POST", PATH, NULL), "answer 200");
    assert_int_equal(LAST_OP(e, gh_op_refresh)->number, 5);
    with_cookies(e, five, two);
    assert_string_equal(endpoint_request(e, "POST", PATH, NULL), "answer 200");
    assert_int_equal(LAST_OP(e, gh_op_refresh)->number, 5);
    with_cookies(e, nine, two);
    assert_string_equal(endpoint_request(e, "POST", PATH, NULL), "answer 200");
    assert_int_equal(LAST_OP(e, gh_op_refresh)->number, 2);
}

/* Another login's cookie, as one of an older path may be, is not this session's. */
static void of_another_session_none_counts(void **state)
{
    static const uint8_t random[GH_SECRET_RANDOM] = "other bytes that are chance...";
    endpoint *e = *state;
    char own[GH_SECRET_TEXT_MAX], memory[GH_SECRET_TEXT_MAX];
    gh_buf other = gh_buf_over(memory, sizeof memory);
    gh_secret secret;
    gh_secret_make(&e->policy->identity.keys, GH_SECRET_SESSION, FAMILY + 1, 9, random, &other, &secret);
    with_cookies(e, gh_buf_str(&other), make(e, GH_SECRET_SESSION, 1, own));
    endpoint_script(e, &fresh, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, NULL), "answer 200");
    assert_int_equal(LAST_OP(e, gh_op_refresh)->session, FAMILY);
    assert_int_equal(LAST_OP(e, gh_op_refresh)->number, 1);
}

static void just_cut_off(gh_op *op)
{
    first(op);
    ((gh_op_refresh *)op)->cutoff_s = ENDPOINT_NOW;
}

/* A password that is changed cuts off all tokens of this second; the next one must not be among them. */
static void a_token_is_issued_after_the_cut_off(void **state)
{
    static const endpoint_op script = {GH_OP_REFRESH, GH_OP_OK, just_cut_off};
    endpoint *e = *state;
    char memory[GH_SECRET_TEXT_MAX];
    gh_cached_token token;
    gh_str refresh = make(e, GH_SECRET_REFRESH, 0, memory);
    endpoint_script(e, &script, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, body_with(refresh)), "answer 200");
    assert_int_equal(gh_token_verify(&e->txn, gh_str_of(endpoint_member(e, "/access_token")), &token),
                     GH_TOKEN_GOOD);
    assert_int_equal(token.issued_s, ENDPOINT_NOW + 1);
    endpoint_script(e, &fresh, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, body_with(refresh)), "answer 200");
    assert_int_equal(gh_token_verify(&e->txn, gh_str_of(endpoint_member(e, "/access_token")), &token),
                     GH_TOKEN_GOOD);
    assert_int_equal(token.issued_s, ENDPOINT_NOW);
    assert_int_equal(token.session, FAMILY);
    assert_int_equal(token.user, 7);
}

/* A refusal never clears a cookie: it might be the winner's. */
static void losers_keep_their_cookies(void **state)
{
    static const struct {
        enum gh_op_status status;
        const char *verdict;
    } rows[] = {{GH_OP_NOT_FOUND, "refresh_invalid"}, {GH_OP_EXPIRED, "refresh_invalid"},
                {GH_OP_WRONG, "refresh_invalid"},     {GH_OP_REUSED, "refresh_reused"},
                {GH_OP_DISABLED, "user_disabled"},    {GH_OP_UNAVAILABLE, "identity_unavailable"},
                {GH_OP_BUSY, "identity_unavailable"}};
    endpoint *e = *state;
    char memory[GH_SECRET_TEXT_MAX], of_session[GH_SECRET_TEXT_MAX];
    gh_str token = make(e, GH_SECRET_REFRESH, 0, memory);
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        const endpoint_op script = {GH_OP_REFRESH, rows[i].status, NULL};
        endpoint_script(e, &script, 1);
        endpoint_as(e, GH_PROOF_NONE);
        assert_string_equal(endpoint_request(e, "POST", PATH, body_with(token)), rows[i].verdict);
        with_cookies(e, make(e, GH_SECRET_SESSION, 0, of_session), GH_STR(""));
        assert_string_equal(endpoint_request(e, "POST", PATH, NULL), rows[i].verdict);
        endpoint_problem(e);
        assert_null(strstr(e->lines, "Set-Cookie"));
    }
}

static void what_was_not_made_here_is_not_asked_for(void **state)
{
    endpoint *e = *state;
    char memory[GH_SECRET_TEXT_MAX], last[GH_SECRET_TEXT_MAX], session[GH_SECRET_TEXT_MAX];
    gh_str token = make(e, GH_SECRET_REFRESH, 0, memory);
    endpoint_script(e, NULL, 0);
    for (size_t i = 0; i < token.n; i++) {
        char c = memory[i];
        memory[i] = c == 'A' ? 'B' : 'A';
        assert_string_equal(endpoint_request(e, "POST", PATH, body_with(token)), "refresh_invalid");
        memory[i] = c;
    }
    assert_string_equal(endpoint_request(e, "POST", PATH, body_with(gh_str_cut(token, 0, token.n - 1))),
                        "refresh_invalid");
    assert_string_equal(endpoint_request(e, "POST", PATH, body_with(make(e, GH_SECRET_SESSION, 0, session))),
                        "refresh_invalid");
    assert_string_equal(
        endpoint_request(e, "POST", PATH, body_with(make(e, GH_SECRET_REFRESH, UINT32_MAX, last))),
        "refresh_invalid");
}

static void without_anything_to_refresh(void **state)
{
    endpoint *e = *state;
    char memory[GH_SECRET_TEXT_MAX];
    endpoint_script(e, NULL, 0);
    assert_string_equal(endpoint_request(e, "POST", PATH, NULL), "credentials_required");
    endpoint_as(e, GH_PROOF_TOKEN);
    assert_string_equal(endpoint_request(e, "POST", PATH, "{}"), "credentials_required");
    /* a cookie that does not count any more */
    endpoint_as(e, GH_PROOF_NONE);
    e->credentials.session = make(e, GH_SECRET_SESSION, 0, memory);
    assert_string_equal(endpoint_request(e, "POST", PATH, NULL), "session_invalid");
    assert_null(e->txn.own.lines.p);
    assert_string_equal(endpoint_request(e, "POST", PATH, "{\"refresh_token\":\"\"}"), "validation_error");
    assert_string_equal(endpoint_request(e, "POST", PATH, "{\"refresh_token\":null}"), "validation_error");
}

/* What the records keep can't be opened: another key, or damage. */
static void damaged(gh_op *op)
{
    static const char zeros[128];
    done(op, (gh_str){zeros, sizeof zeros});
}

static void a_successor_that_can_not_be_opened(void **state)
{
    static const endpoint_op script = {GH_OP_REFRESH, GH_OP_OK, damaged};
    endpoint *e = *state;
    char memory[GH_SECRET_TEXT_MAX];
    endpoint_script(e, &script, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, body_with(make(e, GH_SECRET_REFRESH, 0, memory))),
                        "internal_error");
    assert_null(e->txn.own.body.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENDPOINT_TEST(tokens_are_replaced),
        ENDPOINT_TEST(parallel_ones_get_the_same_successor),
        ENDPOINT_TEST(a_cookie_that_is_new_stays),
        ENDPOINT_TEST(a_browsers_cookie_is_replaced),
        ENDPOINT_TEST(of_several_cookies_the_newest_counts),
        ENDPOINT_TEST(of_another_session_none_counts),
        ENDPOINT_TEST(a_token_is_issued_after_the_cut_off),
        ENDPOINT_TEST(losers_keep_their_cookies),
        ENDPOINT_TEST(what_was_not_made_here_is_not_asked_for),
        ENDPOINT_TEST(without_anything_to_refresh),
        ENDPOINT_TEST(a_successor_that_can_not_be_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
