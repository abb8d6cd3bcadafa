/* Every answer to every kind of lookup, and what changes it. */
#include "rosters.h"

enum { ADA = 1, BOB = 2, SESSION = 10, KEY = 20, DEVICE = 30 };

/* Ada with one of each. */
static gh_roster *with_ada(void)
{
    gh_roster *r = new_roster();
    set_user(r, user_of(ADA));
    set_session(r, session_of(SESSION, ADA));
    set_key(r, key_of(KEY, ADA));
    set_device(r, device_of(DEVICE, ADA));
    return r;
}

static void assert_subject_is_ada(const gh_lookup *l)
{
    assert_int_equal(l->subject.user, ADA);
    assert_text(l->subject.name, "ada");
    assert_text(l->subject.roles, "admin member");
    assert_text(l->subject.tier, "premium");
}

static void nobody_can_say_without_the_time(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    for (unsigned kind = GH_LOOKUP_SESSION; kind <= GH_LOOKUP_REFRESH + 1; kind++) {
        gh_lookup l = lookup_of((enum gh_lookup_kind)kind, 10 * (kind + 1));
        l.user = ADA;
        l.now_s = 0;
        l.answer = GH_LOOKUP_GOOD; /* a lookup that is used again */
        l.subject.user = 9;
        l = ask(r, l);
        assert_int_equal(l.answer, GH_LOOKUP_UNAVAILABLE);
        assert_int_equal(l.subject.user, 0);
    }
    assert_int_equal(answer(r, lookup_of((enum gh_lookup_kind)(GH_LOOKUP_REFRESH + 1), SESSION)),
                     GH_LOOKUP_UNAVAILABLE);
    gh_roster_free(r);
}

static void a_session_says_whose_it_is(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    gh_lookup l = ask(r, lookup_of(GH_LOOKUP_SESSION, SESSION));
    assert_int_equal(l.answer, GH_LOOKUP_GOOD);
    assert_subject_is_ada(&l);
    assert_int_equal(l.device, 77);
    assert_int_equal(l.created_s, now_s - 1000);
    assert_int_equal(l.expires_s, now_s + 1000);
    assert_false(l.previous);
    gh_roster_free(r);
}

static void what_is_unknown_is_unknown(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    gh_roster_session tokens = session_of(11, ADA);
    tokens.kind = GH_SESSION_TOKENS;
    set_session(r, tokens);
    static const gh_id ids[] = {0, 1, 99, KEY, DEVICE, 11, INT64_MAX};
    for (unsigned i = 0; i < GH_COUNT(ids); i++)
        assert_int_equal(answer(r, lookup_of(GH_LOOKUP_SESSION, ids[i])), GH_LOOKUP_UNKNOWN);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_API_KEY, SESSION)), GH_LOOKUP_UNKNOWN);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_API_KEY, 0)), GH_LOOKUP_UNKNOWN);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_DEVICE, KEY)), GH_LOOKUP_UNKNOWN);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_DEVICE, 0)), GH_LOOKUP_UNKNOWN);
    gh_roster_free(r);
}

/* To be told about is no use, and a browser's secret is no refresh token. */
static void a_family_is_told_about_without_being_used(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    gh_roster_session tokens = session_of(11, ADA);
    tokens.kind = GH_SESSION_TOKENS;
    hash_of(99, tokens.before_hash);
    tokens.rotated_s = now_s - 5;
    set_session(r, tokens);
    gh_lookup l = lookup_of(GH_LOOKUP_REFRESH, 11);
    gh_lookup got = ask(r, l);
    assert_int_equal(got.answer, GH_LOOKUP_GOOD);
    assert_subject_is_ada(&got);
    assert_int_equal(got.expires_s, now_s + 1000);
    assert_int_equal(gh_roster_session_used(r, 11), now_s - 100);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_REFRESH, SESSION)), GH_LOOKUP_UNKNOWN);
    hash_of(99, l.hash);
    assert_int_equal(answer(r, l), GH_LOOKUP_MISMATCH);
    l.grace_s = 5;
    assert_int_equal(answer(r, l), GH_LOOKUP_MISMATCH); /* over in that second, as in the records */
    l.grace_s = 6;
    assert_int_equal(answer(r, l), GH_LOOKUP_GOOD);
    gh_roster_free(r);
}

/* Wrong in any one bit, of any kind; and a wrong secret is that before anything else. */
static void every_bit_of_a_secret_counts(void **state)
{
    (void)state;
    static const struct {
        enum gh_lookup_kind kind;
        gh_id id;
    } rows[] = {{GH_LOOKUP_SESSION, SESSION}, {GH_LOOKUP_API_KEY, KEY}, {GH_LOOKUP_DEVICE, DEVICE}};
    gh_roster *r = with_ada();
    for (unsigned i = 0; i < GH_COUNT(rows); i++) {
        gh_lookup l = lookup_of(rows[i].kind, rows[i].id);
        for (unsigned bit = 0; bit < GH_SECRET_HASH * 8; bit++) {
            l.hash[bit / 8] ^= (uint8_t)(1u << bit % 8);
            gh_lookup got = ask(r, l);
            assert_int_equal(got.answer, GH_LOOKUP_MISMATCH);
            assert_int_equal(got.subject.user, 0);
            l.hash[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        assert_int_equal(answer(r, l), GH_LOOKUP_GOOD);
        l.now_s = now_s + 5000; /* long expired */
        l.hash[0] ^= 1;
        assert_int_equal(answer(r, l), GH_LOOKUP_MISMATCH);
    }
    gh_roster_free(r);
}

static void a_session_ends_at_its_second(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    gh_lookup l = lookup_of(GH_LOOKUP_SESSION, SESSION);
    l.now_s = now_s + 1000;
    assert_int_equal(answer(r, l), GH_LOOKUP_EXPIRED);
    l.now_s--;
    assert_int_equal(answer(r, l), GH_LOOKUP_GOOD);
    gh_roster_free(r);
}

static void an_unused_session_ends_after_the_idle_time(void **state)
{
    (void)state;
    gh_roster *r = with_ada(); /* used 100 seconds ago */
    gh_lookup l = lookup_of(GH_LOOKUP_SESSION, SESSION);
    l.idle_s = 100;
    assert_int_equal(answer(r, l), GH_LOOKUP_EXPIRED);
    assert_int_equal(gh_roster_session_used(r, SESSION), now_s - 100); /* a refused use is none */
    l.idle_s = 101;
    assert_int_equal(answer(r, l), GH_LOOKUP_GOOD);
    l.idle_s = 1; /* and now it was used this second */
    assert_int_equal(answer(r, l), GH_LOOKUP_GOOD);
    l.now_s++;
    assert_int_equal(answer(r, l), GH_LOOKUP_EXPIRED);
    l.now_s = now_s - 50; /* a clock that was put back */
    assert_int_equal(answer(r, l), GH_LOOKUP_GOOD);
    assert_int_equal(gh_roster_session_used(r, SESSION), now_s);
    l.now_s = now_s + 999;
    l.idle_s = 0;
    assert_int_equal(answer(r, l), GH_LOOKUP_GOOD);
    gh_roster_free(r);
}

/* Told by another node: it counts for the idle time, and this one does not tell it back. */
static void a_use_elsewhere_counts_and_is_not_collected(void **state)
{
    (void)state;
    gh_roster *r = with_ada(); /* used 100 seconds ago */
    gh_roster_use collected[4], use = {.what = GH_ROSTER_SESSION, .id = SESSION, .used_s = now_s - 50};
    gh_lookup l = lookup_of(GH_LOOKUP_SESSION, SESSION);
    (void)gh_roster_collect_used(r, collected, 4);
    gh_roster_used(r, &use);
    assert_int_equal(gh_roster_session_used(r, SESSION), now_s - 50);
    use.used_s = now_s - 60; /* told late */
    gh_roster_used(r, &use);
    assert_int_equal(gh_roster_session_used(r, SESSION), now_s - 50);
    assert_int_equal(gh_roster_collect_used(r, collected, 4), 0);
    l.idle_s = 51;
    assert_int_equal(answer(r, l), GH_LOOKUP_GOOD);
    assert_int_equal(gh_roster_collect_used(r, collected, 4), 1); /* its own use */
    use = (gh_roster_use){.what = GH_ROSTER_SESSION, .id = 4711, .used_s = now_s};
    gh_roster_used(r, &use); /* nobody's */
    use.what = 9;
    gh_roster_used(r, &use);
    assert_int_equal(gh_roster_session_used(r, 4711), 0);
    gh_roster_free(r);
}

static void the_secret_before_counts_within_its_grace(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    gh_roster_session s = session_of(SESSION, ADA);
    memcpy(s.before_hash, s.hash, sizeof s.hash);
    hash_of(99, s.hash);
    s.rotated_s = now_s - 10;
    set_session(r, s);
    gh_lookup before = lookup_of(GH_LOOKUP_SESSION, SESSION), present = before;
    memcpy(present.hash, s.hash, sizeof s.hash);
    assert_int_equal(answer(r, present), GH_LOOKUP_GOOD);
    assert_int_equal(answer(r, before), GH_LOOKUP_MISMATCH); /* no grace, and 10 seconds have gone by */
    before.grace_s = 10;
    assert_int_equal(answer(r, before), GH_LOOKUP_MISMATCH);
    before.grace_s = 11;
    gh_lookup got = ask(r, before);
    assert_int_equal(got.answer, GH_LOOKUP_GOOD);
    assert_true(got.previous);
    assert_subject_is_ada(&got);
    got = ask(r, present);
    assert_false(got.previous);
    before.grace_s = UINT32_MAX; /* grace of the secret is none of the session */
    before.now_s = now_s + 1000;
    got = ask(r, before);
    assert_int_equal(got.answer, GH_LOOKUP_EXPIRED);
    assert_false(got.previous);
    gh_roster_free(r);
}

/* All zeros means that there was no secret before: it is no secret itself. */
static void no_secret_before_is_not_one_of_zeros(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    gh_roster_session s = session_of(SESSION, ADA);
    s.rotated_s = now_s;
    set_session(r, s);
    gh_lookup l = lookup_of(GH_LOOKUP_SESSION, SESSION);
    memset(l.hash, 0, sizeof l.hash);
    l.grace_s = UINT32_MAX;
    assert_int_equal(answer(r, l), GH_LOOKUP_MISMATCH);
    gh_roster_free(r);
}

static void times_at_the_end_of_their_range_do_not_wrap(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    gh_roster_session s = session_of(SESSION, ADA);
    memcpy(s.before_hash, s.hash, sizeof s.hash);
    hash_of(99, s.hash);
    s.rotated_s = s.used_s = UINT64_MAX - 1;
    s.expires_s = UINT64_MAX;
    set_session(r, s);
    gh_lookup l = lookup_of(GH_LOOKUP_SESSION, SESSION);
    l.grace_s = l.idle_s = UINT32_MAX;
    assert_int_equal(answer(r, l), GH_LOOKUP_GOOD);
    l.now_s = UINT64_MAX;
    assert_int_equal(answer(r, l), GH_LOOKUP_EXPIRED);
    gh_roster_free(r);
}

static void a_disabled_user_gets_in_nowhere(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    gh_roster_user ada = user_of(ADA);
    ada.disabled = true;
    set_user(r, ada);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_SESSION, SESSION)), GH_LOOKUP_DISABLED);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_API_KEY, KEY)), GH_LOOKUP_DISABLED);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_DEVICE, DEVICE)), GH_LOOKUP_DISABLED);
    assert_int_equal(answer(r, token_of(ADA, SESSION, 5)), GH_LOOKUP_DISABLED);
    assert_int_equal(answer(r, token_of(ADA, 0, 0)), GH_LOOKUP_DISABLED);
    assert_int_equal(answer(r, token_of(BOB, 0, 0)), GH_LOOKUP_GOOD);
    gh_lookup wrong = lookup_of(GH_LOOKUP_SESSION, SESSION);
    wrong.hash[3] ^= 4;
    assert_int_equal(answer(r, wrong), GH_LOOKUP_MISMATCH);
    ada.disabled = false;
    set_user(r, ada);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_SESSION, SESSION)), GH_LOOKUP_GOOD);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_API_KEY, KEY)), GH_LOOKUP_GOOD);
    assert_int_equal(answer(r, token_of(ADA, SESSION, 5)), GH_LOOKUP_GOOD);
    gh_roster_free(r);
}

static void a_change_of_the_user_is_seen_by_all_of_its_entries(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    gh_roster_user ada = user_of(ADA);
    ada.name = GH_STR("countess");
    ada.roles = GH_STR("");
    ada.tier = (gh_str){NULL, 0};
    set_user(r, ada);
    const gh_lookup got[] = {ask(r, lookup_of(GH_LOOKUP_SESSION, SESSION)),
                             ask(r, lookup_of(GH_LOOKUP_API_KEY, KEY))};
    for (unsigned i = 0; i < GH_COUNT(got); i++) {
        assert_int_equal(got[i].answer, GH_LOOKUP_GOOD);
        assert_text(got[i].subject.name, "countess");
        assert_text(got[i].subject.roles, "");
        assert_text(got[i].subject.tier, "");
    }
    assert_int_equal(ask(r, lookup_of(GH_LOOKUP_DEVICE, DEVICE)).subject.user, ADA);
    assert_int_equal(stats_of(r).users, 1);
    gh_roster_free(r);
}

static void texts_of_full_length_come_back_and_longer_ones_are_refused(void **state)
{
    (void)state;
    static char text[256];
    memset(text, 'x', sizeof text);
    gh_roster *r = with_ada();
    gh_roster_user ada = user_of(ADA);
    ada.name = (gh_str){text, GH_USER_NAME_MAX};
    ada.roles = (gh_str){text, GH_ROLES_TEXT_MAX};
    ada.tier = (gh_str){text, GH_TIER_MAX};
    set_user(r, ada);
    gh_roster_key k = key_of(KEY, ADA);
    k.scopes = (gh_str){text, GH_SCOPES_TEXT_MAX};
    k.tier = (gh_str){text, GH_TIER_MAX};
    set_key(r, k);
    gh_str *texts[] = {&ada.name, &ada.roles, &ada.tier, &k.scopes, &k.tier};
    for (unsigned i = 0; i < GH_COUNT(texts); i++) {
        texts[i]->n++;
        if (i < 3)
            assert_false(gh_roster_set_user(r, &ada, 0));
        else
            assert_false(gh_roster_set_key(r, &k));
        texts[i]->n--;
    }
    gh_lookup l = ask(r, lookup_of(GH_LOOKUP_API_KEY, KEY));
    assert_int_equal(l.answer, GH_LOOKUP_GOOD);
    assert_true(gh_str_eq(GH_SHORT_STR(l.subject.name), ada.name));
    assert_true(gh_str_eq(GH_SHORT_STR(l.subject.roles), ada.roles));
    assert_true(gh_str_eq(GH_SHORT_STR(l.subject.tier), ada.tier));
    assert_true(gh_str_eq(GH_SHORT_STR(l.scopes), k.scopes));
    assert_true(gh_str_eq(GH_SHORT_STR(l.tier), k.tier));
    gh_roster_free(r);
}

static void a_device_says_whose_it_is(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    set_device(r, device_of(31, 0));
    gh_lookup l = ask(r, lookup_of(GH_LOOKUP_DEVICE, DEVICE));
    assert_int_equal(l.answer, GH_LOOKUP_GOOD);
    assert_int_equal(l.subject.user, ADA);
    l = ask(r, lookup_of(GH_LOOKUP_DEVICE, 31));
    assert_int_equal(l.answer, GH_LOOKUP_GOOD);
    assert_int_equal(l.subject.user, 0);
    set_device(r, device_of(31, ADA)); /* an anonymous one becomes somebody's */
    assert_int_equal(ask(r, lookup_of(GH_LOOKUP_DEVICE, 31)).subject.user, ADA);
    gh_roster_end_device(r, DEVICE);
    gh_roster_end_device(r, DEVICE);
    gh_roster_end_device(r, 0);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_DEVICE, DEVICE)), GH_LOOKUP_UNKNOWN);
    gh_roster_drop_user(r, ADA);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_DEVICE, 31)), GH_LOOKUP_UNKNOWN);
    gh_roster_free(r);
}

static void several_are_answered_each_for_itself(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    gh_lookup l[] = {lookup_of(GH_LOOKUP_DEVICE, DEVICE), lookup_of(GH_LOOKUP_SESSION, 5),
                     lookup_of(GH_LOOKUP_SESSION, SESSION), lookup_of(GH_LOOKUP_API_KEY, KEY)};
    gh_roster_answer(r, l, 4);
    assert_int_equal(l[0].answer, GH_LOOKUP_GOOD);
    assert_int_equal(l[1].answer, GH_LOOKUP_UNKNOWN);
    assert_int_equal(l[2].answer, GH_LOOKUP_GOOD);
    assert_int_equal(l[3].answer, GH_LOOKUP_GOOD);
    gh_roster_answer(r, NULL, 0);
    gh_roster_free(r);
    gh_roster_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_can_say_without_the_time),
        cmocka_unit_test(a_session_says_whose_it_is),
        cmocka_unit_test(what_is_unknown_is_unknown),
        cmocka_unit_test(a_family_is_told_about_without_being_used),
        cmocka_unit_test(every_bit_of_a_secret_counts),
        cmocka_unit_test(a_session_ends_at_its_second),
        cmocka_unit_test(an_unused_session_ends_after_the_idle_time),
        cmocka_unit_test(a_use_elsewhere_counts_and_is_not_collected),
        cmocka_unit_test(the_secret_before_counts_within_its_grace),
        cmocka_unit_test(no_secret_before_is_not_one_of_zeros),
        cmocka_unit_test(times_at_the_end_of_their_range_do_not_wrap),
        cmocka_unit_test(a_disabled_user_gets_in_nowhere),
        cmocka_unit_test(a_change_of_the_user_is_seen_by_all_of_its_entries),
        cmocka_unit_test(texts_of_full_length_come_back_and_longer_ones_are_refused),
        cmocka_unit_test(a_device_says_whose_it_is),
        cmocka_unit_test(several_are_answered_each_for_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
