#include "redis_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char program[] = "/usr/bin/redis-server";

bool redis_is_there(void)
{
    return access(program, X_OK) == 0;
}

uint16_t redis_free_port(void)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &size), 0);
    (void)close(fd);
    return ntohs(in.sin_port);
}

static int connect_to(const redis_server *s)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(strlen(s->socket) < sizeof un.sun_path);
    memcpy(un.sun_path, s->socket, strlen(s->socket));
    if (connect(fd, (struct sockaddr *)&un, sizeof un) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

static bool read_line(int fd, char *line, size_t size)
{
    size_t n = 0;
    while (n + 1 < size && recv(fd, line + n, 1, 0) == 1)
        if (line[n++] == '\n')
            break;
    line[n] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    return n > 0;
}

/* The first line of the reply, with its type; of a bulk string its text, behind the type. */
static bool ask(int fd, const char *command, char *line, size_t size)
{
    if (dprintf(fd, "%s\r\n", command) < 0 || !read_line(fd, line, size))
        return false;
    return line[0] != '$' || line[1] == '-' || read_line(fd, line + 1, size - 1);
}

static bool answers(const redis_server *s)
{
    char line[256];
    int fd = connect_to(s);
    if (fd < 0)
        return false;
    bool good = ask(fd, "PING", line, sizeof line) && (line[0] == '+' || strncmp(line, "-NOAUTH", 7) == 0);
    (void)close(fd);
    return good;
}

static void be_server(const redis_server *s)
{
    char port[16], tls_port[16], *args[64];
    unsigned n = 0;
    int nowhere = open("/dev/null", O_RDWR);
    (void)snprintf(port, sizeof port, "%u", s->port);
    (void)snprintf(tls_port, sizeof tls_port, "%u", s->tls_port);
    const char *const always[] = {program,        "--port",  port,          "--bind",  "127.0.0.1",  "-::1",
                                  "--unixsocket", s->socket, "--dir",       s->folder, "--save",     "",
                                  "--appendonly", "no",      "--daemonize", "no",      "--tls-port", tls_port,
                                  "--logfile",    "log"};
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        args[n++] = (char *)(uintptr_t)always[i];
    for (size_t i = 0; s->more != NULL && s->more[i] != NULL; i++)
        args[n++] = (char *)(uintptr_t)s->more[i];
    args[n] = NULL;
    (void)dup2(nowhere, 0);
    (void)dup2(nowhere, 1);
    (void)dup2(nowhere, 2);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)execv(program, args);
    _exit(127);
}

static double time_limit_s(void)
{
    const char *factor = getenv("GATEHOUSE_TEST_TIMEOUT");
    return 20 * (factor != NULL ? strtod(factor, NULL) : 1);
}

void redis_start_again(redis_server *s)
{
    time_t begin = time(NULL);
    s->pid = fork();
    assert_true(s->pid >= 0);
    if (s->pid == 0)
        be_server(s);
    while (!answers(s)) {
        if (waitpid(s->pid, NULL, WNOHANG) == s->pid || (double)(time(NULL) - begin) > time_limit_s()) {
            s->pid = 0;
            fail_msg("redis-server does not start: see %s/log", s->folder);
        }
        (void)usleep(5000);
    }
}

void redis_make_folder(redis_server *s)
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(s->folder, sizeof s->folder, "%s/gatehouse-redis-XXXXXX", base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(s->folder));
}

void redis_start(redis_server *s, const char *const *more)
{
    s->more = more;
    if (s->folder[0] == '\0')
        redis_make_folder(s);
    (void)snprintf(s->socket, sizeof s->socket, "%s/socket", s->folder);
    if (s->port == 0)
        s->port = redis_free_port();
    redis_start_again(s);
}

void redis_signal(redis_server *s, int number)
{
    assert_int_equal(kill(s->pid, number), 0);
}

void redis_kill(redis_server *s)
{
    if (s->pid <= 0)
        return;
    (void)kill(s->pid, SIGKILL);
    (void)waitpid(s->pid, NULL, 0);
    s->pid = 0;
}

void redis_remove(redis_server *s)
{
    char path[512];
    redis_kill(s);
    DIR *folder = s->folder[0] != '\0' ? opendir(s->folder) : NULL;
    for (struct dirent *e; folder != NULL && (e = readdir(folder)) != NULL;) {
        (void)snprintf(path, sizeof path, "%s/%s", s->folder, e->d_name);
        (void)unlink(path);
    }
    if (folder != NULL)
        (void)closedir(folder);
    (void)rmdir(s->folder);
    *s = (redis_server){.pid = 0};
}

void redis_tell(const redis_server *s, const char *command, char *ret, size_t size)
{
    char line[512];
    int fd = connect_to(s);
    assert_true(fd >= 0);
    bool good = ask(fd, command, line, sizeof line);
    (void)close(fd);
    if (!good || line[0] == '-')
        fail_msg("%s: %s", command, line);
    if (ret != NULL)
        (void)snprintf(ret, size, "%s", line + 1);
}

int redis_open(const redis_server *s)
{
    int fd = connect_to(s);
    assert_true(fd >= 0);
    return fd;
}

void redis_say(int fd, const char *command)
{
    char line[512];
    if (!ask(fd, command, line, sizeof line) || line[0] == '-')
        fail_msg("%s: %s", command, line);
}

long redis_number(const redis_server *s, const char *command)
{
    char line[64];
    redis_tell(s, command, line, sizeof line);
    return strtol(line, NULL, 10);
}

static void file_of(char *path, size_t size, const char *folder, const char *name, const char *end)
{
    (void)snprintf(path, size, "%s/%s.%s", folder, name, end);
}

static void add_extension(X509 *x, int id, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, id, value);
    assert_non_null(e);
    assert_int_equal(X509_add_ext(x, e, -1), 1);
    X509_EXTENSION_free(e);
}

static void name_it(X509_NAME *name, const char *text)
{
    assert_int_equal(
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)text, -1, -1, 0), 1);
}

static EVP_PKEY *signer_key(const char *folder, const char *signer)
{
    char path[512];
    file_of(path, sizeof path, folder, signer, "key");
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    EVP_PKEY *key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
    (void)fclose(f);
    assert_non_null(key);
    return key;
}

static void write_files(const char *folder, const char *name, X509 *x, EVP_PKEY *key)
{
    char path[512];
    file_of(path, sizeof path, folder, name, "pem");
    FILE *f = fopen(path, "w");
    assert_int_equal(PEM_write_X509(f, x), 1);
    (void)fclose(f);
    file_of(path, sizeof path, folder, name, "key");
    f = fopen(path, "w");
    assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
    (void)fclose(f);
}

void redis_make_certificate(const char *folder, const redis_certificate *c)
{
    static long serial = 1;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    EVP_PKEY *signer = c->signer != NULL ? signer_key(folder, c->signer) : key;
    X509 *x = X509_new();
    assert_int_equal(X509_set_version(x, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(x), serial++), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(x), c->from_s));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(x), c->until_s));
    name_it(X509_get_subject_name(x), c->name);
    X509_NAME *issuer = X509_NAME_new();
    name_it(issuer, c->signer != NULL ? c->signer : c->name);
    assert_int_equal(X509_set_issuer_name(x, issuer), 1);
    X509_NAME_free(issuer);
    assert_int_equal(X509_set_pubkey(x, key), 1);
    if (c->alternative == NULL) {
        add_extension(x, NID_basic_constraints, "critical,CA:TRUE");
        add_extension(x, NID_key_usage, "critical,keyCertSign");
    } else {
        add_extension(x, NID_subject_alt_name, c->alternative);
    }
    assert_true(X509_sign(x, signer, EVP_sha256()) > 0);
    write_files(folder, c->name, x, key);
    X509_free(x);
    if (signer != key)
        EVP_PKEY_free(signer);
    EVP_PKEY_free(key);
}
