/* Origins: a valid one is already in the form that configuring gives, and configuring twice is configuring
 * once. */
#include "wire/origin.h"

static void holds(bool condition)
{
    if (!condition)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_str text = {(const char *)data, size}, once, twice;
    const char *why = NULL;
    gh_origin origin;
    gh_arena arena;
    gh_arena_init(&arena, NULL, 0, 1 << 16);
    enum gh_origin_kind kind = gh_origin_parse(text, &origin);
    if (!gh_origin_configure(text, &arena, &once, &why)) {
        holds(why != NULL && kind != GH_ORIGIN_TUPLE);
    } else {
        holds(gh_origin_parse(once, &origin) == GH_ORIGIN_TUPLE);
        holds(origin.host.n > 0 && origin.scheme.n > 0);
        holds(kind != GH_ORIGIN_TUPLE || gh_str_eq(once, text));
        holds(gh_origin_configure(once, &arena, &twice, &why) && gh_str_eq(once, twice));
    }
    gh_arena_reset(&arena);
    return 0;
}
