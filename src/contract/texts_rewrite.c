#include "base/crypto.h" /* gh_mix64() */
#include "contract/field_match.h"
#include "contract/texts.h"
#include "text/sanitize.h"

/* Of a member of a form's tree: how many fields of its name there are, and the value of the next one. */
struct field {
    const gh_json *member, *next;
    size_t count;
};

struct rewriting {
    const gh_input *input;
    const gh_rewrite *rules;
    gh_field_match match;
    gh_arena *scratch;
    struct field *fields; /* a table of a power of two, by member */
    size_t n_fields;
    bool is_form, changed;
};

/* The text by a rule; itself where nothing changes. */
static bool by_rule(struct rewriting *r, int id, gh_str *io_text)
{
    gh_str text;
    if (id == GH_FIELD_NONE)
        return true;
    const gh_rewrite *rule = &r->rules[id];
    bool done = rule->how == GH_REWRITE_FILENAME
                    ? gh_sanitize_filename_arena(*io_text, r->scratch, &text)
                    : gh_sanitize_text_arena(*io_text, rule->max_length, r->scratch, &text);
    if (!done)
        return false;
    if (!gh_str_eq(text, *io_text)) {
        r->changed = true;
        *io_text = text;
    }
    return true;
}

static gh_str index_token(gh_buf *digits, size_t index)
{
    digits->n = 0;
    gh_buf_u64(digits, index);
    return gh_buf_str(digits);
}

/* id: of the rule that covers this value, or NONE. Recursion is bounded by the reader of the tree. */
static bool rewrite_value(struct rewriting *r, gh_json *value, unsigned depth, int id)
{
    if (value->type == GH_JSON_STRING)
        return value->file || by_rule(r, id, &value->text);
    if (value->type != GH_JSON_ARRAY && value->type != GH_JSON_OBJECT)
        return true;
    size_t index = 0;
    for (gh_json *item = value->first; item != NULL; item = item->next, index++) {
        char memory[24];
        gh_buf digits = gh_buf_over(memory, sizeof memory);
        bool alive = false, goes_on = true;
        int here = id;
        if (id == GH_FIELD_NONE) {
            gh_str token = value->type == GH_JSON_OBJECT ? item->key : index_token(&digits, index);
            here = depth == 0 && r->is_form ? gh_field_match_field(&r->match, token, &alive)
                                            : gh_field_match_down(&r->match, depth, token, &alive);
        }
        if (here != GH_FIELD_NONE || alive)
            goes_on = rewrite_value(r, item, depth + 1, here);
        if (id == GH_FIELD_NONE)
            gh_field_match_up(&r->match, depth);
        if (!goes_on)
            return false;
    }
    return true;
}

/* How many bytes a string takes in JSON at most (json_text.h: what is escaped there). */
static size_t string_size(gh_str s)
{
    size_t n = s.n + 2;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < ' ' || c == 0x7F)
            n += 5;
        else if (c == '"' || c == '\\')
            n += 1;
        else if (c == 0xC2 || c == 0xE2)
            n += 4;
    }
    return n;
}

static size_t value_size(const gh_json *value)
{
    if (value->type == GH_JSON_STRING)
        return string_size(value->text);
    if (value->type == GH_JSON_NUMBER)
        return value->text.n;
    size_t n = sizeof "false";
    if (value->type == GH_JSON_ARRAY || value->type == GH_JSON_OBJECT)
        for (const gh_json *item = value->first; item != NULL; item = item->next)
            n += value_size(item) + 2 + (value->type == GH_JSON_OBJECT ? string_size(item->key) : 0);
    return n;
}

static bool write_json(struct rewriting *r, const gh_json *value, gh_str *ret)
{
    size_t size = value_size(value);
    char *to = gh_arena_alloc(r->scratch, size);
    if (to == NULL)
        return false;
    gh_buf out = gh_buf_over(to, size);
    gh_json_write(&out, value);
    *ret = gh_buf_str(&out);
    return gh_buf_ok(&out);
}

static struct field *field_of(const struct rewriting *r, const gh_json *member)
{
    size_t i = gh_mix64((uintptr_t)member) & (r->n_fields - 1);
    while (r->fields[i].member != NULL && r->fields[i].member != member)
        i = (i + 1) & (r->n_fields - 1);
    return &r->fields[i];
}

static const gh_json *member_of(const struct rewriting *r, gh_str name)
{
    return gh_json_get(r->input->body, name);
}

/* A table of at least twice the n fields. */
static bool open_fields(struct rewriting *r, size_t n)
{
    r->n_fields = 4;
    while (r->n_fields < 2 * n)
        r->n_fields *= 2;
    r->fields = gh_arena_array(r->scratch, r->n_fields, sizeof *r->fields);
    return r->fields != NULL;
}

static void count_field(struct rewriting *r, gh_str name)
{
    const gh_json *member = member_of(r, name);
    if (member == NULL)
        return;
    struct field *field = field_of(r, member);
    field->member = member;
    field->next = member->type == GH_JSON_ARRAY ? member->first : NULL;
    field->count++;
}

static bool is_json_text(gh_str text)
{
    size_t i = 0;
    while (i < text.n && (text.p[i] == ' ' || (text.p[i] >= '\t' && text.p[i] <= '\r')))
        i++;
    return i < text.n && (text.p[i] == '{' || text.p[i] == '[');
}

/* The rule of a field whose value in the tree does not show its text. */
static int rule_of(struct rewriting *r, gh_str name)
{
    bool alive;
    int id = gh_field_match_all(&r->match);
    if (id == GH_FIELD_NONE)
        id = gh_field_match_field(&r->match, name, &alive);
    for (unsigned i = 0; id == GH_FIELD_NONE && i < r->match.n; i++)
        if (r->match.steps[i] > 0)
            id = (int)r->match.ids[i];
    gh_field_match_up(&r->match, 0);
    return id;
}

/* What a field of a form has now: the text of its place in the tree, which has been rewritten. */
static bool new_text(struct rewriting *r, gh_str name, gh_str *io_text)
{
    const gh_json *member = member_of(r, name);
    if (member != NULL) {
        struct field *field = field_of(r, member);
        const gh_json *item = field->next;
        if (member->type == GH_JSON_STRING && field->count == 1) {
            *io_text = member->text;
            return true;
        }
        if (member->type == GH_JSON_ARRAY && field->count == member->n && item != NULL &&
            item->type == GH_JSON_STRING) {
            *io_text = item->text;
            field->next = item->next;
            return true;
        }
        if (field->count == 1 && is_json_text(*io_text) &&
            (member->type == GH_JSON_OBJECT || member->type == GH_JSON_ARRAY))
            return !r->changed || write_json(r, member, io_text);
    }
    return by_rule(r, rule_of(r, name), io_text);
}

/* Three characters a byte is what a form needs at most. */
static bool put_form(struct rewriting *r, gh_str *ret)
{
    const gh_pairs *form = &r->input->form;
    size_t size = 1;
    gh_str *texts = gh_arena_array(r->scratch, form->n + 1u, sizeof(gh_str));
    if (texts == NULL || !open_fields(r, form->n))
        return false;
    for (unsigned i = 0; i < form->n; i++)
        count_field(r, form->items[i].name);
    for (unsigned i = 0; i < form->n; i++) {
        texts[i] = form->items[i].value;
        if (!new_text(r, form->items[i].name, &texts[i]))
            return false;
        size += 3 * (form->items[i].name.n + texts[i].n) + 2;
    }
    char *to = gh_arena_alloc(r->scratch, size);
    if (to == NULL)
        return false;
    gh_buf out = gh_buf_over(to, size);
    for (unsigned i = 0; i < form->n; i++) {
        if (i > 0)
            gh_buf_char(&out, '&');
        gh_form_put(&out, form->items[i].name);
        gh_buf_char(&out, '=');
        gh_form_put(&out, texts[i]);
    }
    *ret = gh_buf_str(&out);
    return gh_buf_ok(&out);
}

/* A name in a part's head, as WHATWG HTML writes it. */
static void put_quoted(gh_buf *out, gh_str s)
{
    gh_buf_char(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            gh_buf_lit(out, "%22");
        else if (s.p[i] == '\r')
            gh_buf_lit(out, "%0D");
        else if (s.p[i] == '\n')
            gh_buf_lit(out, "%0A");
        else
            gh_buf_char(out, s.p[i]);
    }
    gh_buf_char(out, '"');
}

/* Could the data be taken for the end of its part? The removal of something can have made the boundary. */
static bool holds_boundary(gh_str data, gh_str boundary)
{
    return data.n >= boundary.n && boundary.n > 0 && memmem(data.p, data.n, boundary.p, boundary.n) != NULL;
}

struct new_part {
    gh_str data, filename;
};

static bool rewrite_part(struct rewriting *r, const gh_part *part, struct new_part *ret)
{
    *ret = (struct new_part){part->data, part->filename};
    if (part->filename.p == NULL) {
        if (!new_text(r, part->name, &ret->data))
            return false;
        if (!gh_str_eq(ret->data, part->data) &&
            holds_boundary(ret->data, (gh_str){r->input->type.boundary, r->input->type.boundary_size}))
            ret->data = GH_STR("");
        return true;
    }
    const gh_json *member = member_of(r, part->name);
    struct field *field = member != NULL ? field_of(r, member) : NULL;
    if (field != NULL && field->next != NULL)
        field->next = field->next->next;
    int id = rule_of(r, part->name);
    return id == GH_FIELD_NONE || r->rules[id].how != GH_REWRITE_FILENAME || by_rule(r, id, &ret->filename);
}

static void put_part(gh_buf *out, const gh_part *part, const struct new_part *now)
{
    if (gh_str_eq(now->filename, part->filename)) {
        gh_buf_put(out, gh_str_cut(part->raw, 0, part->raw.n - part->data.n));
    } else {
        gh_buf_lit(out, "Content-Disposition: form-data; name=");
        put_quoted(out, part->name);
        gh_buf_lit(out, "; filename=");
        put_quoted(out, now->filename);
        gh_buf_lit(out, "\r\n");
        if (part->type.p != NULL) {
            gh_buf_lit(out, "Content-Type: ");
            gh_buf_put(out, part->type);
            gh_buf_lit(out, "\r\n");
        }
        gh_buf_lit(out, "\r\n");
    }
    gh_buf_put(out, now->data);
}

static bool put_parts(struct rewriting *r, gh_str *ret)
{
    enum { AROUND = 96 }; /* the fixed words of a rewritten head, and the dashes and breaks of a boundary */
    const gh_parts *parts = &r->input->parts;
    gh_str boundary = {r->input->type.boundary, r->input->type.boundary_size};
    size_t size = boundary.n + AROUND;
    struct new_part *now = gh_arena_array(r->scratch, parts->n + 1u, sizeof *now);
    if (now == NULL || !open_fields(r, parts->n))
        return false;
    for (unsigned i = 0; i < parts->n; i++)
        count_field(r, parts->items[i].name);
    for (unsigned i = 0; i < parts->n; i++) {
        const gh_part *part = &parts->items[i];
        if (!rewrite_part(r, part, &now[i]))
            return false;
        size += part->raw.n + now[i].data.n + 3 * (part->name.n + now[i].filename.n) + boundary.n + AROUND;
    }
    char *to = gh_arena_alloc(r->scratch, size);
    if (to == NULL)
        return false;
    gh_buf out = gh_buf_over(to, size);
    for (unsigned i = 0; i < parts->n; i++) {
        gh_buf_lit(&out, "--");
        gh_buf_put(&out, boundary);
        gh_buf_lit(&out, "\r\n");
        put_part(&out, &parts->items[i], &now[i]);
        gh_buf_lit(&out, "\r\n");
    }
    gh_buf_lit(&out, "--");
    gh_buf_put(&out, boundary);
    gh_buf_lit(&out, "--\r\n");
    *ret = gh_buf_str(&out);
    return gh_buf_ok(&out);
}

static bool put_body(struct rewriting *r, gh_str *ret)
{
    switch (r->input->type.kind) {
    case GH_MEDIA_FORM:
        return put_form(r, ret);
    case GH_MEDIA_MULTIPART:
        return put_parts(r, ret);
    case GH_MEDIA_JSON:
        return !r->changed || write_json(r, r->input->body, ret);
    case GH_MEDIA_TEXT:
        *ret = r->input->body->text;
        return true;
    case GH_MEDIA_OPAQUE:
        break;
    }
    return true;
}

bool gh_texts_rewrite(const gh_input *input, const gh_rewrite *rules, unsigned n, gh_arena *scratch,
                      gh_str *ret_body, bool *ret_changed)
{
    struct rewriting r = {.input = input, .rules = rules, .scratch = scratch};
    r.is_form = input->type.kind == GH_MEDIA_FORM || input->type.kind == GH_MEDIA_MULTIPART;
    gh_str body = {NULL, 0};
    *ret_body = body;
    *ret_changed = false;
    if (input->body == NULL || n == 0)
        return true;
    if (!gh_field_match_open(&r.match, n, scratch))
        return false;
    for (unsigned i = 0; i < n; i++)
        gh_field_match_add(&r.match, &rules[i].field, i);
    if (!rewrite_value(&r, input->body, 0, gh_field_match_all(&r.match)) || !put_body(&r, &body))
        return false;
    *ret_changed = r.changed;
    *ret_body = r.changed ? body : (gh_str){NULL, 0};
    return true;
}
