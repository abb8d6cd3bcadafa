/* Key sets of outside issuers, got from a server that says what a test tells it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "edges/identity/key_sets.h"

typedef struct issuer {
    int fd;
    pthread_t thread;
    pthread_mutex_t lock;
    char answer[512]; /* under the lock, as what follows */
    unsigned asked;
    char url[64];
} issuer;

static void read_head(int fd)
{
    char head[2048];
    size_t n = 0;
    while (n < sizeof head && memmem(head, n, "\r\n\r\n", 4) == NULL) {
        ssize_t got = recv(fd, head + n, sizeof head - n, 0);
        if (got <= 0)
            return;
        n += (size_t)got;
    }
}

static void *serve(void *data)
{
    issuer *i = data;
    int fd;
    while ((fd = accept(i->fd, NULL, NULL)) >= 0) {
        read_head(fd);
        (void)pthread_mutex_lock(&i->lock);
        (void)!send(fd, i->answer, strlen(i->answer), MSG_NOSIGNAL);
        i->asked++;
        (void)pthread_mutex_unlock(&i->lock);
        (void)close(fd);
    }
    return NULL;
}

static void say(issuer *i, unsigned status, const char *body)
{
    (void)pthread_mutex_lock(&i->lock);
    (void)snprintf(i->answer, sizeof i->answer,
                   "HTTP/1.1 %u X\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", status,
                   strlen(body), body);
    (void)pthread_mutex_unlock(&i->lock);
}

static unsigned asked(issuer *i)
{
    (void)pthread_mutex_lock(&i->lock);
    unsigned n = i->asked;
    (void)pthread_mutex_unlock(&i->lock);
    return n;
}

static void start(issuer *i)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof in;
    *i = (issuer){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    (void)pthread_mutex_init(&i->lock, NULL);
    assert_int_equal(bind(i->fd, (struct sockaddr *)&in, size), 0);
    assert_int_equal(getsockname(i->fd, (struct sockaddr *)&in, &size), 0);
    assert_int_equal(listen(i->fd, 8), 0);
    (void)snprintf(i->url, sizeof i->url, "http://127.0.0.1:%u/jwks", ntohs(in.sin_port));
    assert_int_equal(pthread_create(&i->thread, NULL, serve, i), 0);
}

static void stop(issuer *i)
{
    (void)shutdown(i->fd, SHUT_RDWR);
    assert_int_equal(pthread_join(i->thread, NULL), 0);
    (void)close(i->fd);
}

typedef struct fixture {
    issuer issuer;
    gh_key_sets *sets;
    gh_arena arena;
    uint64_t now_s;
} fixture;

static int set_up(void **state)
{
    static fixture f;
    start(&f.issuer);
    say(&f.issuer, 200, "one");
    f.sets = gh_key_sets_new(NULL);
    gh_arena_init(&f.arena, NULL, 0, 1 << 20);
    f.now_s = (uint64_t)time(NULL);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    gh_key_sets_free(f->sets);
    gh_arena_reset(&f->arena);
    stop(&f->issuer);
    return 0;
}

static gh_jwks_text read_set(fixture *f, bool there)
{
    gh_jwks_text got = {.why = NULL};
    assert_int_equal(gh_key_sets_read(f->sets, GH_STR("i"), gh_str_of(f->issuer.url), &f->arena, &got),
                     there);
    return got;
}

static void holds(const gh_jwks_text *got, const char *text)
{
    assert_int_equal(got->text.n, strlen(text));
    assert_memory_equal(got->text.p, text, got->text.n);
}

/* After the first time its text is kept, and given to each compilation. */
static void test_it_is_got_once(void **state)
{
    fixture *f = *state;
    gh_jwks_text got = read_set(f, true);
    holds(&got, "one");
    holds(&(gh_jwks_text){.text = read_set(f, true).text}, "one");
    assert_int_equal(asked(&f->issuer), 1);
    assert_true(*got.tried_s >= f->now_s);
    assert_false(gh_key_sets_due(f->sets, *got.tried_s));
}

/* Who makes up kids has the issuer asked once in the cool-down; nothing is compiled for it, and nobody is busy until
 * then. The policy learns of the try all the same, so that such a kid is just unknown again. */
static void test_wanted_in_vain(void **state)
{
    fixture *f = *state;
    gh_jwks_text got = read_set(f, true);
    uint64_t first = *got.tried_s;
    gh_key_sets_want(f->sets);
    assert_false(gh_key_sets_due(f->sets, first + GH_KEY_SETS_COOL_DOWN_S - 1));
    assert_true(gh_key_sets_due(f->sets, first + GH_KEY_SETS_COOL_DOWN_S));
    assert_false(gh_key_sets_refresh(f->sets, first + GH_KEY_SETS_COOL_DOWN_S));
    assert_int_equal(asked(&f->issuer), 2);
    assert_int_equal(*got.tried_s, first + GH_KEY_SETS_COOL_DOWN_S);
    assert_false(gh_key_sets_due(f->sets, first + GH_KEY_SETS_COOL_DOWN_S));
}

/* A policy of the text before still says of an unknown key that it may come. */
static void test_a_new_text(void **state)
{
    fixture *f = *state;
    gh_jwks_text before = read_set(f, true);
    uint64_t first = *before.tried_s, then = first + GH_KEY_SETS_COOL_DOWN_S;
    say(&f->issuer, 200, "two");
    gh_key_sets_want(f->sets);
    assert_true(gh_key_sets_refresh(f->sets, then));
    assert_int_equal(*before.tried_s, first);
    gh_jwks_text after = read_set(f, true);
    holds(&after, "two");
    holds(&before, "one");
    assert_int_equal(*after.tried_s, then);
    assert_int_equal(asked(&f->issuer), 2);
}

static void test_it_is_got_again_in_time(void **state)
{
    fixture *f = *state;
    uint64_t first = *read_set(f, true).tried_s;
    assert_false(gh_key_sets_due(f->sets, first + GH_KEY_SETS_REFRESH_S - 1));
    assert_false(gh_key_sets_refresh(f->sets, first + GH_KEY_SETS_REFRESH_S - 1));
    assert_int_equal(asked(&f->issuer), 1);
    assert_true(gh_key_sets_due(f->sets, first + GH_KEY_SETS_REFRESH_S));
    assert_false(gh_key_sets_refresh(f->sets, first + GH_KEY_SETS_REFRESH_S));
    assert_int_equal(asked(&f->issuer), 2);
}

/* By a clock that was years ahead and is set right, years would pass until then. */
static void test_a_clock_that_is_set_back(void **state)
{
    fixture *f = *state;
    uint64_t first = *read_set(f, true).tried_s;
    assert_true(gh_key_sets_due(f->sets, first - 86400));
    assert_false(gh_key_sets_refresh(f->sets, first - 86400));
    assert_int_equal(asked(&f->issuer), 2);
    assert_false(gh_key_sets_due(f->sets, first - 86400));
}

static void count_line(void *data, const char *line)
{
    assert_non_null(strstr(line, "503"));
    ++*(unsigned *)data;
}

/* The text from before stays in use when it can't be got; before the first there is none, and it may come later. */
static void test_an_issuer_that_is_down(void **state)
{
    fixture *f = *state;
    unsigned lines = 0;
    say(&f->issuer, 503, "");
    gh_jwks_text none = read_set(f, false);
    assert_true(none.later);
    assert_non_null(strstr(none.why, "503"));
    uint64_t first = *none.tried_s;
    gh_key_sets_say_missing(f->sets, count_line, &lines);
    assert_int_equal(lines, 1);
    gh_key_sets_want(f->sets);
    assert_false(gh_key_sets_due(f->sets, first + 1));
    say(&f->issuer, 200, "one");
    assert_true(gh_key_sets_refresh(f->sets, first + GH_KEY_SETS_COOL_DOWN_S));
    gh_jwks_text got = read_set(f, true);
    holds(&got, "one");
    say(&f->issuer, 503, "");
    assert_false(gh_key_sets_refresh(f->sets, first + GH_KEY_SETS_COOL_DOWN_S + GH_KEY_SETS_REFRESH_S));
    gh_jwks_text old = read_set(f, true);
    holds(&old, "one");
    assert_int_equal(asked(&f->issuer), 3);
}

/* What a reload has dropped is left alone, and got anew when it comes back. */
static void test_one_that_is_not_needed_any_more(void **state)
{
    fixture *f = *state;
    gh_issuer_config named = {.jwks = gh_str_of(f->issuer.url)};
    gh_config with = {.identity = {.issuers = &named, .n_issuers = 1}}, without = {.arena = {.at = NULL}};
    uint64_t later = *read_set(f, true).tried_s + GH_KEY_SETS_REFRESH_S;
    gh_key_sets_keep(f->sets, &with);
    assert_true(gh_key_sets_due(f->sets, later));
    gh_key_sets_keep(f->sets, &without);
    assert_false(gh_key_sets_due(f->sets, later));
    assert_false(gh_key_sets_refresh(f->sets, later));
    assert_int_equal(asked(&f->issuer), 1);
    say(&f->issuer, 200, "two");
    gh_jwks_text got = read_set(f, true);
    holds(&got, "two");
}

/* Only a scheme makes an address of it. */
static void test_a_file_whose_name_begins_with_http(void **state)
{
    fixture *f = *state;
    gh_jwks_text got = {.why = NULL};
    char folder[] = "/tmp/key-sets-XXXXXX", before[4096];
    assert_non_null(getcwd(before, sizeof before));
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    FILE *file = fopen("http-keys.json", "w");
    assert_non_null(file);
    (void)fputs("three", file);
    (void)fclose(file);
    assert_true(gh_key_sets_read(f->sets, GH_STR("i"), GH_STR("http-keys.json"), &f->arena, &got));
    holds(&got, "three");
    assert_null(got.tried_s);
    assert_int_equal(unlink("http-keys.json"), 0);
    assert_int_equal(chdir(before), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_it_is_got_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wanted_in_vain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_new_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_it_is_got_again_in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_clock_that_is_set_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_issuer_that_is_down, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_that_is_not_needed_any_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_whose_name_begins_with_http, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
