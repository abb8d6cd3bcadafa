/* Schemas and documents into a policy: what can't be compiled, and what comes out. */
#include "config/compile.h"
#include "contract/texts.h"
#include "load_helper.h"

#define UP "upstreams: [{name: a, servers: ['http://a:1']}]\n"
#define R UP "routes:\n  - {name: r, methods: [POST], path: '/x/{id}', "

/* Documents by name; "upstream:/later" is not there yet. */
static bool read_document(void *data, const gh_upstream_config *upstream, gh_str name, gh_arena *arena,
                          gh_str *ret_text, const char **ret_why, bool *ret_later)
{
    static const struct {
        gh_str name;
        const char *text;
    } documents[] = {
        {GH_STR_INIT("good.yaml"),
         "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  /a:\n    get: {responses: {'200': {description: ok}}}\n"},
        {GH_STR_INIT("upstream:/b.json"),
         "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"t\",\"version\":\"1\"},\"paths\":{\"/b\":{}}}"},
        {GH_STR_INIT("broken.json"), "{\"openapi\": \"3.1.0\",\n \"info\": }"},
        {GH_STR_INIT("wrong.yaml"), "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  a: {}\n"},
        {GH_STR_INIT("image.yaml"),
         "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  /a:\n    post:\n"
         "      requestBody: {content: {image/png: {schema: {type: string}}}}\n"
         "      responses: {'200': {description: ok}}\n"},
    };
    unsigned *asked = data;
    (void)arena;
    assert_non_null(upstream);
    (*asked)++;
    *ret_later = gh_str_eq(name, GH_STR("upstream:/later"));
    *ret_why = "No such file or directory";
    for (size_t i = 0; i < GH_COUNT(documents); i++)
        if (gh_str_eq(name, documents[i].name)) {
            *ret_text = gh_str_of(documents[i].text);
            return true;
        }
    return false;
}

static unsigned asked;

static gh_policy *compile(loaded *l, char report[4096])
{
    asked = 0;
    l->config->read_document = read_document;
    l->config->read_document_data = &asked;
    gh_policy *policy = gh_policy_compile(l->config, &l->report);
    gh_buf out = gh_buf_over(report, 4095);
    gh_report_print(&l->report, &out);
    report[out.n] = '\0';
    return policy;
}

static void expect_compiled(const char *yaml, const char *expected)
{
    char report[4096];
    loaded *l = expect_clean(&(given){.yaml = yaml});
    gh_policy *policy = compile(l, report);
    if (strcmp(report, expected) != 0)
        print_error("given: %s", yaml);
    assert_string_equal(report, expected);
    assert_int_equal(policy == NULL, strstr(expected, "error: ") != NULL);
    gh_policy_unref(policy);
    unload(l);
}

static void what_is_wrong_with_schemas(void **state)
{
    static const struct {
        const char *yaml, *report;
    } rows[] = {
        {R "validate: {body: {type: strng}}}\n",
         "g.yaml:3:67: error: route r: validate.body: /type: must be one of string, integer, number, boolean, array, object and null\n"},
        {R "validate: {body: {minLenght: 3}}}\n",
         "g.yaml:3:67: error: route r: validate.body: /minLenght: not a keyword; did you mean \"minLength\"? (Names of your own start with \"x-\".)\n"},
        {R "validate: {body: {properties: {a: {$ref: '#/schemas/nope'}}}}}\n",
         "g.yaml:3:84: error: route r: validate.body: /properties/a/$ref: \"#/schemas/nope\" refers to no schema\n"},
        {UP
         "schemas:\n  a:\n    type: object\n    properties:\n      x: {pattern: '('}\nroutes:\n  - {name: r, methods: [POST], validate: {body: {$ref: '#/schemas/a'}}}\n  - {name: s, methods: [PUT], validate: {query: {properties: {a: {$ref: '#/schemas/a'}}}}}\n",
         "g.yaml:6:11: error: schemas.a: /properties/x/pattern: a group is not closed: ) is missing (at character 1)\n"},
        {R "validate: {body: {property: {a: {}}}}}\n",
         "g.yaml:3:67: error: route r: validate.body: /property: not a keyword; did you mean \"properties\"? (Names of your own start with \"x-\".)\n"},
        {R "validate: {query: {properties: {a: {format: emial}}}}}\n",
         "g.yaml:3:85: error: route r: validate.query: /properties/a/format: not a format that is known; did you mean \"email\"?\n"},
        {UP "schemas:\n  a: {banana: 1}\n"
            "routes: [{name: r}]\n",
         "g.yaml:3:7: error: schemas.a: /banana: not a keyword of JSON Schema (names of your own start with \"x-\")\n"},
        {UP "schemas:\n  a:\n    $ref: #/schemas/b\nroutes: [{name: r}]\n",
         "g.yaml:4:5: error: schemas.a: /$ref: must be a string, not null; in YAML # begins a comment: put quotes around it, as in \"#/schemas/name\"\n"},
        {R "validate: {query: {minProperties: 1}}}\n",
         "g.yaml:3:68: error: route r: validate.query: minProperties can't be here: only type: object, properties, required and additionalProperties can, and the schema of each parameter is in properties\n"},
        {R "validate: {query: true}}\n",
         "g.yaml:3:67: error: route r: validate.query: must be an object schema with properties\n"},
        {R "validate: {query: {type: array}}}\n",
         "g.yaml:3:68: error: route r: validate.query: type must be object: its properties are the parameters\n"},
        {R "validate: {query: {properties: [a]}}}\n",
         "g.yaml:3:68: error: route r: validate.query: properties must be a mapping from names to schemas\n"},
        {R "validate: {query: {required: [a]}}}\n",
         "g.yaml:3:79: error: route r: validate.query: required names a, which is not in properties ({} there takes any value)\n"},
        {R "validate: {query: {required: a}}}\n",
         "g.yaml:3:68: error: route r: validate.query: required must be a list of names\n"},
        {R "validate: {query: {required: [1], properties: {'1': {}}}}}\n",
         "g.yaml:3:79: error: route r: validate.query: required must be a list of names\n"},
        {R "validate: {query: {additionalProperties: {type: string}}}}\n",
         "g.yaml:3:68: error: route r: validate.query: additionalProperties must be true or false\n"},
        {R "validate: {headers: {additionalProperties: false}}}\n",
         "g.yaml:3:70: error: route r: validate.headers: additionalProperties: false can't be here: clients send header fields of their own\n"},
        {R "validate: {cookies: {additionalProperties: false}}}\n",
         "g.yaml:3:70: error: route r: validate.cookies: additionalProperties: false can't be here: clients send cookies of their own\n"},
        {R "validate: {path: {additionalProperties: false, properties: {id: {}}}}}\n", ""},
        {R "validate: {path: {properties: {di: {}}}}}\n",
         "g.yaml:3:80: error: route r: validate.path: the route's path has no {di}\n"},
        {R "validate: {headers: {properties: {'a b': {}}}}}\n",
         "g.yaml:3:83: error: route r: validate.headers: \"a b\" can't be the name of a header field\n"},
        {R "validate: {headers: {properties: {X-A: {}, x-a: {}}}}}\n",
         "g.yaml:3:92: error: route r: validate.headers: x-a is here twice\n"},
        {R "validate: {query: {properties: {a: {type: nope}}}}}\n",
         "g.yaml:3:85: error: route r: validate.query: /properties/a/type: must be one of string, integer, number, boolean, array, object and null\n"},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        expect_compiled(rows[i].yaml, rows[i].report);
}

static void what_is_wrong_with_documents(void **state)
{
    static const struct {
        const char *yaml, *report;
    } rows[] = {
        {UP "openapi: {document: good.yaml}\n", ""},
        {UP "openapi: {document: 'upstream:/later'}\n", ""},
        {UP "openapi: {document: none.json}\n",
         "g.yaml:2:21: error: the OpenAPI document none.json can't be read: No such file or directory\n"},
        {"upstreams: [{name: a, servers: ['http://a:1'], openapi: none.json}]\n",
         "g.yaml:1:57: error: the OpenAPI document none.json can't be read: No such file or directory\n"},
        {UP "openapi: {document: broken.json}\n",
         "broken.json:2:10: error: neither JSON nor YAML that can be read: no JSON value\n"},
        {UP "openapi: {document: image.yaml}\n",
         "image.yaml: warning: 1 thing in it will not be enforced; gatehouse openapi check lists what and why\n"},
    };
    char report[4096];
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        expect_compiled(rows[i].yaml, rows[i].report);
    loaded *l = expect_clean(&(given){.yaml = UP "openapi: {document: wrong.yaml}\n"});
    assert_null(compile(l, report));
    assert_non_null(strstr(report, "wrong.yaml:4:"));
    unload(l);
}

/* The library gets its documents in another way, or not at all. */
static void without_a_reader_documents_are_an_error(void **state)
{
    (void)state;
    loaded *l = expect_clean(&(given){.yaml = UP "openapi: {document: good.yaml}\n"});
    assert_null(gh_policy_compile(l->config, &l->report));
    assert_int_equal(l->report.errors, 1);
    unload(l);
}

static void documents_are_their_upstreams(void **state)
{
    char report[4096];
    (void)state;
    loaded *l =
        expect_clean(&(given){.yaml = "upstreams:\n"
                                      "  - {name: a, servers: ['http://a:1']}\n"
                                      "  - {name: b, servers: ['http://b:1'], openapi: 'upstream:/b.json'}\n"
                                      "  - {name: c, servers: ['http://c:1'], openapi: 'upstream:/later'}\n"
                                      "  - {name: d, servers: ['http://d:1']}\n"
                                      "openapi: {document: good.yaml, prefix: /v1}\n"
                                      "validation: {mode: observe}\n"
                                      "routes:\n"
                                      "  - {name: b, path: /b, upstream: b}\n"
                                      "  - {name: c, path: /c, upstream: c}\n"
                                      "  - {name: d, path: /d, upstream: d}\n"});
    gh_policy *p = compile(l, report);
    assert_string_equal(report, "");
    assert_int_equal(asked, 3);
    assert_non_null(p->fallback.input.contract);
    assert_false(p->fallback.input.contract_missing);
    assert_true(p->fallback.input.contract_observe);
    expect_str(p->fallback.input.contract->name, "good.yaml");
    assert_int_equal(p->fallback.input.contract->n_operations, 1);
    expect_str(p->fallback.input.contract->operations[0].pattern.text, "/v1/a");
    expect_str(p->routes[0].input.contract->name, "upstream:/b.json");
    assert_null(p->routes[1].input.contract);
    assert_true(p->routes[1].input.contract_missing);
    assert_null(p->routes[2].input.contract);
    assert_false(p->routes[2].input.contract_missing);
    gh_policy_unref(p);
    unload(l);
}

static const gh_parameter *parameter(const gh_operation *o, enum gh_in in, const char *name)
{
    for (unsigned i = 0; i < o->n_parameters; i++)
        if (o->parameters[i].in == in && gh_str_eq(o->parameters[i].name, gh_str_of(name)))
            return &o->parameters[i];
    fail_msg("no parameter %s", name);
    return NULL;
}

static void a_routes_own_operation(void **state)
{
    char report[4096];
    (void)state;
    loaded *l = expect_clean(&(given){
        .yaml = R
        "validate: {mode: observe, body: {type: object}, content_types: [Application/JSON, text/*], "
        "body_required: off,\n"
        "    path: {properties: {id: {}}},\n"
        "    query: {required: [q], additionalProperties: false, properties: {q: {}, o: {type: object}}},\n"
        "    headers: {properties: {X-Device-ID: {}}},\n"
        "    cookies: {properties: {theme: {}}}}}\n"});
    gh_policy *p = compile(l, report);
    assert_string_equal(report, "");
    const gh_operation *o = p->routes[0].input.own;
    assert_non_null(o);
    assert_true(p->routes[0].input.own_observe);
    assert_null(p->fallback.input.own);
    expect_str(o->id, "r");
    expect_str(o->pattern.text, "/x/{id}");
    assert_int_equal(o->n_parameters, 5);
    assert_true(o->parameters_closed);
    assert_true(parameter(o, GH_IN_PATH, "id")->required);
    assert_int_equal(parameter(o, GH_IN_PATH, "id")->style, GH_STYLE_SIMPLE);
    assert_true(parameter(o, GH_IN_QUERY, "q")->required);
    assert_int_equal(parameter(o, GH_IN_QUERY, "q")->style, GH_STYLE_FORM);
    assert_true(parameter(o, GH_IN_QUERY, "q")->explode);
    assert_int_equal(parameter(o, GH_IN_QUERY, "o")->style, GH_STYLE_DEEP_OBJECT);
    assert_false(parameter(o, GH_IN_HEADER, "x-device-id")->required);
    assert_int_equal(parameter(o, GH_IN_COOKIE, "theme")->style, GH_STYLE_FORM);
    assert_int_equal(o->n_media, 2);
    expect_str(o->media[0].range, "application/json");
    assert_int_equal(o->media[0].kind, GH_MEDIA_JSON);
    assert_int_equal(o->media[1].kind, GH_MEDIA_TEXT);
    assert_true(o->body_declared && o->reads_body);
    assert_false(o->body_required);
    gh_policy_unref(p);
    unload(l);
}

static void texts_of_routes(void **state)
{
    char report[4096];
    (void)state;
    loaded *l = expect_clean(&(given){
        .yaml = UP
        "dangerous_content: {checks: [script, too_long], mode: observe, max_length: 7, fields: [query.q]}\n"
        "routes:\n"
        "  - {name: a, path: /a, dangerous_content: {checks: []}}\n"
        "  - {name: b, path: /b, dangerous_content: {fields: [/x, header.y], mode: enforce}}\n"
        "  - {name: c, path: /c, sanitize: {text: [/t], filename: [/f, /g/*], max_length: 9}}\n"});
    gh_policy *p = compile(l, report);
    assert_string_equal(report, "");
    const gh_input_policy *all = &p->fallback.input, *a = &p->routes[0].input, *b = &p->routes[1].input,
                          *c = &p->routes[2].input;
    gh_danger_set set = UINT32_C(1) << GH_DANGER_SCRIPT | UINT32_C(1) << GH_DANGER_TOO_LONG;
    assert_true(all->dangers == set && b->dangers == set && c->dangers == set && a->dangers == 0);
    assert_true(all->dangers_observe && !b->dangers_observe && c->dangers_observe);
    assert_int_equal(all->danger_length, 7);
    assert_true(!all->texts_in_body && !a->texts_in_body && b->texts_in_body && c->texts_in_body);
    assert_int_equal(all->n_danger_fields, 1);
    assert_int_equal(all->danger_fields[0].in, GH_IN_QUERY);
    assert_int_equal(b->n_danger_fields, 2);
    assert_int_equal(c->n_rewrites, 3);
    assert_int_equal(c->rewrites[0].how, GH_REWRITE_TEXT);
    assert_int_equal(c->rewrites[0].max_length, 9);
    assert_int_equal(c->rewrites[2].how, GH_REWRITE_FILENAME);
    gh_policy_unref(p);
    unload(l);
}

/* Two policies of one configuration, as at a reload that asks for a document again: neither harms the other. */
static void twice_from_one_configuration(void **state)
{
    char report[4096];
    (void)state;
    loaded *l = expect_clean(&(given){
        .yaml = UP "openapi: {document: good.yaml}\n"
                   "schemas: {id: {type: string, pattern: '^a+$'}, n: {type: integer}}\n"
                   "routes: [{name: r, methods: [POST], validate: {body: {$ref: '#/schemas/id'}}}]\n"});
    gh_policy *first = compile(l, report), *second = compile(l, report);
    assert_string_equal(report, "");
    assert_ptr_not_equal(first->routes[0].input.own, second->routes[0].input.own);
    assert_ptr_not_equal(first->fallback.input.contract, second->fallback.input.contract);
    gh_policy_unref(first);
    const gh_schema *schema = second->routes[0].input.own->media[0].schema;
    gh_arena scratch;
    gh_arena_init(&scratch, NULL, 0, 1 << 20);
    gh_json *good = gh_json_new_string(&scratch, GH_STR("aaa")),
            *bad = gh_json_new_string(&scratch, GH_STR("b"));
    assert_int_equal(gh_schema_evaluate(schema, good, &scratch, NULL), GH_SCHEMA_VALID);
    assert_int_equal(gh_schema_evaluate(schema, bad, &scratch, NULL), GH_SCHEMA_INVALID);
    gh_arena_reset(&scratch);
    gh_policy_unref(second);
    unload(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_with_schemas),
        cmocka_unit_test(what_is_wrong_with_documents),
        cmocka_unit_test(without_a_reader_documents_are_an_error),
        cmocka_unit_test(documents_are_their_upstreams),
        cmocka_unit_test(a_routes_own_operation),
        cmocka_unit_test(texts_of_routes),
        cmocka_unit_test(twice_from_one_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
