/* IP addresses and CIDR blocks: parse, format, contain. */
#ifndef GH_BASE_IP_H
#define GH_BASE_IP_H

#include <gatehouse/ip.h>

#include "base/buf.h"

typedef struct gh_cidr {
    gh_ip base;     /* host bits are zero */
    uint8_t prefix; /* 0..32 or 0..128 */
} gh_cidr;

/* "A" or "A/N"; host bits must be zero ("10.0.0.1/8" is refused, *ret_why says so). */
GH_MUST_CHECK bool gh_cidr_parse(gh_str text, gh_cidr *ret, const char **ret_why);
/* RFC 5952 text. */
void gh_ip_format(const gh_ip *ip, gh_buf *out);
bool gh_ip_eq(const gh_ip *a, const gh_ip *b);
bool gh_cidr_contains(const gh_cidr *net, const gh_ip *ip);
/* Is ip in any of n blocks? */
bool gh_cidr_any(const gh_cidr *nets, size_t n, const gh_ip *ip);
/* ip with all bits behind prefix cleared. */
gh_ip gh_ip_mask(const gh_ip *ip, uint8_t prefix);
bool gh_ip_is_loopback(const gh_ip *ip);

#endif
