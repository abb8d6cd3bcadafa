#include "cli/bulk.h"

#include <errno.h>

#include "base/crypto.h"
#include "wire/json.h"

/* A part is sent when it is so long and ends with a line; a line that is longer is one that can't be right. */
enum { PART = 1 << 20, SUMMARY_MAX = 4096, LINE_MAX_BYTES = 16384 };
_Static_assert((int)PART <= (int)GH_OPERATOR_INPUT_MAX, "a part is one input");

typedef struct importing {
    gh_cli_reach *reach;
    gh_cli_words words;
    unsigned n_words; /* without --first-line */
    uint64_t line;    /* the number of the part's first */
    uint64_t imported, skipped, failed;
    int status;
} importing;

static uint64_t figure(const gh_json *root, const char *name)
{
    uint64_t n = 0;
    const gh_json *value = gh_json_get(root, gh_str_of(name));
    return value != NULL && value->type == GH_JSON_NUMBER && gh_str_u64(value->text, &n) ? n : 0;
}

/* False: the part was not worked through to its end, and there is no point in going on. */
static bool add_summary(importing *im, const gh_text *out)
{
    char memory[SUMMARY_MAX] __attribute__((aligned(16)));
    gh_json_error error;
    gh_arena arena;
    gh_arena_init(&arena, memory, sizeof memory, SUMMARY_MAX);
    const gh_json *root = gh_json_read(gh_text_str(out), &gh_json_limits_wide, &arena, &error);
    im->imported += figure(root, "imported");
    im->skipped += figure(root, "skipped");
    im->failed += figure(root, "failed");
    bool whole = root != NULL && root->type == GH_JSON_OBJECT;
    gh_arena_reset(&arena);
    return whole;
}

static bool import_part(importing *im, gh_str part)
{
    char number[40];
    gh_text out = {.cap = SUMMARY_MAX}, err = {.cap = GH_OPERATOR_OUTPUT_MAX};
    gh_buf first = gh_buf_over(number, sizeof number);
    gh_buf_printf(&first, "--first-line=%llu", (unsigned long long)im->line);
    im->words.list[im->n_words] = gh_buf_str(&first);
    const gh_operator_request request = {.argv = im->words.list, .argc = im->n_words + 1, .input = part};
    int status = gh_cli_reach_do(im->reach, &request, &out, &err);
    gh_cli_print(stderr, &err);
    if (status != GH_EXIT_OK)
        im->status = status;
    bool whole = add_summary(im, &out);
    for (size_t i = 0; i < part.n; i++)
        im->line += part.p[i] == '\n';
    gh_text_free(&out);
    gh_text_free(&err);
    return whole;
}

/* How much of what is there can be sent: whole lines; at the end of the file, and where no line ends, all of it. */
static size_t whole_lines(const char *memory, size_t n, bool end)
{
    size_t lines = n;
    while (lines > 0 && memory[lines - 1] != '\n')
        lines--;
    return end || lines == 0 ? n : lines;
}

static bool import_from(importing *im, FILE *from, char *memory)
{
    size_t n = 0;
    bool going = true, end = false;
    while (going && !end) {
        n += fread(memory + n, 1, PART - n, from);
        end = n < PART;
        size_t part = whole_lines(memory, n, end);
        going = part == 0 || import_part(im, (gh_str){memory, part});
        memmove(memory, memory + part, n - part);
        n -= part;
    }
    gh_wipe(memory, PART);
    return going;
}

static int import_file(importing *im, const char *name, FILE *from)
{
    static char memory[PART]; /* one a process */
    bool good = import_from(im, from, memory);
    if (ferror(from) != 0) {
        (void)fprintf(stderr, "gatehouse: %s: can't be read to its end\n", name);
        return GH_EXIT_FAILED;
    }
    return good ? im->status : GH_EXIT_FAILED;
}

static void print_summary(const importing *im, bool json, bool dry_run)
{
    unsigned long long imported = im->imported, skipped = im->skipped, failed = im->failed;
    if (json)
        (void)printf("{\"dry_run\":%s,\"imported\":%llu,\"skipped\":%llu,\"failed\":%llu}\n",
                     dry_run ? "true" : "false", imported, skipped, failed);
    else
        (void)printf("%llu %s, %llu skipped, %llu failed\n", imported,
                     dry_run ? "would be imported" : "imported", skipped, failed);
}

int gh_cli_import(const gh_cli_args *args, gh_cli_reach *reach, const gh_cli_words *words)
{
    static importing im; /* one a process */
    const char *name = gh_cli_argument(args, 0);
    bool standard = name == NULL || strcmp(name, "-") == 0;
    uint64_t first = 1;
    const char *given = gh_cli_value(args, "first-line", 0);
    if (given != NULL && (!gh_str_u64(gh_str_of(given), &first) || first == 0)) {
        (void)fprintf(stderr, "gatehouse: --first-line: \"%.100s\" is not a number from 1 on\n", given);
        return GH_EXIT_USAGE;
    }
    FILE *from = standard ? stdin : fopen(name, "re");
    if (from == NULL) {
        (void)fprintf(stderr, "gatehouse: %s: %s\n", name, strerrordesc_np(errno));
        return GH_EXIT_FAILED;
    }
    im = (importing){.reach = reach, .line = first};
    for (unsigned i = 0; i < 2; i++)
        im.words.list[im.n_words++] = words->list[i];
    im.words.list[im.n_words++] = GH_STR("--json");
    if (gh_cli_has(args, "dry-run"))
        im.words.list[im.n_words++] = GH_STR("--dry-run");
    if (gh_cli_has(args, "skip-existing"))
        im.words.list[im.n_words++] = GH_STR("--skip-existing");
    int status = import_file(&im, standard ? "standard input" : name, from);
    if (!standard)
        (void)fclose(from);
    print_summary(&im, gh_cli_has(args, "json"), gh_cli_has(args, "dry-run"));
    return fflush(stdout) == 0 || status != GH_EXIT_OK ? status : GH_EXIT_FAILED;
}

bool gh_cli_exports_all(const gh_cli_args *args)
{
    return strcmp(args->command->name, "user export") == 0 && gh_cli_argument(args, 0) == NULL &&
           !gh_cli_has(args, "limit");
}

/* The name in the last of the lines; absent: there is none. */
static gh_str last_name(gh_str lines, gh_arena *arena)
{
    gh_json_error error;
    size_t at = lines.n > 0 ? lines.n - 1 : 0; /* the last line feed */
    while (at > 0 && lines.p[at - 1] != '\n')
        at--;
    const gh_json *name = gh_json_lit(
        gh_json_read(gh_str_cut(lines, at, lines.n), &gh_json_limits_wide, arena, &error), "username");
    return name != NULL && name->type == GH_JSON_STRING ? name->text : (gh_str){NULL, 0};
}

/* Everything but --after, which is absent when it was not given. */
static gh_str begin_export(const gh_cli_words *words, gh_cli_words *page)
{
    gh_str after = {NULL, 0};
    page->n = 0;
    for (unsigned i = 0; i < words->n; i++)
        if (gh_str_starts(words->list[i], GH_STR("--after=")))
            after = words->list[i];
        else
            page->list[page->n++] = words->list[i];
    page->list[page->n++] = GH_STR("--limit=1000");
    return after;
}

/* One page. `after` becomes what the next one begins behind, absent when there is none. */
static int export_page(gh_cli_reach *reach, gh_cli_words *page, gh_str *after)
{
    gh_arena arena;
    gh_text out = {.cap = GH_OPERATOR_OUTPUT_MAX}, err = {.cap = GH_OPERATOR_OUTPUT_MAX};
    gh_operator_request request = {.argv = page->list, .argc = page->n};
    if (after->p != NULL)
        page->list[request.argc++] = *after;
    int status = gh_cli_reach_do(reach, &request, &out, &err);
    gh_cli_print(stderr, &err);
    gh_cli_print(stdout, &out);
    gh_arena_init(&arena, NULL, 0, 64 * LINE_MAX_BYTES);
    gh_buf b = gh_buf_over(page->memory, sizeof page->memory);
    gh_buf_lit(&b, "--after=");
    gh_str name = last_name(gh_text_str(&out), &arena);
    gh_buf_put(&b, name);
    *after = name.n > 0 && gh_buf_ok(&b) ? gh_buf_str(&b) : (gh_str){NULL, 0};
    gh_arena_wipe(&arena); /* password hashes may be in it */
    gh_arena_reset(&arena);
    gh_text_free(&out);
    gh_text_free(&err);
    return status;
}

int gh_cli_export(gh_cli_reach *reach, const gh_cli_words *words)
{
    static gh_cli_words page; /* one a process */
    gh_str after = begin_export(words, &page);
    int status;
    do
        status = export_page(reach, &page, &after);
    while (status == GH_EXIT_OK && after.p != NULL);
    return fflush(stdout) == 0 ? status : GH_EXIT_FAILED;
}
