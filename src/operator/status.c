/* `status`: a server and what it needs, and which keys are still in use. */
#include "operator/status.h"

#include "identity/answer.h"
#include "operator/errand.h"
#include "operator/table.h"

enum {
    SERVER_ROOM = 512 + 12 * GH_CONDITION_TEXT,
    WHOLE_ROOM = 4096,
    CELL = 192,
    DAY = 86400,
    HOUR = 3600,
    MINUTE = 60
};

/* Everything that is shown. */
typedef struct report {
    gh_status status;
    bool running; /* else `status` is empty */
    gh_generation_use *uses;
    unsigned n_uses;
    bool counted; /* false: the records could not be asked */
} report;

/* Who looks at a stopped server has its records. */
static bool has_identity(const report *r)
{
    return !r->running || r->status.identity;
}

static const char *state_of(const gh_generation_use *use, bool in_force)
{
    static const char *const names[] = {"next", "active", "retiring"};
    if (!in_force)
        return "kept";
    return use->state < GH_COUNT(names) ? names[use->state] : "?";
}

/* The end of its overlap; 0: it has none yet. */
static uint64_t until_s(const gh_errand *o, const gh_generation_use *use)
{
    return use->state == GH_KEY_RETIRING ? use->changed_s + o->identity->rotation.overlap_s : 0;
}

static bool is_in_force(const gh_errand *o, const gh_generation_use *use)
{
    uint64_t end_s = until_s(o, use);
    return end_s == 0 || end_s > o->now_s;
}

/* --- for programs */

static const char *counted_name(enum gh_counted counted)
{
    switch (counted) {
    case GH_COUNTED_HERE:
        return "here";
    case GH_COUNTED_REDIS:
        return "redis";
    case GH_COUNTED_SHARE:
        return "share";
    }
    return "?";
}

static void put_nodes(gh_buf *out, unsigned nodes)
{
    if (nodes != 0) {
        gh_member_number(out, "nodes", nodes);
        return;
    }
    gh_member(out, "nodes");
    gh_buf_lit(out, "null");
}

static void server_json(gh_errand *o, enum gh_server_kind server, const gh_condition *c, bool first)
{
    gh_buf *out = gh_text_room(o->out, SERVER_ROOM);
    gh_buf_put(out, first ? GH_STR("\n{") : GH_STR(",\n{"));
    gh_member_text(out, "server", gh_server_name(server));
    gh_member_text(out, "state", gh_condition_state_name(c->state));
    gh_member_word(out, "where", gh_str_of(c->where));
    gh_member_time(out, "since", c->since_s);
    gh_member_number(out, "outages", c->outages);
    gh_member_word(out, "last_error", gh_str_of(c->reason));
    gh_member_time(out, "last_error_at", c->failed_s);
    gh_buf_char(out, '}');
}

static void servers_json(gh_errand *o, const gh_status *s)
{
    bool first = true;
    gh_text_lit(o->out, ",\"servers\":[");
    for (unsigned i = 0; i < GH_SERVER_COUNT; i++) {
        if (s->servers[i].state == GH_CONDITION_UNUSED)
            continue;
        server_json(o, (enum gh_server_kind)i, &s->servers[i], first);
        first = false;
    }
    gh_text_lit(o->out, "]");
}

static void records_json(gh_errand *o, const gh_status *s)
{
    gh_buf *out = gh_text_room(o->out, WHOLE_ROOM);
    gh_buf_lit(out, ",\"roster\":{");
    gh_member_number(out, "age_ms", s->roster_age_ms);
    gh_member_number(out, "sessions", s->sessions);
    gh_member_number(out, "api_keys", s->keys);
    gh_member_number(out, "devices", s->devices);
    gh_buf_lit(out, "},\"records\":{");
    gh_member_text(out, "store", s->shared ? GH_STR("postgresql") : GH_STR("sqlite"));
    gh_buf_lit(out, "},\"audit_spool\":{");
    gh_member_number(out, "lines", s->spool_lines);
    gh_member_number(out, "bytes", s->spool_bytes);
    gh_buf_char(out, '}');
}

/* Not "{}": nobody can then take it for a server whose people are gone. */
static void put_no_records(gh_errand *o, const gh_status *s)
{
    (void)s;
    gh_text_lit(o->out, ",\"roster\":null,\"records\":null,\"audit_spool\":null");
}

static void leases_json(gh_errand *o, const gh_status *s)
{
    gh_buf *out = gh_text_room(o->out, WHOLE_ROOM);
    gh_buf_lit(out, ",\"leases\":{");
    gh_member_number(out, "questions", s->leases);
    gh_member_number(out, "limits_counted", s->leased);
    gh_buf_char(out, '}');
}

static void generation_json(gh_errand *o, const gh_generation_use *use, bool first)
{
    gh_buf *out = gh_text_room(o->out, WHOLE_ROOM);
    bool in_force = is_in_force(o, use);
    gh_buf_put(out, first ? GH_STR("\n{") : GH_STR(",\n{"));
    gh_member_number(out, "generation", use->id);
    gh_member_text(out, "state", gh_str_of(state_of(use, in_force)));
    gh_member_time(out, "created_at", use->created_s);
    gh_member_time(out, "changed_at", use->changed_s);
    gh_member_time(out, "in_force_until", until_s(o, use));
    gh_member_number(out, "sessions", use->sessions);
    gh_member_number(out, "api_keys", use->keys);
    gh_member_number(out, "devices", use->devices);
    gh_buf_char(out, '}');
}

static void keys_json(gh_errand *o, const report *r)
{
    gh_buf *out = gh_text_room(o->out, WHOLE_ROOM);
    gh_buf_lit(out, ",\"keys\":{");
    gh_member_time(out, "rotation_due_at", r->status.rotation_due_s);
    gh_member(out, "generations");
    gh_buf_put(out, r->counted ? GH_STR("[") : GH_STR("null"));
    for (unsigned i = 0; i < r->n_uses; i++)
        generation_json(o, &r->uses[i], i == 0);
    gh_text_put(o->out, r->counted ? GH_STR("]}") : GH_STR("}"));
}

static void put_json(gh_errand *o, const report *r)
{
    const gh_status *s = &r->status;
    gh_buf *out = gh_text_room(o->out, WHOLE_ROOM);
    gh_buf_char(out, '{');
    gh_member_text(out, "version", GH_STR(GH_VERSION));
    gh_member_bool(out, "running", r->running);
    if (r->running) {
        gh_member_bool(out, "draining", s->draining);
        gh_member_text(out, "node", gh_str_of(s->node));
        gh_member_time(out, "started_at", s->started_s);
        gh_member_number(out, "uptime", s->uptime_s);
        put_nodes(out, s->nodes);
        gh_member_number(out, "nodes_other_secret", s->other_secret);
        gh_member_text(out, "limits_counted", gh_str_of(counted_name(s->counted)));
        leases_json(o, s);
        servers_json(o, s);
        (s->identity ? records_json : put_no_records)(o, s);
    }
    if (has_identity(r))
        keys_json(o, r);
    else
        gh_text_lit(o->out, ",\"keys\":null");
    gh_text_lit(o->out, "}\n");
}

/* --- for people */

typedef struct line {
    gh_table *table;
    char memory[CELL + GH_CONDITION_TEXT];
    gh_buf b;
} line;

static gh_buf *begin(line *l, gh_table *table, gh_str name)
{
    l->table = table;
    l->b = gh_buf_over(l->memory, sizeof l->memory);
    gh_table_cell(table, name);
    return &l->b;
}

/* The table copies nothing: the cell goes into its arena. */
static void end(line *l)
{
    gh_table_cell(l->table, gh_arena_copy(l->table->arena, gh_buf_str(&l->b)));
}

static void put_span(gh_buf *out, uint64_t s)
{
    if (s >= DAY)
        gh_buf_printf(out, "%llu d ", (unsigned long long)(s / DAY));
    if (s >= HOUR)
        gh_buf_printf(out, "%llu h ", (unsigned long long)(s % DAY / HOUR));
    gh_buf_printf(out, "%llu min", (unsigned long long)(s % HOUR / MINUTE));
}

static void put_counted(gh_buf *out, const gh_status *s)
{
    switch (s->counted) {
    case GH_COUNTED_HERE:
        gh_buf_lit(out, "counted by this node for itself");
        break;
    case GH_COUNTED_REDIS:
        gh_buf_lit(out, "counted in Redis for all nodes together");
        break;
    case GH_COUNTED_SHARE:
        gh_buf_printf(out, "without Redis: 1/%u of each here, where the rule's outage is local", s->nodes);
        break;
    }
}

static void server_text(gh_table *t, line *l, enum gh_server_kind server, const gh_condition *c)
{
    gh_buf *out = begin(l, t, gh_server_title(server));
    gh_buf_put(out, gh_condition_state_name(c->state));
    if (c->where[0] != '\0')
        gh_buf_printf(out, ", %s", c->where);
    if (c->state == GH_CONDITION_UNAVAILABLE) {
        gh_buf_lit(out, ", since ");
        gh_time_put(out, c->since_s);
    }
    end(l);
    if (c->reason[0] == '\0')
        return;
    out = begin(l, t, GH_STR("  last error"));
    gh_time_put(out, c->failed_s);
    gh_buf_printf(out, " %s", c->reason);
    end(l);
}

static void records_text(gh_table *t, line *l, const gh_status *s)
{
    gh_buf *out = begin(l, t, GH_STR("roster"));
    gh_buf_printf(out, "%llu.%03u s old: %llu sessions, %llu API keys, %llu devices",
                  (unsigned long long)(s->roster_age_ms / 1000), (unsigned)(s->roster_age_ms % 1000),
                  (unsigned long long)s->sessions, (unsigned long long)s->keys,
                  (unsigned long long)s->devices);
    end(l);
    if (s->shared) {
        out = begin(l, t, GH_STR("audit spool"));
        gh_buf_printf(out, "%llu lines, %llu bytes", (unsigned long long)s->spool_lines,
                      (unsigned long long)s->spool_bytes);
        end(l);
    }
}

static void leases_text(gh_table *t, line *l, const gh_status *s)
{
    gh_buf *out = begin(l, t, GH_STR("leases"));
    gh_buf_printf(out, "%llu limits counted from one, %llu questions to Redis for one",
                  (unsigned long long)s->leased, (unsigned long long)s->leases);
    end(l);
}

static void running_text(gh_errand *o, const gh_status *s)
{
    line l;
    gh_table t = gh_table_of(&o->arena, NULL, 2);
    gh_buf *out = begin(&l, &t, GH_STR("version"));
    gh_buf_lit(out, GH_VERSION);
    end(&l);
    out = begin(&l, &t, GH_STR("running"));
    put_span(out, s->uptime_s);
    gh_buf_lit(out, ", since ");
    gh_time_put(out, s->started_s);
    gh_buf_put(out, s->draining ? GH_STR(", and is stopping") : GH_STR(""));
    end(&l);
    out = begin(&l, &t, GH_STR("node"));
    gh_buf_printf(out, "%s", s->node);
    if (s->nodes > 0)
        gh_buf_printf(out, ", %u node%s", s->nodes, s->nodes == 1 ? "" : "s");
    if (s->other_secret > 0)
        gh_buf_printf(out,
                      ", %u of them count%s with another secret_key: clients get their limits more than once",
                      s->other_secret, s->other_secret == 1 ? "s" : "");
    end(&l);
    out = begin(&l, &t, GH_STR("rate limits"));
    put_counted(out, s);
    end(&l);
    if (s->counted != GH_COUNTED_HERE)
        leases_text(&t, &l, s);
    for (unsigned i = 0; i < GH_SERVER_COUNT; i++)
        if (s->servers[i].state != GH_CONDITION_UNUSED)
            server_text(&t, &l, (enum gh_server_kind)i, &s->servers[i]);
    if (s->identity)
        records_text(&t, &l, s);
    gh_table_put(&t, o->out);
    gh_text_lit(o->out, "\n");
}

static void keys_text(gh_errand *o, const report *r)
{
    static const char *const heads[] = {"KEYS",     "STATE",    "SINCE",  "IN FORCE UNTIL",
                                        "SESSIONS", "API KEYS", "DEVICES"};
    gh_table t = gh_table_of(&o->arena, heads, GH_COUNT(heads));
    for (unsigned i = 0; i < r->n_uses; i++) {
        const gh_generation_use *use = &r->uses[i];
        gh_table_number(&t, use->id);
        gh_table_cell(&t, gh_str_of(state_of(use, is_in_force(o, use))));
        gh_table_time(&t, use->changed_s);
        gh_table_time(&t, until_s(o, use));
        gh_table_number(&t, use->sessions);
        gh_table_number(&t, use->keys);
        gh_table_number(&t, use->devices);
    }
    gh_table_put(&t, o->out);
    if (r->status.rotation_due_s == 0)
        return;
    char memory[64];
    gh_buf due = gh_buf_over(memory, sizeof memory);
    gh_time_put(&due, r->status.rotation_due_s);
    gh_text_printf(o->out, "The keys are changed next at %.*s.\n", (int)due.n, due.p);
}

static void put_text(gh_errand *o, const report *r)
{
    if (r->running)
        running_text(o, &r->status);
    else
        gh_text_lit(o->out, "No server is running.\n\n");
    if (!has_identity(r))
        return;
    if (r->counted)
        keys_text(o, r);
    else
        gh_note(o, "which keys are in use is not known: the records can't be read");
}

int gh_operate_status(gh_errand *o)
{
    report r = {.running = o->with->look != NULL};
    if (r.running)
        o->with->look(o->with->data, &r.status);
    r.counted = o->with->records != NULL &&
                gh_records_count_generations(o->with->records, o->now_s, &o->arena, &r.uses, &r.n_uses);
    if (gh_wants_json(o))
        put_json(o, &r);
    else
        put_text(o, &r);
    return GH_EXIT_OK;
}
