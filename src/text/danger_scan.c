#include "text/danger_scan.h"

/* clang-format off */
static const uint32_t kinds[256] = {
    ['\0'] = GH_SEEN_CONTROL | GH_SEEN_NUL,
    [0x01 ... 0x08] = GH_SEEN_CONTROL,
    ['\n'] = GH_SEEN_BREAK, ['\r'] = GH_SEEN_BREAK,
    ['\v'] = GH_SEEN_BREAK | GH_SEEN_CONTROL, ['\f'] = GH_SEEN_BREAK | GH_SEEN_CONTROL,
    [0x0E ... 0x1F] = GH_SEEN_CONTROL, [0x7F] = GH_SEEN_CONTROL,
    ['%'] = GH_SEEN_ESCAPE, ['&'] = GH_SEEN_ESCAPE, ['\\'] = GH_SEEN_ESCAPE | GH_SEEN_SLASH,
    ['\''] = GH_SEEN_QUOTE, ['"'] = GH_SEEN_QUOTE, ['`'] = GH_SEEN_QUOTE,
    ['<'] = GH_SEEN_LESS, ['='] = GH_SEEN_EQUALS, [':'] = GH_SEEN_COLON, ['.'] = GH_SEEN_DOT,
    ['/'] = GH_SEEN_SLASH, ['#'] = GH_SEEN_HASH, ['-'] = GH_SEEN_DASH,
    ['A' ... 'Z'] = GH_SEEN_UPPER,
    [0x80 ... 0xC1] = GH_SEEN_HIGH,
    [0xC2] = GH_SEEN_HIGH | GH_SEEN_C2,
    [0xC3 ... 0xCB] = GH_SEEN_HIGH,
    [0xCC ... 0xE1] = GH_SEEN_HIGH | GH_SEEN_MARK,
    [0xE2] = GH_SEEN_HIGH | GH_SEEN_MARK | GH_SEEN_HIDING,
    [0xE3 ... 0xE4] = GH_SEEN_HIGH | GH_SEEN_MARK,
    [0xE5] = GH_SEEN_HIGH | GH_SEEN_MARK | GH_SEEN_BREAK,
    [0xE6 ... 0xEE] = GH_SEEN_HIGH | GH_SEEN_MARK,
    [0xEF] = GH_SEEN_HIGH | GH_SEEN_MARK | GH_SEEN_HIDING,
    [0xF0 ... 0xF2] = GH_SEEN_HIGH | GH_SEEN_MARK,
    [0xF3] = GH_SEEN_HIGH | GH_SEEN_MARK | GH_SEEN_HIDING,
    [0xF4 ... 0xFF] = GH_SEEN_HIGH | GH_SEEN_MARK,
};
/* clang-format on */

uint32_t gh_danger_seen(gh_str s)
{
    const uint8_t *p = (const uint8_t *)s.p;
    uint32_t a = 0, b = 0;
    size_t i = 0;
    for (; s.n - i >= 4; i += 4) {
        a |= kinds[p[i]] | kinds[p[i + 1]];
        b |= kinds[p[i + 2]] | kinds[p[i + 3]];
    }
    for (; i < s.n; i++)
        a |= kinds[p[i]];
    return a | b;
}

/* The first c at or behind i, or s.n. */
static size_t find_from(gh_str s, size_t i, char c)
{
    const char *found = i < s.n ? memchr(s.p + i, c, s.n - i) : NULL;
    return found == NULL ? s.n : (size_t)(found - s.p);
}

bool gh_danger_has_pair(gh_str s, char first, char second)
{
    for (size_t i = find_from(s, 0, first); i + 1 < s.n; i = find_from(s, i + 1, first))
        if (s.p[i + 1] == second)
            return true;
    return false;
}

static bool has_tag(gh_str s)
{
    for (size_t i = find_from(s, 0, '<'); i + 1 < s.n; i = find_from(s, i + 1, '<')) {
        char c = s.p[i + 1];
        if (c == '/' || c == '!' || gh_danger_is_letter(c))
            return true;
    }
    return false;
}

/* Is there a name "on..." between white space or a quote and "="? */
static bool has_event(gh_str s)
{
    size_t passed = 0;
    for (size_t i = find_from(s, 0, '='); i < s.n; passed = i + 1, i = find_from(s, i + 1, '=')) {
        size_t end = i;
        while (end > passed && gh_danger_is_space(s.p[end - 1]))
            end--;
        size_t start = end;
        while (start > passed && gh_danger_is_letter(s.p[start - 1]))
            start--;
        if (end - start >= 4 && gh_danger_at(s, start, GH_STR("on")))
            return true;
    }
    return false;
}

bool gh_danger_may_html(const gh_danger_view *view)
{
    if ((view->seen_folded & GH_SEEN_LESS) != 0 && has_tag(view->folded))
        return true;
    return (view->seen_folded & GH_SEEN_QUOTE) != 0 && (view->seen_folded & GH_SEEN_EQUALS) != 0 &&
           has_event(view->folded);
}

bool gh_danger_may_scheme(const gh_danger_view *view)
{
    return (view->seen_folded & GH_SEEN_COLON) != 0;
}

bool gh_danger_may_path(const gh_danger_view *view)
{
    return (view->seen_folded & GH_SEEN_DOT) != 0 && (view->seen_folded & GH_SEEN_SLASH) != 0 &&
           gh_danger_has_pair(view->folded, '.', '.');
}

bool gh_danger_may_break(const gh_danger_view *view)
{
    return (view->seen_folded & GH_SEEN_BREAK) != 0 &&
           (view->seen_folded & (GH_SEEN_COLON | GH_SEEN_SLASH)) != 0;
}

bool gh_danger_may_control(const gh_danger_view *view)
{
    return (view->seen & (view->layers > 0 ? GH_SEEN_NUL : GH_SEEN_CONTROL | GH_SEEN_C2)) != 0;
}

/* The bytes U+200B, U+202A..U+202E, U+2060..U+206F, U+FEFF, U+FFF9..U+FFFB and U+E0000..U+E0FFF begin with. */
static bool may_hide(const uint8_t *p)
{
    if (p[0] == 0xE2)
        return p[1] == 0x81 ? p[2] >= 0xA0 && p[2] <= 0xAF
                            : p[1] == 0x80 && (p[2] == 0x8B || (p[2] >= 0xAA && p[2] <= 0xAE));
    if (p[0] == 0xEF)
        return p[1] == 0xBF ? p[2] >= 0xB9 && p[2] <= 0xBB : p[1] == 0xBB && p[2] == 0xBF;
    return p[0] == 0xF3 && p[1] == 0xA0;
}

bool gh_danger_may_bidi(const gh_danger_view *view)
{
    if ((view->seen & GH_SEEN_HIDING) == 0)
        return false;
    const uint8_t *p = (const uint8_t *)view->text.p;
    for (size_t i = 0; view->text.n - i >= 3; i++)
        if (p[i] >= 0xE2 && may_hide(p + i))
            return true;
    return false;
}

bool gh_danger_may_not_normal(const gh_danger_view *view)
{
    return (view->seen & GH_SEEN_MARK) != 0;
}

bool gh_danger_may_too_long(const gh_danger_view *view)
{
    return view->text.n > view->max_length;
}
