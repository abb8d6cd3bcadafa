/* The words of an account, for the check that a password is not made of them.
 *
 * Texts are folded: one byte a code point (what is not ASCII gets a byte over 0x7f), ASCII in lower case. That is
 * how libzxcvbn counts, and what makes "Alice" and "alice" one word. */
#ifndef GH_PASSWORDS_WORDS_H
#define GH_PASSWORDS_WORDS_H

#include <stdint.h>

#include "base/slice.h"

enum {
    GH_PASSWORD_WORDS_MAX = 24,
    GH_PASSWORD_WORD_MAX = 64, /* bytes of a word; what is longer is cut */
};

typedef struct gh_password_words {
    size_t n;
    char text[GH_PASSWORD_WORDS_MAX][GH_PASSWORD_WORD_MAX + 1];
    const char *list[GH_PASSWORD_WORDS_MAX + 1]; /* the same with a NULL behind, as libzxcvbn wants them */
} gh_password_words;

/* Folds at most cap code points of a valid text into to. Returns how many. */
size_t gh_password_fold(gh_str text, bool lower, char *to, size_t cap);
/* Adds text as a whole and each of its parts between separators (what is neither letter nor digit). Words of
 * under three characters, and those that are there, are left out; so is what does not fit any more. A text that
 * is no UTF-8 adds nothing. */
void gh_password_words_add(gh_password_words *words, gh_str text);
/* Is the folded password nothing but words and at most a few characters? True when it is within two edits of a
 * word, or when under `enough` characters are left with all words taken out. */
bool gh_password_made_of_words(const gh_password_words *words, gh_str folded, size_t enough);

#endif
