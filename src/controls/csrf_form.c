/* The CSRF token of a form, for pages without scripts: the one field of its name in a urlencoded or multipart body. The
 * body goes to the upstream as it came, with the field. */
#include "contract/input.h"
#include "controls/controls.h"
#include "controls/csrf_token.h"

/* How many fields of the name there are; *ret: the first one's value. False: the body can't be read. */
static bool in_pairs(const gh_txn *txn, gh_str name, unsigned *ret_n, gh_str *ret)
{
    gh_pairs pairs;
    if (gh_form_read(txn->body, txn->policy->input.limits.pairs, txn->scratch, &pairs) != GH_PAIRS_OK)
        return false;
    for (unsigned i = 0; i < pairs.n; i++)
        if (gh_str_eq(pairs.items[i].name, name) && (*ret_n)++ == 0)
            *ret = pairs.items[i].value;
    return true;
}

static bool in_parts(const gh_txn *txn, const gh_media_type *type, gh_str name, unsigned *ret_n, gh_str *ret)
{
    gh_parts parts;
    const char *why = NULL;
    if (gh_multipart_read(txn->body, (gh_str){type->boundary, type->boundary_size},
                          &txn->policy->input.limits.parts, txn->scratch, &parts, &why) != GH_MULTIPART_OK)
        return false;
    for (unsigned i = 0; i < parts.n; i++)
        if (gh_str_eq(parts.items[i].name, name) && (*ret_n)++ == 0)
            *ret = parts.items[i].data;
    return true;
}

static enum gh_judgement judge(gh_txn *txn)
{
    gh_media_type type;
    gh_str token = {NULL, 0}, name = txn->policy->identity.csrf.field;
    unsigned n = 0;
    if (!txn->csrf_in_form)
        return GH_PASS;
    bool read = txn->body_state == GH_BODY_THERE && gh_body_type(txn->request, &type) &&
                (type.kind == GH_MEDIA_FORM ? in_pairs(txn, name, &n, &token)
                                            : in_parts(txn, &type, name, &n, &token));
    if (!read || n == 0)
        return gh_txn_refuse(txn, GH_REASON_CSRF_MISSING,
                             read ? "no such field in the form" : "the form can't be read");
    if (n > 1)
        return gh_txn_refuse(txn, GH_REASON_CSRF_MISMATCH, "several token fields in the form");
    return gh_csrf_judge_token(txn, token);
}

const gh_control gh_control_csrf_form = {.name = "csrf_form", .applies = gh_csrf_applies, .judge = judge};
