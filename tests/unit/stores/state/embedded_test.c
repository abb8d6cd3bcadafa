/* The store as a whole: exact under threads, bounded, and fair when it is full. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

/* After what it needs. */
#include <cmocka.h>

#include "model/tally.h"
#include "stores/state/embedded.h"

enum { THREADS = 4 };

/* The retention test is about memory and chance, of which a thread sanitizer sees nothing new. */
#if defined(__SANITIZE_THREAD__)
enum { CLIENTS = 50000, BYTES = 32 };
#else
enum { CLIENTS = 1000000, BYTES = 24 };
#endif

static const uint64_t minute = 60000, hour = 3600000, day = 86400000;

static gh_limit limit_of(uint64_t requests, uint64_t window_ms, uint64_t seed)
{
    gh_limit l = {.kind = GH_LIMIT_SLIDING, .requests = requests, .window_ms = window_ms, .seed = seed};
    const char *why = "";
    if (!gh_limit_compile(&l, &why))
        fail_msg("%s", why);
    return l;
}

static gh_limit bucket_of(uint64_t requests, uint64_t window_ms, uint64_t burst, uint64_t seed)
{
    gh_limit l = {
        .kind = GH_LIMIT_BUCKET, .requests = requests, .window_ms = window_ms, .burst = burst, .seed = seed};
    const char *why = "";
    if (!gh_limit_compile(&l, &why))
        fail_msg("%s", why);
    return l;
}

static gh_state *new_state(uint64_t max_clients)
{
    gh_state *s = gh_state_new(max_clients);
    assert_non_null(s);
    return s;
}

static gh_take take(gh_state *s, uint64_t now, const gh_limit *l, uint64_t key, uint32_t weight)
{
    gh_take t = {.limit = l, .key = key, .weight = weight};
    gh_state_take(s, now, &t, 1);
    return t;
}

/* Units free for a key, without taking any. */
static uint64_t room(gh_state *s, uint64_t now, const gh_limit *l, uint64_t key)
{
    gh_take never[2] = {{.limit = l, .key = key, .weight = 1},
                        {.limit = l, .key = key, .weight = UINT32_MAX}};
    gh_state_take(s, now, never, 2);
    return never[0].remaining;
}

static gh_state_stats stats_of(gh_state *s, uint64_t now)
{
    gh_state_stats stats;
    gh_state_read_stats(s, now, &stats);
    return stats;
}

static void test_counts_down_then_refuses_then_recovers(void **arg)
{
    (void)arg;
    const gh_limit limits[] = {limit_of(3, minute, 1), limit_of(300, minute, 2), bucket_of(60, minute, 5, 3)};
    for (unsigned k = 0; k < GH_COUNT(limits); k++) {
        gh_state *s = new_state(1000);
        const gh_limit *l = &limits[k];
        uint64_t all = l->kind == GH_LIMIT_BUCKET ? l->burst : l->requests;
        for (uint64_t i = 0; i < all; i++) {
            gh_take t = take(s, 10, l, 42, 1);
            assert_int_equal(t.answer, GH_TAKE_OK);
            assert_int_equal(t.remaining, all - 1 - i);
            assert_true(t.reset_ms > 0 && t.reset_ms <= l->ticks * l->tick_ms);
        }
        gh_take t = take(s, 10, l, 42, 1);
        assert_int_equal(t.answer, GH_TAKE_REFUSED);
        assert_int_equal(t.remaining, 0);
        assert_int_equal(take(s, 10, l, 43, 1).answer, GH_TAKE_OK);
        assert_int_equal(take(s, 10 + t.retry_ms - 1, l, 42, 1).answer, GH_TAKE_REFUSED);
        assert_int_equal(take(s, 10 + t.retry_ms, l, 42, 1).answer, GH_TAKE_OK);
        gh_state_free(s);
    }
}

static void test_group_is_all_or_nothing_and_groups_are_independent(void **arg)
{
    (void)arg;
    gh_state *s = new_state(1000);
    const gh_limit small = limit_of(2, minute, 1), big = limit_of(10, hour, 2), wide = limit_of(1000, day, 3);
    for (unsigned i = 0; i < 5; i++) {
        gh_take t[] = {
            {.limit = &big, .key = 7, .weight = 1, .group = 0},
            {.limit = &small, .key = 7, .weight = 1, .group = 0},
            {.limit = &wide, .key = 7, .weight = 1, .group = 0},
            {.limit = &big, .key = 8, .weight = 1, .group = 1},
            {.limit = &small, .key = 9, .weight = 5, .group = 4}, /* can never pass, and hurts nobody */
        };
        gh_state_take(s, 5, t, 5);
        bool pass = i < 2;
        assert_int_equal(t[0].answer, GH_TAKE_OK);
        assert_int_equal(t[1].answer, pass ? GH_TAKE_OK : GH_TAKE_REFUSED);
        assert_int_equal(t[2].answer, GH_TAKE_OK);
        assert_int_equal(t[0].remaining, pass ? 9 - i : 8);
        assert_int_equal(t[1].remaining, pass ? 1 - i : 0);
        assert_int_equal(t[2].remaining, pass ? 999 - i : 998);
        assert_int_equal(t[3].answer, GH_TAKE_OK);
        assert_int_equal(t[3].remaining, 9 - i);
        assert_int_equal(t[4].answer, GH_TAKE_REFUSED);
        assert_true(t[4].retry_ms == UINT64_MAX);
        assert_int_equal(t[4].remaining, 2);
    }
    /* 7 has small, big and wide (two slots), 8 has big; 9 was given no slot for nothing. */
    assert_int_equal(stats_of(s, 5).live, 5);
    gh_state_free(s);
}

static void test_same_state_twice_in_a_group_counts_twice(void **arg)
{
    (void)arg;
    const gh_limit limits[] = {limit_of(5, minute, 1), limit_of(500, minute, 1), bucket_of(5, minute, 5, 1)};
    for (unsigned k = 0; k < GH_COUNT(limits); k++) {
        gh_state *s = new_state(1000);
        uint32_t unit = k == 1 ? 100 : 1;
        gh_take t[] = {{.limit = &limits[k], .key = 1, .weight = unit},
                       {.limit = &limits[k], .key = 1, .weight = unit}};
        for (unsigned i = 0; i < 2; i++) {
            gh_state_take(s, 0, t, 2);
            assert_int_equal(t[0].answer, GH_TAKE_OK);
            assert_int_equal(t[1].answer, GH_TAKE_OK);
            assert_int_equal(t[0].remaining, (4 - 2 * i) * unit);
            assert_int_equal(t[1].remaining, (3 - 2 * i) * unit);
        }
        gh_state_take(s, 0, t, 2); /* one is left: room for the first, not for both */
        assert_int_equal(t[0].answer, GH_TAKE_OK);
        assert_int_equal(t[1].answer, GH_TAKE_REFUSED);
        assert_int_equal(t[0].remaining, unit);
        assert_int_equal(t[1].remaining, unit);
        uint64_t wait = t[1].retry_ms;
        gh_state_take(s, wait - 1, t, 2);
        assert_int_equal(t[1].answer, GH_TAKE_REFUSED);
        gh_state_take(s, wait, t, 2);
        assert_int_equal(t[1].answer, GH_TAKE_OK);
        /* In two groups the first passes alone. */
        gh_state_free(s);
        s = new_state(1000);
        assert_int_equal(take(s, 0, &limits[k], 1, 4 * unit).answer, GH_TAKE_OK);
        t[1].group = 1;
        gh_state_take(s, 0, t, 2);
        assert_int_equal(t[0].answer, GH_TAKE_OK);
        assert_int_equal(t[1].answer, GH_TAKE_REFUSED);
        assert_int_equal(t[0].remaining, 0);
        gh_state_free(s);
    }
}

static void test_largest_call(void **arg)
{
    (void)arg;
    gh_state *s = new_state(1);
    const gh_limit l = limit_of(40, minute, 1), w = limit_of(4000, minute, 2);
    gh_take t[GH_TAKES_MAX];
    for (unsigned i = 0; i < GH_TAKES_MAX; i++)
        t[i] = (gh_take){.limit = i % 2 ? &w : &l, .key = i % 8 * 77, .weight = 1};
    for (unsigned n = 1; n <= 10; n++) {
        gh_state_take(s, 0, t, GH_TAKES_MAX);
        for (unsigned i = 0; i < GH_TAKES_MAX; i++) {
            assert_int_equal(t[i].answer, GH_TAKE_OK);
            assert_int_equal(t[i].remaining, (i % 2 ? 4000 : 40) - 4 * (n - 1) - i / 8 - 1);
        }
    }
    assert_int_equal(stats_of(s, 0).live, 4 + 2 * 4);
    gh_state_free(s);
}

static void test_refused_group_leaves_no_trace(void **arg)
{
    (void)arg;
    gh_state *s = new_state(1000);
    const gh_limit one = limit_of(1, minute, 1), many = limit_of(1000000, minute, 2);
    assert_int_equal(take(s, 0, &one, 5, 1).answer, GH_TAKE_OK);
    for (uint64_t k = 0; k < 1000; k++) {
        gh_take t[] = {{.limit = &many, .key = k, .weight = 1}, {.limit = &one, .key = 5, .weight = 1}};
        gh_state_take(s, 1, t, 2);
        assert_int_equal(t[0].answer, GH_TAKE_OK);
        assert_int_equal(t[0].remaining, 1000000);
        assert_int_equal(t[0].reset_ms, 0);
        assert_int_equal(t[1].answer, GH_TAKE_REFUSED);
    }
    assert_int_equal(stats_of(s, 1).live, 1);
    gh_state_free(s);
}

static void test_retains_a_million_in_24_bytes_each(void **arg)
{
    (void)arg;
    const gh_limit shapes[] = {limit_of(10, hour, 1), limit_of(1000, hour, 2)};
    for (unsigned k = 0; k < GH_COUNT(shapes); k++) {
        uint64_t clients = shapes[k].wide ? CLIENTS / 2 : CLIENTS, kept = 0;
        gh_state *s = new_state(CLIENTS);
        for (uint64_t i = 0; i < clients; i++)
            assert_int_equal(take(s, 100, &shapes[k], i, 1).answer, GH_TAKE_OK);
        gh_state_stats stats = stats_of(s, 100);
        for (uint64_t i = 0; i < clients; i++)
            kept += room(s, 100, &shapes[k], i) == shapes[k].requests - 1;
        print_message("%s: %.4f %% of %u kept, %.2f bytes each\n", shapes[k].wide ? "wide" : "narrow",
                      100.0 * (double)kept / (double)clients, (unsigned)clients,
                      (double)stats.bytes / (double)CLIENTS);
        assert_true(kept >= clients - clients / 10000);
        assert_true(stats.bytes <= BYTES * (uint64_t)CLIENTS);
        gh_state_free(s);
    }
}

static void test_small_tables_keep_what_they_promise(void **arg)
{
    (void)arg;
    const uint64_t sizes[] = {1, 10, 1000, 5000, 20000, 100000};
    const gh_limit l = limit_of(10, hour, 1);
    for (unsigned k = 0; k < GH_COUNT(sizes); k++) {
        gh_state *s = new_state(sizes[k]);
        for (uint64_t i = 0; i < sizes[k]; i++)
            take(s, 0, &l, i * 64, 1);
        assert_int_equal(stats_of(s, 0).live, sizes[k]);
        assert_int_equal(stats_of(s, 0).evicted, 0);
        gh_state_free(s);
    }
}

static void test_flood_frees_no_blocked_client_and_spares_half_used_ones(void **arg)
{
    (void)arg;
    const gh_limit shapes[] = {limit_of(10, hour, 1), limit_of(500, hour, 1), bucket_of(1, hour, 10, 1)};
    const gh_limit flood = limit_of(20, hour, 2);
    for (unsigned k = 0; k < GH_COUNT(shapes); k++) {
        const gh_limit *l = &shapes[k];
        uint64_t all = l->kind == GH_LIMIT_BUCKET ? l->burst : l->requests;
        gh_state *s = new_state(20000);
        for (uint64_t c = 0; c < 200; c++) {
            take(s, 1, l, c, (uint32_t)all);
            assert_int_equal(take(s, 1, l, c, 1).answer, GH_TAKE_REFUSED);
            take(s, 1, l, 1000 + c, (uint32_t)all / 2);
        }
        gh_state_stats before = stats_of(s, 1);
        uint64_t keys = 5 * before.slots;
        for (uint64_t i = 0; i < keys; i++)
            assert_int_equal(take(s, 2 + i / 100, &flood, 1000000 + i, 1).answer, GH_TAKE_OK);
        uint64_t now = 2 + keys / 100;
        for (uint64_t c = 0; c < 200; c++) {
            assert_int_equal(take(s, now, l, c, (uint32_t)all).answer, GH_TAKE_REFUSED);
            assert_true(room(s, now, l, 1000 + c) < all);
        }
        gh_state_stats after = stats_of(s, now);
        assert_int_equal(after.bytes, before.bytes);
        assert_true(after.evicted > 3 * before.slots);
        assert_true(after.live > before.slots * 95 / 100 && after.live <= before.slots);
        assert_int_equal(after.full, 0);
        gh_state_free(s);
    }
}

static void test_full_of_blocked_clients_takes_nobody_in_and_nothing_of_the_group(void **arg)
{
    (void)arg;
    gh_state *s = new_state(1);
    const gh_limit one = limit_of(1, minute, 1), known = limit_of(1000, minute, 2),
                   fresh = limit_of(1000, minute, 3);
    take(s, 0, &known, 1, 1);
    uint64_t full = 0, granted = 0, keys = 3 * stats_of(s, 0).slots;
    for (uint64_t i = 0; i < keys; i++) {
        gh_take t = take(s, 0, &one, 100 + i, 1);
        granted += t.answer == GH_TAKE_OK;
        full += t.answer == GH_TAKE_FULL;
        assert_true(t.answer != GH_TAKE_REFUSED);
    }
    gh_state_stats stats = stats_of(s, 0);
    assert_int_equal(stats.full, full);
    assert_true(full > stats.slots);
    assert_true(granted <= stats.slots + 2 &&
                granted > stats.slots * 95 / 100); /* +2: known was pushed out */
    unsigned none = 0;
    for (uint64_t k = 0; k < 300; k++) {
        uint64_t before = room(s, 0, &known, 1);
        gh_take t[] = {{.limit = &known, .key = 1, .weight = 3},
                       {.limit = &fresh, .key = k, .weight = 1},
                       {.limit = &fresh, .key = k, .weight = 1}};
        gh_state_take(s, 0, t, 3);
        if (t[0].answer == GH_TAKE_OK && t[1].answer == GH_TAKE_OK)
            continue;
        none++;
        assert_int_equal(room(s, 0, &known, 1), before);
        assert_int_equal(room(s, 0, &fresh, k), 1000);
        if (t[1].answer == GH_TAKE_FULL)
            assert_true(t[1].retry_ms > 0 && t[1].retry_ms <= 2 * minute);
    }
    assert_true(none > 250);
    /* The blocked expire and the table is as new. */
    uint64_t later = 3 * minute;
    assert_int_equal(stats_of(s, later).live, 0);
    for (uint64_t i = 0; i < 100; i++)
        assert_int_equal(take(s, later, &fresh, i, 1).answer, GH_TAKE_OK);
    gh_state_free(s);
}

static void test_narrow_and_wide_share_lines(void **arg)
{
    (void)arg;
    /* Both kinds crowd a small table; entries that stay must hold exactly what they were charged. */
    gh_state *s = new_state(1);
    const gh_limit narrow = limit_of(100, hour, 1), wide = limit_of(4000000000, hour, 2);
    uint64_t keys = stats_of(s, 0).slots / 5;
    for (unsigned round = 1; round <= 3; round++) {
        for (uint64_t k = 0; k < keys; k++) {
            assert_int_equal(take(s, round * 1000, &narrow, k, 30).answer, GH_TAKE_OK);
            assert_int_equal(take(s, round * 1000, &wide, k, 1000000001).answer, GH_TAKE_OK);
        }
    }
    gh_state_stats stats = stats_of(s, 3000);
    assert_true(stats.evicted < 3 * keys / 20);
    unsigned odd = 0;
    for (uint64_t k = 0; k < keys; k++) {
        uint64_t n = room(s, 3000, &narrow, k), w = room(s, 3000, &wide, k);
        assert_true(n == 10 || n == 40 || n == 70 || n == 100);
        assert_true((4000000000 - w) % 1000000001 == 0);
        odd += n != 10 || w != 4000000000 - 3 * 1000000001ULL;
    }
    assert_true(odd <= stats.evicted);
    /* An hour and a tick later all is free, and slots go from one kind to the other. */
    uint64_t now = 3 * hour;
    assert_int_equal(stats_of(s, now).live, 0);
    for (uint64_t k = 0; k < keys; k++) {
        assert_int_equal(take(s, now, k % 2 ? &narrow : &wide, keys + k, 1).answer, GH_TAKE_OK);
        assert_int_equal(room(s, now, k % 2 ? &narrow : &wide, keys + k), k % 2 ? 99 : 3999999999);
    }
    assert_int_equal(stats_of(s, now).evicted, stats.evicted);
    gh_state_free(s);
}

static void test_clock_steps_back(void **arg)
{
    (void)arg;
    gh_state *s = new_state(1000);
    const gh_limit limits[] = {limit_of(10, 1000, 1), bucket_of(10, 1000, 10, 2)};
    for (unsigned k = 0; k < GH_COUNT(limits); k++) {
        uint64_t start = 500000 * (k + 1), granted = 0;
        for (uint64_t i = 0; i < 5000; i++) { /* half a second, with jumps of up to 64 ms back */
            uint64_t back = i * 31 % 64;
            gh_take t = take(s, start + i / 10 - back, &limits[k], 1, 1);
            granted += t.answer == GH_TAKE_OK;
            if (t.answer == GH_TAKE_REFUSED && i % 50 == 0)
                assert_true(t.retry_ms > 0 && t.retry_ms < 1200);
        }
        assert_true(granted >= 10 && granted <= (limits[k].kind == GH_LIMIT_BUCKET ? 16 : 10));
    }
    gh_state_free(s);
}

/* A charge keeps its time when a later one comes from a thread whose clock is a tick behind. */
static void test_late_charge_does_not_age_earlier_ones(void **arg)
{
    (void)arg;
    const gh_limit l = limit_of(10, 1000, 1);
    uint64_t tick = l.tick_ms, last_ms = 11 * tick - 1;
    gh_state *s = new_state(1000);
    assert_int_equal(take(s, last_ms, &l, 1, 9).answer, GH_TAKE_OK);
    assert_int_equal(take(s, last_ms - tick, &l, 1, 1).answer, GH_TAKE_OK);
    gh_take t = take(s, last_ms - tick, &l, 1, 1);
    assert_int_equal(t.answer, GH_TAKE_REFUSED);
    assert_int_equal(take(s, last_ms + 999, &l, 1, 1).answer, GH_TAKE_REFUSED);
    assert_int_equal(take(s, last_ms - tick + t.retry_ms, &l, 1, 1).answer, GH_TAKE_OK);
    gh_state_free(s);
}

/* One key's states share a shard: a call with many of them makes room in lines it is using itself. */
static void test_keys_of_one_call_do_not_push_each_other_out(void **arg)
{
    (void)arg;
    enum { STATES = 200, CALLS = 3000 };
    gh_limit limits[STATES];
    for (unsigned i = 0; i < STATES; i++)
        limits[i] = limit_of(i % 5 ? 100 : 100000, hour, 1 + i);
    gh_state *s = new_state(1);
    unsigned passed = 0;
    for (unsigned call = 0, next = 0; call < CALLS; call++) {
        gh_take t[12], ask[13];
        for (unsigned i = 0; i < 12; i++, next = (next + 1 + call % 7) % STATES)
            ask[i] = t[i] =
                (gh_take){.limit = &limits[next], .key = 1, .weight = 1, .group = (uint8_t)(i / 4)};
        gh_state_take(s, call * 1000, t, 12);
        ask[12] = (gh_take){.limit = &limits[0], .key = 1, .weight = UINT32_MAX};
        for (unsigned i = 0; i < 13; i++)
            ask[i].group = 0;
        gh_state_take(s, call * 1000, ask, 13);
        for (unsigned i = 0; i < 12; i++) {
            unsigned last = i; /* a state may come twice */
            for (unsigned j = i + 1; j < 12; j++)
                last = t[j].limit == t[i].limit ? j : last;
            assert_int_equal(ask[i].remaining, t[last].remaining);
            passed += t[i].remaining < t[i].limit->requests;
        }
    }
    assert_true(passed > CALLS * 8);
    assert_true(stats_of(s, CALLS * 1000).evicted > CALLS);
    gh_state_free(s);
}

/* `until` has 32 bits of 1/32 s or so: it wraps after 4.3 years. */
static void test_serial_time_wraps(void **arg)
{
    (void)arg;
    const uint64_t wrap = (1ULL << 32) * GH_TALLY_UNIT_MS;
    const gh_limit l = limit_of(2, hour, 1);
    gh_state *s = new_state(1000);
    for (uint64_t now = wrap - 2 * hour; now < wrap + 2 * hour; now += 3 * minute + 7) {
        uint64_t key = now;
        assert_int_equal(take(s, now, &l, key, 2).answer, GH_TAKE_OK);
        assert_int_equal(take(s, now + hour - 1, &l, key, 1).answer, GH_TAKE_REFUSED);
        assert_int_equal(take(s, now + 2 * hour, &l, key, 1).answer, GH_TAKE_OK);
        now += 2 * hour - 3 * minute;
    }
    gh_state_free(s);
}

static void test_entry_forgotten_for_years_is_not_taken_for_a_live_one(void **arg)
{
    (void)arg;
    const gh_limit one = limit_of(1, day, 1), other = limit_of(100, day, 2);
    const uint64_t year = 365 * day;
    for (unsigned busy = 0; busy < 2; busy++) {
        for (uint64_t years = 1; years < 12; years++) {
            gh_state *s = new_state(1);
            assert_int_equal(take(s, 5, &one, 3, 1).answer, GH_TAKE_OK);
            /* busy: meanwhile the shard hears of other limits of this client */
            for (uint64_t now = day; busy && now < years * year; now += 20 * day)
                take(s, now, &other, 3, 1);
            assert_int_equal(take(s, years * year, &one, 3, 1).answer, GH_TAKE_OK);
            gh_state_free(s);
        }
    }
}

static void test_longest_window_holds(void **arg)
{
    (void)arg;
    const gh_limit limits[] = {limit_of(1, 366 * day, 1), limit_of(4294967295, 366 * day, 2)};
    for (unsigned k = 0; k < GH_COUNT(limits); k++) {
        gh_state *s = new_state(1000);
        assert_int_equal(take(s, day, &limits[k], 1, (uint32_t)limits[k].requests).answer, GH_TAKE_OK);
        for (uint64_t d = 2; d <= 366; d += 28)
            assert_int_equal(take(s, d * day, &limits[k], 1, 1).answer, GH_TAKE_REFUSED);
        assert_int_equal(take(s, 450 * day, &limits[k], 1, 1).answer, GH_TAKE_OK);
        gh_state_free(s);
    }
}

typedef struct hammer {
    gh_state *s;
    const gh_limit *limits;
    pthread_barrier_t *start;
    unsigned keys, tries, id;
    uint64_t granted[8];
} hammer;

/* Two limits of one of several keys and one shared by all, in orders that differ by thread. */
static void *hammer_run(void *arg)
{
    hammer *h = arg;
    pthread_barrier_wait(h->start);
    for (unsigned i = 0; i < h->tries; i++) {
        uint64_t key = (i + h->id) % h->keys;
        gh_take t[3] = {{.limit = &h->limits[0], .key = key, .weight = 1},
                        {.limit = &h->limits[1], .key = key, .weight = 1},
                        {.limit = &h->limits[2], .key = 999, .weight = 1}};
        if (h->id % 2) {
            gh_take swap = t[0];
            t[0] = t[2];
            t[2] = swap;
        }
        gh_state_take(h->s, 1000, t, 3);
        if (t[0].answer == GH_TAKE_OK && t[1].answer == GH_TAKE_OK && t[2].answer == GH_TAKE_OK)
            h->granted[key]++;
    }
    return NULL;
}

static void test_threads_grant_exactly_the_limit(void **arg)
{
    (void)arg;
    static const struct {
        uint64_t a, b, shared;
        unsigned keys;
    } cases[] = {
        {100, 1000, 4000000, 1}, {5000, 100, 4000000, 4},      {3000, 4000, 7777, 8},
        {120, 121, 500, 5},      {90000, 1000000, 4000000, 1},
    };
    for (unsigned c = 0; c < GH_COUNT(cases); c++) {
        gh_limit limits[] = {limit_of(cases[c].a, hour, 1), limit_of(cases[c].b, hour, 2),
                             limit_of(cases[c].shared, hour, 3)};
        gh_state *s = new_state(1000);
        hammer h[THREADS];
        pthread_t thread[THREADS];
        pthread_barrier_t start;
        pthread_barrier_init(&start, NULL, THREADS);
        for (unsigned i = 0; i < THREADS; i++) {
            h[i] = (hammer){
                .s = s, .limits = limits, .start = &start, .keys = cases[c].keys, .tries = 30000, .id = i};
            assert_int_equal(pthread_create(&thread[i], NULL, hammer_run, &h[i]), 0);
        }
        for (unsigned i = 0; i < THREADS; i++)
            pthread_join(thread[i], NULL);
        pthread_barrier_destroy(&start);
        uint64_t total = 0, each = cases[c].a < cases[c].b ? cases[c].a : cases[c].b;
        for (uint64_t k = 0; k < cases[c].keys; k++) {
            uint64_t granted = 0;
            for (unsigned i = 0; i < THREADS; i++)
                granted += h[i].granted[k];
            total += granted;
            assert_true(granted <= each);
            /* What passed is what each limit was charged: no half of a refused group stays. */
            assert_int_equal(room(s, 1000, &limits[0], k), cases[c].a - granted);
            assert_int_equal(room(s, 1000, &limits[1], k), cases[c].b - granted);
        }
        uint64_t most = each * cases[c].keys;
        assert_int_equal(total, most < cases[c].shared ? most : cases[c].shared);
        assert_int_equal(room(s, 1000, &limits[2], 999), cases[c].shared - total);
        gh_state_free(s);
    }
}

typedef struct crowd {
    gh_state *s;
    const gh_limit *narrow, *wide;
    unsigned id;
} crowd;

static void *crowd_run(void *arg)
{
    crowd *c = arg;
    for (uint64_t i = 0; i < 20000; i++) {
        gh_take t[4] = {{.limit = c->narrow, .key = i * THREADS + c->id, .weight = 1, .group = 0},
                        {.limit = c->wide, .key = i, .weight = 1, .group = 0},
                        {.limit = c->narrow, .key = 5, .weight = 1, .group = 1},
                        {.limit = c->wide, .key = i * 7 % 100, .weight = 1, .group = 2}};
        gh_state_take(c->s, i / 4 + i % 3, t, 4);
        if (i % 5000 == 0) {
            gh_state_stats stats;
            gh_state_read_stats(c->s, i / 4, &stats);
        }
    }
    return NULL;
}

/* Evictions, moves and walks at once: for the thread sanitizer above all. */
static void test_threads_crowd_a_small_table(void **arg)
{
    (void)arg;
    const gh_limit narrow = limit_of(3, hour, 1), wide = limit_of(2000000, 1000, 2);
    gh_state *s = new_state(1000);
    crowd c[THREADS];
    pthread_t thread[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        c[i] = (crowd){s, &narrow, &wide, i};
        assert_int_equal(pthread_create(&thread[i], NULL, crowd_run, &c[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    gh_state_stats stats = stats_of(s, 5000);
    assert_true(stats.live <= stats.slots && stats.evicted > 0);
    assert_int_equal(take(s, 5000, &narrow, 5, 1).answer, GH_TAKE_REFUSED);
    gh_state_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_down_then_refuses_then_recovers),
        cmocka_unit_test(test_group_is_all_or_nothing_and_groups_are_independent),
        cmocka_unit_test(test_same_state_twice_in_a_group_counts_twice),
        cmocka_unit_test(test_largest_call),
        cmocka_unit_test(test_refused_group_leaves_no_trace),
        cmocka_unit_test(test_retains_a_million_in_24_bytes_each),
        cmocka_unit_test(test_small_tables_keep_what_they_promise),
        cmocka_unit_test(test_flood_frees_no_blocked_client_and_spares_half_used_ones),
        cmocka_unit_test(test_full_of_blocked_clients_takes_nobody_in_and_nothing_of_the_group),
        cmocka_unit_test(test_narrow_and_wide_share_lines),
        cmocka_unit_test(test_clock_steps_back),
        cmocka_unit_test(test_late_charge_does_not_age_earlier_ones),
        cmocka_unit_test(test_keys_of_one_call_do_not_push_each_other_out),
        cmocka_unit_test(test_serial_time_wraps),
        cmocka_unit_test(test_entry_forgotten_for_years_is_not_taken_for_a_live_one),
        cmocka_unit_test(test_longest_window_holds),
        cmocka_unit_test(test_threads_grant_exactly_the_limit),
        cmocka_unit_test(test_threads_crowd_a_small_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
