/* The request-target in its one interpretation (RFC 9112 section 3.2, RFC 3986 section 6.2.2).
 *
 * What is matched is what the upstream gets. Path: percent-escapes of unreserved characters are
 * decoded, other escapes get upper-case hex, dot segments are removed, runs of "/" become one.
 * Refused: a path that climbs above the root, an escaped "/", "\" or NUL, a raw "\", control characters
 * and bytes over 0x7E, "#", a broken escape, an escape of an escape ("%25" before two hex digits), a
 * dot segment with a parameter ("..;x"). The query is kept as it came, with the same character checks
 * (raw control characters, bytes over 0x7E, "#" and broken escapes are refused). */
#ifndef GH_WIRE_TARGET_H
#define GH_WIRE_TARGET_H

#include "base/arena.h"

typedef struct gh_target {
    gh_str path;      /* starts with "/", normalised; "*" for OPTIONS * */
    gh_str query;     /* without "?"; absent when there is no "?" */
    gh_str authority; /* of an absolute-form; absent otherwise */
    gh_str scheme;    /* of an absolute-form ("http" or "https"); absent otherwise */
} gh_target;

/* origin-form, absolute-form (http, https, no userinfo) or "*" . False: refused, *ret_why says why
 * (a constant text). Copies into the arena only when normalising changes something. */
GH_MUST_CHECK bool gh_target_parse(gh_str raw, gh_arena *arena, gh_target *ret, const char **ret_why);

typedef struct gh_authority {
    gh_str host;   /* lower case, without a trailing dot; IPv6 in brackets */
    uint16_t port; /* 0 when not given */
} gh_authority;

/* uri-host [":" port] (RFC 9110 section 7.2). Refuses userinfo, empty hosts, odd characters, port 0. */
GH_MUST_CHECK bool gh_authority_parse(gh_str text, gh_arena *arena, gh_authority *ret);

#endif
