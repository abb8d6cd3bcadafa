#include "edges/redis/url.h"

#include "base/crypto.h"
#include "base/ip.h"
#include "wire/authority.h"
#include "wire/chars.h"

static const char sub_delims[] = "!$&'()*+,;="; /* RFC 3986 section 2.2 */

static bool stands_raw(char c, const char *more)
{
    return c != '\0' &&
           (gh_char_is(c, GH_CHAR_UNRESERVED) || strchr(sub_delims, c) != NULL || strchr(more, c) != NULL);
}

/* size counts the NUL behind it. NULL, or what is wrong. */
static const char *decode(gh_str in, const char *more, char *to, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        int c = (unsigned char)in.p[i];
        if (c == '%') {
            int high = i + 2 < in.n ? gh_hex_value(in.p[i + 1]) : -1;
            int low = i + 2 < in.n ? gh_hex_value(in.p[i + 2]) : -1;
            if (high < 0 || low < 0)
                return "it has a \"%\" without two hexadecimal digits behind it; a \"%\" itself is written %25";
            c = high * 16 + low;
            i += 2;
        } else if (!stands_raw((char)c, more)) {
            return "it has a character in the user, the password or the path that must be percent-encoded";
        }
        if (c == 0)
            return "it has %00 in it, which no user, password or path may hold";
        if (n + 1 >= size)
            return "its user, password or path is too long";
        to[n++] = (char)c;
    }
    to[n] = '\0';
    return NULL;
}

static const char *read_user(gh_str userinfo, gh_redis_url *url)
{
    size_t colon = gh_str_find(userinfo, ':');
    const char *why = decode(gh_str_cut(userinfo, 0, colon), "", url->user, sizeof url->user);
    if (why == NULL && colon < userinfo.n)
        why = decode(gh_str_cut(userinfo, colon + 1, userinfo.n), ":", url->password, sizeof url->password);
    return why;
}

static const char *read_host(gh_str text, gh_redis_url *url)
{
    gh_str host;
    uint16_t port;
    if (text.n == 0)
        return "it names no host";
    if (!gh_authority_split(text, &host, &port))
        return "its host and port are not well-formed: write HOST, HOST:PORT or [IPv6]:PORT";
    if (host.p[0] == '[')
        host = gh_str_cut(host, 1, host.n - 1);
    if (host.n > GH_REDIS_HOST_MAX)
        return "its host is too long";
    memcpy(url->host, host.p, host.n);
    url->port = port == 0 ? GH_REDIS_PORT : port;
    return NULL;
}

static const char *read_database(gh_str text, gh_redis_url *url)
{
    uint64_t n;
    if (!gh_str_u64(text, &n) || n > GH_REDIS_DATABASE_MAX || (text.n > 1 && text.p[0] == '0'))
        return "its database is not a number from 0 to 65535";
    url->database = (unsigned)n;
    return NULL;
}

static const char *read_network(gh_str authority, gh_str rest, gh_redis_url *url)
{
    const char *why = read_host(authority, url);
    if (why != NULL || rest.n <= 1)
        return why;
    if (gh_str_find(rest, '?') < rest.n)
        return "it has parameters, of which redis:// and rediss:// know none; the database is written /N";
    return read_database(gh_str_cut(rest, 1, rest.n), url);
}

static const char *read_unix(gh_str authority, gh_str rest, gh_redis_url *url)
{
    size_t question = gh_str_find(rest, '?');
    gh_str path = gh_str_cut(rest, 0, question), query = gh_str_cut(rest, question, rest.n);
    if (authority.n > 0)
        return "it has a host before the path of the socket: write unix:///PATH";
    if (path.n < 2)
        return "it names no socket: write unix:///PATH";
    const char *why = decode(path, ":@/", url->path, sizeof url->path);
    if (why != NULL || query.n == 0)
        return why;
    if (!gh_str_starts(query, GH_STR("?db=")))
        return "it has a parameter that is not known: only ?db=N is";
    return read_database(gh_str_cut(query, 4, query.n), url);
}

static const char *read_scheme(gh_str *text, gh_redis_url *url)
{
    static const struct {
        gh_str text;
        enum gh_redis_scheme scheme;
    } schemes[] = {{GH_STR_INIT("redis://"), GH_REDIS_TCP},
                   {GH_STR_INIT("rediss://"), GH_REDIS_TLS},
                   {GH_STR_INIT("unix://"), GH_REDIS_UNIX}};
    for (size_t i = 0; i < GH_COUNT(schemes); i++)
        if (gh_str_starts(*text, schemes[i].text)) {
            url->scheme = schemes[i].scheme;
            *text = gh_str_cut(*text, schemes[i].text.n, text->n);
            return NULL;
        }
    return "it does not begin with redis://, rediss:// or unix://";
}

static size_t authority_end(gh_str text)
{
    size_t n = gh_str_find(text, '/'), question = gh_str_find(text, '?');
    return question < n ? question : n;
}

static const char *parse(gh_str text, gh_redis_url *url)
{
    const char *why = read_scheme(&text, url);
    if (why != NULL)
        return why;
    if (gh_str_find(text, '#') < text.n)
        return "it has a \"#\": in a user or a password it is written %23";
    size_t end = authority_end(text);
    gh_str authority = gh_str_cut(text, 0, end), rest = gh_str_cut(text, end, text.n);
    size_t at = gh_str_find(authority, '@');
    if (at < authority.n) {
        why = read_user(gh_str_cut(authority, 0, at), url);
        authority = gh_str_cut(authority, at + 1, authority.n);
    } else if (gh_str_find(rest, '@') < rest.n && url->scheme != GH_REDIS_UNIX)
        why =
            "it has a \"/\" or a \"?\" before an \"@\": in a user or a password they are written %2F and %3F";
    if (why == NULL && gh_str_find(authority, '@') < authority.n)
        why = "it has more than one \"@\": in a user or a password it is written %40";
    if (why != NULL)
        return why;
    return url->scheme == GH_REDIS_UNIX ? read_unix(authority, rest, url)
                                        : read_network(authority, rest, url);
}

bool gh_redis_url_parse(gh_str text, gh_redis_url *ret, const char **ret_why)
{
    gh_redis_url url;
    memset(&url, 0, sizeof url);
    const char *why = parse(text, &url);
    if (why == NULL)
        *ret = url;
    else
        *ret_why = why;
    gh_redis_url_wipe(&url);
    return why == NULL;
}

void gh_redis_url_wipe(gh_redis_url *url)
{
    gh_wipe(url, sizeof *url);
}

bool gh_redis_url_is_exposed(const gh_redis_url *url)
{
    gh_ip ip;
    gh_str host = gh_str_of(url->host);
    bool here =
        gh_str_eq_nocase(host, GH_STR("localhost")) || (gh_ip_parse(host, &ip) && gh_ip_is_loopback(&ip));
    return url->scheme == GH_REDIS_TCP && !here;
}

void gh_redis_url_show(const gh_redis_url *url, gh_buf *out)
{
    if (url->scheme == GH_REDIS_UNIX) {
        gh_buf_put(out, gh_str_of(url->path));
        return;
    }
    bool bare = strchr(url->host, ':') == NULL;
    gh_buf_printf(out, bare ? "%s:%u" : "[%s]:%u", url->host, url->port);
}
