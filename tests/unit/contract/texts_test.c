/* Going through the texts of a request, and rewriting them. */
#include "contract/texts.h"

#include <stdlib.h>

#include "unit.h"

#define JSON "Content-Type: application/json"
#define FORM "Content-Type: application/x-www-form-urlencoded"
#define PARTS "Content-Type: multipart/form-data; boundary=b"
#define PART(name, more, data) \
    "--b\r\nContent-Disposition: form-data; name=\"" name "\"" more "\r\n\r\n" data "\r\n"
#define END "--b--\r\n"

enum { PATHS_MAX = 8 };

struct seen {
    char text[2048];
    gh_buf out;
    unsigned stop_at, n;
};

static gh_input read_input(gh_input_source *source, const gh_request *request, gh_str body)
{
    gh_finding items[UNIT_FINDINGS];
    gh_findings findings = {.items = items, .max = UNIT_FINDINGS};
    gh_input input;
    source->request = request;
    source->has_body = body.p != NULL;
    source->body = body;
    enum gh_input_result r = gh_input_read(source, NULL, &unit_limits, &unit_arena, &findings, &input);
    if (r != GH_INPUT_OK)
        fail_msg("%.*s: %s", (int)body.n, body.p, unit_findings(&findings));
    return input;
}

/* "a b c" to paths. */
static unsigned parse_paths(const char *text, gh_field_path *ret)
{
    gh_str rest = gh_str_of(text), part;
    unsigned n = 0;
    while (gh_str_next(&rest, ' ', &part)) {
        const char *why = "";
        assert_true(n < PATHS_MAX);
        if (!gh_field_path_parse(part, &unit_arena, &ret[n++], &why))
            fail_msg("%s: %s", text, why);
    }
    return n;
}

static bool note(void *data, uint8_t in, gh_str name, gh_str pointer, gh_str text)
{
    struct seen *seen = data;
    static const char places[] = {'b', 'q', 'p', 'h', 'c'};
    gh_buf_printf(&seen->out, "%c%.*s%.*s=%.*s;", places[in], (int)name.n, name.n > 0 ? name.p : "",
                  (int)pointer.n, pointer.n > 0 ? pointer.p : "", (int)text.n, text.p);
    return ++seen->n != seen->stop_at;
}

static void walk(const gh_input_source *source, const gh_input *input, const char *paths, const char *want)
{
    gh_field_path parsed[PATHS_MAX];
    gh_text_choice choice = {parsed, parse_paths(paths, parsed), true};
    struct seen seen = {.stop_at = 0};
    seen.out = gh_buf_over(seen.text, sizeof seen.text - 1);
    assert_int_equal(gh_texts_walk(source, input, &choice, &unit_arena, note, &seen), GH_TEXTS_ALL);
    seen.text[seen.out.n] = '\0';
    if (strcmp(seen.text, want) != 0)
        fail_msg("%s: %s instead of %s", paths, seen.text, want);
}

static void body_texts(void **state)
{
    (void)state;
    static const struct {
        const char *fields;
        gh_str body;
        const char *paths, *want;
    } rows[] = {
        {JSON, S("{\"a\":\"x\",\"b\":[\"y\",1,null,{\"c\":\"z\"}]}"), "*",
         "b/a=a;b/a=x;b/b=b;b/b/0=y;b/b/3/c=c;b/b/3/c=z;"},
        {JSON, S("{\"a\":\"x\",\"b\":\"y\"}"), "/a", "b/a=x;"},
        {JSON, S("{\"a\":\"x\",\"b\":\"y\"}"), "/c", ""},
        {JSON, S("{\"a\":{\"b\":\"x\",\"c\":[\"y\"]}}"), "/a", "b/a/b=b;b/a/b=x;b/a/c=c;b/a/c/0=y;"},
        {JSON, S("{\"a\":[{\"t\":\"x\",\"u\":\"-\"},{\"t\":\"y\"}]}"), "/a/*/t", "b/a/0/t=x;b/a/1/t=y;"},
        {JSON, S("{\"a\":[\"x\",\"y\"]}"), "/a/1", "b/a/1=y;"},
        {JSON, S("{\"a\":[\"x\",\"y\"]}"), "/a/* /a/1 /a", "b/a/0=x;b/a/1=y;"},
        {JSON, S("{\"a\":{\"b\":\"x\"},\"c\":{\"b\":\"y\",\"d\":\"-\"}}"), "/*/b", "b/a/b=x;b/c/b=y;"},
        {JSON, S("{\"a/b\":\"x\",\"m~n\":\"y\"}"), "/a~1b /m~0n", "b/a~1b=x;b/m~0n=y;"},
        {JSON, S("\"x\""), "*", "b=x;"},
        {JSON, S("\"x\""), "/a", ""},
        {JSON, S("{\"a\":\"\\u003cb\"}"), "/a", "b/a=<b;"},
        {FORM, S("a=x+y&b=%3Cz&a=w"), "*", "b/a=a;b/a/0=x y;b/a/1=w;b/b=b;b/b=<z;"},
        {FORM, S("a=x&b=y"), "/b", "b/b=y;"},
        {FORM, S("t[]=x&c[x]=y&c[y]=z&d=-"), "/t /c/x", "b/t[]=x;b/c[x]=y;b/c[y]=z;"},
        {FORM, S("c[x]=y&d=-"), "/c[x]", "b/c[x]=y;"},
        {PARTS, S(PART("a", "", "x") PART("f", "; filename=\"n.txt\"", "bytes") END), "*",
         "b/a=a;b/a=x;b/f=f;b/f=n.txt;"},
        {PARTS, S(PART("a", "", "x") PART("f", "; filename=\"n.txt\"", "bytes") END), "/f", "b/f=n.txt;"},
        {PARTS, S(PART("a", "", "x") PART("f", "; filename=\"n.txt\"", "bytes") END), "/a", "b/a=x;"},
        {"Content-Type: text/plain", S("hi"), "*", "b=hi;"},
        {"Content-Type: image/png", S("hi"), "*", ""},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_field fields[UNIT_FIELDS];
        gh_request request = unit_request(rows[i].fields, fields);
        gh_input_source source = {.query = {NULL, 0}};
        gh_input input = read_input(&source, &request, rows[i].body);
        walk(&source, &input, rows[i].paths, rows[i].want);
        unit_reset();
    }
}

static void parameters(void **state)
{
    (void)state;
    gh_field fields[UNIT_FIELDS];
    gh_request request = unit_request("X-Note: hey\nCookie: t=dark; u=v\nX-Other: no", fields);
    gh_input_source source = {.query = GH_STR("q=%3Ca&r=b")};
    gh_path_pattern pattern;
    const char *why;
    unsigned column;
    assert_true(gh_path_pattern_compile(GH_STR("/s/{id}/{}"), &unit_arena, &pattern, &why, &column));
    assert_true(gh_path_pattern_match(&pattern, GH_STR("/s/a%20b/c"), &source.params));
    source.pattern = &pattern;
    gh_input input = read_input(&source, &request, (gh_str){NULL, 0});
    walk(&source, &input, "*", "pid=a b;p=c;qq=q;qq=<a;qr=r;qr=b;");
    walk(&source, &input, "query.q", "qq=<a;");
    walk(&source, &input, "path.id", "pid=a b;");
    walk(&source, &input, "header.x-note", "hX-Note=hey;");
    walk(&source, &input, "cookie.t", "ct=dark;");
    walk(&source, &input, "cookie.t header.X-NOTE query.r /a", "qr=b;hX-Note=hey;ct=dark;");
    walk(&source, &input, "query.Q cookie.x path.x header.y", "");
    unit_reset();
}

/* What many upstreams take for the named parameter is looked at as well: "q[]" and "q[k]" are members of q to PHP and
 * Express, and in a header's name "_" is "-" to CGI and its heirs. */
static void parameters_in_disguise(void **state)
{
    (void)state;
    gh_field fields[UNIT_FIELDS];
    gh_request request = unit_request("X_Note: hey\nX_Other: no", fields);
    gh_input_source source = {.query = GH_STR("q[]=a&q%5Bk%5D=b&qq[]=c&[q]=d")};
    gh_input input = read_input(&source, &request, (gh_str){NULL, 0});
    walk(&source, &input, "query.q", "qq[]=a;qq[k]=b;");
    walk(&source, &input, "query.q[]", "qq[]=a;");
    walk(&source, &input, "header.x-note", "hX_Note=hey;");
    walk(&source, &input, "header.x_note", "hX_Note=hey;");
    unit_reset();
}

/* Two fields, or one that cannot be read: nothing of it goes unseen. */
static void cookies_nobody_has_read(void **state)
{
    (void)state;
    gh_field fields[UNIT_FIELDS];
    gh_request request = unit_request("Cookie: t=1\nCookie: t=2\nCookie: t=\xff", fields);
    gh_input_source source = {.query = {NULL, 0}};
    gh_input input = read_input(&source, &request, (gh_str){NULL, 0});
    walk(&source, &input, "cookie.t", "ct=1;ct=2;c=t=\xff;");
    unit_reset();
}

static void stops_and_runs_out(void **state)
{
    (void)state;
    gh_field fields[UNIT_FIELDS];
    gh_request request = unit_request(JSON, fields);
    gh_input_source source = {.query = GH_STR("a=b")};
    gh_input input = read_input(&source, &request, GH_STR("[\"x\",\"y\"]"));
    gh_field_path paths[PATHS_MAX];
    gh_text_choice choice = {paths, parse_paths("*", paths), true};
    for (unsigned stop = 1; stop <= 4; stop++) {
        struct seen seen = {.stop_at = stop};
        seen.out = gh_buf_over(seen.text, sizeof seen.text);
        assert_int_equal(gh_texts_walk(&source, &input, &choice, &unit_arena, note, &seen), GH_TEXTS_STOPPED);
        assert_int_equal(seen.n, stop);
    }
    struct seen seen = {.stop_at = 0};
    gh_arena none;
    gh_arena_init(&none, NULL, 0, 0);
    assert_int_equal(gh_texts_walk(&source, &input, &choice, &none, note, &seen), GH_TEXTS_MEMORY);
    unit_reset();
}

/* A pointer that is too long is that of the nearest parent; what comes behind has its own again. */
static void long_pointers(void **state)
{
    (void)state;
    char body[2 * GH_TEXT_POINTER_MAX];
    gh_buf out = gh_buf_over(body, sizeof body);
    gh_buf_lit(&out, "{\"k\":{\"");
    for (size_t i = 0; i < GH_TEXT_POINTER_MAX; i++)
        gh_buf_char(&out, 'n');
    gh_buf_lit(&out, "\":{\"a\":\"x\"},\"b\":\"y\"}}");
    gh_field fields[UNIT_FIELDS];
    gh_request request = unit_request(JSON, fields);
    gh_input_source source = {.query = {NULL, 0}};
    gh_input input = read_input(&source, &request, gh_buf_str(&out));
    walk(&source, &input, "/k/*/a /k/b", "b/k=x;b/k/b=y;");
    unit_reset();
}

static void rewriting(void **state)
{
    (void)state;
    static const struct {
        const char *fields;
        gh_str body;
        const char *text, *filename; /* paths, or NULL */
        const char *want;            /* NULL: as it came */
    } rows[] = {
        {JSON, S("{\"a\": \"x\"}"), "/a", NULL, NULL},
        {JSON, S("{\"a\": \" <b> \", \"n\": 1.50}"), "/a", NULL, "{\"a\":\"&lt;b&gt;\",\"n\":1.50}"},
        {JSON, S("{\"a\": \"<\", \"b\": \"<\"}"), "/b", NULL, "{\"a\":\"<\",\"b\":\"&lt;\"}"},
        {JSON, S("{\"a\":[{\"t\":\"<\"},{\"t\":\">\"}]}"), "/a/*/t", NULL,
         "{\"a\":[{\"t\":\"&lt;\"},{\"t\":\"&gt;\"}]}"},
        {JSON, S("{\"a\":{\"b\":\"'\",\"<\":\"<\"}}"), "/a", NULL,
         "{\"a\":{\"b\":\"&#x27;\",\"<\":\"&lt;\"}}"},
        {JSON, S("[\"<\",true,null,\"\\u0001\\n\\\"\"]"), "*", NULL, "[\"&lt;\",true,null,\"&quot;\"]"},
        {JSON, S("{\"a\":\"12345<\"}"), "/a", NULL, "{\"a\":\"12345&lt;\"}"},
        {JSON, S("{\"a\":\"1234567\xc3\xa4\xc3\xb6\"}"), "/a", NULL, "{\"a\":\"1234567\xc3\xa4\"}"},
        {JSON, S("{\"f\":\"../x\",\"t\":\"../x\"}"), "/t", "/f", "{\"f\":\"x\",\"t\":\"../x\"}"},
        {JSON, S("{\"f\":\"<../x\"}"), "/f", "/f", "{\"f\":\"&lt;../x\"}"},
        {FORM, S("a=x&b=y"), "/a", NULL, NULL},
        {FORM, S("a=%3c&b=%3c+y"), "/a", NULL, "a=%26lt%3B&b=%3C+y"},
        {FORM, S("a=%3C&a=%3E&b=1"), "/a", NULL, "a=%26lt%3B&a=%26gt%3B&b=1"},
        {FORM, S("a=%3C&b=2&a=%3E"), "/a/1", NULL, "a=%3C&b=2&a=%26gt%3B"},
        {FORM, S("c[x]=%3C&c[y]=z"), "/c", NULL, "c%5Bx%5D=%26lt%3B&c%5By%5D=z"},
        {FORM, S("c[x]=%3C"), "/c/x", NULL, "c%5Bx%5D=%26lt%3B"},
        {FORM, S("a=%3C&f=..%2Fx"), NULL, "/f", "a=%3C&f=x"},
        {PARTS, S(PART("a", "", "<") PART("b", "", "<") END), "/a", NULL,
         PART("a", "", "&lt;") PART("b", "", "<") END},
        {PARTS, S(PART("a", "", "<") PART("b", "", "<") END), "*", NULL,
         PART("a", "", "&lt;") PART("b", "", "&lt;") END},
        {PARTS, S(PART("a", "", "x") END), "/a", NULL, NULL},
        {PARTS, S(PART("f", "; filename=\"../n<.txt\"\r\nContent-Type: text/plain", "<") END), NULL, "/f",
         PART("f", "; filename=\"n.txt\"\r\nContent-Type: text/plain", "<") END},
        {PARTS, S(PART("f", "; filename=\"../n.txt\"", "<") PART("f", "", "<") END), "/f", NULL,
         PART("f", "; filename=\"../n.txt\"", "<") PART("f", "", "&lt;") END},
        {PARTS, S(PART("f", "; filename=\"n.txt\"", "<") END), "/f", "/f", NULL},
        /* What is removed must not leave a boundary behind. */
        {PARTS, S(PART("a", "", "x\r\n--<script></script>b--") END), "/a", NULL, PART("a", "", "") END},
        {"Content-Type: text/plain", S(" <x"), "*", NULL, "&lt;x"},
        {"Content-Type: image/png", S("<x"), "*", NULL, NULL},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_field fields[UNIT_FIELDS];
        gh_request request = unit_request(rows[i].fields, fields);
        gh_input_source source = {.query = {NULL, 0}};
        gh_input input = read_input(&source, &request, rows[i].body);
        gh_field_path paths[PATHS_MAX];
        gh_rewrite rules[PATHS_MAX];
        unsigned n = rows[i].text == NULL ? 0 : parse_paths(rows[i].text, paths), n_texts = n;
        n += rows[i].filename == NULL ? 0 : parse_paths(rows[i].filename, paths + n);
        for (unsigned k = 0; k < n; k++)
            rules[k] = (gh_rewrite){paths[k], k < n_texts ? GH_REWRITE_TEXT : GH_REWRITE_FILENAME, 8};
        if (rows[i].fields[sizeof "Content-Type: " - 1] == 'm')
            rules[0].max_length = 1000;
        gh_str body;
        bool changed;
        assert_true(gh_texts_rewrite(&input, rules, n, &unit_arena, &body, &changed));
        if (changed != (rows[i].want != NULL) || (changed && !gh_str_eq(body, gh_str_of(rows[i].want))))
            fail_msg("row %zu: %d %.*s", i, changed, (int)body.n, body.p == NULL ? "" : body.p);
        /* What comes out is read as what went in, and rewriting it again changes names of files alone. */
        if (changed)
            input = read_input(&source, &request, body);
        unit_reset();
    }
}

static void no_memory(void **state)
{
    (void)state;
    static const gh_str bodies[] = {S("{\"a\":\"<\"}"), S("a=%3C"), S(PART("a", "", "<") END)};
    static const char *const types[] = {JSON, FORM, PARTS};
    for (size_t i = 0; i < GH_COUNT(bodies); i++) {
        bool done = false;
        for (size_t room = 0; room < 4096 && !done; room += 16) {
            gh_field fields[UNIT_FIELDS];
            gh_request request = unit_request(types[i], fields);
            gh_input_source source = {.query = {NULL, 0}};
            gh_input input = read_input(&source, &request, bodies[i]);
            gh_rewrite rule = {.how = GH_REWRITE_TEXT, .max_length = 9};
            gh_str body;
            bool changed;
            (void)parse_paths("/a", &rule.field);
            gh_arena small;
            gh_arena_init(&small, NULL, 0, room);
            done = gh_texts_rewrite(&input, &rule, 1, &small, &body, &changed);
            assert_true(!done || (changed && body.n > 0));
            assert_true(done || room < 4000);
            gh_arena_reset(&small);
            unit_reset();
        }
        assert_true(done);
    }
}

static void field_paths(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "prompt",
                                        "a.b",
                                        "/",
                                        "/a//b",
                                        "/a/",
                                        "/~2",
                                        "/~",
                                        "query.",
                                        "query",
                                        "body.x",
                                        "Query.x",
                                        "/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a"};
    gh_field_path path;
    const char *why = NULL;
    for (size_t i = 0; i < GH_COUNT(wrong); i++) {
        why = NULL;
        assert_false(gh_field_path_parse(gh_str_of(wrong[i]), &unit_arena, &path, &why));
        assert_non_null(why);
    }
    assert_true(gh_field_path_parse(GH_STR("/a/*/~1~0"), &unit_arena, &path, &why));
    assert_int_equal(path.n_steps, 3);
    assert_true(gh_str_eq(path.steps[0], GH_STR("a")) && path.steps[1].p == NULL &&
                gh_str_eq(path.steps[2], GH_STR("/~")));
    assert_true(gh_field_path_parse(GH_STR("header.X-Id"), &unit_arena, &path, &why));
    assert_true(path.in == GH_IN_HEADER && gh_str_eq(path.name, GH_STR("X-Id")) && !path.all);
    assert_true(gh_field_path_parse(GH_STR("query.a.b"), &unit_arena, &path, &why));
    assert_true(path.in == GH_IN_QUERY && gh_str_eq(path.name, GH_STR("a.b")));
    unit_reset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(body_texts),
        cmocka_unit_test(parameters),
        cmocka_unit_test(parameters_in_disguise),
        cmocka_unit_test(cookies_nobody_has_read),
        cmocka_unit_test(stops_and_runs_out),
        cmocka_unit_test(long_pointers),
        cmocka_unit_test(rewriting),
        cmocka_unit_test(no_memory),
        cmocka_unit_test(field_paths),
    };
    return cmocka_run_group_tests(tests, unit_start, unit_stop);
}
