/* A declared length over the limit (the route's, or what is held to be looked at) is refused before a byte of it is read. A chunked body is
 * counted by the edge as it passes. */
#include "controls/controls.h"

static enum gh_judgement judge(gh_txn *txn)
{
    const gh_request *r = txn->request;
    if (r->framing == GH_FRAMING_LENGTH && r->content_length > txn->max_body)
        return gh_txn_refuse(txn, GH_REASON_BODY_TOO_LARGE, "Content-Length is over the limit");
    return GH_PASS;
}

const gh_control gh_control_body_size = {.name = "body_size", .judge = judge};
