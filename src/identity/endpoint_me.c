/* GET /me: who one is, by what, and what one may. Everything in it has been found out on the way here. */
#include "identity/answer.h"
#include "identity/outcome.h"
#include "identity/steps.h"
#include "wire/json_text.h"

static void put_user(gh_buf *out, const gh_principal *principal)
{
    gh_member(out, "user");
    gh_buf_char(out, '{');
    gh_member_id(out, "id", principal->user);
    gh_member_text(out, "username", principal->name);
    gh_member_words(out, "roles", principal->roles.p != NULL ? principal->roles : GH_STR(""));
    gh_member_word(out, "tier", principal->tier);
    gh_member_word(out, "issuer", principal->issuer);
    gh_buf_char(out, '}');
}

static size_t permissions_room(const gh_identity_policy *p)
{
    size_t room = 0;
    for (unsigned i = 0; i < p->n_permissions; i++)
        room += gh_answer_room(p->permissions[i]) + sizeof "\"\",";
    return room;
}

static void put_permissions(gh_buf *out, const gh_identity_policy *p, const gh_permission_set *permissions)
{
    gh_member(out, "permissions");
    gh_buf_char(out, '[');
    for (unsigned i = 0; i < p->n_permissions; i++) {
        if (!gh_permission_in(permissions, i))
            continue;
        gh_item(out);
        gh_json_string(out, p->permissions[i]);
    }
    gh_buf_char(out, ']');
}

enum gh_judgement gh_ask_me(gh_txn *txn)
{
    const gh_identity_policy *p = &txn->policy->identity;
    const gh_principal *principal = &txn->principal;
    if (principal->proof == GH_PROOF_NONE)
        return gh_txn_refuse(txn, GH_REASON_CREDENTIALS_REQUIRED, NULL);
    gh_answer answer =
        gh_answer_begin(txn, GH_MEMBER_USER_ROOM + permissions_room(p) + gh_answer_room(principal->name) +
                                 gh_answer_room(principal->scopes) + gh_answer_room(principal->issuer));
    gh_buf *out = &answer.body;
    gh_buf_char(out, '{');
    put_user(out, principal);
    gh_member_text(out, "proof", gh_proof_name(principal->proof));
    put_permissions(out, p, &principal->permissions);
    gh_member_words(out, "scopes", principal->scopes);
    gh_member_id(out, "session", principal->session);
    gh_member_id(out, "device", principal->device);
    gh_member_id(out, "api_key", principal->key);
    gh_member_time(out, "expires_at", principal->expires_s);
    gh_buf_char(out, '}');
    return gh_answer_end(txn, 200, &answer);
}
