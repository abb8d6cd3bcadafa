/* Which operation a request belongs to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "contract/tree.h"

static gh_arena arena;

typedef struct row {
    const char *method, *template;
} row;

/* "**" makes it a route's pattern. */
static gh_operation operation_of(const char *method, const char *template)
{
    gh_operation operation = {.method = gh_str_of(method)};
    gh_str text = gh_str_of(template);
    const char *why = "";
    unsigned column = 0;
    bool compiled = gh_str_ends(text, GH_STR("**"))
                        ? gh_path_pattern_compile(text, &arena, &operation.pattern, &why, &column)
                        : gh_path_template_compile(text, &arena, &operation.pattern, &why, &column);
    if (!compiled)
        fail_msg("%s: %s", template, why);
    operation.id = operation.pattern.text;
    return operation;
}

static gh_contract contract_of(const row *rows, unsigned n)
{
    gh_contract contract = {.n_operations = n};
    unsigned first, second;
    contract.operations = gh_arena_array(&arena, n, sizeof(gh_operation));
    assert_non_null(contract.operations);
    for (unsigned i = 0; i < n; i++)
        contract.operations[i] = operation_of(rows[i].method, rows[i].template);
    if (!gh_contract_finish(&contract, &arena, &first, &second))
        fail_msg("%s and %s", rows[first].template, rows[second].template);
    return contract;
}

static const row shop[] = {
    {"GET", "/"},
    {"GET", "/users"},
    {"POST", "/users"},
    {"GET", "/users/me"},
    {"GET", "/users/{id}"},
    {"DELETE", "/users/{id}"},
    {"GET", "/users/{user}/posts"},
    {"GET", "/users/me/{thing}"},
    {"GET", "/users/"},
    {"GET", "/{a}/x/c"},
    {"GET", "/y/{b}/d"},
    {"GET", "/{a}/{b}/{c}"},
    {"PUT", "/files/{name}.json"},
    {"PUT", "/files/{name}.tar.gz"},
    {"PUT", "/files/x-{name}.json"},
    {"PUT", "/files/{name}"},
    {"PUT", "/files/a.json"},
    {"POST", "/jobs/{id}:start"},
    {"POST", "/jobs/{id}:stop"},
    {"HEAD", "/heads"},
    {"GET", "/heads"},
    {"GET", "/static/**"},
    {"GET", "/static/x/{y}"},
    {"GET", "/caf\xc3\xa9"},
};

static void finds(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path;
        const char *template; /* NULL: none */
        const char *params;   /* joined by ","; or the methods that there are */
    } rows[] = {
        {"GET", "/", "/", ""},
        {"GET", "/users", "/users", ""},
        {"POST", "/users", "/users", ""},
        {"GET", "/users/", "/users/", ""},
        {"GET", "/users/me", "/users/me", ""},
        {"GET", "/users/mex", "/users/{id}", "mex"},
        {"GET", "/users/m", "/users/{id}", "m"},
        {"GET", "/users/7%20", "/users/{id}", "7%20"},
        {"DELETE", "/users/7", "/users/{id}", "7"},
        {"DELETE", "/users/me", "/users/{id}", "me"}, /* the exact path has no such method */
        {"GET", "/users/me/posts", "/users/me/{thing}", "posts"},
        {"GET", "/users/7/posts", "/users/{user}/posts", "7"},
        {"HEAD", "/users", "/users", ""},
        {"HEAD", "/heads", "/heads", ""},
        {"GET", "/y/x/d", "/y/{b}/d", "x"},
        {"GET", "/y/x/c", "/{a}/x/c", "y"}, /* "y" is a literal, but leads nowhere */
        {"GET", "/y/z/c", "/{a}/{b}/{c}", "y,z,c"},
        {"GET", "/users/7/x", "/{a}/{b}/{c}", "users,7,x"},
        {"PUT", "/files/a.json", "/files/a.json", ""},
        {"PUT", "/files/b.json", "/files/{name}.json", "b"},
        {"PUT", "/files/x-b.json", "/files/x-{name}.json", "b"},
        {"PUT", "/files/x.tar.gz", "/files/{name}.tar.gz", "x"},
        {"PUT", "/files/.json", "/files/{name}", ".json"},
        {"POST", "/jobs/1:start", "/jobs/{id}:start", "1"},
        {"POST", "/jobs/1:stop", "/jobs/{id}:stop", "1"},
        {"GET", "/static", "/static/**", ""},
        {"GET", "/static/", "/static/**", ""},
        {"GET", "/static/a/b/c", "/static/**", ""},
        {"GET", "/static/x/z", "/static/x/{y}", "z"},
        {"GET", "/static/x", "/static/**", ""},
        {"GET", "/caf%C3%A9", "/caf\xc3\xa9", ""},
        {"PATCH", "/users", NULL, "GET, HEAD, POST"},
        {"PATCH", "/users/me", NULL, "GET, HEAD"},
        {"PATCH", "/users/7", NULL, "GET, HEAD, DELETE"},
        {"PATCH", "/heads", NULL, "HEAD, GET"},
        {"HEAD", "/jobs/1:start", NULL, "POST"},
        {"get", "/users", NULL, "GET, HEAD, POST"},
        {"PATCH", "/static/q", NULL, "GET, HEAD"},
        {"GET", "/jobs/1", NULL, NULL},
        {"GET", "/nothing", NULL, NULL},
        {"GET", "/Users", NULL, NULL},
        {"GET", "/users/7/posts/", NULL, NULL},
        {"GET", "/a/b/c/d", NULL, NULL},
        {"OPTIONS", "*", NULL, NULL},
        {"GET", "", NULL, NULL},
    };
    gh_contract contract = contract_of(shop, GH_COUNT(shop));
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        const gh_operation *found = NULL;
        gh_path_params params;
        gh_str methods = {NULL, 0};
        char memory[64] = {0};
        gh_buf out = gh_buf_over(memory, sizeof memory - 1);
        enum gh_contract_match match = gh_contract_find(&contract, gh_str_of(rows[i].method),
                                                        gh_str_of(rows[i].path), &found, &params, &methods);
        enum gh_contract_match want = rows[i].template != NULL ? GH_CONTRACT_FOUND
                                      : rows[i].params != NULL ? GH_CONTRACT_NO_METHOD
                                                               : GH_CONTRACT_NO_PATH;
        if (match != want || gh_contract_find(&contract, gh_str_of(rows[i].method), gh_str_of(rows[i].path),
                                              &found, NULL, NULL) != want)
            fail_msg("%s %s: %d", rows[i].method, rows[i].path, match);
        if (want == GH_CONTRACT_NO_METHOD && !gh_str_eq(methods, gh_str_of(rows[i].params)))
            fail_msg("%s %s: %.*s", rows[i].method, rows[i].path, (int)methods.n, methods.p);
        if (want != GH_CONTRACT_FOUND)
            continue;
        if (!gh_str_eq(found->id, gh_str_of(rows[i].template)))
            fail_msg("%s %s: %.*s", rows[i].method, rows[i].path, (int)found->id.n, found->id.p);
        for (unsigned k = 0; k < params.n; k++) {
            gh_buf_put(&out, k == 0 ? GH_STR("") : GH_STR(","));
            gh_buf_put(&out, params.values[k]);
        }
        assert_string_equal(memory, rows[i].params);
    }
}

static void an_empty_contract_has_nothing(void **state)
{
    (void)state;
    gh_contract contract = contract_of(NULL, 0);
    const gh_operation *found;
    assert_int_equal(gh_contract_find(&contract, GH_STR("GET"), GH_STR("/"), &found, NULL, NULL),
                     GH_CONTRACT_NO_PATH);
}

static void refuses_the_same_twice(void **state)
{
    (void)state;
    static const struct {
        row first, second;
        bool fine;
    } rows[] = {
        {{"GET", "/a/{b}"}, {"GET", "/a/{c}"}, false},
        {{"GET", "/a/{b}"}, {"POST", "/a/{c}"}, true},
        {{"GET", "/a/{b}.x"}, {"GET", "/a/{c}.x"}, false},
        {{"GET", "/a/{b}.x"}, {"GET", "/a/{c}.y"}, true},
        {{"GET", "/a"}, {"GET", "/%61"}, false},
        {{"GET", "/a"}, {"GET", "/a/"}, true},
        {{"GET", "/a"}, {"get", "/a"}, true},
        {{"GET", "/a/**"}, {"GET", "/a"}, true},
        {{"GET", "/a/**"}, {"GET", "/a/**"}, false},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_operation operations[] = {operation_of("GET", "/other"),
                                     operation_of(rows[i].first.method, rows[i].first.template),
                                     operation_of(rows[i].second.method, rows[i].second.template)};
        gh_contract contract = {.operations = operations, .n_operations = GH_COUNT(operations)};
        unsigned first = 9, second = 9;
        assert_int_equal(gh_contract_finish(&contract, &arena, &first, &second), rows[i].fine);
        assert_int_equal(first, rows[i].fine ? 0 : 1);
        assert_int_equal(second, rows[i].fine ? 0 : 2);
    }
}

static void says_that_memory_is_out(void **state)
{
    (void)state;
    gh_operation operation = operation_of("GET", "/a/b");
    for (size_t cap = 0; cap < 4096; cap += 64) {
        gh_arena small;
        char memory[4096] __attribute__((aligned(16)));
        gh_contract contract = {.operations = &operation, .n_operations = 1};
        unsigned first = 9, second = 9;
        gh_arena_init(&small, memory, cap, 0);
        if (!gh_contract_finish(&contract, &small, &first, &second))
            assert_null(contract.tree);
        else
            assert_non_null(contract.tree);
        assert_int_equal(first, 0);
        assert_int_equal(second, 0);
        assert_true((contract.tree != NULL) == (cap >= 1024) || (cap > 128 && cap < 1024));
    }
}

/* Templates like those of a large API: "/v1/thing7/{a}/part3", "/v1/thing7/{a}:do3", ... */
static void put_template(gh_buf *out, unsigned i, bool concrete)
{
    static const char *const shapes[] = {"/part%u", "/part%u/{b}", ":do%u", "/{b}/part%u", "/x%u/{b}/y/{c}"};
    gh_buf_printf(out, "/v1/thing%u/%s", i / 50, concrete ? "one" : "{a}");
    const char *shape = shapes[i % GH_COUNT(shapes)];
    for (const char *at = shape; *at != '\0'; at++) {
        if (at[0] == '%') {
            gh_buf_u64(out, i % 50);
            at++;
        } else if (at[0] == '{') {
            gh_buf_put(out, concrete ? GH_STR("two") : (gh_str){at, 3});
            at += 2;
        } else {
            gh_buf_char(out, *at);
        }
    }
}

/* Finds all of n operations; how many nodes that took at most. */
static unsigned most_visits(unsigned n)
{
    gh_arena_reset(&arena);
    gh_contract contract = {.n_operations = n};
    unsigned first, second, most = 0;
    contract.operations = gh_arena_array(&arena, n, sizeof(gh_operation));
    assert_non_null(contract.operations);
    for (unsigned i = 0; i < n; i++) {
        char memory[128] = {0};
        gh_buf out = gh_buf_over(memory, sizeof memory - 1);
        put_template(&out, i, false);
        contract.operations[i] = operation_of("GET", memory);
    }
    assert_true(gh_contract_finish(&contract, &arena, &first, &second));
    for (unsigned i = 0; i < n; i++) {
        char memory[128] = {0};
        const gh_operation *found = NULL;
        unsigned visits = 0;
        gh_buf out = gh_buf_over(memory, sizeof memory - 1);
        put_template(&out, i, true);
        if (gh_contract_search(&contract, GH_STR("GET"), gh_buf_str(&out), &found, NULL, NULL, &visits) !=
                GH_CONTRACT_FOUND ||
            found != &contract.operations[i])
            fail_msg("%u: %s", i, memory);
        most = visits > most ? visits : most;
    }
    return most;
}

static void cost_does_not_grow_with_operations(void **state)
{
    (void)state;
    unsigned few = most_visits(100), many = most_visits(5000);
    assert_in_range(few, 4, 20);
    assert_int_equal(few, many);
}

/* Each segment can be a literal or a parameter, and only the last one decides: the search ends all the same. */
static void looking_is_bounded(void **state)
{
    (void)state;
    enum { DEEP = 8 };
    gh_arena_reset(&arena);
    gh_contract contract = {.n_operations = 1 << DEEP};
    unsigned first, second, visits;
    contract.operations = gh_arena_array(&arena, 1 << DEEP, sizeof(gh_operation));
    assert_non_null(contract.operations);
    for (unsigned i = 0; i < 1 << DEEP; i++) {
        char memory[128] = {0};
        gh_buf out = gh_buf_over(memory, sizeof memory - 1);
        for (unsigned k = 0; k < DEEP; k++) {
            if ((i >> k & 1) != 0)
                gh_buf_printf(&out, "/{p%u}", k);
            else
                gh_buf_lit(&out, "/a");
        }
        gh_buf_lit(&out, "/end");
        contract.operations[i] = operation_of("GET", memory);
    }
    assert_true(gh_contract_finish(&contract, &arena, &first, &second));
    const gh_operation *found;
    assert_int_equal(gh_contract_search(&contract, GH_STR("GET"), GH_STR("/a/a/a/a/a/a/a/a/other"), &found,
                                        NULL, NULL, &visits),
                     GH_CONTRACT_NO_PATH);
    assert_in_range(visits, 256, (2 << DEEP) - 1); /* each node once */
    assert_int_equal(
        gh_contract_find(&contract, GH_STR("GET"), GH_STR("/a/a/a/a/a/a/a/b/end"), &found, NULL, NULL),
        GH_CONTRACT_FOUND);
    assert_true(gh_str_eq(found->id, GH_STR("/a/a/a/a/a/a/a/{p7}/end")));
}

static void finds_media(void **state)
{
    (void)state;
    static const gh_media media[] = {
        {.range = {"*/*", 3}},
        {.range = {"image/*", 7}},
        {.range = {"image/png", 9}},
        {.range = {"application/json; charset=utf-8", 31}},
    };
    static const struct {
        const char *name;
        unsigned n; /* of media that are looked at */
        int at;     /* -1: none */
    } rows[] = {
        {"image/png", 4, 2},        {"image/gif", 4, 1}, {"text/plain", 4, 0},
        {"application/json", 4, 3}, {"image/png", 2, 1}, {"image/png", 0, -1},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        assert_ptr_equal(gh_media_find(media, rows[i].n, gh_str_of(rows[i].name)),
                         rows[i].at < 0 ? NULL : &media[rows[i].at]);
    assert_null(gh_media_find(media + 1, 3, GH_STR("text/plain")));
}

static int start(void **state)
{
    (void)state;
    gh_arena_init(&arena, NULL, 0, 64u << 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    gh_arena_reset(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds),
        cmocka_unit_test(an_empty_contract_has_nothing),
        cmocka_unit_test(refuses_the_same_twice),
        cmocka_unit_test(says_that_memory_is_out),
        cmocka_unit_test(cost_does_not_grow_with_operations),
        cmocka_unit_test(looking_is_bounded),
        cmocka_unit_test(finds_media),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
