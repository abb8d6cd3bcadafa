/* CORS (WHATWG Fetch, "HTTP extensions"), the outermost layer: a preflight is answered here, and every
 * answer carries the fields, refusals and upstream errors too, so that a page can read them. */
#include "controls/controls.h"

#include "wire/h1_head.h"

static bool applies(const gh_policy *policy)
{
    return policy->cors.enabled;
}

static gh_str value_of(const gh_request *r, enum gh_field_id id)
{
    if ((r->seen & GH_FIELD_BIT(id)) == 0)
        return (gh_str){NULL, 0};
    unsigned at = gh_fields_find(r->fields, r->n_fields, id, 0);
    /* Two Origin fields are no origin. */
    if (gh_fields_find(r->fields, r->n_fields, id, at + 1) < r->n_fields)
        return (gh_str){"", 0};
    return r->fields[at].value;
}

static bool origin_allowed(const gh_cors_policy *cors, gh_str origin)
{
    if (cors->any_origin)
        return !gh_str_eq(origin, GH_STR("null"));
    for (unsigned i = 0; i < cors->n_origins; i++)
        if (gh_str_eq(cors->origins[i], origin))
            return true;
    return false;
}

/* Every name in the list is allowed? */
static bool names_allowed(const gh_cors_policy *cors, gh_str list)
{
    gh_str name;
    while (gh_str_next(&list, ',', &name)) {
        name = gh_str_trim(name);
        bool found = name.n == 0;
        for (unsigned i = 0; i < cors->n_headers && !found; i++)
            found = gh_str_eq_nocase(cors->headers[i], name);
        if (!found)
            return false;
    }
    return true;
}

/* All lines of Access-Control-Request-Headers are one list. */
static bool headers_allowed(const gh_cors_policy *cors, const gh_request *r)
{
    for (unsigned i = 0; i < r->n_fields; i++)
        if (r->fields[i].id == GH_FIELD_ACCESS_CONTROL_REQUEST_HEADERS &&
            !names_allowed(cors, r->fields[i].value))
            return false;
    return true;
}

static void look_at_origin(gh_txn *txn)
{
    txn->origin = value_of(txn->request, GH_FIELD_ORIGIN);
    if (txn->origin.p != NULL)
        txn->cors = origin_allowed(&txn->policy->cors, txn->origin) ? GH_CORS_ALLOWED : GH_CORS_REFUSED;
}

static enum gh_judgement judge_preflight(gh_txn *txn, gh_str method)
{
    const gh_cors_policy *cors = &txn->policy->cors;
    if (txn->cors == GH_CORS_REFUSED)
        return gh_txn_refuse(txn, GH_REASON_CORS_ORIGIN_NOT_ALLOWED, "not in cors.origins");
    unsigned index = gh_policy_method(txn->policy, method);
    if (index >= GH_METHODS_MAX || (cors->methods & (UINT32_C(1) << index)) == 0)
        return gh_txn_refuse(txn, GH_REASON_CORS_METHOD_NOT_ALLOWED, "not in cors.methods");
    if (!headers_allowed(cors, txn->request))
        return gh_txn_refuse(txn, GH_REASON_CORS_HEADERS_NOT_ALLOWED, "not in cors.headers");
    txn->cors = GH_CORS_PREFLIGHT;
    txn->verdict.outcome = GH_OUTCOME_ANSWER;
    txn->verdict.status = 204;
    return GH_STOP;
}

static enum gh_judgement judge(gh_txn *txn)
{
    const gh_request *r = txn->request;
    if ((r->seen & GH_FIELD_BIT(GH_FIELD_ORIGIN)) == 0)
        return GH_PASS;
    look_at_origin(txn);
    if ((r->seen & GH_FIELD_BIT(GH_FIELD_ACCESS_CONTROL_REQUEST_METHOD)) == 0 ||
        !gh_str_eq(r->method, GH_STR("OPTIONS")))
        return GH_PASS;
    return judge_preflight(txn, value_of(r, GH_FIELD_ACCESS_CONTROL_REQUEST_METHOD));
}

static bool is_preflight_reason(enum gh_reason reason)
{
    return reason == GH_REASON_CORS_ORIGIN_NOT_ALLOWED || reason == GH_REASON_CORS_METHOD_NOT_ALLOWED ||
           reason == GH_REASON_CORS_HEADERS_NOT_ALLOWED;
}

static bool vary_names(const gh_reply *r, gh_str name)
{
    for (unsigned i = 0; i < r->n_fields; i++)
        if (r->fields[i].id == GH_FIELD_VARY && gh_list_names(r->fields[i].value, name))
            return true;
    return false;
}

/* The answer depends on Origin whether one came or not, and whichever origins are allowed, so Vary says so
 * on all of them; what the upstream varies by is kept in the same line. */
static void put_vary(const gh_txn *txn, gh_reply *r)
{
    if (vary_names(r, GH_STR("*")) || vary_names(r, GH_STR("Origin")))
        return; /* the upstream's own lines say it */
    gh_buf_lit(r->out, "Vary: ");
    if ((r->seen & GH_FIELD_BIT(GH_FIELD_VARY)) != 0) {
        for (unsigned i = 0; i < r->n_fields; i++) {
            if (r->fields[i].id != GH_FIELD_VARY || r->fields[i].value.n == 0)
                continue;
            gh_buf_put(r->out, r->fields[i].value);
            gh_buf_lit(r->out, ", ");
        }
        r->drop |= GH_FIELD_BIT(GH_FIELD_VARY);
    }
    gh_buf_lit(r->out, "Origin");
    if (txn->cors == GH_CORS_PREFLIGHT || is_preflight_reason(txn->verdict.reason))
        gh_buf_lit(r->out, ", Access-Control-Request-Method, Access-Control-Request-Headers");
    gh_buf_lit(r->out, "\r\n");
}

static void reply(gh_txn *txn, gh_reply *r)
{
    const gh_cors_policy *cors = &txn->policy->cors;
    r->drop |= GH_FIELD_BIT(GH_FIELD_ACCESS_CONTROL_RESPONSE);
    put_vary(txn, r);
    if (txn->cors == GH_CORS_NONE && txn->request != NULL &&
        (txn->request->seen & GH_FIELD_BIT(GH_FIELD_ORIGIN)) != 0)
        look_at_origin(txn); /* refused before this control had its turn */
    if (txn->cors == GH_CORS_NONE || txn->cors == GH_CORS_REFUSED)
        return;
    gh_buf_lit(r->out, "Access-Control-Allow-Origin: ");
    gh_buf_put(r->out, cors->any_origin ? GH_STR("*") : txn->origin);
    gh_buf_lit(r->out, "\r\n");
    gh_buf_put(r->out, txn->cors == GH_CORS_PREFLIGHT ? cors->preflight_lines : cors->simple_lines);
}

const gh_control gh_control_cors = {.name = "cors", .applies = applies, .judge = judge, .reply = reply};
