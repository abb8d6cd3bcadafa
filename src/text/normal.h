/* Unicode normalization (UAX 15). */
#ifndef GH_TEXT_NORMAL_H
#define GH_TEXT_NORMAL_H

#include "base/slice.h"

/* Is a text (bad bytes read as U+FFFD) in normalization form C? No for more than 31 marks behind a character too: nothing that is read
 * has them, and putting them in order would cost time. Linear, no memory. */
bool gh_text_is_nfc(gh_str text);

#endif
