/* Documents that are not ours (OpenAPI, JSON Schema), from JSON or YAML into one tree.
 *
 * Of YAML 1.2 what JSON has: mappings with plain keys, lists, and scalars by the core schema (chapter 10.3): plain
 * null, true, false and numbers are those, "yes" and "on" are texts, everything in quotes is a text. 0x1F and 0o17
 * become decimal. Keys are texts, as they are written. Refused: what has no meaning in JSON or two (.inf and .nan,
 * tags, merge keys, keys that are no scalars, a key twice, a second document). Aliases are followed: what one stands
 * for is shared, not copied, counts as if it were written out, and no more than GH_DOCUMENT_ALIASED_MAX values may
 * come from them. */
#ifndef GH_CONFIG_DOCUMENT_H
#define GH_CONFIG_DOCUMENT_H

#include "wire/json.h"

enum {
    GH_DOCUMENT_BYTES_MAX = 64 << 20,
    GH_DOCUMENT_ALIASED_MAX = 100000, /* values */
    GH_DOCUMENT_ANCHORS_MAX = 1000
};

/* A text whose first byte that is not blank is "{" is read as JSON, with gh_json_limits_wide; any other as YAML. A
 * byte order mark at the beginning is passed over. NULL: refused, see *ret. The text must outlive the tree. */
GH_MUST_CHECK gh_json *gh_document_read(gh_str text, gh_arena *arena, gh_json_error *ret);

/* Line and column (bytes), from 1, of a byte offset (gh_json.at) in the text that was read. */
void gh_document_place(gh_str text, size_t at, unsigned *ret_line, unsigned *ret_column);

#endif
