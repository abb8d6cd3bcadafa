#include "wire/json.h"

#include "wire/json_lexer.h"

const gh_json_limits gh_json_limits_wide = {
    .depth = 128, .values = 4000000, .number = 1000, .exponent = 10000};

enum { SLAB_FIRST = 16, SLAB_MAX = 512 };

/* No recursion: a container that is open keeps in `next` the one around it. */
typedef struct reader {
    gh_json_lexer l;
    const char *start;
    gh_json *free, *free_end; /* values that are allocated and not yet used */
    size_t slab;              /* how many the next slab has */
    size_t values, depth;     /* that may still come */
    gh_json *open, *last;     /* the innermost open container, and its newest child */
} reader;

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

/* The next character that is no white space; 0 at the end. (A NUL is refused wherever this is asked.) */
static char peek(reader *r)
{
    r->l.at = skip_space(r->l.at, r->l.end);
    return r->l.at < r->l.end ? *r->l.at : '\0';
}

static bool refuse_here(reader *r, const char *why)
{
    if (r->l.at == r->l.end)
        why = "the text ends too early";
    return gh_json_refuse(&r->l, r->l.at, why);
}

/* A value takes two bytes of the text at least, but for the last; no slab is larger than that allows. */
static bool more_values(reader *r)
{
    size_t most = (size_t)(r->l.end - r->l.at) / 2 + 1;
    size_t n = r->slab < most ? r->slab : most;
    gh_json *slab = gh_arena_alloc(r->l.arena, n * sizeof *slab);
    if (slab == NULL) {
        n = 1;
        slab = gh_arena_alloc(r->l.arena, sizeof *slab);
    }
    if (slab == NULL)
        return gh_json_refuse_size(&r->l, r->l.at, "no memory left");
    r->free = slab;
    r->free_end = slab + n;
    if (r->slab < SLAB_MAX)
        r->slab *= 2;
    return true;
}

/* Adds a value to the open container. */
static gh_json *add_value(reader *r)
{
    if (r->free == r->free_end && !more_values(r))
        return NULL;
    if (r->values-- == 0) {
        (void)gh_json_refuse_size(&r->l, r->l.at, "too many values");
        return NULL;
    }
    gh_json *v = r->free++;
    *v = (gh_json){.at = (uint32_t)(r->l.at - r->start)};
    if (r->last != NULL)
        r->last->next = v;
    else if (r->open != NULL)
        r->open->first = v;
    if (r->open != NULL)
        r->open->n++;
    r->last = v;
    return v;
}

/* A member's name and the colon. */
static bool read_key(reader *r, gh_json *member)
{
    r->l.at++;
    if (!gh_json_lex_string(&r->l, &member->key))
        return false;
    member->key_hash = gh_json_hash(member->key);
    if (peek(r) != ':')
        return refuse_here(r, "a colon is missing");
    r->l.at++;
    return true;
}

static bool read_word(reader *r, gh_json *v, gh_str word, enum gh_json_type type)
{
    gh_str rest = {r->l.at, (size_t)(r->l.end - r->l.at)};
    if (!gh_str_starts(rest, word))
        return gh_json_refuse(&r->l, r->l.at, "a word that JSON does not have");
    v->type = (uint8_t)type;
    r->l.at += word.n;
    return true;
}

static bool open_container(reader *r, gh_json *v, enum gh_json_type type)
{
    if (r->depth-- == 0)
        return gh_json_refuse_size(&r->l, r->l.at, "nested too deeply");
    v->type = (uint8_t)type;
    v->next = r->open;
    r->open = v;
    r->last = NULL;
    r->l.at++;
    return true;
}

static bool read_value(reader *r, gh_json *v)
{
    switch (peek(r)) {
    case '"':
        v->type = GH_JSON_STRING;
        r->l.at++;
        return gh_json_lex_string(&r->l, &v->text);
    case '{':
        return open_container(r, v, GH_JSON_OBJECT);
    case '[':
        return open_container(r, v, GH_JSON_ARRAY);
    case 't':
        return read_word(r, v, GH_STR("true"), GH_JSON_TRUE);
    case 'f':
        return read_word(r, v, GH_STR("false"), GH_JSON_FALSE);
    case 'n':
        return read_word(r, v, GH_STR("null"), GH_JSON_NULL);
    case '-':
    case '0' ... '9':
        v->type = GH_JSON_NUMBER;
        return gh_json_lex_number(&r->l, &v->text);
    default:
        return refuse_here(r, "no JSON value");
    }
}

static bool close_container(reader *r)
{
    gh_json *c = r->open;
    const gh_json *twice = NULL;
    if (c->type == GH_JSON_OBJECT && !gh_json_index(c, r->l.arena, &twice))
        return gh_json_refuse_size(&r->l, r->l.at, "no memory left");
    if (twice != NULL)
        return gh_json_refuse(&r->l, r->start + twice->at, "a member name that occurs twice");
    r->open = c->next;
    c->next = NULL;
    r->last = c;
    r->depth++;
    r->l.at++;
    return true;
}

/* Behind a value: closes what ends here. Afterwards an item must follow, or nothing is open. */
static bool read_behind(reader *r)
{
    while (r->open != NULL) {
        bool object = r->open->type == GH_JSON_OBJECT;
        char c = peek(r);
        if (c == ',' && r->last != NULL) {
            r->l.at++;
            return true;
        }
        if (c != (object ? '}' : ']')) {
            if (r->last == NULL) /* nothing in it yet: what comes is its first item */
                return true;
            return refuse_here(r, object ? "a comma or the object's end is missing"
                                         : "a comma or the array's end is missing");
        }
        if (!close_container(r))
            return false;
    }
    return true;
}

static gh_json *read_text(reader *r)
{
    gh_json *root = NULL;
    do {
        char c = peek(r);
        bool member = r->open != NULL && r->open->type == GH_JSON_OBJECT;
        if (member && c != '"') {
            (void)refuse_here(r, "a member name in quotes is missing");
            return NULL;
        }
        gh_json *v = add_value(r);
        if (v == NULL || (member && !read_key(r, v)) || !read_value(r, v) || !read_behind(r))
            return NULL;
        if (root == NULL)
            root = v;
    } while (r->open != NULL);
    if (peek(r) != '\0' || r->l.at != r->l.end) {
        (void)gh_json_refuse(&r->l, r->l.at, "something behind the value");
        return NULL;
    }
    return root;
}

static void report(const reader *r, gh_json_error *ret)
{
    *ret = (gh_json_error){
        .why = r->l.why, .at = (size_t)(r->l.wrong_at - r->start), .line = 1, .too_large = r->l.too_large};
    const char *line = r->start;
    for (const char *p = r->start; p < r->l.wrong_at; p++) {
        if (*p != '\n')
            continue;
        ret->line++;
        line = p + 1;
    }
    ret->column = (unsigned)(r->l.wrong_at - line) + 1;
}

gh_json *gh_json_read(gh_str in, const gh_json_limits *limits, gh_arena *arena, gh_json_error *ret)
{
    const char *start = in.p == NULL ? "" : in.p;
    reader r = {.l = {.at = start, .end = start + in.n, .limits = limits, .arena = arena},
                .start = start,
                .slab = SLAB_FIRST,
                .values = limits->values,
                .depth = limits->depth < GH_JSON_DEPTH_MAX ? limits->depth : GH_JSON_DEPTH_MAX};
    gh_json *root = NULL;
    *ret = (gh_json_error){0};
    if (in.n > UINT32_MAX)
        (void)gh_json_refuse_size(&r.l, start, "a text that is too long");
    else if (gh_str_starts(in, GH_STR("\xef\xbb\xbf")))
        (void)gh_json_refuse(&r.l, start, "a byte-order mark");
    else
        root = read_text(&r);
    if (root == NULL)
        report(&r, ret);
    return root;
}
