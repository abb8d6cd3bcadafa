#include "schema/format.h"

#include "schema/format_parts.h"
#include "schema/pattern.h"
#include "schema/pattern_tree.h"
#include "wire/chars.h"

/* RFC 4122 section 3: the text form, either case. Versions and variants are not looked at. */
static bool is_uuid(gh_str text)
{
    if (text.n != 36)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text.p[i] != '-' : !gh_char_is(text.p[i], GH_CHAR_HEX))
            return false;
    }
    return true;
}

/* RFC 6901 section 3: "~" only as "~0" or "~1". */
static bool is_json_pointer(gh_str text)
{
    if (text.n > 0 && text.p[0] != '/')
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == '~' && (text.n - i < 2 || (text.p[i + 1] != '0' && text.p[i + 1] != '1')))
            return false;
    return true;
}

/* "0", or digits without a leading zero; how many, 0 for none. */
static size_t whole_number(gh_str text)
{
    size_t n = 0;
    while (n < text.n && gh_is_digit(text.p[n]))
        n++;
    return n > 1 && text.p[0] == '0' ? 0 : n;
}

/* draft-bhutton-relative-json-pointer-00 section 3: a number, an index to go to from there ("+1"), and "#" or a
 * JSON Pointer. */
static bool is_relative_json_pointer(gh_str text)
{
    size_t n = whole_number(text);
    if (n == 0)
        return false;
    gh_str rest = gh_str_cut(text, n, text.n);
    if (rest.n > 0 && (rest.p[0] == '+' || rest.p[0] == '-')) {
        size_t steps = whole_number(gh_str_cut(rest, 1, rest.n));
        if (steps == 0 || rest.p[1] == '0')
            return false;
        rest = gh_str_cut(rest, 1 + steps, rest.n);
    }
    return gh_str_eq(rest, GH_STR("#")) || is_json_pointer(rest);
}

/* OpenAPI's "byte": base64 with padding (RFC 4648 section 4), without line breaks, no bits left over. */
static bool is_base64(gh_str text)
{
    size_t n = text.n;
    if (n % 4 != 0)
        return false;
    while (n > 0 && text.n - n < 2 && text.p[n - 1] == '=')
        n--;
    for (size_t i = 0; i < n; i++)
        if (!gh_format_is_alnum(text.p[i]) && text.p[i] != '+' && text.p[i] != '/')
            return false;
    size_t padding = text.n - n;
    if (padding == 0)
        return true;
    const char *ends = padding == 2 ? "AQgw" : "AEIMQUYcgkosw048";
    return strchr(ends, text.p[n - 1]) != NULL;
}

/* A pattern of ECMA-262, also one that "pattern" would not take for its cost. */
static bool is_regex(gh_str text)
{
    enum { MEMORY_MAX = 4 << 20 };
    _Alignas(16) char first[4096];
    gh_arena arena;
    gh_arena_init(&arena, first, sizeof first, MEMORY_MAX);
    bool is = text.n <= GH_PATTERN_LENGTH_MAX && gh_tree_is_pattern(text, &arena);
    gh_arena_reset(&arena);
    return is;
}

static const struct {
    gh_str name;
    gh_format_fn *text;          /* NULL: says nothing of strings */
    gh_format_number_fn *number; /* NULL: says nothing of numbers */
} formats[] = {
    /* clang-format off */
    {GH_STR_INIT("date-time"),             gh_format_date_time,      NULL},
    {GH_STR_INIT("date"),                  gh_format_date,           NULL},
    {GH_STR_INIT("time"),                  gh_format_time,           NULL},
    {GH_STR_INIT("duration"),              gh_format_duration,       NULL},
    {GH_STR_INIT("email"),                 gh_format_email,          NULL},
    {GH_STR_INIT("idn-email"),             gh_format_idn_email,      NULL},
    {GH_STR_INIT("hostname"),              gh_format_hostname,       NULL},
    {GH_STR_INIT("idn-hostname"),          gh_format_idn_hostname,   NULL},
    {GH_STR_INIT("ipv4"),                  gh_format_ipv4,           NULL},
    {GH_STR_INIT("ipv6"),                  gh_format_ipv6,           NULL},
    {GH_STR_INIT("uri"),                   gh_format_uri,            NULL},
    {GH_STR_INIT("uri-reference"),         gh_format_uri_reference,  NULL},
    {GH_STR_INIT("iri"),                   gh_format_iri,            NULL},
    {GH_STR_INIT("iri-reference"),         gh_format_iri_reference,  NULL},
    {GH_STR_INIT("uuid"),                  is_uuid,                  NULL},
    {GH_STR_INIT("uri-template"),          gh_format_uri_template,   NULL},
    {GH_STR_INIT("json-pointer"),          is_json_pointer,          NULL},
    {GH_STR_INIT("relative-json-pointer"), is_relative_json_pointer, NULL},
    {GH_STR_INIT("regex"),                 is_regex,                 NULL},
    {GH_STR_INIT("byte"),                  is_base64,                NULL},
    {GH_STR_INIT("int32"),                 NULL,                     gh_format_int32},
    {GH_STR_INIT("int64"),                 NULL,                     gh_format_int64},
    {GH_STR_INIT("float"),                 NULL,                     gh_format_float},
    {GH_STR_INIT("double"),                NULL,                     gh_format_double},
    {GH_STR_INIT("password"),              NULL,                     NULL}, /* how to show it */
    {GH_STR_INIT("binary"),                NULL,                     NULL}, /* any bytes */
    /* clang-format on */
};

static size_t find(gh_str name)
{
    size_t i = 0;
    while (i < GH_COUNT(formats) && !gh_str_eq(formats[i].name, name))
        i++;
    return i;
}

gh_format_fn *gh_format_of(gh_str name)
{
    size_t i = find(name);
    return i < GH_COUNT(formats) ? formats[i].text : NULL;
}

gh_format_number_fn *gh_format_number_of(gh_str name)
{
    size_t i = find(name);
    return i < GH_COUNT(formats) ? formats[i].number : NULL;
}

bool gh_format_known(gh_str name)
{
    return find(name) < GH_COUNT(formats);
}

gh_str gh_format_nearest(gh_str name)
{
    gh_str best = {NULL, 0};
    unsigned least = UINT32_MAX;
    for (size_t i = 0; i < GH_COUNT(formats); i++) {
        unsigned most = (unsigned)formats[i].name.n / 3 + 1;
        unsigned distance = gh_str_distance(name, formats[i].name, most);
        if (distance <= most && distance < least) {
            best = formats[i].name;
            least = distance;
        }
    }
    return best;
}
