/* Identity as a running server has it: what a configuration is given of it, and how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "config/compile.h"
#include "edges/identity/service.h"

enum { MANY = 300 };

typedef struct fixture {
    char folder[32];
    gh_identity_service service;
    gh_config *config;
    gh_report report;
} fixture;

static int set_up(void **state)
{
    static fixture f;
    char yaml[512];
    f = (fixture){.folder = "/tmp/service-XXXXXX"};
    assert_non_null(mkdtemp(f.folder));
    (void)snprintf(yaml, sizeof yaml,
                   "profile: development\nupstreams: [{ name: a, servers: [http://127.0.0.1:1] }]\n"
                   "data: { folder: %s }\n"
                   "identity: { enabled: on, session: { insecure_cookies: on } }\n",
                   f.folder);
    const gh_config_source source = {.kind = GH_SOURCE_YAML, .name = "test", .text = gh_str_of(yaml)};
    assert_true(gh_crypto_init());
    gh_report_init(&f.report);
    f.config = gh_config_load(&(gh_config_input){.sources = &source, .n_sources = 1}, &f.report);
    if (f.config == NULL)
        fail_msg("%.*s", (int)f.report.items[0].text.n, f.report.items[0].text.p);
    assert_true(gh_identity_open(&f.service, f.config, &f.report));
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"gatehouse.db", "gatehouse.db-wal", "gatehouse.db-shm",
                                        "gatehouse.lock", "secret_key"};
    fixture *f = *state;
    gh_identity_close(&f->service);
    gh_config_free(f->config);
    gh_report_free(&f->report);
    for (size_t i = 0; i < GH_COUNT(names); i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "%s/%s", f->folder, names[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(f->folder), 0);
    return 0;
}

/* The policy is made anew whenever an issuer's keys change, for as long as the server runs. */
static void test_a_configuration_that_is_compiled_again_does_not_grow(void **state)
{
    fixture *f = *state;
    gh_config_forget_ring(f->config);
    size_t left = f->config->arena.left, ring = 0;
    const char *at = f->config->arena.at;
    for (unsigned i = 0; i < MANY; i++) {
        assert_true(gh_identity_attach(&f->service, f->config, &f->report));
        assert_int_equal(f->config->n_identity_ring, 2);
        if (i == 0)
            ring = f->config->ring_memory.left;
        assert_int_equal(f->config->ring_memory.left, ring);
    }
    assert_int_equal(f->config->arena.left, left);
    assert_ptr_equal(f->config->arena.at, at);
}

/* The private keys are the policy's alone once it is made. */
static void test_the_ring_is_forgotten(void **state)
{
    fixture *f = *state;
    assert_true(gh_identity_attach(&f->service, f->config, &f->report));
    gh_policy *policy = gh_policy_compile(f->config, &f->report);
    assert_non_null(policy);
    gh_config_forget_ring(f->config);
    assert_int_equal(f->config->n_identity_ring, 0);
    assert_null(f->config->identity_ring);
    assert_null(f->config->ring_memory.extra);
    assert_int_equal(policy->identity.issuers[0].n_keys, 2);
    for (unsigned i = 0; i < 2; i++)
        assert_true(gh_str_eq(policy->identity.issuers[0].keys[i].kid,
                              gh_signing_key_kid(policy->identity.issuers[0].keys[i].key)));
    gh_policy_unref(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_configuration_that_is_compiled_again_does_not_grow, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_the_ring_is_forgotten, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
