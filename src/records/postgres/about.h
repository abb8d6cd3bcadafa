/* What a connection is like, for people: `gatehouse records check`. */
#ifndef GH_RECORDS_POSTGRES_ABOUT_H
#define GH_RECORDS_POSTGRES_ABOUT_H

#include "records/postgres/connection.h"

typedef struct gh_pg_about {
    gh_str server, database, schema,
        role;                      /* "15.20"; schema absent: none of that name can be seen; in the arena */
    uint64_t version;              /* of the schema; 0: none */
    bool superuser, owner, writes; /* owner: of the schema, so it may change it */
    bool standby, reads_only;      /* reads_only: the role's transactions, by themselves */
    gh_str
        lacking; /* rights that a node needs: "INSERT on account, audit"; absent: none, or there is no schema */
    gh_str protocol, cipher,
        sslmode;         /* "TLSv1.3", "TLS_AES_256_GCM_SHA384", "verify-full"; protocol absent: no TLS */
    gh_str warning;      /* of the URL; absent: none */
    uint64_t latency_us; /* of a statement that reads nothing; the median of some */
} gh_pg_about;

/* Asks. False: c->sql says why. */
GH_MUST_CHECK bool gh_pg_about_read(gh_postgres *c, const gh_postgres_server *server, gh_arena *arena,
                                    gh_pg_about *ret);

/* Is there a password in the URL? Not so where it can't be read. */
bool gh_pg_url_has_password(const char *url);

#endif
