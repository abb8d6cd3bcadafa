/* A schema and a value, with a NUL between them: whatever both are, the result is the same each time, with findings
 * and without, and there are findings where and only where the value is refused. A schema that is read once more by
 * another compiler has the same fate. */
#include "schema/schema.h"

#include "fuzz.h"

enum { ARENA_CAP = 32 << 20, SCRATCH_CAP = 64 << 20, FEW = 4 };

static const gh_json_limits limits = {.depth = 200, .values = 20000, .number = 1000, .exponent = 10000};

typedef struct outcome {
    enum gh_schema_result result;
    unsigned n, omitted;
} outcome;

static void check_finding(const gh_finding *finding)
{
    char text[1024];
    gh_buf out = gh_buf_over(text, sizeof text);
    FUZZ_CHECK(finding->pointer.p != NULL && finding->pointer.n <= 200);
    FUZZ_CHECK(finding->pointer.n == 0 || finding->pointer.p[0] == '/');
    gh_finding_message(&out, finding);
    FUZZ_CHECK(gh_buf_ok(&out) && out.n > 0);
    FUZZ_CHECK(gh_finding_keyword(finding).n > 0 && gh_finding_type(finding).n > 0);
}

static outcome evaluate(const gh_schema *schema, const gh_json *value, unsigned max)
{
    gh_finding items[GH_FINDINGS_MAX];
    gh_findings findings = {.items = items, .max = max};
    gh_arena scratch;
    gh_arena_init(&scratch, NULL, 0, SCRATCH_CAP);
    outcome o = {.result = gh_schema_evaluate(schema, value, &scratch, max == 0 ? NULL : &findings)};
    FUZZ_CHECK(findings.n <= max);
    for (unsigned i = 0; i < findings.n; i++)
        check_finding(&items[i]);
    o.n = findings.n;
    o.omitted = findings.omitted;
    FUZZ_CHECK(max == 0 || (o.result == GH_SCHEMA_INVALID) == (o.n + o.omitted > 0));
    gh_arena_reset(&scratch);
    return o;
}

static void check(const gh_schema *schema, const gh_json *value)
{
    outcome quiet = evaluate(schema, value, 0), again = evaluate(schema, value, 0);
    outcome few = evaluate(schema, value, FEW), all = evaluate(schema, value, GH_FINDINGS_MAX);
    FUZZ_CHECK(quiet.result == again.result && quiet.result == few.result && quiet.result == all.result);
    FUZZ_CHECK(few.n + few.omitted == all.n + all.omitted);
    unsigned types = gh_schema_types(schema);
    FUZZ_CHECK(types <= GH_TYPE_BITS_ALL);
    FUZZ_CHECK(!gh_schema_is_true(schema) || quiet.result == GH_SCHEMA_VALID);
    FUZZ_CHECK(quiet.result != GH_SCHEMA_VALID || value->lexical || types != 0);
    (void)gh_schema_items(schema);
    for (const gh_json *m = value->type == GH_JSON_OBJECT ? value->first : NULL; m != NULL; m = m->next)
        (void)gh_schema_property(schema, m->key);
}

/* All texts, as from a form. */
static void make_lexical(gh_json *v)
{
    v->lexical = v->type == GH_JSON_STRING;
    for (gh_json *child = v->type >= GH_JSON_ARRAY ? v->first : NULL; child != NULL; child = child->next)
        make_lexical(child);
}

static bool run(const gh_json *document, gh_json *value, const gh_schema_options *options)
{
    gh_schema_error error;
    gh_arena arena;
    gh_arena_init(&arena, NULL, 0, ARENA_CAP);
    gh_schema_compiler *c = gh_schema_compiler_new(&arena, options);
    FUZZ_CHECK(c != NULL);
    const gh_schema *schema = NULL;
    if (gh_schema_compiler_add(c, GH_STR("https://a.example/b"), document, &error)) {
        schema = gh_schema_compile(c, document, document, &error);
        FUZZ_CHECK(gh_schema_compile(c, document, document, &error) == schema || schema == NULL);
    }
    FUZZ_CHECK(schema != NULL || (error.why.n > 0 && error.pointer.n <= 400));
    if (schema != NULL)
        check(schema, value);
    gh_schema_compiler_close(c);
    gh_arena_reset(&arena);
    return schema != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const gh_schema_options options[] = {
        {.dialect = GH_SCHEMA_2020_12, .assert_formats = true},
        {.dialect = GH_SCHEMA_OPENAPI_3_0, .direction = GH_SCHEMA_REQUEST},
    };
    gh_str rest = {(const char *)data, size}, schema;
    gh_json_error error;
    gh_arena arena;
    if (!gh_str_next(&rest, '\0', &schema) || rest.p == NULL)
        return 0;
    gh_arena_init(&arena, NULL, 0, ARENA_CAP);
    const gh_json *document = gh_json_read(schema, &limits, &arena, &error);
    gh_json *value = gh_json_read(rest, &limits, &arena, &error);
    if (document != NULL && value != NULL) {
        FUZZ_CHECK(run(document, value, &options[0]) == run(document, value, &options[0]));
        make_lexical(value);
        for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
            (void)run(document, value, &options[i]);
    }
    gh_arena_reset(&arena);
    return 0;
}
