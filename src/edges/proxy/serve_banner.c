#include "edges/proxy/serve_banner.h"

static void put_list(gh_buf *out, const char *what, const gh_str_list *list)
{
    gh_buf_printf(out, "  %-12s", what);
    for (unsigned i = 0; i < list->n; i++) {
        if (i > 0)
            gh_buf_lit(out, ", ");
        gh_buf_put(out, list->items[i]);
    }
    gh_buf_lit(out, "\n");
}

static void put_trusted(gh_buf *out, const gh_cidr_list *nets)
{
    gh_buf_printf(out, "  %-12s", "trusts");
    if (nets->n == 0)
        gh_buf_lit(out, "no proxy: the peer is the client");
    for (unsigned i = 0; i < nets->n; i++) {
        if (i > 0)
            gh_buf_lit(out, ", ");
        gh_ip_format(&nets->items[i].base, out);
        gh_buf_printf(out, "/%u", nets->items[i].prefix);
    }
    gh_buf_lit(out, "\n");
}

void gh_banner_write(const gh_config *config, unsigned workers, gh_buf *out)
{
    bool production = config->profile == GH_PROFILE_PRODUCTION;
    gh_buf_printf(out, "Gatehouse %s, %s profile, %u worker%s\n", GH_VERSION,
                  production ? "production" : "development", workers, workers == 1 ? "" : "s");
    put_list(out, "listens on", &config->server.listen);
    for (unsigned i = 0; i < config->n_upstreams; i++)
        put_list(out, i == 0 ? "protects" : "", &config->upstreams[i].servers);
    put_list(out, "hosts", &config->hosts.allowed);
    put_trusted(out, &config->client_address.trusted_proxies);
    if (config->rate_limits.enabled == GH_OFF)
        gh_buf_printf(out, "  %-12s%s\n", "limits", "off");
    else
        gh_buf_printf(out, "  %-12s%llu requests in %llu s per address, %u rules\n", "limits",
                      (unsigned long long)config->rate_limits.default_requests,
                      (unsigned long long)config->rate_limits.default_window / 1000,
                      config->rate_limits.n_rules);
    if (!gh_str_eq(config->admin.listen, GH_STR("off"))) {
        gh_buf_printf(out, "  %-12s", "admin");
        gh_buf_put(out, config->admin.listen);
        gh_buf_lit(out, " (/metrics, /healthz, /readyz)\n");
    }
}

void gh_banner_metrics(const gh_generation *g, gh_state *state, uint64_t now_ms, gh_buf *out)
{
    gh_state_stats stats;
    gh_state_read_stats(state, now_ms, &stats);
    gh_buf_printf(out,
                  "# HELP gatehouse_build_info The running version.\n# TYPE gatehouse_build_info gauge\n"
                  "gatehouse_build_info{version=\"%s\"} 1\n",
                  GH_VERSION);
    gh_buf_printf(out,
                  "# HELP gatehouse_limit_entries Counters in use.\n# TYPE gatehouse_limit_entries gauge\n"
                  "gatehouse_limit_entries %llu\n"
                  "# HELP gatehouse_limit_slots Places for counters.\n# TYPE gatehouse_limit_slots gauge\n"
                  "gatehouse_limit_slots %llu\n"
                  "# HELP gatehouse_limit_evicted_total Counters that made room for others.\n"
                  "# TYPE gatehouse_limit_evicted_total counter\ngatehouse_limit_evicted_total %llu\n",
                  (unsigned long long)stats.live, (unsigned long long)stats.slots,
                  (unsigned long long)stats.evicted);
    gh_buf_printf(out,
                  "# HELP gatehouse_limit_full_total Clients for whose counters there was no place.\n"
                  "# TYPE gatehouse_limit_full_total counter\ngatehouse_limit_full_total %llu\n",
                  (unsigned long long)stats.full);
    gh_buf_lit(out,
               "# HELP gatehouse_upstream_up Is the server in use?\n# TYPE gatehouse_upstream_up gauge\n");
    for (unsigned u = 0; u < g->n_upstreams; u++)
        for (unsigned i = 0; i < g->upstreams[u].n_servers; i++)
            gh_buf_printf(out, "gatehouse_upstream_up{upstream=\"%.*s\",server=\"%s\"} %d\n",
                          (int)g->upstreams[u].config->name.n, g->upstreams[u].config->name.p,
                          g->upstreams[u].servers[i]->name,
                          gh_server_out(g->upstreams[u].servers[i], now_ms) ? 0 : 1);
}

/* Does a route to this upstream wait for its OpenAPI document? */
static bool waits_for_contract(const gh_policy *policy, unsigned upstream)
{
    bool waits = policy->fallback.input.contract_missing && policy->fallback.upstream == upstream;
    for (unsigned i = 0; i < policy->n_routes; i++)
        waits = waits || (policy->routes[i].input.contract_missing && policy->routes[i].upstream == upstream);
    return waits;
}

bool gh_banner_ready(const gh_generation *g, bool draining, uint64_t now_ms, gh_buf *out)
{
    if (draining) {
        gh_buf_lit(out, "draining\n");
        return false;
    }
    bool ready = true;
    for (unsigned u = 0; u < g->n_upstreams; u++) {
        bool any = false;
        for (unsigned i = 0; i < g->upstreams[u].n_servers; i++)
            any = any || !gh_server_out(g->upstreams[u].servers[i], now_ms);
        if (!any)
            gh_buf_printf(out, "upstream %.*s: no server can be used\n", (int)g->upstreams[u].config->name.n,
                          g->upstreams[u].config->name.p);
        bool waits = waits_for_contract(g->policy, u);
        if (waits)
            gh_buf_printf(out, "upstream %.*s: its OpenAPI document is missing\n",
                          (int)g->upstreams[u].config->name.n, g->upstreams[u].config->name.p);
        ready = ready && any && !waits;
    }
    if (ready)
        gh_buf_lit(out, "ready\n");
    return ready;
}
