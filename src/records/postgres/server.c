#include "records/postgres/server.h"

#include <stdlib.h>

#include "base/crypto.h"
#include "base/ip.h"
#include "libraries/libpq.h"

#define SYSTEM_CAS "/etc/ssl/certs/ca-certificates.crt"

/* From the weakest to the strongest. */
static const char *const modes[] = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"};
enum { MODE_PREFER = 2, MODE_REQUIRE, MODE_VERIFY_CA, MODE_VERIFY_FULL };

static gh_str text_of(const char *text)
{
    return text == NULL ? (gh_str){NULL, 0} : gh_str_of(text);
}

static bool is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* What the URL says; NULL: nothing. */
static const char *named(const gh_postgres_plan *plan, const char *key)
{
    for (const PQconninfoOption *o = plan->url; o->keyword != NULL; o++)
        if (gh_str_eq(gh_str_of(o->keyword), gh_str_of(key)))
            return is_set(o->val) ? o->val : NULL;
    return NULL;
}

static bool say(char *why, const char *text)
{
    gh_buf out = gh_buf_over(why, GH_POSTGRES_WHY - 1);
    gh_buf_put(&out, gh_str_cut(gh_str_of(text), 0, GH_POSTGRES_WHY - 1));
    why[out.n] = '\0';
    return false;
}

/* --- the hosts */

/* The i-th of a list with commas; of a list of one that one for all. Absent: there is none. */
static gh_str item(const char *list, unsigned i)
{
    gh_str rest = text_of(list), part = rest;
    if (memchr(rest.p == NULL ? "" : rest.p, ',', rest.n) == NULL)
        return rest;
    for (unsigned at = 0; at <= i; at++)
        if (!gh_str_next(&rest, ',', &part))
            return (gh_str){NULL, 0};
    return part;
}

static unsigned count(const char *list)
{
    gh_str rest = text_of(list), part;
    unsigned n = 0;
    while (gh_str_next(&rest, ',', &part))
        n++;
    return n;
}

/* A copy with a NUL; "" where it is absent. */
static const char *keep(gh_buf *memory, gh_str text)
{
    const char *at = memory->p + memory->n;
    gh_buf_put(memory, text);
    gh_buf_char(memory, '\0');
    return gh_buf_ok(memory) ? at : "";
}

static bool is_loopback(gh_str text)
{
    gh_ip ip;
    if (gh_str_eq(text, GH_STR("localhost")))
        return true;
    return gh_ip_parse(text, &ip) && gh_ip_is_loopback(&ip);
}

static void read_host(gh_postgres_plan *plan, gh_buf *memory, unsigned i)
{
    gh_str host = item(named(plan, "host"), i), address = item(named(plan, "hostaddr"), i);
    gh_str port = item(named(plan, "port"), i);
    if (host.n == 0 && address.n == 0)
        host = GH_STR("/var/run/postgresql");
    gh_postgres_host *h = &plan->hosts[i];
    h->socket = address.n == 0 && (host.p[0] == '/' || host.p[0] == '@');
    h->local = h->socket || is_loopback(address.n > 0 ? address : host);
    h->host = keep(memory, host);
    h->address = keep(memory, address);
    h->port = keep(memory, port.n > 0 ? port : GH_STR("5432"));
}

/* libpq would look at it when it connects. */
static bool is_port(const char *text)
{
    uint64_t n;
    return gh_str_u64(gh_str_of(text), &n) && n >= 1 && n <= UINT16_MAX;
}

static bool fits(unsigned n, unsigned hosts)
{
    return n <= 1 || n == hosts;
}

static bool read_hosts(gh_postgres_plan *plan, char *why)
{
    unsigned hosts = count(named(plan, "host")), addresses = count(named(plan, "hostaddr"));
    unsigned n = hosts > addresses ? hosts : addresses;
    plan->n = n == 0 ? 1 : n;
    if (plan->n > GH_POSTGRES_HOSTS)
        return say(why, "postgresql.url names more than 16 hosts");
    if ((hosts > 0 && hosts != plan->n) || (addresses > 0 && addresses != plan->n) ||
        !fits(count(named(plan, "port")), plan->n))
        return say(why,
                   "postgresql.url: as many ports and hostaddrs as hosts are wanted, or one port for all");
    gh_buf memory = gh_buf_over(plan->memory, sizeof plan->memory);
    for (unsigned i = 0; i < plan->n; i++) {
        read_host(plan, &memory, i);
        if (gh_buf_ok(&memory) && !is_port(plan->hosts[i].port))
            return say(why, "postgresql.url: its port is not a number from 1 to 65535: write "
                            "postgresql://user@host:5432/database");
    }
    return gh_buf_ok(&memory) || say(why, "postgresql.url: its hosts are too long");
}

void gh_postgres_host_put(gh_buf *out, const gh_postgres_host *host)
{
    gh_str name = gh_str_of(host->host[0] != '\0' ? host->host : host->address);
    bool brackets = !host->socket && gh_str_find(name, ':') < name.n;
    if (brackets)
        gh_buf_char(out, '[');
    for (size_t i = 0; i < name.n; i++)
        gh_buf_char(out, name.p[i] > ' ' && name.p[i] < 0x7f ? name.p[i] : '?');
    if (brackets)
        gh_buf_char(out, ']');
    gh_buf_char(out, ':');
    gh_buf_put(out, gh_str_cut(gh_str_of(host->port), 0, 8));
}

static void describe(gh_postgres_plan *plan)
{
    gh_buf out = gh_buf_over(plan->where, sizeof plan->where - 1);
    gh_postgres_host_put(&out, &plan->hosts[0]);
    if (plan->n > 1)
        gh_buf_printf(&out, " (and %u more)", plan->n - 1);
    plan->where[out.n] = '\0';
}

/* --- TLS */

static bool all_local(const gh_postgres_plan *plan)
{
    for (unsigned i = 0; i < plan->n; i++)
        if (!plan->hosts[i].local)
            return false;
    return true;
}

static void warn(gh_postgres_plan *plan, unsigned mode)
{
    static const char *const what[] = {
        [MODE_REQUIRE] =
            "the server's certificate is not verified, so whoever stands in between can read and change all of it",
        [MODE_VERIFY_CA] = "any certificate of the CA is taken, whatever name is in it",
    };
    gh_buf out = gh_buf_over(plan->warning, sizeof plan->warning - 1);
    bool plain = mode < MODE_REQUIRE;
    if (mode < MODE_VERIFY_FULL && !all_local(plan))
        gh_buf_printf(
            &out, "postgresql.url says sslmode=%s and %s is another machine: %s; sslmode=verify-full is safe",
            modes[mode], plan->where,
            plain ? "what goes there may be unencrypted, for anybody on the way to read and change"
                  : what[mode]);
    plan->warning[out.n] = '\0';
}

static bool read_mode(gh_postgres_plan *plan, const gh_postgres_server *server, char *why)
{
    const char *written = named(plan, "sslmode"), *root = named(plan, "sslrootcert");
    unsigned mode = 0;
    if (is_set(server->ca_file))
        root = server->ca_file;
    if (written == NULL)
        written = modes[all_local(plan) && root == NULL ? MODE_PREFER : MODE_VERIFY_FULL];
    while (mode < GH_COUNT(modes) && !gh_str_eq(gh_str_of(modes[mode]), gh_str_of(written)))
        mode++;
    if (mode == GH_COUNT(modes))
        return say(
            why, "postgresql.url: sslmode must be verify-full, verify-ca, require, prefer, allow or disable");
    if (is_set(server->cert_file) != is_set(server->key_file))
        return say(why,
                   "postgresql.cert_file and postgresql.key_file belong together: give both, or neither");
    plan->sslmode = modes[mode];
    plan->root = root != NULL ? root : mode >= MODE_VERIFY_CA ? SYSTEM_CAS : NULL;
    warn(plan, mode);
    return true;
}

/* --- the plan */

/* Nothing changes the environment while threads run. */
static bool is_in_environment(const char *name)
{
    return is_set(getenv(name)); /* NOLINT(concurrency-mt-unsafe) */
}

/* What would name another server than the URL does. */
static bool refuse_detours(const gh_postgres_plan *plan, char *why)
{
    if (named(plan, "service") != NULL || is_in_environment("PGSERVICE"))
        return say(
            why,
            "PostgreSQL's service files are not read: take service= out of postgresql.url, unset PGSERVICE, and "
            "name the server in the URL");
    if (is_in_environment("PGHOSTADDR"))
        return say(why, "PGHOSTADDR is set and would lead elsewhere than postgresql.url: unset it");
    return true;
}

static bool parse(gh_postgres_plan *plan, const char *url, char *why)
{
    gh_str text = text_of(url);
    char *error = NULL, missing[GH_LIBRARY_WHY];
    if (!gh_str_starts(text, GH_STR("postgresql://")) && !gh_str_starts(text, GH_STR("postgres://")))
        return say(
            why,
            "postgresql.url (POSTGRESQL_URL) does not begin with postgresql://: write postgresql://user@host:5432/database");
    if (!gh_libpq_load(missing))
        return say(why, missing);
    plan->url = PQconninfoParse(url, &error);
    if (error != NULL) { /* the URL is in it, and so may be the password */
        gh_wipe(error, gh_str_of(error).n);
        PQfreemem(error);
    }
    return plan->url != NULL ||
           say(why,
               "postgresql.url can't be read as postgresql://user@host:5432/database?option=value: of user, password and "
               "database other characters than letters, digits and -._~ are written %XX, and options are libpq's");
}

bool gh_postgres_plan_make(gh_postgres_plan *ret, const gh_postgres_server *server, char *why)
{
    *ret = (gh_postgres_plan){0};
    if (!parse(ret, server->url, why))
        return false;
    bool done = refuse_detours(ret, why) && read_hosts(ret, why);
    if (done) {
        describe(ret);
        done = read_mode(ret, server, why);
    }
    if (!done)
        gh_postgres_plan_end(ret);
    return done;
}

void gh_postgres_plan_end(gh_postgres_plan *plan)
{
    for (PQconninfoOption *o = plan->url; o != NULL && o->keyword != NULL; o++)
        if (o->val != NULL)
            gh_wipe(o->val, gh_str_of(o->val).n);
    if (plan->url != NULL)
        PQconninfoFree(plan->url);
    plan->url = NULL;
}

/* --- the words */

static void add(gh_postgres_words *w, const char *key, const char *value)
{
    if (!is_set(value) || w->n == GH_POSTGRES_WORDS)
        return;
    w->keys[w->n] = key;
    w->values[w->n++] = value;
}

/* Those that we say ourselves, whatever the URL says; replication is another protocol. */
static bool is_ours(gh_str key)
{
    static const gh_str ours[] = {
        GH_STR_INIT("host"),        GH_STR_INIT("hostaddr"),        GH_STR_INIT("port"),
        GH_STR_INIT("password"),    GH_STR_INIT("sslmode"),         GH_STR_INIT("sslrootcert"),
        GH_STR_INIT("sslcert"),     GH_STR_INIT("sslkey"),          GH_STR_INIT("options"),
        GH_STR_INIT("replication"), GH_STR_INIT("client_encoding"), GH_STR_INIT("service")};
    for (size_t i = 0; i < GH_COUNT(ours); i++)
        if (gh_str_eq(key, ours[i]))
            return true;
    return false;
}

static void add_default(const gh_postgres_plan *plan, gh_postgres_words *w, const char *key,
                        const char *value)
{
    if (named(plan, key) == NULL)
        add(w, key, value);
}

/* Operations find their rows by an index in a small table, too: who reads a table from end to end is in the way of all
 * who write to it (statements_postgres.def). A statement that takes too long is ended by the server, before we give the
 * whole server up. */
static void put_settings(gh_buf *out, enum gh_postgres_use use, uint32_t timeout_ms)
{
    uint32_t idle = timeout_ms > 1000 ? timeout_ms : 1000, lock = timeout_ms > 1 ? timeout_ms / 2 : 1;
    gh_buf_lit(out, " -c jit=off");
    switch (use) {
    case GH_POSTGRES_LOOK:
    case GH_POSTGRES_OPERATIONS:
        gh_buf_printf(out,
                      " -c statement_timeout=%u -c lock_timeout=%u -c idle_in_transaction_session_timeout=%u",
                      timeout_ms - timeout_ms / 4, lock, idle);
        gh_buf_lit(out, " -c default_transaction_isolation=serializable");
        gh_buf_lit(out, " -c enable_seqscan=off -c plan_cache_mode=force_generic_plan");
        return;
    case GH_POSTGRES_FEED:
        gh_buf_printf(
            out,
            " -c statement_timeout=600000 -c lock_timeout=%u -c idle_in_transaction_session_timeout=60000",
            timeout_ms);
        gh_buf_lit(out, " -c default_transaction_isolation=repeatable\\ read -c synchronous_commit=off");
        return;
    case GH_POSTGRES_SCHEMA:
        gh_buf_lit(
            out,
            " -c statement_timeout=0 -c lock_timeout=60000 -c idle_in_transaction_session_timeout=60000");
        gh_buf_lit(out, " -c default_transaction_isolation=read\\ committed");
        return;
    }
}

/* pg_temp last: what somebody else makes there must not be found before what is meant. */
static bool put_options(const gh_postgres_plan *plan, const gh_postgres_server *server,
                        enum gh_postgres_use use, gh_postgres_words *w)
{
    gh_str given = text_of(named(plan, "options"));
    gh_buf out = gh_buf_over(w->options, sizeof w->options - 1);
    gh_buf_put(&out, given);
    put_settings(&out, use, server->timeout_ms);
    if (memmem(given.n == 0 ? "" : given.p, given.n, "search_path", 11) == NULL)
        gh_buf_lit(&out, " -c search_path=gatehouse,pg_temp");
    w->options[out.n] = '\0';
    add(w, "options", w->options);
    return gh_buf_ok(&out);
}

static void put_connection(const gh_postgres_plan *plan, const gh_postgres_server *server,
                           enum gh_postgres_use use, gh_postgres_words *w)
{
    add(w, "password", is_set(server->password) ? server->password : named(plan, "password"));
    add(w, "sslmode", plan->sslmode);
    add(w, "sslrootcert", plan->root);
    add(w, "sslcert", is_set(server->cert_file) ? server->cert_file : named(plan, "sslcert"));
    add(w, "sslkey", is_set(server->key_file) ? server->key_file : named(plan, "sslkey"));
    add(w, "client_encoding", "UTF8");
    add_default(plan, w, "gssencmode", "disable");
    add_default(plan, w, "target_session_attrs", use == GH_POSTGRES_LOOK ? "any" : "read-write");
    add_default(plan, w, "application_name", "gatehouse");
    add_default(plan, w, "keepalives", "1");
    add_default(plan, w, "keepalives_idle", "10");
    add_default(plan, w, "keepalives_interval", "5");
    add_default(plan, w, "keepalives_count", "3");
    gh_buf number = gh_buf_over(w->number, sizeof w->number - 1);
    gh_buf_u64(&number, server->timeout_ms);
    w->number[number.n] = '\0';
    add_default(plan, w, "tcp_user_timeout", w->number);
}

bool gh_postgres_plan_words(const gh_postgres_plan *plan, const gh_postgres_server *server,
                            enum gh_postgres_use use, const gh_postgres_host *host, const char *address,
                            gh_postgres_words *ret)
{
    ret->n = 0;
    for (const PQconninfoOption *o = plan->url; o->keyword != NULL; o++)
        if (!is_ours(gh_str_of(o->keyword)))
            add(ret, o->keyword, o->val);
    add(ret, "host", host->host);
    add(ret, "hostaddr", is_set(address) ? address : host->address);
    add(ret, "port", host->port);
    put_connection(plan, server, use, ret);
    bool done = put_options(plan, server, use, ret);
    ret->keys[ret->n] = ret->values[ret->n] = NULL;
    return done;
}
