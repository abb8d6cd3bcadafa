#include "endpoint.h"

#include <string.h>

#include "identity/key_request.h"
#include "identity/rights.h"
#include "identity/secret.h"

#define PATH "/api/auth/keys"

static void created(gh_op *op)
{
    gh_op_key_create *create = (gh_op_key_create *)op;
    create->key = (gh_key_record){.id = create->id,
                                  .user = create->user,
                                  .name = create->name,
                                  .start = create->start,
                                  .scopes = create->scopes,
                                  .tier = create->tier,
                                  .networks = create->networks,
                                  .created_s = op->now_s,
                                  .expires_s = create->expires_s};
}

static const endpoint_op good = {GH_OP_KEY_CREATE, GH_OP_OK, created};

/* Somebody with these roles and, unless NULL, a token of these scopes. */
static void as(endpoint *e, enum gh_proof proof, const char *roles, const char *scopes)
{
    endpoint_as(e, proof);
    e->principal.roles = gh_str_of(roles);
    e->principal.scopes = gh_str_of(scopes);
    gh_rights_fill(&e->policy->identity, &e->principal);
}

/* A permission of the role "user" and one that it has not got, of the roles that come with Gatehouse. */
static gh_str permission(const endpoint *e, bool has)
{
    const gh_identity_policy *p = &e->policy->identity;
    unsigned role = gh_identity_role(p, GH_STR("user"));
    assert_true(role < p->n_roles);
    for (unsigned i = 0; i < p->n_permissions; i++)
        if (gh_permission_in(&p->roles[role].permissions, i) == has)
            return p->permissions[i];
    fail_msg("no such permission");
    return (gh_str){NULL, 0};
}

static const char *body(const char *format, gh_str text)
{
    static char memory[512];
    gh_buf out = gh_buf_over(memory, sizeof memory - 1);
    gh_str rest = gh_str_of(format);
    size_t mark = gh_str_find(rest, '@');
    gh_buf_put(&out, gh_str_cut(rest, 0, mark));
    gh_buf_put(&out, text);
    gh_buf_put(&out, gh_str_cut(rest, mark + 1, rest.n));
    memory[out.n] = '\0';
    return memory;
}

static void a_key_is_shown_once(void **state)
{
    endpoint *e = *state;
    const gh_identity_policy *p = &e->policy->identity;
    gh_secret secret;
    as(e, GH_PROOF_SESSION, "user", NULL);
    endpoint_script(e, &good, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, "{\"name\":\"build\"}"), "answer 201");
    const gh_op_key_create *op = LAST_OP(e, gh_op_key_create);
    assert_int_equal(op->user, 7);
    expect_text(op->name, "build");
    assert_int_equal(op->most, p->key.most);
    assert_int_equal(op->expires_s, 0);
    assert_int_equal(op->rolls, 0);
    assert_null(op->scopes.p);
    assert_null(op->tier.p);
    assert_null(op->networks.p);
    gh_str key = gh_str_of(endpoint_member(e, "/key"));
    assert_true(gh_api_key_read(&p->keys, p->key.prefix, key, &secret));
    assert_int_equal(secret.id, op->id);
    assert_memory_equal(secret.hash, op->hash, sizeof secret.hash);
    assert_true(gh_str_starts(key, op->start) && op->start.n < 24);
    expect_member(e, "/name", "build");
    expect_member(e, "/scopes", "null");
    expect_member(e, "/expires_at", "null");
    expect_member(e, "/created_at", "2025-11-28T12:31:07Z");
    assert_true(gh_str_eq(gh_str_of(endpoint_member(e, "/start")), op->start));
    expect_lines(e, "Cache-Control: no-store\r\n");
}

static void all_that_can_be_asked(void **state)
{
    endpoint *e = *state;
    as(e, GH_PROOF_TOKEN, "admin", NULL);
    endpoint_script(e, &good, 1);
    assert_string_equal(
        endpoint_request(e, "POST", PATH,
                         body("{\"name\":\"build\",\"scopes\":[\"@\",\"tiers:manage\"],\"tier\":\"gold\","
                              "\"expires_in\":36e2,\"networks\":[\"192.0.2.0/24\",\"2001:db8::1\"],"
                              "\"rolls\":\"000000000001q\",\"overlap\":60.0}",
                              permission(e, true))),
        "answer 201");
    const gh_op_key_create *op = LAST_OP(e, gh_op_key_create);
    assert_true(gh_str_starts(op->scopes, permission(e, true)));
    assert_true(gh_str_ends(op->scopes, GH_STR(" tiers:manage")));
    expect_text(op->tier, "gold");
    assert_int_equal(op->expires_s, ENDPOINT_NOW + 3600);
    expect_text(op->networks, "192.0.2.0/24 2001:db8::1");
    assert_int_equal(op->rolls, 55);
    assert_int_equal(op->overlap_s, 60);
    expect_member(e, "/networks", "[\"192.0.2.0/24\",\"2001:db8::1\"]");
    expect_member(e, "/expires_at", "2025-11-28T13:31:07Z");
    assert_string_equal(endpoint_request(e, "POST", PATH, "{\"name\":\"build\",\"rolls\":\"000000000001q\"}"),
                        "answer 201");
    assert_int_equal(LAST_OP(e, gh_op_key_create)->overlap_s, GH_KEY_OVERLAP_S);
}

/* Whoever makes a key, the key can't do more. */
static void a_key_can_not_do_more_than_its_maker(void **state)
{
    static const char one[] = "{\"name\":\"k\",\"scopes\":[\"@\"]}";
    endpoint *e = *state;
    gh_str has = permission(e, true), has_not = permission(e, false);
    as(e, GH_PROOF_SESSION, "user", NULL);
    endpoint_script(e, &good, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, body(one, has)), "answer 201");
    endpoint_script(e, NULL, 0);
    assert_string_equal(endpoint_request(e, "POST", PATH, body(one, has_not)), "insufficient_scope");
    assert_true(gh_str_eq(e->txn.scope, has_not)); /* named by WWW-Authenticate */
    assert_string_equal(endpoint_request(e, "POST", PATH, body(one, GH_STR("no:such"))),
                        "insufficient_scope");
    assert_true(gh_str_eq(e->txn.scope, GH_STR("no:such")));
    assert_string_equal(endpoint_request(e, "POST", PATH, "{\"name\":\"k\",\"tier\":\"gold\"}"),
                        "permission_required");
    /* a narrowed token: no key with more, and not one that is not narrowed */
    as(e, GH_PROOF_TOKEN, "admin", "tiers:manage");
    assert_string_equal(endpoint_request(e, "POST", PATH, body(one, has)), "insufficient_scope");
    endpoint_script(e, &good, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, body(one, GH_STR("tiers:manage"))), "answer 201");
    assert_string_equal(endpoint_request(e, "POST", PATH, "{\"name\":\"k\"}"), "answer 201");
    expect_text(LAST_OP(e, gh_op_key_create)->scopes, "tiers:manage");
    assert_string_equal(endpoint_request(e, "POST", PATH, "{\"name\":\"k\",\"rolls\":\"000000000001q\"}"),
                        "answer 201");
    expect_text(LAST_OP(e, gh_op_key_create)->scopes, "tiers:manage");
}

static void scopes_have_to_fit(void **state)
{
    endpoint *e = *state;
    gh_identity_policy *p = &e->policy->identity;
    char names[4][65], sent[512];
    endpoint_as(e, GH_PROOF_SESSION);
    for (unsigned i = 0; i < 4; i++) {
        memset(names[i], 'a' + (int)i, 64);
        names[i][64] = '\0';
        p->permissions[i] = (gh_str){names[i], 64};
        e->principal.permissions.word[0] |= UINT64_C(1) << i;
    }
    endpoint_script(e, NULL, 0);
    (void)snprintf(sent, sizeof sent, "{\"name\":\"k\",\"scopes\":[\"%s\",\"%s\",\"%s\",\"%s\"]}", names[0],
                   names[1], names[2], names[3]);
    assert_string_equal(endpoint_request(e, "POST", PATH, sent), "validation_error");
    endpoint_problem(e);
    expect_member(e, "/errors/0/pointer", "#/scopes");
    endpoint_script(e, &good, 1);
    (void)snprintf(sent, sizeof sent, "{\"name\":\"k\",\"scopes\":[\"%s\",\"%s\",\"%s\"]}", names[0],
                   names[1], names[2]);
    assert_string_equal(endpoint_request(e, "POST", PATH, sent), "answer 201");
}

static void the_longest_life(void **state)
{
    endpoint *e = *state;
    as(e, GH_PROOF_SESSION, "user", NULL);
    e->policy->identity.key.max_age_s = 86400;
    endpoint_script(e, &good, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, "{\"name\":\"k\"}"), "answer 201");
    assert_int_equal(LAST_OP(e, gh_op_key_create)->expires_s, ENDPOINT_NOW + 86400);
    assert_string_equal(endpoint_request(e, "POST", PATH, "{\"name\":\"k\",\"expires_in\":86400}"),
                        "answer 201");
    endpoint_script(e, NULL, 0);
    assert_string_equal(endpoint_request(e, "POST", PATH, "{\"name\":\"k\",\"expires_in\":86401}"),
                        "validation_error");
    endpoint_problem(e);
    expect_member(e, "/errors/0/pointer", "#/expires_in");
    expect_member(e, "/errors/0/detail", "must be at most 86400");
}

static void requests_that_are_refused(void **state)
{
    static const struct {
        const char *body, *pointer;
    } rows[] = {
        {"{}", "#/name"},
        {"{\"name\":\"\"}", "#/name"},
        {"{\"name\":\"k\",\"scopes\":[]}", "#/scopes"},
        {"{\"name\":\"k\",\"scopes\":[\"a b\"]}", "#/scopes/0"},
        {"{\"name\":\"k\",\"scopes\":[\"a\\\"\"]}", "#/scopes/0"},
        {"{\"name\":\"k\",\"scopes\":\"a\"}", "#/scopes"},
        {"{\"name\":\"k\",\"tier\":\"a b\"}", "#/tier"},
        {"{\"name\":\"k\",\"expires_in\":59}", "#/expires_in"},
        {"{\"name\":\"k\",\"expires_in\":60.5}", "#/expires_in"},
        {"{\"name\":\"k\",\"expires_in\":1e99}", "#/expires_in"},
        {"{\"name\":\"k\",\"expires_in\":-60}", "#/expires_in"},
        {"{\"name\":\"k\",\"networks\":[\"192.0.2.1/24\"]}", "#/networks/0"},
        {"{\"name\":\"k\",\"networks\":[\"192.0.2.0/24\",\"here\"]}", "#/networks/1"},
        {"{\"name\":\"k\",\"overlap\":2592001}", "#/overlap"},
        {"{\"name\":\"k\",\"rolls\":\"1q\"}", "#/rolls"},
        {"{\"name\":\"k\",\"user\":8}", "#/user"},
    };
    endpoint *e = *state;
    as(e, GH_PROOF_SESSION, "user", NULL);
    endpoint_script(e, NULL, 0);
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        assert_string_equal(endpoint_request(e, "POST", PATH, rows[i].body), "validation_error");
        endpoint_problem(e);
        expect_member(e, "/errors/0/pointer", rows[i].pointer);
    }
    assert_string_equal(endpoint_request(e, "POST", PATH, "{\"name\":\"k\",\"rolls\":\"zzzzzzzzzzzzz\"}"),
                        "not_found");
}

static gh_key_record records[2];

static void listed(gh_op *op)
{
    records[0] = (gh_key_record){.id = 55,
                                 .user = 7,
                                 .name = GH_STR("build"),
                                 .start = GH_STR("ghk_0abc"),
                                 .scopes = GH_STR("a:b c:d"),
                                 .created_s = ENDPOINT_NOW - 100,
                                 .used_s = ENDPOINT_NOW,
                                 .replaced_by = 56};
    records[1] =
        (gh_key_record){.id = 56, .name = GH_STR("b2"), .start = GH_STR("ghk_1"), .tier = GH_STR("x")};
    ((gh_op_key_list *)op)->keys = records;
    ((gh_op_key_list *)op)->n = 2;
}

static void ones_keys_are_listed_without_their_secret(void **state)
{
    static const endpoint_op script = {GH_OP_KEY_LIST, GH_OP_OK, listed};
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_SESSION);
    endpoint_script(e, &script, 1);
    assert_string_equal(endpoint_request(e, "GET", PATH, NULL), "answer 200");
    assert_int_equal(LAST_OP(e, gh_op_key_list)->user, 7);
    expect_body(
        e, "{\"keys\":[{\"id\":\"000000000001q\",\"name\":\"build\",\"start\":\"ghk_0abc\","
           "\"scopes\":[\"a:b\",\"c:d\"],\"tier\":null,\"networks\":null,"
           "\"created_at\":\"2025-11-28T12:29:27Z\",\"last_used_at\":\"2025-11-28T12:31:07Z\","
           "\"expires_at\":null,\"replaced_by\":\"000000000001r\"},"
           "{\"id\":\"000000000001r\",\"name\":\"b2\",\"start\":\"ghk_1\",\"scopes\":null,\"tier\":\"x\","
           "\"networks\":null,\"created_at\":null,\"last_used_at\":null,\"expires_at\":null,"
           "\"replaced_by\":null}],\"more\":false}");
}

static void one_is_revoked(void **state)
{
    static const endpoint_op script = {GH_OP_KEY_END, GH_OP_OK, NULL};
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_SESSION);
    endpoint_script(e, &script, 1);
    assert_string_equal(endpoint_request(e, "DELETE", PATH "/000000000001q", NULL), "answer 204");
    assert_int_equal(LAST_OP(e, gh_op_key_end)->user, 7);
    assert_int_equal(LAST_OP(e, gh_op_key_end)->id, 55);
    expect_lines(e, "Cache-Control: no-store\r\n");
}

static void what_can_fail(void **state)
{
    static const struct {
        const char *method, *path;
        endpoint_op script;
        const char *verdict;
    } rows[] = {
        {"POST", PATH, {GH_OP_KEY_CREATE, GH_OP_CAP, NULL}, "too_many_keys"},
        {"POST", PATH, {GH_OP_KEY_CREATE, GH_OP_NOT_FOUND, NULL}, "not_found"},
        {"POST", PATH, {GH_OP_KEY_CREATE, GH_OP_DISABLED, NULL}, "user_disabled"},
        {"POST", PATH, {GH_OP_KEY_CREATE, GH_OP_UNAVAILABLE, NULL}, "identity_unavailable"},
        {"GET", PATH, {GH_OP_KEY_LIST, GH_OP_UNAVAILABLE, NULL}, "identity_unavailable"},
        {"DELETE", PATH "/000000000001q", {GH_OP_KEY_END, GH_OP_NOT_FOUND, NULL}, "not_found"},
        {"DELETE", PATH "/000000000001q", {GH_OP_KEY_END, GH_OP_UNAVAILABLE, NULL}, "identity_unavailable"},
    };
    endpoint *e = *state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        const char *sent = strcmp(rows[i].method, "POST") == 0 ? "{\"name\":\"k\"}" : NULL;
        endpoint_as(e, GH_PROOF_SESSION);
        endpoint_script(e, &rows[i].script, 1);
        assert_string_equal(endpoint_request(e, rows[i].method, rows[i].path, sent), rows[i].verdict);
        assert_null(e->txn.own.body.p);
        endpoint_script(e, NULL, 0);
        endpoint_as(e, GH_PROOF_API_KEY); /* a key makes, shows and ends no keys */
        assert_string_equal(endpoint_request(e, rows[i].method, rows[i].path, sent), "proof_not_accepted");
    }
    endpoint_as(e, GH_PROOF_SESSION);
    assert_string_equal(endpoint_request(e, "DELETE", PATH "/x", NULL), "not_found");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENDPOINT_TEST(a_key_is_shown_once),
        ENDPOINT_TEST(all_that_can_be_asked),
        ENDPOINT_TEST(a_key_can_not_do_more_than_its_maker),
        ENDPOINT_TEST(scopes_have_to_fit),
        ENDPOINT_TEST(the_longest_life),
        ENDPOINT_TEST(requests_that_are_refused),
        ENDPOINT_TEST(ones_keys_are_listed_without_their_secret),
        ENDPOINT_TEST(one_is_revoked),
        ENDPOINT_TEST(what_can_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
