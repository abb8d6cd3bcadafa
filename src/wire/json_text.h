/* JSON strings, written (RFC 8259 section 7) so that they are safe wherever a body or a log line goes. */
#ifndef GH_WIRE_JSON_TEXT_H
#define GH_WIRE_JSON_TEXT_H

#include "base/buf.h"

/* Writes s as a JSON string with its quotes. Escaped: '"', "\", controls (C0, DEL, C1), U+2028 and
 * U+2029, so that nothing in it can end a line or move a terminal's cursor. Each byte that is not
 * part of valid UTF-8 (RFC 3629: no overlong forms, no surrogates) becomes \ufffd. An absent
 * slice is written as an empty string. */
void gh_json_string(gh_buf *out, gh_str s);

/* The same in ASCII only: everything else as \\uXXXX, so that no line of a log can show itself to a reader
 * in another order or as another text than it has (U+202E and its like). */
void gh_json_string_ascii(gh_buf *out, gh_str s);

/* gh_json_string() without the quotes: to put several pieces into one string. Pieces must not be cut inside
 * a UTF-8 sequence. */
void gh_json_escape(gh_buf *out, gh_str s);

#endif
