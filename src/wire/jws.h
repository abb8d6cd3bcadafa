/* JSON Web Signature, the compact form (RFC 7515), read as strictly as RFC 8725 asks for.
 *
 * Nothing in a token says how it is checked: the caller finds the key by `kid`, the key has its algorithm, and `alg`
 * must be that one. What would have a key or its place come from the token is refused, and so is all that would change
 * the meaning of the bytes. Other header members are ignored, as the RFC says. */
#ifndef GH_WIRE_JWS_H
#define GH_WIRE_JWS_H

#include "base/signing.h"
#include "wire/json.h"

enum {
    GH_JWS_MAX = 8192,    /* bytes of a token */
    GH_JWS_KID_MAX = 128, /* bytes of a kid */
    GH_JWS_TYPE_MAX = 64  /* bytes of typ and cty */
};

enum gh_jws_result {
    GH_JWS_OK,
    GH_JWS_NO_MEMORY,
    GH_JWS_TOO_LONG,
    GH_JWS_ENCRYPTED, /* five parts: JWE, which Gatehouse does not speak */
    GH_JWS_NOT_THREE_PARTS,
    GH_JWS_NOT_BASE64URL, /* also: base64url in a form that is not the one (base64url.h) */
    GH_JWS_NOT_AN_OBJECT, /* the header: no JSON object, names that occur twice, over the limits */
    GH_JWS_CRIT,
    GH_JWS_JKU,
    GH_JWS_JWK,
    GH_JWS_X5U,
    GH_JWS_X5C,
    GH_JWS_B64,
    GH_JWS_ZIP,
    GH_JWS_ENC,
    GH_JWS_ALG_MISSING, /* or no text */
    GH_JWS_ALG_NONE,    /* in any case of its letters */
    GH_JWS_ALG_UNKNOWN,
    GH_JWS_KID_WRONG, /* no text, empty, too long, with a character that is not printable ASCII */
    GH_JWS_TYP_WRONG, /* the same */
    GH_JWS_CTY_WRONG, /* the same */
    GH_JWS_NO_PAYLOAD,
    GH_JWS_NO_SIGNATURE,
    GH_JWS_ALG_NOT_OF_KEY,
    GH_JWS_SIGNATURE_WRONG
};

typedef struct gh_jws {
    gh_str signing_input; /* the header and the payload with their dot: slice of the token */
    gh_str payload;       /* decoded */
    gh_str signature;     /* decoded */
    enum gh_signing_alg alg;
    gh_str kid, typ, cty; /* absent when not given; as written: compare types with gh_jws_type_is() */
    const gh_json *header;
} gh_jws;

/* Token and arena must outlive *ret. The arena needs about 2 * GH_JWS_MAX bytes at most. Nothing is verified yet. */
GH_MUST_CHECK enum gh_jws_result gh_jws_read(gh_str token, gh_arena *arena, gh_jws *ret);
/* Is it signed by key, with the algorithm of key? */
GH_MUST_CHECK enum gh_jws_result gh_jws_verify(const gh_jws *jws, const gh_signing_key *key);
/* A constant text for logs: "an embedded key (jwk)". Clients are told less. */
const char *gh_jws_why(enum gh_jws_result result);

/* Are both the same media type (RFC 7515 section 4.1.9)? Without regard to case; "at+jwt" is
 * "application/at+jwt". */
bool gh_jws_type_is(gh_str typ, gh_str type);

/* Writes a token: header (alg, typ, the kid of the key), payload, signature. typ may be absent. False: the key does
 * not sign; no room, or over GH_JWS_MAX. */
GH_MUST_CHECK bool gh_jws_put(gh_buf *out, const gh_signing_key *key, gh_str typ, gh_str payload);

#endif
