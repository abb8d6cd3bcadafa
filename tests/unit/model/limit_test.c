/* The arithmetic of limits against oracles that remember every single charge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* After what it needs. */
#include <cmocka.h>

#include "model/tally.h"

static uint64_t random_state = 1;

static uint64_t next_random(void)
{
    uint64_t z = random_state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static const uint64_t second = 1000, minute = 60000, hour = 3600000, day = 86400000;

static gh_limit compiled(gh_limit l)
{
    const char *why = "";
    if (!gh_limit_compile(&l, &why))
        fail_msg("%s", why);
    return l;
}

/* A key's state as a store would keep it: only the stored form lives from one step to the next. */
typedef struct entry {
    uint64_t until, word[GH_TALLY_WORDS];
} entry;

static gh_tally load(const gh_limit *l, const entry *e, uint64_t now)
{
    gh_tally t;
    bool alive = e->until > now / GH_TALLY_UNIT_MS;
    gh_tally_load(l, now, alive ? e->until : 0, e->word, &t);
    return t;
}

static bool take(const gh_limit *l, entry *e, uint64_t now, uint64_t units)
{
    gh_tally t = load(l, e, now);
    if (units > gh_tally_room(l, &t))
        return false;
    gh_tally_add(l, units, &t);
    e->until = gh_tally_save(l, &t, e->word);
    return true;
}

typedef struct charge {
    uint64_t at, units;
} charge;

enum { STEPS = 20000 };

/* Units of a log's charges later than `from`. */
static uint64_t sum_after(const charge *log, unsigned n, int64_t from)
{
    uint64_t sum = 0;
    for (unsigned i = n; i-- > 0 && (int64_t)log[i].at > from;)
        sum += log[i].units;
    return sum;
}

static void test_compile_chooses_shape(void **arg)
{
    (void)arg;
    static const struct {
        uint64_t requests, window_ms;
        unsigned bits, ticks;
        bool wide;
    } rows[] = {
        {1, 60000, 1, 32, false},
        {3, 60000, 2, 32, false},
        {10, 60000, 4, 16, false},
        {60, 60000, 6, 10, false},
        {100, 3600000, 7, 9, false},
        {127, 60000, 7, 9, false},
        {128, 60000, 8, 24, true},
        {1000, 86400000, 10, 19, true},
        {10000, 86400000, 14, 13, true},
        {1000000, 86400000, 20, 9, true},
        {4294967295, 86400000, 32, 6, true},
        {1, 1000, 1, 32, false},
    };
    for (unsigned i = 0; i < GH_COUNT(rows); i++) {
        gh_limit l = compiled((gh_limit){.requests = rows[i].requests, .window_ms = rows[i].window_ms});
        assert_int_equal(l.bits, rows[i].bits);
        assert_int_equal(l.ticks, rows[i].ticks);
        assert_int_equal(l.wide, rows[i].wide);
        assert_true((l.ticks - 1u) * l.tick_ms >= l.window_ms);
        /* At most a tick late, and the rounding of a tick to whole milliseconds. */
        assert_true(l.ticks * l.tick_ms - l.window_ms < l.tick_ms + l.ticks);
        assert_true(l.tick_ms >= GH_TALLY_UNIT_MS);
        assert_true((unsigned)l.bits * l.ticks <= (l.wide ? 192u : 64u));
    }
}

static void test_compile_refuses(void **arg)
{
    (void)arg;
    static const struct {
        gh_limit limit;
        const char *word;
    } rows[] = {
        {{.requests = 0, .window_ms = 60000}, "requests"},
        {{.requests = 1ULL << 32, .window_ms = 60000}, "requests"},
        {{.requests = 1, .window_ms = 999}, "window"},
        {{.requests = 1, .window_ms = 0}, "window"},
        {{.requests = 1, .window_ms = 366 * 86400000ULL + 1}, "window"},
        {{.kind = GH_LIMIT_BUCKET, .requests = 0, .window_ms = 60000, .burst = 1}, "requests"},
        {{.kind = GH_LIMIT_BUCKET, .requests = 1, .window_ms = 60000, .burst = 0}, "burst"},
        {{.kind = GH_LIMIT_BUCKET, .requests = 1, .window_ms = 60000, .burst = 1ULL << 32}, "burst"},
        {{.kind = GH_LIMIT_BUCKET, .requests = 1, .window_ms = 86400000, .burst = 367}, "burst"},
        {{.kind = GH_LIMIT_BUCKET,
          .requests = 4294967295,
          .window_ms = 366 * 86400000ULL,
          .burst = 4294967295},
         "burst"},
    };
    for (unsigned i = 0; i < GH_COUNT(rows); i++) {
        gh_limit l = rows[i].limit;
        const char *why = NULL;
        assert_false(gh_limit_compile(&l, &why));
        assert_non_null(why);
        assert_non_null(strstr(why, rows[i].word));
    }
}

typedef struct row {
    uint64_t requests, window_ms, burst; /* burst 0: sliding window */
    uint64_t weight_max;
} row;

static const row rows[] = {
    {1, 1000, 0, 1},
    {3, 1000, 0, 2},
    {10, 60000, 0, 3},
    {60, 60000, 0, 1},
    {100, 3600000, 0, 20},
    {127, 7777, 0, 127},
    {128, 10000, 0, 40},
    {1000, 86400000, 0, 9},
    {5000, 60000, 0, 700},
    {70000, 61000, 0, 9999},
    {1000000, 3600000, 0, 300000},
    {4294967295, 31622400000, 0, 1000000000},
    {1, 1000, 1, 1},
    {10, 60000, 20, 3},
    {7, 1000, 3, 3},
    {1000, 1000, 1000, 90},
    {3, 86400000, 5, 2},
    {4294967295, 1000, 4294967295, 2000000000},
    {999983, 3599999, 4001, 4000},
};

static gh_limit limit_of(const row *r)
{
    return compiled((gh_limit){.kind = r->burst ? GH_LIMIT_BUCKET : GH_LIMIT_SLIDING,
                               .requests = r->requests,
                               .window_ms = r->window_ms,
                               .burst = r->burst});
}

/* Time between two tries: on average somewhat less than the limit gives back what a try takes, with
 * bursts, exact ticks and now and then a long silence among them. */
static uint64_t next_step(const row *r, const gh_limit *l)
{
    uint64_t fair = (uint64_t)((unsigned __int128)l->window_ms * (r->weight_max + 1) / 2 / l->requests);
    switch (next_random() % 64) {
    case 0:
        return next_random() % 8 ? l->tick_ms : next_random() % (2 * l->window_ms);
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
        return 0;
    case 7:
    case 8:
    case 9:
        return next_random() % 40;
    default:
        return next_random() % (fair * 3 / 2 + 1);
    }
}

static void test_sliding_window_is_strict_and_late_by_a_tick_at_most(void **arg)
{
    (void)arg;
    static charge log[STEPS];
    for (unsigned r = 0; r < GH_COUNT(rows); r++) {
        gh_limit l = limit_of(&rows[r]);
        if (l.kind != GH_LIMIT_SLIDING)
            continue;
        entry e = {0};
        unsigned n = 0, refused = 0;
        uint64_t now = next_random() % (10 * l.window_ms);
        for (unsigned i = 0; i < STEPS; i++, now += next_step(&rows[r], &l)) {
            uint64_t units = 1 + next_random() % rows[r].weight_max;
            if (take(&l, &e, now, units)) {
                log[n++] = (charge){now, units};
                /* Never more in the window that ends now; as this is asked at every charge: in any. */
                assert_true(sum_after(log, n, (int64_t)(now - l.window_ms)) <= l.requests);
            } else {
                refused++;
                /* Never refused when there is room over the stated span. */
                uint64_t late = l.ticks * l.tick_ms;
                assert_true(sum_after(log, n, (int64_t)(now - late)) + units > l.requests);
            }
        }
        assert_true(n > STEPS / 20 && refused > STEPS / 20); /* both sides were tried */
    }
}

/* What a bucket owes, in 1/requests ms, kept in plain integers of 128 bits and never stored. */
typedef struct oracle {
    unsigned __int128 owed;
    uint64_t at;
} oracle;

static bool oracle_take(const gh_limit *l, oracle *o, uint64_t now, uint64_t units)
{
    unsigned __int128 paid = (unsigned __int128)(now - o->at) * l->requests;
    o->owed = o->owed > paid ? o->owed - paid : 0;
    o->at = now;
    unsigned __int128 after = o->owed + (unsigned __int128)units * l->window_ms;
    if (after > (unsigned __int128)l->burst * l->window_ms)
        return false;
    o->owed = after;
    return true;
}

static void test_bucket_equals_exact_rational(void **arg)
{
    (void)arg;
    for (unsigned r = 0; r < GH_COUNT(rows); r++) {
        gh_limit l = limit_of(&rows[r]);
        if (l.kind != GH_LIMIT_BUCKET)
            continue;
        entry e = {0};
        oracle o = {0};
        unsigned taken = 0;
        uint64_t now = 12345678901;
        o.at = now;
        for (unsigned i = 0; i < STEPS; i++, now += next_step(&rows[r], &l)) {
            uint64_t units = 1 + next_random() % rows[r].weight_max;
            bool want = oracle_take(&l, &o, now, units);
            assert_int_equal(take(&l, &e, now, units), want);
            taken += want;
            gh_tally t = load(&l, &e, now);
            assert_true(gh_tally_room(&l, &t) ==
                        (uint64_t)(l.burst - (o.owed + l.window_ms - 1) / l.window_ms));
        }
        assert_true(taken > 10 && taken < STEPS);
    }
}

static void test_retry_and_reset_are_honest(void **arg)
{
    (void)arg;
    for (unsigned r = 0; r < GH_COUNT(rows); r++) {
        gh_limit l = limit_of(&rows[r]);
        entry e = {0};
        unsigned asked = 0;
        uint64_t now = 77777;
        for (unsigned i = 0; i < STEPS / 4; i++, now += next_step(&rows[r], &l)) {
            uint64_t units = 1 + next_random() % rows[r].weight_max;
            gh_tally t = load(&l, &e, now);
            uint64_t retry = gh_tally_retry_ms(&l, &t, units), reset = gh_tally_reset_ms(&l, &t);
            assert_int_equal(retry == 0, units <= gh_tally_room(&l, &t));
            assert_int_equal(reset == 0, t.used == 0);
            if (reset) {
                gh_tally before = load(&l, &e, now + reset - 1), at = load(&l, &e, now + reset);
                assert_true(gh_tally_room(&l, &before) == gh_tally_room(&l, &t));
                assert_true(gh_tally_room(&l, &at) > gh_tally_room(&l, &t));
            }
            if (retry) {
                entry copy = e;
                assert_false(take(&l, &copy, now + retry - 1, units));
                assert_true(take(&l, &copy, now + retry, units));
                asked++;
            }
            take(&l, &e, now, units);
        }
        assert_true(asked > 50);
    }
}

static void test_more_than_the_limit_never_passes(void **arg)
{
    (void)arg;
    for (unsigned r = 0; r < GH_COUNT(rows); r++) {
        gh_limit l = limit_of(&rows[r]);
        gh_tally t;
        gh_tally_load(&l, 5000, 0, NULL, &t);
        uint64_t all = rows[r].burst ? rows[r].burst : rows[r].requests;
        assert_true(gh_tally_room(&l, &t) == all);
        assert_true(gh_tally_retry_ms(&l, &t, all) == 0);
        assert_true(gh_tally_retry_ms(&l, &t, all + 1) == UINT64_MAX);
        assert_true(gh_tally_reset_ms(&l, &t) == 0);
    }
}

static void test_level_is_the_share_used(void **arg)
{
    (void)arg;
    static const struct {
        uint64_t used;
        unsigned level;
    } levels[] = {
        {0, 0}, {1, 0}, {14, 0}, {15, 1}, {50, 3}, {85, 5}, {86, 6}, {99, 6}, {100, GH_TALLY_BLOCKED}};
    gh_limit sliding = compiled((gh_limit){.requests = 100, .window_ms = minute});
    gh_limit bucket =
        compiled((gh_limit){.kind = GH_LIMIT_BUCKET, .requests = 5, .window_ms = minute, .burst = 100});
    for (unsigned i = 0; i < GH_COUNT(levels); i++) {
        gh_tally t;
        gh_tally_load(&sliding, second, 0, NULL, &t);
        gh_tally_add(&sliding, levels[i].used, &t);
        assert_int_equal(gh_tally_level(&sliding, &t), levels[i].level);
        gh_tally_load(&bucket, hour, 0, NULL, &t);
        gh_tally_add(&bucket, levels[i].used, &t);
        assert_int_equal(gh_tally_level(&bucket, &t), levels[i].level);
    }
}

/* A tag may match by chance another limit's entry: wrong numbers are borne, wrong behaviour is not. */
static void test_any_bytes_are_safe(void **arg)
{
    (void)arg;
    for (unsigned i = 0; i < 200000; i++) {
        const row *r = &rows[next_random() % GH_COUNT(rows)];
        gh_limit l = limit_of(r);
        uint64_t now = next_random() % (10000 * day), word[3];
        for (unsigned k = 0; k < 3; k++)
            word[k] = next_random() >> next_random() % 64;
        gh_tally t;
        gh_tally_load(&l, now, now / GH_TALLY_UNIT_MS + 1 + next_random() % INT32_MAX, word, &t);
        uint64_t all = r->burst ? r->burst : r->requests, room = gh_tally_room(&l, &t);
        assert_true(room <= all);
        assert_true(gh_tally_level(&l, &t) <= GH_TALLY_BLOCKED);
        assert_true(gh_tally_retry_ms(&l, &t, 1) <= 2 * 366 * day);
        assert_true(gh_tally_reset_ms(&l, &t) <= 2 * 366 * day);
        gh_tally_add(&l, room, &t);
        assert_true(gh_tally_room(&l, &t) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compile_chooses_shape),
        cmocka_unit_test(test_compile_refuses),
        cmocka_unit_test(test_sliding_window_is_strict_and_late_by_a_tick_at_most),
        cmocka_unit_test(test_bucket_equals_exact_rational),
        cmocka_unit_test(test_retry_and_reset_are_honest),
        cmocka_unit_test(test_more_than_the_limit_never_passes),
        cmocka_unit_test(test_level_is_the_share_used),
        cmocka_unit_test(test_any_bytes_are_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
