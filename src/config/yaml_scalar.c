/* Plain scalars by YAML's core schema (YAML 1.2 section 10.3.2). */
#include "config/yaml_json.h"
#include "wire/decimal.h"

static const struct {
    gh_str text;
    enum gh_json_type type;
} words[] = {
    {GH_STR_INIT(""), GH_JSON_NULL},       {GH_STR_INIT("~"), GH_JSON_NULL},
    {GH_STR_INIT("null"), GH_JSON_NULL},   {GH_STR_INIT("Null"), GH_JSON_NULL},
    {GH_STR_INIT("NULL"), GH_JSON_NULL},   {GH_STR_INIT("true"), GH_JSON_TRUE},
    {GH_STR_INIT("True"), GH_JSON_TRUE},   {GH_STR_INIT("TRUE"), GH_JSON_TRUE},
    {GH_STR_INIT("false"), GH_JSON_FALSE}, {GH_STR_INIT("False"), GH_JSON_FALSE},
    {GH_STR_INIT("FALSE"), GH_JSON_FALSE},
};

static const gh_str not_finite[] = {
    GH_STR_INIT(".inf"), GH_STR_INIT(".Inf"), GH_STR_INIT(".INF"),
    GH_STR_INIT(".nan"), GH_STR_INIT(".NaN"), GH_STR_INIT(".NAN"),
};

static bool is_not_finite(gh_str s)
{
    if (s.n == 5 && (s.p[0] == '-' || s.p[0] == '+'))
        s = gh_str_cut(s, 1, s.n);
    for (size_t i = 0; i < GH_COUNT(not_finite); i++)
        if (gh_str_eq(s, not_finite[i]))
            return true;
    return false;
}

static size_t digits(gh_str s, size_t at)
{
    while (at < s.n && gh_is_digit(s.p[at]))
        at++;
    return at;
}

/* [-+]? ( "." [0-9]+ | [0-9]+ ( "." [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool is_decimal(gh_str s)
{
    size_t at = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+');
    size_t whole = digits(s, at), end = whole;
    if (whole < s.n && s.p[whole] == '.') {
        end = digits(s, whole + 1);
        if (whole == at && end == whole + 1)
            return false;
    } else if (whole == at) {
        return false;
    }
    if (end == s.n)
        return true;
    if (s.p[end] != 'e' && s.p[end] != 'E')
        return false;
    at = end + 1;
    at += at < s.n && (s.p[at] == '-' || s.p[at] == '+');
    return at < s.n && digits(s, at) == s.n;
}

/* 0x1F and 0o17; false: something else, or more than 64 bits (*ret_large). */
static bool read_based(gh_str s, uint64_t *ret, bool *ret_large)
{
    uint64_t value = 0;
    if (s.n < 3 || s.p[0] != '0' || (s.p[1] != 'x' && s.p[1] != 'o'))
        return false;
    int base = s.p[1] == 'x' ? 16 : 8;
    for (size_t i = 2; i < s.n; i++) {
        int digit = gh_hex_value(s.p[i]);
        if (digit < 0 || digit >= base)
            return false;
        *ret_large = *ret_large || __builtin_mul_overflow(value, (unsigned)base, &value) ||
                     __builtin_add_overflow(value, (unsigned)digit, &value);
    }
    *ret = value;
    return !*ret_large;
}

static bool set_number(gh_json *ret, gh_str text)
{
    ret->type = GH_JSON_NUMBER;
    ret->text = text;
    return text.p != NULL;
}

static bool set_decimal(gh_str plain, gh_arena *arena, gh_json *ret, const char **ret_why)
{
    size_t size = plain.n + 3; /* ".5" and "1." grow */
    gh_str text;
    *ret_why = "a number of more than 1,000 characters";
    if (plain.n > gh_json_limits_wide.number)
        return false;
    *ret_why = "out of memory";
    char *to = gh_arena_alloc(arena, size);
    if (to == NULL)
        return false;
    *ret_why = "a number that cannot be read";
    return gh_decimal_from_lexical(plain, to, size, &text) && gh_decimal_valid(text) && set_number(ret, text);
}

bool gh_yaml_scalar(gh_str plain, gh_arena *arena, gh_json *ret, const char **ret_why)
{
    uint64_t value = 0;
    bool large = false;
    for (size_t i = 0; i < GH_COUNT(words); i++) {
        if (gh_str_eq(plain, words[i].text)) {
            ret->type = (uint8_t)words[i].type;
            return true;
        }
    }
    if (gh_decimal_valid(plain) && plain.n <= gh_json_limits_wide.number)
        return set_number(ret, plain);
    if (is_decimal(plain))
        return set_decimal(plain, arena, ret, ret_why);
    if (read_based(plain, &value, &large)) {
        char text[24];
        gh_buf b = gh_buf_over(text, sizeof text);
        gh_buf_u64(&b, value);
        *ret_why = "out of memory";
        return set_number(ret, gh_arena_copy(arena, gh_buf_str(&b)));
    }
    *ret_why = large ? "a number of more than 64 bits" : "a number that is not finite; a text needs quotes";
    if (large || is_not_finite(plain))
        return false;
    ret->type = GH_JSON_STRING;
    ret->text = plain;
    return true;
}
