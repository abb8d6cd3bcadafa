/* Forms and cookies: the first byte chooses. What was read is text, lies within the input or was decoded, and is
 * read again the same after it was written. */
#include "fuzz.h"

#include "text/utf8.h"
#include "wire/form.h"

enum { MOST = 64 };

static void check_text(gh_str s)
{
    FUZZ_CHECK(s.p != NULL);
    FUZZ_CHECK(gh_str_find(s, '\0') == s.n && gh_utf8_valid(s) == s.n);
}

static void check_raw(gh_str in, const gh_pair *pair, gh_arena *arena)
{
    gh_str again;
    FUZZ_CHECK(pair->raw.p >= in.p && pair->raw.p + pair->raw.n <= in.p + in.n);
    FUZZ_CHECK(gh_percent_decode(pair->raw, true, arena, &again));
    FUZZ_CHECK(gh_str_eq(again, pair->value));
}

static void check_form(gh_str in, gh_arena *arena)
{
    static char memory[1 << 16];
    gh_pairs pairs, again;
    enum gh_pairs_result result = gh_form_read(in, MOST, arena, &pairs);
    FUZZ_CHECK(result != GH_PAIRS_MEMORY);
    if (result != GH_PAIRS_OK)
        return;
    FUZZ_CHECK(pairs.n <= MOST);
    gh_buf out = gh_buf_over(memory, sizeof memory);
    for (unsigned i = 0; i < pairs.n; i++) {
        check_text(pairs.items[i].name);
        check_text(pairs.items[i].value);
        check_raw(in, &pairs.items[i], arena);
        gh_form_put(&out, pairs.items[i].name);
        gh_buf_char(&out, '=');
        gh_form_put(&out, pairs.items[i].value);
        gh_buf_char(&out, '&');
    }
    FUZZ_CHECK(gh_buf_ok(&out));
    FUZZ_CHECK(gh_form_read(gh_buf_str(&out), MOST, arena, &again) == GH_PAIRS_OK && again.n == pairs.n);
    for (unsigned i = 0; i < pairs.n; i++) {
        FUZZ_CHECK(gh_str_eq(again.items[i].name, pairs.items[i].name));
        FUZZ_CHECK(gh_str_eq(again.items[i].value, pairs.items[i].value));
    }
}

static void check_cookies(gh_str in, gh_arena *arena)
{
    gh_pairs pairs;
    enum gh_pairs_result result = gh_cookie_read(in, MOST, arena, &pairs);
    FUZZ_CHECK(result != GH_PAIRS_MEMORY);
    if (result != GH_PAIRS_OK)
        return;
    const char *at = in.p;
    for (unsigned i = 0; i < pairs.n; i++) {
        const gh_pair *pair = &pairs.items[i];
        check_text(pair->name);
        check_text(pair->value);
        FUZZ_CHECK(pair->name.p >= at && pair->value.p > pair->name.p + pair->name.n);
        FUZZ_CHECK(gh_str_find(pair->name, '=') == pair->name.n);
        FUZZ_CHECK(gh_str_find(pair->value, ';') == pair->value.n);
        at = pair->value.p + pair->value.n;
        FUZZ_CHECK(at <= in.p + in.n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    gh_arena arena;
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    gh_str in = {(const char *)data + 1, size - 1};
    if (data[0] == 'c')
        check_cookies(in, &arena);
    else
        check_form(in, &arena);
    gh_arena_reset(&arena);
    return 0;
}
