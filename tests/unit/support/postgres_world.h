/* A real PostgreSQL of a test's own: a folder, a unix socket, a port of the loopback interface, TLS with certificates made
 * here. Stopped and removed at the end. */
#ifndef GH_TEST_SUPPORT_POSTGRES_WORLD_H
#define GH_TEST_SUPPORT_POSTGRES_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "records/postgres/connection.h"

typedef struct postgres {
    char folder[64];
    unsigned port;
    int pid; /* of the postmaster; 0: it is not running */
    bool paused;
} postgres;

/* Certificates in the folder, each NAME.crt with NAME.key: the authority "ca" and another one "other_ca"; for the server
 * "good" (localhost, db.example), "expired", "elsewhere" (other.example), "stranger" (by other_ca); for the role `certified`
 * "client", "client_expired", "client_stranger". */
postgres *postgres_make(void);
/* NULL is fine. */
void postgres_remove(postgres *p);
/* shows: its certificate; NULL: without TLS. Waits until it can be asked. */
void postgres_start(postgres *p, const char *shows);
void postgres_stop(postgres *p);
/* As a crash or kill -9 does. */
void postgres_kill(postgres *p);
void postgres_pause(postgres *p);
void postgres_resume(postgres *p);

/* While it is stopped: it begins another timeline, as a standby does that is promoted. */
void postgres_next_timeline(postgres *p);

/* Roles: `owner` is a superuser and needs no password by the unix socket; `service` has "right password"; `certified` proves
 * itself by certificate; `stranger` is not let in. Runs it as the owner in the database; fails the test. */
void postgres_sql(postgres *p, const char *database, const char *text);
/* The same, of a query for one number. */
int64_t postgres_number(postgres *p, const char *database, const char *text);
/* "FOLDER/NAME", in one of a few memories that are used in turn. */
const char *postgres_file(const postgres *p, const char *name);
/* Of printf, likewise. */
const char *postgres_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The time a guard against a hang may take, as GATEHOUSE_TEST_TIMEOUT scales it. */
uint64_t postgres_patience_ms(void);

#endif
