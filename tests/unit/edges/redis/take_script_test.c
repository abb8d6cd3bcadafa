/* The scripts on a real Redis: the server's clock, lives of keys, clocks that go back, bytes that are not theirs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "limit_contract.h"
#include "redis_scripts.h"

static redis_server server;
static redis_scripts scripts;

static const uint64_t start = 1700000000000;

static gh_limit sliding(uint64_t requests, uint64_t window_ms)
{
    static uint64_t seed;
    return contract_limit(
        (gh_limit){.requests = requests, .window_ms = window_ms, .seed = ++seed, .lease_percent = 5});
}

static gh_limit bucket(uint64_t requests, uint64_t window_ms, uint64_t burst)
{
    static uint64_t seed = 1000;
    return contract_limit((gh_limit){.kind = GH_LIMIT_BUCKET,
                                     .requests = requests,
                                     .window_ms = window_ms,
                                     .burst = burst,
                                     .seed = ++seed,
                                     .lease_percent = 5});
}

static gh_take take(uint64_t now, const gh_limit *l, uint32_t weight)
{
    gh_take t = {.limit = l, .key = 1, .weight = weight};
    scripts_take(&scripts, now, &t, 1);
    return t;
}

static void key_of(const gh_limit *l, char *ret, size_t size)
{
    (void)snprintf(ret, size, "{gatehouse}:l:%016llx", (unsigned long long)gh_mix64(1 ^ gh_mix64(l->seed)));
}

static long life_of(const gh_limit *l)
{
    char key[64], command[96];
    key_of(l, key, sizeof key);
    (void)snprintf(command, sizeof command, "PTTL %s", key);
    return redis_number(&server, command);
}

static void pause_ms(uint64_t ms)
{
    const struct timespec t = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    (void)nanosleep(&t, NULL);
}

static void it_is_the_servers_clock(void **arg)
{
    (void)arg;
    redis_scripts real;
    const gh_limit l = sliding(3, 1000);
    scripts_open(&real, &server, false);
    gh_take t = {.limit = &l, .key = 1, .weight = 3};
    scripts_take(&real, 0, &t, 1);
    assert_int_equal(t.answer, GH_TAKE_OK);
    t.weight = 1;
    for (unsigned i = 0; i < 20; i++) {
        scripts_take(&real, 1000000 * i, &t, 1); /* what the asker's clock says is nothing to it */
        if (i == 0)
            assert_int_equal(t.answer, GH_TAKE_REFUSED);
        if (t.answer == GH_TAKE_OK)
            break;
        assert_true(t.retry_ms > 0 && t.retry_ms <= 1100);
        pause_ms(t.retry_ms);
    }
    assert_int_equal(t.answer, GH_TAKE_OK);
    scripts_close(&real);
}

/* A key lives as long as its units count, and not much longer. */
static void lives_are_set(void **arg)
{
    (void)arg;
    const gh_limit limits[] = {sliding(10, 1000), sliding(1000, 3600000), bucket(10, 1000, 100)};
    for (unsigned i = 0; i < GH_COUNT(limits); i++) {
        const gh_limit *l = &limits[i];
        long counts = l->kind == GH_LIMIT_BUCKET ? 10000 : (long)(l->ticks * l->tick_ms);
        assert_int_equal(life_of(l), -2);
        (void)take(start, l, 5);
        long life = life_of(l);
        assert_true(life > counts && life <= counts + (long)l->tick_ms + 3000);
        gh_lease_ask ask = {.limit = *l, .key = 2, .least = 1, .most = 2, .ahead_ms = 1000};
        assert_int_equal(scripts_lease(&scripts, start, &ask).units, 2);
        assert_true(life_of(l) > counts - 3000);
    }
    /* A refused group leaves nothing behind. */
    const gh_limit fresh = sliding(10, 60000), full = sliding(1, 60000);
    gh_take t[] = {{.limit = &fresh, .key = 1, .weight = 1}, {.limit = &full, .key = 1, .weight = 2}};
    scripts_take(&scripts, start, t, 2);
    assert_int_equal(life_of(&fresh), -2);
    assert_int_equal(life_of(&full), -2);
}

/* By up to two seconds: units come back that much later, and not sooner. */
static void a_clock_that_goes_back_a_little(void **arg)
{
    (void)arg;
    const gh_limit limits[] = {sliding(10, 10000), sliding(300, 10000), bucket(10, 10000, 10)};
    for (unsigned i = 0; i < GH_COUNT(limits); i++) {
        const gh_limit *l = &limits[i];
        uint32_t all = (uint32_t)(l->kind == GH_LIMIT_BUCKET ? l->burst : l->requests);
        assert_int_equal(take(start, l, all).answer, GH_TAKE_OK);
        gh_take t = take(start - 1900, l, 1);
        assert_int_equal(t.answer, GH_TAKE_REFUSED);
        uint64_t back = start - 1900 + t.retry_ms;
        assert_int_equal(take(back - 1, l, 1).answer, GH_TAKE_REFUSED);
        assert_int_equal(take(back, l, 1).answer, GH_TAKE_OK);
        assert_true(back >= start + (l->kind == GH_LIMIT_BUCKET ? 1000 : l->window_ms));
    }
    /* What is charged meanwhile is counted with the rest. */
    const gh_limit l = sliding(10, 10000);
    assert_int_equal(take(start, &l, 5).remaining, 5);
    assert_int_equal(take(start - 1900, &l, 3).remaining, 2);
    assert_int_equal(take(start - 1000, &l, 3).answer, GH_TAKE_REFUSED);
    assert_int_equal(take(start - 1900 + 9999, &l, 0).remaining, 2);
    assert_int_equal(take(start + 2 * l.window_ms, &l, 10).answer, GH_TAKE_OK);
}

/* By hours: what was charged counts for one window more, however often it is asked for; not for hours. */
static void a_clock_that_goes_back_far(void **arg)
{
    (void)arg;
    const gh_limit limits[] = {sliding(10, 10000), sliding(300, 10000), bucket(10, 10000, 10)};
    for (unsigned i = 0; i < GH_COUNT(limits); i++) {
        const gh_limit *l = &limits[i];
        uint32_t all = (uint32_t)(l->kind == GH_LIMIT_BUCKET ? l->burst : l->requests);
        uint64_t now = start - 7200000, life = l->tick_ms * l->ticks;
        assert_int_equal(take(start, l, all).answer, GH_TAKE_OK);
        unsigned refused = 0;
        uint64_t at = now;
        while (take(at, l, all).answer == GH_TAKE_REFUSED && at < now + 2 * life) {
            at += 100;
            refused++;
        }
        assert_true(refused * 100 >= l->window_ms && at <= now + life + 100);
    }
}

/* What the asker knows and the server does not is charged, once, whatever becomes of the take. */
static void the_server_is_told(void **arg)
{
    (void)arg;
    const gh_limit limits[] = {sliding(10, 60000), sliding(1000, 60000), bucket(10, 60000, 10)};
    for (unsigned i = 0; i < GH_COUNT(limits); i++) {
        const gh_limit *l = &limits[i];
        uint64_t all = l->kind == GH_LIMIT_BUCKET ? l->burst : l->requests;
        gh_lease_ask tell = {.limit = *l, .key = 1, .known = 6};
        gh_lease_grant g = scripts_lease(&scripts, start, &tell);
        assert_int_equal(g.units, 0);
        assert_int_equal(g.room, all - 6);
        assert_int_equal(scripts_lease(&scripts, start + 5, &tell).room, all - 6);
        assert_int_equal(take(start + 5, l, 2).remaining, all - 8);
        assert_int_equal(scripts_lease(&scripts, start + 5, &tell).room, all - 8);
        tell.known = 9;
        tell.least = 1;
        tell.most = (uint32_t)all;
        g = scripts_lease(&scripts, start + 5, &tell);
        assert_int_equal(g.units, all - 9);
        assert_int_equal(take(start + 6, l, 1).answer, GH_TAKE_REFUSED);
    }
}

/* Ten units of 60000/7 ms, full after 85714 2/7 ms: the seventh of a millisecond decides. */
static void a_bucket_is_exact_to_the_part(void **arg)
{
    (void)arg;
    const gh_limit l = bucket(7, 60000, 10);
    assert_int_equal(take(start, &l, 10).answer, GH_TAKE_OK);
    /* Five weigh 42857 1/7 ms, and there is 1/7 ms too little. */
    gh_take t = take(start + 42857, &l, 5);
    assert_int_equal(t.answer, GH_TAKE_REFUSED);
    assert_int_equal(t.retry_ms, 1);
    assert_int_equal(take(start + 42858, &l, 5).answer, GH_TAKE_OK);
}

/* A lease of a bucket is charged as of its end; what of it comes back is what the bucket has not paid for. */
static void leases_of_a_bucket(void **arg)
{
    (void)arg;
    const gh_limit l = bucket(100, 1000, 100);
    gh_lease_ask ask = {.limit = l, .key = 1, .least = 1, .most = 10, .ahead_ms = 1000};
    gh_lease_grant g = scripts_lease(&scripts, start, &ask);
    assert_int_equal(g.units, 10);
    assert_int_equal(g.dated, start + 1000);
    assert_int_equal(take(start + 1000, &l, 0).remaining, 90);
    assert_int_equal(take(start + 1050, &l, 20).remaining, 75); /* five of the ten have been paid for */
    ask = (gh_lease_ask){.limit = l, .key = 1, .back = 10, .back_at = g.dated, .ahead_ms = 1000};
    assert_int_equal(scripts_lease(&scripts, start + 1050, &ask).room, 80);
    assert_int_equal(scripts_lease(&scripts, start + 1200, &ask).room,
                     95); /* now all are: nothing comes back */

    /* As much as there is: never more than it has room for, and never charged for less. */
    const gh_limit odd = bucket(7, 60000, 10);
    assert_int_equal(take(start, &odd, 4).answer, GH_TAKE_OK);
    ask = (gh_lease_ask){.limit = odd, .key = 1, .least = 1, .most = 10, .ahead_ms = 0};
    assert_int_equal(scripts_lease(&scripts, start, &ask).units, 5);
    assert_int_equal(take(start, &odd, 0).remaining, 0);
    assert_int_equal(take(start + 1, &odd, 0).remaining, 1);
    ask.least = 2;
    assert_int_equal(scripts_lease(&scripts, start + 1, &ask).units, 0);
}

/* Given back once, out of its tick; and not at all when the clock has gone back since, and nobody can say where it is. */
static void leases_of_a_window(void **arg)
{
    (void)arg;
    const gh_limit l = sliding(100, 10000);
    gh_lease_ask ask = {.limit = l, .key = 1, .least = 1, .most = 60, .ahead_ms = 1000};
    gh_lease_grant g = scripts_lease(&scripts, start, &ask);
    assert_int_equal(g.units, 60);
    assert_int_equal(g.room, 40);
    assert_true(g.dated <= start + 1000 && g.dated + l.tick_ms > start + 1000);
    ask = (gh_lease_ask){.limit = l, .key = 1, .back = 10, .back_at = g.dated, .ahead_ms = 1000};
    assert_int_equal(scripts_lease(&scripts, start + 900, &ask).room, 50);
    ask.back = 1000; /* no more than is there */
    assert_int_equal(take(start + 900, &l, 5).remaining, 45);
    assert_int_equal(scripts_lease(&scripts, start + 3000, &ask).room, 100);
    assert_int_equal(scripts_lease(&scripts, start + 60000, &ask).room, 100);

    const gh_limit other = sliding(100, 10000);
    ask = (gh_lease_ask){.limit = other, .key = 1, .least = 1, .most = 60, .ahead_ms = 1000};
    g = scripts_lease(&scripts, start, &ask);
    ask = (gh_lease_ask){.limit = other, .key = 1, .back = 60, .back_at = g.dated, .ahead_ms = 1000};
    assert_int_equal(scripts_lease(&scripts, start - 3600000, &ask).room, 40);
    /* As much as there is. */
    ask = (gh_lease_ask){.limit = other, .key = 1, .least = 41, .most = 60, .ahead_ms = 1000};
    g = scripts_lease(&scripts, start - 3600000, &ask);
    assert_int_equal(g.units, 0);
    assert_true(g.retry_ms > 0);
    ask.least = 40;
    assert_int_equal(scripts_lease(&scripts, start - 3600000, &ask).units, 40);
}

/* Others may write there, or have written another shape: any bytes give an answer that can be one. */
static void foreign_bytes_do_no_harm(void **arg)
{
    (void)arg;
    uint64_t luck = 1;
    for (unsigned i = 0; i < 600; i++) {
        gh_limit l = i % 3 == 0 ? bucket(10, 1000, 20) : sliding(i % 3 == 1 ? 10 : 70000, 5000);
        char key[64], command[400];
        key_of(&l, key, sizeof key);
        int n = snprintf(command, sizeof command, "SET %s \"", key);
        unsigned bytes = (l.kind == GH_LIMIT_BUCKET ? 10 : 6) + (unsigned)(gh_mix64(luck++) % 60);
        for (unsigned k = 0; k < bytes; k++)
            n += snprintf(command + n, sizeof command - (size_t)n, "\\x%02x",
                          (unsigned)(gh_mix64(luck++) % (i % 2 ? 256 : 3)));
        (void)snprintf(command + n, sizeof command - (size_t)n, "\"");
        redis_tell(&server, command, NULL, 0);
        for (unsigned k = 0; k < 4; k++) {
            gh_take t = take(start + k * 900, &l, 1);
            assert_true(t.remaining <= (l.kind == GH_LIMIT_BUCKET ? l.burst : l.requests));
            assert_true(t.answer == GH_TAKE_OK || t.retry_ms > 0);
        }
        /* And what they say is gone after a window. */
        assert_int_equal(take(start + 20000, &l, 1).answer, GH_TAKE_OK);
    }
}

static int setup(void **arg)
{
    (void)arg;
    redis_start(&server, NULL);
    scripts_open(&scripts, &server, true);
    return 0;
}

static int teardown(void **arg)
{
    (void)arg;
    scripts_close(&scripts);
    redis_remove(&server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_servers_clock),
        cmocka_unit_test(lives_are_set),
        cmocka_unit_test(a_clock_that_goes_back_a_little),
        cmocka_unit_test(a_clock_that_goes_back_far),
        cmocka_unit_test(a_bucket_is_exact_to_the_part),
        cmocka_unit_test(leases_of_a_bucket),
        cmocka_unit_test(leases_of_a_window),
        cmocka_unit_test(the_server_is_told),
        cmocka_unit_test(foreign_bytes_do_no_harm),
    };
    return redis_is_there() ? cmocka_run_group_tests(tests, setup, teardown) : 77;
}
