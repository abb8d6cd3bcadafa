/* Outside issuers from settings and their key sets to the policy. */
#include "identity_helper.h"

#define JWK "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"one\",\"x\":\"" EDDSA_X "\"}"

/* By the file's name. */
static bool read_jwks(void *data, gh_str issuer, gh_str jwks, gh_arena *arena, gh_jwks_text *ret)
{
    static const struct {
        const char *name, *text;
    } files[] = {{"good", "{\"keys\":[" JWK "]}"},
                 {"empty", "{\"keys\":[]}"},
                 {"broken", "{\"keys\":["},
                 {"secret", "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"s\",\"x\":\"" EDDSA_X
                            "\",\"d\":\"" EDDSA_D "\"}]}"}};
    (void)data;
    assert_true(issuer.n > 0);
    ret->why = "no such file";
    ret->later = gh_str_ends(jwks, GH_STR("/later"));
    for (size_t i = 0; i < GH_COUNT(files); i++)
        if (gh_str_ends(jwks, gh_str_of(files[i].name))) {
            ret->text = gh_arena_copy(arena, gh_str_of(files[i].text));
            return true;
        }
    return false;
}

static void test_issuers(void **state)
{
    ring r = {NULL, 0, read_jwks};
    built *b = build(HS256 "  issuers:\n"
                           "    - {name: i, issuer: https://i.example, audiences: [a, b], jwks: good, "
                           "types: [application/AT+JWT, JWT], roles_claim: /realm/roles, max_lifetime: 1h}\n"
                           "    - {name: k, issuer: https://k.example, audiences: [a], "
                           "jwks: https://k.example/later}\n",
                     KEY, &r);
    (void)state;
    assert_string_equal(b->text, "");
    assert_int_equal(b->policy->identity.n_issuers, 3);
    const gh_issuer *i = &b->policy->identity.issuers[1], *k = &b->policy->identity.issuers[2];
    expect_str(i->name, "i");
    expect_str(i->issuer, "https://i.example");
    expect_str(i->jwks, "good");
    assert_int_equal(i->n_audiences, 2);
    expect_str(i->audiences[1], "b");
    assert_int_equal(i->n_types, 2);
    expect_str(i->types[0], "at+jwt");
    expect_str(i->types[1], "jwt");
    expect_str(i->roles_claim, "/realm/roles");
    assert_null(i->tier_claim.p);
    assert_int_equal(i->max_lifetime_s, 3600);
    assert_false(i->keys_missing);
    assert_int_equal(i->n_keys, 1);
    expect_str(i->keys[0].kid, "one");
    assert_int_equal(gh_signing_key_alg(i->keys[0].key), GH_EDDSA);
    assert_false(gh_signing_key_signs(i->keys[0].key));
    assert_true(k->keys_missing);
    assert_int_equal(k->n_keys, 0);
    assert_int_equal(k->max_lifetime_s, 86400);
    unbuild(b);
}

/* A file is to be corrected; what the network gives may right itself, and nothing is believed until then. */
static void test_issuers_without_keys(void **state)
{
    static const struct {
        const char *jwks, *part;
        bool fatal, readable;
    } rows[] = {
        {"missing", "error: issuer i: its keys (missing) can't be read: no such file", true, true},
        {"good", "error: issuer i: its keys (good) can't be read: key sets can't be read here", true, false},
        {"broken", "error: issuer i: broken: ", true, true},
        {"empty", "error: issuer i: empty: there is no key in it", true, true},
        {"secret", "error: issuer i: secret: ", true, true},
        {"https://i.example/broken",
         "warning: issuer i: its keys can't be used, and its tokens are refused: ", false, true},
        {"https://i.example/empty",
         "warning: issuer i: its keys can't be used, and its tokens are refused: there is no key in it",
         false, true},
        {"https://i.example/secret",
         "warning: issuer i: its keys can't be used, and its tokens are refused: ", false, true},
        {"https://i.example/missing", "can't be read: no such file", true, true},
    };
    char yaml[512];
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        ring r = {NULL, 0, rows[i].readable ? read_jwks : NULL};
        gh_buf y = gh_buf_over(yaml, sizeof yaml - 1);
        gh_buf_printf(&y, HS256 "  issuers: [{name: i, issuer: x, audiences: [a], jwks: \"%s\"}]\n",
                      rows[i].jwks);
        yaml[y.n] = '\0';
        built *b = build(yaml, KEY, &r);
        assert_non_null(strstr(b->text, rows[i].part));
        assert_int_equal(b->policy == NULL, rows[i].fatal);
        if (b->policy != NULL) {
            assert_true(b->policy->identity.issuers[1].keys_missing);
            assert_int_equal(b->policy->identity.issuers[1].n_keys, 0);
        }
        unbuild(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_issuers),
        cmocka_unit_test(test_issuers_without_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
