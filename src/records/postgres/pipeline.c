#include "records/postgres/pipeline.h"

#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>

#include "libraries/libpq.h"
#include "records/postgres/failure.h"

static const char *const names[GH_PG_COUNT] = {
#define STATEMENT(name, text) [GH_SQL_##name] = #name,
#define ABSENT(name) [GH_SQL_##name] = #name,
#define OWN(name, text) [GH_PG_##name] = #name,
#include "records/postgres/statements_postgres.def"
#undef STATEMENT
#undef ABSENT
#undef OWN
#define SCHEMA(version, name, text) [GH_PG_SCHEMA_##name] = "SCHEMA_" #name,
#define ROLES(text)
#include "records/postgres/schema_postgres.def"
#undef SCHEMA
#undef ROLES
};

/* --- its end */

void gh_postgres_drop_rows(gh_postgres_read *r)
{
    if (r->row != NULL)
        PQclear(r->row);
    while (r->at < r->n_kept)
        PQclear(r->kept[r->at++]);
    free(r->kept);
    *r = (gh_postgres_read){0};
}

static gh_postgres_sent *sent_at(gh_postgres *c, unsigned i)
{
    return &c->sent[(c->first + i) % GH_POSTGRES_QUEUE];
}

void gh_postgres_end(gh_postgres *c, enum gh_sql_failure failure, const char *text)
{
    gh_sql_fail_text(&c->sql, failure, text);
    for (unsigned i = 0; i < c->n; i++)
        c->in_doubt =
            c->in_doubt || (sent_at(c, i)->kind == GH_SENT_RUN && sent_at(c, i)->which == GH_SQL_COMMIT);
    c->n = 0;
    if (c->pq != NULL)
        PQfinish(c->pq);
    c->pq = NULL;
}

void gh_postgres_lose(gh_postgres *c)
{
    gh_postgres_end(c, GH_SQL_UNAVAILABLE, "the connection to PostgreSQL was lost");
}

/* --- waiting */

static uint64_t deadline_of(const gh_postgres *c)
{
    return c->deadline_ms != 0 ? c->deadline_ms : gh_postgres_now_ms() + c->timeout_ms;
}

static bool wait_for(const gh_postgres *c, bool writing, uint64_t until_ms)
{
    struct pollfd fd = {.fd = PQsocket(c->pq), .events = (short)(writing ? POLLIN | POLLOUT : POLLIN)};
    for (;;) {
        uint64_t now = gh_postgres_now_ms();
        uint64_t left = until_ms > now ? until_ms - now : 0;
        if (left == 0)
            return false;
        if (poll(&fd, 1, left > INT32_MAX ? INT32_MAX : (int)left) > 0)
            return true;
    }
}

/* Bytes that OpenSSL has read from the socket and libpq has not taken: no poll() tells of those. A server of 17 or newer
 * sends TLS records that may be larger than the room that libpq has. */
static bool has_pending(const gh_postgres *c)
{
    const SSL *ssl = PQsslStruct(c->pq, "OpenSSL");
    return ssl != NULL && SSL_pending(ssl) > 0;
}

/* Until the next result is there. False: the connection is over. */
static bool await(gh_postgres *c)
{
    uint64_t until = deadline_of(c);
    while (PQisBusy(c->pq) != 0) {
        int left = PQflush(c->pq);
        if (left >= 0 && !has_pending(c) && !wait_for(c, left > 0, until)) {
            gh_postgres_end(c, GH_SQL_UNAVAILABLE, "PostgreSQL did not answer in time");
            return false;
        }
        if (left < 0 || PQconsumeInput(c->pq) == 0) {
            gh_postgres_lose(c);
            return false;
        }
    }
    return true;
}

/* --- what comes */

/* The first of what was sent has its turn. Rows come one by one, or a roster of a million sessions would be in memory twice. */
static void begin_first(gh_postgres *c)
{
    if (c->n > 0 && sent_at(c, 0)->kind == GH_SENT_READ && PQsetSingleRowMode(c->pq) != 1)
        gh_sql_fail(&c->sql, GH_SQL_MISUSE);
}

static void finish_first(gh_postgres *c)
{
    const gh_postgres_sent *s = sent_at(c, 0);
    if (s->kind == GH_SENT_READ) {
        gh_postgres_read *r = &c->reads[s->read];
        r->over = true;
        if (r->unwanted)
            gh_postgres_drop_rows(r);
    } else if (s->kind == GH_SENT_PREPARE && c->prepared[s->which] == GH_BEING_PREPARED) {
        c->prepared[s->which] = GH_NOT_PREPARED;
    }
    c->first = (c->first + 1) % GH_POSTGRES_QUEUE;
    c->n--;
    begin_first(c);
}

static bool keep_row(gh_postgres *c, gh_postgres_read *r, PGresult *row)
{
    if (r->unwanted || !gh_sql_ok(&c->sql))
        return false;
    if (r->n_kept == r->room) {
        uint32_t room = r->room == 0 ? 8 : r->room * 2;
        PGresult **kept = room < r->room ? NULL : reallocarray(r->kept, room, sizeof(PGresult *));
        if (kept == NULL) {
            gh_sql_fail(&c->sql, GH_SQL_NO_MEMORY);
            return false;
        }
        r->kept = kept;
        r->room = room;
    }
    r->kept[r->n_kept++] = row;
    return true;
}

static void fail_by(gh_postgres *c, const PGresult *result, unsigned which)
{
    char text[GH_SQL_WHY];
    gh_buf out = gh_buf_over(text, sizeof text - 1);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    gh_postgres_put_result(&out, names[which], result);
    text[out.n] = '\0';
    gh_sql_fail_text(&c->sql, gh_postgres_failure_of(state), text);
    if (gh_postgres_is_over(state) || PQstatus(c->pq) == CONNECTION_BAD)
        gh_postgres_lose(c);
}

static void note_done(gh_postgres *c, const gh_postgres_sent *s, PGresult *result)
{
    if (s->kind == GH_SENT_PREPARE) {
        c->prepared[s->which] = GH_PREPARED;
        return;
    }
    if (s->kind != GH_SENT_RUN)
        return;
    if (!gh_str_u64(gh_str_of(PQcmdTuples(result)), &c->changed))
        c->changed = 0;
    /* Of a transaction that had failed the server says ROLLBACK. */
    if (s->which == GH_SQL_COMMIT)
        c->committed = gh_str_eq(gh_str_of(PQcmdStatus(result)), GH_STR("COMMIT"));
}

/* A result of the first of what was sent. True: it was kept. */
static bool take_result(gh_postgres *c, PGresult *result)
{
    const gh_postgres_sent *s = sent_at(c, 0);
    switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
        note_done(c, s, result);
        return false;
    case PGRES_SINGLE_TUPLE:
        return keep_row(c, &c->reads[s->read], result);
    case PGRES_PIPELINE_SYNC:
        finish_first(c);
        return false;
    case PGRES_PIPELINE_ABORTED:
        gh_sql_fail(&c->sql, GH_SQL_OTHER); /* never the first failure */
        return false;
    case PGRES_FATAL_ERROR:
        fail_by(c, result, s->which);
        return false;
    case PGRES_EMPTY_QUERY:
    case PGRES_BAD_RESPONSE:
    case PGRES_NONFATAL_ERROR:
    case PGRES_COPY_OUT:
    case PGRES_COPY_IN:
    case PGRES_COPY_BOTH:
        break;
    }
    gh_postgres_end(c, GH_SQL_OTHER, "PostgreSQL answered what was not asked");
    return false;
}

/* The next of what comes. False: the connection is over. A query's results end with none; a sync's do not. */
bool gh_postgres_take(gh_postgres *c)
{
    if (!await(c))
        return false;
    PGresult *result = PQgetResult(c->pq);
    if (result == NULL) {
        if (sent_at(c, 0)->kind != GH_SENT_SYNC)
            finish_first(c);
    } else if (!take_result(c, result)) {
        PQclear(result);
    }
    return c->pq != NULL;
}

/* --- what goes */

void gh_postgres_note_sent(gh_postgres *c, enum gh_postgres_sent_kind kind, unsigned which, unsigned read)
{
    *sent_at(c, c->n) = (gh_postgres_sent){(uint8_t)kind, (uint8_t)read, (uint16_t)which};
    c->n++;
    c->unsynced = kind != GH_SENT_SYNC;
    c->committed = c->committed && kind == GH_SENT_SYNC;
    if (c->n == 1)
        begin_first(c);
}

bool gh_postgres_sync(gh_postgres *c)
{
    if (c->pq == NULL)
        return false;
    if (!c->unsynced)
        return true;
    if (PQpipelineSync(c->pq) != 1) {
        gh_postgres_lose(c);
        return false;
    }
    gh_postgres_note_sent(c, GH_SENT_SYNC, GH_SQL_COMMIT, 0); /* what a failure at it is called */
    return true;
}

void gh_postgres_take_all(gh_postgres *c)
{
    if (!gh_postgres_sync(c))
        return;
    while (c->n > 0 && gh_postgres_take(c))
        continue;
}

/* For a PREPARE, the statement and a sync. */
bool gh_postgres_make_room(gh_postgres *c)
{
    if (c->n + 3 <= GH_POSTGRES_QUEUE)
        return true;
    if (!gh_postgres_sync(c))
        return false;
    while (c->n > GH_POSTGRES_QUEUE / 2 && gh_postgres_take(c))
        continue;
    return gh_sql_ok(&c->sql);
}
