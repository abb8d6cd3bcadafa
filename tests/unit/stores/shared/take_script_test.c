/* What is sent for takes and leases, and what is read of an answer, whatever it holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "limit_contract.h"
#include "stores/shared/take_script.h"

static gh_limit sliding(uint64_t requests)
{
    return contract_limit(
        (gh_limit){.requests = requests, .window_ms = 60000, .seed = 5, .lease_percent = 5});
}

static gh_limit bucket(void)
{
    return contract_limit((gh_limit){.kind = GH_LIMIT_BUCKET,
                                     .requests = 7,
                                     .window_ms = 60000,
                                     .burst = 10,
                                     .seed = 6,
                                     .lease_percent = 5});
}

/* The bulk strings of a text. */
static unsigned split(gh_str text, gh_str *ret, unsigned max)
{
    unsigned n = 0;
    while (text.n > 0) {
        assert_true(n < max && text.p[0] == '$');
        size_t end = gh_str_find(text, '\r');
        uint64_t size;
        assert_true(gh_str_u64(gh_str_cut(text, 1, end), &size));
        assert_true(end + 2 + size + 2 <= text.n);
        ret[n++] = gh_str_cut(text, end + 2, end + 2 + size);
        assert_memory_equal(text.p + end + 2 + size, "\r\n", 2);
        text = gh_str_cut(text, end + 4 + size, text.n);
    }
    return n;
}

static uint64_t number(gh_str s, size_t at, unsigned bytes)
{
    uint64_t v = 0;
    assert_true(at + bytes <= s.n);
    for (unsigned i = 0; i < bytes; i++)
        v |= (uint64_t)(uint8_t)s.p[at + i] << 8 * i;
    return v;
}

enum { WANT = 4, CHARGE = 10, LIMIT = 14, LEN = 18, KNOWN = 24, LIFE = 30 };

static unsigned encode(gh_take *takes, unsigned n, const uint32_t *known, gh_str *ret)
{
    static char memory[GH_TAKES_MAX * (GH_TAKE_SCRIPT_KEY_MAX + GH_TAKE_SCRIPT_ARG_MAX)];
    gh_buf b = gh_buf_over(memory, sizeof memory);
    gh_take *list[GH_TAKES_MAX];
    for (unsigned i = 0; i < n; i++)
        list[i] = &takes[i];
    gh_take_script_encode(GH_STR("{gatehouse}:"), list, known, n, &b);
    assert_true(gh_buf_ok(&b));
    return split(gh_buf_str(&b), ret, 2 * GH_TAKES_MAX);
}

static void a_take_is_a_key_and_an_argument(void **arg)
{
    (void)arg;
    const gh_limit l = sliding(1000);
    gh_take t = {.limit = &l, .key = 77, .weight = 3, .group = 2};
    gh_str parts[2 * GH_TAKES_MAX];
    assert_int_equal(encode(&t, 1, NULL, parts), 2);
    char key[40];
    gh_buf b = gh_buf_over(key, sizeof key);
    gh_buf_printf(&b, "{gatehouse}:l:%016llx", (unsigned long long)gh_mix64(77 ^ gh_mix64(5)));
    assert_true(gh_str_eq(parts[0], gh_buf_str(&b)));
    gh_str a = parts[1];
    assert_memory_equal(a.p, "\0\2\2", 3); /* a window, of group 2, counters of two bytes */
    assert_int_equal(number(a, 3, 1), l.ticks);
    assert_int_equal(number(a, WANT, 6), 3);
    assert_int_equal(number(a, CHARGE, 4), 3);
    assert_int_equal(number(a, LIMIT, 4), 1000);
    assert_int_equal(number(a, LEN, 6), l.tick_ms);
    assert_int_equal(number(a, KNOWN, 6), 0);
    uint64_t life;
    assert_int_equal(a.p[a.n - 1], '\0');
    assert_true(gh_str_u64(gh_str_cut(a, LIFE, a.n - 1), &life));
    assert_true(life >= (l.ticks + 1U) * l.tick_ms + 2000 && life < 2 * l.window_ms);
}

static void counters_are_as_wide_as_they_must(void **arg)
{
    (void)arg;
    static const struct {
        uint64_t requests;
        unsigned width;
    } rows[] = {{1, 1}, {255, 1}, {256, 2}, {65535, 2}, {65536, 4}, {4294967295, 4}};
    for (unsigned i = 0; i < GH_COUNT(rows); i++) {
        const gh_limit l = sliding(rows[i].requests);
        gh_take t = {.limit = &l, .weight = 1};
        gh_str parts[2 * GH_TAKES_MAX];
        (void)encode(&t, 1, NULL, parts);
        assert_int_equal(number(parts[1], 2, 1), rows[i].width);
    }
}

/* What a bucket wants, in ms and parts of one: three units of 60000/7 ms. */
static void a_bucket_is_exact(void **arg)
{
    (void)arg;
    const gh_limit l = bucket();
    gh_take t = {.limit = &l, .weight = 3};
    const uint32_t known = 2;
    gh_str parts[2 * GH_TAKES_MAX];
    (void)encode(&t, 1, &known, parts);
    gh_str a = parts[1];
    size_t more = strlen(a.p + LIFE) + LIFE + 1;
    assert_int_equal(number(a, 0, 1), 1);
    assert_int_equal(number(a, WANT, 6), 25714);
    assert_int_equal(number(a, more, 4), 2);
    assert_int_equal(number(a, more + 4, 6), 25714);
    assert_int_equal(number(a, more + 10, 4), 2);
    assert_int_equal(number(a, LEN, 6), 85714);
    assert_int_equal(number(a, more + 14, 4), 2);
    assert_int_equal(number(a, KNOWN, 6), 17142);
    assert_int_equal(a.n, more + 18);
    t.weight = UINT32_MAX; /* more than it holds: stays more */
    (void)encode(&t, 1, NULL, parts);
    assert_true(number(parts[1], WANT, 6) > 85714);
}

/* A state that comes twice in a group is asked for what those before it want, too, and charged once; in another group it
 * begins anew. */
static void the_same_state_twice(void **arg)
{
    (void)arg;
    const gh_limit l = sliding(100),
                   other = contract_limit((gh_limit){.requests = 100, .window_ms = 60000, .seed = 9});
    gh_take t[] = {{.limit = &l, .key = 1, .weight = 2},
                   {.limit = &other, .key = 1, .weight = 5},
                   {.limit = &l, .key = 1, .weight = 3},
                   {.limit = &l, .key = 2, .weight = 7},
                   {.limit = &l, .key = 1, .weight = 4, .group = 1}};
    static const unsigned want[] = {2, 5, 5, 7, 4}, charge[] = {0, 5, 5, 7, 4};
    gh_str parts[2 * GH_TAKES_MAX];
    assert_int_equal(encode(t, 5, NULL, parts), 10);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(number(parts[5 + i], WANT, 6), want[i]);
        assert_int_equal(number(parts[5 + i], CHARGE, 4), charge[i]);
    }
    int64_t values[15] = {90, 1000, 0, 90, 1000, 0, 90, 1000, 0, 90, 1000, 0, 50, 1000, 0};
    gh_take *list[] = {&t[0], &t[1], &t[2], &t[3], &t[4]};
    assert_true(gh_take_script_decode(values, 15, list, 5));
    static const unsigned left[] = {88, 85, 85, 83, 46};
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(t[i].answer, GH_TAKE_OK);
        assert_int_equal(t[i].remaining, left[i]);
    }
    values[5] = 300; /* the second is refused: nothing of its group is taken */
    assert_true(gh_take_script_decode(values, 15, list, 5));
    assert_int_equal(t[1].answer, GH_TAKE_REFUSED);
    assert_int_equal(t[1].retry_ms, 300);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(t[i].remaining, 90);
    assert_int_equal(t[4].remaining, 46);
}

static void the_largest_call_fits(void **arg)
{
    (void)arg;
    gh_limit limits[GH_TAKES_MAX];
    gh_take t[GH_TAKES_MAX];
    gh_str parts[2 * GH_TAKES_MAX];
    for (unsigned i = 0; i < GH_TAKES_MAX; i++) {
        limits[i] = contract_limit((gh_limit){.kind = i % 2 ? GH_LIMIT_BUCKET : GH_LIMIT_SLIDING,
                                              .requests = UINT32_MAX,
                                              .window_ms = i % 2 ? 1000 : 366 * 86400000ULL,
                                              .burst = UINT32_MAX,
                                              .seed = i});
        t[i] = (gh_take){
            .limit = &limits[i], .key = UINT64_MAX, .weight = UINT32_MAX, .group = (uint8_t)(i / 3)};
    }
    assert_int_equal(encode(t, GH_TAKES_MAX, NULL, parts), 2 * GH_TAKES_MAX);
}

static void only_an_answer_is_read_as_one(void **arg)
{
    (void)arg;
    const gh_limit l = sliding(100), b = bucket();
    gh_take t[] = {{.limit = &l, .weight = 1, .remaining = 12345}, {.limit = &b, .weight = 1}};
    gh_take *list[] = {&t[0], &t[1]};
    const int64_t values[] = {1, 2, 0, 4, 5, 0, 7};
    for (unsigned n = 0; n <= 7; n++)
        if (n != 6)
            assert_false(gh_take_script_decode(values, n, list, 2));
    assert_int_equal(t[0].remaining, 12345);
    /* Numbers out of any range are cut to what can be. */
    static const int64_t extremes[] = {INT64_MIN, -1, 0, 1, 100, 101, INT32_MAX, INT64_MAX};
    for (unsigned i = 0; i < 8 * 8 * 8; i++) {
        int64_t v[6];
        for (unsigned k = 0; k < 6; k++)
            v[k] = extremes[(i >> 3 * (k % 3)) % 8];
        assert_true(gh_take_script_decode(v, 6, list, 2));
        assert_true(t[0].remaining <= 100 && t[1].remaining <= 10);
        assert_true(t[0].reset_ms <= 2 * l.ticks * l.tick_ms);
        for (unsigned k = 0; k < 2; k++)
            assert_int_equal(t[k].answer == GH_TAKE_OK, t[k].retry_ms == 0);
    }
}

static void leases_are_sent_and_read(void **arg)
{
    (void)arg;
    gh_lease_ask ask = {.limit = sliding(1000),
                        .key = 1,
                        .least = 2,
                        .most = 50,
                        .back = 7,
                        .back_at = 1700000000000,
                        .known = 99,
                        .ahead_ms = 1000};
    char memory[512];
    gh_buf b = gh_buf_over(memory, sizeof memory);
    gh_str parts[2];
    gh_lease_script_encode(GH_STR("{gatehouse}:"), &ask, &b);
    assert_int_equal(split(gh_buf_str(&b), parts, 2), 2);
    size_t more = strlen(parts[1].p + LIFE) + LIFE + 1;
    assert_int_equal(number(parts[1], WANT, 6), 2);
    assert_int_equal(number(parts[1], CHARGE, 4), 50);
    assert_int_equal(number(parts[1], KNOWN, 6), 99);
    assert_int_equal(number(parts[1], more, 4), 1000);
    assert_int_equal(number(parts[1], more + 4, 4), 7);
    assert_int_equal(number(parts[1], more + 8, 6), 1700000000000);

    gh_lease_grant g = {0};
    int64_t values[] = {400, 3000, 0, 50, 1700000001000};
    assert_true(gh_lease_script_decode(values, 5, &ask, &g));
    assert_int_equal(g.units, 50);
    assert_int_equal(g.room, 400);
    assert_int_equal(g.dated, 1700000001000);
    assert_int_equal(g.reset_ms, 3000);
    assert_int_equal(g.retry_ms, 0);
    assert_false(gh_lease_script_decode(values, 4, &ask, &g));
    values[3] = 51; /* more than was asked for */
    assert_false(gh_lease_script_decode(values, 5, &ask, &g));
    values[3] = -1;
    assert_false(gh_lease_script_decode(values, 5, &ask, &g));
    memcpy(values, (int64_t[]){1, 3000, 250, 0, 0}, sizeof values);
    assert_true(gh_lease_script_decode(values, 5, &ask, &g));
    assert_int_equal(g.units, 0);
    assert_int_equal(g.retry_ms, 250);

    /* A bucket's: 30000 ms are owed before three units of 60000/7 ms; ten are its depth. */
    ask.limit = bucket();
    ask.most = 3;
    memcpy(values, (int64_t[]){30000, 0, 0, 3, 1700000001000}, sizeof values);
    assert_true(gh_lease_script_decode(values, 5, &ask, &g));
    assert_int_equal(g.room, 10 - 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_take_is_a_key_and_an_argument),
        cmocka_unit_test(counters_are_as_wide_as_they_must),
        cmocka_unit_test(a_bucket_is_exact),
        cmocka_unit_test(the_same_state_twice),
        cmocka_unit_test(the_largest_call_fits),
        cmocka_unit_test(only_an_answer_is_read_as_one),
        cmocka_unit_test(leases_are_sent_and_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
