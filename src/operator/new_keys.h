/* New keys for the ring: made here, by whoever is the first to need them, by the schedule and by `key rotate`. Any thread
 * but the records' own and loops: an RSA key takes a moment. */
#ifndef GH_OPERATOR_NEW_KEYS_H
#define GH_OPERATOR_NEW_KEYS_H

#include "base/signing.h"
#include "model/identity.h"
#include "records/records.h"

enum { GH_NEW_KEYS_WHY = 1024 };

typedef struct gh_new_keys {
    gh_records *records;
    const uint8_t *seal;           /* GH_SEAL_KEY_SIZE bytes: gh_identity_keys.ring */
    enum gh_signing_alg algorithm; /* of the new signing key; HS256: none is wanted */
    uint64_t now_s;                /* Unix time */
    /* Memory for a reason (GH_NEW_KEYS_WHY) that says what is the matter with the records; NULL: that they failed */
    char *why;
} gh_new_keys;

/* Where there is no ring yet: its first keys. secret: secret_key. False: *ret_why says why. */
GH_MUST_CHECK bool gh_new_keys_begin(const gh_new_keys *with, gh_str secret, const char **ret_why);

typedef struct gh_rotation {
    uint64_t keep_s; /* how long tokens of a retiring signing key are believed */
    uint64_t overlap_s;
    uint64_t every_s; /* 0: at once */
    uint32_t settle_s;
} gh_rotation;

/* Moves the ring on (gh_records_rotate_ring()). Not OK: *ret_why says why, as a sentence without its dot. */
GH_MUST_CHECK enum gh_keyring_result gh_new_keys_rotate(const gh_new_keys *with, const gh_rotation *rotation,
                                                        const char **ret_why);

#endif
