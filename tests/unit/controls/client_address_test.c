#include "decide.h"

typedef struct client_row {
    const char *source, *peer, *request, *client, *from;
    bool secure;
} client_row;

static const client_row rows[] = {
    {"x-forwarded-for", "10.0.0.1", "GET /", "10.0.0.1", "peer", false},
    {"x-forwarded-for", "10.0.0.1", "GET /\nX-Forwarded-For: 203.0.113.9", "203.0.113.9", "x-forwarded-for",
     false},
    /* what stands left of the first untrusted address is nobody's word */
    {"x-forwarded-for", "10.0.0.1", "GET /\nX-Forwarded-For: 1.1.1.1, 203.0.113.9, 10.0.0.7", "203.0.113.9",
     "x-forwarded-for", false},
    {"x-forwarded-for", "10.0.0.1", "GET /\nX-Forwarded-For: 1.1.1.1\nX-Forwarded-For: 203.0.113.9",
     "203.0.113.9", "x-forwarded-for", false},
    /* strangers are not believed */
    {"x-forwarded-for", "192.0.2.1", "GET /\nX-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: https",
     "192.0.2.1", "peer", false},
    {"x-forwarded-for", "10.0.0.1", "GET /\nX-Forwarded-For: nonsense", "10.0.0.1", "peer", false},
    /* only the configured field counts */
    {"x-forwarded-for", "10.0.0.1", "GET /\nX-Real-IP: 203.0.113.9", "10.0.0.1", "peer", false},
    {"x-real-ip", "10.0.0.1", "GET /\nX-Real-IP: 203.0.113.9", "203.0.113.9", "x-real-ip", false},
    {"x-real-ip", "10.0.0.1", "GET /\nX-Real-IP: 203.0.113.9\nX-Real-IP: 1.1.1.1", "10.0.0.1", "peer", false},
    {"forwarded", "10.0.0.1", "GET /\nForwarded: for=203.0.113.9;proto=https", "203.0.113.9", "forwarded",
     true},
    {"forwarded", "10.0.0.1", "GET /\nForwarded: for=\"[2001:db8::9]:80\"", "2001:db8::9", "forwarded",
     false},
    {"peer", "10.0.0.1", "GET /\nX-Forwarded-For: 203.0.113.9", "10.0.0.1", "peer", false},
    {"x-forwarded-for", "10.0.0.1", "GET /\nX-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: https",
     "203.0.113.9", "x-forwarded-for", true},
};

static void finds_the_client_behind_trusted_proxies(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char yaml[200], text[GH_IP_TEXT_MAX];
        gh_buf y = gh_buf_over(yaml, sizeof yaml), t = gh_buf_over(text, sizeof text);
        gh_buf_printf(&y, "client_address: {trusted_proxies: [10.0.0.0/8], source: %s}", rows[i].source);
        gh_buf_char(&y, '\0');
        decide *d = decide_new(yaml);
        decide_from(d, rows[i].peer);
        assert_string_equal(decide_request(d, rows[i].request), "forward");
        gh_ip_format(&d->txn.client.ip, &t);
        gh_buf_char(&t, '\0');
        assert_string_equal(text, rows[i].client);
        assert_true(gh_str_eq(d->txn.client.source, gh_str_of(rows[i].from)));
        assert_int_equal(d->txn.secure, rows[i].secure);
        decide_free(d);
    }
}

/* Who could say "http" over TLS could switch HSTS off. */
static void tls_to_the_gateway_stays_secure(void **state)
{
    (void)state;
    decide *d = decide_new("client_address: {trusted_proxies: [10.0.0.0/8]}");
    d->tls = true;
    decide_from(d, "10.0.0.1");
    (void)decide_request(d, "GET /\nX-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: http");
    assert_true(d->txn.secure);
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_client_behind_trusted_proxies),
        cmocka_unit_test(tls_to_the_gateway_stays_secure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
