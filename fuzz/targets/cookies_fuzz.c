/* Cookies: what is found by name is what the reader of whole Cookie fields finds. */
#include "fuzz.h"
#include "identity/cookies.h"
#include "wire/form.h"

enum { MOST = 4096 };

typedef struct seen {
    const gh_pairs *pairs;
    unsigned at; /* the next pair to be found */
} seen;

static bool is_next(void *data, gh_str value)
{
    seen *s = data;
    while (s->at < s->pairs->n && !gh_str_eq(s->pairs->items[s->at].name, GH_STR("sid")))
        s->at++;
    FUZZ_CHECK(s->at < s->pairs->n && gh_str_eq(s->pairs->items[s->at].value, value));
    s->at++;
    return false;
}

static bool look(void *data, gh_str value)
{
    *(size_t *)data += value.n;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_field field = {GH_STR("Cookie"), {(const char *)data, size}, GH_FIELD_COOKIE};
    gh_request request = {.fields = &field, .n_fields = 1, .seen = GH_FIELD_BIT(GH_FIELD_COOKIE)};
    gh_pairs pairs;
    gh_arena arena;
    size_t total = 0;
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    FUZZ_CHECK(!gh_cookies_find(&request, GH_STR("sid"), look, &total) && total <= size);
    if (gh_cookie_read(field.value, MOST, &arena, &pairs) == GH_PAIRS_OK) {
        seen s = {&pairs, 0};
        FUZZ_CHECK(!gh_cookies_find(&request, GH_STR("sid"), is_next, &s));
        for (; s.at < pairs.n; s.at++)
            FUZZ_CHECK(!gh_str_eq(pairs.items[s.at].name, GH_STR("sid")));
    }
    gh_arena_reset(&arena);
    return 0;
}
