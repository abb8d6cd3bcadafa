/* The scripts on a real Redis keep the contract of all stores. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

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
    limit_contract_run(&store, 1200);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(redis_keeps_the_contract)};
    return redis_is_there() ? cmocka_run_group_tests(tests, setup, teardown) : 77;
}
