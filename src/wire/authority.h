/* The syntax of uri-host [":" port], without copying (RFC 9110 section 7.2, RFC 3986 section 3.2.2).
 *
 * Taken: names of letters, digits, "-", "_" and single dots (one trailing dot is dropped), IPv4 text, and
 * IPv6 in brackets without a zone. Refused: userinfo, percent-escapes, empty hosts and labels, an empty port,
 * port 0, leading zeros in the port. */
#ifndef GH_WIRE_AUTHORITY_H
#define GH_WIRE_AUTHORITY_H

#include <stdint.h>

#include "base/slice.h"

/* ret_host points into text, as written; ret_port is 0 when not given. */
GH_MUST_CHECK bool gh_authority_split(gh_str text, gh_str *ret_host, uint16_t *ret_port);

#endif
