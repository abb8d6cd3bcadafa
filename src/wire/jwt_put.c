#include "wire/json_text.h"
#include "wire/jws.h"
#include "wire/jwt.h"

static void put_name(gh_buf *out, size_t start, gh_str name)
{
    gh_buf_char(out, out->n == start ? '{' : ',');
    gh_json_string(out, name);
    gh_buf_char(out, ':');
}

static void put_text(gh_buf *out, size_t start, gh_str name, gh_str text)
{
    if (text.p == NULL)
        return;
    put_name(out, start, name);
    gh_json_string(out, text);
}

static void put_time(gh_buf *out, size_t start, gh_str name, int64_t seconds)
{
    if (seconds < 0)
        return;
    put_name(out, start, name);
    gh_buf_u64(out, (uint64_t)seconds);
}

static void put_list(gh_buf *out, size_t start, gh_str name, const gh_str *list, unsigned n)
{
    put_name(out, start, name);
    gh_buf_char(out, '[');
    for (unsigned i = 0; i < n; i++) {
        if (i > 0)
            gh_buf_char(out, ',');
        gh_json_string(out, list[i]);
    }
    gh_buf_char(out, ']');
}

void gh_jwt_put_claims(gh_buf *out, const gh_jwt_claims *c, gh_str extra)
{
    size_t start = out->n;
    put_text(out, start, GH_STR("iss"), c->iss);
    put_text(out, start, GH_STR("sub"), c->sub);
    if (c->aud_n == 1)
        put_text(out, start, GH_STR("aud"), c->aud[0]);
    else if (c->aud_n > 1)
        put_list(out, start, GH_STR("aud"), c->aud, c->aud_n);
    put_time(out, start, GH_STR("exp"), c->exp);
    put_time(out, start, GH_STR("nbf"), c->nbf);
    put_time(out, start, GH_STR("iat"), c->iat);
    put_text(out, start, GH_STR("jti"), c->jti);
    put_text(out, start, GH_STR("sid"), c->sid);
    put_text(out, start, GH_STR("client_id"), c->client_id);
    put_text(out, start, GH_STR("scope"), c->scope);
    put_time(out, start, GH_STR("auth_time"), c->auth_time);
    if (c->roles_n > 0)
        put_list(out, start, GH_STR("roles"), c->roles, c->roles_n);
    put_text(out, start, GH_STR("tier"), c->tier);
    if (extra.n > 0) {
        gh_buf_char(out, out->n == start ? '{' : ',');
        gh_buf_put(out, extra);
    }
    if (out->n == start)
        gh_buf_char(out, '{');
    gh_buf_char(out, '}');
}

bool gh_jwt_put(gh_buf *out, const gh_signing_key *key, gh_str typ, const gh_jwt_claims *claims, gh_str extra)
{
    char memory[GH_JWS_MAX / 4 * 3]; /* more would not fit a token */
    gh_buf payload = gh_buf_over(memory, sizeof memory);
    gh_jwt_put_claims(&payload, claims, extra);
    return gh_buf_ok(&payload) && gh_jws_put(out, key, typ, gh_buf_str(&payload));
}
