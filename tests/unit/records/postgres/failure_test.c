/* What failures mean, and the lines about them: those that no test can bring about with a server at hand. The texts are
 * libpq 15's. */
#include <openssl/x509_vfy.h>

#include "postgres_world.h"
#include "records/postgres/failure.h"

static void codes(void **state)
{
    static const struct {
        const char *state;
        enum gh_sql_failure failure;
        bool over;
    } rows[] = {
        {NULL, GH_SQL_UNAVAILABLE, false},   {"40001", GH_SQL_CONFLICT, false},
        {"40P01", GH_SQL_CONFLICT, false},   {"55P03", GH_SQL_CONFLICT, false},
        {"23505", GH_SQL_CONSTRAINT, false}, {"23503", GH_SQL_CONSTRAINT, false},
        {"53100", GH_SQL_FULL, false},       {"53200", GH_SQL_FULL, false},
        {"58030", GH_SQL_FULL, false},       {"57014", GH_SQL_UNAVAILABLE, false},
        {"57P01", GH_SQL_UNAVAILABLE, true}, {"57P02", GH_SQL_UNAVAILABLE, true},
        {"57P03", GH_SQL_UNAVAILABLE, true}, {"25006", GH_SQL_UNAVAILABLE, true},
        {"25P03", GH_SQL_UNAVAILABLE, true}, {"08006", GH_SQL_UNAVAILABLE, false},
        {"08P01", GH_SQL_MISUSE, false},     {"28P01", GH_SQL_REFUSED, false},
        {"42501", GH_SQL_REFUSED, false},    {"42P01", GH_SQL_MISUSE, false},
        {"22P02", GH_SQL_MISUSE, false},     {"0A000", GH_SQL_MISUSE, false},
        {"XX001", GH_SQL_CORRUPT, false},    {"XX000", GH_SQL_OTHER, false},
        {"40003", GH_SQL_OTHER, false},      {"", GH_SQL_OTHER, false},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        assert_int_equal(gh_postgres_failure_of(rows[i].state), rows[i].failure);
        assert_int_equal(gh_postgres_is_over(rows[i].state), rows[i].over);
    }
}

static char line[GH_POSTGRES_WHY];
static gh_postgres_plan plan = {.root = "/etc/ca.pem"};
static const gh_postgres_server server = {.timeout_ms = 2000};
static const gh_postgres_host host = {.host = "db.example", .address = "", .port = "5432"};

static enum gh_sql_failure explain(gh_postgres_attempt a, const char *message)
{
    a.plan = &plan;
    a.server = &server;
    a.host = &host;
    gh_buf out = gh_buf_over(line, sizeof line - 1);
    enum gh_sql_failure failure = gh_postgres_explain(&out, &a, message);
    line[out.n] = '\0';
    return failure;
}

static void says(const char *message, enum gh_sql_failure failure, const char *part)
{
    assert_int_equal(explain((gh_postgres_attempt){0}, message), failure);
    if (strstr(line, part) == NULL)
        fail_msg("wanted \"%s\" in: %s", part, line);
}

static void what_the_server_says(void **state)
{
    (void)state;
    says("connection to server at \"db\", port 5432 failed: FATAL:  53300: sorry, too many clients already\n"
         "LOCATION:  InitProcess, proc.c:357\n",
         GH_SQL_UNAVAILABLE, "sorry, too many clients already: raise max_connections");
    says("connection to server failed: FATAL:  57P03: the database system is starting up\n",
         GH_SQL_UNAVAILABLE, "starting up (57P03)");
    says("connection to server failed: FATAL:  42501: permission denied for database \"records\"\n",
         GH_SQL_REFUSED, "GRANT CONNECT");
    says("connection to server failed: FATAL:  42704: unrecognized configuration parameter \"jit\"\n",
         GH_SQL_MISUSE, "unrecognized configuration parameter");
    says(
        "connection to server failed: FATAL:  28000: no pg_hba.conf entry for host \"10.0.0.1\", user \"u\", database "
        "\"d\", no encryption\n",
        GH_SQL_REFUSED, "no encryption: add a line for it there (28000)");
    /* in the server's language */
    says(
        "connection to server failed: \xd0\x92\xd0\x90\xd0\x96\xd0\x9d\xd0\x9e:  28P01: \xd0\xbf\xd0\xbe\xd0\xbb\n",
        GH_SQL_REFUSED, "postgresql.password");
    assert_null(strstr(line, "\xd0"));
}

static void what_libpq_says(void **state)
{
    (void)state;
    says(
        "connection to server at \"h\" (10.0.0.1), port 5432 failed: Connection refused\n\tIs the server running on that host "
        "and accepting TCP/IP connections?\n",
        GH_SQL_UNAVAILABLE, "nobody listens there");
    says("connection to server at \"h\" (10.0.0.1), port 5432 failed: No route to host\n", GH_SQL_UNAVAILABLE,
         "no route");
    says("connection to server at \"h\" (10.0.0.1), port 5432 failed: Network is unreachable\n",
         GH_SQL_UNAVAILABLE, "no network");
    says("connection to server at \"h\" (10.0.0.1), port 5432 failed: SSL error: tlsv1 alert unknown ca\n",
         GH_SQL_REFUSED, "does not know the CA of postgresql.cert_file");
    says(
        "connection to server at \"h\" (10.0.0.1), port 5432 failed: SSL error: sslv3 alert certificate expired\n",
        GH_SQL_REFUSED, "postgresql.cert_file has expired");
    says(
        "connection to server at \"h\" (10.0.0.1), port 5432 failed: server closed the connection unexpectedly\n\tThis probably "
        "means the server terminated abnormally\n",
        GH_SQL_UNAVAILABLE, "closed the connection");
    says("connection to server at \"h\" (10.0.0.1), port 5432 failed: session is read-only\n",
         GH_SQL_UNAVAILABLE, "standby");
    /* What is not known is shown, one line of it, without what would change a terminal. */
    says("connection to server at \"h\" (10.0.0.1), port 5432 failed: something\x1b[2J new\nand more\n",
         GH_SQL_UNAVAILABLE, "something?[2J new");
    assert_null(strstr(line, "more"));
    says("", GH_SQL_UNAVAILABLE, "");
}

static void what_openssl_thought(void **state)
{
    static const char message[] =
        "connection to server at \"h\", port 5432 failed: SSL error: certificate verify failed\n";
    (void)state;
    gh_postgres_attempt a = {0};
    assert_true(gh_postgres_is_unseen(&a, message));
    assert_int_equal(explain(a, message), GH_SQL_REFUSED);
    assert_non_null(
        strstr(line, "not accepted: is it signed by a CA in /etc/ca.pem, and has it not expired?"));
    a.verdict = (gh_postgres_verdict){.error = X509_V_ERR_CERT_HAS_EXPIRED, .until = "2026-01-01 00:00 UTC"};
    assert_false(gh_postgres_is_unseen(&a, message));
    assert_int_equal(explain(a, message), GH_SQL_REFUSED);
    assert_string_equal(line, "the server's certificate expired on 2026-01-01 00:00 UTC: renew it");
    a.verdict.depth = 1;
    (void)explain(a, message);
    assert_non_null(strstr(line, "a CA certificate above the server's expired on"));
    a.verdict = (gh_postgres_verdict){.error = X509_V_ERR_CERT_NOT_YET_VALID};
    (void)explain(a, message);
    assert_non_null(strstr(line, "not valid yet: is this machine's clock right?"));
    a.verdict.error = X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT;
    (void)explain(a, message);
    assert_non_null(strstr(line, "not signed by a CA in /etc/ca.pem (self-signed certificate)"));
}

static void what_took_too_long(void **state)
{
    (void)state;
    assert_int_equal(explain((gh_postgres_attempt){.late = true}, ""), GH_SQL_UNAVAILABLE);
    assert_non_null(strstr(line, "no answer within 2000 ms"));
    assert_int_equal(explain((gh_postgres_attempt){.late = true, .connected = true}, ""), GH_SQL_UNAVAILABLE);
    assert_non_null(strstr(line, "said nothing within 2000 ms"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes),
        cmocka_unit_test(what_the_server_says),
        cmocka_unit_test(what_libpq_says),
        cmocka_unit_test(what_openssl_thought),
        cmocka_unit_test(what_took_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
