#include "wire/multipart_head.h"

#include "text/utf8.h"
#include "wire/chars.h"
#include "wire/field.h"

typedef struct head {
    const gh_part_limits *limits;
    gh_arena *arena;
    gh_part *part;
    bool disposition, type, encoding; /* seen */
    const char *why;
} head;

static enum gh_multipart_result bad(head *h, const char *why)
{
    h->why = why;
    return GH_MULTIPART_BAD;
}

/* One line without its CRLF off the front of *rest. */
static enum gh_multipart_result take_line(head *h, gh_str *rest, size_t left, gh_str *ret)
{
    gh_str seen = gh_str_cut(*rest, 0, left);
    size_t end = gh_str_find(seen, '\n');
    if (end == seen.n && left < rest->n) {
        h->why = "the head of a part is too long";
        return GH_MULTIPART_TOO_LARGE;
    }
    if (end == seen.n)
        return bad(h, "it ends within the head of a part");
    if (end == 0 || seen.p[end - 1] != '\r')
        return bad(h, "a bare LF in the head of a part");
    *ret = gh_str_cut(seen, 0, end - 1);
    *rest = gh_str_cut(*rest, end + 1, rest->n);
    return GH_MULTIPART_OK;
}

/* The quoted-string at the front of *rest, as browsers and RFC 9110 write them: what is between the quotes, with
 * backslashes. Readers differ in what a backslash before a quote means: see is_plain_enough(). */
static bool take_quoted(gh_str *rest, gh_str *ret)
{
    size_t i = 1;
    while (i < rest->n && !(rest->p[i] == '"' && rest->p[i - 1] != '\\'))
        i++;
    if (i >= rest->n)
        return false;
    *ret = gh_str_cut(*rest, 1, i);
    *rest = gh_str_cut(*rest, i + 1, rest->n);
    return true;
}

/* Does a reader that ends the string at the first quote, and one that drops every backslash, see the same
 * parameters? Names are compared with declared ones, so their only escape is \"; files keep their backslashes. */
static bool is_plain_enough(gh_str quoted, bool is_name)
{
    bool escapes = false, semicolon = false;
    for (size_t i = 0; i < quoted.n; i++) {
        semicolon = semicolon || quoted.p[i] == ';';
        if (quoted.p[i] != '\\')
            continue;
        bool quote = i + 1 < quoted.n && quoted.p[i + 1] == '"';
        escapes = escapes || quote;
        if ((is_name && !quote) || (quote && i > 0 && quoted.p[i - 1] == '\\'))
            return false;
    }
    return !(escapes && semicolon);
}

/* The byte that an escape at s[i] stands for, or -1: %22, %0D, %0A, \" . */
static int escaped_byte(gh_str s, size_t i)
{
    gh_str three = gh_str_cut(s, i, i + 3);
    if (gh_str_eq(three, GH_STR("%22")) || gh_str_starts(three, GH_STR("\\\"")))
        return '"';
    if (gh_str_eq(three, GH_STR("%0D")))
        return '\r';
    return gh_str_eq(three, GH_STR("%0A")) ? '\n' : -1;
}

static bool decode_name(gh_str quoted, gh_arena *arena, gh_str *ret)
{
    *ret = quoted;
    if (gh_str_find(quoted, '%') == quoted.n && gh_str_find(quoted, '\\') == quoted.n)
        return true;
    char *out = gh_arena_alloc(arena, quoted.n);
    size_t n = 0;
    if (out == NULL)
        return false;
    for (size_t i = 0; i < quoted.n; i++) {
        int byte = escaped_byte(quoted, i);
        out[n++] = byte < 0 ? quoted.p[i] : (char)byte;
        if (byte >= 0)
            i += quoted.p[i] == '\\' ? 1 : 2;
    }
    *ret = (gh_str){out, n};
    return true;
}

/* The value of a parameter off the front of *rest, still encoded. */
static bool take_value(gh_str *rest, gh_str *ret)
{
    if (rest->n > 0 && rest->p[0] == '"')
        return take_quoted(rest, ret);
    size_t n = (size_t)(gh_skip_token(rest->p, rest->p + rest->n) - rest->p);
    *ret = gh_str_cut(*rest, 0, n);
    *rest = gh_str_cut(*rest, n, rest->n);
    return n > 0;
}

static enum gh_multipart_result use_param(head *h, gh_str name, gh_str value)
{
    bool is_name = gh_str_eq_nocase(name, GH_STR("name"));
    if (!is_name && !gh_str_eq_nocase(name, GH_STR("filename")))
        return gh_str_ends(name, GH_STR("*")) ? bad(h, "a part has an extended parameter (filename*)")
                                              : GH_MULTIPART_OK;
    gh_str *to = is_name ? &h->part->name : &h->part->filename;
    if (to->p != NULL)
        return bad(h, "a part has two names");
    if (value.n > h->limits->name) {
        h->why = "the name of a part is too long";
        return GH_MULTIPART_TOO_LARGE;
    }
    if (!is_plain_enough(value, is_name))
        return bad(h, "the name of a part has backslashes that readers take differently");
    if (gh_utf8_valid(value) != value.n)
        return bad(h, "the name of a part is not UTF-8");
    if (!decode_name(value, h->arena, to)) {
        h->why = "out of memory";
        return GH_MULTIPART_MEMORY;
    }
    return GH_MULTIPART_OK;
}

/* "form-data" *( OWS ";" OWS name "=" value ) */
static enum gh_multipart_result read_disposition(head *h, gh_str value)
{
    size_t end = gh_str_find(value, ';');
    if (!gh_str_eq_nocase(gh_str_trim(gh_str_cut(value, 0, end)), GH_STR("form-data")))
        return bad(h, "a part's Content-Disposition is not form-data");
    gh_str rest = gh_str_cut(value, end, value.n), text;
    while (rest.n > 0) {
        if (rest.p[0] != ';')
            return bad(h, "a part's Content-Disposition is malformed");
        rest = gh_str_trim(gh_str_cut(rest, 1, rest.n));
        size_t equals = gh_str_find(rest, '=');
        gh_str name = gh_str_cut(rest, 0, equals);
        rest = gh_str_cut(rest, equals + 1, rest.n);
        if (!gh_is_token(name) || !take_value(&rest, &text))
            return bad(h, "a part's Content-Disposition is malformed");
        enum gh_multipart_result result = use_param(h, name, text);
        if (result != GH_MULTIPART_OK)
            return result;
        rest = gh_str_trim(rest);
    }
    if (h->part->name.n == 0)
        return bad(h, "a part has no name");
    return GH_MULTIPART_OK;
}

static enum gh_multipart_result read_type(head *h, gh_str value)
{
    gh_media_type type;
    if (!gh_media_type_parse(value, &type))
        return bad(h, "a part's Content-Type is malformed");
    if (gh_str_starts(gh_media_type_name(&type), GH_STR("multipart/")))
        return bad(h, "a part is a multipart itself");
    h->part->type = value;
    return GH_MULTIPART_OK;
}

static enum gh_multipart_result read_encoding(head *h, gh_str value)
{
    if (gh_str_eq_nocase(value, GH_STR("binary")) || gh_str_eq_nocase(value, GH_STR("8bit")) ||
        gh_str_eq_nocase(value, GH_STR("7bit")))
        return GH_MULTIPART_OK;
    return bad(h, "a part has a Content-Transfer-Encoding that hides its data");
}

static enum gh_multipart_result read_line(head *h, gh_str line)
{
    if (line.p[0] == ' ' || line.p[0] == '\t')
        return bad(h, "a part's head has a continuation line");
    size_t colon = gh_str_find(line, ':');
    gh_str name = gh_str_cut(line, 0, colon), value = gh_str_trim(gh_str_cut(line, colon + 1, line.n));
    if (colon == line.n || !gh_is_token(name))
        return bad(h, "a part's head has a malformed line");
    if (gh_skip_value(value.p, value.p + value.n) != value.p + value.n)
        return bad(h, "a control character in the head of a part");
    static const struct row {
        gh_str name;
        size_t seen; /* offset in head */
        enum gh_multipart_result (*read)(head *h, gh_str value);
    } rows[] = {
        {{"content-disposition", 19}, offsetof(head, disposition), read_disposition},
        {{"content-type", 12}, offsetof(head, type), read_type},
        {{"content-transfer-encoding", 25}, offsetof(head, encoding), read_encoding},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        if (!gh_str_eq_nocase(name, rows[i].name))
            continue;
        bool *seen = (bool *)((char *)h + rows[i].seen);
        if (*seen)
            return bad(h, "a part's head has a field twice");
        *seen = true;
        return rows[i].read(h, value);
    }
    return GH_MULTIPART_OK; /* section 4.8: other fields mean nothing */
}

static enum gh_multipart_result read_lines(head *h, gh_str in, gh_str delimiter, size_t *ret_size)
{
    gh_str rest = in, line;
    for (;;) {
        size_t used = (size_t)(rest.p - in.p);
        enum gh_multipart_result result = take_line(h, &rest, h->limits->head - used, &line);
        if (result != GH_MULTIPART_OK)
            return result;
        if (line.n == 0)
            break;
        if (gh_str_starts(line, delimiter))
            return bad(h, "a boundary within the head of a part");
        result = read_line(h, line);
        if (result != GH_MULTIPART_OK)
            return result;
    }
    if (!h->disposition)
        return bad(h, "a part has no Content-Disposition");
    *ret_size = (size_t)(rest.p - in.p);
    return GH_MULTIPART_OK;
}

enum gh_multipart_result gh_part_head_read(gh_str in, gh_str delimiter, const gh_part_limits *limits,
                                           gh_arena *arena, gh_part *part, size_t *ret_size,
                                           const char **ret_why)
{
    head h = {.limits = limits, .arena = arena, .part = part};
    enum gh_multipart_result result = read_lines(&h, in, delimiter, ret_size);
    if (result != GH_MULTIPART_OK)
        *ret_why = h.why;
    return result;
}
