#include "text/sanitize.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "corpus.h"
#include "text/danger_rules.h"
#include "text/normal.h"

enum { SHOWN = 1 << GH_DANGER_SCRIPT | 1 << GH_DANGER_SCRIPT_URL, ROOM = 6 * 512 + 5 };

struct row {
    gh_str in;
    const char *want;
};

#define ROW(in, want)           \
    {                           \
        GH_STR_INIT(in), (want) \
    }

static gh_arena scratch;

static void check(gh_str got, const char *want)
{
    if (!gh_str_eq(got, gh_str_of(want)))
        fail_msg("%.*s for %s", (int)got.n, got.p, want);
}

static void texts(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("", ""),
        ROW("plain", "plain"),
        ROW("  a b \t\n", "a b"),
        ROW("\xe3\x80\x80"
            "a\xc2\xa0",
            "a"),
        ROW("a & b < c > \"d\" 'e'", "a &amp; b &lt; c &gt; &quot;d&quot; &#x27;e&#x27;"),
        ROW("&lt;", "&amp;lt;"),
        ROW("a\tb\nc\rd", "a\tb\nc\rd"),
        ROW("a\0b\x01\x0b\x1f\x7f\xc2\x85z", "abz"),
        ROW("a<script>b</script>c", "ac"),
        ROW("a<SCRIPT src=x>b</ScRiPt\n>c", "ac"),
        ROW("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
        ROW("<scr<script>x</script>ipt>y</script>z", "z"),
        ROW("<<script>x</script>script>y", "&gt;y"),
        ROW("a<script>b", "a&gt;b"),
        ROW("a</script>b", "a&gt;b"),
        ROW("<scr<scriptipt>", "&gt;"),
        ROW("</scr</scriptipt>", "&gt;"),
        ROW("<script>a<script>b</script>c", "c"),
        ROW("javascript:go()", "go()"),
        ROW("JaVaScRiPt:go()", "go()"),
        ROW("java\tscr\nipt:go()", "go()"),
        ROW("java\0script:go()", "go()"),
        ROW("javajavascript:script:go()", "go()"),
        ROW("vbscript:x", "x"),
        ROW("vbvbscript:script:x", "x"),
        ROW("javascript <script></script>:x", "javascript :x"),
        ROW("java<script></script>script:x", "x"),
        ROW("data:text/html,<p>", "&lt;p&gt;"),
        ROW("dadata:text/html,ta:text/html,x", "dadata:text/html,ta:text/html,x"),
        ROW("data:5 rows, data: 6", "data:5 rows, data: 6"),
        ROW("a\xe2\x80\xae"
            "b\xe2\x81\xa6"
            "c\xe2\x80\x8b"
            "d",
            "abcd"),
        ROW("\xef\xbb\xbf"
            "a",
            "a"),
        ROW("a\xff\xc0\xaf"
            "b",
            "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
            "b"),
    };
    char to[ROOM];
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        size_t n = gh_sanitize_text(rows[i].in, 1000, to, sizeof to);
        assert_true(n < sizeof to && to[n] == '\0');
        check((gh_str){to, n}, rows[i].want);
        gh_str got;
        assert_true(gh_sanitize_text_arena(rows[i].in, 1000, &scratch, &got));
        check(got, rows[i].want);
        gh_arena_reset(&scratch);
    }
}

static void lengths_count_code_points(void **state)
{
    (void)state;
    char to[64];
    size_t n = gh_sanitize_text(GH_STR("\xc3\xa4\xc3\xb6\xc3\xbc"), 2, to, sizeof to);
    check((gh_str){to, n}, "\xc3\xa4\xc3\xb6");
    n = gh_sanitize_text(GH_STR("abc"), 0, to, sizeof to);
    check((gh_str){to, n}, "");
    /* Cut before anything else: an element that the cut opens is dropped too. */
    n = gh_sanitize_text(GH_STR("ab<script>x</script>"), 9, to, sizeof to);
    check((gh_str){to, n}, "ab");
}

static void room(void **state)
{
    (void)state;
    char to[16];
    assert_true(gh_sanitize_text(GH_STR("abc"), 10, to, 0) == GH_SANITIZE_NO_ROOM);
    assert_true(gh_sanitize_text(GH_STR("abc"), 10, to, 3) == GH_SANITIZE_NO_ROOM);
    assert_true(gh_sanitize_text(GH_STR("abc"), 10, to, 4) == 3);
    assert_true(gh_sanitize_text(GH_STR("'"), 10, to, 6) == GH_SANITIZE_NO_ROOM);
    assert_true(gh_sanitize_text(GH_STR("'"), 10, to, 7) == 6);
    assert_true(gh_sanitize_filename(GH_STR(""), to, 0) == GH_SANITIZE_NO_ROOM);
    assert_true(gh_sanitize_filename(GH_STR(""), to, 4) == GH_SANITIZE_NO_ROOM);
    assert_true(gh_sanitize_filename(GH_STR(""), to, 5) == 4);
    assert_true(gh_sanitize_filename(GH_STR("con"), to, 4) == GH_SANITIZE_NO_ROOM);
    assert_true(gh_sanitize_filename(GH_STR("con"), to, 5) == 4);
    gh_arena none;
    gh_str got;
    gh_arena_init(&none, NULL, 0, 0);
    assert_false(gh_sanitize_text_arena(GH_STR("abc"), 10, &none, &got));
    assert_false(gh_sanitize_filename_arena(GH_STR("abc"), &none, &got));
}

static void filenames(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("", "file"),
        ROW("a.txt", "a.txt"),
        ROW("a b (1).txt", "a b (1).txt"),
        ROW("../../etc/passwd", "etcpasswd"),
        ROW("..\\..\\win.ini", "win.ini"),
        ROW("..", "file"),
        ROW(". .", "file"),
        ROW("a..b", "a.b"),
        ROW("a.:.b", "a.b"),
        ROW("a.\0.b", "a.b"),
        ROW(".htaccess", "htaccess"),
        ROW("a.", "a"),
        ROW("a. . ", "a"),
        ROW("  a", "a"),
        ROW("<>:\"/\\|?*", "file"),
        ROW("C:\\x\\y.txt", "Cxy.txt"),
        ROW("a\r\nb\x7f", "ab"),
        ROW("CON", "_CON"),
        ROW("con.txt", "_con.txt"),
        ROW("Con .txt", "_Con .txt"),
        ROW("NUL.tar.gz", "_NUL.tar.gz"),
        ROW("com1", "_com1"),
        ROW("LPT9.x", "_LPT9.x"),
        ROW("COM\xc2\xb9.x", "_COM\xc2\xb9.x"),
        ROW("CONIN$", "_CONIN$"),
        ROW(".con", "_con"),
        ROW("c:on", "_con"),
        ROW("console", "console"),
        ROW("com10", "com10"),
        ROW("com", "com"),
        ROW("a\xe2\x80\xaegpj.exe", "agpj.exe"),
        ROW("R\xc3\xa9sum\xc3\xa9.pdf", "R\xc3\xa9sum\xc3\xa9.pdf"),
        ROW("\xef\xbc\x8e\xef\xbc\x8e\xef\xbc\x8f"
            "a\xe2\x80\xa5\xe2\x88\x95"
            "b",
            "ab"),
        ROW("a\xff.txt", "a\xef\xbf\xbd.txt"),
    };
    char to[256];
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        size_t n = gh_sanitize_filename(rows[i].in, to, sizeof to);
        assert_true(n < sizeof to && to[n] == '\0');
        check((gh_str){to, n}, rows[i].want);
        gh_str got;
        assert_true(gh_sanitize_filename_arena(rows[i].in, &scratch, &got));
        check(got, rows[i].want);
        gh_arena_reset(&scratch);
    }
}

/* At most 255 bytes, cut between code points; what the cut makes is trimmed and looked at again. */
static void long_filenames(void **state)
{
    (void)state;
    char in[400], to[256];
    memset(in, 'a', sizeof in);
    assert_int_equal(gh_sanitize_filename((gh_str){in, sizeof in}, to, sizeof to), 255);
    memcpy(in + 254, "\xc3\xa4", 2);
    assert_int_equal(gh_sanitize_filename((gh_str){in, sizeof in}, to, sizeof to), 254);
    memset(in, ' ', sizeof in);
    memcpy(in, "con", 3);
    in[sizeof in - 1] = 'x';
    size_t n = gh_sanitize_filename((gh_str){in, sizeof in}, to, sizeof to);
    check((gh_str){to, n}, "_con");
}

/* The text that a page shows for what was written. */
static gh_str unescape(gh_str s, char *to)
{
    static const struct row references[] = {ROW("&amp;", "&"), ROW("&lt;", "<"), ROW("&gt;", ">"),
                                            ROW("&quot;", "\""), ROW("&#x27;", "'")};
    size_t n = 0;
    for (size_t i = 0; i < s.n;) {
        size_t k = 0;
        while (k < GH_COUNT(references) && !gh_str_starts(gh_str_cut(s, i, s.n), references[k].in))
            k++;
        to[n++] = k < GH_COUNT(references) ? references[k].want[0] : s.p[i];
        i += k < GH_COUNT(references) ? references[k].in.n : 1;
    }
    return (gh_str){to, n};
}

/* No attack is active in a page that has the sanitised text in an element or an attribute; what the page shows
 * opens no script when it is taken for markup again, and sanitising it once more takes nothing away. */
static void attacks_are_harmless(void **state)
{
    (void)state;
    gh_str rest = corpus_read("attacks.txt"), line;
    unsigned n_texts = 0;
    while (corpus_next(&rest, &line)) {
        char memory[512], to[ROOM], shown_memory[ROOM], again[6 * ROOM];
        size_t space = gh_str_find(line, ' ');
        gh_str text = corpus_text(gh_str_cut(line, space + 1, line.n), memory);
        size_t n = gh_sanitize_text(text, SIZE_MAX, to, sizeof to);
        assert_true(n < sizeof to);
        gh_str out = {to, n}, shown = unescape(out, shown_memory);
        assert_int_equal(
            gh_danger_find_in_layers(out, 1 << GH_DANGER_CONTROL | 1 << GH_DANGER_BIDI, 0, 0, &scratch),
            GH_DANGER_COUNT);
        for (size_t i = 0; i < out.n; i++)
            assert_null(memchr("<>\"'", out.p[i], 4));
        /* Full-width forms are no markup to a page: what the detector folds is looked at only in ASCII. */
        bool ascii = true;
        for (size_t i = 0; i < out.n; i++)
            ascii = ascii && (unsigned char)out.p[i] < 0x80;
        if (ascii)
            assert_int_equal(gh_danger_find_in_layers(out, SHOWN, 0, 0, &scratch), GH_DANGER_COUNT);
        if (ascii)
            assert_int_equal(gh_danger_find_in_layers(shown, 1 << GH_DANGER_SCRIPT_URL, 0, 0, &scratch),
                             GH_DANGER_COUNT);
        size_t n_again = gh_sanitize_text(shown, SIZE_MAX, again, sizeof again);
        assert_true(gh_str_eq((gh_str){again, n_again}, out));
        gh_arena_reset(&scratch);
        n_texts++;
    }
    assert_true(n_texts > 250);
}

static void attacks_make_plain_filenames(void **state)
{
    (void)state;
    gh_str rest = corpus_read("attacks.txt"), line;
    while (corpus_next(&rest, &line)) {
        char memory[512], to[256], again[256];
        gh_str text = corpus_text(gh_str_cut(line, gh_str_find(line, ' ') + 1, line.n), memory);
        size_t n = gh_sanitize_filename(text, to, sizeof to);
        assert_true(n > 0 && n < sizeof to);
        gh_danger_set checks = 1 << GH_DANGER_TRAVERSAL | 1 << GH_DANGER_CONTROL | 1 << GH_DANGER_BIDI;
        if (gh_danger_find_in_layers((gh_str){to, n}, checks, 0, 0, &scratch) != GH_DANGER_COUNT)
            fail_msg("%.*s gives %s", (int)line.n, line.p, to);
        assert_int_equal(gh_sanitize_filename((gh_str){to, n}, again, sizeof again), n);
        assert_memory_equal(to, again, n);
        gh_arena_reset(&scratch);
    }
}

/* Deep nesting of what is removed: the time grows with the size, or this test does not end. */
static void is_linear(void **state)
{
    (void)state;
    static const char *const parts[] = {"<script",  "<scr<script>", "</script>", "java\t", "javascript",
                                        "data:a,b", "<script></",   ":\t\t",     ",a",     "data:text/"};
    enum { SIZE = 400000 };
    char *in = malloc(SIZE), *to = malloc(6 * SIZE + 5);
    assert_true(in != NULL && to != NULL);
    for (size_t i = 0; i < GH_COUNT(parts); i++) {
        gh_buf out = gh_buf_over(in, SIZE);
        while (gh_buf_ok(&out))
            gh_buf_put(&out, gh_str_of(parts[i]));
        assert_true(gh_sanitize_text(gh_buf_str(&out), SIZE_MAX, to, 6 * SIZE + 5) != GH_SANITIZE_NO_ROOM);
    }
    free(in);
    free(to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(lengths_count_code_points),
        cmocka_unit_test(room),
        cmocka_unit_test(filenames),
        cmocka_unit_test(long_filenames),
        cmocka_unit_test(attacks_are_harmless),
        cmocka_unit_test(attacks_make_plain_filenames),
        cmocka_unit_test(is_linear),
    };
    gh_arena_init(&scratch, NULL, 0, (size_t)64 << 20);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
