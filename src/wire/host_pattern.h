/* Patterns of trusted hosts: "api.example.com", "*.example.com", "*", "[::1]".
 *
 * "*.example.com" matches one or more labels below: a.example.com and a.b.example.com, but never
 * example.com itself. "*" matches all hosts. Ports play no part: a host is compared without. */
#ifndef GH_WIRE_HOST_PATTERN_H
#define GH_WIRE_HOST_PATTERN_H

#include "base/arena.h"

enum gh_host_pattern_kind { GH_HOST_EXACT, GH_HOST_BELOW, GH_HOST_ANY };

typedef struct gh_host_pattern {
    enum gh_host_pattern_kind kind;
    gh_str text; /* lower case: the host; for BELOW with its first dot, ".example.com" */
} gh_host_pattern;

/* Is it a host as it is compared: a name of letters in lower case, digits, "-", "_" and single dots, an IPv4
 * address, or an IPv6 address in RFC 5952 form in brackets? A name whose last label is a number is none. */
bool gh_host_is_canonical(gh_str host);

/* Upper case is lowered, a trailing dot dropped, IPv6 brought into RFC 5952 form; it may come with or
 * without brackets. False: *ret_why (a constant text) says why. Keeps a copy in the arena. */
GH_MUST_CHECK bool gh_host_pattern_compile(gh_str text, gh_arena *arena, gh_host_pattern *ret,
                                           const char **ret_why);

/* host: lower case, no port, no trailing dot, IPv6 in brackets (gh_authority.host). An empty host matches
 * nothing, not even "*". */
bool gh_host_pattern_match(const gh_host_pattern *pattern, gh_str host);
bool gh_host_pattern_any(const gh_host_pattern *patterns, unsigned n, gh_str host);

/* Does a match every host that b matches? */
bool gh_host_pattern_covers(const gh_host_pattern *a, const gh_host_pattern *b);

#endif
