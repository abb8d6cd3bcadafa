/* The policy: a configuration compiled for the request path.
 *
 * Immutable after it is built, shared by all threads, counted by reference. Everything in it lives
 * in its arena. Built by config/compile; read by controls, core and edges. */
#ifndef GH_MODEL_POLICY_H
#define GH_MODEL_POLICY_H

#include <gatehouse/policy.h>

#include "base/arena.h"
#include "base/ip.h"
#include "contract/input.h"
#include "model/choices.h"
#include "model/identity.h"
#include "model/limit.h"
#include "model/reason.h"
#include "wire/forwarded.h"
#include "wire/host_pattern.h"
#include "wire/path_pattern.h"

enum { GH_METHODS_MAX = 32, GH_CONTROLS_MAX = 32, GH_LIMITS_PER_SET = 8 };

typedef struct gh_control gh_control;

/* A set of allowed methods: bit i is policy->methods[i]. */
typedef uint32_t gh_method_set;

/* What a request must look like for a route or a rule to apply; empty parts match everything. */
typedef struct gh_match {
    gh_host_pattern *hosts;
    unsigned n_hosts;
    gh_method_set methods; /* 0: all */
    gh_path_pattern *paths;
    unsigned n_paths;
} gh_match;

/* One security header as a route sends it. */
typedef struct gh_security_header {
    uint16_t id;   /* enum gh_field_id */
    gh_str value;  /* absent: none is sent */
    gh_str line;   /* "Name: value\r\n" */
    bool tls_only; /* Strict-Transport-Security (RFC 6797 section 7.2) */
} gh_security_header;

enum { GH_SECURITY_HEADERS = 9 };

typedef struct gh_headers_policy {
    gh_security_header items[GH_SECURITY_HEADERS];
    gh_str block, block_tls; /* all lines at once, without and with those for TLS only */
    uint64_t seen;           /* bits of all ids in items, sent or not */
} gh_headers_policy;

/* contract/texts.h */
typedef struct gh_rewrite gh_rewrite;

/* What a route asks of its requests' input beyond HTTP. All zeros: nothing. */
typedef struct gh_input_policy {
    const gh_contract *contract; /* of the upstream's OpenAPI document; NULL: none */
    bool contract_missing;       /* there is to be one and it has not been got: nothing is let in */
    bool contract_observe;       /* findings by the contract are counted and logged, and do not refuse */
    const gh_operation *own;     /* the route's own `validate`; NULL: none */
    bool own_observe;
    gh_danger_set dangers; /* dangerous_content; 0: none */
    bool dangers_observe;
    size_t danger_length; /* code points, for too_long */
    gh_field_path *danger_fields;
    unsigned n_danger_fields;
    gh_rewrite *rewrites; /* sanitize */
    unsigned n_rewrites;
    bool texts_in_body; /* dangers or rewrites look into the body: it is read whole */
} gh_input_policy;

struct gh_route { /* typedef: model/identity.h */
    gh_str name;
    gh_match match;
    unsigned upstream; /* index of the configuration's upstreams */
    uint64_t max_body;
    gh_headers_policy headers;
    gh_input_policy input;
    gh_require require;
    const gh_endpoint *endpoint; /* of Gatehouse's own; NULL: the upstream answers */
};

/* Something of the policy's that is not in its arena, and how it goes. */
typedef struct gh_owned {
    struct gh_owned *next;
    void (*free)(void *data);
    void *data;
} gh_owned;

/* The limits of one tier in a rule, for IPv4 and everything else; parents are IPv6 only. */
typedef struct gh_limit_set {
    gh_str tier; /* absent: the rule's own */
    unsigned n;
    gh_limit limits[GH_LIMITS_PER_SET];
    gh_str names[GH_LIMITS_PER_SET]; /* in the RateLimit fields */
    gh_limit *parents;               /* n limits for each of the policy's ipv6_parents */
    gh_str policy_value;             /* RateLimit-Policy of this set, rendered at load */
} gh_limit_set;

typedef struct gh_limit_rule {
    gh_str name;
    gh_match match;
    enum gh_limit_scope scope;
    gh_str header; /* scope header: its name in lower case */
    uint16_t header_id;
    bool observe;
    uint32_t weight;
    gh_limit_set *sets; /* sets[0] is the rule's own */
    unsigned n_sets;
} gh_limit_rule;

typedef struct gh_cors_policy {
    bool enabled, any_origin, credentials;
    gh_str *origins; /* serialised, exact */
    unsigned n_origins;
    gh_method_set methods;
    gh_str *headers; /* lower case */
    unsigned n_headers;
    gh_str preflight_lines; /* Allow-Methods, Allow-Headers, Max-Age (and Credentials), as lines */
    gh_str simple_lines;    /* Expose-Headers (and Credentials), as lines */
} gh_cors_policy;

/* A reason's problem document, rendered at load around the decision id: what is before it, and what is
 * behind it but for the members of the one answer and the last brace. */
typedef struct gh_problem_text {
    gh_str before, after;
} gh_problem_text;

struct gh_policy { /* typedef: <gatehouse/policy.h> */
    gh_arena arena;
    _Atomic unsigned references;
    gh_owned *owned; /* freed with the policy, newest first */
    uint64_t max_clients;

    gh_str methods[GH_METHODS_MAX];
    unsigned n_methods;
    gh_method_set allowed_methods;
    gh_str allow_line; /* "Allow: GET, ...\r\n" */

    gh_host_pattern *hosts;
    unsigned n_hosts;

    gh_cidr *trusted_proxies;
    unsigned n_trusted_proxies;
    enum gh_address_source address_source;

    gh_cors_policy cors;
    bool headers_enabled;

    gh_route *routes; /* in order; the first that matches */
    unsigned n_routes;
    gh_route fallback; /* what no route names */
    bool unmatched_refused;

    struct {
        bool enabled;
        enum gh_limit_headers headers;
        gh_path_pattern *exempt;
        unsigned n_exempt;
        gh_cidr *bypass;
        unsigned n_bypass;
        uint8_t ipv6_prefix;
        uint8_t *ipv6_parents;
        unsigned n_ipv6_parents;
        uint16_t device_header_id;
        gh_str device_header; /* lower case */
        gh_str default_tier;
        gh_limit_rule *rules; /* enforced ones first, then the observed */
        unsigned n_rules;
    } limits;

    struct {
        unsigned status;     /* of findings: 422 or 400 */
        bool fastapi;        /* errors in the shape FastAPI's clients know */
        unsigned max_errors; /* at most GH_FINDINGS_MAX */
        uint64_t max_body;   /* bytes of a body that is read whole */
        uint64_t max_memory; /* bytes of all bodies that are held at a time, in the whole process */
        gh_input_limits limits;
        enum gh_undeclared undeclared; /* what no contract declares */
        gh_path_pattern *exempt;       /* paths that need not be declared */
        unsigned n_exempt;
        bool responses; /* answers are compared with the contract, and only reported */
    } input;

    gh_identity_policy identity;

    gh_problem_text problems[GH_REASON_COUNT];

    const gh_control *controls[GH_CONTROLS_MAX]; /* those in use, in the table's order */
    unsigned n_controls;
    uint8_t stage_starts[9]; /* controls of stage s: [stage_starts[s], stage_starts[s + 1]) */
};

gh_policy *gh_policy_new(void);
gh_policy *gh_policy_ref(gh_policy *policy);
/* Frees it with the last reference. NULL is fine. */
void gh_policy_unref(gh_policy *policy);

/* Takes data over: release(data) runs when the policy goes, before its arena does. False: no memory, it stays the
 * caller's. */
GH_MUST_CHECK bool gh_policy_own(gh_policy *policy, void *data, void (*release)(void *data));

/* The most memory that looking into one request's input may take, beside its body: four times the largest body that
 * is looked into, and 16 MiB. */
size_t gh_policy_scratch_cap(const gh_policy *policy);
/* Is it so of any route, the fallback and those of our own endpoints too? For controls that say whether they apply. */
bool gh_policy_any_route(const gh_policy *policy, bool (*so)(const gh_route *route));
/* The number of a method in the policy's table, or GH_METHODS_MAX. */
unsigned gh_policy_method(const gh_policy *policy, gh_str name);
/* Does the request part (host, method bit, path) fit? */
bool gh_match_fits(const gh_match *m, gh_str host, gh_method_set method, gh_str path);
/* The same with all spellings of the path, see gh_path_pattern_match_spellings(). */
bool gh_match_fits_spellings(const gh_match *m, gh_str host, gh_method_set method, gh_str path);

#endif
