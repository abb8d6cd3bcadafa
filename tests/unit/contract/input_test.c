/* What a request brings, as values. */
#include "unit.h"

#include "contract/names.h"

typedef struct row {
    const char *fields;
    gh_str body;
    const char *schema;   /* of the media; NULL: there is no operation */
    const char *value;    /* the body as JSON, or "none" */
    const char *findings; /* NULL: OK */
    gh_encoding encoding; /* name absent: none */
} row;

static void run(size_t number, const row *r)
{
    gh_finding items[UNIT_FINDINGS];
    gh_findings findings = {.items = items, .max = UNIT_FINDINGS};
    gh_field fields[UNIT_FIELDS];
    gh_request request = unit_request(r->fields, fields);
    gh_input_source source = {.request = &request, .has_body = true, .body = r->body};
    gh_encoding encoding = r->encoding;
    gh_media media = {.range = GH_STR("*/*"), .encodings = &encoding, .n_encodings = encoding.name.n > 0};
    gh_operation operation = {.media = &media, .n_media = 1, .body_declared = true};
    gh_input input;
    if (r->schema != NULL)
        media.schema = unit_schema(r->schema);
    enum gh_input_result result = gh_input_read(&source, r->schema == NULL ? NULL : &operation, &unit_limits,
                                                &unit_arena, &findings, &input);
    if (result != (r->findings == NULL ? GH_INPUT_OK : GH_INPUT_BAD) ||
        strcmp(unit_findings(&findings), r->findings == NULL ? "" : r->findings) != 0)
        fail_msg("row %zu: %d: %s", number, result, unit_findings(&findings));
    if (r->value != NULL && strcmp(unit_json(input.body), r->value) != 0)
        fail_msg("row %zu: %s instead of %s", number, unit_json(input.body), r->value);
    unit_reset();
}

#define JSON "Content-Type: application/json"
#define FORM "Content-Type: application/x-www-form-urlencoded"
#define PARTS "Content-Type: multipart/form-data; boundary=b"
#define PART(name, more, data) \
    "--b\r\nContent-Disposition: form-data; name=\"" name "\"" more "\r\n\r\n" data "\r\n"
#define END "--b--\r\n"
#define NONE             \
    {                    \
        .explode = false \
    }

static void reads_bodies(void **state)
{
    (void)state;
    static const row rows[] = {
        {NULL, S(""), NULL, "none", NULL, NONE},
        {NULL, S("{}"), NULL, "none", NULL, NONE},
        {JSON, S(""), NULL, "none", NULL, NONE},
        {JSON, S(" {\"a\":[1,\"x\"]}"), NULL, "{\"a\":[1,\"x\"]}", NULL, NONE},
        {"content-type:application/vnd.x+json; charset=utf-8", S("1.50"), NULL, "1.50", NULL, NONE},
        {JSON "; charset=utf-16", S("{}"), NULL, "none", "body  text()", NONE},
        {JSON "; charset=iso-8859-1", S("{}"), NULL, "none", "body  text()", NONE},
        {JSON "; charset=us-ascii", S("{}"), NULL, "none", "body  text()", NONE},
        {JSON "\n" JSON, S("{}"), NULL, "none", "header content-type  style()", NONE},
        {"Content-Type: application", S(""), NULL, "none", NULL, NONE},
        {"Content-Type: application", S("{}"), NULL, "none", "header content-type  style()", NONE},
        {"Content-Type: text/plain", S("a\xc3\xa9\r\n"), NULL, "\"a\xc3\xa9\\r\\n\"", NULL, NONE},
        {"Content-Type: text/html; charset=US-ASCII", S("<"), NULL, "\"<\"", NULL, NONE},
        {"Content-Type: text/plain", S("a\xe9"), NULL, "none", "body  text()", NONE},
        {"Content-Type: text/plain", S("a\0b"), NULL, "none", "body  text()", NONE},
        {"Content-Type: text/plain; charset=latin1", S("a"), NULL, "none", "body  text()", NONE},
        {"Content-Type: image/png", S("\x89PNG"), NULL, "none", NULL, NONE},
        {"Content-Type: image/png; charset=x", S("\x89PNG"), NULL, "none", NULL, NONE},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        run(i, &rows[i]);
}

static void says_where_json_is_broken(void **state)
{
    (void)state;
    gh_finding items[2];
    gh_findings findings = {.items = items, .max = 2};
    gh_field fields[UNIT_FIELDS];
    gh_request request = unit_request(JSON, fields);
    gh_input_source source = {
        .request = &request, .has_body = true, .body = GH_STR("{\n \"a\": 1,\n \"a\": 2}")};
    gh_input input;
    assert_int_equal(gh_input_read(&source, NULL, &unit_limits, &unit_arena, &findings, &input),
                     GH_INPUT_BAD);
    assert_int_equal(findings.n, 1);
    assert_int_equal(items[0].fault, GH_FAULT_JSON);
    assert_true(gh_str_ends(items[0].limit, GH_STR("(line 3, column 2)")));
    findings.n = 0;
    source.body = GH_STR("[1,2");
    assert_int_equal(gh_input_read(&source, NULL, &unit_limits, &unit_arena, &findings, &input),
                     GH_INPUT_BAD);
    assert_int_equal(gh_input_read(&source, NULL, &unit_limits, &unit_arena, NULL, &input), GH_INPUT_BAD);
    unit_reset();
}

#define THINGS                                                                                          \
    "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"},\"t\":{\"type\":\"string\"},"    \
    "\"list\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}},"                                   \
    "\"maybe\":{\"anyOf\":[{\"type\":\"array\",\"items\":{\"type\":\"string\"}},{\"type\":\"null\"}]}," \
    "\"either\":{\"anyOf\":[{\"type\":\"array\"},{\"type\":\"string\"}]},"                              \
    "\"meta\":{\"type\":\"object\"},\"metas\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"    \
    "\"file\":{\"type\":\"string\",\"format\":\"binary\"}}}"

static void reads_forms(void **state)
{
    (void)state;
    static const row rows[] = {
        {FORM, S("a=1&b=x+y"), NULL, "{\"a\":\"1\",\"b\":\"x y\"}", NULL, NONE},
        {FORM "; charset=UTF-8", S("a=%C3%A9"), NULL, "{\"a\":\"\xc3\xa9\"}", NULL, NONE},
        {FORM "; charset=gbk", S("a=1"), NULL, "none", "body  text()", NONE},
        {FORM, S("b=2&a=1&b=3&c&a="), NULL, "{\"b\":[\"2\",\"3\"],\"a\":[\"1\",\"\"],\"c\":\"\"}", NULL,
         NONE},
        {FORM, S("a=%zz"), NULL, "none",
         "body  form(a broken escape, a control character, or text that is not UTF-8)", NONE},
        {FORM, S("1&2&3&4&5&6&7&8&9&0&1&2&3&4&5&6&7&8&9&0&1"), NULL, "none", "body  form(too many fields)",
         NONE},
        {FORM, S("n=7&list=1&t=a"), THINGS, "{\"n\":\"7\",\"list\":[\"1\"],\"t\":\"a\"}", NULL, NONE},
        {FORM, S("list=1&list=2"), THINGS, "{\"list\":[\"1\",\"2\"]}", NULL, NONE},
        {FORM, S("maybe=1"), THINGS, "{\"maybe\":[\"1\"]}", NULL, NONE},
        {FORM, S("either=1"), THINGS, "{\"either\":\"1\"}", NULL, NONE},
        {FORM, S("either=1&either=2"), THINGS, "{\"either\":[\"1\",\"2\"]}", NULL, NONE},
        {FORM, S("n=1&n=2"), THINGS, "{\"n\":[\"1\",\"2\"]}", NULL, NONE}, /* the schema refuses it */
        {FORM, S("meta={\"a\":1}"), THINGS, "{\"meta\":{\"a\":1}}", NULL, NONE},
        {FORM, S("meta={&t=1"), THINGS, "none", "body /meta json(...)", NONE},
        {FORM, S("metas={}&metas={\"a\":1}"), THINGS, "{\"metas\":[{},{\"a\":1}]}", NULL, NONE},
        {FORM,
         S("list=1,%2C&t=,"),
         THINGS,
         "{\"list\":[\"1\",\",\"],\"t\":\",\"}",
         NULL,
         {.name = S("list"), .style = GH_STYLE_FORM}},
        {FORM,
         S("list=1&list=2"),
         THINGS,
         "none",
         "body /list repeated()",
         {.name = S("list"), .style = GH_STYLE_FORM}},
        {FORM,
         S("list=1,2"),
         THINGS,
         "{\"list\":[\"1,2\"]}",
         NULL,
         {.name = S("list"), .style = GH_STYLE_FORM, .explode = true}},
        {FORM,
         S("list=1+2%203"),
         THINGS,
         "{\"list\":[\"1\",\"2\",\"3\"]}",
         NULL,
         {.name = S("list"), .style = GH_STYLE_SPACE_DELIMITED}},
        {FORM,
         S("list=1|2%7C3"),
         THINGS,
         "{\"list\":[\"1\",\"2\",\"3\"]}",
         NULL,
         {.name = S("list"), .style = GH_STYLE_PIPE_DELIMITED}},
        {FORM,
         S("meta=R,1,G,2"),
         THINGS,
         "{\"meta\":{\"R\":\"1\",\"G\":\"2\"}}",
         NULL,
         {.name = S("meta"), .style = GH_STYLE_FORM}},
        {FORM,
         S("meta=R,1,G"),
         THINGS,
         "none",
         "body /meta style()",
         {.name = S("meta"), .style = GH_STYLE_FORM}},
        {FORM,
         S("meta=R,1,R,2"),
         THINGS,
         "none",
         "body /meta/R repeated()",
         {.name = S("meta"), .style = GH_STYLE_FORM}},
        {FORM,
         S("t=1&meta[R]=1&meta%5BG%5D=2"),
         THINGS,
         "{\"meta\":{\"G\":\"2\",\"R\":\"1\"},\"t\":\"1\"}",
         NULL,
         {.name = S("meta"), .style = GH_STYLE_DEEP_OBJECT, .explode = true}},
        {FORM,
         S("meta[R]=1&meta[R]=2"),
         THINGS,
         "none",
         "body /meta/R repeated()",
         {.name = S("meta"), .style = GH_STYLE_DEEP_OBJECT, .explode = true}},
        {FORM,
         S("meta[R][x]=1"),
         THINGS,
         "none",
         "body /meta style()",
         {.name = S("meta"), .style = GH_STYLE_DEEP_OBJECT, .explode = true}},
        {FORM,
         S("meta[]=1"),
         THINGS,
         "none",
         "body /meta style()",
         {.name = S("meta"), .style = GH_STYLE_DEEP_OBJECT, .explode = true}},
        {FORM,
         S("meta[R]=1&meta={}"),
         THINGS,
         "none",
         "body /meta repeated()",
         {.name = S("meta"), .style = GH_STYLE_DEEP_OBJECT, .explode = true}},
        {FORM, S("t={\"a\":[1]}"), THINGS, "{\"t\":{\"a\":[1]}}", NULL, {.name = S("t"), .json = true}},
        {FORM,
         S("list=[1,2]"),
         THINGS,
         "{\"list\":[1,2]}",
         NULL,
         {.name = S("list"), .json = true, .explode = true}},
        {FORM,
         S("list=1"),
         THINGS,
         "{\"list\":[1]}",
         NULL,
         {.name = S("list"), .json = true, .explode = true}},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        run(i, &rows[i]);
}

/* To PHP, and to Express for both kinds of forms, t[k] is in t: its schema would not see it. */
static void fields_in_disguise(void **state)
{
    (void)state;
    static const row rows[] = {
        {FORM, S("t[k]=1"), THINGS, "none", "body /t repeated()", NONE},
        {FORM, S("t=a&t%5B%5D=1"), THINGS, "none", "body /t repeated()", NONE},
        {FORM, S("list[]=1&list[]=2"), THINGS, "none", "body /list repeated()", NONE},
        {FORM, S("other[]=1&[t]=2"), THINGS, "{\"other[]\":\"1\",\"[t]\":\"2\"}", NULL, NONE},
        {FORM, S("t[k]=1"), NULL, "{\"t[k]\":\"1\"}", NULL, NONE},
        {PARTS, S(PART("t[k]", "", "1") END), THINGS, "none", "body /t repeated()", NONE},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        run(i, &rows[i]);
}

static void reads_parts(void **state)
{
    (void)state;
    static const row rows[] = {
        {PARTS, S(END), NULL, "{}", NULL, NONE},
        {PARTS, S(PART("a", "", "1") PART("c", "", "x") PART("a", "", "2") END), NULL,
         "{\"a\":[\"1\",\"2\"],\"c\":\"x\"}", NULL, NONE},
        {"Content-Type: multipart/form-data", S(END), NULL, "none",
         "body  form(its Content-Type has no boundary)", NONE},
        {PARTS, S("x" END), NULL, "none", "body  form(it does not begin with its boundary)", NONE},
        {PARTS, S(PART("n", "", "7") PART("list", "", "1") END), THINGS, "{\"n\":\"7\",\"list\":[\"1\"]}",
         NULL, NONE},
        {PARTS, S(PART("a", "\r\nContent-Type: application/json", "{\"x\":1}") END), NULL,
         "{\"a\":{\"x\":1}}", NULL, NONE},
        {PARTS, S(PART("a", "\r\nContent-Type: application/json", "{x}") END), NULL, "none",
         "body /a json(...)", NONE},
        /* The schema wants a text, and a reader of texts sees the quotes. */
        {PARTS, S(PART("t", "\r\nContent-Type: application/json", "\"x\"") END), THINGS,
         "{\"t\":\"\\\"x\\\"\"}", NULL, NONE},
        {PARTS, S(PART("meta", "", "{\"x\":1}") END), THINGS, "{\"meta\":{\"x\":1}}", NULL, NONE},
        {PARTS, S(PART("meta", "; filename=\"blob\"\r\nContent-Type: application/json", "{\"x\":1}") END),
         THINGS, "{\"meta\":{\"x\":1}}", NULL, NONE},
        {PARTS, S(PART("metas", "", "{}") PART("metas", "", "{") END), THINGS, "none",
         "body /metas/1 json(...)", NONE},
        {PARTS, S(PART("a", "", "\xff") PART("c", "", "\xfe") END), NULL, "none",
         "body /a text(); body /c text()", NONE},
        {PARTS, S(PART("a", "\r\nContent-Type: text/plain; charset=utf-16", "x") END), NULL, "none",
         "body /a text()", NONE},
        {PARTS, S(PART("a", "\r\nContent-Type: text/plain; charset=us-ascii", "x") END), NULL,
         "{\"a\":\"x\"}", NULL, NONE},
        {PARTS, S(PART("a", "\r\nContent-Type: image/png", "\x89") END), NULL, "none", "body /a text()",
         NONE},
        {PARTS, S(PART("file", "; filename=\"\"", "") END), THINGS, "{\"file\":\"\"}", NULL, NONE},
        {PARTS, S(PART("file", "; filename=\"\"", "x") END), THINGS, "none",
         "body /file form(a file without a name)", NONE},
        {PARTS,
         S(PART("file", "; filename=\"a\"\r\nContent-Type: image/png", "x") END),
         THINGS,
         "{\"file\":\"x\"}",
         NULL,
         {.name = S("file"), .type = S("image/png, image/jpeg")}},
        {PARTS,
         S(PART("file", "; filename=\"a\"\r\nContent-Type: image/gif", "x") END),
         THINGS,
         "none",
         "body /file type(image/png, image/jpeg)",
         {.name = S("file"), .type = S("image/png, image/jpeg")}},
        {PARTS,
         S(PART("file", "; filename=\"a\"", "x") END),
         THINGS,
         "none",
         "body /file type(image/*)",
         {.name = S("file"), .type = S("image/*")}},
        {PARTS,
         S(PART("t", "", "[1]") END),
         THINGS,
         "{\"t\":[1]}",
         NULL,
         {.name = S("t"), .type = S("application/json"), .json = true}},
        {PARTS,
         S(PART("t", "\r\nContent-Type: text/plain", "[1]") END),
         THINGS,
         "none",
         "body /t type(application/json)",
         {.name = S("t"), .type = S("application/json"), .json = true}},
        {PARTS, S(PART("a~/b", "\r\nContent-Type: text/plain", "\xff") END), NULL, "none",
         "body /a~0~1b text()", NONE},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        run(i, &rows[i]);
}

static void marks_what_values_are(void **state)
{
    (void)state;
    gh_field fields[UNIT_FIELDS];
    gh_request request = unit_request(PARTS, fields);
    gh_input_source source = {.request = &request,
                              .has_body = true,
                              .body = GH_STR(PART("f", "; filename=\"x\"", "\xff\0") PART("t", "", "1") PART(
                                  "j", "\r\nContent-Type: application/json", "\"1\"") END)};
    gh_input input;
    assert_int_equal(gh_input_read(&source, NULL, &unit_limits, &unit_arena, NULL, &input), GH_INPUT_OK);
    const gh_json *file = gh_json_lit(input.body, "f"), *text = gh_json_lit(input.body, "t"),
                  *json = gh_json_lit(input.body, "j");
    assert_true(file->file && !file->lexical && file->text.n == 2);
    assert_true(!text->file && text->lexical);
    assert_true(!json->file && !json->lexical && gh_str_eq(json->text, GH_STR("1")));
    assert_int_equal(input.parts.n, 3);
    unit_reset();
}

static void reads_queries_and_cookies(void **state)
{
    (void)state;
    gh_field fields[UNIT_FIELDS];
    gh_finding items[4];
    gh_findings findings = {.items = items, .max = 4};
    gh_request request = unit_request("Cookie: a=1; b=2", fields);
    gh_input_source source = {.request = &request, .query = GH_STR("x=1&x=2&y=%41")};
    gh_parameter parameter = {.name = GH_STR("a"), .in = GH_IN_COOKIE, .style = GH_STYLE_FORM};
    gh_operation operation = {.parameters = &parameter, .n_parameters = 1};
    gh_input input;
    assert_int_equal(gh_input_read(&source, NULL, &unit_limits, &unit_arena, NULL, &input), GH_INPUT_OK);
    assert_true(input.query_read && !input.cookies_read);
    assert_int_equal(input.query.n, 3);
    assert_int_equal(input.cookies.n, 0);
    assert_int_equal(gh_input_read(&source, &operation, &unit_limits, &unit_arena, NULL, &input),
                     GH_INPUT_OK);
    assert_true(input.cookies_read);
    assert_int_equal(input.cookies.n, 2);
    source.query = GH_STR("x=%FF");
    request = unit_request("Cookie: a=1\nCookie: b=2", fields);
    assert_int_equal(gh_input_read(&source, &operation, &unit_limits, &unit_arena, &findings, &input),
                     GH_INPUT_BAD);
    assert_string_equal(unit_findings(&findings),
                        "query   form(a broken escape, a control character, or text that is not UTF-8); "
                        "cookie   repeated()");
    unit_reset();
}

/* Whatever runs out, the answer is a refusal. */
static void says_that_memory_is_out(void **state)
{
    (void)state;
    static const row rows[] = {
        {JSON, S("{\"a\":[1,2,3]}"), "", NULL, NULL, NONE},
        {FORM,
         S("a=%41&list=1&list=2&meta={}&meta[x]=1"),
         THINGS,
         NULL,
         NULL,
         {.name = S("meta"), .style = GH_STYLE_DEEP_OBJECT}},
        {PARTS, S(PART("a", "", "1") PART("metas", "", "{\"a\":1}") END), THINGS, NULL, NULL, NONE},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        const row *r = &rows[i];
        gh_field fields[UNIT_FIELDS];
        gh_request request = unit_request(r->fields, fields);
        gh_encoding encoding = r->encoding;
        gh_media media = {.range = GH_STR("*/*"),
                          .schema = unit_schema(r->schema),
                          .encodings = &encoding,
                          .n_encodings = encoding.name.n > 0};
        gh_operation operation = {.media = &media, .n_media = 1, .body_declared = true};
        gh_input_source source = {
            .request = &request, .query = GH_STR("q=%41&r=2"), .has_body = true, .body = r->body};
        unsigned refused = 0;
        enum gh_input_result result = GH_INPUT_MEMORY;
        for (size_t cap = 0; cap <= 8192; cap += 16) {
            static char memory[8192] __attribute__((aligned(16)));
            gh_arena small;
            gh_input input;
            gh_arena_init(&small, memory, cap, 0);
            result = gh_input_read(&source, &operation, &unit_limits, &small, NULL, &input);
            refused += result != GH_INPUT_OK;
        }
        assert_int_equal(result, i == 1 ? GH_INPUT_BAD : GH_INPUT_OK);
        assert_true(refused > 10);
    }
    unit_reset();
}

/* The index finds what a walk over all names finds. */
static void property_names_are_found(void **state)
{
    (void)state;
    uint32_t x = 5;
    for (unsigned round = 0; round < 2000; round++) {
        static const gh_str choices[] = {S(""),    S("a"), S("ab"),   S("a["), S("a[b]"),
                                         S("a\0"), S("b"), S("\xff"), S("aa"), S("a[")};
        gh_pair pairs[40];
        gh_names names;
        unsigned n = round % 40;
        for (unsigned i = 0; i < n; i++) {
            x = x * 1664525 + 1013904223;
            pairs[i] = (gh_pair){.name = choices[(x >> 12) % GH_COUNT(choices)]};
        }
        assert_true(gh_names_init(&names, pairs, sizeof *pairs, n, &unit_arena));
        for (size_t c = 0; c < GH_COUNT(choices); c++) {
            unsigned have, below, want = 0, prefixed = 0;
            const uint32_t *items = gh_names_find(&names, choices[c], &have);
            (void)gh_names_below(&names, choices[c], &below);
            for (unsigned i = 0; i < n; i++) {
                prefixed += gh_str_starts(pairs[i].name, choices[c]);
                if (gh_str_eq(pairs[i].name, choices[c])) {
                    assert_true(want < have);
                    assert_int_equal(items[want++], i);
                }
            }
            assert_int_equal(have, want);
            assert_int_equal(below, prefixed);
        }
        gh_arena_reset(&unit_arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_bodies),
        cmocka_unit_test(says_where_json_is_broken),
        cmocka_unit_test(reads_forms),
        cmocka_unit_test(fields_in_disguise),
        cmocka_unit_test(reads_parts),
        cmocka_unit_test(marks_what_values_are),
        cmocka_unit_test(reads_queries_and_cookies),
        cmocka_unit_test(says_that_memory_is_out),
        cmocka_unit_test(property_names_are_found),
    };
    return cmocka_run_group_tests(tests, unit_start, unit_stop);
}
