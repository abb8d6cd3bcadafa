#include "edges/proxy/serve_check.h"

#include "edges/redis/shared.h"
#include "edges/redis/url.h"
#include "libraries/libcurl.h"

static void say(gh_report *report, bool warning, const gh_place *place, const char *text)
{
    if (warning)
        gh_report_warning(report, place->file, place->line, place->column, "%s", text);
    else
        gh_report_error(report, place->file, place->line, place->column, "%s", text);
}

static bool check_redis_url(const gh_config *c, gh_report *report)
{
    gh_redis_url url;
    const char *why = NULL;
    const gh_place *place = &c->redis.url_place;
    if (gh_redis_url_parse(c->redis.url, &url, &why)) {
        gh_redis_url_wipe(&url);
        return true;
    }
    gh_report_error(report, place->file, place->line, place->column,
                    "redis.url (REDIS_URL): %s; right is redis://HOST:PORT/DATABASE, rediss:// with TLS, or "
                    "unix:///PATH",
                    why);
    return false;
}

static bool check_redis(const gh_config *c, gh_report *report)
{
    char why[GH_REDIS_WHY_SIZE];
    if (c->redis.url.p == NULL)
        return true;
    if (!check_redis_url(c, report))
        return false;
    const gh_redis_options options = {.url = c->redis.url,
                                      .password = c->redis.password,
                                      .ca_file = c->redis.ca_file,
                                      .prefix = c->redis.prefix,
                                      .timeout_ms = c->redis.timeout};
    gh_redis_shared *redis = gh_redis_shared_new(&options, why);
    if (redis == NULL)
        say(report, false, &c->redis.url_place, why);
    else if (gh_redis_is_exposed(redis))
        say(report, true, &c->redis.url_place, gh_redis_exposed);
    gh_redis_shared_free(redis);
    return redis != NULL;
}

static bool plan_of(const gh_config *c, gh_postgres_plan *ret, char why[GH_POSTGRES_WHY])
{
    const gh_postgres_server server = {.url = c->postgresql.url.p,
                                       .password = c->postgresql.password.p,
                                       .ca_file = c->postgresql.ca_file.p,
                                       .cert_file = c->postgresql.cert_file.p,
                                       .key_file = c->postgresql.key_file.p,
                                       .timeout_ms = (uint32_t)c->postgresql.timeout};
    return gh_postgres_plan_make(ret, &server, why);
}

static bool check_postgresql(const gh_config *c, gh_report *report)
{
    gh_postgres_plan plan;
    char why[GH_POSTGRES_WHY];
    if (c->postgresql.url.p == NULL)
        return true;
    if (!plan_of(c, &plan, why)) {
        say(report, false, &c->postgresql.url_place, why);
        return false;
    }
    if (plan.warning[0] != '\0')
        say(report, true, &c->postgresql.url_place, plan.warning);
    gh_postgres_plan_end(&plan);
    return true;
}

void gh_serve_where_postgresql(const gh_config *config, char ret[GH_POSTGRES_WHERE])
{
    gh_postgres_plan plan;
    char why[GH_POSTGRES_WHY];
    ret[0] = '\0';
    if (!plan_of(config, &plan, why))
        return;
    memcpy(ret, plan.where, GH_POSTGRES_WHERE);
    gh_postgres_plan_end(&plan);
}

/* Keys that are got by https need libcurl. Values in AWS do, too: that is seen when they are read. */
static bool check_issuers(const gh_config *c, gh_report *report)
{
    char why[GH_LIBRARY_WHY];
    for (unsigned i = 0; i < c->identity.n_issuers; i++) {
        const gh_issuer_config *issuer = &c->identity.issuers[i];
        if (gh_str_starts(issuer->jwks, GH_STR("https://")) && !gh_libcurl_load(why)) {
            say(report, false, &issuer->place, why);
            return false;
        }
    }
    return true;
}

bool gh_serve_check_servers(const gh_config *config, gh_report *report)
{
    bool redis = check_redis(config, report), postgresql = check_postgresql(config, report);
    return check_issuers(config, report) && redis && postgresql;
}
