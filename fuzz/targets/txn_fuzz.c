/* A whole decision: bytes choose a policy and what the store says, the rest is a request head, then an
 * upstream's answer. Whatever they are: nothing is forwarded that a limit or the list of hosts refuses, what
 * is forwarded has a normal path, and every line that goes out is one field. */
#include "fuzz.h"

#include <string.h>

#include "base/crypto.h"
#include "config/compile.h"
#include "core/answer.h"
#include "wire/h1_head.h"

enum { FIELDS = 48, LARGE = 16384 };

/* clang-format off */
static const char *const configurations[] = {
    "rate_limits: {default: {requests: 2}}\n",

    "hosts: {allowed: [a.example, '*.b.example', '::1']}\n"
    "client_address: {trusted_proxies: [10.0.0.0/8, 'fd00::/8'], source: forwarded}\n"
    "cors: {enabled: on, origins: [https://a.example], methods: [GET, PUT], headers: [X-A], credentials: on}\n"
    "rate_limits: {headers: both, exempt_paths: [/h], bypass: [10.9.0.0/16], rules: [\n"
    "  {name: d, paths: ['/d/**'], scope: device, limits: [1/minute]},\n"
    "  {name: h, paths: ['/h/{id}'], scope: header, header: X-A, limits: [1/minute, 2/hour]},\n"
    "  {name: o, mode: observe, limits: [1/minute]},\n"
    "  {name: p, mode: observe, scope: header, header: X-B, limits: [3/minute]}]}\n"
    "routes: [{name: r, path: '/d/**', max_body: 10, headers: {profile: html}}, {name: s, path: '/h/{id}'}]\n"
    "unmatched: refuse\n",

    "hosts: {allowed: ['*']}\n"
    "client_address: {trusted_proxies: [10.0.0.0/8]}\n"
    "cors: {enabled: on, origins: ['*'], methods: [GET]}\n"
    "headers: {frame_options: off}\n"
    "rate_limits: {headers: x-ratelimit, ipv6_parents: [], default: {requests: 0}, rules: [\n"
    "  {name: g, scope: global, algorithm: token_bucket, burst: 3, limits: [10/minute]}]}\n",

    /* more limits than a take holds, below /a */
    "rate_limits: {rules: [\n"
    "  {name: a, paths: ['/a/**'], limits: [1/minute, 2/hour, 3/day]},\n"
    "  {name: b, paths: ['/a/**'], limits: [1/minute, 2/hour, 3/day]},\n"
    "  {name: c, mode: observe, paths: ['/a/**', /c], limits: [1/minute, 2/hour, 3/day]}]}\n",
};
/* clang-format on */
enum { POLICIES = GH_COUNT(configurations) };

static gh_policy *policies[POLICIES];

static void make_policies(void)
{
    static gh_config *configs[POLICIES]; /* kept: the policies borrow from them */
    if (policies[0] != NULL)
        return;
    FUZZ_CHECK(gh_crypto_init());
    for (unsigned i = 0; i < POLICIES; i++) {
        gh_report report;
        gh_config_source source = {GH_SOURCE_YAML, "fuzz.yaml", gh_str_of(configurations[i])};
        gh_config_input input = {
            .sources = &source, .n_sources = 1, .upstream = GH_STR("http://127.0.0.1:8000")};
        gh_report_init(&report);
        configs[i] = gh_config_load(&input, &report);
        FUZZ_CHECK(configs[i] != NULL);
        policies[i] = gh_policy_compile(configs[i], &report);
        FUZZ_CHECK(policies[i] != NULL);
        gh_report_free(&report);
    }
}

static void fixed(void *data, void *out, size_t n)
{
    (void)data;
    memset(out, 0x5a, n);
}

/* The input, consumed from the front. */
typedef struct feed {
    const uint8_t *p;
    size_t n;
} feed;

static uint8_t take_byte(feed *f)
{
    if (f->n == 0)
        return 0;
    f->n--;
    return *f->p++;
}

/* A store that says what it likes. True: it refused an enforced take. */
static bool answer_takes(gh_txn *txn, uint64_t luck)
{
    bool refused = false;
    unsigned last = 0;
    for (unsigned i = txn->n_answered; i < txn->n_takes; i++) {
        gh_take *take = &txn->takes[i];
        const gh_limit_rule *rule = &txn->policy->limits.rules[txn->origins[i].rule];
        FUZZ_CHECK(take->limit != NULL && take->weight >= 1);
        FUZZ_CHECK(take->group == last || take->group == last + 1);
        FUZZ_CHECK((take->group != 0) == rule->observe);
        last = take->group;
        luck = gh_mix64(luck + 1);
        static const enum gh_take_answer answers[] = {GH_TAKE_OK,          GH_TAKE_REFUSED, GH_TAKE_FULL,
                                                      GH_TAKE_UNAVAILABLE, GH_TAKE_OK,      GH_TAKE_OK};
        take->answer = answers[luck % GH_COUNT(answers)];
        take->remaining = luck >> (luck % 64);
        take->reset_ms = luck >> (luck / 64 % 64);
        take->retry_ms = luck >> (luck / 4096 % 64);
        refused = refused || (take->answer != GH_TAKE_OK && !rule->observe);
    }
    return refused;
}

/* Each line is a token, ": ", a value without control characters but HTAB, CRLF. */
static void check_lines(gh_str lines)
{
    while (lines.n > 0) {
        size_t end = gh_str_find(lines, '\n'), colon = gh_str_find(lines, ':');
        FUZZ_CHECK(end < lines.n && end > 0 && lines.p[end - 1] == '\r' && colon < end);
        FUZZ_CHECK(gh_is_token(gh_str_cut(lines, 0, colon)));
        for (size_t i = colon; i < end - 1; i++)
            FUZZ_CHECK(((uint8_t)lines.p[i] >= ' ' || lines.p[i] == '\t') && lines.p[i] != 0x7f);
        lines = gh_str_cut(lines, end + 1, lines.n);
    }
}

static bool has_line(gh_str lines, gh_str start)
{
    gh_str line;
    while (gh_str_next(&lines, '\n', &line))
        if (gh_str_starts(line, start))
            return true;
    return false;
}

static void check_cors(const gh_txn *txn, gh_str lines)
{
    const gh_cors_policy *cors = &txn->policy->cors;
    if (!has_line(lines, GH_STR("Access-Control-Allow-Origin: ")))
        return;
    bool listed = cors->any_origin && !gh_str_eq(txn->origin, GH_STR("null"));
    for (unsigned i = 0; i < cors->n_origins; i++)
        listed = listed || gh_str_eq(cors->origins[i], txn->origin);
    FUZZ_CHECK(cors->enabled && listed && txn->origin.p != NULL);
}

/* With an arena of its own: the request's may be used up. */
static void check_forward(const gh_txn *txn, gh_arena *arena)
{
    gh_target again;
    gh_authority host;
    const char *why;
    const gh_policy *p = txn->policy;
    gh_str path = txn->target.path;
    FUZZ_CHECK(txn->verdict.reason == GH_REASON_NONE && txn->route != NULL);
    FUZZ_CHECK(gh_host_pattern_any(p->hosts, p->n_hosts, txn->authority.host));
    gh_str named = txn->target.authority.p != NULL ? txn->target.authority : txn->request->host;
    FUZZ_CHECK(gh_authority_parse(named, arena, &host) && gh_str_eq(host.host, txn->authority.host));
    if (txn->client.host.p != NULL)
        FUZZ_CHECK(gh_authority_parse(txn->client.host, arena, &host) &&
                   gh_host_pattern_any(p->hosts, p->n_hosts, host.host));
    FUZZ_CHECK(txn->method < GH_METHODS_MAX && (p->allowed_methods >> txn->method & 1) == 1);
    if (txn->request->framing == GH_FRAMING_LENGTH)
        FUZZ_CHECK(txn->request->content_length <= txn->route->max_body);
    if (!gh_str_eq(path, GH_STR("*")))
        FUZZ_CHECK(gh_target_parse(path, arena, &again, &why) && gh_str_eq(again.path, path));
}

/* Our own answer, with room and without. */
static void check_answer(gh_txn *txn, size_t room)
{
    static char lines_memory[LARGE], body_memory[LARGE];
    gh_buf lines = gh_buf_over(lines_memory, room), body = gh_buf_over(body_memory, room);
    gh_answer_write(txn, &lines, &body);
    FUZZ_CHECK(lines.n <= room && body.n <= room);
    FUZZ_CHECK(room < LARGE || (gh_buf_ok(&lines) && gh_buf_ok(&body)));
    if (!gh_buf_ok(&lines))
        return;
    check_lines(gh_buf_str(&lines));
    check_cors(txn, gh_buf_str(&lines));
    if (txn->verdict.outcome == GH_OUTCOME_REFUSE && gh_buf_ok(&body))
        FUZZ_CHECK(body.n > 2 && body.p[0] == '{' && body.p[body.n - 1] == '}');
    if (txn->verdict.status == 429)
        FUZZ_CHECK(has_line(gh_buf_str(&lines), GH_STR("Retry-After: ")));
}

static void check_reply(gh_txn *txn, gh_str in, size_t room)
{
    static char memory[LARGE];
    static gh_field fields[FIELDS];
    static const gh_h1_limits limits = {LARGE, LARGE, FIELDS};
    gh_h1_head head;
    gh_buf lines = gh_buf_over(memory, room);
    if (gh_h1_read_response(in, &limits, fields, false, &head) != GH_H1_DONE)
        return;
    gh_reply reply = {
        .status = head.status, .fields = fields, .n_fields = head.n_fields, .seen = head.seen, .out = &lines};
    gh_engine_reply(txn, &reply);
    FUZZ_CHECK(lines.n <= room);
    if (txn->policy->cors.enabled)
        FUZZ_CHECK((reply.drop & GH_FIELD_BIT(GH_FIELD_ACCESS_CONTROL_RESPONSE)) != 0);
    if (!gh_buf_ok(&lines))
        return;
    check_lines(gh_buf_str(&lines));
    check_cors(txn, gh_buf_str(&lines));
}

static void decide(gh_txn *txn, uint8_t luck)
{
    unsigned asks = 0;
    bool refused = false;
    while (gh_engine_step(txn) == GH_STEP_ASK) {
        FUZZ_CHECK(txn->n_takes <= GH_TAKES_MAX && ++asks < GH_STAGE_COUNT);
        refused = answer_takes(txn, luck) || refused;
    }
    FUZZ_CHECK(txn->observed <= GH_COUNT(txn->observed_rules));
    for (unsigned i = 0; i < txn->observed; i++)
        FUZZ_CHECK(txn->policy->limits.rules[txn->observed_rules[i]].observe);
    if (txn->verdict.outcome == GH_OUTCOME_FORWARD) {
        FUZZ_CHECK(!refused);
        gh_arena arena;
        gh_arena_init(&arena, NULL, 0, 256 << 10);
        check_forward(txn, &arena);
        gh_arena_reset(&arena);
    }
    if (refused)
        FUZZ_CHECK(txn->verdict.reason == GH_REASON_RATE_LIMIT_EXCEEDED ||
                   txn->verdict.reason == GH_REASON_CAPACITY_REDUCED ||
                   txn->verdict.reason == GH_REASON_LIMITS_UNAVAILABLE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[GH_SIPHASH_KEY_SIZE] = "fuzz";
    static const gh_h1_limits limits = {LARGE, LARGE, FIELDS};
    static gh_field fields[FIELDS];
    static gh_txn txn;
    feed f = {data, size};
    gh_h1_head head;
    gh_arena arena;
    make_policies();
    uint8_t choice = take_byte(&f), luck = take_byte(&f), peer = take_byte(&f);
    gh_str in = {(const char *)f.p, f.n};
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
                          .tls = (choice & 0x40) != 0,
                          .classified = true};
    request.peer.family = peer % 3 == 0 ? 0 : peer % 3 == 1 ? 4 : 6;
    if (request.peer.family != 0)
        request.peer.bytes[0] = peer < 128 ? 10 : peer;
    gh_world world = {.now_ms = 1000, .key = key, .random = fixed};
    gh_arena_init(&arena, NULL, 0, (choice & 0x80) != 0 ? 64 : 256 << 10);
    memset(&txn, 0xA5, sizeof txn);
    gh_engine_begin(&txn, policies[choice % POLICIES], &request, &arena, &world);
    decide(&txn, luck);
    size_t room = (choice & 0x20) != 0 ? luck * (size_t)4 : LARGE;
    if (txn.verdict.outcome == GH_OUTCOME_FORWARD) {
        check_reply(&txn, gh_str_cut(in, head.head_size, in.n), room);
        gh_engine_refuse(&txn, GH_REASON_UPSTREAM_TIMEOUT, "fuzz");
    }
    check_answer(&txn, room);
    gh_arena_reset(&arena);
    return 0;
}
