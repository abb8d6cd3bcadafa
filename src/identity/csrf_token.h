/* CSRF tokens, of any generation of keys in force: signed double submit, bound to the session (OWASP). base64url of
 *     session id (8) | random (16) | HMAC-SHA-256 of both, first 24 bytes
 * The id in it is no secret; it tells a token of an earlier session (stale) from a forged one (mismatch). */
#ifndef GH_IDENTITY_CSRF_TOKEN_H
#define GH_IDENTITY_CSRF_TOKEN_H

#include "model/identity.h"

enum { GH_CSRF_RANDOM = 16, GH_CSRF_TEXT = 64 };
enum gh_csrf_result { GH_CSRF_GOOD, GH_CSRF_MISMATCH, GH_CSRF_STALE };

void gh_csrf_make(const gh_identity_keys *keys, gh_id session, const uint8_t random[GH_CSRF_RANDOM],
                  gh_buf *out);
enum gh_csrf_result gh_csrf_check(const gh_identity_keys *keys, gh_id session, gh_str token);

#endif
