/* Which PostgreSQL, as whom and how safely: the URL and what stands beside it, looked at without asking anybody.
 *
 * Everything libpq is told stands in arrays of keywords (gh_postgres_plan_words), no text is ever put together for it to
 * take apart. What the URL does not name comes from here, not from libpq's defaults where those are weaker:
 *   sslmode         on this machine (loopback, unix socket) without a ca_file: prefer; else verify-full. A weaker one
 *                   that is written in the URL is obeyed, and the plan's `warning` says so
 *   sslrootcert     ca_file; else the URL's; else, where a certificate is to be verified, Debian's list of CAs (libpq 15
 *                   does not know "system")
 *   gssencmode      disable: looking for tickets may take long, and nothing bounds it
 *   target_session_attrs  read-write: a standby is nobody we can work with
 *   host            /var/run/postgresql, a unix socket
 * Session settings (libpq's `options`; those of the URL stay, ours come behind): statement_timeout, lock_timeout,
 * idle_in_transaction_session_timeout, search_path (unless the URL's options name one), default_transaction_isolation.
 *
 * Service files (service=, PGSERVICE) are refused: they would name the server behind this file's back. Of libpq's other
 * environment variables those count that are not named here (PGUSER, PGPASSFILE, ...). */
#ifndef GH_RECORDS_POSTGRES_SERVER_H
#define GH_RECORDS_POSTGRES_SERVER_H

#include <libpq-fe.h>

#include "base/buf.h"
#include "records/postgres/password.h"

/* All NUL-terminated; url and password are secrets. Lives as long as what is connected by it. */
typedef struct gh_postgres_server {
    const char *url;                            /* postgresql://user@host:5432/database?option=value */
    const char *password;                       /* NULL or empty: the URL's, or none */
    gh_pg_passwords *passwords;                 /* NULL: `password`; else one that may change meanwhile */
    const char *ca_file, *cert_file, *key_file; /* NULL or empty: none */
    uint32_t timeout_ms;                        /* for connecting, and for any one answer */
} gh_postgres_server;

/* What a connection is for: its session settings differ. */
enum gh_postgres_use {
    GH_POSTGRES_OPERATIONS, /* SERIALIZABLE, each statement within the timeout */
    GH_POSTGRES_LOOK,       /* likewise, for nothing but looking: a server that takes no writes will do */
    GH_POSTGRES_FEED, /* REPEATABLE READ; reading the whole roster may take long; its commits need not be on disk */
    GH_POSTGRES_SCHEMA /* migrations and moves: a statement may take as long as it takes */
};

enum {
    GH_POSTGRES_HOSTS = 16,
    GH_POSTGRES_WORDS = 64, /* keywords, at most */
    GH_POSTGRES_WHERE = 320,
    GH_POSTGRES_WHY = 512
};

/* One of the URL's hosts. */
typedef struct gh_postgres_host {
    const char *host;    /* a name, an address, or the folder of a unix socket; "": none, see address */
    const char *address; /* hostaddr; "": none */
    const char *port;
    bool local;  /* loopback or unix socket, as far as can be told without resolving a name */
    bool socket; /* a unix socket */
} gh_postgres_host;

typedef struct gh_postgres_plan {
    PQconninfoOption *url; /* what the URL says; wiped and freed by gh_postgres_plan_end() */
    gh_postgres_host hosts[GH_POSTGRES_HOSTS];
    unsigned n;
    const char *sslmode, *root; /* root NULL: none */
    char memory[2048];          /* the hosts' texts */
    char where
        [GH_POSTGRES_WHERE]; /* "db.example.com:5432", for people; of several the first, and how many more */
    char warning[GH_POSTGRES_WHY]; /* for people; empty: nothing to warn of */
} gh_postgres_plan;

/* False: it can't be used, `why` (of GH_POSTGRES_WHY) says what and what to do; nothing secret is in it, and the plan needs
 * no end. */
GH_MUST_CHECK bool gh_postgres_plan_make(gh_postgres_plan *ret, const gh_postgres_server *server, char *why);
void gh_postgres_plan_end(gh_postgres_plan *plan);

/* "db.example.com:5432". */
void gh_postgres_host_put(gh_buf *out, const gh_postgres_host *host);

/* What libpq is told to reach one host: pairs of words, ended by NULL. */
typedef struct gh_postgres_words {
    const char *keys[GH_POSTGRES_WORDS + 1], *values[GH_POSTGRES_WORDS + 1];
    unsigned n;
    char options[1024], number[16];
} gh_postgres_words;
/* address: where the host's name was resolved to, NULL or "" when it needs none. False: the URL's options are too long. */
GH_MUST_CHECK bool gh_postgres_plan_words(const gh_postgres_plan *plan, const gh_postgres_server *server,
                                          enum gh_postgres_use use, const gh_postgres_host *host,
                                          const char *address, gh_postgres_words *ret);

#endif
