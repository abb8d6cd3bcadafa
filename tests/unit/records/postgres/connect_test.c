/* Connecting to a real PostgreSQL: each way in which it can go wrong is told from the others, and none takes longer than it
 * may. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "postgres_world.h"

static postgres *pg;
static gh_postgres_server server;
static gh_postgres c;
static char why[GH_POSTGRES_WHY];

static int setup_all(void **state)
{
    (void)state;
    pg = postgres_make();
    return 0;
}

static int teardown_all(void **state)
{
    (void)state;
    postgres_remove(pg);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    server = (gh_postgres_server){.timeout_ms = (uint32_t)postgres_patience_ms()};
    why[0] = '\0';
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    postgres_resume(pg);
    postgres_stop(pg);
    return 0;
}

static bool opens(const char *url)
{
    server.url = url;
    if (!gh_postgres_open(&c, &server, GH_POSTGRES_OPERATIONS, gh_postgres_now_ms() + server.timeout_ms, why))
        return false;
    return true;
}

static void connects(const char *url)
{
    if (!opens(url))
        fail_msg("%s", why);
    assert_true(gh_postgres_alive(&c) && gh_sql_ok(&c.sql));
}

/* The line has all these parts, is one, and has no password in it. */
static void fails(const char *url, enum gh_sql_failure failure, const char *part, const char *other)
{
    if (opens(url))
        fail_msg("it connects: %s", url);
    if (strstr(why, part) == NULL || (other != NULL && strstr(why, other) == NULL))
        fail_msg("wanted \"%s\" and \"%s\" in: %s", part, other == NULL ? "" : other, why);
    assert_null(strstr(why, "password1"));
    assert_null(strstr(why, "right password"));
    assert_null(strchr(why, '\n'));
    assert_int_equal(c.sql.failure, failure);
    assert_false(gh_postgres_alive(&c));
}

static const char *tcp(const char *user, const char *host, const char *rest)
{
    return postgres_text("postgresql://%s@%s:%u/%s", user, host, pg->port, rest);
}

static const char *unix_socket(const char *rest)
{
    return postgres_text("postgresql://owner@/%s%shost=%s&port=%u", rest,
                         strchr(rest, '?') == NULL ? "?" : "&", pg->folder, pg->port);
}

static bool has_tls(void)
{
    return PQsslInUse(c.pq) != 0;
}

static void close_it(void)
{
    gh_sql_close(&c.sql);
}

static void with_and_without_tls(void **state)
{
    (void)state;
    postgres_start(pg, "good");
    server.password = "right password";
    connects(tcp("service", "127.0.0.1", "postgres?sslmode=disable"));
    assert_false(has_tls());
    close_it();
    connects(tcp("service", "localhost", "postgres"));
    close_it();
    server.ca_file = postgres_file(pg, "ca.crt");
    connects(tcp("service", "localhost", "postgres"));
    assert_true(has_tls());
    close_it();
    connects(tcp("service", "db.example", "postgres?hostaddr=127.0.0.1"));
    assert_true(has_tls());
    close_it();
    connects(unix_socket("postgres"));
    assert_false(has_tls());
    close_it();
}

static void the_session_is_as_it_should_be(void **state)
{
    (void)state;
    postgres_start(pg, NULL);
    server.timeout_ms = 3210;
    connects(unix_socket("postgres"));
    static const char *const wanted[][2] = {{"statement_timeout", "2408"},
                                            {"lock_timeout", "1605"},
                                            {"idle_in_transaction_session_timeout", "3210"},
                                            {"default_transaction_isolation", "serializable"},
                                            {"search_path", "gatehouse,pg_temp"},
                                            {"enable_seqscan", "off"},
                                            {"plan_cache_mode", "force_generic_plan"},
                                            {"jit", "off"},
                                            {"client_encoding", "UTF8"},
                                            {"application_name", "gatehouse"}};
    PGconn *pq = c.pq;
    assert_int_equal(PQexitPipelineMode(pq), 1);
    for (size_t i = 0; i < GH_COUNT(wanted); i++) {
        PGresult *r =
            PQexec(pq, postgres_text("SELECT setting FROM pg_settings WHERE name = '%s'", wanted[i][0]));
        assert_string_equal(PQgetvalue(r, 0, 0), wanted[i][1]);
        PQclear(r);
    }
    close_it();
}

static void the_password_is_not_kept(void **state)
{
    (void)state;
    postgres_start(pg, NULL);
    server.password = "right password";
    connects(tcp("service", "127.0.0.1", "postgres"));
    assert_string_equal(PQpass(c.pq), "");
    close_it();
}

static void a_certificate_of_our_own(void **state)
{
    (void)state;
    postgres_start(pg, "good");
    server.ca_file = postgres_file(pg, "ca.crt");
    fails(tcp("certified", "localhost", "postgres"), GH_SQL_REFUSED, "certificate", NULL);
    server.cert_file = postgres_file(pg, "client.crt");
    server.key_file = postgres_file(pg, "client.key");
    connects(tcp("certified", "localhost", "postgres"));
    close_it();
    server.cert_file = postgres_file(pg, "client_expired.crt");
    server.key_file = postgres_file(pg, "client_expired.key");
    fails(tcp("certified", "localhost", "postgres"), GH_SQL_REFUSED, "postgresql.cert_file has expired",
          NULL);
    server.cert_file = postgres_file(pg, "client_stranger.crt");
    server.key_file = postgres_file(pg, "client_stranger.key");
    fails(tcp("certified", "localhost", "postgres"), GH_SQL_REFUSED,
          "does not know the CA of postgresql.cert_file", NULL);
    server.cert_file = postgres_file(pg, "client.crt");
    server.key_file = postgres_file(pg, "missing.key");
    fails(tcp("certified", "localhost", "postgres"), GH_SQL_MISUSE, "missing.key", NULL);
    server.key_file = postgres_file(pg, "other_ca.key");
    fails(tcp("certified", "localhost", "postgres"), GH_SQL_MISUSE, "other_ca.key", NULL);
}

static void a_wrong_ca(void **state)
{
    (void)state;
    postgres_start(pg, "stranger");
    server.password = "right password";
    server.ca_file = postgres_file(pg, "ca.crt");
    fails(tcp("service", "localhost", "postgres"), GH_SQL_REFUSED, "not signed by a CA in", server.ca_file);
    assert_non_null(strstr(why, "postgresql.ca_file"));
    postgres_stop(pg);
    postgres_start(pg, "good");
    server.ca_file = NULL; /* the system's know it even less */
    fails(tcp("service", "localhost", "postgres?sslmode=verify-full"), GH_SQL_REFUSED,
          "not signed by a CA in", "/etc/ssl/certs");
    server.ca_file = postgres_file(pg, "missing.crt");
    fails(tcp("service", "localhost", "postgres"), GH_SQL_MISUSE, "missing.crt", NULL);
    server.ca_file = postgres_file(pg, "log");
    fails(tcp("service", "localhost", "postgres"), GH_SQL_MISUSE, "/log", NULL);
}

static void a_wrong_name(void **state)
{
    (void)state;
    postgres_start(pg, "elsewhere");
    server.password = "right password";
    server.ca_file = postgres_file(pg, "ca.crt");
    fails(tcp("service", "localhost", "postgres"), GH_SQL_REFUSED, "other.example", "localhost");
    assert_non_null(strstr(why, "name"));
    connects(tcp("service", "other.example", "postgres?hostaddr=127.0.0.1"));
    close_it();
}

static void an_expired_certificate(void **state)
{
    (void)state;
    postgres_start(pg, "expired");
    server.password = "right password";
    server.ca_file = postgres_file(pg, "ca.crt");
    fails(tcp("service", "localhost", "postgres"), GH_SQL_REFUSED, "expired on 20", "localhost:");
}

static void no_tls_on_the_server(void **state)
{
    (void)state;
    postgres_start(pg, NULL);
    server.password = "right password";
    server.ca_file = postgres_file(pg, "ca.crt");
    fails(tcp("service", "localhost", "postgres"), GH_SQL_REFUSED, "no TLS", "ssl=on");
}

static void the_wrong_words(void **state)
{
    (void)state;
    postgres_start(pg, NULL);
    fails(tcp("service:password1", "127.0.0.1", "postgres"), GH_SQL_REFUSED, "password authentication failed",
          "28P01");
    fails(tcp("service", "127.0.0.1", "postgres"), GH_SQL_REFUSED, "wants a password",
          "postgresql.password (POSTGRESQL_PASSWORD or POSTGRESQL_PASSWORD_FILE)");
    server.password = "right password";
    fails(tcp("service", "127.0.0.1", "missing"), GH_SQL_REFUSED, "database \"missing\" does not exist",
          "3D000");
    fails(tcp("nobody", "127.0.0.1", "postgres"), GH_SQL_REFUSED, "nobody", "28P01");
    fails(tcp("stranger", "127.0.0.1", "postgres"), GH_SQL_REFUSED, "pg_hba.conf", "28000");
    fails(unix_socket("missing"), GH_SQL_REFUSED, "3D000", pg->folder);
}

static void nobody_there(void **state)
{
    (void)state;
    fails(tcp("service", "127.0.0.1", "postgres"), GH_SQL_UNAVAILABLE, "nobody listens there",
          postgres_text("127.0.0.1:%u", pg->port));
    fails(unix_socket("postgres"), GH_SQL_UNAVAILABLE, "no such unix socket", pg->folder);
    fails("postgresql://u@no-such-host.invalid/d", GH_SQL_UNAVAILABLE, "no-such-host.invalid:5432", "name");
}

/* A server that is on its way, one that is full: it may pass. */
static void not_now(void **state)
{
    (void)state;
    postgres_start(pg, NULL);
    postgres_sql(pg, "postgres", "ALTER ROLE service CONNECTION LIMIT 0");
    server.password = "right password";
    fails(tcp("service", "127.0.0.1", "postgres"), GH_SQL_UNAVAILABLE, "too many connections", "53300");
    postgres_sql(pg, "postgres", "ALTER ROLE service CONNECTION LIMIT -1");
}

static void a_standby_is_left_alone(void **state)
{
    (void)state;
    postgres_start(pg, NULL);
    postgres_sql(pg, "postgres", "ALTER ROLE service SET default_transaction_read_only = on");
    server.password = "right password";
    fails(tcp("service", "127.0.0.1", "postgres"), GH_SQL_UNAVAILABLE, "standby", "primary");
    postgres_sql(pg, "postgres", "ALTER ROLE service RESET default_transaction_read_only");
}

/* --- no longer than it may */

static uint64_t time_of_failure(const char *url, const char *part)
{
    uint64_t before = gh_postgres_now_ms();
    server.timeout_ms = 300;
    fails(url, GH_SQL_UNAVAILABLE, part, NULL);
    return gh_postgres_now_ms() - before;
}

static void a_stopped_server(void **state)
{
    (void)state;
    postgres_start(pg, NULL);
    server.password = "right password";
    postgres_pause(pg);
    uint64_t took = time_of_failure(tcp("service", "127.0.0.1", "postgres"), "said nothing within 300 ms");
    assert_true(took >= 300 && took < postgres_patience_ms());
    took = time_of_failure(unix_socket("postgres"), "said nothing within 300 ms");
    assert_true(took >= 300 && took < postgres_patience_ms());
}

/* A host that takes no packet at all: a listener whose queue is full is as good as one. */
static void an_unplugged_server(void **state)
{
    int fill[8], one = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof address;
    (void)state;
    assert_int_equal(bind(one, (struct sockaddr *)(void *)&address, n), 0);
    assert_int_equal(listen(one, 0), 0);
    assert_int_equal(getsockname(one, (struct sockaddr *)(void *)&address, &n), 0);
    for (unsigned i = 0; i < GH_COUNT(fill); i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fill[i], (struct sockaddr *)(void *)&address, n);
    }
    unsigned port = ntohs(address.sin_port);
    uint64_t took =
        time_of_failure(postgres_text("postgresql://u@127.0.0.1:%u/d", port), "no answer within 300 ms");
    assert_true(took >= 300 && took < postgres_patience_ms());
    /* It does not eat the time of the one behind it. */
    postgres_start(pg, NULL);
    server.timeout_ms = 2000;
    server.password = "right password";
    connects(postgres_text("postgresql://service@127.0.0.1:%u,127.0.0.1:%u/postgres", port, pg->port));
    assert_string_equal(c.where, postgres_text("127.0.0.1:%u", pg->port));
    close_it();
    for (unsigned i = 0; i < GH_COUNT(fill); i++)
        (void)close(fill[i]);
    (void)close(one);
}

/* The next host is for one that is away; a wrong password is wrong everywhere, and would be tried there for nothing. */
static void the_next_host(void **state)
{
    (void)state;
    postgres_start(pg, NULL);
    server.password = "right password";
    connects(postgres_text("postgresql://service@127.0.0.1:1,127.0.0.1:%u/postgres", pg->port));
    close_it();
    server.password = "password1";
    fails(postgres_text("postgresql://service@127.0.0.1:%u,127.0.0.1:1/postgres", pg->port), GH_SQL_REFUSED,
          "28P01", postgres_text("127.0.0.1:%u", pg->port));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(with_and_without_tls),
        TEST(the_session_is_as_it_should_be),
        TEST(the_password_is_not_kept),
        TEST(a_certificate_of_our_own),
        TEST(a_wrong_ca),
        TEST(a_wrong_name),
        TEST(an_expired_certificate),
        TEST(no_tls_on_the_server),
        TEST(the_wrong_words),
        TEST(nobody_there),
        TEST(not_now),
        TEST(a_standby_is_left_alone),
        TEST(a_stopped_server),
        TEST(an_unplugged_server),
        TEST(the_next_host),
    };
    return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
