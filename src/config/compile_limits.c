#include "base/crypto.h"
#include "config/compile.h"
#include "wire/field.h"
#include "wire/ratelimit_fields.h"

/* Not a secret: it only tells limits apart. The secret is the key of the counters. */
static const uint8_t identity_key[GH_SIPHASH_KEY_SIZE] = "gatehouse limits";

/* The same limit of the same rule keeps its counters over a reload; a changed one starts anew. */
static uint64_t identity(const gh_rule_config *rule, const gh_limit *limit, unsigned parent)
{
    char memory[1024];
    gh_buf b = gh_buf_over(memory, sizeof memory);
    gh_buf_put(&b, gh_str_cut(rule->name, 0, 512));
    gh_buf_printf(&b, "|%d|", rule->scope);
    if (rule->scope == GH_SCOPE_HEADER)
        gh_buf_put(&b, gh_str_cut(rule->header, 0, 256));
    gh_buf_printf(&b, "|%d|%llu|%llu|%llu|%u", (int)limit->kind, (unsigned long long)limit->requests,
                  (unsigned long long)limit->window_ms, (unsigned long long)limit->burst, parent);
    return gh_siphash64(identity_key, b.p, b.n);
}

/* A parent's figure: this many times the child's, and where a limit can't count so far, as far as it can. */
static uint64_t times(uint64_t units, uint64_t factor, uint64_t most)
{
    uint64_t product;
    if (factor == 1)
        return units; /* the child's own: gh_limit_compile() says what is wrong with it */
    return __builtin_mul_overflow(units, factor, &product) || product > most ? most : product;
}

/* Not part of the limit's identity: however it is counted, it is the same count. */
static void set_counting(const gh_config *config, const gh_rule_config *rule, gh_limit *limit)
{
    uint64_t lease = rule->lease > 0 ? rule->lease : config->rate_limits.lease;
    int counting = rule->counting >= 0 ? rule->counting : config->rate_limits.counting;
    int outage = rule->outage >= 0 ? rule->outage : config->rate_limits.outage;
    limit->counting = (uint8_t)(config->redis.url.p == NULL ? GH_COUNTING_LOCAL : counting);
    limit->outage = (uint8_t)outage;
    limit->lease_percent = (uint8_t)(lease < 1 || lease > 50 ? 5 : lease);
}

static bool compile_one(const gh_config *config, const gh_rule_config *rule, const gh_rate *rate,
                        uint64_t factor, unsigned parent, gh_limit *ret, gh_report *report)
{
    const char *why = NULL;
    bool bucket = rule->algorithm == GH_ALGORITHM_TOKEN_BUCKET;
    uint64_t burst = rule->burst > 0 ? rule->burst : rate->requests;
    *ret = (gh_limit){.kind = bucket ? GH_LIMIT_BUCKET : GH_LIMIT_SLIDING, .window_ms = rate->window_ms};
    ret->requests = times(rate->requests, factor, UINT32_MAX);
    if (bucket) {
        uint64_t most = (uint64_t)INT64_MAX / (rate->window_ms > 0 ? rate->window_ms : 1);
        ret->burst = times(burst, factor, most < UINT32_MAX ? most : UINT32_MAX);
    }
    ret->seed = identity(rule, ret, parent);
    set_counting(config, rule, ret);
    if (gh_limit_compile(ret, &why))
        return true;
    gh_report_error(report, rule->place.file, rule->place.line, rule->place.column,
                    "rate limit rule %.*s: %s", (int)rule->name.n, rule->name.p, why);
    return false;
}

static const char *window_name(uint64_t ms)
{
    static const struct {
        uint64_t ms;
        const char *name;
    } names[] = {{1000, "second"}, {60000, "minute"}, {3600000, "hour"}, {86400000, "day"}};
    for (size_t i = 0; i < GH_COUNT(names); i++)
        if (names[i].ms == ms)
            return names[i].name;
    return NULL;
}

/* What a limit is called in the RateLimit fields: the rule, and its window where there are several. */
static bool name_limit(gh_policy *p, const gh_rule_config *rule, const gh_limit_set *set, unsigned i,
                       gh_str *ret)
{
    char memory[256];
    gh_buf b = gh_buf_over(memory, sizeof memory);
    const char *window = window_name(set->limits[i].window_ms);
    gh_buf_put(&b, gh_str_cut(rule->name, 0, 128));
    if (set->n > 1 && window != NULL)
        gh_buf_printf(&b, "-%s", window);
    else if (set->n > 1)
        gh_buf_printf(&b, "-%llus", (unsigned long long)(set->limits[i].window_ms / 1000));
    return gh_compile_keep(p, &b, ret);
}

static bool render_policy(gh_policy *p, gh_limit_set *set)
{
    char memory[2048];
    gh_buf b = gh_buf_over(memory, sizeof memory);
    gh_ratelimit_item items[GH_LIMITS_PER_SET];
    for (unsigned i = 0; i < set->n; i++)
        items[i] = (gh_ratelimit_item){.name = set->names[i],
                                       .quota = set->limits[i].requests,
                                       .window_s = set->limits[i].window_ms / 1000};
    return gh_ratelimit_put_policy(&b, items, set->n) && gh_compile_keep(p, &b, &set->policy_value);
}

static bool compile_parents(gh_policy *p, const gh_config *config, const gh_rule_config *rule,
                            const gh_rate_list *rates, gh_limit_set *set, gh_report *report)
{
    unsigned n_parents = p->limits.n_ipv6_parents;
    set->parents = gh_arena_array(&p->arena, (size_t)n_parents * set->n + 1, sizeof(gh_limit));
    if (set->parents == NULL)
        return false;
    uint64_t factor = 1;
    for (unsigned k = 0; k < n_parents; k++) {
        factor *= config->rate_limits.ipv6_parent_factor;
        for (unsigned i = 0; i < set->n; i++)
            if (!compile_one(config, rule, &rates->items[i], factor, p->limits.ipv6_parents[k],
                             &set->parents[k * set->n + i], report))
                return false;
    }
    return true;
}

static bool compile_set(gh_policy *p, const gh_config *config, const gh_rule_config *rule,
                        const gh_rate_list *rates, gh_limit_set *set, gh_report *report)
{
    if (rates->n > GH_LIMITS_PER_SET) {
        gh_report_error(report, rule->place.file, rule->place.line, rule->place.column,
                        "rate limit rule %.*s: more than %d limits", (int)rule->name.n, rule->name.p,
                        GH_LIMITS_PER_SET);
        return false;
    }
    set->n = rates->n;
    for (unsigned i = 0; i < set->n; i++)
        if (!compile_one(config, rule, &rates->items[i], 1, 0, &set->limits[i], report))
            return false;
    for (unsigned i = 0; i < set->n; i++)
        if (!name_limit(p, rule, set, i, &set->names[i]))
            return false;
    if (!render_policy(p, set))
        return false;
    return rule->scope != GH_SCOPE_IP || compile_parents(p, config, rule, rates, set, report);
}

static bool lower_name(gh_policy *p, gh_str name, gh_str *ret)
{
    char *copy = gh_arena_alloc(&p->arena, name.n + 1);
    if (copy == NULL)
        return false;
    for (size_t i = 0; i < name.n; i++)
        copy[i] = gh_lower(name.p[i]);
    *ret = (gh_str){copy, name.n};
    return true;
}

static bool compile_rule(gh_policy *p, const gh_config *config, const gh_rule_config *from, gh_report *report)
{
    gh_limit_rule *to = &p->limits.rules[p->limits.n_rules++];
    to->name = from->name;
    to->scope = (enum gh_limit_scope)from->scope;
    to->observe = from->mode == GH_MODE_OBSERVE;
    to->weight = (uint32_t)(from->weight == 0 || from->weight > UINT32_MAX ? 1 : from->weight);
    to->header_id = (uint16_t)gh_field_classify(from->header);
    to->n_sets = 1 + from->n_tiers;
    to->sets = gh_arena_array(&p->arena, to->n_sets, sizeof *to->sets);
    if (to->sets == NULL || !lower_name(p, from->header, &to->header))
        return false;
    if (!gh_compile_match(p, &from->hosts, &from->methods, &from->paths, &to->match, report, &from->place) ||
        !compile_set(p, config, from, &from->limits, &to->sets[0], report))
        return false;
    for (unsigned i = 0; i < from->n_tiers; i++) {
        to->sets[i + 1].tier = from->tiers[i].name;
        if (!compile_set(p, config, from, &from->tiers[i].limits, &to->sets[i + 1], report))
            return false;
    }
    return true;
}

static bool compile_parents_list(gh_policy *p, const gh_config *config)
{
    unsigned n = config->rate_limits.n_ipv6_parents;
    p->limits.ipv6_prefix = (uint8_t)config->rate_limits.ipv6_prefix;
    p->limits.ipv6_parents = gh_arena_array(&p->arena, n + 1, 1);
    for (unsigned i = 0; p->limits.ipv6_parents != NULL && i < n; i++)
        p->limits.ipv6_parents[i] = (uint8_t)config->rate_limits.ipv6_parents[i];
    p->limits.n_ipv6_parents = n;
    return p->limits.ipv6_parents != NULL;
}

/* Enforced rules first, so that their takes are one group. */
static bool compile_rules(gh_policy *p, const gh_config *config, gh_report *report)
{
    gh_rate rate = {config->rate_limits.default_requests, config->rate_limits.default_window};
    gh_rule_config basic = {.name = GH_STR("default"),
                            .scope = GH_SCOPE_IP,
                            .limits = {&rate, 1},
                            .weight = 1,
                            .counting = -1,
                            .outage = -1};
    bool good = true;
    if (rate.requests > 0)
        good = compile_rule(p, config, &basic, report);
    for (int mode = GH_MODE_ENFORCE; mode <= GH_MODE_OBSERVE; mode++)
        for (unsigned i = 0; i < config->rate_limits.n_rules; i++)
            if (config->rate_limits.rules[i].mode == mode)
                good = compile_rule(p, config, &config->rate_limits.rules[i], report) && good;
    return good;
}

/* How many takes one request can need for this rule: its parents count with every limit. */
static unsigned takes_of(const gh_policy *p, const gh_limit_rule *rule)
{
    unsigned most = 0;
    for (unsigned i = 0; i < rule->n_sets; i++)
        most = rule->sets[i].n > most ? rule->sets[i].n : most;
    return rule->scope == GH_SCOPE_IP ? most * (1 + p->limits.n_ipv6_parents) : most;
}

static bool hosts_cover(const gh_match *a, const gh_match *b)
{
    for (unsigned i = 0; i < b->n_hosts; i++) {
        bool covered = false;
        for (unsigned k = 0; k < a->n_hosts && !covered; k++)
            covered = gh_host_pattern_covers(&a->hosts[k], &b->hosts[i]);
        if (!covered)
            return false;
    }
    return b->n_hosts > 0;
}

/* Does a count every request with the method for the path that b counts? NULL: for any path. */
static bool counts_too(const gh_match *a, const gh_match *b, const gh_path_pattern *path,
                       gh_method_set method)
{
    if (a->methods != 0 && (a->methods & method) == 0)
        return false;
    if (a->n_hosts > 0 && !hosts_cover(a, b))
        return false;
    for (unsigned i = 0; i < a->n_paths; i++) {
        const gh_path_pattern *own = &a->paths[i];
        if (path == NULL ? own->rest && own->n_segments == 0 : gh_path_pattern_covers(own, path))
            return true;
    }
    return a->n_paths == 0;
}

/* The most takes of any method. */
static unsigned takes_for(const gh_policy *p, const gh_limit_rule *rule, const gh_path_pattern *path)
{
    gh_method_set left = p->allowed_methods & (rule->match.methods != 0 ? rule->match.methods : UINT32_MAX);
    unsigned most = 0;
    for (; left != 0; left &= left - 1) {
        unsigned n = takes_of(p, rule);
        for (unsigned i = 0; i < p->limits.n_rules; i++) {
            const gh_limit_rule *other = &p->limits.rules[i];
            if (other != rule && !other->observe &&
                counts_too(&other->match, &rule->match, path, left & (~left + 1)))
                n += takes_of(p, other);
        }
        most = n > most ? n : most;
    }
    return most;
}

/* What can be known at load of requests that would need more takes than there is room for, and so would be
 * refused every time: a rule beside those that count all that it counts. */
static bool check_room(const gh_policy *p, gh_report *report)
{
    bool good = true;
    unsigned all = 0;
    for (unsigned i = 0; i < p->limits.n_rules; i++)
        all += takes_of(p, &p->limits.rules[i]);
    for (unsigned i = 0; i < p->limits.n_rules && all > GH_TAKES_MAX; i++) {
        const gh_limit_rule *rule = &p->limits.rules[i];
        unsigned most = rule->match.n_paths == 0 ? takes_for(p, rule, NULL) : 0;
        for (unsigned k = 0; k < rule->match.n_paths; k++) {
            unsigned n = takes_for(p, rule, &rule->match.paths[k]);
            most = n > most ? n : most;
        }
        if (most <= GH_TAKES_MAX)
            continue;
        gh_report_error(
            report, NULL, 0, 0,
            "rate limit rule %.*s: with the other rules that count its requests it makes %u limits for one IPv6 "
            "client, each of ipv6_parents counted; at most %d are possible",
            (int)rule->name.n, rule->name.p, most, GH_TAKES_MAX);
        good = false;
    }
    return good;
}

bool gh_compile_limits(gh_policy *p, const gh_config *config, gh_report *report)
{
    static const gh_place nowhere = {NULL, 0, 0};
    unsigned errors = report->errors;
    p->limits.enabled = config->rate_limits.enabled != GH_OFF;
    p->limits.headers = (enum gh_limit_headers)config->rate_limits.headers;
    p->limits.bypass = config->rate_limits.bypass.items;
    p->limits.n_bypass = config->rate_limits.bypass.n;
    p->limits.default_tier = config->rate_limits.default_tier;
    p->limits.n_exempt = config->rate_limits.exempt_paths.n;
    p->limits.device_header_id = (uint16_t)gh_field_classify(config->rate_limits.device_header);
    p->limits.rules = gh_arena_array(&p->arena, config->rate_limits.n_rules + 1, sizeof *p->limits.rules);
    bool good = p->limits.rules != NULL && compile_parents_list(p, config) &&
                lower_name(p, config->rate_limits.device_header, &p->limits.device_header) &&
                gh_compile_paths(p, &config->rate_limits.exempt_paths, &p->limits.exempt, report, &nowhere) &&
                compile_rules(p, config, report) && check_room(p, report);
    if (!good && report->errors == errors)
        gh_report_error(report, NULL, 0, 0,
                        "rate_limits: out of memory, or a name too long for a header field");
    return good;
}
