/* A whole request against its operation; and the door. */
#include "unit.h"

#define INTEGER "{\"type\":\"integer\",\"minimum\":1}"

/* POST /things/{id}.json?q&tag*&n with a header, a cookie and a body. */
static gh_parameter parameters[6];
static gh_media media[3];
static gh_operation operation;

static void make_operation(void)
{
    const char *why;
    unsigned column;
    parameters[0] = (gh_parameter){.name = GH_STR("theme"),
                                   .in = GH_IN_COOKIE,
                                   .style = GH_STYLE_FORM,
                                   .schema = unit_schema("{\"enum\":[\"dark\",\"light\"]}")};
    parameters[1] = (gh_parameter){
        .name = GH_STR("x-count"), .in = GH_IN_HEADER, .required = true, .schema = unit_schema(INTEGER)};
    parameters[2] = (gh_parameter){.name = GH_STR("q"),
                                   .in = GH_IN_QUERY,
                                   .style = GH_STYLE_FORM,
                                   .explode = true,
                                   .required = true,
                                   .schema = unit_schema("{\"type\":\"string\",\"maxLength\":3}")};
    parameters[3] =
        (gh_parameter){.name = GH_STR("tag"),
                       .in = GH_IN_QUERY,
                       .style = GH_STYLE_FORM,
                       .explode = true,
                       .schema = unit_schema("{\"type\":\"array\",\"items\":" INTEGER ",\"maxItems\":2}")};
    parameters[4] = (gh_parameter){
        .name = GH_STR("id"), .in = GH_IN_PATH, .required = true, .schema = unit_schema(INTEGER)};
    parameters[5] = (gh_parameter){.name = GH_STR("flag"),
                                   .in = GH_IN_QUERY,
                                   .style = GH_STYLE_FORM,
                                   .explode = true,
                                   .allow_empty = true,
                                   .required = true,
                                   .schema = unit_schema("{\"type\":\"boolean\"}")};
    const gh_schema *body =
        unit_schema("{\"type\":\"object\",\"required\":[\"a\"],\"properties\":{\"a\":" INTEGER
                    ",\"file\":{\"type\":\"string\"}},\"additionalProperties\":false}");
    media[0] = (gh_media){.range = GH_STR("application/json"), .kind = GH_MEDIA_JSON, .schema = body};
    media[1] = (gh_media){
        .range = GH_STR("application/x-www-form-urlencoded"), .kind = GH_MEDIA_FORM, .schema = body};
    media[2] = (gh_media){.range = GH_STR("image/*"), .kind = GH_MEDIA_OPAQUE};
    operation = (gh_operation){.method = GH_STR("POST"),
                               .parameters = parameters,
                               .n_parameters = GH_COUNT(parameters),
                               .parameters_closed = true,
                               .media = media,
                               .n_media = GH_COUNT(media),
                               .body_declared = true,
                               .body_required = true};
    assert_true(gh_path_template_compile(GH_STR("/things/{id}.json"), &unit_arena, &operation.pattern, &why,
                                         &column));
}

typedef struct row {
    const char *path, *query, *fields;
    gh_str body;
    const char *findings; /* "": valid */
} row;

static enum gh_schema_result check(const row *r, gh_arena *arena, gh_findings *findings)
{
    gh_field fields[UNIT_FIELDS];
    gh_request request = unit_request(r->fields, fields);
    gh_input_source source = {.request = &request,
                              .query = gh_str_of(r->query),
                              .pattern = &operation.pattern,
                              .has_body = r->body.p != NULL,
                              .body = r->body};
    gh_input input;
    assert_true(gh_path_pattern_match(&operation.pattern, gh_str_of(r->path), &source.params));
    switch (gh_input_read(&source, &operation, &unit_limits, arena, findings, &input)) {
    case GH_INPUT_OK:
        return gh_check_request(&operation, &source, &input, &unit_limits, arena, findings);
    case GH_INPUT_BAD:
        return GH_SCHEMA_INVALID;
    case GH_INPUT_MEMORY:
        break;
    }
    return GH_SCHEMA_MEMORY;
}

#define GOOD "/things/7.json", "q=abc&flag"
#define COUNT "X-Count: 1\n"
#define JSON "Content-Type: application/json"
#define FORM "Content-Type: application/x-www-form-urlencoded"

static void checks(void **state)
{
    (void)state;
    static const row rows[] = {
        {GOOD, COUNT JSON, S("{\"a\":1}"), ""},
        {GOOD, COUNT FORM, S("a=1"), ""},
        {GOOD, COUNT "Cookie: theme=dark\n" JSON, S("{\"a\":1}"), ""},
        {GOOD, COUNT "Content-Type: image/png", S("\x89"), ""},
        {"/things/7.json", "q=abc&flag=true&tag=1&tag=2", COUNT JSON, S("{\"a\":1}"), ""},
        {"/things/x.json", "q=abcd&tag=0&flag=maybe&tag=x", "X-Count: 0\nCookie: theme=pink\n" JSON,
         S("{\"a\":0,\"b\":1}"),
         "path id  type(an integer); query q  maxLength(3); query tag /0 minimum(1); "
         "query tag /1 type(an integer); query flag  type(true or false); header x-count  minimum(1); "
         "cookie theme  enum('dark' or 'light'); body /a minimum(1); body /b additionalProperties()"},
        {"/things/7.json", "", JSON, S(""),
         "query q  required(); query flag  required(); header x-count  required(); body  required()"},
        {GOOD, COUNT JSON, {NULL, 0}, "body  required()"},
        {"/things/7.json", "q=1&q=2&flag&z=1&y&y", COUNT JSON, S("{\"a\":1}"),
         "query q  repeated(); query y  undeclared(); query z  undeclared()"},
        {"/things/7.json", "q=1&flag&Q=1", COUNT JSON, S("{\"a\":1}"), "query Q  undeclared()"},
        {GOOD, COUNT FORM, S("a=1&a=2"), "body /a type(an integer)"},
        {GOOD, COUNT FORM, S("b=1"), "body /b additionalProperties(); body /a required()"},
        {GOOD, COUNT "Content-Type: text/plain", S("x"), "body  type(application/json)"},
        {GOOD, COUNT, S("x"), "body  type(application/json)"},
        {GOOD, COUNT JSON, S("{"), "body  json(...)"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_finding items[UNIT_FINDINGS];
        gh_findings findings = {.items = items, .max = UNIT_FINDINGS};
        make_operation();
        enum gh_schema_result result = check(&rows[i], &unit_arena, &findings);
        if (result != (rows[i].findings[0] == '\0' ? GH_SCHEMA_VALID : GH_SCHEMA_INVALID) ||
            strcmp(unit_findings(&findings), rows[i].findings) != 0)
            fail_msg("row %zu: %d: %s", i, result, unit_findings(&findings));
        assert_int_equal(check(&rows[i], &unit_arena, NULL), result);
        unit_reset();
    }
}

/* Nothing undeclared is refused for being so; but what some upstreams take for a declared parameter would get past
 * its schema. */
static void knows_parameters_in_disguise(void **state)
{
    (void)state;
    static const row rows[] = {
        {GOOD, COUNT JSON, S("{\"a\":1}"), ""},
        {"/things/7.json", "q=abc&flag&other[]=1&[q]=1&qq[]=2", COUNT JSON, S("{\"a\":1}"), ""},
        {"/things/7.json", "q=abc&q[]=abcd&flag", COUNT JSON, S("{\"a\":1}"), "query q  repeated()"},
        {"/things/7.json", "q%5Bk%5D=abcd&flag", COUNT JSON, S("{\"a\":1}"), "query q  repeated()"},
        {"/things/7.json", "q=abc&flag&tag[]=x", COUNT JSON, S("{\"a\":1}"), "query tag  repeated()"},
        {"/things/7.json", "q=abc&flag&color[R]=1", COUNT JSON, S("{\"a\":1}"), ""},
        {"/things/7.json", "q=abc&flag&color[R]=1&color=2", COUNT JSON, S("{\"a\":1}"),
         "query color  repeated()"},
        {"/things/7.json", "q=abc&flag&color=2", COUNT JSON, S("{\"a\":1}"), "query color  repeated()"},
        {GOOD, COUNT "X_Count: 0\n" JSON, S("{\"a\":1}"), "header x-count  repeated()"},
        {GOOD, "X_Count: 0\n" JSON, S("{\"a\":1}"), "header x-count  minimum(1)"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_finding items[UNIT_FINDINGS];
        gh_findings findings = {.items = items, .max = UNIT_FINDINGS};
        gh_parameter more[GH_COUNT(parameters) + 1];
        make_operation();
        memcpy(more, parameters, sizeof parameters);
        more[GH_COUNT(parameters)] = (gh_parameter){.name = GH_STR("color"),
                                                    .in = GH_IN_QUERY,
                                                    .style = GH_STYLE_DEEP_OBJECT,
                                                    .explode = true,
                                                    .schema = unit_schema("{\"type\":\"object\"}")};
        operation.parameters = more;
        operation.n_parameters = GH_COUNT(more);
        operation.parameters_closed = false;
        enum gh_schema_result result = check(&rows[i], &unit_arena, &findings);
        if (result != (rows[i].findings[0] == '\0' ? GH_SCHEMA_VALID : GH_SCHEMA_INVALID) ||
            strcmp(unit_findings(&findings), rows[i].findings) != 0)
            fail_msg("row %zu: %d: %s", i, result, unit_findings(&findings));
        unit_reset();
    }
}

/* Open parameters, an optional body, one that streams. */
static void asks_for_no_more_than_is_declared(void **state)
{
    (void)state;
    make_operation();
    operation.parameters_closed = operation.body_required = false;
    row r = {GOOD "&z=1", COUNT, {NULL, 0}, ""};
    assert_int_equal(check(&r, &unit_arena, NULL), GH_SCHEMA_VALID);
    operation.body_required = true;
    gh_field fields[UNIT_FIELDS];
    gh_request request = unit_request(COUNT "Content-Type: image/png", fields);
    gh_input_source source = {
        .request = &request, .query = GH_STR("q=1&flag"), .pattern = &operation.pattern};
    gh_input input;
    assert_true(gh_path_pattern_match(&operation.pattern, GH_STR("/things/1.json"), &source.params));
    assert_int_equal(gh_input_read(&source, &operation, &unit_limits, &unit_arena, NULL, &input),
                     GH_INPUT_OK);
    static const struct {
        enum gh_framing framing;
        uint64_t length;
        enum gh_schema_result result;
    } rows[] = {
        {GH_FRAMING_NONE, 0, GH_SCHEMA_INVALID},
        {GH_FRAMING_LENGTH, 0, GH_SCHEMA_INVALID},
        {GH_FRAMING_LENGTH, 1, GH_SCHEMA_VALID},
        {GH_FRAMING_CHUNKED, 0, GH_SCHEMA_VALID},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        request.framing = rows[i].framing;
        request.content_length = rows[i].length;
        assert_int_equal(gh_check_request(&operation, &source, &input, &unit_limits, &unit_arena, NULL),
                         rows[i].result);
    }
    unit_reset();
}

/* An object that is spread over the query takes what no other parameter is. */
static void spreads_objects_over_the_query(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second; /* schemas */
        const char *query, *findings;
    } rows[] = {
        {"{\"type\":\"object\",\"properties\":{\"b\":" INTEGER "}}", "", "b=1&n=0&c=2", ""},
        {"{\"type\":\"object\",\"properties\":{\"b\":" INTEGER "}}", "", "b=x&n=0",
         "query one /b type(an integer)"},
        {"{\"type\":\"object\",\"properties\":{\"b\":" INTEGER "},\"additionalProperties\":false}", "", "c=1",
         "query one /c additionalProperties()"},
        {"{\"type\":\"object\",\"properties\":{\"b\":" INTEGER "}}",
         "{\"type\":\"object\",\"properties\":{\"c\":" INTEGER "}}", "b=0&c=0&d=1",
         "query one /b minimum(1); query two /c minimum(1); query d  undeclared()"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_finding items[UNIT_FINDINGS];
        gh_findings findings = {.items = items, .max = UNIT_FINDINGS};
        gh_parameter p[3] = {
            {.name = GH_STR("n"), .in = GH_IN_QUERY, .style = GH_STYLE_FORM, .explode = true},
            {.name = GH_STR("one"),
             .in = GH_IN_QUERY,
             .style = GH_STYLE_FORM,
             .explode = true,
             .schema = unit_schema(rows[i].first)},
            {.name = GH_STR("two"),
             .in = GH_IN_QUERY,
             .style = GH_STYLE_FORM,
             .explode = true,
             .schema = unit_schema(rows[i].second)}};
        gh_operation spread = {
            .parameters = p, .n_parameters = rows[i].second[0] == '\0' ? 2 : 3, .parameters_closed = true};
        gh_field fields[UNIT_FIELDS];
        gh_request request = unit_request(NULL, fields);
        gh_input_source source = {.request = &request, .query = gh_str_of(rows[i].query)};
        gh_input input;
        assert_int_equal(gh_input_read(&source, &spread, &unit_limits, &unit_arena, NULL, &input),
                         GH_INPUT_OK);
        enum gh_schema_result result =
            gh_check_request(&spread, &source, &input, &unit_limits, &unit_arena, &findings);
        if (result != (rows[i].findings[0] == '\0' ? GH_SCHEMA_VALID : GH_SCHEMA_INVALID) ||
            strcmp(unit_findings(&findings), rows[i].findings) != 0)
            fail_msg("row %zu: %d: %s", i, result, unit_findings(&findings));
        unit_reset();
    }
}

static void says_that_memory_is_out(void **state)
{
    (void)state;
    static const row r = {"/things/7.json", "q=%41&flag&tag=1&tag=2", COUNT "Cookie: theme=dark\n" FORM,
                          S("a=%31"), ""};
    enum gh_schema_result result = GH_SCHEMA_MEMORY;
    unsigned refused = 0;
    make_operation();
    for (size_t cap = 0; cap <= 16384; cap += 16) {
        static char memory[16384] __attribute__((aligned(16)));
        gh_arena small;
        gh_arena_init(&small, memory, cap, 0);
        result = check(&r, &small, NULL);
        assert_true(result == GH_SCHEMA_VALID || result == GH_SCHEMA_MEMORY);
        refused += result == GH_SCHEMA_MEMORY;
    }
    assert_int_equal(result, GH_SCHEMA_VALID);
    assert_true(refused > 20);
    unit_reset();
}

static void asks_at_the_door(void **state)
{
    (void)state;
    static const struct {
        const char *fields;
        enum gh_framing framing;
        uint64_t length;
        bool declared;
        unsigned n_media;
        enum gh_door_fault fault;
        int media; /* which one; -1: none */
    } rows[] = {
        {JSON, GH_FRAMING_LENGTH, 2, true, 3, GH_DOOR_FINE, 0},
        {JSON "; charset=UTF-8", GH_FRAMING_CHUNKED, 0, true, 3, GH_DOOR_FINE, 0},
        {FORM, GH_FRAMING_CHUNKED, 0, true, 3, GH_DOOR_FINE, 1},
        {"Content-Type: image/png", GH_FRAMING_LENGTH, 9, true, 3, GH_DOOR_FINE, 2},
        {"Content-Type: image/png; charset=x", GH_FRAMING_LENGTH, 9, true, 3, GH_DOOR_FINE, 2},
        {NULL, GH_FRAMING_NONE, 0, true, 3, GH_DOOR_FINE, -1},
        {NULL, GH_FRAMING_LENGTH, 0, true, 3, GH_DOOR_FINE, -1},
        {"Content-Type: x", GH_FRAMING_NONE, 0, false, 0, GH_DOOR_FINE, -1},
        {NULL, GH_FRAMING_LENGTH, 1, true, 3, GH_DOOR_MEDIA_TYPE, -1},
        {NULL, GH_FRAMING_CHUNKED, 0, true, 3, GH_DOOR_MEDIA_TYPE, -1},
        {"Content-Type:", GH_FRAMING_CHUNKED, 0, true, 3, GH_DOOR_MEDIA_TYPE, -1},
        {"Content-Type: text/plain", GH_FRAMING_LENGTH, 1, true, 3, GH_DOOR_MEDIA_TYPE, -1},
        {"Content-Type: application", GH_FRAMING_LENGTH, 1, true, 3, GH_DOOR_MEDIA_TYPE, -1},
        {JSON "; charset=utf-16", GH_FRAMING_LENGTH, 1, true, 3, GH_DOOR_MEDIA_TYPE, -1},
        {JSON "\n" JSON, GH_FRAMING_LENGTH, 1, true, 3, GH_DOOR_MEDIA_TYPE, -1},
        {JSON "\nContent-Type: image/png", GH_FRAMING_LENGTH, 1, true, 0, GH_DOOR_MEDIA_TYPE, -1},
        {JSON "\nContent-Encoding: gzip", GH_FRAMING_LENGTH, 1, true, 3, GH_DOOR_MEDIA_TYPE, -1},
        {JSON "\nContent-Encoding: identity\nContent-Encoding: br", GH_FRAMING_LENGTH, 1, true, 3,
         GH_DOOR_MEDIA_TYPE, -1},
        {"Content-Type: image/png\nContent-Encoding: gzip", GH_FRAMING_LENGTH, 1, true, 3, GH_DOOR_FINE, 2},
        {JSON "\nContent-Encoding: Identity", GH_FRAMING_LENGTH, 1, true, 3, GH_DOOR_FINE, 0},
        {JSON, GH_FRAMING_LENGTH, 1, false, 0, GH_DOOR_BODY_UNWANTED, -1},
        {NULL, GH_FRAMING_CHUNKED, 0, false, 0, GH_DOOR_BODY_UNWANTED, -1},
        {NULL, GH_FRAMING_CHUNKED, 0, true, 0, GH_DOOR_FINE, -1},
        {"Content-Type: a/b", GH_FRAMING_CHUNKED, 0, true, 0, GH_DOOR_FINE, -1},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_field fields[UNIT_FIELDS];
        make_operation();
        operation.body_declared = rows[i].declared;
        operation.n_media = rows[i].n_media;
        gh_request request = unit_request(rows[i].fields, fields);
        request.framing = rows[i].framing;
        request.content_length = rows[i].length;
        gh_media_type type = {.name_size = 99};
        const gh_media *found = &media[2];
        enum gh_door_fault fault = gh_check_door(&operation, &request, &type, &found);
        if (fault != rows[i].fault || found != (rows[i].media < 0 ? NULL : &media[rows[i].media]))
            fail_msg("row %zu: %d", i, fault);
        unit_reset();
    }
}

/* Whatever type it is given, an upstream that decodes without asking would read it as the object that was declared:
 * bytes are let in by a range only where a text would do. */
static void bytes_are_no_objects(void **state)
{
    (void)state;
    static const struct {
        const char *range, *schema, *type;
        enum gh_door_fault fault;
    } rows[] = {
        {"*/*", "{\"type\":\"object\"}", "application/octet-stream", GH_DOOR_MEDIA_TYPE},
        {"application/*", "{\"type\":\"object\"}", "application/x", GH_DOOR_MEDIA_TYPE},
        {"*/*", "{\"type\":\"object\"}", "application/json", GH_DOOR_FINE},
        {"*/*", "{\"type\":\"string\"}", "application/octet-stream", GH_DOOR_FINE},
        {"*/*", "{}", "application/octet-stream", GH_DOOR_FINE},
        {"*/*", "", "application/octet-stream", GH_DOOR_FINE},
        {"application/xml", "{\"type\":\"object\"}", "application/xml", GH_DOOR_FINE},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_field field = {
            .name = GH_STR("content-type"), .value = gh_str_of(rows[i].type), .id = GH_FIELD_CONTENT_TYPE};
        gh_request request = {
            .fields = &field, .n_fields = 1, .framing = GH_FRAMING_LENGTH, .content_length = 1};
        gh_media one = {.range = gh_str_of(rows[i].range), .schema = unit_schema(rows[i].schema)};
        gh_operation any = {.media = &one, .n_media = 1, .body_declared = true};
        gh_media_type type;
        const gh_media *found;
        if (gh_check_door(&any, &request, &type, &found) != rows[i].fault)
            fail_msg("row %zu", i);
        unit_reset();
    }
}

/* Which operations need their body whole. */
static void says_who_reads_bodies(void **state)
{
    (void)state;
    static const struct {
        const char *range;
        enum gh_media_kind kind;
        const char *schema;
        bool reads;
    } rows[] = {
        {"application/json", GH_MEDIA_JSON, "", false},
        {"application/json", GH_MEDIA_JSON, "{}", true},
        {"application/json", GH_MEDIA_JSON, INTEGER, true},
        {"multipart/form-data", GH_MEDIA_MULTIPART, "{}", true},
        {"application/x-www-form-urlencoded", GH_MEDIA_FORM, "{}", true},
        {"text/plain", GH_MEDIA_TEXT, "{}", false},
        {"text/plain", GH_MEDIA_TEXT, "{\"type\":\"string\"}", true},
        {"image/png", GH_MEDIA_OPAQUE, "{\"type\":\"string\",\"format\":\"binary\"}", false},
        {"image/*", GH_MEDIA_OPAQUE, "", false},
        {"*/*", GH_MEDIA_OPAQUE, "{}", false},
        {"*/*", GH_MEDIA_OPAQUE, INTEGER, true},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        make_operation();
        unsigned first, second;
        media[0] = (gh_media){.range = gh_str_of(rows[i].range), .kind = rows[i].kind};
        media[0].schema = unit_schema(rows[i].schema);
        operation.n_media = 1;
        operation.reads_body = !rows[i].reads;
        gh_contract contract = {.operations = &operation, .n_operations = 1};
        assert_true(gh_contract_finish(&contract, &unit_arena, &first, &second));
        if (operation.reads_body != rows[i].reads)
            fail_msg("row %zu", i);
        unit_reset();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks),
        cmocka_unit_test(knows_parameters_in_disguise),
        cmocka_unit_test(asks_for_no_more_than_is_declared),
        cmocka_unit_test(spreads_objects_over_the_query),
        cmocka_unit_test(says_that_memory_is_out),
        cmocka_unit_test(asks_at_the_door),
        cmocka_unit_test(bytes_are_no_objects),
        cmocka_unit_test(says_who_reads_bodies),
    };
    return cmocka_run_group_tests(tests, unit_start, unit_stop);
}
