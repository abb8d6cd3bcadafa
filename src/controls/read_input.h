/* What the controls of the stage BODY share: the request's input, read once, and what is found in it. */
#ifndef GH_CONTROLS_READ_INPUT_H
#define GH_CONTROLS_READ_INPUT_H

#include "contract/check.h"
#include "model/control.h"

/* Room for findings, at first use. False: no memory. */
GH_MUST_CHECK bool gh_findings_ready(gh_txn *txn);
/* The raw material of txn as `operation` sees it; NULL: nobody, then the path has the parameters of the route. */
gh_input_source gh_txn_source(const gh_txn *txn, const gh_operation *operation);
/* Reads as `operation` declares it, unless it has been read; what is wrong goes to txn->findings. */
GH_MUST_CHECK enum gh_input_result gh_txn_read_by(gh_txn *txn, const gh_operation *operation);
/* For what looks at texts: reads by the contract, by the route's own operation, or by nobody's. Where one that only
 * observes makes reading fail, the next one is asked: it may not refuse. */
GH_MUST_CHECK enum gh_input_result gh_txn_read_input(gh_txn *txn);
/* Refuses for txn->findings, with the policy's status and the first one in the log. */
enum gh_judgement gh_txn_refuse_findings(gh_txn *txn, enum gh_reason reason, const char *detail);

/* In observe mode: notes the report, keeps the first finding since `before` for the log, and forgets them all. */
void gh_txn_report_findings(gh_txn *txn, unsigned report, gh_findings before);

#endif
