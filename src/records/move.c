#include "records/move.h"

#include "base/hash.h"
#include "records/driver.h"
#include "records/postgres/statements_postgres.h"
#include "text/utf8.h"

typedef struct table {
    const char *name;
    unsigned out, in, columns;
} table;

/* Who is referred to comes before who refers to it. */
static const table tables[GH_MOVE_TABLES] = {
    {"secrets", GH_SQL_MOVE_OUT_SECRET, GH_SQL_MOVE_IN_SECRET, 2},
    {"users", GH_SQL_MOVE_OUT_USER, GH_SQL_MOVE_IN_USER, 12},
    {"cut-off times", GH_SQL_MOVE_OUT_CUTOFF, GH_SQL_MOVE_IN_CUTOFF, 3},
    {"sessions", GH_SQL_MOVE_OUT_SESSION, GH_SQL_MOVE_IN_SESSION, 16},
    {"token lives", GH_SQL_MOVE_OUT_TOKEN_LIFE, GH_SQL_MOVE_IN_TOKEN_LIFE, 2},
    {"ended sessions", GH_SQL_MOVE_OUT_ENDED, GH_SQL_MOVE_IN_ENDED, 2},
    {"revoked tokens", GH_SQL_MOVE_OUT_REVOKED, GH_SQL_MOVE_IN_REVOKED, 2},
    {"devices", GH_SQL_MOVE_OUT_DEVICE, GH_SQL_MOVE_IN_DEVICE, 10},
    {"API keys", GH_SQL_MOVE_OUT_KEY, GH_SQL_MOVE_IN_KEY, 13},
    {"attempts", GH_SQL_MOVE_OUT_ATTEMPT, GH_SQL_MOVE_IN_ATTEMPT, 7},
    {"logins under way", GH_SQL_MOVE_OUT_LOGIN, GH_SQL_MOVE_IN_LOGIN, 9},
    {"known places", GH_SQL_MOVE_OUT_PLACE, GH_SQL_MOVE_IN_PLACE, 3},
    {"audit events", GH_SQL_MOVE_OUT_AUDIT, GH_SQL_MOVE_IN_AUDIT, 13},
    {"signing keys", GH_SQL_MOVE_OUT_RING, GH_SQL_MOVE_IN_RING, 7},
    {"generations of keys", GH_SQL_MOVE_OUT_GENERATION, GH_SQL_MOVE_IN_GENERATION, 6},
};

enum { ROW_MEMORY = 64 << 20 };

typedef struct sum {
    uint64_t rows;
    uint8_t of[GH_SIPHASH128_SIZE]; /* of all values in their order */
} sum;

typedef struct move {
    gh_sql *from, *to;
    const uint8_t *key;
    gh_arena arena; /* of one row's mended texts */
    sum sums[GH_MOVE_TABLES];
    uint64_t mended;
} move;

const char *gh_move_table(unsigned i)
{
    return i < GH_MOVE_TABLES ? tables[i].name : "";
}

static bool is_postgres(const gh_sql *sql)
{
    return strcmp(sql->driver->name, "postgresql") == 0;
}

static gh_str text_of(const sum *s)
{
    return (gh_str){(const char *)s->of, sizeof s->of};
}

static void add_value(const move *m, sum *s, const gh_sql_value *v)
{
    uint8_t block[2 * GH_SIPHASH128_SIZE + sizeof v->number + 1];
    gh_str bytes = v->kind == GH_SQL_TEXT || v->kind == GH_SQL_BYTES ? v->bytes : GH_STR("");
    memcpy(block, s->of, GH_SIPHASH128_SIZE);
    gh_siphash128(m->key, bytes, block + GH_SIPHASH128_SIZE);
    memcpy(block + 2 * GH_SIPHASH128_SIZE, &v->number, sizeof v->number);
    block[sizeof block - 1] = (uint8_t)v->kind;
    gh_siphash128(m->key, (gh_str){(const char *)block, sizeof block}, s->of);
}

/* Text as PostgreSQL can hold it: what is no UTF-8, and NUL, becomes U+FFFD. */
static gh_str mend(move *m, gh_str text)
{
    gh_str good = gh_str_cut(text, 0, gh_str_find(gh_str_cut(text, 0, gh_utf8_valid(text)), '\0'));
    if (good.n == text.n)
        return text;
    char *copy = gh_arena_array(&m->arena, text.n, 3);
    if (copy == NULL) {
        gh_sql_fail(m->to, GH_SQL_NO_MEMORY);
        return GH_STR("");
    }
    m->mended++;
    gh_buf out = gh_buf_over(copy, text.n * 3);
    while (text.n > 0) {
        good = gh_str_cut(text, 0, gh_str_find(gh_str_cut(text, 0, gh_utf8_valid(text)), '\0'));
        gh_buf_put(&out, good);
        if (good.n < text.n)
            gh_buf_lit(&out, "\xef\xbf\xbd");
        text = gh_str_cut(text, good.n + 1, text.n);
    }
    return gh_buf_str(&out);
}

/* The query's present row: added to the sum, and written, if there is a statement to write it. */
static void take_row(move *m, const table *t, gh_query *q, sum *s, gh_query *in)
{
    gh_arena_reset(&m->arena);
    s->rows++;
    for (unsigned i = 0; i < t->columns; i++) {
        gh_sql_value v = q->sql->driver->column(q, i);
        if (v.bytes.n == 0)
            v.bytes = GH_STR(""); /* empty is not NULL */
        if (v.kind == GH_SQL_TEXT && in != NULL && is_postgres(m->to))
            v.bytes = mend(m, v.bytes);
        add_value(m, s, &v);
        if (in != NULL)
            in->values[in->n++] = v;
    }
    if (in != NULL)
        gh_query_run(in);
}

static void copy_table(move *m, const table *t, sum *s)
{
    gh_query q = gh_query_of(m->from, t->out);
    while (gh_sql_ok(m->to) && gh_query_row(&q)) {
        gh_query in = gh_query_of(m->to, t->in);
        take_row(m, t, &q, s, &in);
    }
    gh_query_end(&q);
    gh_sql_flush(m->to);
}

static bool same_in_target(move *m, const table *t, const sum *expected)
{
    sum found = {0};
    gh_query q = gh_query_of(m->to, t->out);
    while (gh_query_row(&q))
        take_row(m, t, &q, &found, NULL);
    return gh_sql_ok(m->to) && found.rows == expected->rows && gh_str_eq(text_of(&found), text_of(expected));
}

static bool both_fine(const move *m, gh_buf *why)
{
    if (gh_sql_ok(m->from) && gh_sql_ok(m->to))
        return true;
    if (gh_sql_ok(m->from))
        gh_buf_printf(why, "the target can't be written: %s", m->to->why);
    else
        gh_buf_printf(why, "the source can't be read: %s", m->from->why);
    return false;
}

static bool begin(move *m, gh_buf *why)
{
    gh_sql_run(m->from, is_postgres(m->from) ? GH_PG_BEGIN_SNAPSHOT : GH_SQL_BEGIN);
    gh_sql_run(m->to, is_postgres(m->to) ? GH_PG_BEGIN_PLAIN : GH_SQL_BEGIN);
    if (is_postgres(m->to))
        gh_sql_run(m->to, GH_PG_MOVE_LOCK);
    gh_sql_flush(m->from);
    gh_sql_flush(m->to);
    return both_fine(m, why);
}

static bool is_empty(move *m, gh_buf *why)
{
    for (unsigned i = 0; i < GH_MOVE_TABLES; i++) {
        gh_query q = gh_query_of(m->to, tables[i].out);
        bool row = gh_query_row(&q);
        gh_query_end(&q);
        if (row) {
            gh_buf_printf(
                why, "the target has %s already: it must be a new one, that no Gatehouse has started with",
                tables[i].name);
            return false;
        }
    }
    return both_fine(m, why);
}

static bool copy_all(move *m, gh_buf *why)
{
    for (unsigned i = 0; i < GH_MOVE_TABLES; i++) {
        copy_table(m, &tables[i], &m->sums[i]);
        if (!both_fine(m, why))
            return false;
    }
    if (is_postgres(m->to)) {
        gh_sql_run(m->to, GH_PG_MOVE_NUMBER_LOGIN);
        gh_sql_run(m->to, GH_PG_MOVE_NUMBER_AUDIT);
    }
    return true;
}

static bool compare_all(move *m, gh_buf *why)
{
    for (unsigned i = 0; i < GH_MOVE_TABLES; i++) {
        if (same_in_target(m, &tables[i], &m->sums[i]))
            continue;
        if (both_fine(m, why))
            gh_buf_printf(why, "the %s that were read again are not those that were written", tables[i].name);
        return false;
    }
    return true;
}

/* A database may have undone it by itself; then that is what fails here, and nobody need know. */
static void roll_back(gh_sql *sql)
{
    gh_sql_reset(sql);
    gh_sql_run(sql, GH_SQL_ROLLBACK);
    gh_sql_flush(sql);
    gh_sql_reset(sql);
}

static enum gh_move_end end(move *m, bool good, gh_buf *why)
{
    roll_back(m->from); /* it was only read */
    if (!good) {
        roll_back(m->to);
        return GH_MOVE_NOT_DONE;
    }
    gh_sql_run(m->to, GH_SQL_COMMIT);
    gh_sql_flush(m->to);
    if (gh_sql_ok(m->to))
        return GH_MOVE_DONE;
    bool lost = m->to->failure == GH_SQL_UNAVAILABLE;
    gh_buf_printf(why, "%s: %s",
                  lost ? "the target went away while all was being committed: it has everything, or nothing"
                       : "the target can't be written",
                  m->to->why);
    roll_back(m->to);
    return lost ? GH_MOVE_UNSURE : GH_MOVE_NOT_DONE;
}

enum gh_move_end gh_move(gh_sql *from, gh_sql *to, const uint8_t key[16], gh_move_counts *ret, gh_buf *why)
{
    move m = {.from = from, .to = to, .key = key};
    gh_arena_init(&m.arena, NULL, 0, ROW_MEMORY);
    bool good = begin(&m, why) && is_empty(&m, why) && copy_all(&m, why) && compare_all(&m, why);
    enum gh_move_end result = end(&m, good, why);
    gh_arena_wipe(&m.arena);
    gh_arena_reset(&m.arena);
    if (result != GH_MOVE_DONE)
        return result;
    for (unsigned i = 0; i < GH_MOVE_TABLES; i++)
        ret->rows[i] = m.sums[i].rows;
    ret->mended = m.mended;
    return GH_MOVE_DONE;
}
