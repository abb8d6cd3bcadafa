#include "wire/origin.h"

#include "base/ip.h"
#include "wire/host_pattern.h"

/* scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ), in lower case. */
static bool is_scheme(gh_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!(c >= 'a' && c <= 'z') && (i == 0 || !(gh_is_digit(c) || c == '+' || c == '-' || c == '.')))
            return false;
    }
    return s.n > 0;
}

static uint16_t default_port(gh_str scheme)
{
    if (gh_str_eq(scheme, GH_STR("https")))
        return 443;
    return gh_str_eq(scheme, GH_STR("http")) ? 80 : 0;
}

static bool read_port(gh_str text, uint16_t *ret)
{
    uint64_t v;
    if (text.n == 0 || text.n > 5 || text.p[0] == '0' || !gh_str_u64(text, &v) || v > UINT16_MAX)
        return false;
    *ret = (uint16_t)v;
    return true;
}

/* Splits at "://" and at the port's colon. *ret_port is absent when there is none. */
static bool split(gh_str text, gh_str *ret_scheme, gh_str *ret_host, gh_str *ret_port)
{
    size_t colon = gh_str_find(text, ':');
    gh_str rest = gh_str_cut(text, colon, text.n);
    if (!gh_str_starts(rest, GH_STR("://")))
        return false;
    rest = gh_str_cut(rest, 3, rest.n);
    size_t end = gh_str_find(rest, rest.n > 0 && rest.p[0] == '[' ? ']' : ':');
    if (end < rest.n && rest.p[end] == ']')
        end++;
    if (end < rest.n && rest.p[end] != ':')
        return false;
    *ret_scheme = gh_str_cut(text, 0, colon);
    *ret_host = gh_str_cut(rest, 0, end);
    *ret_port = end < rest.n ? gh_str_cut(rest, end + 1, rest.n) : (gh_str){NULL, 0};
    return true;
}

/* A browser keeps the trailing dot of a name. */
static bool is_host(gh_str host)
{
    bool dot = host.n > 1 && host.p[host.n - 1] == '.';
    return gh_host_is_canonical(gh_str_cut(host, 0, host.n - dot));
}

enum gh_origin_kind gh_origin_parse(gh_str text, gh_origin *ret)
{
    gh_origin origin = {.port = 0};
    gh_str port;
    if (gh_str_eq(text, GH_STR("null")))
        return GH_ORIGIN_NULL;
    if (text.n > GH_ORIGIN_MAX || !split(text, &origin.scheme, &origin.host, &port) ||
        !is_scheme(origin.scheme) || !is_host(origin.host))
        return GH_ORIGIN_INVALID;
    if (port.p != NULL && (!read_port(port, &origin.port) || origin.port == default_port(origin.scheme)))
        return GH_ORIGIN_INVALID;
    if (ret != NULL)
        *ret = origin;
    return GH_ORIGIN_TUPLE;
}

static const char *why_not(gh_str text)
{
    if (gh_str_eq(text, GH_STR("null")))
        return "\"null\" names no one: sandboxed pages of anybody send it";
    if (gh_str_find(text, '*') < text.n)
        return "wildcards are not origins; list each origin";
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] > 0x7e)
            return "write the host in its ASCII form (\"xn--...\")";
    size_t colon = gh_str_find(text, ':');
    gh_str rest = gh_str_cut(text, colon, text.n);
    if (!gh_str_starts(rest, GH_STR("://")))
        return "an origin begins with a scheme, as in \"https://app.example.com\"";
    rest = gh_str_cut(rest, 3, rest.n);
    if (gh_str_find(rest, '/') < rest.n)
        return "an origin has no path, not even a \"/\" at its end";
    if (gh_str_find(rest, '@') < rest.n)
        return "an origin has no user name";
    return "not an origin: it is SCHEME://HOST or SCHEME://HOST:PORT";
}

/* The canonical text of scheme, host and port, which are in lower case. */
static void put_origin(gh_buf *out, gh_str scheme, gh_str host, gh_str port)
{
    gh_ip ip;
    uint16_t number;
    gh_buf_put(out, scheme);
    gh_buf_lit(out, "://");
    bool brackets = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
    if (brackets && gh_ip_parse(gh_str_cut(host, 1, host.n - 1), &ip) && ip.family == 6) {
        gh_buf_char(out, '[');
        gh_ip_format(&ip, out);
        gh_buf_char(out, ']');
    } else {
        gh_buf_put(out, host);
    }
    if (port.p == NULL || (read_port(port, &number) && number == default_port(scheme)))
        return;
    gh_buf_char(out, ':');
    gh_buf_put(out, port);
}

bool gh_origin_configure(gh_str text, gh_arena *arena, gh_str *ret, const char **ret_why)
{
    char lower[GH_ORIGIN_MAX], canonical[GH_ORIGIN_MAX];
    gh_str scheme, host, port;
    gh_buf out = gh_buf_over(canonical, sizeof canonical);
    if (text.n > sizeof lower) {
        *ret_why = "an origin has at most 320 bytes";
        return false;
    }
    for (size_t i = 0; i < text.n; i++)
        lower[i] = gh_lower(text.p[i]);
    bool whole = split((gh_str){lower, text.n}, &scheme, &host, &port);
    if (whole)
        put_origin(&out, scheme, host, port);
    if (!whole || !gh_buf_ok(&out) || gh_origin_parse(gh_buf_str(&out), NULL) != GH_ORIGIN_TUPLE) {
        *ret_why = why_not((gh_str){lower, text.n});
        return false;
    }
    gh_str copy = gh_arena_copy(arena, gh_buf_str(&out));
    if (copy.p == NULL) {
        *ret_why = "out of memory";
        return false;
    }
    *ret = copy;
    return true;
}
