/* What the files of the ring share: how its secrets are sealed. Internal to src/records. */
#ifndef GH_RECORDS_KEYRING_H
#define GH_RECORDS_KEYRING_H

#include "base/hash.h"
#include "records/inside.h"

enum {
    GH_KEYRING_PLAIN_MAX = 8192, /* bytes of a private key, or of a generation's secret */
    GH_KEYRING_LABEL = 32,
    GH_KEYRING_NAMING_MAX = GH_SEAL_NONCE_SIZE + GH_SHA256_SIZE + GH_SEAL_EXTRA
};

/* A sealed secret: what it is bound to, and the text. A signing key's label is its kid. */
typedef struct gh_sealed {
    uint8_t nonce[GH_SEAL_NONCE_SIZE];
    gh_str text;
} gh_sealed;

gh_str gh_keyring_generation_label(uint32_t id, char memory[GH_KEYRING_LABEL]);
/* With a nonce drawn by chance. memory: GH_KEYRING_PLAIN_MAX + GH_SEAL_EXTRA bytes. Too long: the database has failed. */
void gh_keyring_seal(gh_work *w, const uint8_t seal[GH_SEAL_KEY_SIZE], gh_str label, gh_str plain,
                     uint8_t *memory, gh_sealed *ret);
/* In the arena. False: it was not sealed by this one; or no memory, and the database has failed. */
GH_MUST_CHECK bool gh_keyring_unseal(gh_work *w, const uint8_t seal[GH_SEAL_KEY_SIZE], gh_str label,
                                     const gh_sealed *sealed, gh_arena *arena, gh_str *ret);

/* The same, without what is in it. */
GH_MUST_CHECK bool gh_keyring_opens(const uint8_t seal[GH_SEAL_KEY_SIZE], gh_str label,
                                    const gh_sealed *sealed);

/* Nonce and text as they are stored in one. False: there is none. */
GH_MUST_CHECK bool gh_keyring_naming_read(gh_work *w, uint8_t memory[GH_KEYRING_NAMING_MAX], gh_sealed *ret);
void gh_keyring_naming_write(gh_work *w, enum gh_statement how, const gh_sealed *sealed);
gh_str gh_keyring_naming_label(void);

#endif
