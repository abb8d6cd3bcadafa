#include "wire/target.h"

#include "wire/authority.h"
#include "wire/chars.h"

static bool refuse(const char **ret_why, const char *why)
{
    *ret_why = why;
    return false;
}

static const char upper_hex[] = "0123456789ABCDEF";

/* The byte of the escape at s[i], or -1 when it is broken. */
static int escape_value(gh_str s, size_t i)
{
    if (s.n - i < 3)
        return -1;
    int high = gh_hex_value(s.p[i + 1]), low = gh_hex_value(s.p[i + 2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Already in normal form, as nearly all paths are? May say no to some that are. */
static bool is_plain(gh_str path)
{
    const char *at = path.p, *end = path.p + path.n;
    for (; at < end; at++) {
        if (!gh_char_is(*at, GH_CHAR_PATH))
            return false;
        if (*at == '/' && end - at > 1 && (at[1] == '/' || at[1] == '.'))
            return false;
    }
    return true;
}

/* Step 1: one spelling for each byte. Returns what is wrong, NULL when nothing is. */
static const char *decode(gh_str raw, char *out, size_t *ret_n)
{
    size_t n = 0;
    for (size_t i = 0; i < raw.n; i++) {
        if (gh_char_is(raw.p[i], GH_CHAR_PATH)) {
            out[n++] = raw.p[i];
            continue;
        }
        if (raw.p[i] != '%')
            return "character not allowed in a path";
        int v = escape_value(raw, i);
        if (v < 0)
            return "broken percent-escape";
        if (v == 0 || v == '/' || v == '\\')
            return "escaped slash, backslash or NUL in the path";
        i += 2;
        if (gh_char_is((char)v, GH_CHAR_UNRESERVED)) {
            out[n++] = (char)v;
            continue;
        }
        out[n++] = '%';
        out[n++] = upper_hex[v >> 4];
        out[n++] = upper_hex[v & 15];
    }
    *ret_n = n;
    return NULL;
}

/* An escape that begins a UTF-8 form longer than needed (RFC 3629 section 10): another way to write ASCII. */
static bool is_overlong(gh_str s, size_t i)
{
    if (s.n - i < 6 || s.p[i + 3] != '%')
        return false;
    char lead = s.p[i + 1], low = s.p[i + 2], next = s.p[i + 4];
    if (lead == 'C' && (low == '0' || low == '1'))
        return next >= '8' && next <= 'B';
    if (lead == 'E' && low == '0')
        return next == '8' || next == '9';
    return lead == 'F' && low == '0' && next == '8';
}

/* Step 2, on the output of step 1: escapes that a second decoding would turn into something else. */
static const char *check_escapes(gh_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '%')
            continue;
        if (s.p[i + 1] == '2' && s.p[i + 2] == '5' && s.n - i >= 5 && gh_char_is(s.p[i + 3], GH_CHAR_HEX) &&
            gh_char_is(s.p[i + 4], GH_CHAR_HEX))
            return "escaped percent-escape in the path";
        if (is_overlong(s, i))
            return "overlong UTF-8 in the path";
        i += 2;
    }
    return NULL;
}

/* How many dots a segment is: 1 or 2, 0 for all others, -1 for dots with a parameter. */
static int dots_of(gh_str segment)
{
    size_t n = 0;
    while (n < segment.n && n < 3 && segment.p[n] == '.')
        n++;
    if (n == 0 || n > 2)
        return 0;
    if (n == segment.n)
        return (int)n;
    gh_str rest = gh_str_cut(segment, n, segment.n);
    return rest.p[0] == ';' || gh_str_starts(rest, GH_STR("%3B")) ? -1 : 0;
}

/* Step 3, in place: no empty and no dot segments but an empty last one. Both loops only shorten. */
static const char *join_segments(char *p, size_t *io_n)
{
    gh_str rest = {p + 1, *io_n - 1}, segment;
    size_t n = 1; /* p[0] is "/", and out always ends in "/" when a segment is to come */
    while (gh_str_next(&rest, '/', &segment)) {
        bool last = rest.p == NULL;
        int dots = dots_of(segment);
        if (dots < 0)
            return "dot segment with a parameter";
        if (dots == 2) {
            if (n == 1)
                return "path climbs above the root";
            do
                n--;
            while (p[n - 1] != '/');
        } else if (dots == 0 && segment.n > 0) {
            memmove(p + n, segment.p, segment.n);
            n += segment.n;
            if (!last)
                p[n++] = '/';
        }
    }
    *io_n = n;
    return NULL;
}

static bool normalise_path(gh_str raw, gh_arena *arena, gh_str *ret, const char **ret_why)
{
    if (is_plain(raw)) {
        *ret = raw;
        return true;
    }
    char *p = gh_arena_alloc(arena, raw.n);
    size_t n = 0;
    if (p == NULL)
        return refuse(ret_why, "out of memory");
    const char *why = decode(raw, p, &n);
    if (why == NULL)
        why = check_escapes((gh_str){p, n});
    if (why == NULL)
        why = join_segments(p, &n);
    if (why != NULL)
        return refuse(ret_why, why);
    *ret = (gh_str){p, n};
    return true;
}

static const char *check_query(gh_str query)
{
    for (size_t i = 0; i < query.n; i++) {
        if (gh_char_is(query.p[i], GH_CHAR_QUERY))
            continue;
        if (query.p[i] != '%')
            return "character not allowed in a query";
        if (escape_value(query, i) < 0)
            return "broken percent-escape";
    }
    return NULL;
}

/* Takes "http://authority" off the front of *raw. */
static bool take_origin(gh_str *raw, gh_target *t, const char **ret_why)
{
    gh_str http = GH_STR("http://"), https = GH_STR("https://"), host;
    uint16_t port;
    size_t n = 0;
    if (gh_str_eq_nocase(gh_str_cut(*raw, 0, http.n), http))
        n = http.n;
    else if (gh_str_eq_nocase(gh_str_cut(*raw, 0, https.n), https))
        n = https.n;
    if (n == 0)
        return refuse(ret_why, "target is neither a path nor an http or https URI");
    t->scheme = n == http.n ? GH_STR("http") : GH_STR("https");
    gh_str rest = gh_str_cut(*raw, n, raw->n);
    size_t end = 0;
    while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?' && rest.p[end] != '#')
        end++;
    t->authority = gh_str_cut(rest, 0, end);
    if (!gh_authority_split(t->authority, &host, &port))
        return refuse(ret_why, "invalid authority in the target");
    *raw = gh_str_cut(rest, end, rest.n);
    return true;
}

bool gh_target_parse(gh_str raw, gh_arena *arena, gh_target *ret, const char **ret_why)
{
    gh_target t = {0};
    if (gh_str_eq(raw, GH_STR("*"))) {
        t.path = raw;
        *ret = t;
        return true;
    }
    if (raw.n == 0)
        return refuse(ret_why, "empty target");
    if (raw.p[0] != '/' && !take_origin(&raw, &t, ret_why))
        return false;
    size_t mark = gh_str_find(raw, '?');
    gh_str path = gh_str_cut(raw, 0, mark);
    if (mark < raw.n)
        t.query = gh_str_cut(raw, mark + 1, raw.n);
    const char *why = check_query(t.query);
    if (why != NULL)
        return refuse(ret_why, why);
    if (path.n == 0)
        path = GH_STR("/");
    if (path.p[0] != '/')
        return refuse(ret_why, "character not allowed in a path");
    if (!normalise_path(path, arena, &t.path, ret_why))
        return false;
    *ret = t;
    return true;
}
