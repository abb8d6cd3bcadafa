#include "contract/value.h"

#include "text/utf8.h"

void gh_value_find(gh_findings *findings, const gh_finding *finding)
{
    if (findings == NULL)
        return;
    if (findings->n < findings->max)
        findings->items[findings->n++] = *finding;
    else
        findings->omitted++;
}

gh_json *gh_value_bad(gh_value_reader *reader, enum gh_fault fault, gh_str pointer, gh_str limit)
{
    gh_finding finding = {
        .in = reader->in, .fault = (uint8_t)fault, .name = reader->name, .pointer = pointer, .limit = limit};
    reader->failed = true;
    gh_value_find(reader->findings, &finding);
    return NULL;
}

gh_json *gh_value_no_memory(gh_value_reader *reader)
{
    reader->memory = true;
    return NULL;
}

gh_json *gh_value_text(gh_value_reader *reader, gh_str text, gh_str pointer)
{
    if (gh_str_find(text, '\0') < text.n || gh_utf8_valid(text) < text.n)
        return gh_value_bad(reader, GH_FAULT_TEXT, pointer, (gh_str){NULL, 0});
    gh_json *value = gh_json_new_string(reader->arena, text);
    if (value == NULL)
        return gh_value_no_memory(reader);
    value->lexical = true;
    return value;
}

gh_json *gh_value_json(gh_value_reader *reader, gh_str text, gh_str pointer)
{
    gh_json_error error;
    gh_json *value = gh_json_read(text, &reader->limits->json, reader->arena, &error);
    if (value != NULL)
        return value;
    char memory[160];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_buf_printf(&out, "%s (line %u, column %u)", error.why, error.line, error.column);
    gh_str limit = gh_arena_copy(reader->arena, gh_buf_ok(&out) ? gh_buf_str(&out) : gh_str_of(error.why));
    return limit.p == NULL ? gh_value_no_memory(reader) : gh_value_bad(reader, GH_FAULT_JSON, pointer, limit);
}

static bool decode(gh_value_reader *reader, gh_str *text, enum gh_value_decoding decoding, gh_str pointer)
{
    if (decoding == GH_VALUE_PLAIN) {
        *text = gh_str_trim(*text);
        return true;
    }
    if (gh_percent_decode(*text, decoding == GH_VALUE_FORM, reader->arena, text))
        return true;
    (void)gh_value_bad(reader, GH_FAULT_PARAMETER, pointer, (gh_str){NULL, 0});
    return false;
}

/* How many pieces; 0, after a finding: more than a JSON text might have values. */
static size_t count_pieces(gh_value_reader *reader, gh_str text, char separator, gh_str pointer)
{
    size_t n = 1;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == separator;
    if (n <= reader->limits->json.values)
        return n;
    (void)gh_value_bad(reader, GH_FAULT_PARAMETER, pointer, (gh_str){NULL, 0});
    return 0;
}

gh_json *gh_value_list(gh_value_reader *reader, gh_str text, char separator, enum gh_value_decoding decoding,
                       gh_str pointer)
{
    gh_str piece;
    gh_json *list = gh_json_new(reader->arena, GH_JSON_ARRAY), *last = NULL;
    if (list == NULL)
        return gh_value_no_memory(reader);
    if (text.n == 0)
        return list;
    if (count_pieces(reader, text, separator, pointer) == 0)
        return NULL;
    while (gh_str_next(&text, separator, &piece)) {
        gh_json *item =
            decode(reader, &piece, decoding, pointer) ? gh_value_text(reader, piece, pointer) : NULL;
        if (item == NULL)
            return NULL;
        gh_json_append(list, &last, (gh_str){NULL, 0}, item);
    }
    return list;
}

/* Takes one member off the front of *text. */
static bool next_member(gh_str *text, char separator, bool exploded, gh_str *ret_name, gh_str *ret_value)
{
    gh_str piece;
    if (!gh_str_next(text, separator, &piece))
        return false;
    if (!exploded) {
        *ret_name = piece;
        return gh_str_next(text, separator, ret_value);
    }
    size_t equals = gh_str_find(piece, '=');
    *ret_name = gh_str_cut(piece, 0, equals);
    *ret_value = gh_str_cut(piece, equals + 1, piece.n);
    return equals < piece.n;
}

gh_json *gh_value_finish(gh_value_reader *reader, gh_json *object, gh_str pointer)
{
    const gh_json *twice;
    if (!gh_json_index(object, reader->arena, &twice))
        return gh_value_no_memory(reader);
    if (twice == NULL)
        return object;
    gh_str at = gh_value_pointer(reader->arena, pointer, twice->key);
    return at.p == NULL ? gh_value_no_memory(reader)
                        : gh_value_bad(reader, GH_FAULT_REPEATED, at, (gh_str){NULL, 0});
}

gh_json *gh_value_members(gh_value_reader *reader, gh_str text, char separator, bool exploded,
                          enum gh_value_decoding decoding, gh_str pointer)
{
    gh_str name, value;
    gh_json *object = gh_json_new(reader->arena, GH_JSON_OBJECT), *last = NULL;
    if (object == NULL)
        return gh_value_no_memory(reader);
    if (text.n == 0)
        return object;
    if (count_pieces(reader, text, separator, pointer) == 0)
        return NULL;
    while (text.p != NULL) {
        if (!next_member(&text, separator, exploded, &name, &value))
            return gh_value_bad(reader, GH_FAULT_PARAMETER, pointer, (gh_str){NULL, 0});
        if (!decode(reader, &name, decoding, pointer) || !decode(reader, &value, decoding, pointer))
            return NULL;
        /* The name is looked at like the value, and then only its text is used. */
        gh_json *key = gh_value_text(reader, name, pointer);
        gh_json *item = key == NULL ? NULL : gh_value_text(reader, value, pointer);
        if (item == NULL)
            return NULL;
        gh_json_append(object, &last, key->text, item);
    }
    return gh_value_finish(reader, object, pointer);
}

/* "R" of "color[R]". False: not of this form. */
static bool deep_key(gh_str name, gh_str prefix, gh_str *ret)
{
    *ret = gh_str_cut(name, prefix.n, name.n - 1);
    return name.n > prefix.n + 1 && name.p[name.n - 1] == ']' && gh_str_find(*ret, '[') == ret->n &&
           gh_str_find(*ret, ']') == ret->n;
}

/* Pairs of one name are neighbours. *ret_n: how many of them were used. */
static gh_json *deep_member(gh_value_reader *reader, const gh_pairs *pairs, const uint32_t *items, unsigned n,
                            const gh_schema *schema, gh_str pointer, unsigned *ret_n)
{
    const gh_pair *pair = &pairs->items[items[0]];
    *ret_n = 1;
    while (*ret_n < n && gh_str_eq(pairs->items[items[*ret_n]].name, pair->name))
        (*ret_n)++;
    if (!gh_value_is_array(schema))
        return *ret_n > 1 ? gh_value_bad(reader, GH_FAULT_REPEATED, pointer, (gh_str){NULL, 0})
                          : gh_value_text(reader, pair->value, pointer);
    gh_json *list = gh_json_new(reader->arena, GH_JSON_ARRAY), *last = NULL;
    if (list == NULL)
        return gh_value_no_memory(reader);
    for (unsigned i = 0; i < *ret_n; i++) {
        gh_json *item = gh_value_text(reader, pairs->items[items[i]].value, pointer);
        if (item == NULL)
            return NULL;
        gh_json_append(list, &last, (gh_str){NULL, 0}, item);
    }
    return list;
}

gh_json *gh_value_deep(gh_value_reader *reader, const gh_pairs *pairs, const uint32_t *items, unsigned n,
                       gh_str prefix, const gh_schema *schema, gh_str pointer)
{
    gh_json *object = gh_json_new(reader->arena, GH_JSON_OBJECT), *last = NULL;
    if (object == NULL)
        return gh_value_no_memory(reader);
    for (unsigned i = 0, used; i < n; i += used) {
        gh_str key;
        if (!deep_key(pairs->items[items[i]].name, prefix, &key))
            return gh_value_bad(reader, GH_FAULT_PARAMETER, pointer, (gh_str){NULL, 0});
        gh_str at = gh_value_pointer(reader->arena, pointer, key);
        if (at.p == NULL)
            return gh_value_no_memory(reader);
        const gh_schema *property = schema == NULL ? NULL : gh_schema_property(schema, key);
        gh_json *member = deep_member(reader, pairs, items + i, n - i, property, at, &used);
        if (member == NULL)
            return NULL;
        gh_json_append(object, &last, key, member);
    }
    return gh_value_finish(reader, object, pointer);
}

gh_str gh_value_pointer(gh_arena *arena, gh_str pointer, gh_str token)
{
    size_t size;
    if (__builtin_mul_overflow(token.n, 2u, &size) || __builtin_add_overflow(size, pointer.n + 1, &size))
        return (gh_str){NULL, 0};
    char *memory = gh_arena_alloc(arena, size);
    if (memory == NULL)
        return (gh_str){NULL, 0};
    gh_buf out = gh_buf_over(memory, size);
    gh_buf_put(&out, pointer);
    gh_json_pointer_put(&out, token);
    return gh_buf_str(&out);
}

gh_str gh_value_pointer_index(gh_arena *arena, gh_str pointer, unsigned index)
{
    char memory[16];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_buf_u64(&out, index);
    return gh_value_pointer(arena, pointer, gh_buf_str(&out));
}

static unsigned types_but_null(const gh_schema *schema)
{
    return schema == NULL ? GH_TYPE_BITS_ALL : gh_schema_types(schema) & ~(unsigned)GH_TYPE_BIT_NULL;
}

bool gh_value_is_array(const gh_schema *schema)
{
    return types_but_null(schema) == GH_TYPE_BIT_ARRAY;
}

bool gh_value_is_object(const gh_schema *schema)
{
    return types_but_null(schema) == GH_TYPE_BIT_OBJECT;
}

bool gh_value_is_json(const gh_schema *schema)
{
    unsigned types = types_but_null(schema);
    return (types & (GH_TYPE_BIT_OBJECT | GH_TYPE_BIT_ARRAY)) != 0 && (types & GH_TYPE_BIT_STRING) == 0;
}

bool gh_value_may_be_array(const gh_schema *schema)
{
    unsigned types = types_but_null(schema);
    return (types & GH_TYPE_BIT_ARRAY) != 0 && (types | GH_TYPE_BIT_NULL) != GH_TYPE_BITS_ALL;
}
