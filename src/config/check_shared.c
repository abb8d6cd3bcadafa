/* What several nodes share: redis and postgresql. */
#include "config/load.h"

static void needs_secret(gh_load *l, const gh_str *url, const char *setting)
{
    gh_place place = gh_load_place(l, url);
    if (gh_secret_is_set(l, url) && !gh_secret_is_set(l, &l->config->secret_key))
        gh_load_error(
            l, &place,
            "%s needs secret_key (SECRET_KEY or SECRET_KEY_FILE), the same on every node; make one with: openssl "
            "rand -hex 32 (for records that were in a folder it is what stands in its file secret_key)",
            setting);
}

static void without_effect(gh_load *l, const void *field, const char *setting, const char *because)
{
    gh_place place = gh_load_place(l, field);
    if (place.file != NULL)
        gh_load_warning(l, &place, "%s has no effect: %s", setting, because);
}

static void check_redis(gh_load *l)
{
    const gh_config *c = l->config;
    static const char because[] = "redis.url (REDIS_URL) is not set";
    needs_secret(l, &c->redis.url, "redis.url");
    if (gh_secret_is_set(l, &c->redis.url))
        return;
    without_effect(l, &c->redis.password, "redis.password", because);
    without_effect(l, &c->redis.ca_file, "redis.ca_file", because);
    without_effect(l, &c->redis.timeout, "redis.timeout", because);
    without_effect(l, &c->redis.nodes, "redis.nodes", because);
    without_effect(l, &c->rate_limits.counting, "rate_limits.counting", because);
    without_effect(l, &c->rate_limits.outage, "rate_limits.outage", because);
    for (unsigned i = 0; i < c->rate_limits.n_rules; i++) {
        without_effect(l, &c->rate_limits.rules[i].counting, "rate_limits.rules[].counting", because);
        without_effect(l, &c->rate_limits.rules[i].outage, "rate_limits.rules[].outage", because);
    }
}

static void check_certificate(gh_load *l)
{
    const gh_config *c = l->config;
    bool cert = c->postgresql.cert_file.p != NULL, key = c->postgresql.key_file.p != NULL;
    gh_place place = gh_load_place(l, cert ? &c->postgresql.cert_file : &c->postgresql.key_file);
    if (cert != key)
        gh_load_error(l, &place, "postgresql.%s_file needs postgresql.%s_file beside it",
                      cert ? "cert" : "key", cert ? "key" : "cert");
}

static void check_postgresql(gh_load *l)
{
    const gh_config *c = l->config;
    static const char because[] = "postgresql.url (POSTGRESQL_URL) is not set";
    gh_place place = gh_load_place(l, &c->postgresql.url);
    needs_secret(l, &c->postgresql.url, "postgresql.url");
    check_certificate(l);
    if (gh_secret_is_set(l, &c->postgresql.url)) {
        if (c->identity.enabled == GH_OFF)
            gh_load_warning(
                l, &place, "postgresql.url has no effect: identity.enabled is off, and there are no records");
        return;
    }
    without_effect(l, &c->postgresql.password, "postgresql.password", because);
    without_effect(l, &c->postgresql.ca_file, "postgresql.ca_file", because);
    without_effect(l, &c->postgresql.cert_file, "postgresql.cert_file", because);
    without_effect(l, &c->postgresql.timeout, "postgresql.timeout", because);
    without_effect(l, &c->postgresql.connections, "postgresql.connections", because);
    without_effect(l, &c->identity.outage_tokens, "identity.outage.tokens", because);
}

/* Callers who are known at one node only. */
static void check_both(gh_load *l)
{
    const gh_config *c = l->config;
    gh_place place = gh_load_place(l, &c->redis.url);
    if (gh_secret_is_set(l, &c->redis.url) && !gh_secret_is_set(l, &c->postgresql.url) &&
        c->identity.enabled == GH_ON)
        gh_load_warning(
            l, &place,
            "redis.url lets several nodes count together, but without postgresql.url each node has accounts and "
            "sessions of its own: right for one node only");
}

void gh_check_shared(gh_load *l)
{
    l->config->redis.url_place = gh_load_place(l, &l->config->redis.url);
    l->config->postgresql.url_place = gh_load_place(l, &l->config->postgresql.url);
    check_redis(l);
    check_postgresql(l);
    check_both(l);
}
