/* What a text must look like, by the form its row names. */
#include <stdarg.h>
#include <stdio.h>

#include "config/load.h"
#include "wire/field.h"
#include "wire/host_pattern.h"
#include "wire/origin.h"
#include "wire/path_pattern.h"

const char *gh_load_reason(gh_load *l, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    size_t size = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    const char *kept = gh_arena_copy(&l->scratch, (gh_str){text, size}).p;
    return kept == NULL ? "is not right" : kept;
}

static bool has_only(gh_str s, bool (*is)(unsigned char c))
{
    for (size_t i = 0; i < s.n; i++)
        if (!is((unsigned char)s.p[i]))
            return false;
    return s.n > 0;
}

static bool is_alnum(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name_char(unsigned char c)
{
    return is_alnum(c) || c == '_' || c == '-' || c == '.';
}

static bool is_value_char(unsigned char c)
{
    return c >= 0x20 && c < 0x7f;
}

static bool is_visible(unsigned char c)
{
    return c > 0x20 && c < 0x7f;
}

static bool is_no_control(unsigned char c)
{
    return c >= 0x20 && c != 0x7f;
}

static bool is_lower(unsigned char c)
{
    return c >= 'a' && c <= 'z';
}

static const char *check_method(gh_str s)
{
    if (!gh_is_token(s))
        return "is not a method";
    if (gh_str_eq_nocase(s, GH_STR("TRACE")))
        return "must not be let through: TRACE sends a request's secrets back to whoever asks";
    if (gh_str_eq_nocase(s, GH_STR("CONNECT")))
        return "must not be let through: CONNECT is for forward proxies";
    if (has_only(s, is_lower))
        return "is not a method: methods are written in upper case";
    return NULL;
}

static const char *check_header_value(gh_str s)
{
    if (!has_only(s, is_value_char))
        return "is not a header value: only visible ASCII characters and spaces are";
    if (s.p[0] == ' ' || s.p[s.n - 1] == ' ')
        return "is not a header value: it begins or ends with a space";
    return NULL;
}

static bool is_port(gh_str s, uint64_t lowest)
{
    uint64_t port;
    return s.n <= 5 && (s.n < 2 || s.p[0] != '0') && gh_str_u64(s, &port) && port >= lowest && port <= 65535;
}

/* "host:port" or "[v6]:port" into its two parts; an absent port when there is none. */
static bool split_port(gh_str s, gh_str *ret_host, gh_str *ret_port)
{
    size_t end = 0;
    if (s.n > 0 && s.p[0] == '[') {
        end = gh_str_find(s, ']') + 1;
        if (end > s.n)
            return false;
    } else {
        end = gh_str_find(s, ':');
    }
    *ret_host = gh_str_cut(s, 0, end);
    *ret_port = (gh_str){NULL, 0};
    if (end == s.n)
        return true;
    *ret_port = gh_str_cut(s, end + 1, s.n);
    return s.p[end] == ':';
}

static const char *check_unix(gh_str s)
{
    enum { SUN_PATH = 108 }; /* sockaddr_un, unix(7) */
    gh_str path = gh_str_cut(s, sizeof "unix:" - 1, s.n);
    if (path.n < 2 || path.p[0] != '/' || !has_only(path, is_visible))
        return "is not a socket: write unix:/ and the rest of its path";
    if (path.n >= SUN_PATH)
        return "is too long: a socket's path has at most 107 bytes";
    return NULL;
}

static const char *check_listen(gh_str s)
{
    gh_str host = {NULL, 0}, port = {NULL, 0};
    gh_ip ip;
    if (gh_str_starts(s, GH_STR("unix:")))
        return check_unix(s);
    if (gh_str_find(s, '/') < s.n)
        return "is not an address: it has neither a scheme nor a path; write 127.0.0.1:8080";
    if (!split_port(s, &host, &port))
        return "is not an address: write 127.0.0.1:8080, [::1]:8080 or unix:/path";
    if (host.n == 0)
        return "names no address: write 127.0.0.1:8080, or 0.0.0.0:8080 for all addresses";
    if (port.p == NULL)
        return "has no port: write 127.0.0.1:8080, [::1]:8080 or unix:/path";
    if (!is_port(port, 0))
        return "has no port of 0 to 65535";
    bool brackets = host.p[0] == '[';
    if (brackets)
        host = gh_str_cut(host, 1, host.n - 1);
    if (!gh_ip_parse(host, &ip) || (!brackets && ip.family != 4))
        return "is not an IP address: write 127.0.0.1:8080, [::1]:8080 or unix:/path";
    return NULL;
}

static const char *check_server(gh_load *l, gh_str s, gh_str *ret)
{
    gh_str host = {NULL, 0}, port = {NULL, 0};
    gh_host_pattern pattern;
    const char *why;
    if (gh_str_starts(s, GH_STR("unix:")))
        return check_unix(s);
    if (gh_str_starts(s, GH_STR("https://")))
        return "is not supported yet: upstreams speak http:// or unix:/";
    if (!gh_str_starts(s, GH_STR("http://")))
        return "is not an upstream's address: write http://host:port or unix:/path";
    gh_str authority = gh_str_cut(s, sizeof "http://" - 1, s.n);
    if (gh_str_ends(authority, GH_STR("/")))
        authority.n--; /* what a browser shows; it says nothing */
    if (gh_str_find(authority, '/') < authority.n)
        return "must have no path: write http://host:port; a request's own path is kept";
    if (!split_port(authority, &host, &port))
        return "is not an upstream's address: write http://host:port or unix:/path";
    if (port.p == NULL)
        port = GH_STR("80");
    if (!is_port(port, 1))
        return "has no port of 1 to 65535";
    if (!gh_host_pattern_compile(host, &l->scratch, &pattern, &why) || pattern.kind != GH_HOST_EXACT)
        return "names no host: write http://host:port, with a host name or an IP address";
    if (host.p[0] != '[' && gh_str_starts(pattern.text, GH_STR("[")))
        return "names an IPv6 address without brackets: write http://[::1]:8000";
    *ret = gh_str_of(
        gh_load_reason(l, "http://%.*s:%.*s", (int)pattern.text.n, pattern.text.p, (int)port.n, port.p));
    return NULL;
}

static const char *check_host(gh_load *l, gh_str s)
{
    gh_host_pattern pattern;
    const char *why;
    return gh_host_pattern_compile(s, &l->scratch, &pattern, &why)
               ? NULL
               : gh_load_reason(l, "is not a host: %s", why);
}

static const char *check_origin(gh_load *l, gh_str s, gh_str *ret)
{
    const char *why;
    if (gh_str_eq(s, GH_STR("*")))
        return NULL;
    return gh_origin_configure(s, &l->scratch, ret, &why) ? NULL
                                                          : gh_load_reason(l, "is not an origin: %s", why);
}

static const char *check_pattern(gh_load *l, gh_str s)
{
    enum { ONE_PATTERN = 64 << 10 };
    gh_arena arena;
    gh_path_pattern pattern;
    const char *why;
    unsigned column;
    gh_arena_init(&arena, NULL, 0, ONE_PATTERN);
    bool good = gh_path_pattern_compile(s, &arena, &pattern, &why, &column);
    gh_arena_reset(&arena);
    return good ? NULL : gh_load_reason(l, "is not a path pattern: %s (at its character %u)", why, column);
}

static const char *check_path(const gh_setting *s, gh_str text)
{
    if (text.n == 0 || text.p[0] != '/')
        return "is not a path: it must begin with \"/\"";
    if (!has_only(text, is_visible) || gh_str_find(text, '#') < text.n)
        return "is not a path: only visible ASCII characters are, without \"#\"";
    if (gh_str_find(text, '?') < text.n && s->part == GH_PART_CONFIG)
        return "is not a path: it has a query";
    return NULL;
}

static const char *check(gh_load *l, const gh_setting *s, gh_str text, gh_str *ret)
{
    switch (s->form) {
    case GH_FORM_ANY:
        return has_only(text, is_no_control) ? NULL : "holds control characters";
    case GH_FORM_NAME:
        return has_only(text, is_name_char)
                   ? NULL
                   : "is not a name: only letters, digits, \"_\", \"-\" and \".\" are";
    case GH_FORM_METHOD:
        return check_method(text);
    case GH_FORM_HEADER_NAME:
        if (gh_str_eq(text, GH_STR("*")))
            return "is not a header's name: name each header that is meant";
        return gh_is_token(text) ? NULL : "is not a header's name";
    case GH_FORM_HEADER_VALUE:
        return check_header_value(text);
    case GH_FORM_LISTEN_OR_OFF:
        return gh_str_eq(text, GH_STR("off")) ? NULL : check_listen(text);
    case GH_FORM_LISTEN:
        return check_listen(text);
    case GH_FORM_SERVER:
        return check_server(l, text, ret);
    case GH_FORM_HOST:
        return check_host(l, text);
    case GH_FORM_ORIGIN:
        return check_origin(l, text, ret);
    case GH_FORM_PATH_PATTERN:
        return check_pattern(l, text);
    case GH_FORM_PATH:
        return check_path(s, text);
    case GH_FORM_PREFIX:
        return gh_form_prefix(l, text);
    case GH_FORM_DOCUMENT:
        return gh_form_document(text);
    case GH_FORM_MEDIA_RANGE:
        return gh_form_media_range(l, text, ret);
    case GH_FORM_DANGER:
        return gh_form_danger(l, text);
    case GH_FORM_FIELD:
    case GH_FORM_BODY_FIELD:
        return gh_form_field(l, text, s->form == GH_FORM_BODY_FIELD);
    case GH_FORM_GRANT:
        return gh_form_grant(text);
    case GH_FORM_PERMISSION:
        return gh_form_permission(text);
    case GH_FORM_SCOPE:
        return gh_form_scope(text);
    case GH_FORM_PROOF:
        return gh_form_proof(l, text);
    case GH_FORM_JWKS:
        return gh_form_jwks(text);
    case GH_FORM_ENDPOINT:
        return gh_form_endpoint(l, text, ret);
    }
    return "is not right";
}

bool gh_value_form(gh_load *l, const gh_setting *s, gh_str text, gh_str *ret, const char **ret_why)
{
    gh_str changed = text;
    const char *why = check(l, s, text, &changed);
    if (why != NULL) {
        *ret_why = why;
        return false;
    }
    *ret = changed;
    return true;
}
