#include "contract/form_object.h"

#include "contract/names.h"

/* A form being read: urlencoded pairs, or the parts of a multipart body. */
typedef struct form {
    gh_value_reader *reader;
    const gh_media *media; /* NULL: nothing is declared */
    const gh_pairs *pairs; /* NULL: parts */
    const gh_parts *parts;
    gh_names names;
    bool *used;
    gh_json *object, *last;
} form;

/* What is declared of one field; pointer is where a finding would point. */
typedef struct form_field {
    const gh_schema *schema;
    const gh_encoding *encoding;
    gh_str pointer;
} form_field;

static const gh_encoding *find_encoding(const gh_media *media, gh_str name)
{
    for (unsigned i = 0; media != NULL && i < media->n_encodings; i++)
        if (gh_str_eq(media->encodings[i].name, name))
            return &media->encodings[i];
    return NULL;
}

static bool asks_json(const form_field *f)
{
    return f->encoding != NULL && f->encoding->json;
}

static gh_json *pair_value(form *f, const gh_pair *pair, const form_field *field)
{
    if (asks_json(field) || gh_value_is_json(field->schema))
        return gh_value_json(f->reader, pair->value, field->pointer);
    return gh_value_text(f->reader, pair->value, field->pointer);
}

/* A part without a type is text/plain (RFC 7578 section 4.4). */
static bool read_type(const gh_part *part, gh_media_type *ret)
{
    return gh_media_type_parse(part->type.p == NULL ? GH_STR("text/plain") : part->type, ret);
}

/* Of a part: "image/png, image/jpeg"; absent: any. */
static gh_str declared_types(const form_field *field)
{
    return field->encoding == NULL ? (gh_str){NULL, 0} : field->encoding->type;
}

static bool is_one_of(gh_str ranges, const gh_media_type *type)
{
    gh_str range;
    if (ranges.n == 0)
        return true;
    while (gh_str_next(&ranges, ',', &range))
        if (gh_media_range_takes(range, gh_media_type_name(type)))
            return true;
    return false;
}

static bool is_utf8(const gh_media_type *type)
{
    gh_str charset = gh_str_of(type->charset);
    return charset.n == 0 || gh_str_eq(charset, GH_STR("utf-8")) || gh_str_eq(charset, GH_STR("us-ascii"));
}

static gh_json *file_value(form *f, const gh_part *part)
{
    gh_json *value = gh_json_new_string(f->reader->arena, part->data);
    if (value == NULL)
        return gh_value_no_memory(f->reader);
    value->file = true;
    return value;
}

/* Is the part a JSON text? Where the schema asks for a text, an upstream that knows only texts sees the part as it
 * is written, so it is checked as it is written. */
static bool is_json_part(const gh_part *part, const form_field *field, const gh_media_type *type)
{
    if (asks_json(field) || gh_value_is_json(field->schema))
        return true;
    return part->filename.p == NULL && type->kind == GH_MEDIA_JSON &&
           (field->schema == NULL || gh_schema_types(field->schema) == GH_TYPE_BITS_ALL);
}

static gh_json *part_value(form *f, const gh_part *part, const form_field *field)
{
    gh_media_type type;
    bool bare_json = asks_json(field) && part->type.p == NULL && part->filename.p == NULL;
    if (!read_type(part, &type))
        return gh_value_bad(f->reader, GH_FAULT_FORM, field->pointer, GH_STR("a malformed Content-Type"));
    if (!bare_json && !is_one_of(declared_types(field), &type))
        return gh_value_bad(f->reader, GH_FAULT_TYPE, field->pointer, declared_types(field));
    /* Some readers take an empty name of a file for no file; browsers send it with no data. */
    if (part->filename.p != NULL && part->filename.n == 0 && part->data.n > 0)
        return gh_value_bad(f->reader, GH_FAULT_FORM, field->pointer, GH_STR("a file without a name"));
    bool json = is_json_part(part, field, &type);
    bool file = part->filename.p != NULL || (type.kind == GH_MEDIA_OPAQUE && declared_types(field).n > 0);
    if (file && !json)
        return file_value(f, part);
    if (!is_utf8(&type))
        return gh_value_bad(f->reader, GH_FAULT_TEXT, field->pointer, (gh_str){NULL, 0});
    return json ? gh_value_json(f->reader, part->data, field->pointer)
                : gh_value_text(f->reader, part->data, field->pointer);
}

static gh_json *item_value(form *f, uint32_t item, const form_field *field)
{
    return f->pairs != NULL ? pair_value(f, &f->pairs->items[item], field)
                            : part_value(f, &f->parts->items[item], field);
}

static gh_json *item_list(form *f, const uint32_t *items, unsigned n, const form_field *whole)
{
    gh_value_reader *r = f->reader;
    form_field each = *whole;
    each.schema = whole->schema == NULL ? NULL : gh_schema_items(whole->schema);
    gh_json *list = gh_json_new(r->arena, GH_JSON_ARRAY), *last = NULL;
    if (list == NULL)
        return gh_value_no_memory(r);
    for (unsigned i = 0; i < n; i++) {
        each.pointer = gh_value_pointer_index(r->arena, whole->pointer, i);
        if (each.pointer.p == NULL)
            return gh_value_no_memory(r);
        gh_json *value = item_value(f, items[i], &each);
        if (value == NULL)
            return NULL;
        gh_json_append(list, &last, (gh_str){NULL, 0}, value);
    }
    return list;
}

/* The separator of a list in one urlencoded value; 0: lists are written in another way. */
static char separator_of(const form *f, const gh_encoding *encoding)
{
    if (f->pairs == NULL || encoding == NULL || encoding->explode || encoding->json)
        return 0;
    switch ((enum gh_param_style)encoding->style) {
    case GH_STYLE_FORM:
        return ',';
    case GH_STYLE_SPACE_DELIMITED:
        return ' ';
    case GH_STYLE_PIPE_DELIMITED:
        return '|';
    case GH_STYLE_SIMPLE:
    case GH_STYLE_DEEP_OBJECT:
    case GH_STYLE_LABEL:
    case GH_STYLE_MATRIX:
        break;
    }
    return 0;
}

/* One value with all items or members in it. A comma splits before decoding; the others can't be told apart from
 * their escapes in a form, so they split after it. */
static gh_json *delimited(form *f, const uint32_t *items, unsigned n, const form_field *field, char separator)
{
    const gh_pair *pair = &f->pairs->items[items[0]];
    enum gh_value_decoding decoding = separator == ',' ? GH_VALUE_FORM : GH_VALUE_PLAIN;
    gh_str text = separator == ',' ? pair->raw : pair->value;
    if (n > 1)
        return gh_value_bad(f->reader, GH_FAULT_REPEATED, field->pointer, (gh_str){NULL, 0});
    if (gh_value_is_array(field->schema))
        return gh_value_list(f->reader, text, separator, decoding, field->pointer);
    return gh_value_members(f->reader, text, separator, false, decoding, field->pointer);
}

static gh_json *member_value(form *f, const uint32_t *items, unsigned n, const form_field *field)
{
    bool array = gh_value_is_array(field->schema);
    char separator = separator_of(f, field->encoding);
    if (separator != 0 && (array || gh_value_is_object(field->schema)))
        return delimited(f, items, n, field, separator);
    if (n == 1 && array && asks_json(field)) {
        /* The whole array as one JSON text, or its only item. */
        gh_json *value = item_value(f, items[0], field);
        gh_json *list = value == NULL || value->type == GH_JSON_ARRAY
                            ? value
                            : gh_json_new(f->reader->arena, GH_JSON_ARRAY);
        gh_json *last = NULL;
        if (list != value && list != NULL)
            gh_json_append(list, &last, (gh_str){NULL, 0}, value);
        return value != NULL && list == NULL ? gh_value_no_memory(f->reader) : list;
    }
    return n > 1 || array ? item_list(f, items, n, field) : item_value(f, items[0], field);
}

static bool begin_field(form *f, gh_str name, form_field *ret)
{
    const gh_schema *schema = f->media == NULL ? NULL : f->media->schema;
    *ret = (form_field){.schema = schema == NULL ? NULL : gh_schema_property(schema, name),
                        .encoding = find_encoding(f->media, name),
                        .pointer = gh_value_pointer(f->reader->arena, (gh_str){"", 0}, name)};
    if (ret->pointer.p == NULL)
        (void)gh_value_no_memory(f->reader);
    return ret->pointer.p != NULL;
}

/* After a finding the other fields are still looked at. False: no memory. */
static bool add_member(form *f, gh_str name, gh_json *value)
{
    if (value != NULL)
        gh_json_append(f->object, &f->last, name, value);
    return !f->reader->memory;
}

static void mark_used(form *f, const uint32_t *items, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        f->used[items[i]] = true;
}

/* Fields that are written as color[R]=100&color[G]=200. */
static bool add_deep_objects(form *f)
{
    for (unsigned i = 0; f->pairs != NULL && f->media != NULL && i < f->media->n_encodings; i++) {
        const gh_encoding *encoding = &f->media->encodings[i];
        unsigned n;
        form_field field;
        if (encoding->style != GH_STYLE_DEEP_OBJECT)
            continue;
        char *memory = gh_arena_alloc(f->reader->arena, encoding->name.n + 1);
        if (memory == NULL || !begin_field(f, encoding->name, &field)) {
            (void)gh_value_no_memory(f->reader);
            return false;
        }
        gh_buf prefix = gh_buf_over(memory, encoding->name.n + 1);
        gh_buf_put(&prefix, encoding->name);
        gh_buf_char(&prefix, '[');
        const uint32_t *items = gh_names_below(&f->names, gh_buf_str(&prefix), &n);
        if (n == 0)
            continue;
        mark_used(f, items, n);
        if (!add_member(f, encoding->name,
                        gh_value_deep(f->reader, f->pairs, items, n, gh_buf_str(&prefix), field.schema,
                                      field.pointer)))
            return false;
    }
    return true;
}

/* "t[]" or "t[k]" where t is declared and this is not: PHP, and Express for forms of both kinds, put it into t, where
 * they would use what the schema of t has not seen. The name of that field; absent: it is none. */
static gh_str disguised_as(const form *f, gh_str name)
{
    const gh_schema *schema = f->media == NULL ? NULL : f->media->schema;
    gh_str before = gh_str_cut(name, 0, gh_str_find(name, '['));
    if (before.n == 0 || before.n == name.n || schema == NULL)
        return (gh_str){NULL, 0};
    const gh_schema *declared = gh_schema_property(schema, before);
    bool disguised = declared != NULL && declared != gh_schema_property(schema, name);
    return disguised ? before : (gh_str){NULL, 0};
}

static bool refuse_disguised(form *f, gh_str field)
{
    gh_str pointer = gh_value_pointer(f->reader->arena, (gh_str){"", 0}, field);
    if (pointer.p == NULL)
        (void)gh_value_no_memory(f->reader);
    else
        (void)gh_value_bad(f->reader, GH_FAULT_REPEATED, pointer, (gh_str){NULL, 0});
    return !f->reader->memory;
}

static bool add_members(form *f)
{
    for (uint32_t i = 0; i < f->names.n; i++) {
        unsigned n;
        form_field field;
        if (f->used[i])
            continue;
        gh_str name = gh_names_at(&f->names, i);
        const uint32_t *items = gh_names_find(&f->names, name, &n);
        mark_used(f, items, n);
        gh_str other = disguised_as(f, name);
        if (other.p != NULL) {
            if (!refuse_disguised(f, other))
                return false;
            continue;
        }
        if (!begin_field(f, name, &field) || !add_member(f, name, member_value(f, items, n, &field)))
            return false;
    }
    return true;
}

static gh_json *read_form(form *f, const void *items, size_t stride, unsigned n)
{
    gh_value_reader *r = f->reader;
    f->object = gh_json_new(r->arena, GH_JSON_OBJECT);
    f->used = gh_arena_array(r->arena, n, sizeof *f->used);
    if (f->object == NULL || f->used == NULL || !gh_names_init(&f->names, items, stride, n, r->arena))
        return gh_value_no_memory(r);
    if (!add_deep_objects(f) || !add_members(f) || r->failed)
        return NULL;
    return gh_value_finish(r, f->object, (gh_str){"", 0}); /* "color[R]" and "color" may both have come */
}

gh_json *gh_form_object(gh_value_reader *reader, const gh_pairs *pairs, const gh_media *media)
{
    form f = {.reader = reader, .media = media, .pairs = pairs};
    return read_form(&f, pairs->items, sizeof *pairs->items, pairs->n);
}

gh_json *gh_parts_object(gh_value_reader *reader, const gh_parts *parts, const gh_media *media)
{
    form f = {.reader = reader, .media = media, .parts = parts};
    return read_form(&f, parts->items, sizeof *parts->items, parts->n);
}
