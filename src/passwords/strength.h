/* Is a new password good enough? By NIST SP 800-63B-4 section 3.1.1.2: a length in code points, no rules of
 * composition, nothing common, nothing made of the account's own words.
 *
 * What is common is for libzxcvbn to say, with the dictionaries it is built with. Its cost grows with the fourth
 * power of the length for some texts (two seconds for "1212..." of 100 characters), so it is asked for pieces of
 * 32 code points, four at most; a password is as good as the best of them. A repetition is as good as what it
 * repeats, and what was woven of sequences ("1q2w3e4r", "1qaz2wsx") as good as these. Takes up to some tens of
 * milliseconds: for passwords/pool.h, not for an event loop. Thread-safe. */
#ifndef GH_PASSWORDS_STRENGTH_H
#define GH_PASSWORDS_STRENGTH_H

#include "base/buf.h"
#include "passwords/blocklist.h"

enum {
    GH_PASSWORD_LENGTH_DEFAULT = 15, /* code points: the only factor */
    GH_PASSWORD_LENGTH_FLOOR = 8,    /* with another factor */
};

enum gh_password_weakness {
    GH_PASSWORD_FINE,
    GH_PASSWORD_TOO_SHORT,
    GH_PASSWORD_TOO_LONG, /* over GH_PASSWORD_MAX bytes */
    GH_PASSWORD_NOT_TEXT, /* not UTF-8, or with a NUL */
    GH_PASSWORD_COMMON,   /* on the list, or guessed within 10^8 attempts */
    GH_PASSWORD_DERIVED_FROM_USER,
};

/* What a password must not be made of. Each may be absent. */
typedef struct gh_password_user {
    gh_str name, email;
    gh_str site; /* the product's name, the same for all */
} gh_password_user;

typedef struct gh_password_policy {
    unsigned min_length;                    /* code points; the floor holds if it is less */
    const gh_password_blocklist *blocklist; /* may be NULL */
} gh_password_policy;

GH_MUST_CHECK enum gh_password_weakness gh_password_strength(gh_str password,
                                                             const gh_password_policy *policy,
                                                             const gh_password_user *user);
/* "too_short", "common", ...; "" for GH_PASSWORD_FINE. */
gh_str gh_password_weakness_name(enum gh_password_weakness weakness);
/* A sentence for the person who chose it. */
void gh_password_weakness_say(enum gh_password_weakness weakness, const gh_password_policy *policy,
                              gh_buf *out);

#endif
