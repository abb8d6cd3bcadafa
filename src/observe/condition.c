#include "observe/condition.h"

#include <time.h>

#include "observe/log.h"

enum { SAID_MAX = 640 };

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

static uint64_t monotonic_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void lock(gh_conditions *all)
{
    (void)pthread_mutex_lock(&all->lock);
}

static void unlock(gh_conditions *all)
{
    (void)pthread_mutex_unlock(&all->lock);
}

static void keep(char to[GH_CONDITION_TEXT + 1], gh_str text)
{
    gh_buf b = gh_buf_over(to, GH_CONDITION_TEXT);
    gh_buf_put(&b, gh_str_cut(text, 0, GH_CONDITION_TEXT));
    to[b.n] = '\0';
}

static void put_server(gh_buf *out, enum gh_server_kind server, const gh_condition *c)
{
    gh_buf_put(out, servers[server].title);
    if (c->where[0] != '\0')
        gh_buf_printf(out, " at %s", c->where);
}

/* How long the outage was that is over; 0: there was none. */
static void put_recovery(gh_buf *out, uint64_t lasted_ms)
{
    gh_buf_lit(out, " answers");
    if (lasted_ms > 0)
        gh_buf_printf(out, " again after %llu.%03llu s", (unsigned long long)(lasted_ms / 1000),
                      (unsigned long long)(lasted_ms % 1000));
}

static void say(gh_conditions *all, enum gh_server_kind server, uint64_t lasted_ms)
{
    const gh_condition *c = &all->servers[server].seen;
    char text[SAID_MAX] = {0}; /* longer than what can be in it */
    gh_buf b = gh_buf_over(text, sizeof text - 1);
    if (all->said == NULL)
        return;
    put_server(&b, server, c);
    if (c->state == GH_CONDITION_OK) {
        put_recovery(&b, lasted_ms);
        all->said(all->said_data, GH_LEVEL_INFO, "server_ok", text);
    } else if (c->state == GH_CONDITION_UNAVAILABLE) {
        gh_buf_printf(&b, " is unavailable: %s", c->reason);
        all->said(all->said_data, GH_LEVEL_ERROR, "server_unavailable", text);
    }
}

static enum gh_condition_state state_of(const gh_condition_entry *e)
{
    if (e->seats == 0)
        return GH_CONDITION_UNUSED;
    if (e->unavailable > 0)
        return GH_CONDITION_UNAVAILABLE;
    return e->ok > 0 ? GH_CONDITION_OK : GH_CONDITION_UNTRIED;
}

/* After the seats have changed. */
static void settle(gh_conditions *all, enum gh_server_kind server)
{
    gh_condition_entry *e = &all->servers[server];
    enum gh_condition_state before = e->seen.state, now = state_of(e);
    if (before == now)
        return;
    uint64_t now_ms = monotonic_ms(), lasted_ms = now_ms - e->changed_ms;
    e->seen.state = now;
    e->seen.since_s = wall_s();
    e->changed_ms = now_ms;
    if (now == GH_CONDITION_UNAVAILABLE)
        e->seen.outages++;
    say(all, server, before == GH_CONDITION_UNAVAILABLE ? lasted_ms + (lasted_ms == 0) : 0);
}

/* Takes back what the seat has reported, and counts what it reports now. */
static void count(gh_condition_seat *seat, enum gh_condition_state now)
{
    gh_condition_entry *e = &seat->all->servers[seat->server];
    e->ok -= seat->state == GH_CONDITION_OK;
    e->unavailable -= seat->state == GH_CONDITION_UNAVAILABLE;
    e->ok += now == GH_CONDITION_OK;
    e->unavailable += now == GH_CONDITION_UNAVAILABLE;
    seat->state = now;
}

void gh_condition_join(gh_condition_seat *seat, gh_conditions *all, enum gh_server_kind server, gh_str where)
{
    *seat = (gh_condition_seat){.all = all, .server = server, .state = GH_CONDITION_UNTRIED};
    if (all == NULL)
        return;
    lock(all);
    gh_condition_entry *e = &all->servers[server];
    if (e->seats++ == 0)
        keep(e->seen.where, where);
    settle(all, server);
    unlock(all);
}

void gh_condition_ok(gh_condition_seat *seat)
{
    if (gh_likely(seat->state == GH_CONDITION_OK) || seat->all == NULL)
        return;
    lock(seat->all);
    count(seat, GH_CONDITION_OK);
    settle(seat->all, seat->server);
    unlock(seat->all);
}

void gh_condition_unavailable(gh_condition_seat *seat, gh_str reason)
{
    if (seat->all == NULL)
        return;
    lock(seat->all);
    gh_condition *seen = &seat->all->servers[seat->server].seen;
    keep(seen->reason, reason);
    seen->failed_s = wall_s();
    count(seat, GH_CONDITION_UNAVAILABLE);
    settle(seat->all, seat->server);
    unlock(seat->all);
}

void gh_condition_leave(gh_condition_seat *seat)
{
    if (seat->all == NULL)
        return;
    lock(seat->all);
    count(seat, GH_CONDITION_UNTRIED);
    seat->all->servers[seat->server].seats--;
    settle(seat->all, seat->server);
    unlock(seat->all);
    *seat = (gh_condition_seat){0};
}

void gh_conditions_tell(gh_conditions *all, gh_condition_said *said, void *data)
{
    lock(all);
    all->said = said;
    all->said_data = data;
    for (unsigned i = 0; i < GH_SERVER_COUNT; i++)
        if (all->servers[i].seen.state == GH_CONDITION_UNAVAILABLE)
            say(all, (enum gh_server_kind)i, 0);
    unlock(all);
}

void gh_conditions_read(gh_conditions *all, enum gh_server_kind server, gh_condition *ret)
{
    lock(all);
    *ret = all->servers[server].seen;
    unlock(all);
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
    lock(all);
    for (unsigned i = 0; i < GH_SERVER_COUNT; i++)
        seen[i] = all->servers[i].seen;
    unlock(all);
    put_metric(out, seen, "gatehouse_server_up", "gauge", "Does the outside server answer?", true);
    put_metric(out, seen, "gatehouse_server_outages_total", "counter",
               "How often the outside server has become unavailable.", false);
}
