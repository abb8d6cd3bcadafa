/* The settings `identity` into the policy. */
#include "config/compile_identity.h"
#include "identity/endpoints.h"
#include "wire/field.h"

static const gh_place nowhere = {NULL, 0, 0};
/* Not a secret: it tells this limit from all others. */
static const uint8_t limit_key[GH_SIPHASH_KEY_SIZE] = "gatehouse limits";

static bool no_memory(gh_report *report)
{
    gh_report_error(report, NULL, 0, 0, "out of memory while compiling identity");
    return false;
}

static bool put_name(gh_policy *p, bool plain, gh_str name, gh_str *ret)
{
    char text[128];
    gh_buf b = gh_buf_over(text, sizeof text);
    if (!plain)
        gh_buf_lit(&b, "__Host-");
    gh_buf_put(&b, name);
    return gh_compile_keep(p, &b, ret);
}

static gh_str same_site_word(int same_site)
{
    switch ((enum gh_same_site)same_site) {
    case GH_SAME_SITE_STRICT:
        return GH_STR("Strict");
    case GH_SAME_SITE_NONE:
        return GH_STR("None");
    case GH_SAME_SITE_LAX:
        return GH_STR("Lax");
    }
    return GH_STR("Strict");
}

static bool compile_cookies(gh_policy *p, const gh_identity_config *c)
{
    gh_identity_policy *i = &p->identity;
    bool plain = c->session.insecure_cookies == GH_ON;
    char text[128];
    gh_buf b = gh_buf_over(text, sizeof text);
    gh_buf_put(&b, plain ? GH_STR("; Path=/; SameSite=") : GH_STR("; Path=/; Secure; SameSite="));
    gh_buf_put(&b, same_site_word(c->session.same_site));
    return gh_compile_keep(p, &b, &i->session.attributes) &&
           put_name(p, plain, c->session.cookie, &i->session.name) &&
           put_name(p, plain, GH_STR("device"), &i->session.device_name) &&
           put_name(p, plain, GH_STR("csrf"), &i->session.csrf_name);
}

/* "user beta" */
static bool compile_new_user(gh_policy *p, const gh_identity_config *c)
{
    char text[GH_ROLES_TEXT_MAX + 1];
    gh_buf b = gh_buf_over(text, sizeof text);
    for (unsigned k = 0; k < c->new_user_roles.n; k++) {
        if (k > 0)
            gh_buf_char(&b, ' ');
        gh_buf_put(&b, c->new_user_roles.items[k]);
    }
    p->identity.registration_open = c->registration == GH_ON;
    p->identity.new_user_tier = c->new_user_tier;
    return gh_compile_keep(p, &b, &p->identity.new_user_roles);
}

static void compile_numbers(gh_identity_policy *i, const gh_identity_config *c)
{
    i->session.idle_s = (uint32_t)c->session.idle_timeout;
    i->session.absolute_s = (uint32_t)c->session.max_age;
    i->session.most = (uint32_t)c->session.max_per_user;
    i->session.end_oldest = c->session.at_limit == GH_AT_LIMIT_END_OLDEST;
    i->rotation.every_s = c->rotation.every;
    i->rotation.overlap_s = c->rotation.overlap;
    i->token.access_s = (uint32_t)c->token.access_lifetime;
    i->token.refresh_s = (uint32_t)c->token.refresh_lifetime;
    i->token.idle_s = (uint32_t)c->token.refresh_idle;
    i->token.grace_s = (uint32_t)c->token.refresh_grace;
    i->token.leeway_s = (uint32_t)c->token.leeway;
    i->token.audience = c->token.audience;
    i->token.client_id = c->token.client_id;
    i->password.min_length = (uint32_t)c->password.min_length;
    i->attempts = (gh_attempt_limits){.per_account = (uint32_t)c->attempts.max,
                                      .per_address = (uint32_t)c->attempts.per_address,
                                      .whole_account = (uint32_t)c->attempts.per_account,
                                      .window_s = (uint32_t)c->attempts.timeout};
    i->device.most = (uint32_t)c->devices.max_per_user;
    i->device.timeout_s = (uint32_t)c->devices.registration_timeout;
    i->device.anonymous = c->devices.anonymous == GH_ON;
    i->device.most_anonymous = (uint32_t)c->devices.anonymous_per_address;
    i->key.prefix = c->api_keys.prefix;
    i->key.most = (uint32_t)c->api_keys.max_per_user;
    i->key.max_age_s = c->api_keys.max_lifetime;
    i->upstream.headers = c->upstream.headers == GH_ON;
    i->upstream.assertion = c->upstream.assertion == GH_ON;
    i->upstream.assertion_s = (uint32_t)c->upstream.assertion_lifetime;
    i->upstream.assertion_audience = c->upstream.assertion_audience;
    i->upstream.forward_credentials = c->upstream.forward_credentials == GH_ON;
}

static bool compile_csrf(gh_policy *p, const gh_identity_config *c, gh_report *report)
{
    gh_identity_policy *i = &p->identity;
    i->csrf.enabled = c->csrf.enabled == GH_ON;
    i->csrf.header = c->csrf.header;
    i->csrf.header_id = (uint16_t)gh_field_classify(c->csrf.header);
    i->csrf.field = c->csrf.field;
    i->csrf.same_site = c->csrf.same_site == GH_ON;
    i->csrf.origins = c->csrf.origins.items;
    i->csrf.n_origins = c->csrf.origins.n;
    i->csrf.n_exempt = c->csrf.exempt_paths.n;
    return gh_compile_paths(p, &c->csrf.exempt_paths, &i->csrf.exempt, report, &nowhere);
}

/* The same figures keep their counters over a reload. */
static bool compile_verifications(gh_policy *p, const gh_identity_config *c, gh_report *report)
{
    gh_limit *limit = &p->identity.verifications;
    char text[128];
    gh_buf b = gh_buf_over(text, sizeof text);
    const char *why = NULL;
    *limit = (gh_limit){.kind = GH_LIMIT_SLIDING,
                        .requests = c->verifications.requests,
                        .window_ms = c->verifications.window_ms};
    gh_buf_printf(&b, "identity.verifications %llu %llu", (unsigned long long)limit->requests,
                  (unsigned long long)limit->window_ms);
    limit->seed = gh_siphash64(limit_key, b.p, b.n);
    if (gh_limit_compile(limit, &why))
        return true;
    gh_report_error(report, NULL, 0, 0, "identity.verifications: %s", why);
    return false;
}

bool gh_compile_identity(gh_policy *p, const gh_config *config, gh_report *report)
{
    const gh_identity_config *c = &config->identity;
    p->identity.enabled = c->enabled == GH_ON;
    if (!p->identity.enabled)
        return true;
    p->identity.prefix = c->prefix;
    p->identity.deny_by_default = c->deny_by_default == GH_ON;
    compile_numbers(&p->identity, c);
    bool good = (compile_cookies(p, c) && compile_new_user(p, c)) || no_memory(report);
    good = compile_csrf(p, c, report) && good;
    good = compile_verifications(p, c, report) && good;
    good = gh_compile_rights(p, config, report) && good;
    good = gh_compile_identity_keys(p, config, report) && good;
    good = gh_compile_issuers(p, config, report) && good;
    return gh_compile_endpoints(p, config, gh_endpoints, gh_endpoints_n, report) && good;
}
