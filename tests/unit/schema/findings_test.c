#include "schema_case.h"

static const gh_schema_options plain = {.dialect = GH_SCHEMA_2020_12, .assert_formats = true};

static void rows_are_found(const case_row *rows, size_t n)
{
    case_rows(rows, n, plain, false);
}

static void types(void **state)
{
    (void)state;
    static const case_row rows[] = {
        {"{\"type\":\"string\"}", "1", " string_type must be a string"},
        {"{\"type\":\"integer\"}", "\"1\"", " int_type must be an integer"},
        {NULL, "1.5", " int_type must be an integer"},
        {NULL, "1.0", ""},
        {NULL, "1e400", ""},
        {"{\"type\":\"number\"}", "\"1\"", " float_type must be a number"},
        {NULL, "1.5", ""},
        {"{\"type\":\"boolean\"}", "\"true\"", " bool_type must be true or false"},
        {"{\"type\":\"array\"}", "{}", " list_type must be an array"},
        {"{\"type\":\"object\"}", "[]", " dict_type must be an object"},
        {"{\"type\":\"null\"}", "0", " none_required must be null"},
        {"{\"type\":[\"string\",\"null\"]}", "0", " string_type must be a string"},
        {"{\"type\":[\"null\",\"integer\",\"string\"]}", "[]",
         " type_error must be a string, an integer or null"},
        {"{\"type\":[\"integer\",\"number\",\"boolean\"]}", "\"\"",
         " type_error must be a number or true or false"},
        {"false", "0", " extra_forbidden is not allowed here"},
        {"{\"type\":[\"integer\"],\"minimum\":5,\"enum\":[9]}", "\"x\"", " int_type must be an integer"},
    };
    rows_are_found(rows, GH_COUNT(rows));
}

static void values(void **state)
{
    (void)state;
    static const case_row rows[] = {
        {"{\"enum\":[\"a\",\"b\",3]}", "\"c\"", " enum must be one of 'a', 'b' or 3"},
        {NULL, "3.0", ""},
        {NULL, "\"b\"", ""},
        {"{\"enum\":[\"a\"]}", "1", " enum must be one of 'a'"},
        {"{\"const\":{\"a\":1}}", "{\"a\":2}", " literal_error must be {\"a\":1}"},
        {NULL, "{\"a\":1.0}", ""},
        {"{\"enum\":[]}", "1", " enum must be one of a list of values"},
    };
    rows_are_found(rows, GH_COUNT(rows));
}

/* More values than a message has room for. */
static void long_lists_are_cut(void **state)
{
    (void)state;
    char schema[4096], value[] = "\"x\"";
    gh_buf out = gh_buf_over(schema, sizeof schema - 1);
    gh_buf_lit(&out, "{\"enum\":[");
    for (unsigned i = 0; i < 100; i++)
        gh_buf_printf(&out, "%s\"value%u\"", i > 0 ? "," : "", i);
    gh_buf_lit(&out, "]}");
    schema[out.n] = '\0';
    schema_case c;
    case_open(&c, schema, plain);
    const char *found = case_found(&c, case_json(&c.arena, value));
    assert_true(strlen(found) < 300);
    assert_non_null(strstr(found, "'value0', 'value1', "));
    assert_non_null(strstr(found, " or 81 more"));
    case_close(&c);
}

static void scalars(void **state)
{
    (void)state;
    static const case_row rows[] = {
        {"{\"minimum\":3,\"multipleOf\":2}", "1",
         " greater_than_equal must be at least 3\n multiple_of must be a multiple of 2"},
        {"{\"maximum\":3.5}", "3.51", " less_than_equal must be at most 3.5"},
        {"{\"exclusiveMinimum\":3}", "3.0", " greater_than must be greater than 3"},
        {"{\"exclusiveMaximum\":-1}", "-1", " less_than must be less than -1"},
        {"{\"maximum\":999999999999999999}", "1000000000000000000",
         " less_than_equal must be at most 999999999999999999"},
        {"{\"minLength\":3,\"maxLength\":4}", "\"\\u00e4\\u00e4\"",
         " string_too_short must have at least 3 characters"},
        {NULL, "\"\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00\"", ""},
        {NULL, "\"\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00x\"",
         " string_too_long must have at most 4 characters"},
        {"{\"minLength\":1}", "\"\"", " string_too_short must have at least 1 character"},
        {"{\"minLength\":30e-1}", "\"ab\"", " string_too_short must have at least 30e-1 characters"},
        {"{\"maxLength\":1e30}", "\"ab\"", ""},
        {"{\"minLength\":1e30}", "\"ab\"", " string_too_short must have at least 1e30 characters"},
        {"{\"pattern\":\"^a+$\"}", "\"b\"", " string_pattern_mismatch must match the pattern ^a+$"},
        {"{\"format\":\"ipv4\"}", "\"1.2.3\"", " format_error must be a valid ipv4"},
        {"{\"format\":\"int32\"}", "2147483648", " format_error must be a valid int32"},
        {"{\"format\":\"nothing-known\"}", "\"1.2.3\"", ""},
    };
    rows_are_found(rows, GH_COUNT(rows));
}

static void objects(void **state)
{
    (void)state;
    static const char schema[] =
        "{\"type\":\"object\",\"required\":[\"a\",\"z/~\"],\"additionalProperties\":false,"
        "\"properties\":{\"a\":{\"type\":\"string\"},\"b\":{\"$ref\":\"#/$defs/b\"},\"c\":false},"
        "\"patternProperties\":{\"^p\":{\"type\":\"integer\"}},"
        "\"$defs\":{\"b\":{\"type\":\"object\",\"required\":[\"x\"],\"properties\":{\"x\":{\"minimum\":1}}}}}";
    static const case_row rows[] = {
        {schema, "{\"a\":\"\",\"z/~\":1,\"b\":{\"x\":1}}", "/z~1~0 extra_forbidden is not allowed here"},
        {schema, "{\"a\":1,\"b\":{\"x\":0},\"n\":0,\"pa\":\"\",\"c\":1}",
         "/a string_type must be a string\n/b/x greater_than_equal must be at least 1\n"
         "/n extra_forbidden is not allowed here\n/pa int_type must be an integer\n"
         "/c extra_forbidden is not allowed here\n/z~1~0 missing is required"},
        {"{\"minProperties\":1,\"maxProperties\":2}", "{}", " too_short must have at least 1 member"},
        {NULL, "{\"a\":1,\"b\":1,\"c\":1}", " too_long must have at most 2 members"},
        {"{\"propertyNames\":{\"maxLength\":2}}", "{\"abc\":1,\"ab\":2}",
         "/abc extra_forbidden has a name that is not allowed"},
        {"{\"dependentRequired\":{\"a\":[\"b\",\"c\"]}}", "{\"a\":1,\"b\":1}",
         "/c missing is required when a is there"},
        {"{\"dependentSchemas\":{\"a\":{\"required\":[\"d\"]}}}", "{\"a\":1}", "/d missing is required"},
        {NULL, "{}", ""},
        {"{\"properties\":{\"a\":true},\"unevaluatedProperties\":false}", "{\"a\":1,\"b\":1,\"c\":1}",
         "/b extra_forbidden is not allowed here\n/c extra_forbidden is not allowed here"},
        {"{\"properties\":{\"a\":{\"type\":\"null\"}},\"unevaluatedProperties\":false}", "{\"a\":1,\"b\":1}",
         "/a none_required must be null\n/b extra_forbidden is not allowed here"},
        {"{\"anyOf\":[{\"required\":[\"q\"],\"properties\":{\"b\":true}}],\"unevaluatedProperties\":false}",
         "{\"b\":1}", "/q missing is required"},
    };
    rows_are_found(rows, GH_COUNT(rows));
}

static void arrays(void **state)
{
    (void)state;
    static const case_row rows[] = {
        {"{\"prefixItems\":[{\"type\":\"string\"}],\"items\":{\"type\":\"integer\"}}", "[1,\"x\",3,null]",
         "/0 string_type must be a string\n/1 int_type must be an integer\n/3 int_type must be an integer"},
        {"{\"minItems\":1}", "[]", " too_short must have at least 1 item"},
        {"{\"maxItems\":1,\"items\":{\"type\":\"null\"}}", "[1,2]", " too_long must have at most 1 item"},
        {"{\"uniqueItems\":true}", "[1,{\"a\":1,\"b\":[2]},{\"b\":[2.0],\"a\":1e0}]",
         " unique_items must not hold an item twice"},
        {"{\"uniqueItems\":true}", "[1,2,3,4,5,6,7,8,9,\"1\",10,0.1e1]",
         " unique_items must not hold an item twice"},
        {"{\"uniqueItems\":true}",
         "[0,1,10,100,1e3,0.1,0.01,1e-3,-1,\"0\",false,null,[],{},[0],[[]],\"\",{\"\":0}]", ""},
        {"{\"uniqueItems\":true}", "[0,1,2,3,4,5,6,7,8,9,-0.0]", " unique_items must not hold an item twice"},
        {"{\"uniqueItems\":true}", "[[1],[2],[3],[4],[5],[6],[7],[8],[9],[1.0]]",
         " unique_items must not hold an item twice"},
        {"{\"contains\":{\"type\":\"null\"}}", "[1]",
         " contains must hold at least one item of the right kind"},
        {"{\"contains\":{\"type\":\"null\"},\"minContains\":2,\"maxContains\":2}", "[null]",
         " contains must hold at least 2 items of the right kind"},
        {NULL, "[null,null,null]", " contains must hold at most 2 items of the right kind"},
        {"{\"contains\":{\"type\":\"null\"},\"minContains\":0}", "[]", ""},
        {"{\"prefixItems\":[true],\"unevaluatedItems\":false}", "[1,2]",
         "/1 extra_forbidden is not allowed here"},
    };
    rows_are_found(rows, GH_COUNT(rows));
}

static void alternatives(void **state)
{
    (void)state;
    static const char kinds[] =
        "{\"oneOf\":[{\"$ref\":\"#/$defs/a\"},{\"$ref\":\"#/$defs/b\"}],\"$defs\":{"
        "\"a\":{\"type\":\"object\",\"required\":[\"kind\",\"n\"],\"properties\":{\"kind\":{\"const\":\"a\"},\"n\":{\"type\":\"integer\"}}},"
        "\"b\":{\"allOf\":[{\"type\":\"object\",\"required\":[\"kind\",\"m\"],\"properties\":{\"kind\":{\"enum\":[\"b\"]}}}]}}}";
    static const case_row rows[] = {
        {"{\"anyOf\":[{\"type\":\"string\",\"minLength\":3},{\"type\":\"null\"}]}", "\"a\"",
         " string_too_short must have at least 3 characters"},
        {NULL, "5", " string_type must be a string"},
        {NULL, "null", ""},
        {"{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]}", "[]",
         " type_error must be a string or an integer"},
        {"{\"anyOf\":[{\"minimum\":3},{\"multipleOf\":2}]}", "1",
         " union_error fits none of the alternatives"},
        {"{\"oneOf\":[{\"minimum\":3},{\"multipleOf\":2}]}", "4",
         " union_error must fit exactly one of the alternatives"},
        {NULL, "1", " union_error must fit exactly one of the alternatives"},
        {kinds, "{\"kind\":\"a\",\"n\":\"x\"}", "/n int_type must be an integer"},
        {NULL, "{\"kind\":\"b\"}", "/m missing is required"},
        {NULL, "{\"kind\":\"c\"}", " union_error must fit exactly one of the alternatives"},
        {NULL, "7", " dict_type must be an object"},
        {"{\"anyOf\":[{\"required\":[\"a\"],\"properties\":{\"a\":{\"type\":\"null\"}}},{\"required\":[\"b\"]}]}",
         "{\"a\":1}", "/a none_required must be null"},
        {"{\"not\":{\"type\":\"null\"}}", "null", " not_allowed is of a kind that is not allowed"},
        {"{\"if\":{\"minimum\":10},\"then\":{\"multipleOf\":10},\"else\":{\"multipleOf\":2}}", "15",
         " multiple_of must be a multiple of 10"},
        {NULL, "5", " multiple_of must be a multiple of 2"},
        {"{\"allOf\":[{\"minimum\":3},{\"multipleOf\":2}]}", "1",
         " greater_than_equal must be at least 3\n multiple_of must be a multiple of 2"},
    };
    rows_are_found(rows, GH_COUNT(rows));
}

/* Names come from the client: not more than 200 bytes of them, never half a character. */
static void pointers_are_cut(void **state)
{
    (void)state;
    char value[2048];
    gh_buf out = gh_buf_over(value, sizeof value - 1);
    gh_buf_lit(&out, "{\"");
    for (unsigned i = 0; i < 300; i++)
        gh_buf_lit(&out, "\xc3\xa4");
    gh_buf_lit(&out, "\":1}");
    value[out.n] = '\0';
    schema_case c;
    case_open(&c, "{\"additionalProperties\":false}", plain);
    gh_finding item;
    gh_findings findings = {.items = &item, .max = 1};
    assert_int_equal(gh_schema_evaluate(c.schema, case_json(&c.arena, value), &c.arena, &findings),
                     GH_SCHEMA_INVALID);
    assert_int_equal(findings.n, 1);
    assert_true(item.pointer.n <= 200 && item.pointer.n > 190);
    assert_true(gh_str_ends(item.pointer, GH_STR("\xc3\xa4\xe2\x80\xa6")));
    case_close(&c);
}

static void what_there_is_no_room_for_is_counted(void **state)
{
    (void)state;
    schema_case c;
    case_open(&c, "{\"items\":{\"type\":\"null\"}}", plain);
    gh_finding items[2];
    gh_findings findings = {.items = items, .max = 2};
    assert_int_equal(gh_schema_evaluate(c.schema, case_json(&c.arena, "[1,2,3,4,5]"), &c.arena, &findings),
                     GH_SCHEMA_INVALID);
    assert_int_equal(findings.n, 2);
    assert_int_equal(findings.omitted, 3);
    case_close(&c);
}

static void keywords_and_places_have_names(void **state)
{
    (void)state;
    gh_finding finding = {.fault = GH_FAULT_MIN_LENGTH};
    assert_true(gh_str_eq(gh_finding_keyword(&finding), GH_STR("minLength")));
    finding.fault = GH_FAULT_ADDITIONAL;
    assert_true(gh_str_eq(gh_finding_keyword(&finding), GH_STR("additionalProperties")));
    assert_true(gh_str_eq(gh_in_name(GH_IN_BODY), GH_STR("body")));
    assert_true(gh_str_eq(gh_in_name(GH_IN_COOKIE), GH_STR("cookie")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types),
        cmocka_unit_test(values),
        cmocka_unit_test(long_lists_are_cut),
        cmocka_unit_test(scalars),
        cmocka_unit_test(objects),
        cmocka_unit_test(arrays),
        cmocka_unit_test(alternatives),
        cmocka_unit_test(pointers_are_cut),
        cmocka_unit_test(what_there_is_no_room_for_is_counted),
        cmocka_unit_test(keywords_and_places_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
