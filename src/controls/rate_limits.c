/* Rate limits: every rule that fits asks for its units, and all enforced rules are one all-or-nothing take.
 * A rule in observe mode is a take of its own: it never changes what another rule says. */
#include "controls/controls.h"

#include "controls/client_key.h"
#include "wire/field.h"
#include "wire/ratelimit_fields.h"

enum { FULL_RETRY_SECONDS = 10, RETRY_SECONDS_MAX = 31 * 86400 };

static bool applies(const gh_policy *policy)
{
    return policy->limits.enabled && policy->limits.n_rules > 0;
}

/* Services of one's own are told by their credential, not by an address that others may come from too. */
static bool has_bypass(const gh_txn *txn)
{
    unsigned i = gh_identity_permission(&txn->policy->identity, GH_STR("limits:bypass"));
    return i < GH_PERMISSIONS_MAX && gh_permission_in(&txn->principal.permissions, i);
}

static bool exempt(const gh_txn *txn)
{
    const gh_policy *p = txn->policy;
    for (unsigned i = 0; i < p->limits.n_exempt; i++)
        if (gh_path_pattern_match(&p->limits.exempt[i], txn->target.path, NULL))
            return true;
    if (txn->principal.proof != GH_PROOF_NONE && has_bypass(txn))
        return true;
    return p->limits.n_bypass > 0 && gh_cidr_any(p->limits.bypass, p->limits.n_bypass, &txn->client.ip);
}

/* The one value to count by. Several fields are none: an upstream may read another one than we count, and
 * who may choose what is counted is not limited at all. */
static gh_str header_value(const gh_txn *txn, uint16_t id, gh_str name)
{
    const gh_request *r = txn->request;
    gh_str value = {NULL, 0};
    unsigned n = 0;
    if (id != GH_FIELD_UNKNOWN && (r->seen & GH_FIELD_BIT(id)) == 0)
        return value;
    for (unsigned i = 0; i < r->n_fields; i++) {
        const gh_field *f = &r->fields[i];
        if (!gh_field_names_alike(f->name, name))
            continue;
        n++;
        if (gh_str_eq_nocase(f->name, name))
            value = f->value;
    }
    return n == 1 ? value : (gh_str){NULL, 0};
}

static const gh_limit_set *set_of(const gh_txn *txn, const gh_limit_rule *rule)
{
    gh_str tier = txn->principal.tier.n > 0 ? txn->principal.tier : txn->policy->limits.default_tier;
    for (unsigned i = 1; i < rule->n_sets; i++)
        if (tier.n > 0 && gh_str_eq(rule->sets[i].tier, tier))
            return &rule->sets[i];
    return &rule->sets[0];
}

static void add(gh_txn *txn, const gh_limit *limit, uint64_t key, gh_take_origin origin,
                const gh_limit_set *set)
{
    const gh_limit_rule *rule = &txn->policy->limits.rules[origin.rule];
    unsigned n = txn->n_takes++;
    uint8_t group = 0; /* all enforced rules: they come first */
    if (rule->observe) {
        bool none = n == txn->first_limit;
        bool first = none || txn->origins[n - 1].rule != origin.rule;
        group = (uint8_t)((none ? 0 : txn->takes[n - 1].group) + first);
    }
    txn->takes[n] = (gh_take){.limit = limit, .key = key, .weight = rule->weight, .group = group};
    txn->origins[n] = origin;
    txn->sets[n] = set;
}

static void add_parents(gh_txn *txn, uint16_t rule, const gh_limit_set *set)
{
    const gh_policy *p = txn->policy;
    for (unsigned k = 0; k < p->limits.n_ipv6_parents; k++) {
        uint64_t key = gh_client_key_of_ip(txn, p->limits.ipv6_parents[k]);
        for (uint8_t i = 0; i < set->n; i++)
            add(txn, &set->parents[k * set->n + i], key, (gh_take_origin){rule, i, true}, set);
    }
}

/* The key of what this rule counts; false when the request does not say. */
static bool scope_key(gh_txn *txn, const gh_limit_rule *rule, uint64_t *ret_key)
{
    gh_str value;
    switch (rule->scope) {
    case GH_SCOPE_IP:
        *ret_key = gh_client_key_of_ip(txn, txn->policy->limits.ipv6_prefix);
        return true;
    case GH_SCOPE_GLOBAL:
        *ret_key = gh_client_key(txn, rule->scope, (gh_str){"", 0});
        return true;
    case GH_SCOPE_DEVICE:
        if (txn->policy->identity.enabled) {
            /* What a header says counts for nothing where devices prove who they are. */
            *ret_key = gh_client_key_of_device(txn);
            return txn->principal.device != 0;
        }
        value = header_value(txn, txn->policy->limits.device_header_id, txn->policy->limits.device_header);
        break;
    case GH_SCOPE_HEADER:
        value = header_value(txn, rule->header_id, rule->header);
        break;
    case GH_SCOPE_USER:
    case GH_SCOPE_SESSION:
    case GH_SCOPE_API_KEY:
        if (!gh_client_key_of_principal(txn, rule->scope, ret_key))
            *ret_key = gh_client_key_of_ip(txn, txn->policy->limits.ipv6_prefix);
        return true;
    default:
        return false;
    }
    if (value.n == 0)
        return false;
    *ret_key = gh_client_key(txn, rule->scope, value);
    return true;
}

/* An observed rule would have refused. Rules are asked and judged in order, so its own takes come together. */
static void observe(gh_txn *txn, uint16_t r)
{
    unsigned n = txn->observed;
    if (n >= GH_COUNT(txn->observed_rules) || (n > 0 && txn->observed_rules[n - 1] == r))
        return;
    txn->observed_rules[n] = r;
    txn->observed = n + 1;
}

static void missing(gh_txn *txn, uint16_t r)
{
    const gh_limit_rule *rule = &txn->policy->limits.rules[r];
    bool device = rule->scope == GH_SCOPE_DEVICE;
    if (rule->observe) {
        observe(txn, r);
        return;
    }
    (void)gh_txn_refuse(txn, device ? GH_REASON_DEVICE_ID_REQUIRED : GH_REASON_LIMIT_HEADER_REQUIRED,
                        device ? "no device is known" : "no header to count by");
    txn->verdict.rule = rule->name;
}

/* Is there room for all takes of a rule? A limit that is not counted would be an open door, so for an
 * enforced rule the answer no is a refusal; an observed one steps back. */
static bool has_room(gh_txn *txn, const gh_limit_rule *rule, const gh_limit_set *set)
{
    bool parents = rule->scope == GH_SCOPE_IP && txn->client.ip.family == 6;
    unsigned n = set->n * (parents ? 1 + txn->policy->limits.n_ipv6_parents : 1);
    if (n <= GH_TAKES_MAX - (txn->n_takes - txn->first_limit))
        return true;
    if (!rule->observe)
        (void)gh_txn_refuse(txn, GH_REASON_INTERNAL_ERROR,
                            "more limits fit this request than one take holds");
    return false;
}

static void ask_rule(gh_txn *txn, uint16_t r, uint64_t *ip_key)
{
    const gh_limit_rule *rule = &txn->policy->limits.rules[r];
    uint64_t key = *ip_key;
    if (!(rule->scope == GH_SCOPE_IP && key != 0) && !scope_key(txn, rule, &key)) {
        missing(txn, r);
        return;
    }
    if (rule->scope == GH_SCOPE_IP)
        *ip_key = key;
    const gh_limit_set *set = set_of(txn, rule);
    if (!has_room(txn, rule, set))
        return;
    for (uint8_t i = 0; i < set->n; i++)
        add(txn, &set->limits[i], key, (gh_take_origin){r, i, false}, set);
    if (rule->scope == GH_SCOPE_IP && txn->client.ip.family == 6)
        add_parents(txn, r, set);
}

static void ask(gh_txn *txn)
{
    const gh_policy *p = txn->policy;
    if (exempt(txn))
        return;
    gh_method_set method = UINT32_C(1) << txn->method;
    uint64_t ip_key = 0;
    for (unsigned r = 0; r < p->limits.n_rules && txn->verdict.reason == GH_REASON_NONE; r++)
        if (gh_match_fits_spellings(&p->limits.rules[r].match, txn->authority.host, method, txn->target.path))
            ask_rule(txn, (uint16_t)r, &ip_key);
    /* A request that can't be counted is refused before it charges anything. */
    if (txn->verdict.reason != GH_REASON_NONE)
        txn->n_takes = txn->first_limit;
}

static uint64_t seconds_up(uint64_t ms)
{
    return ms / 1000 + (ms % 1000 != 0);
}

static enum gh_reason reason_of(enum gh_take_answer answer)
{
    switch (answer) {
    case GH_TAKE_FULL:
        return GH_REASON_CAPACITY_REDUCED;
    case GH_TAKE_UNAVAILABLE:
        return GH_REASON_LIMITS_UNAVAILABLE;
    case GH_TAKE_OK:
    case GH_TAKE_REFUSED:
        break;
    }
    return GH_REASON_RATE_LIMIT_EXCEEDED;
}

static uint64_t retry_seconds(const gh_take *take)
{
    uint64_t retry = take->answer == GH_TAKE_FULL ? FULL_RETRY_SECONDS : seconds_up(take->retry_ms);
    if (retry > RETRY_SECONDS_MAX)
        return RETRY_SECONDS_MAX; /* a request that weighs more than its limit never passes */
    return retry > 0 ? retry : 1;
}

static enum gh_judgement judge(gh_txn *txn)
{
    if (txn->verdict.reason != GH_REASON_NONE)
        return GH_STOP; /* found while asking: the device or header is missing */
    enum gh_judgement judgement = GH_PASS;
    for (unsigned i = txn->first_limit; i < txn->n_takes; i++) {
        const gh_take *take = &txn->takes[i];
        const gh_limit_rule *rule = &txn->policy->limits.rules[txn->origins[i].rule];
        if (take->answer == GH_TAKE_OK)
            continue;
        if (rule->observe) {
            if (take->answer != GH_TAKE_UNAVAILABLE) /* nobody knows what it would have said */
                observe(txn, txn->origins[i].rule);
            continue;
        }
        if (judgement == GH_PASS)
            judgement = gh_txn_refuse(txn, reason_of(take->answer), NULL);
        uint64_t retry = retry_seconds(take);
        if (txn->verdict.rule.p == NULL || retry > txn->verdict.retry_after) {
            txn->verdict.rule = rule->name;
            txn->verdict.limit = txn->sets[i]->names[txn->origins[i].limit];
            txn->verdict.retry_after = retry;
        }
    }
    return judgement;
}

static void put_policies(const gh_txn *txn, gh_buf *out)
{
    const gh_limit_set *last = NULL;
    gh_buf_lit(out, "RateLimit-Policy: ");
    for (unsigned i = txn->first_limit; i < txn->n_takes; i++) {
        if (txn->takes[i].group != 0 || txn->sets[i] == last)
            continue;
        if (last != NULL)
            gh_buf_lit(out, ", ");
        last = txn->sets[i];
        gh_buf_put(out, last->policy_value);
    }
    gh_buf_lit(out, "\r\n");
}

/* What clients are shown: the limits that count, without the IPv6 parents. */
static unsigned shown(const gh_txn *txn, gh_ratelimit_item *items)
{
    unsigned n = 0;
    for (unsigned i = txn->first_limit; i < txn->n_takes; i++) {
        const gh_take *take = &txn->takes[i];
        if (take->group != 0 || txn->origins[i].parent)
            continue;
        items[n++] = (gh_ratelimit_item){.name = txn->sets[i]->names[txn->origins[i].limit],
                                         .quota = take->limit->requests,
                                         .window_s = take->limit->window_ms / 1000,
                                         .remaining = take->remaining,
                                         .reset_s = seconds_up(take->reset_ms)};
    }
    return n;
}

static void reply(gh_txn *txn, gh_reply *r)
{
    enum gh_limit_headers style = txn->policy->limits.headers;
    if (txn->n_takes == txn->first_limit || txn->takes[txn->first_limit].group != 0 ||
        style == GH_LIMIT_HEADERS_OFF)
        return;
    r->drop |= GH_FIELD_BIT(GH_FIELD_RATELIMIT) | GH_FIELD_BIT(GH_FIELD_RATELIMIT_POLICY) |
               GH_FIELD_BIT(GH_FIELD_X_RATELIMIT);
    gh_ratelimit_item items[GH_TAKES_MAX];
    unsigned n = shown(txn, items);
    if (style != GH_LIMIT_HEADERS_X) {
        put_policies(txn, r->out);
        gh_buf_lit(r->out, "RateLimit: ");
        if (!gh_ratelimit_put(r->out, items, n))
            r->out->overflow = true; /* can't be: names and figures were checked at load */
        gh_buf_lit(r->out, "\r\n");
    }
    /* The older fields have room for one limit: the one with the least left. */
    if (style != GH_LIMIT_HEADERS_IETF && n > 0)
        gh_ratelimit_put_legacy(r->out, gh_ratelimit_tightest(items, n));
}

const gh_control gh_control_rate_limits = {
    .name = "rate_limits", .applies = applies, .ask = ask, .judge = judge, .reply = reply};
