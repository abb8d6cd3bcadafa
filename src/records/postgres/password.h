/* The password of PostgreSQL, which may change while connections are being opened by it. Each one is in memory of its own,
 * which is wiped when the last connection that was being opened by it is, and another one is in use.
 *
 * Threads: any. */
#ifndef GH_RECORDS_POSTGRES_PASSWORD_H
#define GH_RECORDS_POSTGRES_PASSWORD_H

#include <pthread.h>

#include "base/arena.h"

typedef struct gh_pg_password {
    gh_arena arena; /* this one is in it, too */
    unsigned users; /* being in use counts as one */
    gh_str text;    /* with a NUL behind it */
} gh_pg_password;

typedef struct gh_pg_passwords {
    pthread_mutex_t lock;
    const gh_arena_source *memory; /* NULL: malloc */
    gh_pg_password *now;           /* NULL: none */
} gh_pg_passwords;

/* None yet. */
void gh_pg_passwords_init(gh_pg_passwords *p, const gh_arena_source *memory);
/* Nobody has one any more. */
void gh_pg_passwords_end(gh_pg_passwords *p);
/* From now on; NULL or empty: none. False: no memory, and it stays as it was. *ret_changed: it is another than before. */
GH_MUST_CHECK bool gh_pg_passwords_use(gh_pg_passwords *p, const char *text, bool *ret_changed);
/* The present one, NULL: none; to be given back. */
gh_pg_password *gh_pg_passwords_take(gh_pg_passwords *p);
void gh_pg_passwords_give(gh_pg_passwords *p, gh_pg_password *password);

#endif
