/* A million sessions, each with a user of its own: what they take, while they become more, and that they are all found;
 * and a user with very many. */
#include "rosters.h"
#include "sanitized.h"

/* The sanitizers see nothing new in more of the same. */
enum { MANY = SANITIZED ? 100000 : 1000000, BYTES = 300 };

static gh_id session_id(uint64_t i)
{
    return gh_mix64(i) >> 1 | 1;
}

static gh_id user_id(uint64_t i)
{
    return gh_mix64(i + (UINT64_C(1) << 40)) >> 1 | 1;
}

static void a_million_sessions_take_300_bytes_each(void **state)
{
    (void)state;
    gh_roster *r = new_roster();
    double most = 0;
    for (uint64_t i = 0; i < MANY; i++) {
        set_user(r, user_of(user_id(i)));
        set_session(r, session_of(session_id(i), user_id(i)));
        if (i >= MANY * UINT64_C(9) / 10 && i % 100 == 0) { /* wherever the tables are between two sizes */
            double each = (double)stats_of(r).bytes / (double)(i + 1);
            most = each > most ? each : most;
        }
    }
    gh_roster_stats s = stats_of(r);
    assert_int_equal(s.sessions, MANY);
    assert_int_equal(s.users, MANY);
    if (MANY == 1000000)
        assert_true(s.bytes <= (uint64_t)MANY * BYTES && most <= BYTES);
    print_message("%.1f bytes a session, %.1f at most on the way\n", (double)s.bytes / MANY, most);
    for (uint64_t i = 0; i < MANY; i++) {
        gh_lookup l = ask(r, lookup_of(GH_LOOKUP_SESSION, session_id(i)));
        assert_int_equal(l.answer, GH_LOOKUP_GOOD);
        assert_int_equal(l.subject.user, user_id(i));
    }
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_SESSION, session_id(MANY))), GH_LOOKUP_UNKNOWN);
    gh_roster_free(r);
}

/* The memory of what has ended is used again. */
static void sessions_that_come_and_go_take_no_more(void **state)
{
    (void)state;
    enum { AT_ONCE = 5000, ROUNDS = 20 };
    gh_roster *r = new_roster();
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < AT_ONCE * ROUNDS; i++) {
        set_user(r, user_of(user_id(i)));
        set_session(r, session_of(session_id(i), user_id(i)));
        if (i < AT_ONCE)
            continue;
        assert_true(gh_roster_end_session(r, session_id(i - AT_ONCE), now_s + i / AT_ONCE));
        if (i % AT_ONCE == 0)
            gh_roster_sweep(r, now_s + i / AT_ONCE - 1);
        if (i == 5 * AT_ONCE)
            bytes = stats_of(r).bytes;
    }
    assert_int_equal(stats_of(r).sessions, AT_ONCE);
    assert_true(stats_of(r).users <= 2 * AT_ONCE);
    assert_true(stats_of(r).bytes <= bytes + bytes / 4);
    gh_roster_free(r);
}

static void a_user_with_ten_thousand_sessions(void **state)
{
    (void)state;
    enum { N = 10000 };
    gh_roster *r = new_roster();
    set_user(r, user_of(1));
    set_user(r, user_of(2));
    for (uint64_t i = 0; i < N; i++) {
        set_session(r, session_of(session_id(i), 1));
        if (i % 2 == 0)
            assert_int_equal(answer(r, lookup_of(GH_LOOKUP_SESSION, session_id(i))), GH_LOOKUP_GOOD);
    }
    set_session(r, session_of(session_id(N), 2));
    gh_roster_user u = user_of(1);
    u.disabled = true;
    set_user(r, u);
    for (uint64_t i = 0; i < N; i++)
        assert_int_equal(answer(r, lookup_of(GH_LOOKUP_SESSION, session_id(i))), GH_LOOKUP_DISABLED);
    gh_roster_drop_user(r, 1);
    for (uint64_t i = 0; i < N; i++)
        assert_int_equal(answer(r, lookup_of(GH_LOOKUP_SESSION, session_id(i))), GH_LOOKUP_UNKNOWN);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_SESSION, session_id(N))), GH_LOOKUP_GOOD);
    gh_roster_use use[2]; /* of the others that were used nothing is left */
    assert_int_equal(gh_roster_collect_used(r, use, 2), 1);
    assert_int_equal(use[0].id, session_id(N));
    assert_int_equal(stats_of(r).sessions, 1);
    gh_roster_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_million_sessions_take_300_bytes_each),
        cmocka_unit_test(sessions_that_come_and_go_take_no_more),
        cmocka_unit_test(a_user_with_ten_thousand_sessions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
