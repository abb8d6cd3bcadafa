/* JWK sets: what is read has no secret, no kid twice, and its keys written as a set are read as the same keys. */
#include "fuzz.h"
#include "wire/jwk.h"
#include "wire/jws.h"

enum { CAP = 32 << 20 };

static char text[GH_JWKS_KEYS_MAX * GH_SIGNING_JWK_MAX + 64];

static void check_kids(const gh_jwks *set)
{
    for (unsigned i = 0; i < set->n; i++) {
        const gh_jwks_key *a = &set->keys[i];
        FUZZ_CHECK(a->kid.p == NULL || (a->kid.n > 0 && a->kid.n <= GH_JWS_KID_MAX));
        FUZZ_CHECK(a->kid.p == NULL || gh_jwks_find(set, a->kid, GH_HS256) == a->key);
        FUZZ_CHECK(gh_signing_key_alg(a->key) != GH_HS256 && !gh_signing_key_signs(a->key));
    }
}

/* Equal keys have equal thumbprints, so a set of keys that are the same cannot be read back: only sets without. */
static bool has_twice(const gh_jwks *set)
{
    for (unsigned i = 0; i < set->n; i++) {
        for (unsigned k = 0; k < i; k++) {
            if (gh_str_eq(gh_signing_key_kid(set->keys[i].key), gh_signing_key_kid(set->keys[k].key)))
                return true;
        }
    }
    return false;
}

static void check_again(const gh_jwks *set)
{
    const gh_signing_key *keys[GH_JWKS_KEYS_MAX];
    gh_buf out = gh_buf_over(text, sizeof text);
    gh_arena arena;
    gh_jwks again;
    gh_jwks_error error;
    for (unsigned i = 0; i < set->n; i++)
        keys[i] = set->keys[i].key;
    FUZZ_CHECK(gh_jwks_put(&out, keys, set->n));
    gh_arena_init(&arena, NULL, 0, CAP);
    bool good = gh_jwks_read(gh_buf_str(&out), &arena, &again, &error);
    FUZZ_CHECK(good != has_twice(set));
    FUZZ_CHECK(!good || (again.n == set->n && again.skipped == 0));
    for (unsigned i = 0; good && i < set->n; i++) {
        FUZZ_CHECK(gh_str_eq(again.keys[i].kid, gh_signing_key_kid(keys[i])));
        FUZZ_CHECK(gh_signing_key_alg(again.keys[i].key) == gh_signing_key_alg(keys[i]));
        FUZZ_CHECK(gh_str_eq(gh_signing_key_kid(again.keys[i].key), gh_signing_key_kid(keys[i])));
    }
    if (good)
        gh_jwks_free(&again);
    gh_arena_reset(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_arena arena;
    gh_jwks set;
    gh_jwks_error error = {.why = NULL};
    gh_arena_init(&arena, NULL, 0, CAP);
    if (gh_jwks_read((gh_str){(const char *)data, size}, &arena, &set, &error)) {
        FUZZ_CHECK(set.n + set.skipped <= GH_JWKS_KEYS_MAX && (set.skipped > 0) == (set.skipped_why != NULL));
        check_kids(&set);
        check_again(&set);
        gh_jwks_free(&set);
    } else
        FUZZ_CHECK(error.why != NULL);
    gh_arena_reset(&arena);
    return 0;
}
