/* application/x-www-form-urlencoded (WHATWG URL section 5.1), queries and cookies, read strictly. */
#ifndef GH_WIRE_FORM_H
#define GH_WIRE_FORM_H

#include "base/arena.h"
#include "base/buf.h"

/* One pair, decoded. The slices point into the input, or into the arena where something had to be decoded. */
typedef struct gh_pair {
    gh_str name, value;
    gh_str raw; /* the value as it came: for serialisation styles that split before decoding */
} gh_pair;

typedef struct gh_pairs {
    gh_pair *items; /* in order, names may repeat */
    unsigned n;
} gh_pairs;

enum gh_pairs_result {
    GH_PAIRS_OK,
    GH_PAIRS_BAD,      /* a broken escape, or text that is not UTF-8 after decoding, or a NUL */
    GH_PAIRS_TOO_MANY, /* over `most` pairs */
    GH_PAIRS_MEMORY
};

/* "a=1&b=2": "+" is a space, "%41" is decoded, empty parts between "&" are skipped, a part without "=" has an
 * empty value. ";" does not separate. */
GH_MUST_CHECK enum gh_pairs_result gh_form_read(gh_str in, unsigned most, gh_arena *arena, gh_pairs *ret);
/* A Cookie field's value (RFC 6265 section 4.2.1 as servers read it): "a=1; b=2"; nothing is decoded; values may
 * be in double quotes, which are kept. BAD: a control character, or text that is not UTF-8. A part without "=" is
 * skipped. */
GH_MUST_CHECK enum gh_pairs_result gh_cookie_read(gh_str in, unsigned most, gh_arena *arena, gh_pairs *ret);
/* Decodes percent-escapes; `plus`: "+" is a space. False: a broken escape or no memory. Bytes may be any. */
GH_MUST_CHECK bool gh_percent_decode(gh_str in, bool plus, gh_arena *arena, gh_str *ret);
/* Writes s so that gh_form_read() gives it back (WHATWG URL section 5.2). */
void gh_form_put(gh_buf *out, gh_str s);

#endif
