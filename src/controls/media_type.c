/* Is the body of a type that is taken here, and must it be read whole? Judged by the head, before a byte of it is
 * read and before anything is charged. */
#include "contract/check.h"
#include "controls/controls.h"

static bool readable(enum gh_media_kind kind)
{
    return kind != GH_MEDIA_OPAQUE;
}

static enum gh_judgement fault(gh_txn *txn, enum gh_reason reason, const char *detail, bool observe)
{
    if (!observe)
        return gh_txn_refuse(txn, reason, detail);
    txn->reports |= GH_REPORT_VALIDATION;
    txn->verdict.what = gh_reason_of(reason)->error;
    return GH_PASS;
}

/* One operation's view: GH_STOP with the verdict set, or *wanted. */
static enum gh_judgement by(gh_txn *txn, const gh_operation *operation, bool observe, bool *wanted)
{
    const gh_media *media = NULL;
    gh_media_type type;
    switch (gh_check_door(operation, txn->request, &type, &media)) {
    case GH_DOOR_FINE:
        if (media != NULL && media->schema != NULL && readable(type.kind))
            *wanted = true;
        return GH_PASS;
    case GH_DOOR_MEDIA_TYPE:
        if (gh_body_coded(txn->request))
            return fault(txn, GH_REASON_UNSUPPORTED_CONTENT_CODING, NULL, observe);
        return fault(txn, GH_REASON_UNSUPPORTED_MEDIA_TYPE, "the Content-Type is not declared", observe);
    case GH_DOOR_BODY_UNWANTED:
        break;
    }
    return fault(txn, GH_REASON_BODY_NOT_EXPECTED, "no body is declared", observe);
}

/* For dangerous content and sanitising a body of any readable type is looked at, whoever declared it; one of which
 * can't be said what it is, is not let past. */
static enum gh_judgement for_texts(gh_txn *txn, bool *wanted)
{
    const gh_input_policy *input = &txn->route->input;
    gh_media_type type;
    bool known = gh_body_type(txn->request, &type) && type.name_size > 0;
    if (known && !readable(type.kind))
        return GH_PASS;
    if (known && !gh_body_coded(txn->request)) {
        *wanted = true;
        return GH_PASS;
    }
    enum gh_reason reason = known ? GH_REASON_UNSUPPORTED_CONTENT_CODING : GH_REASON_UNSUPPORTED_MEDIA_TYPE;
    if (input->n_rewrites > 0 || !input->dangers_observe)
        return gh_txn_refuse(txn, reason, known ? NULL : "a body with no one Content-Type can't be checked");
    txn->reports |= GH_REPORT_DANGEROUS;
    txn->verdict.what = gh_reason_of(reason)->error;
    return GH_PASS;
}

static enum gh_judgement judge(gh_txn *txn)
{
    const gh_input_policy *input = &txn->route->input;
    bool wanted = false;
    if (txn->operation != NULL && by(txn, txn->operation, input->contract_observe, &wanted) == GH_STOP)
        return GH_STOP;
    if (input->own != NULL && by(txn, input->own, input->own_observe, &wanted) == GH_STOP)
        return GH_STOP;
    if (!gh_body_announced(txn->request))
        return GH_PASS;
    if (!wanted && input->texts_in_body && for_texts(txn, &wanted) == GH_STOP)
        return GH_STOP;
    if (!wanted)
        return GH_PASS;
    if (gh_body_coded(txn->request))
        return gh_txn_refuse(txn, GH_REASON_UNSUPPORTED_CONTENT_CODING, NULL);
    txn->body_state = GH_BODY_WANTED;
    if (txn->max_body > txn->policy->input.max_body)
        txn->max_body = txn->policy->input.max_body;
    return GH_PASS;
}

/* RFC 9110 sections 12.5.1 and 12.5.3: a 415 may say what would have been taken. */
static void reply(gh_txn *txn, gh_reply *r)
{
    if (txn->verdict.reason == GH_REASON_UNSUPPORTED_CONTENT_CODING)
        gh_buf_lit(r->out, "Accept-Encoding: identity\r\n");
    const gh_operation *operation = txn->operation != NULL ? txn->operation : txn->route->input.own;
    if (txn->verdict.reason != GH_REASON_UNSUPPORTED_MEDIA_TYPE || operation == NULL ||
        operation->n_media == 0)
        return;
    gh_buf_lit(r->out, "Accept: ");
    for (unsigned i = 0; i < operation->n_media; i++) {
        gh_buf_put(r->out, i == 0 ? GH_STR("") : GH_STR(", "));
        gh_buf_put(r->out, operation->media[i].range);
    }
    gh_buf_lit(r->out, "\r\n");
}

static bool of_route(const gh_route *route)
{
    return route->input.contract != NULL || route->input.own != NULL || route->input.texts_in_body;
}

static bool applies(const gh_policy *policy)
{
    return gh_policy_any_route(policy, of_route);
}

const gh_control gh_control_media_type = {
    .name = "media_type", .applies = applies, .judge = judge, .reply = reply};
