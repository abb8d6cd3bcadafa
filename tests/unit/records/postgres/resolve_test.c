/* Names with a deadline. The system's resolver is the real one; a gate before it makes it as slow as it is when its name
 * servers are away. */
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <time.h>

#include "postgres_world.h"
#include "records/postgres/resolve.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static bool closed;
static unsigned waiting, begun;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
    typedef int resolver(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    resolver *real = NULL;
    void *found = dlsym(RTLD_NEXT, "getaddrinfo");
    memcpy(&real, &found, sizeof real);
    (void)pthread_mutex_lock(&lock);
    begun++;
    waiting++;
    while (closed)
        (void)pthread_cond_wait(&opened, &lock);
    waiting--;
    (void)pthread_mutex_unlock(&lock);
    return real(node, service, hints, ret);
}

static void set_closed(bool to)
{
    (void)pthread_mutex_lock(&lock);
    closed = to;
    (void)pthread_cond_broadcast(&opened);
    (void)pthread_mutex_unlock(&lock);
}

static unsigned read_number(const unsigned *number)
{
    (void)pthread_mutex_lock(&lock);
    unsigned n = *number;
    (void)pthread_mutex_unlock(&lock);
    return n;
}

static char found[GH_RESOLVE_ADDRESSES][GH_IP_TEXT_MAX];
static unsigned n;

static enum gh_resolved resolve(const char *host, uint64_t patience_ms)
{
    n = 0;
    return gh_resolve(host, gh_postgres_now_ms() + patience_ms, found, &n);
}

static void names_that_there_are(void **state)
{
    (void)state;
    assert_int_equal(resolve("localhost", postgres_patience_ms()), GH_RESOLVED);
    assert_true(n >= 1);
    for (unsigned i = 0; i < n; i++)
        assert_true(strcmp(found[i], "127.0.0.1") == 0 || strcmp(found[i], "::1") == 0);
    assert_int_equal(resolve("192.0.2.7", postgres_patience_ms()), GH_RESOLVED);
    assert_string_equal(found[0], "192.0.2.7");
}

static void names_that_there_are_not(void **state)
{
    (void)state;
    enum gh_resolved result = resolve("no-such-host.invalid", postgres_patience_ms());
    assert_true(result == GH_RESOLVE_UNKNOWN ||
                result == GH_RESOLVE_FAILED); /* failed: there is no name server here */
}

static void who_waits_waits_no_longer(void **state)
{
    (void)state;
    set_closed(true);
    uint64_t before = gh_postgres_now_ms();
    assert_int_equal(resolve("localhost", 100), GH_RESOLVE_LATE);
    uint64_t took = gh_postgres_now_ms() - before;
    assert_true(took >= 100 && took < postgres_patience_ms());
    assert_int_equal(n, 0);
    set_closed(false);
}

/* The threads that are left behind are few, however often it is asked, and are gone when the resolver is back. */
static void few_are_left_behind(void **state)
{
    (void)state;
    uint64_t until = gh_postgres_now_ms() + postgres_patience_ms();
    while (read_number(&waiting) > 0 && gh_postgres_now_ms() < until) /* who was left behind before */
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    set_closed(true);
    unsigned before = read_number(&begun);
    for (unsigned i = 0; i < 3 * GH_RESOLVE_MOST; i++)
        assert_int_equal(resolve("localhost", 5), GH_RESOLVE_LATE);
    assert_true(read_number(&begun) - before <= GH_RESOLVE_MOST);
    set_closed(false);
    while (resolve("localhost", postgres_patience_ms()) != GH_RESOLVED && gh_postgres_now_ms() < until)
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    assert_true(n >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_there_are),
        cmocka_unit_test(names_that_there_are_not),
        cmocka_unit_test(who_waits_waits_no_longer),
        cmocka_unit_test(few_are_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
