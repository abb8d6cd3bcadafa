/* Password hashes: made with Argon2id (RFC 9106), verified in every form of passwords/stored.h.
 *
 * A password is the bytes that were received: no normalisation, no trimming. All calls are thread-safe, take
 * memory and time by design (tens of milliseconds), and so belong on passwords/pool.h, not on an event loop.
 * What is secret is compared in constant time, and every copy made here is wiped; libsodium, libxcrypt and
 * OpenSSL see to their own.
 *
 * Times that must not tell accounts apart: gh_password_dummy() gives unknown users a hash of the same cost as a
 * stored one of the same parameters. Hashes of other families or parameters take another time, and go on doing
 * so until their owner logs in and they are made anew; nothing can be done about that before. */
#ifndef GH_PASSWORDS_HASH_H
#define GH_PASSWORDS_HASH_H

#include "base/buf.h"
#include "passwords/stored.h"

enum {
    GH_PASSWORD_MAX = 1024, /* bytes of a password */
    /* Settings. The default is OWASP's: 19 MiB and two passes, as strong as 46 MiB and one. */
    GH_PASSWORD_MEMORY_MIN = 19 * 1024 * 1024,
    GH_PASSWORD_MEMORY_MAX = 1024 * 1024 * 1024,
    GH_PASSWORD_MEMORY_DEFAULT = GH_PASSWORD_MEMORY_MIN,
    GH_PASSWORD_PASSES_MIN = 1,
    GH_PASSWORD_PASSES_MAX = 10,
    GH_PASSWORD_PASSES_DEFAULT = 2,
};

/* What new hashes cost. One lane always. */
typedef struct gh_password_params {
    size_t memory; /* bytes; whole KiB count */
    unsigned passes;
} gh_password_params;

enum gh_password_result {
    GH_PASSWORD_OK,
    GH_PASSWORD_WRONG,
    GH_PASSWORD_UNSUPPORTED, /* the stored text can't be read: see gh_password_stored_read() */
    GH_PASSWORD_UNAVAILABLE, /* out of memory: nothing is known of the password */
};

/* stored: as it was made or imported. A password over GH_PASSWORD_MAX is wrong. bcrypt looks at 72 bytes of a
 * password and at none behind a NUL, as it did where the hash comes from. */
GH_MUST_CHECK enum gh_password_result gh_password_verify(gh_str stored, gh_str password);

/* After GH_PASSWORD_OK: should the hash be made anew with params? Yes when it differs from what
 * gh_password_create() makes, in either direction: equal costs are equal times. No when bcrypt did not see all of
 * the password: what it did not see was not verified, and would be from now on. */
GH_MUST_CHECK bool gh_password_needs_rehash(gh_str stored, gh_str password, const gh_password_params *params);

/* Appends a new hash in the PHC form, at most 127 bytes. False, with nothing appended: out of memory, parameters
 * that Argon2 does not have (under 8 KiB, no pass), a password over GH_PASSWORD_MAX, or no room. */
GH_MUST_CHECK bool gh_password_create(gh_str password, const gh_password_params *params, gh_buf *ret);

/* Appends a text of the same form and cost that no password fits: salt and digest are random. Costs nothing. */
void gh_password_dummy(const gh_password_params *params, gh_buf *ret);

#endif
