/* TLS to a real Redis: who is taken for the server, and what is said of one that is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "redis_relay.h"
#include "redis_world.h"

enum { DAY = 86400 };

static const redis_certificate ca = {"ca", NULL, NULL, -DAY, DAY};

typedef struct tls_options {
    char certificate[256], key[256], ca[256];
    const char *more[16];
} tls_options;

static void file_in(char *path, size_t size, const redis_world *w, const char *name)
{
    (void)snprintf(path, size, "%s/%s", w->server.folder, name);
}

/* A server that shows the certificate. */
static void start(redis_world *w, const redis_certificate *c, const char *option, const char *value)
{
    static tls_options o;
    redis_remove(&w->server);
    w->server.tls_port = redis_free_port();
    redis_make_folder(&w->server);
    redis_make_certificate(w->server.folder, &ca);
    redis_make_certificate(w->server.folder, c);
    char name[64];
    (void)snprintf(name, sizeof name, "%s.pem", c->name);
    file_in(o.certificate, sizeof o.certificate, w, name);
    (void)snprintf(name, sizeof name, "%s.key", c->name);
    file_in(o.key, sizeof o.key, w, name);
    file_in(o.ca, sizeof o.ca, w, "ca.pem");
    const char *const options[] = {
        "--tls-cert-file",
        o.certificate,
        "--tls-key-file",
        o.key,
        "--tls-ca-cert-file",
        o.ca,
        option != NULL ? option : "--tls-auth-clients",
        option != NULL ? value : "no",
        option != NULL && strcmp(option, "--tls-auth-clients") != 0 ? "--tls-auth-clients" : NULL,
        "no",
        NULL};
    memcpy(o.more, options, sizeof options);
    redis_start(&w->server, o.more);
    w->options.ca_file = gh_str_of(o.ca);
}

static void it_answers(redis_world *w)
{
    static asked all[300];
    world_until_ready(w);
    for (unsigned i = 0; i < 300; i++) {
        ask_echo(&all[i], i, 2);
        assert_true(gh_redis_ask(w->redis, &all[i].request));
    }
    world_answer(w, &all[299]);
    for (unsigned i = 0; i < 300; i++)
        assert_true(all[i].done == 1 && all[i].values[0] == i);
}

static const redis_certificate well = {"server", "DNS:localhost,IP:127.0.0.1,IP:::1", "ca", -DAY, DAY};

static void by_name_and_by_address(void **state)
{
    redis_world *w = *state;
    start(w, &well, NULL, NULL);
    static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < GH_COUNT(hosts); i++) {
        world_connect_to(w, "rediss://%s:%u", hosts[i], w->server.tls_port);
        it_answers(w);
        world_disconnect(w);
    }
    world_log_lacks(w, "redis_unavailable");
}

static void tls_12_and_13(void **state)
{
    redis_world *w = *state;
    static const char *const versions[] = {"TLSv1.2", "TLSv1.3"};
    for (size_t i = 0; i < GH_COUNT(versions); i++) {
        start(w, &well, "--tls-protocols", versions[i]);
        world_connect_to(w, "rediss://localhost:%u", w->server.tls_port);
        it_answers(w);
        world_disconnect(w);
    }
}

/* Each says which. */
static void certificates_that_are_refused(void **state)
{
    redis_world *w = *state;
    static const struct {
        redis_certificate certificate;
        const char *host, *why;
    } cases[] = {
        {{"other", "DNS:redis.example", "ca", -DAY, DAY}, "localhost", "another name: localhost"},
        {{"localhost", "IP:127.0.0.9", "ca", -DAY, DAY}, "localhost", "another name"}, /* its CN would fit */
        {{"other", "DNS:localhost", "ca", -DAY, DAY}, "127.0.0.1", "another name: 127.0.0.1"},
        {{"other", "DNS:127.0.0.1", "ca", -DAY, DAY}, "127.0.0.1", "another name"},
        {{"other", "IP:127.0.0.2", "ca", -DAY, DAY}, "127.0.0.1", "another name"},
        {{"old", "DNS:localhost", "ca", -2 * DAY, -DAY}, "localhost", "expired"},
        {{"new", "DNS:localhost", "ca", DAY, 2 * DAY}, "localhost", "not valid yet"},
        {{"self", "DNS:localhost", NULL, -DAY, DAY}, "localhost", "not signed by a CA that is known"},
    };
    for (size_t i = 0; i < GH_COUNT(cases); i++) {
        start(w, &cases[i].certificate, NULL, NULL);
        world_connect_to(w, "rediss://:hunter2@%s:%u", cases[i].host, w->server.tls_port);
        world_until_why(w, cases[i].why);
        assert_false(gh_redis_ready(w->redis));
        world_disconnect(w);
        assert_int_equal(world_lines(w, "redis_unavailable", (unsigned)i + 1), i + 1);
    }
}

static void an_unknown_ca(void **state)
{
    redis_world *w = *state;
    start(w, &well, NULL, NULL);
    w->options.ca_file = (gh_str){NULL, 0}; /* the system's */
    world_connect_to(w, "rediss://localhost:%u", w->server.tls_port);
    world_until_why(w, "not signed by a CA that is known");
    world_disconnect(w);
    char path[256];
    redis_make_certificate(w->server.folder, &(redis_certificate){"ca2", NULL, NULL, -DAY, DAY});
    file_in(path, sizeof path, w, "ca2.pem");
    w->options.ca_file = gh_str_of(path);
    world_connect_to(w, "rediss://localhost:%u", w->server.tls_port);
    world_until_why(w, "not signed by a CA that is known");
}

static void a_client_certificate_is_asked_for(void **state)
{
    redis_world *w = *state;
    start(w, &well, "--tls-auth-clients", "yes");
    world_connect_to(w, "rediss://localhost:%u", w->server.tls_port);
    world_until_why(w, "client certificate");
}

static void plain_and_tls_do_not_mix(void **state)
{
    redis_world *w = *state;
    start(w, &well, NULL, NULL);
    w->options.connect_ms = 1000;
    world_connect_to(w, "rediss://localhost:%u", w->server.port);
    world_until_why(w, "TLS");
    world_disconnect(w);
    world_connect_to(w, "redis://localhost:%u", w->server.tls_port);
    world_until_why(w, "connection"); /* closed or reset */
}

static void it_speaks_no_tls(void **state)
{
    redis_world *w = *state;
    redis_relay relay = {.words = "-ERR max number of clients reached\r\n", .n_words = 36};
    start(w, &well, NULL, NULL);
    redis_relay_start(&relay);
    world_connect_to(w, "rediss://localhost:%u", relay.port);
    world_until_why(w, "it does not speak TLS");
    world_disconnect(w);
    redis_relay_stop(&relay);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, redis_world_setup, redis_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(by_name_and_by_address),
        TEST(tls_12_and_13),
        TEST(certificates_that_are_refused),
        TEST(an_unknown_ca),
        TEST(a_client_certificate_is_asked_for),
        TEST(plain_and_tls_do_not_mix),
        TEST(it_speaks_no_tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
