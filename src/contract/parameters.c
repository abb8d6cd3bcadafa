#include "contract/parameters.h"

#include "contract/parameter_path.h"
#include "wire/field.h"

static const gh_str whole = {"", 0}; /* the pointer of all of a value */
static const gh_str none = {NULL, 0};

bool gh_parameters_init(gh_parameters *p, const gh_operation *operation, const gh_input_source *source,
                        const gh_input *input, gh_arena *arena)
{
    *p = (gh_parameters){.operation = operation, .source = source, .input = input};
    p->claimed = gh_arena_array(arena, input->query.n, sizeof *p->claimed);
    return p->claimed != NULL &&
           gh_names_init(&p->query, input->query.items, sizeof(gh_pair), input->query.n, arena) &&
           gh_names_init(&p->cookies, input->cookies.items, sizeof(gh_pair), input->cookies.n, arena);
}

static gh_json *repeated(gh_value_reader *r)
{
    return gh_value_bad(r, GH_FAULT_REPEATED, whole, none);
}

static void claim(gh_parameters *p, const uint32_t *items, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        p->claimed[items[i]] = true;
}

/* An object whose members are parameters of their own: "R=100&G=200". */
static bool is_spread_object(const gh_parameter *parameter)
{
    return parameter->in == GH_IN_QUERY && parameter->style == GH_STYLE_FORM && parameter->explode &&
           !parameter->json && gh_value_is_object(parameter->schema);
}

static bool is_other_parameter(const gh_operation *operation, gh_str name)
{
    for (unsigned i = 0; i < operation->n_parameters; i++) {
        const gh_parameter *other = &operation->parameters[i];
        if (other->in == GH_IN_QUERY && !is_spread_object(other) && gh_str_eq(other->name, name))
            return true;
    }
    return false;
}

/* Is a pair of this name, as it is written, a parameter or a member of one? */
static bool is_declared(const gh_operation *operation, gh_str name)
{
    gh_str before = gh_str_cut(name, 0, gh_str_find(name, '['));
    for (unsigned i = 0; i < operation->n_parameters; i++) {
        const gh_parameter *other = &operation->parameters[i];
        bool deep = other->style == GH_STYLE_DEEP_OBJECT;
        if (other->in == GH_IN_QUERY && gh_str_eq(other->name, deep ? before : name))
            return true;
    }
    return false;
}

static unsigned count_spread_objects(const gh_operation *operation)
{
    unsigned n = 0;
    for (unsigned i = 0; i < operation->n_parameters; i++)
        n += is_spread_object(&operation->parameters[i]);
    return n;
}

static gh_json *pair_list(gh_value_reader *r, const gh_pairs *pairs, const uint32_t *items, unsigned n)
{
    gh_json *list = gh_json_new(r->arena, GH_JSON_ARRAY), *last = NULL;
    if (list == NULL)
        return gh_value_no_memory(r);
    for (unsigned i = 0; i < n; i++) {
        gh_json *item = gh_value_text(r, pairs->items[items[i]].value, whole);
        if (item == NULL)
            return NULL;
        gh_json_append(list, &last, none, item);
    }
    return list;
}

/* All pairs that are no parameter themselves; of several such objects each takes only the members it declares. */
static gh_json *spread_object(gh_parameters *p, const gh_parameter *parameter, gh_value_reader *r)
{
    bool alone = count_spread_objects(p->operation) == 1;
    gh_json *object = NULL, *last = NULL;
    for (unsigned i = 0, n; i < p->query.n; i += n) {
        gh_str name = gh_names_at(&p->query, p->query.order[i]);
        const uint32_t *items = gh_names_find(&p->query, name, &n);
        const gh_schema *member = gh_schema_property(parameter->schema, name);
        if (is_other_parameter(p->operation, name) || (!alone && member == NULL))
            continue;
        claim(p, items, n);
        if (object == NULL)
            object = gh_json_new(r->arena, GH_JSON_OBJECT);
        if (object == NULL)
            return gh_value_no_memory(r);
        gh_json *value = NULL;
        if (gh_value_is_array(member) || (n > 1 && gh_value_may_be_array(member)))
            value = pair_list(r, &p->input->query, items, n);
        else
            value = n > 1 ? repeated(r) : gh_value_text(r, p->input->query.items[*items].value, whole);
        if (value == NULL)
            return NULL;
        gh_json_append(object, &last, name, value);
    }
    return object == NULL ? NULL : gh_value_finish(r, object, whole);
}

/* The pairs whose names begin with that of the parameter and "[". NULL: no memory. */
static const uint32_t *find_members(const gh_parameters *p, const gh_parameter *parameter, gh_arena *arena,
                                    gh_str *ret_prefix, unsigned *ret_n)
{
    char *memory = gh_arena_alloc(arena, parameter->name.n + 1);
    if (memory == NULL)
        return NULL;
    gh_buf prefix = gh_buf_over(memory, parameter->name.n + 1);
    gh_buf_put(&prefix, parameter->name);
    gh_buf_char(&prefix, '[');
    *ret_prefix = gh_buf_str(&prefix);
    return gh_names_below(&p->query, *ret_prefix, ret_n);
}

/* Is there something that PHP, Express and their like put into this parameter, though it is not written as it was
 * declared: "q[]" or "q[k]" for q, q for the object "q[k]"? They would use what its schema has not seen. */
static bool is_disguised(const gh_parameters *p, const gh_parameter *parameter, gh_value_reader *r)
{
    unsigned n;
    gh_str prefix;
    if (parameter->style == GH_STYLE_DEEP_OBJECT) {
        (void)gh_names_find(&p->query, parameter->name, &n);
        return n > 0;
    }
    const uint32_t *items = find_members(p, parameter, r->arena, &prefix, &n);
    if (items == NULL)
        (void)gh_value_no_memory(r);
    for (unsigned i = 0; items != NULL && i < n; i++)
        if (!is_declared(p->operation, gh_names_at(&p->query, items[i])))
            return true;
    return false;
}

/* color[R]=100&color[G]=200 */
static gh_json *deep_object(gh_parameters *p, const gh_parameter *parameter, gh_value_reader *r)
{
    unsigned n;
    gh_str prefix;
    const uint32_t *items = find_members(p, parameter, r->arena, &prefix, &n);
    if (items == NULL)
        return gh_value_no_memory(r);
    claim(p, items, n);
    return n == 0 ? NULL : gh_value_deep(r, &p->input->query, items, n, prefix, parameter->schema, whole);
}

/* Not exploded: one pair with all in it. Spaces and pipes can't be told apart from their escapes in a query, so
 * only a comma splits before decoding. */
static gh_json *one_pair(const gh_parameter *parameter, const gh_pair *pair, gh_value_reader *r)
{
    char separator = parameter->style == GH_STYLE_SPACE_DELIMITED  ? ' '
                     : parameter->style == GH_STYLE_PIPE_DELIMITED ? '|'
                                                                   : ',';
    enum gh_value_decoding decoding = separator == ',' ? GH_VALUE_FORM : GH_VALUE_PLAIN;
    gh_str text = separator == ',' ? pair->raw : pair->value;
    if (gh_value_is_array(parameter->schema))
        return gh_value_list(r, text, separator, decoding, whole);
    return gh_value_members(r, text, separator, false, decoding, whole);
}

static gh_json *read_query(gh_parameters *p, const gh_parameter *parameter, gh_value_reader *r,
                           bool *ret_empty)
{
    unsigned n;
    if (is_spread_object(parameter))
        return spread_object(p, parameter, r);
    if (is_disguised(p, parameter, r))
        return repeated(r);
    if (parameter->style == GH_STYLE_DEEP_OBJECT)
        return deep_object(p, parameter, r);
    const uint32_t *items = gh_names_find(&p->query, parameter->name, &n);
    if (n == 0)
        return NULL;
    claim(p, items, n);
    const gh_pair *pair = &p->input->query.items[items[0]];
    bool array = gh_value_is_array(parameter->schema);
    if (n == 1 && parameter->allow_empty && pair->value.n == 0) {
        *ret_empty = true;
        return NULL;
    }
    if (parameter->json)
        return n > 1 ? repeated(r) : gh_value_json(r, pair->value, whole);
    if (!parameter->explode && (array || gh_value_is_object(parameter->schema)))
        return n > 1 ? repeated(r) : one_pair(parameter, pair, r);
    if (array || (n > 1 && parameter->explode && gh_value_may_be_array(parameter->schema)))
        return pair_list(r, &p->input->query, items, n);
    return n > 1 ? repeated(r) : gh_value_text(r, pair->value, whole);
}

/* Some servers decode escapes within a quoted value, so only one without them is read: as it is between the
 * quotes. */
static bool unquote(gh_str *value)
{
    if (value->n == 0 || value->p[0] != '"')
        return true;
    gh_str inner = gh_str_cut(*value, 1, value->n - 1);
    if (value->n < 2 || value->p[value->n - 1] != '"' || gh_str_find(inner, '"') < inner.n ||
        gh_str_find(inner, '\\') < inner.n)
        return false;
    *value = inner;
    return true;
}

static gh_json *read_cookie(const gh_parameters *p, const gh_parameter *parameter, gh_value_reader *r)
{
    unsigned n;
    const uint32_t *items = gh_names_find(&p->cookies, parameter->name, &n);
    if (n == 0)
        return NULL;
    gh_str value = p->input->cookies.items[items[0]].value;
    if (n > 1)
        return repeated(r);
    if (!unquote(&value))
        return gh_value_bad(r, GH_FAULT_PARAMETER, whole, none);
    if (parameter->json)
        return gh_value_json(r, value, whole);
    if (gh_value_is_array(parameter->schema))
        return gh_value_list(r, value, ',', GH_VALUE_PLAIN, whole);
    if (gh_value_is_object(parameter->schema))
        return gh_value_members(r, value, ',', false, GH_VALUE_PLAIN, whole);
    return gh_value_text(r, value, whole);
}

/* All lines of a field as one list (RFC 9110 section 5.3). */
static gh_json *join_lines(const gh_request *request, const gh_parameter *parameter, gh_value_reader *r)
{
    size_t size = 0, n = 0;
    for (unsigned i = 0; i < request->n_fields; i++)
        if (gh_field_names_alike(request->fields[i].name, parameter->name))
            size += request->fields[i].value.n + 1;
    char *memory = gh_arena_alloc(r->arena, size);
    if (memory == NULL)
        return gh_value_no_memory(r);
    for (unsigned i = 0; i < request->n_fields; i++) {
        gh_str value = request->fields[i].value;
        if (!gh_field_names_alike(request->fields[i].name, parameter->name))
            continue;
        if (n > 0)
            memory[n++] = ',';
        if (value.n > 0)
            memcpy(memory + n, value.p, value.n);
        n += value.n;
    }
    gh_str joined = {memory, n};
    if (gh_value_is_array(parameter->schema))
        return gh_value_list(r, joined, ',', GH_VALUE_PLAIN, whole);
    return gh_value_members(r, joined, ',', parameter->explode, GH_VALUE_PLAIN, whole);
}

/* OpenAPI 3.1 section 4.8.12.2 */
static bool is_ignored_header(gh_str name)
{
    return gh_str_eq_nocase(name, GH_STR("accept")) || gh_str_eq_nocase(name, GH_STR("content-type")) ||
           gh_str_eq_nocase(name, GH_STR("authorization"));
}

static gh_json *read_header(const gh_parameters *p, const gh_parameter *parameter, gh_value_reader *r)
{
    const gh_request *request = p->source->request;
    const gh_field *first = NULL;
    unsigned n = 0;
    for (unsigned i = 0; i < request->n_fields; i++) {
        if (!gh_field_names_alike(request->fields[i].name, parameter->name))
            continue;
        if (n++ == 0)
            first = &request->fields[i];
    }
    if (first == NULL)
        return NULL;
    if (!parameter->json && (gh_value_is_array(parameter->schema) || gh_value_is_object(parameter->schema)))
        return join_lines(request, parameter, r);
    if (n > 1)
        return repeated(r);
    return parameter->json ? gh_value_json(r, first->value, whole) : gh_value_text(r, first->value, whole);
}

gh_json *gh_parameter_read(gh_parameters *p, const gh_parameter *parameter, gh_value_reader *reader,
                           bool *ret_empty)
{
    *ret_empty = false;
    switch ((enum gh_in)parameter->in) {
    case GH_IN_PATH:
        return gh_parameter_path(p->source, parameter, reader);
    case GH_IN_QUERY:
        return read_query(p, parameter, reader, ret_empty);
    case GH_IN_HEADER:
        *ret_empty = is_ignored_header(parameter->name);
        return *ret_empty ? NULL : read_header(p, parameter, reader);
    case GH_IN_COOKIE:
        return read_cookie(p, parameter, reader);
    case GH_IN_BODY:
        break;
    }
    return NULL;
}

void gh_parameters_undeclared(const gh_parameters *p, gh_value_reader *reader)
{
    for (unsigned i = 0, n; i < p->query.n; i += n) {
        uint32_t item = p->query.order[i];
        reader->name = gh_names_at(&p->query, item);
        (void)gh_names_find(&p->query, reader->name, &n);
        if (!p->claimed[item])
            (void)gh_value_bad(reader, GH_FAULT_UNDECLARED, whole, none);
    }
}
