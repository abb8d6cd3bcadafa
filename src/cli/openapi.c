#include "cli/openapi.h"

#include <errno.h>

#include "cli/commands.h"
#include "config/document.h"

enum { FIRST_BLOCK = 256 * 1024, DIFF_MAX = 16 << 20 };
/* A tree takes up to ten times its text; both documents of a comparison have this. */
static const size_t arena_max = (size_t)4 << 30;

static int usage_error(const char *what)
{
    (void)fprintf(stderr, "gatehouse: %s\nSee: gatehouse openapi --help\n", what);
    return GH_EXIT_USAGE;
}

static bool refuse(const gh_cli_document *d, const char *why)
{
    (void)fprintf(stderr, "gatehouse: %s: %s\n", d->name, why);
    return false;
}

/* Everything that is still to come, into the arena. */
static bool read_all(gh_cli_document *d, FILE *from)
{
    size_t cap = FIRST_BLOCK, n = 0;
    char *text = gh_arena_alloc(&d->arena, cap);
    while (text != NULL) {
        n += fread(text + n, 1, cap - n, from);
        if (n < cap)
            break;
        if (cap > GH_DOCUMENT_BYTES_MAX)
            return refuse(d, "larger than 64 MiB");
        char *more = gh_arena_alloc(&d->arena, cap * 2);
        if (more != NULL)
            memcpy(more, text, n);
        text = more;
        cap *= 2;
    }
    if (text == NULL)
        return refuse(d, "out of memory");
    d->text = (gh_str){text, n};
    return ferror(from) == 0 || refuse(d, strerrordesc_np(errno));
}

static bool read_file(gh_cli_document *d, const char *name)
{
    bool standard = strcmp(name, "-") == 0;
    d->name = standard ? "(standard input)" : name;
    FILE *from = standard ? stdin : fopen(name, "re");
    if (from == NULL)
        return refuse(d, strerrordesc_np(errno));
    bool good = read_all(d, from);
    if (!standard)
        (void)fclose(from);
    return good;
}

/* False: said why. With errors in the document, the document. */
static bool read_document(gh_cli_document *d, const char *name, const char *prefix)
{
    gh_json_error error = {.why = NULL};
    gh_arena_init(&d->arena, NULL, 0, arena_max);
    d->openapi = NULL;
    if (!read_file(d, name))
        return false;
    const gh_json *root = gh_document_read(d->text, &d->arena, &error);
    if (root == NULL) {
        (void)fprintf(stderr, "%s:%u:%u: error: %s\n", d->name, error.line, error.column, error.why);
        return false;
    }
    const gh_openapi_options options = {
        .name = gh_str_of(d->name), .prefix = gh_str_of(prefix), .formats = true};
    d->openapi = gh_openapi_load(root, &options, &d->arena);
    return d->openapi != NULL || refuse(d, "out of memory");
}

static void forget(gh_cli_document *d)
{
    gh_openapi_close(d->openapi);
    gh_arena_reset(&d->arena);
}

static int check(const gh_cli_args *args, const char *name)
{
    gh_cli_document d;
    int status = GH_EXIT_FAILED;
    if (read_document(&d, name, gh_cli_value(args, "prefix", 0))) {
        if (gh_cli_has(args, "json"))
            gh_cli_openapi_json(&d);
        else
            gh_cli_openapi_report(&d);
        status = gh_cli_openapi_count(&d, GH_OPENAPI_ERROR) > 0 ? GH_EXIT_FAILED : GH_EXIT_OK;
    }
    forget(&d);
    return status;
}

static void print_lines(gh_str lines, unsigned changes, unsigned breaking, bool json)
{
    gh_str rest = lines, line;
    const char *comma = "";
    if (!json) {
        (void)fwrite(lines.p, 1, lines.n, stdout);
        (void)printf("%u change%s, %u of them breaking\n", changes, changes == 1 ? "" : "s", breaking);
        return;
    }
    (void)printf("{\"changes\": %u, \"breaking\": %u, \"lines\": [", changes, breaking);
    while (rest.n > 0 && gh_str_next(&rest, '\n', &line)) {
        (void)printf("%s\n  ", comma);
        gh_cli_put_json(stdout, line);
        comma = ",";
    }
    (void)printf("]}\n");
}

static bool is_usable(const gh_cli_document *d)
{
    gh_cli_openapi_messages(stderr, d, GH_OPENAPI_ERROR);
    return gh_cli_openapi_count(d, GH_OPENAPI_ERROR) == 0;
}

static int compare(gh_cli_document *before, gh_cli_document *after, bool json)
{
    unsigned changes = 0, breaking = 0;
    char *memory = gh_arena_alloc(&after->arena, DIFF_MAX);
    gh_buf out = gh_buf_over(memory, memory == NULL ? 0 : DIFF_MAX);
    if (!gh_openapi_diff(before->openapi->document, after->openapi->document, &after->arena, &out, &changes,
                         &breaking)) {
        (void)fprintf(stderr, "gatehouse: there are too many changes to list\n");
        return GH_EXIT_USAGE;
    }
    print_lines(gh_buf_str(&out), changes, breaking, json);
    return breaking > 0 ? GH_EXIT_FAILED : GH_EXIT_OK;
}

static int diff(const gh_cli_args *args, const char *old, const char *new)
{
    gh_cli_document before, after;
    int status = GH_EXIT_USAGE;
    if (gh_cli_has(args, "prefix"))
        return usage_error("diff takes no --prefix: paths are compared as the documents have them");
    bool good = read_document(&before, old, NULL);
    bool also = read_document(&after, new, NULL);
    if (good)
        good = is_usable(&before);
    if (also)
        also = is_usable(&after);
    if (good && also)
        status = compare(&before, &after, gh_cli_has(args, "json"));
    forget(&before);
    forget(&after);
    return status;
}

/* Documents are read from files alone: what is not one gets the way to make it one. */
static bool is_address(const char *name)
{
    static const gh_str starts[] = {GH_STR_INIT("http://"), GH_STR_INIT("https://"),
                                    GH_STR_INIT("upstream:")};
    for (size_t i = 0; name != NULL && i < GH_COUNT(starts); i++)
        if (gh_str_starts(gh_str_of(name), starts[i]))
            return true;
    return false;
}

int gh_cmd_openapi(const gh_cli_args *args)
{
    const char *word = gh_cli_argument(args, 0), *first = gh_cli_argument(args, 1);
    const char *second = gh_cli_argument(args, 2);
    char text[256];
    if (word == NULL)
        return usage_error("openapi needs a word: check FILE, or diff OLD NEW");
    bool is_check = strcmp(word, "check") == 0, is_diff = strcmp(word, "diff") == 0;
    if (is_address(first) || is_address(second))
        return usage_error(
            "openapi reads a file, or the standard input as \"-\", and no address; pipe the document "
            "into it: curl -s http://127.0.0.1:8000/openapi.json | gatehouse openapi check -");
    if (is_check && first != NULL && second == NULL)
        return check(args, first);
    if (is_diff && first != NULL && second != NULL)
        return diff(args, first, second);
    if (is_check)
        return usage_error("check needs one file: gatehouse openapi check FILE");
    if (is_diff)
        return usage_error("diff needs two files: gatehouse openapi diff OLD NEW");
    gh_buf b = gh_buf_over(text, sizeof text - 1);
    bool near_check = gh_str_distance(gh_str_of(word), GH_STR("check"), 2) <= 2;
    bool near_diff = gh_str_distance(gh_str_of(word), GH_STR("diff"), 2) <= 2;
    gh_buf_printf(&b, "openapi has no \"%.100s\"; %s", word,
                  near_check  ? "did you mean check?"
                  : near_diff ? "did you mean diff?"
                              : "it has check and diff");
    text[b.n] = '\0';
    return usage_error(text);
}
