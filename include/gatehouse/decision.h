/* A decision: what to do with one request, and how to dress the answer.
 *
 *     gh_decision *d = gh_decision_new();          once a thread or connection; reused for each request
 *     if (gh_decide(d, policy, state, &world, &request) == GH_OUTCOME_FORWARD)
 *         handle the request, then gh_decision_reply() over the head of its answer
 *     else
 *         gh_decision_answer(), and send that
 *
 * Where the policy looks into bodies, gh_decide() may say GH_OUTCOME_BODY: read the body, hand it in by
 * gh_decide_body(), and go on with what that says.
 *
 * The library decides; it never waits, reads, sends or looks at a clock. How the end of a message was found is the caller's
 * business (RFC 9112 section 6), and so is the length of a body that is not told beforehand: see max_body.
 *
 * Slices given out live until the next gh_decide() or gh_decision_free() of this decision. Policy, request, and the memory
 * its slices point to must live as long.
 *
 * Threads: one decision is used by one thread at a time; two decisions never share anything but the policy and the state. */
#ifndef GATEHOUSE_DECISION_H
#define GATEHOUSE_DECISION_H

#include <gatehouse/policy.h>
#include <gatehouse/request.h>
#include <gatehouse/state.h>
#include <gatehouse/world.h>

GH_BEGIN_DECLS

enum gh_outcome {
    GH_OUTCOME_FORWARD, /* let it pass */
    GH_OUTCOME_REFUSE,  /* answer with the reason's problem document (RFC 9457) */
    GH_OUTCOME_ANSWER, /* answer with `status`: a CORS preflight (WHATWG Fetch), or what identity answers by itself */
    GH_OUTCOME_BODY /* not decided yet: hand in the whole body by gh_decide_body() */
};

typedef struct gh_decision gh_decision;

/* About 10 KB. NULL: out of memory. */
GH_API GH_MUST_CHECK gh_decision *gh_decision_new(void);
/* NULL is fine. */
GH_API void gh_decision_free(gh_decision *decision);

/* Decides, and charges the rate limits when the request passes; what is refused is not charged.
 *
 * request: only fields[].id is written. When request->host is absent the Host field is taken; two of them are refused
 * (RFC 9112 section 3.2).
 * world: copied; its key must live until this returns, its random() as long as the decision: the decision's id is made
 * when it is first needed.
 * There is no error: what can't be decided is refused (internal_error), never let in. */
GH_API enum gh_outcome gh_decide(gh_decision *decision, const gh_policy *policy, gh_state *state,
                                 const gh_world *world, const gh_request *request);

/* Goes on after GH_OUTCOME_BODY.
 * body: all of it, without its transfer coding; at most gh_details.max_body bytes, a longer one is refused
 * (body_too_large): stop reading there and hand in what there is. It must stay where it is as long as the request.
 * When the body can't be had, leave it out: nothing need be called, and nothing was let in.
 * Without a body that is waited for it says what was decided last. Never GH_OUTCOME_BODY again.
 *
 * Reading a body takes memory besides: at most four times what validation.max_body lets in, and 16 MiB. */
GH_API enum gh_outcome gh_decide_body(gh_decision *decision, gh_str body);

/* After GH_OUTCOME_FORWARD: what is to be passed on in the place of the body, because `sanitize` has rewritten it; its
 * length is the Content-Length then. Absent: the body goes as it came. */
GH_API gh_str gh_decision_body(const gh_decision *decision);

/* What was found out. Slices that do not apply are absent (p == NULL). */
typedef struct gh_details {
    enum gh_outcome outcome;
    unsigned status;      /* of the answer to send; 0 with GH_OUTCOME_FORWARD and GH_OUTCOME_BODY */
    gh_str reason;        /* "rate_limit_exceeded": a name from docs/errors.md; "none" when not refused */
    gh_str message;       /* for the client: what to do */
    gh_str detail;        /* for logs only */
    uint64_t retry_after; /* seconds; 0: none */
    gh_str rule;          /* the rate limit rule that refused */
    gh_ip
        client; /* who asks, behind trusted proxies (RFC 7239 and X-Forwarded-For); family 0: not found out */
    bool secure; /* the client uses https, to us or to a trusted proxy */
    gh_str
        path; /* normalised (RFC 3986 section 6.2.2): use this one, not the target; absent: not found out */
    gh_str query;      /* without "?" */
    gh_str route;      /* the route's name; absent when no route names the request */
    uint64_t max_body; /* bytes; a chunked body must be counted by the caller against this */
} gh_details;

GH_API void gh_decision_details(const gh_decision *decision, gh_details *ret);
/* The decision's id, 24 hexadecimal digits: the same as in the problem document. For logs. Before the first gh_decide():
 * absent. */
GH_API gh_str gh_decision_id(gh_decision *decision);

/* Memory of the caller to write into: `size` bytes at p. n: the bytes written. */
typedef struct gh_space {
    char *p;
    size_t size;
    size_t n;
} gh_space;

/* The answer to a request that was not let in.
 * lines: header lines, each "Name: value" CRLF: Content-Type, Cache-Control, Retry-After, Allow, CORS, rate-limit and
 * security fields. Not among them: the status line, Content-Length, Date, Connection, the empty line.
 * body: the problem document as JSON; empty for a preflight.
 * False: one of them is too small, or there is nothing to answer (GH_OUTCOME_FORWARD); both n are 0 then. 4 KiB of
 * lines are enough unless the configuration holds very long values, and 2 KiB of body for every problem document; where
 * input is checked (routes[].validate, dangerous_content) a body of 16 KiB has room for the usual number of findings,
 * and those that find none are counted in "errors_omitted". */
GH_API GH_MUST_CHECK bool gh_decision_answer(gh_decision *decision, gh_space *lines, gh_space *body);

/* The head of an answer to a request that was let in, the caller's own errors too.
 * fields: the answer's own field lines. Those to send come first, in their order; those that must not be sent are moved
 * behind them, and *n_fields becomes the number of the former. Hop-by-hop fields (RFC 9110 section 7.6.1) are not judged.
 * lines: header lines to add: CORS, rate-limit and security fields.
 * False: lines is too small, its n is 0 and nothing was moved: send an error instead. */
GH_API GH_MUST_CHECK bool gh_decision_reply(gh_decision *decision, unsigned status, gh_field *fields,
                                            unsigned *n_fields, gh_space *lines);

GH_END_DECLS

#endif
