#include "schema_case.h"

static const gh_schema_options plain = {.dialect = GH_SCHEMA_2020_12};
static const gh_schema_options old = {.dialect = GH_SCHEMA_OPENAPI_3_0};

typedef struct error_row {
    const char *schema, *pointer, *why; /* why: a part of it; NULL: no error */
} error_row;

static void check_rows(const error_row *rows, size_t n, gh_schema_options options)
{
    for (size_t i = 0; i < n; i++) {
        schema_case c;
        case_open(&c, rows[i].schema, options);
        if ((c.schema == NULL) != (rows[i].why != NULL))
            fail_msg("%s: %.*s", rows[i].schema, (int)c.error.why.n, c.error.why.p);
        if (c.schema == NULL) {
            char text[512];
            gh_buf out = gh_buf_over(text, sizeof text - 1);
            gh_buf_put(&out, c.error.pointer);
            gh_buf_lit(&out, ": ");
            gh_buf_put(&out, c.error.why);
            text[out.n] = '\0';
            if (!gh_str_eq(c.error.pointer, gh_str_of(rows[i].pointer)) || strstr(text, rows[i].why) == NULL)
                fail_msg("%s: %s", rows[i].schema, text);
        }
        case_close(&c);
    }
}

static void malformed(void **state)
{
    (void)state;
    static const error_row rows[] = {
        {"5", "", "an object, true or false"},
        {"{\"properties\":{\"a\":3}}", "/properties/a", "an object, true or false"},
        {"{\"type\":\"text\"}", "/type", "one of string"},
        {"{\"type\":[]}", "/type", "must name a type"},
        {"{\"type\":[\"null\",3]}", "/type/1", "one of string"},
        {"{\"minLength\":-1}", "/minLength", "0 or more"},
        {"{\"minLength\":1.5}", "/minLength", "0 or more"},
        {"{\"maxItems\":\"1\"}", "/maxItems", "0 or more"},
        {"{\"maximum\":\"1\"}", "/maximum", "a number"},
        {"{\"multipleOf\":0}", "/multipleOf", "above 0"},
        {"{\"multipleOf\":-2}", "/multipleOf", "above 0"},
        {"{\"pattern\":\"(\"}", "/pattern", ""},
        {"{\"pattern\":5}", "/pattern", "a string"},
        {"{\"patternProperties\":{\"(\":true}}", "/patternProperties/(", ""},
        {"{\"uniqueItems\":1}", "/uniqueItems", "true or false"},
        {"{\"required\":\"a\"}", "/required", "array of strings"},
        {"{\"required\":[\"a\",1]}", "/required", "array of strings"},
        {"{\"required\":true}", "/required", "array of strings"},
        {"{\"dependentRequired\":{\"a\":\"b\"}}", "/dependentRequired", "arrays of strings"},
        {"{\"enum\":\"a\"}", "/enum", "an array"},
        {"{\"allOf\":[]}", "/allOf", "one schema or more"},
        {"{\"properties\":[]}", "/properties", "object of schemas"},
        {"{\"items\":{\"anyOf\":[{\"properties\":{\"a/b\":{\"type\":1}}}]}}",
         "/items/anyOf/0/properties/a~1b/type", "one of string"},
        {"{\"$id\":\"#a\"}", "/$id", "no fragment"},
        {"{\"$anchor\":\"1\"}", "/$anchor", "a letter"},
        {"{\"$defs\":{\"a\":{\"$anchor\":\"x\"},\"b\":{\"$anchor\":\"x\"}}}", "/$defs/b/$anchor", "twice"},
        {"{\"$defs\":{\"a\":{\"$id\":\"x\"},\"b\":{\"$id\":\"x\"}}}", "/$defs/b/$id", "another schema"},
    };
    check_rows(rows, GH_COUNT(rows), plain);
}

static void unsupported(void **state)
{
    (void)state;
    static const error_row rows[] = {
        {"{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}", "/$schema", "not supported"},
        {"{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\"}", "", NULL},
        {"{\"$vocabulary\":{\"https://a.example/v\":true}}", "/$vocabulary/https:~1~1a.example~1v",
         "vocabularies"},
        {"{\"properties\":{\"a\":{\"$ref\":\"#/$defs/b\"}}}", "/properties/a/$ref",
         "\"#/$defs/b\" refers to no schema"},
        {"{\"$ref\":null}", "/$ref", "# begins a comment"},
        {"{\"$ref\":\"#b\"}", "/$ref", "refers to no schema"},
        {"{\"$ref\":\"#/x\",\"x\":[1]}", "/$ref", "no schema"},
        {"{\"$ref\":\"https://a.example/b\"}", "/$ref", "not known"},
        {"{\"$dynamicRef\":\"#b\"}", "/$dynamicRef", "refers to no schema"},
        {"{\"$ref\":\"#\"}", "", "without end"},
        {"{\"anyOf\":[{\"type\":\"null\"},{\"not\":{\"$ref\":\"#/anyOf/1\"}}]}", "/anyOf/1", "without end"},
        {"{\"properties\":{\"a\":{\"$ref\":\"#/$defs/a\"}},\"$defs\":{\"a\":{\"if\":{\"$ref\":\"#/$defs/b\"}},"
         "\"b\":{\"dependentSchemas\":{\"x\":{\"$ref\":\"#/$defs/a\"}}}}}",
         "/$defs/a", "without end"},
        {"{\"properties\":{\"a\":{\"$ref\":\"#\"}}}", "", NULL},
    };
    check_rows(rows, GH_COUNT(rows), plain);
}

static void typing_errors_and_older_drafts(void **state)
{
    (void)state;
    static const error_row rows[] = {
        {"{\"minlength\":3}", "/minlength", "\"minLength\""},
        {"{\"requried\":[\"a\"]}", "/requried", "\"required\""},
        {"{\"properties\":{\"a\":{\"additionalProperty\":false}}}", "/properties/a/additionalProperty",
         "\"additionalProperties\""},
        {"{\"ref\":\"#\"}", "/ref", "\"$ref\""},
        {"{\"If\":true}", "/If", "\"if\""},
        {"{\"note\":3,\"id\":\"a\",\"titel\":5,\"x-minlength\":1,\"propertyOrder\":2,\"definitions\":{}}", "",
         NULL},
        {"{\"properties\":{\"minlength\":true,\"requried\":true}}", "", NULL},
        {"{\"const\":{\"minlength\":1},\"default\":{\"requried\":1}}", "", NULL},
        {"{\"items\":[{}]}", "/items", "\"prefixItems\""},
        {"{\"additionalItems\":false}", "/additionalItems", "\"items\""},
        {"{\"dependencies\":{\"a\":[\"b\"]}}", "/dependencies", "\"dependentRequired\""},
        {"{\"$recursiveRef\":\"#\"}", "/$recursiveRef", "\"$dynamicRef\""},
        {"{\"exclusiveMinimum\":true}", "/exclusiveMinimum", "older draft"},
        {"{\"nullable\":true}", "/nullable", "OpenAPI 3.0"},
        {"{\"nullable\":false,\"example\":1,\"xml\":{},\"discriminator\":{},\"externalDocs\":{}}", "", NULL},
    };
    check_rows(rows, GH_COUNT(rows), plain);
}

/* With known_only nothing unknown passes. */
static void unknown_is_an_error_by_option(void **state)
{
    (void)state;
    static const gh_schema_options strict = {.dialect = GH_SCHEMA_2020_12, .known_only = true};
    static const error_row rows[] = {
        {"{\"property\":{}}", "/property", "did you mean \"properties\""},
        {"{\"properties\":{\"a\":{\"regex\":\"a\"}}}", "/properties/a/regex", "did you mean \"pattern\""},
        {"{\"max\":3}", "/max", "did you mean \"maximum\""},
        {"{\"min\":3}", "/min", "did you mean \"minimum\""},
        {"{\"maxLen\":3}", "/maxLen", "did you mean \"maxLength\""},
        {"{\"optional\":true}", "/optional", "did you mean \"required\""},
        {"{\"titel\":\"a\"}", "/titel", "did you mean \"title\""},
        {"{\"minLenght\":1}", "/minLenght", "did you mean \"minLength\""},
        {"{\"id\":\"a\"}", "/id", "did you mean \"$id\""},
        {"{\"banana\":1}", "/banana", "not a keyword of JSON Schema"},
        {"{\"\":1}", "/", "not a keyword of JSON Schema"},
        {"{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":1}",
         "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "not a keyword"},
        {"{\"format\":\"emial\"}", "/format", "did you mean \"email\""},
        {"{\"format\":\"datetime\"}", "/format", "did you mean \"date-time\""},
        {"{\"format\":\"chestnut-purple\"}", "/format", "not a format that is known"},
        {"{\"additionalItems\":false}", "/additionalItems", "older draft"},
        {"{\"x-max\":1,\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"$comment\":\"\",\"title\":\"\","
         "\"description\":\"\",\"default\":1,\"examples\":[1],\"deprecated\":true,\"readOnly\":true,"
         "\"writeOnly\":false,\"contentEncoding\":\"base64\",\"contentMediaType\":\"a/b\",\"contentSchema\":true,"
         "\"example\":1,\"discriminator\":{},\"xml\":{},\"externalDocs\":{},\"format\":\"password\","
         "\"const\":{\"banana\":1},\"properties\":{\"banana\":true}}",
         "", NULL},
    };
    check_rows(rows, GH_COUNT(rows), strict);
    static const error_row passed[] = {{"{\"banana\":1,\"regex\":\"a\",\"format\":\"emial\"}", "", NULL}};
    check_rows(passed, GH_COUNT(passed), plain);
}

/* A member that is not required may be null, and is evaluated all the same. */
static void optional_null(void **state)
{
    (void)state;
    static const char schema[] =
        "{\"required\":[\"a\"],\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"$ref\":\"#/$defs/b\"}},"
        "\"additionalProperties\":{\"type\":\"string\"},\"$defs\":{\"b\":{\"type\":\"object\",\"properties\":"
        "{\"c\":{\"type\":\"string\"}},\"unevaluatedProperties\":false}}}";
    static const case_row on[] = {
        {schema, "{\"a\":1,\"b\":null}", ""},
        {NULL, "{\"a\":null}", "/a int_type must be an integer"},
        {NULL, "{\"a\":1,\"b\":5}", "/b dict_type must be an object"},
        {NULL, "{\"a\":1,\"b\":{\"c\":null}}", ""},
        {NULL, "{\"a\":1,\"d\":null}", "/d string_type must be a string"},
        {"{\"patternProperties\":{\"a\":{\"type\":\"integer\"}},\"properties\":{\"a\":{\"type\":\"integer\"}}}",
         "{\"a\":null}", "/a int_type must be an integer"},
        {"{\"items\":{\"type\":\"integer\"}}", "[null]", "/0 int_type must be an integer"},
    };
    static const case_row off[] = {{schema, "{\"a\":1,\"b\":null}", "/b dict_type must be an object"}};
    case_rows(on, GH_COUNT(on), (gh_schema_options){.optional_null = true}, false);
    case_rows(off, GH_COUNT(off), plain, false);
}

static void openapi_3_0(void **state)
{
    (void)state;
    static const error_row errors[] = {
        {"{\"type\":[\"string\"]}", "/type", "one type"},
        {"{\"$ref\":\"#/a\"}", "/$ref", "no schema"},
        {"{\"minLenght\":1}", "/minLenght", "\"minLength\""},
    };
    static const case_row rows[] = {
        {"{\"type\":\"string\",\"nullable\":true}", "null", ""},
        {NULL, "1", " string_type must be a string"},
        {"{\"nullable\":true,\"minimum\":1}", "null", ""},
        {"{\"minimum\":3,\"exclusiveMinimum\":true}", "3", " greater_than must be greater than 3"},
        {"{\"minimum\":3,\"exclusiveMinimum\":false}", "3", ""},
        {"{\"maximum\":3,\"exclusiveMaximum\":true}", "3", " less_than must be less than 3"},
        {"{\"exclusiveMaximum\":3}", "3", " less_than must be less than 3"},
        {"{\"$ref\":\"#/definitions/a\",\"minimum\":5,\"definitions\":{\"a\":{\"type\":\"integer\"}}}", "1",
         ""},
        {NULL, "\"1\"", " int_type must be an integer"},
        {"{\"example\":5,\"xml\":{},\"discriminator\":{\"propertyName\":\"a\"}}", "1", ""},
    };
    check_rows(errors, GH_COUNT(errors), old);
    case_rows(rows, GH_COUNT(rows), old, false);
}

/* What failed must not be taken for compiled by what comes after it. */
static void errors_leave_nothing_half_done(void **state)
{
    (void)state;
    schema_case c;
    case_open(&c,
              "{\"$defs\":{\"good\":{\"items\":{\"$ref\":\"#/$defs/leaf\"}},\"leaf\":{\"type\":\"null\"},"
              "\"bad\":{\"allOf\":[{\"$ref\":\"#/$defs/good\"},{\"type\":\"nul\"}]}}}",
              plain);
    const gh_json *root = case_json(&c.arena, "{\"$defs\":{\"good\":{\"items\":{\"$ref\":\"#/$defs/leaf\"}},"
                                              "\"leaf\":{\"type\":\"null\"},\"bad\":{\"allOf\":["
                                              "{\"$ref\":\"#/$defs/good\"},{\"type\":\"nul\"}]}}}");
    assert_true(gh_schema_compiler_add(c.compiler, GH_STR("two"), root, &c.error));
    const gh_json *defs = gh_json_lit(root, "$defs");
    for (unsigned i = 0; i < 2; i++) {
        assert_null(gh_schema_compile(c.compiler, root, gh_json_lit(defs, "bad"), &c.error));
        assert_true(gh_str_eq(c.error.pointer, GH_STR("/$defs/bad/allOf/1/type")));
        assert_true(gh_str_eq(c.error.document, GH_STR("two")));
    }
    c.schema = gh_schema_compile(c.compiler, root, gh_json_lit(defs, "good"), &c.error);
    assert_non_null(c.schema);
    assert_string_equal(case_found(&c, case_json(&c.arena, "[null,1]")), "/1 none_required must be null");
    assert_ptr_equal(gh_schema_compile(c.compiler, root, gh_json_lit(defs, "good"), &c.error), c.schema);
    case_close(&c);
}

/* A document of OpenAPI is no schema, but has some. */
static void schemas_inside_other_documents(void **state)
{
    (void)state;
    schema_case c;
    case_open(&c, "true", plain);
    const gh_json *root = case_json(
        &c.arena,
        "{\"openapi\":\"3.1.0\",\"dependencies\":{},\"components\":{\"schemas\":{\"A\":{\"$id\":"
        "\"https://a.example/A\",\"type\":\"integer\"}}},"
        "\"body\":{\"properties\":{\"a\":{\"$ref\":\"https://a.example/A\"},\"b\":{\"$ref\":\"#/components/schemas/A\"}}}}");
    assert_true(gh_schema_compiler_add(c.compiler, GH_STR("api.json"), root, &c.error));
    c.schema = gh_schema_compile(c.compiler, root, gh_json_lit(root, "body"), &c.error);
    assert_non_null(c.schema);
    assert_string_equal(case_found(&c, case_json(&c.arena, "{\"a\":\"\",\"b\":\"\"}")),
                        "/a int_type must be an integer\n/b int_type must be an integer");
    assert_false(gh_schema_compiler_add(c.compiler, GH_STR("api.json"), root, &c.error));
    assert_null(gh_schema_compile(c.compiler, gh_json_lit(root, "body"), root, &c.error));
    case_close(&c);
}

static void directions(void **state)
{
    (void)state;
    static const char schema[] =
        "{\"required\":[\"id\",\"secret\",\"name\"],\"properties\":{\"id\":{\"$ref\":\"#/$defs/id\"},"
        "\"secret\":{\"writeOnly\":true},\"name\":{\"type\":\"string\"}},"
        "\"$defs\":{\"id\":{\"type\":\"integer\",\"readOnly\":true}}}";
    static const case_row any[] = {
        {schema, "{}", "/id missing is required\n/secret missing is required\n/name missing is required"}};
    static const case_row request[] = {
        {schema, "{}", "/secret missing is required\n/name missing is required"},
        {schema, "{\"id\":\"\",\"secret\":1,\"name\":\"\"}", "/id int_type must be an integer"}};
    static const case_row response[] = {{schema, "{}", "/id missing is required\n/name missing is required"}};
    case_rows(any, GH_COUNT(any), plain, false);
    case_rows(request, GH_COUNT(request), (gh_schema_options){.direction = GH_SCHEMA_REQUEST}, false);
    case_rows(response, GH_COUNT(response), (gh_schema_options){.direction = GH_SCHEMA_RESPONSE}, false);
}

static void formats_assert_by_option(void **state)
{
    (void)state;
    static const case_row rows[] = {{"{\"format\":\"ipv4\"}", "\"x\"", ""}};
    case_rows(rows, GH_COUNT(rows), plain, false);
}

/* At each point where memory can run out. */
static void no_memory_is_an_error(void **state)
{
    (void)state;
    static const char text[] =
        "{\"$id\":\"a\",\"$anchor\":\"x\",\"type\":[\"object\",\"null\"],\"properties\":{\"a\":{\"$ref\":\"#x\"},"
        "\"b\":{\"pattern\":\"a\",\"enum\":[1],\"minimum\":2}},\"items\":{\"anyOf\":[true]},\"required\":[\"a\"],"
        "\"patternProperties\":{\"a\":{\"$dynamicRef\":\"#y\"}},\"dependentRequired\":{\"a\":[\"b\"]},\"$defs\":{\"y\":{\"$dynamicAnchor\":\"y\"}}}";
    gh_arena documents;
    gh_arena_init(&documents, NULL, 0, CASE_ARENA);
    const gh_json *root = case_json(&documents, text);
    bool done = false;
    for (size_t cap = 0; cap < 1 << 20 && !done; cap += 64) {
        gh_arena arena;
        gh_schema_error error = {.at = 0};
        gh_arena_init(&arena, NULL, 0, cap);
        gh_schema_compiler *c = gh_schema_compiler_new(&arena, &plain);
        if (c != NULL && gh_schema_compiler_add(c, GH_STR(""), root, &error))
            done = gh_schema_compile(c, root, root, &error) != NULL;
        assert_true(done || c == NULL || error.why.n > 0);
        gh_schema_compiler_close(c);
        gh_arena_reset(&arena);
    }
    assert_true(done);
    gh_arena_reset(&documents);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed),
        cmocka_unit_test(unsupported),
        cmocka_unit_test(typing_errors_and_older_drafts),
        cmocka_unit_test(unknown_is_an_error_by_option),
        cmocka_unit_test(optional_null),
        cmocka_unit_test(openapi_3_0),
        cmocka_unit_test(errors_leave_nothing_half_done),
        cmocka_unit_test(schemas_inside_other_documents),
        cmocka_unit_test(directions),
        cmocka_unit_test(formats_assert_by_option),
        cmocka_unit_test(no_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
