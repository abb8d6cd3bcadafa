/* `gatehouse records move` */
#include <stdio.h>

#include "base/crypto.h"
#include "cli/place.h"
#include "cli/records.h"
#include "records/move.h"
#include "records/postgres/schema_postgres.h"

enum { WHY_MAX = 1024 };

static int refuse(const char *what)
{
    (void)fprintf(stderr, "gatehouse: %s\nSee: gatehouse records move --help\n", what);
    return GH_EXIT_USAGE;
}

static int read_places(const gh_cli_args *args, gh_cli_place *from, gh_cli_place *to)
{
    const char *source = gh_cli_value(args, "from", 0), *target = gh_cli_value(args, "to", 0);
    if (source == NULL || target == NULL)
        return refuse("records move needs --from PLACE and --to PLACE");
    int status = gh_cli_place_read(args, source, GH_CLI_PLACE_ANY, from);
    if (status == GH_EXIT_OK)
        status = gh_cli_place_read(args, target, GH_CLI_PLACE_ANY, to);
    if (status == GH_EXIT_OK && from->is_folder && to->is_folder)
        return refuse("both are folders: copy the files instead, with the server stopped");
    return status;
}

static bool say(const gh_cli_place *place, const char *why)
{
    (void)fprintf(stderr, "gatehouse: %s: %s\n", gh_cli_place_name(place), why);
    return false;
}

static bool look_at_source(gh_cli_place *from)
{
    uint64_t version = 0;
    if (!gh_pg_schema_look(&from->postgres, &version))
        return say(from, from->sql->why);
    if (version == gh_pg_schema_version())
        return true;
    return say(from,
               version == 0
                   ? "there are no records of Gatehouse's that this role can read"
                   : "its schema is of another version than this Gatehouse's: bring it there first, with "
                     "gatehouse records migrate");
}

static bool make_schema(gh_cli_place *to)
{
    char text[WHY_MAX];
    gh_buf why = gh_buf_over(text, sizeof text - 1);
    uint64_t found;
    if (gh_pg_schema_open(&to->postgres, &found, &why))
        return true;
    text[why.n] = '\0';
    return say(to, text);
}

/* Servers first: what is needed to reach them may be root's, and the folder is opened as its owner. The schema last: a
 * source that can't be moved, as one that is in use, leaves nothing in the target. */
static bool open_both(gh_cli_place *from, gh_cli_place *to)
{
    if (!from->is_folder && (!gh_cli_place_connect(from, GH_POSTGRES_SCHEMA) || !look_at_source(from)))
        return false;
    if (!to->is_folder && !gh_cli_place_connect(to, GH_POSTGRES_SCHEMA))
        return false;
    if (from->is_folder && !gh_cli_place_open(from, false))
        return false;
    return to->is_folder ? gh_cli_place_open(to, true) : make_schema(to);
}

/* It is done whether or not this can be. False: said. */
static bool mark(const gh_cli_place *from, const gh_cli_place *to)
{
    char text[WHY_MAX];
    gh_buf why = gh_buf_over(text, sizeof text - 1);
    if (!from->is_folder || gh_folder_mark_moved(from->folder.p, gh_str_of(gh_cli_place_name(to)), &why))
        return true;
    text[why.n] = '\0';
    (void)fprintf(
        stderr,
        "gatehouse: %s\ngatehouse: the folder could not be marked as moved: take care that no Gatehouse "
        "starts on it again\n",
        text);
    return false;
}

static void print_what_is_next(const gh_cli_place *from, bool marked)
{
    (void)printf("All nodes need the secret_key that was in use there");
    if (from->is_folder)
        (void)printf(": SECRET_KEY, or, where that was not set, what is in %s/secret_key",
                     gh_cli_place_name(from));
    if (from->is_folder && marked)
        (void)printf(
            ".\nThe folder is as it was and marked as moved: no Gatehouse starts on its records any more");
    (void)printf(".\n");
}

static void print_counts(const gh_move_counts *counts)
{
    uint64_t all = 0;
    for (unsigned i = 0; i < GH_MOVE_TABLES; i++) {
        (void)printf("%12llu  %s\n", (unsigned long long)counts->rows[i], gh_move_table(i));
        all += counts->rows[i];
    }
    (void)printf("%12llu  in all; read again and compared: the same\n", (unsigned long long)all);
    if (counts->mended > 0)
        (void)fprintf(stderr,
                      "gatehouse: %llu text%s had bytes that are no text (UTF-8): U+FFFD is in their place\n",
                      (unsigned long long)counts->mended, counts->mended == 1 ? "" : "s");
}

static int move(gh_cli_place *from, gh_cli_place *to)
{
    char text[WHY_MAX];
    gh_buf why = gh_buf_over(text, sizeof text - 1);
    uint8_t key[16];
    gh_move_counts counts;
    gh_random(key, sizeof key);
    if (!open_both(from, to))
        return GH_EXIT_FAILED;
    enum gh_move_end end = gh_move(from->sql, to->sql, key, &counts, &why);
    text[why.n] = '\0';
    if (end != GH_MOVE_DONE) {
        (void)fprintf(stderr, "gatehouse: %s%s\n", end == GH_MOVE_NOT_DONE ? "nothing was moved: " : "",
                      text);
        return GH_EXIT_FAILED;
    }
    bool marked = mark(from, to); /* before all else: nobody may be there any more who reads the rest */
    (void)printf("from %s to %s:\n", gh_cli_place_name(from), gh_cli_place_name(to));
    print_counts(&counts);
    print_what_is_next(from, marked);
    return fflush(stdout) == 0 ? GH_EXIT_OK : GH_EXIT_FAILED;
}

int gh_cmd_records_move(const gh_cli_args *args)
{
    static gh_cli_place from, to; /* one a process */
    gh_cli_place_begin(&from);
    gh_cli_place_begin(&to);
    int status = read_places(args, &from, &to);
    if (status == GH_EXIT_OK)
        status = move(&from, &to);
    gh_cli_place_end(&from);
    gh_cli_place_end(&to);
    return status;
}
