/* Replies in any pieces, and what is no reply. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "edges/redis/reader.h"

static void put(char *to, size_t size, const gh_redis_reader *r, enum gh_redis_kind kind)
{
    static const char marks[] = {
        [GH_REDIS_INTEGERS] = ':', [GH_REDIS_TEXT] = '+', [GH_REDIS_ERROR] = '-', [GH_REDIS_NIL] = '_'};
    size_t at = strlen(to);
    gh_str text = gh_redis_reader_text(r);
    at += (size_t)snprintf(to + at, size - at, "%c%.*s", marks[kind], (int)text.n, text.p);
    for (unsigned i = 0; kind == GH_REDIS_INTEGERS && i < r->n; i++)
        at += (size_t)snprintf(to + at, size - at, "%lld,", (long long)r->values[i]);
    (void)snprintf(to + at, size - at, " ");
}

/* What was read, a word a reply; "!" where it failed. */
static const char *read_all(const char *bytes, size_t n, size_t piece)
{
    static char said[4096];
    gh_redis_reader *r = malloc(sizeof *r);
    said[0] = '\0';
    assert_true(gh_redis_reader_init(r));
    bool good = true;
    for (size_t at = 0; good && at < n; at += piece) {
        enum gh_redis_kind kind = GH_REDIS_NONE;
        good = gh_redis_reader_feed(r, bytes + at, n - at < piece ? n - at : piece);
        while (good && (good = gh_redis_reader_next(r, &kind)) && kind != GH_REDIS_NONE)
            put(said, sizeof said, r, kind);
    }
    if (!good)
        (void)snprintf(said + strlen(said), 2, "!");
    gh_redis_reader_free(r);
    free(r);
    return said;
}

static void in_any_pieces(void **state)
{
    (void)state;
    static const char bytes[] =
        ":1\r\n*3\r\n:-2\r\n:9223372036854775807\r\n:0\r\n+OK\r\n$3\r\na\r\n\r\n*0\r\n$-1\r\n*-1\r\n"
        "-ERR no\r\n$0\r\n\r\n:5\r\n*1\r\n:";
    for (size_t piece = 1; piece <= sizeof bytes; piece++)
        assert_string_equal(read_all(bytes, sizeof bytes - 1, piece),
                            ":1, :-2,9223372036854775807,0, +OK +a\r\n : _ _ -ERR no + :5, ");
}

static void what_is_no_reply(void **state)
{
    (void)state;
    static const char *const bad[] = {"HTTP/1.1 400 Bad Request\r\n",
                                      "*1\r\n*1\r\n:1\r\n",
                                      "*2\r\n:1\r\n+OK\r\n",
                                      "*1\r\n$1\r\na\r\n",
                                      "*1\r\n$-1\r\n",
                                      "*257\r\n",
                                      ":x\r\n",
                                      ":\r\n",
                                      ":9223372036854775808\r\n",
                                      "*-2\r\n",
                                      "*x\r\n",
                                      "$-2\r\n",
                                      ",1.5\r\n",
                                      "%1\r\n",
                                      "\r\n",
                                      "*2147483648\r\n"};
    for (size_t i = 0; i < GH_COUNT(bad); i++)
        if (strcmp(read_all(bad[i], strlen(bad[i]), 1), "!") != 0)
            fail_msg("%s: %s", bad[i], read_all(bad[i], strlen(bad[i]), 1));
    assert_string_equal(read_all(":1\r\nX", 5, 5), ":1, !");
}

static void as_many_values_as_there_may_be(void **state)
{
    (void)state;
    static char bytes[8192];
    size_t n = (size_t)snprintf(bytes, sizeof bytes, "*256\r\n");
    for (int i = 0; i < GH_REDIS_VALUES_MAX; i++)
        n += (size_t)snprintf(bytes + n, sizeof bytes - n, ":%d\r\n", i);
    const char *said = read_all(bytes, n, 100);
    assert_non_null(strstr(said, ",254,255, "));
}

/* A length is believed only as far as bytes come, and not for ever. */
static void endless_replies_end(void **state)
{
    (void)state;
    static char bytes[40000];
    static const char *const begins[] = {"+",      "-", ":", "$1000000000\r\n", "$9223372036854775000\r\n",
                                         "*1\r\n:"};
    for (size_t i = 0; i < GH_COUNT(begins); i++) {
        memset(bytes, '1', sizeof bytes);
        memcpy(bytes, begins[i], strlen(begins[i]));
        assert_string_equal(read_all(bytes, sizeof bytes, 1000), "!");
        assert_string_equal(read_all(bytes, 16000, 1000), "");
    }
}

static void long_texts_are_cut(void **state)
{
    (void)state;
    static char bytes[1024] = "-";
    memset(bytes + 1, 'e', 600);
    memcpy(bytes + 601, "\r\n", 2);
    assert_int_equal(strlen(read_all(bytes, 603, 603)), 1 + GH_REDIS_TEXT_MAX + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_any_pieces),
        cmocka_unit_test(what_is_no_reply),
        cmocka_unit_test(as_many_values_as_there_may_be),
        cmocka_unit_test(endless_replies_end),
        cmocka_unit_test(long_texts_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
