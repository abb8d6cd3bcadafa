/* Parameters from all places, in all styles, against their schemas. */
#include "unit.h"

#include "contract/parameters.h"

static gh_path_pattern pattern;

/* Reads one parameter of a request and shows its value: "none" when it is not there. */
static const char *read_value(gh_parameter parameter, const char *schema, gh_input_source *source,
                              gh_findings *findings)
{
    gh_operation operation = {.parameters = &parameter, .n_parameters = 1};
    gh_input input;
    gh_parameters parameters;
    bool empty;
    gh_value_reader reader = {.limits = &unit_limits,
                              .arena = &unit_arena,
                              .findings = findings,
                              .in = parameter.in,
                              .name = parameter.name};
    parameter.schema = unit_schema(schema);
    assert_int_equal(gh_input_read(source, &operation, &unit_limits, &unit_arena, NULL, &input), GH_INPUT_OK);
    assert_true(gh_parameters_init(&parameters, &operation, source, &input, &unit_arena));
    const gh_json *value = gh_parameter_read(&parameters, &parameter, &reader, &empty);
    assert_false(reader.memory);
    assert_true(!reader.failed || value == NULL);
    return empty ? "empty" : unit_json(value);
}

#define STRING "{\"type\":\"string\"}"
#define INTEGER "{\"type\":\"integer\"}"
#define LIST "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"
#define OBJECT "{\"type\":\"object\"}"
#define LISTS "{\"type\":\"object\",\"properties\":{\"R\":" LIST "}}"
#define EITHER "{\"anyOf\":[" LIST "," STRING "]}"
#define LIST_OR_NULL "{\"anyOf\":[" LIST ",{\"type\":\"null\"}]}"

static void reads_queries(void **state)
{
    (void)state;
    static const struct {
        gh_parameter p;
        const char *schema, *query;
        const char *value, *findings;
    } rows[] = {
        {{.style = GH_STYLE_FORM, .explode = true}, STRING, "a=1", "\"1\"", ""},
        {{.style = GH_STYLE_FORM, .explode = true}, STRING, "b=1", "none", ""},
        {{.style = GH_STYLE_FORM, .explode = true}, STRING, "a", "\"\"", ""},
        {{.style = GH_STYLE_FORM, .explode = true, .allow_empty = true}, INTEGER, "a", "empty", ""},
        {{.style = GH_STYLE_FORM, .explode = true, .allow_empty = true}, INTEGER, "a=1", "\"1\"", ""},
        {{.style = GH_STYLE_FORM, .explode = true}, STRING, "a=%2B+", "\"+ \"", ""},
        {{.style = GH_STYLE_FORM, .explode = true}, STRING, "a=1&a=2", "none", "query a  repeated()"},
        {{.style = GH_STYLE_FORM, .explode = true}, STRING, "a=1&%61=1", "none", "query a  repeated()"},
        {{.style = GH_STYLE_FORM, .explode = true}, "", "a=1&a=2", "none", "query a  repeated()"},
        {{.style = GH_STYLE_FORM, .explode = true}, "{}", "a=1&a=2", "none", "query a  repeated()"},
        {{.style = GH_STYLE_FORM, .explode = true}, EITHER, "a=1&a=2", "[\"1\",\"2\"]", ""},
        {{.style = GH_STYLE_FORM, .explode = true}, EITHER, "a=1", "\"1\"", ""},
        {{.style = GH_STYLE_FORM, .explode = true}, LIST, "a=1", "[\"1\"]", ""},
        {{.style = GH_STYLE_FORM, .explode = true}, LIST, "b=0&a=2&c&a=1,1", "[\"2\",\"1,1\"]", ""},
        {{.style = GH_STYLE_FORM, .explode = true}, LIST_OR_NULL, "a=1", "[\"1\"]", ""},
        {{.style = GH_STYLE_FORM}, LIST, "a=1,2%2C3,%20", "[\"1\",\"2,3\",\" \"]", ""},
        {{.style = GH_STYLE_FORM}, LIST, "a=", "[]", ""},
        {{.style = GH_STYLE_FORM}, LIST, "a=1&a=2", "none", "query a  repeated()"},
        {{.style = GH_STYLE_FORM}, STRING, "a=1,2", "\"1,2\"", ""},
        {{.style = GH_STYLE_FORM}, OBJECT, "a=R,1,G,2", "{\"R\":\"1\",\"G\":\"2\"}", ""},
        {{.style = GH_STYLE_FORM}, OBJECT, "a=R,1,R,2", "none", "query a /R repeated()"},
        {{.style = GH_STYLE_FORM}, OBJECT, "a=R", "none", "query a  style()"},
        {{.style = GH_STYLE_SPACE_DELIMITED}, LIST, "a=1%202+3", "[\"1\",\"2\",\"3\"]", ""},
        {{.style = GH_STYLE_PIPE_DELIMITED}, LIST, "a=1|2%7C3", "[\"1\",\"2\",\"3\"]", ""},
        {{.style = GH_STYLE_PIPE_DELIMITED, .explode = true}, LIST, "a=1|2&a=3", "[\"1|2\",\"3\"]", ""},
        {{.style = GH_STYLE_PIPE_DELIMITED}, OBJECT, "a=R|1", "{\"R\":\"1\"}", ""},
        {{.style = GH_STYLE_FORM, .explode = true}, OBJECT, "R=1&G=2", "{\"G\":\"2\",\"R\":\"1\"}", ""},
        {{.style = GH_STYLE_FORM, .explode = true}, OBJECT, "R=1&R=2", "none", "query a  repeated()"},
        {{.style = GH_STYLE_FORM, .explode = true}, LISTS, "R=1&R=2", "{\"R\":[\"1\",\"2\"]}", ""},
        {{.style = GH_STYLE_FORM, .explode = true}, OBJECT, "", "none", ""},
        {{.style = GH_STYLE_DEEP_OBJECT, .explode = true},
         OBJECT,
         "a[R]=1&b=2&a%5BG%5D=2",
         "{\"G\":\"2\",\"R\":\"1\"}",
         ""},
        {{.style = GH_STYLE_DEEP_OBJECT, .explode = true}, OBJECT, "a=1", "none", "query a  repeated()"},
        {{.style = GH_STYLE_DEEP_OBJECT, .explode = true},
         OBJECT,
         "a[R]=1&a[R]=2",
         "none",
         "query a /R repeated()"},
        {{.style = GH_STYLE_DEEP_OBJECT, .explode = true},
         LISTS,
         "a[R]=1&a[R]=2",
         "{\"R\":[\"1\",\"2\"]}",
         ""},
        {{.style = GH_STYLE_DEEP_OBJECT, .explode = true}, OBJECT, "a[R][x]=1", "none", "query a  style()"},
        {{.style = GH_STYLE_DEEP_OBJECT, .explode = true}, OBJECT, "a[R=1", "none", "query a  style()"},
        {{.style = GH_STYLE_DEEP_OBJECT, .explode = true}, OBJECT, "a[=1", "none", "query a  style()"},
        {{.style = GH_STYLE_DEEP_OBJECT, .explode = true}, OBJECT, "a[]=1", "none", "query a  style()"},
        {{.style = GH_STYLE_FORM, .json = true}, OBJECT, "a={\"b\":[1]}", "{\"b\":[1]}", ""},
        {{.style = GH_STYLE_FORM, .json = true}, OBJECT, "a={", "none", "query a  json(...)"},
        {{.style = GH_STYLE_FORM, .json = true}, OBJECT, "a=1&a=2", "none", "query a  repeated()"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_finding items[UNIT_FINDINGS];
        gh_findings findings = {.items = items, .max = UNIT_FINDINGS};
        gh_field fields[UNIT_FIELDS];
        gh_request request = unit_request(NULL, fields);
        gh_input_source source = {.request = &request, .query = gh_str_of(rows[i].query)};
        gh_parameter p = rows[i].p;
        p.name = GH_STR("a");
        p.in = GH_IN_QUERY;
        const char *value = read_value(p, rows[i].schema, &source, &findings);
        if (strcmp(value, rows[i].value) != 0 || strcmp(unit_findings(&findings), rows[i].findings) != 0)
            fail_msg("row %zu: %s: %s, %s", i, rows[i].query, value, unit_findings(&findings));
        unit_reset();
    }
}

static void reads_paths(void **state)
{
    (void)state;
    static const struct {
        gh_parameter p;
        const char *schema, *path; /* of /x/{b}/{a}.y */
        const char *value, *findings;
    } rows[] = {
        {{.style = GH_STYLE_SIMPLE}, STRING, "1", "\"1\"", ""},
        {{.style = GH_STYLE_SIMPLE}, STRING, "%20+%2C", "\" +,\"", ""},
        {{.style = GH_STYLE_SIMPLE}, STRING, "%FF", "none", "path a  text()"},
        {{.style = GH_STYLE_SIMPLE}, LIST, "1,2%2C", "[\"1\",\"2,\"]", ""},
        {{.style = GH_STYLE_SIMPLE}, OBJECT, "R,1,G,2", "{\"R\":\"1\",\"G\":\"2\"}", ""},
        {{.style = GH_STYLE_SIMPLE, .explode = true}, OBJECT, "R=1,G=2%3D", "{\"R\":\"1\",\"G\":\"2=\"}", ""},
        {{.style = GH_STYLE_SIMPLE, .explode = true}, OBJECT, "R,1", "none", "path a  style()"},
        {{.style = GH_STYLE_SIMPLE, .json = true}, OBJECT, "%7B%22b%22:1}", "{\"b\":1}", ""},
        {{.style = GH_STYLE_SIMPLE, .json = true}, OBJECT, "b", "none", "path a  json(...)"},
        {{.style = GH_STYLE_LABEL}, STRING, ".1", "\"1\"", ""},
        {{.style = GH_STYLE_LABEL}, STRING, "1", "none", "path a  style()"},
        {{.style = GH_STYLE_LABEL}, LIST, ".1,2", "[\"1\",\"2\"]", ""},
        {{.style = GH_STYLE_LABEL, .explode = true}, LIST, ".1.2", "[\"1\",\"2\"]", ""},
        {{.style = GH_STYLE_LABEL, .explode = true}, OBJECT, ".R=1.G=2", "{\"R\":\"1\",\"G\":\"2\"}", ""},
        {{.style = GH_STYLE_LABEL}, OBJECT, ".R,1", "{\"R\":\"1\"}", ""},
        {{.style = GH_STYLE_MATRIX}, STRING, ";a=1", "\"1\"", ""},
        {{.style = GH_STYLE_MATRIX}, STRING, ";a", "\"\"", ""},
        {{.style = GH_STYLE_MATRIX}, STRING, ";ab=1", "none", "path a  style()"},
        {{.style = GH_STYLE_MATRIX}, STRING, ";b=1", "none", "path a  style()"},
        {{.style = GH_STYLE_MATRIX}, STRING, "1", "none", "path a  style()"},
        {{.style = GH_STYLE_MATRIX}, LIST, ";a=1,2", "[\"1\",\"2\"]", ""},
        {{.style = GH_STYLE_MATRIX, .explode = true}, LIST, ";a=1;a=2", "[\"1\",\"2\"]", ""},
        {{.style = GH_STYLE_MATRIX, .explode = true}, LIST, ";a=1;b=2", "none", "path a  style()"},
        {{.style = GH_STYLE_MATRIX, .explode = true}, LIST, "a=1", "none", "path a  style()"},
        {{.style = GH_STYLE_MATRIX}, OBJECT, ";a=R,1", "{\"R\":\"1\"}", ""},
        {{.style = GH_STYLE_MATRIX, .explode = true}, OBJECT, ";R=1;G=2", "{\"R\":\"1\",\"G\":\"2\"}", ""},
        {{.style = GH_STYLE_MATRIX, .explode = true}, OBJECT, "R=1", "none", "path a  style()"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_finding items[UNIT_FINDINGS];
        gh_findings findings = {.items = items, .max = UNIT_FINDINGS};
        gh_field fields[UNIT_FIELDS];
        const char *why;
        unsigned column;
        char memory[64];
        gh_request request = unit_request(NULL, fields);
        gh_input_source source = {.request = &request, .pattern = &pattern};
        gh_buf path = gh_buf_over(memory, sizeof memory);
        gh_buf_printf(&path, "/x/other/%s.y", rows[i].path);
        assert_true(gh_path_template_compile(GH_STR("/x/{b}/{a}.y"), &unit_arena, &pattern, &why, &column));
        assert_true(gh_path_pattern_match(&pattern, gh_buf_str(&path), &source.params));
        gh_parameter p = rows[i].p;
        p.name = GH_STR("a");
        p.in = GH_IN_PATH;
        const char *value = read_value(p, rows[i].schema, &source, &findings);
        if (strcmp(value, rows[i].value) != 0 || strcmp(unit_findings(&findings), rows[i].findings) != 0)
            fail_msg("row %zu: %s: %s, %s", i, rows[i].path, value, unit_findings(&findings));
        p.name = GH_STR("c");
        assert_string_equal(read_value(p, rows[i].schema, &source, &findings), "none");
        unit_reset();
    }
}

static void reads_headers_and_cookies(void **state)
{
    (void)state;
    static const struct {
        gh_parameter p;
        const char *schema, *fields;
        const char *value, *findings;
    } rows[] = {
        {{.in = GH_IN_HEADER}, STRING, "X-A: 1", "\"1\"", ""},
        {{.in = GH_IN_HEADER}, STRING, "x-a: %41, +", "\"%41, +\"", ""},
        {{.in = GH_IN_HEADER}, STRING, "X-B: 1", "none", ""},
        {{.in = GH_IN_HEADER}, STRING, "X-A: 1\nX-a: 1", "none", "header x-a  repeated()"},
        {{.in = GH_IN_HEADER}, STRING, "X-A: \xff", "none", "header x-a  text()"},
        {{.in = GH_IN_HEADER}, LIST, "X-A: 1 ,2,\nx-b: 0\nX-a:3", "[\"1\",\"2\",\"\",\"3\"]", ""},
        {{.in = GH_IN_HEADER}, LIST, "X-A:", "[]", ""},
        {{.in = GH_IN_HEADER}, OBJECT, "X-A: R,1\nX-A: G,2", "{\"R\":\"1\",\"G\":\"2\"}", ""},
        {{.in = GH_IN_HEADER, .explode = true}, OBJECT, "X-A: R=1, G=2", "{\"R\":\"1\",\"G\":\"2\"}", ""},
        {{.in = GH_IN_HEADER, .explode = true},
         OBJECT,
         "X-A: R=1\nX-A: R=2",
         "none",
         "header x-a /R repeated()"},
        {{.in = GH_IN_HEADER, .json = true}, OBJECT, "X-A: {\"b\": 1}", "{\"b\":1}", ""},
        {{.in = GH_IN_HEADER, .json = true}, LIST, "X-A: []\nX-A: []", "none", "header x-a  repeated()"},
        {{.in = GH_IN_COOKIE}, STRING, "Cookie: b=2; x-a=1", "\"1\"", ""},
        {{.in = GH_IN_COOKIE}, STRING, "Cookie: X-A=1", "none", ""},
        {{.in = GH_IN_COOKIE}, STRING, "X: y", "none", ""},
        {{.in = GH_IN_COOKIE}, STRING, "Cookie: x-a=1; x-a=2", "none", "cookie x-a  repeated()"},
        {{.in = GH_IN_COOKIE}, STRING, "Cookie: x-a=\"1 2\"", "\"1 2\"", ""},
        {{.in = GH_IN_COOKIE}, STRING, "Cookie: x-a=\"\\074\"", "none", "cookie x-a  style()"},
        {{.in = GH_IN_COOKIE}, STRING, "Cookie: x-a=\"", "none", "cookie x-a  style()"},
        {{.in = GH_IN_COOKIE}, STRING, "Cookie: x-a=\"1\"2\"", "none", "cookie x-a  style()"},
        {{.in = GH_IN_COOKIE}, STRING, "Cookie: x-a=1\"\\", "\"1\\\"\\\\\"", ""},
        {{.in = GH_IN_COOKIE}, LIST, "Cookie: x-a=1,2", "[\"1\",\"2\"]", ""},
        {{.in = GH_IN_COOKIE}, OBJECT, "Cookie: x-a=R,1", "{\"R\":\"1\"}", ""},
        {{.in = GH_IN_COOKIE, .json = true}, OBJECT, "Cookie: x-a={\"b\":1}", "{\"b\":1}", ""},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_finding items[UNIT_FINDINGS];
        gh_findings findings = {.items = items, .max = UNIT_FINDINGS};
        gh_field fields[UNIT_FIELDS];
        gh_request request = unit_request(rows[i].fields, fields);
        gh_input_source source = {.request = &request};
        gh_parameter p = rows[i].p;
        p.name = GH_STR("x-a");
        p.style = p.in == GH_IN_HEADER ? GH_STYLE_SIMPLE : GH_STYLE_FORM;
        const char *value = read_value(p, rows[i].schema, &source, &findings);
        if (strcmp(value, rows[i].value) != 0 || strcmp(unit_findings(&findings), rows[i].findings) != 0)
            fail_msg("row %zu: %s: %s, %s", i, rows[i].fields, value, unit_findings(&findings));
        unit_reset();
    }
}

/* OpenAPI 3.1 section 4.8.12.2: these have their own places in a document. */
static void ignores_some_headers(void **state)
{
    (void)state;
    static const char *const names[] = {"accept", "content-type", "authorization"};
    for (size_t i = 0; i < GH_COUNT(names); i++) {
        gh_field fields[UNIT_FIELDS];
        gh_request request = unit_request("Accept: a\nContent-Type: a/b\nAuthorization: c", fields);
        gh_input_source source = {.request = &request};
        gh_parameter p = {.name = gh_str_of(names[i]), .in = GH_IN_HEADER, .required = true};
        assert_string_equal(read_value(p, INTEGER, &source, NULL), "empty");
    }
    unit_reset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_queries),
        cmocka_unit_test(reads_paths),
        cmocka_unit_test(reads_headers_and_cookies),
        cmocka_unit_test(ignores_some_headers),
    };
    return cmocka_run_group_tests(tests, unit_start, unit_stop);
}
