#include "wire/form.h"

#include "text/utf8.h"
#include "wire/chars.h"

/* The first byte that has to be decoded; s.n: none. */
static size_t first_coded(gh_str s, bool plus)
{
    size_t i = 0;
    while (i < s.n && s.p[i] != '%' && !(plus && s.p[i] == '+'))
        i++;
    return i;
}

static bool decode(gh_str in, bool plus, char *out, size_t *ret_n)
{
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        char c = in.p[i];
        if (c == '%') {
            if (in.n - i < 3)
                return false;
            int high = gh_hex_value(in.p[i + 1]), low = gh_hex_value(in.p[i + 2]);
            if (high < 0 || low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (plus && c == '+') {
            c = ' ';
        }
        out[n++] = c;
    }
    *ret_n = n;
    return true;
}

/* BAD or MEMORY when it can't. */
static enum gh_pairs_result decode_into(gh_str in, bool plus, gh_arena *arena, gh_str *ret)
{
    if (first_coded(in, plus) == in.n) {
        *ret = in;
        return GH_PAIRS_OK;
    }
    char *out = gh_arena_alloc(arena, in.n);
    size_t n = 0;
    if (out == NULL)
        return GH_PAIRS_MEMORY;
    if (!decode(in, plus, out, &n))
        return GH_PAIRS_BAD;
    *ret = (gh_str){out, n};
    return GH_PAIRS_OK;
}

bool gh_percent_decode(gh_str in, bool plus, gh_arena *arena, gh_str *ret)
{
    return decode_into(in, plus, arena, ret) == GH_PAIRS_OK;
}

static bool is_text(gh_str s)
{
    return gh_str_find(s, '\0') == s.n && gh_utf8_valid(s) == s.n;
}

static enum gh_pairs_result read_text(gh_str in, gh_arena *arena, gh_str *ret)
{
    enum gh_pairs_result result = decode_into(in, true, arena, ret);
    if (result == GH_PAIRS_OK && !is_text(*ret))
        result = GH_PAIRS_BAD;
    return result;
}

/* How many parts are not empty, counted no further than one over `most`. */
static unsigned count_parts(gh_str in, char separator, unsigned most)
{
    unsigned n = 0;
    gh_str part;
    while (n <= most && gh_str_next(&in, separator, &part))
        n += part.n > 0;
    return n;
}

static enum gh_pairs_result new_pairs(gh_str in, char separator, unsigned most, gh_arena *arena,
                                      gh_pairs *ret)
{
    unsigned n = count_parts(in, separator, most);
    *ret = (gh_pairs){.n = 0};
    if (n > most)
        return GH_PAIRS_TOO_MANY;
    ret->items = gh_arena_array(arena, n, sizeof *ret->items);
    return ret->items == NULL ? GH_PAIRS_MEMORY : GH_PAIRS_OK;
}

enum gh_pairs_result gh_form_read(gh_str in, unsigned most, gh_arena *arena, gh_pairs *ret)
{
    gh_pairs pairs;
    gh_str part;
    enum gh_pairs_result result = new_pairs(in, '&', most, arena, &pairs);
    while (result == GH_PAIRS_OK && gh_str_next(&in, '&', &part)) {
        if (part.n == 0)
            continue;
        size_t equals = gh_str_find(part, '=');
        gh_pair *pair = &pairs.items[pairs.n++];
        pair->raw = gh_str_cut(part, equals + 1, part.n);
        result = read_text(gh_str_cut(part, 0, equals), arena, &pair->name);
        if (result == GH_PAIRS_OK)
            result = read_text(pair->raw, arena, &pair->value);
    }
    if (result == GH_PAIRS_OK)
        *ret = pairs;
    return result;
}

static bool has_control(gh_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (((unsigned char)s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7f)
            return true;
    return false;
}

enum gh_pairs_result gh_cookie_read(gh_str in, unsigned most, gh_arena *arena, gh_pairs *ret)
{
    gh_pairs pairs;
    gh_str part;
    if (has_control(in) || !is_text(in))
        return GH_PAIRS_BAD;
    enum gh_pairs_result result = new_pairs(in, ';', most, arena, &pairs);
    if (result != GH_PAIRS_OK)
        return result;
    while (gh_str_next(&in, ';', &part)) {
        size_t equals = gh_str_find(part, '=');
        if (equals == part.n)
            continue;
        gh_pair *pair = &pairs.items[pairs.n++];
        pair->name = gh_str_trim(gh_str_cut(part, 0, equals));
        pair->value = gh_str_trim(gh_str_cut(part, equals + 1, part.n));
        pair->raw = pair->value;
    }
    *ret = pairs;
    return GH_PAIRS_OK;
}

void gh_form_put(gh_buf *out, gh_str s)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == ' ') {
            gh_buf_char(out, '+');
        } else if (c == '*' || (gh_char_is((char)c, GH_CHAR_UNRESERVED) && c != '~')) {
            gh_buf_char(out, (char)c);
        } else {
            char escape[3] = {'%', digits[c >> 4], digits[c & 15]};
            gh_buf_put(out, (gh_str){escape, sizeof escape});
        }
    }
}
