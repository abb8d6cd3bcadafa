/* .env files: KEY=value lines, as docker compose and the dotenv libraries read them, less what they
 * do not agree on: no variables are put in, a "$" is a "$". */
#include "config/load.h"

struct reader {
    gh_load *l;
    gh_named_values *values;
    gh_str text;
    size_t at, line_start;
    gh_place place; /* its column is filled in by here() */
};

static gh_place here(const struct reader *r)
{
    gh_place place = r->place;
    place.column = (unsigned)(r->at - r->line_start) + 1;
    return place;
}

static void refuse(struct reader *r, const char *why)
{
    gh_place place = here(r);
    gh_load_error(r->l, &place, "%s", why);
}

static bool at_end_of_line(const struct reader *r)
{
    return r->at == r->text.n || r->text.p[r->at] == '\n' ||
           (r->text.p[r->at] == '\r' && r->at + 1 < r->text.n && r->text.p[r->at + 1] == '\n');
}

static void skip_blanks(struct reader *r)
{
    while (r->at < r->text.n && (r->text.p[r->at] == ' ' || r->text.p[r->at] == '\t'))
        r->at++;
}

static void skip_line(struct reader *r)
{
    while (r->at < r->text.n && r->text.p[r->at] != '\n')
        r->at++;
    if (r->at < r->text.n)
        r->at++;
    r->line_start = r->at;
    r->place.line++;
}

static bool is_name_char(char c, bool first)
{
    return gh_lower(c) != c || (c >= 'a' && c <= 'z') || c == '_' ||
           (!first && (gh_is_digit(c) || c == '.' || c == '-'));
}

static gh_str read_name(struct reader *r)
{
    size_t from = r->at;
    while (r->at < r->text.n && is_name_char(r->text.p[r->at], r->at == from))
        r->at++;
    return gh_str_cut(r->text, from, r->at);
}

/* Up to the closing quote; values may go over several lines. */
static bool read_quoted(struct reader *r, gh_str *ret)
{
    char quote = r->text.p[r->at];
    size_t size = 0;
    char *out = gh_arena_alloc(&r->l->scratch, r->text.n - r->at);
    if (out == NULL) {
        gh_load_no_memory(r->l);
        return false;
    }
    gh_place start = here(r);
    for (r->at++; r->at < r->text.n; r->at++) {
        char c = r->text.p[r->at];
        if (c == quote) {
            r->at++;
            *ret = (gh_str){out, size};
            return true;
        }
        if (c == '\n') {
            r->line_start = r->at + 1;
            r->place.line++;
        }
        char escaped = r->at + 1 < r->text.n ? r->text.p[r->at + 1] : '\0';
        if (c == '\\' && quote == '"' && (escaped == 'n' || escaped == '"' || escaped == '\\')) {
            c = escaped == 'n' ? '\n' : escaped;
            r->at++;
        }
        out[size++] = c;
    }
    gh_load_error(r->l, &start, "a quote is opened here and never closed");
    return false;
}

/* To the end of the line, or to a "#" with a blank before it. */
static gh_str read_bare(struct reader *r)
{
    size_t from = r->at;
    while (!at_end_of_line(r)) {
        char before = r->text.p[r->at - 1];
        if (r->text.p[r->at] == '#' && (before == ' ' || before == '\t'))
            break;
        r->at++;
    }
    return gh_str_trim(gh_str_cut(r->text, from, r->at));
}

static bool read_value(struct reader *r, gh_str *ret)
{
    skip_blanks(r);
    bool quoted = r->at < r->text.n && (r->text.p[r->at] == '"' || r->text.p[r->at] == '\'');
    if (!quoted) {
        *ret = read_bare(r);
        return true;
    }
    if (!read_quoted(r, ret))
        return false;
    skip_blanks(r);
    if (at_end_of_line(r) || r->text.p[r->at] == '#')
        return true;
    refuse(r, "something stands behind the closing quote");
    return false;
}

/* The line is not empty. Errors are reported; the rest of the line is skipped by the caller. */
static void read_line(struct reader *r)
{
    gh_named_value value = {0};
    size_t start = r->at;
    value.place = here(r);
    value.name = read_name(r);
    bool blank = r->at < r->text.n && (r->text.p[r->at] == ' ' || r->text.p[r->at] == '\t');
    skip_blanks(r);
    if (blank && gh_str_eq(value.name, GH_STR("export")) && r->at < r->text.n && r->text.p[r->at] != '=') {
        value.place = here(r);
        start = r->at;
        value.name = read_name(r);
        skip_blanks(r);
    }
    if (r->at < r->text.n && r->text.p[r->at] == '=' && value.name.n > 0) {
        r->at++;
        if (read_value(r, &value.value))
            gh_named_add(r->l, r->values, value);
        return;
    }
    if (value.name.n == 0)
        r->at = start;
    refuse(r, value.name.n == 0 ? "a name must stand here, as in NAME=value"
                                : "\"=\" must stand here, as in NAME=value");
}

void gh_dotenv_read(gh_load *l, const char *name, gh_str text, gh_named_values *ret)
{
    struct reader r = {.l = l, .values = ret, .text = text, .place = {name, 1, 0}};
    if (text.n > GH_DOTENV_BYTES_MAX) {
        gh_load_error(l, &((gh_place){name, 0, 0}), "too large: at most %d bytes", GH_DOTENV_BYTES_MAX);
        return;
    }
    if (text.n > 0 && memchr(text.p, '\0', text.n) != NULL) {
        gh_load_error(l, &((gh_place){name, 0, 0}), "is not text: it holds a NUL byte");
        return;
    }
    if (gh_str_starts(text, GH_STR("\xef\xbb\xbf")))
        r.at = r.line_start = 3;
    while (r.at < text.n) {
        skip_blanks(&r);
        if (!at_end_of_line(&r) && text.p[r.at] != '#')
            read_line(&r);
        skip_line(&r);
    }
}
