/* Outside servers: what is said of them is kept for status and metrics, beside the line in the log. */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "edges/proxy/serve_check.h"
#include "edges/proxy/serving.h"
#include "edges/redis/shared.h"

void gh_serving_use_servers(gh_serving *s, const gh_config *config)
{
    if (config->identity.enabled == GH_ON && config->postgresql.url.p != NULL) {
        char where[GH_POSTGRES_WHERE];
        gh_serve_where_postgresql(config, where);
        gh_conditions_use(&s->conditions, GH_SERVER_POSTGRESQL, gh_str_of(where));
        if (s->identity.records != NULL)
            gh_conditions_ok(&s->conditions, GH_SERVER_POSTGRESQL);
    }
}

static bool is_shared(gh_serving *s)
{
    gh_condition c;
    gh_conditions_read(&s->conditions, GH_SERVER_POSTGRESQL, &c);
    return c.state != GH_CONDITION_UNUSED;
}

static void say(gh_serving *s, int level, const char *event, gh_str text)
{
    bool shared = is_shared(s);
    if (shared && strcmp(event, "records_unavailable") == 0) /* level 0: it still is, and why now */
        gh_conditions_lost(&s->conditions, level > 0 ? s->records_lane : NULL, GH_SERVER_POSTGRESQL, text,
                           text);
    else if (shared && strcmp(event, "records_recovered") == 0)
        gh_conditions_back(&s->conditions, s->records_lane, GH_SERVER_POSTGRESQL, text);
    else
        gh_log_event(s->records_lane, (enum gh_log_level)level, event, "%.*s", (int)text.n, text.p);
}

void gh_serving_records_said(void *data, int level, const char *event, const char *text)
{
    gh_serving *s = data;
    (void)pthread_mutex_lock(&s->said_lock);
    say(s, level, event, gh_str_of(text));
    (void)pthread_mutex_unlock(&s->said_lock);
}

static void look_at_records(gh_serving *s, gh_status *ret)
{
    gh_records_stats r;
    gh_roster_stats roster;
    uint64_t fillings;
    gh_records_read_stats(s->identity.records, &r);
    gh_roster_read_stats(s->identity.roster, &roster);
    ret->roster_age_ms = gh_records_age_ms(s->identity.records, &fillings);
    if (ret->roster_age_ms == UINT64_MAX) /* not since the start */
        ret->roster_age_ms = uv_hrtime() / 1000000;
    ret->sessions = roster.sessions;
    ret->keys = roster.keys;
    ret->devices = roster.devices;
    ret->shared = r.shared;
    ret->spool_lines = r.spool_lines;
    ret->spool_bytes = r.spool_bytes;
    ret->rotation_due_s = atomic_load(&s->identity.rotation_due_s);
}

static void look_at_limits(gh_serving *s, gh_status *ret)
{
    bool lost = ret->servers[GH_SERVER_REDIS].state == GH_CONDITION_UNAVAILABLE;
    ret->counted = s->redis == NULL ? GH_COUNTED_HERE : lost ? GH_COUNTED_SHARE : GH_COUNTED_REDIS;
    if (s->redis != NULL) {
        gh_redis_figures r;
        gh_redis_read_figures(s->redis, uv_hrtime() / 1000000, &r);
        ret->nodes = r.nodes;
        ret->other_secret = r.other_secret;
    } else if (!ret->shared) {
        ret->nodes = 1;
    }
}

void gh_serving_look(void *data, gh_status *ret)
{
    gh_serving *s = data;
    uint64_t now_s = (uint64_t)time(NULL);
    *ret = (gh_status){.started_s = s->started_s, .draining = atomic_load(&s->stopping)};
    if (gethostname(ret->node, sizeof ret->node - 1) != 0)
        ret->node[0] = '\0';
    ret->uptime_s = now_s > s->started_s ? now_s - s->started_s : 0;
    gh_serving_look_at_secrets(s);
    for (unsigned i = 0; i < GH_SERVER_COUNT; i++)
        gh_conditions_read(&s->conditions, (enum gh_server_kind)i, &ret->servers[i]);
    ret->identity = s->identity.records != NULL;
    if (ret->identity)
        look_at_records(s, ret);
    gh_serving_look_at_leases(s, ret);
    look_at_limits(s, ret);
}
