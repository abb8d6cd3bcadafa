#include "operator/new_keys.h"

#include "base/crypto.h"
#include "base/signing_generate.h"

/* A signing key as it is written down. */
typedef struct fresh_key {
    gh_signing_key *key;
    char der[GH_SIGNING_PRIVATE_MAX];
    gh_stored_key stored;
} fresh_key;

static void forget(fresh_key *fresh)
{
    gh_wipe(fresh->der, sizeof fresh->der);
    gh_signing_key_free(fresh->key);
    fresh->key = NULL;
}

static bool generate(const gh_new_keys *with, fresh_key *ret, const char **ret_why)
{
    gh_buf b = gh_buf_over(ret->der, sizeof ret->der);
    ret->key = gh_signing_key_generate(with->algorithm, ret_why);
    if (ret->key == NULL)
        return false;
    if (!gh_signing_key_put_private(ret->key, &b)) {
        forget(ret);
        *ret_why = "the key can't be written down";
        return false;
    }
    ret->stored = (gh_stored_key){.kid = gh_signing_key_kid(ret->key),
                                  .algorithm = gh_signing_alg_name(with->algorithm),
                                  .pkcs8 = gh_buf_str(&b)};
    return true;
}

static gh_str bytes_of(const uint8_t *p, size_t n)
{
    return (gh_str){(const char *)p, n};
}

static const char *trouble(const gh_new_keys *with, const char *what)
{
    if (with->why == NULL)
        return what;
    gh_buf b = gh_buf_over(with->why, GH_NEW_KEYS_WHY - 1);
    gh_buf_printf(&b, "%s: ", what);
    gh_records_put_trouble(with->records, &b);
    with->why[b.n] = '\0';
    return with->why;
}

static bool begin(const gh_new_keys *with, gh_str secret, const fresh_key *keys, const char **ret_why)
{
    uint8_t next[GH_GENERATION_SECRET], naming[GH_SHA256_SIZE];
    gh_random(next, sizeof next);
    gh_hkdf(secret, GH_STR("naming"), naming, sizeof naming);
    const gh_keyring_beginning beginning = {.active = keys == NULL ? NULL : &keys[0].stored,
                                            .next = keys == NULL ? NULL : &keys[1].stored,
                                            .secret = secret,
                                            .next_secret = bytes_of(next, sizeof next),
                                            .naming = bytes_of(naming, sizeof naming),
                                            .now_s = with->now_s};
    bool good = gh_records_begin_ring(with->records, with->seal, &beginning);
    if (!good)
        *ret_why = trouble(with, "the first keys could not be written down");
    gh_wipe(next, sizeof next);
    gh_wipe(naming, sizeof naming);
    return good;
}

/* The first signing key is in use at once; a second one waits, so that verifiers elsewhere know it before it signs. */
bool gh_new_keys_begin(const gh_new_keys *with, gh_str secret, const char **ret_why)
{
    fresh_key keys[2];
    if (with->algorithm == GH_HS256)
        return begin(with, secret, NULL, ret_why);
    if (!generate(with, &keys[0], ret_why))
        return false;
    if (!generate(with, &keys[1], ret_why)) {
        forget(&keys[0]);
        return false;
    }
    bool good = begin(with, secret, keys, ret_why);
    forget(&keys[0]);
    forget(&keys[1]);
    return good;
}

static const char *why_not(const gh_new_keys *with, enum gh_keyring_result result)
{
    switch (result) {
    case GH_KEYRING_OK:
        return NULL;
    case GH_KEYRING_FAILED:
        return trouble(with, "the records could not be read or written, and the keys are as they were");
    case GH_KEYRING_SEALED:
        return "secret_key has been changed elsewhere: this process has the one before; start it anew with the "
               "present one";
    case GH_KEYRING_NOT_DUE:
        return "the keys have just been changed by somebody else";
    case GH_KEYRING_TOO_SOON:
        return "the next keys are so new that other nodes may not know them yet: try again in some seconds";
    case GH_KEYRING_FULL:
        return "too many changes of keys: as many as there may be are still in force; the oldest go when "
               "identity.rotation.overlap is over";
    }
    return NULL;
}

static uint32_t to_u32(uint64_t n)
{
    return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

enum gh_keyring_result gh_new_keys_rotate(const gh_new_keys *with, const gh_rotation *rotation,
                                          const char **ret_why)
{
    uint8_t secret[GH_GENERATION_SECRET];
    fresh_key fresh = {.key = NULL};
    bool signs = with->algorithm != GH_HS256;
    if (signs && !generate(with, &fresh, ret_why))
        return GH_KEYRING_FAILED;
    gh_random(secret, sizeof secret);
    const gh_keyring_rotation r = {.fresh = signs ? &fresh.stored : NULL,
                                   .secret = bytes_of(secret, sizeof secret),
                                   .now_s = with->now_s,
                                   .keep_s = to_u32(rotation->keep_s),
                                   .overlap_s = rotation->overlap_s,
                                   .every_s = rotation->every_s,
                                   .settle_s = rotation->settle_s};
    enum gh_keyring_result result = gh_records_rotate_ring(with->records, with->seal, &r);
    gh_wipe(secret, sizeof secret);
    forget(&fresh);
    if (result != GH_KEYRING_OK)
        *ret_why = why_not(with, result);
    return result;
}
