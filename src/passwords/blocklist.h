/* Passwords that are refused as a whole: an operator's own list, of breached ones or of a language that
 * libzxcvbn's dictionaries don't know (NIST SP 800-63B-4 section 3.1.1.2; OWASP ASVS 6.2.12).
 *
 * Eight bytes a line: a keyed hash of the text folded as in passwords/words.h, so "Password" is on it when
 * "password" is. Two texts may share a hash once in 2^64. Immutable once made; any number of threads may ask. */
#ifndef GH_PASSWORDS_BLOCKLIST_H
#define GH_PASSWORDS_BLOCKLIST_H

#include "base/slice.h"

typedef struct gh_password_blocklist gh_password_blocklist;

/* text: a password a line, LF or CRLF; empty lines, lines that are no UTF-8 and such over GH_PASSWORD_MAX bytes are
 * left out. NULL: out of memory. Freed with gh_password_blocklist_free(). */
GH_MUST_CHECK gh_password_blocklist *gh_password_blocklist_new(gh_str text);
void gh_password_blocklist_free(gh_password_blocklist *list);
/* How many lines are on it. */
size_t gh_password_blocklist_size(const gh_password_blocklist *list);
/* folded: in lower case. */
bool gh_password_blocklist_has(const gh_password_blocklist *list, gh_str folded);

#endif
