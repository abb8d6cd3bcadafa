/* The request-target: what comes out is normal (a second time changes nothing) and has no shape that
 * two readers could take for two things. */
#include "fuzz.h"

#include "wire/target.h"

static bool holds(gh_str s, const char *shape)
{
    gh_str part = gh_str_of(shape);
    return memmem(s.p, s.n, part.p, part.n) != NULL;
}

static void check_path(gh_str path)
{
    static const char *const shapes[] = {"//",  "/./", "/../", "/..;", "/.;",   "%2F",   "%5C", "%00", "%2E",
                                         "%41", "%61", "%30",  "%7E",  "%C0%8", "%C0%A", "\\",  "#",   "?"};
    FUZZ_CHECK(path.n > 0 && path.p[0] == '/');
    for (size_t i = 0; i < GH_COUNT(shapes); i++)
        FUZZ_CHECK(!holds(path, shapes[i]));
    FUZZ_CHECK(!gh_str_ends(path, GH_STR("/.")) && !gh_str_ends(path, GH_STR("/..")));
    for (size_t i = 0; i < path.n; i++) {
        FUZZ_CHECK(path.p[i] > ' ' && path.p[i] < 0x7f);
        if (path.p[i] != '%')
            continue;
        FUZZ_CHECK(path.n - i >= 3 && gh_hex_value(path.p[i + 1]) >= 0 && gh_hex_value(path.p[i + 2]) >= 0);
        FUZZ_CHECK(path.p[i + 1] < 'a' && path.p[i + 2] < 'a');
        if (path.n - i >= 5 && memcmp(path.p + i, "%25", 3) == 0)
            FUZZ_CHECK(gh_hex_value(path.p[i + 3]) < 0 || gh_hex_value(path.p[i + 4]) < 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_arena arena;
    gh_target t, again;
    gh_authority a;
    const char *why = NULL;
    gh_arena_init(&arena, NULL, 0, 4 * size + 4096);
    bool ok = gh_target_parse((gh_str){(const char *)data, size}, &arena, &t, &why);
    FUZZ_CHECK(ok || why != NULL);
    if (ok && !gh_str_eq(t.path, GH_STR("*"))) {
        check_path(t.path);
        FUZZ_CHECK(t.path.n <= size || t.scheme.p != NULL);
        FUZZ_CHECK((t.authority.p != NULL) == (t.scheme.p != NULL));
        FUZZ_CHECK(gh_target_parse(t.path, &arena, &again, &why));
        FUZZ_CHECK(gh_str_eq(again.path, t.path) && again.query.p == NULL);
        if (t.authority.p != NULL)
            FUZZ_CHECK(gh_authority_parse(t.authority, &arena, &a));
    }
    gh_arena_reset(&arena);
    return 0;
}
