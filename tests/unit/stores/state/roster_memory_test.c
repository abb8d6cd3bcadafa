/* Without memory nothing is changed: the system gives none for a while, and all that was there still is. Not with a
 * sanitizer, which ends a program without memory. */
#include "rosters.h"

#include <stdlib.h>
#include <sys/resource.h>

/* No memory beyond what the process has: what malloc() still holds, it may give. */
static void set_memory(bool there)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
    limit.rlim_cur = there ? limit.rlim_max : 0;
    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

/* The number of the first that was refused; all of them have an id, which is the number. */
static uint64_t sessions_until_refused(gh_roster *r)
{
    for (uint64_t i = 1;; i++) {
        gh_roster_session s = session_of(i, 1);
        if (!gh_roster_set_session(r, &s))
            return i;
    }
}

static void assert_unchanged(gh_roster *r, const gh_roster_stats *before)
{
    gh_roster_stats s = stats_of(r);
    assert_int_equal(s.sessions, before->sessions);
    assert_int_equal(s.keys, before->keys);
    assert_int_equal(s.devices, before->devices);
    assert_int_equal(s.users, before->users);
    assert_int_equal(s.revocations, before->revocations);
}

static void a_session_too_many_is_refused_and_the_others_stay(void **state)
{
    (void)state;
    gh_roster *r = new_roster();
    set_user(r, user_of(1));
    set_session(r, session_of(1, 1));
    set_memory(false);
    uint64_t refused = sessions_until_refused(r), n = stats_of(r).sessions;
    set_memory(true);
    assert_true(refused > 1);
    assert_int_equal(n, refused - 1);
    for (uint64_t i = 1; i < refused; i++)
        assert_int_equal(answer(r, lookup_of(GH_LOOKUP_SESSION, i)), GH_LOOKUP_GOOD);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_SESSION, refused)), GH_LOOKUP_UNKNOWN);
    set_session(r, session_of(refused, 1));
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_SESSION, refused)), GH_LOOKUP_GOOD);
    gh_roster_free(r);
}

/* Uses up what malloc() holds, too, so that texts and tables get nothing. */
static unsigned exhaust(void **ret, unsigned n)
{
    unsigned got = 0;
    for (size_t size = (size_t)1 << 24; size >= 16; size = size > 4096 ? size / 2 : size - 16)
        while (got < n && (ret[got] = malloc(size)) != NULL)
            got++;
    return got;
}

static void nothing_is_changed_without_any_memory(void **state)
{
    (void)state;
    enum { PIECES = 1 << 20 };
    void **pieces = calloc(PIECES, sizeof *pieces);
    gh_roster *r = new_roster();
    set_user(r, user_of(1));
    set_session(r, session_of(1, 1));
    const gh_roster_stats before = stats_of(r);
    gh_roster_user other = user_of(2), changed = user_of(1);
    other.roles = changed.roles = GH_STR("another role"); /* those that are known need no memory */
    changed.disabled = true;
    const gh_roster_key key = key_of(5, 1);
    const gh_roster_device device = device_of(6, 1);
    set_memory(false);
    unsigned n = exhaust(pieces, PIECES);
    bool done = gh_roster_new((const uint8_t[16]){0}) != NULL;
    done |= gh_roster_set_user(r, &other, 0);
    done |= gh_roster_set_user(r, &changed, 0);
    done |= gh_roster_set_key(r, &key);
    done |= gh_roster_set_device(r, &device);
    done |= gh_roster_revoke_token(r, 7, now_s + 9);
    done |= gh_roster_end_session(r, 1, now_s + 9);
    gh_lookup l = ask(r, lookup_of(GH_LOOKUP_SESSION, 1));
    bool ended = gh_roster_end_session(r, 1, 0); /* which needs none */
    gh_lookup gone = ask(r, lookup_of(GH_LOOKUP_SESSION, 1));
    set_memory(true);
    for (unsigned i = 0; i < n; i++)
        free(pieces[i]);
    free(pieces);
    assert_true(n < PIECES);
    assert_false(done);
    assert_true(ended);
    assert_int_equal(l.answer, GH_LOOKUP_GOOD);
    assert_text(l.subject.roles, "admin member");
    assert_int_equal(gone.answer, GH_LOOKUP_UNKNOWN);
    set_session(r, session_of(1, 1));
    assert_unchanged(r, &before);
    assert_int_equal(answer(r, token_of(1, 1, 7)), GH_LOOKUP_GOOD);
    gh_roster_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_too_many_is_refused_and_the_others_stay),
        cmocka_unit_test(nothing_is_changed_without_any_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
