#include "endpoint.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"

static const uint8_t key[16] = "a key for tests";

/* Different bytes each time, the same in each run. */
static void draw(void *data, void *out, size_t n)
{
    endpoint *e = data;
    for (size_t i = 0; i < n; i++) {
        e->drawn++;
        ((uint8_t *)out)[i] = (uint8_t)gh_siphash64(key, &e->drawn, sizeof e->drawn);
    }
}

GH_NORETURN static void fail_report(endpoint *e)
{
    gh_buf out = gh_buf_over(e->body, sizeof e->body);
    gh_report_print(&e->report, &out);
    fail_msg("%.*s", (int)out.n, out.p);
    abort();
}

endpoint *endpoint_new_ring(const char *more, const gh_identity_ring_key *ring, unsigned n)
{
    endpoint *e = calloc(1, sizeof *e);
    assert_non_null(e);
    (void)snprintf(e->in, sizeof e->in,
                   "profile: development\nidentity:\n  enabled: on\n  registration: open\n%s", more);
    gh_config_source source = {GH_SOURCE_YAML, "test.yaml", gh_str_of(e->in)};
    gh_config_input input = {.sources = &source, .n_sources = 1, .upstream = GH_STR("http://127.0.0.1:8000")};
    gh_report_init(&e->report);
    e->config = gh_config_load(&input, &e->report);
    if (e->config == NULL)
        fail_report(e);
    e->config->secret_key = GH_STR("a secret for tests, of 32 bytes!");
    e->config->identity_ring = ring;
    e->config->n_identity_ring = n;
    e->policy = gh_policy_compile(e->config, &e->report);
    if (e->policy == NULL)
        fail_report(e);
    e->world =
        (gh_world){.now_ms = 1000000, .key = key, .random = draw, .random_data = e, .unix_s = ENDPOINT_NOW};
    gh_arena_init(&e->json_arena, NULL, 0, 1 << 26);
    return e;
}

endpoint *endpoint_new(const char *more)
{
    char text[4096];
    (void)snprintf(text, sizeof text, "  token:\n    algorithm: HS256\n%s", more);
    return endpoint_new_ring(text, NULL, 0);
}

static void end(endpoint *e)
{
    if (!e->begun)
        return;
    gh_txn_end(&e->txn);
    gh_arena_reset(&e->arena);
    gh_arena_reset(&e->scratch);
    e->begun = false;
}

void endpoint_free(endpoint *e)
{
    end(e);
    gh_arena_reset(&e->json_arena);
    gh_policy_unref(e->policy);
    gh_config_free(e->config);
    gh_report_free(&e->report);
    free(e);
}

#define SET_SHORT(to, text) ((to).n = sizeof(text) - 1, memcpy((to).p, (text), sizeof(text) - 1))

void endpoint_subject(gh_subject *ret)
{
    *ret = (gh_subject){.user = 7};
    SET_SHORT(ret->name, "ada");
    SET_SHORT(ret->tier, "gold");
    SET_SHORT(ret->roles, "user beta");
}

void endpoint_as(endpoint *e, enum gh_proof proof)
{
    e->principal = (gh_principal){.proof = proof};
    if (proof == GH_PROOF_NONE)
        return;
    e->principal.user = 7;
    e->principal.name = GH_STR("ada");
    e->principal.tier = GH_STR("gold");
    e->principal.roles = GH_STR("user beta");
    e->principal.session = proof == GH_PROOF_API_KEY ? 0 : 99;
    e->principal.key = proof == GH_PROOF_API_KEY ? 55 : 0;
    e->principal.expires_s = ENDPOINT_NOW + 1000;
}

void endpoint_script(endpoint *e, const endpoint_op *ops, unsigned n)
{
    assert_true(n <= ENDPOINT_SCRIPT_MAX);
    if (n > 0)
        memcpy(e->script, ops, n * sizeof *ops);
    e->n_script = n;
}

static void set_request(endpoint *e, const char *method, const char *path, const char *body)
{
    gh_str type = body != NULL && body[0] == '{' ? GH_STR("application/json")
                                                 : GH_STR("application/x-www-form-urlencoded");
    e->fields[0] = (gh_field){GH_STR("User-Agent"), GH_STR("a test"), GH_FIELD_USER_AGENT};
    unsigned n = 1;
    if (e->cookie != NULL)
        e->fields[n++] = (gh_field){GH_STR("Cookie"), gh_str_of(e->cookie), GH_FIELD_COOKIE};
    if (body != NULL)
        e->fields[n++] = (gh_field){GH_STR("Content-Type"), type, GH_FIELD_CONTENT_TYPE};
    e->request = (gh_request){.method = gh_str_of(method),
                              .target = gh_str_of(path),
                              .host = GH_STR("localhost"),
                              .fields = e->fields,
                              .n_fields = n};
    if (body == NULL)
        return;
    e->request.framing = GH_FRAMING_LENGTH;
    e->request.content_length = strlen(body);
}

static const gh_route *find_route(const endpoint *e, const char *method, gh_str path)
{
    const gh_identity_policy *p = &e->policy->identity;
    for (unsigned i = 0; i < p->n_endpoints; i++)
        if (strcmp(p->endpoints[i]->method, method) == 0 &&
            gh_path_pattern_match(&p->routes[i].match.paths[0], path, NULL))
            return &p->routes[i];
    return NULL;
}

static void begin(endpoint *e, const char *method, const char *path, const char *body)
{
    end(e);
    gh_arena_init(&e->arena, NULL, 0, 256 * 1024);
    gh_arena_init(&e->scratch, NULL, 0, 1 << 22);
    set_request(e, method, path, body);
    /* Whatever the engine does not set must not matter. */
    memset(&e->txn, 0xA5, sizeof e->txn);
    gh_engine_begin(&e->txn, e->policy, &e->request, &e->arena, &e->world);
    gh_engine_scratch(&e->txn, &e->scratch);
    e->begun = true;
    e->at = 0;
    e->txn.target.path = gh_str_of(path);
    e->txn.route = find_route(e, method, e->txn.target.path);
    if (e->txn.route == NULL)
        fail_msg("no endpoint for %s %s", method, path);
    assert_true(gh_ip_parse(GH_STR("192.0.2.1"), &e->txn.client.ip));
    e->txn.principal = e->principal;
    e->txn.credentials = e->credentials;
    e->txn.n_lookups = e->lookups_before;
    e->txn.n_takes = e->txn.first_limit = 1; /* of the stages before: must not be taken again */
    e->txn.stage = GH_STAGE_BODY;
    if (body != NULL) {
        (void)snprintf(e->in, sizeof e->in, "%s", body);
        gh_engine_body(&e->txn, gh_str_of(e->in));
    }
}

static void answer_op(endpoint *e, gh_op *op)
{
    if (e->at == e->n_script)
        fail_msg("an operation that was not expected: %u", op->kind);
    const endpoint_op *row = &e->script[e->at++];
    if (op->kind != row->kind)
        fail_msg("operation %u is of kind %u, not %d", e->at, op->kind, (int)row->kind);
    assert_int_equal(op->now_s, ENDPOINT_NOW);
    assert_int_equal(op->actor.user, e->principal.user);
    assert_true(gh_str_eq(op->actor.user_agent, GH_STR("a test")));
    op->status = (uint8_t)row->status;
    if (row->fill != NULL)
        row->fill(op);
}

static void answer_asked(endpoint *e)
{
    gh_txn *txn = &e->txn;
    assert_int_equal(txn->n_answered, txn->n_takes);
    assert_true(txn->n_ops <= txn->n_done + 1);
    if (txn->n_ops > txn->n_done)
        answer_op(e, txn->ops[txn->n_done]);
    for (unsigned i = txn->n_looked; i < txn->n_lookups; i++) {
        txn->lookups[i].answer = (uint8_t)e->looked;
        if (e->look != NULL)
            e->look(&txn->lookups[i]);
    }
}

static void forget_input(endpoint *e)
{
    memset(e->in, '!', strlen(e->in));
    gh_arena_wipe(&e->scratch);
}

static void read_json(endpoint *e)
{
    gh_json_error error = {.why = NULL};
    gh_arena_reset(&e->json_arena);
    gh_arena_init(&e->json_arena, NULL, 0, 1 << 26);
    e->json = NULL;
    if (e->body[0] == '\0')
        return;
    e->json = gh_json_read(gh_str_of(e->body), &gh_json_limits_wide, &e->json_arena, &error);
    if (e->json == NULL)
        fail_msg("%s at %zu in: %s", error.why, error.at, e->body);
}

static void keep(char *to, size_t size, gh_str text)
{
    assert_true(text.n < size);
    if (text.n > 0)
        memcpy(to, text.p, text.n);
    to[text.n] = '\0';
}

static void keep_answer(endpoint *e)
{
    const gh_own_answer *own = &e->txn.own;
    e->lines[0] = e->body[0] = '\0';
    if (e->txn.verdict.outcome == GH_OUTCOME_ANSWER) {
        keep(e->lines, sizeof e->lines, own->lines);
        keep(e->body, sizeof e->body, own->body);
        assert_true(gh_str_starts(own->lines, GH_STR("Cache-Control: ")));
        assert_true(gh_str_ends(own->lines, GH_STR("\r\n")));
        assert_int_equal(own->type.p != NULL, own->body.p != NULL);
        assert_true(own->body.p != NULL || own->body.n == 0);
    }
    read_json(e);
}

const char *endpoint_request(endpoint *e, const char *method, const char *path, const char *body)
{
    begin(e, method, path, body);
    enum gh_step step;
    while ((step = gh_engine_step(&e->txn)) == GH_STEP_ASK) {
        forget_input(e);
        answer_asked(e);
    }
    assert_int_equal(step, GH_STEP_VERDICT);
    const gh_verdict *v = &e->txn.verdict;
    gh_buf out = gh_buf_over(e->verdict, sizeof e->verdict - 1);
    if (v->outcome == GH_OUTCOME_ANSWER)
        gh_buf_printf(&out, "answer %u", v->status);
    else
        gh_buf_put(&out, gh_reason_of(v->reason)->error);
    e->verdict[out.n] = '\0';
    keep_answer(e);
    if (v->reason != GH_REASON_INTERNAL_ERROR && e->at != e->n_script)
        fail_msg("%s %s: %s after %u of %u operations", method, path, e->verdict, e->at, e->n_script);
    return e->verdict;
}

void endpoint_problem(endpoint *e)
{
    gh_buf lines = gh_buf_over(e->lines, sizeof e->lines - 1),
           body = gh_buf_over(e->body, sizeof e->body - 1);
    gh_answer_write(&e->txn, &lines, &body);
    assert_true(gh_buf_ok(&lines) && gh_buf_ok(&body));
    e->lines[lines.n] = e->body[body.n] = '\0';
    read_json(e);
}

const char *endpoint_member(endpoint *e, const char *pointer)
{
    static char text[ENDPOINT_TEXT];
    const gh_json *member = e->json == NULL ? NULL : gh_json_pointer(e->json, gh_str_of(pointer));
    if (member == NULL)
        fail_msg("no %s in: %s", pointer, e->body);
    else if (member->type == GH_JSON_STRING)
        keep(text, sizeof text, member->text);
    else {
        gh_buf out = gh_buf_over(text, sizeof text - 1);
        gh_json_write(&out, member);
        text[out.n] = '\0';
    }
    return text;
}

void expect_member(endpoint *e, const char *pointer, const char *value)
{
    const char *found = endpoint_member(e, pointer);
    if (strcmp(found, value) != 0)
        print_error("%s in: %s\n", pointer, e->body);
    assert_string_equal(found, value);
}

void expect_body(endpoint *e, const char *body)
{
    assert_string_equal(e->body, body);
}

void expect_lines(endpoint *e, const char *lines)
{
    assert_string_equal(e->lines, lines);
}

void expect_absent(endpoint *e, const char *text)
{
    if (strstr(e->lines, text) != NULL || strstr(e->body, text) != NULL)
        fail_msg("%s is in: %s%s", text, e->lines, e->body);
}

gh_str endpoint_between(const char *text, const char *from, const char *to)
{
    const char *start = strstr(text, from), *end = NULL;
    if (start != NULL) {
        start += strlen(from);
        end = strstr(start, to);
    }
    if (end == NULL) {
        fail_msg("no %s...%s in: %s", from, to, text);
        return (gh_str){NULL, 0};
    }
    return (gh_str){start, (size_t)(end - start)};
}

int endpoint_set_up(void **state)
{
    *state = endpoint_new("");
    return 0;
}

int endpoint_tear_down(void **state)
{
    endpoint_free(*state);
    return 0;
}
