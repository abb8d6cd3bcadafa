/* Cookies of ours: found in requests, set in answers (RFC 6265bis). */
#ifndef GH_IDENTITY_COOKIES_H
#define GH_IDENTITY_COOKIES_H

#include "identity/csrf_token.h"
#include "model/txn.h"

/* Calls found for each cookie of this name in the request, in order, until it says true. Several Cookie fields and
 * several cookies of one name are looked at all. */
bool gh_cookies_find(const gh_request *request, gh_str name, bool (*found)(void *data, gh_str value),
                     void *data);
/* "Set-Cookie: NAME=VALUE; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=N\r\n"; max_age_s at most 400 days; 0:
 * deletes it. */
void gh_cookie_put(gh_buf *out, const gh_identity_policy *p, gh_str name, gh_str value, bool http_only,
                   uint64_t max_age_s);
/* A fresh CSRF token, which scripts of the page can read: as a cookie, and in ret. */
void gh_csrf_cookie_put(gh_txn *txn, gh_buf *out, gh_id session, uint64_t max_age_s, char ret[GH_CSRF_TEXT]);
/* All of a session: its secret and a fresh CSRF token, that in ret_csrf too. Or their deletion. */
void gh_session_cookies_put(gh_txn *txn, gh_buf *out, gh_id session, gh_str secret, uint64_t max_age_s,
                            char ret_csrf[GH_CSRF_TEXT]);
void gh_session_cookies_drop(gh_txn *txn, gh_buf *out);

#endif
