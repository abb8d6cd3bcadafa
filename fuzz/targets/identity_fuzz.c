/* A whole decision with identity on: bytes choose what the roster and the store say, the rest is a request's head and its
 * body. Whatever they are: who is known was answered for, what a route demands holds for what is forwarded, an unsafe
 * request by session has that session's token, and no credential of ours goes on. */
#include "fuzz.h"

#include "base/crypto.h"
#include "config/compile.h"
#include "core/answer.h"
#include "identity/cookies.h"
#include "identity/token.h"
#include "wire/h1_head.h"

enum { FIELDS = 48, LARGE = 16384, ADMIN_ROUTE = 0, OWN_ROUTE = 1 };

static const char configuration[] =
    "secret_key: 4d9f2c81b7e6350a4d9f2c81b7e6350a\n"
    "identity:\n"
    "  enabled: on\n"
    "  token: {algorithm: HS256}\n"
    "  csrf: {origins: ['https://b.example']}\n"
    "rate_limits: {rules: [{name: u, scope: user, limits: [9/minute]}, {name: d, paths: ['/d'], scope: device, "
    "limits: [9/minute]}]}\n"
    "routes:\n"
    "  - {name: admin, path: /admin/**, require: {roles: [admin]}}\n"
    "  - {name: own, path: '/users/{id}', require: {claims: {user: '{id}'}}}\n";

static gh_policy *policy;

static void make_policy(void)
{
    static gh_config *config; /* kept: the policy borrows from it */
    gh_report report;
    gh_config_source source = {GH_SOURCE_YAML, "fuzz.yaml", gh_str_of(configuration)};
    gh_config_input input = {.sources = &source, .n_sources = 1, .upstream = GH_STR("http://127.0.0.1:8000")};
    if (policy != NULL)
        return;
    FUZZ_CHECK(gh_crypto_init());
    gh_report_init(&report);
    config = gh_config_load(&input, &report);
    FUZZ_CHECK(config != NULL);
    policy = gh_policy_compile(config, &report);
    FUZZ_CHECK(policy != NULL);
    gh_report_free(&report);
}

static void fixed(void *data, void *out, size_t n)
{
    (void)data;
    memset(out, 0x5a, n);
}

/* Of user 42, "alice", with the roles that luck has. */
static void answer_lookups(gh_txn *txn, uint8_t luck)
{
    for (unsigned i = txn->n_looked; i < txn->n_lookups; i++) {
        gh_lookup *l = &txn->lookups[i];
        FUZZ_CHECK(l->id != 0 || l->kind == GH_LOOKUP_TOKEN);
        l->answer = (uint8_t)((luck >> i) % 8);
        l->subject.user = l->kind == GH_LOOKUP_DEVICE && luck > 200 ? 0 : 42;
        l->subject.name.n = 5;
        memcpy(l->subject.name.p, "alice", 5);
        l->subject.roles.n = luck % 2 == 0 ? 5 : 4;
        memcpy(l->subject.roles.p, luck % 2 == 0 ? "admin" : "user", l->subject.roles.n);
    }
}

static void answer_takes(gh_txn *txn, uint8_t luck)
{
    for (unsigned i = txn->n_answered; i < txn->n_takes; i++)
        txn->takes[i].answer = luck % 16 == 15 ? GH_TAKE_REFUSED : GH_TAKE_OK;
}

static bool was_answered(const gh_txn *txn, enum gh_lookup_kind kind)
{
    for (unsigned i = 0; i < txn->n_lookups; i++)
        if (txn->lookups[i].kind == kind && txn->lookups[i].answer == GH_LOOKUP_GOOD)
            return true;
    return false;
}

static void check_principal(const gh_txn *txn)
{
    const gh_principal *who = &txn->principal;
    FUZZ_CHECK((who->proof == GH_PROOF_NONE) == (who->user == 0 && who->issuer.p == NULL));
    FUZZ_CHECK(who->proof != GH_PROOF_SESSION || was_answered(txn, GH_LOOKUP_SESSION));
    FUZZ_CHECK(who->proof != GH_PROOF_API_KEY || was_answered(txn, GH_LOOKUP_API_KEY));
    FUZZ_CHECK(who->proof != GH_PROOF_TOKEN || (was_answered(txn, GH_LOOKUP_TOKEN) && txn->token != NULL));
    FUZZ_CHECK(who->device == 0 || who->proof == GH_PROOF_TOKEN || was_answered(txn, GH_LOOKUP_DEVICE));
    FUZZ_CHECK(txn->credentials.bearer.p == NULL || who->proof == GH_PROOF_TOKEN);
    FUZZ_CHECK(txn->credentials.api_key.p == NULL || who->proof == GH_PROOF_API_KEY);
}

static bool good_token(void *data, gh_str value)
{
    const gh_txn *txn = data;
    return gh_csrf_check(&policy->identity.keys, txn->principal.session, value) == GH_CSRF_GOOD;
}

/* In the header, or somewhere in the body. */
static void check_csrf(gh_txn *txn)
{
    gh_str method = txn->request->method, body = txn->body;
    bool good = gh_str_eq(method, GH_STR("GET")) || gh_str_eq(method, GH_STR("HEAD")) ||
                gh_str_eq(method, GH_STR("OPTIONS")) || gh_str_eq(method, GH_STR("TRACE"));
    for (unsigned i = 0; i < txn->request->n_fields && !good; i++)
        good = gh_str_eq_nocase(txn->request->fields[i].name, GH_STR("X-CSRF-Token")) &&
               good_token(txn, txn->request->fields[i].value);
    FUZZ_CHECK(good || (txn->csrf_in_form && txn->body_state == GH_BODY_THERE && body.n >= GH_CSRF_TEXT));
}

/* Each line is a token, ": ", a value of printable characters, CRLF. */
static void check_lines(gh_str lines)
{
    while (lines.n > 0) {
        size_t end = gh_str_find(lines, '\n'), colon = gh_str_find(lines, ':');
        FUZZ_CHECK(end < lines.n && end > 0 && lines.p[end - 1] == '\r' && colon < end);
        FUZZ_CHECK(gh_is_token(gh_str_cut(lines, 0, colon)));
        for (size_t i = colon; i < end - 1; i++)
            FUZZ_CHECK((uint8_t)lines.p[i] >= ' ' && lines.p[i] != 0x7f);
        lines = gh_str_cut(lines, end + 1, lines.n);
    }
}

static bool found(void *data, gh_str value)
{
    (void)data, (void)value;
    return true;
}

static void check_stripped(gh_txn *txn)
{
    static char memory[LARGE];
    uint64_t strip = gh_identity_strip(txn);
    FUZZ_CHECK(txn->credentials.api_key.p == NULL || strip != 0);
    FUZZ_CHECK(txn->credentials.session.p == NULL || (strip & GH_FIELD_BIT(GH_FIELD_COOKIE)) != 0);
    for (unsigned i = 0; i < txn->request->n_fields; i++) {
        gh_buf out = gh_buf_over(memory, sizeof memory);
        if (txn->request->fields[i].id != GH_FIELD_COOKIE)
            continue;
        gh_identity_strip_cookies(txn, txn->request->fields[i].value, &out);
        FUZZ_CHECK(gh_buf_ok(&out) && out.n <= txn->request->fields[i].value.n * 2);
        gh_field left = {GH_STR("Cookie"), gh_buf_str(&out), GH_FIELD_COOKIE};
        gh_request request = {.fields = &left, .n_fields = 1, .seen = GH_FIELD_BIT(GH_FIELD_COOKIE)};
        FUZZ_CHECK(!gh_cookies_find(&request, policy->identity.session.name, found, NULL));
        FUZZ_CHECK(!gh_cookies_find(&request, policy->identity.session.device_name, found, NULL));
    }
}

static void check_forward(gh_txn *txn)
{
    static char memory[LARGE];
    gh_buf lines = gh_buf_over(memory, sizeof memory);
    const gh_principal *who = &txn->principal;
    check_principal(txn);
    FUZZ_CHECK(txn->route->endpoint == NULL && !gh_str_starts(txn->target.path, GH_STR("/api/auth/")));
    if (txn->route == &policy->routes[ADMIN_ROUTE])
        FUZZ_CHECK(who->role_set != 0 && gh_str_eq(who->roles, GH_STR("admin")));
    if (txn->route == &policy->routes[OWN_ROUTE])
        FUZZ_CHECK(gh_str_eq(txn->target.path, GH_STR("/users/000000000001a")) && who->user == 42);
    if (who->proof == GH_PROOF_SESSION)
        check_csrf(txn);
    gh_identity_forward(txn, &lines);
    FUZZ_CHECK(gh_buf_ok(&lines));
    check_lines(gh_buf_str(&lines));
    check_stripped(txn);
}

static void check_answer(gh_txn *txn)
{
    static char lines_memory[LARGE], body_memory[LARGE];
    gh_buf lines = gh_buf_over(lines_memory, LARGE), body = gh_buf_over(body_memory, LARGE);
    gh_answer_write(txn, &lines, &body);
    FUZZ_CHECK(gh_buf_ok(&lines) && gh_buf_ok(&body));
    check_lines(gh_buf_str(&lines));
    if (txn->verdict.status == 401)
        FUZZ_CHECK(memmem(lines.p, lines.n, "WWW-Authenticate: Bearer ", 25) != NULL);
}

static void decide(gh_txn *txn, uint8_t luck, gh_str body)
{
    unsigned asks = 0;
    for (enum gh_step step; (step = gh_engine_step(txn)) != GH_STEP_VERDICT;) {
        FUZZ_CHECK(++asks < 2 * GH_STAGE_COUNT && txn->n_lookups <= GH_LOOKUPS_MAX);
        if (step == GH_STEP_BODY) {
            gh_engine_body(txn, gh_str_cut(body, 0, txn->max_body));
            continue;
        }
        answer_takes(txn, luck);
        answer_lookups(txn, luck);
    }
    if (txn->verdict.outcome == GH_OUTCOME_FORWARD)
        check_forward(txn);
    else
        check_answer(txn);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[GH_SIPHASH_KEY_SIZE] = "fuzz";
    static const gh_h1_limits limits = {LARGE, LARGE, FIELDS};
    static gh_field fields[FIELDS];
    static gh_txn txn;
    gh_h1_head head;
    gh_arena arena;
    make_policy();
    if (size < 1 || size > LARGE)
        return 0;
    gh_str in = {(const char *)data + 1, size - 1};
    if (gh_h1_read_request(in, &limits, fields, &head) != GH_H1_DONE)
        return 0;
    gh_request request = {.method = head.method,
                          .target = head.target,
                          .host = head.host,
                          .fields = fields,
                          .n_fields = head.n_fields,
                          .seen = head.seen,
                          .framing = head.framing,
                          .content_length = head.content_length,
                          .tls = (data[0] & 0x80) != 0,
                          .classified = true};
    gh_world world = {.now_ms = 1000, .key = key, .random = fixed, .unix_s = UINT64_C(1700000000)};
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    memset(&txn, 0xA5, sizeof txn);
    gh_engine_begin(&txn, policy, &request, &arena, &world);
    decide(&txn, data[0], gh_str_cut(in, head.head_size, in.n));
    gh_txn_end(&txn);
    gh_arena_reset(&arena);
    return 0;
}
