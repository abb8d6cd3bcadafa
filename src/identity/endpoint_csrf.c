/* GET /csrf: the token that a page sends back with what it changes, and where. It is bound to the session: without one
 * there is none, and none is needed (login and registration are met by Fetch-Metadata and Origin). */
#include "identity/answer.h"
#include "identity/cookies.h"
#include "identity/steps.h"

enum gh_judgement gh_ask_csrf(gh_txn *txn)
{
    const gh_identity_policy *p = &txn->policy->identity;
    const gh_principal *principal = &txn->principal;
    uint64_t now = txn->world.unix_s;
    uint64_t age = principal->expires_s > now ? principal->expires_s - now : p->session.absolute_s;
    char token[GH_CSRF_TEXT];
    gh_str shown = {NULL, 0};
    gh_answer answer = gh_answer_begin(txn, gh_answer_room(p->csrf.header) + gh_answer_room(p->csrf.field));
    if (principal->proof == GH_PROOF_SESSION) {
        gh_csrf_cookie_put(txn, &answer.lines, principal->session, age, token);
        shown = (gh_str){token, sizeof token};
    }
    gh_buf_char(&answer.body, '{');
    gh_member_text(&answer.body, "csrf_token", shown);
    gh_member_text(&answer.body, "header", p->csrf.header);
    gh_member_text(&answer.body, "field", p->csrf.field);
    gh_buf_char(&answer.body, '}');
    return gh_answer_end(txn, 200, &answer);
}
