/* What a request brings, read and checked: "TYPE\nQUERY\nPATH\nHEADER\nCOOKIE\nBODY", where TYPE is a digit that
 * chooses a Content-Type. What was read is what it says it is, and every refusal has its finding. */
#include "fuzz.h"

#include "contract/check.h"
#include "text/utf8.h"
#include "wire/field.h"

static const gh_input_limits limits = {
    .json = {.depth = 16, .values = 200, .number = 100, .exponent = 100},
    .pairs = 32,
    .parts = {.parts = 16, .head = 512, .name = 64},
};

static const char schema_text[] =
    "{\"type\":\"object\",\"required\":[\"n\"],\"properties\":{"
    "\"n\":{\"type\":\"integer\",\"maximum\":9},\"t\":{\"type\":\"string\",\"maxLength\":4},"
    "\"l\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"},\"uniqueItems\":true},"
    "\"m\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"boolean\"}},"
    "\"k\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"
    "\"d\":{\"type\":\"object\",\"properties\":{\"l\":{\"$ref\":\"#/properties/l\"}}},"
    "\"f\":{\"type\":\"string\",\"format\":\"binary\"},\"e\":{\"enum\":[1,true,null,\"x\"]}},"
    "\"additionalProperties\":false}";

static gh_parameter parameters[24];
static gh_encoding encodings[] = {
    {.name = {"d", 1}, .style = GH_STYLE_DEEP_OBJECT, .explode = true},
    {.name = {"l", 1}, .style = GH_STYLE_FORM},
    {.name = {"f", 1}, .type = {"image/png, image/*", 18}, .style = GH_STYLE_FORM, .explode = true},
    {.name = {"e", 1}, .type = {"application/json", 16}, .json = true, .explode = true},
};
static gh_media media = {.range = {"*/*", 3}, .encodings = encodings, .n_encodings = GH_COUNT(encodings)};
static gh_operation operation = {.parameters = parameters,
                                 .parameters_closed = true,
                                 .media = &media,
                                 .n_media = 1,
                                 .body_declared = true,
                                 .body_required = true};

/* A parameter of each style and type, once; named by one letter. */
static void make_parameters(gh_schema_compiler *compiler, const gh_json *document)
{
    static const struct {
        const char *name, *type;
        enum gh_in in;
        enum gh_param_style style;
        bool explode, json;
    } rows[] = {
        {"n", "n", GH_IN_QUERY, GH_STYLE_FORM, true, false},
        {"t", "t", GH_IN_QUERY, GH_STYLE_FORM, false, false},
        {"l", "l", GH_IN_QUERY, GH_STYLE_FORM, true, false},
        {"c", "l", GH_IN_QUERY, GH_STYLE_FORM, false, false},
        {"s", "l", GH_IN_QUERY, GH_STYLE_SPACE_DELIMITED, false, false},
        {"p", "m", GH_IN_QUERY, GH_STYLE_PIPE_DELIMITED, false, false},
        {"d", "d", GH_IN_QUERY, GH_STYLE_DEEP_OBJECT, true, false},
        {"m", "m", GH_IN_QUERY, GH_STYLE_FORM, true, false},
        {"j", "k", GH_IN_QUERY, GH_STYLE_FORM, true, true},
        {"a", "l", GH_IN_PATH, GH_STYLE_SIMPLE, false, false},
        {"b", "l", GH_IN_PATH, GH_STYLE_LABEL, true, false},
        {"c", "m", GH_IN_PATH, GH_STYLE_MATRIX, true, false},
        {"d", "l", GH_IN_PATH, GH_STYLE_MATRIX, true, false},
        {"x-l", "l", GH_IN_HEADER, GH_STYLE_SIMPLE, false, false},
        {"x-m", "m", GH_IN_HEADER, GH_STYLE_SIMPLE, true, false},
        {"l", "l", GH_IN_COOKIE, GH_STYLE_FORM, false, false},
        {"n", "n", GH_IN_COOKIE, GH_STYLE_FORM, true, false},
    };
    const gh_json *types = gh_json_lit(document, "properties");
    gh_schema_error wrong;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        const gh_json *at = gh_json_get(types, gh_str_of(rows[i].type));
        const gh_schema *schema = gh_schema_compile(compiler, document, at, &wrong);
        FUZZ_CHECK(schema != NULL);
        parameters[operation.n_parameters++] = (gh_parameter){.name = gh_str_of(rows[i].name),
                                                              .in = (uint8_t)rows[i].in,
                                                              .style = (uint8_t)rows[i].style,
                                                              .explode = rows[i].explode,
                                                              .json = rows[i].json,
                                                              .schema = schema};
    }
}

static void make_operation(void)
{
    static gh_arena arena;
    static const gh_schema_options options = {.direction = GH_SCHEMA_REQUEST, .assert_formats = true};
    gh_json_error error;
    gh_schema_error wrong;
    const char *why;
    unsigned column;
    gh_arena_init(&arena, NULL, 0, 1 << 24);
    const gh_json *document = gh_json_read(gh_str_of(schema_text), &gh_json_limits_wide, &arena, &error);
    gh_schema_compiler *compiler = gh_schema_compiler_new(&arena, &options);
    FUZZ_CHECK(document != NULL && compiler != NULL);
    FUZZ_CHECK(gh_schema_compiler_add(compiler, GH_STR(""), document, &wrong));
    media.schema = gh_schema_compile(compiler, document, document, &wrong);
    FUZZ_CHECK(media.schema != NULL);
    make_parameters(compiler, document);
    FUZZ_CHECK(
        gh_path_template_compile(GH_STR("/{a}-{b}/{c}/{d}"), &arena, &operation.pattern, &why, &column));
}

static void check_text(gh_str s)
{
    FUZZ_CHECK(gh_utf8_valid(s) == s.n);
}

static void check_value(const gh_json *value, unsigned depth)
{
    unsigned n = 0;
    FUZZ_CHECK(depth < 40);
    if (value->type == GH_JSON_STRING && !value->file)
        check_text(value->text);
    if (value->type != GH_JSON_ARRAY && value->type != GH_JSON_OBJECT)
        return;
    for (const gh_json *item = value->first; item != NULL; item = item->next, n++) {
        if (value->type == GH_JSON_OBJECT) {
            check_text(item->key);
            FUZZ_CHECK(gh_json_get(value, item->key) == item);
        }
        check_value(item, depth + 1);
    }
    FUZZ_CHECK(n == value->n);
}

static void check_findings(const gh_findings *findings, bool refused)
{
    FUZZ_CHECK(refused == (findings->n > 0));
    FUZZ_CHECK(findings->omitted == 0 || findings->n == findings->max);
    for (unsigned i = 0; i < findings->n; i++) {
        const gh_finding *f = &findings->items[i];
        FUZZ_CHECK(f->fault < GH_FAULT_COUNT && f->in <= GH_IN_COOKIE && f->pointer.p != NULL);
        FUZZ_CHECK((f->name.p == NULL) == (f->in == GH_IN_BODY));
        check_text(f->name);
        check_text(f->pointer);
    }
}

static void check(const gh_input_source *source, const gh_operation *with, gh_arena *arena)
{
    gh_finding items[4];
    gh_findings findings = {.items = items, .max = GH_COUNT(items)};
    gh_input input;
    enum gh_input_result read = gh_input_read(source, with, &limits, arena, &findings, &input);
    FUZZ_CHECK(read != GH_INPUT_MEMORY);
    check_findings(&findings, read == GH_INPUT_BAD);
    if (input.body != NULL)
        check_value(input.body, 0);
    if (read != GH_INPUT_OK || with == NULL)
        return;
    enum gh_schema_result result = gh_check_request(with, source, &input, &limits, arena, &findings);
    FUZZ_CHECK(result == GH_SCHEMA_VALID || result == GH_SCHEMA_INVALID);
    check_findings(&findings, result == GH_SCHEMA_INVALID);
    FUZZ_CHECK(gh_check_request(with, source, &input, &limits, arena, NULL) == result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"application/json", "application/x-www-form-urlencoded",
                                        "multipart/form-data; boundary=b", "text/plain", "image/png"};
    static bool made;
    if (!made)
        make_operation();
    made = true;
    gh_str rest = {(const char *)data, size}, parts[5] = {{NULL, 0}};
    for (size_t i = 0; i < GH_COUNT(parts); i++)
        (void)gh_str_next(&rest, '\n', &parts[i]);
    gh_str type = gh_str_of(types[parts[0].n > 0 ? (unsigned char)parts[0].p[0] % GH_COUNT(types) : 0]);
    gh_field fields[] = {{.name = GH_STR("Content-Type"), .value = type, .id = GH_FIELD_CONTENT_TYPE},
                         {.name = GH_STR("X-L"), .value = parts[3]},
                         {.name = GH_STR("X-M"), .value = parts[3]},
                         {.name = GH_STR("x-l"), .value = GH_STR("1, 2")},
                         {.name = GH_STR("Cookie"), .value = parts[4], .id = GH_FIELD_COOKIE}};
    gh_request request = {.fields = fields, .n_fields = GH_COUNT(fields)};
    gh_input_source source = {.request = &request,
                              .query = parts[1],
                              .pattern = &operation.pattern,
                              .has_body = true,
                              .body = rest};
    gh_arena arena;
    gh_arena_init(&arena, NULL, 0, 1 << 24);
    check(&source, NULL, &arena);
    if (gh_path_pattern_match(&operation.pattern, parts[2], &source.params))
        check(&source, &operation, &arena);
    gh_arena_reset(&arena);
    return 0;
}
