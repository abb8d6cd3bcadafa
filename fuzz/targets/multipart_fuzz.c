/* multipart/form-data: "BOUNDARY\nBODY". The parts cover the input, and put together again they are read the
 * same. */
#include "fuzz.h"

#include "text/utf8.h"
#include "wire/multipart.h"

static const gh_part_limits limits = {.parts = 32, .head = 1024, .name = 256};

static bool is_equal(gh_str a, gh_str b)
{
    return (a.p == NULL) == (b.p == NULL) && gh_str_eq(a, b);
}

static void check_part(gh_str in, const gh_part *part)
{
    FUZZ_CHECK(part->raw.p >= in.p && part->raw.p + part->raw.n <= in.p + in.n);
    FUZZ_CHECK(part->data.p > part->raw.p && part->data.p + part->data.n == part->raw.p + part->raw.n);
    FUZZ_CHECK(gh_str_eq((gh_str){part->data.p - 4, 4}, GH_STR("\r\n\r\n")));
    FUZZ_CHECK(part->name.n > 0 && part->name.n <= limits.name && part->filename.n <= limits.name);
    FUZZ_CHECK(gh_utf8_valid(part->name) == part->name.n && gh_str_find(part->name, '\0') == part->name.n);
    FUZZ_CHECK(gh_utf8_valid(part->filename) == part->filename.n);
}

/* Delimiters, line ends and raw parts are all there is. */
static gh_str assemble(const gh_parts *parts, gh_str boundary, char *memory, size_t size)
{
    gh_buf out = gh_buf_over(memory, size);
    for (unsigned i = 0; i < parts->n; i++) {
        gh_buf_lit(&out, "--");
        gh_buf_put(&out, boundary);
        gh_buf_lit(&out, "\r\n");
        gh_buf_put(&out, parts->items[i].raw);
        gh_buf_lit(&out, "\r\n");
    }
    gh_buf_lit(&out, "--");
    gh_buf_put(&out, boundary);
    gh_buf_lit(&out, "--");
    FUZZ_CHECK(gh_buf_ok(&out));
    return gh_buf_str(&out);
}

static void check(gh_str in, gh_str boundary, gh_arena *arena)
{
    static char memory[1 << 17];
    gh_parts parts, again;
    const char *why = NULL;
    enum gh_multipart_result result = gh_multipart_read(in, boundary, &limits, arena, &parts, &why);
    FUZZ_CHECK((result == GH_MULTIPART_OK) == (why == NULL));
    if (result != GH_MULTIPART_OK)
        return;
    for (unsigned i = 0; i < parts.n; i++)
        check_part(in, &parts.items[i]);
    gh_str whole = assemble(&parts, boundary, memory, sizeof memory);
    FUZZ_CHECK(gh_str_starts(in, whole));
    gh_str rest = gh_str_cut(in, whole.n, in.n);
    FUZZ_CHECK(rest.n == 0 || gh_str_eq(rest, GH_STR("\r\n")));
    FUZZ_CHECK(gh_multipart_read(whole, boundary, &limits, arena, &again, &why) == GH_MULTIPART_OK);
    FUZZ_CHECK(again.n == parts.n);
    for (unsigned i = 0; i < parts.n; i++) {
        FUZZ_CHECK(is_equal(parts.items[i].name, again.items[i].name));
        FUZZ_CHECK(is_equal(parts.items[i].filename, again.items[i].filename));
        FUZZ_CHECK(is_equal(parts.items[i].type, again.items[i].type));
        FUZZ_CHECK(is_equal(parts.items[i].data, again.items[i].data));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_str in = {(const char *)data, size}, boundary = {NULL, 0};
    gh_arena arena;
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    (void)gh_str_next(&in, '\n', &boundary);
    /* As Content-Type lets it through: no line breaks in it. */
    if (in.p != NULL && boundary.n <= GH_MEDIA_BOUNDARY_MAX && gh_str_find(boundary, '\r') == boundary.n)
        check(in, boundary, &arena);
    gh_arena_reset(&arena);
    return 0;
}
