#include "postgres_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "certificates.h"

#define PROGRAMS "/usr/lib/postgresql/15/bin/"

uint64_t postgres_patience_ms(void)
{
    const char *factor = getenv("GATEHOUSE_TEST_TIMEOUT");
    uint64_t times = 1;
    if (factor == NULL || !gh_str_u64(gh_str_of(factor), &times) || times == 0)
        times = 1;
    return 30000 * times;
}

const char *postgres_text(const char *format, ...)
{
    static char memory[16][1024];
    static unsigned turn;
    char *text = memory[turn++ % 16];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(text, sizeof memory[0], format, list);
    va_end(list);
    return text;
}

const char *postgres_file(const postgres *p, const char *name)
{
    return postgres_text("%s/%s", p->folder, name);
}

/* --- programs */

/* PostgreSQL refuses to run as root. */
static const struct passwd *other_user(void)
{
    return geteuid() == 0 ? getpwnam("postgres") : NULL;
}

/* The child of a test that is killed shall not live on. */
static int spawn(const postgres *p, const char *const *words)
{
    const struct passwd *user = other_user();
    int pid = fork();
    if (pid != 0)
        return pid;
    int log = open(postgres_file(p, "log"), O_WRONLY | O_CREAT | O_APPEND, 0666);
    (void)dup2(log, 1);
    (void)dup2(log, 2);
    (void)close_range(3, ~0U, 0);
    if (user != NULL && (setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0))
        _exit(126);
    (void)prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (chdir("/") != 0)
        _exit(126);
    (void)execv(words[0], (char *const *)(uintptr_t)words);
    _exit(127);
}

static void show_log(const postgres *p)
{
    char line[512];
    FILE *log = fopen(postgres_file(p, "log"), "r");
    while (log != NULL && fgets(line, sizeof line, log) != NULL)
        (void)fprintf(stderr, "postgres: %s", line);
    if (log != NULL)
        (void)fclose(log);
}

static void run(const postgres *p, const char *const *words)
{
    int status = 0, pid = spawn(p, words);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (status == 0)
        return;
    show_log(p);
    fail_msg("%s: status %d", words[0], status);
}

/* --- the folder */

static void write_file(const postgres *p, const char *name, const char *text)
{
    FILE *out = fopen(postgres_file(p, name), "w");
    assert_non_null(out);
    (void)fputs(text, out);
    (void)fclose(out);
}

static const char rules[] = "local all all trust\n"
                            "host all stranger all reject\n"
                            "hostssl all certified all cert\n"
                            "host all all all scram-sha-256\n";

static void make_certificates(const postgres *p)
{
    const struct passwd *user = other_user();
    int owner = user == NULL ? -1 : (int)user->pw_uid;
    certificate ca = certificate_make("A test's authority", NULL, -86400, 86400, NULL);
    certificate other = certificate_make("Another authority", NULL, -86400, 86400, NULL);
    certificate made[] = {
        certificate_make("localhost", "DNS:localhost,DNS:db.example,IP:127.0.0.1", -3600, 3600, &ca),
        certificate_make("localhost", "DNS:localhost", -7200, -3600, &ca),
        certificate_make("other.example", "DNS:other.example", -3600, 3600, &ca),
        certificate_make("localhost", "DNS:localhost", -3600, 3600, &other),
        certificate_make("certified", NULL, -3600, 3600, &ca),
        certificate_make("certified", NULL, -7200, -3600, &ca),
        certificate_make("certified", NULL, -3600, 3600, &other),
    };
    static const char *const names[] = {"good",   "expired",        "elsewhere",      "stranger",
                                        "client", "client_expired", "client_stranger"};
    certificate_write(&ca, p->folder, "ca", owner);
    certificate_write(&other, p->folder, "other_ca", owner);
    for (size_t i = 0; i < GH_COUNT(made); i++) {
        certificate_write(&made[i], p->folder, names[i], i >= 4 ? -1 : owner);
        certificate_free(&made[i]);
    }
    certificate_free(&ca);
    certificate_free(&other);
}

static unsigned free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)(void *)&address, n), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)(void *)&address, &n), 0);
    (void)close(fd);
    return ntohs(address.sin_port);
}

postgres *postgres_make(void)
{
    postgres *p = calloc(1, sizeof *p);
    const struct passwd *user = other_user();
    const char *base = getenv("TMPDIR");
    (void)snprintf(p->folder, sizeof p->folder, "%s/gh-pg-XXXXXX", base == NULL ? "/tmp" : base);
    assert_non_null(mkdtemp(p->folder));
    assert_int_equal(chmod(p->folder, 0755), 0);
    if (user != NULL)
        assert_int_equal(chown(p->folder, user->pw_uid, user->pw_gid), 0);
    p->port = free_port();
    make_certificates(p);
    const char *const initdb[] = {PROGRAMS "initdb",
                                  "-D",
                                  postgres_file(p, "data"),
                                  "-U",
                                  "owner",
                                  "-E",
                                  "UTF8",
                                  "--locale=C",
                                  "--auth=trust",
                                  "-N",
                                  NULL};
    run(p, initdb);
    write_file(p, "data/pg_hba.conf", rules);
    postgres_start(p, NULL);
    postgres_sql(p, "postgres",
                 "CREATE ROLE service LOGIN PASSWORD 'right password'; CREATE ROLE certified LOGIN;"
                 "CREATE ROLE stranger LOGIN PASSWORD 'right password'");
    postgres_stop(p);
    return p;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

void postgres_remove(postgres *p)
{
    if (p == NULL)
        return;
    postgres_kill(p);
    (void)nftw(p->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(p);
}

/* --- the server */

static PGconn *connect_owner(const postgres *p, const char *database)
{
    const char *const keys[] = {"host", "port", "user", "dbname", "gssencmode", "options", NULL};
    const char *const values[] = {p->folder, postgres_text("%u", p->port),     "owner", database,
                                  "disable", "-c client_min_messages=warning", NULL};
    return PQconnectdbParams(keys, values, 0);
}

static bool can_be_asked(const postgres *p)
{
    PGconn *c = connect_owner(p, "postgres");
    bool connected = PQstatus(c) == CONNECTION_OK;
    PQfinish(c);
    return connected;
}

void postgres_start(postgres *p, const char *shows)
{
    const char *name = shows == NULL ? "good" : shows;
    const char *const words[] = {
        PROGRAMS "postgres",
        "-D",
        postgres_file(p, "data"),
        "-k",
        p->folder,
        "-h",
        "127.0.0.1",
        "-p",
        postgres_text("%u", p->port),
        "-c",
        "fsync=off",
        "-c",
        "shared_buffers=16MB",
        "-c",
        shows == NULL ? "ssl=off" : "ssl=on",
        "-c",
        postgres_text("ssl_cert_file=%s/%s.crt", p->folder, name),
        "-c",
        postgres_text("ssl_key_file=%s/%s.key", p->folder, name),
        "-c",
        postgres_text("ssl_ca_file=%s/ca.crt", p->folder),
        NULL,
    };
    assert_int_equal(p->pid, 0);
    p->pid = spawn(p, words);
    for (uint64_t until = gh_postgres_now_ms() + postgres_patience_ms(); !can_be_asked(p);) {
        if (gh_postgres_now_ms() > until || waitpid(p->pid, NULL, WNOHANG) != 0) {
            show_log(p);
            fail_msg("PostgreSQL does not start");
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
}

static void end(postgres *p, int signal)
{
    if (p->pid == 0)
        return;
    (void)kill(p->pid, signal);
    while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    p->pid = 0;
}

/* Each of its processes; the list is whole while it is stopped itself. */
static void signal_children(const postgres *p, int signal)
{
    char path[64], word[4096];
    int pid;
    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", p->pid, p->pid);
    FILE *list = fopen(path, "r");
    while (list != NULL && fgets(word, sizeof word, list) != NULL)
        for (char *at = word, *next = at; (pid = (int)strtol(at, &next, 10)) != 0; at = next)
            (void)kill(pid, signal);
    if (list != NULL)
        (void)fclose(list);
}

void postgres_pause(postgres *p)
{
    if (p->pid == 0)
        return;
    (void)kill(p->pid, SIGSTOP);
    (void)waitpid(p->pid, NULL, WUNTRACED);
    signal_children(p, SIGSTOP);
    p->paused = true;
}

void postgres_resume(postgres *p)
{
    if (p->pid == 0)
        return;
    signal_children(p, SIGCONT); /* a child of this process may have paused it, and nobody told us */
    (void)kill(p->pid, SIGCONT);
    p->paused = false;
}

void postgres_stop(postgres *p)
{
    postgres_resume(p);
    end(p, SIGINT); /* "fast": ends sessions */
}

/* "immediate": all of its processes end without a word, and the next start recovers. */
void postgres_kill(postgres *p)
{
    postgres_resume(p);
    end(p, SIGQUIT);
}

void postgres_next_timeline(postgres *p)
{
    static unsigned timeline = 1;
    const char *const words[] = {PROGRAMS "pg_resetwal", "-l",
                                 postgres_text("%08X00000000000000FF", ++timeline), postgres_file(p, "data"),
                                 NULL};
    run(p, words);
}

/* --- asking */

static PGresult *ask(postgres *p, const char *database, const char *text, PGconn **ret)
{
    *ret = connect_owner(p, database);
    if (PQstatus(*ret) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(*ret));
    PGresult *r = PQexec(*ret, text);
    if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
        fail_msg("%.200s: %s", text, PQerrorMessage(*ret));
    return r;
}

void postgres_sql(postgres *p, const char *database, const char *text)
{
    PGconn *c;
    PQclear(ask(p, database, text, &c));
    PQfinish(c);
}

int64_t postgres_number(postgres *p, const char *database, const char *text)
{
    PGconn *c;
    PGresult *r = ask(p, database, text, &c);
    int64_t n = PQntuples(r) == 0 ? INT64_MIN : strtoll(PQgetvalue(r, 0, 0), NULL, 10);
    PQclear(r);
    PQfinish(c);
    return n;
}
