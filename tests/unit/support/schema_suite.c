/* Runs files of the official JSON Schema Test Suite (draft 2020-12) against the library.
 *
 *     schema_suite [--formats] --remotes DIR --meta FILE --vocabularies FILE TEST_FILE...
 *
 * The suite and the meta-schemas come from Debian packages; nothing of them is kept here. One line a file: how many
 * of its cases came out as they should. Exit status 1: some did not, and are not in the list of exceptions below; or
 * one of those in the list came out right after all. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/schema.h"

enum { ARENA_CAP = 64 << 20, MAX_REMOTES = 128 };

/* What is not supported, and is refused when it is compiled; and what comes out otherwise, for a reason. */
static const struct {
    const char *file, *group; /* the end of the path; the description, or NULL: all groups */
    const char *test;         /* NULL: the group is refused; else this case comes out the other way round */
    const char *why;
} exceptions[] = {
    {"/vocabulary.json", NULL, NULL, "dialects other than 2020-12 as a whole"},
    {"/optional/format-assertion.json", NULL, NULL, "dialects other than 2020-12 as a whole"},
    {"/optional/cross-draft.json", NULL, NULL, "dialects other than 2020-12 as a whole"},
    {"/optional/dependencies-compatibility.json", NULL, NULL, "a keyword of an older draft is an error"},
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
static unsigned unexpected;

_Noreturn static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "schema_suite: %s: %s\n", what, why);
    exit(2);
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

static bool text_is(const gh_json *object, const char *key, const char *text)
{
    const gh_json *v = gh_json_get(object, gh_str_of(key));
    return v != NULL && v->type == GH_JSON_STRING && gh_str_eq(v->text, gh_str_of(text));
}

static void tell(const char *path, const gh_json *group, const gh_json *test, gh_str what)
{
    const gh_json *name = gh_json_lit(group, "description"), *of = gh_json_lit(test, "description");
    printf("  %s: \"%.*s\"", path, (int)name->text.n, name->text.p);
    if (of != NULL)
        printf(": \"%.*s\"", (int)of->text.n, of->text.p);
    printf(": %.*s\n", (int)what.n, what.p);
}

typedef enum expectation { PASSES, IS_REFUSED, DIFFERS } expectation;

static expectation expected(const char *path, const gh_json *group, const gh_json *test)
{
    for (size_t i = 0; i < GH_COUNT(exceptions); i++) {
        if (!gh_str_ends(gh_str_of(path), gh_str_of(exceptions[i].file)) ||
            (exceptions[i].group != NULL && !text_is(group, "description", exceptions[i].group)))
            continue;
        if (exceptions[i].test == NULL)
            return IS_REFUSED;
        if (test != NULL && text_is(test, "description", exceptions[i].test))
            return DIFFERS;
    }
    return PASSES;
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
        bool wanted = expected(path, group, test) == PASSES;
        t->passed += right;
        t->failed += !right;
        if (right == wanted)
            continue;
        unexpected++;
        tell(path, group, test,
             right ? GH_STR("is right after all: take it off the list") : GH_STR("wrong result"));
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
    for (size_t i = 0; i < n_remotes; i++) {
        /* Some outside the folder of this draft are of older ones; what needs one that was refused fails. */
        if (!gh_schema_compiler_add(c, remotes[i].uri, remotes[i].root, &error) &&
            gh_str_find(remotes[i].uri, '-') < remotes[i].uri.n)
            die(remotes[i].uri.p, error.why.p);
    }
    if (gh_schema_compiler_add(c, GH_STR(""), root, &error))
        schema = gh_schema_compile(c, root, root, &error);
    if ((schema == NULL) != (expected(path, group, NULL) == IS_REFUSED)) {
        unexpected++;
        tell(path, group, NULL, schema == NULL ? error.why : GH_STR("is not refused"));
        if (schema == NULL)
            printf("    at %.*s\n", (int)error.pointer.n, error.pointer.p);
    }
    if (schema != NULL)
        run_tests(path, group, schema, t);
    else
        t->refused += gh_json_lit(group, "tests")->n;
    gh_schema_compiler_close(c);
    gh_arena_reset(&arena);
}

static void run_file(const char *path)
{
    gh_arena arena;
    tally t = {0};
    gh_arena_init(&arena, NULL, 0, ARENA_CAP);
    const gh_json *groups = read_json(path, &arena);
    for (const gh_json *group = groups->first; group != NULL; group = group->next)
        run_group(path, group, &t);
    printf("%s: %u passed, %u failed, %u refused\n", path, t.passed, t.failed, t.refused);
    gh_arena_reset(&arena);
}

int main(int argc, char **argv)
{
    int i = 1;
    gh_arena_init(&shared, NULL, 0, ARENA_CAP);
    for (; i < argc && argv[i][0] == '-'; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--formats") == 0) {
            formats = true;
            continue;
        }
        if (strcmp(argv[i], "--remotes") == 0) {
            root_length = strlen(value);
            if (nftw(value, visit, 16, FTW_PHYS) != 0)
                die(value, "cannot be read");
        } else if (strcmp(argv[i], "--meta") == 0) {
            add_remote(GH_STR("https://json-schema.org/draft/2020-12/schema"), read_json(value, &shared));
        } else if (strcmp(argv[i], "--vocabularies") == 0) {
            add_vocabularies(value);
        } else {
            die(argv[i], "unknown option");
        }
        i++;
    }
    if (i == argc)
        die("usage", "no test files");
    for (; i < argc; i++)
        run_file(argv[i]);
    gh_arena_reset(&shared);
    return unexpected == 0 ? 0 : 1;
}
