/* Path patterns: "PATTERN\nPATTERN\nPATH". What one pattern covers and the other matches, both match. */
#include "wire/path_pattern.h"

static void holds(bool condition)
{
    if (!condition)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool compile(gh_str text, gh_arena *arena, gh_path_pattern *ret)
{
    const char *why = NULL;
    unsigned column = 0;
    if (gh_path_pattern_compile(text, arena, ret, &why, &column)) {
        holds(ret->n_segments <= GH_PATH_SEGMENTS_MAX && ret->n_params <= GH_PATH_PARAMS_MAX);
        holds(gh_path_pattern_covers(ret, ret) && gh_str_starts(text, ret->prefix));
        /* A pattern without parameters is a path which it matches. */
        gh_str path = gh_str_cut(text, 0, text.n - (ret->rest ? sizeof "/**" - 1 : 0));
        holds(ret->n_params > 0 || path.n == 0 || gh_path_pattern_match(ret, path, NULL));
        return true;
    }
    holds(why != NULL && column >= 1 && column <= text.n + 1);
    return false;
}

static bool match(const gh_path_pattern *pattern, gh_str path)
{
    gh_path_params params;
    bool spelled = gh_path_pattern_match_spellings(pattern, path);
    if (!gh_path_pattern_match(pattern, path, &params))
        return false;
    holds(spelled);
    holds(params.n == pattern->n_params);
    for (unsigned i = 0; i < params.n; i++) {
        gh_str v = params.values[i];
        holds(v.n > 0 && v.p > path.p && v.p + v.n <= path.p + path.n && gh_str_find(v, '/') == v.n);
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_str path = {(const char *)data, size}, one = {NULL, 0}, two = {NULL, 0};
    gh_path_pattern a, b;
    gh_arena arena;
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    (void)gh_str_next(&path, '\n', &one);
    (void)gh_str_next(&path, '\n', &two);
    bool has_a = compile(one, &arena, &a), has_b = compile(two, &arena, &b);
    bool match_a = has_a && match(&a, path), match_b = has_b && match(&b, path);
    if (has_a && has_b && gh_path_pattern_covers(&a, &b))
        holds(match_a || !match_b);
    gh_arena_reset(&arena);
    return 0;
}
