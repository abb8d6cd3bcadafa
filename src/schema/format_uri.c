/* URIs and references (RFC 3986), and the same beyond ASCII (RFC 3987 section 2.2). */
#include <gatehouse/ip.h>

#include "schema/format_parts.h"
#include "text/utf8.h"
#include "wire/chars.h"

/* ucschar; with `private`, iprivate too. The noncharacters at a plane's end are in neither. */
static bool is_ucschar(uint32_t c, bool private)
{
    if (private && ((c >= 0xe000 && c <= 0xf8ff) || (c >= 0xf0000 && (c & 0xfffe) != 0xfffe)))
        return true;
    if (c < 0x10000)
        return (c >= 0xa0 && c <= 0xd7ff) || (c >= 0xf900 && c <= 0xfdcf) || (c >= 0xfdf0 && c <= 0xffef);
    return c < 0xf0000 && (c & 0xfffe) != 0xfffe && (c & 0xff000) != 0xe0000;
}

/* A part made of unreserved characters, percent-escapes and those in `also`. */
static bool is_made_of(gh_str part, const char *also, bool wide, bool private)
{
    while (part.n > 0) {
        uint32_t c = gh_utf8_next(&part);
        if (c >= 0x80) {
            if (!wide || !is_ucschar(c, private))
                return false;
        } else if (c == '%') {
            if (part.n < 2 || !gh_char_is(part.p[0], GH_CHAR_HEX) || !gh_char_is(part.p[1], GH_CHAR_HEX))
                return false;
            part = gh_str_cut(part, 2, part.n);
        } else if (c == 0 || (!gh_char_is((char)c, GH_CHAR_UNRESERVED) && strchr(also, (int)c) == NULL)) {
            return false;
        }
    }
    return true;
}

#define SUB_DELIMS "!$&'()*+,;="

/* IP-literal without its brackets: IPv6, or "v1.x" (section 3.2.2). */
static bool is_ip_literal(gh_str text)
{
    if (text.n == 0 || gh_lower(text.p[0]) != 'v')
        return gh_format_ipv6(text);
    size_t dot = gh_str_find(text, '.');
    if (dot < 2 || text.n - dot < 2)
        return false;
    for (size_t i = 1; i < dot; i++)
        if (!gh_char_is(text.p[i], GH_CHAR_HEX))
            return false;
    gh_str rest = gh_str_cut(text, dot + 1, text.n);
    return gh_str_find(rest, '%') == rest.n && is_made_of(rest, SUB_DELIMS ":", false, false);
}

static bool is_port(gh_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!gh_is_digit(text.p[i]))
            return false;
    return true;
}

/* [ userinfo "@" ] host [ ":" port ] */
static bool is_authority(gh_str text, bool wide)
{
    size_t at = gh_str_find(text, '@');
    if (at < text.n) {
        if (!is_made_of(gh_str_cut(text, 0, at), SUB_DELIMS ":", wide, false))
            return false;
        text = gh_str_cut(text, at + 1, text.n);
    }
    if (text.n > 0 && text.p[0] == '[') {
        size_t end = gh_str_find(text, ']');
        if (end == text.n || !is_ip_literal(gh_str_cut(text, 1, end)))
            return false;
        gh_str rest = gh_str_cut(text, end + 1, text.n);
        return rest.n == 0 || (rest.p[0] == ':' && is_port(gh_str_cut(rest, 1, rest.n)));
    }
    size_t colon = gh_str_find(text, ':');
    return is_made_of(gh_str_cut(text, 0, colon), SUB_DELIMS, wide, false) &&
           (colon == text.n || is_port(gh_str_cut(text, colon + 1, text.n)));
}

/* scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ) */
static bool is_scheme(gh_str text)
{
    if (text.n == 0 || !gh_format_is_alpha(text.p[0]))
        return false;
    for (size_t i = 1; i < text.n; i++)
        if (!gh_format_is_alnum(text.p[i]) && text.p[i] != '+' && text.p[i] != '-' && text.p[i] != '.')
            return false;
    return true;
}

/* Everything behind the scheme: authority and path. */
static bool is_hierarchy(gh_str text, bool wide)
{
    if (gh_str_starts(text, GH_STR("//"))) {
        gh_str rest = gh_str_cut(text, 2, text.n);
        size_t slash = gh_str_find(rest, '/');
        if (!is_authority(gh_str_cut(rest, 0, slash), wide))
            return false;
        text = gh_str_cut(rest, slash, rest.n);
    }
    return is_made_of(text, SUB_DELIMS ":@/", wide, false);
}

/* A colon in the first segment can only end a scheme (section 4.2). */
static bool is_reference(gh_str text, bool need_scheme, bool wide)
{
    size_t hash = gh_str_find(text, '#');
    if (hash < text.n && !is_made_of(gh_str_cut(text, hash + 1, text.n), SUB_DELIMS ":@/?", wide, false))
        return false;
    text = gh_str_cut(text, 0, hash);
    size_t mark = gh_str_find(text, '?');
    if (mark < text.n && !is_made_of(gh_str_cut(text, mark + 1, text.n), SUB_DELIMS ":@/?", wide, true))
        return false;
    text = gh_str_cut(text, 0, mark);
    size_t colon = gh_str_find(text, ':');
    if (colon < text.n && colon < gh_str_find(text, '/'))
        return is_scheme(gh_str_cut(text, 0, colon)) &&
               is_hierarchy(gh_str_cut(text, colon + 1, text.n), wide);
    return !need_scheme && is_hierarchy(text, wide);
}

bool gh_format_uri(gh_str text)
{
    return is_reference(text, true, false);
}

bool gh_format_uri_reference(gh_str text)
{
    return is_reference(text, false, false);
}

bool gh_format_iri(gh_str text)
{
    return is_reference(text, true, true);
}

bool gh_format_iri_reference(gh_str text)
{
    return is_reference(text, false, true);
}
