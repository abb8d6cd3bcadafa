/* Characters that reorder or hide what is around them: overrides, embeddings and isolates of direction, tags,
 * spaces without width. Not those that scripts need: joiners (Persian, Hindi, emoji) and the marks U+200E, U+200F. */
#ifndef GH_TEXT_HIDDEN_H
#define GH_TEXT_HIDDEN_H

#include "base/slice.h"

/* Start from all zeros. */
typedef struct gh_hidden {
    uint32_t before; /* the last code point that was not such a character, 0: none */
    unsigned tags;   /* tag characters to come that belong to the flag of a region */
} gh_hidden;

/* Takes one code point off (lenient, decode.h), which *ret (may be NULL) gets: is it such a character? */
bool gh_hidden_next(gh_hidden *state, gh_str *rest, uint32_t *ret);

#endif
