#include "openapi_unit.h"

#define HEAD "openapi: 3.1.0\ninfo: {title: T, version: '1'}\n"
#define HEAD30 "openapi: 3.0.3\ninfo: {title: T, version: '1'}\n"
#define OK "responses: {'200': {description: ok}}"
#define BODY(content) HEAD "paths: {/a: {post: {requestBody: {content: " content "}, " OK "}}}\n"
#define SCHEMA(schema) BODY("{application/json: {schema: " schema "}}")
#define AT_SCHEMA "/paths/~1a/post/requestBody/content/application~1json/schema"

/* What is said of a document, line for line. */
static const struct {
    const char *document, *messages;
} cases[] = {
    {HEAD "paths: {}\n", ""},
    {HEAD "paths: {/a: {get: {" OK "}, x-b: 1}, x-c: 1}\nx-d: 1\ntags: []\nexternalDocs: {}\n", ""},
    {HEAD "components: {}\n", "note : has no \"paths\"\n"},
    {HEAD30 "components: {}\n", "error : has no \"paths\"\n"},
    /* which documents */
    {"swagger: '2.0'\n", "error /swagger: a document of Swagger 2.0; convert it to OpenAPI 3.0 or 3.1\n"},
    {"- 1\n", "error : must be an object, not an array\n"},
    {"a: 1\n", "error : no OpenAPI document: it has no \"openapi\": \"3.1.0\"\n"},
    {"openapi: 3.1\n", "error /openapi: must be a text; put quotes around it: \"3.1.0\"\n"},
    {"openapi: 3.2.0\n", "error /openapi: version \"3.2.0\" is not supported: 3.0.x and 3.1.x are\n"},
    {"openapi: [1]\n", "error /openapi: must be a text, not an array\n"},
    {"openapi: 3.1.0\npaths: {}\n", "error : has no \"info\" with a title and a version\n"},
    {HEAD "paths: {}\njsonSchemaDialect: https://json-schema.org/draft/2020-12/schema\n", ""},
    {HEAD "paths: {}\njsonSchemaDialect: https://spec.openapis.org/oas/3.1/dialect/base\n", ""},
    {HEAD "paths: {}\njsonSchemaDialect: http://json-schema.org/draft-07/schema#\n",
     "error /jsonSchemaDialect: the dialect \"http://json-schema.org/draft-07/schema#\" is not supported: only "
     "https://spec.openapis.org/oas/3.1/dialect/base is\n"},
    /* the wrong kinds, all of them */
    {HEAD "paths: {/a: 1, /b: {get: 2}, /c: {get: {" OK
          ", parameters: {}, requestBody: x, operationId: 3}}}\n"
          "components: {schemas: [], x-a: 1}\n",
     "error /paths/~1a: must be an object, not a number\n"
     "error /paths/~1b/get: must be an object, not a number\n"
     "error /paths/~1c/get/parameters: must be an array, not an object\n"
     "error /paths/~1c/get/operationId: must be a text, not a number\n"
     "error /paths/~1c/get/requestBody: must be an object, not a text\n"
     "error /components/schemas: must be an object, not an array\n"},
    {HEAD "paths: []\n", "error /paths: must be an object, not an array\n"},
    /* names that are not known */
    {HEAD "path: {}\npaths: {/a: {gte: {}, get: {" OK ", requestbody: {}, whatever: 1}}}\n",
     "error /path: \"path\" is not known here; did you mean paths?\n"
     "error /paths/~1a/gte: \"gte\" is not known here; did you mean get?\n"
     "error /paths/~1a/get/requestbody: \"requestbody\" is not known here; did you mean requestBody?\n"
     "unenforced /paths/~1a/get/whatever: \"whatever\" is not known here and is passed over\n"},
    {HEAD "paths: {/a: {get: {" OK ", \"a\\e[1m\\nb\": 1}}}\n",
     "unenforced /paths/~1a/get/a\x1b[1m\nb: \"a\\u001b[1m\\nb\" is not known here and is passed over\n"},
    /* paths */
    {HEAD "paths: {a: {}, /b?c: {}, \"/d/{x\": {}, /e//f: {}}\n",
     "error /paths/a: a path begins with \"/\"; extensions with \"x-\"\n"
     "error /paths/~1b?c: as a path it cannot be matched: only the path is matched: no query, no fragment (column 3)\n"
     "error /paths/~1d~1{x: as a path it cannot be matched: \"{\" without a \"}\" (column 4)\n"
     "error /paths/~1e~1~1f: as a path it cannot be matched: runs of \"/\" become one and are never matched "
     "(column 4)\n"},
    {HEAD "paths: {\"/a/{x}\": {get: {" OK "}, post: {" OK "}}, \"/a/{y}\": {get: {" OK "}, put: {" OK "}},\n"
          " \"/a/{z}.json\": {get: {" OK "}}, \"/a/{w}.json\": {get: {" OK "}}, /a/b: {get: {" OK "}}}\n",
     "unenforced /paths/~1a~1{x}/get: the parameter \"x\" of the path is not declared: any text passes\n"
     "unenforced /paths/~1a~1{x}/post: the parameter \"x\" of the path is not declared: any text passes\n"
     "unenforced /paths/~1a~1{y}/get: the parameter \"y\" of the path is not declared: any text passes\n"
     "unenforced /paths/~1a~1{y}/put: the parameter \"y\" of the path is not declared: any text passes\n"
     "unenforced /paths/~1a~1{z}.json/get: the parameter \"z\" of the path is not declared: any text passes\n"
     "unenforced /paths/~1a~1{w}.json/get: the parameter \"w\" of the path is not declared: any text passes\n"
     "error /paths/~1a~1{y}: GET \"/a/{x}\" and \"/a/{y}\" match the same requests\n"
     "error /paths/~1a~1{w}.json: GET \"/a/{z}.json\" and \"/a/{w}.json\" match the same requests\n"},
    /* bodies */
    {HEAD "paths: {/a: {post: {requestBody: {}, " OK "}}}\n",
     "error /paths/~1a/post/requestBody: has no \"content\"\n"},
    {BODY("{}"), "unenforced /paths/~1a/post/requestBody/content: names no media type: any body passes\n"},
    {BODY("{a/b/c: {}, application/json: 1, 'text/plain;charset=utf-8': {}, '*/*': {}, image/*: {}}"),
     "error /paths/~1a/post/requestBody/content/a~1b~1c: \"a/b/c\" is no media type\n"
     "error /paths/~1a/post/requestBody/content/application~1json: must be an object, not a number\n"},
    {BODY("{application/xml: {schema: {type: object, xml: {name: a}}}}"),
     "unenforced /paths/~1a/post/requestBody/content/application~1xml/schema/xml: bodies of XML are not looked into\n"
     "unenforced /paths/~1a/post/requestBody/content/application~1xml: bodies of the type \"application/xml\" are not "
     "looked into: type and size only\n"},
    {BODY("{application/json: {encoding: {a: {}}}}"),
     "unenforced /paths/~1a/post/requestBody/content/application~1json/encoding: \"encoding\" has a meaning for forms "
     "only\n"},
    {BODY("{multipart/form-data: {schema: {properties: {a: {type: string, format: binary}}}, encoding: "
          "{a: {contentType: image/png, headers: {X-A: {}}, style: label}}}}"),
     "unenforced /paths/~1a/post/requestBody/content/multipart~1form-data/schema/properties/a/format: of files, size, "
     "name and declared type are looked at, and not what is in them\n"
     "error /paths/~1a/post/requestBody/content/multipart~1form-data/encoding/a/style: \"label\" is no style of a "
     "body\n"
     "unenforced /paths/~1a/post/requestBody/content/multipart~1form-data/encoding/a/headers: header fields of parts "
     "are not compared\n"},
    /* schemas */
    {SCHEMA("{type: string, format: nonsense}"),
     "unenforced " AT_SCHEMA "/format: the format \"nonsense\" is not known: it refuses nothing\n"},
    {SCHEMA("{anyOf: [{format: nonsense}, {format: nonsense}, {format: date}, {format: password}]}"),
     "unenforced " AT_SCHEMA "/anyOf/0/format: the format \"nonsense\" is not known: it refuses nothing\n"},
    {SCHEMA("{properties: {format: {const: nonsense}, xml: {const: 1}}, const: {format: x, xml: y}}"), ""},
    {SCHEMA("{discriminator: {propertyName: a}, type: object}"),
     "unenforced " AT_SCHEMA
     "/discriminator: discriminator: the schema it chooses is not asked for; without oneOf or "
     "anyOf beside it only what stands here is\n"},
    {SCHEMA("{discriminator: {propertyName: a}, oneOf: [{type: object}]}"), ""},
    /* answers */
    {HEAD
     "paths: {/a: {get: {responses: {2xx: {description: ''}, '99': {}, '600': {}, 3X: {}, 4XX: {description: ''}, "
     "x-a: 1, 200: {description: ''}}}}}\n",
     "error /paths/~1a/get/responses/2xx: \"2xx\" is no status: \"200\", \"2XX\" or \"default\"\n"
     "error /paths/~1a/get/responses/99: \"99\" is no status: \"200\", \"2XX\" or \"default\"\n"
     "error /paths/~1a/get/responses/600: \"600\" is no status: \"200\", \"2XX\" or \"default\"\n"
     "error /paths/~1a/get/responses/3X: \"3X\" is no status: \"200\", \"2XX\" or \"default\"\n"},
    {HEAD "paths: {/a: {get: {responses: {'200': {description: '', headers: {A: {}}, links: {l: {}}}}}}}\n",
     "unenforced /paths/~1a/get/responses/200/headers: header fields of answers are not compared\n"
     "unenforced /paths/~1a/get/responses/200/links: links are not followed\n"},
    {HEAD30 "paths: {/a: {get: {}}}\n", "error /paths/~1a/get: has no \"responses\"\n"},
    {HEAD "paths: {/a: {get: {}}}\n", ""},
    /* what a reference makes void is said, wherever it is */
    {HEAD "paths: {/a: {get: {" OK
          ", parameters: [{$ref: '#/components/parameters/p', required: true, description: d, "
          "x-a: 1}]}}}\ncomponents: {parameters: {p: {name: p, in: query, schema: {}}}}\n",
     "unenforced /paths/~1a/get/parameters/0/required: \"required\" stands beside a $ref and is passed over\n"},
    {HEAD30 "paths: {/a: {get: {" OK
            ", parameters: [{name: p, in: query, schema: {$ref: '#/components/schemas/s', "
            "maxLength: 3, title: t}}]}}}\ncomponents: {schemas: {s: {type: string}}}\n",
     "unenforced /paths/~1a/get/parameters/0/schema/maxLength: \"maxLength\" stands beside a $ref and is passed "
     "over\n"},
    {HEAD "paths: {/a: {get: {" OK
          ", parameters: [{name: p, in: query, schema: {$ref: '#/components/schemas/s', "
          "maxLength: 3}}]}}}\ncomponents: {schemas: {s: {type: string}}}\n",
     ""},
    /* types that differ by parameters alone */
    {BODY("{application/json: {schema: {type: object}}, application/json; v=2: {schema: {type: array}}}"),
     "unenforced /paths/~1a/post/requestBody/content/application~1json; v=2: the type \"application/json\" is described "
     "above already, which is what counts\n"},
    /* what else there is */
    {HEAD "paths: {/a: {get: {" OK ", callbacks: {c: {}}}}}\nwebhooks: {w: {}}\n",
     "note /paths/~1a/get/callbacks: callbacks are requests that the API makes; they do not pass through here\n"
     "note /webhooks: webhooks are requests that the API makes; they do not pass through here\n"},
    {HEAD "servers: [{url: 'https://a.example/v1/'}, {url: /v2}]\npaths: {/a: {get: {" OK
          ", servers: [{url: /x}]}}}\n",
     "note /servers/0: requests are matched without the server's path \"/v1\"; if they come with it, set "
     "openapi.prefix\n"
     "unenforced /paths/~1a/get/servers: servers of single paths and operations are passed over: paths match without "
     "them\n"},
    {HEAD "servers: [{url: /}, {url: /v2}]\npaths: {}\n", ""},
    {HEAD "servers: [{url: /api}]\npaths: {}\n",
     "note /servers/0: requests are matched without the server's path \"/api\"; if they come with it, set "
     "openapi.prefix\n"},
    {HEAD "security: [{k: []}, {}]\npaths: {/a: {get: {" OK "}, put: {" OK ", security: [{n: []}]}, "
          "post: {" OK
          ", security: []}}}\ncomponents: {securitySchemes: {k: {type: http, scheme: bearer}}}\n",
     "unenforced /components/securitySchemes/k: the security scheme \"k\" is named, but not enforced yet\n"
     "error /paths/~1a/put/security/0/n: the security scheme \"n\" is not in components.securitySchemes\n"},
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
        assert_true(strstr(text, "error ") == NULL || o->contract.n_operations == 0);
        unit_forget(o);
    }
}

static const gh_operation *operation(const gh_openapi *o, const char *method, const char *path)
{
    const gh_operation *found = NULL;
    gh_path_params params;
    if (gh_contract_find(&o->contract, gh_str_of(method), gh_str_of(path), &found, &params, NULL) !=
        GH_CONTRACT_FOUND)
        fail_msg("no %s %s", method, path);
    return found;
}

static void assert_text(gh_str text, const char *expected)
{
    if (!gh_str_eq(text, gh_str_of(expected)))
        fail_msg("\"%.*s\", not \"%s\"", (int)text.n, text.p, expected);
}

static void what_operations_hold(void **state)
{
    (void)state;
    static const gh_openapi_options options = {.name = GH_STR_INIT("api.yaml"),
                                               .prefix = GH_STR_INIT("/v1/")};
    gh_openapi *o = unit_load(
        HEAD "security: [{k: []}]\n"
             "paths:\n"
             "  /a/{id}:\n"
             "    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]\n"
             "    get: {operationId: read, responses: {default: {description: ''}, 5XX: {description: ''},\n"
             "      '404': {description: ''}, '200': {description: '', content: {application/json: {}}}}}\n"
             "    put:\n"
             "      security: [{k: [], l: []}, {}]\n"
             "      requestBody:\n"
             "        required: true\n"
             "        content:\n"
             "          Application/JSON; charset=utf-8: {schema: {type: object}}\n"
             "          application/*: {}\n"
             "          multipart/form-data:\n"
             "            schema: {type: object, properties: {a: {type: object}, b: {type: array}}}\n"
             "            encoding: {a: {contentType: 'application/json, text/json'}, b: {style: "
             "pipeDelimited}}\n"
             "    trace: {security: []}\n"
             "components: {securitySchemes: {k: {}, l: {}}}\n",
        &options);
    assert_text(o->version, "3.1.0");
    assert_text(o->title, "T");
    assert_text(o->contract.name, "api.yaml");
    assert_int_equal(o->contract.n_operations, 3);
    const gh_operation *get = operation(o, "GET", "/v1/a/7"), *put = operation(o, "PUT", "/v1/a/7");
    assert_text(get->id, "read");
    assert_text(put->id, "PUT /v1/a/{id}");
    assert_text(get->pattern.text, "/v1/a/{id}");
    assert_int_equal(get->n_parameters, 1);
    assert_int_equal(put->n_parameters, 1);
    assert_text(get->parameters[0].name, "id");
    assert_false(get->body_declared || get->reads_body);
    assert_int_equal(get->n_responses, 4);
    static const unsigned low[] = {404, 200, 500, 0}, high[] = {404, 200, 599, 999};
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(get->responses[i].status_low, low[i]);
        assert_int_equal(get->responses[i].status_high, high[i]);
    }
    assert_int_equal(get->responses[1].n_media, 1);
    assert_int_equal(get->responses[0].n_media, 0);
    assert_int_equal(get->n_security, 1);
    assert_text(get->security[0], "k");
    assert_int_equal(put->n_security, 2);
    assert_text(put->security[0], "k and l");
    assert_text(put->security[1], "nothing");
    assert_int_equal(operation(o, "TRACE", "/v1/a/7")->n_security, 0);
    assert_true(put->body_declared && put->body_required && put->reads_body);
    assert_int_equal(put->n_media, 3);
    assert_text(put->media[0].range, "application/json");
    assert_int_equal(put->media[0].kind, GH_MEDIA_JSON);
    assert_non_null(put->media[0].schema);
    assert_text(put->media[1].range, "application/*");
    assert_null(put->media[1].schema);
    const gh_media *form = &put->media[2];
    assert_int_equal(form->kind, GH_MEDIA_MULTIPART);
    assert_int_equal(form->n_encodings, 2);
    assert_true(form->encodings[0].json && form->encodings[0].explode);
    assert_int_equal(form->encodings[0].style, GH_STYLE_FORM);
    assert_false(form->encodings[1].json || form->encodings[1].explode);
    assert_int_equal(form->encodings[1].style, GH_STYLE_PIPE_DELIMITED);
    unit_forget(o);
}

/* readOnly: whoever asks need not send it; whoever answers must. */
static void directions(void **state)
{
    (void)state;
    gh_openapi *o = unit_load(
        HEAD30
        "paths: {/a: {post: {requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/T'}}}},\n"
        " responses: {'200': {description: '', content: {application/json: {schema: {$ref: "
        "'#/components/schemas/T'}}}}}}}}\n"
        "components: {schemas: {T: {type: object, required: [id], properties: {id: {type: integer, readOnly: "
        "true}}}}}\n",
        NULL);
    const gh_operation *post = operation(o, "POST", "/a");
    const gh_json *empty = unit_read("{}");
    assert_int_equal(gh_schema_evaluate(post->media[0].schema, empty, &unit_arena, NULL), GH_SCHEMA_VALID);
    assert_int_equal(gh_schema_evaluate(post->responses[0].media[0].schema, empty, &unit_arena, NULL),
                     GH_SCHEMA_INVALID);
    unit_forget(o);
}

/* What FastAPI with Pydantic 1 writes though OpenAPI 3.0 has it not: tuples, and bounds of draft 7. */
static void pydantic_1(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool valid;
    } values[] = {{"pair: [1, a]\nratio: 1", true},
                  {"pair: [a, 1]\nratio: 1", false},
                  {"pair: [1]\nratio: 1", false},
                  {"pair: [1, a]\nratio: 0", false},
                  {"pair: [1, a]\nratio: 1\nkind: b", false}};
    gh_openapi *o = unit_load(
        HEAD30
        "paths: {/a: {post: {requestBody: {content: {application/json: {schema: {$ref: "
        "'#/components/schemas/T'}}}}, " OK "}}}\n"
        "components: {schemas: {T: {type: object, properties: {pair: {type: array, minItems: 2, maxItems: 2, "
        "items: [{type: integer}, {type: string}]}, ratio: {type: number, exclusiveMinimum: 0}, kind: {const: a}}}}}\n",
        NULL);
    assert_int_equal(o->n_messages, 0);
    for (size_t i = 0; i < GH_COUNT(values); i++) {
        const gh_json *value = unit_read(gh_arena_copy(&unit_arena, gh_str_of(values[i].value)).p);
        enum gh_schema_result result =
            gh_schema_evaluate(operation(o, "POST", "/a")->media[0].schema, value, &unit_arena, NULL);
        if ((result == GH_SCHEMA_VALID) != values[i].valid)
            fail_msg("%s: %d", values[i].value, (int)result);
    }
    unit_forget(o);
}

static void formats(void **state)
{
    (void)state;
    static const gh_openapi_options without = {.name = GH_STR_INIT("a")},
                                    with = {.name = GH_STR_INIT("a"), .formats = true};
    const char *text = SCHEMA("{type: string, format: date}");
    for (unsigned i = 0; i < 2; i++) {
        char said[1024];
        gh_openapi *o = unit_load(text, i == 0 ? &without : &with);
        const gh_json *value = unit_read("no date");
        enum gh_schema_result result =
            gh_schema_evaluate(operation(o, "POST", "/a")->media[0].schema, value, &unit_arena, NULL);
        unit_messages(o, 7, said, sizeof said);
        assert_int_equal(result, i == 0 ? GH_SCHEMA_VALID : GH_SCHEMA_INVALID);
        assert_string_equal(said, i == 0 ? "unenforced " AT_SCHEMA
                                           "/format: formats are not enforced, as openapi.formats has it\n"
                                         : "");
        unit_forget(o);
    }
}

static void prefixes(void **state)
{
    (void)state;
    static const struct {
        const char *prefix, *path;
    } table[] = {{"", "/a"}, {"/", "/a"}, {"/v1", "/v1/a"}, {"/v1/", "/v1/a"}, {"/v1/b", "/v1/b/a"}};
    for (size_t i = 0; i < GH_COUNT(table); i++) {
        const gh_openapi_options options = {.prefix = gh_str_of(table[i].prefix),
                                            .closed_parameters = i == 0};
        gh_openapi *o =
            unit_load(HEAD "servers: [{url: https://a/v1}]\npaths: {/a: {get: {" OK "}}}\n", &options);
        assert_int_equal(operation(o, "GET", table[i].path)->parameters_closed, i == 0);
        assert_int_equal(o->n_messages,
                         strcmp(table[i].prefix, "/v1") == 0 || strcmp(table[i].prefix, "/v1/") == 0 ? 0 : 1);
        unit_forget(o);
    }
    const gh_openapi_options wrong = {.prefix = GH_STR_INIT("v1")};
    gh_openapi *o = unit_load(HEAD "paths: {/a: {get: {" OK "}}}\n", &wrong);
    assert_int_equal(o->messages[0].level, GH_OPENAPI_ERROR);
    unit_forget(o);
}

/* Errors are all told, up to a hundred, and each one once. */
static void many_errors(void **state)
{
    (void)state;
    char text[65536], said[65536];
    gh_buf b = gh_buf_over(text, sizeof text - 1);
    gh_buf_lit(&b, HEAD "paths:\n");
    for (unsigned i = 0; i < 300; i++)
        gh_buf_printf(
            &b, "  /p%u: {get: {parameters: [{$ref: '#/components/parameters/q'}], responses: 1}}\n", i);
    gh_buf_lit(&b, "components: {parameters: {q: {name: q, in: nowhere}}}\n");
    assert_true(gh_buf_ok(&b));
    text[b.n] = '\0';
    gh_openapi *o = unit_load(text, NULL);
    unit_messages(o, 1, said, sizeof said);
    unsigned lines = 0, same = 0;
    for (const char *at = said; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    for (const char *at = said; (at = strstr(at, "must be query")) != NULL; at++)
        same++;
    assert_int_equal(lines, 101);
    assert_int_equal(same, 1);
    assert_non_null(strstr(said, "more errors"));
    unit_forget(o);
}

/* `at` is where it is written. */
static void places(void **state)
{
    (void)state;
    static const char text[] = HEAD "paths:\n  /a:\n    get:\n      operationId: 7\n";
    gh_openapi *o = unit_load(text, NULL);
    unsigned line, column;
    assert_int_equal(o->n_messages, 1);
    gh_document_place(GH_STR(text), o->messages[0].at, &line, &column);
    assert_int_equal(line, 6);
    assert_int_equal(column, 7);
    unit_forget(o);
}

static void without_memory(void **state)
{
    (void)state;
    gh_arena arena;
    bool loaded = false;
    gh_arena_init(&unit_arena, NULL, 0, UNIT_ARENA);
    const gh_json *document = unit_read(
        HEAD
        "paths: {\"/a/{b}\": {get: {parameters: [{name: b, in: path, required: true, schema: {pattern: '^a+$'}}],\n"
        " requestBody: {content: {multipart/form-data: {schema: {type: object}, encoding: {a: {}}}}}, security: [{k: "
        "[]}],\n"
        " " OK "}}}\ncomponents: {securitySchemes: {k: {}}}\n");
    for (size_t cap = 0; cap < 400000; cap += 3000) {
        gh_arena_init(&arena, NULL, 0, cap);
        gh_openapi *o = gh_openapi_load(document, &(gh_openapi_options){.formats = true}, &arena);
        assert_true(o != NULL || !loaded);
        loaded = loaded || o != NULL;
        assert_true(o == NULL || o->contract.n_operations == 1);
        gh_openapi_close(o);
        gh_arena_reset(&arena);
    }
    assert_true(loaded);
    gh_openapi_close(NULL);
    gh_arena_reset(&unit_arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages),       cmocka_unit_test(what_operations_hold),
        cmocka_unit_test(directions),     cmocka_unit_test(pydantic_1),
        cmocka_unit_test(formats),        cmocka_unit_test(prefixes),
        cmocka_unit_test(many_errors),    cmocka_unit_test(places),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
