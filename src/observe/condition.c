#include "observe/condition.h"

#include <time.h>

static const struct {
    gh_str name, title;
} servers[GH_SERVER_COUNT] = {
#define X(id, name, title) {GH_STR_INIT(name), GH_STR_INIT(title)},
    GH_SERVERS(X)
#undef X
};

gh_str gh_server_name(enum gh_server_kind server)
{
    return servers[server].name;
}

gh_str gh_server_title(enum gh_server_kind server)
{
    return servers[server].title;
}

gh_str gh_condition_state_name(enum gh_condition_state state)
{
    switch (state) {
    case GH_CONDITION_UNUSED:
        return GH_STR("unused");
    case GH_CONDITION_UNTRIED:
        return GH_STR("untried");
    case GH_CONDITION_OK:
        return GH_STR("ok");
    case GH_CONDITION_UNAVAILABLE:
        return GH_STR("unavailable");
    }
    return GH_STR("");
}

static uint64_t wall_s(void)
{
    return (uint64_t)time(NULL);
}

static void keep(char to[GH_CONDITION_TEXT + 1], gh_str text)
{
    gh_buf b = gh_buf_over(to, GH_CONDITION_TEXT);
    gh_buf_put(&b, gh_str_cut(text, 0, GH_CONDITION_TEXT));
    to[b.n] = '\0';
}

/* reason absent: it stays. */
static void set(gh_conditions *all, enum gh_server_kind server, enum gh_condition_state state, gh_str reason)
{
    if (all == NULL)
        return;
    (void)pthread_mutex_lock(&all->lock);
    gh_condition *c = &all->servers[server];
    if (reason.p != NULL) {
        keep(c->reason, reason);
        c->failed_s = wall_s();
    }
    if (c->state != state) {
        c->outages += state == GH_CONDITION_UNAVAILABLE;
        c->state = state;
        c->since_s = wall_s();
    }
    (void)pthread_mutex_unlock(&all->lock);
}

static const gh_str none = {NULL, 0};

void gh_conditions_use(gh_conditions *all, enum gh_server_kind server, gh_str where)
{
    if (all == NULL)
        return;
    (void)pthread_mutex_lock(&all->lock);
    gh_condition *c = &all->servers[server];
    keep(c->where, where);
    if (c->state == GH_CONDITION_UNUSED)
        c->state = GH_CONDITION_UNTRIED;
    (void)pthread_mutex_unlock(&all->lock);
}

void gh_conditions_forget(gh_conditions *all, enum gh_server_kind server)
{
    set(all, server, GH_CONDITION_UNUSED, none);
}

void gh_conditions_ok(gh_conditions *all, enum gh_server_kind server)
{
    set(all, server, GH_CONDITION_OK, none);
}

void gh_conditions_failed(gh_conditions *all, enum gh_server_kind server, gh_str reason)
{
    if (all == NULL)
        return;
    (void)pthread_mutex_lock(&all->lock);
    keep(all->servers[server].reason, reason);
    all->servers[server].failed_s = wall_s();
    (void)pthread_mutex_unlock(&all->lock);
}

void gh_conditions_lost(gh_conditions *all, gh_log_lane *lane, enum gh_server_kind server, gh_str reason,
                        gh_str text)
{
    set(all, server, GH_CONDITION_UNAVAILABLE, reason);
    if (lane == NULL)
        return;
    switch (server) {
    case GH_SERVER_REDIS:
        gh_log_event(lane, GH_LEVEL_WARNING, "redis_unavailable", "%.*s", (int)text.n, text.p);
        break;
    case GH_SERVER_POSTGRESQL:
        gh_log_event(lane, GH_LEVEL_ERROR, "records_unavailable", "%.*s", (int)text.n, text.p);
        break;
    case GH_SERVER_AWS:
        gh_log_event(lane, GH_LEVEL_WARNING, "secrets_unavailable", "%.*s", (int)text.n, text.p);
        break;
    case GH_SERVER_COUNT:
        break;
    }
}

void gh_conditions_back(gh_conditions *all, gh_log_lane *lane, enum gh_server_kind server, gh_str text)
{
    set(all, server, GH_CONDITION_OK, none);
    if (lane == NULL)
        return;
    switch (server) {
    case GH_SERVER_REDIS:
        gh_log_event(lane, GH_LEVEL_INFO, "redis_recovered", "%.*s", (int)text.n, text.p);
        break;
    case GH_SERVER_POSTGRESQL:
        gh_log_event(lane, GH_LEVEL_INFO, "records_recovered", "%.*s", (int)text.n, text.p);
        break;
    case GH_SERVER_AWS:
        gh_log_event(lane, GH_LEVEL_INFO, "secrets_recovered", "%.*s", (int)text.n, text.p);
        break;
    case GH_SERVER_COUNT:
        break;
    }
}

void gh_conditions_read(gh_conditions *all, enum gh_server_kind server, gh_condition *ret)
{
    *ret = (gh_condition){.state = GH_CONDITION_UNUSED};
    if (all == NULL)
        return;
    (void)pthread_mutex_lock(&all->lock);
    *ret = all->servers[server];
    (void)pthread_mutex_unlock(&all->lock);
}

static void put_metric(gh_buf *out, const gh_condition *all, const char *name, const char *kind,
                       const char *help, bool up)
{
    bool any = false;
    for (unsigned i = 0; i < GH_SERVER_COUNT; i++) {
        if (all[i].state == GH_CONDITION_UNUSED)
            continue;
        if (!any)
            gh_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
        any = true;
        uint64_t value = up ? (uint64_t)(all[i].state == GH_CONDITION_OK) : all[i].outages;
        gh_buf_printf(out, "%s{server=\"%.*s\"} %llu\n", name, (int)servers[i].name.n, servers[i].name.p,
                      (unsigned long long)value);
    }
}

void gh_conditions_metrics(gh_conditions *all, gh_buf *out)
{
    gh_condition seen[GH_SERVER_COUNT];
    for (unsigned i = 0; i < GH_SERVER_COUNT; i++)
        gh_conditions_read(all, (enum gh_server_kind)i, &seen[i]);
    put_metric(out, seen, "gatehouse_server_up", "gauge", "Does the outside server answer?", true);
    put_metric(out, seen, "gatehouse_server_outages_total", "counter",
               "How often the outside server has become unavailable.", false);
}
