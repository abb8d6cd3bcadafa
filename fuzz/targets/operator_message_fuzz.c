/* Lines of the admin socket: the first byte chooses request or answer. What was read is the same when it is written and
 * read again. */
#include "fuzz.h"
#include "operator/message.h"
#include "text/utf8.h"

enum { MEMORY = 1 << 22 };

static void check_request(gh_str line, gh_arena *arena)
{
    gh_operator_request r, again;
    const char *why = NULL;
    gh_text text = {.cap = MEMORY};
    if (!gh_operator_request_read(line, arena, &r, &why)) {
        FUZZ_CHECK(why != NULL);
        return;
    }
    FUZZ_CHECK(r.argc > 0 && r.argc <= GH_OPERATOR_WORDS_MAX && r.input.n <= GH_OPERATOR_INPUT_MAX);
    FUZZ_CHECK(gh_operator_request_put(&text, &r));
    FUZZ_CHECK(gh_str_find(gh_text_str(&text), '\n') == text.b.n - 1);
    FUZZ_CHECK(
        gh_operator_request_read(gh_str_cut(gh_text_str(&text), 0, text.b.n - 1), arena, &again, &why));
    FUZZ_CHECK(again.argc == r.argc && gh_str_eq(again.input, r.input));
    for (unsigned i = 0; i < r.argc; i++) {
        FUZZ_CHECK(gh_utf8_valid(r.argv[i]) == r.argv[i].n);
        FUZZ_CHECK(gh_str_eq(r.argv[i], again.argv[i]));
    }
    gh_text_free(&text);
}

static void check_answer(gh_str line, gh_arena *arena)
{
    gh_operator_answer a, again;
    gh_text text = {.cap = MEMORY};
    if (!gh_operator_answer_read(line, arena, &a))
        return;
    FUZZ_CHECK(gh_operator_answer_put(&text, &a));
    FUZZ_CHECK(gh_str_find(gh_text_str(&text), '\n') == text.b.n - 1);
    FUZZ_CHECK(gh_operator_answer_read(gh_str_cut(gh_text_str(&text), 0, text.b.n - 1), arena, &again));
    FUZZ_CHECK(again.status == a.status && gh_str_eq(again.out, a.out) && gh_str_eq(again.err, a.err));
    gh_text_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_arena arena;
    if (size == 0)
        return 0;
    gh_arena_init(&arena, NULL, 0, MEMORY);
    gh_str line = {(const char *)data + 1, size - 1};
    if (data[0] % 2 == 0)
        check_request(line, &arena);
    else
        check_answer(line, &arena);
    gh_arena_reset(&arena);
    return 0;
}
