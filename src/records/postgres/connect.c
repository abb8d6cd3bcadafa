/* Connecting: host after host, address after address, each with its share of the time. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/crypto.h"
#include "libraries/libpq.h"
#include "records/postgres/failure.h"
#include "records/postgres/pipeline.h"
#include "records/postgres/resolve.h"

enum {
    OLDEST_SERVER = 130000, /* xid8 and pg_current_snapshot() */
    LOOKS = 4               /* at a certificate that is not accepted */
};

/* One call of gh_postgres_open(). */
typedef struct opening {
    gh_postgres *c;
    const gh_postgres_plan *plan;
    const gh_postgres_server *server;
    enum gh_postgres_use use;
    uint64_t deadline_ms;
    char *why;
    enum gh_sql_failure failure;
} opening;

uint64_t gh_postgres_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- what OpenSSL thinks of the certificate */

/* libpq says "certificate verify failed" whatever was wrong with it. So its callback, which takes OpenSSL's verdict as it
 * is, is replaced by one that does so too, and remembers the verdict. Of the handshake that this thread drives. */
static _Thread_local gh_postgres_verdict *verdict;

static void note_end(X509_STORE_CTX *store)
{
    struct tm end;
    const X509 *certificate = X509_STORE_CTX_get_current_cert(store);
    const ASN1_TIME *until = certificate == NULL ? NULL : X509_get0_notAfter(certificate);
    if (until != NULL && ASN1_TIME_to_tm(until, &end) == 1)
        (void)strftime(verdict->until, sizeof verdict->until, "%Y-%m-%d %H:%M UTC", &end);
}

static int note_verdict(int accepted, X509_STORE_CTX *store)
{
    if (accepted == 0 && verdict != NULL) {
        verdict->error = X509_STORE_CTX_get_error(store);
        verdict->depth = X509_STORE_CTX_get_error_depth(store);
        if (verdict->error == X509_V_ERR_CERT_HAS_EXPIRED)
            note_end(store);
    }
    return accepted;
}

/* What libpq writes meanwhile is not sent before this ends, so that the server's certificate can't be there before its
 * handshake is watched; but for 200 ms at most, and then it is tried again (try_address). A unix socket has no such option,
 * and no certificate. */
static void hold_back(const PGconn *pq, int held)
{
    (void)setsockopt(PQsocket(pq), IPPROTO_TCP, TCP_CORK, &held, sizeof held);
}

static void watch_handshake(PGconn *pq)
{
    SSL *ssl = PQsslStruct(pq, "OpenSSL");
    if (ssl != NULL && SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE)
        SSL_set_verify(ssl, SSL_get_verify_mode(ssl), note_verdict);
}

/* --- one try */

static bool wait_for(const PGconn *pq, PostgresPollingStatusType what, uint64_t until_ms)
{
    struct pollfd fd = {.fd = PQsocket(pq), .events = what == PGRES_POLLING_READING ? POLLIN : POLLOUT};
    for (;;) {
        uint64_t now = gh_postgres_now_ms();
        uint64_t left = until_ms > now ? until_ms - now : 0;
        if (left == 0)
            return false;
        if (poll(&fd, 1, left > INT32_MAX ? INT32_MAX : (int)left) > 0)
            return true;
    }
}

/* False: the deadline passed, or it failed (then libpq's text says why). */
static bool drive(PGconn *pq, gh_postgres_attempt *a, uint64_t until_ms)
{
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    while (status == PGRES_POLLING_WRITING || status == PGRES_POLLING_READING) {
        a->connected = PQstatus(pq) != CONNECTION_STARTED;
        if (!wait_for(pq, status, until_ms)) {
            a->late = true;
            return false;
        }
        hold_back(pq, 1);
        status = PQconnectPoll(pq);
        watch_handshake(pq);
        hold_back(pq, 0);
    }
    return status == PGRES_POLLING_OK;
}

/* libpq keeps the password for a reconnect that we never ask it for. The text is its own, in memory that it gives out. */
static void forget_password(PGconn *pq)
{
    char *password = PQpass(pq);
    if (password != NULL)
        gh_wipe(password, gh_str_of(password).n);
}

static void be_silent(void *data, const PGresult *notice)
{
    (void)data;
    (void)notice;
}

static bool take(opening *o, PGconn *pq, gh_buf *why)
{
    forget_password(pq);
    if (PQserverVersion(pq) < OLDEST_SERVER) {
        gh_buf_printf(why, "it is PostgreSQL %d, and 13 or newer is needed", PQserverVersion(pq) / 10000);
        o->failure = GH_SQL_REFUSED;
        return false;
    }
    (void)PQsetNoticeReceiver(pq, be_silent, NULL);
    (void)PQsetErrorVerbosity(pq, PQERRORS_DEFAULT);
    if (PQsetnonblocking(pq, 1) != 0 || PQenterPipelineMode(pq) != 1) {
        gh_buf_lit(why, "no memory");
        o->failure = GH_SQL_NO_MEMORY;
        return false;
    }
    o->c->pq = pq;
    return true;
}

/* Where, and behind it what. */
static gh_buf begin_why(const opening *o, const gh_postgres_host *host, const char *address)
{
    gh_buf out = gh_buf_over(o->why, GH_POSTGRES_WHY - 1);
    gh_postgres_host_put(&out, host);
    if (address != NULL && !gh_str_eq(gh_str_of(address), gh_str_of(host->host)))
        gh_buf_printf(&out, " (%s)", address);
    gh_buf_lit(&out, ": ");
    return out;
}

/* True: connected. False: it failed, *ret_again: and nobody saw why the certificate was not accepted. */
static bool try_once(opening *o, const gh_postgres_words *words, gh_postgres_attempt *a, uint64_t until_ms,
                     gh_buf *why, bool *ret_again)
{
    PGconn *pq = PQconnectStartParams(words->keys, words->values, 0);
    *ret_again = false;
    if (pq == NULL) {
        gh_buf_lit(why, "no memory");
        o->failure = GH_SQL_NO_MEMORY;
        return false;
    }
    (void)PQsetErrorVerbosity(pq, PQERRORS_VERBOSE);
    verdict = &a->verdict;
    bool connected = PQstatus(pq) != CONNECTION_BAD && drive(pq, a, until_ms);
    verdict = NULL;
    if (connected && take(o, pq, why))
        return true;
    if (!connected) {
        *ret_again = gh_postgres_is_unseen(a, PQerrorMessage(pq));
        o->failure = gh_postgres_explain(why, a, PQerrorMessage(pq));
    }
    PQfinish(pq);
    return false;
}

static bool try_address(opening *o, const gh_postgres_host *host, const char *address, uint64_t until_ms)
{
    gh_postgres_words words;
    gh_postgres_attempt a = {.plan = o->plan, .server = o->server, .host = host};
    const gh_buf where = begin_why(o, host, address);
    gh_buf why = where;
    bool again = true, done = false;
    o->failure = GH_SQL_MISUSE;
    if (!gh_postgres_plan_words(o->plan, o->server, o->use, host, address, &words)) {
        gh_buf_lit(&why, "the options in postgresql.url are too long");
        again = false;
    }
    for (unsigned i = 0; i < LOOKS && again && !done; i++) {
        why = where;
        done = try_once(o, &words, &a, until_ms, &why, &again);
    }
    o->why[why.n] = '\0';
    return done;
}

/* --- all of them */

static uint64_t share(uint64_t deadline_ms, unsigned left)
{
    uint64_t now = gh_postgres_now_ms();
    return deadline_ms <= now ? now : now + (deadline_ms - now) / left;
}

/* Another host may do better; a refusal would be the same there. */
static bool may_go_on(const opening *o)
{
    return o->failure == GH_SQL_UNAVAILABLE;
}

static void say_unresolved(opening *o, const gh_postgres_host *host, enum gh_resolved result)
{
    gh_buf why = begin_why(o, host, NULL);
    switch (result) {
    case GH_RESOLVE_UNKNOWN:
        gh_buf_lit(&why, "there is no such host name: is it right?");
        break;
    case GH_RESOLVE_FAILED:
        gh_buf_lit(&why, "its name can't be resolved: do the name servers answer?");
        break;
    case GH_RESOLVE_LATE:
        gh_buf_printf(&why, "its name was not resolved within %u ms: do the name servers answer?",
                      o->server->timeout_ms);
        break;
    case GH_RESOLVE_NO_MEMORY:
    case GH_RESOLVED:
        gh_buf_lit(&why, "its name can't be resolved: no memory");
        break;
    }
    o->why[why.n] = '\0';
    o->failure = GH_SQL_UNAVAILABLE;
}

static bool try_name(opening *o, const gh_postgres_host *host, uint64_t until_ms)
{
    char addresses[GH_RESOLVE_ADDRESSES][GH_IP_TEXT_MAX];
    unsigned n = 0;
    enum gh_resolved result = gh_resolve(host->host, until_ms, addresses, &n);
    if (result != GH_RESOLVED) {
        say_unresolved(o, host, result);
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        if (try_address(o, host, addresses[i], share(until_ms, n - i)))
            return true;
        if (!may_go_on(o))
            return false;
    }
    return false;
}

static bool try_host(opening *o, const gh_postgres_host *host, uint64_t until_ms)
{
    gh_ip ip;
    bool known = host->socket || host->address[0] != '\0' || gh_ip_parse(gh_str_of(host->host), &ip);
    return known ? try_address(o, host, NULL, until_ms) : try_name(o, host, until_ms);
}

static bool try_all(opening *o)
{
    for (unsigned i = 0; i < o->plan->n; i++) {
        if (try_host(o, &o->plan->hosts[i], share(o->deadline_ms, o->plan->n - i))) {
            gh_buf where = gh_buf_over(o->c->where, sizeof o->c->where - 1);
            gh_postgres_host_put(&where, &o->plan->hosts[i]);
            o->c->where[where.n] = '\0';
            return true;
        }
        if (!may_go_on(o))
            return false;
    }
    return false;
}

static bool open_by(gh_postgres *c, const gh_postgres_server *server, enum gh_postgres_use use,
                    uint64_t deadline_ms, char *why)
{
    gh_postgres_plan plan;
    gh_postgres_begin(c, server->timeout_ms);
    if (!gh_postgres_plan_make(&plan, server, why)) {
        gh_sql_fail_text(&c->sql, GH_SQL_MISUSE, why);
        return false;
    }
    opening o = {c, &plan, server, use, deadline_ms, why, GH_SQL_UNAVAILABLE};
    bool done = try_all(&o);
    gh_postgres_plan_end(&plan);
    if (!done)
        gh_sql_fail_text(&c->sql, o.failure, why);
    return done;
}

bool gh_postgres_open(gh_postgres *c, const gh_postgres_server *server, enum gh_postgres_use use,
                      uint64_t deadline_ms, char *why)
{
    gh_postgres_server with = *server;
    if (server->passwords == NULL)
        return open_by(c, server, use, deadline_ms, why);
    gh_pg_password *password = gh_pg_passwords_take(server->passwords);
    with.password = password == NULL ? NULL : password->text.p;
    bool done = open_by(c, &with, use, deadline_ms, why);
    gh_pg_passwords_give(server->passwords, password);
    return done;
}
