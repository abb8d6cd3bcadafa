/* Secrets and API keys: one text a secret, so what is read is written again as it was; what was not made with our keys is
 * not authentic. The first byte chooses the kind. */
#include "fuzz.h"
#include "identity/key_generation.h"
#include "identity/secret.h"

/* The same in every run: three generations, and one that is kept. */
static gh_key_generation generations[4];
static gh_identity_keys keys = {.generations = generations, .n_generations = 4};

static void set_up(void)
{
    if (generations[0].id != 0)
        return;
    gh_key_generation_init(&generations[0], 4, GH_KEY_NEXT, false, GH_STR("next"));
    gh_key_generation_init(&generations[1], 3, GH_KEY_ACTIVE, false, GH_STR("active"));
    gh_key_generation_init(&generations[2], 2, GH_KEY_RETIRING, false, GH_STR("retiring"));
    gh_key_generation_init(&generations[3], 0, GH_KEY_RETIRING, true, GH_STR("kept"));
}

/* What is read is made again by the generation that it says it is of. */
static void make_by(uint32_t generation)
{
    keys.active = 0;
    while (keys.active < keys.n_generations && generations[keys.active].id != generation)
        keys.active++;
    FUZZ_CHECK(keys.active < keys.n_generations);
}

static void check_secret(enum gh_secret_kind kind, gh_str text)
{
    gh_secret read, made;
    char memory[GH_SECRET_TEXT_MAX];
    uint8_t random[GH_SECRET_RANDOM] = {0};
    gh_buf out = gh_buf_over(memory, sizeof memory);
    if (!gh_secret_read(&keys, kind, text, &read)) {
        FUZZ_CHECK(!gh_secret_authentic(&keys, kind, text));
        return;
    }
    FUZZ_CHECK(read.id != 0 && read.id >> 63 == 0 && read.number <= GH_SECRET_NUMBER_MAX);
    make_by(read.generation);
    FUZZ_CHECK(kind == GH_SECRET_DEVICE || !generations[keys.active].kept);
    gh_secret_make(&keys, kind, read.id, read.number, random, &out, &made);
    FUZZ_CHECK(gh_buf_ok(&out) && out.n == text.n);
    FUZZ_CHECK(memcmp(out.p, text.p, 20) == 0); /* prefix, id and number */
    FUZZ_CHECK(gh_secret_authentic(&keys, kind, gh_buf_str(&out)));
    FUZZ_CHECK(gh_str_eq(text, gh_buf_str(&out)) == (memcmp(read.hash, made.hash, sizeof made.hash) == 0));
}

static void check_key(gh_str text)
{
    gh_secret read, made;
    char memory[GH_API_KEY_TEXT_MAX];
    uint8_t random[GH_SECRET_RANDOM] = {0};
    size_t start = 0;
    gh_buf out = gh_buf_over(memory, sizeof memory);
    if (!gh_api_key_read(&keys, GH_STR("ghk"), text, &read))
        return;
    FUZZ_CHECK(gh_api_key_looks_like(GH_STR("ghk"), text));
    make_by(read.generation);
    gh_api_key_make(&keys, GH_STR("ghk"), read.id, random, &out, &made, &start);
    FUZZ_CHECK(gh_buf_ok(&out) && out.n == text.n && start < text.n);
    FUZZ_CHECK(memcmp(out.p, text.p, start) == 0);
    FUZZ_CHECK(made.id == read.id && made.generation == read.generation &&
               gh_api_key_read(&keys, GH_STR("ghk"), gh_buf_str(&out), &read));
}

static void check_sealed(gh_str text)
{
    char memory[GH_SECRET_TEXT_MAX];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    FUZZ_CHECK(!gh_secret_unseal(&keys, GH_STR("before"), text, &out) && out.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    gh_str text = {(const char *)data + 1, size - 1};
    set_up();
    check_secret((enum gh_secret_kind)(data[0] % 3), text);
    check_key(text);
    check_sealed(text);
    return 0;
}
