#include "wire/host_pattern.h"

#include "base/ip.h"

enum { HOST_MAX = 253, LABEL_MAX = 63 };

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || gh_is_digit(c) || c == '-' || c == '_';
}

/* Labels of 1 to 63 characters. *ret_last: the last one. */
static bool has_labels(gh_str host, gh_str *ret_last)
{
    gh_str rest = host, label = {NULL, 0};
    while (gh_str_next(&rest, '.', &label)) {
        if (label.n == 0 || label.n > LABEL_MAX)
            return false;
        for (size_t i = 0; i < label.n; i++)
            if (!is_name_char(label.p[i]))
                return false;
    }
    *ret_last = label;
    return true;
}

/* What readers of URLs would take for an IPv4 address in some form ("1.2.3", "0x7f"): WHATWG URL,
 * "ends in a number checker". */
static bool is_number(gh_str label)
{
    bool hex = gh_str_starts(label, GH_STR("0x"));
    for (size_t i = hex ? 2 : 0; i < label.n; i++)
        if (hex ? gh_hex_value(label.p[i]) < 0 : !gh_is_digit(label.p[i]))
            return false;
    return label.n > 0;
}

static bool is_name(gh_str host)
{
    gh_str last;
    return host.n > 0 && host.n <= HOST_MAX && has_labels(host, &last) && !is_number(last);
}

static bool is_v4(gh_str host)
{
    gh_ip ip;
    return gh_str_find(host, ':') == host.n && gh_ip_parse(host, &ip);
}

/* "[v6]" in RFC 5952 form, into the arena. */
static bool canonical_v6(gh_str inside, char text[GH_IP_TEXT_MAX + 2], gh_str *ret)
{
    gh_ip ip;
    if (!gh_ip_parse(inside, &ip) || ip.family != 6)
        return false;
    gh_buf out = gh_buf_over(text, GH_IP_TEXT_MAX + 2);
    gh_buf_char(&out, '[');
    gh_ip_format(&ip, &out);
    gh_buf_char(&out, ']');
    *ret = gh_buf_str(&out);
    return gh_buf_ok(&out);
}

static gh_str without_brackets(gh_str host)
{
    bool both = host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
    return both ? gh_str_cut(host, 1, host.n - 1) : host;
}

bool gh_host_is_canonical(gh_str host)
{
    char text[GH_IP_TEXT_MAX + 2];
    gh_str v6;
    if (host.n > 0 && host.p[0] == '[')
        return canonical_v6(without_brackets(host), text, &v6) && gh_str_eq(v6, host);
    return is_name(host) || is_v4(host);
}

static bool refuse(const char **ret_why, const char *why)
{
    *ret_why = why;
    return false;
}

static bool keep(enum gh_host_pattern_kind kind, gh_str text, gh_arena *arena, gh_host_pattern *ret,
                 const char **ret_why)
{
    gh_str copy = gh_arena_copy(arena, text);
    if (copy.p == NULL)
        return refuse(ret_why, "out of memory");
    *ret = (gh_host_pattern){kind, copy};
    return true;
}

/* What is wrong with a text that is no host. */
static const char *why_not(gh_str text)
{
    if (gh_str_find(text, '*') < text.n)
        return "\"*\" must stand alone or be the whole first label, as in \"*.example.com\"";
    if (gh_str_find(text, '/') < text.n)
        return "a host has neither a scheme nor a path";
    if (gh_str_find(text, ':') < text.n)
        return "a host has no port here; all ports match";
    return "not a host name or IP address";
}

bool gh_host_pattern_compile(gh_str text, gh_arena *arena, gh_host_pattern *ret, const char **ret_why)
{
    char lower[HOST_MAX + 2], v6[GH_IP_TEXT_MAX + 2];
    gh_str host;
    if (text.n == 0)
        return refuse(ret_why, "an empty host");
    if (gh_str_eq(text, GH_STR("*")))
        return keep(GH_HOST_ANY, text, arena, ret, ret_why);
    if (canonical_v6(without_brackets(text), v6, &host))
        return keep(GH_HOST_EXACT, host, arena, ret, ret_why);
    if (text.n > sizeof lower)
        return refuse(ret_why, "a host has at most 253 bytes");
    for (size_t i = 0; i < text.n; i++)
        lower[i] = gh_lower(text.p[i]);
    host = (gh_str){lower, text.n};
    bool below = gh_str_starts(host, GH_STR("*."));
    host = gh_str_cut(host, below ? 2 : 0, host.n - (host.p[host.n - 1] == '.'));
    if (below && is_name(host))
        return keep(GH_HOST_BELOW, (gh_str){host.p - 1, host.n + 1}, arena, ret, ret_why);
    if (!below && (is_name(host) || is_v4(host)))
        return keep(GH_HOST_EXACT, host, arena, ret, ret_why);
    return refuse(ret_why, below && gh_str_find(host, '*') == host.n
                               ? "what follows \"*.\" must be a host name"
                               : why_not(host));
}

bool gh_host_pattern_match(const gh_host_pattern *pattern, gh_str host)
{
    switch (pattern->kind) {
    case GH_HOST_EXACT:
        return gh_str_eq(pattern->text, host);
    case GH_HOST_BELOW:
        return host.n > pattern->text.n && host.p[0] != '.' && gh_str_ends(host, pattern->text);
    case GH_HOST_ANY:
        return host.n > 0;
    }
    return false;
}

bool gh_host_pattern_any(const gh_host_pattern *patterns, unsigned n, gh_str host)
{
    for (unsigned i = 0; i < n; i++)
        if (gh_host_pattern_match(&patterns[i], host))
            return true;
    return false;
}

bool gh_host_pattern_covers(const gh_host_pattern *a, const gh_host_pattern *b)
{
    if (a->kind == GH_HOST_ANY || b->kind == GH_HOST_ANY)
        return a->kind == GH_HOST_ANY;
    if (b->kind == GH_HOST_EXACT)
        return gh_host_pattern_match(a, b->text);
    return a->kind == GH_HOST_BELOW && gh_str_ends(b->text, a->text);
}
