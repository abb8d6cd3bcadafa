/* Base64url: what is read writes back to the same text; what is written reads back to the same bytes; sizes are as
 * foretold; reading may be done in place. */
#include "base/base64url.h"
#include "fuzz.h"

enum { ROOM = 4096 };

static void check_text(gh_str text)
{
    static uint8_t bytes[ROOM];
    static char again[ROOM], in_place[ROOM];
    size_t n = gh_base64url_bytes(text.n);
    bool good = gh_base64url_read(text, bytes);
    if (text.n > 0)
        memcpy(in_place, text.p, text.n);
    FUZZ_CHECK(gh_base64url_read((gh_str){in_place, text.n}, (uint8_t *)in_place) == good);
    if (!good)
        return;
    gh_buf out = gh_buf_over(again, sizeof again);
    gh_base64url_put(&out, (gh_str){(const char *)bytes, n});
    FUZZ_CHECK(gh_buf_ok(&out) && gh_str_eq(gh_buf_str(&out), text));
    FUZZ_CHECK(n == 0 || memcmp(bytes, in_place, n) == 0);
}

static void check_bytes(gh_str bytes)
{
    static char text[2 * ROOM];
    static uint8_t again[2 * ROOM];
    gh_buf out = gh_buf_over(text, gh_base64url_size(bytes.n));
    gh_base64url_put(&out, bytes);
    FUZZ_CHECK(gh_buf_ok(&out) && out.n == out.cap && gh_base64url_bytes(out.n) == bytes.n);
    FUZZ_CHECK(gh_base64url_read(gh_buf_str(&out), again));
    FUZZ_CHECK(gh_str_eq((gh_str){(const char *)again, bytes.n}, bytes));
    if (out.n == 0)
        return;
    gh_buf tight = gh_buf_over(text, out.n - 1);
    gh_base64url_put(&tight, bytes);
    FUZZ_CHECK(!gh_buf_ok(&tight) && tight.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_str in = {(const char *)data, size};
    if (size > ROOM)
        return 0;
    check_text(in);
    check_bytes(in);
    return 0;
}
