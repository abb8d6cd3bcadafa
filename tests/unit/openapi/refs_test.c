#include "openapi_unit.h"

#define HEAD "openapi: 3.1.0\ninfo: {title: T, version: '1'}\n"
#define OK "responses: {'200': {description: ok}}"
/* An operation with one parameter, by reference. */
#define PARAMETER(ref) HEAD "paths: {/a: {get: {parameters: [{$ref: '" ref "'}], " OK "}}}\n"

static const struct {
    const char *document, *messages;
} cases[] = {
    {PARAMETER(
         "#/components/parameters/q") "components: {parameters: {q: {name: q, in: query, schema: {}}}}\n",
     ""},
    /* one leads to the next */
    {PARAMETER(
         "#/components/parameters/p") "components: {parameters: {p: {$ref: '#/components/parameters/q'}, q: {name: q, in: query, schema: {}}}}\n",
     ""},
    /* what stands beside "$ref" is passed over */
    {PARAMETER(
         "#/components/parameters/q', description: x, name: 'y") "components: {parameters: {q: {name: q, in: query, schema: {}}}}\n",
     "unenforced /paths/~1a/get/parameters/0/name: \"name\" stands beside a $ref and is passed over\n"},
    /* names with "/", "~", "%" and spaces; another place than components */
    {PARAMETER(
         "#/components/parameters/a~1b~0c%25d%20e") "components: {parameters: {'a/b~c%d e': {name: q, in: query, schema: {}}}}\n",
     ""},
    {HEAD "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {}}], " OK "}},\n"
          " /b: {get: {parameters: [{$ref: '#/paths/~1a/get/parameters/0'}], " OK "}}}\n",
     ""},
    /* circles */
    {PARAMETER(
         "#/components/parameters/p") "components: {parameters: {p: {$ref: '#/components/parameters/q'}, q: {$ref: '#/components/parameters/p'}}}\n",
     "error /paths/~1a/get/parameters/0: its $ref leads back to itself\n"},
    {HEAD "paths: {/a: {$ref: '#/paths/~1a'}}\n", "error /paths/~1a: its $ref leads back to itself\n"},
    /* nowhere */
    {PARAMETER("#/components/parameters/q"),
     "error /paths/~1a/get/parameters/0/$ref: \"#/components/parameters/q\": there is nothing of that name\n"},
    {PARAMETER("#/paths/~1a/get/parameters/1"),
     "error /paths/~1a/get/parameters/0/$ref: \"#/paths/~1a/get/parameters/1\": there is nothing of that name\n"},
    {PARAMETER("#/paths/~1a/get/parameters/00"),
     "error /paths/~1a/get/parameters/0/$ref: \"#/paths/~1a/get/parameters/00\": there is nothing of that name\n"},
    {PARAMETER("#/a%2"), "error /paths/~1a/get/parameters/0/$ref: \"#/a%2\": it has a broken escape\n"},
    {PARAMETER("#/a%ff"), "error /paths/~1a/get/parameters/0/$ref: \"#/a%ff\": it has a broken escape\n"},
    /* out of the document */
    {PARAMETER("other.yaml#/q"),
     "error /paths/~1a/get/parameters/0/$ref: \"other.yaml#/q\": only \"#/...\", within this document, is followed; bring "
     "what it names into the document\n"},
    {PARAMETER("#anchor"),
     "error /paths/~1a/get/parameters/0/$ref: \"#anchor\": only \"#/...\", within this document, is "
     "followed; bring what it names into the document\n"},
    {HEAD "paths: {/a: {get: {parameters: [{$ref: 1}], " OK "}}}\n",
     "error /paths/~1a/get/parameters/0/$ref: must be a text, not a number\n"},
    {HEAD "paths:\n  /a:\n    get:\n      " OK
          "\n      parameters:\n        - $ref: #/components/parameters/q\n",
     "error /paths/~1a/get/parameters/0/$ref: must be a text, not null; in YAML # begins a comment: put quotes around it\n"},
    /* unknown keywords, once a name */
    {HEAD
     "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {regex: a, x-b: 1}}, {name: r, in: query, schema: "
     "{regex: b, example: 1}}], " OK "}}}\n",
     "unenforced /paths/~1a/get/parameters/0/schema/regex: \"regex\" is no keyword that is known: it refuses nothing\n"},
    /* every kind */
    {HEAD
     "paths:\n"
     "  /a: {$ref: '#/components/pathItems/a'}\n"
     "components:\n"
     "  pathItems:\n"
     "    a: {post: {requestBody: {$ref: '#/components/requestBodies/b'}, responses: {'200': {$ref: "
     "'#/components/responses/r'}}}}\n"
     "  requestBodies: {b: {content: {application/json: {schema: {$ref: '#/components/schemas/s'}}}}}\n"
     "  responses: {r: {description: '', content: {application/json: {schema: {$ref: '#/components/schemas/s'}}}}}\n"
     "  schemas: {s: {properties: {again: {$ref: '#/components/schemas/s'}, t: {$ref: '#/components/schemas/t'}}}, t: "
     "{format: odd}, unused: {format: odder}}\n",
     "unenforced /components/schemas/t/format: the format \"odd\" is not known: it refuses nothing\n"},
    {HEAD "paths: {/a: {$ref: '#/components/pathItems/a', summary: s, post: {" OK
          "}}}\ncomponents: {pathItems: {a: {get: {" OK "}}}}\n",
     "unenforced /paths/~1a/post: \"post\" stands beside a $ref and is passed over\n"},
    /* errors are where they are written, once */
    {HEAD "paths:\n"
          "  /a: {get: {parameters: [{$ref: '#/components/parameters/q'}], " OK "}}\n"
          "  /b: {get: {parameters: [{$ref: '#/components/parameters/q'}], " OK "}}\n"
          "components: {parameters: {q: {name: q, in: header, style: form}}}\n",
     "error /components/parameters/q/style: \"form\" is no style of a header\n"
     "unenforced /components/parameters/q: has no schema: any text passes\n"},
};

static void references(void **state)
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

/* A schema that is wrong is one error, however many refer to it. */
static void wrong_schema(void **state)
{
    (void)state;
    char text[4096];
    gh_openapi *o = unit_load(
        HEAD
        "paths:\n"
        "  /a: {post: {requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/s'}}}}, " OK
        "}}\n"
        "  /b: {post: {requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/s'}}}}, " OK
        "}}\n"
        "components: {schemas: {s: {type: 7}}}\n",
        NULL);
    unit_messages(o, 7, text, sizeof text);
    assert_int_equal(o->n_messages, 1);
    assert_non_null(strstr(text, "error /components/schemas/s/type: "));
    unit_forget(o);
}

/* Long chains of schemas are followed, without the stack. */
static void long_chain(void **state)
{
    (void)state;
    enum { N = 20000, SIZE = N * 100 };
    gh_arena texts;
    gh_arena_init(&texts, NULL, 0, 2 * SIZE);
    gh_buf b = gh_buf_over(gh_arena_alloc(&texts, SIZE), SIZE);
    gh_buf_lit(&b, HEAD "paths: {/a: {post: {requestBody: {content: {application/json: {schema: {$ref: "
                        "'#/components/schemas/s0'}}}}, " OK "}}}\ncomponents:\n  schemas:\n");
    for (unsigned i = 0; i < N; i++)
        gh_buf_printf(&b, "    s%u: {properties: {n: {$ref: '#/components/schemas/s%u'}}}\n", i, i + 1);
    gh_buf_printf(&b, "    s%u: {format: odd}\n%c", N, '\0');
    assert_true(gh_buf_ok(&b));
    gh_openapi *o = unit_load(b.p, NULL);
    unsigned errors = 0, odd = 0;
    for (unsigned i = 0; i < o->n_messages; i++) {
        errors += o->messages[i].level == GH_OPENAPI_ERROR;
        odd += o->messages[i].level == GH_OPENAPI_UNENFORCED;
    }
    assert_int_equal(errors, 0);
    assert_int_equal(odd, 1);
    char lines[256];
    gh_buf out = gh_buf_over(lines, sizeof lines);
    unsigned changes, breaking;
    assert_true(gh_openapi_diff(o->document, o->document, &unit_arena, &out, &changes, &breaking));
    assert_int_equal(changes, 0);
    unit_forget(o);
    gh_arena_reset(&texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references),
        cmocka_unit_test(wrong_schema),
        cmocka_unit_test(long_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
