#include "wire/path_pattern.h"

/* Where compiling stands, and what was found wrong there. */
typedef struct compiler {
    gh_path_pattern *pattern;
    const char *why;
    size_t at; /* byte of the text that `why` is about */
} compiler;

static bool fail(compiler *c, size_t at, const char *why)
{
    c->at = at;
    c->why = why;
    return false;
}

static bool is_unreserved(int c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

/* An escape as normalised paths have them, see gh_target_parse(). */
static bool check_escape(compiler *c, gh_str segment, size_t i, size_t at)
{
    gh_str digits = gh_str_cut(segment, i + 1, i + 3);
    if (digits.n < 2 || gh_hex_value(digits.p[0]) < 0 || gh_hex_value(digits.p[1]) < 0)
        return fail(c, at + i, "\"%\" needs two hexadecimal digits");
    if (digits.p[0] >= 'a' || digits.p[1] >= 'a')
        return fail(c, at + i, "write escapes in upper case");
    int byte = gh_hex_value(digits.p[0]) << 4 | gh_hex_value(digits.p[1]);
    if (is_unreserved(byte))
        return fail(c, at + i, "this character is matched unescaped; write it so");
    if (byte == '/' || byte == '\\' || byte == 0)
        return fail(c, at + i, "paths with this escape are refused and never matched");
    return true;
}

static bool check_literal(compiler *c, gh_str segment, size_t at)
{
    if (gh_str_eq(segment, GH_STR(".")) || gh_str_eq(segment, GH_STR("..")))
        return fail(c, at, "dot segments are removed from paths and never matched");
    for (size_t i = 0; i < segment.n; i++) {
        unsigned char ch = (unsigned char)segment.p[i];
        if (ch == '*')
            return fail(c, at + i, "\"*\" is no pattern: {name} is one segment, a last \"**\" all below");
        if (ch == '{' || ch == '}')
            return fail(c, at + i, "a parameter {name} must be a whole segment");
        if (ch == '?' || ch == '#')
            return fail(c, at + i, "only the path is matched: no query, no fragment");
        if (ch <= ' ' || ch > 0x7e || ch == '\\')
            return fail(c, at + i, "this character must be escaped (%XX)");
        if (ch == '%' && !check_escape(c, segment, i, at))
            return false;
    }
    return true;
}

static bool is_name(gh_str name, size_t *ret_bad)
{
    for (*ret_bad = 0; *ret_bad < name.n; (*ret_bad)++) {
        char ch = name.p[*ret_bad];
        if (!gh_is_digit(ch) && !(gh_lower(ch) >= 'a' && gh_lower(ch) <= 'z') && ch != '_')
            return false;
    }
    return true;
}

static bool add_param(compiler *c, gh_str name, size_t at)
{
    gh_path_pattern *p = c->pattern;
    size_t wrong;
    if (!is_name(name, &wrong))
        return fail(c, at + 1 + wrong, "a parameter's name is of letters, digits and \"_\"");
    for (unsigned i = 0; i < p->n_segments; i++)
        if (name.n > 0 && p->segments[i].text.p == NULL && gh_str_eq(p->segments[i].name, name))
            return fail(c, at, "this parameter's name is already taken");
    if (p->n_params == GH_PATH_PARAMS_MAX)
        return fail(c, at, "a pattern has at most 8 parameters");
    p->n_params++;
    p->segments[p->n_segments++] = (gh_path_segment){.name = name};
    return true;
}

static bool add_segment(compiler *c, gh_str segment, size_t at, bool last)
{
    gh_path_pattern *p = c->pattern;
    if (gh_str_eq(segment, GH_STR("**"))) {
        p->rest = true;
        return last || fail(c, at, "\"**\" must be the last segment");
    }
    if (p->n_segments == GH_PATH_SEGMENTS_MAX)
        return fail(c, at, "a pattern has at most 64 segments");
    if (segment.n >= 2 && segment.p[0] == '{' && gh_str_find(segment, '}') == segment.n - 1)
        return add_param(c, gh_str_cut(segment, 1, segment.n - 1), at);
    if (segment.n == 0 && !last)
        return fail(c, at, "runs of \"/\" become one and are never matched");
    if (!check_literal(c, segment, at))
        return false;
    /* Only literals so far: the prefix grows up to this segment's end. */
    if (p->n_leading == p->n_segments) {
        p->n_leading++;
        p->prefix = gh_str_cut(p->text, 0, at + segment.n);
    }
    p->segments[p->n_segments++] = (gh_path_segment){.text = segment};
    return true;
}

static bool compile(compiler *c, gh_arena *arena)
{
    gh_path_pattern *p = c->pattern;
    gh_str text = p->text, segment;
    if (text.n == 0 || text.p[0] != '/')
        return fail(c, 0, "a path begins with \"/\"");
    size_t slashes = 0;
    for (size_t i = 0; i < text.n; i++)
        slashes += text.p[i] == '/';
    if (slashes > GH_PATH_SEGMENTS_MAX)
        slashes = GH_PATH_SEGMENTS_MAX;
    p->text = gh_arena_copy(arena, text);
    p->segments = gh_arena_array(arena, slashes, sizeof *p->segments);
    if (p->text.p == NULL || p->segments == NULL)
        return fail(c, 0, "out of memory");
    p->prefix = gh_str_cut(p->text, 0, 0);
    gh_str rest = gh_str_cut(p->text, 1, p->text.n);
    while (gh_str_next(&rest, '/', &segment))
        if (!add_segment(c, segment, (size_t)(segment.p - p->text.p), rest.p == NULL))
            return false;
    return true;
}

bool gh_path_pattern_compile(gh_str text, gh_arena *arena, gh_path_pattern *ret, const char **ret_why,
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

/* How many entries make up the segment that begins with entry i. */
static unsigned count_joined(const gh_path_pattern *pattern, unsigned i)
{
    unsigned n = 1;
    while (i + n < pattern->n_segments && pattern->segments[i + n].joined)
        n++;
    return n;
}

static bool match_segment(const gh_path_segment *segment, unsigned n, gh_str part, gh_path_params *params)
{
    if (n > 1) {
        if (!gh_path_pieces_match(segment, n, part, params->values + params->n))
            return false;
        for (unsigned i = 0; i < n; i++)
            params->n += segment[i].text.p == NULL;
        return true;
    }
    if (segment->text.p != NULL)
        return gh_str_eq(segment->text, part);
    params->values[params->n++] = part;
    return part.n > 0;
}

/* Matches the segments behind the prefix, from byte `at` on. SIZE_MAX: no match; else the end. */
static size_t match_segments(const gh_path_pattern *pattern, gh_str path, size_t at, gh_path_params *params)
{
    unsigned n;
    for (unsigned i = pattern->n_leading; i < pattern->n_segments; i += n) {
        n = count_joined(pattern, i);
        if (at == path.n || path.p[at] != '/')
            return SIZE_MAX;
        gh_str rest = gh_str_cut(path, at + 1, path.n);
        gh_str part = gh_str_cut(rest, 0, gh_str_find(rest, '/'));
        if (!match_segment(&pattern->segments[i], n, part, params))
            return SIZE_MAX;
        at += 1 + part.n;
    }
    return at;
}

bool gh_path_pattern_match(const gh_path_pattern *pattern, gh_str path, gh_path_params *ret_params)
{
    if (path.n == 0 || !gh_str_starts(path, pattern->prefix))
        return false;
    gh_path_params params;
    params.n = 0;
    size_t at = match_segments(pattern, path, pattern->prefix.n, &params);
    if (at == SIZE_MAX || (at < path.n && !(pattern->rest && path.p[at] == '/')))
        return false;
    if (ret_params != NULL) {
        ret_params->n = params.n;
        memcpy(ret_params->values, params.values, params.n * sizeof params.values[0]);
    }
    return true;
}

/* The next byte of a segment, unescaped and lowered, off its front. */
static int take_byte(gh_str *s)
{
    size_t n = 1;
    int c = (unsigned char)s->p[0];
    if (c == '%' && s->n >= 3 && gh_hex_value(s->p[1]) >= 0 && gh_hex_value(s->p[2]) >= 0) {
        c = gh_hex_value(s->p[1]) << 4 | gh_hex_value(s->p[2]);
        n = 3;
    }
    *s = gh_str_cut(*s, n, s->n);
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool spells(gh_str a, gh_str b)
{
    while (a.n > 0 && b.n > 0)
        if (take_byte(&a) != take_byte(&b))
            return false;
    return a.n == 0 && b.n == 0;
}

/* The next segment without its parameters (RFC 3986 section 3.3). Nothing is left of "/;x/": where
 * parameters are dropped, such a segment is as empty as that of "//". */
static bool next_bare(gh_str *rest, gh_str *ret)
{
    while (gh_str_next(rest, '/', ret)) {
        *ret = gh_str_cut(*ret, 0, gh_str_find(*ret, ';'));
        if (ret->n > 0)
            return true;
    }
    return false;
}

bool gh_path_pattern_match_spellings(const gh_path_pattern *pattern, gh_str path)
{
    gh_str rest = path, part;
    if (gh_path_pattern_match(pattern, path, NULL))
        return true;
    if (path.n == 0 || path.p[0] != '/')
        return false;
    for (unsigned i = 0; i < pattern->n_segments; i++) {
        const gh_path_segment *segment = &pattern->segments[i];
        if (segment->text.p != NULL && segment->text.n == 0)
            continue; /* the "/" at the end */
        if (!next_bare(&rest, &part) || (segment->text.p != NULL && !spells(segment->text, part)))
            return false;
    }
    return pattern->rest || !next_bare(&rest, &part);
}

static bool segment_covers(const gh_path_segment *a, const gh_path_segment *b)
{
    if (a->text.p == NULL)
        return b->text.p == NULL || b->text.n > 0;
    return b->text.p != NULL && gh_str_eq(a->text, b->text);
}

bool gh_path_pattern_covers(const gh_path_pattern *a, const gh_path_pattern *b)
{
    if (a->rest ? a->n_segments > b->n_segments : b->rest || a->n_segments != b->n_segments)
        return false;
    for (unsigned i = 0; i < a->n_segments; i++)
        if (!segment_covers(&a->segments[i], &b->segments[i]))
            return false;
    return true;
}
