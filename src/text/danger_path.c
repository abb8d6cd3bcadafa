/* Path traversal. A single "../" is how people write relative paths ("cd ../src"), so it counts only where a path
 * must stand; more of them, or ".." within a path, always. */
#include "text/danger_rules.h"

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

/* How many bytes ".." and its separators take at i: "../", "..\", "..;/", "....//", ".../.../"; 0: no climb. */
static size_t climb(gh_str s, size_t i)
{
    size_t at = i;
    while (at < s.n && s.p[at] == '.')
        at++;
    size_t dots = at - i;
    if (dots < 2)
        return 0;
    if (at < s.n && s.p[at] == ';' && at + 1 < s.n && is_slash(s.p[at + 1]))
        at++;
    size_t slash = at;
    while (at < s.n && is_slash(s.p[at]))
        at++;
    if (at == slash)
        return 0;
    /* What is left when a filter takes "../" out once: "....//" and "..././". */
    bool hidden = dots == 4 && at - slash >= 2;
    if (dots == 3 && gh_danger_at(s, at, GH_STR("./")))
        return at + 2 - i;
    return dots == 2 || hidden ? at - i : 0;
}

/* Were dots or slashes written as escapes? Nobody does who means a file of his own. */
static bool is_disguised(gh_str text)
{
    static const gh_str signs[] = {GH_STR_INIT("%2e"),    GH_STR_INIT("..%2f"), GH_STR_INIT("..%5c"),
                                   GH_STR_INIT("..%25"),  GH_STR_INIT("%252e"), GH_STR_INIT("..%c0"),
                                   GH_STR_INIT("%c0%ae"), GH_STR_INIT("..%c1"), GH_STR_INIT("%u002e"),
                                   GH_STR_INIT("..%u"),   GH_STR_INIT("..&"),   GH_STR_INIT("&period;"),
                                   GH_STR_INIT("&#46;")};
    for (size_t i = 0; i < GH_COUNT(signs); i++)
        if (memmem(text.p, text.n, signs[i].p, signs[i].n) != NULL)
            return true;
    return false;
}

/* Is the ".." at i one where a path must stand? */
static bool is_path_place(gh_str s, size_t i)
{
    return i == 0 || is_slash(s.p[i - 1]) || s.p[i - 1] == '=';
}

/* "/.." at the end of a text, but not of a sentence that trails off ("and/or..."). */
static bool ends_climbing(gh_str s)
{
    return s.n >= 3 && s.p[s.n - 1] == '.' && s.p[s.n - 2] == '.' && is_slash(s.p[s.n - 3]);
}

bool gh_danger_path(const gh_danger_view *view)
{
    gh_str s = view->folded;
    bool single = false; /* a climb of one level where no path must stand */
    for (size_t i = gh_str_find(s, '.'); i < s.n; i += 1 + gh_str_find(gh_str_cut(s, i + 1, s.n), '.')) {
        bool after_word = i > 0 && gh_danger_is_word(s.p[i - 1]);
        size_t size = climb(s, i);
        if (size > 0 && !after_word) {
            if (is_path_place(s, i) || climb(s, i + size) > 0 || size > 3)
                return true;
            single = true;
        }
        while (i + 1 < s.n && s.p[i + 1] == '.')
            i++;
    }
    return ends_climbing(s) || (single && view->layers > 0 && is_disguised(view->written));
}
