/* Inside the wire layer: what the fields of a head mean for the message and the connection. */
#ifndef GH_WIRE_H1_FIELDS_H
#define GH_WIRE_H1_FIELDS_H

#include "wire/h1_head.h"

enum { GH_H1_CLOSE = 1, GH_H1_KEEP_ALIVE = 2, GH_H1_UPGRADE = 4 }; /* connection options */

typedef struct gh_h1_reader {
    const char *at, *end;
    const gh_h1_limits *limits;
    bool request;
    uint8_t options;    /* of all Connection fields */
    unsigned n_options; /* as listed, empty ones too */
    gh_h1_head head;
} gh_h1_reader;

/* Each answers what is wrong, NULL when nothing is. */
const char *gh_h1_note_odd_field(gh_h1_reader *r, const gh_field *f);
const char *gh_h1_judge_request(gh_h1_reader *r);
const char *gh_h1_judge_response(gh_h1_reader *r, bool to_head);

/* The fields that say something about framing and connection; all others only leave their bit. */
#define GH_H1_TELLING                                                                                       \
    (GH_FIELD_BIT(GH_FIELD_UNKNOWN) | GH_FIELD_BIT(GH_FIELD_HOST) | GH_FIELD_BIT(GH_FIELD_CONTENT_LENGTH) | \
     GH_FIELD_BIT(GH_FIELD_TRANSFER_ENCODING) | GH_FIELD_BIT(GH_FIELD_CONNECTION) |                         \
     GH_FIELD_BIT(GH_FIELD_EXPECT))

static inline const char *gh_h1_note_field(gh_h1_reader *r, const gh_field *f)
{
    uint64_t bit = GH_FIELD_BIT(f->id);
    const char *why = (bit & GH_H1_TELLING) != 0 ? gh_h1_note_odd_field(r, f) : NULL;
    /* Unknown names leave no bit. */
    r->head.seen |= bit & ~GH_FIELD_BIT(GH_FIELD_UNKNOWN);
    return why;
}

#endif
