/* URLs that carry a script or a document: javascript:, vbscript: and data:. */
#include "text/danger_rules.h"

enum { LOOK_AHEAD = GH_SCHEME_DATA_MAX };

/* A browser passes over tabs, line breaks and controls within a scheme (WHATWG URL section 4.4). */
static bool is_skipped(char c)
{
    return (c >= 0 && c < ' ') || c == 0x7F;
}

size_t gh_scheme_start(gh_str s, size_t colon, gh_str word)
{
    size_t at = colon, left = word.n;
    while (left > 0 && at > 0) {
        char c = s.p[at - 1];
        if (gh_lower(c) == word.p[left - 1])
            left--;
        else if (!is_skipped(c))
            return SIZE_MAX;
        at--;
    }
    return left == 0 ? at : SIZE_MAX;
}

static bool is_boundary(gh_str s, size_t at)
{
    return at == 0 || !(gh_danger_is_word(s.p[at - 1]) || s.p[at - 1] == '-' || s.p[at - 1] == '.');
}

/* Is it where a URL stands: at the start of the text, or of an attribute or link? */
static bool is_url_place(gh_str s, size_t at)
{
    while (at > 0 && gh_danger_is_space(s.p[at - 1]))
        at--;
    return at == 0 || memchr("=\"'(`<", s.p[at - 1], 6) != NULL;
}

static bool is_call(gh_str word)
{
    static const gh_str calls[] = {GH_STR_INIT("alert"),  GH_STR_INIT("confirm"), GH_STR_INIT("prompt"),
                                   GH_STR_INIT("eval"),   GH_STR_INIT("fetch"),   GH_STR_INIT("import"),
                                   GH_STR_INIT("msgbox"), GH_STR_INIT("open"),    GH_STR_INIT("execute")};
    for (size_t i = 0; i < GH_COUNT(calls); i++)
        if (gh_str_ends(word, calls[i]))
            return true;
    return false;
}

/* Does it read like a script, and not like the title of a book? A call or an assignment has no space before its
 * sign, or is of a function that attacks are fond of. */
static bool is_code(gh_str rest)
{
    rest = gh_str_cut(rest, 0, LOOK_AHEAD);
    if (rest.n > 0 && (rest.p[0] == '/' || rest.p[0] == '('))
        return true;
    for (size_t i = 1; i < rest.n; i++) {
        char c = rest.p[i], before = rest.p[i - 1];
        if (c != '(' && c != '=' && c != '[' && c != '`')
            continue;
        if (gh_danger_is_word(before) || before == '$' || before == ')' || before == ']')
            return true;
        size_t end = i;
        while (end > 0 && gh_danger_is_space(rest.p[end - 1]))
            end--;
        if (c != '[' && is_call(gh_str_cut(rest, 0, end)))
            return true;
    }
    return false;
}

static bool is_script(gh_str s, size_t start, size_t colon)
{
    size_t at = colon + 1;
    while (at < s.n && gh_danger_is_space(s.p[at]))
        at++;
    if (at == s.n || !is_boundary(s, start))
        return false;
    return at == colon + 1 || (is_url_place(s, start) && is_code(gh_str_cut(s, at, s.n)));
}

static bool is_top_type(gh_str name)
{
    static const gh_str types[] = {GH_STR_INIT("text"),  GH_STR_INIT("image"),   GH_STR_INIT("application"),
                                   GH_STR_INIT("audio"), GH_STR_INIT("video"),   GH_STR_INIT("font"),
                                   GH_STR_INIT("model"), GH_STR_INIT("message"), GH_STR_INIT("multipart")};
    for (size_t i = 0; i < GH_COUNT(types); i++)
        if (gh_str_eq_nocase(name, types[i]))
            return true;
    return false;
}

bool gh_scheme_is_data(gh_str s, size_t start, size_t colon)
{
    gh_str rest = gh_str_cut(s, colon + 1, colon + 1 + LOOK_AHEAD);
    size_t at = 0, type;
    if (!is_boundary(s, start))
        return false;
    while (at < rest.n && gh_danger_is_space(rest.p[at]))
        at++;
    bool spaced = at > 0;
    type = at;
    while (at < rest.n && gh_danger_is_letter(rest.p[at]))
        at++;
    bool typed = at < rest.n && rest.p[at] == '/' && is_top_type(gh_str_cut(rest, type, at));
    if (at == rest.n || !(typed || (!spaced && at == type && (rest.p[at] == ',' || rest.p[at] == ';'))))
        return false;
    while (at < rest.n && rest.p[at] != ',' && memchr("<>\"'() ", rest.p[at], 7) == NULL)
        at++;
    return at + 1 < rest.n && rest.p[at] == ',' && !gh_danger_is_space(rest.p[at + 1]);
}

/* Can one of the schemes end at the colon? */
static bool may_end_scheme(gh_str s, size_t colon)
{
    return colon > 0 && (s.p[colon - 1] == 't' || s.p[colon - 1] == 'a' || is_skipped(s.p[colon - 1]));
}

static bool is_dangerous(gh_str s, size_t colon)
{
    size_t start = gh_scheme_start(s, colon, GH_STR("javascript"));
    if (start == SIZE_MAX)
        start = gh_scheme_start(s, colon, GH_STR("vbscript"));
    if (start != SIZE_MAX && is_script(s, start, colon))
        return true;
    start = gh_scheme_start(s, colon, GH_STR("data"));
    return start != SIZE_MAX && gh_scheme_is_data(s, start, colon);
}

bool gh_danger_scheme(const gh_danger_view *view)
{
    gh_str s = view->folded;
    for (size_t colon = gh_str_find(s, ':'); colon < s.n;) {
        if (may_end_scheme(s, colon) && is_dangerous(s, colon))
            return true;
        colon += 1 + gh_str_find(gh_str_cut(s, colon + 1, s.n), ':');
    }
    return false;
}
