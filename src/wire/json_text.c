#include "wire/json_text.h"

#include "text/utf8.h"

/* The length of the valid sequence that s begins with and its code point; 0: none. */
static size_t decode(gh_str s, uint32_t *ret)
{
    size_t length = (uint8_t)s.p[0] < 0x80 ? 1 : gh_utf8_sequence(s.p, s.n);
    if (length > 0)
        *ret = gh_utf8_next(&s);
    return length;
}

static bool is_plain(uint32_t point)
{
    return point >= ' ' && point != '"' && point != '\\' && !(point >= 0x7f && point <= 0x9f) &&
           point != 0x2028 && point != 0x2029;
}

static void put_unit(gh_buf *out, uint32_t unit)
{
    const uint8_t bytes[2] = {(uint8_t)(unit >> 8), (uint8_t)unit};
    gh_buf_lit(out, "\\u");
    gh_buf_hex(out, bytes, sizeof bytes);
}

static void put_escaped(gh_buf *out, uint32_t point)
{
    static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (size_t i = 0; i < sizeof shorts - 1; i += 2) {
        if (point == (uint8_t)shorts[i]) {
            gh_buf_char(out, '\\');
            gh_buf_char(out, shorts[i + 1]);
            return;
        }
    }
    if (point > 0xffff) { /* a surrogate pair (RFC 8259 section 7) */
        put_unit(out, 0xd800 + ((point - 0x10000) >> 10));
        point = 0xdc00 + ((point - 0x10000) & 0x3ff);
    }
    put_unit(out, point);
}

/* ASCII that needs no escape: nearly all of every log line and body. */
static const bool plain_ascii[256] = {[' ' ... '!'] = true, ['#' ... '['] = true, [']' ... '~'] = true};

static void escape(gh_buf *out, gh_str s, bool ascii)
{
    const uint8_t *bytes = (const uint8_t *)s.p;
    size_t from = 0, i = 0;
    for (;;) {
        while (i < s.n && plain_ascii[bytes[i]])
            i++;
        if (i == s.n)
            break;
        uint32_t point = 0xfffd;
        size_t length = decode(gh_str_cut(s, i, s.n), &point);
        if (length > 0 && !ascii && is_plain(point)) {
            i += length;
            continue;
        }
        gh_buf_put(out, gh_str_cut(s, from, i));
        put_escaped(out, point);
        i += length > 0 ? length : 1;
        from = i;
    }
    gh_buf_put(out, gh_str_cut(s, from, s.n));
}

void gh_json_escape(gh_buf *out, gh_str s)
{
    escape(out, s, false);
}

void gh_json_string_ascii(gh_buf *out, gh_str s)
{
    gh_buf_char(out, '"');
    escape(out, s, true);
    gh_buf_char(out, '"');
}

void gh_json_string(gh_buf *out, gh_str s)
{
    gh_buf_char(out, '"');
    gh_json_escape(out, s);
    gh_buf_char(out, '"');
}
