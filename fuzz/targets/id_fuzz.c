/* Ids and bytes as digits: what is read is written as the same text, and what is written is read as the same bytes. */
#include "base/id.h"
#include "fuzz.h"

enum { MOST = 256 };

static void check_id(gh_str text)
{
    gh_id id = 0;
    char memory[GH_ID_TEXT];
    if (!gh_id_parse(text, &id)) {
        FUZZ_CHECK(id == 0);
        return;
    }
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_id_put(&out, id);
    FUZZ_CHECK(id > 0 && id <= INT64_MAX && gh_buf_ok(&out) && gh_str_eq(gh_buf_str(&out), text));
}

static void check_text(gh_str text)
{
    static uint8_t bytes[MOST];
    static char memory[MOST * 8 / 5 + 1];
    size_t n = text.n * 5 / 8;
    memset(bytes, 0xa5, sizeof bytes);
    if (!gh_base32_read(text, bytes, n)) {
        FUZZ_CHECK(bytes[0] == 0xa5);
        return;
    }
    FUZZ_CHECK(bytes[n] == 0xa5);
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_base32_put(&out, bytes, n);
    FUZZ_CHECK(gh_buf_ok(&out) && gh_str_eq(gh_buf_str(&out), text));
}

static void check_bytes(const uint8_t *data, size_t n)
{
    static uint8_t bytes[MOST];
    static char memory[MOST * 8 / 5 + 1];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_base32_put(&out, data, n);
    FUZZ_CHECK(gh_buf_ok(&out) && gh_base32_read(gh_buf_str(&out), bytes, n));
    FUZZ_CHECK(n == 0 || memcmp(bytes, data, n) == 0);
    if (n < 8)
        return;
    gh_id id = gh_id_of_random(data), again = 0;
    gh_buf text = gh_buf_over(memory, GH_ID_TEXT);
    gh_id_put(&text, id);
    FUZZ_CHECK(gh_buf_ok(&text) && gh_id_parse(gh_buf_str(&text), &again) && again == id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= MOST)
        return 0;
    gh_str text = {(const char *)data, size};
    check_id(text);
    check_text(text);
    check_bytes(data, size);
    return 0;
}
