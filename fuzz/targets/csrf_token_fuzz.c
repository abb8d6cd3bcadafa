/* CSRF tokens: what is made is good for its session, stale for any other, and a mismatch when a character is changed.
 * The first 24 bytes are a session's id and what is random in its token. */
#include "fuzz.h"
#include "identity/csrf_token.h"
#include "identity/key_generation.h"

/* The same in every run: three generations, and one that is kept. */
static gh_key_generation generations[4];
static gh_identity_keys keys = {.generations = generations, .n_generations = 4, .active = 1};

static void set_up(void)
{
    if (generations[0].id != 0)
        return;
    gh_key_generation_init(&generations[0], 3, GH_KEY_NEXT, false, GH_STR("next"));
    gh_key_generation_init(&generations[1], 2, GH_KEY_ACTIVE, false, GH_STR("active"));
    gh_key_generation_init(&generations[2], 1, GH_KEY_RETIRING, false, GH_STR("retiring"));
    gh_key_generation_init(&generations[3], 0, GH_KEY_RETIRING, true, GH_STR("kept"));
}

static void check_made(gh_id session, const uint8_t *random, gh_str other)
{
    char memory[GH_CSRF_TEXT];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_csrf_make(&keys, session, random, &out);
    FUZZ_CHECK(gh_buf_ok(&out) && out.n == GH_CSRF_TEXT);
    FUZZ_CHECK(gh_csrf_check(&keys, session, gh_buf_str(&out)) == GH_CSRF_GOOD);
    FUZZ_CHECK(gh_csrf_check(&keys, session ^ 1, gh_buf_str(&out)) == GH_CSRF_STALE);
    FUZZ_CHECK(other.n == GH_CSRF_TEXT || gh_csrf_check(&keys, session, other) == GH_CSRF_MISMATCH);
    for (unsigned i = 0; i < other.n && i < GH_CSRF_TEXT; i++)
        memory[i] = other.p[i];
    FUZZ_CHECK(gh_csrf_check(&keys, session ^ 1, gh_buf_str(&out)) != GH_CSRF_GOOD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_id session = 0;
    if (size < 8 + GH_CSRF_RANDOM)
        return 0;
    set_up();
    memcpy(&session, data, sizeof session);
    gh_str text = {(const char *)data + 24, size - 24};
    check_made(session, data + 8, text);
    return 0;
}
