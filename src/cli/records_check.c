/* `gatehouse records check` */
#include <stdio.h>

#include "cli/place.h"
#include "cli/records.h"
#include "operator/text.h"
#include "records/postgres/about.h"
#include "records/postgres/schema_postgres.h"
#include "wire/json_text.h"

enum { MEMORY = 1 << 20, OUTPUT_MAX = 65536 };

static const char *shown(gh_str text)
{
    return text.p == NULL ? "none" : text.p; /* copies of the arena are NUL-terminated */
}

static bool usable(const gh_pg_about *a)
{
    return a->version == gh_pg_schema_version() && a->writes && !a->standby && !a->reads_only &&
           a->lacking.p == NULL;
}

static void put_for_people(const gh_cli_place *place, const gh_pg_about *a)
{
    (void)printf("server    %s, PostgreSQL %s\n", gh_cli_place_name(place), shown(a->server));
    (void)printf("database  %s\n", shown(a->database));
    (void)printf("role      %s%s\n", shown(a->role),
                 a->superuser ? ", a superuser"
                 : a->owner   ? ", owner of the schema"
                              : "");
    if (a->version > 0)
        (void)printf("schema    %s, version %llu (this Gatehouse needs %u)\n", shown(a->schema),
                     (unsigned long long)a->version, gh_pg_schema_version());
    else
        (void)printf("schema    none of Gatehouse's that this role can see\n");
    if (a->protocol.p != NULL)
        (void)printf("TLS       %s, %s, %s\n", shown(a->protocol), shown(a->cipher), shown(a->sslmode));
    else
        (void)printf("TLS       none (sslmode %s)\n", shown(a->sslmode));
    (void)printf("latency   %.2f ms\n", (double)a->latency_us / 1000);
}

static void put_text(gh_buf *out, const char *name, gh_str value)
{
    gh_buf_printf(out, "\"%s\":", name);
    if (value.p == NULL)
        gh_buf_lit(out, "null");
    else
        gh_json_string(out, value);
    gh_buf_char(out, ',');
}

static void put_json(const gh_cli_place *place, const gh_pg_about *a)
{
    static char memory[OUTPUT_MAX];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_buf_char(&out, '{');
    put_text(&out, "server", gh_str_of(gh_cli_place_name(place)));
    put_text(&out, "server_version", a->server);
    put_text(&out, "database", a->database);
    put_text(&out, "role", a->role);
    gh_buf_printf(&out, "\"superuser\":%s,\"owner\":%s,", a->superuser ? "true" : "false",
                  a->owner ? "true" : "false");
    put_text(&out, "schema", a->version > 0 ? a->schema : (gh_str){NULL, 0});
    gh_buf_printf(&out, "\"schema_version\":%llu,\"known_version\":%u,", (unsigned long long)a->version,
                  gh_pg_schema_version());
    put_text(&out, "sslmode", a->sslmode);
    put_text(&out, "tls", a->protocol);
    put_text(&out, "cipher", a->cipher);
    gh_buf_printf(&out, "\"latency_us\":%llu}\n", (unsigned long long)a->latency_us);
    (void)fwrite(out.p, 1, out.n, stdout);
}

/* The schema is right, and a node could still not work. */
static void put_obstacles(const gh_pg_about *a)
{
    if (a->standby)
        (void)fprintf(
            stderr,
            "gatehouse: this server is a standby, which takes no writes: name the primary in the URL\n");
    else if (a->reads_only)
        (void)fprintf(
            stderr, "gatehouse: the transactions of the role %s only read (default_transaction_read_only)\n",
            shown(a->role));
    if (a->lacking.p != NULL)
        (void)fprintf(stderr,
                      "gatehouse: the role %s may not write the records, as a node has to: it lacks %s\n",
                      shown(a->role), shown(a->lacking));
    if (!a->standby)
        (void)fprintf(
            stderr, "gatehouse: connect as gatehouse_service, which gatehouse records roles makes for nodes "
                    "(gatehouse_readonly is for reports)\n");
}

/* What a node would have to be given, or should not have. */
static void put_remarks(const gh_pg_about *a)
{
    if (a->version > gh_pg_schema_version())
        (void)fprintf(stderr, "gatehouse: the schema is a newer Gatehouse's: use that one\n");
    else if (a->version == gh_pg_schema_version() && !usable(a))
        put_obstacles(a);
    else if (!usable(a) && !a->owner && !a->superuser)
        (void)fprintf(stderr,
                      "gatehouse: the schema is to be made as its owner: gatehouse records migrate\n");
    else if (!usable(a))
        (void)fprintf(stderr, "gatehouse: the schema is still to be made: gatehouse records migrate\n");
    if (a->superuser || a->owner)
        (void)fprintf(stderr,
                      "gatehouse: a node needs less than this role may do: see gatehouse records roles\n");
    if (a->warning.p != NULL)
        (void)fprintf(stderr, "gatehouse: %s\n", shown(a->warning));
}

static int check(gh_cli_place *place, bool json)
{
    gh_arena arena;
    gh_pg_about about;
    if (!gh_cli_place_look(place))
        return GH_EXIT_FAILED;
    gh_arena_init(&arena, NULL, 0, MEMORY);
    bool good = gh_pg_about_read(&place->postgres, &place->server, &arena, &about);
    if (!good) {
        (void)fprintf(stderr, "gatehouse: %s: %s\n", gh_cli_place_name(place), place->sql->why);
    } else {
        put_remarks(&about);
        (json ? put_json : put_for_people)(place, &about);
        good = usable(&about);
    }
    gh_arena_reset(&arena);
    return good && fflush(stdout) == 0 ? GH_EXIT_OK : GH_EXIT_FAILED;
}

int gh_cmd_records_check(const gh_cli_args *args)
{
    static gh_cli_place place; /* one a process */
    gh_cli_place_begin(&place);
    int status = gh_cli_place_read(args, gh_cli_argument(args, 0), GH_CLI_PLACE_URL, &place);
    if (status == GH_EXIT_OK)
        status = check(&place, gh_cli_has(args, "json"));
    gh_cli_place_end(&place);
    return status;
}
