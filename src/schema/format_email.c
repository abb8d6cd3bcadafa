/* A mailbox of RFC 5321 section 4.1.2, without source routes; beyond ASCII as RFC 6531 section 3.3 has it. */
#include <gatehouse/ip.h>

#include "schema/format_parts.h"

enum { LOCAL_MAX_BYTES = 64, MAILBOX_MAX_BYTES = 254 };

static bool is_atext(char c, bool wide)
{
    if ((c & 0x80) != 0)
        return wide;
    return gh_format_is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Dot-string: atoms between single dots. */
static bool is_dotted(gh_str text, bool wide)
{
    gh_str atom;
    while (gh_str_next(&text, '.', &atom)) {
        if (atom.n == 0)
            return false;
        for (size_t i = 0; i < atom.n; i++)
            if (!is_atext(atom.p[i], wide))
                return false;
    }
    return true;
}

/* Quoted-string: how many bytes it takes at the front, 0 for none. */
static size_t quoted_length(gh_str text, bool wide)
{
    if (text.n == 0 || text.p[0] != '"')
        return 0;
    for (size_t i = 1; i < text.n; i++) {
        if (text.p[i] == '"')
            return i + 1;
        if (text.p[i] == '\\' && ++i == text.n)
            return 0;
        bool high = (text.p[i] & 0x80) != 0;
        if (high ? !wide : text.p[i] < ' ' || text.p[i] == 0x7f)
            return 0;
    }
    return 0;
}

/* "[127.0.0.1]" or "[IPv6:::1]". */
static bool is_address_literal(gh_str text)
{
    if (text.n < 2 || text.p[0] != '[' || text.p[text.n - 1] != ']')
        return false;
    gh_str inner = gh_str_cut(text, 1, text.n - 1), tag = GH_STR("IPv6:");
    if (inner.n >= tag.n && gh_str_eq_nocase(gh_str_cut(inner, 0, tag.n), tag))
        return gh_format_ipv6(gh_str_cut(inner, tag.n, inner.n));
    return gh_format_ipv4(inner);
}

static bool is_mailbox(gh_str text, bool wide)
{
    size_t n = quoted_length(text, wide);
    bool quoted = n > 0;
    if (!quoted)
        n = gh_str_find(text, '@');
    if (n == 0 || n > LOCAL_MAX_BYTES || n >= text.n || text.n > MAILBOX_MAX_BYTES || text.p[n] != '@')
        return false;
    gh_str local = gh_str_cut(text, 0, n), domain = gh_str_cut(text, n + 1, text.n);
    if (!quoted && !is_dotted(local, wide))
        return false;
    return is_address_literal(domain) || (wide ? gh_format_idn_hostname(domain) : gh_format_hostname(domain));
}

bool gh_format_email(gh_str text)
{
    return is_mailbox(text, false);
}

bool gh_format_idn_email(gh_str text)
{
    return is_mailbox(text, true);
}
