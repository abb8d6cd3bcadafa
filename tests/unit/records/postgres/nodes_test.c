/* Several nodes on one database: of many at once, wherever they ask, it is as if they came one after the other; and what
 * one node ends is ended on all. */
#include <pthread.h>

#include "records_crowd.h"

enum { NODES = 3 };

static world *nodes[NODES];

static int setup(void **state)
{
    int failed = world_setup_postgres(state);
    nodes[0] = *state;
    for (unsigned i = 1; failed == 0 && i < NODES; i++)
        nodes[i] = world_join(nodes[0]);
    return failed;
}

static int teardown(void **state)
{
    for (unsigned i = NODES; i-- > 1;)
        (void)world_teardown((void **)&nodes[i]);
    return world_teardown(state);
}

/* What is there by then is there on this node, too. */
static void catch_up(world *w)
{
    assert_int_equal(world_once(w, world_op(CATCH_UP, gh_op_catch_up)), GH_OP_OK);
}

static unsigned look(world *w, enum gh_lookup_kind kind, gh_id id, uint64_t hash)
{
    catch_up(w);
    return world_look(w, kind, id, hash);
}

static unsigned token(world *w, gh_id user, gh_id session)
{
    catch_up(w);
    gh_lookup lookup = {
        .kind = GH_LOOKUP_TOKEN, .id = session, .user = user, .issued_s = world_now_s, .now_s = world_now_s};
    return world_lookup(w, lookup).answer;
}

static void sign_in(world *w, gh_id session, enum gh_session_kind kind)
{
    world_login in = {.name = "ada", .right = true, .session = world_session(session, kind)};
    assert_int_equal(world_sign_in(w, &in), GH_OP_OK);
}

/* --- crowds */

static gh_id ada;

static void test_the_last_place_of_each_cap(void **state)
{
    (void)state;
    gh_roster_stats stats;
    crowd_fights_for_last_places(nodes, NODES);
    for (unsigned i = 0; i < NODES; i++) {
        catch_up(nodes[i]);
        gh_roster_read_stats(nodes[i]->roster, &stats);
        assert_true(stats.sessions == 6 && stats.keys == 4);
    }
}

static void test_parallel_refreshes_have_one_successor(void **state)
{
    (void)state;
    crowd_refreshes_one_token(nodes, NODES, 3);
}

/* --- what is ended, and what is made */

static void test_what_one_node_makes_the_others_admit(void **state)
{
    (void)state;
    ada = world_user(nodes[0], "ada", "$1");
    sign_in(nodes[1], 9, GH_SESSION_COOKIE);
    for (unsigned i = 0; i < NODES; i++)
        assert_int_equal(look(nodes[i], GH_LOOKUP_SESSION, 9, 9), GH_LOOKUP_GOOD);
    gh_op_key_create *k = world_op(KEY_CREATE, gh_op_key_create);
    k->user = ada;
    k->id = 4;
    k->most = 1;
    world_hash(4, k->hash);
    assert_int_equal(world_once(nodes[2], k), GH_OP_OK);
    for (unsigned i = 0; i < NODES; i++)
        assert_int_equal(look(nodes[i], GH_LOOKUP_API_KEY, 4, 4), GH_LOOKUP_GOOD);
}

static void test_what_one_node_ends_the_others_refuse(void **state)
{
    (void)state;
    ada = world_user(nodes[0], "ada", "$1");
    sign_in(nodes[0], 9, GH_SESSION_COOKIE);
    gh_op_session_end *e = world_op(SESSION_END, gh_op_session_end);
    e->session = 9;
    assert_int_equal(world_once(nodes[1], e), GH_OP_OK);
    assert_int_equal(world_look(nodes[1], GH_LOOKUP_SESSION, 9, 9), GH_LOOKUP_UNKNOWN); /* at once */
    for (unsigned i = 0; i < NODES; i++) {
        assert_int_equal(look(nodes[i], GH_LOOKUP_SESSION, 9, 9), GH_LOOKUP_UNKNOWN);
        assert_int_equal(token(nodes[i], ada, 9), GH_LOOKUP_REVOKED);
    }
    sign_in(nodes[2], 10, GH_SESSION_COOKIE);
    gh_op_user_erase *u = world_op(USER_ERASE, gh_op_user_erase);
    u->id = ada;
    assert_int_equal(world_once(nodes[0], u), GH_OP_OK);
    for (unsigned i = 0; i < NODES; i++) {
        assert_int_equal(look(nodes[i], GH_LOOKUP_SESSION, 10, 10), GH_LOOKUP_UNKNOWN);
        assert_int_equal(token(nodes[i], ada, 0), GH_LOOKUP_REVOKED);
    }
}

/* Without being asked, too: each node reads by itself. */
static void test_an_end_comes_by_itself(void **state)
{
    (void)state;
    ada = world_user(nodes[0], "ada", "$1");
    sign_in(nodes[0], 9, GH_SESSION_COOKIE);
    assert_int_equal(look(nodes[2], GH_LOOKUP_SESSION, 9, 9), GH_LOOKUP_GOOD);
    gh_op_session_end *e = world_op(SESSION_END, gh_op_session_end);
    e->session = 9;
    assert_int_equal(world_once(nodes[0], e), GH_OP_OK);
    while (world_look(nodes[2], GH_LOOKUP_SESSION, 9, 9) == GH_LOOKUP_GOOD)
        (void)sched_yield();
}

/* --- a user who is disabled and enabled here while he refreshes, signs in and makes keys there */

static _Atomic bool stop;

static void *go_on(void *data)
{
    world *w = data;
    gh_id id = 1000000 * (gh_id)(w == nodes[0] ? 1 : w == nodes[1] ? 2 : 3);
    while (!atomic_load(&stop)) {
        world_login in = {.name = "ada", .right = true, .session = world_session(++id, GH_SESSION_COOKIE)};
        in.session.most = 3;
        in.session.end_oldest = true;
        (void)world_sign_in(w, &in);
        gh_op_refresh *r = world_op(REFRESH, gh_op_refresh);
        r->kind = GH_SESSION_COOKIE;
        r->session = id;
        world_hash(id, r->hash);
        world_hash(id + 1, r->next_hash);
        r->next_sealed = GH_STR("sealed");
        (void)world_once(w, r);
        gh_op_key_create *k = world_op(KEY_CREATE, gh_op_key_create);
        k->user = ada;
        k->id = id;
        k->most = 1000000;
        (void)world_once(w, k);
        gh_op_key_end *e = world_op(KEY_END, gh_op_key_end);
        e->id = id;
        (void)world_once(w, e);
    }
    return NULL;
}

static void set_disabled(world *w, bool disabled)
{
    gh_op_user_change *c = world_op(USER_CHANGE, gh_op_user_change);
    c->id = ada;
    c->set_disabled = true;
    c->disabled = disabled;
    assert_int_equal(world_once(w, c), GH_OP_OK);
}

static void test_who_is_disabled_stays_so_on_every_node(void **state)
{
    (void)state;
    pthread_t threads[NODES];
    gh_roster_stats stats;
    ada = world_user(nodes[0], "ada", "$1");
    atomic_store(&stop, false);
    for (unsigned i = 0; i < NODES; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, go_on, nodes[i]), 0);
    for (unsigned round = 0; round < 25; round++) {
        set_disabled(nodes[round % NODES], true);
        for (unsigned i = 0; i < NODES; i++) {
            assert_int_equal(token(nodes[i], ada, 0), GH_LOOKUP_DISABLED);
            gh_roster_read_stats(nodes[i]->roster, &stats);
            assert_int_equal(stats.sessions, 0);
        }
        set_disabled(nodes[(round + 1) % NODES], false);
        world_now_s++;
        for (unsigned i = 0; i < NODES; i++)
            assert_int_not_equal(token(nodes[i], ada, 0), GH_LOOKUP_DISABLED);
    }
    atomic_store(&stop, true);
    for (unsigned i = 0; i < NODES; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    int64_t sessions = world_number(nodes[0], "SELECT count(*) FROM session");
    for (unsigned i = 0; i < NODES; i++) { /* memory and disk go together */
        catch_up(nodes[i]);
        gh_roster_read_stats(nodes[i]->roster, &stats);
        assert_int_equal(stats.sessions, sessions);
    }
}

/* --- times */

/* Another node's tokens live longer: what is ended here is remembered for as long as they may be taken. */
static void test_an_end_is_remembered_as_long_as_any_nodes_tokens_live(void **state)
{
    (void)state;
    ada = world_user(nodes[0], "ada", "$1");
    gh_records_options longer = nodes[1]->options;
    longer.access_s = 7200;
    sign_in(nodes[0], 9, GH_SESSION_COOKIE);
    sign_in(nodes[0], 10, GH_SESSION_COOKIE);
    gh_op_session_end *e = world_op(SESSION_END, gh_op_session_end);
    e->session = 9;
    assert_int_equal(world_once(nodes[0], e), GH_OP_OK);
    assert_true(gh_records_adjust(nodes[1]->records, &longer));
    e = world_op(SESSION_END, gh_op_session_end);
    e->session = 10;
    assert_int_equal(world_once(nodes[0], e), GH_OP_OK);
    assert_int_equal(world_number(nodes[0], "SELECT until_s FROM ended_session WHERE id = 9"),
                     world_now_s + 2100);
    assert_int_equal(world_number(nodes[0], "SELECT until_s FROM ended_session WHERE id = 10"),
                     world_now_s + 7500);
    world_now_s += 7000;
    assert_int_equal(token(nodes[2], ada, 10), GH_LOOKUP_REVOKED);
}

static uint64_t used(world *w, gh_id session)
{
    catch_up(w);
    return gh_roster_session_used(w->roster, session);
}

/* A use here keeps the session alive there, once it was written down; and there it is not written down again. */
static void test_a_use_counts_on_every_node(void **state)
{
    (void)state;
    ada = world_user(nodes[0], "ada", "$1");
    sign_in(nodes[0], 9, GH_SESSION_COOKIE);
    uint64_t before_s = world_now_s;
    world_now_s += 600;
    assert_int_equal(look(nodes[1], GH_LOOKUP_SESSION, 9, 9), GH_LOOKUP_GOOD);
    assert_int_equal(used(nodes[1], 9), world_now_s);
    assert_int_equal(used(nodes[0], 9), before_s);
    world_close(nodes[1]); /* writes it down, and tells */
    assert_int_equal(used(nodes[0], 9), world_now_s);
    assert_int_equal(used(nodes[2], 9), world_now_s);
    assert_int_equal(world_number(nodes[0], "SELECT used_s FROM session"), world_now_s);
    assert_true(world_open(nodes[1]));
    int64_t changes = world_number(nodes[0], "SELECT count(*) FROM change");
    world_close(nodes[2]);
    assert_int_equal(world_number(nodes[0], "SELECT count(*) FROM change"), changes);
    assert_true(world_open(nodes[2]));
}

/* What is over goes, whichever node sweeps; none does while another one does. */
static void test_one_sweeps_for_all(void **state)
{
    (void)state;
    gh_roster_stats stats;
    gh_records_options soon = nodes[1]->options;
    ada = world_user(nodes[0], "ada", "$1");
    sign_in(nodes[0], 9, GH_SESSION_COOKIE);
    world_now_s += 90000;
    soon.cleanup_s = 1;
    assert_true(gh_records_adjust(nodes[1]->records, &soon));
    for (unsigned i = 0; i < NODES; i++)
        do {
            catch_up(nodes[i]);
            gh_roster_read_stats(nodes[i]->roster, &stats);
        } while (stats.sessions > 0);
    assert_int_equal(world_number(nodes[0], "SELECT count(*) FROM session"), 0);
}

/* A command's records have no roster and no feed: what it does the nodes learn at once all the same. */
static void test_a_command_is_heard(void **state)
{
    (void)state;
    char why[512];
    gh_records_options command = nodes[0]->options;
    command.roster = NULL;
    command.folder = NULL;
    command.postgres.connections = 1;
    ada = world_user(nodes[0], "ada", "$1");
    sign_in(nodes[0], 9, GH_SESSION_COOKIE);
    gh_records *records = gh_records_open(&command, why, sizeof why);
    if (records == NULL)
        fail_msg("%s", why);
    gh_op_session_end *e = world_op(SESSION_END, gh_op_session_end);
    e->session = 9;
    gh_records_do(records, &e->op);
    assert_int_equal(e->op.status, GH_OP_OK);
    world_done(e);
    gh_op_catch_up *c = world_op(CATCH_UP, gh_op_catch_up);
    gh_records_do(records, &c->op);
    assert_int_equal(c->op.status, GH_OP_OK);
    world_done(c);
    uint64_t fillings;
    assert_int_equal(gh_records_age_ms(records, &fillings), 0);
    gh_records_close(records);
    for (unsigned i = 0; i < NODES; i++)
        assert_int_equal(look(nodes[i], GH_LOOKUP_SESSION, 9, 9), GH_LOOKUP_UNKNOWN);
}

/* A node that starts or comes back has what the others know. */
static void test_a_node_that_comes_later_has_it_all(void **state)
{
    (void)state;
    gh_roster_stats here, there;
    ada = world_user(nodes[0], "ada", "$1");
    for (gh_id id = 1; id <= 40; id++)
        sign_in(nodes[id % NODES], id, GH_SESSION_COOKIE);
    world_reopen(nodes[1]);
    world *late = world_join(nodes[0]);
    for (gh_id id = 1; id <= 40; id++)
        assert_int_equal(world_look(late, GH_LOOKUP_SESSION, id, id), GH_LOOKUP_GOOD);
    gh_roster_read_stats(late->roster, &here);
    gh_roster_read_stats(nodes[1]->roster, &there);
    assert_true(here.sessions == 40 && there.sessions == 40);
    assert_int_equal(world_teardown((void **)&late), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_last_place_of_each_cap),
        TEST(test_parallel_refreshes_have_one_successor),
        TEST(test_what_one_node_makes_the_others_admit),
        TEST(test_what_one_node_ends_the_others_refuse),
        TEST(test_an_end_comes_by_itself),
        TEST(test_who_is_disabled_stays_so_on_every_node),
        TEST(test_an_end_is_remembered_as_long_as_any_nodes_tokens_live),
        TEST(test_a_use_counts_on_every_node),
        TEST(test_one_sweeps_for_all),
        TEST(test_a_command_is_heard),
        TEST(test_a_node_that_comes_later_has_it_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
