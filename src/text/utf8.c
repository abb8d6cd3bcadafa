#include "text/utf8.h"

static const uint64_t high_bits = UINT64_C(0x8080808080808080);

static uint64_t eight(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

static bool is_continuation(char c)
{
    return ((uint8_t)c & 0xc0) == 0x80;
}

size_t gh_utf8_valid(gh_str s)
{
    size_t i = 0;
    while (i < s.n) {
        if (s.n - i >= 8 && (eight(s.p + i) & high_bits) == 0) {
            i += 8;
            continue;
        }
        size_t length = (uint8_t)s.p[i] < 0x80 ? 1 : gh_utf8_sequence(s.p + i, s.n - i);
        if (length == 0)
            break;
        i += length;
    }
    return i;
}

/* Bytes that begin a sequence: all but those of the form 10xxxxxx. */
size_t gh_utf8_count(gh_str s)
{
    size_t count = s.n, i = 0;
    for (; s.n - i >= 8; i += 8) {
        uint64_t word = eight(s.p + i);
        count -= (size_t)__builtin_popcountll(word & ~(word << 1) & high_bits);
    }
    for (; i < s.n; i++)
        count -= is_continuation(s.p[i]);
    return count;
}

uint32_t gh_utf8_next(gh_str *s)
{
    uint8_t lead = (uint8_t)s->p[0];
    size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (length > s->n) /* not valid, which the caller promised it was: do not read on all the same */
        length = s->n;
    uint32_t point = lead < 0x80 ? lead : lead & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++)
        point = point << 6 | ((uint8_t)s->p[i] & 0x3fu);
    s->p += length;
    s->n -= length;
    return point;
}

size_t gh_utf8_put(char to[4], uint32_t code_point)
{
    static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t length = code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    for (size_t i = length; i-- > 1; code_point >>= 6)
        to[i] = (char)(0x80 | (code_point & 0x3f));
    to[0] = (char)(leads[length] | code_point);
    return length;
}

gh_str gh_utf8_first(gh_str s, size_t count)
{
    size_t i = 0;
    if (count >= s.n)
        return s;
    for (; i < s.n; i++) {
        if (is_continuation(s.p[i]))
            continue;
        if (count-- == 0)
            break;
    }
    return gh_str_cut(s, 0, i);
}
