/* uri-host [":" port]: what is taken is normal, and is taken again. */
#include "fuzz.h"

#include "wire/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_arena arena;
    gh_authority a, again;
    gh_arena_init(&arena, NULL, 0, 2 * size + 8192);
    if (gh_authority_parse((gh_str){(const char *)data, size}, &arena, &a)) {
        FUZZ_CHECK(a.host.n > 0 && a.host.n <= size);
        FUZZ_CHECK(a.host.p[a.host.n - 1] != '.' && a.host.p[0] != '.');
        bool bracketed = a.host.p[0] == '[';
        for (size_t i = 0; i < a.host.n; i++) {
            char c = a.host.p[i];
            FUZZ_CHECK(c == gh_lower(c) && c > ' ' && c < 0x7f);
            FUZZ_CHECK(bracketed || c != ':');
            FUZZ_CHECK(strchr("/\\@?#%,", c) == NULL);
        }
        FUZZ_CHECK(gh_authority_parse(a.host, &arena, &again));
        FUZZ_CHECK(gh_str_eq(again.host, a.host) && again.port == 0);
    }
    gh_arena_reset(&arena);
    return 0;
}
