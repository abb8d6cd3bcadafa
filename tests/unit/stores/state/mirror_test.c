/* The embedded store beside another one: charged for what that let pass, and given back what it refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "limit_contract.h"
#include "limit_model.h"
#include "stores/state/embedded.h"

static gh_take one(const gh_limit *l, uint64_t key, uint32_t weight)
{
    return (gh_take){.limit = l, .key = key, .weight = weight};
}

static gh_take take(gh_state *s, uint64_t now, const gh_limit *l, uint64_t key, uint32_t weight)
{
    gh_take t = one(l, key, weight);
    gh_state_take(s, now, &t, 1);
    return t;
}

static void charge(gh_state *s, uint64_t now, const gh_limit *l, uint64_t key, uint32_t weight)
{
    gh_take t = one(l, key, weight);
    t.remaining = UINT64_MAX;
    gh_state_charge(s, now, &t, 1);
}

static gh_state *new_state(void)
{
    gh_state *s = gh_state_new(1000);
    assert_non_null(s);
    return s;
}

static void a_charge_takes_what_there_is_and_no_more(void **arg)
{
    (void)arg;
    const gh_limit limits[] = {
        contract_limit((gh_limit){.requests = 10, .window_ms = 60000, .seed = 1}),
        contract_limit((gh_limit){.requests = 1000, .window_ms = 60000, .seed = 2}),
        contract_limit(
            (gh_limit){.kind = GH_LIMIT_BUCKET, .requests = 10, .window_ms = 1000, .burst = 20, .seed = 3})};
    for (unsigned i = 0; i < GH_COUNT(limits); i++) {
        const gh_limit *l = &limits[i];
        uint32_t all = (uint32_t)(l->kind == GH_LIMIT_BUCKET ? l->burst : l->requests);
        gh_state *s = new_state();
        charge(s, 100, l, 7, all - 3);
        assert_int_equal(take(s, 100, l, 7, 1).remaining, 2);
        charge(s, 100, l, 7, UINT32_MAX);
        gh_take t = take(s, 100, l, 7, 1);
        assert_int_equal(t.answer, GH_TAKE_REFUSED);
        /* As long as if nobody had asked for more than there was. */
        gh_state *other = new_state();
        assert_int_equal(take(other, 100, l, 7, all).answer, GH_TAKE_OK);
        assert_int_equal(take(other, 100, l, 7, 1).retry_ms, t.retry_ms);
        assert_int_equal(take(s, 100 + t.retry_ms, l, 7, 1).answer, GH_TAKE_OK);
        assert_int_equal(take(s, 100, l, 8, all).answer, GH_TAKE_OK);
        gh_state_free(other);
        gh_state_free(s);
    }
}

/* Another store knows of more than passes here: no more is left here than there. */
static void it_follows_what_is_left_elsewhere(void **arg)
{
    (void)arg;
    const gh_limit limits[] = {
        contract_limit((gh_limit){.requests = 100, .window_ms = 60000, .seed = 1}),
        contract_limit((gh_limit){
            .kind = GH_LIMIT_BUCKET, .requests = 100, .window_ms = 60000, .burst = 100, .seed = 3})};
    static const struct {
        uint32_t weight;
        uint64_t remaining, left; /* there; here, afterwards */
    } rows[] = {{1, 99, 99}, {1, 60, 60},         {1, 60, 59}, {3, 58, 56}, {0, 50, 50},
                {0, 70, 50}, {2, UINT64_MAX, 48}, {1, 0, 0},   {1, 90, 0}};
    for (unsigned i = 0; i < GH_COUNT(limits); i++) {
        gh_state *s = new_state();
        for (unsigned k = 0; k < GH_COUNT(rows); k++) {
            gh_take t = one(&limits[i], 7, rows[k].weight);
            t.remaining = rows[k].remaining;
            gh_state_charge(s, 100, &t, 1);
            assert_int_equal(take(s, 100, &limits[i], 7, 0).remaining, rows[k].left);
        }
        gh_state_free(s);
    }
}

static void looking_takes_nothing(void **arg)
{
    (void)arg;
    const gh_limit l = contract_limit((gh_limit){.requests = 10, .window_ms = 60000, .seed = 1});
    gh_state *s = new_state();
    gh_state_stats stats;
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(take(s, i, &l, i % 2, 0).remaining, 10);
    gh_state_read_stats(s, 20, &stats);
    assert_int_equal(stats.live, 0);
    assert_int_equal(take(s, 20, &l, 1, 10).answer, GH_TAKE_OK);
    gh_take t = take(s, 21, &l, 1, 0);
    assert_int_equal(t.answer, GH_TAKE_OK);
    assert_int_equal(t.remaining, 0);
    assert_true(t.reset_ms > 0);
    gh_state_free(s);
}

static void charges_of_one_call_are_each_for_itself(void **arg)
{
    (void)arg;
    const gh_limit a = contract_limit((gh_limit){.requests = 3, .window_ms = 60000, .seed = 1}),
                   b = contract_limit((gh_limit){.requests = 300, .window_ms = 60000, .seed = 2});
    gh_state *s = new_state();
    gh_take t[] = {one(&a, 1, 5), one(&b, 1, 5), one(&b, 1, 7), one(&b, 2, 300)};
    for (unsigned i = 0; i < GH_COUNT(t); i++)
        t[i].remaining = UINT64_MAX;
    gh_state_charge(s, 0, t, GH_COUNT(t));
    assert_int_equal(take(s, 0, &a, 1, 1).answer, GH_TAKE_REFUSED);
    assert_int_equal(take(s, 0, &b, 1, 1).remaining, 287);
    assert_int_equal(take(s, 0, &b, 2, 1).answer, GH_TAKE_REFUSED);
    gh_state_free(s);
}

enum { SEQUENCES = 1500, STEPS = 60, HELD = 8 };

typedef struct held {
    gh_take take;
    uint64_t at;
} held;

static uint64_t draw(uint64_t *luck, uint64_t below)
{
    return gh_mix64((*luck)++) % below;
}

/* Takes that are held for a while, and then stay or are given back: what others see in between and afterwards is what
 * the model says with and without them. */
static void sequence(uint64_t luck)
{
    static const uint64_t requests[] = {1, 5, 60, 127, 200, 5000, 4294967295};
    const gh_limit l = contract_limit((gh_limit){.requests = requests[draw(&luck, GH_COUNT(requests))],
                                                 .window_ms = 1000 + draw(&luck, 2) * 59000,
                                                 .seed = 5});
    static limit_model model;
    held list[HELD];
    unsigned n = 0;
    uint64_t now = 5000000 + draw(&luck, 100000);
    gh_state *s = new_state();
    model_clear(&model);
    for (unsigned i = 0; i < STEPS; i++) {
        now += draw(&luck, 3) == 0 ? draw(&luck, l.tick_ms + 2) : 0;
        if (n == HELD || (n > 0 && draw(&luck, 3) == 0)) {
            held h = list[--n];
            if (draw(&luck, 4) == 0)
                continue; /* stays */
            model_remove(&model, h.at, &l, h.take.key, h.take.weight);
            gh_state_give_back(s, now, h.at, &h.take, 1);
        } else {
            uint64_t most = l.requests / (1 + draw(&luck, 6));
            gh_take t = one(&l, draw(&luck, 2), (uint32_t)(1 + draw(&luck, most + 1) % UINT32_MAX));
            gh_state_take(s, now, &t, 1);
            if (!model_agrees(&model, now, &t, 1))
                fail_msg("luck %llu: %s", (unsigned long long)luck, model.why);
            if (t.answer == GH_TAKE_OK)
                list[n++] = (held){t, now};
        }
    }
    gh_state_free(s);
}

static void what_is_given_back_was_never_taken(void **arg)
{
    (void)arg;
    for (uint64_t i = 0; i < SEQUENCES; i++)
        sequence(i << 32);
}

/* What a bucket has paid for meanwhile is not given a second time. */
static void a_bucket_is_given_back_what_it_still_owes_for(void **arg)
{
    (void)arg;
    const gh_limit l = contract_limit(
        (gh_limit){.kind = GH_LIMIT_BUCKET, .requests = 10, .window_ms = 1000, .burst = 20, .seed = 3});
    static const uint64_t pauses[] = {0, 1, 99, 100, 101, 900, 999, 1000, 1001, 1500};
    for (unsigned i = 0; i < GH_COUNT(pauses); i++) {
        gh_state *s = new_state();
        uint64_t now = 1000 + pauses[i];
        gh_take t = take(s, 1000, &l, 1, 10);
        assert_int_equal(t.answer, GH_TAKE_OK);
        /* Ten more at the end of the pause; then all is as if they were the only ones. */
        assert_int_equal(take(s, now, &l, 1, 10).answer, GH_TAKE_OK);
        gh_state_give_back(s, now, 1000, &t, 1);
        assert_int_equal(take(s, now, &l, 1, 20).remaining, 10);
        assert_int_equal(take(s, now, &l, 1, 10).answer, GH_TAKE_OK);
        gh_state_free(s);
    }
}

static void giving_back_what_is_gone_does_no_harm(void **arg)
{
    (void)arg;
    const gh_limit limits[] = {
        contract_limit((gh_limit){.requests = 10, .window_ms = 1000, .seed = 1}),
        contract_limit((gh_limit){.requests = 1000, .window_ms = 1000, .seed = 2}),
        contract_limit(
            (gh_limit){.kind = GH_LIMIT_BUCKET, .requests = 10, .window_ms = 1000, .burst = 10, .seed = 3})};
    for (unsigned i = 0; i < GH_COUNT(limits); i++) {
        const gh_limit *l = &limits[i];
        uint64_t all = l->kind == GH_LIMIT_BUCKET ? l->burst : l->requests;
        gh_state *s = new_state();
        gh_take t = one(l, 1, 5);
        gh_state_give_back(s, 50, 40, &t, 1); /* nothing is there */
        assert_int_equal(take(s, 50, l, 1, 4).remaining, all - 4);
        gh_state_give_back(s, 50, 50, &t, 1); /* more than is there */
        assert_int_equal(take(s, 50, l, 1, 4).remaining, all - 4);
        gh_state_give_back(s, 5000, 50, &t, 1); /* has come back by itself */
        assert_int_equal(take(s, 5000, l, 1, 4).remaining, all - 4);
        gh_state_give_back(s, 5000, 50, &t, 1); /* and others have taken since */
        assert_int_equal(take(s, 5000, l, 1, 1).remaining, all - 5);
        gh_state_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_charge_takes_what_there_is_and_no_more),
        cmocka_unit_test(it_follows_what_is_left_elsewhere),
        cmocka_unit_test(looking_takes_nothing),
        cmocka_unit_test(charges_of_one_call_are_each_for_itself),
        cmocka_unit_test(what_is_given_back_was_never_taken),
        cmocka_unit_test(a_bucket_is_given_back_what_it_still_owes_for),
        cmocka_unit_test(giving_back_what_is_gone_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
