#include "base/base64url.h"

/* One more than the value of a character; 0: not in the alphabet. */
static const uint8_t places[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64};

/* The value, or a number with bits above the lower six. */
static uint32_t value(uint8_t c)
{
    return places[c] - 1u;
}

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void gh_base64url_put(gh_buf *out, gh_str bytes)
{
    size_t size = gh_base64url_size(bytes.n), i = 0;
    if (gh_unlikely(size > gh_buf_room(out))) {
        out->overflow = true;
        return;
    }
    const uint8_t *in = (const uint8_t *)bytes.p;
    char *to = out->p + out->n;
    for (; bytes.n - i >= 3; i += 3) {
        uint32_t v = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8 | in[i + 2];
        *to++ = digits[v >> 18];
        *to++ = digits[v >> 12 & 63];
        *to++ = digits[v >> 6 & 63];
        *to++ = digits[v & 63];
    }
    if (i < bytes.n) {
        bool two = bytes.n - i == 2;
        uint32_t v = (uint32_t)in[i] << 16 | (two ? (uint32_t)in[i + 1] << 8 : 0);
        *to++ = digits[v >> 18];
        *to++ = digits[v >> 12 & 63];
        if (two)
            *to++ = digits[v >> 6 & 63];
    }
    out->n += size;
}

/* The last two or three characters: one or two bytes, and bits that must be zero. */
static bool read_rest(const uint8_t *in, size_t n, uint8_t *to)
{
    uint32_t a = value(in[0]), b = value(in[1]), c = n == 3 ? value(in[2]) : 0;
    uint32_t v = a << 18 | b << 12 | c << 6;
    to[0] = (uint8_t)(v >> 16);
    if (n == 3)
        to[1] = (uint8_t)(v >> 8);
    return (a | b | c) < 64 && (v & (n == 3 ? 0xffu : 0xffffu)) == 0;
}

bool gh_base64url_read(gh_str text, uint8_t *ret)
{
    const uint8_t *in = (const uint8_t *)text.p;
    size_t rest = text.n % 4, whole = text.n - rest;
    uint32_t wrong = 0;
    if (rest == 1)
        return false;
    for (size_t i = 0; i < whole; i += 4) {
        uint32_t a = value(in[i]), b = value(in[i + 1]), c = value(in[i + 2]), d = value(in[i + 3]);
        uint32_t v = a << 18 | b << 12 | c << 6 | d;
        wrong |= a | b | c | d;
        *ret++ = (uint8_t)(v >> 16);
        *ret++ = (uint8_t)(v >> 8);
        *ret++ = (uint8_t)v;
    }
    return wrong < 64 && (rest == 0 || read_rest(in + whole, rest, ret));
}
