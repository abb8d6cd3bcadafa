/* What the evaluator says, for tests that hold it against others: tests/embed/schema_differential_test.py.
 *
 * On standard input a line a case: {"schema": ..., "instances": [...]}. On standard output a line a case: a letter
 * for each instance (v valid, i invalid, c too costly), or "refused: POINTER: WHY" for the schema. Each instance is
 * evaluated with and without findings; where the two differ, or findings and result do, the letter is x. */
#include <stdio.h>
#include <stdlib.h>

#include "schema/schema.h"

enum { ARENA_CAP = 64 << 20 };

_Noreturn static void die(const char *why)
{
    (void)fprintf(stderr, "schema_verdicts: %s\n", why);
    exit(2); /* NOLINT(concurrency-mt-unsafe): one thread */
}

static char letter(enum gh_schema_result quiet, enum gh_schema_result loud, unsigned n)
{
    if (quiet != loud || (n > 0) != (loud == GH_SCHEMA_INVALID))
        return 'x';
    return loud == GH_SCHEMA_VALID ? 'v' : loud == GH_SCHEMA_INVALID ? 'i' : 'c';
}

static void evaluate(const gh_schema *schema, const gh_json *instance)
{
    gh_arena scratch;
    gh_finding items[GH_FINDINGS_MAX];
    gh_findings findings = {.items = items, .max = GH_FINDINGS_MAX};
    gh_arena_init(&scratch, NULL, 0, ARENA_CAP);
    enum gh_schema_result quiet = gh_schema_evaluate(schema, instance, &scratch, NULL);
    enum gh_schema_result loud = gh_schema_evaluate(schema, instance, &scratch, &findings);
    (void)putchar(letter(quiet, loud, findings.n));
    gh_arena_reset(&scratch);
}

static void run(gh_str line)
{
    gh_arena arena;
    gh_json_error wrong;
    gh_schema_error error;
    const gh_schema *schema = NULL;
    const gh_schema_options options = {.dialect = GH_SCHEMA_2020_12};
    gh_arena_init(&arena, NULL, 0, ARENA_CAP);
    const gh_json *of = gh_json_read(line, &gh_json_limits_wide, &arena, &wrong);
    gh_schema_compiler *c = gh_schema_compiler_new(&arena, &options);
    const gh_json *root = of == NULL ? NULL : gh_json_lit(of, "schema");
    const gh_json *instances = of == NULL ? NULL : gh_json_lit(of, "instances");
    if (c == NULL || root == NULL || instances == NULL)
        die("a line that is no case");
    if (gh_schema_compiler_add(c, GH_STR(""), root, &error))
        schema = gh_schema_compile(c, root, root, &error);
    if (schema == NULL)
        printf("refused: %.*s: %.*s", (int)error.pointer.n, error.pointer.p, (int)error.why.n, error.why.p);
    for (const gh_json *v = instances->first; schema != NULL && v != NULL; v = v->next)
        evaluate(schema, v);
    (void)putchar('\n');
    gh_schema_compiler_close(c);
    gh_arena_reset(&arena);
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    while ((n = getline(&line, &room, stdin)) > 0)
        run((gh_str){line, (size_t)n - (line[n - 1] == '\n')});
    free(line);
    return ferror(stdin) != 0 || fflush(stdout) != 0;
}
