#include "openapi_unit.h"

#define HEAD "openapi: 3.1.0\ninfo: {title: T, version: '1'}\n"
#define HEAD30 "openapi: 3.0.3\ninfo: {title: T, version: '1'}\n"
#define GET(rest) HEAD "paths: {/a: {get: {" rest "}}}\n"
#define POST(schema) \
    HEAD "paths: {/a: {post: {requestBody: {content: {application/json: {schema: " schema "}}}}}}\n"
#define POST30(schema)                                                                      \
    HEAD30 "paths: {/a: {post: {requestBody: {content: {application/json: {schema: " schema \
           "}}}, responses: {}}}}\n"
#define READ(schema) \
    HEAD "paths: {/a: {get: {responses: {'200': {content: {application/json: {schema: " schema "}}}}}}}\n"
#define BODY "POST /a: request body"
#define ANSWER "GET /a: response 200"

/* One change, and the line about it; and the way back. */
static const struct {
    const char *before, *after, *lines, *back;
} cases[] = {
    {GET(""), GET("operationId: b, description: c, x-d: e, tags: [f]"), "", ""},
    /* paths and methods */
    {HEAD "paths: {/a: {get: {}, put: {}}}\n", HEAD "paths: {/a: {get: {}}, /b: {get: {}}}\n",
     "GET /b: added\nPUT /a: removed (breaking)\n", "GET /b: removed (breaking)\nPUT /a: added\n"},
    {HEAD
     "paths: {'/a/{x}': {get: {parameters: [{name: x, in: path, required: true, schema: {type: string}}]}}}\n",
     HEAD
     "paths: {'/a/{y}': {get: {parameters: [{name: y, in: path, required: true, schema: {type: integer}}]}}}\n",
     "GET /a/{x}: path x: type string -> integer (breaking)\n",
     "GET /a/{y}: path y: type integer -> string (breaking)\n"},
    /* parameters */
    {GET(""), GET("parameters: [{name: q, in: query, schema: {}}]"), "GET /a: query q: added\n",
     "GET /a: query q: removed\n"},
    {GET(""), GET("parameters: [{name: q, in: header, required: true, schema: {}}]"),
     "GET /a: header q: added, required (breaking)\n", "GET /a: header q: removed\n"},
    {GET("parameters: [{name: q, in: query, schema: {}}]"),
     GET("parameters: [{name: q, in: query, required: true, schema: {maximum: 3}}]"),
     "GET /a: query q: maximum none -> 3 (breaking)\nGET /a: query q: now required (breaking)\n",
     "GET /a: query q: maximum 3 -> none\nGET /a: query q: no longer required\n"},
    {GET("parameters: [{name: q, in: query, schema: {}}]"),
     GET("parameters: [{name: q, in: query, explode: false, schema: {}}]"),
     "GET /a: query q: is written in another way (style, explode or content) (breaking)\n",
     "GET /a: query q: is written in another way (style, explode or content) (breaking)\n"},
    {GET("parameters: [{name: q, in: query, schema: {}}]"),
     GET("parameters: [{name: q, in: query, style: form, explode: true, schema: {}}]"), "", ""},
    {GET("parameters: [{name: X-A, in: header, schema: {}}]"),
     GET("parameters: [{name: x-a, in: header, schema: {}}]"), "", ""},
    {HEAD "paths: {/a: {parameters: [{name: q, in: query, schema: {}}], get: {}}}\n",
     GET("parameters: [{$ref: '#/components/parameters/q'}]") "components: {parameters: {q: {name: q, in: query, schema: "
                                                              "{}}}}\n",
     "", ""},
    /* bodies */
    {HEAD "paths: {/a: {post: {}}}\n", POST("{}"), BODY ": added\n", BODY ": removed (breaking)\n"},
    {POST("{}"),
     HEAD "paths: {/a: {post: {requestBody: {required: true, content: {application/json: {}}}}}}\n",
     BODY ": now required (breaking)\n", BODY ": no longer required\n"},
    {POST("{}"), HEAD "paths: {/a: {post: {requestBody: {content: {application/xml: {}}}}}}\n",
     BODY ": the type \"application/json\" removed (breaking)\n" BODY
          ": the type \"application/xml\" added\n",
     BODY ": the type \"application/json\" added\n" BODY
          ": the type \"application/xml\" removed (breaking)\n"},
    /* members */
    {POST("{type: object, properties: {a: {type: string}}}"),
     POST("{type: object, required: [b], properties: {b: {type: string}, c: {}}}"),
     BODY " /a: removed\n" BODY " /b: added, required (breaking)\n" BODY " /c: added\n",
     BODY " /a: added\n" BODY " /b: removed\n" BODY " /c: removed\n"},
    {POST("{properties: {a: {}}, additionalProperties: false}"), POST("{additionalProperties: false}"),
     BODY " /a: removed (breaking)\n", BODY " /a: added\n"},
    {POST("{properties: {a: {}}}"), POST("{properties: {a: {}}, required: [a, z]}"),
     BODY " /a: now required (breaking)\n" BODY " /z: now required (breaking)\n",
     BODY " /a: no longer required\n"},
    {POST("{properties: {a: {readOnly: true}}}"), POST("{properties: {a: {readOnly: true}}, required: [a]}"),
     "", ""},
    {POST("{type: object}"), POST("{type: object, additionalProperties: false}"),
     BODY ": members that are not named are now refused (breaking)\n",
     BODY ": members that are not named are now taken\n"},
    {POST("{additionalProperties: {maxLength: 5}}"), POST("{additionalProperties: {maxLength: 4}}"),
     BODY " /*: maxLength 5 -> 4 (breaking)\n", BODY " /*: maxLength 4 -> 5\n"},
    {POST("{properties: {t: {items: {properties: {u: {minLength: 1}}}}}}"),
     POST("{properties: {t: {items: {properties: {u: {minLength: 2}}}}}}"),
     BODY " /t/*/u: minLength 1 -> 2 (breaking)\n", BODY " /t/*/u: minLength 2 -> 1\n"},
    {POST(
         "{allOf: [{$ref: '#/components/schemas/s'}, {properties: {b: {}}}]}") "components: {schemas: {s: {properties: "
                                                                               "{a: {}}}}}\n",
     POST("{properties: {a: {}, b: {}}}"), "", ""},
    /* types and values */
    {POST("{type: integer}"), POST("{type: number}"), BODY ": type integer -> number\n",
     BODY ": type number -> integer (breaking)\n"},
    {POST("{type: [string, 'null']}"), POST("{type: string}"),
     BODY ": type null or string -> string (breaking)\n", BODY ": type string -> null or string\n"},
    {POST("{type: [string, 'null'], maxLength: 3}"),
     POST("{anyOf: [{type: string, maxLength: 3}, {type: 'null'}]}"), "", ""},
    {POST30("{type: string, nullable: true, maximum: 3, exclusiveMaximum: true}"),
     POST("{type: [string, 'null'], exclusiveMaximum: 3}"), "", ""},
    {POST30("{minimum: 3, exclusiveMinimum: true}"), POST30("{minimum: 3, exclusiveMinimum: false}"),
     BODY ": exclusiveMinimum 3 -> none\n" BODY ": minimum none -> 3 (breaking)\n",
     BODY ": exclusiveMinimum none -> 3 (breaking)\n" BODY ": minimum 3 -> none\n"},
    {POST("{const: a}"), POST("{enum: [a]}"), "", ""},
    {POST("{enum: [a, 1.0]}"), POST("{enum: [1, b]}"),
     BODY ": enum \"a\" removed (breaking)\n" BODY ": enum \"b\" added\n",
     BODY ": enum \"a\" added\n" BODY ": enum \"b\" removed (breaking)\n"},
    {POST("{}"), POST("{enum: [a]}"), BODY ": now one of an enum (breaking)\n",
     BODY ": no longer one of an enum\n"},
    {POST("{maximum: 10}"), POST("{maximum: 1e1}"), "", ""},
    {POST("{pattern: a}"), POST("{pattern: b}"), BODY ": pattern \"a\" -> \"b\" (breaking)\n",
     BODY ": pattern \"b\" -> \"a\" (breaking)\n"},
    {POST("{}"), POST("{format: date, uniqueItems: true}"),
     BODY ": format none -> \"date\" (breaking)\n" BODY ": uniqueItems false -> true (breaking)\n",
     BODY ": format \"date\" -> none\n" BODY ": uniqueItems true -> false\n"},
    {POST("true"), POST("false"), BODY ": now refused whatever it is (breaking)\n",
     BODY ": no longer refused whatever it is\n"},
    {POST("{allOf: [{maxLength: 5}, {maxLength: 3}]}"), POST("{maxLength: 4}"), BODY ": maxLength 3 -> 4\n",
     BODY ": maxLength 4 -> 3 (breaking)\n"},
    {POST("{prefixItems: [{}, {maximum: 2}]}"), POST("{prefixItems: [{}, {maximum: 1}]}"),
     BODY " /1: maximum 2 -> 1 (breaking)\n", BODY " /1: maximum 1 -> 2\n"},
    /* alternatives */
    {POST(
         "{oneOf: [{$ref: '#/components/schemas/a'}, {title: b, type: string}]}") "components: {schemas: {a: {type: "
                                                                                  "integer}}}\n",
     POST(
         "{oneOf: [{$ref: '#/components/schemas/a'}, {title: b, type: string, maxLength: 1}, {type: array}]}") "components: {schemas: {a: {type: integer, maximum: 7}}}\n",
     BODY ": alternative \"array\" added\n" BODY ": maxLength none -> 1 (breaking)\n" BODY
          ": maximum none -> 7 (breaking)\n" BODY ": type integer or string -> integer or string or array\n",
     BODY ": alternative \"array\" removed (breaking)\n" BODY ": maxLength 1 -> none\n" BODY
          ": maximum 7 -> none\n" BODY ": type integer or string or array -> integer or string (breaking)\n"},
    {POST("{type: string}"), POST("{anyOf: [{type: string}, {type: integer}]}"),
     BODY ": now one of several alternatives (breaking)\n" BODY ": type string -> integer or string\n",
     BODY ": no longer one of several alternatives (breaking)\n" BODY
          ": type integer or string -> string (breaking)\n"},
    /* answers */
    {GET("responses: {'200': {}, '404': {}}"), GET("responses: {'200': {}, 2XX: {}}"),
     "GET /a: response 2XX: added\nGET /a: response 404: removed (breaking)\n",
     "GET /a: response 2XX: removed (breaking)\nGET /a: response 404: added\n"},
    {READ("{properties: {a: {}, b: {}}, required: [a]}"), READ("{properties: {a: {}, c: {}}}"),
     ANSWER " /a: no longer required (breaking)\n" ANSWER " /b: removed (breaking)\n" ANSWER " /c: added\n",
     ANSWER " /a: now required\n" ANSWER " /b: added\n" ANSWER " /c: removed (breaking)\n"},
    {READ("{type: string, maxLength: 5}"), READ("{type: [string, 'null'], maxLength: 6}"),
     ANSWER ": maxLength 5 -> 6 (breaking)\n" ANSWER ": type string -> null or string (breaking)\n",
     ANSWER ": maxLength 6 -> 5\n" ANSWER ": type null or string -> string\n"},
    {READ("{enum: [a]}"), READ("{enum: [a, b]}"), ANSWER ": enum \"b\" added\n",
     ANSWER ": enum \"b\" removed\n"},
    /* security */
    {GET(""), GET("security: [{k: []}]") "components: {securitySchemes: {k: {}}}\n",
     "GET /a: security: none -> [{\"k\":[]}] (breaking)\n", "GET /a: security: [{\"k\":[]}] -> none\n"},
    {GET("security: [{k: []}]"), GET("") "security: [{l: []}, {k: []}]\n",
     "GET /a: security: [{\"k\":[]}] -> [{\"l\":[]},{\"k\":[]}]\n",
     "GET /a: security: [{\"l\":[]},{\"k\":[]}] -> [{\"k\":[]}] (breaking)\n"},
    /* circles, and changes in them: at their first place */
    {POST("{$ref: '#/components/schemas/n'}") "components: {schemas: {n: {properties: {next: {$ref: "
                                              "'#/components/schemas/n'}, v: {maximum: 2}}}}}\n",
     POST("{$ref: '#/components/schemas/n'}") "components: {schemas: {n: {properties: {next: {$ref: "
                                              "'#/components/schemas/n'}, v: {maximum: 1}}}}}\n",
     BODY " /v: maximum 2 -> 1 (breaking)\n", BODY " /v: maximum 1 -> 2\n"},
    /* names of others are safe to print */
    {POST("{}"), POST("{properties: {\"\\e[1m\\n\": {}}}"), BODY " /\\u001b[1m\\n: added\n",
     BODY " /\\u001b[1m\\n: removed\n"},
};

static void compare(const char *before, const char *after, const char *expected)
{
    char lines[8192];
    unsigned changes, breaking, n = 0, marked = 0;
    gh_arena_init(&unit_arena, NULL, 0, UNIT_ARENA);
    gh_buf out = gh_buf_over(lines, sizeof lines - 1);
    if (!gh_openapi_diff(unit_read(before), unit_read(after), &unit_arena, &out, &changes, &breaking))
        fail_msg("not compared: %s%s", before, after);
    lines[out.n] = '\0';
    if (strcmp(lines, expected) != 0)
        fail_msg("%s%s%s", before, after, lines);
    for (const char *at = lines; (at = strchr(at, '\n')) != NULL; at++)
        n++;
    for (const char *at = lines; (at = strstr(at, " (breaking)\n")) != NULL; at++)
        marked++;
    assert_int_equal(changes, n);
    assert_int_equal(breaking, marked);
    gh_arena_reset(&unit_arena);
}

static void changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(cases); i++) {
        compare(cases[i].before, cases[i].after, cases[i].lines);
        compare(cases[i].after, cases[i].before, cases[i].back);
        compare(cases[i].before, cases[i].before, "");
        compare(cases[i].after, cases[i].after, "");
    }
}

/* Never "nothing changed" where it was not all looked at. */
static void bounds(void **state)
{
    (void)state;
    char lines[20];
    unsigned n, breaking;
    gh_arena_init(&unit_arena, NULL, 0, UNIT_ARENA);
    gh_buf out = gh_buf_over(lines, sizeof lines);
    const gh_json *a = unit_read(GET("")), *b = unit_read(POST("{}"));
    assert_false(gh_openapi_diff(a, b, &unit_arena, &out, &n, &breaking));
    char text[8192];
    gh_buf many = gh_buf_over(text, sizeof text - 1);
    gh_buf_lit(&many,
               HEAD "paths: {/a: {post: {requestBody: {content: {application/json: {schema: {allOf: [");
    for (unsigned i = 0; i < 40; i++)
        gh_buf_printf(&many, "{maximum: %u},", i);
    gh_buf_lit(&many, "]}}}}}}}\n");
    text[many.n] = '\0';
    out = gh_buf_over(lines, sizeof lines);
    b = unit_read(text);
    assert_false(gh_openapi_diff(b, b, &unit_arena, &out, &n, &breaking));
    gh_arena_reset(&unit_arena);
}

static void without_memory(void **state)
{
    (void)state;
    gh_arena arena;
    gh_arena_init(&unit_arena, NULL, 0, UNIT_ARENA);
    const gh_json *a = unit_read(POST("{properties: {a: {enum: [1]}, b: {}}, required: [b]}"));
    const gh_json *b = unit_read(POST("{properties: {a: {enum: [2]}, c: {}}, required: [c]}"));
    bool done = false;
    for (size_t cap = 0; cap < 100000; cap += 1000) {
        char lines[1024];
        unsigned n = 0, breaking;
        gh_buf out = gh_buf_over(lines, sizeof lines);
        gh_arena_init(&arena, NULL, 0, cap);
        bool good = gh_openapi_diff(a, b, &arena, &out, &n, &breaking);
        assert_true(good || !done);
        assert_true(!good || n == 4);
        done = good;
        gh_arena_reset(&arena);
    }
    assert_true(done);
    gh_arena_reset(&unit_arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes),
        cmocka_unit_test(bounds),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
