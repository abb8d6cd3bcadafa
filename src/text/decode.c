#include "text/decode.h"

#include <utf8proc.h>

#include "text/utf8.h"

/* clang-format off */
/* Names of references that stand for ASCII (HTML section 13.5). `bare`: also read without ";". */
static const struct reference {
    gh_str name;
    char c;
    bool bare;
} references[] = {
    {GH_STR_INIT("lt"), '<', true},      {GH_STR_INIT("gt"), '>', true},      {GH_STR_INIT("amp"), '&', true},
    {GH_STR_INIT("quot"), '"', true},    {GH_STR_INIT("apos"), '\'', false},  {GH_STR_INIT("tab"), '\t', false},
    {GH_STR_INIT("newline"), '\n', false}, {GH_STR_INIT("colon"), ':', false}, {GH_STR_INIT("semi"), ';', false},
    {GH_STR_INIT("sol"), '/', false},    {GH_STR_INIT("bsol"), '\\', false},  {GH_STR_INIT("lpar"), '(', false},
    {GH_STR_INIT("rpar"), ')', false},   {GH_STR_INIT("equals"), '=', false}, {GH_STR_INIT("comma"), ',', false},
    {GH_STR_INIT("period"), '.', false}, {GH_STR_INIT("num"), '#', false},    {GH_STR_INIT("percnt"), '%', false},
    {GH_STR_INIT("nbsp"), ' ', true},    {GH_STR_INIT("grave"), '`', false},  {GH_STR_INIT("excl"), '!', false},
    {GH_STR_INIT("lsqb"), '[', false},   {GH_STR_INIT("rsqb"), ']', false},   {GH_STR_INIT("plus"), '+', false},
    {GH_STR_INIT("ast"), '*', false},    {GH_STR_INIT("lowbar"), '_', false}, {GH_STR_INIT("commat"), '@', false},
};
/* clang-format on */

enum { REFERENCE_MAX = 7, DIGITS_MAX = 8 };

static void put_code(gh_buf *out, uint32_t code)
{
    char bytes[4];
    gh_buf_put(out, (gh_str){bytes, gh_utf8_put(bytes, code)});
}

static bool is_scalar(uint32_t code)
{
    return code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF);
}

/* `digits` hexadecimal digits at s[i]: their value, or -1. */
static int32_t hex_at(gh_str s, size_t i, unsigned digits)
{
    int32_t value = 0;
    if (i > s.n || s.n - i < digits)
        return -1;
    for (unsigned k = 0; k < digits; k++) {
        int digit = gh_hex_value(s.p[i + k]);
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

/* The take_ functions read an escape at s[i], write what it stands for, and return its size; 0: none. */

static size_t take_code(gh_str s, size_t i, unsigned prefix, unsigned digits, gh_buf *out)
{
    int32_t code = hex_at(s, i + prefix, digits);
    if (code < 0 || !is_scalar((uint32_t)code))
        return 0;
    put_code(out, (uint32_t)code);
    return prefix + digits;
}

static size_t take_percent(gh_str s, size_t i, gh_buf *out)
{
    if (s.n - i > 1 && gh_lower(s.p[i + 1]) == 'u')
        return take_code(s, i, 2, 4, out);
    int32_t byte = hex_at(s, i + 1, 2);
    if (byte < 0)
        return 0;
    gh_buf_char(out, (char)(byte == '\n' ? GH_DECODED_LF : byte == '\r' ? GH_DECODED_CR : byte));
    return 3;
}

static size_t take_backslash(gh_str s, size_t i, gh_buf *out)
{
    char kind = s.n - i > 1 ? s.p[i + 1] : ' ';
    return kind == 'u' ? take_code(s, i, 2, 4, out) : kind == 'x' ? take_code(s, i, 2, 2, out) : 0;
}

static size_t take_numeric(gh_str s, size_t i, gh_buf *out)
{
    size_t at = i + 2;
    bool hex = at < s.n && gh_lower(s.p[at]) == 'x';
    uint32_t code = 0;
    at += hex;
    size_t first = at;
    while (at < s.n && s.p[at] == '0')
        at++;
    for (size_t digits = 0; at < s.n && digits < DIGITS_MAX; at++, digits++) {
        int digit = hex ? gh_hex_value(s.p[at]) : gh_is_digit(s.p[at]) ? s.p[at] - '0' : -1;
        if (digit < 0)
            break;
        code = code * (hex ? 16 : 10) + (uint32_t)digit;
    }
    if (at == first || !is_scalar(code))
        return 0;
    put_code(out, code);
    return at - i + (at < s.n && s.p[at] == ';');
}

static size_t take_reference(gh_str s, size_t i, gh_buf *out)
{
    if (s.n - i > 2 && s.p[i + 1] == '#')
        return take_numeric(s, i, out);
    gh_str rest = gh_str_cut(s, i + 1, i + 2 + REFERENCE_MAX);
    if (rest.n == 0 || gh_lower(rest.p[0]) < 'a' || gh_lower(rest.p[0]) > 'z')
        return 0;
    for (size_t k = 0; k < GH_COUNT(references); k++) {
        gh_str name = references[k].name;
        bool closed = rest.n > name.n && rest.p[name.n] == ';';
        if (!(closed || references[k].bare) || !gh_str_eq_nocase(gh_str_cut(rest, 0, name.n), name))
            continue;
        gh_buf_char(out, references[k].c);
        return 1 + name.n + closed;
    }
    return 0;
}

static size_t take(gh_str s, size_t i, gh_buf *out)
{
    switch (s.p[i]) {
    case '%':
        return take_percent(s, i, out);
    case '&':
        return take_reference(s, i, out);
    case '\\':
        return take_backslash(s, i, out);
    default:
        return 0;
    }
}

/* The first escape at or behind i, or s.n. */
static size_t find_escape(gh_str s, size_t i)
{
    char memory[4];
    for (; i < s.n; i++) {
        if (s.p[i] != '%' && s.p[i] != '&' && s.p[i] != '\\')
            continue;
        gh_buf out = gh_buf_over(memory, sizeof memory);
        if (take(s, i, &out) > 0)
            return i;
    }
    return i;
}

bool gh_text_decode(gh_str in, gh_arena *arena, gh_str *ret)
{
    *ret = in;
    size_t i = find_escape(in, 0);
    if (i == in.n)
        return true;
    char *memory = gh_arena_alloc(arena, in.n);
    if (memory == NULL)
        return false;
    gh_buf out = gh_buf_over(memory, in.n); /* an escape is never shorter than what it stands for */
    gh_buf_put(&out, gh_str_cut(in, 0, i));
    while (i < in.n) {
        size_t size = take(in, i, &out);
        if (size == 0)
            gh_buf_char(&out, in.p[i]);
        i += size == 0 ? 1 : size;
    }
    *ret = gh_buf_str(&out);
    return gh_buf_ok(&out);
}

uint32_t gh_text_next(gh_str *rest)
{
    size_t size = (unsigned char)rest->p[0] < 0x80 ? 1 : gh_utf8_sequence(rest->p, rest->n);
    if (size > 0)
        return gh_utf8_next(rest);
    *rest = gh_str_cut(*rest, 1, rest->n);
    return 0xFFFD;
}

/* Overlong UTF-8 of an ASCII character at the front of s: its size, 0: none. */
static size_t overlong(gh_str s, char *ret)
{
    const uint8_t *p = (const uint8_t *)s.p;
    size_t size = p[0] == 0xC0 || p[0] == 0xC1 ? 2 : p[0] == 0xE0 ? 3 : p[0] == 0xF0 ? 4 : 0;
    if (size == 0 || s.n < size)
        return 0;
    uint32_t code = size == 2 ? p[0] & 1u : 0;
    for (size_t i = 1; i < size; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (p[i] & 0x3Fu);
    }
    *ret = (char)code;
    return code < 0x80 ? size : 0;
}

/* Characters without a width of their own, with which a word can be cut in two for a filter alone. */
static bool is_nothing(uint32_t code)
{
    return code == 0 || code == 0xAD || code == 0x34F || code == 0x180E ||
           (code >= 0x200B && code <= 0x200F) || (code >= 0x2060 && code <= 0x2064) || code == 0xFEFF ||
           (code >= 0xFE00 && code <= 0xFE0F);
}

/* Ranges that have no variant of ASCII: most text that is not ASCII. */
static bool has_no_variant(uint32_t code)
{
    return (code >= 0xC0 && code <= 0x131) || (code >= 0x0370 && code < 0x037E) ||
           (code >= 0x0386 && code < 0x1D00) || (code >= 0x2010 && code < 0x2024) ||
           (code >= 0x20A9 && code < 0x20D0) || (code >= 0x2500 && code < 0x2A74) ||
           (code >= 0x1F300 && code < 0x1FB00) || (code >= 0x3041 && code < 0x3100) ||
           (code >= 0x3400 && code < 0xA640) || (code >= 0xAC00 && code < 0xD7A4);
}

static char slash_like(uint32_t code)
{
    if (code == 0x2044 || code == 0x2215 || code == 0x29F8)
        return '/';
    return code == 0x2216 || code == 0x29F5 ? '\\' : '\0';
}

/* Writes the ASCII of which `code` is a variant; false: it is none. */
static bool put_variant(gh_buf *out, uint32_t code)
{
    utf8proc_int32_t parts[32];
    char slash = slash_like(code);
    if (slash != '\0') {
        gh_buf_char(out, slash);
        return true;
    }
    if (has_no_variant(code))
        return false;
    utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)code, parts, GH_COUNT(parts),
                                                 UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, NULL);
    if (n <= 0 || n > (utf8proc_ssize_t)GH_COUNT(parts))
        return false;
    for (utf8proc_ssize_t i = 0; i < n; i++)
        if (parts[i] < ' ' || parts[i] >= 0x7F)
            return false;
    for (utf8proc_ssize_t i = 0; i < n; i++)
        gh_buf_char(out, gh_lower((char)parts[i]));
    return true;
}

static uint64_t eight(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

static bool is_more(char c)
{
    return ((uint8_t)c & 0xC0) == 0x80;
}

/* The size of a character at the front of s that is not ASCII and folded to itself, by its lead byte: U+00C0 to
 * U+00FF, U+0400 to U+07FF, dashes and quotation marks, U+4000 to U+9FFF. 0: it is another, or not known. */
static size_t kept(gh_str s)
{
    uint8_t lead = (uint8_t)s.p[0];
    if (lead == 0xC3 || (lead >= 0xD0 && lead <= 0xDF))
        return s.n > 1 && is_more(s.p[1]) ? 2 : 0;
    if (lead == 0xE2)
        return s.n > 2 && (uint8_t)s.p[1] == 0x80 && (uint8_t)s.p[2] >= 0x90 && (uint8_t)s.p[2] <= 0xA3 ? 3
                                                                                                        : 0;
    return lead >= 0xE4 && lead <= 0xE9 && s.n > 2 && is_more(s.p[1]) && is_more(s.p[2]) ? 3 : 0;
}

/* Copies ASCII but NUL in lower case, eight bytes at a time: how many. */
static size_t fold_plain(char *to, gh_str s)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones * 0x80;
    size_t i = 0;
    for (; s.n - i >= 8; i += 8) {
        uint64_t word = eight(s.p + i);
        if (((word | (word - ones)) & high) != 0) /* not ASCII, or perhaps a NUL */
            break;
        uint64_t upper = (word + ones * (0x80 - 'A')) & ~(word + ones * (0x7F - 'Z')) & high;
        word |= upper >> 2;
        memcpy(to + i, &word, sizeof word);
    }
    for (; i < s.n && s.p[i] > 0; i++)
        to[i] = gh_lower(s.p[i]);
    return i;
}

/* Copies what is folded to itself, and ASCII: how many bytes. */
static size_t fold_kept(char *to, gh_str s)
{
    size_t i = 0;
    while (i < s.n) {
        size_t size = s.p[i] > 0 ? 0 : kept((gh_str){s.p + i, s.n - i});
        if (size == 0)
            size = fold_plain(to + i, (gh_str){s.p + i, s.n - i});
        else
            memcpy(to + i, s.p + i, size);
        if (size == 0)
            break;
        i += size;
    }
    return i;
}

/* Folds the first character of *rest, which is NUL or not ASCII. */
static void fold_one(gh_buf *out, gh_str *rest)
{
    char c = rest->p[0];
    size_t size = c == '\0' ? 1 : overlong(*rest, &c);
    gh_str before = *rest;
    if (size > 0) {
        if (c != '\0')
            gh_buf_char(out, gh_lower(c));
        *rest = gh_str_cut(*rest, size, rest->n);
        return;
    }
    uint32_t code = gh_text_next(rest);
    if (!is_nothing(code) && !put_variant(out, code))
        gh_buf_put(out, gh_str_cut(before, 0, before.n - rest->n));
}

bool gh_text_fold(gh_str in, gh_arena *arena, gh_str *ret)
{
    size_t room;
    /* Four ASCII characters for the three bytes of "a.m." and the like are the most that one grows by. */
    if (__builtin_add_overflow(in.n, in.n / 3 + 4, &room))
        return false;
    char *memory = gh_arena_alloc(arena, room);
    if (memory == NULL)
        return false;
    gh_buf out = gh_buf_over(memory, room);
    for (gh_str rest = in; rest.n > 0;) {
        if (out.n > room || room - out.n < rest.n)
            return false; /* never: see above */
        size_t plain = fold_kept(memory + out.n, rest);
        out.n += plain;
        rest = gh_str_cut(rest, plain, rest.n);
        if (rest.n > 0)
            fold_one(&out, &rest);
    }
    *ret = gh_buf_str(&out);
    return gh_buf_ok(&out);
}
