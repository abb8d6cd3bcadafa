/* URLs of Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "edges/redis/url.h"

static gh_redis_url good(const char *text)
{
    gh_redis_url url;
    const char *why = "nothing";
    if (!gh_redis_url_parse(gh_str_of(text), &url, &why))
        fail_msg("%s: %s", text, why);
    return url;
}

static void is(const char *text, const char *shown, const char *user, const char *password, unsigned database)
{
    char memory[400];
    gh_buf b = gh_buf_over(memory, sizeof memory - 1);
    gh_redis_url url = good(text);
    gh_redis_url_show(&url, &b);
    memory[b.n] = '\0';
    assert_string_equal(memory, shown);
    assert_string_equal(url.user, user);
    assert_string_equal(url.password, password);
    assert_int_equal(url.database, database);
}

static void hosts_users_and_databases(void **state)
{
    (void)state;
    is("redis://localhost", "localhost:6379", "", "", 0);
    is("redis://localhost/", "localhost:6379", "", "", 0);
    is("redis://redis-1.internal_net.:7000/15", "redis-1.internal_net:7000", "", "", 15);
    is("redis://10.0.0.9:1/65535", "10.0.0.9:1", "", "", 65535);
    is("redis://[2001:db8::1]", "[2001:db8::1]:6379", "", "", 0);
    is("redis://[::1]:65535/0", "[::1]:65535", "", "", 0);
    is("redis://:secret@h", "h:6379", "", "secret", 0);
    is("redis://gate:secret@h/3", "h:6379", "gate", "secret", 3);
    is("redis://gate@h", "h:6379", "gate", "", 0);
    is("redis://@h", "h:6379", "", "", 0);
    is("redis://u%40v:a%3ab%2F%23%3F%25@h", "h:6379", "u@v", "a:b/#?%", 0);
    is("redis://u:a:b:c@h", "h:6379", "u", "a:b:c", 0);
    is("redis://u:%ff%01~!$&'()*+,;=-._@h", "h:6379", "u", "\xff\x01~!$&'()*+,;=-._", 0);
    assert_int_equal(good("redis://h").scheme, GH_REDIS_TCP);
    assert_int_equal(good("rediss://h").scheme, GH_REDIS_TLS);
}

static void sockets(void **state)
{
    (void)state;
    is("unix:///run/redis.sock", "/run/redis.sock", "", "", 0);
    is("unix:///run/redis.sock?db=4", "/run/redis.sock", "", "", 4);
    is("unix://gate:pw@/run/a%20b@c:d.sock?db=0", "/run/a b@c:d.sock", "gate", "pw", 0);
    assert_int_equal(good("unix:///r").scheme, GH_REDIS_UNIX);
}

/* Each with a word of its sentence, and a secret that must not be in it. */
static void refused_with_a_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
    } cases[] = {
        {"", "begin"},
        {"hunter2", "begin"},
        {"REDIS://:hunter2@h", "begin"},
        {"http://:hunter2@h", "begin"},
        {"redis:/h", "begin"},
        {"unix:/run/hunter2", "begin"},
        {"redis://", "no host"},
        {"redis:///0", "no host"},
        {"redis://:hunter2@", "no host"},
        {"redis://:hunter2@:6379", "well-formed"},
        {"redis://hunter2:x", "well-formed"},
        {"redis://h:0", "well-formed"},
        {"redis://h:", "well-formed"},
        {"redis://h:65536", "well-formed"},
        {"redis://h:06379", "well-formed"},
        {"redis://h:+1", "well-formed"},
        {"redis://::1", "well-formed"},
        {"redis://[::1", "well-formed"},
        {"redis://[hunter2]", "well-formed"},
        {"redis://[fe80::1%25eth0]", "well-formed"},
        {"redis://h%6f", "well-formed"},
        {"redis://h h", "well-formed"},
        {"redis://a..b", "well-formed"},
        {"redis://h,i", "well-formed"},
        {"redis://h/x", "database"},
        {"redis://h/-1", "database"},
        {"redis://h/01", "database"},
        {"redis://h/65536", "database"},
        {"redis://h/1/", "database"},
        {"redis://h//", "database"},
        {"redis://h/18446744073709551616", "database"},
        {"redis://h/0?db=1", "parameters"},
        {"redis://h?ssl_cert_reqs=none", "parameters"},
        {"redis://:hunter2#@h", "%23"},
        {"redis://h/0#f", "%23"},
        {"redis://:hunter2@x@h", "%40"},
        {"redis://:hunter2/x@h", "%2F"},
        {"redis://:hunter2?x@h", "%3F"},
        {"redis://:hunter2%@h", "hexadecimal"},
        {"redis://:hunter2%4@h", "hexadecimal"},
        {"redis://:hunter2%4g@h", "hexadecimal"},
        {"redis://:hunter2%00@h", "%00"},
        {"redis://hunter2%00:x@h", "%00"},
        {"redis://:hunter2 @h", "percent-encoded"},
        {"redis://:hunter2\xc3\xa4@h", "percent-encoded"},
        {"redis://:hunter2[@h", "percent-encoded"},
        {"redis://:hunter2\n@h", "percent-encoded"},
        {"unix://", "no socket"},
        {"unix:///", "no socket"},
        {"unix://?db=1", "no socket"},
        {"unix://h/run/hunter2", "host before"},
        {"unix:///r?db=x", "database"},
        {"unix:///r?db=", "database"},
        {"unix:///r?password=hunter2", "parameter"},
        {"unix:///r?db=1&password=hunter2", "database"},
        {"unix:///r%00", "%00"},
        {"unix:///r s", "percent-encoded"},
    };
    for (size_t i = 0; i < GH_COUNT(cases); i++) {
        const char *why = NULL;
        gh_redis_url url = {.port = 7};
        if (gh_redis_url_parse(gh_str_of(cases[i].text), &url, &why))
            fail_msg("taken: %s", cases[i].text);
        if (strstr(why, cases[i].word) == NULL)
            fail_msg("%s: %s", cases[i].text, why);
        assert_null(strstr(why, "hunter2"));
        assert_int_equal(url.port, 7);
    }
}

static void text_of(char *to, const char *before, size_t n, const char *after)
{
    size_t at = strlen(before);
    memcpy(to, before, at);
    memset(to + at, 'a', n);
    memcpy(to + at + n, after, strlen(after) + 1);
}

static void longest_and_longer(void **state)
{
    (void)state;
    static char text[3000];
    const char *why;
    gh_redis_url url;
    static const struct {
        const char *before, *after;
        size_t most;
    } parts[] = {{"redis://u:", "@h", GH_REDIS_PASSWORD_MAX},
                 {"redis://", ":p@h", GH_REDIS_USER_MAX},
                 {"unix:///", "", GH_REDIS_PATH_MAX - 1}};
    for (size_t i = 0; i < GH_COUNT(parts); i++) {
        text_of(text, parts[i].before, parts[i].most, parts[i].after);
        (void)good(text);
        text_of(text, parts[i].before, parts[i].most + 1, parts[i].after);
        assert_false(gh_redis_url_parse(gh_str_of(text), &url, &why));
        assert_non_null(strstr(why, "too long"));
    }
    text_of(text, "redis://", 300, "");
    assert_false(gh_redis_url_parse(gh_str_of(text), &url, &why));
}

/* A slice may hold a NUL, and end anywhere. */
static void bytes_are_no_c_string(void **state)
{
    (void)state;
    const char *why;
    gh_redis_url url;
    assert_false(gh_redis_url_parse((gh_str){"redis://h\0i", 11}, &url, &why));
    assert_false(gh_redis_url_parse((gh_str){"redis://:p\0q@h", 14}, &url, &why));
    assert_true(gh_redis_url_parse((gh_str){"redis://host:12345", 15}, &url, &why));
    assert_int_equal(url.port, 12);
}

static void wiping_leaves_nothing(void **state)
{
    (void)state;
    gh_redis_url url = good("redis://gate:secret@h");
    static const gh_redis_url nothing;
    gh_redis_url_wipe(&url);
    assert_memory_equal(&url, &nothing, sizeof url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_users_and_databases), cmocka_unit_test(sockets),
        cmocka_unit_test(refused_with_a_sentence),   cmocka_unit_test(longest_and_longer),
        cmocka_unit_test(bytes_are_no_c_string),     cmocka_unit_test(wiping_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
