/* multipart/form-data, and the forms of it that readers have disagreed on. */
#include "unit.h"

#include "base/buf.h"
#include "wire/multipart.h"

static gh_arena arena;
static const gh_part_limits limits = {.parts = 8, .head = 256, .name = 32};

/* Parts as "name[(filename)][<type>]=data" joined by "|". */
static const char *shown(const gh_parts *parts)
{
    static char memory[1024];
    gh_buf out = gh_buf_over(memory, sizeof memory - 1);
    for (unsigned i = 0; i < parts->n; i++) {
        const gh_part *part = &parts->items[i];
        if (i > 0)
            gh_buf_char(&out, '|');
        gh_buf_put(&out, part->name);
        if (part->filename.p != NULL) {
            gh_buf_char(&out, '(');
            gh_buf_put(&out, part->filename);
            gh_buf_char(&out, ')');
        }
        if (part->type.p != NULL) {
            gh_buf_char(&out, '<');
            gh_buf_put(&out, part->type);
            gh_buf_char(&out, '>');
        }
        gh_buf_char(&out, '=');
        gh_buf_put(&out, part->data);
    }
    assert_true(gh_buf_ok(&out));
    memory[out.n] = '\0';
    return memory;
}

static enum gh_multipart_result read_in(gh_str in, gh_str boundary, gh_parts *ret, const char **ret_why)
{
    char *copy = unit_copy(in);
    static char kept[4096];
    *ret = (gh_parts){.n = 99};
    *ret_why = NULL;
    /* Once in memory of exactly its size, for sanitizers; once where it stays. */
    enum gh_multipart_result first =
        gh_multipart_read((gh_str){copy, in.n}, boundary, &limits, &arena, ret, ret_why);
    free(copy);
    assert_true(in.n <= sizeof kept);
    memcpy(kept, in.p, in.n);
    assert_int_equal(gh_multipart_read((gh_str){kept, in.n}, boundary, &limits, &arena, ret, ret_why), first);
    return first;
}

#define HEAD(name) "Content-Disposition: form-data; name=\"" name "\"\r\n"
#define PART(name, data) "--b\r\n" HEAD(name) "\r\n" data "\r\n"
#define END "--b--\r\n"

static void reads(void **state)
{
    (void)state;
    static const struct {
        gh_str in;
        const char *parts;
    } rows[] = {
        {S("--b--"), ""},
        {S("--b--\r\n"), ""},
        {S(PART("a", "1") END), "a=1"},
        {S(PART("a", "1") "--b--"), "a=1"},
        {S(PART("a", "") END), "a="},
        {S(PART("a", "1") PART("c", "2") PART("a", "3") END), "a=1|c=2|a=3"},
        {S(PART("a", "\r\n") END), "a=\r\n"},
        {S(PART("a", "\r\n\r\n--\r\n--B\r\n-b\r\n") END), "a=\r\n\r\n--\r\n--B\r\n-b\r\n"},
        {S(PART("a", "x--b") END), "a=x--b"},
        {S(PART("a", " --b\r\nx--b--") END), "a= --b\r\nx--b--"},
        {S(PART("a", "\r\n---b") END), "a=\r\n---b"},
        {S("--b\r\nCONTENT-DISPOSITION:FORM-DATA ; NAME=a\r\ncontent-type:text/plain\r\n\r\n1\r\n" END),
         "a<text/plain>=1"},
        {S("--b\r\nContent-Type: image/png\r\nContent-Length: 7\r\nX: y\r\n"
           "Content-Disposition: form-data; name=\"f\"; filename=\"x.png\"\r\n"
           "Content-Transfer-Encoding: binary\r\n\r\n\0\xff\r\n" END),
         "f(x.png)<image/png>="},
        {S("--b\r\nContent-Disposition: form-data; filename=\"\"; name=f; size=3\r\n\r\n\r\n" END), "f()="},
        {S(PART("\xc3\xa4%22%0D%0A%41", "1") END), "\xc3\xa4\"\r\n%41=1"},
        {S(PART("a\\\"c", "1") END), "a\"c=1"},
        {S(PART("a;c=d", "1") END), "a;c=d=1"},
        {S("--b\r\nContent-Disposition: form-data; name=f; filename=\"C:\\new\\x.txt\"\r\n\r\n1\r\n" END),
         "f(C:\\new\\x.txt)=1"},
        {S(PART("_charset_", "UTF-8") END), "_charset_=UTF-8"},
        {S("--b\r\nContent-Disposition: form-data; name=f; filename=\"a; b.txt\"\r\n\r\n1\r\n" END),
         "f(a; b.txt)=1"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        unit_row(i, rows[i].in);
        gh_parts parts;
        const char *why;
        if (read_in(rows[i].in, GH_STR("b"), &parts, &why) != GH_MULTIPART_OK)
            fail_msg("%s", why);
        assert_string_equal(shown(&parts), rows[i].parts);
        gh_arena_reset(&arena);
    }
}

#define LINES(lines) "--b\r\n" lines "\r\n1\r\n" END

static void refuses(void **state)
{
    (void)state;
    static const struct {
        gh_str in;
        const char *why; /* a part of the text */
    } rows[] = {
        /* what stands around the parts */
        {S(""), "begin"},
        {S("--"), "begin"},
        {S("--c--"), "begin"},
        {S("\r\n" PART("a", "1") END), "begin"},
        {S("hello\r\n" PART("a", "1") END), "begin"},
        {S(" " PART("a", "1") END), "begin"},
        {S(PART("a", "1") END "x"), "behind the last"},
        {S(PART("a", "1") END "\r\n"), "behind the last"},
        {S(PART("a", "1") "--b--\n"), "behind the last"},
        {S(PART("a", "1") "--b-- "), "behind the last"},
        {S(PART("a", "1") END PART("c", "2") END), "behind the last"},
        {S("--b"), "behind a boundary"},
        {S("--b-"), "behind a boundary"},
        {S("--b\n"), "behind a boundary"},
        {S("--b \r\n" HEAD("a") "\r\n1\r\n" END), "behind a boundary"},
        {S("--b\t\r\n" HEAD("a") "\r\n1\r\n" END), "behind a boundary"},
        {S(PART("a", "1") "--bx\r\n" END), "behind a boundary"},
        {S(PART("a", "1\r\n--b2") END), "behind a boundary"},
        /* boundaries that some take for one, and some do not */
        {S(PART("a", "1\n--b") END), "CRLF"},
        {S(PART("a", "1\n--b--") END), "CRLF"},
        {S(PART("a", "1\r--b") END), "CRLF"},
        {S(PART("a", "1\n\r--b") END), "CRLF"},
        {S(PART("a", "1\n--b\n"
                     "Content-Disposition: form-data; name=\"c\"\n\n2\n") END),
         "CRLF"},
        {S("--b\r\n" HEAD("a") "\r\n--b--\r\n"), "CRLF"},
        /* no end */
        {S("--b\r\n"), "head"},
        {S("--b\r\n" HEAD("a")), "head"},
        {S("--b\r\n" HEAD("a") "\r\n"), "missing"},
        {S(PART("a", "1")), "missing"},
        {S("--b\r\n" HEAD("a") "\r\n1--b--\r\n"), "missing"},
        {S(PART("a", "1") "-b--\r\n"), "missing"},
        /* heads */
        {S(LINES("")), "no Content-Disposition"},
        {S(LINES("Content-Type: text/plain\r\n")), "no Content-Disposition"},
        {S(LINES(HEAD("a") HEAD("a"))), "twice"},
        {S(LINES(HEAD("a") "Content-Type: a/b\r\nContent-Type: a/b\r\n")), "twice"},
        {S(LINES(HEAD("a") "--b\r\n")), "within"},
        {S(LINES(HEAD("a") "--b: 1\r\n")), "within"},
        {S(LINES(HEAD("a") " x\r\n")), "continuation"},
        {S(LINES("Content-Disposition: form-data;\r\n name=\"a\"\r\n")), "malformed"},
        {S(LINES(HEAD("a") "\tx: y\r\n")), "continuation"},
        {S(LINES(HEAD("a") "x\r\n")), "malformed"},
        {S(LINES(HEAD("a") "x : y\r\n")), "malformed"},
        {S(LINES(HEAD("a") ": y\r\n")), "malformed"},
        {S(LINES(HEAD("a") "x: \x01\r\n")), "control"},
        {S(LINES(HEAD("a") "x: a\rb\r\n")), "control"},
        {S(LINES(HEAD("a") "x: \0\r\n")), "control"},
        {S(LINES(HEAD("a") "x: y\n")), "LF"},
        {S("--b\r\nContent-Disposition: form-data; name=\"a\"\n\n1\r\n" END), "LF"},
        {S("--b\r\n\n" HEAD("a") "\r\n1\r\n" END), "LF"},
        {S(LINES(HEAD("a") "Content-Transfer-Encoding: base64\r\n")), "Transfer"},
        {S(LINES(HEAD("a") "Content-Transfer-Encoding: quoted-printable\r\n")), "Transfer"},
        {S(LINES(HEAD("a") "Content-Type: multipart/mixed; boundary=c\r\n")), "itself"},
        {S(LINES(HEAD("a") "Content-Type: Multipart/Form-Data; boundary=b\r\n")), "itself"},
        {S(LINES(HEAD("a") "Content-Type:\r\n")), "malformed"},
        {S(LINES(HEAD("a") "Content-Type: text/plain; charset=a; charset=b\r\n")), "malformed"},
        /* names */
        {S(LINES("Content-Disposition: form-data\r\n")), "no name"},
        {S(LINES("Content-Disposition: form-data; filename=\"x\"\r\n")), "no name"},
        {S(LINES(HEAD(""))), "no name"},
        {S(LINES("Content-Disposition: attachment; name=\"a\"\r\n")), "form-data"},
        {S(LINES("Content-Disposition: form-data2; name=\"a\"\r\n")), "form-data"},
        {S(LINES("Content-Disposition: form-data name=\"a\"\r\n")), "form-data"},
        {S(LINES("Content-Disposition: form-data; name=\"a\"; name=\"c\"\r\n")), "two names"},
        {S(LINES("Content-Disposition: form-data; name=\"a\"; Name=a\r\n")), "two names"},
        {S(LINES("Content-Disposition: form-data; name=a; filename=x; filename=y\r\n")), "two names"},
        {S(LINES("Content-Disposition: form-data; name=a; filename*=UTF-8''x\r\n")), "extended"},
        {S(LINES("Content-Disposition: form-data; name*=UTF-8''a\r\n")), "extended"},
        {S(LINES("Content-Disposition: form-data; name=a; filename=x; filename*=UTF-8''y\r\n")), "extended"},
        {S(LINES("Content-Disposition: form-data; name=\"a\r\n")), "malformed"},
        {S(LINES("Content-Disposition: form-data; name=\"a\\\"\r\n")), "malformed"},
        {S(LINES("Content-Disposition: form-data; name=\"a\"c\r\n")), "malformed"},
        {S(LINES("Content-Disposition: form-data; name=a c\r\n")), "malformed"},
        {S(LINES("Content-Disposition: form-data; name\r\n")), "malformed"},
        {S(LINES("Content-Disposition: form-data; name=\r\n")), "malformed"},
        {S(LINES("Content-Disposition: form-data; name =a\r\n")), "malformed"},
        {S(LINES("Content-Disposition: form-data; name=a;\r\n")), "malformed"},
        {S(LINES("Content-Disposition: form-data; name='a b'\r\n")), "malformed"},
        {S(LINES("Content-Disposition: form-data; name=a\\b\r\n")), "malformed"},
        {S(LINES("Content-Disposition: form-data; name=\"\\prompt\"\r\n")), "backslash"},
        {S(LINES("Content-Disposition: form-data; name=\"a\\\\\"\r\n")), "malformed"},
        {S(LINES("Content-Disposition: form-data; name=f; filename=\"a\\\\\"b\"\r\n")), "backslash"},
        {S(LINES("Content-Disposition: form-data; name=\"a\\\"; filename=\"; y=\"b\"\r\n")), "backslash"},
        {S(LINES("Content-Disposition: form-data; name=\"a\\\"; filename=\\\"c\"\r\n")), "backslash"},
        {S(LINES("Content-Disposition: form-data; name=\"\xff\"\r\n")), "UTF-8"},
        {S(LINES("Content-Disposition: form-data; name=\"\xc0\xaf\"\r\n")), "UTF-8"},
        {S(LINES("Content-Disposition: form-data; name=f; filename=\"\xe4\"\r\n")), "UTF-8"},
        {S(PART("_charset_", "utf-7") END), "_charset_"},
        {S(PART("_CHARSET_", "iso-8859-1") END), "_charset_"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_parts parts;
        const char *why;
        enum gh_multipart_result result = read_in(rows[i].in, GH_STR("b"), &parts, &why);
        if (result != GH_MULTIPART_BAD || why == NULL || strstr(why, rows[i].why) == NULL)
            fail_msg("row %zu: %d, %s instead of %s", i, result, why, rows[i].why);
        assert_int_equal(parts.n, 99);
        gh_arena_reset(&arena);
    }
}

static void reads_other_boundaries(void **state)
{
    (void)state;
    gh_parts parts;
    const char *why;
    gh_str text = GH_STR("----x\r\n" HEAD("a") "\r\n-----x\r\n---x\r\n----x--");
    assert_int_equal(read_in(text, GH_STR("--x"), &parts, &why), GH_MULTIPART_OK);
    assert_string_equal(shown(&parts), "a=-----x\r\n---x");
    text = GH_STR("--a b\r\n" HEAD("a") "\r\n1\r\n--a b--");
    assert_int_equal(read_in(text, GH_STR("a b"), &parts, &why), GH_MULTIPART_OK);
    assert_int_equal(read_in(text, GH_STR("a"), &parts, &why), GH_MULTIPART_BAD);
    assert_int_equal(read_in(text, GH_STR(""), &parts, &why), GH_MULTIPART_BAD);
    assert_non_null(strstr(why, "no boundary"));
}

static void gives_slices_of_the_input(void **state)
{
    (void)state;
    gh_str in = GH_STR(PART("a", "1") PART("c", "22") END), head = GH_STR("Content-Disposition: form-data; ");
    gh_parts parts;
    const char *why;
    assert_int_equal(gh_multipart_read(in, GH_STR("b"), &limits, &arena, &parts, &why), GH_MULTIPART_OK);
    assert_int_equal(parts.n, 2);
    for (unsigned i = 0; i < parts.n; i++) {
        const gh_part *part = &parts.items[i];
        assert_true(part->raw.p >= in.p && part->raw.p + part->raw.n <= in.p + in.n);
        assert_true(gh_str_starts(part->raw, head) && gh_str_ends(part->raw, part->data));
        assert_ptr_equal(part->data.p + part->data.n, part->raw.p + part->raw.n);
        assert_null(part->filename.p);
        assert_null(part->type.p);
    }
}

static void keeps_to_its_limits(void **state)
{
    (void)state;
    gh_parts parts;
    const char *why;
    char memory[2048];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    for (unsigned i = 0; i < limits.parts; i++)
        gh_buf_lit(&out, PART("a", "1"));
    size_t full = out.n;
    gh_buf_lit(&out, END);
    assert_int_equal(read_in(gh_buf_str(&out), GH_STR("b"), &parts, &why), GH_MULTIPART_OK);
    assert_int_equal(parts.n, limits.parts);
    out.n = full;
    gh_buf_lit(&out, PART("a", "1") END);
    assert_int_equal(read_in(gh_buf_str(&out), GH_STR("b"), &parts, &why), GH_MULTIPART_TOO_LARGE);

    gh_str names[] = {GH_STR("12345678901234567890123456789012"),
                      GH_STR("123456789012345678901234567890123")};
    for (size_t i = 0; i < GH_COUNT(names); i++) {
        out.n = 0;
        gh_buf_lit(&out, "--b\r\nContent-Disposition: form-data; name=\"");
        gh_buf_put(&out, names[i]);
        gh_buf_lit(&out, "\"\r\n\r\n1\r\n" END);
        assert_int_equal(read_in(gh_buf_str(&out), GH_STR("b"), &parts, &why),
                         i == 0 ? GH_MULTIPART_OK : GH_MULTIPART_TOO_LARGE);
    }
    for (size_t over = 0; over < 2; over++) {
        out.n = 0;
        gh_buf_lit(&out, "--b\r\n" HEAD("a") "x: ");
        while (out.n < 5 + limits.head - 4 + over)
            gh_buf_char(&out, 'y');
        gh_buf_lit(&out, "\r\n\r\n1\r\n" END);
        assert_int_equal(read_in(gh_buf_str(&out), GH_STR("b"), &parts, &why),
                         over == 0 ? GH_MULTIPART_OK : GH_MULTIPART_TOO_LARGE);
    }
}

static void says_that_memory_is_out(void **state)
{
    (void)state;
    gh_arena none;
    gh_parts parts;
    const char *why = NULL;
    gh_arena_init(&none, NULL, 0, 0);
    assert_int_equal(gh_multipart_read(GH_STR(PART("a", "1") END), GH_STR("b"), &limits, &none, &parts, &why),
                     GH_MULTIPART_MEMORY);
    assert_non_null(why);
}

static int start(void **state)
{
    (void)state;
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    gh_arena_reset(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(refuses),
        cmocka_unit_test(reads_other_boundaries),
        cmocka_unit_test(gives_slices_of_the_input),
        cmocka_unit_test(keeps_to_its_limits),
        cmocka_unit_test(says_that_memory_is_out),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
