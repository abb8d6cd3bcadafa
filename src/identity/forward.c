#include "base/signing.h"
#include "identity/token.h"
#include "wire/json_text.h"
#include "wire/jwt.h"

static bool is_plain(char c)
{
    return c >= ' ' && c <= '~' && c != '%';
}

static void put_escaped(gh_buf *out, unsigned char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char escape[3] = {'%', digits[c >> 4], digits[c & 15]};
    gh_buf_put(out, (gh_str){escape, sizeof escape});
}

/* Printable ASCII but "%" as it is, everything else escaped: a name in any script, and no way to end the line. */
static void put_value(gh_buf *out, gh_str value)
{
    while (value.n > 0) {
        size_t plain = 0;
        while (plain < value.n && is_plain(value.p[plain]))
            plain++;
        gh_buf_put(out, gh_str_cut(value, 0, plain));
        if (plain < value.n)
            put_escaped(out, (unsigned char)value.p[plain]);
        value = gh_str_cut(value, plain + 1, value.n);
    }
}

static void put_text(gh_buf *out, gh_str name, gh_str value)
{
    if (value.n == 0)
        return;
    gh_buf_put(out, name);
    put_value(out, value);
    gh_buf_lit(out, "\r\n");
}

static void put_id(gh_buf *out, gh_str name, gh_id id)
{
    if (id == 0)
        return;
    gh_buf_put(out, name);
    gh_id_put(out, id);
    gh_buf_lit(out, "\r\n");
}

static gh_str proof_name(const gh_principal *who)
{
    gh_str name = gh_proof_name(who->proof);
    return name.p != NULL ? name : GH_STR("none");
}

static gh_str tier_of(const gh_txn *txn)
{
    return txn->principal.tier.n > 0 ? txn->principal.tier : txn->policy->limits.default_tier;
}

static void put_headers(const gh_txn *txn, gh_buf *out)
{
    const gh_principal *who = &txn->principal;
    put_text(out, GH_STR("X-Gatehouse-Auth: "), proof_name(who));
    put_id(out, GH_STR("X-Gatehouse-Device: "), who->device);
    if (who->proof == GH_PROOF_NONE)
        return;
    put_id(out, GH_STR("X-Gatehouse-User: "), who->user);
    put_text(out, GH_STR("X-Gatehouse-Name: "), who->name);
    put_text(out, GH_STR("X-Gatehouse-Issuer: "), who->issuer);
    put_text(out, GH_STR("X-Gatehouse-Roles: "), who->roles);
    put_text(out, GH_STR("X-Gatehouse-Tier: "), tier_of(txn));
    put_text(out, GH_STR("X-Gatehouse-Scopes: "), who->scopes);
    put_id(out, GH_STR("X-Gatehouse-Session: "), who->session);
    put_id(out, GH_STR("X-Gatehouse-Key: "), who->key);
}

static void put_member(gh_buf *out, gh_str name, gh_str value)
{
    if (value.n == 0)
        return;
    gh_buf_put(out, name);
    gh_json_string(out, value);
}

static gh_str id_text(gh_id id, char memory[GH_ID_TEXT])
{
    gh_buf out = gh_buf_over(memory, GH_ID_TEXT);
    if (id != 0)
        gh_id_put(&out, id);
    return gh_buf_str(&out);
}

static unsigned split_roles(gh_str names, gh_str ret[GH_JWT_ROLES_MAX])
{
    gh_str name;
    unsigned n = 0;
    while (n < GH_JWT_ROLES_MAX && gh_str_next(&names, ' ', &name))
        if (name.n > 0)
            ret[n++] = name;
    return n;
}

/* Its type is its own, so that it is no access token anywhere (RFC 8725 section 3.11), and `sub` is a user of ours or
 * absent: whom an outside issuer means is in `name` and `issuer`. */
static void put_assertion(gh_txn *txn, gh_buf *out)
{
    const gh_identity_policy *p = &txn->policy->identity;
    const gh_principal *who = &txn->principal;
    char sub[GH_ID_TEXT], sid[GH_ID_TEXT], key[GH_ID_TEXT], device[GH_ID_TEXT], memory[2048];
    gh_str roles[GH_JWT_ROLES_MAX];
    gh_buf extra = gh_buf_over(memory, sizeof memory);
    gh_jwt_claims c = gh_jwt_no_claims;
    c.iss = p->issuers[0].issuer;
    c.aud = &p->upstream.assertion_audience;
    c.aud_n = 1;
    c.iat = (int64_t)txn->world.unix_s;
    c.exp = c.iat + p->upstream.assertion_s;
    c.jti = gh_txn_id(txn);
    c.sub = who->user != 0 ? id_text(who->user, sub) : (gh_str){NULL, 0};
    c.sid = who->session != 0 ? id_text(who->session, sid) : (gh_str){NULL, 0};
    c.scope = who->scopes.n > 0 ? who->scopes : (gh_str){NULL, 0};
    c.tier = tier_of(txn).n > 0 ? tier_of(txn) : (gh_str){NULL, 0};
    c.roles = roles;
    c.roles_n = split_roles(who->roles, roles);
    put_member(&extra, GH_STR("\"auth\":"), proof_name(who));
    put_member(&extra, GH_STR(",\"name\":"), who->name);
    put_member(&extra, GH_STR(",\"issuer\":"), who->issuer);
    put_member(&extra, GH_STR(",\"key\":"), id_text(who->key, key));
    put_member(&extra, GH_STR(",\"device\":"), id_text(who->device, device));
    gh_buf_lit(out, "X-Gatehouse-Assertion: ");
    if (!gh_buf_ok(&extra) || !gh_jwt_put(out, p->issuers[0].keys[p->active_key].key,
                                          GH_STR("gatehouse-assertion+jwt"), &c, gh_buf_str(&extra)))
        out->overflow = true;
    gh_buf_lit(out, "\r\n");
}

void gh_identity_forward(gh_txn *txn, gh_buf *out)
{
    const gh_identity_policy *p = &txn->policy->identity;
    if (!p->enabled)
        return;
    if (p->upstream.headers)
        put_headers(txn, out);
    if (p->upstream.assertion && txn->world.unix_s != 0 &&
        (txn->principal.proof != GH_PROOF_NONE || txn->principal.device != 0))
        put_assertion(txn, out);
}

static bool is_ours(const gh_identity_policy *p, gh_str name)
{
    return gh_str_eq(name, p->session.name) || gh_str_eq(name, p->session.device_name) ||
           gh_str_eq(name, p->session.csrf_name);
}

/* Which device somebody says he is, and proves none: an upstream that reads the field would believe it. */
static uint64_t claimed(const gh_txn *txn)
{
    return txn->principal.device == 0 ? GH_FIELD_BIT(GH_FIELD_X_DEVICE_ID) & txn->request->seen : 0;
}

uint64_t gh_identity_strip(const gh_txn *txn)
{
    const gh_identity_policy *p = &txn->policy->identity;
    uint64_t fields = 0;
    if (!p->enabled || p->upstream.forward_credentials)
        return p->enabled ? claimed(txn) : 0;
    fields |= GH_FIELD_BIT(GH_FIELD_X_DEVICE_TOKEN) | GH_FIELD_BIT(GH_FIELD_COOKIE);
    if (txn->credentials.api_key.p != NULL)
        fields |= GH_FIELD_BIT(GH_FIELD_X_API_KEY);
    /* A bearer that is no token of an outside issuer's is ours, be it a key. */
    bool bearer_key =
        txn->credentials.api_key.p != NULL && (txn->request->seen & GH_FIELD_BIT(GH_FIELD_X_API_KEY)) == 0;
    if (bearer_key || (txn->token != NULL && txn->token->issuer == 0))
        fields |= GH_FIELD_BIT(GH_FIELD_AUTHORIZATION);
    return (fields & txn->request->seen) | claimed(txn);
}

void gh_identity_strip_cookies(const gh_txn *txn, gh_str cookies, gh_buf *out)
{
    const gh_identity_policy *p = &txn->policy->identity;
    size_t start = out->n;
    gh_str pair;
    while (gh_str_next(&cookies, ';', &pair)) {
        pair = gh_str_trim(pair);
        if (pair.n == 0 || is_ours(p, gh_str_trim(gh_str_cut(pair, 0, gh_str_find(pair, '=')))))
            continue;
        if (out->n > start)
            gh_buf_lit(out, "; ");
        gh_buf_put(out, pair);
    }
}
