/* An IP address in canonical form: IPv4-mapped IPv6 (::ffff:0:0/96, RFC 4291
 * section 2.5.5.2) is held as IPv4, so one client has one address. */
#ifndef GATEHOUSE_IP_H
#define GATEHOUSE_IP_H

#include <gatehouse/api.h>
#include <gatehouse/str.h>
#include <stdint.h>

GH_BEGIN_DECLS

typedef struct gh_ip {
    uint8_t family;    /* 4, 6, or 0 for "no address" */
    uint8_t bytes[16]; /* network order; IPv4 uses the first four, the rest are 0 */
} gh_ip;

enum { GH_IP_TEXT_MAX = 46 }; /* room for any address as text, with a NUL */

/* Strict: a dotted quad without leading zeros, or RFC 4291 text; no zone, no port, no brackets. IPv4-mapped
 * IPv6 becomes IPv4. False: not an address, *ret is untouched. */
GH_API GH_MUST_CHECK bool gh_ip_parse(gh_str text, gh_ip *ret);
/* The address as text (RFC 5952), in memory, with a NUL behind it; "-" for no address. */
GH_API gh_str gh_ip_text(const gh_ip *ip, char memory[GH_IP_TEXT_MAX]);

GH_END_DECLS

#endif
