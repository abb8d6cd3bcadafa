#include "decide.h"

#define HSTS "max-age=63072000; includeSubDomains"
#define CSP_API "default-src 'none'; frame-ancestors 'none'"

static void every_answer_has_them(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
    } expected[] = {
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Content-Security-Policy", CSP_API},
        {"Referrer-Policy", "no-referrer"},
        {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cross-Origin-Opener-Policy", NULL},
        {"X-XSS-Protection", "0"},
        {"Strict-Transport-Security", NULL},
    };
    decide *d = decide_new("");
    for (int own = 0; own < 2; own++) {
        (void)decide_request(d, own ? "GET /.." : "GET /");
        own ? decide_answer(d) : decide_reply(d, "200 OK\nServer: nginx\nX-Powered-By: PHP/5\nX-Other: kept");
        for (size_t i = 0; i < GH_COUNT(expected); i++)
            expect_field(d, expected[i].name, expected[i].value);
        expect_field(d, "Server", NULL);
        expect_field(d, "X-Powered-By", NULL);
        expect_field(d, "X-Other", own ? NULL : "kept");
    }
    decide_free(d);
}

static void hsts_only_over_tls(void **state)
{
    (void)state;
    decide *d = decide_new("client_address: {trusted_proxies: [10.0.0.0/8]}");
    (void)decide_request(d, "GET /");
    decide_reply(d, "200 OK\nStrict-Transport-Security: max-age=99999999; includeSubDomains");
    expect_field(d, "Strict-Transport-Security", NULL);
    (void)decide_request(d, "GET /\nX-Forwarded-Proto: https"); /* anyone's word */
    decide_reply(d, "200 OK");
    expect_field(d, "Strict-Transport-Security", NULL);
    decide_from(d, "10.0.0.1");
    (void)decide_request(d, "GET /\nX-Forwarded-Proto: https");
    decide_reply(d, "200 OK");
    expect_field(d, "Strict-Transport-Security", HSTS);
    decide_answer(d);
    expect_field(d, "Strict-Transport-Security", HSTS);
    d->tls = true;
    decide_from(d, "192.0.2.1");
    (void)decide_request(d, "GET /..");
    decide_answer(d);
    expect_field(d, "Strict-Transport-Security", HSTS);
    decide_free(d);
}

typedef struct merge_row {
    const char *name, *theirs, *result;
} merge_row;

/* ours: same-origin in place of the profile's for what has something stricter and something weaker */
static const merge_row merges[] = {
    {"X-Frame-Options", "DENY", "DENY"},
    {"X-Frame-Options", "deny", "deny"},
    {"X-Frame-Options", "SAMEORIGIN", "SAMEORIGIN"},
    {"X-Frame-Options", "ALLOW-FROM https://evil.example", "SAMEORIGIN"},
    {"X-Frame-Options", "", "SAMEORIGIN"},
    {"X-Content-Type-Options", "off", "nosniff"},
    {"X-XSS-Protection", "1; mode=block", "0"},
    {"Referrer-Policy", "no-referrer", "no-referrer"},
    {"Referrer-Policy", "unsafe-url", "same-origin"},
    {"Referrer-Policy", "no-referrer, unsafe-url", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin", "same-origin"},
    {"Cross-Origin-Opener-Policy", "unsafe-none", "same-origin-allow-popups"},
    {"Cross-Origin-Resource-Policy", "same-origin", "same-origin"},
    {"Cross-Origin-Resource-Policy", "cross-origin", "same-site"},
    {"Cross-Origin-Resource-Policy", "nonsense", "same-site"},
    {"Content-Security-Policy", "default-src 'self'", "default-src 'self'"},
    {"Content-Security-Policy", "", CSP_API},
    {"Permissions-Policy", "camera=(self)", "camera=(self)"},
    {"Permissions-Policy", "", "camera=(), geolocation=(), microphone=()"},
    {"Strict-Transport-Security", "max-age=31536000", "max-age=31536000"},
    {"Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload",
     "max-age=31536000; includeSubDomains; preload"},
    {"Strict-Transport-Security", "max-age=60; includeSubDomains", "max-age=3600"},
    {"Strict-Transport-Security", "max-age=0", "max-age=3600"},
    {"Strict-Transport-Security", "max-age=-1", "max-age=3600"},
    {"Strict-Transport-Security", "max-age=99999999999999999999999", "max-age=3600"},
    {"Strict-Transport-Security", "", "max-age=3600"},
};

static void never_weaker_than_the_upstreams_own(void **state)
{
    (void)state;
    decide *d =
        decide_new("headers: {frame_options: SAMEORIGIN, referrer_policy: same-origin,\n"
                   "  cross_origin_opener_policy: same-origin-allow-popups,\n"
                   "  cross_origin_resource_policy: same-site, strict_transport_security: max-age=3600}");
    d->tls = true;
    for (size_t i = 0; i < GH_COUNT(merges); i++) {
        char text[256];
        gh_buf b = gh_buf_over(text, sizeof text);
        gh_buf_printf(&b, "200 OK\n%s: %s", merges[i].name, merges[i].theirs);
        gh_buf_char(&b, '\0');
        print_message("%s\n", text);
        (void)decide_request(d, "GET /");
        decide_reply(d, text);
        expect_field(d, merges[i].name, merges[i].result);
        /* the others are not lost over it */
        assert_non_null(decide_field(d, "X-Content-Type-Options"));
        assert_non_null(decide_field(d, "Content-Security-Policy"));
    }
    decide_free(d);
}

static void hsts_keeps_subdomains(void **state)
{
    (void)state;
    decide *d = decide_new("");
    d->tls = true;
    (void)decide_request(d, "GET /");
    decide_reply(d, "200 OK\nStrict-Transport-Security: max-age=99999999");
    expect_field(d, "Strict-Transport-Security", HSTS);
    decide_reply(d, "200 OK\nStrict-Transport-Security: max-age=63072000; INCLUDESUBDOMAINS");
    expect_field(d, "Strict-Transport-Security", "max-age=63072000; INCLUDESUBDOMAINS");
    decide_free(d);
}

/* What a browser makes of two values differs from browser to browser; several CSPs all hold. */
static void of_two_values_none_stays(void **state)
{
    (void)state;
    decide *d = decide_new("headers: {frame_options: SAMEORIGIN}");
    (void)decide_request(d, "GET /");
    decide_reply(d, "200 OK\nX-Frame-Options: DENY\nX-Frame-Options: ALLOWALL");
    expect_field(d, "X-Frame-Options", "SAMEORIGIN");
    decide_reply(d, "200 OK\nX-Frame-Options: DENY, ALLOWALL");
    expect_field(d, "X-Frame-Options", "SAMEORIGIN");
    decide_reply(d, "200 OK\nContent-Security-Policy: a 'self'\nContent-Security-Policy: b 'self'");
    expect_field(d, "Content-Security-Policy", "a 'self' | b 'self'");
    decide_free(d);
}

static void off_sends_none_and_leaves_the_upstreams(void **state)
{
    (void)state;
    decide *d = decide_new(
        "headers: {frame_options: off, content_security_policy: off, strict_transport_security: off}");
    d->tls = true;
    (void)decide_request(d, "GET /");
    decide_reply(d, "200 OK");
    expect_field(d, "X-Frame-Options", NULL);
    expect_field(d, "Content-Security-Policy", NULL);
    expect_field(d, "Strict-Transport-Security", NULL);
    expect_field(d, "X-Content-Type-Options", "nosniff");
    decide_reply(d, "200 OK\nX-Frame-Options: SAMEORIGIN");
    expect_field(d, "X-Frame-Options", "SAMEORIGIN");
    expect_field(d, "X-Content-Type-Options", "nosniff");
    decide_free(d);
}

static void routes_have_their_own(void **state)
{
    (void)state;
    decide *d =
        decide_new("routes:\n"
                   "  - {name: page, path: '/page/**', headers: {profile: html, frame_options: SAMEORIGIN}}\n"
                   "  - {name: bare, path: /bare, headers: {frame_options: off}}\n");
    (void)decide_request(d, "GET /page/1");
    decide_reply(d, "200 OK");
    expect_field(d, "X-Frame-Options", "SAMEORIGIN");
    expect_field(d, "Cross-Origin-Opener-Policy", "same-origin");
    expect_field(d, "Referrer-Policy", "strict-origin-when-cross-origin");
    (void)decide_request(d, "GET /bare");
    decide_reply(d, "200 OK");
    expect_field(d, "X-Frame-Options", NULL);
    expect_field(d, "Content-Security-Policy", CSP_API);
    (void)decide_request(d, "GET /else");
    decide_reply(d, "200 OK");
    expect_field(d, "X-Frame-Options", "DENY");
    /* a refusal before the route is known has those for all */
    (void)decide_request(d, "GET /page/../..");
    decide_answer(d);
    expect_field(d, "X-Frame-Options", "DENY");
    decide_free(d);
}

static void switched_off_it_touches_nothing(void **state)
{
    (void)state;
    decide *d = decide_new("headers: {enabled: off}");
    (void)decide_request(d, "GET /");
    decide_reply(d, "200 OK\nServer: nginx\nX-Frame-Options: ALLOWALL");
    expect_field(d, "X-Frame-Options", "ALLOWALL");
    expect_field(d, "Server", "nginx");
    expect_field(d, "X-Content-Type-Options", NULL);
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_has_them),
        cmocka_unit_test(hsts_only_over_tls),
        cmocka_unit_test(never_weaker_than_the_upstreams_own),
        cmocka_unit_test(hsts_keeps_subdomains),
        cmocka_unit_test(of_two_values_none_stays),
        cmocka_unit_test(off_sends_none_and_leaves_the_upstreams),
        cmocka_unit_test(routes_have_their_own),
        cmocka_unit_test(switched_off_it_touches_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
