#include "wire/proxy_protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4_ADDRESSES "\x01\x02\x03\x04\x05\x06\x07\x08\x10\x00\x01\xbb"
#define SSL_TLV "\x20\x00\x05\x01\x00\x00\x00\x00"
#define SIXTEEN "0123456789abcdef"

static char *text_of(const gh_ip *ip, char memory[GH_IP_TEXT_MAX + 1])
{
    gh_buf out = gh_buf_over(memory, GH_IP_TEXT_MAX);
    gh_ip_format(ip, &out);
    memory[out.n] = '\0';
    return memory;
}

static void v1_lines(void **state)
{
    (void)state;
    static const struct {
        const char *line, *source, *destination;
        unsigned source_port, destination_port;
    } rows[] = {
        {"PROXY TCP4 1.2.3.4 5.6.7.8 0 65535\r\n", "1.2.3.4", "5.6.7.8", 0, 65535},
        {"PROXY TCP6 2001:db8::1 ::1 56324 443\r\n", "2001:db8::1", "::1", 56324, 443},
        {"PROXY TCP6 ::ffff:1.2.3.4 ::1 1 2\r\n", "1.2.3.4", "::1", 1, 2},
        {"PROXY UNKNOWN\r\n", "", "", 0, 0},
        {"PROXY UNKNOWN ffff:f...f:ffff junk 1\r\n", "", "", 0, 0},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char input[128], a[GH_IP_TEXT_MAX + 1];
        gh_str line = gh_str_of(rows[i].line);
        memcpy(input, line.p, line.n);
        input[line.n] = 'G';
        gh_proxy_header h;
        for (size_t n = 0; n < line.n; n++)
            assert_int_equal(gh_proxy_v1_read((gh_str){input, n}, &h), GH_PROXY_MORE);
        assert_int_equal(gh_proxy_v1_read((gh_str){input, line.n + 1}, &h), GH_PROXY_DONE);
        assert_int_equal(h.used, line.n);
        assert_int_equal(h.local, rows[i].source[0] == '\0');
        assert_string_equal(text_of(&h.source, a), rows[i].source);
        assert_string_equal(text_of(&h.destination, a), rows[i].destination);
        assert_int_equal(h.source_port, rows[i].source_port);
        assert_int_equal(h.destination_port, rows[i].destination_port);
        assert_false(h.tls);
    }
}

static void v1_refuses(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "G",
        "GET / HTTP/1.1\r\n",
        "proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY\r\n",
        "PROXY \r\n",
        "PROXY TCP4\r\n",
        "PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY tcp4 1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n",
        "PROXY  TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP6 1.2.3.4 ::1 1 2\r\n",
        "PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\rX",
        "PROXY UNKNOWNX\r\n",
        "PROXY UNKNOWN " SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN "\r\n",
        /* 107 bytes without an end: no line can come of it. */
        "PROXY UNKNOWN " SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN "0123456789abc",
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_proxy_header h = {.used = 7};
        if (gh_proxy_v1_read(gh_str_of(rows[i]), &h) != GH_PROXY_BAD)
            fail_msg("%s", rows[i]);
        assert_non_null(h.error);
        assert_int_equal(h.used, 7);
    }
}

static void v1_takes_107_bytes(void **state)
{
    (void)state;
    static const char line[] = "PROXY UNKNOWN " SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN "0123456789a\r\n";
    gh_proxy_header h;
    assert_int_equal(sizeof line - 1, GH_PROXY_V1_MAX);
    assert_int_equal(gh_proxy_v1_read(GH_STR(line), &h), GH_PROXY_DONE);
}

static void v2_headers(void **state)
{
    (void)state;
    static const char unix_header[16 + 216] = SIGNATURE "\x21\x31\x00\xd8";
    static const struct {
        gh_str header;
        const char *source;
        unsigned port;
        bool tls;
    } rows[] = {
        {GH_STR_INIT(SIGNATURE "\x21\x11\x00\x0c" V4_ADDRESSES), "1.2.3.4", 4096, false},
        {GH_STR_INIT(SIGNATURE "\x21\x12\x00\x0c" V4_ADDRESSES), "1.2.3.4", 4096, false},
        {GH_STR_INIT(SIGNATURE "\x21\x21\x00\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01" SIXTEEN
                               "\x00\x50\x01\xbb"),
         "2001:db8::1", 80, false},
        {GH_STR_INIT(SIGNATURE "\x21\x21\x00\x24\0\0\0\0\0\0\0\0\0\0\xff\xff\x01\x02\x03\x04" SIXTEEN
                               "\x00\x50\x01\xbb"),
         "1.2.3.4", 80, false},
        {{unix_header, sizeof unix_header}, "", 0, false},
        {GH_STR_INIT(SIGNATURE "\x21\x00\x00\x00"), "", 0, false},
        {GH_STR_INIT(SIGNATURE "\x20\x00\x00\x00"), "", 0, false},
        /* LOCAL: the family and what follows are skipped unread. */
        {GH_STR_INIT(SIGNATURE "\x20\xff\x00\x03xyz"), "", 0, false},
        {GH_STR_INIT(SIGNATURE "\x20\x11\x00\x0c" V4_ADDRESSES), "", 0, false},
        /* SSL, without the client's bit, and with a TLV that nobody knows. */
        {GH_STR_INIT(SIGNATURE "\x21\x11\x00\x14" V4_ADDRESSES SSL_TLV), "1.2.3.4", 4096, true},
        {GH_STR_INIT(SIGNATURE "\x21\x11\x00\x14" V4_ADDRESSES "\x20\x00\x05\x00\x00\x00\x00\x00"), "1.2.3.4",
         4096, false},
        {GH_STR_INIT(SIGNATURE "\x21\x11\x00\x18" V4_ADDRESSES "\xea\x00\x01v" SSL_TLV), "1.2.3.4", 4096,
         true},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char input[300], a[GH_IP_TEXT_MAX + 1];
        gh_str header = rows[i].header;
        memcpy(input, header.p, header.n);
        input[header.n] = 'G';
        gh_proxy_header h;
        for (size_t n = 0; n < header.n; n++)
            assert_int_equal(gh_proxy_v2_read((gh_str){input, n}, &h), GH_PROXY_MORE);
        assert_int_equal(gh_proxy_v2_read((gh_str){input, header.n + 1}, &h), GH_PROXY_DONE);
        assert_int_equal(h.used, header.n);
        assert_int_equal(h.local, rows[i].source[0] == '\0');
        assert_string_equal(text_of(&h.source, a), rows[i].source);
        assert_int_equal(h.source_port, rows[i].port);
        assert_int_equal(h.tls, rows[i].tls);
    }
}

static void v2_refuses(void **state)
{
    (void)state;
    static const gh_str rows[] = {
        GH_STR_INIT("G"),
        GH_STR_INIT("\r\n\r\nX"),
        GH_STR_INIT(SIGNATURE "\x11"),
        GH_STR_INIT(SIGNATURE "\x22"),
        GH_STR_INIT(SIGNATURE "\x2f"),
        GH_STR_INIT(SIGNATURE "\x21\x41"),
        GH_STR_INIT(SIGNATURE "\x21\x13"),
        GH_STR_INIT(SIGNATURE "\x21\x10"),
        GH_STR_INIT(SIGNATURE "\x21\x01"),
        /* Shorter than the addresses; told before they have come. */
        GH_STR_INIT(SIGNATURE "\x21\x11\x00\x0b"),
        GH_STR_INIT(SIGNATURE "\x21\x21\x00\x0c"),
        GH_STR_INIT(SIGNATURE "\x21\x31\x00\x0c"),
        /* Longer than is accepted. */
        GH_STR_INIT(SIGNATURE "\x21\x11\x0f\xf1"),
        GH_STR_INIT(SIGNATURE "\x20\x00\xff\xff"),
        /* TLVs: cut in their head, longer than the header, malformed SSL, SSL twice. */
        GH_STR_INIT(SIGNATURE "\x21\x11\x00\x0e" V4_ADDRESSES "\x01\x00"),
        GH_STR_INIT(SIGNATURE "\x21\x11\x00\x0f" V4_ADDRESSES "\x01\x00\x01"),
        GH_STR_INIT(SIGNATURE "\x21\x11\x00\x10" V4_ADDRESSES "\x20\x00\x01\x01"),
        GH_STR_INIT(SIGNATURE "\x21\x11\x00\x1c" V4_ADDRESSES SSL_TLV SSL_TLV),
        /* CRC32C: of the wrong length, and wrong. */
        GH_STR_INIT(SIGNATURE "\x21\x11\x00\x10" V4_ADDRESSES "\x03\x00\x01\x01"),
        GH_STR_INIT(SIGNATURE "\x21\x11\x00\x13" V4_ADDRESSES "\x03\x00\x04\x01\x02\x03\x04"),
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_proxy_header h = {.used = 7};
        if (gh_proxy_v2_read(rows[i], &h) != GH_PROXY_BAD)
            fail_msg("row %zu", i);
        assert_non_null(h.error);
        assert_int_equal(h.used, 7);
    }
}

static void crc32c_gives_the_published_vectors(void **state)
{
    (void)state;
    static const uint8_t zeros[32];
    uint8_t ones[32], rising[32];
    memset(ones, 0xff, sizeof ones);
    for (uint8_t i = 0; i < 32; i++)
        rising[i] = i;
    /* RFC 3720 appendix B.4, in host order. */
    assert_true(gh_crc32c(0, zeros, 32) == UINT32_C(0x8a9136aa));
    assert_true(gh_crc32c(0, ones, 32) == UINT32_C(0x62a8ab43));
    assert_true(gh_crc32c(0, rising, 32) == UINT32_C(0x46dd794e));
    assert_true(gh_crc32c(gh_crc32c(0, rising, 5), rising + 5, 27) == UINT32_C(0x46dd794e));
}

/* A header whose checksum is right is taken; with any one bit flipped it is not. */
static void v2_checks_crc32c(void **state)
{
    (void)state;
    static const char plain[] = SIGNATURE "\x21\x11\x00\x1b" V4_ADDRESSES "\x03\x00\x04\0\0\0\0" SSL_TLV;
    enum { SIZE = sizeof plain - 1, CRC_AT = 16 + 12 + 3 };
    uint8_t header[SIZE];
    memcpy(header, plain, SIZE);
    uint32_t crc = gh_crc32c(0, header, SIZE);
    for (unsigned i = 0; i < 4; i++)
        header[CRC_AT + i] = (uint8_t)(crc >> (24 - 8 * i));
    gh_proxy_header h;
    gh_str in = {(const char *)header, SIZE};
    assert_int_equal(gh_proxy_v2_read(in, &h), GH_PROXY_DONE);
    assert_true(h.tls);
    for (unsigned bit = 8 * 16; bit < 8 * SIZE; bit++) {
        if (bit / 8 >= 28 && bit / 8 < 31)
            continue; /* the TLV's own type and length: without them there is no checksum */
        header[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(gh_proxy_v2_read(in, &h), GH_PROXY_BAD);
        header[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v1_lines),           cmocka_unit_test(v1_refuses),
        cmocka_unit_test(v1_takes_107_bytes), cmocka_unit_test(v2_headers),
        cmocka_unit_test(v2_refuses),         cmocka_unit_test(crc32c_gives_the_published_vectors),
        cmocka_unit_test(v2_checks_crc32c),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
