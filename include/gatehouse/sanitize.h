/* Sanitising of text, for programs that store or show it.
 *
 * What is dangerous depends on where a text is used: encode on output, and bind values in SQL; this is a second
 * line. Both functions are idempotent in what they promise: nothing they remove can be made again by the removal,
 * and lengths count code points. Input that is not UTF-8 is read with U+FFFD in the place of each bad byte.
 *
 * Both write into the caller's memory, with a NUL behind, and return the size without it. A return value of
 * GH_SANITIZE_NO_ROOM: `size` was too small; nothing usable was written. 6 * text.n + 5 bytes are always enough. */
#ifndef GATEHOUSE_SANITIZE_H
#define GATEHOUSE_SANITIZE_H

#include <gatehouse/str.h>

GH_BEGIN_DECLS

#define GH_SANITIZE_NO_ROOM ((size_t)-1)

/* Plain text for an HTML page: script elements, "javascript:", "vbscript:" and the front of data: URLs go, controls
 * but tab, LF and CR go, characters that reorder or hide text go, & < > " ' are written as character references,
 * white space at both ends goes; at most max_length code points of the input are looked at (a usual bound: 1000).
 * Other elements stay, as text that a page shows. */
GH_API GH_MUST_CHECK size_t gh_sanitize_text(gh_str text, size_t max_length, char *to, size_t size);

/* One name of a file, never a path: < > : " / \ | ? * and controls go, no "." begins or ends it, no ".." is left,
 * names that devices have on Windows get "_" before them, at most 255 code points and 255 bytes, never cut inside
 * a code point; what would be empty is "file". */
GH_API GH_MUST_CHECK size_t gh_sanitize_filename(gh_str name, char *to, size_t size);

GH_END_DECLS

#endif
