/* Problem details for HTTP APIs (RFC 9457): the body of every refusal. */
#ifndef GH_WIRE_PROBLEM_H
#define GH_WIRE_PROBLEM_H

#include "base/buf.h"

#define GH_PROBLEM_CONTENT_TYPE "application/problem+json"

/* Absent texts are left out. All are data: anything in them is escaped. */
typedef struct gh_problem {
    gh_str type;         /* a URI reference; absent: "about:blank" */
    gh_str title;        /* short, the same for all of one type */
    unsigned status;     /* 0: left out */
    gh_str detail;       /* this occurrence, for people */
    gh_str instance;     /* a URI reference of this occurrence, e.g. the request's path or id */
    gh_str error;        /* extension: the reason's code, e.g. "rate_limit_exceeded" */
    gh_str message;      /* extension: what to tell the user */
    int64_t retry_after; /* extension: seconds; -1: left out */
} gh_problem;

/* Writes one JSON object on one line, without a line break at its end. Members in the order above. */
void gh_problem_put(gh_buf *out, const gh_problem *problem);

#endif
