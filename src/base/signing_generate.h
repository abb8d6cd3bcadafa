/* New signing keys. Not pure: this asks the operating system for randomness, so only the program (stores, edges, cli)
 * may call it, as with gh_random(). */
#ifndef GH_BASE_SIGNING_GENERATE_H
#define GH_BASE_SIGNING_GENERATE_H

#include "base/signing.h"

/* EDDSA, ES256, or RS256 with 2048 bits, which may take a second. After gh_crypto_init(). NULL: HS256, which is made
 * from a secret; memory is out. */
GH_MUST_CHECK gh_signing_key *gh_signing_key_generate(enum gh_signing_alg alg, const char **ret_why);

#endif
