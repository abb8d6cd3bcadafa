/* Keys, tokens and their revocation, users that come and go, and the times of use on their way to the records. */
#include "rosters.h"

enum { ADA = 1, BOB = 2, SESSION = 10, KEY = 20, DEVICE = 30 };

static gh_roster *with_ada(void)
{
    gh_roster *r = new_roster();
    set_user(r, user_of(ADA));
    set_session(r, session_of(SESSION, ADA));
    return r;
}

static gh_cidr cidr(const char *text)
{
    gh_cidr net;
    const char *why;
    if (!gh_cidr_parse(gh_str_of(text), &net, &why))
        fail_msg("%s: %s", text, why);
    return net;
}

static void a_key_brings_its_scopes_and_tier(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    gh_roster_key k = key_of(KEY, ADA);
    k.scopes = GH_STR("songs:read songs:write");
    k.tier = GH_STR("bulk");
    set_key(r, k);
    gh_lookup l = ask(r, lookup_of(GH_LOOKUP_API_KEY, KEY));
    assert_int_equal(l.answer, GH_LOOKUP_GOOD);
    assert_int_equal(l.subject.user, ADA);
    assert_text(l.subject.tier, "premium");
    assert_true(l.scoped);
    assert_text(l.scopes, "songs:read songs:write");
    assert_text(l.tier, "bulk");
    assert_int_equal(l.expires_s, 0);
    k.scopes = GH_STR(""); /* narrowed to nothing, which is not the same as not narrowed */
    k.tier = (gh_str){NULL, 0};
    set_key(r, k);
    l = ask(r, l);
    assert_true(l.scoped);
    assert_text(l.scopes, "");
    assert_text(l.tier, "");
    k.scopes = (gh_str){NULL, 0};
    set_key(r, k);
    l = ask(r, l);
    assert_int_equal(l.answer, GH_LOOKUP_GOOD);
    assert_false(l.scoped);
    gh_roster_end_key(r, KEY);
    gh_roster_end_key(r, KEY);
    assert_int_equal(answer(r, l), GH_LOOKUP_UNKNOWN);
    gh_roster_free(r);
}

static void a_key_ends_at_its_second(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    gh_roster_key k = key_of(KEY, ADA);
    k.expires_s = now_s + 1;
    set_key(r, k);
    gh_lookup l = ask(r, lookup_of(GH_LOOKUP_API_KEY, KEY));
    assert_int_equal(l.answer, GH_LOOKUP_GOOD);
    assert_int_equal(l.expires_s, now_s + 1);
    l.now_s++;
    assert_int_equal(answer(r, l), GH_LOOKUP_EXPIRED);
    gh_roster_free(r);
}

/* The address is of interest only to who has the secret: another learns nothing of the networks. */
static void a_key_is_good_from_its_networks_only(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    const gh_cidr nets[] = {cidr("192.0.2.0/24"), cidr("2001:db8::/32")};
    gh_roster_key k = key_of(KEY, ADA);
    k.networks = nets;
    k.n_networks = 2;
    set_key(r, k);
    gh_lookup l = lookup_of(GH_LOOKUP_API_KEY, KEY);
    assert_int_equal(answer(r, l), GH_LOOKUP_GOOD);
    static const gh_ip others[] = {
        {4, {198, 51, 100, 7}}, {4, {192, 0, 3, 1}}, {0, {0}}, {6, {0x20, 1, 0xd, 0xb9}}};
    for (unsigned i = 0; i < GH_COUNT(others); i++) {
        l.address = others[i];
        assert_int_equal(answer(r, l), GH_LOOKUP_ADDRESS_REFUSED);
        l.hash[15] ^= 1;
        assert_int_equal(answer(r, l), GH_LOOKUP_MISMATCH);
        l.hash[15] ^= 1;
    }
    l.address = (gh_ip){6, {0x20, 1, 0xd, 0xb8, 1}};
    assert_int_equal(answer(r, l), GH_LOOKUP_GOOD);
    k.n_networks = 0;
    set_key(r, k);
    l.address = away;
    assert_int_equal(answer(r, l), GH_LOOKUP_GOOD);
    gh_roster_free(r);
}

static void tokens_are_good_until_something_says_no(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    gh_lookup l = ask(r, token_of(ADA, SESSION, 5));
    assert_int_equal(l.answer, GH_LOOKUP_GOOD);
    assert_int_equal(l.subject.user, ADA);
    assert_int_equal(l.subject.name.n, 0);
    assert_int_equal(answer(r, token_of(ADA, 0, 0)), GH_LOOKUP_GOOD);
    assert_int_equal(answer(r, token_of(BOB, 0, 0)), GH_LOOKUP_GOOD);  /* nobody we know */
    assert_int_equal(answer(r, token_of(ADA, 11, 0)), GH_LOOKUP_GOOD); /* a session that ended by itself */
    assert_int_equal(answer(r, token_of(0, 0, 5)), GH_LOOKUP_GOOD);    /* an outside issuer's */
    assert_int_equal(answer(r, token_of(BOB, SESSION, 5)), GH_LOOKUP_REVOKED);
    assert_int_equal(answer(r, token_of(0, SESSION, 5)), GH_LOOKUP_REVOKED);
    gh_roster_free(r);
}

static void a_token_is_revoked_by_jti_until_it_expires(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    assert_true(gh_roster_revoke_token(r, 5, now_s + 10));
    assert_true(gh_roster_revoke_token(r, 5, now_s + 5)); /* sooner: forgets nothing */
    assert_true(gh_roster_revoke_token(r, 0, now_s + 10));
    assert_int_equal(stats_of(r).revocations, 1);
    assert_int_equal(answer(r, token_of(ADA, SESSION, 5)), GH_LOOKUP_REVOKED);
    assert_int_equal(answer(r, token_of(0, 0, 5)), GH_LOOKUP_REVOKED);
    assert_int_equal(answer(r, token_of(ADA, SESSION, 6)), GH_LOOKUP_GOOD);
    assert_int_equal(answer(r, token_of(ADA, SESSION, 0)), GH_LOOKUP_GOOD);
    gh_roster_sweep(r, now_s + 9);
    assert_int_equal(answer(r, token_of(ADA, SESSION, 5)), GH_LOOKUP_REVOKED);
    gh_roster_sweep(r, now_s + 10);
    assert_int_equal(answer(r, token_of(ADA, SESSION, 5)), GH_LOOKUP_GOOD);
    assert_int_equal(stats_of(r).revocations, 0);
    gh_roster_free(r);
}

static void a_session_that_is_ended_takes_its_tokens_with_it(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    gh_roster_session tokens = session_of(11, ADA);
    tokens.kind = GH_SESSION_TOKENS;
    set_session(r, tokens);
    assert_int_equal(answer(r, token_of(ADA, 11, 5)), GH_LOOKUP_GOOD);
    assert_true(gh_roster_end_session(r, 11, now_s + 10));
    assert_true(gh_roster_end_session(r, 11, now_s + 5));
    assert_true(gh_roster_end_session(r, SESSION, 0));
    assert_true(gh_roster_end_session(r, 0, now_s + 5));
    assert_int_equal(answer(r, token_of(ADA, 11, 5)), GH_LOOKUP_REVOKED);
    assert_int_equal(answer(r, token_of(ADA, SESSION, 5)), GH_LOOKUP_GOOD); /* need not be remembered */
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_SESSION, SESSION)), GH_LOOKUP_UNKNOWN);
    assert_int_equal(stats_of(r).sessions, 0);
    assert_int_equal(stats_of(r).revocations, 1);
    gh_roster_sweep(r, now_s + 9);
    assert_int_equal(answer(r, token_of(ADA, 11, 5)), GH_LOOKUP_REVOKED);
    gh_roster_sweep(r, now_s + 10);
    assert_int_equal(answer(r, token_of(ADA, 11, 5)), GH_LOOKUP_GOOD);
    gh_roster_free(r);
}

static void tokens_up_to_the_cut_off_are_refused(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    gh_roster_user ada = user_of(ADA);
    ada.cutoff_s = now_s;
    set_user(r, ada); /* of interest for 600 seconds */
    gh_lookup l = token_of(ADA, SESSION, 5);
    l.issued_s = now_s;
    assert_int_equal(answer(r, l), GH_LOOKUP_REVOKED);
    l.issued_s++;
    assert_int_equal(answer(r, l), GH_LOOKUP_GOOD);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_SESSION, SESSION)), GH_LOOKUP_GOOD); /* of tokens only */
    l.issued_s--;
    gh_roster_sweep(r, now_s + 599);
    assert_int_equal(answer(r, l), GH_LOOKUP_REVOKED);
    gh_roster_sweep(r, now_s + 600);
    assert_int_equal(answer(r, l), GH_LOOKUP_GOOD);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_SESSION, SESSION)), GH_LOOKUP_GOOD);
    gh_roster_free(r);
}

/* Who has nothing is kept until the next sweep, so that something can be added; longer only for a reason. */
static void users_without_anything_are_forgotten(void **state)
{
    (void)state;
    gh_roster *r = new_roster();
    for (gh_id id = 1; id <= 6; id++) {
        gh_roster_user u = user_of(id);
        u.disabled = id == 2;
        u.cutoff_s = id == 3 ? now_s : 0;
        set_user(r, u);
    }
    set_session(r, session_of(14, 4));
    set_key(r, key_of(25, 5));
    set_device(r, device_of(36, 6));
    gh_roster_sweep(r, now_s);
    assert_int_equal(stats_of(r).users, 5);
    gh_roster_session none = session_of(11, 1);
    assert_false(gh_roster_set_session(r, &none));
    gh_roster_sweep(r, now_s + 600);
    assert_int_equal(stats_of(r).users, 4);
    assert_true(gh_roster_end_session(r, 14, 0));
    gh_roster_end_key(r, 25);
    gh_roster_end_device(r, 36);
    assert_int_equal(stats_of(r).users, 4);
    gh_roster_sweep(r, now_s + 600);
    assert_int_equal(stats_of(r).users, 1);
    assert_int_equal(answer(r, token_of(2, 0, 0)), GH_LOOKUP_DISABLED);
    set_user(r, user_of(2));
    gh_roster_sweep(r, now_s + 600);
    assert_int_equal(stats_of(r).users, 0);
    gh_roster_free(r);
}

static void who_is_not_there_can_have_nothing(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    const gh_roster_session no_user = session_of(11, BOB), nobody = session_of(11, 0),
                            no_id = session_of(0, ADA);
    assert_false(gh_roster_set_session(r, &no_user));
    assert_false(gh_roster_set_session(r, &nobody));
    assert_false(gh_roster_set_session(r, &no_id));
    const gh_roster_key key = key_of(KEY, BOB), nobodys = key_of(KEY, 0);
    assert_false(gh_roster_set_key(r, &key));
    assert_false(gh_roster_set_key(r, &nobodys));
    const gh_roster_device device = device_of(DEVICE, BOB);
    assert_false(gh_roster_set_device(r, &device));
    const gh_roster_user zero = user_of(0);
    assert_false(gh_roster_set_user(r, &zero, 0));
    const gh_roster_stats s = stats_of(r);
    assert_int_equal(s.sessions, 1);
    assert_int_equal(s.keys + s.devices, 0);
    assert_int_equal(s.users, 1);
    gh_roster_free(r);
}

/* A dropped user's tokens stay refused when a cut-off says so; the person is gone all the same. */
static void a_dropped_user_is_gone_but_for_the_cut_off(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    set_user(r, user_of(BOB));
    set_session(r, session_of(12, BOB));
    set_key(r, key_of(KEY, ADA));
    set_device(r, device_of(DEVICE, ADA));
    gh_roster_drop_user(r, BOB);
    gh_roster_drop_user(r, BOB);
    gh_roster_drop_user(r, 0);
    assert_int_equal(stats_of(r).users, 1);
    assert_int_equal(answer(r, token_of(BOB, 12, 0)), GH_LOOKUP_GOOD);
    gh_roster_user ada = user_of(ADA);
    ada.cutoff_s = now_s;
    ada.disabled = true;
    set_user(r, ada);
    gh_roster_drop_user(r, ADA);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_SESSION, SESSION)), GH_LOOKUP_UNKNOWN);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_API_KEY, KEY)), GH_LOOKUP_UNKNOWN);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_DEVICE, DEVICE)), GH_LOOKUP_UNKNOWN);
    assert_int_equal(answer(r, token_of(ADA, 0, 0)), GH_LOOKUP_REVOKED);
    gh_roster_sweep(r, now_s + 600);
    const gh_roster_stats s = stats_of(r);
    assert_int_equal(s.users + s.sessions + s.keys + s.devices, 0);
    assert_int_equal(answer(r, token_of(ADA, 0, 0)), GH_LOOKUP_GOOD);
    gh_roster_free(r);
}

static void a_use_is_collected_once(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    set_key(r, key_of(KEY, ADA));
    set_device(r, device_of(DEVICE, 0));
    gh_roster_use uses[4];
    assert_int_equal(gh_roster_collect_used(r, uses, 4), 0);
    static const gh_id ids[] = {SESSION, KEY, DEVICE};
    for (unsigned k = 0; k < 2; k++) /* twice, the second time later and from elsewhere */
        for (unsigned what = GH_ROSTER_SESSION; what <= GH_ROSTER_DEVICE; what++) {
            gh_lookup l = lookup_of((enum gh_lookup_kind)what, ids[what]);
            l.now_s += k * what;
            l.address = k == 0 ? home : away;
            assert_int_equal(answer(r, l), GH_LOOKUP_GOOD);
        }
    assert_int_equal(gh_roster_collect_used(r, uses, 4), 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(uses[i].id, ids[uses[i].what]);
        assert_int_equal(uses[i].used_s, now_s + uses[i].what);
        assert_true(gh_ip_eq(&uses[i].address, &away));
    }
    assert_int_equal(gh_roster_collect_used(r, uses, 4), 0);
    assert_int_equal(gh_roster_session_used(r, SESSION), now_s);
    assert_int_equal(gh_roster_session_used(r, 99), 0);
    assert_int_equal(gh_roster_session_used(r, 0), 0);
    gh_lookup wrong = lookup_of(GH_LOOKUP_SESSION, SESSION);
    wrong.hash[0] ^= 2;
    wrong.now_s++;
    assert_int_equal(answer(r, wrong), GH_LOOKUP_MISMATCH);
    assert_int_equal(gh_roster_collect_used(r, uses, 4), 0);
    gh_roster_free(r);
}

static void what_has_ended_is_not_collected(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_SESSION, SESSION)), GH_LOOKUP_GOOD);
    assert_true(gh_roster_end_session(r, SESSION, 0));
    set_session(r, session_of(SESSION, ADA)); /* the same id again, in another record */
    gh_roster_use use;
    assert_int_equal(gh_roster_collect_used(r, &use, 1), 0);
    assert_int_equal(gh_roster_session_used(r, SESSION), now_s - 100);
    gh_roster_free(r);
}

static void the_later_use_stays_when_the_records_change_a_session(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_SESSION, SESSION)), GH_LOOKUP_GOOD);
    gh_roster_session s = session_of(SESSION, ADA);
    s.address = away;
    set_session(r, s);
    assert_int_equal(gh_roster_session_used(r, SESSION), now_s);
    s.used_s = now_s + 1;
    set_session(r, s);
    gh_roster_use use;
    assert_int_equal(gh_roster_collect_used(r, &use, 1), 1);
    assert_int_equal(use.used_s, now_s + 1);
    assert_true(gh_ip_eq(&use.address, &away));
    gh_roster_free(r);
}

/* Few at a time, all in the end, each once. */
static void many_uses_are_collected_in_parts(void **state)
{
    (void)state;
    enum { N = 3000 };
    static bool seen[N];
    gh_roster *r = with_ada();
    for (unsigned i = 0; i < N; i++) {
        set_session(r, session_of(1000 + i, ADA));
        assert_int_equal(answer(r, lookup_of(GH_LOOKUP_SESSION, 1000 + i)), GH_LOOKUP_GOOD);
    }
    gh_roster_use uses[7];
    unsigned all = 0, n;
    do {
        n = gh_roster_collect_used(r, uses, 7);
        for (unsigned i = 0; i < n; i++) {
            assert_false(seen[uses[i].id - 1000]);
            seen[uses[i].id - 1000] = true;
        }
        all += n;
    } while (n == 7);
    assert_int_equal(all, N);
    gh_roster_free(r);
}

static void the_epoch_changes_when_access_may_have_ended(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    set_key(r, key_of(KEY, ADA));
    set_device(r, device_of(DEVICE, ADA));
    uint64_t at = gh_roster_epoch(r);
    set_session(r, session_of(11, ADA)); /* more access, not less */
    gh_roster_sweep(r, now_s);
    assert_int_equal(gh_roster_epoch(r), at);
#define CHANGES(what)                          \
    do {                                       \
        what;                                  \
        assert_true(gh_roster_epoch(r) != at); \
        at = gh_roster_epoch(r);               \
    } while (0)
    CHANGES(set_session(r, session_of(SESSION, ADA)));
    CHANGES(set_key(r, key_of(KEY, ADA)));
    CHANGES(set_device(r, device_of(DEVICE, ADA)));
    CHANGES(set_user(r, user_of(ADA)));
    CHANGES(assert_true(gh_roster_end_session(r, SESSION, 0)));
    CHANGES(assert_true(gh_roster_end_session(r, 999, now_s + 5)));
    CHANGES(gh_roster_end_key(r, KEY));
    CHANGES(gh_roster_end_device(r, DEVICE));
    CHANGES(assert_true(gh_roster_revoke_token(r, 5, now_s + 5)));
    CHANGES(gh_roster_drop_user(r, ADA));
    gh_roster_user bob = user_of(BOB);
    bob.disabled = true;
    CHANGES(set_user(r, bob)); /* one that was not known here, but may have tokens */
#undef CHANGES
    gh_roster_free(r);
}

static void a_session_can_change_hands(void **state)
{
    (void)state;
    gh_roster *r = with_ada();
    set_user(r, user_of(BOB));
    set_session(r, session_of(11, ADA));
    set_session(r, session_of(12, ADA));
    set_session(r, session_of(11, BOB)); /* from the middle of a list */
    assert_int_equal(ask(r, lookup_of(GH_LOOKUP_SESSION, 11)).subject.user, BOB);
    gh_roster_drop_user(r, ADA);
    assert_int_equal(stats_of(r).sessions, 1);
    assert_int_equal(ask(r, lookup_of(GH_LOOKUP_SESSION, 11)).subject.user, BOB);
    gh_roster_drop_user(r, BOB);
    assert_int_equal(stats_of(r).sessions, 0);
    gh_roster_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_brings_its_scopes_and_tier),
        cmocka_unit_test(a_key_ends_at_its_second),
        cmocka_unit_test(a_key_is_good_from_its_networks_only),
        cmocka_unit_test(tokens_are_good_until_something_says_no),
        cmocka_unit_test(a_token_is_revoked_by_jti_until_it_expires),
        cmocka_unit_test(a_session_that_is_ended_takes_its_tokens_with_it),
        cmocka_unit_test(tokens_up_to_the_cut_off_are_refused),
        cmocka_unit_test(users_without_anything_are_forgotten),
        cmocka_unit_test(who_is_not_there_can_have_nothing),
        cmocka_unit_test(a_dropped_user_is_gone_but_for_the_cut_off),
        cmocka_unit_test(a_use_is_collected_once),
        cmocka_unit_test(what_has_ended_is_not_collected),
        cmocka_unit_test(the_later_use_stays_when_the_records_change_a_session),
        cmocka_unit_test(many_uses_are_collected_in_parts),
        cmocka_unit_test(the_epoch_changes_when_access_may_have_ended),
        cmocka_unit_test(a_session_can_change_hands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
