#include "wire/proxy_protocol.h"

static const char v2_signature[12] = "\r\n\r\n\0\r\nQUIT\n";

enum {
    V2_FIXED = 16,   /* signature, version and command, family, length */
    V2_LOCAL = 0x20, /* version 2 in the high half, the command in the low one */
    V2_PROXY = 0x21,
    V2_TLV_HEAD = 3,
    TLV_CRC32C = 0x03,
    TLV_SSL = 0x20,
    SSL_CLIENT_SSL = 0x01,
    SSL_FIXED = 5 /* client bits, verify */
};

static enum gh_proxy_result bad(gh_proxy_header *ret, const char *why)
{
    ret->error = why;
    return GH_PROXY_BAD;
}

/* A port without leading zeros, 0 to 65535. */
static bool read_port(gh_str text, uint16_t *ret)
{
    uint64_t v;
    if (text.n > 5 || (text.n > 1 && text.p[0] == '0') || !gh_str_u64(text, &v) || v > UINT16_MAX)
        return false;
    *ret = (uint16_t)v;
    return true;
}

/* An address of the protocol's own family: an IPv4-mapped one in a TCP6 line is right. */
static bool read_address(gh_str text, bool v6, gh_ip *ret)
{
    return (gh_str_find(text, ':') < text.n) == v6 && gh_ip_parse(text, ret);
}

/* "SOURCE DESTINATION PORT PORT" */
static bool read_v1_addresses(gh_str text, bool v6, gh_proxy_header *h)
{
    gh_str part[4], extra;
    for (unsigned i = 0; i < 4; i++)
        if (!gh_str_next(&text, ' ', &part[i]))
            return false;
    return !gh_str_next(&text, ' ', &extra) && read_address(part[0], v6, &h->source) &&
           read_address(part[1], v6, &h->destination) && read_port(part[2], &h->source_port) &&
           read_port(part[3], &h->destination_port);
}

/* The line's end, or MORE, or BAD as soon as no whole line can come of it. */
static enum gh_proxy_result find_v1_line(gh_str in, gh_str *ret_line, gh_proxy_header *ret)
{
    gh_str start = GH_STR("PROXY ");
    size_t have = in.n < start.n ? in.n : start.n;
    if (have > 0 && memcmp(in.p, start.p, have) != 0)
        return bad(ret, "does not begin with \"PROXY \"");
    gh_str within = gh_str_cut(in, 0, GH_PROXY_V1_MAX);
    size_t cr = gh_str_find(within, '\r');
    if (gh_str_find(gh_str_cut(within, 0, cr), '\n') < cr)
        return bad(ret, "LF without CR");
    if (cr + 1 < within.n && in.p[cr + 1] != '\n')
        return bad(ret, "CR without LF");
    if (cr + 1 < within.n) {
        *ret_line = gh_str_cut(in, start.n, cr);
        return GH_PROXY_DONE;
    }
    return within.n == GH_PROXY_V1_MAX ? bad(ret, "the line is longer than 107 bytes") : GH_PROXY_MORE;
}

enum gh_proxy_result gh_proxy_v1_read(gh_str in, gh_proxy_header *ret)
{
    gh_str line, family;
    enum gh_proxy_result result = find_v1_line(in, &line, ret);
    if (result != GH_PROXY_DONE)
        return result;
    gh_proxy_header h = {.used = sizeof "PROXY " - 1 + line.n + 2};
    if (!gh_str_next(&line, ' ', &family))
        return bad(ret, "no family");
    bool tcp4 = gh_str_eq(family, GH_STR("TCP4")), tcp6 = gh_str_eq(family, GH_STR("TCP6"));
    /* What follows UNKNOWN is to be ignored. */
    h.local = gh_str_eq(family, GH_STR("UNKNOWN"));
    if (!h.local && !tcp4 && !tcp6)
        return bad(ret, "the family is not TCP4, TCP6 or UNKNOWN");
    if (!h.local && !read_v1_addresses(line, tcp6, &h))
        return bad(ret, "malformed addresses");
    *ret = h;
    return GH_PROXY_DONE;
}

uint32_t gh_crc32c(uint32_t crc, const void *data, size_t n)
{
    const uint8_t *p = data;
    crc = ~crc;
    /* Bit by bit: headers are short and come once a connection. */
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (UINT32_C(0x82f63b78) & (0 - (crc & 1)));
    }
    return ~crc;
}

static unsigned u16_at(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static gh_ip ip_at(const uint8_t *p, uint8_t family)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    gh_ip ip = {.family = family};
    if (family == 6 && memcmp(p, mapped, sizeof mapped) == 0) {
        ip.family = 4;
        p += sizeof mapped;
    }
    memcpy(ip.bytes, p, ip.family == 4 ? 4 : 16);
    return ip;
}

/* The checksum is of the whole header with its own four bytes as zero. */
static bool crc_holds(const uint8_t *header, size_t n, const uint8_t *value)
{
    static const uint8_t zero[4];
    size_t before = (size_t)(value - header);
    uint32_t want = (uint32_t)u16_at(value) << 16 | u16_at(value + 2);
    uint32_t crc = gh_crc32c(0, header, before);
    crc = gh_crc32c(crc, zero, sizeof zero);
    return gh_crc32c(crc, value + 4, n - before - 4) == want;
}

/* NULL when all are right, else what is wrong. */
static const char *read_tlvs(const uint8_t *header, size_t at, size_t n, gh_proxy_header *h)
{
    bool crc_seen = false, ssl_seen = false;
    while (at < n) {
        if (n - at < V2_TLV_HEAD)
            return "a truncated TLV";
        uint8_t type = header[at];
        size_t length = u16_at(header + at + 1);
        const uint8_t *value = header + at + V2_TLV_HEAD;
        if (length > n - at - V2_TLV_HEAD)
            return "a TLV longer than the header";
        if (type == TLV_CRC32C) {
            if (crc_seen || length != 4 || !crc_holds(header, n, value))
                return "the CRC32C does not hold";
            crc_seen = true;
        } else if (type == TLV_SSL) {
            if (ssl_seen || length < SSL_FIXED)
                return "a malformed SSL TLV";
            ssl_seen = true;
            h->tls = (value[0] & SSL_CLIENT_SSL) != 0;
        }
        at += V2_TLV_HEAD + length;
    }
    return NULL;
}

/* Bytes of the address block by the family byte; -1: no such family. */
static int address_size(uint8_t family)
{
    switch (family) {
    case 0x00: /* UNSPEC */
        return 0;
    case 0x11: /* INET, STREAM */
    case 0x12: /* INET, DGRAM */
        return 12;
    case 0x21: /* INET6 */
    case 0x22:
        return 36;
    case 0x31: /* UNIX */
    case 0x32:
        return 216;
    default:
        return -1;
    }
}

static bool has_ip(uint8_t family)
{
    return family >> 4 == 1 || family >> 4 == 2;
}

static void read_v2_addresses(const uint8_t *header, gh_proxy_header *h)
{
    uint8_t family = header[13] >> 4 == 1 ? 4 : 6;
    size_t size = family == 4 ? 4 : 16;
    const uint8_t *p = header + V2_FIXED;
    h->source = ip_at(p, family);
    h->destination = ip_at(p + size, family);
    h->source_port = (uint16_t)u16_at(p + 2 * size);
    h->destination_port = (uint16_t)u16_at(p + 2 * size + 2);
}

/* The first 16 bytes: their errors are told before the rest has come. */
static const char *check_v2_fixed(gh_str in)
{
    size_t have = in.n < sizeof v2_signature ? in.n : sizeof v2_signature;
    if (have > 0 && memcmp(in.p, v2_signature, have) != 0)
        return "no version 2 signature";
    if (in.n > 12 && in.p[12] != V2_LOCAL && in.p[12] != V2_PROXY)
        return "not version 2 with LOCAL or PROXY";
    /* The family byte of LOCAL is to be ignored. */
    if (in.n > 13 && in.p[12] == V2_PROXY && address_size((uint8_t)in.p[13]) < 0)
        return "an unknown address family";
    return NULL;
}

enum gh_proxy_result gh_proxy_v2_read(gh_str in, gh_proxy_header *ret)
{
    const char *why = check_v2_fixed(in);
    if (why != NULL)
        return bad(ret, why);
    if (in.n < V2_FIXED)
        return GH_PROXY_MORE;
    const uint8_t *header = (const uint8_t *)in.p;
    size_t n = V2_FIXED + u16_at(header + 14);
    if (n > GH_PROXY_V2_MAX)
        return bad(ret, "the header is longer than 4096 bytes");
    bool local = header[12] == V2_LOCAL;
    /* What follows LOCAL is to be skipped by its length alone. */
    size_t tlvs = local ? n : V2_FIXED + (size_t)address_size(header[13]);
    if (tlvs > n)
        return bad(ret, "shorter than its addresses");
    if (in.n < n)
        return GH_PROXY_MORE;
    gh_proxy_header h = {.used = n, .local = local || !has_ip(header[13])};
    why = read_tlvs(header, tlvs, n, &h);
    if (why != NULL)
        return bad(ret, why);
    if (!h.local)
        read_v2_addresses(header, &h);
    *ret = h;
    return GH_PROXY_DONE;
}
