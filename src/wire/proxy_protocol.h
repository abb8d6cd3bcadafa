/* The PROXY protocol, versions 1 and 2, as the receiver (HAProxy's proxy-protocol.txt, 2020/03/05).
 *
 * The version is configured and never guessed: a client that may choose could forge its address.
 * Read only from peers that are configured to speak it. Strict: the sender is a proxy, not a browser,
 * so anything odd is BAD and the connection is to be closed. Copies nothing, allocates nothing. */
#ifndef GH_WIRE_PROXY_PROTOCOL_H
#define GH_WIRE_PROXY_PROTOCOL_H

#include "base/ip.h"

enum gh_proxy_result {
    GH_PROXY_DONE, /* a whole header; `used` bytes of the input are it */
    GH_PROXY_MORE, /* not whole yet, nothing wrong so far */
    GH_PROXY_BAD   /* *error says what */
};

enum {
    GH_PROXY_V1_MAX = 107, /* bytes with CRLF */
    GH_PROXY_V2_MAX = 4096 /* bytes of a whole header accepted; the format allows 65551 */
};

typedef struct gh_proxy_header {
    size_t used;               /* bytes the header took; the first byte behind it is the client's */
    bool local;                /* LOCAL, UNKNOWN, UNSPEC or UNIX: no address; use the connection's own */
    bool tls;                  /* v2: the SSL TLV says the client came over TLS; v1 never says so */
    gh_ip source, destination; /* family 0 when local; IPv4-mapped is IPv4 */
    uint16_t source_port, destination_port;
    const char *error; /* with BAD: a constant text for logs */
} gh_proxy_header;

/* With MORE nothing is written; with BAD only ret->error. */
GH_MUST_CHECK enum gh_proxy_result gh_proxy_v1_read(gh_str in, gh_proxy_header *ret);
/* Checks the CRC32C TLV when there is one; refuses it twice. */
GH_MUST_CHECK enum gh_proxy_result gh_proxy_v2_read(gh_str in, gh_proxy_header *ret);

/* CRC-32C (Castagnoli, RFC 3720 appendix B.4) of n bytes, continued from `crc` (0 to start). */
uint32_t gh_crc32c(uint32_t crc, const void *data, size_t n);

#endif
