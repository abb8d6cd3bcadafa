/* Stored passwords: the texts in which a hash is kept, read without hashing anything.
 *
 *   $argon2id$v=19$m=KIB,t=PASSES,p=LANES$SALT$DIGEST    RFC 9106 in the PHC form; argon2i the same
 *   $2b$COST$SALT22DIGEST31                              bcrypt; also 2a and 2y
 *   $bcrypt-sha256$v=2,t=2b,r=COST$SALT$DIGEST           passlib: bcrypt of a base64 of HMAC-SHA-256
 *   $bcrypt-sha256$2b,COST$SALT$DIGEST                   the same before passlib 1.7.3: of SHA-256
 *   $pbkdf2-sha256$ROUNDS$SALT$DIGEST                    passlib: RFC 8018; also pbkdf2-sha512
 *
 * Reading is strict: what is read here can be verified, and costs no more than the caps below, so that a hash
 * brought along from elsewhere can't exhaust memory or hold a thread for minutes. Pure. */
#ifndef GH_PASSWORDS_STORED_H
#define GH_PASSWORDS_STORED_H

#include <stdint.h>

#include "base/slice.h"

enum {
    GH_PASSWORD_STORED_MAX = 255, /* bytes of a stored text */
    /* The caps. Argon2: memory in KiB, lanes, and memory times passes: what 1 GiB with ten passes takes. */
    GH_PASSWORD_CAP_KIB = 1024 * 1024,
    GH_PASSWORD_CAP_LANES = 64,
    GH_PASSWORD_CAP_KIB_PASSES = 10 * GH_PASSWORD_CAP_KIB,
    GH_PASSWORD_CAP_BCRYPT = 16,       /* log2 of the rounds; the algorithm's own floor is 4 */
    GH_PASSWORD_CAP_PBKDF2 = 10000000, /* rounds */
};

enum gh_password_family {
    GH_PASSWORD_ARGON2ID,
    GH_PASSWORD_ARGON2I,
    GH_PASSWORD_BCRYPT,
    GH_PASSWORD_BCRYPT_SHA256,
    GH_PASSWORD_PBKDF2_SHA256,
    GH_PASSWORD_PBKDF2_SHA512,
};

typedef struct gh_password_stored {
    enum gh_password_family family;
    uint32_t cost;       /* argon2: passes; bcrypt: log2 of the rounds; pbkdf2: rounds */
    uint32_t memory_kib; /* argon2 only */
    uint32_t lanes;      /* argon2 only */
    bool prehash_plain;  /* bcrypt-sha256: SHA-256 without the salt, the form before version 2 */
    gh_str salt, digest; /* as written: parts of the text */
} gh_password_stored;

enum gh_password_fault {
    GH_PASSWORD_FAULT_UNKNOWN,   /* no form of the list above */
    GH_PASSWORD_FAULT_MALFORMED, /* one of them, but broken */
    GH_PASSWORD_FAULT_COSTLY,    /* over a cap */
};

/* *ret_fault is set only on failure, *ret only on success; the slices of *ret are parts of stored. */
GH_MUST_CHECK bool gh_password_stored_read(gh_str stored, gh_password_stored *ret,
                                           enum gh_password_fault *ret_fault);
/* Can it be verified? For imports: *ret_name is the family's name ("argon2id", "bcrypt", ...). */
GH_MUST_CHECK bool gh_password_hash_known(gh_str stored, gh_str *ret_name, enum gh_password_fault *ret_fault);
/* A name of the families, without the dollars. */
gh_str gh_password_family_name(enum gh_password_family family);
/* A sentence for people: why a stored text can't be used. */
gh_str gh_password_fault_text(enum gh_password_fault fault);
/* Bytes of memory that verifying takes. */
size_t gh_password_stored_memory(const gh_password_stored *stored);

/* Decodes base64 without padding; with `.` for `+` where `adapted` is set (passlib's). Canonical only: the bits
 * behind the last byte are zero. False: malformed, or over cap. */
GH_MUST_CHECK bool gh_password_decode(gh_str text, bool adapted, uint8_t *ret, size_t cap, size_t *ret_n);

#endif
