/* Request heads: what is taken, what is refused, and that no prefix of a valid head is either. */
#include "unit.h"

#include "wire/h1_head.h"

enum { FIELDS = 12, HEAD = 512, TARGET = 64 };
static const gh_h1_limits limits = {HEAD, TARGET, FIELDS};

static enum gh_h1_result read_head(gh_str in, gh_h1_head *ret)
{
    static gh_field fields[FIELDS];
    return gh_h1_read_request(in, &limits, fields, ret);
}

#define H "Host: a\r\n"
#define COMMAS ",,,,,,,,,,,,"

struct good {
    gh_str in;
    const char *method, *target;
    unsigned n_fields;
    int minor;
    enum gh_framing framing;
    uint64_t length;
    bool keep_alive, expect, upgrade;
};

static const struct good goods[] = {
    {S("GET / HTTP/1.1\r\n" H "\r\n"), "GET", "/", 1, 1, GH_FRAMING_NONE, 0, true, false, false},
    {S("\r\nGET / HTTP/1.1\r\n" H "\r\n"), "GET", "/", 1, 1, GH_FRAMING_NONE, 0, true, false, false},
    {S("GET / HTTP/1.0\r\n\r\n"), "GET", "/", 0, 0, GH_FRAMING_NONE, 0, false, false, false},
    {S("GET / HTTP/1.0\r\n" H "\r\n"), "GET", "/", 1, 0, GH_FRAMING_NONE, 0, false, false, false},
    {S("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), "GET", "/", 1, 0, GH_FRAMING_NONE, 0, true, false,
     false},
    {S("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n"), "GET", "/", 1, 0, GH_FRAMING_NONE, 0,
     false, false, false},
    {S("GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n"), "GET", "/", 2, 1, GH_FRAMING_NONE, 0, false,
     false, false},
    {S("GET / HTTP/1.1\r\n" H "Connection: keep-alive\r\nConnection: CLOSE\r\n\r\n"), "GET", "/", 3, 1,
     GH_FRAMING_NONE, 0, false, false, false},
    {S("GET / HTTP/1.1\r\n" H "Connection: close, keep-alive\r\n\r\n"), "GET", "/", 2, 1, GH_FRAMING_NONE, 0,
     false, false, false},
    {S("GET / HTTP/1.1\r\n" H "Connection: , x-a ,,\r\n\r\n"), "GET", "/", 2, 1, GH_FRAMING_NONE, 0, true,
     false, false},
    {S("GET / HTTP/1.1\r\n" H "Connection: closed\r\n\r\n"), "GET", "/", 2, 1, GH_FRAMING_NONE, 0, true,
     false, false},
    {S("GET /w HTTP/1.1\r\n" H "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"), "GET", "/w", 3, 1,
     GH_FRAMING_NONE, 0, true, false, true},
    {S("GET /w HTTP/1.1\r\n" H "Upgrade: websocket\r\n\r\n"), "GET", "/w", 2, 1, GH_FRAMING_NONE, 0, true,
     false, false},
    {S("GET /w HTTP/1.1\r\n" H "Connection: upgrade\r\n\r\n"), "GET", "/w", 2, 1, GH_FRAMING_NONE, 0, true,
     false, false},
    {S("GET /w HTTP/1.0\r\n" H "Connection: upgrade\r\nUpgrade: h2c\r\n\r\n"), "GET", "/w", 3, 0,
     GH_FRAMING_NONE, 0, false, false, false},
    {S("POST /p HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\n"), "POST", "/p", 2, 1, GH_FRAMING_LENGTH, 5, true,
     false, false},
    {S("POST /p HTTP/1.1\r\n" H "content-length:0\r\n\r\n"), "POST", "/p", 2, 1, GH_FRAMING_LENGTH, 0, true,
     false, false},
    {S("POST /p HTTP/1.1\r\n" H "Content-Length:   7 \r\n\r\n"), "POST", "/p", 2, 1, GH_FRAMING_LENGTH, 7,
     true, false, false},
    {S("POST /p HTTP/1.1\r\n" H "Content-Length: 9223372036854775807\r\n\r\n"), "POST", "/p", 2, 1,
     GH_FRAMING_LENGTH, INT64_MAX, true, false, false},
    {S("GET /p HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\n"), "GET", "/p", 2, 1, GH_FRAMING_LENGTH, 3, true,
     false, false},
    {S("POST /p HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"), "POST", "/p", 2, 1, GH_FRAMING_CHUNKED,
     0, true, false, false},
    {S("POST /p HTTP/1.1\r\n" H "TRANSFER-ENCODING: Chunked\r\n\r\n"), "POST", "/p", 2, 1, GH_FRAMING_CHUNKED,
     0, true, false, false},
    {S("PUT /p HTTP/1.1\r\n" H "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n"), "PUT", "/p", 3, 1,
     GH_FRAMING_LENGTH, 1, true, true, false},
    {S("PUT /p HTTP/1.0\r\n" H "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n"), "PUT", "/p", 3, 0,
     GH_FRAMING_LENGTH, 1, false, false, false},
    {S("OPTIONS * HTTP/1.1\r\n" H "\r\n"), "OPTIONS", "*", 1, 1, GH_FRAMING_NONE, 0, true, false, false},
    {S("GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n"), "GET", "http://a/b", 1, 1, GH_FRAMING_NONE, 0, true,
     false, false},
    {S("M-SEARCH!#$%&'*+-.^_`|~ / HTTP/1.1\r\n" H "\r\n"), "M-SEARCH!#$%&'*+-.^_`|~", "/", 1, 1,
     GH_FRAMING_NONE, 0, true, false, false},
    {S("GET / HTTP/1.1\r\nHost: [::1]:8080\r\nX:\r\nY: \t \r\nZ: \x80\xff caf\xc3\xa9\t.\r\n\r\n"), "GET",
     "/", 4, 1, GH_FRAMING_NONE, 0, true, false, false},
    {S("GET / HTTP/1.1\r\n" H "my_own_field: 1\r\n\r\n"), "GET", "/", 2, 1, GH_FRAMING_NONE, 0, true, false,
     false},
    {S("GET /0123456789012345678901234567890123456789012345678901234567890ab HTTP/1.1\r\n" H "\r\n"), "GET",
     "/0123456789012345678901234567890123456789012345678901234567890ab", 1, 1, GH_FRAMING_NONE, 0, true,
     false, false},
};

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(goods); i++) {
        const struct good *g = &goods[i];
        gh_h1_head h;
        enum gh_h1_result did = read_head(g->in, &h);
        unit_row(i, did == GH_H1_DONE ? g->in : gh_str_of(h.error));
        assert_int_equal(did, GH_H1_DONE);
        assert_true(gh_str_eq(h.method, gh_str_of(g->method)));
        assert_true(gh_str_eq(h.target, gh_str_of(g->target)));
        assert_int_equal(h.n_fields, g->n_fields);
        assert_int_equal(h.minor, g->minor);
        assert_int_equal(h.framing, g->framing);
        assert_true(h.content_length == g->length);
        assert_int_equal(h.keep_alive, g->keep_alive);
        assert_int_equal(h.expect_continue, g->expect);
        assert_int_equal(h.upgrade, g->upgrade);
        assert_int_equal(h.head_size, g->in.n);
    }
}

/* A head may come in any pieces: no prefix is done or refused, and what follows is not touched. */
static void test_prefixes(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(goods); i++) {
        gh_h1_head h;
        for (size_t n = 0; n < goods[i].in.n; n++) {
            /* In memory of its own, so that a sanitizer sees a byte read too many. */
            char *copy = unit_copy((gh_str){goods[i].in.p, n});
            unit_row(i, (gh_str){copy, n});
            assert_int_equal(read_head((gh_str){copy, n}, &h), GH_H1_MORE);
            assert_false(gh_h1_head_complete((gh_str){copy, n}, 0));
            free(copy);
        }
        assert_true(gh_h1_head_complete(goods[i].in, 0));
        assert_true(gh_h1_head_complete(goods[i].in, goods[i].in.n - 1));
        char longer[HEAD];
        memcpy(longer, goods[i].in.p, goods[i].in.n);
        memcpy(longer + goods[i].in.n, "\n\0\r\n", 4);
        assert_int_equal(read_head((gh_str){longer, goods[i].in.n + 4}, &h), GH_H1_DONE);
        assert_int_equal(h.head_size, goods[i].in.n);
    }
}

struct refused {
    gh_str in;
    enum gh_h1_result result;
};

#define LINE "GET / HTTP/1.1\r\n"
#define BAD(text)          \
    {                      \
        S(text), GH_H1_BAD \
    }
#define VERSION(text)          \
    {                          \
        S(text), GH_H1_VERSION \
    }
#define FIELD(text)                          \
    {                                        \
        S(LINE H text "\r\n\r\n"), GH_H1_BAD \
    }
#define NO_HOST(text)                  \
    {                                  \
        S(LINE text "\r\n"), GH_H1_BAD \
    }

static const struct refused refusals[] = {
    /* The request line. */
    BAD(" GET / HTTP/1.1\r\n"),
    BAD("\tGET / HTTP/1.1\r\n"),
    BAD("\nGET / HTTP/1.1\r\n"),
    BAD("\r\n\r\nGET / HTTP/1.1\r\n"),
    BAD("\rGET / HTTP/1.1\r\n"),
    BAD("\x16\x03\x01"),
    BAD("\0"),
    BAD("GET"
        "\t/ HTTP/1.1\r\n"),
    BAD("G\xc3\x89T / HTTP/1.1\r\n"),
    BAD("GET:/ HTTP/1.1\r\n"),
    BAD("GET  / HTTP/1.1\r\n"),
    BAD("GET /  HTTP/1.1\r\n"),
    BAD("GET /\tHTTP/1.1\r\n"),
    BAD("GET / x HTTP/1.1\r\n"),
    BAD("GET / HTTP/1.1 \r\n"),
    BAD("GET / HTTP/1.1\n"),
    BAD("GET / HTTP/1.1\rX"),
    BAD("GET / HTTP/1.10\r\n"),
    BAD("GET / HTTP/1.1\r\r\n"),
    BAD("GET / http/1.1\r\n"),
    BAD("GET / HTTP/11\r\n"),
    BAD("GET / HTTP/1,1\r\n"),
    BAD("GET / HTTP/a.1\r\n"),
    BAD("GET / HTTPS/1.1\r\n"),
    BAD("GET / ICY/1.1\r\n"),
    BAD("GET /\r\n"),
    BAD("GET\r\n"),
    BAD("GET \r\n"),
    BAD("GET / \r\n"),
    BAD("GET /\x7f HTTP/1.1\r\n"),
    BAD("GET /\x01 HTTP/1.1\r\n"),
    BAD("GET /\0 HTTP/1.1\r\n"),
    BAD("GET /caf\xc3\xa9 HTTP/1.1\r\n"),
    VERSION("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    VERSION("GET / HTTP/2.0\r\n"),
    VERSION("GET / HTTP/1.2\r\n"),
    VERSION("GET / HTTP/0.9\r\n"),
    VERSION("GET / HTTP/3.1\r\n"),
    /* Field lines. */
    BAD(LINE " Host: a\r\n\r\n"),
    BAD(LINE "\tHost: a\r\n\r\n"),
    BAD(LINE "Host : a\r\n\r\n"),
    BAD(LINE "Host\t: a\r\n\r\n"),
    BAD(LINE "Host\r\n\r\n"),
    BAD(LINE ": a\r\n\r\n"),
    BAD(LINE "H\x80st: a\r\n\r\n"),
    BAD(LINE "Ho(st: a\r\n\r\n"),
    BAD(LINE "Ho\0st: a\r\n\r\n"),
    BAD(LINE "Host: a\n"),
    BAD(LINE H "\n"),
    BAD(LINE H "\rX"),
    FIELD("X: a\r\n b"),
    FIELD("X: a\r\n\tb"),
    FIELD("X: a\rb"),
    FIELD("X: a\nb"),
    FIELD("X: a\0b"),
    FIELD("X: a\x01"
          "b"),
    FIELD("X: a\x7f"
          "b"),
    FIELD("X: a\x1b[0m"),
    FIELD("X: 0123456789abcdef\x0b"),
    FIELD("X: 0123456789abcde\r\r\n"),
    /* Host. */
    NO_HOST(""),
    NO_HOST("Host:\r\n"),
    NO_HOST("Host: \t\r\n"),
    NO_HOST("Host: a\r\nHost: a\r\n"),
    NO_HOST("Host: a\r\nhost: b\r\n"),
    NO_HOST("Host: a b\r\n"),
    NO_HOST("Host: u@a\r\n"),
    NO_HOST("Host: u:p@a\r\n"),
    NO_HOST("Host: a,b\r\n"),
    NO_HOST("Host: a/b\r\n"),
    NO_HOST("Host: a:0\r\n"),
    NO_HOST("Host: a:\r\n"),
    NO_HOST("Host: a:65536\r\n"),
    NO_HOST("Host: http://a\r\n"),
    NO_HOST("Host: [::1\r\n"),
    NO_HOST("Host: a\xff\r\n"),
    {S("GET / HTTP/1.0\r\nHost:\r\n\r\n"), GH_H1_BAD},
    /* Content-Length. */
    FIELD("Content-Length:"),
    FIELD("Content-Length: +5"),
    FIELD("Content-Length: -5"),
    FIELD("Content-Length: 05"),
    FIELD("Content-Length: 00"),
    FIELD("Content-Length: 0x5"),
    FIELD("Content-Length: 5 5"),
    FIELD("Content-Length: 5,"),
    FIELD("Content-Length: 5, 5"),
    FIELD("Content-Length: 5.0"),
    FIELD("Content-Length: \"5\""),
    FIELD("Content-Length: 9223372036854775808"),
    FIELD("Content-Length: 18446744073709551616"),
    FIELD("Content-Length: 99999999999999999999999999"),
    FIELD("Content-Length: 5\r\nContent-Length: 5"),
    FIELD("Content-Length: 5\r\ncontent-length: 6"),
    /* Transfer-Encoding. */
    FIELD("Content-Length: \t5"),
    FIELD("Content-Length: 5 \t "),
    FIELD("Transfer-Encoding: chunked\t"),
    FIELD("Transfer-Encoding:\tchunked"),
    FIELD("Transfer-Encoding:"),
    FIELD("Transfer-Encoding: identity"),
    FIELD("Transfer-Encoding: gzip"),
    FIELD("Transfer-Encoding: gzip, chunked"),
    FIELD("Transfer-Encoding: chunked, chunked"),
    FIELD("Transfer-Encoding: chunked, gzip"),
    FIELD("Transfer-Encoding: chunked,"),
    FIELD("Transfer-Encoding: chunked;q=1"),
    FIELD("Transfer-Encoding: \"chunked\""),
    FIELD("Transfer-Encoding: xchunked"),
    FIELD("Transfer-Encoding: chunke"),
    FIELD("Transfer-Encoding: chunked\x0b"),
    FIELD("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
    FIELD("Transfer-Encoding: chunked\r\nContent-Length: 5"),
    FIELD("Content-Length: 5\r\nTransfer-Encoding: chunked"),
    {S("POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n"), GH_H1_BAD},
    /* Names that CGI-like upstreams take for another's. */
    FIELD("Content_Length: 5"),
    FIELD("transfer_encoding: chunked"),
    FIELD("X_Forwarded_For: 1.2.3.4"),
    FIELD("X-Forwarded_Proto: https"),
    FIELD("x_original_url: /admin"),
    /* The rest. */
    FIELD("Expect: 200-ok"),
    FIELD("Expect:"),
    FIELD("Expect: 100-continue, x"),
    FIELD("Expect: 100-continue\r\nExpect: 100-continue"),
    FIELD("Connection: close;x"),
    FIELD("Connection: close keep-alive"),
    FIELD("Connection: " COMMAS COMMAS COMMAS COMMAS COMMAS "\r\nConnection: " COMMAS),
    FIELD("Connection: a,a,a,a,a,a,a,a," COMMAS COMMAS COMMAS COMMAS COMMAS "a"),
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(refusals); i++) {
        gh_h1_head h;
        enum gh_h1_result did = read_head(refusals[i].in, &h);
        unit_row(i, refusals[i].in);
        assert_int_equal(did, refusals[i].result);
        assert_non_null(h.error);
        for (size_t n = 0; n < refusals[i].in.n; n++) {
            char *copy = unit_copy((gh_str){refusals[i].in.p, n});
            did = read_head((gh_str){copy, n}, &h);
            assert_true(did == GH_H1_MORE || did == refusals[i].result);
            free(copy);
        }
    }
}

/* The same head a byte over each limit is too large, whole or not. */
static void test_limits(void **state)
{
    (void)state;
    gh_h1_head h;
    char text[HEAD + 64];
    gh_str line = S(LINE H "X: ");
    memset(text, 'x', sizeof text);
    memcpy(text, line.p, line.n);
    assert_int_equal(read_head((gh_str){text, HEAD - 1}, &h), GH_H1_MORE);
    assert_int_equal(read_head((gh_str){text, HEAD}, &h), GH_H1_TOO_LARGE);
    assert_true(h.error != gh_h1_target_too_long);
    memcpy(text + HEAD - 4, "\r\n\r\n", 4);
    assert_int_equal(read_head((gh_str){text, HEAD}, &h), GH_H1_DONE);
    memcpy(text + HEAD - 4, "x\r\n\r\n", 5);
    assert_int_equal(read_head((gh_str){text, HEAD + 1}, &h), GH_H1_TOO_LARGE);

    gh_str target = S("GET /0123456789012345678901234567890123456789012345678901234567890abc");
    assert_int_equal(read_head((gh_str){target.p, target.n - 1}, &h), GH_H1_MORE);
    assert_int_equal(read_head(target, &h), GH_H1_TOO_LARGE);
    assert_true(h.error == gh_h1_target_too_long);

    gh_str many = S(LINE H "a:\r\nb:\r\nc:\r\nd:\r\ne:\r\nf:\r\ng:\r\nh:\r\ni:\r\nj:\r\nk:\r\n\r\n");
    assert_int_equal(read_head(many, &h), GH_H1_DONE);
    assert_int_equal(h.n_fields, FIELDS);
    gh_str more = S(LINE H "a:\r\nb:\r\nc:\r\nd:\r\ne:\r\nf:\r\ng:\r\nh:\r\ni:\r\nj:\r\nk:\r\nl:\r\n\r\n");
    assert_int_equal(read_head(more, &h), GH_H1_TOO_LARGE);
}

static void test_what_is_seen(void **state)
{
    (void)state;
    gh_h1_head h;
    gh_str in =
        S("GET /x?y HTTP/1.1\r\nhOST:\t A.example:81 \r\nX-Unknown: \r\nCookie: a=b\r\ncookie:c\r\n\r\n");
    assert_int_equal(read_head(in, &h), GH_H1_DONE);
    assert_true(h.seen == (GH_FIELD_BIT(GH_FIELD_HOST) | GH_FIELD_BIT(GH_FIELD_COOKIE)));
    assert_true(gh_str_eq(h.host, GH_STR("A.example:81")));
    assert_true(gh_str_eq(h.fields[0].name, GH_STR("hOST")));
    assert_true(gh_str_eq(h.fields[1].value, GH_STR("")) && h.fields[1].value.p != NULL);
    assert_int_equal(h.fields[1].id, GH_FIELD_UNKNOWN);
    assert_int_equal(gh_fields_find(h.fields, h.n_fields, GH_FIELD_COOKIE, 0), 2);
    assert_int_equal(gh_fields_find(h.fields, h.n_fields, GH_FIELD_COOKIE, 3), 3);
    assert_int_equal(gh_fields_find(h.fields, h.n_fields, GH_FIELD_COOKIE, 4), 4);
    assert_int_equal(read_head(GH_STR("GET / HTTP/1.0\r\n\r\n"), &h), GH_H1_DONE);
    assert_null(h.host.p);
}

static void test_head_complete(void **state)
{
    (void)state;
    static const struct {
        gh_str in;
        size_t from;
        bool complete;
    } rows[] = {
        {S(""), 0, false},
        {S("GET / HTTP/1.1\r\n"), 0, false},
        {S("a\r\n\r\n"), 0, true},
        {S("a\r\n\r\n"), 4, true},
        {S("a\r\n\r\nbcd"), 8, false},
        {S("a\r\n\r"), 0, false},
        {S("a\n"), 0, true},
        {S("\n"), 0, true},
        {S("a\r\nb\n"), 3, true},
        {S("a\r\n\r\n"), 99, false},
        {S("a\r\nb\r\n\r"), 2, false},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        unit_row(i, rows[i].in);
        assert_int_equal(gh_h1_head_complete(rows[i].in, rows[i].from), rows[i].complete);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),         cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_refused),      cmocka_unit_test(test_limits),
        cmocka_unit_test(test_what_is_seen), cmocka_unit_test(test_head_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
