#include "wire/jwk.h"

#include "base/base64url.h"
#include "wire/jws.h"

/* Certificates (x5c) are arrays in a key in an array in the set; the rest is room for what is ignored. */
static const gh_json_limits set_limits = {
    .depth = 8, .values = 64 * GH_JWKS_KEYS_MAX, .number = 32, .exponent = 32};

enum { PART_MAX = 512 }; /* bytes of n, the longest part of a key */

static gh_str text_of(const gh_json *object, gh_str name)
{
    const gh_json *member = gh_json_get(object, name);
    return member != NULL && member->type == GH_JSON_STRING ? member->text : (gh_str){NULL, 0};
}

/* A part of a key, decoded; absent when it has no such form. */
static gh_str part(const gh_json *jwk, gh_str name, uint8_t memory[PART_MAX])
{
    gh_str text = text_of(jwk, name);
    size_t n = gh_base64url_bytes(text.n);
    if (text.n == 0 || n > PART_MAX || !gh_base64url_read(text, memory))
        return (gh_str){NULL, 0};
    return (gh_str){(const char *)memory, n};
}

static gh_signing_key *read_okp(const gh_json *jwk, const char **ret_why)
{
    uint8_t x[PART_MAX];
    if (gh_str_eq(text_of(jwk, GH_STR("crv")), GH_STR("Ed25519")))
        return gh_signing_key_ed25519(part(jwk, GH_STR("x"), x), ret_why);
    *ret_why = "a curve that is not Ed25519";
    return NULL;
}

static gh_signing_key *read_ec(const gh_json *jwk, const char **ret_why)
{
    uint8_t x[PART_MAX], y[PART_MAX];
    if (gh_str_eq(text_of(jwk, GH_STR("crv")), GH_STR("P-256")))
        return gh_signing_key_p256(part(jwk, GH_STR("x"), x), part(jwk, GH_STR("y"), y), ret_why);
    *ret_why = "a curve that is not P-256";
    return NULL;
}

static gh_signing_key *read_rsa(const gh_json *jwk, const char **ret_why)
{
    uint8_t n[PART_MAX], e[PART_MAX];
    return gh_signing_key_rsa(part(jwk, GH_STR("n"), n), part(jwk, GH_STR("e"), e), ret_why);
}

static const struct {
    gh_str kty;
    enum gh_signing_alg alg;
    gh_signing_key *(*read)(const gh_json *jwk, const char **ret_why);
} kinds[] = {{GH_STR_INIT("OKP"), GH_EDDSA, read_okp},
             {GH_STR_INIT("EC"), GH_ES256, read_ec},
             {GH_STR_INIT("RSA"), GH_RS256, read_rsa}};

/* Is it for verifying, as far as it says (RFC 7517 sections 4.2 and 4.3)? */
static bool for_verifying(const gh_json *jwk)
{
    const gh_json *use = gh_json_lit(jwk, "use"), *operations = gh_json_lit(jwk, "key_ops");
    if (use != NULL && !gh_str_eq(text_of(jwk, GH_STR("use")), GH_STR("sig")))
        return false;
    if (operations == NULL)
        return true;
    if (operations->type != GH_JSON_ARRAY)
        return false;
    for (const gh_json *item = operations->first; item != NULL; item = item->next) {
        if (item->type == GH_JSON_STRING && gh_str_eq(item->text, GH_STR("verify")))
            return true;
    }
    return false;
}

/* alg may be left out; when it is there, it must be the one that the kind has here. */
static bool alg_fits(const gh_json *jwk, enum gh_signing_alg alg)
{
    enum gh_signing_alg named;
    return gh_json_lit(jwk, "alg") == NULL ||
           (gh_signing_alg_read(text_of(jwk, GH_STR("alg")), &named) && named == alg);
}

enum gh_jwk_result gh_jwk_read(const gh_json *jwk, gh_signing_key **ret, const char **ret_why)
{
    *ret_why = "a key of another kind";
    if (jwk->type != GH_JSON_OBJECT)
        return GH_JWK_SKIPPED;
    /* d: the private part of all our kinds; k: a symmetric key. */
    if (gh_json_lit(jwk, "d") != NULL || gh_json_lit(jwk, "k") != NULL) {
        *ret_why = "a secret among public keys";
        return GH_JWK_REFUSED;
    }
    for (size_t i = 0; i < GH_COUNT(kinds); i++) {
        if (!gh_str_eq(text_of(jwk, GH_STR("kty")), kinds[i].kty))
            continue;
        *ret_why = "a key for another purpose";
        if (!for_verifying(jwk) || !alg_fits(jwk, kinds[i].alg))
            return GH_JWK_SKIPPED;
        gh_signing_key *key = kinds[i].read(jwk, ret_why);
        if (key == NULL)
            return GH_JWK_SKIPPED;
        *ret = key;
        return GH_JWK_KEY;
    }
    return GH_JWK_SKIPPED;
}

static bool has_kid(const gh_jwks *set, gh_str kid)
{
    for (unsigned i = 0; kid.p != NULL && i < set->n; i++) {
        if (set->keys[i].kid.p != NULL && gh_str_eq(set->keys[i].kid, kid))
            return true;
    }
    return false;
}

/* A kid that no token could have is as good as none. */
static bool kid_is_wrong(const gh_json *jwk, gh_str kid)
{
    return gh_json_lit(jwk, "kid") != NULL && (kid.n == 0 || kid.n > GH_JWS_KID_MAX);
}

static bool add(gh_jwks *set, const gh_json *jwk, gh_jwks_error *ret_error)
{
    gh_signing_key *key = NULL;
    const char *why = NULL;
    gh_str kid = text_of(jwk, GH_STR("kid"));
    enum gh_jwk_result result = gh_jwk_read(jwk, &key, &why);
    if (result == GH_JWK_KEY && kid_is_wrong(jwk, kid)) {
        gh_signing_key_free(key);
        result = GH_JWK_SKIPPED;
        why = "a kid that is no text of 1 to 128 characters";
    }
    if (result == GH_JWK_REFUSED) {
        *ret_error = (gh_jwks_error){why, kid};
        return false;
    }
    if (result == GH_JWK_SKIPPED) {
        set->skipped++;
        set->skipped_why = why;
        return true;
    }
    if (has_kid(set, kid)) {
        gh_signing_key_free(key);
        *ret_error = (gh_jwks_error){"two keys with the same kid", kid};
        return false;
    }
    set->keys[set->n++] = (gh_jwks_key){kid, key};
    return true;
}

bool gh_jwks_read(gh_str text, gh_arena *arena, gh_jwks *ret, gh_jwks_error *ret_error)
{
    gh_json_error wrong = {.why = "a set of more than 256 KiB"};
    gh_jwks set = {.n = 0};
    const gh_json *root = text.n > GH_JWKS_MAX ? NULL : gh_json_read(text, &set_limits, arena, &wrong);
    if (root == NULL) {
        *ret_error = (gh_jwks_error){.why = wrong.why};
        return false;
    }
    const gh_json *keys = gh_json_lit(root, "keys");
    if (keys == NULL || keys->type != GH_JSON_ARRAY || keys->n > GH_JWKS_KEYS_MAX) {
        *ret_error = (gh_jwks_error){.why = "not an object with an array `keys` of at most 64"};
        return false;
    }
    for (const gh_json *jwk = keys->first; jwk != NULL; jwk = jwk->next) {
        if (!add(&set, jwk, ret_error)) {
            gh_jwks_free(&set);
            return false;
        }
    }
    *ret = set;
    return true;
}

void gh_jwks_free(gh_jwks *set)
{
    for (unsigned i = 0; i < set->n; i++)
        gh_signing_key_free(set->keys[i].key);
    set->n = 0;
}

const gh_signing_key *gh_jwks_find(const gh_jwks *set, gh_str kid, enum gh_signing_alg alg)
{
    const gh_signing_key *found = NULL;
    for (unsigned i = 0; i < set->n; i++) {
        const gh_jwks_key *k = &set->keys[i];
        if (kid.p != NULL) {
            if (k->kid.p != NULL && gh_str_eq(k->kid, kid))
                return k->key;
        } else if (gh_signing_key_alg(k->key) == alg) {
            if (found != NULL)
                return NULL;
            found = k->key;
        }
    }
    return found;
}

bool gh_jwks_put(gh_buf *out, const gh_signing_key *const *keys, unsigned n)
{
    bool first = true;
    gh_buf_lit(out, "{\"keys\":[");
    for (unsigned i = 0; i < n; i++) {
        if (gh_signing_key_alg(keys[i]) == GH_HS256)
            continue;
        if (!first)
            gh_buf_char(out, ',');
        if (!gh_signing_key_put_jwk(keys[i], out))
            return false;
        first = false;
    }
    gh_buf_lit(out, "]}");
    return gh_buf_ok(out);
}
