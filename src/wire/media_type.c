#include "wire/media_type.h"

#include "wire/field.h"

/* More parameters than any type has; bounds the look for one that occurs twice. */
enum { PARAMS_MAX = 16 };

typedef struct param {
    gh_str name, value;
    bool escaped; /* the value was quoted and holds a backslash */
} param;

/* quoted-string (RFC 9110 section 5.6.4); *ret is what is between the quotes, backslashes and all. */
static bool take_quoted(gh_str *rest, param *ret)
{
    size_t i = 1;
    for (; i < rest->n && rest->p[i] != '"'; i++) {
        if (rest->p[i] == '\\') {
            ret->escaped = true;
            i++;
        }
        if (i == rest->n || (unsigned char)rest->p[i] < ' ' || rest->p[i] == 0x7f)
            return false;
    }
    if (i >= rest->n)
        return false;
    ret->value = gh_str_cut(*rest, 1, i);
    *rest = gh_str_cut(*rest, i + 1, rest->n);
    return true;
}

static bool take_token(gh_str *rest, gh_str *ret)
{
    size_t n = 0;
    while (n < rest->n && gh_is_tchar((unsigned char)rest->p[n]))
        n++;
    *ret = gh_str_cut(*rest, 0, n);
    *rest = gh_str_cut(*rest, n, rest->n);
    return n > 0;
}

/* name "=" ( token / quoted-string ) */
static bool take_param(gh_str *rest, param *ret)
{
    *ret = (param){.escaped = false};
    if (!take_token(rest, &ret->name) || rest->n == 0 || rest->p[0] != '=')
        return false;
    *rest = gh_str_cut(*rest, 1, rest->n);
    if (rest->n > 0 && rest->p[0] == '"')
        return take_quoted(rest, ret);
    return take_token(rest, &ret->value);
}

/* bcharsnospace and SP, which may not end it (RFC 2046 section 5.1.1) */
static bool is_boundary(gh_str s)
{
    static const char others[] = "'()+_,-./:=? ";
    if (s.n == 0 || s.n > GH_MEDIA_BOUNDARY_MAX || s.p[s.n - 1] == ' ')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char low = gh_lower(s.p[i]);
        if (!(low >= 'a' && low <= 'z') && !gh_is_digit(low) &&
            memchr(others, low, sizeof others - 1) == NULL)
            return false;
    }
    return true;
}

/* As the registry of charsets has names (RFC 2978 section 2.3), without what only confuses. */
static bool is_charset(gh_str s, size_t room)
{
    static const char others[] = "-_.:+";
    for (size_t i = 0; i < s.n; i++) {
        char low = gh_lower(s.p[i]);
        if (!(low >= 'a' && low <= 'z') && !gh_is_digit(low) &&
            memchr(others, low, sizeof others - 1) == NULL)
            return false;
    }
    return s.n > 0 && s.n < room;
}

static void put_lower(char *to, gh_str s)
{
    for (size_t i = 0; i < s.n; i++)
        to[i] = gh_lower(s.p[i]);
    to[s.n] = '\0';
}

static enum gh_media_kind kind_of(gh_str name)
{
    if (gh_str_eq(name, GH_STR("application/json")) || gh_str_eq(name, GH_STR("text/json")) ||
        gh_str_ends(name, GH_STR("+json")))
        return GH_MEDIA_JSON;
    if (gh_str_eq(name, GH_STR("application/x-www-form-urlencoded")))
        return GH_MEDIA_FORM;
    if (gh_str_eq(name, GH_STR("multipart/form-data")))
        return GH_MEDIA_MULTIPART;
    return gh_str_starts(name, GH_STR("text/")) ? GH_MEDIA_TEXT : GH_MEDIA_OPAQUE;
}

static bool take_name(gh_str *rest, gh_media_type *ret)
{
    gh_str whole = *rest, type, subtype;
    if (!take_token(rest, &type) || rest->n == 0 || rest->p[0] != '/')
        return false;
    *rest = gh_str_cut(*rest, 1, rest->n);
    if (!take_token(rest, &subtype) || type.n + 1 + subtype.n > GH_MEDIA_NAME_MAX)
        return false;
    put_lower(ret->name, gh_str_cut(whole, 0, type.n + 1 + subtype.n));
    ret->name_size = (uint8_t)(type.n + 1 + subtype.n);
    ret->kind = kind_of(gh_media_type_name(ret));
    return true;
}

static bool use_param(const param *p, gh_media_type *ret)
{
    if (gh_str_eq_nocase(p->name, GH_STR("charset"))) {
        if (p->escaped || !is_charset(p->value, sizeof ret->charset))
            return false;
        put_lower(ret->charset, p->value);
    } else if (gh_str_eq_nocase(p->name, GH_STR("boundary")) &&
               gh_str_starts(gh_media_type_name(ret), GH_STR("multipart/"))) {
        if (p->escaped || !is_boundary(p->value))
            return false;
        memcpy(ret->boundary, p->value.p, p->value.n);
        ret->boundary[p->value.n] = '\0';
        ret->boundary_size = (uint8_t)p->value.n;
    }
    return true;
}

/* Is the name of the last one already among those before it? */
static bool occurs_twice(const param *params, unsigned last)
{
    for (unsigned i = 0; i < last; i++)
        if (gh_str_eq_nocase(params[i].name, params[last].name))
            return true;
    return false;
}

/* *( OWS ";" OWS [ parameter ] ) */
static bool take_params(gh_str rest, gh_media_type *ret)
{
    param params[PARAMS_MAX];
    unsigned n = 0;
    while (rest.n > 0) {
        rest = gh_str_trim(rest);
        if (rest.n == 0 || rest.p[0] != ';')
            return false;
        rest = gh_str_trim(gh_str_cut(rest, 1, rest.n));
        if (rest.n == 0 || rest.p[0] == ';')
            continue;
        if (n == PARAMS_MAX || !take_param(&rest, &params[n]) || occurs_twice(params, n) ||
            !use_param(&params[n], ret))
            return false;
        n++;
    }
    return true;
}

bool gh_media_type_parse(gh_str text, gh_media_type *ret)
{
    gh_media_type type = {.name_size = 0};
    gh_str rest = gh_str_trim(text);
    if (!take_name(&rest, &type) || !take_params(rest, &type))
        return false;
    *ret = type;
    return true;
}

bool gh_media_range_takes(gh_str range, gh_str name)
{
    range = gh_str_trim(gh_str_cut(range, 0, gh_str_find(range, ';')));
    if (gh_str_eq(range, GH_STR("*/*")))
        return true;
    if (gh_str_ends(range, GH_STR("/*")))
        return gh_str_starts(name, gh_str_cut(range, 0, range.n - 1));
    return gh_str_eq(range, name);
}
