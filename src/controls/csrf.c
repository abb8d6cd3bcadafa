/* Requests that a browser may have been talked into (CSRF): those with a session cookie, which it adds by itself, or with
 * nothing but a device's, and those to endpoints that start a session. Other credentials a foreign page can't make it
 * send.
 *
 * In this order: the site it comes from (csrf_site.h), then the token, which a foreign page can't read: signed, bound to
 * the session, from a header of its own or a field of a form. The cookie that carries the token to the page is not
 * compared with it: the signature says more, and a second tab may have been given a newer one.
 *
 * WebSocket handshakes are GET, and no page can add a header to them; browsers always send Origin with them (RFC 6455
 * section 4.1), which decides. */
#include "controls/csrf_token.h"

#include "contract/input.h"
#include "controls/controls.h"
#include "controls/csrf_site.h"
#include "controls/fields.h"
#include "model/endpoint.h"

bool gh_csrf_applies(const gh_policy *policy)
{
    return policy->identity.enabled && policy->identity.csrf.enabled;
}

enum gh_judgement gh_csrf_judge_token(gh_txn *txn, gh_str token)
{
    switch (gh_csrf_check(&txn->policy->identity.keys, txn->principal.session, token)) {
    case GH_CSRF_GOOD:
        return GH_PASS;
    case GH_CSRF_STALE:
        return gh_txn_refuse(txn, GH_REASON_CSRF_STALE, "the token is of another session");
    case GH_CSRF_MISMATCH:
        break;
    }
    return gh_txn_refuse(txn, GH_REASON_CSRF_MISMATCH, "the token is not one of ours");
}

/* RFC 9110 section 9.2.1. */
static bool is_safe(gh_str method)
{
    return gh_str_eq(method, GH_STR("GET")) || gh_str_eq(method, GH_STR("HEAD")) ||
           gh_str_eq(method, GH_STR("OPTIONS")) || gh_str_eq(method, GH_STR("TRACE"));
}

/* What the upstream protects by itself, or calls of programs. Never our own endpoints: "/api and all below" would be all of them. */
static bool exempt(const gh_txn *txn)
{
    const gh_identity_policy *p = &txn->policy->identity;
    if (txn->route->endpoint != NULL)
        return false;
    for (unsigned i = 0; i < p->csrf.n_exempt; i++)
        if (gh_path_pattern_match(&p->csrf.exempt[i], txn->target.path, NULL))
            return true;
    return false;
}

static bool is_form(const gh_txn *txn, gh_media_type *ret)
{
    return gh_body_announced(txn->request) && !gh_body_coded(txn->request) &&
           gh_body_type(txn->request, ret) && (ret->kind == GH_MEDIA_FORM || ret->kind == GH_MEDIA_MULTIPART);
}

/* The whole body is read before the stage BODY, where csrf_form looks for the field. */
static enum gh_judgement look_in_form(gh_txn *txn)
{
    const gh_request *r = txn->request;
    txn->csrf_in_form = true;
    txn->body_state = GH_BODY_WANTED;
    if (txn->max_body > txn->policy->input.max_body)
        txn->max_body = txn->policy->input.max_body;
    if (r->framing == GH_FRAMING_LENGTH && r->content_length > txn->max_body)
        return gh_txn_refuse(txn, GH_REASON_BODY_TOO_LARGE, "Content-Length is over the limit for a form");
    return GH_PASS;
}

static enum gh_judgement judge_token(gh_txn *txn)
{
    const gh_identity_policy *p = &txn->policy->identity;
    gh_media_type type;
    gh_str token = {NULL, 0};
    switch (gh_fields_named(txn->request, p->csrf.header, &token)) {
    case 0:
        break;
    case 1:
        return gh_csrf_judge_token(txn, token);
    default:
        return gh_txn_refuse(txn, GH_REASON_CSRF_MISMATCH, "several token fields");
    }
    if (is_form(txn, &type))
        return look_in_form(txn);
    return gh_txn_refuse(txn, GH_REASON_CSRF_MISSING,
                         "no token in the header, and no form that could have it");
}

/* Of a device that is nobody's, or whose user is not signed in: there is no session to bind a token to. */
static bool has_device_cookie_alone(const gh_txn *txn)
{
    return txn->principal.proof == GH_PROOF_NONE && txn->principal.device != 0 &&
           (txn->request->seen & GH_FIELD_BIT(GH_FIELD_X_DEVICE_TOKEN)) == 0;
}

/* Nobody is signed in yet, so there is no session to bind a token to. Where the browser does not say from where it
 * comes, the body must be of a type that no form can send. */
static enum gh_judgement judge_by_origin(gh_txn *txn, enum gh_csrf_site site)
{
    gh_media_type type;
    if (site == GH_CSRF_OURS)
        return GH_PASS;
    if (gh_body_type(txn->request, &type) &&
        (type.name_size > 0 ? type.kind == GH_MEDIA_JSON : !gh_body_announced(txn->request)))
        return GH_PASS;
    return gh_txn_refuse(txn, GH_REASON_CSRF_MISSING,
                         "no origin, and a body that any page's form could send");
}

static enum gh_judgement judge(gh_txn *txn)
{
    const gh_endpoint *endpoint = txn->route->endpoint;
    bool by_origin = (endpoint != NULL && endpoint->csrf_by_origin) || has_device_cookie_alone(txn);
    bool safe = is_safe(txn->request->method);
    bool handshake = safe && (txn->request->seen & GH_FIELD_BIT(GH_FIELD_UPGRADE)) != 0;
    if ((txn->principal.proof != GH_PROOF_SESSION && !by_origin) || (safe && !handshake) || exempt(txn))
        return GH_PASS;
    enum gh_csrf_site site = gh_csrf_site(txn);
    if (site == GH_CSRF_FOREIGN)
        return gh_txn_refuse(txn, GH_REASON_CSRF_CROSS_SITE,
                             "from another site, by Sec-Fetch-Site, Origin or Referer");
    if (handshake)
        return GH_PASS;
    return by_origin ? judge_by_origin(txn, site) : judge_token(txn);
}

const gh_control gh_control_csrf = {.name = "csrf", .applies = gh_csrf_applies, .judge = judge};
