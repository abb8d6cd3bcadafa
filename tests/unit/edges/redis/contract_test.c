/* The scripts on a real Redis keep the contract of all stores. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lease_world.h"
#include "limit_contract.h"
#include "redis_scripts.h"

static redis_server server;

static void clear(void *data)
{
    scripts_forget(data);
}

static void take(void *data, uint64_t now_ms, gh_take *takes, unsigned n)
{
    scripts_take(data, now_ms, takes, n);
}

static void redis_keeps_the_contract(void **arg)
{
    (void)arg;
    redis_scripts scripts;
    scripts_open(&scripts, &server, true);
    const limit_store store = {clear, take, &scripts};
    limit_contract_run(&store, 700);
    scripts_close(&scripts);
}

static void lease_take(void *data, uint64_t now_ms, gh_take *take)
{
    scripts_take(data, now_ms, take, 1);
}

static gh_lease_grant lease(void *data, uint64_t now_ms, const gh_lease_ask *ask)
{
    return scripts_lease(data, now_ms, ask);
}

/* The same loops and troubles as with the server in C (stores/shared/lease_world_test.c). */
static void leases_let_no_more_in_than_the_limit(void **arg)
{
    (void)arg;
    redis_scripts scripts;
    scripts_open(&scripts, &server, true);
    const lease_server as_server = {lease_take, lease, &scripts};
    for (unsigned i = 0; i < 8; i++) {
        gh_limit l = {.requests = i % 2 ? 100 : 150,
                      .window_ms = 1000 + i % 3 * 1000,
                      .seed = i,
                      .counting = GH_COUNTING_LEASED,
                      .lease_percent = 5};
        if (i % 4 == 3) {
            l.kind = GH_LIMIT_BUCKET;
            l.burst = 200;
        }
        lease_plan p = {.luck = i,
                        .limit = contract_limit(l),
                        .loops = 2 + i % 4,
                        .keys = 3,
                        .weight_max = 1 + i % 3,
                        .run_ms = 12000,
                        .per_second = 300,
                        .burst_ms = i % 2 * 700,
                        .late = i % 3 * 20,
                        .lost = i % 3 * 10,
                        .deadline_ms = i % 5 == 0 ? 5000 : 50};
        lease_result r = lease_world_run(&p, &as_server);
        print_message(
            "%lu units wanted, %lu passed, at most %llu in a window; %lu takes and %lu leases asked\n",
            r.wanted, r.passed, (unsigned long long)r.most, r.takes, r.leases);
        assert_true(r.leases > 20 && r.passed > r.waited);
        if (p.late == 0 && p.limit.kind == GH_LIMIT_SLIDING && p.burst_ms == 0)
            assert_true(r.least + 2ULL * (p.loops - 1) * gh_lease_units(&p.limit) >= l.requests);
    }
    scripts_close(&scripts);
}

static int setup(void **arg)
{
    (void)arg;
    redis_start(&server, NULL);
    return 0;
}

static int teardown(void **arg)
{
    (void)arg;
    redis_remove(&server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(redis_keeps_the_contract),
        cmocka_unit_test(leases_let_no_more_in_than_the_limit),
    };
    return redis_is_there() ? cmocka_run_group_tests(tests, setup, teardown) : 77;
}
