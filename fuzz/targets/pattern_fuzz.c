/* PATTERN NUL SUBJECT: the two engines agree, unless one can't have the pattern or reaches its limit; automata read
 * each byte at most once a part; a refusal has a reason. */
#include "fuzz.h"

#include "schema/pattern.h"
#include "schema/pattern_tree.h"
#include "text/utf8.h"

enum { PARTS_MAX = 16 };

static void compare(gh_str text, gh_str subject, gh_arena *arena)
{
    const char *why = NULL, *reason = NULL;
    size_t work = 0;
    gh_pattern *usual = gh_pattern_new(text, arena, &why);
    gh_pattern *tried = gh_pattern_new_with(text, GH_PATTERN_BACKTRACKING, arena, &reason);
    FUZZ_CHECK(usual != NULL || (why != NULL && why[0] != '\0'));
    FUZZ_CHECK(tried != NULL || (reason != NULL && reason[0] != '\0'));
    if (usual != NULL) {
        FUZZ_CHECK(gh_tree_is_pattern(text, arena));
        enum gh_match_result found = gh_pattern_match_counted(usual, subject, arena, &work);
        FUZZ_CHECK(work <= subject.n * PARTS_MAX);
        if (gh_pattern_engine_of(usual) == GH_PATTERN_AUTOMATA)
            FUZZ_CHECK(found != GH_MATCH_TOO_COSTLY);
        enum gh_match_result again =
            tried == NULL ? GH_MATCH_TOO_COSTLY : gh_pattern_match(tried, subject, arena);
        FUZZ_CHECK(found == GH_MATCH_TOO_COSTLY || again == GH_MATCH_TOO_COSTLY || found == again);
    }
    gh_pattern_free(usual);
    gh_pattern_free(tried);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_arena arena;
    gh_str in = {(const char *)data, size};
    size_t nul = gh_str_find(in, '\0');
    gh_str text = gh_str_cut(in, 0, nul), subject = gh_str_cut(in, nul + 1, size);
    if (size > 4096 || gh_utf8_valid(in) < size)
        return 0;
    gh_arena_init(&arena, NULL, 0, 16 << 20);
    compare(text, subject, &arena);
    gh_arena_reset(&arena);
    return 0;
}
