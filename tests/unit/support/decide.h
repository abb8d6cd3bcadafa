/* A decision from texts: a policy from YAML, a request from a few lines, a store, a clock that stands still. */
#ifndef GH_TEST_SUPPORT_DECIDE_H
#define GH_TEST_SUPPORT_DECIDE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/compile.h"
#include "core/answer.h"
#include "stores/state/embedded.h"
#include "stores/state/roster.h"

enum { DECIDE_FIELDS = 64, DECIDE_TEXT = 16384 };

typedef struct decide {
    gh_report report;
    gh_config *config;
    gh_policy *policy;
    gh_state *state;
    gh_roster *roster;      /* with identity.enabled; may be set NULL: then nobody answers lookups */
    gh_token_cache *tokens; /* likewise; NULL: none */
    gh_arena kept;          /* texts of tests, until decide_free() */
    gh_world world;         /* world.now_ms and .unix_s may be set */
    gh_ip peer;             /* 192.0.2.1 unless decide_from() */
    bool tls;
    bool begun;    /* txn is a request's */
    unsigned asks; /* how often the last request asked the store */

    gh_arena arena;
    gh_field fields[DECIDE_FIELDS], upstream_fields[DECIDE_FIELDS];
    gh_request request;
    gh_txn txn;
    char text[DECIDE_TEXT], upstream_text[DECIDE_TEXT];
    char head[DECIDE_TEXT]; /* the answer's field lines, CRLF at each end */
    char body[DECIDE_TEXT]; /* NUL-terminated */
    char verdict[64];
} decide;

/* Lives until decide_free(). The upstream is http://127.0.0.1:8000 unless the YAML names some. */
decide *decide_new(const char *yaml);
/* prepare: sees the configuration before it is compiled. */
decide *decide_new_with(const char *yaml, void (*prepare)(gh_config *config));
/* A text that lives until decide_free(). */
const char *decide_text(decide *d, const char *format, ...) GH_PRINTF(2, 3);
void decide_free(decide *d);

void decide_from(decide *d, const char *ip);

/* "GET /x" or "POST /x HTTP/1.0", then field lines, all separated by "\n"; then "\n\n" and the body, which
 * gets its Content-Length. "Host: localhost" is added to HTTP/1.1 without Host. Returns what came out: "forward", "answer 204", or the reason's error name. */
const char *decide_request(decide *d, const char *text);

/* The verdict of the edge: an upstream that failed. */
void decide_fail(decide *d, enum gh_reason reason);

/* Writes Gatehouse's own answer into head and body. */
void decide_answer(decide *d);

/* The upstream's answer as it goes to the client: "200" and field lines; into head. */
void decide_reply(decide *d, const char *text);

/* The field's value in head, those of several lines joined by " | ", and NULL when there is none. */
const char *decide_field(decide *d, const char *name);

/* name's value in head is `value`; NULL: there is none. */
void expect_field(decide *d, const char *name, const char *value);

/* One request, one verdict; a row of a table. */
typedef struct decide_row {
    const char *request, *verdict;
} decide_row;

void expect_rows(decide *d, const decide_row *rows, size_t n);

#endif
