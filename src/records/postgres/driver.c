/* The driver of statement.h over the pipeline. */
#include "libraries/libpq.h"
#include "records/postgres/pipeline.h"
#include "text/utf8.h"

enum {
    INT2 = 21,
    INT4 = 23,
    INT8 = 20,
    BOOL = 16,
    BYTEA = 17,
    NAME = 19,
    TEXT = 25,
    VARCHAR = 1043
};                          /* pg_type's oids */
enum { SCRATCH = 4 << 20 }; /* of one statement's texts that have to be mended */

static gh_postgres *connection_of(gh_sql *sql)
{
    return (gh_postgres *)sql;
}

/* --- sending */

static bool prepare(gh_postgres *c, unsigned which, const char *name)
{
    if (c->prepared[which] != GH_NOT_PREPARED)
        return true;
    if (PQsendPrepare(c->pq, name, gh_pg_texts[which], 0, NULL) != 1)
        return false;
    c->prepared[which] = GH_BEING_PREPARED;
    gh_postgres_note_sent(c, GH_SENT_PREPARE, which, 0);
    return true;
}

/* A copy that PostgreSQL takes. */
static gh_str mend(gh_postgres *c, gh_str text)
{
    char *copy = gh_arena_alloc(&c->scratch, text.n * 3);
    if (copy == NULL) {
        gh_sql_fail(&c->sql, GH_SQL_NO_MEMORY);
        return GH_STR("");
    }
    gh_buf out = gh_buf_over(copy, text.n * 3);
    for (gh_str rest = text; rest.n > 0;) {
        gh_str good = gh_str_cut(rest, 0, gh_str_find(gh_str_cut(rest, 0, gh_utf8_valid(rest)), '\0'));
        gh_buf_put(&out, good);
        rest = gh_str_cut(rest, good.n, rest.n);
        if (rest.n > 0)
            gh_buf_lit(&out, "\xef\xbf\xbd");
        rest = gh_str_cut(rest, 1, rest.n);
    }
    return gh_buf_str(&out);
}

static gh_str text_of(gh_postgres *c, gh_str text)
{
    bool fine = gh_utf8_valid(text) == text.n && gh_str_find(text, '\0') == text.n;
    return fine ? text : mend(c, text);
}

/* The values as libpq takes them: pointers, lengths, all binary. */
typedef struct parameters {
    const char *value[GH_SQL_VALUES];
    int length[GH_SQL_VALUES], format[GH_SQL_VALUES];
    char number[GH_SQL_VALUES][8];
} parameters;

static void set_bytes(parameters *p, unsigned i, gh_str bytes)
{
    p->value[i] = bytes.n == 0 ? "" : bytes.p;
    p->length[i] = (int)bytes.n;
}

static bool set_parameters(gh_postgres *c, const gh_query *q, parameters *p)
{
    for (unsigned i = 0; i < q->n; i++) {
        const gh_sql_value *v = &q->values[i];
        p->value[i] = NULL;
        p->length[i] = 0;
        p->format[i] = 1;
        if (v->bytes.n > INT32_MAX / 4)
            gh_sql_fail(&c->sql, GH_SQL_MISUSE);
        else if (v->kind == GH_SQL_TEXT)
            set_bytes(p, i, text_of(c, v->bytes));
        else if (v->kind == GH_SQL_BYTES)
            set_bytes(p, i, v->bytes);
        else if (v->kind == GH_SQL_NUMBER) {
            for (unsigned at = 0; at < 8; at++)
                p->number[i][at] = (char)(uint8_t)(v->number >> (56 - 8 * at));
            set_bytes(p, i, (gh_str){p->number[i], 8});
        }
    }
    return gh_sql_ok(&c->sql);
}

static gh_postgres_read *free_read(gh_postgres *c)
{
    for (unsigned i = 0; i < GH_POSTGRES_READS; i++)
        if (!c->reads[i].used)
            return &c->reads[i];
    return NULL;
}

static bool send(gh_postgres *c, const gh_query *q, gh_postgres_read *read)
{
    char name[16];
    parameters p;
    gh_buf out = gh_buf_over(name, sizeof name - 1);
    gh_buf_printf(&out, "s%u", q->which);
    name[out.n] = '\0';
    bool sent = set_parameters(c, q, &p);
    if (sent && (!prepare(c, q->which, name) ||
                 PQsendQueryPrepared(c->pq, name, (int)q->n, p.value, p.length, p.format, 1) != 1)) {
        gh_postgres_lose(c);
        sent = false;
    }
    gh_arena_wipe(&c->scratch);
    gh_arena_reset(&c->scratch);
    if (sent)
        gh_postgres_note_sent(c, read != NULL ? GH_SENT_READ : GH_SENT_RUN, q->which,
                              read == NULL ? 0 : (unsigned)(read - c->reads));
    return sent;
}

/* --- the driver */

/* What a plain transaction holds before the statement reads it. */
static bool hold(gh_postgres *c, const gh_query *q)
{
    if (q->which == GH_SQL_BEGIN || q->which == GH_PG_BEGIN_PLAIN || q->which == GH_PG_BEGIN_SNAPSHOT)
        c->plain = q->which == GH_PG_BEGIN_PLAIN;
    unsigned which = c->plain ? gh_pg_hold_of(q->which) : 0;
    if (which == 0)
        return true;
    gh_query first = *q;
    first.which = which;
    return gh_postgres_make_room(c) && send(c, &first, NULL);
}

static void start(gh_query *q, bool rows)
{
    gh_postgres *c = connection_of(q->sql);
    gh_postgres_read *read = rows ? free_read(c) : NULL;
    q->state = NULL;
    if (c->pq == NULL) {
        gh_sql_fail_text(&c->sql, GH_SQL_UNAVAILABLE, "there is no connection to PostgreSQL");
        return;
    }
    if (q->which >= GH_PG_COUNT || gh_pg_texts[q->which] == NULL || (rows && read == NULL)) {
        gh_sql_fail(&c->sql, GH_SQL_MISUSE);
        return;
    }
    if (!hold(c, q) || !gh_postgres_make_room(c) || !send(c, q, read) || read == NULL)
        return;
    read->used = true;
    q->state = read;
}

static void end(gh_query *q)
{
    gh_postgres_read *r = q->state;
    q->state = NULL;
    if (r == NULL || !r->used)
        return;
    bool over = r->over;
    gh_postgres_drop_rows(r);
    r->used = r->unwanted = !over; /* its rows are still to come */
}

static bool row(gh_query *q)
{
    gh_postgres *c = connection_of(q->sql);
    gh_postgres_read *r = q->state;
    if (r != NULL) {
        PQclear(r->row);
        r->row = NULL;
        if (r->at == r->n_kept)
            r->at = r->n_kept = 0;
        while (r->at == r->n_kept && !r->over && gh_sql_ok(&c->sql) && gh_postgres_sync(c) &&
               gh_postgres_take(c))
            continue;
        if (r->at < r->n_kept && gh_sql_ok(&c->sql)) {
            r->row = r->kept[r->at++];
            return true;
        }
    }
    end(q);
    return false;
}

static uint64_t number_of(const char *bytes, int n)
{
    uint64_t value = (uint8_t)bytes[0] & 0x80 ? UINT64_MAX : 0; /* its sign */
    for (int i = 0; i < n; i++)
        value = value << 8 | (uint8_t)bytes[i];
    return value;
}

static gh_sql_value column(gh_query *q, unsigned i)
{
    static const gh_sql_value null = {GH_SQL_NULL, 0, {NULL, 0}};
    const gh_postgres_read *r = q->state;
    int at = (int)i;
    if (r == NULL || r->row == NULL || at >= PQnfields(r->row)) {
        gh_sql_fail(q->sql, GH_SQL_MISUSE);
        return null;
    }
    if (PQgetisnull(r->row, 0, at) != 0)
        return null;
    const char *bytes = PQgetvalue(r->row, 0, at);
    int n = PQgetlength(r->row, 0, at);
    switch (PQftype(r->row, at)) {
    case BOOL:
    case INT2:
    case INT4:
    case INT8:
        return (gh_sql_value){GH_SQL_NUMBER, n > 0 ? number_of(bytes, n) : 0, {NULL, 0}};
    case BYTEA:
        return (gh_sql_value){GH_SQL_BYTES, 0, {bytes, (size_t)n}};
    case NAME:
    case TEXT:
    case VARCHAR:
        return (gh_sql_value){GH_SQL_TEXT, 0, {bytes, (size_t)n}};
    default:
        gh_sql_fail_text(q->sql, GH_SQL_MISUSE, "a column is neither a number, a text nor bytes");
        return null;
    }
}

static void flush(gh_sql *sql)
{
    gh_postgres *c = connection_of(sql);
    if (c->pq == NULL)
        gh_sql_fail_text(sql, GH_SQL_UNAVAILABLE, "there is no connection to PostgreSQL");
    else
        gh_postgres_take_all(c);
}

static uint64_t changed(gh_sql *sql)
{
    flush(sql);
    return connection_of(sql)->changed;
}

/* What is left of the time was for what has failed: to clear up takes its own. */
static void reset(gh_sql *sql)
{
    gh_postgres *c = connection_of(sql);
    c->deadline_ms = 0;
    gh_postgres_take_all(c);
    for (unsigned i = 0; i < GH_POSTGRES_READS; i++)
        gh_postgres_drop_rows(&c->reads[i]);
}

static void close_all(gh_sql *sql)
{
    gh_postgres *c = connection_of(sql);
    for (unsigned i = 0; i < GH_POSTGRES_READS; i++)
        gh_postgres_drop_rows(&c->reads[i]);
    if (c->pq != NULL)
        PQfinish(c->pq);
    c->pq = NULL;
    c->n = 0;
    gh_arena_reset(&c->scratch);
}

static const gh_sql_driver driver = {.name = "postgresql",
                                     .start = start,
                                     .row = row,
                                     .column = column,
                                     .end = end,
                                     .flush = flush,
                                     .changed = changed,
                                     .reset = reset,
                                     .close = close_all};

void gh_postgres_begin(gh_postgres *c, uint32_t timeout_ms)
{
    *c = (gh_postgres){.sql = {.driver = &driver}, .timeout_ms = timeout_ms};
    gh_arena_init(&c->scratch, NULL, 0, SCRATCH);
}

void gh_postgres_deadline(gh_postgres *c, uint64_t deadline_ms)
{
    c->deadline_ms = deadline_ms;
}

/* --- beside statements */

int gh_postgres_socket(const gh_postgres *c)
{
    return PQsocket(c->pq);
}

bool gh_postgres_notified(gh_postgres *c)
{
    bool notified = false;
    if (c->pq == NULL)
        return false;
    if (PQconsumeInput(c->pq) == 0) {
        gh_postgres_lose(c);
        return false;
    }
    for (PGnotify *n; (n = PQnotifies(c->pq)) != NULL; PQfreemem(n))
        notified = notified || n->be_pid != PQbackendPID(c->pq);
    return notified;
}
