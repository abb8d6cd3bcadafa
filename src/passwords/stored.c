#include "passwords/stored.h"

#include <sodium.h>

enum {
    BCRYPT_SALT = 22,   /* characters */
    BCRYPT_DIGEST = 31, /* characters */
    BCRYPT_LEAST = 4,
    /* Bounds of libsodium's Argon2 (RFC 9106 section 3.1 allows shorter digests); passlib has none for PBKDF2. */
    ARGON2_SALT_LEAST = 8,
    ARGON2_DIGEST_LEAST = 16,
    DECODED_MAX = 64,
    /* What bcrypt and PBKDF2 take, rounded up: libxcrypt's working area of 32 KiB. */
    SMALL_MEMORY = 64 * 1024,
};

static const gh_str family_names[] = {
    [GH_PASSWORD_ARGON2ID] = GH_STR_INIT("argon2id"),
    [GH_PASSWORD_ARGON2I] = GH_STR_INIT("argon2i"),
    [GH_PASSWORD_BCRYPT] = GH_STR_INIT("bcrypt"),
    [GH_PASSWORD_BCRYPT_SHA256] = GH_STR_INIT("bcrypt-sha256"),
    [GH_PASSWORD_PBKDF2_SHA256] = GH_STR_INIT("pbkdf2-sha256"),
    [GH_PASSWORD_PBKDF2_SHA512] = GH_STR_INIT("pbkdf2-sha512"),
};

gh_str gh_password_family_name(enum gh_password_family family)
{
    return family_names[family];
}

gh_str gh_password_fault_text(enum gh_password_fault fault)
{
    switch (fault) {
    case GH_PASSWORD_FAULT_UNKNOWN:
        return GH_STR(
            "not a hash of argon2id, argon2i, bcrypt, bcrypt-sha256, pbkdf2-sha256 or pbkdf2-sha512");
    case GH_PASSWORD_FAULT_MALFORMED:
        return GH_STR("malformed");
    case GH_PASSWORD_FAULT_COSTLY:
        return GH_STR("costs more than is allowed");
    }
    return GH_STR("");
}

size_t gh_password_stored_memory(const gh_password_stored *stored)
{
    return SMALL_MEMORY + (size_t)stored->memory_kib * 1024;
}

bool gh_password_decode(gh_str text, bool adapted, uint8_t *ret, size_t cap, size_t *ret_n)
{
    char plain[DECODED_MAX * 4 / 3 + 2];
    uint8_t out[DECODED_MAX];
    if (text.n > sizeof plain)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        /* libsodium 1.0.18 takes every byte over 0x7f for a slash. */
        if ((text.p[i] & 0x80) != 0 || (adapted && text.p[i] == '+'))
            return false;
        plain[i] = adapted && text.p[i] == '.' ? '+' : text.p[i];
    }
    size_t n = 0;
    bool ok = sodium_base642bin(out, sizeof out, plain, text.n, NULL, &n, NULL,
                                sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0 &&
              n <= cap;
    if (ok) {
        memcpy(ret, out, n);
        *ret_n = n;
    }
    sodium_memzero(out, sizeof out);
    sodium_memzero(plain, sizeof plain);
    return ok;
}

/* --- steps of a reader: each takes its part off the front of *rest --- */

static bool take(gh_str *rest, gh_str literal)
{
    if (!gh_str_starts(*rest, literal))
        return false;
    *rest = gh_str_cut(*rest, literal.n, rest->n);
    return true;
}

/* Decimal without leading zeros, 32 bits. */
static bool take_number(gh_str *rest, uint32_t *ret)
{
    size_t n = 0;
    uint64_t value;
    while (n < rest->n && gh_is_digit(rest->p[n]))
        n++;
    if (!gh_str_u64(gh_str_cut(*rest, 0, n), &value) || value > UINT32_MAX || (n > 1 && rest->p[0] == '0'))
        return false;
    *ret = (uint32_t)value;
    *rest = gh_str_cut(*rest, n, rest->n);
    return true;
}

/* Up to the next dollar, which must be there and is taken too. */
static bool take_part(gh_str *rest, gh_str *ret)
{
    size_t n = gh_str_find(*rest, '$');
    if (n == rest->n)
        return false;
    *ret = gh_str_cut(*rest, 0, n);
    *rest = gh_str_cut(*rest, n + 1, rest->n);
    return true;
}

/* --- the families: each is given what follows its prefix --- */

static bool decodes_within(gh_str text, bool adapted, size_t least, size_t most)
{
    uint8_t bytes[DECODED_MAX];
    size_t n = 0;
    bool ok = gh_password_decode(text, adapted, bytes, most, &n) && n >= least;
    sodium_memzero(bytes, sizeof bytes);
    return ok;
}

static bool read_argon2(gh_str rest, gh_password_stored *s, enum gh_password_fault *fault)
{
    if (!take(&rest, GH_STR("v=19$m=")) || !take_number(&rest, &s->memory_kib) ||
        !take(&rest, GH_STR(",t=")) || !take_number(&rest, &s->cost) || !take(&rest, GH_STR(",p=")) ||
        !take_number(&rest, &s->lanes) || !take(&rest, GH_STR("$")) || !take_part(&rest, &s->salt))
        return false;
    s->digest = rest;
    /* RFC 9106 section 3.1: eight blocks a lane at least. */
    if (s->lanes == 0 || s->cost == 0 || s->memory_kib / 8 < s->lanes)
        return false;
    if (!decodes_within(s->salt, false, ARGON2_SALT_LEAST, DECODED_MAX) ||
        !decodes_within(s->digest, false, ARGON2_DIGEST_LEAST, DECODED_MAX))
        return false;
    *fault = GH_PASSWORD_FAULT_COSTLY;
    return s->memory_kib <= GH_PASSWORD_CAP_KIB && s->lanes <= GH_PASSWORD_CAP_LANES &&
           s->cost <= GH_PASSWORD_CAP_KIB_PASSES / s->memory_kib;
}

/* The value of a character of bcrypt's own alphabet, or -1. */
static int bcrypt_value(char c)
{
    if (c == '.' || c == '/')
        return c - '.';
    if (c >= 'A' && c <= 'Z')
        return c - 'A' + 2;
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 28;
    return gh_is_digit(c) ? c - '0' + 54 : -1;
}

static bool bcrypt_letters(gh_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (bcrypt_value(s.p[i]) < 0)
            return false;
    return true;
}

/* Salt, digest and cost are there: are they sound? 31 characters hold 23 bytes and two bits of nothing: a last
 * character with those set would equal no digest ever. The salt's are ignored, as bcrypt does. */
static bool check_bcrypt(const gh_password_stored *s, enum gh_password_fault *fault)
{
    if (s->salt.n != BCRYPT_SALT || s->digest.n != BCRYPT_DIGEST || !bcrypt_letters(s->salt) ||
        !bcrypt_letters(s->digest) || (bcrypt_value(s->digest.p[BCRYPT_DIGEST - 1]) & 3) != 0 ||
        s->cost < BCRYPT_LEAST)
        return false;
    *fault = GH_PASSWORD_FAULT_COSTLY;
    return s->cost <= GH_PASSWORD_CAP_BCRYPT;
}

static bool read_bcrypt(gh_str rest, gh_password_stored *s, enum gh_password_fault *fault)
{
    if (rest.n != 3 + BCRYPT_SALT + BCRYPT_DIGEST || !gh_is_digit(rest.p[0]) || !gh_is_digit(rest.p[1]) ||
        rest.p[2] != '$')
        return false;
    s->cost = (uint32_t)(rest.p[0] - '0') * 10 + (uint32_t)(rest.p[1] - '0');
    s->salt = gh_str_cut(rest, 3, 3 + BCRYPT_SALT);
    s->digest = gh_str_cut(rest, 3 + BCRYPT_SALT, rest.n);
    return check_bcrypt(s, fault);
}

static bool read_bcrypt_sha256(gh_str rest, gh_password_stored *s, enum gh_password_fault *fault)
{
    bool second = take(&rest, GH_STR("v=2,t=2b,r="));
    if (!second && !take(&rest, GH_STR("2b,")) && !take(&rest, GH_STR("2a,")))
        return false;
    s->prehash_plain = !second;
    if (!take_number(&rest, &s->cost) || !take(&rest, GH_STR("$")) || !take_part(&rest, &s->salt))
        return false;
    s->digest = rest;
    if (!check_bcrypt(s, fault))
        return false;
    /* The salt's text is a key here, so passlib refuses one whose last character has bits of nothing set. */
    *fault = GH_PASSWORD_FAULT_MALFORMED;
    return (bcrypt_value(s->salt.p[BCRYPT_SALT - 1]) & 15) == 0;
}

static bool read_pbkdf2(gh_str rest, gh_password_stored *s, enum gh_password_fault *fault)
{
    size_t digest_size = s->family == GH_PASSWORD_PBKDF2_SHA256 ? 32 : 64;
    if (!take_number(&rest, &s->cost) || !take(&rest, GH_STR("$")) || !take_part(&rest, &s->salt))
        return false;
    s->digest = rest;
    if (s->cost == 0 || !decodes_within(s->salt, true, 1, DECODED_MAX) ||
        !decodes_within(s->digest, true, digest_size, digest_size))
        return false;
    *fault = GH_PASSWORD_FAULT_COSTLY;
    return s->cost <= GH_PASSWORD_CAP_PBKDF2;
}

static const struct {
    gh_str prefix;
    enum gh_password_family family;
    bool (*read)(gh_str rest, gh_password_stored *s, enum gh_password_fault *fault);
} forms[] = {
    {GH_STR_INIT("$argon2id$"), GH_PASSWORD_ARGON2ID, read_argon2},
    {GH_STR_INIT("$argon2i$"), GH_PASSWORD_ARGON2I, read_argon2},
    {GH_STR_INIT("$2a$"), GH_PASSWORD_BCRYPT, read_bcrypt},
    {GH_STR_INIT("$2b$"), GH_PASSWORD_BCRYPT, read_bcrypt},
    {GH_STR_INIT("$2y$"), GH_PASSWORD_BCRYPT, read_bcrypt},
    {GH_STR_INIT("$bcrypt-sha256$"), GH_PASSWORD_BCRYPT_SHA256, read_bcrypt_sha256},
    {GH_STR_INIT("$pbkdf2-sha256$"), GH_PASSWORD_PBKDF2_SHA256, read_pbkdf2},
    {GH_STR_INIT("$pbkdf2-sha512$"), GH_PASSWORD_PBKDF2_SHA512, read_pbkdf2},
};

bool gh_password_stored_read(gh_str stored, gh_password_stored *ret, enum gh_password_fault *ret_fault)
{
    for (size_t i = 0; i < GH_COUNT(forms); i++) {
        if (!gh_str_starts(stored, forms[i].prefix))
            continue;
        gh_password_stored s = {.family = forms[i].family};
        enum gh_password_fault fault = GH_PASSWORD_FAULT_MALFORMED;
        if (stored.n > GH_PASSWORD_STORED_MAX ||
            !forms[i].read(gh_str_cut(stored, forms[i].prefix.n, stored.n), &s, &fault)) {
            *ret_fault = fault;
            return false;
        }
        *ret = s;
        return true;
    }
    *ret_fault = GH_PASSWORD_FAULT_UNKNOWN;
    return false;
}

bool gh_password_hash_known(gh_str stored, gh_str *ret_name, enum gh_password_fault *ret_fault)
{
    gh_password_stored s;
    if (!gh_password_stored_read(stored, &s, ret_fault))
        return false;
    *ret_name = gh_password_family_name(s.family);
    return true;
}
