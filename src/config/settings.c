#include "config/settings.h"

/* clang-format off: one row reads as one row */

#define CONFIG(field) .part = GH_PART_CONFIG, .at = offsetof(gh_config, field)
#define UPSTREAM(field) .part = GH_PART_UPSTREAM, .at = offsetof(gh_upstream_config, field)
#define RULE(field) .part = GH_PART_RULE, .at = offsetof(gh_rule_config, field)
#define TIER(field) .part = GH_PART_TIER, .at = offsetof(gh_tier_config, field)
#define ROUTE(field) .part = GH_PART_ROUTE, .at = offsetof(gh_route_config, field)
#define SCHEMA_PART(field) .part = GH_PART_SCHEMA, .at = offsetof(gh_schema_config, field)
#define ISSUER(field) .part = GH_PART_ISSUER, .at = offsetof(gh_issuer_config, field)
#define ROLE(field) .part = GH_PART_ROLE, .at = offsetof(gh_role_config, field)
#define CLAIM(field) .part = GH_PART_CLAIM, .at = offsetof(gh_claim_config, field)

#define SWITCH .type = GH_TYPE_SWITCH
#define WORD(list) .type = GH_TYPE_WORD, .words = list
#define NUMBER(lo, hi) .type = GH_TYPE_NUMBER, .min = (lo), .max = (hi)
#define TIME(lo, hi) .type = GH_TYPE_DURATION, .unit = GH_UNIT_MS, .min = (lo), .max = (hi)
#define SPAN(lo, hi) \
    .type = GH_TYPE_DURATION, .unit = GH_UNIT_SECONDS, .min = (lo) / SECOND, .max = (hi) / SECOND
#define SIZE(lo, hi) .type = GH_TYPE_SIZE, .unit = GH_UNIT_BYTES, .min = (lo), .max = (hi)
#define TEXT(f, hi) .type = GH_TYPE_TEXT, .form = GH_FORM_##f, .min = 1, .max = (hi)
#define TEXTS(f, lo, hi) .type = GH_TYPE_TEXTS, .form = GH_FORM_##f, .min = (lo), .max = (hi)
#define CIDRS(hi) .type = GH_TYPE_CIDRS, .max = (hi)
#define RATES .type = GH_TYPE_RATES, .min = 1, .max = 8
#define RATE .type = GH_TYPE_RATE, .max = 1
#define SCHEMA .type = GH_TYPE_SCHEMA
#define RESTART .restart = true
#define URL .type = GH_TYPE_SECRET, .unit = GH_UNIT_BYTES, .min = 1, .max = 2048, .url = true
#define PASSWORD_TEXT .type = GH_TYPE_SECRET, .unit = GH_UNIT_BYTES, .min = 1, .max = 1024

#define MS 1u
#define SECOND 1000u
#define MINUTE (60u * SECOND)
#define HOUR (60u * MINUTE)
#define DAY (24u * HOUR)
#define KIB 1024u
#define MIB (1024u * KIB)
#define GIB (1024u * MIB)
#define TIB (1024ull * 1024u * MIB)

#include "config/settings_words.def"

/* The same nine headers for all answers and for one route. */
#define HEADER_ROWS(prefix, PART, set)                                                                    \
    {prefix "content_type_options", "Value of X-Content-Type-Options.", TEXT(HEADER_VALUE, 1024),         \
     PART(set content_type_options)},                                                                     \
        {prefix "frame_options", "Value of X-Frame-Options.", TEXT(HEADER_VALUE, 1024),                   \
         PART(set frame_options)},                                                                        \
        {prefix "content_security_policy", "Value of Content-Security-Policy.", TEXT(HEADER_VALUE, 8192), \
         PART(set content_security_policy)},                                                              \
        {prefix "referrer_policy", "Value of Referrer-Policy.", TEXT(HEADER_VALUE, 1024),                 \
         PART(set referrer_policy)},                                                                      \
        {prefix "permissions_policy", "Value of Permissions-Policy.", TEXT(HEADER_VALUE, 8192),           \
         PART(set permissions_policy)},                                                                   \
        {prefix "strict_transport_security",                                                              \
         "Value of Strict-Transport-Security, sent only on answers to requests that came over TLS.",      \
         TEXT(HEADER_VALUE, 1024), PART(set strict_transport_security)},                                  \
        {prefix "cross_origin_opener_policy", "Value of Cross-Origin-Opener-Policy.",                     \
         TEXT(HEADER_VALUE, 1024), PART(set cross_origin_opener_policy)},                                 \
        {prefix "cross_origin_resource_policy", "Value of Cross-Origin-Resource-Policy.",                 \
         TEXT(HEADER_VALUE, 1024), PART(set cross_origin_resource_policy)},                               \
    {                                                                                                     \
        prefix "xss_protection", "Value of X-XSS-Protection; every value but 0 does harm.",               \
            TEXT(HEADER_VALUE, 1024), PART(set xss_protection)                                            \
    }

static const gh_setting settings[] = {
    {"profile",
     "What is refused at start: production refuses everything that is only good on a developer's machine.",
     "development", WORD(profiles), CONFIG(profile), RESTART},
    {"secret_key",
     "The secret that keys are derived from: 32 random bytes or more, from the environment, a file (file:PATH) or AWS (aws:NAME), never written in the YAML file.",
     NULL,
     {"SECRET_KEY"},
     .type = GH_TYPE_SECRET,
     .unit = GH_UNIT_BYTES,
     .min = 32,
     .max = 4096,
     .bytes = true,
     CONFIG(secret_key)},
    {"secret_key_previous",
     "The secret_key before the present one: what it has sealed is opened with it once and sealed anew, and HS256 tokens it has signed are still taken. Remove it when all have the new one.",
     NULL,
     {"SECRET_KEY_PREVIOUS"},
     .type = GH_TYPE_SECRET,
     .unit = GH_UNIT_BYTES,
     .min = 32,
     .max = 4096,
     .bytes = true,
     CONFIG(secret_key_previous)},
    {"unmatched",
     "What happens to requests that no route names, when there are routes: forward to the first upstream, or refuse with 404.",
     "forward", WORD(unmatched_words), CONFIG(unmatched)},
    {"data.folder",
     "The folder for what must outlive a restart: accounts, keys, sessions; with postgresql.url these are there, and here is what waits while PostgreSQL is away. With identity.enabled it is gatehouse-data in the working directory when it is not set, in development only.",
     NULL, TEXT(ANY, 4096), CONFIG(data_folder), RESTART},

    {"server.listen", "The addresses to take requests on.", "127.0.0.1:8080", TEXTS(LISTEN, 1, 64),
     CONFIG(server.listen), RESTART},
    {"server.workers", "The number of worker threads; 0: one a processor.", "0", NUMBER(0, 1024),
     CONFIG(server.workers), RESTART},
    {"server.max_connections", "How many client connections are open at once; more are closed.", "10000",
     NUMBER(1, 1000000), CONFIG(server.max_connections), RESTART},
    {"server.drain_timeout", "How long requests under way may take when the server stops.", "30s",
     TIME(0, HOUR), CONFIG(server.drain_timeout)},
    {"server.proxy_protocol", "The PROXY protocol version every connection must begin with.", "off",
     WORD(proxy_protocols), CONFIG(server.proxy_protocol), RESTART},

    {"admin.listen", "The address of health, readiness and metrics; off: none.", "127.0.0.1:9080",
     TEXT(LISTEN_OR_OFF, 256), CONFIG(admin.listen), RESTART},
    {"admin.allow_remote", "Whether admin.listen may be an address that other machines reach.", "off", SWITCH,
     CONFIG(admin.allow_remote), RESTART},

    {"timeouts.client_head", "How long a client may take to send a whole request head.", "10s",
     TIME(100 * MS, HOUR), CONFIG(timeouts.client_head)},
    {"timeouts.client_body", "How long a client may pause while it sends a body.", "30s",
     TIME(100 * MS, HOUR), CONFIG(timeouts.client_body)},
    {"timeouts.client_idle", "How long a kept-alive client connection may wait for its next request.", "60s",
     TIME(100 * MS, DAY), CONFIG(timeouts.client_idle)},
    {"timeouts.client_send", "How long a client may take no bytes of an answer.", "30s", TIME(100 * MS, HOUR),
     CONFIG(timeouts.client_send)},
    {"timeouts.upstream_connect", "How long connecting to an upstream may take.", "5s",
     TIME(10 * MS, 10 * MINUTE), CONFIG(timeouts.upstream_connect)},
    {"timeouts.upstream_first_byte", "How long an upstream may take to begin its answer.", "60s",
     TIME(10 * MS, DAY), CONFIG(timeouts.upstream_first_byte)},
    {"timeouts.upstream_body", "How long an upstream may pause within its answer.", "60s", TIME(10 * MS, DAY),
     CONFIG(timeouts.upstream_body)},
    {"timeouts.upstream_idle", "How long an unused upstream connection is kept.", "60s", TIME(100 * MS, DAY),
     CONFIG(timeouts.upstream_idle)},
    {"timeouts.upstream_total", "How long a whole exchange with an upstream may take; 0: no limit.", "0",
     TIME(100 * MS, DAY), .zero = true, CONFIG(timeouts.upstream_total)},

    {"limits.head", "The largest head of a request, and of an upstream's answer.", "16KiB", SIZE(KIB, MIB),
     CONFIG(limits.head), RESTART},
    {"limits.fields", "The most header lines in a request.", "100", NUMBER(8, 1000), CONFIG(limits.fields)},
    {"limits.target", "The longest request target.", "8KiB", SIZE(64, 64 * KIB), CONFIG(limits.target)},
    {"limits.body", "The largest request body; 0: no body is let in.", "10MiB", SIZE(0, TIB),
     CONFIG(limits.body)},
    {"limits.min_body_rate", "The fewest bytes a second of a body after its first five seconds; 0: none.",
     "100", .type = GH_TYPE_SIZE, .unit = GH_UNIT_BYTES_A_SECOND, .max = 1024 * MIB,
     CONFIG(limits.min_body_rate)},

    {"upstreams[].name", "The name that routes, logs and metrics use.", NULL, TEXT(NAME, 64), UPSTREAM(name),
     .required = true},
    {"upstreams[].servers", "The servers of the API: http://host:port or unix:/path.", NULL,
     TEXTS(SERVER, 1, 64), UPSTREAM(servers), .required = true},
    {"upstreams[].balance", "How the server of a request is chosen.", "round_robin", WORD(balances),
     UPSTREAM(balance)},
    {"upstreams[].forwarded", "Which headers tell the upstream who the client is.", "x-forwarded",
     WORD(forwarded_styles), UPSTREAM(forwarded)},
    {"upstreams[].preserve_host", "Whether the upstream gets the client's Host; else the server's own.", "on",
     SWITCH, UPSTREAM(preserve_host)},
    {"upstreams[].max_idle", "How many unused connections are kept, for each worker and server.", "32",
     NUMBER(0, 10000), UPSTREAM(max_idle)},
    {"upstreams[].max_connections",
     "How many connections are open at once, for each worker and server; beyond: 503.", "1024",
     NUMBER(1, 65536), UPSTREAM(max_connections)},
    {"upstreams[].retries", "How often a request that no server has seen is tried again.", "1", NUMBER(0, 10),
     UPSTREAM(retries)},
    {"upstreams[].health.path",
     "The path asked to learn whether a server is well; not set: only requests tell.", NULL, TEXT(PATH, 1024),
     UPSTREAM(health_path)},
    {"upstreams[].health.interval", "How often a server's health is asked.", "5s", TIME(100 * MS, HOUR),
     UPSTREAM(health_interval)},
    {"upstreams[].health.timeout", "How long a health answer may take.", "2s", TIME(10 * MS, 10 * MINUTE),
     UPSTREAM(health_timeout)},
    {"upstreams[].health.healthy_after", "How many good health answers in a row bring a server back.", "2",
     NUMBER(1, 100), UPSTREAM(healthy_after)},
    {"upstreams[].health.unhealthy_after", "How many bad health answers in a row take a server out.", "3",
     NUMBER(1, 100), UPSTREAM(unhealthy_after)},
    {"upstreams[].fail_threshold", "How many failed requests in a row take a server out.", "3",
     NUMBER(1, 1000), UPSTREAM(fail_threshold)},
    {"upstreams[].fail_time", "How long a server stays out after failed requests.", "10s",
     TIME(100 * MS, HOUR), UPSTREAM(fail_time)},
    {"upstreams[].openapi",
     "The OpenAPI document of this upstream: a file, or upstream:/path; not set: openapi.document for the first.",
     NULL, TEXT(DOCUMENT, 4096), UPSTREAM(openapi)},

    {"hosts.allowed",
     "The hosts that requests may name: names, addresses, *.domain; * (all) in development only.",
     "localhost, 127.0.0.1, [::1]",
     {"ALLOWED_HOSTS"},
     TEXTS(HOST, 1, 4096),
     CONFIG(hosts.allowed)},

    {"client_address.trusted_proxies",
     "The proxies before Gatehouse whose word on the client's address is believed.",
     NULL,
     {"TRUSTED_PROXIES"},
     CIDRS(4096),
     CONFIG(client_address.trusted_proxies)},
    {"client_address.source", "Where a trusted proxy says the client's address.", "x-forwarded-for",
     WORD(address_sources), CONFIG(client_address.source)},

    {"methods.allowed", "The methods let through; others get 405.",
     "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS", TEXTS(METHOD, 1, 64), CONFIG(methods.allowed)},

    {"cors.enabled",
     "Whether Gatehouse answers preflights and sets the CORS headers.",
     "off",
     {"CORS_ENABLED"},
     SWITCH,
     CONFIG(cors.enabled)},
    {"cors.origins",
     "The origins whose pages may call the API.",
     NULL,
     {"ALLOWED_ORIGINS"},
     TEXTS(ORIGIN, 0, 4096),
     CONFIG(cors.origins)},
    {"cors.methods", "The methods such pages may use.", "GET, HEAD, POST, PUT, PATCH, DELETE",
     TEXTS(METHOD, 1, 64), CONFIG(cors.methods)},
    {"cors.headers", "The request headers such pages may send.",
     "Accept, Authorization, Content-Type, X-Requested-With, X-CSRF-Token, X-API-Key, X-Device-ID",
     TEXTS(HEADER_NAME, 0, 256), CONFIG(cors.headers)},
    {"cors.expose", "The answer headers such pages may read.", NULL, TEXTS(HEADER_NAME, 0, 256),
     CONFIG(cors.expose)},
    {"cors.max_age", "How long a browser may keep the answer to a preflight.", "10m", SPAN(0, DAY),
     .bare_seconds = true, CONFIG(cors.max_age)},
    {"cors.credentials", "Whether such pages may send cookies and other credentials.", "off", SWITCH,
     CONFIG(cors.credentials)},

    {"headers.enabled",
     "Whether the security headers are set.",
     "on",
     {"SECURE_HEADERS"},
     SWITCH,
     CONFIG(headers.enabled)},
    {"headers.profile", "Which values are taken for headers that are not set here.", "api",
     WORD(header_profiles), CONFIG(headers.set.profile)},
    HEADER_ROWS("headers.", CONFIG, headers.set.),

    {"rate_limits.enabled",
     "Whether requests are counted and refused at all.",
     "on",
     {"RATE_LIMIT_ENABLED"},
     SWITCH,
     CONFIG(rate_limits.enabled)},
    {"rate_limits.default.requests",
     "How many requests a client address may make in rate_limits.default.window; 0: no such limit.",
     "60",
     {"RATE_LIMIT_PER_MINUTE", "RATE_LIMIT_REQUESTS_PER_MINUTE"},
     NUMBER(0, 1000000),
     CONFIG(rate_limits.default_requests)},
    {"rate_limits.default.window",
     "The time over which rate_limits.default.requests is counted.",
     "60s",
     {"RATE_LIMIT_WINDOW_SECONDS"},
     TIME(SECOND, 31 * DAY),
     .bare_seconds = true,
     CONFIG(rate_limits.default_window)},
    {"rate_limits.headers",
     "Which headers tell clients their limits: RateLimit (ietf), X-RateLimit-*, both or none.", "ietf",
     WORD(limit_headers), CONFIG(rate_limits.headers)},
    {"rate_limits.exempt_paths", "Paths that are never counted.", "/health, /docs, /openapi.json",
     TEXTS(PATH_PATTERN, 0, 1024), CONFIG(rate_limits.exempt_paths)},
    {"rate_limits.bypass", "Client addresses that are never counted.", NULL, CIDRS(4096),
     CONFIG(rate_limits.bypass)},
    {"rate_limits.max_clients", "How many clients are kept track of; it sets the memory used.", "1000000",
     NUMBER(1000, 100000000), CONFIG(rate_limits.max_clients), RESTART},
    {"rate_limits.ipv6_prefix", "How many leading bits of an IPv6 address are one client.", "64",
     NUMBER(16, 128), CONFIG(rate_limits.ipv6_prefix)},
    {"rate_limits.ipv6_parents",
     "Shorter IPv6 prefixes counted as well, against clients that own many networks.", "56, 48",
     .type = GH_TYPE_NUMBERS, .max = 4, CONFIG(rate_limits.ipv6_parents),
     .count_at = offsetof(gh_config, rate_limits.n_ipv6_parents)},
    {"rate_limits.ipv6_parent_factor",
     "The limit of each shorter prefix: this many times that of the one before.", "8", NUMBER(1, 1024),
     CONFIG(rate_limits.ipv6_parent_factor)},
    {"rate_limits.device_header", "The request header that names the device, for rules of scope device.",
     "X-Device-ID", TEXT(HEADER_NAME, 128), CONFIG(rate_limits.device_header)},
    {"rate_limits.default_tier", "The tier of clients that have no other.", NULL, TEXT(NAME, 64),
     CONFIG(rate_limits.default_tier)},

    {"rate_limits.counting",
     "With redis.url, how requests are counted over all nodes: exact asks Redis at every request; leased takes a share in advance and spends it without asking.",
     "exact", WORD(countings), CONFIG(rate_limits.counting)},
    {"rate_limits.outage",
     "What holds while Redis is away: local counts on at this node's share of each limit, open lets everything through, closed answers 503.",
     "local", WORD(outages), CONFIG(rate_limits.outage)},
    {"rate_limits.lease", "With leased: how much of a limit is taken at once, in per cent.", "5",
     NUMBER(1, 50), CONFIG(rate_limits.lease)},

    {"rate_limits.rules[].name", "The name that answers, logs and metrics use.", NULL, TEXT(NAME, 64),
     RULE(name), .required = true},
    {"rate_limits.rules[].hosts", "The hosts the rule counts; not set: all.", NULL, TEXTS(HOST, 0, 256),
     RULE(hosts)},
    {"rate_limits.rules[].methods", "The methods the rule counts, HEAD with GET; not set: all.", NULL,
     TEXTS(METHOD, 0, 64), RULE(methods)},
    {"rate_limits.rules[].paths", "The paths the rule counts, in any case and spelling; not set: all.", NULL,
     TEXTS(PATH_PATTERN, 0, 256), RULE(paths)},
    {"rate_limits.rules[].scope",
     "What is counted apart: each client address, each value of a header, each device, user, session or API key, or nothing (global).",
     "ip", WORD(scopes), RULE(scope)},
    {"rate_limits.rules[].header", "The request header whose values are counted apart, with scope header.",
     NULL, TEXT(HEADER_NAME, 128), RULE(header)},
    {"rate_limits.rules[].limits",
     "The limits, all of which hold: 10/minute, 100/hour, 10/5m, {requests: 10, window: 5m}.", NULL, RATES,
     RULE(limits), .required = true},
    {"rate_limits.rules[].algorithm",
     "sliding_window never lets more than a limit through in any window; token_bucket allows bursts.",
     "sliding_window", WORD(algorithms), RULE(algorithm)},
    {"rate_limits.rules[].burst",
     "How many requests may come at once, with token_bucket; 0: as many as the limit.", "0",
     NUMBER(0, 1000000), RULE(burst)},
    {"rate_limits.rules[].weight", "How much one request counts.", "1", NUMBER(1, 1000000), RULE(weight)},
    {"rate_limits.rules[].mode", "enforce refuses; observe only logs what would have been refused.",
     "enforce", WORD(modes), RULE(mode)},
    {"rate_limits.rules[].counting", "As rate_limits.counting, which holds when it is not set.", NULL,
     WORD(countings), RULE(counting)},
    {"rate_limits.rules[].outage", "As rate_limits.outage, which holds when it is not set.", NULL,
     WORD(outages), RULE(outage)},
    {"rate_limits.rules[].lease", "As rate_limits.lease, which holds when it is 0.", "0", NUMBER(0, 50),
     RULE(lease)},
    {"rate_limits.rules[].tiers.*.limits", "The limits of a tier, in place of the rule's own.", NULL, RATES,
     TIER(limits), .required = true},

#include "config/settings_identity.def"
#include "config/settings_input.def"
#include "config/settings_routes.def"
#include "config/settings_secrets.def"
#include "config/settings_shared.def"

    {"log.access", "Whether each request is logged.", "on", SWITCH, CONFIG(log.access)},
    {"log.format", "The form of log lines; auto: text on a terminal, else JSON.", "auto", WORD(log_formats),
     CONFIG(log.format), RESTART},
    {"log.file", "The file that lines are added to; -: standard output.", "-", TEXT(ANY, 4096),
     CONFIG(log.file), RESTART},
    {"log.health_sample", "One in so many good health checks is logged.", "100", NUMBER(1, 1000000),
     CONFIG(log.health_sample)},
    {"log.health_paths", "The paths that are health checks.", "/health, /healthz", TEXTS(PATH, 0, 64),
     CONFIG(log.health_paths)},
};

#define PART_ROW(text, owner, list, count, type, most)                                            \
    {                                                                                             \
        text, sizeof(type), offsetof(owner, list), offsetof(owner, count), offsetof(type, place), \
            offsetof(type, name), most                                                            \
    }

static const gh_part_row parts[] = {
    [GH_PART_UPSTREAM] = PART_ROW("upstreams[]", gh_config, upstreams, n_upstreams, gh_upstream_config, 256),
    [GH_PART_RULE] = PART_ROW("rate_limits.rules[]", gh_config, rate_limits.rules, rate_limits.n_rules,
                              gh_rule_config, 1000),
    [GH_PART_TIER] =
        PART_ROW("rate_limits.rules[].tiers.*", gh_rule_config, tiers, n_tiers, gh_tier_config, 32),
    [GH_PART_SCHEMA] = PART_ROW("schemas.*", gh_config, schemas, n_schemas, gh_schema_config, 256),
    [GH_PART_ISSUER] =
        PART_ROW("identity.issuers[]", gh_config, identity.issuers, identity.n_issuers, gh_issuer_config, 16),
    [GH_PART_ROLE] = PART_ROW("identity.roles.*", gh_config, identity.roles, identity.n_roles, gh_role_config,
                              GH_ROLES_MAX),
    [GH_PART_CLAIM] = PART_ROW("routes[].require.claims.*", gh_route_config, require.claims, require.n_claims,
                               gh_claim_config, 16),
    [GH_PART_ROUTE] = PART_ROW("routes[]", gh_config, routes, n_routes, gh_route_config, 1000),
};

/* clang-format on */

const gh_setting *gh_setting_at(unsigned i)
{
    return i < GH_COUNT(settings) ? &settings[i] : NULL;
}

const gh_setting *gh_setting_find(gh_str path)
{
    for (unsigned i = 0; i < GH_COUNT(settings); i++)
        if (gh_str_eq(gh_str_of(settings[i].path), path))
            return &settings[i];
    return NULL;
}

const gh_part_row *gh_part_row_of(enum gh_part part)
{
    return part == GH_PART_CONFIG ? NULL : &parts[part];
}

bool gh_setting_in_environment(const gh_setting *s)
{
    return s->part == GH_PART_CONFIG;
}

bool gh_setting_name(const gh_setting *s, unsigned i, char ret_name[GH_SETTING_NAME_MAX])
{
    gh_buf name = gh_buf_over(ret_name, GH_SETTING_NAME_MAX);
    if (!gh_setting_in_environment(s) || i > GH_COUNT(s->familiar))
        return false;
    if (i > 0) {
        if (s->familiar[i - 1] == NULL)
            return false;
        gh_buf_put(&name, gh_str_of(s->familiar[i - 1]));
    } else {
        gh_buf_lit(&name, "GATEHOUSE_");
        for (const char *c = s->path; *c != '\0'; c++)
            gh_buf_char(&name, *c == '.' ? '_' : (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c));
    }
    gh_buf_char(&name, '\0');
    return gh_buf_ok(&name);
}

const char *gh_setting_unit_word(const gh_setting *s)
{
    switch (s->unit) {
    case GH_UNIT_NONE:
        return "";
    case GH_UNIT_MS:
        return "milliseconds";
    case GH_UNIT_SECONDS:
        return "seconds";
    case GH_UNIT_BYTES:
        return "bytes";
    case GH_UNIT_BYTES_A_SECOND:
        return "bytes a second";
    }
    return "";
}
