#include "wire/json_lexer.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "text/utf8.h"

enum { STEP = 16 };

bool gh_json_refuse(gh_json_lexer *lexer, const char *at, const char *why)
{
    lexer->why = why;
    lexer->wrong_at = at;
    return false;
}

bool gh_json_refuse_size(gh_json_lexer *lexer, const char *at, const char *why)
{
    lexer->too_large = true;
    return gh_json_refuse(lexer, at, why);
}

static bool refuse_end(gh_json_lexer *lexer)
{
    return gh_json_refuse(lexer, lexer->end, "the text ends inside a string");
}

/* What stands for itself in a string and is one byte long. */
static const bool plain[256] = {[' ' ... '!'] = true, ['#' ... '['] = true, [']' ... 0x7f] = true};

#ifdef __SSE2__
/* One bit for each of the bytes at p that is not plain. */
static unsigned special_of(__m128i v)
{
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
    __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
    /* The last operand is for bytes from 0x80 on: movemask takes the top bit. */
    return (unsigned)_mm_movemask_epi8(
        _mm_or_si128(_mm_or_si128(control, quote), _mm_or_si128(backslash, v)));
}
#endif

static const char *skip_plain(const char *at, const char *end)
{
#ifdef __SSE2__
    for (; end - at >= STEP; at += STEP) {
        unsigned special = special_of(_mm_loadu_si128((const __m128i *)(const void *)at));
        if (special != 0)
            return at + __builtin_ctz(special);
    }
#endif
    while (at < end && plain[(uint8_t)*at])
        at++;
    return at;
}

/* A hexadecimal digit's value and one; 0: no digit. */
/* clang-format off */
static const uint8_t hex_and_one[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10,
    ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16};
/* clang-format on */

/* Four hexadecimal digits, or -1. */
static int32_t hex4(const char *at, const char *end)
{
    int32_t value = 0;
    if (end - at < 4)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        uint8_t digit = hex_and_one[(uint8_t)at[i]];
        if (digit == 0)
            return -1;
        value = value << 4 | (digit - 1);
    }
    return value;
}

static bool is_high(int32_t unit)
{
    return (unit & 0xfc00) == 0xd800;
}

static bool is_low(int32_t unit)
{
    return (unit & 0xfc00) == 0xdc00;
}

/* at: behind "\u" of the escape that begins at `from`. */
static bool check_unicode_escape(gh_json_lexer *l, const char *from)
{
    int32_t unit = hex4(l->at, l->end);
    if (unit < 0)
        return gh_json_refuse(l, from, "\\u without four hexadecimal digits");
    l->at += 4;
    if (is_low(unit))
        return gh_json_refuse(l, from, "the second half of a surrogate pair without the first");
    if (!is_high(unit))
        return true;
    bool pair = l->end - l->at >= 2 && l->at[0] == '\\' && l->at[1] == 'u';
    if (!pair || !is_low(hex4(l->at + 2, l->end)))
        return gh_json_refuse(l, from, "the first half of a surrogate pair without the second");
    l->at += 6;
    return true;
}

/* What an escape of one character stands for; 0: there is none. */
static const char simple_escapes[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                         ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};

/* at: a backslash. */
static bool check_escape(gh_json_lexer *l)
{
    const char *from = l->at;
    if (l->end - from < 2)
        return refuse_end(l);
    l->at += 2;
    if (from[1] == 'u')
        return check_unicode_escape(l, from);
    if (simple_escapes[(uint8_t)from[1]] == 0)
        return gh_json_refuse(l, from, "an escape that JSON does not have");
    return true;
}

/* at: a byte from 0x80 on. Takes all such bytes. */
static bool check_utf8(gh_json_lexer *l)
{
    while (l->at < l->end && (uint8_t)*l->at >= 0x80) {
        size_t length = gh_utf8_sequence(l->at, (size_t)(l->end - l->at));
        if (length == 0)
            return gh_json_refuse(l, l->at, "bytes that are not UTF-8");
        l->at += length;
    }
    return true;
}

static char *copy_plain(const char **at, const char *end, char *to)
{
    const char *from = *at;
#ifdef __SSE2__
    /* Each store has its room: see decode(). */
    for (; end - from >= STEP; from += STEP, to += STEP) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)from);
        unsigned mask = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
        _mm_storeu_si128((__m128i *)(void *)to, v);
        if (mask != 0) {
            *at = from + __builtin_ctz(mask);
            return to + __builtin_ctz(mask);
        }
    }
#endif
    while (from < end && *from != '\\')
        *to++ = *from++;
    *at = from;
    return to;
}

static char *put_unicode_escape(const char **at, const char *end, char *to)
{
    int32_t unit = hex4(*at, end);
    *at += 4;
    uint32_t point = (uint32_t)unit;
    if (is_high(unit)) {
        point = 0x10000 + ((point & 0x3ff) << 10) + ((uint32_t)hex4(*at + 2, end) & 0x3ff);
        *at += 6;
    }
    return to + gh_utf8_put(to, point);
}

/* raw: checked. What is decoded is never longer than what stands for it, so no byte is written behind raw.n. */
static bool decode(gh_json_lexer *l, gh_str raw, gh_str *ret)
{
    char *memory = gh_arena_alloc(l->arena, raw.n);
    const char *at = raw.p, *end = raw.p + raw.n;
    char *to = memory;
    if (memory == NULL)
        return gh_json_refuse_size(l, raw.p, "no memory left");
    for (;;) {
        to = copy_plain(&at, end, to);
        if (at == end)
            break;
        at += 2;
        if (at[-1] == 'u')
            to = put_unicode_escape(&at, end, to);
        else
            *to++ = simple_escapes[(uint8_t)at[-1]];
    }
    *ret = (gh_str){memory, (size_t)(to - memory)};
    return true;
}

bool gh_json_lex_string(gh_json_lexer *l, gh_str *ret)
{
    const char *from = l->at;
    bool escaped = false, good = true;
    while (good) {
        l->at = skip_plain(l->at, l->end);
        if (l->at == l->end)
            return refuse_end(l);
        char c = *l->at;
        if (c == '"') {
            *ret = (gh_str){from, (size_t)(l->at - from)};
            l->at++;
            return !escaped || decode(l, *ret, ret);
        }
        if (c == '\\') {
            escaped = true;
            good = check_escape(l);
        } else
            good = (uint8_t)c >= 0x80 ? check_utf8(l)
                                      : gh_json_refuse(l, l->at, "a control character in a string");
    }
    return false;
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && gh_is_digit(*at))
        at++;
    return at;
}

/* Digits must follow. */
static bool lex_digits(gh_json_lexer *l)
{
    const char *from = l->at;
    l->at = skip_digits(from, l->end);
    if (l->at == from)
        return gh_json_refuse(l, from, "a number that lacks a digit here");
    return true;
}

/* at: behind the "e". */
static bool lex_exponent(gh_json_lexer *l)
{
    if (l->at < l->end && (*l->at == '+' || *l->at == '-'))
        l->at++;
    const char *from = l->at;
    size_t value = 0;
    if (!lex_digits(l))
        return false;
    for (const char *p = from; p < l->at; p++) {
        if (value > (SIZE_MAX - 9) / 10)
            return gh_json_refuse_size(l, from, "an exponent that is too large");
        value = value * 10 + (size_t)(*p - '0');
    }
    if (value > l->limits->exponent)
        return gh_json_refuse_size(l, from, "an exponent that is too large");
    return true;
}

static bool lex_number_parts(gh_json_lexer *l)
{
    if (*l->at == '-')
        l->at++;
    const char *from = l->at;
    if (!lex_digits(l))
        return false;
    if (*from == '0' && l->at - from > 1)
        return gh_json_refuse(l, from, "a number with a leading zero");
    if (l->at < l->end && *l->at == '.') {
        l->at++;
        if (!lex_digits(l))
            return false;
    }
    if (l->at < l->end && (*l->at == 'e' || *l->at == 'E')) {
        l->at++;
        return lex_exponent(l);
    }
    return true;
}

bool gh_json_lex_number(gh_json_lexer *l, gh_str *ret)
{
    const char *from = l->at;
    if (!lex_number_parts(l))
        return false;
    *ret = (gh_str){from, (size_t)(l->at - from)};
    if (ret->n > l->limits->number)
        return gh_json_refuse_size(l, from, "a number that is too long");
    return true;
}
