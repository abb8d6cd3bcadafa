/* Path templates of OpenAPI: compiling them, and matching segments that mix literals and parameters. */
#include "wire/chars.h"
#include "wire/path_pattern.h"

/* Where compiling stands, and what was found wrong there. */
typedef struct compiler {
    gh_path_pattern *pattern;
    char *out; /* the literals in the form of normalised paths, three bytes for each of the text */
    size_t n;
    const char *why;
    size_t at; /* byte of the text that `why` is about */
} compiler;

static bool fail(compiler *c, size_t at, const char *why)
{
    c->at = at;
    c->why = why;
    return false;
}

static void put_escaped(compiler *c, unsigned char byte)
{
    static const char digits[] = "0123456789ABCDEF";
    c->out[c->n++] = '%';
    c->out[c->n++] = digits[byte >> 4];
    c->out[c->n++] = digits[byte & 15];
}

/* The escape at s[i] in its one spelling. */
static bool put_escape(compiler *c, gh_str s, size_t i, size_t at)
{
    gh_str digits = gh_str_cut(s, i + 1, i + 3);
    if (digits.n < 2 || gh_hex_value(digits.p[0]) < 0 || gh_hex_value(digits.p[1]) < 0)
        return fail(c, at + i, "\"%\" needs two hexadecimal digits");
    int byte = gh_hex_value(digits.p[0]) << 4 | gh_hex_value(digits.p[1]);
    if (byte == '/' || byte == '\\' || byte == 0)
        return fail(c, at + i, "paths with this escape are refused and never matched");
    if (gh_char_is((char)byte, GH_CHAR_UNRESERVED))
        c->out[c->n++] = (char)byte;
    else
        put_escaped(c, (unsigned char)byte);
    return true;
}

static bool put_literal(compiler *c, gh_str s, size_t at)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char byte = (unsigned char)s.p[i];
        if (byte == '}')
            return fail(c, at + i, "\"}\" without a \"{\"");
        if (byte == '?' || byte == '#')
            return fail(c, at + i, "only the path is matched: no query, no fragment");
        if (byte < ' ' || byte == 0x7f || byte == '\\')
            return fail(c, at + i, "this character is in no path");
        if (byte == '%') {
            if (!put_escape(c, s, i, at))
                return false;
            i += 2;
        } else if (gh_char_is((char)byte, GH_CHAR_PATH)) {
            c->out[c->n++] = (char)byte;
        } else {
            put_escaped(c, byte);
        }
    }
    return true;
}

static bool add_entry(compiler *c, gh_path_segment entry, size_t at)
{
    gh_path_pattern *p = c->pattern;
    if (p->n_segments == GH_PATH_SEGMENTS_MAX)
        return fail(c, at, "a template has at most 64 segments");
    p->segments[p->n_segments++] = entry;
    return true;
}

/* name: in the text's copy. */
static bool add_param(compiler *c, gh_str name, bool joined, size_t at)
{
    gh_path_pattern *p = c->pattern;
    if (name.n == 0)
        return fail(c, at, "a parameter needs a name");
    if (gh_str_find(name, '{') < name.n)
        return fail(c, at + 1 + gh_str_find(name, '{'), "a \"{\" within a parameter's name");
    for (unsigned i = 0; i < p->n_segments; i++)
        if (p->segments[i].text.p == NULL && gh_str_eq(p->segments[i].name, name))
            return fail(c, at, "this parameter's name is already taken");
    if (joined && p->segments[p->n_segments - 1].text.p == NULL)
        return fail(c, at, "nothing stands between two parameters");
    if (p->n_params == GH_PATH_PARAMS_MAX)
        return fail(c, at, "a template has at most 8 parameters");
    p->n_params++;
    return add_entry(c, (gh_path_segment){.name = name, .joined = joined}, at);
}

/* The literal in front of the next "{" or the segment's end; nothing is added for an empty one. */
static bool add_literal(compiler *c, gh_str literal, bool joined, size_t at)
{
    size_t from = c->n;
    if (!put_literal(c, literal, at))
        return false;
    gh_str text = {c->out + from, c->n - from};
    return text.n == 0 || add_entry(c, (gh_path_segment){.text = text, .joined = joined}, at);
}

static bool add_mixed(compiler *c, gh_str segment, size_t at)
{
    unsigned before = c->pattern->n_segments;
    for (size_t i = 0; i < segment.n;) {
        gh_str rest = gh_str_cut(segment, i, segment.n);
        size_t open = gh_str_find(rest, '{'), close = gh_str_find(rest, '}');
        if (!add_literal(c, gh_str_cut(rest, 0, open), c->pattern->n_segments > before, at + i))
            return false;
        if (open == rest.n)
            break;
        if (close == rest.n)
            return fail(c, at + i + open, "\"{\" without a \"}\"");
        if (!add_param(c, gh_str_cut(rest, open + 1, close), c->pattern->n_segments > before, at + i + open))
            return false;
        i += close + 1;
    }
    return true;
}

static bool add_segment(compiler *c, gh_str segment, size_t at, bool last)
{
    gh_path_pattern *p = c->pattern;
    if (gh_str_find(segment, '{') < segment.n)
        return add_mixed(c, segment, at);
    if (segment.n == 0 && !last)
        return fail(c, at, "runs of \"/\" become one and are never matched");
    size_t from = c->n;
    if (!put_literal(c, segment, at))
        return false;
    gh_str text = {c->out + from, c->n - from};
    if (gh_str_eq(text, GH_STR(".")) || gh_str_eq(text, GH_STR("..")))
        return fail(c, at, "dot segments are removed from paths and never matched");
    /* Only literals so far: the prefix grows up to this segment's end. */
    if (p->n_leading == p->n_segments) {
        p->n_leading++;
        p->prefix = (gh_str){c->out, c->n};
    }
    return add_entry(c, (gh_path_segment){.text = text}, at);
}

static bool compile(compiler *c, gh_arena *arena)
{
    gh_path_pattern *p = c->pattern;
    gh_str text = p->text, segment;
    if (text.n == 0 || text.p[0] != '/')
        return fail(c, 0, "a path begins with \"/\"");
    if (text.n > SIZE_MAX / 3)
        return fail(c, 0, "out of memory");
    size_t most = 0; /* a segment has one literal more than parameters, at most */
    for (size_t i = 0; i < text.n; i++)
        most += text.p[i] == '/' ? 1 : text.p[i] == '{' ? 2 : 0;
    if (most > GH_PATH_SEGMENTS_MAX)
        most = GH_PATH_SEGMENTS_MAX;
    p->text = gh_arena_copy(arena, text);
    p->segments = gh_arena_array(arena, most, sizeof *p->segments);
    c->out = gh_arena_alloc(arena, text.n * 3);
    if (p->text.p == NULL || p->segments == NULL || c->out == NULL)
        return fail(c, 0, "out of memory");
    p->prefix = (gh_str){c->out, 0};
    gh_str rest = gh_str_cut(p->text, 1, p->text.n);
    while (gh_str_next(&rest, '/', &segment)) {
        c->out[c->n++] = '/';
        if (!add_segment(c, segment, (size_t)(segment.p - p->text.p), rest.p == NULL))
            return false;
    }
    return true;
}

bool gh_path_template_compile(gh_str text, gh_arena *arena, gh_path_pattern *ret, const char **ret_why,
                              unsigned *ret_column)
{
    gh_path_pattern pattern = {.text = text};
    compiler c = {.pattern = &pattern};
    if (!compile(&c, arena)) {
        *ret_why = c.why;
        *ret_column = (unsigned)c.at + 1;
        return false;
    }
    *ret = pattern;
    return true;
}

/* The first place of `piece` in part[from, to), or the last one; SIZE_MAX: none. */
static size_t find_piece(gh_str part, gh_str piece, size_t from, size_t to, bool last)
{
    size_t found = SIZE_MAX;
    for (size_t at = from; at + piece.n <= to && (last || found == SIZE_MAX); at++)
        if (gh_str_starts(gh_str_cut(part, at, to), piece))
            found = at;
    return found;
}

/* Where each literal between two parameters begins: each as far left as it can be. */
static bool place_first(const gh_path_segment *pieces, unsigned n, gh_str part, size_t *ret_places)
{
    size_t at = 0;
    for (unsigned i = 0; i < n; i++) {
        if (pieces[i].text.p == NULL)
            continue;
        ret_places[i] = find_piece(part, pieces[i].text, at + 1, part.n, false);
        if (ret_places[i] == SIZE_MAX)
            return false;
        at = ret_places[i] + pieces[i].text.n;
    }
    return at < part.n;
}

/* The same as far right as it can be; is that the same place? */
static bool is_only_way(const gh_path_segment *pieces, unsigned n, gh_str part, const size_t *places)
{
    size_t end = part.n;
    for (unsigned i = n; i-- > 0;) {
        if (pieces[i].text.p == NULL)
            continue;
        if (find_piece(part, pieces[i].text, 0, end - 1, true) != places[i])
            return false;
        end = places[i];
    }
    return true;
}

bool gh_path_pieces_match(const gh_path_segment *pieces, unsigned n, gh_str part, gh_str *ret_values)
{
    size_t places[GH_PATH_SEGMENTS_MAX] = {0}, at = 0;
    if (n > 0 && pieces[0].text.p != NULL) {
        if (!gh_str_starts(part, pieces[0].text))
            return false;
        part = gh_str_cut(part, pieces[0].text.n, part.n);
        pieces++;
        n--;
    }
    if (n > 0 && pieces[n - 1].text.p != NULL) {
        if (!gh_str_ends(part, pieces[n - 1].text))
            return false;
        part = gh_str_cut(part, 0, part.n - pieces[n - 1].text.n);
        n--;
    }
    /* Now parameters at both ends. */
    if (!place_first(pieces, n, part, places) || !is_only_way(pieces, n, part, places))
        return false;
    for (unsigned i = 0; i < n && ret_values != NULL; i += 2) {
        size_t end = i + 1 < n ? places[i + 1] : part.n;
        *ret_values++ = gh_str_cut(part, at, end);
        at = i + 1 < n ? end + pieces[i + 1].text.n : end;
    }
    return true;
}
