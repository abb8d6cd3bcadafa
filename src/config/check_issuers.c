/* Outside issuers of tokens. */
#include "config/load.h"

/* "host" of "http://host:port/path", without brackets. */
static gh_str host_of(gh_str address)
{
    gh_str host = gh_str_cut(address, sizeof "http://" - 1, address.n);
    if (gh_str_starts(host, GH_STR("[")))
        return gh_str_cut(host, 1, gh_str_find(host, ']'));
    host = gh_str_cut(host, 0, gh_str_find(host, '/'));
    return gh_str_cut(host, 0, gh_str_find(host, ':'));
}

static bool is_this_machine(gh_str host)
{
    gh_ip ip;
    return gh_str_eq_nocase(host, GH_STR("localhost")) || (gh_ip_parse(host, &ip) && gh_ip_is_loopback(&ip));
}

/* Whoever can change the keys on their way can sign tokens. */
static void check_jwks(gh_load *l, const gh_issuer_config *issuer)
{
    gh_place place = gh_load_place(l, &issuer->jwks);
    bool network =
        gh_str_starts(issuer->jwks, GH_STR("http://")) || gh_str_starts(issuer->jwks, GH_STR("https://"));
    if (network && gh_str_find(issuer->jwks, '@') < issuer->jwks.n)
        /* not shown: reports are printed and logged */
        gh_load_error(l, &place,
                      "issuer %.*s: jwks holds a user name or a password, which are not sent; remove them",
                      (int)issuer->name.n, issuer->name.p);
    if (!gh_str_starts(issuer->jwks, GH_STR("http://")))
        return;
    if (l->config->profile == GH_PROFILE_PRODUCTION)
        gh_load_error(l, &place, "issuer %.*s: production gets jwks over https:// only, or from a file",
                      (int)issuer->name.n, issuer->name.p);
    else if (!is_this_machine(host_of(issuer->jwks)))
        gh_load_error(
            l, &place,
            "issuer %.*s: jwks over http:// could be changed on its way, and with it who may sign; use "
            "https:// or a file (http:// is for this machine only)",
            (int)issuer->name.n, issuer->name.p);
}

static void check_others(gh_load *l, unsigned at)
{
    const gh_identity_config *i = &l->config->identity;
    const gh_issuer_config *issuer = &i->issuers[at];
    gh_place name = gh_load_place(l, &issuer->name), iss = gh_load_place(l, &issuer->issuer);
    if (gh_str_eq(issuer->name, GH_STR("gatehouse")))
        gh_load_error(l, &name,
                      "issuer gatehouse: this is what our own tokens are named; choose another name");
    if (gh_str_eq(issuer->issuer, i->token.issuer))
        gh_load_error(
            l, &iss, "issuer %.*s: its iss is identity.token.issuer, our own; each issuer has one of its own",
            (int)issuer->name.n, issuer->name.p);
    for (unsigned k = 0; k < at; k++) {
        if (gh_str_eq(issuer->name, i->issuers[k].name))
            gh_load_error(l, &name, "two issuers have the name %.*s", (int)issuer->name.n, issuer->name.p);
        if (issuer->issuer.n > 0 && gh_str_eq(issuer->issuer, i->issuers[k].issuer))
            gh_load_error(
                l, &iss,
                "issuer %.*s: %.*s has the same iss, and a token could be of either; give each issuer "
                "once, with all its audiences",
                (int)issuer->name.n, issuer->name.p, (int)i->issuers[k].name.n, i->issuers[k].name.p);
    }
}

void gh_check_issuers(gh_load *l)
{
    const gh_identity_config *i = &l->config->identity;
    if (i->enabled == GH_OFF && i->n_issuers > 0)
        gh_load_warning(l, &i->issuers[0].place, "identity.issuers has no effect: identity.enabled is off");
    for (unsigned k = 0; k < i->n_issuers && i->enabled != GH_OFF; k++) {
        check_jwks(l, &i->issuers[k]);
        check_others(l, k);
    }
}
