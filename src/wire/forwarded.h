/* The client's address behind proxies: X-Forwarded-For, X-Real-IP, Forwarded (RFC 7239).
 *
 * Anyone can write these fields, so they count only as far as trusted proxies vouch for them. When
 * the peer is no trusted proxy, it is the client. Otherwise the list is walked from the right, the
 * end which the peer wrote: trusted hops are passed over, the first address that is not trusted is
 * the client, and what stands left of it is nobody's word and is never looked at. An entry that
 * cannot be read stops the walk: the hop right of it is the client then. Several lines of one name
 * are one list (RFC 9110 section 5.3). When every entry is trusted, the leftmost is the client.
 *
 * Nothing is allocated; slices point into the fields, or are constants. */
#ifndef GH_WIRE_FORWARDED_H
#define GH_WIRE_FORWARDED_H

#include "base/ip.h"
#include "wire/field.h"

/* Which field carries the address. Only this one is ever believed. */
enum gh_address_source {
    GH_ADDRESS_PEER,            /* none: the peer is the client */
    GH_ADDRESS_X_FORWARDED_FOR, /* with X-Forwarded-Proto and X-Forwarded-Host */
    GH_ADDRESS_X_REAL_IP,       /* likewise; one line with one address */
    GH_ADDRESS_FORWARDED        /* with its own proto= and host= */
};

enum {
    GH_FORWARDED_SCAN_MAX = 64, /* entries looked at, from the right */
    GH_FORWARDED_CHAIN_MAX = 16 /* hops kept */
};

typedef struct gh_client_address {
    gh_ip ip;                  /* the client */
    gh_str source;             /* where ip is from: "peer", "x-forwarded-for", "x-real-ip" or "forwarded" */
    unsigned n_chain;          /* 0 when ip is the peer */
    bool secure, secure_known; /* did the client use https? Known only from a trusted proxy */
    bool ignored;              /* a field was there but not, or not wholly, believed; see why */
    const char *why;           /* with ignored: a constant text for logs; NULL otherwise */
    gh_str host;               /* the host the client asked for, from a trusted proxy, not yet checked;
                                * absent otherwise */
    /* Verified hops: chain[0] is the client, chain[n_chain - 1] the hop before the peer. The rest of
     * the array is not initialised. */
    gh_ip chain[GH_FORWARDED_CHAIN_MAX];
} gh_client_address;

typedef struct gh_forwarded_rules {
    const gh_cidr *trusted;
    unsigned n_trusted;
    enum gh_address_source source;
} gh_forwarded_rules;

/* Who is the client? Needs the fields' ids filled in. Never fails: at worst it is the peer. */
void gh_client_address_find(const gh_forwarded_rules *rules, const gh_ip *peer, const gh_field *fields,
                            unsigned n_fields, gh_client_address *ret);

/* An entry of X-Forwarded-For: "1.2.3.4", "1.2.3.4:5678", "2001:db8::1" or "[2001:db8::1]:80". */
GH_MUST_CHECK bool gh_forwarded_node(gh_str text, gh_ip *ret);

/* The value of X-Forwarded-For for the upstream: the verified chain, then the peer. */
void gh_forwarded_put_xff(gh_buf *out, const gh_client_address *address, const gh_ip *peer);

/* The value of Forwarded (RFC 7239 section 4) for the upstream: one element a verified hop, the peer
 * last. `proto` ("http", "https") and `host` stand in the last element, the one this gateway adds;
 * absent ones are left out, and so is a host with bytes no host has. The client's element has the
 * proto that a trusted proxy said. A peer without an address is "unknown". */
void gh_forwarded_put_rfc7239(gh_buf *out, const gh_client_address *address, const gh_ip *peer, gh_str proto,
                              gh_str host);

#endif
