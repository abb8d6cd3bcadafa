/* A policy with identity from YAML, a secret and a ring. */
#ifndef GH_TEST_CONFIG_IDENTITY_HELPER_H
#define GH_TEST_CONFIG_IDENTITY_HELPER_H

#include "load_helper.h"

#include "config/compile.h"
#include "jose_vectors.h"
#include "unbase64url.h"

#define KEY "4d9f2c81b7e6350a4d9f2c81b7e6350a"
#define ON "upstreams: [{name: a, servers: [http://a:1]}]\nidentity:\n  enabled: on\n"
#define HS256 ON "  token: {algorithm: HS256}\n"

typedef struct built {
    loaded *l;
    gh_policy *policy;
    char text[8192]; /* the report of compiling */
} built;

typedef struct ring {
    const gh_identity_ring_key *keys;
    unsigned n;
    gh_read_jwks_fn *read_jwks;
} ring;

/* The private key of RFC 8037 as PKCS#8 (RFC 8410 section 7). */
static inline gh_str eddsa_pkcs8(char ret[48])
{
    static const uint8_t head[16] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                     0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
    memcpy(ret, head, sizeof head);
    gh_str d = unbase64url(EDDSA_D);
    assert_int_equal(d.n, 32);
    memcpy(ret + sizeof head, d.p, d.n);
    return (gh_str){ret, 48};
}

/* policy NULL: the text says why. The caller unbuilds. */
static inline built *build(const char *yaml, const char *secret, const ring *r)
{
    static built b;
    gh_report report;
    b.l = load_given(&(given){.yaml = yaml});
    expect_nothing(b.l);
    assert_non_null(b.l->config);
    b.l->config->secret_key = gh_str_of(secret);
    if (r != NULL) {
        b.l->config->identity_ring = r->keys;
        b.l->config->n_identity_ring = r->n;
        b.l->config->read_jwks = r->read_jwks;
    }
    gh_report_init(&report);
    b.policy = gh_policy_compile(b.l->config, &report);
    gh_buf out = gh_buf_over(b.text, sizeof b.text - 1);
    gh_report_print(&report, &out);
    b.text[out.n] = '\0';
    assert_int_equal(b.policy == NULL, report.errors > 0);
    gh_report_free(&report);
    return &b;
}

static inline void unbuild(built *b)
{
    gh_policy_unref(b->policy);
    unload(b->l);
}

static inline built *build_good(const char *yaml)
{
    built *b = build(yaml, KEY, NULL);
    assert_string_equal(b->text, "");
    return b;
}

#endif
