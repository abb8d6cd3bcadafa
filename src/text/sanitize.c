#include "text/sanitize.h"

#include <stdint.h>

#include "base/buf.h"
#include "text/danger_rules.h"
#include "text/decode.h"
#include "text/hidden.h"
#include "text/utf8.h"

static void put_code(gh_buf *out, uint32_t code)
{
    char bytes[4];
    gh_buf_put(out, (gh_str){bytes, gh_utf8_put(bytes, code)});
}

static bool is_control(uint32_t code)
{
    return code < ' ' || (code >= 0x7F && code < 0xA0);
}

static bool is_space(uint32_t code)
{
    return code == ' ' || (code >= '\t' && code <= '\r') || code == 0xA0 || code == 0x1680 ||
           (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 || code == 0x202F ||
           code == 0x205F || code == 0x3000;
}

/* The first max_length code points, each bad byte counted as one. */
static gh_str first_of(gh_str text, size_t max_length)
{
    gh_str rest = text;
    for (size_t n = 0; rest.n > 0 && n < max_length; n++)
        (void)gh_text_next(&rest);
    return gh_str_cut(text, 0, text.n - rest.n);
}

/* The text without controls and what hides, bad bytes as U+FFFD. */
static void put_clean(gh_buf *out, gh_str text)
{
    gh_hidden state = {0};
    uint32_t code;
    while (text.n > 0) {
        if (gh_hidden_next(&state, &text, &code))
            continue;
        if (code == 0xFEFF || (is_control(code) && code != '\t' && code != '\n' && code != '\r'))
            continue;
        put_code(out, code);
    }
}

static bool ends_with(const gh_buf *out, gh_str word)
{
    return out->n >= word.n && gh_str_eq_nocase(gh_str_cut(gh_buf_str(out), out->n - word.n, out->n), word);
}

/* Takes out "<script ...>...</script ...>" in place. The part before a place is as if what was taken out had never
 * been there, so an element that the removal of another makes is seen too. */
static void drop_elements(gh_buf *text)
{
    gh_str open = GH_STR("<script"), close = GH_STR("</script");
    size_t start = SIZE_MAX; /* of the first element that is open */
    bool closing = false;
    gh_buf out = gh_buf_over(text->p, text->n);
    for (size_t i = 0; i < text->n; i++) {
        gh_buf_char(&out, text->p[i]);
        char c = gh_lower(text->p[i]);
        if (c == 't' && start == SIZE_MAX && ends_with(&out, open)) {
            start = out.n - open.n;
        } else if (c == 't' && start != SIZE_MAX && ends_with(&out, close)) {
            closing = true;
        } else if (c == '>' && closing) {
            out.n = start;
            start = SIZE_MAX;
            closing = false;
        }
    }
    text->n = out.n;
}

/* The start of the data: URL whose first byte of data is the last of out, behind a comma; SIZE_MAX: there is none.
 * Looks back to the comma before, so each colon is looked at once. */
static size_t data_start(const gh_buf *out)
{
    gh_str s = gh_buf_str(out);
    for (size_t n = 0, i = out->n - 2; i > 0 && n <= GH_SCHEME_DATA_MAX && s.p[i - 1] != ','; n++, i--) {
        size_t start = s.p[i - 1] == ':' ? gh_scheme_start(s, i - 1, GH_STR("data")) : SIZE_MAX;
        if (start != SIZE_MAX && gh_scheme_is_data(s, start, i - 1))
            return start;
    }
    return SIZE_MAX;
}

/* How much of the end of out has to go, now that its last byte is there. */
static size_t bad_tail(const gh_buf *out)
{
    gh_str open = GH_STR("<script"), close = GH_STR("</script"), s = gh_buf_str(out);
    char c = gh_lower(s.p[s.n - 1]);
    if (c == 't')
        return ends_with(out, open) ? open.n : ends_with(out, close) ? close.n : 0;
    if (c != ':')
        return 0;
    size_t start = gh_scheme_start(s, s.n - 1, GH_STR("javascript"));
    if (start == SIZE_MAX)
        start = gh_scheme_start(s, s.n - 1, GH_STR("vbscript"));
    return start == SIZE_MAX ? 0 : s.n - start;
}

/* Takes out what begins or ends a script element, and schemes of scripts, in place. Whatever is appended, the end is
 * looked at: so nothing of the kind is ever in the part that is done. */
static void drop_words(gh_buf *text)
{
    gh_buf out = gh_buf_over(text->p, text->n);
    for (size_t i = 0; i < text->n; i++) {
        char c = text->p[i];
        bool behind_comma = out.n > 0 && out.p[out.n - 1] == ',';
        gh_buf_char(&out, c);
        size_t start = behind_comma ? data_start(&out) : SIZE_MAX;
        if (start != SIZE_MAX) {
            out.n = start;
            gh_buf_char(&out, c);
        }
        out.n -= bad_tail(&out);
    }
    text->n = out.n;
}

/* Without white space at both ends, moved to the front. */
static void trim(gh_buf *text)
{
    gh_str rest = gh_buf_str(text), first = rest;
    size_t end = 0;
    while (rest.n > 0 && is_space(gh_utf8_next(&rest)))
        first = rest;
    for (rest = first; rest.n > 0;)
        if (!is_space(gh_utf8_next(&rest)))
            end = first.n - rest.n;
    if (end > 0)
        memmove(text->p, first.p, end);
    text->n = end;
}

static gh_str reference_of(char c)
{
    switch (c) {
    case '&':
        return GH_STR("&amp;");
    case '<':
        return GH_STR("&lt;");
    case '>':
        return GH_STR("&gt;");
    case '"':
        return GH_STR("&quot;");
    case '\'':
        return GH_STR("&#x27;");
    default:
        return (gh_str){NULL, 0};
    }
}

/* In place, from the end. False: no room. */
static bool escape(gh_buf *text)
{
    size_t size = text->n;
    for (size_t i = 0; i < text->n; i++) {
        gh_str reference = reference_of(text->p[i]);
        size += reference.n > 0 ? reference.n - 1 : 0;
    }
    if (size > text->cap)
        return false;
    for (size_t from = text->n, to = size; from > 0; from--) {
        gh_str reference = reference_of(text->p[from - 1]);
        if (reference.n == 0)
            text->p[--to] = text->p[from - 1];
        else
            memcpy(text->p + (to -= reference.n), reference.p, reference.n);
    }
    text->n = size;
    return true;
}

static size_t end_with_nul(gh_buf *out)
{
    out->p[out->n] = '\0';
    return out->n;
}

size_t gh_sanitize_text(gh_str text, size_t max_length, char *to, size_t size)
{
    if (size == 0)
        return GH_SANITIZE_NO_ROOM;
    gh_buf out = gh_buf_over(to, size - 1);
    put_clean(&out, first_of(text, max_length));
    if (!gh_buf_ok(&out))
        return GH_SANITIZE_NO_ROOM;
    drop_elements(&out);
    drop_words(&out);
    trim(&out);
    return escape(&out) ? end_with_nul(&out) : GH_SANITIZE_NO_ROOM;
}

enum { NAME_LONGEST = 255 };

/* A name that Windows takes for a device, with any extension. */
static bool is_device(gh_str name)
{
    static const gh_str devices[] = {GH_STR_INIT("con"),   GH_STR_INIT("prn"),    GH_STR_INIT("aux"),
                                     GH_STR_INIT("nul"),   GH_STR_INIT("conin$"), GH_STR_INIT("conout$"),
                                     GH_STR_INIT("clock$")};
    static const gh_str digits[] = {GH_STR_INIT("\xc2\xb9"), GH_STR_INIT("\xc2\xb2"),
                                    GH_STR_INIT("\xc2\xb3")};
    gh_str base = gh_str_cut(name, 0, gh_str_find(name, '.'));
    while (base.n > 0 && base.p[base.n - 1] == ' ')
        base.n--;
    for (size_t i = 0; i < GH_COUNT(devices); i++)
        if (gh_str_eq_nocase(base, devices[i]))
            return true;
    gh_str port = gh_str_cut(base, 0, 3), number = gh_str_cut(base, 3, base.n);
    if (!gh_str_eq_nocase(port, GH_STR("com")) && !gh_str_eq_nocase(port, GH_STR("lpt")))
        return false;
    bool device = number.n == 1 && gh_is_digit(number.p[0]);
    for (size_t i = 0; i < GH_COUNT(digits); i++)
        device = device || gh_str_eq(number, digits[i]);
    return device;
}

/* Dots and slashes of other widths, which become "." and "/" where names are brought to compatibility forms. */
static bool is_like_path(uint32_t code)
{
    static const uint32_t likes[] = {0x2024, 0x2025, 0x2026, 0x2044, 0x2215, 0x2216, 0x29F5,
                                     0x29F8, 0xFE19, 0xFE52, 0xFE68, 0xFF0E, 0xFF0F, 0xFF3C};
    for (size_t i = 0; i < GH_COUNT(likes); i++)
        if (code == likes[i])
            return true;
    return false;
}

/* What needs its neighbours not to hide something is left out: a name may be cut anywhere. */
static bool is_kept(uint32_t code)
{
    return !is_control(code) && code != 0xFEFF && code != 0x200B && code != 0x2028 && code != 0x2029 &&
           !(code >= 0xE0000 && code <= 0xE007F) && !is_like_path(code) &&
           !(code < 0x80 && memchr("<>:\"/\\|?*", (int)code, 9) != NULL);
}

/* Appends what a name may hold, up to the longest, never "..", no "." and no space first. False: no room. */
static bool put_name(gh_buf *out, gh_str name)
{
    gh_hidden state = {0};
    uint32_t code;
    size_t start = out->n;
    while (name.n > 0) {
        char bytes[4];
        if (gh_hidden_next(&state, &name, &code) || !is_kept(code))
            continue;
        bool first = out->n == start;
        if ((code == '.' && (first || out->p[out->n - 1] == '.')) || (first && is_space(code)))
            continue;
        size_t n = gh_utf8_put(bytes, code);
        if (out->n + n > NAME_LONGEST)
            break;
        gh_buf_put(out, (gh_str){bytes, n});
    }
    return gh_buf_ok(out);
}

static void trim_end(gh_buf *out)
{
    gh_str s = gh_buf_str(out);
    size_t end = 0;
    while (s.n > 0) {
        uint32_t code = gh_utf8_next(&s);
        if (code != '.' && !is_space(code))
            end = out->n - s.n;
    }
    out->n = end;
}

size_t gh_sanitize_filename(gh_str name, char *to, size_t size)
{
    if (size == 0)
        return GH_SANITIZE_NO_ROOM;
    gh_buf out = gh_buf_over(to, size - 1);
    bool fits = put_name(&out, name);
    trim_end(&out);
    if (fits && is_device(gh_buf_str(&out))) {
        out.n = 0;
        gh_buf_char(&out, '_');
        fits = put_name(&out, name);
        trim_end(&out);
    }
    if (fits && out.n == 0)
        gh_buf_lit(&out, "file");
    return fits && gh_buf_ok(&out) ? end_with_nul(&out) : GH_SANITIZE_NO_ROOM;
}

enum { GROWTH = 6 };

static char *room_for(gh_str text, size_t least, gh_arena *arena, size_t *ret_size)
{
    if (__builtin_mul_overflow(text.n, (size_t)GROWTH, ret_size) ||
        __builtin_add_overflow(*ret_size, least, ret_size))
        return NULL;
    return gh_arena_alloc(arena, *ret_size);
}

bool gh_sanitize_text_arena(gh_str text, size_t max_length, gh_arena *arena, gh_str *ret)
{
    size_t size;
    char *to = room_for(text, 1, arena, &size);
    if (to == NULL)
        return false;
    size_t n = gh_sanitize_text(text, max_length, to, size);
    *ret = (gh_str){to, n};
    return n != GH_SANITIZE_NO_ROOM;
}

bool gh_sanitize_filename_arena(gh_str name, gh_arena *arena, gh_str *ret)
{
    char *to = gh_arena_alloc(arena, NAME_LONGEST + 1);
    if (to == NULL)
        return false;
    size_t n = gh_sanitize_filename(name, to, NAME_LONGEST + 1);
    *ret = (gh_str){to, n};
    return n != GH_SANITIZE_NO_ROOM;
}
