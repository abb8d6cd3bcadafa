/* Many at once, who ask one node or several. */
#include "records_crowd.h"

#include <pthread.h>

enum { EACH = 8, THREADS = CROWD / EACH };

typedef struct crowd {
    world *const *nodes;
    unsigned n;
    unsigned (*ask)(world *w, unsigned i);
    pthread_barrier_t start;
    _Atomic unsigned next, statuses[16];
} crowd;

static void *one(void *data)
{
    crowd *c = data;
    (void)pthread_barrier_wait(&c->start);
    for (unsigned k = 0; k < EACH; k++) {
        unsigned i = atomic_fetch_add(&c->next, 1);
        atomic_fetch_add(&c->statuses[c->ask(c->nodes[i % c->n], i)], 1);
    }
    return NULL;
}

const _Atomic unsigned *crowd_asks(world *const *nodes, unsigned n, unsigned (*ask)(world *w, unsigned i))
{
    static crowd c;
    pthread_t threads[THREADS];
    memset(&c, 0, sizeof c);
    c.nodes = nodes;
    c.n = n;
    c.ask = ask;
    (void)pthread_barrier_init(&c.start, NULL, THREADS);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, one, &c), 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    (void)pthread_barrier_destroy(&c.start);
    print_message("answers:");
    for (unsigned status = 0; status < GH_COUNT(c.statuses); status++)
        if (c.statuses[status] > 0)
            print_message(" %u with status %u", c.statuses[status], status);
    print_message("\n");
    return c.statuses;
}

/* --- the last places */

static unsigned ask_device(world *w, unsigned i)
{
    gh_op_device_begin *o = world_op(DEVICE_BEGIN, gh_op_device_begin);
    o->user = w->user;
    o->id = i + 1;
    o->most = 5;
    o->timeout_s = 60;
    return world_once(w, o);
}

static unsigned ask_anonymous(world *w, unsigned i)
{
    gh_op_device_begin *o = world_op(DEVICE_BEGIN, gh_op_device_begin);
    o->id = 1000 + i;
    o->most = 3;
    o->timeout_s = 60;
    return world_once(w, o);
}

static unsigned ask_key(world *w, unsigned i)
{
    gh_op_key_create *o = world_op(KEY_CREATE, gh_op_key_create);
    o->user = w->user;
    o->id = i + 1;
    o->most = 4;
    return world_once(w, o);
}

static unsigned ask_session(world *w, unsigned i)
{
    world_login in = {.name = "ada", .right = true, .session = world_session(i + 1, GH_SESSION_COOKIE)};
    in.session.most = 6;
    return world_sign_in(w, &in);
}

unsigned crowd_ask_session_in_turn(world *w, unsigned i)
{
    world_login in = {.name = "ada", .right = true, .session = world_session(5000 + i, GH_SESSION_COOKIE)};
    in.session.most = 6;
    in.session.end_oldest = true;
    return world_sign_in(w, &in);
}

static unsigned ask_name(world *w, unsigned i)
{
    (void)i;
    gh_op_user_create *o = world_op(USER_CREATE, gh_op_user_create);
    o->name = GH_STR("wanted");
    return world_once(w, o);
}

static unsigned ask_attempt(world *w, unsigned i)
{
    gh_op_login_begin *o = world_op(LOGIN_BEGIN, gh_op_login_begin);
    o->name = world_text(i % 2 == 0 ? "ADA" : "ada");
    o->limits = (gh_attempt_limits){7, 1000, 1000, 900};
    return world_once(w, o);
}

/* All of them know her. */
static void make_ada(world *const *nodes, unsigned n)
{
    gh_id ada = world_user(nodes[0], "ada", "$1");
    for (unsigned i = 0; i < n; i++)
        nodes[i]->user = ada;
}

void crowd_fights_for_last_places(world *const *nodes, unsigned n)
{
    make_ada(nodes, n);
    const _Atomic unsigned *got = crowd_asks(nodes, n, ask_attempt);
    assert_true(got[GH_OP_OK] == 7 && got[GH_OP_SLOWED] == CROWD - 7);
    got = crowd_asks(nodes, n, ask_device);
    assert_true(got[GH_OP_OK] == 5 && got[GH_OP_CAP] == CROWD - 5);
    got = crowd_asks(nodes, n, ask_anonymous);
    assert_true(got[GH_OP_OK] == 3 && got[GH_OP_CAP] == CROWD - 3);
    got = crowd_asks(nodes, n, ask_key);
    assert_true(got[GH_OP_OK] == 4 && got[GH_OP_CAP] == CROWD - 4);
    got = crowd_asks(nodes, n, ask_session);
    assert_true(got[GH_OP_OK] == 6 && got[GH_OP_CAP] == CROWD - 6);
    got = crowd_asks(nodes, n, crowd_ask_session_in_turn);
    assert_int_equal(got[GH_OP_OK], CROWD);
    got = crowd_asks(nodes, n, ask_name);
    assert_true(got[GH_OP_OK] == 1 && got[GH_OP_EXISTS] == CROWD - 1);
}

/* --- parallel refreshes of one token */

static _Atomic uint64_t successor;
static _Atomic unsigned first_ones, others;

static unsigned ask_refresh(world *w, unsigned i)
{
    uint64_t mine = 1000 + i, sealed = 0, none = 0;
    gh_op_refresh *o = world_op(REFRESH, gh_op_refresh);
    o->kind = GH_SESSION_TOKENS;
    o->session = 7;
    o->grace_s = 10;
    world_hash(7, o->hash);
    world_hash(mine, o->next_hash);
    o->next_sealed = (gh_str){(const char *)&mine, sizeof mine};
    unsigned status = world_do(w, o);
    if (status == GH_OP_OK) {
        memcpy(&sealed, o->sealed.p, sizeof sealed);
        if (!o->repeated)
            atomic_fetch_add(&first_ones, 1);
        if (!atomic_compare_exchange_strong(&successor, &none, sealed) && none != sealed)
            atomic_fetch_add(&others, 1);
    }
    world_done(o);
    return status;
}

void crowd_refreshes_one_token(world *const *nodes, unsigned n, unsigned rounds)
{
    make_ada(nodes, n);
    for (unsigned round = 0; round < rounds; round++) {
        world_login in = {.name = "ada", .right = true, .session = world_session(7, GH_SESSION_TOKENS)};
        assert_int_equal(world_sign_in(nodes[round % n], &in), GH_OP_OK);
        atomic_store(&successor, 0);
        atomic_store(&first_ones, 0);
        const _Atomic unsigned *got = crowd_asks(nodes, n, ask_refresh);
        assert_int_equal(got[GH_OP_OK], CROWD);
        assert_true(first_ones == 1 && others == 0);
        gh_op_refresh *o = world_op(REFRESH, gh_op_refresh); /* the one successor is good, anywhere */
        o->kind = GH_SESSION_TOKENS;
        o->session = 7;
        o->number = 1;
        world_hash(successor, o->hash);
        world_hash(2, o->next_hash);
        o->next_sealed = GH_STR("sealed");
        assert_int_equal(world_once(nodes[(round + 1) % n], o), GH_OP_OK);
        gh_op_session_end *e = world_op(SESSION_END, gh_op_session_end);
        e->session = 7;
        assert_int_equal(world_once(nodes[round % n], e), GH_OP_OK);
    }
}
