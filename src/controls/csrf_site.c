#include "controls/csrf_site.h"

#include "controls/fields.h"
#include "wire/origin.h"

/* "https://host:port" of an authority, as browsers write it. */
static bool is_at(gh_str origin, gh_str scheme, const gh_authority *at)
{
    char memory[GH_ORIGIN_MAX];
    gh_buf text = gh_buf_over(memory, sizeof memory);
    unsigned usual = gh_str_eq(scheme, GH_STR("https")) ? 443 : 80;
    gh_buf_put(&text, scheme);
    gh_buf_lit(&text, "://");
    gh_buf_put(&text, at->host);
    if (at->port != 0 && at->port != usual)
        gh_buf_printf(&text, ":%u", at->port);
    return at->host.n > 0 && gh_buf_ok(&text) && gh_str_eq(origin, gh_buf_str(&text));
}

/* A page over https is ours also where we see http: then TLS ends before us. The reverse is not true: what comes over
 * http may be anybody's on the way. */
static bool is_own(const gh_txn *txn, gh_str origin, const gh_authority *at)
{
    return is_at(origin, GH_STR("https"), at) || (!txn->secure && is_at(origin, GH_STR("http"), at));
}

static bool is_trusted(const gh_txn *txn, gh_str origin)
{
    const gh_identity_policy *p = &txn->policy->identity;
    gh_authority forwarded;
    if (gh_origin_parse(origin, NULL) != GH_ORIGIN_TUPLE)
        return false;
    for (unsigned i = 0; i < p->csrf.n_origins; i++)
        if (gh_str_eq(p->csrf.origins[i], origin))
            return true;
    if (is_own(txn, origin, &txn->authority))
        return true;
    /* The name that the client asked a trusted proxy for; the control `hosts` has looked at it. */
    return txn->client.host.p != NULL && gh_authority_parse(txn->client.host, txn->arena, &forwarded) &&
           is_own(txn, origin, &forwarded);
}

/* Scheme, host and port of a URL. */
static gh_str origin_of(gh_str url)
{
    static const gh_str slashes = GH_STR_INIT("://");
    const char *at = memmem(url.p, url.n, slashes.p, slashes.n);
    if (at == NULL)
        return url;
    size_t end = (size_t)(at - url.p) + slashes.n;
    while (end < url.n && url.p[end] != '/' && url.p[end] != '?' && url.p[end] != '#')
        end++;
    return gh_str_cut(url, 0, end);
}

/* Two of what may be there once: who says so is not to be believed. */
static enum gh_csrf_site by_origin(const gh_txn *txn)
{
    gh_str value = {NULL, 0};
    unsigned n = gh_fields_known(txn->request, GH_FIELD_ORIGIN, &value);
    if (n == 0) {
        n = gh_fields_known(txn->request, GH_FIELD_REFERER, &value);
        value = n > 0 && value.n > 0 ? origin_of(value) : value;
    }
    if (n == 0)
        return GH_CSRF_UNSAID;
    return n == 1 && is_trusted(txn, value) ? GH_CSRF_OURS : GH_CSRF_FOREIGN;
}

static bool comes_from_listed(const gh_txn *txn)
{
    gh_str value = {NULL, 0};
    return gh_fields_known(txn->request, GH_FIELD_ORIGIN, &value) == 1 && is_trusted(txn, value);
}

enum gh_csrf_site gh_csrf_site(const gh_txn *txn)
{
    gh_str site = {NULL, 0};
    unsigned n = gh_fields_named(txn->request, GH_STR("Sec-Fetch-Site"), &site);
    if (n == 0)
        return by_origin(txn);
    if (n > 1)
        return GH_CSRF_FOREIGN;
    if (gh_str_eq(site, GH_STR("same-origin")) || gh_str_eq(site, GH_STR("none")))
        return GH_CSRF_OURS;
    if (gh_str_eq(site, GH_STR("same-site")) && txn->policy->identity.csrf.same_site)
        return GH_CSRF_OURS;
    /* "same-site", "cross-site", and what is not known yet: trusted only by name. */
    return comes_from_listed(txn) ? GH_CSRF_OURS : GH_CSRF_FOREIGN;
}
