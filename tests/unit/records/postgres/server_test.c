/* What the URL and what stands beside it come to, and what libpq is told. */
#include "postgres_world.h"

static gh_postgres_server server;
static gh_postgres_plan plan;
static char why[GH_POSTGRES_WHY];

static int setup(void **state)
{
    (void)state;
    server = (gh_postgres_server){.timeout_ms = 2000};
    why[0] = '\0';
    (void)unsetenv("PGSERVICE");
    (void)unsetenv("PGHOSTADDR");
    return 0;
}

static void make(const char *url)
{
    server.url = url;
    if (!gh_postgres_plan_make(&plan, &server, why))
        fail_msg("%s: %s", url, why);
}

static void refused(const char *url, const char *part)
{
    server.url = url;
    assert_false(gh_postgres_plan_make(&plan, &server, why));
    if (strstr(why, part) == NULL)
        fail_msg("%s: %s", url == NULL ? "NULL" : url, why);
}

static const char *word(enum gh_postgres_use use, unsigned host, const char *address, const char *key)
{
    static gh_postgres_words words;
    const char *found = NULL;
    assert_true(gh_postgres_plan_words(&plan, &server, use, &plan.hosts[host], address, &words));
    for (unsigned i = 0; i < words.n; i++)
        if (strcmp(words.keys[i], key) == 0) {
            assert_null(found); /* said once */
            found = words.values[i];
        }
    assert_null(words.keys[words.n]);
    return found;
}

static void mode_is(const char *url, const char *mode, const char *root, bool warns)
{
    make(url);
    assert_string_equal(plan.sslmode, mode);
    if (root == NULL)
        assert_null(plan.root);
    else
        assert_string_equal(plan.root, root);
    if ((plan.warning[0] != '\0') != warns)
        fail_msg("%s: %s", url, plan.warning);
    gh_postgres_plan_end(&plan);
}

static void tls_is_verified_unless_it_says_otherwise(void **state)
{
    static const char system[] = "/etc/ssl/certs/ca-certificates.crt";
    (void)state;
    mode_is("postgresql://u@db.example/d", "verify-full", system, false);
    mode_is("postgresql://u@192.0.2.7/d", "verify-full", system, false);
    mode_is("postgres://u@[2001:db8::1]/d", "verify-full", system, false);
    mode_is("postgresql://u@localhost/d", "prefer", NULL, false);
    mode_is("postgresql://u@127.0.0.5:6000/d", "prefer", NULL, false);
    mode_is("postgresql://u@[::1]/d", "prefer", NULL, false);
    mode_is("postgresql:///d", "prefer", NULL, false);
    mode_is("postgresql://%2Frun%2Fpg/d", "prefer", NULL, false);
    mode_is("postgresql://u@/d?host=/run/pg", "prefer", NULL, false);
    /* all of them must be here, and what counts is where it leads */
    mode_is("postgresql://u@localhost,db.example/d", "verify-full", system, false);
    mode_is("postgresql://u@localhost/d?hostaddr=192.0.2.7", "verify-full", system, false);
    mode_is("postgresql://u@db.example/d?hostaddr=127.0.0.1", "prefer", NULL, false);
    /* what is written is obeyed, and told */
    mode_is("postgresql://u@db.example/d?sslmode=require", "require", NULL, true);
    mode_is("postgresql://u@db.example/d?sslmode=verify-ca", "verify-ca", system, true);
    mode_is("postgresql://u@db.example/d?sslmode=prefer", "prefer", NULL, true);
    mode_is("postgresql://u@db.example/d?sslmode=disable", "disable", NULL, true);
    mode_is("postgresql://u@db.example/d?sslmode=verify-full&sslrootcert=/ca", "verify-full", "/ca", false);
    mode_is("postgresql://u@localhost/d?sslmode=disable", "disable", NULL, false);
    /* who names a CA wants it to count */
    mode_is("postgresql://u@localhost/d?sslrootcert=/ca", "verify-full", "/ca", false);
    server.ca_file = "/other";
    mode_is("postgresql://u@localhost/d", "verify-full", "/other", false);
    mode_is("postgresql://u@db.example/d?sslrootcert=/ca", "verify-full", "/other", false);
}

static void warnings_name_the_server_and_the_way_out(void **state)
{
    (void)state;
    make("postgresql://u:secret@db.example:5433/d?sslmode=require");
    assert_non_null(strstr(plan.warning, "sslmode=require"));
    assert_non_null(strstr(plan.warning, "db.example:5433"));
    assert_non_null(strstr(plan.warning, "verify-full"));
    assert_null(strstr(plan.warning, "secret"));
    gh_postgres_plan_end(&plan);
}

static void hosts_have_ports_and_addresses(void **state)
{
    (void)state;
    make("postgresql://u@a,b:6001,[::1]:6002/d");
    assert_int_equal(plan.n, 3);
    assert_string_equal(plan.where, "a:5432 (and 2 more)");
    assert_string_equal(plan.hosts[1].port, "6001");
    assert_string_equal(plan.hosts[2].host, "::1");
    assert_true(plan.hosts[2].local && !plan.hosts[1].local);
    assert_string_equal(word(GH_POSTGRES_OPERATIONS, 1, "192.0.2.1", "host"), "b");
    assert_string_equal(word(GH_POSTGRES_OPERATIONS, 1, "192.0.2.1", "hostaddr"), "192.0.2.1");
    assert_string_equal(word(GH_POSTGRES_OPERATIONS, 1, "192.0.2.1", "port"), "6001");
    gh_postgres_plan_end(&plan);
    make("postgresql://u@/d?host=/run/a,/run/b&port=6000");
    assert_true(plan.hosts[0].socket && plan.hosts[1].socket);
    assert_string_equal(plan.hosts[1].port, "6000");
    assert_string_equal(plan.where, "/run/a:6000 (and 1 more)");
    gh_postgres_plan_end(&plan);
    make("postgresql://[2001:db8::1]:7000/d");
    assert_string_equal(plan.where, "[2001:db8::1]:7000");
    gh_postgres_plan_end(&plan);
}

static void passwords_and_files(void **state)
{
    (void)state;
    make("postgresql://u:in-url@localhost/d?sslcert=/c&sslkey=/k");
    assert_string_equal(word(GH_POSTGRES_FEED, 0, NULL, "password"), "in-url");
    assert_string_equal(word(GH_POSTGRES_FEED, 0, NULL, "sslcert"), "/c");
    assert_string_equal(word(GH_POSTGRES_FEED, 0, NULL, "sslkey"), "/k");
    server.password = "beside";
    server.cert_file = "/cert";
    server.key_file = "/key";
    assert_string_equal(word(GH_POSTGRES_FEED, 0, NULL, "password"), "beside");
    assert_string_equal(word(GH_POSTGRES_FEED, 0, NULL, "sslcert"), "/cert");
    assert_string_equal(word(GH_POSTGRES_FEED, 0, NULL, "sslkey"), "/key");
    gh_postgres_plan_end(&plan);
    server.key_file = NULL;
    refused("postgresql://u@localhost/d", "belong together");
}

static void sessions_are_bounded(void **state)
{
    (void)state;
    make("postgresql://u@localhost/d");
    const char *options = word(GH_POSTGRES_OPERATIONS, 0, NULL, "options");
    assert_non_null(strstr(options, "-c statement_timeout=1500 "));
    assert_non_null(strstr(options, "-c lock_timeout=1000 "));
    assert_non_null(strstr(options, "-c idle_in_transaction_session_timeout=2000 "));
    assert_non_null(strstr(options, "-c default_transaction_isolation=serializable"));
    assert_non_null(strstr(options, "-c search_path=gatehouse,pg_temp"));
    assert_string_equal(word(GH_POSTGRES_OPERATIONS, 0, NULL, "tcp_user_timeout"), "2000");
    assert_string_equal(word(GH_POSTGRES_OPERATIONS, 0, NULL, "gssencmode"), "disable");
    assert_string_equal(word(GH_POSTGRES_OPERATIONS, 0, NULL, "application_name"), "gatehouse");
    assert_string_equal(word(GH_POSTGRES_OPERATIONS, 0, NULL, "client_encoding"), "UTF8");
    assert_string_equal(word(GH_POSTGRES_OPERATIONS, 0, NULL, "target_session_attrs"), "read-write");
    assert_string_equal(word(GH_POSTGRES_LOOK, 0, NULL, "target_session_attrs"), "any");
    assert_string_equal(word(GH_POSTGRES_OPERATIONS, 0, NULL, "user"), "u");
    assert_string_equal(word(GH_POSTGRES_OPERATIONS, 0, NULL, "dbname"), "d");
    assert_non_null(strstr(word(GH_POSTGRES_FEED, 0, NULL, "options"), "repeatable\\ read"));
    assert_null(strstr(word(GH_POSTGRES_SCHEMA, 0, NULL, "options"), "serializable"));
    gh_postgres_plan_end(&plan);
}

static void what_the_url_says_stays(void **state)
{
    (void)state;
    make("postgresql://u@localhost/d?application_name=gh7&options=-csearch_path%3Dmine&keepalives_idle=60"
         "&client_encoding=LATIN1&replication=true&target_session_attrs=any");
    assert_string_equal(word(GH_POSTGRES_OPERATIONS, 0, NULL, "application_name"), "gh7");
    assert_string_equal(word(GH_POSTGRES_OPERATIONS, 0, NULL, "keepalives_idle"), "60");
    assert_string_equal(word(GH_POSTGRES_OPERATIONS, 0, NULL, "target_session_attrs"), "any");
    const char *options = word(GH_POSTGRES_OPERATIONS, 0, NULL, "options");
    assert_int_equal(strncmp(options, "-csearch_path=mine ", 19), 0);
    assert_null(strstr(options, "gatehouse,pg_temp"));
    assert_non_null(strstr(options, "statement_timeout"));
    /* but not what would make another protocol or encoding of it */
    assert_string_equal(word(GH_POSTGRES_OPERATIONS, 0, NULL, "client_encoding"), "UTF8");
    assert_null(word(GH_POSTGRES_OPERATIONS, 0, NULL, "replication"));
    gh_postgres_plan_end(&plan);
}

/* A tool's own form of the URL, a typing error, a host too many: one line each, and never the password. */
static void what_can_not_be_is_refused_without_the_password(void **state)
{
    static const struct {
        const char *url, *part;
    } rows[] = {
        {"", "does not begin with postgresql://"},
        {"postgresql+asyncpg://u:secret@h/d", "does not begin with postgresql://"},
        {"host=h password=secret", "does not begin with postgresql://"},
        {"mysql://u:secret@h/d", "does not begin with postgresql://"},
        {"postgresql://u:secret@h:54x32/d?nonsense=1", "can't be read"},
        {"postgresql://u:sec%zzret@h/d", "can't be read"},
        {"postgresql://u:secret@[::1/d", "can't be read"},
        {"postgresql://u:secret@a,b,c:1,2/d?port=1,2", "ports"},
        {"postgresql://u:secret@a:0/d", "a number from 1 to 65535"},
        {"postgresql://u:secret@a:65536/d", "a number from 1 to 65535"},
        {"postgresql://u:secret@a:secret/d", "a number from 1 to 65535"},
        {"postgresql://u:secret@a:1,b:2x/d", "a number from 1 to 65535"},
        {"postgresql://u:secret@a,b/d?hostaddr=127.0.0.1", "hosts"},
        {"postgresql://u:secret@a/d?sslmode=verify", "sslmode must be"},
        {"postgresql://u:secret@a/d?service=other", "service"},
        {"postgresql://u:secret@a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a/d", "more than 16"},
    };
    (void)state;
    refused(NULL, "does not begin with postgresql://");
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        refused(rows[i].url, rows[i].part);
        assert_null(strstr(why, "secret"));
        assert_null(strchr(why, '\n'));
    }
}

static void the_environment_leads_nowhere_else(void **state)
{
    (void)state;
    (void)setenv("PGSERVICE", "other", 1);
    refused("postgresql://u@h/d", "PGSERVICE");
    (void)unsetenv("PGSERVICE");
    (void)setenv("PGHOSTADDR", "192.0.2.1", 1);
    refused("postgresql://u@h/d", "PGHOSTADDR");
    (void)unsetenv("PGHOSTADDR");
    (void)setenv("PGSSLMODE", "disable", 1);
    (void)setenv("PGHOST", "elsewhere", 1);
    (void)setenv("PGPORT", "1", 1);
    make("postgresql://u@db.example/d");
    assert_string_equal(word(GH_POSTGRES_OPERATIONS, 0, NULL, "sslmode"), "verify-full");
    assert_string_equal(word(GH_POSTGRES_OPERATIONS, 0, NULL, "port"), "5432");
    gh_postgres_plan_end(&plan);
    make("postgresql:///d");
    assert_string_equal(word(GH_POSTGRES_OPERATIONS, 0, NULL, "host"), "/var/run/postgresql");
    gh_postgres_plan_end(&plan);
    (void)unsetenv("PGSSLMODE");
    (void)unsetenv("PGHOST");
    (void)unsetenv("PGPORT");
}

static void options_too_long_are_no_half_ones(void **state)
{
    static char url[2048];
    gh_postgres_words words;
    (void)state;
    (void)snprintf(url, sizeof url, "postgresql://u@localhost/d?options=%01000d", 0);
    make(url);
    assert_false(gh_postgres_plan_words(&plan, &server, GH_POSTGRES_FEED, &plan.hosts[0], NULL, &words));
    gh_postgres_plan_end(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(tls_is_verified_unless_it_says_otherwise, setup),
        cmocka_unit_test_setup(warnings_name_the_server_and_the_way_out, setup),
        cmocka_unit_test_setup(hosts_have_ports_and_addresses, setup),
        cmocka_unit_test_setup(passwords_and_files, setup),
        cmocka_unit_test_setup(sessions_are_bounded, setup),
        cmocka_unit_test_setup(what_the_url_says_stays, setup),
        cmocka_unit_test_setup(what_can_not_be_is_refused_without_the_password, setup),
        cmocka_unit_test_setup(the_environment_leads_nowhere_else, setup),
        cmocka_unit_test_setup(options_too_long_are_no_half_ones, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
