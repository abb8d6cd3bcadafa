#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

void gh_buf_u64(gh_buf *b, uint64_t v)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    gh_buf_put(b, (gh_str){digits + at, sizeof digits - at});
}

void gh_buf_hex(gh_buf *b, const uint8_t *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        gh_buf_char(b, digits[bytes[i] >> 4]);
        gh_buf_char(b, digits[bytes[i] & 15]);
    }
}

void gh_buf_printf(gh_buf *b, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof text) {
        b->overflow = true;
        return;
    }
    gh_buf_put(b, (gh_str){text, (size_t)n});
}
