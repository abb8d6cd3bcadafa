#include "decide.h"

#include "identity.h"

static const char yaml[] = "identity:\n"
                           "  enabled: on\n"
                           "  csrf: {origins: ['https://app.partner.example'], exempt_paths: [/hooks/**]}\n"
                           "rate_limits: {enabled: off}\n"
                           "hosts: {allowed: [api.example, localhost]}\n";

enum { ALICE = 42, SESSION = 1 };

static decide *new_with(const char *config)
{
    decide *d = identity_new(config);
    identity_user(d, ALICE, "alice", "user", "");
    d->tls = true;
    return d;
}

static decide *new_unit(void)
{
    return new_with(yaml);
}

static const char *signed_in(decide *d, const char *line, const char *fields, const char *behind)
{
    return decide_request(d, decide_text(d, "%s\nHost: api.example\nCookie: __Host-session=%s%s%s%s", line,
                                         identity_session(d, ALICE, SESSION, 0),
                                         fields[0] == '\0' ? "" : "\n", fields, behind));
}

static void expect(decide *d, const char *line, const char *fields, const char *behind, const char *verdict)
{
    const char *got = signed_in(d, line, fields, behind);
    if (strcmp(got, verdict) != 0)
        fail_msg("%s, not %s: %s | %s (%s)", got, verdict, line, fields, d->txn.verdict.detail);
}

/* Browsers send a device's cookie by themselves, too. */
static void a_devices_cookie(void **state)
{
    (void)state;
    decide *d = new_unit();
    static const struct {
        const char *fields, *verdict;
    } rows[] = {
        {"Sec-Fetch-Site: cross-site", "csrf_cross_site"},
        {"Origin: https://evil.example", "csrf_cross_site"},
        {"Origin: null", "csrf_cross_site"},
        {"Sec-Fetch-Site: same-origin", "forward"},
        {"Origin: https://api.example", "forward"},
        {"A: b", "forward"}, /* no form, and no browser that says so little */
        {"Content-Type: text/plain\nContent-Length: 0", "csrf_missing"},
        {"Content-Type: application/json", "forward"},
    };
    const char *token = identity_device(d, 0, 8);
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        const char *got =
            decide_request(d, decide_text(d, "POST /x\nHost: api.example\nCookie: __Host-device=%s\n%s",
                                          token, rows[i].fields));
        if (strcmp(got, rows[i].verdict) != 0)
            fail_msg("%s, not %s: %s", got, rows[i].verdict, rows[i].fields);
        assert_int_equal(d->txn.principal.device, 8);
    }
    assert_string_equal(decide_request(d, decide_text(d,
                                                      "POST /x\nHost: api.example\nX-Device-Token: %s\n"
                                                      "Sec-Fetch-Site: cross-site",
                                                      token)),
                        "forward"); /* no page can have it sent */
    assert_string_equal(decide_request(d, decide_text(d,
                                                      "GET /x\nHost: api.example\nCookie: __Host-device=%s\n"
                                                      "Sec-Fetch-Site: cross-site",
                                                      token)),
                        "forward");
    decide_free(d);
}

/* "/api and all below" means the upstream's paths, not the doors to one's account. */
static void our_own_endpoints_are_never_exempt(void **state)
{
    (void)state;
    decide *d = new_with("identity: {enabled: on, csrf: {exempt_paths: [/api/**]}}\n"
                         "rate_limits: {enabled: off}\n"
                         "hosts: {allowed: [api.example]}\n");
    expect(d, "POST /api/x", "Sec-Fetch-Site: cross-site", "", "forward");
    expect(d, "POST /api/auth/logout", "Sec-Fetch-Site: cross-site", "", "csrf_cross_site");
    expect(d, "POST /api/auth/logout", "A: b", "", "csrf_missing");
    expect(d, "POST /api/auth/login", "Sec-Fetch-Site: cross-site\nContent-Type: application/json", "\n\n{}",
           "csrf_cross_site");
    decide_free(d);
}

enum site { OURS, FOREIGN, UNSAID };

/* Every Sec-Fetch-Site with every Origin and every Referer; the first that says something decides. */
static void the_matrix(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum site site;
        bool by_list; /* trusted by Origin alone */
    } sites[] = {
        {"", UNSAID, false},
        {"Sec-Fetch-Site: same-origin\n", OURS, false},
        {"Sec-Fetch-Site: none\n", OURS, false},
        {"Sec-Fetch-Site: same-site\n", FOREIGN, true},
        {"Sec-Fetch-Site: cross-site\n", FOREIGN, true},
        {"Sec-Fetch-Site: Same-Origin\n", FOREIGN, true}, /* no browser writes it so */
        {"Sec-Fetch-Site: \n", FOREIGN, true},
        {"Sec-Fetch-Site: future-site\n", FOREIGN, true},
        {"Sec-Fetch-Site: same-origin\nSec-Fetch-Site: cross-site\n", FOREIGN, false},
    };
    static const struct {
        const char *value;
        enum site site;
    } origins[] = {
        {NULL, UNSAID},
        {"https://api.example", OURS},
        {"https://app.partner.example", OURS},
        {"http://api.example", FOREIGN}, /* what comes over http may be anybody's */
        {"https://api.example:8443", FOREIGN},
        {"https://api.example.evil.example", FOREIGN},
        {"https://evilapi.example", FOREIGN},
        {"https://app.partner.example.evil.example", FOREIGN},
        {"https://API.example", FOREIGN},
        {"https://api.example/", FOREIGN},
        {"https://api.example:443", FOREIGN},
        {"https://user@api.example", FOREIGN},
        {"null", FOREIGN},
        {"", FOREIGN},
        {"https://evil.example", FOREIGN},
    };
    static const struct {
        const char *value;
        enum site site;
    } referers[] = {
        {NULL, UNSAID},
        {"https://api.example/page?x=https://evil.example", OURS},
        {"https://api.example", OURS},
        {"https://app.partner.example/a", OURS},
        {"https://evil.example/https://api.example/", FOREIGN},
        {"https://evil.example?https://api.example", FOREIGN},
        {"https://api.example@evil.example/", FOREIGN},
        {"about:blank", FOREIGN},
        {"/page", FOREIGN},
        {"", FOREIGN},
    };
    decide *d = new_unit();
    const char *token = identity_csrf(d, SESSION);
    for (size_t s = 0; s < GH_COUNT(sites); s++)
        for (size_t o = 0; o < GH_COUNT(origins); o++)
            for (size_t r = 0; r < GH_COUNT(referers); r++) {
                enum site by_fields = origins[o].value != NULL ? origins[o].site : referers[r].site;
                enum site site = sites[s].site == UNSAID                        ? by_fields
                                 : sites[s].by_list && origins[o].value != NULL ? origins[o].site
                                                                                : sites[s].site;
                const char *fields = decide_text(
                    d, "%s%s%s%s%s%s%s", sites[s].line, origins[o].value != NULL ? "Origin: " : "",
                    origins[o].value != NULL ? origins[o].value : "", origins[o].value != NULL ? "\n" : "",
                    referers[r].value != NULL ? "Referer: " : "",
                    referers[r].value != NULL ? referers[r].value : "",
                    referers[r].value != NULL ? "\n" : "");
                expect(d, "POST /", decide_text(d, "%sA: b", fields), "",
                       site == FOREIGN ? "csrf_cross_site" : "csrf_missing");
                expect(d, "POST /", decide_text(d, "%sX-CSRF-Token: %s", fields, token), "",
                       site == FOREIGN ? "csrf_cross_site" : "forward");
                gh_arena_reset(&d->kept);
                gh_arena_init(&d->kept, NULL, 0, 1 << 20);
                token = identity_csrf(d, SESSION);
            }
    decide_free(d);
}

#define TRUSTED "Origin: https://app.partner.example"
#define TRUSTED_TWICE ("Sec-Fetch-Site: cross-site\n" TRUSTED "\n" TRUSTED)

/* One of two that is right: who wrote the other? */
static void fields_that_are_there_twice_say_nothing_good(void **state)
{
    (void)state;
    decide *d = new_unit();
    static const char *const fields[] = {"Origin: https://api.example\nOrigin: https://evil.example",
                                         "Origin: https://api.example\nOrigin: https://api.example",
                                         "Referer: https://api.example/\nReferer: https://evil.example/",
                                         "Sec-Fetch-Site: none\nSec-Fetch-Site: none", TRUSTED_TWICE};
    for (size_t i = 0; i < GH_COUNT(fields); i++)
        expect(d, "POST /", fields[i], "", "csrf_cross_site");
    decide_free(d);
}

static void the_token_is_the_sessions(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *own = identity_csrf(d, SESSION), *other = identity_csrf(d, SESSION + 1);
    char *changed = (char *)(uintptr_t)decide_text(d, "%s", own);
    changed[60] = changed[60] == 'A' ? 'B' : 'A';
    expect(d, "POST /", decide_text(d, "X-CSRF-Token: %s", own), "", "forward");
    expect(d, "POST /", decide_text(d, "x-csrf-token: %s", own), "", "forward");
    expect(d, "POST /", decide_text(d, "X-CSRF-Token: %s", other), "", "csrf_stale");
    expect(d, "POST /", decide_text(d, "X-CSRF-Token: %s", changed), "", "csrf_mismatch");
    expect(d, "POST /", "X-CSRF-Token: ", "", "csrf_mismatch");
    expect(d, "POST /", "X-CSRF-Token: null", "", "csrf_mismatch");
    expect(d, "POST /", decide_text(d, "X-CSRF-Token: %s\nX-CSRF-Token: %s", own, own), "", "csrf_mismatch");
    /* the cookie alone is what any page makes the browser send */
    expect(d, "POST /", decide_text(d, "Cookie: __Host-csrf=%s", own), "", "csrf_missing");
    /* one of before, though the cookie has a newer one: the other tab's */
    expect(d, "POST /", decide_text(d, "X-CSRF-Token: %s\nCookie: __Host-csrf=%s", own, other), "",
           "forward");
    expect(d, decide_text(d, "POST /?csrf_token=%s", own), "", "", "csrf_missing"); /* addresses are logged */
    decide_free(d);
}

static void only_what_changes_something(void **state)
{
    (void)state;
    decide *d = new_unit();
    static const char *const safe[] = {"GET /", "HEAD /", "OPTIONS /"};
    static const char *const unsafe[] = {"POST /", "PUT /", "PATCH /", "DELETE /"};
    for (size_t i = 0; i < GH_COUNT(safe); i++)
        expect(d, safe[i], "Sec-Fetch-Site: cross-site", "", "forward");
    for (size_t i = 0; i < GH_COUNT(unsafe); i++)
        expect(d, unsafe[i], "A: b", "", "csrf_missing");
    /* a method in another field is not forwarded, and does not count */
    expect(d, "GET /", "X-HTTP-Method-Override: DELETE", "", "forward");
    expect(d, "POST /hooks/a", "Sec-Fetch-Site: cross-site", "", "forward");
    expect(d, "POST /hooks/../a", "A: b", "", "csrf_missing");
    expect(d, "POST /Hooks/a", "A: b", "", "csrf_missing");
    decide_free(d);
}

static void only_what_browsers_add_by_themselves(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *token = identity_token(d, "alice", "user", ALICE, 0, NULL),
               *key = identity_api_key(d, ALICE, 2, NULL, "");
    expect(d, "POST /", decide_text(d, "Authorization: Bearer %s\nSec-Fetch-Site: cross-site", token), "",
           "forward");
    expect(d, "POST /", decide_text(d, "X-API-Key: %s\nOrigin: https://evil.example", key), "", "forward");
    assert_string_equal(decide_request(d, "POST /\nHost: api.example\nSec-Fetch-Site: cross-site"),
                        "forward");
    /* but a scheme that is not ours does not take the session's place */
    expect(d, "POST /", "Authorization: Basic YTpi", "", "csrf_missing");
    decide_free(d);
}

/* WebSockets (ASVS 4.4.2): a GET that opens a door for writing, to which no page can add a header. */
static void a_handshake_comes_from_a_page_of_ours(void **state)
{
    (void)state;
    decide *d = new_unit();
    static const char upgrade[] = "Connection: upgrade\nUpgrade: websocket";
    expect(d, "GET /ws", decide_text(d, "%s\nOrigin: https://api.example", upgrade), "", "forward");
    expect(d, "GET /ws", decide_text(d, "%s\nOrigin: https://app.partner.example", upgrade), "", "forward");
    expect(d, "GET /ws", decide_text(d, "%s\nOrigin: https://evil.example", upgrade), "", "csrf_cross_site");
    expect(d, "GET /ws", decide_text(d, "%s\nOrigin: null", upgrade), "", "csrf_cross_site");
    expect(d, "GET /ws",
           decide_text(d, "%s\nSec-Fetch-Site: cross-site\nOrigin: https://evil.example", upgrade), "",
           "csrf_cross_site");
    expect(d, "GET /ws", upgrade, "", "forward"); /* no browser */
    assert_string_equal(
        decide_request(
            d, decide_text(d, "GET /ws\nHost: api.example\n%s\nOrigin: https://evil.example", upgrade)),
        "forward"); /* nobody's session to ride on */
    decide_free(d);
}

static void pages_of_our_site_when_told_so(void **state)
{
    (void)state;
    decide *d = new_with("identity: {enabled: on, csrf: {same_site: on}}\nhosts: {allowed: [api.example]}\n");
    expect(d, "POST /", "Sec-Fetch-Site: same-site\nOrigin: https://www.example", "", "csrf_missing");
    expect(d, "POST /", "Sec-Fetch-Site: cross-site\nOrigin: https://www.example", "", "csrf_cross_site");
    decide_free(d);
    d = new_with("identity: {enabled: on, csrf: {enabled: off}}\nhosts: {allowed: [api.example]}\n");
    expect(d, "POST /", "Sec-Fetch-Site: cross-site", "", "forward");
    decide_free(d);
}

/* Over plain http a page of http is ours too; one of https is when TLS ends before us. */
static void where_tls_ends_before_us(void **state)
{
    (void)state;
    decide *d = new_unit();
    d->tls = false;
    expect(d, "POST /", "Origin: http://api.example", "", "csrf_missing");
    expect(d, "POST /", "Origin: https://api.example", "", "csrf_missing");
    expect(d, "POST /", "Origin: http://evil.example", "", "csrf_cross_site");
    const char *secret = identity_session(d, ALICE, SESSION, 0);
    assert_string_equal(
        decide_request(d, decide_text(d,
                                      "POST /\nHost: localhost:8080\nOrigin: http://localhost:8080\nCookie: "
                                      "__Host-session=%s",
                                      secret)),
        "csrf_missing");
    assert_string_equal(
        decide_request(d, decide_text(d,
                                      "POST /\nHost: localhost:8080\nOrigin: http://localhost:3000\nCookie: "
                                      "__Host-session=%s",
                                      secret)),
        "csrf_cross_site");
    decide_free(d);
}

/* Endpoints that begin a session: no session whose token could be asked for. */
static void login_is_covered(void **state)
{
    (void)state;
    decide *d = new_unit();
    static const struct {
        const char *fields, *body;
        bool refused;
    } rows[] = {
        {"Content-Type: application/json\nSec-Fetch-Site: same-origin",
         "{\"username\":\"a\",\"password\":\"b\"}", false},
        {"Content-Type: application/json", "{\"username\":\"a\",\"password\":\"b\"}", false},
        {"Content-Type: application/json\nSec-Fetch-Site: cross-site",
         "{\"username\":\"a\",\"password\":\"b\"}", true},
        {"Content-Type: application/json\nOrigin: https://evil.example",
         "{\"username\":\"a\",\"password\":\"b\"}", true},
        {"Content-Type: application/json\nOrigin: https://app.partner.example",
         "{\"username\":\"a\",\"password\":\"b\"}", false},
        {"Content-Type: application/json\nReferer: https://evil.example/",
         "{\"username\":\"a\",\"password\":\"b\"}", true},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        const char *got =
            decide_request(d, decide_text(d, "POST /api/auth/login\nHost: api.example\n%s\n\n%s",
                                          rows[i].fields, rows[i].body));
        if ((strncmp(got, "csrf_", 5) == 0) != rows[i].refused)
            fail_msg("%s: %s", got, rows[i].fields);
    }
    /* what a form can send is no JSON */
    assert_string_equal(
        decide_request(d, "POST /api/auth/login\nHost: api.example\nContent-Type: text/plain\n\n{}"),
        "unsupported_media_type");
    /* a session that is still there asks for no token: one may sign in again */
    expect(d, "POST /api/auth/login", "Content-Type: application/json\nSec-Fetch-Site: same-origin", "\n\n{}",
           "validation_error");
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_devices_cookie),
        cmocka_unit_test(our_own_endpoints_are_never_exempt),
        cmocka_unit_test(the_matrix),
        cmocka_unit_test(fields_that_are_there_twice_say_nothing_good),
        cmocka_unit_test(the_token_is_the_sessions),
        cmocka_unit_test(only_what_changes_something),
        cmocka_unit_test(only_what_browsers_add_by_themselves),
        cmocka_unit_test(a_handshake_comes_from_a_page_of_ours),
        cmocka_unit_test(pages_of_our_site_when_told_so),
        cmocka_unit_test(where_tls_ends_before_us),
        cmocka_unit_test(login_is_covered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
