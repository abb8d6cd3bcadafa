/* What production refuses because it is only good on a developer's machine. */
#include "config/load.h"
#include "wire/origin.h"

/* An error in production, a warning or nothing elsewhere. */
static void check_hosts(gh_load *l)
{
    const gh_config *c = l->config;
    gh_place set = gh_load_place(l, &c->hosts.allowed);
    if (c->profile != GH_PROFILE_PRODUCTION)
        return;
    if (set.file == NULL)
        gh_load_error(l, &set,
                      "production needs hosts.allowed (ALLOWED_HOSTS): name the hosts of the API, as in "
                      "api.example.com");
    for (unsigned i = 0; i < c->hosts.allowed.n; i++) {
        gh_place place = gh_load_place(l, &c->hosts.allowed.items[i]);
        if (gh_str_eq(c->hosts.allowed.items[i], GH_STR("*")))
            gh_load_error(l, &place,
                          "hosts.allowed: production refuses \"*\"; name the hosts of the API, as in "
                          "api.example.com");
    }
}

static bool is_local_origin(const gh_origin *origin)
{
    gh_str host = origin->host;
    gh_ip ip;
    if (gh_str_eq(host, GH_STR("localhost")) || gh_str_ends(host, GH_STR(".localhost")))
        return true;
    if (gh_str_starts(host, GH_STR("[")))
        host = gh_str_cut(host, 1, host.n - 1);
    return gh_ip_parse(host, &ip) && gh_ip_is_loopback(&ip);
}

static void check_origins(gh_load *l)
{
    const gh_config *c = l->config;
    if (c->profile != GH_PROFILE_PRODUCTION || c->cors.enabled != GH_ON)
        return;
    for (unsigned i = 0; i < c->cors.origins.n; i++) {
        gh_str text = c->cors.origins.items[i];
        gh_place place = gh_load_place(l, &c->cors.origins.items[i]);
        gh_origin origin;
        if (gh_str_eq(text, GH_STR("*")))
            gh_load_error(l, &place,
                          "cors.origins: production refuses \"*\"; name the pages' origins, as in "
                          "https://app.example.com");
        else if (gh_origin_parse(text, &origin) == GH_ORIGIN_TUPLE &&
                 gh_str_eq(origin.scheme, GH_STR("http")) && !is_local_origin(&origin))
            gh_load_error(
                l, &place,
                "cors.origins: production refuses %.*s: anyone on the way can change a page that comes without "
                "TLS; use https://",
                (int)text.n, text.p);
    }
}

static bool has_word(gh_str text, const char *word)
{
    gh_str w = gh_str_of(word);
    for (size_t i = 0; i + w.n <= text.n; i++)
        if (gh_str_eq_nocase(gh_str_cut(text, i, i + w.n), w))
            return true;
    return false;
}

/* What stands in examples, or was typed to be long enough. */
static bool is_placeholder(gh_str secret)
{
    static const char *const words[] = {"change-me",    "changeme",     "change_me",
                                        "your-256-bit", "your-secret",  "your_secret",
                                        "yoursecret",   "secret-key",   "secret_key",
                                        "secretkey",    "placeholder",  "example",
                                        "insecure",     "replace-me",   "replace_me",
                                        "do-not-use",   "development-", "0123456789abcdef0123456789abcdef"};
    bool used[256] = {false};
    unsigned different = 0;
    for (size_t i = 0; i < GH_COUNT(words); i++)
        if (has_word(secret, words[i]))
            return true;
    for (size_t i = 0; i < secret.n; i++) {
        unsigned char c = (unsigned char)secret.p[i];
        different += !used[c];
        used[c] = true;
    }
    return different < 8; /* 32 random hex digits have fewer once in a million times */
}

static void check_secret(gh_load *l)
{
    const gh_config *c = l->config;
    gh_place place = gh_load_place(l, &c->secret_key);
    bool production = c->profile == GH_PROFILE_PRODUCTION;
    if (production)
        gh_secrets_check_yaml(l);
    if (c->secret_key.p == NULL || !is_placeholder(c->secret_key))
        return;
    static const char text[] =
        "secret_key (SECRET_KEY) is a placeholder; make a real one with: openssl rand -hex 32";
    if (production)
        gh_load_error(l, &place, "%s", text);
    else
        gh_load_warning(l, &place, "%s", text);
}

static void check_switched_off(gh_load *l)
{
    const gh_config *c = l->config;
    gh_place limits = gh_load_place(l, &c->rate_limits.enabled),
             headers = gh_load_place(l, &c->headers.enabled);
    if (c->profile != GH_PROFILE_PRODUCTION)
        return;
    if (c->rate_limits.enabled == GH_OFF)
        gh_load_warning(l, &limits, "rate_limits.enabled (RATE_LIMIT_ENABLED) is off: nothing is limited");
    else if (c->rate_limits.default_requests == 0 && c->rate_limits.n_rules == 0)
        gh_load_warning(l, &((gh_place){0}),
                        "rate_limits.default.requests is 0 and there are no rules: nothing is limited");
    if (c->headers.enabled == GH_OFF)
        gh_load_warning(l, &headers, "headers.enabled (SECURE_HEADERS) is off: no security headers are sent");
}

static void check_proxies(gh_load *l)
{
    const gh_cidr_list *list = &l->config->client_address.trusted_proxies;
    for (unsigned i = 0; i < list->n && l->config->profile == GH_PROFILE_PRODUCTION; i++) {
        gh_place place = gh_load_place(l, &list->items[i]);
        if (list->items[i].prefix < (list->items[i].base.family == 4 ? 8 : 16))
            gh_load_warning(
                l, &place,
                "client_address.trusted_proxies: a block this large holds strangers too, who could "
                "name any address as theirs");
    }
}

bool gh_check_is_local(gh_str address)
{
    return gh_str_starts(address, GH_STR("unix:")) || gh_str_starts(address, GH_STR("127.")) ||
           gh_str_starts(address, GH_STR("[::1]"));
}

/* In development "*" is allowed, but then only this machine should ask. */
static void check_open(gh_load *l)
{
    const gh_config *c = l->config;
    if (c->profile == GH_PROFILE_PRODUCTION || !gh_check_has(&c->hosts.allowed, GH_STR("*")))
        return;
    for (unsigned i = 0; i < c->server.listen.n; i++) {
        gh_str text = c->server.listen.items[i];
        gh_place place = gh_load_place(l, &c->server.listen.items[i]);
        if (gh_check_is_local(text))
            continue;
        gh_load_warning(
            l, &place,
            "server.listen: other machines reach %.*s, and hosts.allowed is \"*\": every host is let "
            "in; production refuses that",
            (int)text.n, text.p);
    }
}

void gh_check_profile(gh_load *l)
{
    check_hosts(l);
    check_origins(l);
    check_secret(l);
    check_switched_off(l);
    check_proxies(l);
    check_open(l);
}
