#include "base/signing_generate.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "base/signing_key.h"

enum { RSA_BITS = 2048 };

static gh_signing_key *generate_ed25519(const char **ret_why)
{
    uint8_t seed[GH_ED25519_SEED];
    gh_random(seed, sizeof seed);
    gh_signing_key *key = gh_signing_key_seed(seed, ret_why);
    gh_wipe(seed, sizeof seed);
    return key;
}

static gh_signing_key *generate_evp(enum gh_signing_alg alg, const char **ret_why)
{
    gh_signing_key *key = NULL;
    ERR_set_mark();
    EVP_PKEY *pkey = alg == GH_ES256 ? EVP_EC_gen("P-256") : EVP_RSA_gen(RSA_BITS);
    if (pkey == NULL)
        *ret_why = gh_signing_no_memory;
    else
        key = gh_signing_key_evp(pkey, true, ret_why);
    ERR_pop_to_mark();
    return key;
}

gh_signing_key *gh_signing_key_generate(enum gh_signing_alg alg, const char **ret_why)
{
    switch (alg) {
    case GH_EDDSA:
        return generate_ed25519(ret_why);
    case GH_ES256:
    case GH_RS256:
        return generate_evp(alg, ret_why);
    case GH_HS256:
        break;
    }
    *ret_why = "a key for HS256 is made from a secret";
    return NULL;
}
