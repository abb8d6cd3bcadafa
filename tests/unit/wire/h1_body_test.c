/* The chunked coding: the decoder whole and in every two pieces, its bounds, and the writer. */
#include "unit.h"

#include "wire/h1_body.h"

enum { ROOM = 8192 };

/* Feeds `in` until it is used up or the decoder is done; collects the data. */
static enum gh_chunk_result feed(gh_chunked *c, gh_str *in, gh_buf *body)
{
    for (;;) {
        gh_str data;
        enum gh_chunk_result did = gh_chunked_next(c, in, &data);
        if (did != GH_CHUNK_DATA)
            return did;
        assert_true(data.n > 0);
        gh_buf_put(body, data);
    }
}

static const struct row {
    gh_str in;
    enum gh_chunk_result result;
    const char *body;
    size_t rest; /* bytes left behind the end */
} rows[] = {
    {S("0\r\n\r\n"), GH_CHUNK_END, "", 0},
    {S("5\r\nhello\r\n0\r\n\r\n"), GH_CHUNK_END, "hello", 0},
    {S("5\r\nhello\r\n0\r\n\r\nGET /"), GH_CHUNK_END, "hello", 5},
    {S("3\r\nabc\r\n2\r\n\r\n\r\n0\r\n\r\n"), GH_CHUNK_END, "abc\r\n", 0},
    {S("A\r\n0123456789\r\n0\r\n\r\n"), GH_CHUNK_END, "0123456789", 0},
    {S("a\r\n0123456789\r\n00\r\n\r\n"), GH_CHUNK_END, "0123456789", 0},
    {S("000000000000005\r\nhello\r\n0\r\n\r\n"), GH_CHUNK_END, "hello", 0},
    {S("5;a\r\nhello\r\n0;b=c;d=\"e \\\" f\";g\r\n\r\n"), GH_CHUNK_END, "hello", 0},
    {S("0\r\nX: y\r\nEmpty:\r\nZ:\t\xe9\r\n\r\n"), GH_CHUNK_END, "", 0},
    {S("0\r\nContent-Length: 5\r\n\r\n"), GH_CHUNK_END, "", 0},
    {S("5\r\nhel"), GH_CHUNK_MORE, "hel", 0},
    {S("fffffffffffffff\r\nab"), GH_CHUNK_MORE, "ab", 0},
    {S("1000000000000000\r\n"), GH_CHUNK_BAD, "", 0},
    {S("0000000000000005\r\nhello"), GH_CHUNK_BAD, "", 0},
    {S("\r\n"), GH_CHUNK_BAD, "", 0},
    {S(";a\r\n"), GH_CHUNK_BAD, "", 0},
    {S("g\r\n"), GH_CHUNK_BAD, "", 0},
    {S("0x5\r\nhello"), GH_CHUNK_BAD, "", 0},
    {S("+5\r\nhello"), GH_CHUNK_BAD, "", 0},
    {S("-1\r\n"), GH_CHUNK_BAD, "", 0},
    {S(" 5\r\nhello"), GH_CHUNK_BAD, "", 0},
    {S("5 \r\nhello"), GH_CHUNK_BAD, "", 0},
    {S("5\t\r\nhello"), GH_CHUNK_BAD, "", 0},
    {S("5,5\r\nhello"), GH_CHUNK_BAD, "", 0},
    {S("5\nhello\r\n0\r\n\r\n"), GH_CHUNK_BAD, "", 0},
    {S("5\rhello"), GH_CHUNK_BAD, "", 0},
    {S("5\r\r\nhello"), GH_CHUNK_BAD, "", 0},
    {S("5\r\nhello\n0\r\n\r\n"), GH_CHUNK_BAD, "hello", 0},
    {S("5\r\nhello\r0\r\n\r\n"), GH_CHUNK_BAD, "hello", 0},
    {S("5\r\nhello\rX0\r\n\r\n"), GH_CHUNK_BAD, "hello", 0},
    {S("5\r\nhelloX\n0\r\n\r\n"), GH_CHUNK_BAD, "hello", 0},
    {S("0\r\nX: y\rX\r\n"), GH_CHUNK_BAD, "", 0},
    {S("5\r\nhelloo\r\n0\r\n\r\n"), GH_CHUNK_BAD, "hello", 0},
    {S("5\r\nhello0\r\n\r\n"), GH_CHUNK_BAD, "hello", 0},
    {S("5\r\nhello\r\n\r\n"), GH_CHUNK_BAD, "hello", 0},
    {S("5;\r\nhello"), GH_CHUNK_BAD, "", 0},
    {S("5;;a\r\nhello"), GH_CHUNK_BAD, "", 0},
    {S("5;a=\r\nhello"), GH_CHUNK_BAD, "", 0},
    {S("5;=b\r\nhello"), GH_CHUNK_BAD, "", 0},
    {S("5; a\r\nhello"), GH_CHUNK_BAD, "", 0},
    {S("5;a\nhello"), GH_CHUNK_BAD, "", 0},
    {S("5;a\rhello"), GH_CHUNK_BAD, "", 0},
    {S("5;a\0b\r\nhello"), GH_CHUNK_BAD, "", 0},
    {S("5;a=\"b\nc\"\r\nhello"), GH_CHUNK_BAD, "", 0},
    {S("5;a=\"b\\\r\nhello"), GH_CHUNK_BAD, "", 0},
    {S("5;a=\"b\"c\r\nhello"), GH_CHUNK_BAD, "", 0},
    {S("5;a=\"b\r\nhello"), GH_CHUNK_BAD, "", 0},
    {S("5;\xe9\r\nhello"), GH_CHUNK_BAD, "", 0},
    {S("0\r\n\n"), GH_CHUNK_BAD, "", 0},
    {S("0\r\n\rX"), GH_CHUNK_BAD, "", 0},
    {S("0\r\n X: y\r\n\r\n"), GH_CHUNK_BAD, "", 0},
    {S("0\r\nX : y\r\n\r\n"), GH_CHUNK_BAD, "", 0},
    {S("0\r\nX\r\n\r\n"), GH_CHUNK_BAD, "", 0},
    {S("0\r\n: y\r\n\r\n"), GH_CHUNK_BAD, "", 0},
    {S("0\r\nX: y\r\n z\r\n\r\n"), GH_CHUNK_BAD, "", 0},
    {S("0\r\nX: y\n\r\n"), GH_CHUNK_BAD, "", 0},
    {S("0\r\nX: \0\r\n\r\n"), GH_CHUNK_BAD, "", 0},
};

static void check(const struct row *row, enum gh_chunk_result did, const gh_buf *body, size_t rest)
{
    assert_int_equal(did, row->result);
    assert_true(gh_str_eq(gh_buf_str(body), gh_str_of(row->body)));
    if (did == GH_CHUNK_END)
        assert_int_equal(rest, row->rest);
}

static void test_every_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        unit_row(i, rows[i].in);
        for (size_t cut = 0; cut <= rows[i].in.n; cut++) {
            char memory[ROOM];
            gh_buf body = gh_buf_over(memory, sizeof memory);
            gh_chunked c;
            gh_chunked_init(&c);
            char *first = unit_copy((gh_str){rows[i].in.p, cut});
            char *second = unit_copy((gh_str){rows[i].in.p + cut, rows[i].in.n - cut});
            gh_str in = {first, cut};
            enum gh_chunk_result did = feed(&c, &in, &body);
            size_t rest = in.n + rows[i].in.n - cut;
            if (did == GH_CHUNK_MORE) {
                assert_int_equal(in.n, 0);
                in = (gh_str){second, rows[i].in.n - cut};
                did = feed(&c, &in, &body);
                rest = in.n;
            }
            check(&rows[i], did, &body, rest);
            /* The verdict is final. */
            if (did != GH_CHUNK_MORE)
                assert_int_equal(feed(&c, &in, &body), did);
            free(first);
            free(second);
        }
    }
}

/* n bytes between two texts. */
static enum gh_chunk_result feed_padded(const char *before, size_t n, const char *after)
{
    char text[ROOM], memory[16];
    gh_buf b = gh_buf_over(text, sizeof text), body = gh_buf_over(memory, sizeof memory);
    gh_chunked c;
    gh_buf_put(&b, gh_str_of(before));
    for (size_t i = 0; i < n; i++)
        gh_buf_char(&b, 'x');
    gh_buf_put(&b, gh_str_of(after));
    assert_true(gh_buf_ok(&b));
    gh_chunked_init(&c);
    gh_str in = gh_buf_str(&b);
    return feed(&c, &in, &body);
}

static void test_bounds(void **state)
{
    (void)state;
    /* The extension's own CR counts, the ";" does not. */
    assert_int_equal(feed_padded("0;", 255, "\r\n\r\n"), GH_CHUNK_END);
    assert_int_equal(feed_padded("0;", 256, "\r\n\r\n"), GH_CHUNK_BAD);
    assert_int_equal(feed_padded("1;", 255, "\r\na\r\n0\r\n\r\n"), GH_CHUNK_END);
    /* Each chunk has its own bound for extensions ... */
    assert_int_equal(feed_padded("1;aaaaaaaaaaaaaaaaaaaaaaaa\r\na\r\n0;", 255, "\r\n\r\n"), GH_CHUNK_END);
    /* ... and the trailer section one for all of it. */
    assert_int_equal(feed_padded("0\r\nA:", 4096 - 2 - 4, "\r\n\r\n"), GH_CHUNK_END);
    assert_int_equal(feed_padded("0\r\nA:", 4096 - 2 - 3, "\r\n\r\n"), GH_CHUNK_BAD);
    assert_int_equal(feed_padded("0\r\nA:b\r\nC:", 4096, "\r\n\r\n"), GH_CHUNK_BAD);
}

static void test_writer(void **state)
{
    (void)state;
    char memory[64];
    gh_buf b = gh_buf_over(memory, sizeof memory);
    gh_chunked_put(&b, GH_STR(""));
    gh_chunked_put(&b, GH_STR("0123456789abcdefX"));
    gh_chunked_put_end(&b);
    assert_true(gh_str_eq(gh_buf_str(&b), GH_STR("11\r\n0123456789abcdefX\r\n0\r\n\r\n")));
    assert_true(gh_buf_ok(&b));
    for (size_t room = 0; room <= 11; room++) {
        b = gh_buf_over(memory, room);
        gh_chunked_put(&b, GH_STR("hello"));
        assert_int_equal(gh_buf_ok(&b), room >= 10);
        assert_int_equal(b.n, room >= 10 ? 10 : 0);
    }
}

/* What is written reads back. */
static void test_round_trip(void **state)
{
    (void)state;
    char data[300], wire[ROOM], memory[ROOM];
    memset(data, 'd', sizeof data);
    gh_buf w = gh_buf_over(wire, sizeof wire), body = gh_buf_over(memory, sizeof memory);
    size_t total = 0;
    for (size_t n = 1; n < sizeof data; n += 37) {
        gh_chunked_put(&w, (gh_str){data, n});
        total += n;
    }
    gh_chunked_put_end(&w);
    assert_true(gh_buf_ok(&w));
    gh_chunked c;
    gh_chunked_init(&c);
    gh_str in = gh_buf_str(&w);
    assert_int_equal(feed(&c, &in, &body), GH_CHUNK_END);
    assert_int_equal(body.n, total);
    assert_int_equal(in.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_split),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_writer),
        cmocka_unit_test(test_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
