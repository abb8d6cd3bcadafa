/* URI templates (RFC 6570 section 2), all four levels. */
#include "schema/format_parts.h"
#include "wire/chars.h"

/* The escape at the front of `text`? */
static bool is_escape(gh_str text)
{
    return text.n >= 3 && text.p[0] == '%' && gh_char_is(text.p[1], GH_CHAR_HEX) &&
           gh_char_is(text.p[2], GH_CHAR_HEX);
}

/* varname = varchar *( ["."] varchar ): how many bytes at the front, 0 for none. */
static size_t name_length(gh_str text)
{
    size_t n = 0;
    bool dot = true; /* a dot may not come now */
    while (n < text.n) {
        char c = text.p[n];
        if (c == '.' && !dot) {
            dot = true;
            n++;
            continue;
        }
        bool escape = is_escape(gh_str_cut(text, n, text.n));
        if (!escape && !gh_format_is_alnum(c) && c != '_')
            break;
        dot = false;
        n += escape ? 3 : 1;
    }
    return dot ? 0 : n;
}

/* varspec = varname [ ":" max-length / "*" ], max-length = 1..9999 */
static bool is_variable(gh_str text)
{
    size_t n = name_length(text);
    if (n == 0 || n == text.n)
        return n > 0;
    gh_str rest = gh_str_cut(text, n + 1, text.n);
    if (text.p[n] == '*')
        return rest.n == 0;
    if (text.p[n] != ':' || rest.n == 0 || rest.n > 4 || rest.p[0] == '0')
        return false;
    for (size_t i = 0; i < rest.n; i++)
        if (!gh_is_digit(rest.p[i]))
            return false;
    return true;
}

/* What stands between braces; the operators kept for later (section 2.2) are not taken. */
static bool is_expression(gh_str text)
{
    gh_str variable;
    if (text.n > 0 && strchr("+#./;?&", text.p[0]) != NULL && text.p[0] != '\0')
        text = gh_str_cut(text, 1, text.n);
    if (text.n == 0)
        return false;
    while (gh_str_next(&text, ',', &variable))
        if (!is_variable(variable))
            return false;
    return true;
}

bool gh_format_uri_template(gh_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '{') {
            size_t end = i + 1 + gh_str_find(gh_str_cut(text, i + 1, text.n), '}');
            if (end >= text.n || !is_expression(gh_str_cut(text, i + 1, end)))
                return false;
            i = end;
        } else if (c == '%') {
            if (!is_escape(gh_str_cut(text, i, text.n)))
                return false;
        } else if ((c & 0x80) == 0 && (c <= ' ' || c == 0x7f || strchr("\"'<>\\^`|}", c) != NULL)) {
            return false;
        }
    }
    return true;
}
