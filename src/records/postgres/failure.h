/* What PostgreSQL's and libpq's failures mean, and one line about them for people.
 *
 * libpq gives no codes for what goes wrong while it connects, only a text. It is asked for the verbose one, where a
 * server's refusal has its SQLSTATE; of libpq's own texts the few that matter are known here (they are English: the program
 * never calls setlocale()), and one that is not known is shown as it is. Nothing shown has a control character in it. */
#ifndef GH_RECORDS_POSTGRES_FAILURE_H
#define GH_RECORDS_POSTGRES_FAILURE_H

#include "records/postgres/server.h"
#include "records/statement.h"

/* SQLSTATE, five characters; NULL: there is none. */
enum gh_sql_failure gh_postgres_failure_of(const char *state);
/* The connection is of no more use after this one, though it may still stand. */
bool gh_postgres_is_over(const char *state);

/* "USER_ADD: duplicate key value violates unique constraint "account_name_key" (23505)". Of data exceptions (class 22) the
 * server's words are left out: a value may be in them. */
void gh_postgres_put_result(gh_buf *out, const char *statement, const PGresult *result);

/* What OpenSSL thought of the server's certificate. */
typedef struct gh_postgres_verdict {
    int error, depth; /* X509_V_ERR_*, 0: nothing was wrong; depth 0: the server's own */
    char until[24];   /* of one that has run out: when */
} gh_postgres_verdict;

/* Why one try to connect failed. */
typedef struct gh_postgres_attempt {
    const gh_postgres_plan *plan;
    const gh_postgres_server *server;
    const gh_postgres_host *host;
    gh_postgres_verdict verdict;
    bool late;      /* the deadline passed */
    bool connected; /* the system had connected us before that */
} gh_postgres_attempt;

/* libpq's text says that the certificate was not accepted, and the verdict does not say why. */
bool gh_postgres_is_unseen(const gh_postgres_attempt *a, const char *message);
/* Appends what and what to do (not where), from libpq's text. Returns UNAVAILABLE, REFUSED or MISUSE. */
enum gh_sql_failure gh_postgres_explain(gh_buf *out, const gh_postgres_attempt *a, const char *message);
#endif
