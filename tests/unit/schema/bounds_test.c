#include "schema_case.h"

static const gh_schema_options plain = {.dialect = GH_SCHEMA_2020_12};

enum { ROOM = 8 << 20 };

static gh_buf fresh(void)
{
    static char room[ROOM];
    return gh_buf_over(room, sizeof room);
}

static void put_times(gh_buf *out, const char *text, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        gh_buf_put(out, gh_str_of(text));
}

static enum gh_schema_result result_of(schema_case *c, const gh_json *v, size_t scratch_cap, bool tell)
{
    gh_finding items[4];
    gh_findings findings = {.items = items, .max = GH_COUNT(items)};
    gh_arena scratch;
    gh_arena_init(&scratch, NULL, 0, scratch_cap);
    enum gh_schema_result result = gh_schema_evaluate(c->schema, v, &scratch, tell ? &findings : NULL);
    assert_true(!tell || (result == GH_SCHEMA_INVALID) == (findings.n > 0));
    gh_arena_reset(&scratch);
    return result;
}

static gh_json *read_buf(schema_case *c, gh_buf *text)
{
    gh_json_error error;
    gh_json_limits limits = gh_json_limits_wide;
    limits.depth = GH_JSON_DEPTH_MAX;
    assert_true(gh_buf_ok(text));
    gh_json *v = gh_json_read(gh_buf_str(text), &limits, &c->arena, &error);
    assert_non_null(v);
    return v;
}

/* Both ways, with findings and without. */
static void expect(schema_case *c, const gh_json *v, enum gh_schema_result want)
{
    assert_non_null(c->schema);
    assert_int_equal(result_of(c, v, CASE_ARENA, false), want);
    assert_int_equal(result_of(c, v, CASE_ARENA, true), want);
}

/* Two alternatives at each level that both have to be followed to the end: 2^60 ways. */
static void exponential_unions_end(void **state)
{
    (void)state;
    schema_case c;
    gh_buf out = fresh();
    case_open(&c,
              "{\"anyOf\":[{\"items\":{\"$ref\":\"#\"},\"minItems\":1,\"type\":\"array\"},"
              "{\"items\":{\"$ref\":\"#\"},\"maxItems\":1,\"type\":\"array\"}]}",
              plain);
    put_times(&out, "[", 60);
    gh_buf_lit(&out, "1");
    put_times(&out, "]", 60);
    expect(&c, read_buf(&c, &out), GH_SCHEMA_TOO_COSTLY);
    case_close(&c);
}

/* What is certain stays certain, though the search for the reason takes too long. */
static void a_fault_before_the_bound_counts(void **state)
{
    (void)state;
    schema_case c;
    gh_buf out = fresh();
    case_open(
        &c,
        "{\"properties\":{\"a\":{\"type\":\"null\"},\"b\":{\"$ref\":\"#/$defs/x\"}},\"$defs\":{\"x\":{\"anyOf\":["
        "{\"items\":{\"$ref\":\"#/$defs/x\"},\"type\":\"array\"},{\"items\":{\"$ref\":\"#/$defs/x\"},"
        "\"type\":\"array\"}]}}}",
        plain);
    gh_buf_lit(&out, "{\"a\":1,\"b\":");
    put_times(&out, "[", 60);
    gh_buf_lit(&out, "1");
    put_times(&out, "]", 60);
    gh_buf_lit(&out, "}");
    expect(&c, read_buf(&c, &out), GH_SCHEMA_INVALID);
    case_close(&c);
}

/* A circle through a dynamic reference is found only here. */
static void circles_end(void **state)
{
    (void)state;
    schema_case c;
    case_open(&c, "{\"$dynamicAnchor\":\"x\",\"allOf\":[{\"$dynamicRef\":\"#x\"}]}", plain);
    expect(&c, case_json(&c.arena, "1"), GH_SCHEMA_TOO_COSTLY);
    case_close(&c);
}

static void as_deep_as_values_can_be(void **state)
{
    (void)state;
    static const char *const schemas[] = {
        "{\"items\":{\"$ref\":\"#\"}}",
        "{\"items\":{\"$ref\":\"#/$defs/a\"},\"$defs\":{\"a\":{\"$ref\":\"#\"}}}",
    };
    for (size_t i = 0; i < GH_COUNT(schemas); i++) {
        schema_case c;
        gh_buf out = fresh();
        case_open(&c, schemas[i], plain);
        put_times(&out, "[", GH_JSON_DEPTH_MAX);
        put_times(&out, "]", GH_JSON_DEPTH_MAX);
        expect(&c, read_buf(&c, &out), GH_SCHEMA_VALID);
        case_close(&c);
    }
}

/* More work than the fixed bound, but in proportion to the value. */
static void large_values_get_more_steps(void **state)
{
    (void)state;
    schema_case c;
    gh_buf out = fresh();
    case_open(
        &c,
        "{\"items\":{\"allOf\":[{\"minimum\":0},{\"maximum\":9},{\"type\":\"integer\"},{\"multipleOf\":1},"
        "{\"not\":{\"type\":\"null\"}}]}}",
        plain);
    gh_buf_lit(&out, "[1");
    put_times(&out, ",1", 300000);
    gh_buf_lit(&out, "]");
    expect(&c, read_buf(&c, &out), GH_SCHEMA_VALID);
    case_close(&c);
}

/* Quadratic comparison of these would take minutes. */
static void unique_items_of_a_large_array(void **state)
{
    (void)state;
    schema_case c;
    gh_buf out = fresh();
    case_open(&c, "{\"uniqueItems\":true}", plain);
    gh_buf_lit(&out, "[0");
    for (unsigned i = 1; i < 200000; i++)
        gh_buf_printf(&out, i % 2 == 0 ? ",%u" : ",{\"k\":[%u]}", i);
    gh_buf_lit(&out, "]");
    expect(&c, read_buf(&c, &out), GH_SCHEMA_VALID);
    out.n--;
    gh_buf_lit(&out, ",1999980e-1]");
    expect(&c, read_buf(&c, &out), GH_SCHEMA_INVALID);
    case_close(&c);
}

/* At each level all that is below it is looked at again. */
static void unique_items_at_each_level(void **state)
{
    (void)state;
    schema_case c;
    gh_buf out = fresh();
    case_open(&c, "{\"uniqueItems\":true,\"items\":{\"$ref\":\"#\"}}", plain);
    put_times(&out, "[0,", 400);
    gh_buf_lit(&out, "\"");
    put_times(&out, "0123456789abcdef", 1 << 16);
    gh_buf_lit(&out, "\"");
    put_times(&out, "]", 400);
    expect(&c, read_buf(&c, &out), GH_SCHEMA_TOO_COSTLY);
    case_close(&c);
}

static void many_patterns_for_many_members(void **state)
{
    (void)state;
    schema_case c;
    gh_buf out = fresh();
    gh_buf_lit(&out, "{\"patternProperties\":{\"^a0\":true");
    for (unsigned i = 1; i < 400; i++)
        gh_buf_printf(&out, ",\"^a%u\":true", i);
    gh_buf_lit(&out, "}}");
    gh_buf_char(&out, '\0');
    case_open(&c, out.p, plain);
    out = fresh();
    gh_buf_lit(&out, "{\"b\":1");
    for (unsigned i = 0; i < 20000; i++)
        gh_buf_printf(&out, ",\"b%u\":1", i);
    gh_buf_lit(&out, "}");
    expect(&c, read_buf(&c, &out), GH_SCHEMA_TOO_COSTLY);
    case_close(&c);
}

/* More than 64 names that are watched. */
static void many_required(void **state)
{
    (void)state;
    schema_case c;
    gh_buf out = fresh();
    gh_buf_lit(&out, "{\"required\":[\"n0\"");
    for (unsigned i = 1; i < 200; i++)
        gh_buf_printf(&out, ",\"n%u\"", i);
    gh_buf_lit(&out, "]}");
    gh_buf_char(&out, '\0');
    case_open(&c, out.p, plain);
    out = fresh();
    gh_buf_lit(&out, "{\"n0\":1");
    for (unsigned i = 1; i < 199; i++)
        gh_buf_printf(&out, ",\"n%u\":1", i);
    gh_buf_lit(&out, ",\"n199\":1}");
    gh_json *v = read_buf(&c, &out);
    expect(&c, v, GH_SCHEMA_VALID);
    assert_int_equal(result_of(&c, v, 0, false), GH_SCHEMA_MEMORY);
    v->first->key = GH_STR("other");
    v->first->key_hash = gh_json_hash(v->first->key);
    assert_string_equal(case_found(&c, v), "/n0 missing is required");
    case_close(&c);
}

static void no_scratch(void **state)
{
    (void)state;
    static const char *const schemas[] = {
        "{\"uniqueItems\":true}",
        "{\"prefixItems\":[true],\"unevaluatedItems\":false}",
    };
    for (size_t i = 0; i < GH_COUNT(schemas); i++) {
        schema_case c;
        case_open(&c, schemas[i], plain);
        const gh_json *v = case_json(&c.arena, "[1,2,3,4,5,6,7,8,9,10]");
        assert_int_equal(result_of(&c, v, 0, false), GH_SCHEMA_MEMORY);
        assert_int_equal(result_of(&c, v, 0, true), GH_SCHEMA_MEMORY);
        case_close(&c);
    }
}

/* Linear: with a square it takes half a minute. */
static void a_long_chain_of_references(void **state)
{
    (void)state;
    enum { LINKS = 40000 };
    schema_case c;
    gh_buf out = fresh();
    gh_buf_lit(&out, "{\"$ref\":\"#/$defs/a0\",\"$defs\":{");
    for (unsigned i = 0; i < LINKS; i++)
        gh_buf_printf(&out, "\"a%u\":{\"$ref\":\"#/$defs/a%u\"},", i, i + 1);
    gh_buf_printf(&out, "\"a%u\":{\"type\":\"string\"}}}", (unsigned)LINKS);
    gh_buf_char(&out, '\0');
    assert_true(gh_buf_ok(&out));
    case_open(&c, out.p, plain);
    assert_non_null(c.schema);
    const gh_json text = {.type = GH_JSON_STRING},
                  number = {.type = GH_JSON_NUMBER, .text = GH_STR_INIT("1")};
    assert_int_equal(result_of(&c, &text, CASE_ARENA, true), GH_SCHEMA_VALID);
    assert_int_equal(result_of(&c, &number, CASE_ARENA, true), GH_SCHEMA_INVALID);
    case_close(&c);
}

/* Each "$dynamicRef" asks all resources around it, each of which may have many anchors. */
static void many_anchors_for_many_references(void **state)
{
    enum { ANCHORS = 5000, ITEMS = 50000 };
    (void)state;
    schema_case c;
    gh_buf out = fresh();
    gh_buf_lit(&out, "{\"items\":{\"$dynamicRef\":\"#n\"},\"$defs\":{\"n\":{\"$dynamicAnchor\":\"n\"}");
    for (unsigned i = 0; i < ANCHORS; i++)
        gh_buf_printf(&out, ",\"a%u\":{\"$anchor\":\"a%u\"}", i, i);
    gh_buf_lit(&out, "}}");
    gh_buf_char(&out, '\0');
    assert_true(gh_buf_ok(&out));
    case_open(&c, out.p, plain);
    expect(&c, case_json(&c.arena, "[1,2,3]"), GH_SCHEMA_VALID);
    out = fresh();
    gh_buf_char(&out, '[');
    put_times(&out, "1,", ITEMS);
    gh_buf_lit(&out, "1]");
    expect(&c, read_buf(&c, &out), GH_SCHEMA_TOO_COSTLY);
    case_close(&c);
}

/* Whether a required member is hidden is asked through "allOf": for each of 8000, 8000^2 ways. */
static void hidden_members_behind_a_fan(void **state)
{
    enum { WAYS = 8000 };
    (void)state;
    schema_case c;
    gh_schema_options request = plain;
    gh_buf out = fresh();
    request.direction = GH_SCHEMA_REQUEST;
    gh_buf_lit(&out, "{\"required\":[\"a0\"");
    for (unsigned i = 1; i < WAYS; i++)
        gh_buf_printf(&out, ",\"a%u\"", i);
    gh_buf_lit(&out, "],\"properties\":{\"a0\":{\"$ref\":\"#/$defs/l0\"}");
    for (unsigned i = 1; i < WAYS; i++)
        gh_buf_printf(&out, ",\"a%u\":{\"$ref\":\"#/$defs/l0\"}", i);
    gh_buf_lit(&out, "},\"$defs\":{\"l2\":{\"type\":\"string\"}");
    for (unsigned level = 0; level < 2; level++) {
        gh_buf_printf(&out, ",\"l%u\":{\"allOf\":[{}", level);
        for (unsigned i = 0; i < WAYS; i++)
            gh_buf_printf(&out, ",{\"$ref\":\"#/$defs/l%u\"}", level + 1);
        gh_buf_lit(&out, "]}");
    }
    gh_buf_lit(&out, "}}");
    gh_buf_char(&out, '\0');
    assert_true(gh_buf_ok(&out));
    case_open(&c, out.p, request);
    expect(&c, case_json(&c.arena, "{}"), GH_SCHEMA_INVALID);
    case_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponential_unions_end),
        cmocka_unit_test(a_fault_before_the_bound_counts),
        cmocka_unit_test(circles_end),
        cmocka_unit_test(as_deep_as_values_can_be),
        cmocka_unit_test(large_values_get_more_steps),
        cmocka_unit_test(unique_items_of_a_large_array),
        cmocka_unit_test(unique_items_at_each_level),
        cmocka_unit_test(many_patterns_for_many_members),
        cmocka_unit_test(many_required),
        cmocka_unit_test(no_scratch),
        cmocka_unit_test(many_anchors_for_many_references),
        cmocka_unit_test(hidden_members_behind_a_fan),
        cmocka_unit_test(a_long_chain_of_references),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
