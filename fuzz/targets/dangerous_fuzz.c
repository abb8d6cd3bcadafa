/* Detectors of dangerous content: any bytes, any checks. What is found in a text is still found with harmless words
 * on lines of their own around it, one check finds what all find, the look beforehand changes nothing, and the work
 * is bounded by the size. */
#include "fuzz.h"

#include "base/buf.h"
#include "text/danger_rules.h"

enum { LONGEST = 2000 };

static enum gh_danger find(gh_str text, gh_danger_set checks)
{
    gh_arena arena;
    gh_arena_init(&arena, NULL, 0, 8 * text.n + 65536);
    enum gh_danger found = gh_danger_find(text, checks, LONGEST, &arena);
    gh_arena_reset(&arena);
    FUZZ_CHECK(checks == 0 || gh_danger_find_slowly(text, checks, LONGEST, &arena) == found);
    gh_arena_reset(&arena);
    return found;
}

static void check_alone(gh_str text, gh_danger_set checks, enum gh_danger found)
{
    for (unsigned i = 0; i < GH_DANGER_COUNT; i++) {
        gh_danger_set one = (gh_danger_set)1 << i;
        if ((checks & one) == 0)
            continue;
        enum gh_danger alone = find(text, one);
        FUZZ_CHECK(alone == GH_DANGER_COUNT || alone == i);
        FUZZ_CHECK(i >= found ? i != found || alone == i : alone == GH_DANGER_COUNT);
    }
}

/* Some markup is active wherever it stands. */
static void check_around(gh_str text)
{
    enum { SCRIPTS = 1 << GH_DANGER_SCRIPT, WORDS = 4 };
    char *memory = malloc(text.n + 2 * WORDS);
    if (memory == NULL)
        abort();
    gh_buf out = gh_buf_over(memory, text.n + 2 * WORDS);
    gh_buf_lit(&out, "one ");
    gh_buf_put(&out, text);
    gh_buf_lit(&out, " two");
    if (find(text, SCRIPTS) == GH_DANGER_SCRIPT)
        FUZZ_CHECK(find(gh_buf_str(&out), SCRIPTS) == GH_DANGER_SCRIPT);
    free(memory);
}

/* No scratch left: refused, not passed, but for what needs none. */
static void check_no_memory(gh_str text, gh_danger_set checks, enum gh_danger found)
{
    gh_arena none;
    gh_arena_init(&none, NULL, 0, 0);
    if (text.n > 0 && checks != 0)
        FUZZ_CHECK(gh_danger_find(text, checks, LONGEST, &none) <= found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_danger_set all = ((gh_danger_set)1 << GH_DANGER_COUNT) - 1;
    gh_str text = {(const char *)data, size};
    enum gh_danger found = find(text, all);
    check_alone(text, all, found);
    check_around(text);
    check_no_memory(text, all, found);
    return 0;
}
