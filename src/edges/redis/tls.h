/* TLS of a connection that we made: OpenSSL between two buffers, so that all I/O is the caller's.
 *
 * TLS 1.2 with forward secrecy and AEAD (RFC 9325) or 1.3. The server's certificate is verified against the CA file or
 * the system's, and for the host: a name by its subjectAltName (RFC 9525; never the common name), an address likewise.
 * SNI is sent for names (RFC 6066 section 3). No resumption, no renegotiation, no client certificate. */
#ifndef GH_EDGES_REDIS_TLS_H
#define GH_EDGES_REDIS_TLS_H

#include "base/buf.h"

struct ssl_ctx_st;
struct ssl_st;
struct bio_st;

/* ca_file: a path with a NUL behind it, or absent. Reads files. NULL: why says what is wrong. */
GH_MUST_CHECK struct ssl_ctx_st *gh_redis_tls_context(gh_str ca_file, gh_buf *why);
void gh_redis_tls_context_free(struct ssl_ctx_st *context);

typedef struct gh_redis_tls {
    struct ssl_st *ssl;      /* NULL: not begun */
    struct bio_st *in, *out; /* the ssl's own */
} gh_redis_tls;

enum gh_redis_tls_result { GH_REDIS_TLS_OK, GH_REDIS_TLS_MORE, GH_REDIS_TLS_END, GH_REDIS_TLS_BAD };

/* host: a name or an address without brackets, with a NUL behind it. False: no memory. */
GH_MUST_CHECK bool gh_redis_tls_begin(gh_redis_tls *t, struct ssl_ctx_st *context, const char *host);
void gh_redis_tls_free(gh_redis_tls *t);

/* Bytes from the server. False: no memory. */
GH_MUST_CHECK bool gh_redis_tls_feed(gh_redis_tls *t, const char *bytes, size_t n);
/* Bytes for the server, the caller's to send; gh_redis_tls_sent() takes n of them away. */
gh_str gh_redis_tls_pending(const gh_redis_tls *t);
void gh_redis_tls_sent(gh_redis_tls *t, size_t n);

/* OK: it is done, and the server is the one that is meant. MORE: send what is pending, then feed. */
GH_MUST_CHECK enum gh_redis_tls_result gh_redis_tls_shake(gh_redis_tls *t);
/* OK: *ret_n > 0 bytes of plain text. MORE: feed. END: the server has said that it is through. */
GH_MUST_CHECK enum gh_redis_tls_result gh_redis_tls_read(gh_redis_tls *t, char *to, size_t size,
                                                         size_t *ret_n);
/* OK: *ret_n > 0 bytes were taken. */
GH_MUST_CHECK enum gh_redis_tls_result gh_redis_tls_write(gh_redis_tls *t, const char *p, size_t n,
                                                          size_t *ret_n);
/* After BAD: the end of a sentence ("its certificate ..."). */
void gh_redis_tls_explain(const gh_redis_tls *t, const char *host, gh_buf *out);

#endif
