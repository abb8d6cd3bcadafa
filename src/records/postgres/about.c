#include "records/postgres/about.h"

#include <stdlib.h>
#include <time.h>

#include "libraries/libpq.h"
#include "records/postgres/schema_postgres.h"

enum { ROUNDS = 21 };

static uint64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int by_size(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static void run_nothing(gh_sql *sql)
{
    gh_query q = gh_query_of(sql, GH_PG_NOTHING);
    while (gh_query_row(&q))
        continue;
}

/* The first one prepares the statement. */
static uint64_t latency(gh_sql *sql)
{
    uint64_t spans[ROUNDS];
    run_nothing(sql);
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t began = now_us();
        run_nothing(sql);
        spans[i] = now_us() - began;
    }
    qsort(spans, ROUNDS, sizeof *spans, by_size);
    return spans[ROUNDS / 2];
}

static gh_str copy_of(gh_sql *sql, gh_arena *arena, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return (gh_str){NULL, 0};
    gh_str copy = gh_arena_copy(arena, gh_str_of(text));
    if (copy.p == NULL)
        gh_sql_fail(sql, GH_SQL_NO_MEMORY);
    return copy;
}

static void read_session(gh_sql *sql, gh_arena *arena, gh_pg_about *a)
{
    gh_query q = gh_query_of(sql, GH_PG_ABOUT);
    if (gh_query_row(&q)) {
        a->server = gh_column_text(&q, arena);
        a->database = gh_column_text(&q, arena);
        a->schema = gh_column_text(&q, arena);
        a->role = gh_column_text(&q, arena);
        a->superuser = gh_column_u64(&q) != 0;
        a->owner = gh_column_u64(&q) != 0;
        a->writes = gh_column_u64(&q) != 0;
        a->standby = gh_column_u64(&q) != 0;
        a->reads_only = gh_column_u64(&q) != 0;
        a->lacking = gh_column_text(&q, arena);
    }
    gh_query_end(&q);
}

static void read_tls(gh_postgres *c, const gh_postgres_server *server, gh_arena *arena, gh_pg_about *a)
{
    gh_postgres_plan *plan = gh_arena_new(arena, gh_postgres_plan);
    char why[GH_POSTGRES_WHY];
    if (plan == NULL || !gh_postgres_plan_make(plan, server, why)) {
        gh_sql_fail(&c->sql, GH_SQL_NO_MEMORY); /* it was made once already */
        return;
    }
    a->sslmode = copy_of(&c->sql, arena, plan->sslmode);
    a->warning = copy_of(&c->sql, arena, plan->warning);
    gh_postgres_plan_end(plan);
    if (PQsslInUse(c->pq) == 0)
        return;
    a->protocol = copy_of(&c->sql, arena, PQsslAttribute(c->pq, "protocol"));
    a->cipher = copy_of(&c->sql, arena, PQsslAttribute(c->pq, "cipher"));
}

bool gh_pg_about_read(gh_postgres *c, const gh_postgres_server *server, gh_arena *arena, gh_pg_about *ret)
{
    gh_pg_about a = {0};
    read_session(&c->sql, arena, &a);
    if (!gh_pg_schema_look(c, &a.version))
        return false;
    a.latency_us = latency(&c->sql);
    read_tls(c, server, arena, &a);
    if (!gh_sql_ok(&c->sql))
        return false;
    *ret = a;
    return true;
}

bool gh_pg_url_has_password(const char *url)
{
    bool found = false;
    char why[GH_LIBRARY_WHY];
    PQconninfoOption *options = gh_libpq_load(why) ? PQconninfoParse(url, NULL) : NULL;
    for (const PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++)
        found = found || (strcmp(o->keyword, "password") == 0 && o->val != NULL && o->val[0] != '\0');
    if (options != NULL)
        PQconninfoFree(options);
    return found;
}
