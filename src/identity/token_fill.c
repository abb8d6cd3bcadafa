#include "identity/token_fill.h"

#include "identity/secret.h"

/* Into a GH_SHORT_TEXT; false: no room. */
#define SET_TEXT(field, text) set_text(&(field).n, (field).p, sizeof(field).p, (text))

static bool set_text(uint8_t *n, char *p, size_t room, gh_str text)
{
    if (text.n > room)
        return false;
    if (text.n > 0)
        memcpy(p, text.p, text.n);
    *n = (uint8_t)text.n;
    return true;
}

static const gh_json *claim_named(const gh_json *root, gh_str name)
{
    if (name.n == 0)
        return NULL;
    return name.p[0] == '/' ? gh_json_pointer(root, name) : gh_json_get(root, name);
}

/* A name with a space in it would be taken for two, of which one might be "admin". */
static bool is_word(gh_str name)
{
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] <= ' ' || name.p[i] == 0x7f)
            return false;
    return name.n > 0;
}

static bool add_role(gh_cached_token *t, gh_str name)
{
    gh_buf roles = {t->roles.p, t->roles.n, sizeof t->roles.p, false};
    if (roles.n > 0)
        gh_buf_char(&roles, ' ');
    gh_buf_put(&roles, name);
    if (!gh_buf_ok(&roles))
        return false;
    t->roles.n = (uint8_t)roles.n;
    return true;
}

/* Names that the policy knows must fit; others, which only the upstream may have a use for, are kept while there is
 * room. */
static bool add_roles(const gh_identity_policy *p, const gh_json *claim, gh_cached_token *t)
{
    if (claim == NULL || claim->type != GH_JSON_ARRAY)
        return true;
    for (unsigned known = 2; known-- > 0;)
        for (const gh_json *item = claim->first; item != NULL; item = item->next) {
            if (item->type != GH_JSON_STRING || !is_word(item->text) ||
                (gh_identity_role(p, item->text) < p->n_roles) != (known == 1))
                continue;
            if (!add_role(t, item->text) && known == 1)
                return false;
        }
    return true;
}

static bool fill_own(const gh_jwt_claims *c, gh_cached_token *t, const char **ret_why)
{
    const gh_json *name = gh_json_lit(c->root, "name"), *device = gh_json_lit(c->root, "device");
    *ret_why = "claims that we do not write so";
    if (!gh_id_parse(c->sub, &t->user) || (c->sid.p != NULL && !gh_id_parse(c->sid, &t->session)))
        return false;
    if (device != NULL && (device->type != GH_JSON_STRING || !gh_id_parse(device->text, &t->device)))
        return false;
    return name != NULL && name->type == GH_JSON_STRING && SET_TEXT(t->name, name->text);
}

bool gh_token_fill(const gh_identity_policy *p, unsigned issuer, const gh_jwt_claims *c, gh_cached_token *ret,
                   const char **ret_why)
{
    const gh_issuer *by = &p->issuers[issuer];
    const gh_json *tier = claim_named(c->root, by->tier_claim);
    gh_cached_token t = {.issuer = (uint16_t)issuer, .expires_s = (uint64_t)c->exp};
    t.issued_s = c->iat != GH_JWT_NO_TIME ? (uint64_t)c->iat : 0;
    if (issuer == 0 && !fill_own(c, &t, ret_why))
        return false;
    *ret_why = "a subject, tier, role or scope that is too long";
    if (issuer != 0 && !SET_TEXT(t.name, c->sub))
        return false;
    if (tier != NULL && tier->type == GH_JSON_STRING && !SET_TEXT(t.tier, tier->text))
        return false;
    if (!add_roles(p, claim_named(c->root, by->roles_claim), &t) || !SET_TEXT(t.scopes, c->scope))
        return false;
    t.scoped = c->scope.p != NULL;
    if (c->jti.p != NULL)
        t.jti = gh_jti_hash(&p->keys, by->issuer, c->jti);
    *ret = t;
    return true;
}
