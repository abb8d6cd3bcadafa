/* Response heads from upstreams. */
#include "unit.h"

#include "wire/h1_head.h"

enum { FIELDS = 8 };
static const gh_h1_limits limits = {512, 64, FIELDS};

static enum gh_h1_result read_head(gh_str in, bool to_head, gh_h1_head *ret)
{
    static gh_field fields[FIELDS];
    return gh_h1_read_response(in, &limits, fields, to_head, ret);
}

static const struct good {
    gh_str in;
    bool to_head;
    unsigned status;
    const char *phrase;
    enum gh_framing framing;
    uint64_t length;
    bool keep_alive, upgrade;
} goods[] = {
    {S("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), false, 200, "OK", GH_FRAMING_LENGTH, 5, true, false},
    {S("HTTP/1.1 200 OK\r\n\r\n"), false, 200, "OK", GH_FRAMING_CLOSE, 0, false, false},
    {S("HTTP/1.1 200 \r\n\r\n"), false, 200, "", GH_FRAMING_CLOSE, 0, false, false},
    {S("HTTP/1.1 200\r\n\r\n"), false, 200, "", GH_FRAMING_CLOSE, 0, false, false},
    {S("HTTP/1.1 404 Not  Found\t\xe9\r\nContent-Length: 0\r\n\r\n"), false, 404, "Not  Found\t\xe9",
     GH_FRAMING_LENGTH, 0, true, false},
    {S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), false, 200, "OK", GH_FRAMING_CHUNKED, 0,
     true, false},
    {S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), true, 200, "OK", GH_FRAMING_NONE, 0, true,
     false},
    {S("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n"), true, 200, "OK", GH_FRAMING_NONE, 12, true, false},
    {S("HTTP/1.1 200 OK\r\n\r\n"), true, 200, "OK", GH_FRAMING_NONE, 0, true, false},
    {S("HTTP/1.1 304 Not Modified\r\nContent-Length: 12\r\n\r\n"), false, 304, "Not Modified",
     GH_FRAMING_NONE, 12, true, false},
    {S("HTTP/1.1 204 No Content\r\n\r\n"), false, 204, "No Content", GH_FRAMING_NONE, 0, true, false},
    {S("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"), false, 204, "No Content", GH_FRAMING_NONE, 0,
     true, false},
    {S("HTTP/1.1 100 Continue\r\n\r\n"), false, 100, "Continue", GH_FRAMING_NONE, 0, true, false},
    {S("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), false, 103, "Early Hints", GH_FRAMING_NONE, 0, true,
     false},
    {S("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"), false, 101,
     "Switching Protocols", GH_FRAMING_NONE, 0, true, true},
    {S("HTTP/1.1 101 x\r\n\r\n"), false, 101, "x", GH_FRAMING_NONE, 0, true, false},
    {S("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n"), false, 200, "OK",
     GH_FRAMING_LENGTH, 1, false, false},
    {S("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n"), false, 200, "OK", GH_FRAMING_LENGTH, 1, false, false},
    {S("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n"), false, 200, "OK",
     GH_FRAMING_LENGTH, 1, true, false},
    {S("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n"), false, 200, "OK", GH_FRAMING_CLOSE, 0, false,
     false},
    {S("HTTP/1.1 599 x\r\nHost: not us\r\nExpect: nothing\r\nContent_Length: 3\r\n\r\n"), false, 599, "x",
     GH_FRAMING_CLOSE, 0, false, false},
};

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(goods); i++) {
        const struct good *g = &goods[i];
        gh_h1_head h;
        enum gh_h1_result did = read_head(g->in, g->to_head, &h);
        unit_row(i, did == GH_H1_DONE ? g->in : gh_str_of(h.error));
        assert_int_equal(did, GH_H1_DONE);
        assert_int_equal(h.status, g->status);
        assert_true(gh_str_eq(h.phrase, gh_str_of(g->phrase)));
        assert_int_equal(h.framing, g->framing);
        assert_true(h.content_length == g->length);
        assert_int_equal(h.keep_alive, g->keep_alive);
        assert_int_equal(h.upgrade, g->upgrade);
        assert_int_equal(h.head_size, g->in.n);
        for (size_t n = 0; n < g->in.n; n++) {
            char *copy = unit_copy((gh_str){g->in.p, n});
            assert_int_equal(read_head((gh_str){copy, n}, g->to_head, &h), GH_H1_MORE);
            free(copy);
        }
    }
}

#define OK_LINE "HTTP/1.1 200 OK\r\n"

static const struct refused {
    gh_str in;
    enum gh_h1_result result;
} refusals[] = {
    {S("\r\nHTTP/1.1 200 OK\r\n\r\n"), GH_H1_BAD},
    {S(" HTTP/1.1 200 OK\r\n\r\n"), GH_H1_BAD},
    {S("http/1.1 200 OK\r\n\r\n"), GH_H1_BAD},
    {S("ICY 200 OK\r\n\r\n"), GH_H1_BAD},
    {S("HTTP/2.0 200 OK\r\n\r\n"), GH_H1_VERSION},
    {S("HTTP/1.2 200 OK\r\n\r\n"), GH_H1_VERSION},
    {S("HTTP/1.1  200 OK\r\n\r\n"), GH_H1_BAD},
    {S("HTTP/1.1\t200 OK\r\n\r\n"), GH_H1_BAD},
    {S("HTTP/1.1\r\n\r\n"), GH_H1_BAD},
    {S("HTTP/1.1 \r\n\r\n"), GH_H1_BAD},
    {S("HTTP/1.1 99 OK\r\n\r\n"), GH_H1_BAD},
    {S("HTTP/1.1 099 OK\r\n\r\n"), GH_H1_BAD},
    {S("HTTP/1.1 600 OK\r\n\r\n"), GH_H1_BAD},
    {S("HTTP/1.1 2000 OK\r\n\r\n"), GH_H1_BAD},
    {S("HTTP/1.1 20 OK\r\n\r\n"), GH_H1_BAD},
    {S("HTTP/1.1 2x0 OK\r\n\r\n"), GH_H1_BAD},
    {S("HTTP/1.1 -20 OK\r\n\r\n"), GH_H1_BAD},
    {S("HTTP/1.1 200OK\r\n\r\n"), GH_H1_BAD},
    {S("HTTP/1.1 200\tOK\r\n\r\n"), GH_H1_BAD},
    {S("HTTP/1.1 200 O\0K\r\n\r\n"), GH_H1_BAD},
    {S("HTTP/1.1 200 O\rK\r\n\r\n"), GH_H1_BAD},
    {S("HTTP/1.1 200 OK\n\r\n"), GH_H1_BAD},
    {S(OK_LINE "X: a\r\n b\r\n\r\n"), GH_H1_BAD},
    {S(OK_LINE "X : a\r\n\r\n"), GH_H1_BAD},
    {S(OK_LINE "X: a\nY: b\r\n\r\n"), GH_H1_BAD},
    {S(OK_LINE "X\r\n\r\n"), GH_H1_BAD},
    {S(OK_LINE "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"), GH_H1_BAD},
    {S(OK_LINE "Content-Length: 1, 1\r\n\r\n"), GH_H1_BAD},
    {S(OK_LINE "Content-Length: -1\r\n\r\n"), GH_H1_BAD},
    {S(OK_LINE "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), GH_H1_BAD},
    {S(OK_LINE "Transfer-Encoding: gzip\r\n\r\n"), GH_H1_BAD},
    {S(OK_LINE "Transfer-Encoding: chunked, gzip\r\n\r\n"), GH_H1_BAD},
    {S(OK_LINE "Transfer-Encoding: gzip, chunked\r\n\r\n"), GH_H1_BAD},
    {S(OK_LINE "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), GH_H1_BAD},
    {S("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), GH_H1_BAD},
    {S("HTTP/1.1 204 x\r\nTransfer-Encoding: chunked\r\n\r\n"), GH_H1_BAD},
    {S("HTTP/1.1 204 x\r\nContent-Length: 3\r\n\r\n"), GH_H1_BAD},
    {S("HTTP/1.1 100 x\r\nContent-Length: 3\r\n\r\n"), GH_H1_BAD},
    {S(OK_LINE "a:\r\nb:\r\nc:\r\nd:\r\ne:\r\nf:\r\ng:\r\nh:\r\ni:\r\n\r\n"), GH_H1_TOO_LARGE},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(refusals); i++) {
        gh_h1_head h;
        enum gh_h1_result did = read_head(refusals[i].in, false, &h);
        unit_row(i, refusals[i].in);
        assert_int_equal(did, refusals[i].result);
        assert_non_null(h.error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
