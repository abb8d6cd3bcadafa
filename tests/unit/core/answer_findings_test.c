/* What is wrong with input, in both shapes: by hand, so that every kind of place is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/answer_findings.h"

enum { RESERVE = 16 };

static gh_finding one(enum gh_in in, enum gh_fault fault, const char *name, const char *pointer,
                      const char *limit)
{
    return (gh_finding){.in = (uint8_t)in,
                        .fault = (uint8_t)fault,
                        .name = gh_str_of(name),
                        .pointer = gh_str_of(pointer),
                        .limit = gh_str_of(limit)};
}

static const gh_json *read_json(gh_arena *arena, const char *text)
{
    gh_json_error e;
    const gh_json *json = gh_json_read(gh_str_of(text), &gh_json_limits_wide, arena, &e);
    assert_non_null(json);
    return json;
}

static void expect(const gh_finding *finding, const char *body, const char *problem, const char *fastapi)
{
    gh_arena arena;
    char text[2048];
    gh_finding items[] = {*finding};
    gh_findings findings = {.items = items, .n = 1, .max = 1};
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    gh_buf out = gh_buf_over(text, sizeof text - 1);
    assert_int_equal(gh_findings_put_problem(&out, RESERVE, &findings), 1);
    text[out.n] = '\0';
    assert_string_equal(text, problem);
    out.n = 0;
    assert_int_equal(
        gh_findings_put_fastapi(&out, RESERVE, &findings, body == NULL ? NULL : read_json(&arena, body)), 1);
    text[out.n] = '\0';
    assert_string_equal(text, fastapi);
    gh_arena_reset(&arena);
}

#define LONG \
    ",\"detail\":\"must have at most 500 characters\",\"type\":\"string_too_long\",\"keyword\":\"maxLength\"}"
#define LONG_MSG ",\"msg\":\"must have at most 500 characters\"}"

static void places_are_named(void **state)
{
    static const struct {
        const char *pointer, *body, *fragment, *loc;
    } rows[] = {
        {"/prompt", "{\"prompt\":\"x\"}", "#/prompt", "[\"body\",\"prompt\"]"},
        {"", "{}", "#", "[\"body\"]"},
        {"/tracks/0/title", "{\"tracks\":[{\"title\":1}]}", "#/tracks/0/title",
         "[\"body\",\"tracks\",0,\"title\"]"},
        /* a member whose name is a number is no index */
        {"/tracks/0", "{\"tracks\":{\"0\":1}}", "#/tracks/0", "[\"body\",\"tracks\",\"0\"]"},
        /* a member that is missing: its parent tells */
        {"/tracks/1/7", "{\"tracks\":[1,{}]}", "#/tracks/1/7", "[\"body\",\"tracks\",1,\"7\"]"},
        {"/a~1b/~0c", "{\"a/b\":{\"~c\":1}}", "#/a~1b/~0c", "[\"body\",\"a/b\",\"~c\"]"},
        {"/a b\"<\xc3\xa4", "{}", "#/a%20b%22%3C%C3%A4", "[\"body\",\"a b\\\"<\xc3\xa4\"]"},
        /* nothing was read: numbers are taken for indices, but not those that no array has */
        {"/3/03", NULL, "#/3/03", "[\"body\",3,\"03\"]"},
    };
    char problem[512], fastapi[512];
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_finding f = one(GH_IN_BODY, GH_FAULT_MAX_LENGTH, NULL, rows[i].pointer, "500");
        gh_buf a = gh_buf_over(problem, sizeof problem - 1), b = gh_buf_over(fastapi, sizeof fastapi - 1);
        gh_buf_printf(&a, "{\"in\":\"body\",\"pointer\":\"%s\"%s", rows[i].fragment, LONG);
        gh_buf_printf(&b, "{\"type\":\"string_too_long\",\"loc\":%s%s", rows[i].loc, LONG_MSG);
        problem[a.n] = fastapi[b.n] = '\0';
        expect(&f, rows[i].body, problem, fastapi);
    }
}

static void parameters_have_their_name(void **state)
{
    (void)state;
    gh_finding limit = one(GH_IN_QUERY, GH_FAULT_MAX_LENGTH, "limit", "", "500");
    expect(&limit, NULL, "{\"in\":\"query\",\"name\":\"limit\"" LONG,
           "{\"type\":\"string_too_long\",\"loc\":[\"query\",\"limit\"]" LONG_MSG);
    gh_finding tag = one(GH_IN_QUERY, GH_FAULT_MAX_LENGTH, "tag", "/1", "500");
    expect(&tag, "{}", "{\"in\":\"query\",\"pointer\":\"#/1\",\"name\":\"tag\"" LONG,
           "{\"type\":\"string_too_long\",\"loc\":[\"query\",\"tag\",1]" LONG_MSG);
    gh_finding odd = one(GH_IN_COOKIE, GH_FAULT_MAX_LENGTH, "a\"\n</script>", "", "500");
    expect(&odd, NULL, "{\"in\":\"cookie\",\"name\":\"a\\\"\\n</script>\"" LONG,
           "{\"type\":\"string_too_long\",\"loc\":[\"cookie\",\"a\\\"\\n</script>\"]" LONG_MSG);
}

/* Whatever the room, what is written is whole, and what is left free is `reserve`. */
static void every_room_is_enough(void **state)
{
    gh_finding items[8];
    char text[4096], all[4096];
    (void)state;
    for (unsigned i = 0; i < GH_COUNT(items); i++)
        items[i] = one(GH_IN_BODY, GH_FAULT_REQUIRED, NULL, "/some/member", NULL);
    gh_findings findings = {.items = items, .n = GH_COUNT(items), .max = GH_COUNT(items)};
    gh_buf whole = gh_buf_over(all, sizeof all);
    assert_int_equal(gh_findings_put_problem(&whole, RESERVE, &findings), GH_COUNT(items));
    unsigned seen = 0;
    for (size_t cap = 0; cap <= whole.n + RESERVE; cap++) {
        gh_buf out = gh_buf_over(text, cap);
        unsigned n = gh_findings_put_problem(&out, RESERVE, &findings);
        assert_true(gh_buf_ok(&out));
        assert_int_equal(out.cap, cap);
        assert_true(n == 0 ? out.n == 0 : gh_buf_room(&out) >= RESERVE);
        assert_true(n == 0 || text[out.n - 1] == '}');
        assert_memory_equal(text, all, out.n);
        assert_true(n >= seen);
        seen = n;
    }
    assert_int_equal(seen, GH_COUNT(items));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_named),
        cmocka_unit_test(parameters_have_their_name),
        cmocka_unit_test(every_room_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
