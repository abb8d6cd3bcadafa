#include "base/ip.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static gh_ip ip_of(const char *text)
{
    gh_ip ip = {0};
    if (!gh_ip_parse(gh_str_of(text), &ip))
        fail_msg("%s is not parsed", text);
    return ip;
}

static void check_text(const gh_ip *ip, const char *want)
{
    char memory[GH_IP_TEXT_MAX + 1] = {0};
    gh_buf out = gh_buf_over(memory, GH_IP_TEXT_MAX);
    gh_ip_format(ip, &out);
    assert_true(gh_buf_ok(&out));
    assert_string_equal(memory, want);
}

static void parses_and_formats_canonically(void **state)
{
    (void)state;
    static const struct {
        const char *text, *canonical;
        int family;
    } rows[] = {
        {"0.0.0.0", "0.0.0.0", 4},
        {"1.2.3.4", "1.2.3.4", 4},
        {"255.255.255.255", "255.255.255.255", 4},
        {"::", "::", 6},
        {"::1", "::1", 6},
        {"1::", "1::", 6},
        {"2001:DB8::A", "2001:db8::a", 6},
        {"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1", 6},
        /* RFC 5952 section 4.2.2: one zero group is not shortened. */
        {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1", 6},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", 6},
        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8", 6},
        /* Section 4.2.3: the longest run, the first of equals. */
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1", 6},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", 6},
        {"1:0:0:2:0:0:0:0", "1:0:0:2::", 6},
        {"64:ff9b::192.0.2.33", "64:ff9b::c000:221", 6},
        {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304", 6},
        {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 6},
        /* IPv4-mapped is the same client as IPv4. */
        {"::ffff:1.2.3.4", "1.2.3.4", 4},
        {"::FFFF:0102:0304", "1.2.3.4", 4},
        {"0:0:0:0:0:ffff:1.2.3.4", "1.2.3.4", 4},
        /* IPv4-compatible (deprecated) is not mapped. */
        {"::1.2.3.4", "::102:304", 6},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_ip ip = ip_of(rows[i].text);
        assert_int_equal(ip.family, rows[i].family);
        check_text(&ip, rows[i].canonical);
    }
}

static void refuses_what_is_no_address(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "1",
        ".",
        ":",
        "::g",
        ":::",
        "1:::2",
        "::1::",
        "1::2::3",
        "1.2.3",
        "1.2.3.",
        ".1.2.3",
        "1.2.3.4.",
        "1.2.3.4.5",
        "01.2.3.4",
        "1.2.3.04",
        "1.2.3.00",
        "256.1.1.1",
        "1.2.3.256",
        "1.2.3.1000",
        "1.2.3.-4",
        "1.2.3.4 ",
        " 1.2.3.4",
        "1.2.3.4:80",
        "0x1.2.3.4",
        "1.2.3.a",
        "[::1]",
        "fe80::1%eth0",
        "::1/128",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8",
        "12345::",
        "::12345",
        ":1",
        "1:",
        "1:2:3:4:5:6:7:",
        ":1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::1.2.3",
        "::1.2.3.4.5",
        "::1.2.3.4:5",
        "1.2.3.4::",
        "::ffff:01.2.3.4",
        "::a.2.3.4",
        "2130706433",
        "localhost",
        "1::2:3:4:5:6:7:8:9.9.9.9",
        "0000:0000:0000:0000:0000:0000:0000:00000",
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_ip ip = {.family = 9};
        if (gh_ip_parse(gh_str_of(rows[i]), &ip))
            fail_msg("%s is parsed", rows[i]);
        assert_int_equal(ip.family, 9);
    }
    gh_ip ip;
    assert_false(gh_ip_parse((gh_str){NULL, 0}, &ip));
    assert_false(gh_ip_parse((gh_str){"1.2.3.4\0", 8}, &ip));
}

/* The C library's inet_pton() reads the same language: compare on mutated addresses. */
static void agrees_with_inet_pton(void **state)
{
    (void)state;
    static const char *const seeds[] = {"192.168.10.1", "2001:db8::8a2e:370:7334", "::ffff:10.1.2.3",
                                        "1:2:3:4:5:6:7:8", "64:ff9b::1.2.3.4"};
    static const char alphabet[] = "0123456789abcF:.:g";
    uint32_t x = 1;
    for (unsigned round = 0; round < 200000; round++) {
        char text[64];
        gh_str seed = gh_str_of(seeds[round % GH_COUNT(seeds)]);
        memcpy(text, seed.p, seed.n + 1);
        for (unsigned k = 0; k < 1 + round % 4; k++) {
            x = x * 1664525 + 1013904223;
            text[(x >> 8) % seed.n] = alphabet[(x >> 20) % (sizeof alphabet - 1)];
        }
        uint8_t v4[4], v6[16];
        gh_ip ip;
        bool is4 = inet_pton(AF_INET, text, v4) == 1, is6 = inet_pton(AF_INET6, text, v6) == 1;
        if (gh_ip_parse(gh_str_of(text), &ip) != (is4 || is6))
            fail_msg("inet_pton disagrees about %s", text);
        if (is4)
            assert_memory_equal(ip.bytes, v4, 4);
        else if (is6 && ip.family == 6)
            assert_memory_equal(ip.bytes, v6, 16);
        else if (is6)
            assert_memory_equal(ip.bytes, v6 + 12, 4);
    }
}

static void parses_blocks(void **state)
{
    (void)state;
    static const struct {
        const char *text, *base;
        int prefix; /* -1: refused */
    } rows[] = {
        {"10.0.0.0/8", "10.0.0.0", 8},
        {"0.0.0.0/0", "0.0.0.0", 0},
        {"1.2.3.4", "1.2.3.4", 32},
        {"1.2.3.4/32", "1.2.3.4", 32},
        {"::/0", "::", 0},
        {"2001:db8::/32", "2001:db8::", 32},
        {"::1", "::1", 128},
        {"2001:db8:8000::/33", "2001:db8:8000::", 33},
        {"::ffff:10.0.0.0/104", "10.0.0.0", 8},
        {"::ffff:10.0.0.1", "10.0.0.1", 32},
        {"::ffff:0:0/96", "0.0.0.0", 0},
        {"::ffff:0:0/95", NULL, -1},
        {"::ffff:10.0.0.0/8", NULL, -1},
        {"10.0.0.1/8", NULL, -1},
        {"10.0.0.0/33", NULL, -1},
        {"10.0.0.0/", NULL, -1},
        {"10.0.0.0/08", NULL, -1},
        {"10.0.0.0/-1", NULL, -1},
        {"10.0.0.0/8/8", NULL, -1},
        {"2001:db8::/129", NULL, -1},
        {"2001:db8:8000::/32", NULL, -1},
        {"10.0.0/8", NULL, -1},
        {"/8", NULL, -1},
        {"", NULL, -1},
        {"10.0.0.0/0000000000000008", NULL, -1},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_cidr net;
        const char *why = NULL;
        bool ok = gh_cidr_parse(gh_str_of(rows[i].text), &net, &why);
        if (ok != (rows[i].prefix >= 0))
            fail_msg("%s", rows[i].text);
        if (!ok) {
            assert_non_null(why);
            continue;
        }
        assert_int_equal(net.prefix, rows[i].prefix);
        check_text(&net.base, rows[i].base);
    }
}

static void contains(void **state)
{
    (void)state;
    static const struct {
        const char *net, *ip;
        bool in;
    } rows[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"192.0.2.128/25", "192.0.2.128", true},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"0.0.0.0/0", "8.8.8.8", true},
        {"0.0.0.0/0", "::1", false},
        {"::/0", "8.8.8.8", false},
        {"::/0", "ff::", true},
        {"1.2.3.4", "1.2.3.5", false},
        {"1.2.3.4", "::ffff:1.2.3.4", true},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"::1", "::1", true},
        {"::1", "::2", false},
        {"2001:db8::/64", "2001:db8::ffff:1:1:1", true},
        {"2001:db8::/64", "2001:db8:0:1::", false},
        {"2001:db8:0:0:8000::/65", "2001:db8::8000:0:0:1", true},
        {"2001:db8:0:0:8000::/65", "2001:db8::7000:0:0:1", false},
    };
    gh_cidr all[GH_COUNT(rows)];
    const char *why;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_ip ip = ip_of(rows[i].ip);
        assert_true(gh_cidr_parse(gh_str_of(rows[i].net), &all[i], &why));
        if (gh_cidr_contains(&all[i], &ip) != rows[i].in)
            fail_msg("%s in %s", rows[i].ip, rows[i].net);
    }
    gh_ip ip = ip_of("1.2.3.4"), none = {0};
    assert_true(gh_cidr_any(all, GH_COUNT(rows), &ip));
    assert_false(gh_cidr_any(all, 4, &ip));
    assert_false(gh_cidr_any(all, 0, &ip));
    assert_false(gh_cidr_any(all, GH_COUNT(rows), &none));
}

static void masks(void **state)
{
    (void)state;
    static const struct {
        const char *ip;
        uint8_t prefix;
        const char *want;
    } rows[] = {
        {"255.255.255.255", 0, "0.0.0.0"},
        {"255.255.255.255", 9, "255.128.0.0"},
        {"255.255.255.255", 31, "255.255.255.254"},
        {"1.2.3.4", 32, "1.2.3.4"},
        {"1.2.3.4", 200, "1.2.3.4"},
        {"2001:db8:1:2:3:4:5:6", 64, "2001:db8:1:2::"},
        {"2001:db8:1:2ff:3:4:5:6", 56, "2001:db8:1:200::"},
        {"ffff::ffff", 127, "ffff::fffe"},
        {"ffff::ffff", 128, "ffff::ffff"},
        {"ffff::ffff", 0, "::"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_ip ip = ip_of(rows[i].ip), masked = gh_ip_mask(&ip, rows[i].prefix);
        check_text(&masked, rows[i].want);
    }
}

static void knows_loopback(void **state)
{
    (void)state;
    static const struct {
        const char *ip;
        bool is;
    } rows[] = {{"127.0.0.1", true},  {"127.9.9.9", true}, {"::1", true}, {"::ffff:127.0.0.1", true},
                {"128.0.0.1", false}, {"::", false},       {"::2", false}};
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_ip ip = ip_of(rows[i].ip);
        assert_int_equal(gh_ip_is_loopback(&ip), rows[i].is);
    }
}

static void formats_within_the_cap(void **state)
{
    (void)state;
    gh_ip ip = ip_of("255.255.255.255"), none = {0};
    char memory[14];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_ip_format(&none, &out);
    assert_int_equal(out.n, 0);
    gh_ip_format(&ip, &out);
    assert_false(gh_buf_ok(&out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_and_formats_canonically),
        cmocka_unit_test(refuses_what_is_no_address),
        cmocka_unit_test(agrees_with_inet_pton),
        cmocka_unit_test(parses_blocks),
        cmocka_unit_test(contains),
        cmocka_unit_test(masks),
        cmocka_unit_test(knows_loopback),
        cmocka_unit_test(formats_within_the_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
