#include "wire/authority.h"

#include "wire/chars.h"
#include "wire/target.h"

enum { HOST_MAX = 255, PORT_DIGITS = 5 };

static bool read_port(gh_str text, uint16_t *ret)
{
    uint64_t v;
    if (text.n == 0 || text.n > PORT_DIGITS || text.p[0] == '0')
        return false;
    if (!gh_str_u64(text, &v) || v > UINT16_MAX)
        return false;
    *ret = (uint16_t)v;
    return true;
}

/* Dotted quad without leading zeros. */
static bool is_ipv4(gh_str s)
{
    gh_str part;
    unsigned parts = 0;
    while (gh_str_next(&s, '.', &part)) {
        uint64_t v;
        if (++parts > 4 || part.n == 0 || part.n > 3 || (part.n > 1 && part.p[0] == '0'))
            return false;
        if (!gh_str_u64(part, &v) || v > 255)
            return false;
    }
    return parts == 4;
}

/* RFC 4291 section 2.2: eight groups, one "::" for at least one group, the last two groups as IPv4. */
static bool is_ipv6(gh_str s)
{
    unsigned groups = 0;
    bool gap = false;
    size_t at = 0;
    if (s.n >= 2 && s.p[0] == ':' && s.p[1] == ':') {
        gap = true;
        at = 2;
    }
    while (at < s.n) {
        gh_str rest = gh_str_cut(s, at, s.n);
        size_t n = gh_str_find(rest, ':');
        if (n == rest.n && is_ipv4(rest)) {
            groups += 2;
            break;
        }
        const char *end = gh_skip_class(rest.p, rest.p + n, GH_CHAR_HEX);
        if (n == 0 || n > 4 || end != rest.p + n)
            return false;
        groups++;
        at += n;
        if (at == s.n)
            break;
        at++; /* the colon: a group or, once, another colon must follow */
        if (at == s.n)
            return false;
        if (s.p[at] == ':') {
            if (gap)
                return false;
            gap = true;
            at++;
        }
    }
    return gap ? groups <= 7 : groups == 8;
}

/* Labels of letters, digits, "-" and "_", none of them empty. */
static bool is_name(gh_str host)
{
    char before = '.';
    for (size_t i = 0; i < host.n; i++) {
        if (!gh_char_is(host.p[i], GH_CHAR_REG_NAME) || (host.p[i] == '.' && before == '.'))
            return false;
        before = host.p[i];
    }
    return before != '.';
}

static bool split_bracketed(gh_str text, gh_str *ret_host, uint16_t *ret_port)
{
    size_t close = gh_str_find(text, ']');
    uint16_t port = 0;
    if (close == text.n || !is_ipv6(gh_str_cut(text, 1, close)))
        return false;
    if (close + 1 < text.n) {
        if (text.p[close + 1] != ':' || !read_port(gh_str_cut(text, close + 2, text.n), &port))
            return false;
    }
    *ret_host = gh_str_cut(text, 0, close + 1);
    *ret_port = port;
    return true;
}

bool gh_authority_split(gh_str text, gh_str *ret_host, uint16_t *ret_port)
{
    if (text.n > 0 && text.p[0] == '[')
        return split_bracketed(text, ret_host, ret_port);
    size_t colon = gh_str_find(text, ':');
    uint16_t port = 0;
    if (colon < text.n && !read_port(gh_str_cut(text, colon + 1, text.n), &port))
        return false;
    gh_str host = gh_str_cut(text, 0, colon);
    if (host.n > 1 && host.p[host.n - 1] == '.')
        host.n--;
    if (host.n > HOST_MAX || !is_name(host))
        return false;
    *ret_host = host;
    *ret_port = port;
    return true;
}

static bool lower_copy(gh_str s, gh_arena *arena, gh_str *ret)
{
    size_t i = 0;
    while (i < s.n && gh_lower(s.p[i]) == s.p[i])
        i++;
    if (i == s.n) {
        *ret = s;
        return true;
    }
    char *p = gh_arena_alloc(arena, s.n);
    if (p == NULL)
        return false;
    for (i = 0; i < s.n; i++)
        p[i] = gh_lower(s.p[i]);
    *ret = (gh_str){p, s.n};
    return true;
}

bool gh_authority_parse(gh_str text, gh_arena *arena, gh_authority *ret)
{
    gh_str host;
    uint16_t port;
    if (!gh_authority_split(text, &host, &port) || !lower_copy(host, arena, &host))
        return false;
    *ret = (gh_authority){host, port};
    return true;
}
