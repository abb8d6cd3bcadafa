/* The chunked coding (RFC 9112 section 7.1), strictly: CRLF only, sizes of at most 15 hex digits, extensions
 * skipped and dropped within a bound, trailer fields checked for syntax and dropped within a bound. */
#ifndef GH_WIRE_H1_BODY_H
#define GH_WIRE_H1_BODY_H

#include "base/buf.h"

enum gh_chunk_result {
    GH_CHUNK_DATA, /* *ret_data is a piece of the body, may be called again at once */
    GH_CHUNK_MORE, /* all of *in is used up, the body goes on */
    GH_CHUNK_END,  /* the body is complete; *in holds what follows it */
    GH_CHUNK_BAD
};

typedef struct gh_chunked {
    uint8_t state;
    uint8_t digits;
    uint16_t overhead; /* bytes of extensions or trailers so far, capped */
    uint64_t left;     /* of this chunk */
} gh_chunked;

void gh_chunked_init(gh_chunked *c);
/* Takes bytes off the front of *in. Data slices point into *in. */
GH_MUST_CHECK enum gh_chunk_result gh_chunked_next(gh_chunked *c, gh_str *in, gh_str *ret_data);

enum { GH_CHUNK_FRAME_MAX = 20 }; /* what a chunk costs beside its data: 16 digits and two CRLF */

/* Appends data as one chunk; data.n == 0 appends nothing. */
void gh_chunked_put(gh_buf *out, gh_str data);
/* Appends the last chunk and the end of the (empty) trailer section. */
void gh_chunked_put_end(gh_buf *out);

#endif
