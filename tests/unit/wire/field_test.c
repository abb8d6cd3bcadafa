/* Field names, tokens and lists of tokens. */
#include "unit.h"

#include "wire/h1_head.h"

static const struct {
    const char *name;
    enum gh_field_id id;
} names[] = {
#define X(id, name) {name, GH_FIELD_##id},
    GH_FIELDS(X)
#undef X
};

static void test_known_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(names); i++) {
        gh_str name = gh_str_of(names[i].name);
        char text[64];
        unit_row(i, gh_str_of(names[i].name));
        for (size_t k = 0; k < name.n; k++)
            text[k] = (char)(name.p[k] >= 'a' && name.p[k] <= 'z' && k % 2 == 0 ? name.p[k] - 32 : name.p[k]);
        assert_int_equal(gh_field_classify(name), names[i].id);
        assert_int_equal(gh_field_classify((gh_str){text, name.n}), names[i].id);
        if (name.p[name.n - 1] == '*')
            continue;
        /* One letter off, too short, too long: never the same number. */
        text[name.n] = 'x';
        assert_int_not_equal(gh_field_classify((gh_str){text, name.n + 1}), names[i].id);
        assert_int_not_equal(gh_field_classify((gh_str){text, name.n - 1}), names[i].id);
        text[name.n - 1] = '~';
        assert_int_not_equal(gh_field_classify((gh_str){text, name.n}), names[i].id);
    }
}

static void test_prefixes(void **state)
{
    (void)state;
    static const struct {
        gh_str name;
        enum gh_field_id id;
    } rows[] = {
        {S("X-Forwarded-Whatever-It-Is-That-Someone-Sends-Us"), GH_FIELD_X_FORWARDED_OTHER},
        {S("x-forwarded-"), GH_FIELD_X_FORWARDED_OTHER},
        {S("x-forwarded"), GH_FIELD_UNKNOWN},
        {S("X-Forwarded-For"), GH_FIELD_X_FORWARDED_FOR},
        {S("X-Forwarded-Fox"), GH_FIELD_X_FORWARDED_OTHER},
        {S("X-Forwarded-Hos"), GH_FIELD_X_FORWARDED_OTHER},
        {S("X-Original-URL"), GH_FIELD_X_ORIGINAL},
        {S("X-Original-Host-And-More"), GH_FIELD_X_ORIGINAL},
        {S("X-Gatehouse-A"), GH_FIELD_X_GATEHOUSE},
        {S("X-HTTP-Method"), GH_FIELD_X_HTTP_METHOD_OVERRIDE},
        {S("X-Method-Override"), GH_FIELD_X_HTTP_METHOD_OVERRIDE},
        {S("X-HTTP-Methods"), GH_FIELD_UNKNOWN},
        {S("X-RateLimit-Remaining"), GH_FIELD_X_RATELIMIT},
        {S("X-RateLimit-Limit"), GH_FIELD_X_RATELIMIT},
        {S("Access-Control-Allow-Origin"), GH_FIELD_ACCESS_CONTROL_RESPONSE},
        {S("Access-Control-Request-Private-Network"), GH_FIELD_ACCESS_CONTROL_RESPONSE},
        {S("Access-Control-Max-Age"), GH_FIELD_ACCESS_CONTROL_RESPONSE},
        {S(""), GH_FIELD_UNKNOWN},
        {S("x"), GH_FIELD_UNKNOWN},
        {S("a"), GH_FIELD_UNKNOWN},
        {S("hos\x14"), GH_FIELD_UNKNOWN}, /* "t" but for the bits a careless folding drops */
        {S("x\rforwarded\rfor"), GH_FIELD_UNKNOWN},
        {S("host "), GH_FIELD_UNKNOWN},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        unit_row(i, rows[i].name);
        assert_int_equal(gh_field_classify(rows[i].name), rows[i].id);
    }
}

static void test_tokens(void **state)
{
    (void)state;
    unsigned n = 0;
    for (unsigned c = 0; c < 256; c++)
        n += gh_is_tchar((unsigned char)c);
    assert_int_equal(n, 26 + 26 + 10 + 15);
    assert_true(gh_is_token((gh_str)S("a-B.9~")));
    assert_false(gh_is_token((gh_str)S("")));
    assert_false(gh_is_token((gh_str)S("a b")));
    assert_false(gh_is_token((gh_str)S("a\0")));
    assert_false(gh_is_token((gh_str){NULL, 0}));
}

static void test_list_names(void **state)
{
    (void)state;
    static const struct {
        gh_str list, token;
        bool named;
    } rows[] = {
        {S("close"), S("close"), true},
        {S("a,\tCLOSE ,b"), S("close"), true},
        {S("closed"), S("close"), false},
        {S("a close"), S("close"), false},
        {S(""), S("close"), false},
        {S(",,"), S("close"), false},
        {S("websocket, h2c"), S("h2c"), true},
        {S("websocket/13"), S("websocket"), false},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        unit_row(i, rows[i].list);
        assert_int_equal(gh_list_names(rows[i].list, rows[i].token), rows[i].named);
    }
    assert_false(gh_list_names((gh_str){NULL, 0}, GH_STR("close")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_names),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_list_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
