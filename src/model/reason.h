/* The catalogue of reasons, from reasons.def. */
#ifndef GH_MODEL_REASON_H
#define GH_MODEL_REASON_H

#include "base/slice.h"

enum gh_reason {
#define REASON(id, status, error, message) GH_REASON_##id,
#include "model/reasons.def"
#undef REASON
    GH_REASON_COUNT
};

typedef struct gh_reason_row {
    unsigned status;
    gh_str error, message;
} gh_reason_row;

const gh_reason_row *gh_reason_of(enum gh_reason reason);
/* The registered reason phrase of a status (RFC 9110 section 15), "" for others. */
gh_str gh_status_phrase(unsigned status);

#endif
