/* What counts as evaluated (2020-12 core section 11), where one implementation or another was seen to differ. */
#include "schema_case.h"

#define TEN "1,2,3,4,5,6,7,8,9,10,"

typedef struct row {
    const char *schema, *value;
    bool valid;
} row;

static void expect_rows(const row *rows, size_t n)
{
    const gh_schema_options options = {.dialect = GH_SCHEMA_2020_12};
    for (size_t i = 0; i < n; i++) {
        schema_case c;
        case_open(&c, rows[i].schema, options);
        if (c.schema == NULL)
            fail_msg("%s: %.*s", rows[i].schema, (int)c.error.why.n, c.error.why.p);
        const char *found = case_found(&c, case_json(&c.arena, rows[i].value));
        if ((found[0] == '\0') != rows[i].valid)
            fail_msg("%s\nof %s: %s", rows[i].schema, rows[i].value, found);
        case_close(&c);
    }
}

static void what_succeeded_counts(void **state)
{
    (void)state;
    static const row rows[] = {
        {"{\"additionalProperties\":{},\"unevaluatedProperties\":false}", "{\"a\":1}", true},
        {"{\"anyOf\":[{\"unevaluatedProperties\":{}}],\"unevaluatedProperties\":false}", "{\"a\":1}", true},
        {"{\"oneOf\":[{\"unevaluatedItems\":true}],\"unevaluatedItems\":false}", "[1,2]", true},
        {"{\"contains\":true,\"unevaluatedItems\":false}", "[1]", true},
        {"{\"contains\":{\"type\":\"string\"},\"unevaluatedItems\":false}", "[\"a\",1]", false},
        {"{\"contains\":{\"type\":\"string\"},\"minContains\":0,\"unevaluatedItems\":false}", "[\"a\"]",
         true},
        {"{\"anyOf\":[{\"items\":true}],\"unevaluatedItems\":false}", "[" TEN TEN TEN TEN TEN TEN TEN "1]",
         true},
        /* "if" counts without "then" and "else" */
        {"{\"if\":{\"patternProperties\":{\"a\":{}}},\"unevaluatedProperties\":false}", "{\"a\":1}", true},
        {"{\"if\":{\"properties\":{\"a\":{\"const\":1}}},\"unevaluatedProperties\":false}", "{\"a\":2}",
         false},
        {"{\"dependentSchemas\":{\"a\":{\"properties\":{\"a\":{}}}},\"unevaluatedProperties\":false}",
         "{\"a\":1}", true},
        {"{\"$dynamicRef\":\"#l\",\"unevaluatedProperties\":false,"
         "\"$defs\":{\"l\":{\"$dynamicAnchor\":\"l\",\"properties\":{\"a\":{}}}}}",
         "{\"a\":1}", true},
    };
    expect_rows(rows, GH_COUNT(rows));
}

static void what_failed_does_not_count(void **state)
{
    (void)state;
    static const row rows[] = {
        {"{\"anyOf\":[{\"prefixItems\":[true],\"minItems\":2},true],\"unevaluatedItems\":false}", "[1]",
         false},
        {"{\"anyOf\":[true,{\"prefixItems\":[false]}],\"unevaluatedItems\":false}", "[1]", false},
        {"{\"anyOf\":[true,{\"anyOf\":[{\"prefixItems\":[true],\"not\":true}]}],\"unevaluatedItems\":false}",
         "[1]", false},
        {"{\"anyOf\":[true,{\"properties\":{\"a\":true},\"required\":[\"b\"]}],\"unevaluatedProperties\":false}",
         "{\"a\":1}", false},
        {"{\"oneOf\":[{\"oneOf\":[true,{\"unevaluatedItems\":false}]}],\"unevaluatedItems\":false}", "[1]",
         false},
        {"{\"if\":true,\"else\":{\"unevaluatedItems\":true},\"unevaluatedItems\":false}", "[1]", false},
        {"{\"if\":{\"unevaluatedProperties\":false},\"unevaluatedProperties\":false}", "{\"a\":1}", false},
        {"{\"not\":{\"properties\":{\"a\":true},\"required\":[\"b\"]},\"unevaluatedProperties\":false}",
         "{\"a\":1}", false},
        {"{\"contains\":{\"properties\":{\"b\":false}},\"unevaluatedItems\":false}", "[{},{\"b\":1}]", false},
        /* nor what a schema beside this one evaluated */
        {"{\"allOf\":[{\"properties\":{\"a\":true}},{\"unevaluatedProperties\":false}]}", "{\"a\":1}", false},
        {"{\"properties\":{\"a\":true},\"allOf\":[{\"unevaluatedProperties\":false}]}", "{\"a\":1}", false},
    };
    expect_rows(rows, GH_COUNT(rows));
}

/* An anchor belongs to its resource: that of an inner one is not meant, unless it is entered. */
static void anchors_of_two_resources(void **state)
{
    (void)state;
#define INNER "\"o\":{\"$id\":\"o\",\"$defs\":{\"l\":{\"$anchor\":\"l\",\"not\":{}}}}"
    static const row rows[] = {
        {"{\"$id\":\"http://t.example/r\",\"$dynamicRef\":\"#l\",\"$defs\":{\"l\":{\"$dynamicAnchor\":\"l\"}," INNER
         "}}",
         "1", true},
        {"{\"$id\":\"http://t.example/r\",\"$ref\":\"o#l\",\"$defs\":{\"l\":{\"$dynamicAnchor\":\"l\"}," INNER
         "}}",
         "1", false},
        /* of two dynamic ones, the outermost */
        {"{\"$id\":\"http://t.example/r\",\"$ref\":\"p\",\"$defs\":{\"l\":{\"$dynamicAnchor\":\"l\",\"const\":1},"
         "\"p\":{\"$id\":\"p\",\"$dynamicRef\":\"#l\",\"$defs\":{\"l\":{\"$dynamicAnchor\":\"l\"}}}}}",
         "2", false},
    };
    expect_rows(rows, GH_COUNT(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_succeeded_counts),
        cmocka_unit_test(what_failed_does_not_count),
        cmocka_unit_test(anchors_of_two_resources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
