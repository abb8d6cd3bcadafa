/* Two nodes of a Redis Cluster: whichever is named, the one that has the keys is found, and found again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "redis_world.h"

typedef struct node {
    redis_server server;
    char config[32], cluster_port[16];
    const char *more[8];
} node;

static void start(node *n, const char *name)
{
    (void)snprintf(n->config, sizeof n->config, "%s.conf", name);
    (void)snprintf(n->cluster_port, sizeof n->cluster_port, "%u", redis_free_port());
    const char *const options[] = {
        "--cluster-enabled", "yes", "--cluster-config-file", n->config, "--cluster-port",
        n->cluster_port,     NULL};
    memcpy(n->more, options, sizeof options);
    redis_start(&n->server, n->more);
}

typedef struct cluster {
    redis_world *world;
    node a, b; /* the slot of {test} is b's at first */
    long slot;
} cluster;

static bool knows_cluster(void *data)
{
    const cluster *c = data;
    char state[512];
    redis_tell(&c->a.server, "EVAL \"return redis.call('CLUSTER','INFO'):sub(1,16)\" 0", state, sizeof state);
    bool a = strstr(state, "cluster_state:ok") != NULL;
    redis_tell(&c->b.server, "EVAL \"return redis.call('CLUSTER','INFO'):sub(1,16)\" 0", state, sizeof state);
    return a && strstr(state, "cluster_state:ok") != NULL;
}

static void add_slots(const node *n, long first, long last)
{
    char command[128];
    (void)snprintf(command, sizeof command, "CLUSTER ADDSLOTSRANGE %ld %ld", first, last);
    redis_tell(&n->server, command, NULL, 0);
}

static int set_up(void **state)
{
    static cluster c;
    c = (cluster){.slot = 0};
    if (redis_world_setup(state) != 0)
        return -1;
    c.world = *state;
    start(&c.a, "a");
    start(&c.b, "b");
    c.slot = redis_number(&c.a.server, "CLUSTER KEYSLOT {test}:nodes");
    add_slots(&c.a, 0, c.slot - 1);
    add_slots(&c.a, c.slot + 1, 16383);
    add_slots(&c.b, c.slot, c.slot);
    char meet[128];
    (void)snprintf(meet, sizeof meet, "CLUSTER MEET 127.0.0.1 %u %s", c.b.server.port, c.b.cluster_port);
    redis_tell(&c.a.server, "CLUSTER SET-CONFIG-EPOCH 1", NULL, 0);
    redis_tell(&c.b.server, "CLUSTER SET-CONFIG-EPOCH 2", NULL, 0);
    redis_tell(&c.a.server, meet, NULL, 0);
    world_until(c.world, knows_cluster, &c, "the cluster");
    *state = &c;
    return 0;
}

static int tear_down(void **state)
{
    cluster *c = *state;
    void *world = c->world;
    int result = redis_world_teardown(&world);
    redis_remove(&c->a.server);
    redis_remove(&c->b.server);
    return result;
}

static int64_t count(cluster *c)
{
    asked a;
    ask_add(&a, "n", 1);
    assert_true(gh_redis_ask(c->world->redis, &a.request));
    world_answer(c->world, &a);
    return a.unavailable > 0 ? -1 : a.values[0];
}

static void moved_is_followed(void **state)
{
    cluster *c = *state;
    for (unsigned i = 0; i < 2; i++) {
        world_connect_to(c->world, "redis://127.0.0.1:%u", i == 0 ? c->a.server.port : c->b.server.port);
        world_until_ready(c->world);
        assert_int_equal(count(c), i + 1);
        world_disconnect(c->world);
    }
    world_log_lacks(c->world, "redis_unavailable");
    world_connect_to(c->world, "redis://127.0.0.1:%u/1", c->a.server.port);
    world_until_why(c->world, "has only 0");
}

/* The slot goes to the other node while there is a connection: one outage, then the right one. */
static void the_slot_moves(void **state)
{
    cluster *c = *state;
    char id[64], command[128];
    world_connect_to(c->world, "redis://127.0.0.1:%u", c->a.server.port);
    world_until_ready(c->world);
    assert_int_equal(count(c), 1);
    redis_tell(&c->b.server, "DEL {test}:n {test}:nodes {test}:nodes:0000000000000000", NULL, 0);
    redis_tell(&c->a.server, "CLUSTER MYID", id, sizeof id);
    (void)snprintf(command, sizeof command, "CLUSTER SETSLOT %ld NODE %s", c->slot, id);
    redis_tell(&c->a.server, command, NULL, 0);
    redis_tell(&c->b.server, command, NULL, 0);
    assert_int_equal(count(c), -1);
    world_until_ready(c->world);
    assert_int_equal(count(c), 1);
    assert_int_equal(world_lines(c->world, "redis_unavailable", 1), 1);
    assert_int_equal(world_lines(c->world, "redis_recovered", 1), 1);
    assert_non_null(strstr(world_figures(c->world).why, "another one has the keys"));
}

/* The node that it was sent to dies: it says so, and asks the one of redis.url again. */
static void the_other_node_dies(void **state)
{
    cluster *c = *state;
    world_connect_to(c->world, "redis://127.0.0.1:%u", c->a.server.port);
    world_until_ready(c->world);
    redis_kill(&c->b.server);
    world_until_why(c->world, "it sent us on to 127.0.0.1");
    redis_start_again(&c->b.server);
    world_until_ready(c->world);
    assert_int_equal(count(c), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(moved_is_followed),
        TEST(the_slot_moves),
        TEST(the_other_node_dies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
