#include "schema_case.h"

static const gh_schema_options plain = {.dialect = GH_SCHEMA_2020_12, .assert_formats = true};

static void texts_stand_for_other_types(void **state)
{
    (void)state;
    static const case_row rows[] = {
        {"{\"type\":\"integer\",\"minimum\":5}", "\"7\"", ""},
        {NULL, "\"+07\"", ""},
        {NULL, "\"7.0\"", " int_parsing must be an integer"},
        {NULL, "\"7e0\"", " int_parsing must be an integer"},
        {NULL, "\"7.5\"", " int_parsing must be an integer"},
        {NULL, "\"3\"", " greater_than_equal must be at least 5"},
        {NULL, "\"x\"", " int_parsing must be an integer"},
        {NULL, "\"\"", " int_parsing must be an integer"},
        {NULL, "\"0x7\"", " int_parsing must be an integer"},
        {"{\"type\":\"number\"}", "\".5\"", ""},
        {NULL, "\"1e3\"", ""},
        {NULL, "\"nan\"", " float_parsing must be a number"},
        {"{\"type\":\"boolean\"}", "\"true\"", ""},
        {NULL, "\"OFF\"", ""},
        {NULL, "\"Y\"", ""},
        {NULL, "\"0\"", ""},
        {NULL, "\"2\"", " bool_parsing must be true or false"},
        {NULL, "\"\"", " bool_parsing must be true or false"},
        {"{\"type\":\"null\"}", "\"\"", ""},
        {NULL, "\"null\"", ""},
        {NULL, "\"0\"", " none_required must be null"},
        {"{\"type\":\"string\",\"maxLength\":2}", "\"12\"", ""},
        {NULL, "\"123\"", " string_too_long must have at most 2 characters"},
        {NULL, "\"\"", ""},
        {"{\"type\":\"object\"}", "\"a\"", " dict_type must be an object"},
        {"{\"type\":\"array\"}", "\"a\"", " list_type must be an array"},
        {"{\"properties\":{\"a\":{\"type\":\"integer\"}},\"items\":{\"type\":\"boolean\"}}", "{\"a\":\"x\"}",
         "/a int_parsing must be an integer"},
        {NULL, "[\"yes\",\"maybe\"]", "/1 bool_parsing must be true or false"},
    };
    case_rows(rows, GH_COUNT(rows), plain, true);
}

static void any_reading_counts(void **state)
{
    (void)state;
    static const case_row rows[] = {
        {"{\"type\":[\"integer\",\"null\"]}", "\"\"", ""},
        {NULL, "\"12\"", ""},
        {NULL, "\"x\"", " int_parsing must be an integer"},
        {"{\"anyOf\":[{\"type\":\"integer\",\"minimum\":5},{\"type\":\"null\"}]}", "\"4\"",
         " greater_than_equal must be at least 5"},
        {NULL, "\"null\"", ""},
        {NULL, "\"5\"", ""},
        {"{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"boolean\"}]}", "\"x\"",
         " type_error must be an integer or true or false"},
        {NULL, "\"yes\"", ""},
        {"{\"type\":[\"integer\",\"string\"],\"maxLength\":2}", "\"12345\"", ""},
        {NULL, "\"x2345\"", " string_too_long must have at most 2 characters"},
        {"{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"$ref\":\"#/$defs/b\"},\"b\":{\"type\":\"integer\"}}}",
         "\"x\"", " int_parsing must be an integer"},
        {NULL, "\"1\"", ""},
        {"{\"allOf\":[{\"type\":\"integer\"},{\"minimum\":5}]}", "\"4\"",
         " greater_than_equal must be at least 5"},
    };
    case_rows(rows, GH_COUNT(rows), plain, true);
}

static void values_are_compared_as_both(void **state)
{
    (void)state;
    static const case_row rows[] = {
        {"{\"enum\":[1,2]}", "\"02\"", ""},
        {NULL, "\"3\"", " enum must be one of 1 or 2"},
        {NULL, "\"x\"", " int_parsing must be an integer"},
        {"{\"enum\":[\"1\",\"b\"]}", "\"1\"", ""},
        {NULL, "\"01\"", " enum must be one of '1' or 'b'"},
        {"{\"const\":true}", "\"on\"", ""},
        {NULL, "\"off\"", " literal_error must be true"},
        {"{\"enum\":[\"a\",5]}", "\"5\"", ""},
        {NULL, "\"a\"", ""},
        {NULL, "\"6\"", " enum must be one of 'a' or 5"},
        {"{\"const\":{\"a\":1}}", "\"a\"", " dict_type must be an object"},
    };
    case_rows(rows, GH_COUNT(rows), plain, true);
}

/* Where no type is asked for, a text must pass as a text, and as a number if it is one. */
static void without_a_type(void **state)
{
    (void)state;
    static const case_row rows[] = {
        {"{\"maxLength\":3}", "\"1234\"", " string_too_long must have at most 3 characters"},
        {NULL, "\"123\"", ""},
        {"{\"maximum\":10}", "\"11\"", " less_than_equal must be at most 10"},
        {NULL, "\"eleven\"", ""},
        {"{}", "\"anything\"", ""},
        {"{\"format\":\"ipv4\"}", "\"anything\"", " format_error must be a valid ipv4"},
    };
    case_rows(rows, GH_COUNT(rows), plain, true);
}

static void files(void **state)
{
    (void)state;
    static const struct {
        const char *schema, *want;
    } rows[] = {
        {"{\"type\":\"string\",\"format\":\"binary\"}", ""},
        {"{\"type\":\"string\",\"format\":\"email\",\"pattern\":\"^a$\"}", ""},
        {"{\"maxLength\":4}", ""},
        {"{\"maxLength\":3}", " string_too_long must have at most 3 characters"},
        {"{\"minLength\":5}", " string_too_short must have at least 5 characters"},
        {"{\"type\":\"integer\"}", " int_type must be an integer"},
        {"{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", ""},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        schema_case c;
        case_open(&c, rows[i].schema, plain);
        gh_json bytes = {
            .type = GH_JSON_STRING, .lexical = true, .file = true, .text = {"\xff\x80\x80\x80", 4}};
        assert_string_equal(case_found(&c, &bytes), rows[i].want);
        bytes.lexical = false;
        assert_string_equal(case_found(&c, &bytes), rows[i].want);
        case_close(&c);
    }
}

static void what_readers_ask(void **state)
{
    (void)state;
    static const struct {
        const char *schema;
        unsigned types;
    } rows[] = {
        {"true", GH_TYPE_BITS_ALL},
        {"false", 0},
        {"{\"type\":\"integer\"}", GH_TYPE_BIT_INTEGER},
        {"{\"type\":\"number\"}", GH_TYPE_BIT_NUMBER | GH_TYPE_BIT_INTEGER},
        {"{\"anyOf\":[{\"type\":\"string\"},{\"$ref\":\"#/$defs/a\"}],\"$defs\":{\"a\":{\"type\":\"null\"}}}",
         GH_TYPE_BIT_STRING | GH_TYPE_BIT_NULL},
        {"{\"allOf\":[{\"type\":[\"string\",\"array\"]},{\"type\":[\"array\",\"null\"]}]}",
         GH_TYPE_BIT_ARRAY},
        {"{\"enum\":[1,\"a\",1.5]}", GH_TYPE_BIT_INTEGER | GH_TYPE_BIT_NUMBER | GH_TYPE_BIT_STRING},
        {"{\"type\":\"number\",\"const\":4}", GH_TYPE_BIT_INTEGER},
        {"{\"properties\":{\"a\":{\"$ref\":\"#\"}},\"type\":\"object\"}", GH_TYPE_BIT_OBJECT},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        schema_case c;
        case_open(&c, rows[i].schema, plain);
        assert_int_equal(gh_schema_types(c.schema), rows[i].types);
        assert_int_equal(gh_schema_is_true(c.schema), i == 0);
        case_close(&c);
    }
}

static void members_and_items(void **state)
{
    (void)state;
    schema_case c;
    case_open(&c,
              "{\"allOf\":[{\"$ref\":\"#/$defs/a\"}],\"$defs\":{\"a\":{\"anyOf\":[{\"type\":\"null\"},"
              "{\"properties\":{\"n\":{\"type\":\"integer\"},\"any\":{}},\"items\":{\"$ref\":\"#/$defs/s\"}},"
              "{\"additionalProperties\":{\"type\":\"boolean\"}}]},\"s\":{\"type\":\"string\"}}}",
              plain);
    const gh_schema *n = gh_schema_property(c.schema, GH_STR("n"));
    assert_non_null(n);
    assert_int_equal(gh_schema_types(n), GH_TYPE_BIT_INTEGER);
    const gh_schema *other = gh_schema_property(c.schema, GH_STR("other"));
    assert_non_null(other);
    assert_int_equal(gh_schema_types(other), GH_TYPE_BIT_BOOLEAN);
    const gh_schema *items = gh_schema_items(c.schema);
    assert_non_null(items);
    assert_int_equal(gh_schema_types(items), GH_TYPE_BIT_STRING);
    assert_null(gh_schema_items(n));
    assert_null(gh_schema_property(items, GH_STR("n")));
    case_close(&c);
}

/* A number too long to be read does not pass as a text where the number could not. */
static void long_numbers(void **state)
{
    (void)state;
    enum { DIGITS = 1001 };
    static const struct {
        const char *schema;
        char first;
        enum gh_schema_result want;
    } rows[] = {
        {"{\"maximum\":10}", '1', GH_SCHEMA_TOO_COSTLY},
        {"{\"maximum\":10}", 'x', GH_SCHEMA_VALID},
        {"{}", '1', GH_SCHEMA_VALID},
        {"{\"type\":\"string\"}", '1', GH_SCHEMA_VALID},
        {"{\"type\":\"integer\"}", '1', GH_SCHEMA_INVALID},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char text[DIGITS];
        schema_case c;
        gh_arena scratch;
        memset(text, '1', sizeof text);
        text[0] = rows[i].first;
        case_open(&c, rows[i].schema, plain);
        assert_non_null(c.schema);
        const gh_json v = {.type = GH_JSON_STRING, .lexical = true, .text = {text, sizeof text}};
        gh_arena_init(&scratch, NULL, 0, CASE_ARENA);
        assert_int_equal(gh_schema_evaluate(c.schema, &v, &scratch, NULL), rows[i].want);
        gh_arena_reset(&scratch);
        case_close(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_stand_for_other_types),
        cmocka_unit_test(any_reading_counts),
        cmocka_unit_test(values_are_compared_as_both),
        cmocka_unit_test(without_a_type),
        cmocka_unit_test(files),
        cmocka_unit_test(what_readers_ask),
        cmocka_unit_test(members_and_items),
        cmocka_unit_test(long_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
