#include "endpoint.h"

#include <string.h>

#include "identity/steps.h"
#include "jose_vectors.h"
#include "unbase64url.h"

#define PATH "/.well-known/jwks.json"

/* The private key of RFC 8037 as PKCS#8 (RFC 8410 section 7), with other bytes where `change` says so. */
static gh_str pkcs8(char ret[48], char change)
{
    static const uint8_t head[16] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                     0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
    memcpy(ret, head, sizeof head);
    gh_str d = unbase64url(EDDSA_D);
    assert_int_equal(d.n, 32);
    memcpy(ret + sizeof head, d.p, d.n);
    ret[47] = (char)(ret[47] ^ change);
    return (gh_str){ret, 48};
}

static void public_keys_are_shown_and_no_private_ones(void **state)
{
    char one[48], two[48];
    gh_identity_ring_key ring[] = {
        {.alg = GH_EDDSA, .state = GH_KEY_ACTIVE, .pkcs8 = pkcs8(one, 0)},
        {.alg = GH_EDDSA, .state = GH_KEY_NEXT, .pkcs8 = pkcs8(two, 1)},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(ring); i++) {
        const char *why = NULL;
        gh_signing_key *key = gh_signing_key_private(ring[i].pkcs8, &why);
        assert_non_null(key);
        static char kids[2][64];
        gh_str kid = gh_signing_key_kid(key);
        memcpy(kids[i], kid.p, kid.n);
        ring[i].kid = (gh_str){kids[i], kid.n};
        gh_signing_key_free(key);
    }
    endpoint *e = endpoint_new_ring("", ring, GH_COUNT(ring));
    assert_string_equal(endpoint_request(e, "GET", PATH, NULL), "answer 200");
    expect_lines(e, "Cache-Control: public, max-age=300\r\n");
    expect_text(e->txn.own.type, "application/jwk-set+json");
    assert_int_equal(gh_json_lit(e->json, "keys")->n, 2);
    assert_true(gh_str_eq(gh_str_of(endpoint_member(e, "/keys/0/kid")), ring[0].kid));
    assert_true(gh_str_eq(gh_str_of(endpoint_member(e, "/keys/1/kid")), ring[1].kid));
    expect_member(e, "/keys/0/kty", "OKP");
    expect_member(e, "/keys/0/use", "sig");
    for (const gh_json *key = gh_json_lit(e->json, "keys")->first; key != NULL; key = key->next)
        assert_null(gh_json_lit(key, "d"));
    expect_absent(e, EDDSA_D);
    endpoint_free(e);
}

/* The endpoint is off then; what it would say all the same is nothing. */
static void a_secret_is_not_shown(void **state)
{
    (void)state;
    endpoint *e = endpoint_new("");
    const gh_identity_policy *p = &e->policy->identity;
    assert_int_equal(gh_signing_key_alg(p->issuers[0].keys[0].key), GH_HS256);
    for (unsigned i = 0; i < p->n_endpoints; i++)
        assert_string_not_equal(p->endpoints[i]->path, PATH);
    gh_arena_init(&e->arena, NULL, 0, 1 << 16);
    e->txn = (gh_txn){.policy = e->policy, .arena = &e->arena};
    assert_int_equal(gh_ask_jwks(&e->txn), GH_STOP);
    assert_true(gh_str_eq(e->txn.own.body, GH_STR("{\"keys\":[]}")));
    gh_arena_reset(&e->arena);
    endpoint_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_keys_are_shown_and_no_private_ones),
        cmocka_unit_test(a_secret_is_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
