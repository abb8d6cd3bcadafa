/* Serialised origins, as in the Origin field (RFC 6454 section 6.2; WHATWG HTML, "origin").
 *
 * A browser sends scheme and host in lower case and no default port, so a request's origin is never
 * rewritten: it is valid in exactly that form or it is no origin, and origins are compared byte by byte. A
 * configured origin is brought into that form once. */
#ifndef GH_WIRE_ORIGIN_H
#define GH_WIRE_ORIGIN_H

#include "base/arena.h"

enum gh_origin_kind {
    GH_ORIGIN_INVALID,
    GH_ORIGIN_NULL, /* "null": opaque; several unrelated pages send it, so it never names anyone */
    GH_ORIGIN_TUPLE /* scheme "://" host [":" port] */
};

enum { GH_ORIGIN_MAX = 320 }; /* bytes; longer ones are invalid */

typedef struct gh_origin {
    gh_str scheme, host; /* IPv6 hosts in brackets */
    uint16_t port;       /* 0: not given */
} gh_origin;

/* What a request's Origin value is; *ret (may be NULL) is written for a TUPLE only. Invalid: upper
 * case, a path, even "/", userinfo, a query, a default port (80, 443), a port with leading zeros, an
 * IPv6 address not in RFC 5952 form. Schemes other than http and https are valid ("capacitor://localhost"). */
enum gh_origin_kind gh_origin_parse(gh_str text, gh_origin *ret);

/* A configured origin in the form browsers send: "HTTPS://A.example:443" becomes "https://a.example". May
 * hold a copy in the arena. False: not an origin, *ret_why (a constant text) says why. "null" and "*" are
 * refused: they are no origin one can trust. */
GH_MUST_CHECK bool gh_origin_configure(gh_str text, gh_arena *arena, gh_str *ret, const char **ret_why);

#endif
