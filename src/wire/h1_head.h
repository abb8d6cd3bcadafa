/* HTTP/1.1 message heads, strictly (RFC 9112, RFC 9110 section 5).
 *
 * Zero-copy: all slices point into `in`. Everything ambiguous is refused: bare CR or
 * LF, obs-fold, space before the colon, control characters in values, several or
 * missing Host, Content-Length with Transfer-Encoding, several Content-Length (even
 * alike), any Transfer-Encoding but exactly "chunked", Transfer-Encoding in HTTP/1.0,
 * a HTAB beside the value of either, a body announced where there can be none (1xx,
 * 204), and in requests a name that is a framing or forwarding field's but for "_" in
 * the place of "-": CGI-like upstreams take the two for one. Bytes of 0x80 and over are
 * opaque in values (obs-text), and refused in names and targets. */
#ifndef GH_WIRE_H1_HEAD_H
#define GH_WIRE_H1_HEAD_H

#include "wire/field.h"

enum gh_h1_result {
    GH_H1_DONE,      /* a whole head; head_size bytes were used */
    GH_H1_MORE,      /* not a whole head yet, nothing wrong so far */
    GH_H1_BAD,       /* malformed: *error says what */
    GH_H1_TOO_LARGE, /* head, target or number of fields over the limit */
    GH_H1_VERSION    /* an HTTP version that is not 1.0 or 1.1 (505) */
};

typedef struct gh_h1_limits {
    size_t head;     /* bytes of a whole head */
    size_t target;   /* bytes of the request-target */
    unsigned fields; /* field lines; also the size of the caller's array */
} gh_h1_limits;

typedef struct gh_h1_head {
    gh_str method, target; /* requests */
    unsigned status;       /* responses: 100..599 */
    gh_str phrase;         /* responses: the reason phrase, may be empty */
    uint8_t minor;         /* HTTP/1.minor: 0 or 1 */
    gh_field *fields;
    unsigned n_fields;
    uint64_t seen; /* GH_FIELD_BIT of each known field present */
    gh_str host;   /* requests: value of the one Host field; absent in HTTP/1.0 without it */
    enum gh_framing framing;
    uint64_t content_length;
    bool keep_alive;      /* by version and Connection (RFC 9112 section 9.3) */
    bool expect_continue; /* Expect: 100-continue; any other expectation is BAD */
    bool upgrade;         /* Connection names "upgrade" and an Upgrade field is there */
    size_t head_size;
    const char *error; /* with BAD, TOO_LARGE and VERSION: a constant text, for logs */
} gh_h1_head;

/* The `error` of a GH_H1_TOO_LARGE that means the request-target (414): compare the pointer. */
extern const char gh_h1_target_too_long[];

/* Reads a request head. One empty line (CRLF) before it is skipped (RFC 9112 section 2.2)
 * and counted in head_size. Framing: NONE, LENGTH or CHUNKED. */
GH_MUST_CHECK enum gh_h1_result gh_h1_read_request(gh_str in, const gh_h1_limits *limits, gh_field *fields,
                                                   gh_h1_head *ret);

/* Reads a response head. `to_head`: it answers a HEAD request, so it has no body. Framing as
 * RFC 9112 section 6.3: 1xx, 204, 304 and HEAD have NONE; content_length is still filled in
 * for HEAD and 304 when present (check `seen`). 101 has NONE and upgrade set when announced. */
GH_MUST_CHECK enum gh_h1_result gh_h1_read_response(gh_str in, const gh_h1_limits *limits, gh_field *fields,
                                                    bool to_head, gh_h1_head *ret);

/* Is a second look worth it: is there a whole head's end (CRLFCRLF) in `in`, looking from byte `from`
 * on, or a bare LF, which will be refused? Lets a caller that was told MORE wait cheaply. */
bool gh_h1_head_complete(gh_str in, size_t from);

/* Does a comma-separated list of tokens (Connection, Upgrade) name `token`, without case? */
bool gh_list_names(gh_str list, gh_str token);

#endif
