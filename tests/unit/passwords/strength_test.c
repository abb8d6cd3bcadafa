#include "passwords/strength.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "passwords/hash.h"
#include "passwords/words.h"
#include "text/utf8.h"

static const gh_password_user nobody;
static const gh_password_user alexander = {
    .name = GH_STR_INIT("Alexander.Hamilton"),
    .email = GH_STR_INIT("a.hamilton@federalist-papers.example"),
    .site = GH_STR_INIT("Gatehouse"),
};

static const gh_password_policy by_default = {.min_length = GH_PASSWORD_LENGTH_DEFAULT};
static const gh_password_policy floor_only;

static enum gh_password_weakness strength(const char *password)
{
    return gh_password_strength(gh_str_of(password), &by_default, &alexander);
}

static void check_all(const char *const *passwords, size_t n, enum gh_password_weakness want)
{
    for (size_t i = 0; i < n; i++) {
        enum gh_password_weakness got = strength(passwords[i]);
        if (got != want)
            fail_msg("\"%s\": %s", passwords[i], gh_password_weakness_name(got).p);
    }
}

static void takes_what_is_hard_to_guess(void **state)
{
    (void)state;
    static const char *const fine[] = {
        "correct horse battery staple",
        "treebluedogcatsun",
        "tree blue dog cat sun",
        "x7Kq9vLm2pR4tWz",
        "wsekkq7krs3u54h",
        "The quick answer is 42, of course.",
        "Grüße aus Köln am Rhein",
        "мой дом стоит у реки",
        "我家门前有一条清澈的小河流过石桥",
        /* A word of the account's among others. */
        "alexander likes purple trains",
        "papers purple trains lanterns",
        /* Composition is nobody's business. */
        "harvestlanternquietly",
        "               purple train lantern",
    };
    check_all(fine, GH_COUNT(fine), GH_PASSWORD_FINE);
}

static void refuses_what_is_common(void **state)
{
    (void)state;
    static const char *const common[] = {
        "passwordpassword",
        "PasswordPassword1",
        "P4ssw0rdP4ssw0rd",
        "Password12345678",
        "qwertyuiopasdfgh",
        "123456789012345",
        "123451234512345",
        "aaaaaaaaaaaaaaa",
        "abcdefghijklmnop",
        "iloveyouiloveyou",
        "letmeinletmeinletmein",
        "111111111111111",
        "               ",
        "!!!!!!!!!!!!!!!!",
        "monkeydragonfootball",
        "drowssapdrowssap",
        "1q2w3e4r5t6y7u8i",
        "1qaz2wsx3edc4rfv",
        "qazwsxedcrfvtgbyhn",
        "q1w2e3r4t5y6u7i8o9p0",
        "estrellitaestrellita",
        "administrator123",
        "passwordpasswordpasswordpassword",
        "thequickbrownfox",

        "ééééééééééééééé",
        "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀",
        "ababababababababababababababababababababab",
    };
    check_all(common, GH_COUNT(common), GH_PASSWORD_COMMON);
}

static void refuses_what_is_made_of_the_account(void **state)
{
    (void)state;
    static const char *const derived[] = {
        "alexander.hamilton",
        "ALEXANDER.HAMILTON",
        "alexander.hamilton2024",
        "2024alexander.hamilton!",
        "Alexander.Hamilten",
        "hamiltonalexander",
        "hamilton-alexander-1",
        "4lexander.h4milton2024",
        "notlimah.rednaxela",
        "hamiltonhamilton",
        "a.hamilton@federalist-papers.example",
        "federalist-papers1",
        "gatehousegatehouse",
        "gatehouse.hamilton",
        "gatehouse1234567",
        "alexander.hamilton19991231",
    };
    check_all(derived, GH_COUNT(derived), GH_PASSWORD_DERIVED_FROM_USER);
}

static void counts_code_points(void **state)
{
    (void)state;
    static const gh_password_policy sixteen = {.min_length = 16};
    static const char *const fifteen[] = {"x7Kq9vLm2pR4tWz", "ж7Kq9vLm2pR4tWц", "😀7Kq9vLm2pR4tW😁"};
    for (size_t i = 0; i < GH_COUNT(fifteen); i++) {
        gh_str all = gh_str_of(fifteen[i]);
        assert_int_equal(gh_password_strength(all, &by_default, &nobody), GH_PASSWORD_FINE);
        assert_int_equal(gh_password_strength(all, &sixteen, &nobody), GH_PASSWORD_TOO_SHORT);
        assert_int_equal(gh_password_strength(gh_utf8_first(all, 14), &by_default, &nobody),
                         GH_PASSWORD_TOO_SHORT);
        /* The floor holds whatever is asked for. */
        assert_int_equal(gh_password_strength(gh_utf8_first(all, 8), &floor_only, &nobody), GH_PASSWORD_FINE);
        assert_int_equal(gh_password_strength(gh_utf8_first(all, 7), &floor_only, &nobody),
                         GH_PASSWORD_TOO_SHORT);
    }
    assert_int_equal(gh_password_strength((gh_str){0}, &floor_only, &nobody), GH_PASSWORD_TOO_SHORT);
}

/* 64 characters must be possible (800-63B-4); the bound is far above, in bytes. */
static void bounds_the_length(void **state)
{
    (void)state;
    char long_one[GH_PASSWORD_MAX + 1];
    uint32_t x = 1;
    for (size_t i = 0; i < sizeof long_one; i++) {
        x = x * 1664525 + 1013904223;
        long_one[i] = (char)('a' + (x >> 24) % 26);
    }
    assert_int_equal(gh_password_strength((gh_str){long_one, 64}, &by_default, &nobody), GH_PASSWORD_FINE);
    assert_int_equal(gh_password_strength((gh_str){long_one, GH_PASSWORD_MAX}, &by_default, &nobody),
                     GH_PASSWORD_FINE);
    assert_int_equal(gh_password_strength((gh_str){long_one, GH_PASSWORD_MAX + 1}, &by_default, &nobody),
                     GH_PASSWORD_TOO_LONG);
    char weak[GH_PASSWORD_MAX];
    memset(weak, 'z', sizeof weak);
    assert_int_equal(gh_password_strength((gh_str){weak, sizeof weak}, &by_default, &nobody),
                     GH_PASSWORD_COMMON);
    /* No repetition, but nothing to guess either; of the kind that libzxcvbn takes seconds for as a whole. */
    for (size_t i = 0; i < sizeof weak; i++)
        weak[i] = "12"[i % 2];
    weak[sizeof weak - 1] = '3';
    assert_int_equal(gh_password_strength((gh_str){weak, sizeof weak}, &by_default, &nobody),
                     GH_PASSWORD_COMMON);
    /* A weak beginning does not spoil what follows. */
    memcpy(weak + 32, long_one, 32);
    assert_int_equal(gh_password_strength((gh_str){weak, sizeof weak}, &by_default, &nobody),
                     GH_PASSWORD_FINE);
}

static void refuses_what_is_no_text(void **state)
{
    (void)state;
    static const gh_str rows[] = {
        GH_STR_INIT("x7Kq9vLm2pR4tWz\xff"),         GH_STR_INIT("x7Kq9vLm2pR4tWz\0"),
        GH_STR_INIT("x7Kq9vLm\0pR4tWzab"),          GH_STR_INIT("x7Kq9vLm2pR4tWz\xc3"),
        GH_STR_INIT("x7Kq9vLm2pR4\xed\xa0\x80tWz"),
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        assert_int_equal(gh_password_strength(rows[i], &by_default, &nobody), GH_PASSWORD_NOT_TEXT);
}

/* Whatever the account's texts are, they only refuse more. */
static void bears_any_account(void **state)
{
    (void)state;
    char many[600];
    for (size_t i = 0; i < sizeof many; i++)
        many[i] = i % 5 == 4 ? '.' : (char)('a' + i / 5 % 26);
    const gh_password_user users[] = {
        {.name = GH_STR("\xff\xfe"), .email = GH_STR("@"), .site = GH_STR("")},
        {.name = {many, sizeof many}, .email = {many, sizeof many}},
        {.name = GH_STR("a"), .email = GH_STR("b@c.d"), .site = GH_STR("...")},
        {.name = GH_STR("o o o o"), .email = GH_STR("\0\0\0\0@x"), .site = GH_STR("日本")},
    };
    for (size_t i = 0; i < GH_COUNT(users); i++) {
        assert_int_equal(gh_password_strength(GH_STR("correct horse battery staple"), &by_default, &users[i]),
                         GH_PASSWORD_FINE);
        assert_int_equal(gh_password_strength(GH_STR("passwordpassword"), &by_default, &users[i]),
                         GH_PASSWORD_COMMON);
    }
}

static void refuses_what_is_on_the_list(void **state)
{
    (void)state;
    gh_str text = GH_STR(
        "purple train lantern\r\n\nGr\u00fc\u00dfe aus K\u00f6ln am Rhein\nbroken \xff line of it\nno newline at end");
    gh_password_policy policy = {.blocklist = gh_password_blocklist_new(text)};
    assert_non_null(policy.blocklist);
    assert_int_equal(gh_password_blocklist_size(policy.blocklist), 3);
    static const char *const listed[] = {
        "purple train lantern",
        "Purple Train LANTERN",
        "purple train lanternpurple train lantern",
        "gr\u00fc\u00dfe aus k\u00f6ln am rhein",
        "no newline at end",
    };
    static const char *const others[] = {"purple train lanterns", "\r\n\r\nrandom 7Kq9vLm2",
                                         "broken line of it, 7Kq"};
    for (size_t i = 0; i < GH_COUNT(listed); i++)
        assert_int_equal(gh_password_strength(gh_str_of(listed[i]), &policy, &nobody), GH_PASSWORD_COMMON);
    for (size_t i = 0; i < GH_COUNT(others); i++)
        assert_int_equal(gh_password_strength(gh_str_of(others[i]), &policy, &nobody), GH_PASSWORD_FINE);
    gh_password_blocklist *empty = gh_password_blocklist_new((gh_str){0});
    assert_non_null(empty);
    assert_false(gh_password_blocklist_has(empty, GH_STR("")));
    gh_password_blocklist_free(empty);
    gh_password_blocklist_free((gh_password_blocklist *)(uintptr_t)policy.blocklist);
}

static void takes_an_account_into_words(void **state)
{
    (void)state;
    gh_password_words words = {0};
    gh_password_words_add(&words, GH_STR("Zoë.van-Dyk_99@X.org"));
    static const char *const want[] = {"zo\xeb.van-dyk_99@x.org", "zo\xeb", "van", "dyk", "org"};
    assert_int_equal(words.n, GH_COUNT(want));
    for (size_t i = 0; i < words.n; i++)
        assert_string_equal(words.list[i], want[i]);
    assert_null(words.list[words.n]);
    gh_password_words_add(&words, GH_STR("VAN"));
    assert_int_equal(words.n, GH_COUNT(want));
}

/* OWASP ASVS 6.2.4: the 3000 most common passwords that the length lets through. The list is of Debian's package
 * john-data, most common first. */
static void refuses_every_password_of_a_list(void **state)
{
    (void)state;
    FILE *list = fopen("/usr/share/john/password.lst", "r");
    if (list == NULL) {
        print_message("no /usr/share/john/password.lst (Debian package john-data)\n");
        skip();
    }
    char line[256];
    unsigned n = 0, long_enough = 0;
    while (fgets(line, sizeof line, list) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '\0' || strncmp(line, "#!comment", 9) == 0)
            continue;
        n++;
        if (strlen(line) < GH_PASSWORD_LENGTH_FLOOR)
            continue;
        long_enough++;
        if (gh_password_strength(gh_str_of(line), &floor_only, &nobody) != GH_PASSWORD_COMMON)
            fail_msg("\"%s\"", line);
    }
    (void)fclose(list);
    assert_true(n >= 3000 && long_enough > 100);
}

static void says_it_for_people(void **state)
{
    (void)state;
    char memory[200];
    for (int w = GH_PASSWORD_FINE; w <= GH_PASSWORD_DERIVED_FROM_USER; w++) {
        gh_buf out = gh_buf_over(memory, sizeof memory);
        gh_password_weakness_say((enum gh_password_weakness)w, &by_default, &out);
        gh_str name = gh_password_weakness_name((enum gh_password_weakness)w);
        assert_true(gh_buf_ok(&out) && (out.n == 0) == (w == GH_PASSWORD_FINE));
        assert_true((name.n == 0) == (w == GH_PASSWORD_FINE));
    }
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_password_weakness_say(GH_PASSWORD_TOO_SHORT, &by_default, &out);
    assert_true(gh_str_eq(gh_buf_str(&out), GH_STR("Choose a longer password: at least 15 characters.")));
    out.n = 0;
    gh_password_weakness_say(GH_PASSWORD_TOO_SHORT, &floor_only, &out);
    assert_true(gh_str_eq(gh_buf_str(&out), GH_STR("Choose a longer password: at least 8 characters.")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_is_hard_to_guess),
        cmocka_unit_test(refuses_what_is_common),
        cmocka_unit_test(refuses_what_is_made_of_the_account),
        cmocka_unit_test(counts_code_points),
        cmocka_unit_test(bounds_the_length),
        cmocka_unit_test(refuses_what_is_no_text),
        cmocka_unit_test(bears_any_account),
        cmocka_unit_test(refuses_what_is_on_the_list),
        cmocka_unit_test(takes_an_account_into_words),
        cmocka_unit_test(refuses_every_password_of_a_list),
        cmocka_unit_test(says_it_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
