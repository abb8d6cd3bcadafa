/* What is wrong with a request's input, as members of the answer's body. */
#ifndef GH_CORE_ANSWER_FINDINGS_H
#define GH_CORE_ANSWER_FINDINGS_H

#include "schema/finding.h"
#include "wire/json.h"

/* Elements of a JSON array without its brackets, as many as fit in out with `reserve` bytes left behind them; the
 * rest is left out. Returns how many were written. */

/* {"in":"body","pointer":"#/a","name":"...","detail":"...","type":"...","keyword":"..."}: pointer is a JSON Pointer
 * in a URI fragment (RFC 6901 section 6), as in RFC 9457's own example; of a parameter only where it is within it. */
unsigned gh_findings_put_problem(gh_buf *out, size_t reserve, const gh_findings *findings);
/* {"type":"...","loc":["body","tracks",0],"msg":"..."}. body: the body as it was read, which tells indices from
 * names; may be NULL. */
unsigned gh_findings_put_fastapi(gh_buf *out, size_t reserve, const gh_findings *findings,
                                 const gh_json *body);

#endif
