/* JSON strings: any bytes become one string that ends where it should and cannot end a line. */
#include "wire/json_text.h"

static void holds(bool condition)
{
    if (!condition)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char memory[1 << 18];

/* Is there a byte or a sequence that had to be escaped? */
static bool is_safe(gh_str s, size_t i)
{
    uint8_t c = (uint8_t)s.p[i], next = i + 1 < s.n ? (uint8_t)s.p[i + 1] : 0;
    uint8_t third = i + 2 < s.n ? (uint8_t)s.p[i + 2] : 0;
    if (c < ' ' || c == 0x7f)
        return false;
    if (c == 0xc2 && next < 0xa0)
        return false;
    return !(c == 0xe2 && next == 0x80 && (third == 0xa8 || third == 0xa9));
}

static void check_body(gh_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        holds(is_safe(s, i) && s.p[i] != '"');
        if (s.p[i] != '\\')
            continue;
        i++;
        holds(i < s.n && memchr("\"\\bfnrtu", s.p[i], 8) != NULL);
        for (size_t k = 1; s.p[i] == 'u' && k <= 4; k++)
            holds(i + k < s.n && gh_hex_value(s.p[i + k]) >= 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_json_string(&out, (gh_str){(const char *)data, size});
    if (!gh_buf_ok(&out))
        return 0;
    holds(out.n >= 2 && out.p[0] == '"' && out.p[out.n - 1] == '"');
    check_body(gh_str_cut(gh_buf_str(&out), 1, out.n - 1));
    return 0;
}
