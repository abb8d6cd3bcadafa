#include "decide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/crypto.h"
#include "wire/h1_head.h"

static const uint8_t key[16] = "a key for tests";

static void count_up(void *data, void *out, size_t n)
{
    (void)data;
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] = (uint8_t)i;
}

decide *decide_new(const char *yaml)
{
    return decide_new_with(yaml, NULL);
}

static void open_identity(decide *d)
{
    if (!d->policy->identity.enabled)
        return;
    d->roster = gh_roster_new(key);
    d->tokens = gh_token_cache_new();
    assert_true(d->roster != NULL && d->tokens != NULL);
}

decide *decide_new_with(const char *yaml, void (*prepare)(gh_config *config))
{
    decide *d = calloc(1, sizeof *d);
    assert_non_null(d);
    gh_config_source source = {GH_SOURCE_YAML, "test.yaml", gh_str_of(yaml)};
    gh_config_input input = {.sources = &source, .n_sources = 1};
    if (strstr(yaml, "upstreams:") == NULL)
        input.upstream = GH_STR("http://127.0.0.1:8000");
    gh_report_init(&d->report);
    d->config = gh_config_load(&input, &d->report);
    if (d->config != NULL && prepare != NULL)
        prepare(d->config);
    if (d->config != NULL)
        d->policy = gh_policy_compile(d->config, &d->report);
    if (d->policy == NULL) {
        gh_buf out = gh_buf_over(d->head, sizeof d->head);
        gh_report_print(&d->report, &out);
        fail_msg("%.*s", (int)out.n, out.p);
    }
    d->state = gh_state_new(10000);
    assert_non_null(d->state);
    d->world = (gh_world){.now_ms = 1000000, .key = key, .random = count_up, .unix_s = UINT64_C(1700000000)};
    gh_arena_init(&d->kept, NULL, 0, 1 << 20);
    open_identity(d);
    decide_from(d, "192.0.2.1");
    return d;
}

void decide_free(decide *d)
{
    if (d->begun)
        gh_txn_end(&d->txn);
    gh_arena_reset(&d->arena);
    gh_arena_reset(&d->kept);
    gh_roster_free(d->roster);
    gh_token_cache_free(d->tokens);
    gh_state_free(d->state);
    gh_policy_unref(d->policy);
    gh_config_free(d->config);
    gh_report_free(&d->report);
    free(d);
}

void decide_from(decide *d, const char *ip)
{
    assert_true(gh_ip_parse(gh_str_of(ip), &d->peer));
}

static void put_lines(gh_buf *out, gh_str lines)
{
    gh_str line;
    while (gh_str_next(&lines, '\n', &line)) {
        gh_buf_put(out, line);
        gh_buf_lit(out, "\r\n");
    }
    gh_buf_lit(out, "\r\n");
    assert_true(gh_buf_ok(out));
}

/* The body is behind an empty line. */
static gh_str body_of(const char *text)
{
    const char *empty = strstr(text, "\n\n");
    return empty == NULL ? (gh_str){NULL, 0} : gh_str_of(empty + 2);
}

/* A whole head from the compact text. */
static gh_str spell_out(decide *d, const char *text)
{
    gh_str rest = gh_str_of(text), first, body = body_of(text);
    gh_buf out = gh_buf_over(d->text, sizeof d->text);
    if (body.p != NULL)
        rest.n -= body.n + 2;
    (void)gh_str_next(&rest, '\n', &first);
    gh_buf_put(&out, first);
    bool said = memmem(first.p, first.n, " HTTP/1.", 8) != NULL;
    if (!said)
        gh_buf_lit(&out, " HTTP/1.1");
    gh_buf_lit(&out, "\r\n");
    bool old = said && gh_str_ends(first, GH_STR("1.0"));
    if (!old && strcasestr(text, "\nhost:") == NULL)
        gh_buf_lit(&out, "Host: localhost\r\n");
    if (body.p != NULL)
        gh_buf_printf(&out, "Content-Length: %zu\r\n", body.n);
    if (rest.p == NULL)
        gh_buf_lit(&out, "\r\n");
    else
        put_lines(&out, rest);
    return gh_buf_str(&out);
}

static void read_request(decide *d, const char *text)
{
    static const gh_h1_limits limits = {DECIDE_TEXT, DECIDE_TEXT, DECIDE_FIELDS};
    gh_h1_head head = {.error = NULL};
    gh_str whole = spell_out(d, text);
    enum gh_h1_result result = gh_h1_read_request(whole, &limits, d->fields, &head);
    if (result != GH_H1_DONE)
        fail_msg("not a request: %s (%s)", text, head.error == NULL ? "?" : head.error);
    d->request = (gh_request){.method = head.method,
                              .target = head.target,
                              .host = head.host,
                              .fields = d->fields,
                              .n_fields = head.n_fields,
                              .seen = head.seen,
                              .framing = head.framing,
                              .content_length = head.content_length,
                              .peer = d->peer,
                              .tls = d->tls,
                              .classified = true};
}

static const char *name_verdict(decide *d)
{
    const gh_verdict *v = &d->txn.verdict;
    gh_buf b = gh_buf_over(d->verdict, sizeof d->verdict - 1);
    switch (v->outcome) {
    case GH_OUTCOME_FORWARD:
        gh_buf_lit(&b, "forward");
        break;
    case GH_OUTCOME_REFUSE:
        gh_buf_put(&b, gh_reason_of(v->reason)->error);
        break;
    case GH_OUTCOME_ANSWER:
        gh_buf_printf(&b, "answer %u", v->status);
        break;
    case GH_OUTCOME_BODY: /* only the library says so */
        gh_buf_lit(&b, "?");
        break;
    }
    d->verdict[b.n] = '\0';
    return d->verdict;
}

const char *decide_request(decide *d, const char *text)
{
    if (d->begun)
        gh_txn_end(&d->txn);
    gh_arena_reset(&d->arena);
    gh_arena_init(&d->arena, NULL, 0, 1 << 20);
    read_request(d, text);
    /* Whatever the engine does not set must not matter. */
    memset(&d->txn, 0xA5, sizeof d->txn);
    gh_engine_begin(&d->txn, d->policy, &d->request, &d->arena, &d->world);
    d->txn.token_cache = d->tokens;
    d->begun = true;
    d->asks = 0;
    for (enum gh_step step; (step = gh_engine_step(&d->txn)) != GH_STEP_VERDICT;) {
        if (step == GH_STEP_BODY) {
            gh_engine_body(&d->txn, body_of(text));
            continue;
        }
        gh_state_take(d->state, d->world.now_ms, d->txn.takes + d->txn.n_answered,
                      d->txn.n_takes - d->txn.n_answered);
        if (d->roster != NULL)
            gh_roster_answer(d->roster, d->txn.lookups + d->txn.n_looked, d->txn.n_lookups - d->txn.n_looked);
        d->asks++;
    }
    return name_verdict(d);
}

const char *decide_text(decide *d, const char *format, ...)
{
    char text[DECIDE_TEXT];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert_in_range(n, 0, sizeof text - 1);
    gh_str copy = gh_arena_copy(&d->kept, gh_str_of(text));
    assert_non_null(copy.p);
    return copy.p;
}

void decide_fail(decide *d, enum gh_reason reason)
{
    gh_engine_refuse(&d->txn, reason, "a test");
}

void decide_answer(decide *d)
{
    gh_buf lines = gh_buf_over(d->head, sizeof d->head - 1), body = gh_buf_over(d->body, sizeof d->body - 1);
    gh_answer_write(&d->txn, &lines, &body);
    assert_true(gh_buf_ok(&lines) && gh_buf_ok(&body));
    d->head[lines.n] = '\0';
    d->body[body.n] = '\0';
}

void decide_reply(decide *d, const char *text)
{
    static const gh_h1_limits limits = {DECIDE_TEXT, 0, DECIDE_FIELDS};
    char added[DECIDE_TEXT];
    gh_h1_head head = {.error = NULL};
    gh_buf in = gh_buf_over(d->upstream_text, sizeof d->upstream_text),
           lines = gh_buf_over(added, sizeof added);
    gh_buf_lit(&in, "HTTP/1.1 ");
    put_lines(&in, gh_str_of(text));
    enum gh_h1_result result =
        gh_h1_read_response(gh_buf_str(&in), &limits, d->upstream_fields, false, &head);
    if (result != GH_H1_DONE)
        fail_msg("not a response: %s (%s)", text, head.error == NULL ? "?" : head.error);
    gh_reply reply = {.status = head.status,
                      .fields = head.fields,
                      .n_fields = head.n_fields,
                      .seen = head.seen,
                      .out = &lines};
    gh_engine_reply(&d->txn, &reply);
    gh_buf out = gh_buf_over(d->head, sizeof d->head - 1);
    for (unsigned i = 0; i < head.n_fields; i++) {
        const gh_field *f = &head.fields[i];
        if (f->id != GH_FIELD_UNKNOWN && (reply.drop & GH_FIELD_BIT(f->id)) != 0)
            continue;
        gh_buf_put(&out, f->name);
        gh_buf_lit(&out, ": ");
        gh_buf_put(&out, f->value);
        gh_buf_lit(&out, "\r\n");
    }
    gh_buf_put(&out, gh_buf_str(&lines));
    assert_true(gh_buf_ok(&lines) && gh_buf_ok(&out));
    d->head[out.n] = '\0';
}

const char *decide_field(decide *d, const char *name)
{
    static char values[DECIDE_TEXT];
    gh_buf out = gh_buf_over(values, sizeof values - 1);
    gh_str rest = gh_str_of(d->head), line;
    unsigned n = 0;
    while (gh_str_next(&rest, '\n', &line)) {
        size_t colon = gh_str_find(line, ':');
        if (!gh_str_eq_nocase(gh_str_cut(line, 0, colon), gh_str_of(name)))
            continue;
        if (n++ > 0)
            gh_buf_lit(&out, " | ");
        assert_true(gh_str_ends(line, GH_STR("\r")));
        gh_buf_put(&out, gh_str_trim(gh_str_cut(line, colon + 1, line.n - 1)));
    }
    values[out.n] = '\0';
    return n > 0 ? values : NULL;
}

void expect_field(decide *d, const char *name, const char *value)
{
    const char *found = decide_field(d, name);
    const char *a = found == NULL ? "(none)" : found, *b = value == NULL ? "(none)" : value;
    if (strcmp(a, b) != 0)
        print_error("%s in:\n%s\n", name, d->head);
    assert_string_equal(a, b);
}

void expect_rows(decide *d, const decide_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *verdict = decide_request(d, rows[i].request);
        if (strcmp(verdict, rows[i].verdict) != 0)
            print_error("row %zu: %s\n", i, rows[i].request);
        assert_string_equal(verdict, rows[i].verdict);
    }
}
