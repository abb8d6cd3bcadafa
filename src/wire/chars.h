/* Character classes of HTTP and URI syntax as one table, and the scanners over them.
 *
 * A scanner returns the first byte in [at, end) that is not of its class, or end. It never reads
 * outside the range, so slices may end anywhere. */
#ifndef GH_WIRE_CHARS_H
#define GH_WIRE_CHARS_H

#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/slice.h"

enum {
    GH_CHAR_VALUE = 1 << 0,      /* field-vchar, SP, HTAB, obs-text (RFC 9110 section 5.5) */
    GH_CHAR_VISIBLE = 1 << 1,    /* VCHAR: 0x21..0x7E */
    GH_CHAR_UNRESERVED = 1 << 2, /* RFC 3986 section 2.3 */
    GH_CHAR_PATH = 1 << 3,       /* kept as it is in a path: visible but not "%", "\", "#", "?" */
    GH_CHAR_QUERY = 1 << 4,      /* kept as it is in a query: visible but not "%", "#" */
    GH_CHAR_HEX = 1 << 5,
    GH_CHAR_REG_NAME = 1 << 6, /* what Gatehouse takes in a host name: ALPHA, DIGIT, "-", ".", "_" */
    GH_CHAR_QUOTED = 1 << 7    /* SP and visible ASCII but not DQUOTE and "\" */
};

extern const uint8_t gh_char_class[256];
/* The lower-case form of each token character (RFC 9110 section 5.6.2), 0 for all others. */
extern const uint8_t gh_token_lower[256];

static inline bool gh_char_is(char c, unsigned classes)
{
    return (gh_char_class[(unsigned char)c] & classes) != 0;
}

static inline const char *gh_skip_class(const char *at, const char *end, unsigned classes)
{
    while (at < end && gh_char_is(*at, classes))
        at++;
    return at;
}

static inline const char *gh_skip_token(const char *at, const char *end)
{
    while (at < end && gh_token_lower[(unsigned char)*at] != 0)
        at++;
    return at;
}

#ifdef __SSE2__
/* Sixteen bytes a step: values and targets are most of a head. */
static inline const char *gh_skip_value(const char *at, const char *end)
{
    const __m128i last_control = _mm_set1_epi8(0x1f);
    const __m128i tab = _mm_set1_epi8('\t'), del = _mm_set1_epi8(0x7f);
    for (; end - at >= 16; at += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, last_control), v);
        __m128i refused = _mm_andnot_si128(_mm_cmpeq_epi8(v, tab), control);
        unsigned mask = (unsigned)_mm_movemask_epi8(_mm_or_si128(refused, _mm_cmpeq_epi8(v, del)));
        if (mask != 0)
            return at + __builtin_ctz(mask);
    }
    return gh_skip_class(at, end, GH_CHAR_VALUE);
}

static inline __m128i gh_in_range(__m128i v, char first, char last)
{
    __m128i past = _mm_sub_epi8(v, _mm_set1_epi8(first));
    return _mm_cmpeq_epi8(_mm_min_epu8(past, _mm_set1_epi8((char)(last - first))), past);
}

/* As far as there are letters, digits and "-", of which nearly all names consist. */
static inline const char *gh_fold_common(const char *at, const char *end, char *low)
{
    for (; end - at >= 16; at += 16, low += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i capital = gh_in_range(v, 'A', 'Z');
        __m128i folded = _mm_or_si128(v, _mm_and_si128(capital, _mm_set1_epi8('a' - 'A')));
        __m128i plain = _mm_or_si128(gh_in_range(v, '0', '9'), _mm_cmpeq_epi8(v, _mm_set1_epi8('-')));
        __m128i common = _mm_or_si128(gh_in_range(folded, 'a', 'z'), plain);
        unsigned mask = ~(unsigned)_mm_movemask_epi8(common) & 0xffffu;
        _mm_storeu_si128((__m128i *)(void *)low, folded);
        if (mask != 0)
            return at + __builtin_ctz(mask);
    }
    return at;
}

static inline const char *gh_skip_visible(const char *at, const char *end)
{
    const __m128i space = _mm_set1_epi8(' '), del = _mm_set1_epi8(0x7f);
    for (; end - at >= 16; at += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, space), v);
        __m128i high = _mm_cmpeq_epi8(_mm_max_epu8(v, del), v);
        unsigned mask = (unsigned)_mm_movemask_epi8(_mm_or_si128(low, high));
        if (mask != 0)
            return at + __builtin_ctz(mask);
    }
    return gh_skip_class(at, end, GH_CHAR_VISIBLE);
}
#else
static inline const char *gh_fold_common(const char *at, const char *end, char *low)
{
    (void)end;
    (void)low;
    return at;
}

static inline const char *gh_skip_value(const char *at, const char *end)
{
    return gh_skip_class(at, end, GH_CHAR_VALUE);
}

static inline const char *gh_skip_visible(const char *at, const char *end)
{
    return gh_skip_class(at, end, GH_CHAR_VISIBLE);
}
#endif

/* Skips a token and writes its lower-case form; low has room for all of the range, and what it holds behind the token is
 * anything. */
static inline const char *gh_fold_token(const char *at, const char *end, char *low)
{
    const char *start = at;
    unsigned char c;
    for (at = gh_fold_common(at, end, low); at < end && (c = gh_token_lower[(unsigned char)*at]) != 0; at++)
        low[at - start] = (char)c;
    return at;
}

#endif
