/* What is refused of settings about input, and what is said. */
#include "load_helper.h"

#define UP "upstreams: [{name: a, servers: ['http://a:1']}]\n"
#define R UP "routes:\n  - {name: r, methods: [POST], path: '/x/{id}', "

static void what_is_said(void **state)
{
    static const struct {
        const char *yaml, *report;
    } rows[] = {
        {UP "validation: {max_body: 1MiB, memory: 1MiB}\n", ""},
        {UP "validation: {max_body: 2MiB, memory: 1MiB}\n",
         "g.yaml:2:24: error: validation.max_body must not be more than validation.memory, or such a body could never be read\n"},
        {UP "validation: {memory: 1MiB, max_errors: 65}\n",
         "g.yaml:2:40: error: validation.max_errors: \"65\" is out of range: it must be 1 to 64\n"},
        {UP "validation: {mode: observe}\n",
         "g.yaml:2:20: warning: validation.mode has no effect without openapi.document\n"},
        {UP "openapi: {prefix: /v1/}\n",
         "g.yaml:2:19: error: openapi.prefix: \"/v1/\" is not a prefix: it must begin with \"/\" and not end with it, as in /v1\n"},
        {UP "openapi: {prefix: '/{a}'}\n",
         "g.yaml:2:19: error: openapi.prefix: \"/{a}\" is not a prefix: it must be a path without parameters, as in /v1\n"},
        {UP "openapi: {prefix: v1}\n",
         "g.yaml:2:19: error: openapi.prefix: \"v1\" is not a prefix: it must begin with \"/\" and not end with it, as in /v1\n"},
        {UP "openapi: {prefix: /v1, undeclared_paths: report}\n",
         "g.yaml:2:19: warning: openapi.prefix has no effect without openapi.document\ng.yaml:2:42: warning: openapi.undeclared_paths has no effect without openapi.document\n"},
        {UP "openapi: {document: 'http://a/openapi.json'}\n",
         "g.yaml:2:21: error: openapi.document: \"http://a/openapi.json\" is not got over the network: write upstream:/openapi.json to ask the upstream for it, or a file's name\n"},
        {UP "openapi: {document: 'upstream:openapi.json'}\n",
         "g.yaml:2:21: error: openapi.document: \"upstream:openapi.json\" names no path of the upstream: write upstream:/openapi.json\n"},
        {"upstreams: [{name: a, servers: ['http://a:1'], openapi: x.json}]\nopenapi: {document: y.json}\n",
         "g.yaml:2:21: error: openapi.document and upstreams[0].openapi are both the document of the first upstream; keep one of them\n"},
        {UP "dangerous_content: {checks: [scrpt]}\n",
         "g.yaml:2:30: error: dangerous_content.checks: \"scrpt\" is not a check (did you mean script?)\n"},
        {UP "dangerous_content: {checks: [everything]}\n",
         "g.yaml:2:30: error: dangerous_content.checks: \"everything\" is not a check: there are script, script_url, sql, traversal, crlf, control, bidi, not_normal and too_long\n"},
        {UP "dangerous_content: {checks: [sql], fields: [prompt]}\n",
         "g.yaml:2:45: error: dangerous_content.fields: \"prompt\" is not a field: neither \"*\", nor a name in the body like /prompt, nor query., path., header. or cookie. with a name\n"},
        {UP "dangerous_content: {checks: [sql], fields: ['cookie.']}\n",
         "g.yaml:2:45: error: dangerous_content.fields: \"cookie.\" is not a field: the name of the parameter is missing\n"},
        {R "dangerous_content: {fields: [/a]}}\n",
         "g.yaml:3:77: error: route r: dangerous_content.fields has no effect without dangerous_content.checks\n"},
        {R "dangerous_content: {mode: observe, max_length: 3, checks: []}}\n",
         "g.yaml:3:75: error: route r: dangerous_content.mode has no effect without dangerous_content.checks\ng.yaml:3:96: error: route r: dangerous_content.max_length has no effect without dangerous_content.checks\n"},
        {R "dangerous_content: {checks: [sql], fields: [path.id, path.di]}}\n",
         "g.yaml:3:102: error: route r: dangerous_content.fields: the route's path has no {di}\n"},
        {R "sanitize: {text: ['*']}}\n",
         "g.yaml:3:67: error: routes[0].sanitize.text: \"*\" is no field of the body, and only those can be rewritten: write /prompt\n"},
        {R "sanitize: {filename: [query.a]}}\n",
         "g.yaml:3:71: error: routes[0].sanitize.filename: \"query.a\" is no field of the body, and only those can be rewritten: write /prompt\n"},
        {R "sanitize: {max_length: 3}}\n",
         "g.yaml:3:72: error: route r: sanitize.max_length has no effect without sanitize.text\n"},
        {R "validate: {mode: observe}}\n",
         "g.yaml:3:66: error: route r: validate.mode has no effect without a schema in validate\n"},
        {R "validate: {body_required: off}}\n",
         "g.yaml:3:75: error: route r: validate.body_required has no effect without validate.body or validate.content_types\n"},
        {R "validate: {content_types: [image/png], body: {type: string}}}\n",
         "g.yaml:3:94: error: route r: validate.body: none of validate.content_types can be read; there are JSON, application/x-www-form-urlencoded, multipart/form-data and text types\n"},
        {R "validate: {content_types: [text/plain, image/png], body: {type: string}}}\n",
         "g.yaml:3:88: warning: route r: bodies of type image/png can't be read: validate.body is not asked of them\n"},
        {R "validate: {content_types: ['application/json; charset=utf-8']}}\n",
         "g.yaml:3:76: error: routes[0].validate.content_types: \"application/json; charset=utf-8\" must have no parameters: only type and subtype are compared, as in application/json\n"},
        {R "validate: {content_types: [json]}}\n",
         "g.yaml:3:76: error: routes[0].validate.content_types: \"json\" is not a media type: write application/json, image/* or */*\n"},
        {R "validate: {content_types: ['*/json']}}\n",
         "g.yaml:3:76: error: routes[0].validate.content_types: \"*/json\" is not a media type: write application/json, image/* or */*\n"},
        {R "validate: {body: [1]}}\n",
         "g.yaml:3:66: error: routes[0].validate.body: must be a JSON Schema: a mapping such as {type: object}, not a list\n"},
        {R "validate: {body: string}}\n",
         "g.yaml:3:66: error: routes[0].validate.body: must be a JSON Schema: a mapping such as {type: object}, not \"string\"\n"},
        {R "validate: {body: }}\n",
         "g.yaml:3:66: error: routes[0].validate.body: must be a JSON Schema: a mapping such as {type: object}, not \"\"\n"},
        {R "validate: {body: {maximum: .inf}}}\n",
         "g.yaml:3:76: error: routes[0].validate.body: \".inf\": a number that is not finite; a text needs quotes\n"},
        {UP "routes: [{name: r, validate: {body: {type: string}}}]\n",
         "g.yaml:2:10: warning: route r: validate asks for a body whatever the method, GET too; name the methods, as in [POST], or set body_required: off\n"},
        {UP "schemas: [a]\n", "g.yaml:2:10: error: schemas: must be a mapping from names\n"},
        {UP "schemas: {'a b': {type: string}}\n",
         "g.yaml:2:11: error: schemas: \"a b\" is not a name of at most 64 letters, digits, \"_\", \"-\" and \".\"\n"},
        {UP "schemas: {a: 5}\n",
         "g.yaml:2:14: error: schemas.a: must be a JSON Schema: a mapping such as {type: object}, not \"5\"\n"},
        {UP "schemas: {a: true, b: {}}\n", ""},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        expect_report(&(given){.yaml = rows[i].yaml}, rows[i].report);
}

static const gh_json *at(const gh_json *json, const char *pointer)
{
    const gh_json *found = gh_json_pointer(json, gh_str_of(pointer));
    assert_non_null(found);
    return found;
}

static void expect_json(const gh_json *json, const char *expected)
{
    char text[1024];
    gh_buf out = gh_buf_over(text, sizeof text);
    gh_json_write(&out, json);
    expect_str(gh_buf_str(&out), expected);
}

/* YAML's core schema (YAML 1.2.2 section 10.3), and where each value stands. */
static void yaml_becomes_json(void **state)
{
    (void)state;
    loaded *l = expect_clean(
        &(given){.yaml = UP "schemas:\n"
                            "  a: {enum: [null, ~, true, False, 1, -0.5, 1e3, '1', \"true\", yes, on]}\n"
                            "  b:\n"
                            "    properties:\n"
                            "      x y: {type: string}\n"
                            "      z:\n"
                            "  c: true\n"});
    assert_int_equal(l->config->n_schemas, 3);
    const gh_schema_config *s = l->config->schemas;
    expect_str(s[0].name, "a");
    expect_json(s[0].schema.json,
                "{\"enum\":[null,null,true,false,1,-0.5,1e3,\"1\",\"true\",\"yes\",\"on\"]}");
    expect_json(s[1].schema.json, "{\"properties\":{\"x y\":{\"type\":\"string\"},\"z\":null}}");
    expect_json(s[2].schema.json, "true");
    assert_int_equal(s[1].schema.place.line, 5);
    const gh_json *type = at(s[1].schema.json, "/properties/x y/type");
    assert_int_equal(GH_AT_LINE(type->at), 6);
    assert_int_equal(GH_AT_COLUMN(type->at), 13);
    assert_int_equal(GH_AT_COLUMN(GH_AT(3, 5000)), 1023);
    unload(l);
}

static void what_a_route_inherits(void **state)
{
    (void)state;
    loaded *l = expect_clean(&(given){.yaml = UP "dangerous_content: {checks: [sql, crlf], max_length: 5}\n"
                                                 "routes: [{name: r}]\n"});
    const gh_route_config *r = &l->config->routes[0];
    assert_null(r->validate.body.json);
    assert_null(r->validate.content_types.items);
    assert_int_equal(r->validate.body_required, -1);
    assert_int_equal(r->validate.mode, GH_MODE_ENFORCE);
    assert_null(r->dangerous_content.checks.items);
    assert_int_equal(r->dangerous_content.mode, -1);
    assert_true(r->dangerous_content.max_length == UINT64_MAX);
    assert_int_equal(r->sanitize.max_length, 1000);
    assert_int_equal(l->config->dangerous_content.fields.n, 1);
    expect_str(l->config->dangerous_content.fields.items[0], "*");
    unload(l);
}

static void from_the_environment_and_the_command_line(void **state)
{
    (void)state;
    loaded *l =
        expect_clean(&(given){.yaml = UP,
                              .environment = {"OPENAPI_DOCUMENT=a.json", "GATEHOUSE_VALIDATION_STATUS=400",
                                              "GATEHOUSE_DANGEROUS_CONTENT_CHECKS=sql, bidi", NULL}});
    expect_str(l->config->openapi.document, "a.json");
    assert_int_equal(l->config->validation.status, 400);
    assert_int_equal(l->config->dangerous_content.checks.n, 2);
    unload(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said),
        cmocka_unit_test(yaml_becomes_json),
        cmocka_unit_test(what_a_route_inherits),
        cmocka_unit_test(from_the_environment_and_the_command_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
