#include "decide.h"

#include "identity.h"

static const char yaml[] = "identity: {enabled: on}\n"
                           "rate_limits: {enabled: off}\n"
                           "validation: {max_body: 2000}\n";

enum { ALICE = 42, SESSION = 1 };

static decide *new_unit(void)
{
    decide *d = identity_new(yaml);
    identity_user(d, ALICE, "alice", "user", "");
    return d;
}

static void expect(decide *d, const char *fields, const char *body, const char *verdict)
{
    const char *got = decide_request(d, decide_text(d, "POST /form\nCookie: __Host-session=%s\n%s\n\n%s",
                                                    identity_session(d, ALICE, SESSION, 0), fields, body));
    if (strcmp(got, verdict) != 0)
        fail_msg("%s, not %s: %s | %s (%s)", got, verdict, fields, body, d->txn.verdict.detail);
}

#define FORM "Content-Type: application/x-www-form-urlencoded"
#define MULTIPART "Content-Type: multipart/form-data; boundary=b"

static void the_field_of_a_form(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *own = identity_csrf(d, SESSION), *other = identity_csrf(d, SESSION + 1);
    expect(d, FORM, decide_text(d, "a=b&csrf_token=%s&c=d", own), "forward");
    expect(d, FORM "; charset=utf-8", decide_text(d, "csrf_token=%s", own), "forward");
    expect(d, FORM, decide_text(d, "csrf%%5Ftoken=%s", own), "forward");
    expect(d, FORM, decide_text(d, "csrf_token=%s", other), "csrf_stale");
    expect(d, FORM, "csrf_token=x", "csrf_mismatch");
    expect(d, FORM, "csrf_token=", "csrf_mismatch");
    expect(d, FORM, "a=b", "csrf_missing");
    expect(d, FORM, decide_text(d, "CSRF_TOKEN=%s", own), "csrf_missing");
    expect(d, FORM, decide_text(d, "csrf_token=%s&csrf_token=%s", own, own), "csrf_mismatch");
    expect(d, FORM, decide_text(d, "csrf_token=x&csrf_token=%s", own), "csrf_mismatch");
    expect(d, FORM, decide_text(d, "csrf_token=%s&x=%%zz", own),
           "csrf_missing"); /* can't be read as a whole */
    decide_free(d);
}

static void the_field_of_a_multipart_form(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *own = identity_csrf(d, SESSION);
    expect(d, MULTIPART,
           decide_text(d, "--b\r\nContent-Disposition: form-data; name=\"csrf_token\"\r\n\r\n%s\r\n--b--\r\n",
                       own),
           "forward");
    expect(d, MULTIPART, "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--\r\n",
           "csrf_missing");
    expect(d, MULTIPART,
           decide_text(d, "--b\r\nContent-Disposition: form-data; name=\"csrf_token\"\r\n\r\n%s\r\n", own),
           "csrf_missing");
    expect(d, MULTIPART, decide_text(d, "csrf_token=%s", own), "csrf_missing");
    decide_free(d);
}

/* The header is looked at first, and what is in it counts; a form is only looked into where there is none. */
static void the_header_comes_first(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *own = identity_csrf(d, SESSION);
    expect(d, decide_text(d, FORM "\nX-CSRF-Token: %s", own), "a=b", "forward");
    assert_int_equal(d->txn.body_state, GH_BODY_STREAMS);
    expect(d, FORM "\nX-CSRF-Token: x", decide_text(d, "csrf_token=%s", own), "csrf_mismatch");
    expect(d, FORM "\nSec-Fetch-Site: cross-site", decide_text(d, "csrf_token=%s", own), "csrf_cross_site");
    decide_free(d);
}

static void other_bodies_are_no_forms(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *own = identity_csrf(d, SESSION);
    expect(d, "Content-Type: application/json", decide_text(d, "{\"csrf_token\":\"%s\"}", own),
           "csrf_missing");
    expect(d, "Content-Type: text/plain", decide_text(d, "csrf_token=%s", own), "csrf_missing");
    expect(d, "A: b", decide_text(d, "csrf_token=%s", own), "csrf_missing");
    expect(d, FORM "\nContent-Encoding: gzip", decide_text(d, "csrf_token=%s", own), "csrf_missing");
    expect(d, FORM "\nContent-Type: text/plain", decide_text(d, "csrf_token=%s", own), "csrf_missing");
    decide_free(d);
}

/* Also where nothing else looks into bodies: what is read whole has a bound. */
static void a_form_has_a_size(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *own = identity_csrf(d, SESSION);
    expect(d, FORM, decide_text(d, "csrf_token=%s&a=%01900d", own, 0), "forward");
    assert_int_equal(d->txn.body_state, GH_BODY_THERE);
    assert_null(d->txn.new_body.p); /* goes on as it came */
    expect(d, FORM, decide_text(d, "csrf_token=%s&a=%02100d", own, 0), "body_too_large");
    expect(d, decide_text(d, FORM "\nX-CSRF-Token: %s", own), decide_text(d, "a=%02100d", 0), "forward");
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_field_of_a_form),    cmocka_unit_test(the_field_of_a_multipart_form),
        cmocka_unit_test(the_header_comes_first), cmocka_unit_test(other_bodies_are_no_forms),
        cmocka_unit_test(a_form_has_a_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
