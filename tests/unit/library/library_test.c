/* The public interface as its users see it: only <gatehouse/...>. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <gatehouse/gatehouse.h>

#define NONE    \
    {           \
        NULL, 0 \
    }
#define S(text)                  \
    {                            \
        (text), sizeof(text) - 1 \
    }
#define API "api.example.com"
#define NO_FIELD      \
    {                 \
        NONE, NONE, 0 \
    }
#define NO_BODY GH_FRAMING_NONE
#define FORWARD GH_OUTCOME_FORWARD
#define REFUSE GH_OUTCOME_REFUSE
#define LOCAL "hosts: { allowed: [localhost] }\n"

static const char yaml[] =
    "hosts: { allowed: [api.example.com] }\n"
    "client_address: { trusted_proxies: [10.0.0.0/8] }\n"
    "cors: { enabled: true, origins: [https://app.example.com], methods: [GET, POST] }\n"
    "limits: { body: 1MiB }\n"
    "rate_limits:\n"
    "  default: { requests: 0, window: 60s }\n"
    "  rules: [{ name: songs, paths: [/songs/**], limits: [2/minute] }]\n"
    "routes:\n"
    "  - { name: songs, path: \"/songs/**\", max_body: 1KiB }\n";

static const uint8_t key[16] = "0123456789abcde";

static void fill(void *data, void *out, size_t n)
{
    ++*(unsigned *)data;
    memset(out, 0xAB, n);
}

typedef struct fixture {
    gh_policy *policy;
    gh_state *state;
    gh_decision *decision;
    unsigned randoms; /* how often randomness was asked for */
    gh_world world;
} fixture;

static int set_up(void **state)
{
    static fixture f;
    char errors[1024];
    f = (fixture){.policy = gh_policy_load(gh_str_of(yaml), "test", errors, sizeof errors)};
    if (f.policy == NULL)
        fail_msg("%s", errors);
    assert_string_equal(errors, "");
    f.state = gh_state_new(1000);
    f.decision = gh_decision_new();
    f.world = (gh_world){1000, key, fill, &f.randoms, 0};
    assert_true(f.state != NULL && f.decision != NULL);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    gh_decision_free(f->decision);
    gh_state_free(f->state);
    gh_policy_free(f->policy);
    return 0;
}

static gh_ip ip_of(const char *text)
{
    gh_ip ip;
    if (!gh_ip_parse(gh_str_of(text), &ip))
        fail_msg("%s", text);
    return ip;
}

static gh_request get(const char *target)
{
    return (gh_request){.method = GH_STR("GET"),
                        .target = gh_str_of(target),
                        .host = GH_STR("api.example.com"),
                        .peer = ip_of("192.0.2.1")};
}

static void same(gh_str is, const char *expected)
{
    if (expected == NULL ? is.p != NULL : !gh_str_eq(is, gh_str_of(expected)))
        fail_msg("\"%.*s\" is not \"%s\"", (int)is.n, is.p, expected == NULL ? "(absent)" : expected);
}

static void test_a_policy_reports_all_errors(void **state)
{
    static const struct {
        const char *yaml, *errors;
    } rows[] = {
        {LOCAL, ""},
        {"", ""},
        {"hots: { allowed: [localhost] }\ncors: { enabled: maybe }\n",
         "p:1:1: error: unknown setting \"hots\" (did you mean hosts?)\n"
         "p:2:18: error: cors.enabled: \"maybe\" is neither on nor off\n"},
        {"a: [", "p:"},
        {"routes: [{ name: a, path: /a, upstream: b }]\n", "p:1:41: error: route a: there is no upstream b"},
        {"upstreams: [{ name: b, servers: [http://127.0.0.1:1] }]\nroutes: [{ name: a, path: /a, upstream: b }]\n",
         ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char errors[4096] = "?";
        gh_policy *p = gh_policy_load(gh_str_of(rows[i].yaml), "p", errors, sizeof errors);
        if (strncmp(errors, rows[i].errors, strlen(rows[i].errors)) != 0)
            fail_msg("row %zu: %s", i, errors);
        assert_true((p != NULL) == (rows[i].errors[0] == '\0'));
        gh_policy_free(p);
    }
}

static void test_errors_are_cut_at_whole_lines(void **state)
{
    const gh_str wrong = GH_STR("hots: 1\nmethod: 2\n");
    char whole[512], part[512];
    (void)state;
    assert_null(gh_policy_load(wrong, NULL, whole, sizeof whole));
    size_t first = strcspn(whole, "\n") + 1;
    assert_true(whole[first] != '\0');
    assert_memory_equal(whole, "policy:1:1: error: ", 19);
    for (size_t size = 1; size <= sizeof part; size *= 2) {
        memset(part, '?', sizeof part);
        assert_null(gh_policy_load(wrong, NULL, part, size));
        size_t n = strlen(part);
        assert_true(n < size);
        assert_true(n == 0 || part[n - 1] == '\n');
    }
    assert_null(gh_policy_load(wrong, NULL, NULL, 0));
}

static void test_verdicts(void **state)
{
    static const struct {
        const char *method, *target, *host;
        gh_field field;
        enum gh_framing framing;
        uint64_t length;
        enum gh_outcome outcome;
        unsigned status;
        const char *reason, *path, *query, *route;
    } rows[] = {
        /* clang-format off */
        {"GET", "/x?q=1", API, NO_FIELD, NO_BODY, 0, FORWARD, 0, "none", "/x", "q=1", NULL},
        {"GET", "/y/../songs/%37", API, NO_FIELD, NO_BODY, 0, FORWARD, 0, "none", "/songs/7", NULL, "songs"},
        {"GET", "/x", NULL, {S("HOST"), S(API), 0}, NO_BODY, 0, FORWARD, 0, "none", "/x", NULL, NULL},
        {"GET", "/x", NULL, {S("Host"), S("b.example"), 0}, NO_BODY, 0, REFUSE, 400, "host_not_allowed", "/x", NULL, NULL},
        {"GET", "/x", NULL, NO_FIELD, NO_BODY, 0, REFUSE, 400, "host_not_allowed", "/x", NULL, NULL},
        {"GET", "/../x", API, NO_FIELD, NO_BODY, 0, REFUSE, 400, "target_not_accepted", NULL, NULL, NULL},
        {"BREW", "/x", API, NO_FIELD, NO_BODY, 0, REFUSE, 405, "method_not_allowed", "/x", NULL, NULL},
        {"POST", "/x", API, NO_FIELD, GH_FRAMING_LENGTH, 1025, FORWARD, 0, "none", "/x", NULL, NULL},
        {"POST", "/songs/1", API, NO_FIELD, GH_FRAMING_LENGTH, 1025, REFUSE, 413, "body_too_large", "/songs/1", NULL, "songs"},
        /* clang-format on */
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gh_field field = rows[i].field;
        gh_request r = {.method = gh_str_of(rows[i].method),
                        .target = gh_str_of(rows[i].target),
                        .host = gh_str_of(rows[i].host),
                        .fields = &field,
                        .n_fields = field.name.p != NULL,
                        .framing = rows[i].framing,
                        .content_length = rows[i].length,
                        .peer = ip_of("192.0.2.7")};
        gh_details d;
        print_message("row %zu\n", i);
        assert_int_equal(gh_decide(f->decision, f->policy, f->state, &f->world, &r), rows[i].outcome);
        gh_decision_details(f->decision, &d);
        assert_int_equal(d.outcome, rows[i].outcome);
        assert_int_equal(d.status, rows[i].status);
        same(d.reason, rows[i].reason);
        same(d.path, rows[i].path);
        same(d.query, rows[i].query);
        same(d.route, rows[i].route);
        if (d.outcome == GH_OUTCOME_FORWARD)
            assert_int_equal(d.max_body, rows[i].route != NULL ? 1024 : 1 << 20);
    }
}

static void test_two_hosts_are_malformed(void **state)
{
    fixture *f = *state;
    gh_field fields[] = {{GH_STR("Host"), GH_STR("api.example.com"), 0},
                         {GH_STR("Host"), GH_STR("api.example.com"), 0}};
    gh_request r = get("/x");
    gh_details d;
    r.host = (gh_str)NONE;
    r.fields = fields;
    r.n_fields = 2;
    assert_int_equal(gh_decide(f->decision, f->policy, f->state, &f->world, &r), GH_OUTCOME_REFUSE);
    gh_decision_details(f->decision, &d);
    same(d.reason, "malformed_request");
    assert_false(r.classified); /* the caller's struct can be used again for other fields */
}

static bool holds(const gh_space *space, const char *part)
{
    return memmem(space->p, space->n, part, strlen(part)) != NULL;
}

/* Behind a trusted proxy; the third is refused, its neighbour is not, and a minute later all is well. */
static void test_limits(void **state)
{
    fixture *f = *state;
    gh_field forwarded = {GH_STR("X-Forwarded-For"), GH_STR("198.51.100.1"), 0};
    gh_request r = get("/songs/1");
    char text[GH_IP_TEXT_MAX], memory[2][4096];
    gh_space lines = {memory[0], sizeof memory[0], 0}, body = {memory[1], sizeof memory[1], 0};
    gh_details d;
    r.peer = ip_of("10.0.0.1");
    r.fields = &forwarded;
    r.n_fields = 1;
    for (int i = 0; i < 2; i++)
        assert_int_equal(gh_decide(f->decision, f->policy, f->state, &f->world, &r), GH_OUTCOME_FORWARD);
    assert_false(gh_decision_answer(f->decision, &lines, &body)); /* nothing to answer */
    assert_int_equal(f->randoms, 0);
    assert_int_equal(gh_decide(f->decision, f->policy, f->state, &f->world, &r), GH_OUTCOME_REFUSE);
    gh_decision_details(f->decision, &d);
    assert_int_equal(d.status, 429);
    same(d.reason, "rate_limit_exceeded");
    same(d.rule, "songs");
    same(gh_ip_text(&d.client, text), "198.51.100.1");
    assert_in_range(d.retry_after, 1, 61);
    assert_true(gh_decision_answer(f->decision, &lines, &body));
    same(gh_decision_id(f->decision), "abababababababababababab");
    assert_int_equal(f->randoms, 1);
    assert_true(holds(&body, "abababababababababababab") &&
                holds(&body, "\"error\":\"rate_limit_exceeded\""));
    assert_true(holds(&lines, "Retry-After: ") && holds(&lines, "RateLimit: "));
    for (size_t size = 0; size < 64; size++) {
        gh_space small = {memory[0], size, 77};
        assert_false(gh_decision_answer(f->decision, &small, &body));
        assert_true(small.n == 0 && body.n == 0);
    }
    forwarded.value = GH_STR("198.51.100.2");
    assert_int_equal(gh_decide(f->decision, f->policy, f->state, &f->world, &r), GH_OUTCOME_FORWARD);
    forwarded.value = GH_STR("198.51.100.1");
    f->world.now_ms += 61000;
    assert_int_equal(gh_decide(f->decision, f->policy, f->state, &f->world, &r), GH_OUTCOME_FORWARD);
}

/* Limits that can't be counted are no open door. */
static void test_no_state_refuses(void **state)
{
    fixture *f = *state;
    gh_request limited = get("/songs/1"), free = get("/x");
    gh_details d;
    assert_int_equal(gh_decide(f->decision, f->policy, NULL, &f->world, &limited), GH_OUTCOME_REFUSE);
    gh_decision_details(f->decision, &d);
    same(d.reason, "internal_error");
    assert_int_equal(gh_decide(f->decision, f->policy, NULL, &f->world, &free), GH_OUTCOME_FORWARD);
}

static void test_reply(void **state)
{
    fixture *f = *state;
    gh_field origin = {GH_STR("Origin"), GH_STR("https://app.example.com"), 0};
    gh_field fields[] = {{GH_STR("Server"), GH_STR("x"), 0},
                         {GH_STR("Content-Type"), GH_STR("text/plain"), 0},
                         {GH_STR("access-control-allow-origin"), GH_STR("*"), 0},
                         {GH_STR("X-Powered-By"), GH_STR("x"), 0},
                         {GH_STR("X-Own"), GH_STR("1"), 0}};
    char memory[4096];
    unsigned n = 5;
    gh_space small = {memory, 20, 7}, lines = {memory, sizeof memory, 0};
    gh_request r = get("/songs/1");
    r.fields = &origin;
    r.n_fields = 1;
    assert_int_equal(gh_decide(f->decision, f->policy, f->state, &f->world, &r), GH_OUTCOME_FORWARD);
    assert_false(gh_decision_reply(f->decision, 200, fields, &n, &small));
    assert_true(n == 5 && small.n == 0);
    same(fields[0].name, "Server");
    assert_true(gh_decision_reply(f->decision, 200, fields, &n, &lines));
    assert_int_equal(n, 2);
    same(fields[0].name, "Content-Type");
    same(fields[1].name, "X-Own");
    assert_true(holds(&lines, "Access-Control-Allow-Origin: https://app.example.com\r\n"));
    assert_true(holds(&lines, "Vary: Origin\r\n") && holds(&lines, "X-Content-Type-Options: nosniff\r\n"));
    assert_true(holds(&lines, "RateLimit-Policy: "));
}

/* Nothing was decided yet: nothing to say, and nothing breaks. */
static void test_before_the_first_request(void **state)
{
    gh_decision *d = gh_decision_new();
    char memory[256];
    unsigned n = 0;
    gh_space lines = {memory, sizeof memory, 0}, body = lines;
    gh_details details;
    (void)state;
    assert_non_null(d);
    gh_decision_details(d, &details);
    assert_int_equal(details.client.family, 0);
    same(gh_decision_id(d), NULL);
    assert_false(gh_decision_answer(d, &lines, &body));
    assert_false(gh_decision_reply(d, 200, NULL, &n, &lines));
    gh_decision_free(d);
    gh_decision_free(NULL);
    gh_policy_free(NULL);
    gh_state_free(NULL);
}

/* What identity would do elsewhere is done by nobody here: refused, and nothing is left behind by the next decision. */
static void test_operations_are_refused_and_given_back(void **state)
{
    static const char identity[] =
        "profile: development\nsecret_key: 0123456789abcdef0123456789abcdef\n"
        "hosts: { allowed: [api.example.com] }\nrate_limits: { enabled: off }\n"
        "identity: { enabled: on, session: { insecure_cookies: on }, token: { algorithm: HS256 } }\n";
    char errors[1024];
    unsigned randoms = 0;
    const gh_world world = {1000, key, fill, &randoms, 1700000000};
    gh_field fields[] = {{GH_STR("Content-Type"), GH_STR("application/json"), 0}};
    gh_request r = get("/api/auth/login");
    r.method = GH_STR("POST");
    r.fields = fields;
    r.n_fields = 1;
    r.framing = GH_FRAMING_LENGTH;
    r.content_length = 40;
    (void)state;
    gh_policy *p = gh_policy_load(gh_str_of(identity), "identity", errors, sizeof errors);
    if (p == NULL)
        fail_msg("%s", errors);
    gh_decision *d = gh_decision_new();
    gh_details details;
    size_t before = 0;
    for (unsigned i = 0; i < 20; i++) {
        if (i == 10)
            before = mallinfo2().uordblks;
        assert_int_equal(gh_decide(d, p, NULL, &world, &r), GH_OUTCOME_BODY);
        assert_int_equal(gh_decide_body(d, GH_STR("{\"username\":\"ann\",\"password\":\"long enough\"}")),
                         REFUSE);
        gh_decision_details(d, &details);
        same(details.reason, "identity_unavailable");
    }
    assert_int_equal(mallinfo2().uordblks, before);
    gh_decision_free(d);
    gh_policy_free(p);
}

static void test_ip_text(void **state)
{
    static const char *const texts[] = {"192.0.2.1", "2001:db8::1",
                                        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char memory[GH_IP_TEXT_MAX];
        gh_ip ip = ip_of(texts[i]);
        same(gh_ip_text(&ip, memory), texts[i]);
        assert_string_equal(memory, texts[i]);
    }
    same(gh_ip_text(&(gh_ip){0}, (char[GH_IP_TEXT_MAX]){0}), "-");
}

static void test_max_clients(void **state)
{
    (void)state;
    gh_policy *p = gh_policy_load(GH_STR("rate_limits: { max_clients: 4321 }\n"), NULL, NULL, 0);
    assert_non_null(p);
    assert_int_equal(gh_policy_max_clients(p), 4321);
    gh_policy_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_policy_reports_all_errors),
        cmocka_unit_test(test_errors_are_cut_at_whole_lines),
        cmocka_unit_test_setup_teardown(test_verdicts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_two_hosts_are_malformed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_state_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reply, set_up, tear_down),
        cmocka_unit_test(test_before_the_first_request),
        cmocka_unit_test(test_operations_are_refused_and_given_back),
        cmocka_unit_test(test_ip_text),
        cmocka_unit_test(test_max_clients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
