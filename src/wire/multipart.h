/* multipart/form-data (RFC 7578 over RFC 2046), read strictly, whole and in place.
 *
 * Refused, because readers of the field disagree on it: anything before the first boundary, anything behind the
 * last but one CRLF, white space or more behind a boundary on its line, a bare CR or LF at a boundary or in a
 * part's head, a part without Content-Disposition: form-data or with two of them, a name missing, empty or twice,
 * filename*, a Content-Transfer-Encoding but binary, 7bit or 8bit, a malformed Content-Type, continuation lines,
 * nested multipart parts, an end that is missing, raw control characters in heads, names that are not UTF-8, a
 * field "_charset_" that asks for another charset than UTF-8, and backslashes in names but \" (what one reader takes
 * for an escape is the end for another; so a \" with a ";" in the same string is refused too). */
#ifndef GH_WIRE_MULTIPART_H
#define GH_WIRE_MULTIPART_H

#include "base/arena.h"
#include "base/buf.h"
#include "wire/media_type.h"

typedef struct gh_part {
    gh_str name;     /* decoded: %22, %0D and %0A as WHATWG HTML writes them, and \" */
    gh_str filename; /* likewise, other backslashes are kept; absent: no file */
    gh_str type;     /* Content-Type's value as written; absent: none */
    gh_str data;     /* a slice of the input */
    gh_str raw;      /* the whole part from its first head line to before the CRLF of the next boundary */
} gh_part;

typedef struct gh_part_limits {
    unsigned parts;
    size_t head; /* bytes of one part's head */
    size_t name; /* bytes of a name or filename */
} gh_part_limits;

typedef struct gh_parts {
    gh_part *items;
    unsigned n;
} gh_parts;

enum gh_multipart_result { GH_MULTIPART_OK, GH_MULTIPART_BAD, GH_MULTIPART_TOO_LARGE, GH_MULTIPART_MEMORY };

/* *ret_why: a constant text for anything but OK. */
GH_MUST_CHECK enum gh_multipart_result gh_multipart_read(gh_str in, gh_str boundary,
                                                         const gh_part_limits *limits, gh_arena *arena,
                                                         gh_parts *ret, const char **ret_why);

#endif
