/* Feeds of a real PostgreSQL: what is changed anywhere is known everywhere, whatever happens to the wire and the server. */
#include "cuttable_wire.h"
#include "postgres_world.h"
#include "records/postgres/change.h"
#include "records/postgres/feed.h"
#include "records/postgres/schema_postgres.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

enum { NOW_S = 1700000000 };

static postgres *pg;
static gh_postgres_server server;
static gh_postgres c; /* where operations are done */
static char why[GH_POSTGRES_WHY];
static _Thread_local gh_arena arena;

/* A node: its roster, its feed, and how it reaches the database. */
typedef struct node {
    wire *w;
    char url[128];
    gh_roster *roster;
    gh_feed *feed;
    _Atomic unsigned rings, errors, recoveries;
    char said[GH_POSTGRES_WHY];
} node;
static node a, b;

/* --- the world */

static const char *url(void)
{
    return postgres_text("postgresql://owner@/records?host=%s&port=%u", pg->folder, pg->port);
}

static void pause_ms(unsigned ms)
{
    (void)nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000}, NULL);
}

static void open_as(gh_postgres *ret, enum gh_postgres_use use)
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

static void node_begin(node *n)
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

static void node_start(node *n)
{
    node_begin(n);
    if (!gh_feed_wait(n->feed, gh_postgres_now_ms() + postgres_patience_ms(), why))
        fail_msg("%s", why);
}

static void node_end(node *n)
{
    if (n->feed == NULL)
        return;
    gh_feed_close(n->feed);
    gh_roster_free(n->roster);
    wire_free(n->w);
    n->feed = NULL;
}

static int setup_all(void **state)
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

static int teardown_all(void **state)
{
    (void)state;
    postgres_remove(pg);
    return 0;
}

static int setup(void **state)
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

static int teardown(void **state)
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

static gh_effect *effect(gh_effects *effects, enum gh_effect_kind kind)
{
    gh_effect *e = gh_effects_add(effects, kind);
    assert_non_null(e);
    return e;
}

static void change(gh_postgres *p, const gh_effects *effects)
{
    gh_str bytes;
    assert_true(gh_change_encode(effects->first, &arena, &bytes));
    gh_query q = gh_query_of(&p->sql, GH_PG_CHANGE_ADD);
    gh_bind_blob(&q, bytes.p, bytes.n);
    gh_query_run(&q);
}

static void add_user(gh_effects *effects, gh_id id, const char *roles)
{
    effect(effects, GH_EFFECT_SET_USER)->user =
        (gh_roster_user){.id = id, .name = GH_STR("ada"), .roles = gh_str_of(roles), .tier = GH_STR("")};
}

static void add_session(gh_effects *effects, gh_id id)
{
    gh_roster_session s = {
        .id = id, .user = 7, .created_s = NOW_S, .used_s = NOW_S, .expires_s = NOW_S + 1000};
    hash_of(id, s.hash);
    add_user(effects, 7, "member");
    effect(effects, GH_EFFECT_SET_SESSION)->session = s;
}

static void begin(gh_postgres *p)
{
    gh_sql_run(&p->sql, GH_SQL_BEGIN);
}

static void commit(gh_postgres *p)
{
    gh_sql_run(&p->sql, GH_SQL_COMMIT);
    gh_sql_flush(&p->sql);
    if (!gh_sql_ok(&p->sql))
        fail_msg("%s", p->sql.why);
}

static void write_session(gh_postgres *p, gh_id id)
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

static void end_session(gh_postgres *p, gh_id id)
{
    gh_effects effects = {.arena = &arena};
    gh_sql_run1(&p->sql, GH_SQL_SESSION_DELETE, id);
    gh_effect *e = effect(&effects, GH_EFFECT_END_SESSION);
    e->id = id;
    e->until_s = NOW_S + 1000;
    change(p, &effects);
}

static void log_in(gh_id id)
{
    begin(&c);
    write_session(&c, id);
    commit(&c);
}

static void log_out(gh_id id)
{
    begin(&c);
    end_session(&c, id);
    commit(&c);
}

static void tell(void)
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

static bool knows(node *n, gh_id session)
{
    return look(n, GH_LOOKUP_SESSION, session).answer == GH_LOOKUP_GOOD;
}

static bool has_roles(node *n, const char *roles)
{
    gh_lookup l = look(n, GH_LOOKUP_SESSION, 1);
    return gh_str_eq(GH_SHORT_STR(l.subject.roles), gh_str_of(roles));
}

static gh_feed_stats stats_of(node *n)
{
    gh_feed_stats s;
    gh_feed_read_stats(n->feed, &s);
    return s;
}

static bool is_complete(const node *n)
{
    uint64_t complete_ms = gh_feed_complete_ms(n->feed);
    return complete_ms != 0 && gh_postgres_now_ms() <= complete_ms + GH_FEED_COMPLETE_MS;
}

/* Waits until it is so, or for as long as a test may. */
#define EVENTUALLY(condition)                                              \
    do {                                                                   \
        uint64_t until_ms = gh_postgres_now_ms() + postgres_patience_ms(); \
        while (!(condition)) {                                             \
            if (gh_postgres_now_ms() > until_ms)                           \
                fail_msg("never: %s", #condition);                         \
            pause_ms(2);                                                   \
        }                                                                  \
    } while (0)

/* --- operations that wait */

typedef struct waiter {
    node *n;
    gh_id session; /* 0: none */
    bool shall_be_known;
    _Atomic unsigned finished, wrong;
    pthread_t thread;
} waiter;

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

static void submit(waiter *w, bool catch_up)
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

/* --- tests: following */

static void all_that_is_there_is_loaded(void **state)
{
    (void)state;
    log_in(1);
    postgres_sql(pg, "records", "INSERT INTO gatehouse.revoked_token VALUES(99, 1700000500)");
    node_start(&a);
    assert_true(knows(&a, 1));
    assert_true(has_roles(&a, "member"));
    gh_lookup token = {.kind = GH_LOOKUP_TOKEN, .jti = 99, .user = 7, .now_s = NOW_S};
    gh_roster_answer(a.roster, &token, 1);
    assert_int_equal(token.answer, GH_LOOKUP_REVOKED);
    gh_feed_stats s = stats_of(&a);
    assert_int_equal(s.loads, 1);
    assert_int_equal(s.changes, 0); /* what was loaded is not read again */
    assert_true(s.connected && is_complete(&a));
    assert_int_equal(a.rings, 1);
}

static void changes_are_heard_of_without_being_told(void **state)
{
    (void)state;
    node_start(&a);
    log_in(1);
    EVENTUALLY(knows(&a, 1));
    log_out(1);
    EVENTUALLY(!knows(&a, 1));
    gh_lookup token = {.kind = GH_LOOKUP_TOKEN, .id = 1, .user = 7, .now_s = NOW_S};
    gh_roster_answer(a.roster, &token, 1);
    assert_int_equal(token.answer, GH_LOOKUP_REVOKED);
    assert_int_equal(stats_of(&a).changes, 2);
}

/* By the poll alone there would be no more reads than this. */
static void a_notification_is_heard_at_once(void **state)
{
    (void)state;
    node_start(&a);
    uint64_t before = stats_of(&a).reads, began = gh_postgres_now_ms();
    for (gh_id id = 1; id <= 50; id++) {
        log_in(id);
        tell();
        EVENTUALLY(knows(&a, id));
    }
    uint64_t polls = (gh_postgres_now_ms() - began) / GH_FEED_POLL_MS + 1;
    assert_true(stats_of(&a).reads - before > polls);
}

static void who_waits_is_finished_when_it_is_so(void **state)
{
    (void)state;
    node_start(&a);
    for (gh_id id = 1; id <= 20; id++) {
        waiter in = {.n = &a, .session = id, .shall_be_known = true}, out = {.n = &a, .session = id};
        log_in(id);
        submit(&in, false);
        EVENTUALLY(in.finished == 1);
        assert_true(knows(&a, id));
        log_out(id);
        submit(&out, false);
        EVENTUALLY(out.finished == 1);
        assert_false(knows(&a, id));
        assert_int_equal(in.wrong + out.wrong, 0);
        assert_false(pthread_equal(in.thread, pthread_self()));
    }
}

static void two_nodes_hear_each_other(void **state)
{
    (void)state;
    node_start(&a);
    node_start(&b);
    for (gh_id id = 1; id <= 20; id++) {
        waiter w = {.n = id % 2 == 0 ? &a : &b};
        log_in(id);
        submit(&w, false);
        EVENTUALLY(knows(&a, id) && knows(&b, id));
        EVENTUALLY(w.finished == 1);
    }
    assert_true(stats_of(&a).notices >= 1 && stats_of(&b).notices >= 1);
    /* Who only wants to know tells nobody. */
    waiter w = {.n = &a};
    pause_ms(50);
    uint64_t notices = stats_of(&a).notices;
    for (unsigned i = 0; i < 100; i++)
        submit(&w, true);
    EVENTUALLY(w.finished == 100);
    pause_ms(50);
    assert_int_equal(stats_of(&a).notices, notices);
}

static void many_share_a_read(void **state)
{
    (void)state;
    node_start(&a);
    waiter w = {.n = &a};
    uint64_t before = stats_of(&a).reads, began = gh_postgres_now_ms();
    for (unsigned i = 0; i < 20000; i++)
        submit(&w, i % 2 == 0);
    EVENTUALLY(w.finished == 20000);
    uint64_t reads = stats_of(&a).reads - before, took = gh_postgres_now_ms() - began;
    assert_true(reads >= 1 && reads <= took / 2 + 2); /* 2 ms between two of them, at least */
    assert_int_equal(w.wrong, 0);
}

/* A transaction that has drawn a smaller number is still under way when a later one is read. */
static void a_slow_transaction_is_not_forgotten(void **state)
{
    (void)state;
    gh_postgres slow;
    open_as(&slow, GH_POSTGRES_OPERATIONS);
    begin(&slow);
    write_session(&slow, 1);
    gh_query q = gh_query_of(&slow.sql, GH_SQL_SESSION_BY_ID); /* so that it is done, and drawn */
    gh_bind_id(&q, 1);
    assert_true(gh_query_row(&q));
    gh_query_end(&q);
    node_start(&a); /* loads while it is under way */
    log_in(2);
    node_start(&b);
    EVENTUALLY(knows(&a, 2) && knows(&b, 2));
    for (gh_id id = 3; id < 10; id++)
        log_in(id);
    EVENTUALLY(knows(&a, 9) && knows(&b, 9));
    assert_false(knows(&a, 1) || knows(&b, 1));
    commit(&slow);
    EVENTUALLY(knows(&a, 1) && knows(&b, 1));
    log_out(1);
    EVENTUALLY(!knows(&a, 1) && !knows(&b, 1));
    assert_int_equal(stats_of(&a).changes, 10);
    assert_int_equal(stats_of(&b).changes, 9); /* it began after one of them */
    gh_sql_close(&slow.sql);
}

/* A role is taken away while a refresh, which has read it, is under way: whoever comes first, it stays away. */
static void what_was_taken_away_does_not_come_back(void **state)
{
    (void)state;
    gh_postgres refresh;
    open_as(&refresh, GH_POSTGRES_OPERATIONS);
    postgres_sql(pg, "records", "UPDATE gatehouse.account SET roles = 'admin'");
    log_in(1);
    node_start(&a);
    EVENTUALLY(has_roles(&a, "admin"));
    for (unsigned first = 0; first < 2; first++) {
        begin(&refresh);
        gh_query q = gh_query_of(&refresh.sql, GH_SQL_USER_BY_ID);
        gh_bind_id(&q, 7);
        assert_true(gh_query_row(&q));
        gh_query_end(&q);
        begin(&c);
        gh_effects fewer = {.arena = &arena}, old = {.arena = &arena};
        add_user(&fewer, 7, first == 0 ? "member" : "none");
        add_user(&old, 7, first == 0 ? "admin" : "member");
        if (first == 0) { /* the change comes first: the refresh can't hold what it has read */
            gh_sql_run2(&c.sql, GH_SQL_USER_LOGGED_IN, 7, 5);
            change(&c, &fewer);
            commit(&c);
            gh_sql_run1(&refresh.sql, GH_PG_USER_HOLD, 7);
            change(&refresh, &old);
            gh_sql_run(&refresh.sql, GH_SQL_COMMIT);
            gh_sql_flush(&refresh.sql);
            assert_int_equal(refresh.sql.failure, GH_SQL_CONFLICT);
            gh_sql_reset(&refresh.sql);
            gh_sql_run(&refresh.sql, GH_SQL_ROLLBACK);
            gh_sql_flush(&refresh.sql);
            EVENTUALLY(has_roles(&a, "member"));
        } else { /* the refresh comes first: the change waits for it, and draws its number after */
            gh_sql_run1(&refresh.sql, GH_PG_USER_HOLD, 7);
            change(&refresh, &old);
            commit(&refresh);
            gh_sql_run2(&c.sql, GH_SQL_USER_LOGGED_IN, 7, 6);
            change(&c, &fewer);
            commit(&c);
            EVENTUALLY(has_roles(&a, "none"));
        }
    }
    pause_ms(2 * GH_FEED_POLL_MS);
    assert_true(has_roles(&a, "none"));
    gh_sql_close(&refresh.sql);
}

static void signing_keys_and_uses(void **state)
{
    (void)state;
    log_in(1);
    node_start(&a);
    gh_effects effects = {.arena = &arena};
    effect(&effects, GH_EFFECT_USED)->used = (gh_roster_use){GH_ROSTER_SESSION, 1, NOW_S + 77, {0}};
    effect(&effects, GH_EFFECT_RING);
    begin(&c);
    change(&c, &effects);
    commit(&c);
    EVENTUALLY(a.rings == 2);
    assert_int_equal(gh_roster_session_used(a.roster, 1), NOW_S + 77);
}

/* A session of somebody who is not there lets nobody in, and is no reason to load everything anew. */
static void what_belongs_to_nobody(void **state)
{
    (void)state;
    node_start(&a);
    gh_effects effects = {.arena = &arena};
    add_session(&effects, 5);
    effects.first->next->session.user = 12345;
    begin(&c);
    change(&c, &effects);
    commit(&c);
    log_in(1);
    EVENTUALLY(knows(&a, 1));
    assert_false(knows(&a, 5));
    assert_int_equal(stats_of(&a).loads, 1);
}

/* --- tests: it can't go on */

static void changes_that_were_swept_unread(void **state)
{
    (void)state;
    log_in(1);
    log_in(2);
    node_start(&a);
    assert_true(knows(&a, 1));
    wire_hold(a.w, true);
    EVENTUALLY(!stats_of(&a).connected); /* and no read of it is under way any more */
    log_out(1);
    log_in(3);
    postgres_sql(pg, "records",
                 "DELETE FROM gatehouse.change; UPDATE gatehouse.change_swept SET swept_id = "
                 "(SELECT last_value FROM gatehouse.change_id_seq)");
    wire_hold(a.w, false);
    EVENTUALLY(stats_of(&a).loads == 2 && is_complete(&a));
    assert_false(knows(&a, 1));
    assert_true(knows(&a, 2) && knows(&a, 3));
    /* Those it has read may be swept. */
    log_in(4);
    EVENTUALLY(knows(&a, 4));
    postgres_sql(pg, "records",
                 "DELETE FROM gatehouse.change; UPDATE gatehouse.change_swept SET swept_id = "
                 "(SELECT last_value FROM gatehouse.change_id_seq)");
    log_in(5);
    EVENTUALLY(knows(&a, 5));
    assert_int_equal(stats_of(&a).loads, 2);
}

static void a_change_that_can_not_be_read(void **state)
{
    (void)state;
    log_in(1);
    node_start(&a);
    begin(&c);
    gh_sql_run1(&c.sql, GH_SQL_SESSION_DELETE, 1);
    gh_query q = gh_query_of(&c.sql, GH_PG_CHANGE_ADD);
    gh_bind_blob(&q, "\x63 of a newer Gatehouse", 20);
    gh_query_run(&q);
    commit(&c);
    EVENTUALLY(stats_of(&a).loads == 2);
    EVENTUALLY(is_complete(&a));
    assert_false(knows(&a, 1));
    log_in(2);
    EVENTUALLY(knows(&a, 2));
    assert_int_equal(stats_of(&a).loads, 2);
}

/* --- tests: outages */

static void a_cut_wire(void **state)
{
    (void)state;
    node_start(&a);
    for (gh_id id = 1; id <= 5; id++) {
        wire_cut(a.w);
        log_in(id);
        EVENTUALLY(knows(&a, id));
    }
    assert_int_equal(stats_of(&a).loads, 1); /* it goes on where it was */
    assert_int_equal(stats_of(&a).changes, 5);
}

/* The answer to a read is lost: it is read again, and applied once. */
static void a_wire_that_is_cut_in_an_answer(void **state)
{
    (void)state;
    node_start(&a);
    for (gh_id id = 1; id <= 5; id++) {
        waiter w = {.n = &a, .session = id, .shall_be_known = true};
        log_in(id);
        wire_cut_at_answer(a.w);
        submit(&w, false);
        EVENTUALLY(w.finished == 1);
        EVENTUALLY(knows(&a, id));
        assert_int_equal(w.wrong, 0);
    }
    assert_int_equal(stats_of(&a).loads, 1);
    assert_int_equal(stats_of(&a).changes, 5);
}

static void an_unplugged_wire(void **state)
{
    (void)state;
    log_in(1);
    node_start(&a);
    wire_hold(a.w, true);
    EVENTUALLY(!is_complete(&a));
    EVENTUALLY(a.errors == 1);
    assert_non_null(strstr(a.said, "roster_incomplete: "));
    /* What is committed now needs no read: nobody is let in here. */
    waiter w = {.n = &a, .session = 1};
    log_out(1);
    submit(&w, false);
    submit(&w, true);
    EVENTUALLY(w.finished == 2);
    assert_true(knows(&a, 1)); /* the roster says so, and is not asked */
    assert_int_equal(w.wrong, 0);
    wire_hold(a.w, false);
    EVENTUALLY(is_complete(&a));
    assert_false(knows(&a, 1));
    EVENTUALLY(a.recoveries == 1);
    assert_int_equal(a.errors, 1);
    assert_int_equal(stats_of(&a).loads, 1);
}

static void a_stopped_server(void **state)
{
    (void)state;
    log_in(1);
    node_start(&a);
    waiter w = {.n = &a, .session = 1, .shall_be_known = true};
    postgres_pause(pg);
    submit(&w, false);
    EVENTUALLY(w.finished == 1); /* committed, as far as the feed can know */
    EVENTUALLY(!is_complete(&a));
    assert_int_equal(w.wrong, 0);
    postgres_resume(pg);
    EVENTUALLY(is_complete(&a));
    log_in(2);
    EVENTUALLY(knows(&a, 2));
    assert_int_equal(stats_of(&a).loads, 1);
}

static void a_killed_server(void **state)
{
    (void)state;
    log_in(1);
    node_start(&a);
    for (unsigned i = 0; i < 2; i++) {
        gh_sql_close(&c.sql);
        postgres_kill(pg);
        EVENTUALLY(!stats_of(&a).connected);
        postgres_start(pg, NULL);
        open_as(&c, GH_POSTGRES_OPERATIONS);
        log_in(2 + i);
        EVENTUALLY(knows(&a, 2 + i));
        assert_true(knows(&a, 1));
    }
    assert_int_equal(stats_of(&a).loads, 1); /* a crash loses nothing that was committed */
}

/* A standby that was promoted may not have what we have applied. */
static void another_history(void **state)
{
    (void)state;
    log_in(1);
    node_start(&a);
    gh_sql_close(&c.sql);
    postgres_stop(pg);
    postgres_next_timeline(pg);
    postgres_start(pg, NULL);
    EVENTUALLY(stats_of(&a).loads == 2);
    EVENTUALLY(is_complete(&a));
    open_as(&c, GH_POSTGRES_OPERATIONS);
    assert_true(knows(&a, 1));
}

static void no_server_at_the_start(void **state)
{
    (void)state;
    gh_sql_close(&c.sql);
    postgres_stop(pg);
    node_begin(&a);
    assert_false(gh_feed_wait(a.feed, gh_postgres_now_ms() + 300, why));
    assert_int_equal(gh_feed_complete_ms(a.feed), 0);
    EVENTUALLY(a.errors == 1);
    postgres_start(pg, NULL);
    assert_true(gh_feed_wait(a.feed, gh_postgres_now_ms() + postgres_patience_ms(), why));
    EVENTUALLY(a.recoveries == 1);
    open_as(&c, GH_POSTGRES_OPERATIONS);
}

static void what_is_in_its_way_at_the_start_is_told(void **state)
{
    (void)state;
    postgres_sql(pg, "records", "REVOKE SELECT ON gatehouse.session FROM service");
    node_begin(&a);
    EVENTUALLY(a.errors == 1);
    assert_false(gh_feed_wait(a.feed, gh_postgres_now_ms(), why));
    assert_non_null(strstr(why, "permission denied"));
    assert_non_null(strstr(a.said, "permission denied"));
    postgres_sql(pg, "records", "GRANT SELECT ON gatehouse.session TO service");
    assert_true(gh_feed_wait(a.feed, gh_postgres_now_ms() + postgres_patience_ms(), why));
}

/* --- tests: calls, and the end */

static void note_thread(void *data)
{
    *(pthread_t *)data = pthread_self();
}

static void calls_are_done_on_its_thread(void **state)
{
    (void)state;
    pthread_t first, second;
    node_start(&a);
    assert_true(gh_feed_call(a.feed, note_thread, &first));
    assert_false(pthread_equal(first, pthread_self()));
    wire_hold(a.w, true);
    EVENTUALLY(!is_complete(&a));
    assert_true(gh_feed_call(a.feed, note_thread, &second));
    assert_true(pthread_equal(first, second));
}

static void all_are_finished_at_its_end(void **state)
{
    (void)state;
    node_start(&a);
    waiter w = {.n = &a};
    for (unsigned i = 0; i < 1000; i++)
        submit(&w, i % 2 == 0);
    gh_feed_close(a.feed);
    assert_int_equal(w.finished, 1000);
    gh_roster_free(a.roster);
    wire_free(a.w);
    a.feed = NULL;
}

/* --- tests: all at once */

typedef struct worker {
    node *n;
    gh_postgres p;
    gh_id from;
    unsigned done, conflicts;
    _Atomic unsigned wrong;
} worker;
static _Atomic bool over;

/* Logs in and out, session after session, and looks whether what it was told is so. */
static void *work(void *data)
{
    worker *w = data;
    waiter waiters[2];
    gh_arena_init(&arena, NULL, 0, 64 << 20);
    for (gh_id id = w->from; !atomic_load(&over); id++) {
        for (unsigned in = 0; in < 2; in++) {
            waiters[in] = (waiter){.n = w->n, .session = id, .shall_be_known = in == 0};
            gh_sql_run(&w->p.sql, GH_SQL_BEGIN);
            (in == 0 ? write_session : end_session)(&w->p, id);
            gh_sql_run(&w->p.sql, GH_SQL_COMMIT);
            gh_sql_flush(&w->p.sql);
            if (w->p.sql.failure == GH_SQL_CONFLICT) { /* in another's way */
                gh_sql_reset(&w->p.sql);
                gh_sql_run(&w->p.sql, GH_SQL_ROLLBACK);
                gh_sql_flush(&w->p.sql);
                w->conflicts++;
                in--;
                continue;
            }
            if (!gh_sql_ok(&w->p.sql)) {
                atomic_fetch_add(&w->wrong, 1);
                return NULL;
            }
            gh_op *op = gh_op_new(GH_OP_CATCH_UP, sizeof *op);
            op->owner = &waiters[in];
            op->finished = finished;
            op->status = GH_OP_SLOWED;
            gh_feed_submit(w->n->feed, op);
            while (atomic_load(&waiters[in].finished) == 0)
                pause_ms(1);
            atomic_fetch_add(&w->wrong, atomic_load(&waiters[in].wrong));
            w->done++;
        }
        gh_arena_reset(&arena);
    }
    return NULL;
}

/* Operations on two nodes, whose wires are cut, held and cut in answers all the time: what is told is always so, and in the
 * end both have everything and nothing but that. */
static void nothing_is_lost_and_nothing_comes_back(void **state)
{
    (void)state;
    static worker workers[4];
    pthread_t threads[4];
    node_start(&a);
    node_start(&b);
    atomic_store(&over, false);
    for (unsigned i = 0; i < 4; i++) {
        workers[i] = (worker){.n = i % 2 == 0 ? &a : &b, .from = 1000000 * (i + 1)};
        open_as(&workers[i].p, GH_POSTGRES_OPERATIONS);
    }
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    for (unsigned i = 0; i < 12; i++) {
        node *n = i % 2 == 0 ? &a : &b;
        switch (i % 3) {
        case 0:
            wire_cut(n->w);
            break;
        case 1:
            wire_cut_at_answer(n->w);
            break;
        default:
            wire_hold(n->w, true);
            pause_ms(i < 6 ? 100 : 1500);
            wire_hold(n->w, false);
        }
        pause_ms(150);
    }
    atomic_store(&over, true);
    unsigned done = 0, wrong = 0, conflicts = 0;
    for (unsigned i = 0; i < 4; i++) {
        (void)pthread_join(threads[i], NULL);
        done += workers[i].done;
        wrong += workers[i].wrong;
        conflicts += workers[i].conflicts;
        gh_sql_close(&workers[i].p.sql);
    }
    print_message("%u operations, %u conflicts, reads %llu and %llu\n", done, conflicts,
                  (unsigned long long)stats_of(&a).reads, (unsigned long long)stats_of(&b).reads);
    assert_int_equal(wrong, 0);
    assert_true(done > 20);
    waiter last = {.n = &a}, other = {.n = &b};
    EVENTUALLY(is_complete(&a) && is_complete(&b));
    submit(&last, true);
    submit(&other, true);
    EVENTUALLY(last.finished == 1 && other.finished == 1);
    for (unsigned i = 0; i < 4; i++)
        for (gh_id id = workers[i].from; id < workers[i].from + workers[i].done; id++)
            assert_false(knows(&a, id) || knows(&b, id));
    gh_roster_stats s;
    gh_roster_read_stats(a.roster, &s);
    assert_int_equal(s.sessions, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(all_that_is_there_is_loaded),
        TEST(changes_are_heard_of_without_being_told),
        TEST(a_notification_is_heard_at_once),
        TEST(who_waits_is_finished_when_it_is_so),
        TEST(two_nodes_hear_each_other),
        TEST(many_share_a_read),
        TEST(a_slow_transaction_is_not_forgotten),
        TEST(what_was_taken_away_does_not_come_back),
        TEST(signing_keys_and_uses),
        TEST(what_belongs_to_nobody),
        TEST(changes_that_were_swept_unread),
        TEST(a_change_that_can_not_be_read),
        TEST(a_cut_wire),
        TEST(a_wire_that_is_cut_in_an_answer),
        TEST(an_unplugged_wire),
        TEST(a_stopped_server),
        TEST(a_killed_server),
        TEST(another_history),
        TEST(no_server_at_the_start),
        TEST(what_is_in_its_way_at_the_start_is_told),
        TEST(calls_are_done_on_its_thread),
        TEST(all_are_finished_at_its_end),
        TEST(nothing_is_lost_and_nothing_comes_back),
    };
    return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
