#include "text/dangerous.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "corpus.h"

enum { LENGTH = 10000 };

static gh_arena scratch;

static enum gh_danger find(gh_str text, gh_danger_set checks)
{
    enum gh_danger found = gh_danger_find(text, checks, LENGTH, &scratch);
    gh_arena_reset(&scratch);
    return found;
}

static enum gh_danger danger_of(gh_str name)
{
    unsigned i = 0;
    while (i < GH_DANGER_COUNT && !gh_str_eq(gh_danger_name((enum gh_danger)i), name))
        i++;
    return (enum gh_danger)i;
}

/* Every attack is found, by the check it is meant for. */
static void attacks(void **state)
{
    (void)state;
    gh_str rest = corpus_read("attacks.txt"), line;
    unsigned missed = 0, n = 0;
    while (corpus_next(&rest, &line)) {
        char memory[512];
        size_t space = gh_str_find(line, ' ');
        enum gh_danger danger = danger_of(gh_str_cut(line, 0, space));
        assert_true(danger < GH_DANGER_COUNT && line.n - space < sizeof memory);
        gh_str text = corpus_text(gh_str_cut(line, space + 1, line.n), memory);
        n++;
        if (find(text, (gh_danger_set)1 << danger) == danger)
            continue;
        print_error("not found: %.*s\n", (int)line.n, line.p);
        missed++;
    }
    print_message("%u attacks, %u not found\n", n, missed);
    assert_true(n >= 400);
    assert_int_equal(missed, 0);
}

/* What ordinary text is taken for something dangerous, a check: rows say how often, and why it stays so. */
static void ordinary(void **state)
{
    (void)state;
    /* clang-format off */
    static const unsigned most[GH_DANGER_COUNT] = {[GH_DANGER_SQL] = 1}; /* "5' or 6 --": a length or an injection */
    static const char *const files[] = {"prose", "people", "music", "chat", "notes", "markup", "code", "math", "data"};
    /* clang-format on */
    unsigned found[GH_DANGER_COUNT] = {0}, n = 0;
    for (size_t i = 0; i < GH_COUNT(files); i++) {
        char name[64];
        gh_buf at = gh_buf_over(name, sizeof name - 1);
        gh_buf_printf(&at, "ordinary/%s.txt", files[i]);
        name[at.n] = '\0';
        gh_str rest = corpus_read(name), line;
        while (corpus_next(&rest, &line)) {
            char memory[512];
            assert_true(line.n < sizeof memory);
            gh_str text = corpus_text(line, memory);
            n++;
            for (unsigned k = 0; k < GH_DANGER_COUNT; k++) {
                if (find(text, (gh_danger_set)1 << k) == GH_DANGER_COUNT)
                    continue;
                found[k]++;
                gh_str check = gh_danger_name((enum gh_danger)k);
                print_message("%.*s: %.*s\n", (int)check.n, check.p, (int)line.n, line.p);
            }
        }
    }
    print_message("%u ordinary texts\n", n);
    assert_true(n >= 600);
    for (unsigned k = 0; k < GH_DANGER_COUNT; k++)
        assert_true(found[k] <= most[k]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attacks),
        cmocka_unit_test(ordinary),
    };
    gh_arena_init(&scratch, NULL, 0, (size_t)64 << 20);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
