#include "wire/forwarded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MAX_FIELDS = 8 };

static const gh_cidr trusted[] = {
    {{.family = 4, .bytes = {10}}, 8},
    {{.family = 6, .bytes = {0xfd}}, 8},
};

static gh_ip ip_of(const char *text)
{
    gh_ip ip = {0};
    if (text[0] != '\0' && !gh_ip_parse(gh_str_of(text), &ip))
        fail_msg("%s is not parsed", text);
    return ip;
}

typedef struct line {
    unsigned id;
    const char *value;
} line;

/* One test: fields, who the peer is, and what must come out. */
typedef struct row {
    const char *peer;
    line lines[MAX_FIELDS];
    const char *ip;
    const char *chain; /* as gh_forwarded_put_xff() writes it */
    const char *source;
    bool ignored;
} row;

static void find(const char *peer_text, const line *lines, enum gh_address_source source,
                 gh_client_address *ret)
{
    gh_field fields[MAX_FIELDS];
    unsigned n = 0;
    while (n < MAX_FIELDS && lines[n].value != NULL) {
        fields[n] = (gh_field){.value = gh_str_of(lines[n].value), .id = (uint16_t)lines[n].id};
        n++;
    }
    gh_forwarded_rules rules = {trusted, GH_COUNT(trusted), source};
    gh_ip peer = ip_of(peer_text);
    gh_client_address_find(&rules, &peer, fields, n, ret);
}

static void check(const row *r, enum gh_address_source source)
{
    gh_client_address a;
    find(r->peer, r->lines, source, &a);
    gh_ip want = ip_of(r->ip), peer = ip_of(r->peer);
    char memory[1024] = {0};
    gh_buf out = gh_buf_over(memory, sizeof memory - 1);
    gh_forwarded_put_xff(&out, &a, &peer);
    if (!gh_ip_eq(&a.ip, &want) || strcmp(memory, r->chain) != 0 || a.ignored != r->ignored)
        fail_msg("%s: chain \"%s\" for \"%s\", ignored %d", r->lines[0].value, memory, r->chain, a.ignored);
    assert_true(gh_str_eq(a.source, gh_str_of(r->source)));
    assert_int_equal(a.ignored, a.why != NULL);
}

#define XFF GH_FIELD_X_FORWARDED_FOR
#define FWD GH_FIELD_FORWARDED
#define XRI GH_FIELD_X_REAL_IP

static void x_forwarded_for(void **state)
{
    (void)state;
    static const row rows[] = {
        /* No field: the peer. */
        {"10.0.0.1", {{0}}, "10.0.0.1", "10.0.0.1", "peer", false},
        {"10.0.0.1", {{XRI, "9.9.9.9"}, {FWD, "for=9.9.9.9"}}, "10.0.0.1", "10.0.0.1", "peer", false},
        /* A peer that is not trusted, and one without an address. */
        {"1.2.3.4", {{XFF, "9.9.9.9"}}, "1.2.3.4", "1.2.3.4", "peer", true},
        {"", {{XFF, "9.9.9.9"}}, "", "", "peer", true},
        {"10.0.0.1", {{XFF, "9.9.9.9"}}, "9.9.9.9", "9.9.9.9, 10.0.0.1", "x-forwarded-for", false},
        /* What the client wrote on the left is never looked at. */
        {"10.0.0.1", {{XFF, "127.0.0.1, 9.9.9.9"}}, "9.9.9.9", "9.9.9.9, 10.0.0.1", "x-forwarded-for", false},
        {"10.0.0.1",
         {{XFF, "\"<script>, 9.9.9.9"}},
         "9.9.9.9",
         "9.9.9.9, 10.0.0.1",
         "x-forwarded-for",
         false},
        /* Trusted hops are passed over. */
        {"10.0.0.1",
         {{XFF, "8.8.8.8, 9.9.9.9 ,\tfd00::1,10.0.0.2"}},
         "9.9.9.9",
         "9.9.9.9, fd00::1, 10.0.0.2, 10.0.0.1",
         "x-forwarded-for",
         false},
        /* All are trusted: the leftmost. */
        {"10.0.0.1",
         {{XFF, "10.0.0.3, 10.0.0.2"}},
         "10.0.0.3",
         "10.0.0.3, 10.0.0.2, 10.0.0.1",
         "x-forwarded-for",
         false},
        /* Several lines are one list. */
        {"10.0.0.1",
         {{XFF, "9.9.9.9"}, {0, "x"}, {XFF, "10.0.0.2"}},
         "9.9.9.9",
         "9.9.9.9, 10.0.0.2, 10.0.0.1",
         "x-forwarded-for",
         false},
        /* The first entry that cannot be read ends the walk at the hop right of it. */
        {"10.0.0.1",
         {{XFF, "9.9.9.9, unknown, 10.0.0.2"}},
         "10.0.0.2",
         "10.0.0.2, 10.0.0.1",
         "x-forwarded-for",
         true},
        {"10.0.0.1", {{XFF, "9.9.9.9, junk"}}, "10.0.0.1", "10.0.0.1", "peer", true},
        {"10.0.0.1", {{XFF, "9.9.9.9,"}}, "10.0.0.1", "10.0.0.1", "peer", true},
        {"10.0.0.1", {{XFF, "9.9.9.9"}, {XFF, ""}}, "10.0.0.1", "10.0.0.1", "peer", true},
        {"10.0.0.1", {{XFF, ""}}, "10.0.0.1", "10.0.0.1", "peer", true},
        /* Ports, brackets, mapped addresses. */
        {"10.0.0.1", {{XFF, "9.9.9.9:5678"}}, "9.9.9.9", "9.9.9.9, 10.0.0.1", "x-forwarded-for", false},
        {"10.0.0.1",
         {{XFF, "[2001:DB8::1]:80"}},
         "2001:db8::1",
         "2001:db8::1, 10.0.0.1",
         "x-forwarded-for",
         false},
        {"10.0.0.1", {{XFF, "::ffff:9.9.9.9"}}, "9.9.9.9", "9.9.9.9, 10.0.0.1", "x-forwarded-for", false},
        {"::ffff:10.0.0.1", {{XFF, "9.9.9.9"}}, "9.9.9.9", "9.9.9.9, 10.0.0.1", "x-forwarded-for", false},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        check(&rows[i], GH_ADDRESS_X_FORWARDED_FOR);
}

static void forwarded(void **state)
{
    (void)state;
    static const row rows[] = {
        {"1.2.3.4", {{FWD, "for=9.9.9.9"}}, "1.2.3.4", "1.2.3.4", "peer", true},
        {"10.0.0.1", {{FWD, "for=9.9.9.9"}}, "9.9.9.9", "9.9.9.9, 10.0.0.1", "forwarded", false},
        {"10.0.0.1",
         {{FWD, "PROTO=https ; by=10.0.0.1;For=\"9.9.9.9:80\";;ext=\"a,\\\"b\""}},
         "9.9.9.9",
         "9.9.9.9, 10.0.0.1",
         "forwarded",
         false},
        {"10.0.0.1", {{FWD, "for=\"9.9.9\\.9\""}}, "10.0.0.1", "10.0.0.1", "peer", true},
        {"10.0.0.1", {{FWD, "for=9.9.9.9;x=\"a\\"}}, "10.0.0.1", "10.0.0.1", "peer", true},
        {"10.0.0.1",
         {{FWD, "by=\"_x,y\";For=\"[2001:db8::1]:_p\";ext=\"a,b;c\""}},
         "2001:db8::1",
         "2001:db8::1, 10.0.0.1",
         "forwarded",
         false},
        {"10.0.0.1",
         {{FWD, "for=8.8.8.8, for=9.9.9.9, for=\"[fd00::1]\""}, {FWD, "for=10.0.0.2"}},
         "9.9.9.9",
         "9.9.9.9, fd00::1, 10.0.0.2, 10.0.0.1",
         "forwarded",
         false},
        /* Common, though the RFC asks for quotes. */
        {"10.0.0.1", {{FWD, "for=9.9.9.9:80"}}, "9.9.9.9", "9.9.9.9, 10.0.0.1", "forwarded", false},
        /* Quotes left open by the client do not reach what the proxy wrote. */
        {"10.0.0.1", {{FWD, "for=\"x, for=9.9.9.9"}}, "9.9.9.9", "9.9.9.9, 10.0.0.1", "forwarded", false},
        {"10.0.0.1",
         {{FWD, "for=\"\\\", for=\"9.9.9.9\""}},
         "9.9.9.9",
         "9.9.9.9, 10.0.0.1",
         "forwarded",
         false},
        {"10.0.0.1",
         {{FWD, "for=8.8.8.8;x=\"a, for=7.7.7.7\""}},
         "8.8.8.8",
         "8.8.8.8, 10.0.0.1",
         "forwarded",
         false},
        /* Hidden or malformed. */
        {"10.0.0.1",
         {{FWD, "for=9.9.9.9, for=unknown, for=10.0.0.2"}},
         "10.0.0.2",
         "10.0.0.2, 10.0.0.1",
         "forwarded",
         true},
        {"10.0.0.1", {{FWD, "for=_hidden"}}, "10.0.0.1", "10.0.0.1", "peer", true},
        {"10.0.0.1", {{FWD, "proto=https"}}, "10.0.0.1", "10.0.0.1", "peer", true},
        {"10.0.0.1", {{FWD, "for=9.9.9.9;for=8.8.8.8"}}, "10.0.0.1", "10.0.0.1", "peer", true},
        {"10.0.0.1", {{FWD, "for=\"9.9.9.9\"x"}}, "10.0.0.1", "10.0.0.1", "peer", true},
        {"10.0.0.1", {{FWD, "for=\"9.9.9.9"}}, "10.0.0.1", "10.0.0.1", "peer", true},
        {"10.0.0.1", {{FWD, "for"}}, "10.0.0.1", "10.0.0.1", "peer", true},
        {"10.0.0.1", {{FWD, "for="}}, "10.0.0.1", "10.0.0.1", "peer", true},
        {"10.0.0.1", {{FWD, "=9.9.9.9"}}, "10.0.0.1", "10.0.0.1", "peer", true},
        {"10.0.0.1", {{FWD, "for=9.9.9.9 proto=http"}}, "10.0.0.1", "10.0.0.1", "peer", true},
        {"10.0.0.1", {{FWD, ""}}, "10.0.0.1", "10.0.0.1", "peer", true},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        check(&rows[i], GH_ADDRESS_FORWARDED);
}

static void x_real_ip_and_peer(void **state)
{
    (void)state;
    static const row rows[] = {
        {"10.0.0.1", {{XRI, "9.9.9.9"}}, "9.9.9.9", "9.9.9.9, 10.0.0.1", "x-real-ip", false},
        {"10.0.0.1", {{XRI, "fd00::1"}}, "fd00::1", "fd00::1, 10.0.0.1", "x-real-ip", false},
        {"10.0.0.1", {{XRI, "9.9.9.9"}, {XRI, "9.9.9.9"}}, "10.0.0.1", "10.0.0.1", "peer", true},
        {"10.0.0.1", {{XRI, "9.9.9.9, 8.8.8.8"}}, "10.0.0.1", "10.0.0.1", "peer", true},
        {"10.0.0.1", {{XRI, ""}}, "10.0.0.1", "10.0.0.1", "peer", true},
        {"1.2.3.4", {{XRI, "9.9.9.9"}}, "1.2.3.4", "1.2.3.4", "peer", true},
        {"10.0.0.1", {{XFF, "9.9.9.9"}}, "10.0.0.1", "10.0.0.1", "peer", false},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        check(&rows[i], GH_ADDRESS_X_REAL_IP);
    static const row peer = {
        "10.0.0.1", {{XFF, "9.9.9.9"}, {FWD, "for=9.9.9.9"}}, "10.0.0.1", "10.0.0.1", "peer", false};
    check(&peer, GH_ADDRESS_PEER);
}

#define XFP GH_FIELD_X_FORWARDED_PROTO
#define XFH GH_FIELD_X_FORWARDED_HOST

static void proto_and_host(void **state)
{
    (void)state;
    enum { NO, PLAIN, SECURE };
    static const struct {
        const char *peer;
        line lines[MAX_FIELDS];
        enum gh_address_source source;
        int secure;
        const char *host; /* NULL: absent */
    } rows[] = {
        {"10.0.0.1",
         {{XFF, "9.9.9.9"}, {XFP, "https"}, {XFH, "a.example"}},
         GH_ADDRESS_X_FORWARDED_FOR,
         SECURE,
         "a.example"},
        {"10.0.0.1", {{XFP, "HTTP"}, {XFH, ""}}, GH_ADDRESS_X_FORWARDED_FOR, PLAIN, NULL},
        {"10.0.0.1", {{XFP, "wss"}}, GH_ADDRESS_X_REAL_IP, SECURE, NULL},
        {"10.0.0.1", {{XFP, "gopher"}}, GH_ADDRESS_X_FORWARDED_FOR, NO, NULL},
        /* The last one is the peer's word. */
        {"10.0.0.1",
         {{XFP, "https, http"}, {XFH, "evil"}, {XFH, "a.example"}},
         GH_ADDRESS_X_FORWARDED_FOR,
         PLAIN,
         "a.example"},
        /* Not from strangers, and not from a field that is not believed. */
        {"1.2.3.4", {{XFF, "9.9.9.9"}, {XFP, "https"}, {XFH, "evil"}}, GH_ADDRESS_X_FORWARDED_FOR, NO, NULL},
        {"10.0.0.1", {{XFP, "https"}, {XFH, "evil"}}, GH_ADDRESS_PEER, NO, NULL},
        {"10.0.0.1", {{XFP, "https"}, {XFH, "evil"}, {FWD, "for=9.9.9.9"}}, GH_ADDRESS_FORWARDED, NO, NULL},
        /* The client's element counts, not the inner hop's. */
        {"10.0.0.1",
         {{FWD, "for=9.9.9.9;proto=https;host=\"a:1\", for=10.0.0.2;proto=http;host=b"}},
         GH_ADDRESS_FORWARDED,
         SECURE,
         "a:1"},
        {"10.0.0.1", {{FWD, "for=9.9.9.9, for=10.0.0.2;proto=https;host=b"}}, GH_ADDRESS_FORWARDED, NO, NULL},
        {"10.0.0.1",
         {{FWD, "for=8.8.8.8;proto=https;host=evil, for=9.9.9.9;proto=http"}},
         GH_ADDRESS_FORWARDED,
         PLAIN,
         NULL},
        /* A proxy that hides the address still says the protocol. */
        {"10.0.0.1", {{FWD, "for=_x;proto=https"}}, GH_ADDRESS_FORWARDED, SECURE, NULL},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_client_address a;
        find(rows[i].peer, rows[i].lines, rows[i].source, &a);
        assert_int_equal(a.secure_known ? (a.secure ? SECURE : PLAIN) : NO, rows[i].secure);
        assert_true(gh_str_eq(a.host, gh_str_of(rows[i].host)));
        assert_int_equal(a.host.p == NULL, rows[i].host == NULL);
    }
}

/* Long lists of trusted hops end at 64 entries; the 16 hops nearest to the client are kept. */
static void long_lists_are_bounded(void **state)
{
    (void)state;
    static const struct {
        unsigned entries;
        bool ignored;
        uint8_t client, last;
    } rows[] = {
        {16, false, 0, 15}, {17, false, 0, 15}, {64, false, 0, 15}, {65, true, 1, 16}, {200, true, 136, 151}};
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char memory[4096];
        gh_buf list = gh_buf_over(memory, sizeof memory);
        for (unsigned k = 0; k < rows[i].entries; k++)
            gh_buf_printf(&list, "%s10.0.1.%u", k == 0 ? "" : ",", k);
        gh_field field = {.value = gh_buf_str(&list), .id = XFF};
        gh_forwarded_rules rules = {trusted, GH_COUNT(trusted), GH_ADDRESS_X_FORWARDED_FOR};
        gh_ip peer = ip_of("10.0.0.1");
        gh_client_address a;
        gh_client_address_find(&rules, &peer, &field, 1, &a);
        assert_int_equal(a.n_chain, 16);
        assert_int_equal(a.ip.bytes[3], rows[i].client);
        assert_int_equal(a.chain[0].bytes[3], rows[i].client);
        assert_int_equal(a.chain[15].bytes[3], rows[i].last);
        assert_int_equal(a.ignored, rows[i].ignored);
    }
}

static void nodes(void **state)
{
    (void)state;
    static const char *const good[] = {"1.2.3.4", "1.2.3.4:0", "1.2.3.4:65535",  "::1",
                                       "[::1]",   "[::1]:1",   "::ffff:1.2.3.4", "[::ffff:1.2.3.4]:80"};
    static const char *const wrong[] = {"",
                                        ":",
                                        "[",
                                        "]",
                                        "[]",
                                        "[]:80",
                                        "[::1",
                                        "::1]",
                                        "[::1]80",
                                        "[::1]:",
                                        "[1.2.3.4]",
                                        "1.2.3.4:",
                                        "1.2.3.4:65536",
                                        "1.2.3.4:000080",
                                        "1.2.3.4:-1",
                                        "1.2.3.4:80:80",
                                        "1.2.3.4:_x",
                                        "unknown",
                                        "_x",
                                        "fe80::1%eth0",
                                        "a.b:80",
                                        "1.2.3.4 :80",
                                        "unix:"};
    gh_ip ip;
    for (size_t i = 0; i < GH_COUNT(good); i++)
        if (!gh_forwarded_node(gh_str_of(good[i]), &ip))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < GH_COUNT(wrong); i++)
        if (gh_forwarded_node(gh_str_of(wrong[i]), &ip))
            fail_msg("%s", wrong[i]);
}

static void writes_rfc7239(void **state)
{
    (void)state;
    static const struct {
        const char *peer;
        line lines[MAX_FIELDS];
        const char *proto, *host, *want;
    } rows[] = {
        {"1.2.3.4", {{0}}, "http", "a.example:8080", "for=1.2.3.4;proto=http;host=\"a.example:8080\""},
        {"2001:db8::1", {{0}}, "https", NULL, "for=\"[2001:db8::1]\";proto=https"},
        {"", {{0}}, NULL, "a", "for=unknown;host=\"a\""},
        {"10.0.0.1",
         {{FWD, "for=\"[2001:db8::1]\";proto=https, for=10.0.0.2;proto=http"}},
         "http",
         "a",
         "for=\"[2001:db8::1]\";proto=https, for=10.0.0.2, for=10.0.0.1;proto=http;host=\"a\""},
        /* A host that would break out of its quotes is left out. */
        {"1.2.3.4", {{0}}, NULL, "a\", for=9.9.9.9;x=\"", "for=1.2.3.4"},
        {"1.2.3.4", {{0}}, NULL, "a\\", "for=1.2.3.4"},
        {"1.2.3.4", {{0}}, NULL, "a\r\nX: y", "for=1.2.3.4"},
        {"1.2.3.4", {{0}}, NULL, "a\xc3\xa4", "for=1.2.3.4"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_client_address a;
        find(rows[i].peer, rows[i].lines, GH_ADDRESS_FORWARDED, &a);
        char memory[256] = {0};
        gh_buf out = gh_buf_over(memory, sizeof memory - 1);
        gh_ip peer = ip_of(rows[i].peer);
        gh_forwarded_put_rfc7239(&out, &a, &peer, gh_str_of(rows[i].proto), gh_str_of(rows[i].host));
        assert_string_equal(memory, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(x_forwarded_for),        cmocka_unit_test(forwarded),
        cmocka_unit_test(x_real_ip_and_peer),     cmocka_unit_test(proto_and_host),
        cmocka_unit_test(long_lists_are_bounded), cmocka_unit_test(nodes),
        cmocka_unit_test(writes_rfc7239),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
