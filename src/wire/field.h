/* Header fields: the names the gateway knows, as small numbers.
 *
 * The parser classifies each field once; everything later tests numbers and bit
 * sets, never names. Names are RFC 9110 field names, compared without case. */
#ifndef GH_WIRE_FIELD_H
#define GH_WIRE_FIELD_H

#include <gatehouse/request.h>

#include "base/slice.h"

/* clang-format off */
/* X(identifier, "name in lower case") */
#define GH_FIELDS(X)                                                        \
    X(HOST, "host")                                                         \
    X(CONNECTION, "connection")                                             \
    X(CONTENT_LENGTH, "content-length")                                     \
    X(CONTENT_TYPE, "content-type")                                         \
    X(CONTENT_ENCODING, "content-encoding")                                 \
    X(TRANSFER_ENCODING, "transfer-encoding")                               \
    X(TE, "te")                                                             \
    X(TRAILER, "trailer")                                                   \
    X(UPGRADE, "upgrade")                                                   \
    X(KEEP_ALIVE, "keep-alive")                                             \
    X(PROXY_CONNECTION, "proxy-connection")                                 \
    X(PROXY_AUTHORIZATION, "proxy-authorization")                           \
    X(PROXY_AUTHENTICATE, "proxy-authenticate")                             \
    X(HTTP2_SETTINGS, "http2-settings")                                     \
    X(EXPECT, "expect")                                                     \
    X(VIA, "via")                                                           \
    X(FORWARDED, "forwarded")                                               \
    X(X_FORWARDED_FOR, "x-forwarded-for")                                   \
    X(X_FORWARDED_PROTO, "x-forwarded-proto")                               \
    X(X_FORWARDED_HOST, "x-forwarded-host")                                 \
    X(X_FORWARDED_PORT, "x-forwarded-port")                                 \
    X(X_FORWARDED_PREFIX, "x-forwarded-prefix")                             \
    X(X_FORWARDED_OTHER, "x-forwarded-*") /* any other name with the prefix */ \
    X(X_ORIGINAL, "x-original-*")         /* any name with the prefix */    \
    X(X_REWRITE_URL, "x-rewrite-url")                                       \
    X(X_HTTP_METHOD_OVERRIDE, "x-http-method-override") /* also "x-http-method", "x-method-override" */ \
    X(X_REAL_IP, "x-real-ip")                                               \
    X(X_REQUEST_ID, "x-request-id")                                         \
    X(X_GATEHOUSE, "x-gatehouse-*") /* any name with the prefix */          \
    X(X_DEVICE_ID, "x-device-id")                                           \
    X(X_DEVICE_TOKEN, "x-device-token")                                     \
    X(X_API_KEY, "x-api-key")                                               \
    X(AUTHORIZATION, "authorization")                                       \
    X(COOKIE, "cookie")                                                     \
    X(SET_COOKIE, "set-cookie")                                             \
    X(ORIGIN, "origin")                                                     \
    X(REFERER, "referer")                                                   \
    X(USER_AGENT, "user-agent")                                             \
    X(ACCEPT, "accept")                                                     \
    X(VARY, "vary")                                                         \
    X(SERVER, "server")                                                     \
    X(X_POWERED_BY, "x-powered-by")                                         \
    X(DATE, "date")                                                         \
    X(RETRY_AFTER, "retry-after")                                           \
    X(CACHE_CONTROL, "cache-control")                                       \
    X(ACCESS_CONTROL_REQUEST_METHOD, "access-control-request-method")       \
    X(ACCESS_CONTROL_REQUEST_HEADERS, "access-control-request-headers")     \
    X(ACCESS_CONTROL_RESPONSE, "access-control-*") /* any other: answers' */ \
    X(RATELIMIT, "ratelimit")                                               \
    X(RATELIMIT_POLICY, "ratelimit-policy")                                 \
    X(X_RATELIMIT, "x-ratelimit-*") /* any name with the prefix */          \
    X(X_CONTENT_TYPE_OPTIONS, "x-content-type-options")                     \
    X(X_FRAME_OPTIONS, "x-frame-options")                                   \
    X(X_XSS_PROTECTION, "x-xss-protection")                                 \
    X(CONTENT_SECURITY_POLICY, "content-security-policy")                   \
    X(REFERRER_POLICY, "referrer-policy")                                   \
    X(PERMISSIONS_POLICY, "permissions-policy")                             \
    X(STRICT_TRANSPORT_SECURITY, "strict-transport-security")               \
    X(CROSS_ORIGIN_OPENER_POLICY, "cross-origin-opener-policy")             \
    X(CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin-resource-policy")

/* clang-format on */

enum gh_field_id {
    GH_FIELD_UNKNOWN = 0,
#define X(id, name) GH_FIELD_##id,
    GH_FIELDS(X)
#undef X
        GH_FIELD_COUNT
};
_Static_assert(GH_FIELD_COUNT <= 64, "a set of fields is one 64-bit word");

#define GH_FIELD_BIT(id) (UINT64_C(1) << (id))

/* The number of a field name, GH_FIELD_UNKNOWN for all others. */
enum gh_field_id gh_field_classify(gh_str name);
/* The same for a name already in lower case: low holds its first GH_FIELD_NAME_MAX bytes, or all
 * n > 0 of them when it is shorter. */
enum { GH_FIELD_NAME_MAX = 32 };
enum gh_field_id gh_field_of_lower(const char *low, size_t n);
/* Is c a token character (RFC 9110 section 5.6.2)? */
bool gh_is_tchar(unsigned char c);
/* Is the whole slice a token, not empty? */
bool gh_is_token(gh_str s);
/* Do upstreams that read "_" as "-" (CGI, WSGI, PHP) take the two names of fields for one? Case does not count. */
bool gh_field_names_alike(gh_str a, gh_str b);

/* The first field of this id from index `from` on; index n_fields when there is none. */
unsigned gh_fields_find(const gh_field *fields, unsigned n, enum gh_field_id id, unsigned from);

#endif
