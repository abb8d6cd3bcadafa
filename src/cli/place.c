#include "cli/place.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/configuration.h"
#include "edges/identity/secret_file.h"
#include "edges/secrets/environment.h"
#include "edges/secrets/file.h"
#include "records/postgres/about.h"

enum {
    CONNECT_MS = 10000,
    ANSWER_MS = 3600000, /* a migration, or the first row of a sorted table */
    TEXTS = 1 << 20
};

static int refuse(const char *what)
{
    (void)fprintf(stderr, "gatehouse: %s\n", what);
    return GH_EXIT_USAGE;
}

static bool fail(const char *what)
{
    (void)fprintf(stderr, "gatehouse: %s\n", what);
    return false;
}

/* --- reading */

/* NUL-terminated; NULL: none. */
static const char *keep(gh_cli_place *place, gh_str text)
{
    return text.n == 0 ? NULL : gh_arena_copy(&place->memory, text).p;
}

static int take_url(gh_cli_place *place, gh_str url)
{
    place->server.url = keep(place, url);
    if (url.n == 0)
        return refuse("the URL is empty: postgresql://user@host/database is wanted");
    return place->server.url == NULL ? refuse("out of memory") : GH_EXIT_OK;
}

static int from_file(gh_cli_place *place, const char *path)
{
    gh_secret_text file = {0};
    bool good = gh_secrets_read_file(gh_str_of(path), &place->memory, &file);
    if (file.why[0] != '\0')
        (void)fprintf(stderr, "gatehouse: %.200s: %s\n", path, file.why);
    return good ? take_url(place, gh_str_cut(file.text, 0, gh_str_find(file.text, '\n'))) : GH_EXIT_USAGE;
}

static int from_environment(gh_cli_place *place, const char *name)
{
    gh_str value = gh_environment_get(gh_environment(), name);
    if (value.n > 0)
        return take_url(place, value);
    (void)fprintf(stderr, "gatehouse: the variable %.100s is not set\n", name);
    return GH_EXIT_USAGE;
}

static int from_argument(gh_cli_place *place, const char *url)
{
    if (gh_pg_url_has_password(url))
        return refuse(
            "a password in an argument can be read by everybody on this machine. Leave it out of the URL and put "
            "it into PGPASSFILE (~/.pgpass), or the whole URL into a file (file:PATH), a variable (env:NAME) or "
            "the configuration (postgresql.url)");
    place->argument = true;
    return take_url(place, gh_str_of(url));
}

static int from_configuration(gh_cli_place *place, const gh_cli_args *args)
{
    gh_config *config =
        gh_cli_configuration(args, true, "name another one with -c FILE and --env-file FILE, or a URL");
    if (config == NULL)
        return GH_EXIT_USAGE;
    int status = config->postgresql.url.n > 0
                     ? take_url(place, config->postgresql.url)
                     : refuse("this configuration has no postgresql.url; name a URL, or another "
                              "configuration with -c FILE");
    place->server.password = keep(place, config->postgresql.password);
    place->server.ca_file = keep(place, config->postgresql.ca_file);
    place->server.cert_file = keep(place, config->postgresql.cert_file);
    place->server.key_file = keep(place, config->postgresql.key_file);
    gh_config_free(config);
    return status;
}

static bool is_url(gh_str word)
{
    return gh_str_starts(word, GH_STR("postgresql:")) || gh_str_starts(word, GH_STR("postgres:"));
}

void gh_cli_place_begin(gh_cli_place *place)
{
    *place = (gh_cli_place){.files = {.lock = -1}};
    gh_arena_init(&place->memory, NULL, 0, TEXTS);
}

int gh_cli_place_read(const gh_cli_args *args, const char *word, enum gh_cli_place_kind kind,
                      gh_cli_place *ret)
{
    gh_str text = gh_str_of(word);
    if (!gh_crypto_init())
        return refuse("the system has no randomness to give");
    if (word == NULL || gh_str_eq(text, GH_STR("config")))
        return from_configuration(ret, args);
    if (gh_str_starts(text, GH_STR("file:")))
        return from_file(ret, word + sizeof "file:" - 1);
    if (gh_str_starts(text, GH_STR("env:")))
        return from_environment(ret, word + sizeof "env:" - 1);
    if (is_url(text))
        return from_argument(ret, word);
    if (kind == GH_CLI_PLACE_URL || (word != NULL && strstr(word, "://") != NULL))
        return refuse(
            "a URL is wanted, as in postgresql://user@host/database, or file:PATH, env:NAME, config");
    ret->is_folder = true;
    ret->folder = text;
    return text.n > 0 ? GH_EXIT_OK : refuse("the folder has no name");
}

/* --- opening */

static bool connect_as(gh_cli_place *place, enum gh_postgres_use use, char why[GH_POSTGRES_WHY])
{
    place->server.timeout_ms = use == GH_POSTGRES_SCHEMA ? ANSWER_MS : CONNECT_MS;
    if (!gh_postgres_open(&place->postgres, &place->server, use, gh_postgres_now_ms() + CONNECT_MS, why))
        return false;
    place->sql = &place->postgres.sql;
    return true;
}

static bool say_why(const gh_cli_place *place, const char *why)
{
    (void)fprintf(stderr, "gatehouse: %s\n", why);
    if (place->argument && strstr(why, "password") != NULL)
        (void)fprintf(
            stderr,
            "gatehouse: of a URL in an argument the password is looked for in PGPASSFILE (~/.pgpass) and "
            "PGPASSWORD\n");
    return false;
}

bool gh_cli_place_connect(gh_cli_place *place, enum gh_postgres_use use)
{
    char why[GH_POSTGRES_WHY];
    return connect_as(place, use, why) || say_why(place, why);
}

bool gh_cli_place_look(gh_cli_place *place)
{
    char why[GH_POSTGRES_WHY], other[GH_POSTGRES_WHY];
    return connect_as(place, GH_POSTGRES_OPERATIONS, why) ||
           (strstr(why, "it is a standby") != NULL && connect_as(place, GH_POSTGRES_LOOK, other)) ||
           say_why(place, why);
}

static bool there_is_a_database(const gh_cli_place *place)
{
    char path[GH_OWN_PATH], why[64];
    gh_buf none = gh_buf_over(why, sizeof why);
    struct stat st;
    return gh_own_path(place->folder.p, "gatehouse.db", path, &none) && stat(path, &st) == 0;
}

bool gh_cli_place_open(gh_cli_place *place, bool make)
{
    char text[1024];
    gh_buf why = gh_buf_over(text, sizeof text - 1);
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (make && !gh_data_folder_make(place->folder, text, sizeof text))
        return fail(text);
    if (!gh_cli_become_owner(place->folder))
        return false;
    if (!make && !there_is_a_database(place)) {
        (void)fprintf(stderr, "gatehouse: there is no gatehouse.db in %.200s\n", place->folder.p);
        return false;
    }
    if (gh_folder_open(&place->files, place->folder.p, &why) &&
        gh_schema_open(&place->sqlite, place->files.database, place->files.unclean, (uint64_t)now.tv_sec,
                       &why))
        place->sql = &place->sqlite.sql;
    text[why.n] = '\0';
    return place->sql != NULL || fail(text);
}

void gh_cli_place_end(gh_cli_place *place)
{
    if (place->sql != NULL)
        gh_sql_close(place->sql);
    place->sql = NULL;
    gh_folder_close(&place->files);
    gh_arena_wipe(&place->memory);
    gh_arena_reset(&place->memory);
}

const char *gh_cli_place_name(const gh_cli_place *place)
{
    return place->is_folder ? place->folder.p : place->postgres.where;
}
