#include "endpoint.h"

#include <string.h>

#include "identity/secret.h"

#define PATH "/api/auth/devices"
enum { DEVICE = 12 };
#define DEVICE_PATH PATH "/000000000000c"

static gh_str token_of(endpoint *e, enum gh_secret_kind kind, gh_id id, char *memory)
{
    static const uint8_t random[GH_SECRET_RANDOM] = "bytes that stand for chance....";
    gh_buf out = gh_buf_over(memory, GH_SECRET_TEXT_MAX);
    gh_secret secret;
    gh_secret_make(&e->policy->identity.keys, kind, id, 0, random, &out, &secret);
    return gh_buf_str(&out);
}

static const char *body_with(gh_str token)
{
    static char body[256];
    (void)snprintf(body, sizeof body, "{\"device_token\":\"%.*s\"}", (int)token.n, token.p);
    return body;
}

static const endpoint_op begun = {GH_OP_DEVICE_BEGIN, GH_OP_OK, NULL},
                         confirmed = {GH_OP_DEVICE_CONFIRM, GH_OP_OK, NULL},
                         ended = {GH_OP_DEVICE_END, GH_OP_OK, NULL};

static void a_registration_begins(void **state)
{
    endpoint *e = *state;
    const gh_identity_policy *p = &e->policy->identity;
    gh_secret secret;
    uint8_t prefix[GH_SECRET_HASH];
    char number[32];
    endpoint_as(e, GH_PROOF_TOKEN);
    endpoint_script(e, &begun, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, "{\"name\":\"Ada's phone\"}"), "answer 201");
    const gh_op_device_begin *op = LAST_OP(e, gh_op_device_begin);
    assert_int_equal(op->user, 7);
    expect_text(op->name, "Ada's phone");
    assert_int_equal(op->most, p->device.most);
    assert_int_equal(op->timeout_s, p->device.timeout_s);
    gh_prefix_hash(&p->keys, &e->txn.client.ip, prefix);
    assert_memory_equal(op->prefix, prefix, sizeof prefix);
    gh_str token = gh_str_of(endpoint_member(e, "/device_token"));
    assert_true(gh_secret_read(&p->keys, GH_SECRET_DEVICE, token, &secret));
    assert_true(gh_secret_authentic(&p->keys, GH_SECRET_DEVICE, token));
    assert_int_equal(secret.id, op->id);
    assert_memory_equal(secret.hash, op->hash, sizeof secret.hash);
    expect_member(e, "/confirmed", "false");
    (void)snprintf(number, sizeof number, "%u", p->device.timeout_s);
    expect_member(e, "/expires_in", number);
    assert_int_equal(strlen(endpoint_member(e, "/id")), GH_ID_TEXT);
    expect_lines(e, "Cache-Control: no-store\r\n"); /* not a device yet */
}

static void of_nobody_where_that_is_allowed(void **state)
{
    endpoint *e = *state;
    endpoint_script(e, NULL, 0);
    e->policy->identity.device.anonymous = false;
    assert_string_equal(endpoint_request(e, "POST", PATH, "{}"), "credentials_required");
    e->policy->identity.device.anonymous = true;
    e->policy->identity.device.most_anonymous = 3;
    endpoint_script(e, &begun, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, "{}"), "answer 201");
    assert_int_equal(LAST_OP(e, gh_op_device_begin)->user, 0);
    assert_int_equal(LAST_OP(e, gh_op_device_begin)->most, 3);
    assert_null(LAST_OP(e, gh_op_device_begin)->name.p);
    endpoint_script(e, NULL, 0);
    endpoint_as(e, GH_PROOF_API_KEY);
    assert_string_equal(endpoint_request(e, "POST", PATH, "{}"), "proof_not_accepted");
    endpoint_as(e, GH_PROOF_TOKEN);
    e->principal.user = 0; /* another issuer's user is not nobody */
    assert_string_equal(endpoint_request(e, "POST", PATH, "{}"), "proof_not_accepted");
}

/* What was given away for less adds no devices to the account, and takes none away. */
static void by_no_token_of_some_scopes(void **state)
{
    endpoint *e = *state;
    char memory[GH_SECRET_TEXT_MAX];
    gh_str token = token_of(e, GH_SECRET_DEVICE, DEVICE, memory);
    endpoint_as(e, GH_PROOF_TOKEN);
    e->principal.scopes = GH_STR("items:read");
    endpoint_script(e, NULL, 0);
    assert_string_equal(endpoint_request(e, "POST", PATH, "{}"), "proof_not_accepted");
    assert_string_equal(endpoint_request(e, "POST", DEVICE_PATH, body_with(token)), "proof_not_accepted");
    assert_string_equal(endpoint_request(e, "DELETE", DEVICE_PATH, NULL), "proof_not_accepted");
}

static void it_is_confirmed_by_its_token(void **state)
{
    endpoint *e = *state;
    char memory[GH_SECRET_TEXT_MAX], expected[512];
    gh_secret secret;
    gh_str token = token_of(e, GH_SECRET_DEVICE, DEVICE, memory);
    assert_true(gh_secret_read(&e->policy->identity.keys, GH_SECRET_DEVICE, token, &secret));
    endpoint_as(e, GH_PROOF_SESSION);
    endpoint_script(e, &confirmed, 1);
    assert_string_equal(endpoint_request(e, "POST", DEVICE_PATH, body_with(token)), "answer 200");
    const gh_op_device_confirm *op = LAST_OP(e, gh_op_device_confirm);
    assert_int_equal(op->user, 7);
    assert_int_equal(op->id, DEVICE);
    assert_memory_equal(op->hash, secret.hash, sizeof secret.hash);
    expect_body(e, "{\"id\":\"000000000000c\",\"confirmed\":true}");
    (void)snprintf(expected, sizeof expected,
                   "Cache-Control: no-store\r\nSet-Cookie: __Host-device=%.*s; Path=/; Secure; SameSite=Lax; "
                   "HttpOnly; Max-Age=34560000\r\n",
                   (int)token.n, token.p);
    expect_lines(e, expected);
    endpoint_as(e, GH_PROOF_TOKEN); /* an app keeps it itself */
    assert_string_equal(endpoint_request(e, "POST", DEVICE_PATH, body_with(token)), "answer 200");
    expect_lines(e, "Cache-Control: no-store\r\n");
    endpoint_as(e, GH_PROOF_NONE);
    e->policy->identity.device.anonymous = true;
    assert_string_equal(endpoint_request(e, "POST", DEVICE_PATH, body_with(token)), "answer 200");
    assert_int_equal(LAST_OP(e, gh_op_device_confirm)->user, 0);
    expect_lines(e, expected);
}

static void and_by_no_other(void **state)
{
    endpoint *e = *state;
    char memory[GH_SECRET_TEXT_MAX];
    endpoint_as(e, GH_PROOF_SESSION);
    endpoint_script(e, NULL, 0);
    gh_str other = token_of(e, GH_SECRET_DEVICE, DEVICE + 1, memory);
    assert_string_equal(endpoint_request(e, "POST", DEVICE_PATH, body_with(other)), "not_found");
    other = token_of(e, GH_SECRET_REFRESH, DEVICE, memory);
    assert_string_equal(endpoint_request(e, "POST", DEVICE_PATH, body_with(other)), "not_found");
    other = token_of(e, GH_SECRET_DEVICE, DEVICE, memory);
    memory[other.n - 1] = memory[other.n - 1] == 'A' ? 'B' : 'A';
    assert_string_equal(endpoint_request(e, "POST", DEVICE_PATH, body_with(other)), "not_found");
    other = token_of(e, GH_SECRET_DEVICE, DEVICE, memory);
    assert_string_equal(endpoint_request(e, "POST", PATH "/c", body_with(other)), "not_found");
    assert_string_equal(endpoint_request(e, "POST", DEVICE_PATH, "{}"), "validation_error");
    endpoint_as(e, GH_PROOF_NONE);
    assert_string_equal(endpoint_request(e, "POST", DEVICE_PATH, body_with(other)), "credentials_required");
}

static gh_device_record records[2];

static void listed(gh_op *op)
{
    records[0] = (gh_device_record){.id = DEVICE,
                                    .name = GH_STR("Ada's phone"),
                                    .confirmed = true,
                                    .created_s = ENDPOINT_NOW - 100,
                                    .used_s = ENDPOINT_NOW};
    records[1] = (gh_device_record){.id = 13, .created_s = ENDPOINT_NOW, .expires_s = ENDPOINT_NOW + 1000};
    ((gh_op_device_list *)op)->devices = records;
    ((gh_op_device_list *)op)->n = 2;
}

static void ones_devices_are_listed(void **state)
{
    static const endpoint_op script = {GH_OP_DEVICE_LIST, GH_OP_OK, listed};
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_SESSION);
    e->principal.device = DEVICE;
    endpoint_script(e, &script, 1);
    assert_string_equal(endpoint_request(e, "GET", PATH, NULL), "answer 200");
    assert_int_equal(LAST_OP(e, gh_op_device_list)->user, 7);
    expect_body(e, "{\"devices\":[{\"id\":\"000000000000c\",\"name\":\"Ada's phone\",\"confirmed\":true,"
                   "\"current\":true,\"created_at\":\"2025-11-28T12:29:27Z\","
                   "\"last_used_at\":\"2025-11-28T12:31:07Z\",\"expires_at\":null},"
                   "{\"id\":\"000000000000d\",\"name\":null,\"confirmed\":false,\"current\":false,"
                   "\"created_at\":\"2025-11-28T12:31:07Z\",\"last_used_at\":null,"
                   "\"expires_at\":\"2025-11-28T12:47:47Z\"}],\"more\":false}");
    endpoint_script(e, NULL, 0);
    endpoint_as(e, GH_PROOF_NONE);
    e->policy->identity.device.anonymous = true;
    assert_string_equal(endpoint_request(e, "GET", PATH, NULL), "credentials_required");
}

static void one_is_removed(void **state)
{
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_SESSION);
    endpoint_script(e, &ended, 1);
    assert_string_equal(endpoint_request(e, "DELETE", DEVICE_PATH, NULL), "answer 204");
    assert_int_equal(LAST_OP(e, gh_op_device_end)->user, 7);
    assert_int_equal(LAST_OP(e, gh_op_device_end)->id, DEVICE);
    assert_int_equal(LAST_OP(e, gh_op_device_end)->token_s, e->policy->identity.token.access_s);
    expect_lines(e, "Cache-Control: no-store\r\n");
    e->principal.device = DEVICE; /* this one */
    assert_string_equal(endpoint_request(e, "DELETE", DEVICE_PATH, NULL), "answer 204");
    expect_lines(e, "Cache-Control: no-store\r\n"
                    "Set-Cookie: __Host-device=; Path=/; Secure; SameSite=Lax; HttpOnly; Max-Age=0\r\n");
}

static void an_anonymous_one_by_itself_alone(void **state)
{
    endpoint *e = *state;
    e->policy->identity.device.anonymous = true;
    endpoint_script(e, NULL, 0);
    assert_string_equal(endpoint_request(e, "DELETE", DEVICE_PATH, NULL), "not_found");
    e->principal.device = DEVICE + 1;
    assert_string_equal(endpoint_request(e, "DELETE", DEVICE_PATH, NULL), "not_found");
    e->principal.device = DEVICE;
    endpoint_script(e, &ended, 1);
    assert_string_equal(endpoint_request(e, "DELETE", DEVICE_PATH, NULL), "answer 204");
    assert_int_equal(LAST_OP(e, gh_op_device_end)->user, 0);
    endpoint_script(e, NULL, 0);
    e->policy->identity.device.anonymous = false;
    assert_string_equal(endpoint_request(e, "DELETE", DEVICE_PATH, NULL), "credentials_required");
}

static void what_can_fail(void **state)
{
    static const struct {
        const char *method, *path;
        endpoint_op script;
        const char *verdict;
    } rows[] = {
        {"POST", PATH, {GH_OP_DEVICE_BEGIN, GH_OP_CAP, NULL}, "too_many_devices"},
        {"POST", PATH, {GH_OP_DEVICE_BEGIN, GH_OP_UNAVAILABLE, NULL}, "identity_unavailable"},
        {"POST", DEVICE_PATH, {GH_OP_DEVICE_CONFIRM, GH_OP_EXPIRED, NULL}, "device_expired"},
        {"POST", DEVICE_PATH, {GH_OP_DEVICE_CONFIRM, GH_OP_WRONG, NULL}, "not_found"},
        {"POST", DEVICE_PATH, {GH_OP_DEVICE_CONFIRM, GH_OP_NOT_FOUND, NULL}, "not_found"},
        {"POST", DEVICE_PATH, {GH_OP_DEVICE_CONFIRM, GH_OP_UNAVAILABLE, NULL}, "identity_unavailable"},
        {"GET", PATH, {GH_OP_DEVICE_LIST, GH_OP_UNAVAILABLE, NULL}, "identity_unavailable"},
        {"DELETE", DEVICE_PATH, {GH_OP_DEVICE_END, GH_OP_NOT_FOUND, NULL}, "not_found"},
        {"DELETE", DEVICE_PATH, {GH_OP_DEVICE_END, GH_OP_UNAVAILABLE, NULL}, "identity_unavailable"},
    };
    endpoint *e = *state;
    char memory[GH_SECRET_TEXT_MAX];
    endpoint_as(e, GH_PROOF_SESSION);
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        const char *body = NULL;
        if (strcmp(rows[i].method, "POST") == 0)
            body = strcmp(rows[i].path, PATH) == 0 ? "{}"
                                                   : body_with(token_of(e, GH_SECRET_DEVICE, DEVICE, memory));
        endpoint_script(e, &rows[i].script, 1);
        assert_string_equal(endpoint_request(e, rows[i].method, rows[i].path, body), rows[i].verdict);
        assert_null(e->txn.own.lines.p);
    }
    endpoint_script(e, NULL, 0);
    assert_string_equal(endpoint_request(e, "DELETE", PATH "/c", NULL), "not_found");
    assert_string_equal(endpoint_request(e, "POST", PATH, "{\"name\":\"\"}"), "validation_error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENDPOINT_TEST(a_registration_begins),
        ENDPOINT_TEST(of_nobody_where_that_is_allowed),
        ENDPOINT_TEST(by_no_token_of_some_scopes),
        ENDPOINT_TEST(it_is_confirmed_by_its_token),
        ENDPOINT_TEST(and_by_no_other),
        ENDPOINT_TEST(ones_devices_are_listed),
        ENDPOINT_TEST(one_is_removed),
        ENDPOINT_TEST(an_anonymous_one_by_itself_alone),
        ENDPOINT_TEST(what_can_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
