/* The embedded store keeps the contract of all stores. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "limit_contract.h"
#include "stores/state/embedded.h"

static void clear(void *data)
{
    gh_state **s = data;
    gh_state_free(*s);
    *s = gh_state_new(1000);
    assert_non_null(*s);
}

static void take(void *data, uint64_t now_ms, gh_take *takes, unsigned n)
{
    gh_state **s = data;
    gh_state_take(*s, now_ms, takes, n);
}

static void the_embedded_store_keeps_the_contract(void **arg)
{
    (void)arg;
    gh_state *s = NULL;
    const limit_store store = {clear, take, &s};
    limit_contract_run(&store, 4000);
    gh_state_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_embedded_store_keeps_the_contract)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
