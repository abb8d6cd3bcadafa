#include "base/ip.h"

#include <endian.h>

enum { V4_BITS = 32, V6_BITS = 128, GROUPS = 8 };

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

static unsigned bits_of(const gh_ip *ip)
{
    return ip->family == 4 ? V4_BITS : V6_BITS;
}

/* Four octets of 1 to 3 digits without leading zeros, each at most 255. */
static bool read_quad(const char *p, const char *end, uint8_t *ret)
{
    uint8_t quad[4];
    unsigned octet = 0, digits = 0, dots = 0;
    for (; p < end; p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (digit <= 9) {
            if (digits++ > 0 && octet == 0)
                return false;
            octet = octet * 10 + digit;
            if (octet > 255)
                return false;
        } else {
            if (*p != '.' || digits == 0 || dots == 3)
                return false;
            quad[dots++] = (uint8_t)octet;
            octet = digits = 0;
        }
    }
    if (digits == 0 || dots != 3)
        return false;
    quad[3] = (uint8_t)octet;
    memcpy(ret, quad, sizeof quad);
    return true;
}

/* The state of reading RFC 4291 section 2.2 text: bytes so far, and where "::" stood. */
typedef struct reader {
    const char *p, *end;
    uint8_t bytes[16];
    unsigned n;
    int gap; /* index into bytes, or -1 */
} reader;

/* Reads "hhhh", or a final dotted quad. */
static bool read_group(reader *r)
{
    const char *start = r->p;
    unsigned v = 0;
    int digit;
    while (r->p < r->end && r->p - start < 4 && (digit = gh_hex_value(*r->p)) >= 0) {
        v = v << 4 | (unsigned)digit;
        r->p++;
    }
    if (r->p < r->end && *r->p == '.') {
        if (r->n > 12 || !read_quad(start, r->end, r->bytes + r->n))
            return false;
        r->n += 4;
        r->p = r->end;
        return true;
    }
    if (r->p == start || r->n > 14)
        return false;
    r->bytes[r->n++] = (uint8_t)(v >> 8);
    r->bytes[r->n++] = (uint8_t)v;
    return true;
}

/* Reads ":" or "::" between groups; *ret_again: a group must follow. */
static bool read_colons(reader *r, bool *ret_again)
{
    *ret_again = true;
    if (*r->p++ != ':')
        return false;
    if (r->p == r->end || *r->p != ':')
        return r->p < r->end;
    if (r->gap >= 0)
        return false;
    r->p++;
    r->gap = (int)r->n;
    *ret_again = r->p < r->end;
    return true;
}

static bool read_v6(gh_str text, uint8_t *ret)
{
    reader r = {.p = text.p, .end = text.p + text.n, .gap = -1};
    bool again = true;
    if (*r.p == ':' && (text.n < 2 || r.p[1] != ':' || !read_colons(&r, &again)))
        return false;
    while (again) {
        if (!read_group(&r))
            return false;
        if (r.p == r.end)
            break;
        if (!read_colons(&r, &again))
            return false;
    }
    if (r.gap < 0 ? r.n != 16 : r.n > 14)
        return false;
    memset(ret, 0, 16);
    unsigned before = r.gap < 0 ? 16 : (unsigned)r.gap;
    memcpy(ret, r.bytes, before);
    memcpy(ret + 16 - (r.n - before), r.bytes + before, r.n - before);
    return true;
}

bool gh_ip_parse(gh_str text, gh_ip *ret)
{
    if (text.n < 2 || text.n >= GH_IP_TEXT_MAX)
        return false;
    /* A colon is among the first five characters of every IPv6 address, and in no IPv4 one. */
    if (memchr(text.p, ':', text.n < 5 ? text.n : 5) == NULL) {
        gh_ip ip = {.family = 4};
        if (!read_quad(text.p, text.p + text.n, ip.bytes))
            return false;
        *ret = ip;
        return true;
    }
    gh_ip ip = {.family = 6};
    if (!read_v6(text, ip.bytes))
        return false;
    if (memcmp(ip.bytes, mapped_prefix, sizeof mapped_prefix) == 0) {
        gh_ip v4 = {.family = 4};
        memcpy(v4.bytes, ip.bytes + 12, 4);
        ip = v4;
    }
    *ret = ip;
    return true;
}

/* The prefix length behind "/": digits without a leading zero. */
static bool read_prefix(gh_str text, unsigned max, unsigned *ret)
{
    uint64_t v;
    if (text.n > 3 || !gh_str_u64(text, &v) || v > max || (text.n > 1 && text.p[0] == '0'))
        return false;
    *ret = (unsigned)v;
    return true;
}

bool gh_cidr_parse(gh_str text, gh_cidr *ret, const char **ret_why)
{
    size_t slash = gh_str_find(text, '/');
    gh_str address = gh_str_cut(text, 0, slash);
    gh_ip ip;
    if (!gh_ip_parse(address, &ip)) {
        *ret_why = "not an IP address";
        return false;
    }
    /* "::ffff:10.0.0.0/104" is 10.0.0.0/8: its first 96 bits are gone with the mapping. */
    unsigned gone = ip.family == 4 && gh_str_find(address, ':') < address.n ? V6_BITS - V4_BITS : 0;
    unsigned prefix = bits_of(&ip) + gone;
    if (slash < text.n && !read_prefix(gh_str_cut(text, slash + 1, text.n), prefix, &prefix)) {
        *ret_why = ip.family == 4 && gone == 0 ? "the prefix length must be 0 to 32"
                                               : "the prefix length must be 0 to 128";
        return false;
    }
    gh_cidr net = {ip, (uint8_t)(prefix < gone ? 0 : prefix - gone)};
    gh_ip base = gh_ip_mask(&ip, net.prefix);
    if (prefix < gone || !gh_ip_eq(&base, &ip)) {
        *ret_why = "the address has bits set behind the prefix length";
        return false;
    }
    *ret = net;
    return true;
}

static char *put_quad(const uint8_t *bytes, char *at)
{
    for (unsigned i = 0; i < 4; i++) {
        unsigned v = bytes[i];
        if (i > 0)
            *at++ = '.';
        if (v >= 100)
            *at++ = (char)('0' + v / 100);
        if (v >= 10)
            *at++ = (char)('0' + v / 10 % 10);
        *at++ = (char)('0' + v % 10);
    }
    return at;
}

static char *put_group(unsigned v, char *at)
{
    static const char digits[] = "0123456789abcdef";
    unsigned shift = v > 0xfff ? 12 : v > 0xff ? 8 : v > 0xf ? 4 : 0;
    for (;; shift -= 4) {
        *at++ = digits[v >> shift & 15];
        if (shift == 0)
            return at;
    }
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952 section 4.2). */
static unsigned longest_run(const unsigned *groups, unsigned *ret_length)
{
    unsigned best = GROUPS, best_length = 1;
    for (unsigned i = 0; i < GROUPS; i++) {
        unsigned length = 0;
        while (i + length < GROUPS && groups[i + length] == 0)
            length++;
        if (length > best_length) {
            best = i;
            best_length = length;
        }
        i += length;
    }
    *ret_length = best_length;
    return best;
}

static char *put_groups(const uint8_t *bytes, char *at)
{
    unsigned groups[GROUPS], length;
    for (unsigned i = 0; i < GROUPS; i++)
        groups[i] = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
    unsigned gap = longest_run(groups, &length);
    for (unsigned i = 0; i < GROUPS; i++) {
        if (i == gap) {
            *at++ = ':';
            *at++ = ':';
            i += length - 1;
            continue;
        }
        if (i > 0 && i != gap + length)
            *at++ = ':';
        at = put_group(groups[i], at);
    }
    return at;
}

void gh_ip_format(const gh_ip *ip, gh_buf *out)
{
    char text[GH_IP_TEXT_MAX];
    char *end = ip->family == 4   ? put_quad(ip->bytes, text)
                : ip->family == 6 ? put_groups(ip->bytes, text)
                                  : text;
    gh_buf_put(out, (gh_str){text, (size_t)(end - text)});
}

bool gh_ip_eq(const gh_ip *a, const gh_ip *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static bool contains_v4(const gh_cidr *net, const gh_ip *ip)
{
    uint32_t a, b;
    memcpy(&a, net->base.bytes, sizeof a);
    memcpy(&b, ip->bytes, sizeof b);
    return net->prefix == 0 || be32toh(a ^ b) >> (V4_BITS - net->prefix) == 0;
}

static bool contains_v6(const gh_cidr *net, const gh_ip *ip)
{
    uint64_t a[2], b[2];
    memcpy(a, net->base.bytes, sizeof a);
    memcpy(b, ip->bytes, sizeof b);
    if (net->prefix <= 64)
        return net->prefix == 0 || be64toh(a[0] ^ b[0]) >> (64 - net->prefix) == 0;
    return a[0] == b[0] && be64toh(a[1] ^ b[1]) >> (V6_BITS - net->prefix) == 0;
}

bool gh_cidr_contains(const gh_cidr *net, const gh_ip *ip)
{
    if (ip->family == 0 || ip->family != net->base.family)
        return false;
    return ip->family == 4 ? contains_v4(net, ip) : contains_v6(net, ip);
}

bool gh_cidr_any(const gh_cidr *nets, size_t n, const gh_ip *ip)
{
    for (size_t i = 0; i < n; i++)
        if (gh_cidr_contains(&nets[i], ip))
            return true;
    return false;
}

gh_ip gh_ip_mask(const gh_ip *ip, uint8_t prefix)
{
    gh_ip masked = *ip;
    unsigned bits = bits_of(ip);
    if (prefix >= bits)
        return masked;
    unsigned whole = prefix / 8;
    masked.bytes[whole] &= (uint8_t)(0xff00u >> prefix % 8);
    memset(masked.bytes + whole + 1, 0, sizeof masked.bytes - whole - 1);
    return masked;
}

bool gh_ip_is_loopback(const gh_ip *ip)
{
    static const gh_ip one = {.family = 6, .bytes = {[15] = 1}};
    return ip->family == 4 ? ip->bytes[0] == 127 : gh_ip_eq(ip, &one);
}
