/* A request as the library sees it: borrowed slices, nothing copied.
 *
 * Owner: the caller; the slices must live until the last call about the request. Start from all zeros,
 * `gh_request r = {0}`, and fill in what there is. */
#ifndef GATEHOUSE_REQUEST_H
#define GATEHOUSE_REQUEST_H

#include <gatehouse/ip.h>
#include <gatehouse/str.h>

/* One header field line (RFC 9110 section 5). value has no surrounding white space. */
typedef struct gh_field {
    gh_str name;
    gh_str value;
    uint16_t id; /* the library's own number of the name; set 0, the library fills it in */
} gh_field;

/* How the length of a body is known (RFC 9112 section 6.3). */
enum gh_framing {
    GH_FRAMING_NONE,    /* no body */
    GH_FRAMING_LENGTH,  /* content_length bytes */
    GH_FRAMING_CHUNKED, /* until the last chunk */
    GH_FRAMING_CLOSE    /* responses only: until the connection closes */
};

typedef struct gh_request {
    gh_str method;    /* a token, case-sensitive */
    gh_str target;    /* request-target as received (RFC 9112 section 3.2) */
    gh_str host;      /* the Host field's value, or the absolute-form's authority; absent if none */
    gh_field *fields; /* all field lines in order; the library writes only `id` */
    unsigned n_fields;
    uint64_t seen; /* which known fields there are; set 0, the library fills it in */
    enum gh_framing framing;
    uint64_t content_length; /* bytes, with GH_FRAMING_LENGTH */
    gh_ip peer;              /* who opened the connection (or what PROXY protocol says) */
    bool tls;                /* did the request come over TLS? */
    bool classified;         /* the library's own mark that id and seen are right; set false */
} gh_request;

#endif
