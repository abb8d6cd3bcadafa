#include "contract/texts.h"

#include "contract/field_match.h"
#include "wire/field.h"

struct walk {
    const gh_text_choice *choice;
    gh_field_match match;
    gh_arena *scratch;
    gh_text_fn *fn;
    void *data;
    gh_buf pointer;
    bool is_form;
    unsigned lost; /* levels that the pointer has no room for */
    enum gh_texts_result result;
};

static bool give(struct walk *w, enum gh_in in, gh_str name, gh_str text)
{
    gh_str pointer = in == GH_IN_BODY && w->choice->pointers ? gh_buf_str(&w->pointer) : (gh_str){NULL, 0};
    if (w->fn(w->data, (uint8_t)in, name, pointer, text))
        return true;
    w->result = GH_TEXTS_STOPPED;
    return false;
}

static bool out_of_memory(struct walk *w)
{
    w->result = GH_TEXTS_MEMORY;
    return false;
}

/* One level down in the pointer; what it was before is for pop(). */
static size_t push(struct walk *w, gh_str token)
{
    size_t before = w->pointer.n;
    if (w->choice->pointers && w->lost == 0)
        gh_json_pointer_put(&w->pointer, token);
    if (!gh_buf_ok(&w->pointer) || w->lost > 0) {
        w->pointer.overflow = false;
        w->pointer.n = before;
        w->lost++;
    }
    return before;
}

static void pop(struct walk *w, size_t before)
{
    w->pointer.n = before;
    w->lost -= w->lost > 0;
}

/* covered: a path has ended here or further up. Recursion is bounded by the reader of the tree. */
static bool walk_value(struct walk *w, const gh_json *value, unsigned depth, bool covered)
{
    if (value->type == GH_JSON_STRING)
        return !covered || value->file || give(w, GH_IN_BODY, (gh_str){NULL, 0}, value->text);
    if (value->type != GH_JSON_ARRAY && value->type != GH_JSON_OBJECT)
        return true;
    size_t index = 0;
    for (const gh_json *item = value->first; item != NULL; item = item->next, index++) {
        char digits[24];
        gh_buf number = gh_buf_over(digits, sizeof digits);
        bool alive = false, ends = false, goes_on = true, member = value->type == GH_JSON_OBJECT;
        if (!member)
            gh_buf_u64(&number, index);
        gh_str token = member ? item->key : gh_buf_str(&number);
        if (!covered)
            ends = (depth == 0 && w->is_form
                        ? gh_field_match_field(&w->match, token, &alive)
                        : gh_field_match_down(&w->match, depth, token, &alive)) != GH_FIELD_NONE;
        size_t before = push(w, token);
        if (covered && member)
            goes_on = give(w, GH_IN_BODY, (gh_str){NULL, 0}, item->key);
        if (goes_on && (covered || ends || alive))
            goes_on = walk_value(w, item, depth + 1, covered || ends);
        pop(w, before);
        if (!covered)
            gh_field_match_up(&w->match, depth);
        if (!goes_on)
            return false;
    }
    return true;
}

/* The names of files of a multipart form. */
static bool walk_filenames(struct walk *w, const gh_parts *parts, bool covered)
{
    for (unsigned i = 0; i < parts->n; i++) {
        const gh_part *part = &parts->items[i];
        bool alive, chosen = covered;
        if (part->filename.p == NULL)
            continue;
        if (!covered) {
            chosen = gh_field_match_field(&w->match, part->name, &alive) != GH_FIELD_NONE || alive;
            gh_field_match_up(&w->match, 0);
        }
        size_t before = push(w, part->name);
        bool goes_on = !chosen || give(w, GH_IN_BODY, (gh_str){NULL, 0}, part->filename);
        pop(w, before);
        if (!goes_on)
            return false;
    }
    return true;
}

static bool walk_body(struct walk *w, const gh_input *input)
{
    if (w->choice->pointers) {
        char *memory = gh_arena_alloc(w->scratch, GH_TEXT_POINTER_MAX);
        if (memory == NULL)
            return out_of_memory(w);
        w->pointer = gh_buf_over(memory, GH_TEXT_POINTER_MAX);
    }
    bool all = gh_field_match_all(&w->match) != GH_FIELD_NONE;
    return (input->body == NULL || walk_value(w, input->body, 0, all)) &&
           walk_filenames(w, &input->parts, all);
}

/* Do upstreams take it for the parameter of that name? To some "q[]" and "q[k]" are members of q. */
static bool is_named(enum gh_in in, gh_str declared, gh_str name)
{
    if (in == GH_IN_HEADER)
        return gh_field_names_alike(declared, name);
    return gh_str_eq(declared, name) ||
           (in == GH_IN_QUERY && gh_str_eq(declared, gh_str_cut(name, 0, gh_str_find(name, '['))));
}

/* Is the parameter chosen? "*" stands for those of query and path. */
static bool is_chosen(const struct walk *w, enum gh_in in, gh_str name)
{
    for (unsigned i = 0; i < w->choice->n; i++) {
        const gh_field_path *path = &w->choice->paths[i];
        if (path->all && (in == GH_IN_QUERY || in == GH_IN_PATH))
            return true;
        if (path->in == in && !path->all && is_named(in, path->name, name))
            return true;
    }
    return false;
}

static bool has_all(const struct walk *w)
{
    for (unsigned i = 0; i < w->choice->n; i++)
        if (w->choice->paths[i].all)
            return true;
    return false;
}

static bool asks_for(const struct walk *w, enum gh_in in)
{
    for (unsigned i = 0; i < w->choice->n; i++)
        if (w->choice->paths[i].in == in && !w->choice->paths[i].all)
            return true;
    return false;
}

static bool walk_path(struct walk *w, const gh_input_source *source)
{
    const gh_path_pattern *pattern = source->pattern;
    unsigned next = 0;
    for (unsigned i = 0; pattern != NULL && i < pattern->n_segments && next < source->params.n; i++) {
        if (pattern->segments[i].text.p != NULL)
            continue;
        gh_str name = pattern->segments[i].name, value = source->params.values[next++];
        if (!is_chosen(w, GH_IN_PATH, name))
            continue;
        /* A normalised path has no broken escapes: only memory can be what fails. */
        if (!gh_percent_decode(value, false, w->scratch, &value))
            return out_of_memory(w);
        if (!give(w, GH_IN_PATH, name, value))
            return false;
    }
    return true;
}

static bool walk_pairs(struct walk *w, enum gh_in in, const gh_pairs *pairs, bool names)
{
    for (unsigned i = 0; i < pairs->n; i++) {
        const gh_pair *pair = &pairs->items[i];
        if (names && !give(w, in, pair->name, pair->name))
            return false;
        if (is_chosen(w, in, pair->name) && !give(w, in, pair->name, pair->value))
            return false;
    }
    return true;
}

static bool walk_headers(struct walk *w, const gh_request *request)
{
    for (unsigned i = 0; i < request->n_fields; i++) {
        const gh_field *field = &request->fields[i];
        if (is_chosen(w, GH_IN_HEADER, field->name) && !give(w, GH_IN_HEADER, field->name, field->value))
            return false;
    }
    return true;
}

/* Cookies that nobody has read yet. A field that cannot be read is one text: it belongs to every name. */
static bool walk_raw_cookies(struct walk *w, const gh_request *request)
{
    for (unsigned i = 0; i < request->n_fields; i++) {
        const gh_field *field = &request->fields[i];
        gh_pairs pairs = {0};
        if (!gh_str_eq_nocase(field->name, GH_STR("cookie")))
            continue;
        enum gh_pairs_result r = gh_cookie_read(field->value, UINT32_MAX, w->scratch, &pairs);
        if (r == GH_PAIRS_MEMORY)
            return out_of_memory(w);
        if (r == GH_PAIRS_OK ? !walk_pairs(w, GH_IN_COOKIE, &pairs, false)
                             : !give(w, GH_IN_COOKIE, (gh_str){NULL, 0}, field->value))
            return false;
    }
    return true;
}

static bool walk_cookies(struct walk *w, const gh_input_source *source, const gh_input *input)
{
    if (input->cookies_read)
        return walk_pairs(w, GH_IN_COOKIE, &input->cookies, false);
    return walk_raw_cookies(w, source->request);
}

enum gh_texts_result gh_texts_walk(const gh_input_source *source, const gh_input *input,
                                   const gh_text_choice *choice, gh_arena *scratch, gh_text_fn *fn,
                                   void *data)
{
    struct walk w = {.choice = choice, .scratch = scratch, .fn = fn, .data = data};
    if (!gh_field_match_open(&w.match, choice->n, scratch))
        return GH_TEXTS_MEMORY;
    for (unsigned i = 0; i < choice->n; i++)
        gh_field_match_add(&w.match, &choice->paths[i], i);
    w.is_form = input->type.kind == GH_MEDIA_FORM || input->type.kind == GH_MEDIA_MULTIPART;
    bool all_given = walk_path(&w, source) && walk_pairs(&w, GH_IN_QUERY, &input->query, has_all(&w)) &&
                     (!asks_for(&w, GH_IN_HEADER) || walk_headers(&w, source->request)) &&
                     (!asks_for(&w, GH_IN_COOKIE) || walk_cookies(&w, source, input)) && walk_body(&w, input);
    return all_given ? GH_TEXTS_ALL : w.result;
}
