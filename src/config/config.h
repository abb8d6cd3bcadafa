/* The configuration as typed values: what `settings.c` fills in row by row.
 *
 * Owner: everything lives in the configuration's arena and dies with gh_config_free().
 * Durations are milliseconds, sizes bytes. A gh_str that was not set is absent. */
#ifndef GH_CONFIG_CONFIG_H
#define GH_CONFIG_CONFIG_H

#include "config/identity.h"
#include "config/report.h"
#include "model/choices.h"
#include "wire/forwarded.h"

enum gh_profile { GH_PROFILE_DEVELOPMENT, GH_PROFILE_PRODUCTION };
enum gh_balance { GH_BALANCE_ROUND_ROBIN, GH_BALANCE_LEAST_CONNECTIONS };
enum gh_proxy_protocol { GH_PROXY_OFF, GH_PROXY_V1, GH_PROXY_V2 };
enum gh_limit_algorithm { GH_ALGORITHM_SLIDING_WINDOW, GH_ALGORITHM_TOKEN_BUCKET };
enum gh_header_profile { GH_HEADERS_API, GH_HEADERS_HTML };
enum gh_switch { GH_OFF, GH_ON };
enum gh_error_shape { GH_ERRORS_PROBLEM, GH_ERRORS_FASTAPI };
enum gh_log_format { GH_LOG_AUTO, GH_LOG_JSON, GH_LOG_TEXT };

typedef struct gh_schema_config { /* schemas.NAME */
    gh_str name;
    gh_schema_setting schema;
    gh_place place;
} gh_schema_config;

typedef struct gh_dangerous_config { /* dangerous_content.* and routes[].dangerous_content.* */
    gh_str_list checks;              /* names of GH_DANGERS; in a route: items NULL: as above */
    gh_str_list fields;              /* field paths; likewise */
    int mode;                        /* enum gh_mode; in a route -1: as above */
    uint64_t max_length;             /* code points; in a route UINT64_MAX: as above */
} gh_dangerous_config;

typedef struct gh_validate_config { /* routes[].validate.* */
    gh_schema_setting body, query, path, headers, cookies;
    gh_str_list content_types; /* items NULL: application/json when there is a body */
    int body_required;         /* enum gh_switch; -1: on when there is a body */
    int mode;                  /* enum gh_mode */
} gh_validate_config;

typedef struct gh_sanitize_config { /* routes[].sanitize.* */
    gh_str_list text, filename;     /* field paths of the body */
    uint64_t max_length;            /* code points of a text */
} gh_sanitize_config;

typedef struct gh_tier_config { /* rate_limits.rules[].tiers.NAME: limits in place of the rule's own */
    gh_str name;
    gh_rate_list limits;
    gh_place place;
} gh_tier_config;

typedef struct gh_rule_config { /* rate_limits.rules[] */
    gh_str name;
    gh_str_list hosts, methods, paths; /* empty: all */
    int scope;                         /* enum gh_limit_scope */
    gh_str header;                     /* with scope header */
    gh_rate_list limits;
    int algorithm;
    uint64_t burst;  /* token bucket: its depth; 0: the number of requests */
    uint64_t weight; /* what one request costs */
    int mode;
    int counting;   /* enum gh_counting; -1: as rate_limits.counting */
    int outage;     /* enum gh_outage; -1: as rate_limits.outage */
    uint64_t lease; /* per cent; 0: as rate_limits.lease */
    gh_tier_config *tiers;
    unsigned n_tiers;
    gh_place place;
} gh_rule_config;

/* Each value is a header's value, "off" to send none, absent to take the profile's. */
typedef struct gh_headers_config { /* headers.* and routes[].headers.* */
    int profile;                   /* enum gh_header_profile; in a route -1: as above */
    gh_str content_type_options, frame_options, content_security_policy, referrer_policy, permissions_policy,
        strict_transport_security, cross_origin_opener_policy, cross_origin_resource_policy, xss_protection;
} gh_headers_config;

typedef struct gh_route_config { /* routes[] */
    gh_str name;
    gh_str_list hosts, methods;
    gh_str path;       /* see wire/path_pattern.h, e.g. "/a/{id}/b"; default: all paths */
    gh_str upstream;   /* a name in upstreams; absent: the first */
    uint64_t max_body; /* UINT64_MAX: as limits.body */
    gh_headers_config headers;
    gh_validate_config validate;
    gh_dangerous_config dangerous_content;
    gh_sanitize_config sanitize;
    gh_require_config require;
    gh_place place;
} gh_route_config;

typedef struct gh_upstream_config { /* upstreams[] */
    gh_str name;
    gh_str_list servers; /* "http://host:port", "unix:/path" */
    int balance;
    int forwarded; /* enum gh_forwarded_style */
    int preserve_host;
    uint64_t max_idle;        /* kept-alive connections per worker and server */
    uint64_t max_connections; /* per worker and server; beyond: 503 */
    uint64_t retries;
    gh_str health_path; /* absent: passive checks only */
    uint64_t health_interval, health_timeout, healthy_after, unhealthy_after; /* ms, ms, times, times */
    uint64_t fail_threshold, fail_time; /* passive: failures in a row, then out for this long */
    gh_str openapi;                     /* its document: see gh_read_document_fn; absent: none of its own */
    gh_place openapi_place;
    gh_place place;
} gh_upstream_config;

/* Gets the text of an OpenAPI document. name: as in openapi.document: a file's name, or "upstream:/path" for what
 * the upstream itself answers there. The text must live as long as the arena given.
 * False: *ret_why (in the arena, or constant) says why; *ret_later: it is not to be had now and may be later (the
 * upstream is down), so the policy lets nothing in (contract_unavailable) until it is compiled again. */
typedef bool gh_read_document_fn(void *data, const gh_upstream_config *upstream, gh_str name, gh_arena *arena,
                                 gh_str *ret_text, const char **ret_why, bool *ret_later);

/* Where a secret setting's value is kept, when it is not written down itself: "file:PATH", "aws:NAME#member". */
enum gh_secret_store { GH_SECRET_FILE, GH_SECRET_AWS };
typedef struct gh_secret_reference {
    enum gh_secret_store kind;
    gh_str name;   /* a path; a name or an ARN in AWS Secrets Manager */
    gh_str key;    /* AWS: the member of the secret's JSON object; absent: the secret as a whole */
    bool previous; /* AWS: the version before the present one (AWSPREVIOUS) */
} gh_secret_reference;

enum { GH_SECRET_WHY_SIZE = 256 };
typedef struct gh_secret_text {
    gh_str text; /* in the arena; absent: there is none before (previous alone), or `later` */
    bool binary; /* not meant to be text */
    bool later;  /* it is not looked at here: the setting counts as set, and is absent */
    char why[GH_SECRET_WHY_SIZE]; /* false: why not; true: what to warn of, or "" */
} gh_secret_text;

struct gh_config;
/* Gets a secret; config: with the settings secrets.*, and the secrets that are in files. A file's text as it is. */
typedef bool gh_read_secret_fn(void *data, const struct gh_config *config, const gh_secret_reference *what,
                               gh_arena *arena, gh_secret_text *ret);

typedef struct gh_config {
    gh_arena arena;
    gh_arena secret_memory; /* values of secret settings; from gh_config_input.secret_source */
    bool secrets_later; /* one is `later`, see gh_secret_text: this configuration is good to look at only */
    /* Called by gh_policy_compile(), from gh_config_input; may be set anew before. NULL: documents are an error. */
    gh_read_document_fn *read_document;
    void *read_document_data;
    /* Likewise for the keys of identity.issuers[]. NULL: such an issuer is an error. */
    gh_read_jwks_fn *read_jwks;
    void *read_jwks_data;
    /* Our own keys, out of the records: set by the caller before gh_policy_compile(), and forgotten behind it. In
     * ring_memory, where they are not the caller's own. Signing keys: with HS256 none need be. Generations, newest first:
     * with none generation 0 is active, of secret_key. The naming key: absent: of secret_key. */
    const gh_identity_ring_key *identity_ring;
    unsigned n_identity_ring;
    const gh_identity_generation *identity_generations;
    unsigned n_identity_generations;
    gh_str identity_naming;
    gh_arena ring_memory;
    int profile;
    gh_str secret_key; /* absent in development: the caller may fill it in before gh_policy_compile() */
    gh_str secret_key_previous; /* the one before; absent: none */
    gh_str data_folder;

    struct {
        struct {
            gh_str region;   /* absent: that of the ARN */
            gh_str endpoint; /* "https://host:port"; absent: AWS's own */
            gh_str ca_file;  /* absent: the system's */
            gh_str access_key_id, secret_access_key, session_token; /* absent: AWS's other places */
        } aws;
        uint64_t refresh; /* seconds */
        int core_dumps;   /* enum gh_switch */
    } secrets;
    struct {
        gh_str_list listen; /* "127.0.0.1:8080", "[::1]:8080", "unix:/path" */
        uint64_t workers;   /* 0: as many as processors */
        uint64_t max_connections;
        uint64_t drain_timeout;
        int proxy_protocol;
    } server;
    struct {
        gh_str listen;    /* "off": none */
        int allow_remote; /* enum gh_switch: may listen on an address that is not loopback */
    } admin;
    struct {
        uint64_t client_head, client_body, client_idle, client_send; /* client_body: between two reads */
        uint64_t upstream_connect, upstream_first_byte, upstream_body, upstream_idle,
            upstream_total; /* 0: none, for upstream_total only */
    } timeouts;
    struct {
        uint64_t head, fields, target, body;
        uint64_t min_body_rate; /* bytes a second after a grace of five seconds; 0: none */
    } limits;
    gh_upstream_config *upstreams;
    unsigned n_upstreams;
    struct {
        gh_str_list allowed; /* "api.example.com", "*.example.com", "*" */
    } hosts;
    struct {
        gh_cidr_list trusted_proxies;
        int source; /* enum gh_address_source */
    } client_address;
    struct {
        gh_str_list allowed;
    } methods;
    struct {
        int enabled;
        gh_str_list origins, methods, headers, expose;
        uint64_t max_age; /* seconds */
        int credentials;
    } cors;
    struct {
        int enabled;
        gh_headers_config set;
    } headers;
    struct {
        int enabled;
        uint64_t default_requests, default_window; /* the rule "default"; 0 requests: none */
        int headers;
        gh_str_list exempt_paths;
        gh_cidr_list bypass;
        uint64_t max_clients;
        uint64_t ipv6_prefix;
        uint64_t *ipv6_parents; /* shorter prefixes also counted */
        unsigned n_ipv6_parents;
        uint64_t ipv6_parent_factor; /* each parent's limit: this many times the child's */
        gh_str device_header;
        gh_str default_tier;
        int counting;   /* enum gh_counting, never LOCAL: it counts only with redis.url */
        int outage;     /* enum gh_outage */
        uint64_t lease; /* per cent */
        gh_rule_config *rules;
        unsigned n_rules;
    } rate_limits;
    struct {
        int mode;        /* enum gh_mode: of findings by the OpenAPI contract */
        uint64_t status; /* 422 or 400 */
        int errors;      /* enum gh_error_shape */
        uint64_t max_errors;
        uint64_t max_body, memory; /* of a body that is read whole; of all of them at a time */
        uint64_t max_depth, max_values, max_fields, max_parts;
        int formats;               /* enum gh_switch */
        int undeclared_parameters; /* enum gh_undeclared, without REPORT */
    } validation;
    struct {
        gh_str document;          /* of the first upstream; absent: none */
        gh_place place;           /* of document */
        gh_str prefix;            /* before the document's paths; absent: none */
        int undeclared_paths;     /* enum gh_undeclared */
        gh_str_list exempt_paths; /* need not be declared */
        int responses;            /* enum gh_switch: answers are compared, and only reported */
        int optional_null;        /* enum gh_switch: members that are not required may also be null */
    } openapi;
    gh_dangerous_config dangerous_content;
    gh_schema_config *schemas; /* for {$ref: "#/schemas/NAME"} in routes[].validate */
    unsigned n_schemas;
    gh_route_config *routes;
    unsigned n_routes;
    int unmatched; /* enum gh_unmatched: what no route names */
    struct {
        gh_str url; /* absent: every node counts for itself */
        gh_place url_place;
        gh_str password, ca_file, prefix;
        uint64_t timeout; /* ms */
        uint64_t nodes;   /* 0: as Redis knows */
    } redis;
    struct {
        gh_str url; /* absent: SQLite in data_folder */
        gh_place url_place;
        gh_str password, ca_file, cert_file, key_file;
        uint64_t connections;
        uint64_t timeout; /* ms */
    } postgresql;
    gh_identity_config identity;
    struct {
        int access; /* enum gh_switch */
        int format;
        gh_str file;            /* "-": standard output */
        uint64_t health_sample; /* one in so many health checks is logged */
        gh_str_list health_paths;
    } log;
} gh_config;

/* One text of configuration: a YAML file or a .env file, already read by the caller. */
typedef struct gh_config_source {
    enum { GH_SOURCE_YAML, GH_SOURCE_DOTENV } kind;
    const char *name; /* for messages */
    gh_str text;
} gh_config_source;

typedef struct gh_config_input {
    const gh_config_source *sources; /* later ones win; YAML first, .env after it */
    unsigned n_sources;
    const char *const *environment; /* "NAME=value", NULL at the end; wins over sources; may be NULL */
    gh_str upstream;                /* from the command line; absent: none. Wins over all. */
    gh_str_list listen;             /* from the command line */
    gh_str admin_listen;            /* from the command line */
    bool no_upstream;               /* none need be named: the library in a server of somebody else */
    gh_str openapi;                 /* openapi.document from the command line; absent: none */
    gh_read_secret_fn *read_secret; /* for "file:", "aws:" and *_FILE; NULL: they are errors */
    void *read_secret_data;
    const gh_arena_source *secret_source; /* memory for secrets, outlives the configuration; NULL: malloc */
    gh_read_document_fn *read_document;   /* see gh_config.read_document */
    void *read_document_data;
    gh_read_jwks_fn *read_jwks; /* see gh_config.read_jwks */
    void *read_jwks_data;
} gh_config_input;

/* Reads, merges and checks everything. NULL when the report holds an error; all errors found are in
 * the report, in the order of file and line. Warnings alone do not fail. */
GH_MUST_CHECK gh_config *gh_config_load(const gh_config_input *input, gh_report *report);
void gh_config_free(gh_config *config);
/* Each setting that says something else in `fresh` and takes effect with a restart only, by its path, so that nobody waits
 * for it. */
void gh_config_say_restarts(const gh_config *used, const gh_config *fresh,
                            void (*say)(void *data, const char *path), void *data);
/* Wipes our own keys: the policy has its own copies. They are read again for the next compilation, so that a configuration
 * that is compiled many times does not grow. */
void gh_config_forget_ring(gh_config *config);

#endif
