#include "wire/field.h"

#include "wire/chars.h"

#define IS(id, name)                                \
    if (memcmp(low, (name), sizeof(name) - 1) == 0) \
    return GH_FIELD_##id

#define BEGINS(id, prefix)                                                         \
    if (n >= sizeof(prefix) - 1 && memcmp(low, (prefix), sizeof(prefix) - 1) == 0) \
    return GH_FIELD_##id

static enum gh_field_id by_prefix(const char *low, size_t n)
{
    if (low[0] == 'x') {
        BEGINS(X_FORWARDED_OTHER, "x-forwarded-");
        BEGINS(X_RATELIMIT, "x-ratelimit-");
        BEGINS(X_ORIGINAL, "x-original-");
        BEGINS(X_GATEHOUSE, "x-gatehouse-");
    }
    BEGINS(ACCESS_CONTROL_RESPONSE, "access-control-");
    return GH_FIELD_UNKNOWN;
}

static enum gh_field_id short_name(const char *low, size_t n)
{
    switch (n) {
    case 2:
        IS(TE, "te");
        break;
    case 3:
        IS(VIA, "via");
        break;
    case 4:
        IS(HOST, "host");
        IS(DATE, "date");
        IS(VARY, "vary");
        break;
    case 6:
        IS(ACCEPT, "accept");
        IS(COOKIE, "cookie");
        IS(ORIGIN, "origin");
        IS(SERVER, "server");
        IS(EXPECT, "expect");
        break;
    case 7:
        IS(REFERER, "referer");
        IS(UPGRADE, "upgrade");
        IS(TRAILER, "trailer");
        break;
    case 9:
        IS(X_REAL_IP, "x-real-ip");
        IS(X_API_KEY, "x-api-key");
        IS(FORWARDED, "forwarded");
        IS(RATELIMIT, "ratelimit");
        break;
    default:
        break;
    }
    return GH_FIELD_UNKNOWN;
}

static enum gh_field_id middle_name(const char *low, size_t n)
{
    switch (n) {
    case 10:
        IS(USER_AGENT, "user-agent");
        IS(CONNECTION, "connection");
        IS(SET_COOKIE, "set-cookie");
        IS(KEEP_ALIVE, "keep-alive");
        break;
    case 11:
        IS(X_DEVICE_ID, "x-device-id");
        IS(RETRY_AFTER, "retry-after");
        break;
    case 12:
        IS(CONTENT_TYPE, "content-type");
        IS(X_REQUEST_ID, "x-request-id");
        IS(X_POWERED_BY, "x-powered-by");
        break;
    case 13:
        IS(AUTHORIZATION, "authorization");
        IS(CACHE_CONTROL, "cache-control");
        IS(X_REWRITE_URL, "x-rewrite-url");
        IS(X_HTTP_METHOD_OVERRIDE, "x-http-method");
        break;
    default:
        break;
    }
    return by_prefix(low, n);
}

static enum gh_field_id long_name(const char *low, size_t n)
{
    switch (n) {
    case 18:
        IS(X_FORWARDED_PREFIX, "x-forwarded-prefix");
        IS(PERMISSIONS_POLICY, "permissions-policy");
        IS(PROXY_AUTHENTICATE, "proxy-authenticate");
        break;
    case 19:
        IS(PROXY_AUTHORIZATION, "proxy-authorization");
        break;
    case 22:
        IS(X_CONTENT_TYPE_OPTIONS, "x-content-type-options");
        IS(X_HTTP_METHOD_OVERRIDE, "x-http-method-override");
        break;
    case 23:
        IS(CONTENT_SECURITY_POLICY, "content-security-policy");
        break;
    case 25:
        IS(STRICT_TRANSPORT_SECURITY, "strict-transport-security");
        break;
    case 26:
        IS(CROSS_ORIGIN_OPENER_POLICY, "cross-origin-opener-policy");
        break;
    case 28:
        IS(CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin-resource-policy");
        break;
    case 29:
        IS(ACCESS_CONTROL_REQUEST_METHOD, "access-control-request-method");
        break;
    case 30:
        IS(ACCESS_CONTROL_REQUEST_HEADERS, "access-control-request-headers");
        break;
    default:
        break;
    }
    return by_prefix(low, n);
}

enum gh_field_id gh_field_of_lower(const char *low, size_t n)
{
    switch (n) {
    case 14:
        IS(CONTENT_LENGTH, "content-length");
        IS(HTTP2_SETTINGS, "http2-settings");
        IS(X_DEVICE_TOKEN, "x-device-token");
        break;
    case 15:
        IS(X_FORWARDED_FOR, "x-forwarded-for");
        IS(X_FRAME_OPTIONS, "x-frame-options");
        IS(REFERRER_POLICY, "referrer-policy");
        break;
    case 16:
        IS(CONTENT_ENCODING, "content-encoding");
        IS(X_FORWARDED_HOST, "x-forwarded-host");
        IS(X_FORWARDED_PORT, "x-forwarded-port");
        IS(PROXY_CONNECTION, "proxy-connection");
        IS(RATELIMIT_POLICY, "ratelimit-policy");
        IS(X_XSS_PROTECTION, "x-xss-protection");
        break;
    case 17:
        IS(TRANSFER_ENCODING, "transfer-encoding");
        IS(X_FORWARDED_PROTO, "x-forwarded-proto");
        IS(X_HTTP_METHOD_OVERRIDE, "x-method-override");
        break;
    default:
        if (n < 10)
            return short_name(low, n); /* too short for any prefix */
        return n < 14 ? middle_name(low, n) : long_name(low, n);
    }
    return by_prefix(low, n);
}

enum gh_field_id gh_field_classify(gh_str name)
{
    char low[GH_FIELD_NAME_MAX] = {0};
    size_t n = name.n < sizeof low ? name.n : sizeof low;
    for (size_t i = 0; i < n; i++)
        low[i] = (char)gh_token_lower[(unsigned char)name.p[i]];
    return name.n == 0 ? GH_FIELD_UNKNOWN : gh_field_of_lower(low, name.n);
}

bool gh_is_tchar(unsigned char c)
{
    return gh_token_lower[c] != 0;
}

bool gh_is_token(gh_str s)
{
    return s.n > 0 && gh_skip_token(s.p, s.p + s.n) == s.p + s.n;
}

unsigned gh_fields_find(const gh_field *fields, unsigned n, enum gh_field_id id, unsigned from)
{
    unsigned i = from < n ? from : n;
    while (i < n && fields[i].id != id)
        i++;
    return i;
}

bool gh_field_names_alike(gh_str a, gh_str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        char x = a.p[i] == '_' ? '-' : gh_lower(a.p[i]), y = b.p[i] == '_' ? '-' : gh_lower(b.p[i]);
        if (x != y)
            return false;
    }
    return true;
}
