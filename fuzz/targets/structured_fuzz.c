/* Structured fields: whatever the names and numbers, a value is printable ASCII, and a string reads back. */
#include "wire/ratelimit_fields.h"
#include "wire/structured.h"

static void holds(bool condition)
{
    if (!condition)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char memory[65536];

static void is_printable(const gh_buf *out)
{
    for (size_t i = 0; i < out->n; i++)
        holds(out->p[i] >= ' ' && out->p[i] < 0x7f);
}

static void check_string(gh_str text)
{
    gh_buf out = gh_buf_over(memory, sizeof memory);
    bool written = gh_sf_string(&out, text);
    holds(written == gh_sf_is_string(text));
    if (!written || !gh_buf_ok(&out)) {
        holds(written || out.n == 0);
        return;
    }
    holds(out.n >= text.n + 2 && out.p[0] == '"' && out.p[out.n - 1] == '"');
    size_t read = 0;
    for (size_t i = 1; i + 1 < out.n; i++, read++) {
        holds(out.p[i] != '"');
        if (out.p[i] == '\\')
            i++;
        holds(i + 1 < out.n && read < text.n && out.p[i] == text.p[read]);
    }
    holds(read == text.n);
    is_printable(&out);
}

static void check_parameters(gh_str key, gh_str value)
{
    gh_buf out = gh_buf_over(memory, sizeof memory);
    size_t n = 0;
    n += gh_sf_param_string(&out, key, value);
    n += gh_sf_param_token(&out, key, value);
    n += gh_sf_param_bytes(&out, key, value);
    n += gh_sf_token(&out, value);
    holds(n > 0 || out.n == 0);
    is_printable(&out);
}

static void check_limits(gh_str text)
{
    uint64_t numbers[4] = {0};
    size_t n = text.n < sizeof numbers ? text.n : sizeof numbers;
    if (n > 0)
        memcpy(numbers, text.p, n);
    gh_ratelimit_item items[2] = {{text, numbers[0], numbers[1], numbers[2], numbers[3]},
                                  {GH_STR("b"), numbers[3], numbers[2], numbers[1], numbers[0]}};
    gh_buf out = gh_buf_over(memory, sizeof memory);
    holds(gh_ratelimit_put(&out, items, 2) == gh_sf_is_string(text));
    holds(gh_ratelimit_put_policy(&out, items, 2) == gh_sf_is_string(text));
    is_printable(&out);
    gh_buf lines = gh_buf_over(memory, sizeof memory);
    gh_ratelimit_put_legacy(&lines, gh_ratelimit_tightest(items, 2));
    holds(gh_buf_ok(&lines));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_str rest = {(const char *)data, size}, key;
    check_string(rest);
    check_limits(rest);
    if (gh_str_next(&rest, '\n', &key))
        check_parameters(key, rest);
    return 0;
}
