#include "wire/multipart.h"

#include "text/utf8.h"
#include "wire/field.h"
#include "wire/multipart_head.h"

typedef struct reader {
    gh_str in;
    size_t at;
    char delimiter[2 + GH_MEDIA_BOUNDARY_MAX]; /* "--" boundary */
    size_t delimiter_size;
    const gh_part_limits *limits;
    gh_arena *arena;
    gh_parts parts;
    unsigned room;
    const char *why;
} reader;

static enum gh_multipart_result fail(reader *r, enum gh_multipart_result result, const char *why)
{
    r->why = why;
    return result;
}

static gh_str delimiter_of(const reader *r)
{
    return (gh_str){r->delimiter, r->delimiter_size};
}

static bool is_break(char c)
{
    return c == '\r' || c == '\n';
}

/* The next delimiter at the begin of a line, from byte `at` on; in.n: none. A line begins behind any CR or LF:
 * the caller looks which it was. Linear: a hit that is none costs a walk to the end of its line, which is not
 * walked again. */
static size_t find_delimiter(const reader *r, size_t at)
{
    while (at < r->in.n) {
        const char *hit = memmem(r->in.p + at, r->in.n - at, r->delimiter, r->delimiter_size);
        if (hit == NULL)
            break;
        at = (size_t)(hit - r->in.p);
        if (is_break(hit[-1]))
            return at;
        for (at += r->delimiter_size; at < r->in.n && !is_break(r->in.p[at]); at++)
            ;
    }
    return r->in.n;
}

/* What follows a delimiter: CRLF and a part, or "--" and the end with at most one CRLF behind it. */
static enum gh_multipart_result after_delimiter(reader *r, bool *ret_end)
{
    gh_str rest = gh_str_cut(r->in, r->at, r->in.n);
    *ret_end = false;
    if (gh_str_starts(rest, GH_STR("\r\n"))) {
        r->at += 2;
        return GH_MULTIPART_OK;
    }
    if (!gh_str_starts(rest, GH_STR("--")))
        return fail(r, GH_MULTIPART_BAD, "something stands behind a boundary on its line");
    rest = gh_str_cut(rest, 2, rest.n);
    if (rest.n > 0 && !gh_str_eq(rest, GH_STR("\r\n")))
        return fail(r, GH_MULTIPART_BAD, "something stands behind the last boundary");
    *ret_end = true;
    return GH_MULTIPART_OK;
}

static gh_part *new_part(reader *r)
{
    if (r->parts.n == r->room) {
        unsigned room = r->room == 0 ? 8 : r->room * 2;
        gh_part *items = gh_arena_array(r->arena, room, sizeof *items);
        if (items == NULL)
            return NULL;
        if (r->parts.n > 0)
            memcpy(items, r->parts.items, r->parts.n * sizeof *items);
        r->parts.items = items;
        r->room = room;
    }
    return &r->parts.items[r->parts.n++];
}

/* RFC 7578 section 4.6: a field that changes how others are read. */
static bool is_other_charset(const gh_part *part)
{
    return gh_str_eq_nocase(part->name, GH_STR("_charset_")) &&
           !gh_str_eq_nocase(part->data, GH_STR("utf-8"));
}

/* From behind a delimiter's CRLF to behind the next delimiter. */
static enum gh_multipart_result read_part(reader *r)
{
    size_t start = r->at, head_size;
    if (r->parts.n == r->limits->parts)
        return fail(r, GH_MULTIPART_TOO_LARGE, "it has too many parts");
    gh_part *part = new_part(r);
    if (part == NULL)
        return fail(r, GH_MULTIPART_MEMORY, "out of memory");
    enum gh_multipart_result result = gh_part_head_read(gh_str_cut(r->in, start, r->in.n), delimiter_of(r),
                                                        r->limits, r->arena, part, &head_size, &r->why);
    if (result != GH_MULTIPART_OK)
        return result;
    size_t data = start + head_size, next = find_delimiter(r, data);
    if (next == r->in.n)
        return fail(r, GH_MULTIPART_BAD, "its last boundary is missing");
    /* The CRLF before a boundary is the boundary's; that of the head's empty line can't be it as well. */
    if (next < data + 2 || r->in.p[next - 1] != '\n' || r->in.p[next - 2] != '\r')
        return fail(r, GH_MULTIPART_BAD, "a boundary is not on a line of its own after CRLF");
    part->data = gh_str_cut(r->in, data, next - 2);
    part->raw = gh_str_cut(r->in, start, next - 2);
    if (is_other_charset(part))
        return fail(r, GH_MULTIPART_BAD, "its field _charset_ names another charset than utf-8");
    r->at = next + r->delimiter_size;
    return GH_MULTIPART_OK;
}

static enum gh_multipart_result read_all(reader *r)
{
    bool end;
    if (!gh_str_starts(r->in, delimiter_of(r)))
        return fail(r, GH_MULTIPART_BAD, "it does not begin with its boundary");
    r->at = r->delimiter_size;
    for (;;) {
        enum gh_multipart_result result = after_delimiter(r, &end);
        if (result != GH_MULTIPART_OK || end)
            return result;
        result = read_part(r);
        if (result != GH_MULTIPART_OK)
            return result;
    }
}

enum gh_multipart_result gh_multipart_read(gh_str in, gh_str boundary, const gh_part_limits *limits,
                                           gh_arena *arena, gh_parts *ret, const char **ret_why)
{
    reader r = {.in = in, .limits = limits, .arena = arena, .delimiter = {'-', '-'}};
    if (boundary.n == 0 || boundary.n > GH_MEDIA_BOUNDARY_MAX) {
        *ret_why = "its Content-Type has no boundary";
        return GH_MULTIPART_BAD;
    }
    memcpy(r.delimiter + 2, boundary.p, boundary.n);
    r.delimiter_size = 2 + boundary.n;
    enum gh_multipart_result result = read_all(&r);
    if (result == GH_MULTIPART_OK)
        *ret = r.parts;
    else
        *ret_why = r.why;
    return result;
}
