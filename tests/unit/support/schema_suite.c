/* Runs the official JSON Schema Test Suite (draft 2020-12) against the library.
 *
 *     schema_suite SUITE SCHEMAS
 *
 * SUITE has tests/draft2020-12 and remotes (Debian: libtest-json-schema-acceptance-perl), SCHEMAS the meta-schemas
 * (python3-jsonschema); nothing of them is kept here. One line a file: how many of its cases came out as they
 * should. All files that every implementation must pass, and the optional ones. Exit status 1: something is neither
 * right nor in the list below, or in the list and right after all; 77: a package is not installed. */
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/schema.h"

enum { ARENA_CAP = 64 << 20, MAX_REMOTES = 128, LEAST_CASES = 1500, SKIPPED = 77, PATH_ROOM = 512 };

static const char draft[] = "/tests/draft2020-12";

/* What is not supported and is refused when it is compiled, all of the file; or how many cases come out otherwise. */
static const struct {
    const char *file;  /* the end of its path */
    unsigned failures; /* 0: refused */
    const char *why;
} exceptions[] = {
    {"/draft2020-12/vocabulary.json", 0, "dialects are supported as a whole only"},
    {"/optional/format-assertion.json", 0,
     "dialects are supported as a whole only; formats are asserted by option"},
    {"/optional/cross-draft.json", 0, "no other drafts"},
    {"/optional/dependencies-compatibility.json", 0,
     "a keyword of an older draft is an error, not passed over"},
    {"/optional/format/idn-hostname.json", 24,
     "the syntax of labels is checked, not the tables of IDNA 2008"},
};

typedef struct document {
    gh_str uri;
    gh_json *root;
} document;

static document remotes[MAX_REMOTES];
static size_t n_remotes;
static gh_arena shared; /* of all documents */
static size_t root_length;
static bool formats;

_Noreturn static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "schema_suite: %s: %s\n", what, why);
    exit(2); /* NOLINT(concurrency-mt-unsafe): one thread */
}

static gh_json *read_json(const char *path, gh_arena *arena)
{
    FILE *f = fopen(path, "rb");
    gh_json_error error;
    if (f == NULL || fseek(f, 0, SEEK_END) != 0)
        die(path, "cannot be read");
    long size = ftell(f);
    rewind(f);
    char *bytes = size < 0 ? NULL : gh_arena_alloc(arena, (size_t)size + 1);
    if (bytes == NULL || fread(bytes, 1, (size_t)size, f) != (size_t)size)
        die(path, "cannot be read");
    (void)fclose(f);
    gh_json *root = gh_json_read((gh_str){bytes, (size_t)size}, &gh_json_limits_wide, arena, &error);
    if (root == NULL)
        die(path, error.why);
    return root;
}

static void add_remote(gh_str uri, gh_json *root)
{
    if (n_remotes == MAX_REMOTES)
        die("remotes", "too many");
    remotes[n_remotes++] = (document){uri, root};
}

/* A file of the folder that the suite expects at http://localhost:1234/; those of other drafts are left out. */
static int visit(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    char uri[512];
    (void)status;
    (void)where;
    if (kind != FTW_F)
        return 0;
    if (strstr(path, "/draft") != NULL && strstr(path, "/draft2020-12/") == NULL)
        return 0;
    (void)snprintf(uri, sizeof uri, "http://localhost:1234/%s", path + root_length + 1);
    add_remote(gh_arena_copy(&shared, gh_str_of(uri)), read_json(path, &shared));
    return 0;
}

static void add_vocabularies(const char *path)
{
    const gh_json *map = read_json(path, &shared);
    for (gh_json *v = map->first; v != NULL; v = v->next) {
        if (gh_str_starts(v->key, GH_STR("https://json-schema.org/draft/2020-12/")))
            add_remote(v->key, v);
    }
}

static void tell(const char *path, const gh_json *group, const gh_json *test, gh_str what)
{
    const gh_json *name = gh_json_lit(group, "description"), *of = gh_json_lit(test, "description");
    printf("  %s: \"%.*s\"", path, (int)name->text.n, name->text.p);
    if (of != NULL)
        printf(": \"%.*s\"", (int)of->text.n, of->text.p);
    printf(": %.*s\n", (int)what.n, what.p);
}

/* Of a file that is in the list: the row of it; else -1. */
static int exception_of(const char *path)
{
    for (size_t i = 0; i < GH_COUNT(exceptions); i++) {
        if (gh_str_ends(gh_str_of(path), gh_str_of(exceptions[i].file)))
            return (int)i;
    }
    return -1;
}

static bool evaluates_to(const gh_schema *schema, const gh_json *data, enum gh_schema_result want)
{
    gh_arena scratch;
    gh_finding items[GH_FINDINGS_MAX];
    gh_findings findings = {.items = items, .max = GH_FINDINGS_MAX};
    gh_arena_init(&scratch, NULL, 0, ARENA_CAP);
    enum gh_schema_result quiet = gh_schema_evaluate(schema, data, &scratch, NULL);
    enum gh_schema_result loud = gh_schema_evaluate(schema, data, &scratch, &findings);
    bool told = (findings.n > 0) == (loud == GH_SCHEMA_INVALID);
    gh_arena_reset(&scratch);
    return quiet == want && loud == want && told;
}

typedef struct tally {
    unsigned passed, failed, refused;
} tally;

static void run_tests(const char *path, const gh_json *group, const gh_schema *schema, tally *t)
{
    for (const gh_json *test = gh_json_lit(group, "tests")->first; test != NULL; test = test->next) {
        const gh_json *data = gh_json_lit(test, "data");
        bool valid = gh_json_lit(test, "valid")->type == GH_JSON_TRUE;
        bool right = evaluates_to(schema, data, valid ? GH_SCHEMA_VALID : GH_SCHEMA_INVALID);
        t->passed += right;
        t->failed += !right;
        if (!right && exception_of(path) < 0)
            tell(path, group, test, GH_STR("wrong result"));
    }
}

static void add_remotes(gh_schema_compiler *c)
{
    gh_schema_error error;
    for (size_t i = 0; i < n_remotes; i++) {
        /* Some outside the folder of this draft are of older ones; what needs one that was refused fails. */
        bool old = gh_str_find(remotes[i].uri, '-') == remotes[i].uri.n;
        if (!gh_schema_compiler_add(c, remotes[i].uri, remotes[i].root, &error) && !old)
            die(remotes[i].uri.p, error.why.p);
    }
}

static void run_group(const char *path, const gh_json *group, tally *t)
{
    gh_arena arena;
    gh_schema_error error;
    const gh_schema_options options = {.dialect = GH_SCHEMA_2020_12, .assert_formats = formats};
    gh_arena_init(&arena, NULL, 0, ARENA_CAP);
    gh_schema_compiler *c = gh_schema_compiler_new(&arena, &options);
    const gh_json *root = gh_json_lit(group, "schema");
    const gh_schema *schema = NULL;
    if (c == NULL)
        die(path, "no memory");
    add_remotes(c);
    if (gh_schema_compiler_add(c, GH_STR(""), root, &error))
        schema = gh_schema_compile(c, root, root, &error);
    if (schema != NULL)
        run_tests(path, group, schema, t);
    else
        t->refused += gh_json_lit(group, "tests")->n;
    if (schema == NULL && exception_of(path) < 0) {
        tell(path, group, NULL, error.why);
        printf("    at %.*s\n", (int)error.pointer.n, error.pointer.p);
    }
    gh_schema_compiler_close(c);
    gh_arena_reset(&arena);
}

static unsigned total;

/* Is it as expected? */
static bool run_file(const char *path)
{
    gh_arena arena;
    tally t = {0};
    gh_arena_init(&arena, NULL, 0, ARENA_CAP);
    const gh_json *groups = read_json(path, &arena);
    for (const gh_json *group = groups->first; group != NULL; group = group->next)
        run_group(path, group, &t);
    gh_arena_reset(&arena);
    total += t.passed;
    int row = exception_of(path);
    bool refused = row >= 0 && exceptions[row].failures == 0;
    unsigned failures = row >= 0 ? exceptions[row].failures : 0;
    bool fine = refused ? t.passed == 0 && t.failed == 0 : t.refused == 0 && t.failed == failures;
    printf("%s %s: %u passed, %u failed, %u refused%s%s\n", fine ? "ok" : "NOT OK", path + root_length,
           t.passed, t.failed, t.refused, row >= 0 ? ": " : "", row >= 0 ? exceptions[row].why : "");
    return fine;
}

static int is_json(const struct dirent *entry)
{
    return gh_str_ends(gh_str_of(entry->d_name), GH_STR(".json"));
}

/* All files of one folder, in the order of their names. */
static bool run_folder(const char *suite, const char *folder, bool with_formats)
{
    char path[PATH_ROOM];
    struct dirent **entries;
    bool fine = true;
    (void)snprintf(path, sizeof path, "%s%s%s", suite, draft, folder);
    int n = scandir(path, &entries, is_json, alphasort);
    if (n <= 0)
        die(path, "no tests in it");
    formats = with_formats;
    for (int i = 0; i < n; i++) {
        (void)snprintf(path, sizeof path, "%s%s%s/%s", suite, draft, folder, entries[i]->d_name);
        /* Its last group looks at the format of patterns. */
        formats = with_formats || strcmp(entries[i]->d_name, "ecmascript-regex.json") == 0;
        fine = run_file(path) && fine;
        free(entries[i]);
    }
    free((void *)entries);
    return fine;
}

static bool exists(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f != NULL)
        (void)fclose(f);
    return f != NULL;
}

int main(int argc, char **argv)
{
    char meta[PATH_ROOM], vocabularies[PATH_ROOM], folder[PATH_ROOM];
    if (argc != 3)
        die("usage", "schema_suite SUITE SCHEMAS");
    const char *suite = argv[1];
    (void)snprintf(meta, sizeof meta, "%s/draft2020-12.json", argv[2]);
    (void)snprintf(vocabularies, sizeof vocabularies, "%s/vocabularies.json", argv[2]);
    (void)snprintf(folder, sizeof folder, "%s/remotes", suite);
    if (!exists(folder) || !exists(meta)) {
        printf("skipped: libtest-json-schema-acceptance-perl or python3-jsonschema is not installed\n");
        return SKIPPED;
    }
    gh_arena_init(&shared, NULL, 0, ARENA_CAP);
    root_length = strlen(folder);
    /* One thread. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    if (nftw(folder, visit, 16, FTW_PHYS) != 0)
        die(folder, "cannot be read");
    add_remote(GH_STR("https://json-schema.org/draft/2020-12/schema"), read_json(meta, &shared));
    add_vocabularies(vocabularies);
    root_length = strlen(suite) + strlen("/tests/");
    bool fine = run_folder(suite, "", false);
    fine = run_folder(suite, "/optional", false) && fine;
    fine = run_folder(suite, "/optional/format", true) && fine;
    printf("%u cases passed\n", total);
    gh_arena_reset(&shared);
    return fine && total >= LEAST_CASES ? 0 : 1;
}
