#include "base/base64url.h"
#include "base/signing.h"
#include "identity/token.h"
#include "wire/json_text.h"
#include "wire/jws.h"
#include "wire/jwt.h"

enum { JTI_BYTES = 16, JTI_TEXT = 22, EXTRA_MAX = 512 };

typedef struct texts {
    char sub[GH_ID_TEXT], sid[GH_ID_TEXT], jti[JTI_TEXT], extra[EXTRA_MAX];
    gh_str roles[GH_JWT_ROLES_MAX];
} texts;

static gh_str id_text(gh_id id, char memory[GH_ID_TEXT])
{
    gh_buf out = gh_buf_over(memory, GH_ID_TEXT);
    if (id == 0)
        return (gh_str){NULL, 0};
    gh_id_put(&out, id);
    return gh_buf_str(&out);
}

static gh_str new_jti(const gh_world *world, char memory[JTI_TEXT])
{
    uint8_t bytes[JTI_BYTES];
    gh_buf out = gh_buf_over(memory, JTI_TEXT);
    world->random(world->random_data, bytes, sizeof bytes);
    gh_base64url_put(&out, (gh_str){(const char *)bytes, sizeof bytes});
    return gh_buf_str(&out);
}

static bool split_roles(gh_str names, gh_str ret[GH_JWT_ROLES_MAX], unsigned *ret_n)
{
    gh_str name;
    unsigned n = 0;
    while (gh_str_next(&names, ' ', &name)) {
        if (name.n == 0)
            continue;
        if (n == GH_JWT_ROLES_MAX)
            return false;
        ret[n++] = name;
    }
    *ret_n = n;
    return true;
}

/* The claims that RFC 9068 has no names for. */
static void put_extra(const gh_token_request *request, gh_buf *out)
{
    char device[GH_ID_TEXT];
    gh_buf_lit(out, "\"name\":");
    gh_json_string(out, GH_SHORT_STR(request->subject->name));
    if (request->device == 0)
        return;
    gh_buf_lit(out, ",\"device\":");
    gh_json_string(out, id_text(request->device, device));
}

bool gh_token_mint(const gh_identity_policy *p, const gh_world *world, const gh_token_request *request,
                   gh_buf *out)
{
    const gh_subject *who = request->subject;
    uint64_t now = world->unix_s;
    texts t;
    gh_jwt_claims c = gh_jwt_no_claims;
    gh_buf extra = gh_buf_over(t.extra, sizeof t.extra);
    /* An empty list of scopes can't be written, and none would give all. */
    if (now == 0 || who->user == 0 || (request->scopes.p != NULL && request->scopes.n == 0))
        return false;
    if (!split_roles(GH_SHORT_STR(who->roles), t.roles, &c.roles_n))
        return false;
    put_extra(request, &extra);
    c.iss = p->issuers[0].issuer;
    c.sub = id_text(who->user, t.sub);
    c.aud = &p->token.audience;
    c.aud_n = 1;
    c.iat = c.nbf = (int64_t)now;
    c.exp = (int64_t)(now + (request->life_s != 0 ? request->life_s : p->token.access_s));
    c.jti = new_jti(world, t.jti);
    c.sid = id_text(request->session, t.sid);
    c.client_id = p->token.client_id;
    c.scope = request->scopes;
    c.roles = t.roles;
    if (request->auth_time_s != 0)
        c.auth_time = (int64_t)request->auth_time_s;
    if (who->tier.n > 0)
        c.tier = GH_SHORT_STR(who->tier);
    return gh_buf_ok(&extra) &&
           gh_jwt_put(out, p->issuers[0].keys[p->active_key].key, GH_STR("at+jwt"), &c, gh_buf_str(&extra));
}
