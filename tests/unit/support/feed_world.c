#include "feed_world.h"

#include <time.h>

#include "records/postgres/schema_postgres.h"

postgres *pg;
gh_postgres c;
char why[GH_POSTGRES_WHY];
_Thread_local gh_arena arena;
node a, b;
static gh_postgres_server server;

/* --- the world */

static const char *url(void)
{
    return postgres_text("postgresql://owner@/records?host=%s&port=%u", pg->folder, pg->port);
}

void pause_ms(unsigned ms)
{
    (void)nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000}, NULL);
}

void open_as(gh_postgres *ret, enum gh_postgres_use use)
{
    server.url = url();
    if (!gh_postgres_open(ret, &server, use, gh_postgres_now_ms() + postgres_patience_ms(), why))
        fail_msg("%s", why);
}

static uint64_t now_s(void)
{
    return NOW_S;
}

static void said(void *data, int level, const char *event, const char *text)
{
    node *n = data;
    if (level == 2) {
        (void)snprintf(n->said, sizeof n->said, "%s: %s", event, text);
        atomic_fetch_add(&n->errors, 1);
    } else if (strcmp(event, "roster_complete") == 0) {
        atomic_fetch_add(&n->recoveries, 1);
    }
}

static void ring_changed(void *data)
{
    atomic_fetch_add(&((node *)data)->rings, 1);
}

void node_begin(node *n)
{
    static const uint8_t key[16] = "the roster's key";
    *n = (node){.w = wire_make(pg->port), .roster = gh_roster_new(key)};
    (void)snprintf(n->url, sizeof n->url, "postgresql://service@127.0.0.1:%u/records", wire_port(n->w));
    gh_feed_options o = {.server = {.url = n->url, .password = "right password", .timeout_ms = 500},
                         .roster = n->roster,
                         .now_s = now_s,
                         .said = said,
                         .ring_changed = ring_changed,
                         .data = n};
    n->feed = gh_feed_open(&o);
    assert_non_null(n->feed);
}

void node_start(node *n)
{
    node_begin(n);
    if (!gh_feed_wait(n->feed, gh_postgres_now_ms() + postgres_patience_ms(), why))
        fail_msg("%s", why);
}

void node_end(node *n)
{
    if (n->feed == NULL)
        return;
    gh_feed_close(n->feed);
    gh_roster_free(n->roster);
    wire_free(n->w);
    n->feed = NULL;
}

int feed_setup_all(void **state)
{
    uint64_t found;
    gh_buf text = gh_buf_over(why, sizeof why - 1);
    (void)state;
    pg = postgres_make();
    postgres_start(pg, NULL);
    server = (gh_postgres_server){.timeout_ms = (uint32_t)postgres_patience_ms()};
    postgres_sql(pg, "postgres", "CREATE DATABASE records");
    open_as(&c, GH_POSTGRES_SCHEMA);
    if (!gh_pg_schema_open(&c, &found, &text))
        fail_msg("%.*s", (int)text.n, text.p);
    gh_sql_close(&c.sql);
    postgres_sql(
        pg, "records",
        "GRANT USAGE ON SCHEMA gatehouse TO service; GRANT SELECT ON ALL TABLES IN SCHEMA gatehouse TO service");
    return 0;
}

int feed_teardown_all(void **state)
{
    (void)state;
    postgres_remove(pg);
    return 0;
}

int feed_setup(void **state)
{
    (void)state;
    postgres_sql(
        pg, "records",
        "TRUNCATE gatehouse.account, gatehouse.change, gatehouse.user_cutoff, gatehouse.ended_session, "
        "gatehouse.revoked_token CASCADE; UPDATE gatehouse.change_swept SET swept_id = 0;"
        "INSERT INTO gatehouse.account(id, name, roles, created_s, changed_s) VALUES(7, 'ada', 'member', 1, 1)");
    open_as(&c, GH_POSTGRES_OPERATIONS);
    gh_arena_init(&arena, NULL, 0, 64 << 20);
    return 0;
}

int feed_teardown(void **state)
{
    (void)state;
    postgres_resume(pg);
    gh_sql_close(&c.sql);
    node_end(&a);
    node_end(&b);
    gh_arena_reset(&arena);
    return 0;
}

/* --- operations, as the records do them */

static void hash_of(uint64_t id, uint8_t ret[GH_SECRET_HASH])
{
    memset(ret, 0x5a, GH_SECRET_HASH);
    memcpy(ret, &id, sizeof id);
}

gh_effect *effect(gh_effects *effects, enum gh_effect_kind kind)
{
    gh_effect *e = gh_effects_add(effects, kind);
    assert_non_null(e);
    return e;
}

void change(gh_postgres *p, const gh_effects *effects)
{
    gh_str bytes;
    assert_true(gh_change_encode(effects->first, &arena, &bytes));
    gh_query q = gh_query_of(&p->sql, GH_PG_CHANGE_ADD);
    gh_bind_blob(&q, bytes.p, bytes.n);
    gh_query_run(&q);
}

void add_user(gh_effects *effects, gh_id id, const char *roles)
{
    effect(effects, GH_EFFECT_SET_USER)->user =
        (gh_roster_user){.id = id, .name = GH_STR("ada"), .roles = gh_str_of(roles), .tier = GH_STR("")};
}

void add_session(gh_effects *effects, gh_id id)
{
    gh_roster_session s = {
        .id = id, .user = 7, .created_s = NOW_S, .used_s = NOW_S, .expires_s = NOW_S + 1000};
    hash_of(id, s.hash);
    add_user(effects, 7, "member");
    effect(effects, GH_EFFECT_SET_SESSION)->session = s;
}

void begin(gh_postgres *p)
{
    gh_sql_run(&p->sql, GH_SQL_BEGIN);
}

void commit(gh_postgres *p)
{
    gh_sql_run(&p->sql, GH_SQL_COMMIT);
    gh_sql_flush(&p->sql);
    if (!gh_sql_ok(&p->sql))
        fail_msg("%s", p->sql.why);
}

void write_session(gh_postgres *p, gh_id id)
{
    gh_effects effects = {.arena = &arena};
    uint8_t hash[GH_SECRET_HASH];
    hash_of(id, hash);
    gh_query q = gh_query_of(&p->sql, GH_SQL_SESSION_ADD);
    gh_bind_id(&q, id);
    gh_bind_id(&q, 7);
    gh_bind_u64(&q, GH_SESSION_COOKIE);
    gh_bind_id(&q, 0);
    gh_bind_blob(&q, hash, sizeof hash);
    gh_bind_u64(&q, NOW_S);
    gh_bind_u64(&q, NOW_S + 1000);
    gh_bind_u64(&q, 0);
    gh_bind_blob(&q, NULL, 0);
    gh_bind_text(&q, (gh_str){NULL, 0});
    gh_bind_u64(&q, 0);
    gh_query_run(&q);
    add_session(&effects, id);
    change(p, &effects);
}

void end_session(gh_postgres *p, gh_id id)
{
    gh_effects effects = {.arena = &arena};
    gh_sql_run1(&p->sql, GH_SQL_SESSION_DELETE, id);
    gh_effect *e = effect(&effects, GH_EFFECT_END_SESSION);
    e->id = id;
    e->until_s = NOW_S + 1000;
    change(p, &effects);
}

void log_in(gh_id id)
{
    begin(&c);
    write_session(&c, id);
    commit(&c);
}

void log_out(gh_id id)
{
    begin(&c);
    end_session(&c, id);
    commit(&c);
}

void tell(void)
{
    gh_sql_run(&c.sql, GH_PG_CHANGE_TELL);
    gh_sql_flush(&c.sql);
}

/* --- looking */

static gh_lookup look(node *n, enum gh_lookup_kind kind, gh_id id)
{
    gh_lookup l = {.kind = (uint8_t)kind, .id = id, .now_s = NOW_S, .peeks = true};
    hash_of(id, l.hash);
    gh_roster_answer(n->roster, &l, 1);
    return l;
}

bool knows(node *n, gh_id session)
{
    return look(n, GH_LOOKUP_SESSION, session).answer == GH_LOOKUP_GOOD;
}

bool has_roles(node *n, const char *roles)
{
    gh_lookup l = look(n, GH_LOOKUP_SESSION, 1);
    return gh_str_eq(GH_SHORT_STR(l.subject.roles), gh_str_of(roles));
}

gh_feed_stats stats_of(node *n)
{
    gh_feed_stats s;
    gh_feed_read_stats(n->feed, &s);
    return s;
}

bool is_complete(const node *n)
{
    uint64_t fillings;
    return gh_feed_age_ms(n->feed, &fillings) <= GH_FEED_COMPLETE_MS;
}

/* --- operations that wait */

/* What is said when it is finished holds, or nobody is let in. */
static void finished(gh_op *op)
{
    waiter *w = op->owner;
    bool complete = is_complete(w->n);
    if (w->session != 0 && complete && knows(w->n, w->session) != w->shall_be_known)
        atomic_fetch_add(&w->wrong, 1);
    if (op->status != GH_OP_SLOWED)
        atomic_fetch_add(&w->wrong, 1);
    w->thread = pthread_self();
    gh_op_unref(op);
    atomic_fetch_add(&w->finished, 1);
}

void submit(waiter *w, bool catch_up)
{
    gh_op *op = gh_op_new(GH_OP_CATCH_UP, sizeof *op);
    assert_non_null(op);
    op->owner = w;
    op->finished = finished;
    op->status = GH_OP_SLOWED; /* anything: it stays */
    if (catch_up)
        gh_feed_catch_up(w->n->feed, op);
    else
        gh_feed_submit(w->n->feed, op);
}
