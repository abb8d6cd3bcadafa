#include "passwords/hash.h"

#include <crypt.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <sys/mman.h>

#include "base/crypto.h"

enum {
    BCRYPT_SEES = 72, /* bytes of a password */
    BCRYPT_SETTING = 29,
    SALT = crypto_pwhash_SALTBYTES,
    DIGEST = 32, /* what libsodium's texts hold */
    SALT_TEXT = 22,
    DIGEST_TEXT = 43, /* in base64 without padding */
};

/* --- Argon2 --- */

/* libsodium computes a hash from its parts only for one lane and a salt of 16 bytes. That is what is made here. */
static bool can_compute(const gh_password_stored *s)
{
    unsigned least = s->family == GH_PASSWORD_ARGON2ID ? crypto_pwhash_argon2id_OPSLIMIT_MIN
                                                       : crypto_pwhash_argon2i_OPSLIMIT_MIN;
    return s->lanes == 1 && s->salt.n == SALT_TEXT && s->cost >= least;
}

static enum gh_password_result verify_computed(const gh_password_stored *s, gh_str password)
{
    uint8_t salt[SALT], want[64], computed[64];
    size_t salt_n = 0, want_n = 0;
    if (!gh_password_decode(s->salt, false, salt, sizeof salt, &salt_n) ||
        !gh_password_decode(s->digest, false, want, sizeof want, &want_n))
        return GH_PASSWORD_UNSUPPORTED;
    int algorithm =
        s->family == GH_PASSWORD_ARGON2ID ? crypto_pwhash_ALG_ARGON2ID13 : crypto_pwhash_ALG_ARGON2I13;
    bool done = crypto_pwhash(computed, want_n, password.p, password.n, salt, s->cost,
                              (size_t)s->memory_kib * 1024, algorithm) == 0;
    bool equal = done && gh_equal_secret((gh_str){(const char *)computed, want_n},
                                         (gh_str){(const char *)want, want_n});
    gh_wipe(want, sizeof want);
    gh_wipe(computed, sizeof computed);
    return !done ? GH_PASSWORD_UNAVAILABLE : equal ? GH_PASSWORD_OK : GH_PASSWORD_WRONG;
}

/* Could the memory for a hash be had? */
static bool memory_is_there(const gh_password_stored *s)
{
    size_t size = (size_t)s->memory_kib * 1024;
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p != MAP_FAILED && munmap(p, size) == 0;
}

/* libsodium verifies a text of any lanes and salt, but answers "wrong" also when it has no memory. So a "wrong" is
 * believed only if the memory can be had a moment later. */
static enum gh_password_result verify_text(gh_str stored, const gh_password_stored *s, gh_str password)
{
    char text[GH_PASSWORD_STORED_MAX + 1];
    memcpy(text, stored.p, stored.n);
    text[stored.n] = '\0';
    int answer = s->family == GH_PASSWORD_ARGON2ID
                     ? crypto_pwhash_argon2id_str_verify(text, password.p, password.n)
                     : crypto_pwhash_argon2i_str_verify(text, password.p, password.n);
    gh_wipe(text, sizeof text);
    if (answer == 0)
        return GH_PASSWORD_OK;
    return memory_is_there(s) ? GH_PASSWORD_WRONG : GH_PASSWORD_UNAVAILABLE;
}

/* --- bcrypt --- */

/* What bcrypt sees of a password. */
static gh_str seen_by_bcrypt(gh_str password)
{
    gh_str seen = gh_str_cut(password, 0, BCRYPT_SEES);
    return gh_str_cut(seen, 0, gh_str_find(seen, '\0'));
}

/* 2a and 2y are computed as 2b. For 2a libxcrypt would change digests of some passwords with bytes over 0x7f,
 * against an old bug of its own; the many others that write 2a don't, and their hashes must fit. */
static enum gh_password_result verify_bcrypt(const gh_password_stored *s, gh_str password)
{
    char setting[BCRYPT_SETTING + 1];
    gh_buf text = gh_buf_over(setting, sizeof setting);
    gh_buf_lit(&text, "$2b$");
    gh_buf_char(&text, (char)('0' + s->cost / 10));
    gh_buf_char(&text, (char)('0' + s->cost % 10));
    gh_buf_char(&text, '$');
    gh_buf_put(&text, s->salt);
    gh_buf_char(&text, '\0');

    char phrase[BCRYPT_SEES + 1] = {0};
    gh_str seen = seen_by_bcrypt(password);
    if (seen.n > 0)
        memcpy(phrase, seen.p, seen.n);
    struct crypt_data data = {0};
    const char *computed = crypt_rn(phrase, setting, &data, sizeof data);
    enum gh_password_result result = GH_PASSWORD_UNAVAILABLE;
    if (computed != NULL && strlen(computed) == BCRYPT_SETTING + s->digest.n) {
        gh_str digest = {computed + BCRYPT_SETTING, s->digest.n};
        result = gh_equal_secret(digest, s->digest) ? GH_PASSWORD_OK : GH_PASSWORD_WRONG;
    }
    gh_wipe(&data, sizeof data);
    gh_wipe(phrase, sizeof phrase);
    return result;
}

/* passlib: what bcrypt is given is a digest of the whole password, as base64 with padding. The key of the HMAC is
 * the salt's text. */
static enum gh_password_result verify_bcrypt_sha256(const gh_password_stored *s, gh_str password)
{
    uint8_t digest[crypto_hash_sha256_BYTES];
    const uint8_t *bytes = (const uint8_t *)password.p;
    if (s->prehash_plain) {
        (void)crypto_hash_sha256(digest, bytes, password.n);
    } else {
        crypto_auth_hmacsha256_state state;
        (void)crypto_auth_hmacsha256_init(&state, (const uint8_t *)s->salt.p, s->salt.n);
        (void)crypto_auth_hmacsha256_update(&state, bytes, password.n);
        (void)crypto_auth_hmacsha256_final(&state, digest);
        gh_wipe(&state, sizeof state);
    }
    char text[sodium_base64_ENCODED_LEN(sizeof digest, sodium_base64_VARIANT_ORIGINAL)];
    (void)sodium_bin2base64(text, sizeof text, digest, sizeof digest, sodium_base64_VARIANT_ORIGINAL);
    enum gh_password_result result = verify_bcrypt(s, (gh_str){text, sizeof text - 1});
    gh_wipe(digest, sizeof digest);
    gh_wipe(text, sizeof text);
    return result;
}

/* --- PBKDF2 --- */

static enum gh_password_result verify_pbkdf2(const gh_password_stored *s, gh_str password)
{
    uint8_t salt[64], want[64], computed[64];
    size_t salt_n = 0, want_n = 0;
    if (!gh_password_decode(s->salt, true, salt, sizeof salt, &salt_n) ||
        !gh_password_decode(s->digest, true, want, sizeof want, &want_n))
        return GH_PASSWORD_UNSUPPORTED;
    const EVP_MD *md = s->family == GH_PASSWORD_PBKDF2_SHA256 ? EVP_sha256() : EVP_sha512();
    bool done = PKCS5_PBKDF2_HMAC(password.p, (int)password.n, salt, (int)salt_n, (int)s->cost, md,
                                  (int)want_n, computed) == 1;
    bool equal = done && gh_equal_secret((gh_str){(const char *)computed, want_n},
                                         (gh_str){(const char *)want, want_n});
    gh_wipe(want, sizeof want);
    gh_wipe(computed, sizeof computed);
    return !done ? GH_PASSWORD_UNAVAILABLE : equal ? GH_PASSWORD_OK : GH_PASSWORD_WRONG;
}

/* --- all --- */

enum gh_password_result gh_password_verify(gh_str stored, gh_str password)
{
    gh_password_stored s;
    enum gh_password_fault fault;
    if (!gh_password_stored_read(stored, &s, &fault))
        return GH_PASSWORD_UNSUPPORTED;
    if (password.n > GH_PASSWORD_MAX)
        return GH_PASSWORD_WRONG;
    if (password.p == NULL)
        password = GH_STR("");
    switch (s.family) {
    case GH_PASSWORD_ARGON2ID:
    case GH_PASSWORD_ARGON2I:
        return can_compute(&s) ? verify_computed(&s, password) : verify_text(stored, &s, password);
    case GH_PASSWORD_BCRYPT:
        return verify_bcrypt(&s, password);
    case GH_PASSWORD_BCRYPT_SHA256:
        return verify_bcrypt_sha256(&s, password);
    case GH_PASSWORD_PBKDF2_SHA256:
    case GH_PASSWORD_PBKDF2_SHA512:
        return verify_pbkdf2(&s, password);
    }
    return GH_PASSWORD_UNSUPPORTED;
}

bool gh_password_needs_rehash(gh_str stored, gh_str password, const gh_password_params *params)
{
    gh_password_stored s;
    enum gh_password_fault fault;
    if (!gh_password_stored_read(stored, &s, &fault))
        return false;
    if (s.family == GH_PASSWORD_BCRYPT && seen_by_bcrypt(password).n < password.n)
        return false;
    return s.family != GH_PASSWORD_ARGON2ID || s.memory_kib != params->memory / 1024 ||
           s.cost != params->passes || s.lanes != 1 || s.salt.n != SALT_TEXT || s.digest.n != DIGEST_TEXT;
}

bool gh_password_create(gh_str password, const gh_password_params *params, gh_buf *ret)
{
    char text[crypto_pwhash_STRBYTES];
    if (password.n > GH_PASSWORD_MAX || params->memory < crypto_pwhash_MEMLIMIT_MIN || params->passes == 0)
        return false;
    if (crypto_pwhash_str_alg(text, password.n == 0 ? "" : password.p, password.n, params->passes,
                              params->memory, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return false;
    gh_str made = gh_str_of(text);
    bool room = made.n <= gh_buf_room(ret);
    if (room)
        gh_buf_put(ret, made);
    gh_wipe(text, sizeof text);
    return room;
}

static void put_random(gh_buf *to, size_t n)
{
    uint8_t bytes[DIGEST];
    char text[sodium_base64_ENCODED_LEN(DIGEST, sodium_base64_VARIANT_ORIGINAL_NO_PADDING)];
    gh_random(bytes, n);
    (void)sodium_bin2base64(text, sizeof text, bytes, n, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    gh_buf_put(to, gh_str_of(text));
}

void gh_password_dummy(const gh_password_params *params, gh_buf *ret)
{
    gh_buf_printf(ret, "$argon2id$v=19$m=%zu,t=%u,p=1$", params->memory / 1024, params->passes);
    put_random(ret, SALT);
    gh_buf_char(ret, '$');
    put_random(ret, DIGEST);
}
