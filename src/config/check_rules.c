/* Rate limits. */
#include "config/load.h"

/* what: "rule generate", "rule generate, tier premium". */
static void check_rates(gh_load *l, const gh_rule_config *rule, const gh_rate_list *rates, const char *what)
{
    for (unsigned i = 0; i < rates->n; i++) {
        const gh_rate *rate = &rates->items[i];
        gh_place place = gh_load_place(l, rate);
        uint64_t depth =
            rule->algorithm == GH_ALGORITHM_TOKEN_BUCKET && rule->burst > 0 ? rule->burst : rate->requests;
        for (unsigned k = 0; k < i; k++)
            if (rate->window_ms == rates->items[k].window_ms)
                gh_load_error(l, &place, "%s: two limits have the same window; keep the smaller one", what);
        if (rule->weight > depth)
            gh_load_error(
                l, &place,
                "%s: no request could ever pass: each counts %llu (weight), and at most %llu are let through",
                what, (unsigned long long)rule->weight, (unsigned long long)depth);
    }
}

static void check_shape(gh_load *l, const gh_rule_config *rule)
{
    gh_place header = gh_load_place(l, &rule->header), scope = gh_load_place(l, &rule->scope),
             burst = gh_load_place(l, &rule->burst);
    int n = (int)rule->name.n;
    const char *p = rule->name.p;
    if (rule->scope == GH_SCOPE_HEADER && rule->header.p == NULL)
        gh_load_error(l, &scope,
                      "rule %.*s: scope header needs header, the name of the header whose values are counted",
                      n, p);
    if (rule->scope != GH_SCOPE_HEADER && rule->header.p != NULL)
        gh_load_error(l, &header, "rule %.*s: header has no effect without scope: header", n, p);
    if (rule->algorithm != GH_ALGORITHM_TOKEN_BUCKET && rule->burst > 0)
        gh_load_error(l, &burst, "rule %.*s: burst has no effect without algorithm: token_bucket", n, p);
}

struct exempt {
    gh_path_pattern *patterns;
    unsigned n;
};

static void check_exempt(gh_load *l, const gh_rule_config *rule, gh_str path, gh_place place,
                         const struct exempt *exempt)
{
    enum { ONE_PATTERN = 64 << 10 };
    gh_arena arena;
    gh_path_pattern pattern;
    gh_arena_init(&arena, NULL, 0, ONE_PATTERN);
    bool good = gh_check_pattern(&arena, path, &pattern), found = false;
    for (unsigned i = 0; i < exempt->n && good && !found; i++) {
        gh_str text = exempt->patterns[i].text;
        found = gh_path_pattern_covers(&exempt->patterns[i], &pattern);
        if (found)
            gh_load_error(l, &place,
                          "rule %.*s: %.*s is never counted: it is within %.*s of rate_limits.exempt_paths",
                          (int)rule->name.n, rule->name.p, (int)path.n, path.p, (int)text.n, text.p);
    }
    gh_arena_reset(&arena);
}

static struct exempt compile_exempt(gh_load *l)
{
    const gh_str_list *paths = &l->config->rate_limits.exempt_paths;
    struct exempt exempt = {gh_arena_array(&l->scratch, paths->n + 1u, sizeof(gh_path_pattern)), 0};
    if (exempt.patterns == NULL)
        gh_load_no_memory(l);
    for (unsigned i = 0; i < paths->n && exempt.patterns != NULL; i++)
        if (gh_check_pattern(&l->scratch, paths->items[i], &exempt.patterns[exempt.n]))
            exempt.n++;
    return exempt;
}

static void check_names(gh_load *l, unsigned at)
{
    const gh_config *c = l->config;
    const gh_rule_config *rule = &c->rate_limits.rules[at];
    gh_place place = gh_load_place(l, &rule->name);
    if (gh_str_eq(rule->name, GH_STR("default")))
        gh_load_error(l, &place, "the rule default is rate_limits.default; give this one another name");
    for (unsigned k = 0; k < at; k++)
        if (rule->name.n > 0 && gh_str_eq(rule->name, c->rate_limits.rules[k].name))
            gh_load_error(l, &place, "two rules have the name %.*s", (int)rule->name.n, rule->name.p);
}

static void check_rule(gh_load *l, unsigned at, const struct exempt *exempt)
{
    const gh_rule_config *rule = &l->config->rate_limits.rules[at];
    char what[192];
    gh_buf b = gh_buf_over(what, sizeof what - 1);
    check_names(l, at);
    check_shape(l, rule);
    gh_buf_printf(&b, "rule %.*s", (int)rule->name.n, rule->name.p);
    what[b.n] = '\0';
    check_rates(l, rule, &rule->limits, what);
    size_t n = b.n;
    for (unsigned i = 0; i < rule->n_tiers; i++) {
        const gh_tier_config *tier = &rule->tiers[i];
        b.n = n;
        gh_buf_printf(&b, ", tier %.*s", (int)tier->name.n, tier->name.p);
        what[b.n] = '\0';
        check_rates(l, rule, &tier->limits, what);
    }
    gh_check_let_in(l, "rule", rule->name, &rule->methods, &rule->hosts);
    for (unsigned i = 0; i < rule->paths.n; i++)
        check_exempt(l, rule, rule->paths.items[i], gh_load_place(l, &rule->paths.items[i]), exempt);
    if (rule->paths.n == 0)
        check_exempt(l, rule, GH_STR("/**"), rule->place, exempt);
}

/* Named rules say it themselves. */
static void check_all_exempt(gh_load *l)
{
    const gh_config *c = l->config;
    const gh_str_list *paths = &c->rate_limits.exempt_paths;
    for (unsigned i = 0; i < paths->n && c->rate_limits.n_rules == 0 && c->rate_limits.enabled != GH_OFF;
         i++) {
        gh_place place = gh_load_place(l, &paths->items[i]);
        if (gh_str_eq(paths->items[i], GH_STR("/**")))
            gh_load_error(l, &place,
                          "rate_limits.exempt_paths: with /** nothing is limited; if that is meant, set "
                          "rate_limits.enabled: off");
    }
}

static void check_default_tier(gh_load *l)
{
    const gh_config *c = l->config;
    gh_str wanted = c->rate_limits.default_tier;
    gh_nearest nearest = gh_nearest_to(wanted);
    char mean[GH_QUOTED_MAX];
    gh_place place = gh_load_place(l, &c->rate_limits.default_tier);
    bool any = false;
    for (unsigned i = 0; i < c->rate_limits.n_rules; i++)
        for (unsigned k = 0; k < c->rate_limits.rules[i].n_tiers; k++) {
            gh_str name = c->rate_limits.rules[i].tiers[k].name;
            if (gh_str_eq(name, wanted))
                return;
            any = true;
            gh_nearest_offer(&nearest, name);
        }
    /* Rules without a set for the tier use their own limits; "free", the default, may well be that. A
     * name that was chosen and that no rule knows is a slip of the pen. */
    if (any && wanted.p != NULL && !gh_str_eq(wanted, GH_STR("free")))
        gh_load_error(l, &place, "rate_limits.default_tier: no rule has a tier %.*s%s", (int)wanted.n,
                      wanted.p, gh_did_you_mean(gh_nearest_name(&nearest), mean));
}

static void check_prefixes(gh_load *l)
{
    const gh_config *c = l->config;
    uint64_t longer = c->rate_limits.ipv6_prefix;
    for (unsigned i = 0; i < c->rate_limits.n_ipv6_parents; i++) {
        gh_place place = gh_load_place(l, &c->rate_limits.ipv6_parents[i]);
        uint64_t prefix = c->rate_limits.ipv6_parents[i];
        if (place.file == NULL)
            place = gh_load_place(l, &c->rate_limits.ipv6_prefix);
        if (prefix >= longer)
            gh_load_error(
                l, &place,
                "rate_limits.ipv6_parents: %llu must be less than %llu: from %s on, each is shorter",
                (unsigned long long)prefix, (unsigned long long)longer, "rate_limits.ipv6_prefix");
        longer = prefix;
    }
}

void gh_check_rules(gh_load *l)
{
    const gh_config *c = l->config;
    const struct exempt exempt = compile_exempt(l);
    for (unsigned i = 0; i < c->rate_limits.n_rules; i++)
        check_rule(l, i, &exempt);
    check_all_exempt(l);
    check_default_tier(l);
    check_prefixes(l);
    if (l->per_minute.file != NULL && c->rate_limits.default_window != 60000)
        gh_load_warning(
            l, &l->per_minute,
            "the number of requests is named per minute, but rate_limits.default.window is %llu ms; that "
            "window is used",
            (unsigned long long)c->rate_limits.default_window);
}
