#include "edges/redis/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/ip.h"

static void put_error(gh_buf *out)
{
    unsigned long error = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(error);
    gh_buf_put(out, gh_str_of(reason != NULL ? reason : "no reason given"));
}

static bool load_authorities(SSL_CTX *context, gh_str ca_file, gh_buf *why)
{
    if (ca_file.p == NULL) {
        if (SSL_CTX_set_default_verify_paths(context) == 1)
            return true;
        gh_buf_lit(why, "the system's CA certificates can't be read: ");
    } else {
        if (SSL_CTX_load_verify_file(context, ca_file.p) == 1)
            return true;
        gh_buf_printf(why, "redis.ca_file %.256s can't be read as certificates: ", ca_file.p);
    }
    put_error(why);
    return false;
}

struct ssl_ctx_st *gh_redis_tls_context(gh_str ca_file, gh_buf *why)
{
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    bool good = context != NULL && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
                SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL") == 1;
    if (good) {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
        (void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
        (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
        /* Nothing is read of a server that was not verified, and what it sent is not kept for longer than needed. */
        (void)SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                            SSL_MODE_RELEASE_BUFFERS);
        good = load_authorities(context, ca_file, why);
    } else {
        gh_buf_lit(why, "TLS can't be set up: ");
        put_error(why);
    }
    ERR_clear_error();
    if (good)
        return context;
    SSL_CTX_free(context);
    return NULL;
}

void gh_redis_tls_context_free(struct ssl_ctx_st *context)
{
    SSL_CTX_free(context);
}

static bool expect_host(SSL *ssl, const char *host)
{
    gh_ip ip;
    if (gh_ip_parse(gh_str_of(host), &ip))
        return X509_VERIFY_PARAM_set1_ip(SSL_get0_param(ssl), ip.bytes, ip.family == 4 ? 4 : 16) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    /* SSL_set_tlsext_host_name(), whose macro drops a qualifier. */
    return SSL_set1_host(ssl, host) == 1 && SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
                                                     TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)host) == 1;
}

bool gh_redis_tls_begin(gh_redis_tls *t, struct ssl_ctx_st *context, const char *host)
{
    *t = (gh_redis_tls){.ssl = SSL_new(context)};
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    if (t->ssl == NULL || in == NULL || out == NULL || !expect_host(t->ssl, host)) {
        BIO_free(in);
        BIO_free(out);
        gh_redis_tls_free(t);
        return false;
    }
    (void)BIO_set_mem_eof_return(in, -1); /* empty is "later", not the end */
    SSL_set_bio(t->ssl, in, out);
    SSL_set_connect_state(t->ssl);
    t->in = in;
    t->out = out;
    return true;
}

void gh_redis_tls_free(gh_redis_tls *t)
{
    SSL_free(t->ssl);
    *t = (gh_redis_tls){.ssl = NULL};
}

bool gh_redis_tls_feed(gh_redis_tls *t, const char *bytes, size_t n)
{
    size_t written = 0;
    return BIO_write_ex(t->in, bytes, n, &written) == 1 && written == n;
}

gh_str gh_redis_tls_pending(const gh_redis_tls *t)
{
    char *p = NULL;
    long n = BIO_get_mem_data(t->out, &p);
    return n > 0 ? (gh_str){p, (size_t)n} : (gh_str){NULL, 0};
}

void gh_redis_tls_sent(gh_redis_tls *t, size_t n)
{
    char scratch[4096];
    size_t got;
    while (n > 0 && BIO_read_ex(t->out, scratch, n < sizeof scratch ? n : sizeof scratch, &got) == 1)
        n -= got;
}

static enum gh_redis_tls_result result_of(const gh_redis_tls *t, int status)
{
    switch (SSL_get_error(t->ssl, status)) {
    case SSL_ERROR_NONE:
        return GH_REDIS_TLS_OK;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return GH_REDIS_TLS_MORE;
    case SSL_ERROR_ZERO_RETURN:
        return GH_REDIS_TLS_END;
    default:
        return GH_REDIS_TLS_BAD;
    }
}

enum gh_redis_tls_result gh_redis_tls_shake(gh_redis_tls *t)
{
    ERR_clear_error();
    return result_of(t, SSL_do_handshake(t->ssl));
}

enum gh_redis_tls_result gh_redis_tls_read(gh_redis_tls *t, char *to, size_t size, size_t *ret_n)
{
    ERR_clear_error();
    return result_of(t, SSL_read_ex(t->ssl, to, size, ret_n));
}

enum gh_redis_tls_result gh_redis_tls_write(gh_redis_tls *t, const char *p, size_t n, size_t *ret_n)
{
    ERR_clear_error();
    return result_of(t, SSL_write_ex(t->ssl, p, n, ret_n));
}

static void explain_certificate(long result, const char *host, gh_buf *out)
{
    switch (result) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        gh_buf_lit(out, "its certificate is not signed by a CA that is known here (redis.ca_file)");
        return;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        gh_buf_printf(out, "its certificate is for another name: %s is not among its subjectAltNames", host);
        return;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        gh_buf_lit(out, "its certificate, or its CA's, has expired");
        return;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        gh_buf_lit(out, "its certificate, or its CA's, is not valid yet");
        return;
    default:
        gh_buf_printf(out, "its certificate is refused: %s", X509_verify_cert_error_string(result));
        return;
    }
}

void gh_redis_tls_explain(const gh_redis_tls *t, const char *host, gh_buf *out)
{
    long result = SSL_get_verify_result(t->ssl);
    unsigned long error = ERR_peek_last_error();
    if (result != X509_V_OK) {
        explain_certificate(result, host, out);
        return;
    }
    switch (ERR_GET_REASON(error)) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_HTTP_REQUEST:
        gh_buf_lit(out, "it does not speak TLS");
        return;
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
        gh_buf_lit(out, "it asks for a client certificate, and Gatehouse has none (tls-auth-clients)");
        return;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        gh_buf_lit(out, "it speaks no TLS 1.2 or 1.3");
        return;
    default:
        gh_buf_lit(out, "TLS fails: ");
        put_error(out);
        return;
    }
}
