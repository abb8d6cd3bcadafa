#include "openapi_unit.h"

#define HEAD "openapi: 3.1.0\ninfo: {title: T, version: '1'}\n"
#define OK "responses: {'200': {description: ok}}"
#define LIST(parameters) HEAD "paths: {'/a/{id}': {get: {parameters: [" parameters "], " OK "}}}\n"
#define ID "{name: id, in: path, required: true, schema: {type: string}}"
#define AT "/paths/~1a~1{id}/get/parameters/"

/* One parameter and how it is written. */
static const struct {
    const char *parameter;
    enum gh_in in;
    enum gh_param_style style;
    bool explode, required, json, allow_empty;
} styles[] = {
    {"{name: p, in: query, schema: {}}", GH_IN_QUERY, GH_STYLE_FORM, true, false, false, false},
    {"{name: p, in: query, required: true, allowEmptyValue: true, schema: {}}", GH_IN_QUERY, GH_STYLE_FORM,
     true, true, false, true},
    {"{name: p, in: query, explode: false, schema: {}}", GH_IN_QUERY, GH_STYLE_FORM, false, false, false,
     false},
    {"{name: p, in: query, style: spaceDelimited, schema: {}}", GH_IN_QUERY, GH_STYLE_SPACE_DELIMITED, false,
     false, false, false},
    {"{name: p, in: query, style: pipeDelimited, explode: true, schema: {}}", GH_IN_QUERY,
     GH_STYLE_PIPE_DELIMITED, true, false, false, false},
    {"{name: p, in: query, style: deepObject, schema: {}}", GH_IN_QUERY, GH_STYLE_DEEP_OBJECT, true, false,
     false, false},
    {"{name: P, in: header, schema: {}}", GH_IN_HEADER, GH_STYLE_SIMPLE, false, false, false, false},
    {"{name: p, in: header, explode: true, schema: {}}", GH_IN_HEADER, GH_STYLE_SIMPLE, true, false, false,
     false},
    {"{name: p, in: cookie, schema: {}}", GH_IN_COOKIE, GH_STYLE_FORM, true, false, false, false},
    {"{name: p, in: path, required: true, schema: {}}", GH_IN_PATH, GH_STYLE_SIMPLE, false, true, false,
     false},
    {"{name: p, in: path, required: true, style: label, schema: {}}", GH_IN_PATH, GH_STYLE_LABEL, false, true,
     false, false},
    {"{name: p, in: path, required: true, style: matrix, explode: true, schema: {}}", GH_IN_PATH,
     GH_STYLE_MATRIX, true, true, false, false},
    {"{name: p, in: query, content: {application/json: {schema: {type: object}}}}", GH_IN_QUERY,
     GH_STYLE_FORM, true, false, true, false},
};

static void how_they_are_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(styles); i++) {
        char text[1024];
        gh_buf b = gh_buf_over(text, sizeof text - 1);
        bool path = styles[i].in == GH_IN_PATH;
        gh_buf_printf(&b, HEAD "paths: {'/a%s': {get: {parameters: [%s], " OK "}}}\n", path ? "/{p}" : "",
                      styles[i].parameter);
        text[b.n] = '\0';
        gh_openapi *o = unit_load(text, NULL);
        if (o->n_messages > 0)
            fail_msg("%s: %.*s", styles[i].parameter, (int)o->messages[0].text.n, o->messages[0].text.p);
        assert_int_equal(o->contract.n_operations, 1);
        assert_int_equal(o->contract.operations[0].n_parameters, 1);
        const gh_parameter *p = &o->contract.operations[0].parameters[0];
        assert_true(gh_str_eq(p->name, GH_STR("p")));
        if (p->in != styles[i].in || p->style != styles[i].style || p->explode != styles[i].explode ||
            p->required != styles[i].required || p->json != styles[i].json ||
            p->allow_empty != styles[i].allow_empty)
            fail_msg("%s", styles[i].parameter);
        assert_non_null(p->schema);
        unit_forget(o);
    }
}

static const struct {
    const char *document, *messages;
} cases[] = {
    {LIST(ID), ""},
    {LIST(
         ID
         ", {in: query, schema: {}}, {name: a, schema: {}}, {name: b, in: body}, {name: '', in: query}, {name: 1, in: "
         "query}, 7"),
     "error " AT "1: has no \"name\"\n"
     "error " AT "2: has no \"in\": query, path, header or cookie\n"
     "error " AT "3/in: must be query, path, header or cookie; bodies are in requestBody since OpenAPI 3.0\n"
     "error " AT "4/name: must not be empty\n"
     "error " AT "5/name: must be a text, not a number\n"
     "error " AT "6: must be an object, not a number\n"},
    {LIST("{name: id, in: path, schema: {}}"), "error " AT "0: a path parameter needs \"required\": true\n"},
    {LIST(ID ", {name: other, in: path, required: true, schema: {}}"),
     "error " AT "1: the path \"/a/{id}\" has no parameter \"other\"\n"},
    {LIST("{name: id, in: query, schema: {}}"),
     "unenforced /paths/~1a~1{id}/get: the parameter \"id\" of the path is not declared: any text passes\n"},
    {LIST(
         ID
         ", {name: a, in: query, schema: {}}, {name: a, in: header, schema: {}}, {name: A, in: header, schema: {}}, "
         "{name: a, in: query, schema: {}}"),
     "error " AT "3: the parameter \"a\" occurs twice\n"
     "error " AT "4: the parameter \"a\" occurs twice\n"},
    {LIST(
         ID
         ", {name: a, in: query, style: simple, schema: {}}, {name: b, in: header, style: 7, schema: {}}, {name: c, in: "
         "query, explode: 1, schema: {}}"),
     "error " AT "1/style: \"simple\" is no style of a query\n"
     "error " AT "2/style: must be a text, not a number\n"
     "error " AT "3/explode: must be true or false, not a number\n"},
    {LIST(ID ", {name: a, in: query, requird: true, schema: {}}"),
     "error " AT "1/requird: \"requird\" is not known here; did you mean required?\n"},
    {LIST(ID ", {name: a, in: query}"), "unenforced " AT "1: has no schema: any text passes\n"},
    {LIST(ID ", {name: a, in: query, schema: {}, content: {}}"),
     "error " AT "1: has both \"schema\" and \"content\"; one of them\n"},
    {LIST(
         ID
         ", {name: a, in: query, content: {}}, {name: b, in: query, content: {text/plain: {schema: {type: string}}}}"),
     "error " AT "1/content: must hold exactly one media type, not 0\n"
     "unenforced " AT "2/content: of a parameter with content only JSON is looked into; any text passes\n"},
    {LIST(ID ", {name: accept, in: header, schema: {}}, {name: Authorization, in: header, schema: {}}"),
     "unenforced " AT
     "1: OpenAPI passes over header parameters named Accept, Content-Type and Authorization\n"},
    {LIST(
         ID
         ", {name: a, in: query, allowReserved: true, schema: {}}, {name: b, in: query, allowReserved: true, schema: "
         "{}}"),
     "unenforced " AT "1: allowReserved: reserved characters are taken escaped or as they are, everywhere\n"},
    {LIST(
         ID
         ", {name: a, in: cookie, schema: {type: array}}, {name: b, in: cookie, explode: false, schema: {type: array}}, "
         "{name: c, in: cookie, schema: {type: [array, string]}}"),
     "unenforced " AT
     "1: OpenAPI does not say how an array or object is put into cookies; set explode: false\n"},
    {LIST(ID ", {name: a, in: query, style: deepObject, schema: {type: array}}"),
     "unenforced " AT "1: OpenAPI does not say how deepObject writes an array\n"},
};

static void messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(cases); i++) {
        char text[16384];
        gh_openapi *o = unit_load(cases[i].document, NULL);
        unit_messages(o, 7, text, sizeof text);
        if (strcmp(text, cases[i].messages) != 0)
            fail_msg("%s:\n%s", cases[i].document, text);
        assert_int_equal(o->contract.n_operations > 0, strstr(text, "error ") == NULL);
        unit_forget(o);
    }
}

static const gh_parameter *find(const gh_operation *o, enum gh_in in, const char *name)
{
    for (unsigned i = 0; i < o->n_parameters; i++)
        if (o->parameters[i].in == in && gh_str_eq(o->parameters[i].name, gh_str_of(name)))
            return &o->parameters[i];
    return NULL;
}

/* An operation's own parameters take the place of its path's, by name and place. */
static void overriding(void **state)
{
    (void)state;
    gh_openapi *o = unit_load(
        HEAD
        "paths:\n"
        "  /a:\n"
        "    parameters:\n"
        "      - {name: q, in: query, schema: {type: string}}\n"
        "      - {name: X-H, in: header, required: true, schema: {type: string}}\n"
        "      - {name: r, in: query, schema: {type: string}}\n"
        "    get: {parameters: [{name: q, in: query, required: true, schema: {type: integer}}, {name: q, in: cookie, "
        "schema: {}}, {name: x-h, in: header, schema: {}}]}\n"
        "    put: {}\n",
        NULL);
    assert_int_equal(o->n_messages, 0);
    assert_int_equal(o->contract.n_operations, 2);
    const gh_operation *get = &o->contract.operations[0], *put = &o->contract.operations[1];
    assert_int_equal(get->n_parameters, 4);
    assert_true(find(get, GH_IN_QUERY, "q")->required);
    assert_int_equal(gh_schema_types(find(get, GH_IN_QUERY, "q")->schema), GH_TYPE_BIT_INTEGER);
    assert_false(find(get, GH_IN_HEADER, "x-h")->required);
    assert_non_null(find(get, GH_IN_COOKIE, "q"));
    assert_non_null(find(get, GH_IN_QUERY, "r"));
    assert_int_equal(put->n_parameters, 3);
    assert_false(find(put, GH_IN_QUERY, "q")->required);
    assert_true(find(put, GH_IN_HEADER, "x-h")->required);
    unit_forget(o);
}

static void too_many(void **state)
{
    (void)state;
    char text[32768];
    gh_buf b = gh_buf_over(text, sizeof text - 1);
    gh_buf_lit(&b, HEAD "paths: {/a: {get: {parameters: [");
    for (unsigned i = 0; i < 257; i++)
        gh_buf_printf(&b, "{name: p%u, in: query, schema: {}},", i);
    gh_buf_lit(&b, "]}}}\n");
    assert_true(gh_buf_ok(&b));
    text[b.n] = '\0';
    gh_openapi *o = unit_load(text, NULL);
    assert_int_equal(o->n_messages, 1);
    assert_int_equal(o->messages[0].level, GH_OPENAPI_ERROR);
    unit_forget(o);
}

/* Several parameters, and literals between them, in one segment. */
static void mixed_segments(void **state)
{
    (void)state;
    gh_openapi *o = unit_load(HEAD "paths:\n"
                                   "  '/files/{owner}:{repo.name}/{file}.json':\n"
                                   "    get:\n"
                                   "      parameters:\n"
                                   "        - {name: owner, in: path, required: true, schema: {}}\n"
                                   "        - {name: repo.name, in: path, required: true, schema: {}}\n"
                                   "        - {name: file, in: path, required: true, schema: {}}\n",
                              NULL);
    assert_int_equal(o->n_messages, 0);
    const gh_operation *found = NULL;
    gh_path_params params;
    assert_int_equal(
        gh_contract_find(&o->contract, GH_STR("GET"), GH_STR("/files/me:it/a.b.json"), &found, &params, NULL),
        GH_CONTRACT_FOUND);
    assert_int_equal(params.n, 3);
    assert_true(gh_str_eq(params.values[1], GH_STR("it")));
    assert_true(gh_str_eq(params.values[2], GH_STR("a.b")));
    unit_forget(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_they_are_written), cmocka_unit_test(messages),
        cmocka_unit_test(overriding),           cmocka_unit_test(too_many),
        cmocka_unit_test(mixed_segments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
