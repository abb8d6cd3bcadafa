/* Counting in Redis: what all workers share of it, the key that all nodes count by, and each worker's part. */
#include "base/hash.h"
#include "edges/proxy/serving.h"

bool gh_serving_open_redis(gh_serving *s, const gh_config *config)
{
    static const gh_str *const scripts = gh_counters_scripts;
    char why[GH_REDIS_WHY_SIZE];
    if (config->redis.url.p == NULL)
        return true;
    const gh_redis_options options = {.url = config->redis.url,
                                      .password = config->redis.password,
                                      .ca_file = config->redis.ca_file,
                                      .prefix = config->redis.prefix,
                                      .timeout_ms = config->redis.timeout,
                                      .nodes = (unsigned)config->redis.nodes,
                                      .scripts = scripts,
                                      .n_scripts = GH_COUNTERS_SCRIPTS,
                                      .conditions = &s->conditions};
    s->redis = gh_redis_shared_new(&options, why);
    if (s->redis == NULL)
        return gh_serving_fail("start", why);
    if (gh_redis_is_exposed(s->redis))
        gh_log_event(s->lane, GH_LEVEL_WARNING, "redis_not_encrypted", "%s", gh_redis_exposed);
    s->counters = (gh_counters_shared){.state = s->executors.state, .redis = s->redis};
    return true;
}

/* One that comes with another URL is another server's or user's: it waits for the restart that the URL needs. */
void gh_serving_use_redis_password(gh_serving *s, const gh_config *config)
{
    if (s->redis == NULL || !gh_str_eq(s->first->config->redis.url, config->redis.url))
        return;
    switch (gh_redis_use_password(s->redis, config->redis.password)) {
    case GH_REDIS_PASSWORD_SAME:
    case GH_REDIS_PASSWORD_MISSING: /* such a configuration was refused when it was checked */
        break;
    case GH_REDIS_PASSWORD_CHANGED:
        gh_log_event(s->lane, GH_LEVEL_INFO, "redis_password_changed",
                     "redis.password is another one: the next connections to Redis are made with it");
        break;
    }
}

/* What other nodes may know of the key that this one counts by. */
static uint64_t fingerprint_of(const uint8_t key[GH_SIPHASH_KEY_SIZE])
{
    uint8_t bytes[8];
    uint64_t fingerprint = 0;
    gh_hkdf((gh_str){(const char *)key, GH_SIPHASH_KEY_SIZE}, GH_STR("limits fingerprint"), bytes,
            sizeof bytes);
    for (unsigned i = 0; i < sizeof bytes; i++)
        fingerprint = fingerprint << 8 | bytes[i];
    return fingerprint;
}

/* All nodes must come to the same key for the same client, also those that are started when secret_key has changed; by itself a
 * node's is random, and stays over a reload. */
void gh_serving_key(const gh_serving *s, gh_generation *g)
{
    if (s->redis == NULL || g->config->secret_key.p == NULL)
        memcpy(g->key, s->key, sizeof g->key);
    else
        gh_hkdf(g->config->secret_key, GH_STR("limits"), g->key, sizeof g->key);
    if (s->redis != NULL)
        gh_redis_use_fingerprint(s->redis, fingerprint_of(g->key));
}

bool gh_worker_open_counters(gh_worker *w, gh_counters_shared *shared)
{
    if (shared->redis == NULL)
        return true;
    w->redis = gh_redis_new(&w->loop, shared->redis, w->lane);
    w->counters = w->redis == NULL ? NULL : gh_counters_new(&w->loop, shared, w->redis);
    return w->counters != NULL;
}

void gh_worker_close_counters(gh_worker *w)
{
    if (w->counters == NULL)
        return;
    gh_redis_close(w->redis);
    gh_counters_close(w->counters);
}

static void put(gh_buf *out, const char *name, const char *kind, const char *help, uint64_t value)
{
    gh_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", name, help, name, kind, name,
                  (unsigned long long)value);
}

static void put_counters(const gh_counters_figures *f, gh_buf *out)
{
    put(out, "gatehouse_redis_questions_total", "counter", "Questions to Redis that requests waited for.",
        atomic_load(&f->asked));
    put(out, "gatehouse_redis_leases_total", "counter",
        "Questions to Redis for leases, and leases given back.", atomic_load(&f->leases));
    put(out, "gatehouse_redis_leased_total", "counter", "Limits that were counted from a lease.",
        atomic_load(&f->leased));
    put(out, "gatehouse_redis_remembered_total", "counter", "Requests refused by what Redis had said before.",
        atomic_load(&f->remembered));
    put(out, "gatehouse_redis_away_total", "counter", "Requests counted without Redis, because it was away.",
        atomic_load(&f->away));
}

static void put_connections(gh_redis_shared *redis, gh_buf *out)
{
    gh_redis_figures r;
    gh_redis_read_figures(redis, uv_hrtime() / 1000000, &r);
    put(out, "gatehouse_redis_connections_ready", "gauge", "Connections to Redis that are good.", r.ready);
    put(out, "gatehouse_redis_late_total", "counter", "Answers of Redis that missed redis.timeout.", r.late);
    put(out, "gatehouse_redis_unavailable_total", "counter", "Questions to Redis that were not answered.",
        r.unavailable);
    put(out, "gatehouse_nodes", "gauge", "Nodes that count in this Redis, as far as is known.", r.nodes);
    put(out, "gatehouse_nodes_other_secret", "gauge", "Of these, those that count with another secret_key.",
        r.other_secret);
}

static void add_up(const gh_serving *s, gh_counters_figures *sum)
{
    for (unsigned i = 0; i < s->n_workers; i++) {
        const gh_counters_figures *f = gh_counters_figures_of(s->workers[i].counters);
        atomic_fetch_add(&sum->asked, atomic_load(&f->asked));
        atomic_fetch_add(&sum->leases, atomic_load(&f->leases));
        atomic_fetch_add(&sum->leased, atomic_load(&f->leased));
        atomic_fetch_add(&sum->remembered, atomic_load(&f->remembered));
        atomic_fetch_add(&sum->away, atomic_load(&f->away));
    }
}

void gh_serving_put_redis(gh_serving *s, gh_buf *out)
{
    gh_counters_figures sum = {0};
    if (s->redis == NULL)
        return;
    add_up(s, &sum);
    put_connections(s->redis, out);
    put_counters(&sum, out);
}

void gh_serving_look_at_leases(const gh_serving *s, gh_status *ret)
{
    gh_counters_figures sum = {0};
    if (s->redis == NULL)
        return;
    add_up(s, &sum);
    ret->leases = atomic_load(&sum.leases);
    ret->leased = atomic_load(&sum.leased);
}
