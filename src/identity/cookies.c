#include "identity/cookies.h"

/* RFC 6265bis section 5.6.1: a cookie does not live longer. */
enum { DAYS_MOST = 400, DAY_S = 86400 };

bool gh_cookies_find(const gh_request *request, gh_str name, bool (*found)(void *data, gh_str value),
                     void *data)
{
    if ((request->seen & GH_FIELD_BIT(GH_FIELD_COOKIE)) == 0)
        return false;
    for (unsigned i = 0; i < request->n_fields; i++) {
        gh_str rest = request->fields[i].value, pair;
        if (request->fields[i].id != GH_FIELD_COOKIE)
            continue;
        while (gh_str_next(&rest, ';', &pair)) {
            size_t equals = gh_str_find(pair, '=');
            if (equals < pair.n && gh_str_eq(gh_str_trim(gh_str_cut(pair, 0, equals)), name) &&
                found(data, gh_str_trim(gh_str_cut(pair, equals + 1, pair.n))))
                return true;
        }
    }
    return false;
}

void gh_cookie_put(gh_buf *out, const gh_identity_policy *p, gh_str name, gh_str value, bool http_only,
                   uint64_t max_age_s)
{
    const uint64_t most = (uint64_t)DAYS_MOST * DAY_S;
    gh_buf_lit(out, "Set-Cookie: ");
    gh_buf_put(out, name);
    gh_buf_char(out, '=');
    gh_buf_put(out, value);
    gh_buf_put(out, p->session.attributes);
    if (http_only)
        gh_buf_lit(out, "; HttpOnly");
    gh_buf_lit(out, "; Max-Age=");
    gh_buf_u64(out, max_age_s < most ? max_age_s : most);
    gh_buf_lit(out, "\r\n");
}

void gh_csrf_cookie_put(gh_txn *txn, gh_buf *out, gh_id session, uint64_t max_age_s, char ret[GH_CSRF_TEXT])
{
    const gh_identity_policy *p = &txn->policy->identity;
    uint8_t random[GH_CSRF_RANDOM];
    gh_buf token = gh_buf_over(ret, GH_CSRF_TEXT);
    txn->world.random(txn->world.random_data, random, sizeof random);
    gh_csrf_make(&p->keys, session, random, &token);
    gh_cookie_put(out, p, p->session.csrf_name, gh_buf_str(&token), false, max_age_s);
}

void gh_session_cookies_put(gh_txn *txn, gh_buf *out, gh_id session, gh_str secret, uint64_t max_age_s,
                            char ret_csrf[GH_CSRF_TEXT])
{
    const gh_identity_policy *p = &txn->policy->identity;
    gh_cookie_put(out, p, p->session.name, secret, true, max_age_s);
    gh_csrf_cookie_put(txn, out, session, max_age_s, ret_csrf);
}

void gh_session_cookies_drop(gh_txn *txn, gh_buf *out)
{
    const gh_identity_policy *p = &txn->policy->identity;
    gh_cookie_put(out, p, p->session.name, GH_STR(""), true, 0);
    gh_cookie_put(out, p, p->session.csrf_name, GH_STR(""), false, 0);
}
