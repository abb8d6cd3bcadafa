#include "contract/parameter_path.h"

static const gh_str whole = {"", 0}; /* the pointer of all of a value */

/* What the path has for it. False: its pattern has no parameter of that name. */
static bool find_raw(const gh_input_source *source, gh_str name, gh_str *ret)
{
    const gh_path_pattern *pattern = source->pattern;
    unsigned n = 0;
    for (unsigned i = 0; pattern != NULL && i < pattern->n_segments && n < source->params.n; i++) {
        if (pattern->segments[i].text.p != NULL)
            continue;
        if (gh_str_eq(pattern->segments[i].name, name)) {
            *ret = source->params.values[n];
            return true;
        }
        n++;
    }
    return false;
}

static gh_json *bad(gh_value_reader *r)
{
    return gh_value_bad(r, GH_FAULT_PARAMETER, whole, (gh_str){NULL, 0});
}

static gh_json *scalar(gh_value_reader *r, gh_str raw)
{
    gh_str text;
    if (!gh_percent_decode(raw, false, r->arena, &text))
        return bad(r);
    return gh_value_text(r, text, whole);
}

/* ";color" "=" off the front of *raw. */
static bool take_matrix_name(gh_str *raw, gh_str name)
{
    gh_str rest = gh_str_cut(*raw, 1, raw->n);
    if (raw->n == 0 || raw->p[0] != ';' || !gh_str_starts(rest, name))
        return false;
    rest = gh_str_cut(rest, name.n, rest.n);
    if (rest.n > 0 && rest.p[0] != '=')
        return false;
    *raw = gh_str_cut(rest, 1, rest.n);
    return true;
}

/* ";color=blue;color=black" */
static gh_json *matrix_list(gh_value_reader *r, gh_str raw, gh_str name)
{
    gh_json *list = gh_json_new(r->arena, GH_JSON_ARRAY), *last = NULL;
    if (list == NULL)
        return gh_value_no_memory(r);
    while (raw.n > 0) {
        size_t end = 1 + gh_str_find(gh_str_cut(raw, 1, raw.n), ';');
        gh_str one = gh_str_cut(raw, 0, end);
        gh_json *item = take_matrix_name(&one, name) ? scalar(r, one) : bad(r);
        if (item == NULL)
            return NULL;
        gh_json_append(list, &last, (gh_str){NULL, 0}, item);
        raw = gh_str_cut(raw, end, raw.n);
    }
    return list;
}

static gh_json *matrix(gh_value_reader *r, gh_str raw, const gh_parameter *parameter)
{
    bool array = gh_value_is_array(parameter->schema), object = gh_value_is_object(parameter->schema);
    if (parameter->explode && array)
        return matrix_list(r, raw, parameter->name);
    if (parameter->explode && object)
        return raw.p[0] == ';'
                   ? gh_value_members(r, gh_str_cut(raw, 1, raw.n), ';', true, GH_VALUE_ESCAPED, whole)
                   : bad(r);
    if (!take_matrix_name(&raw, parameter->name))
        return bad(r);
    if (array)
        return gh_value_list(r, raw, ',', GH_VALUE_ESCAPED, whole);
    return object ? gh_value_members(r, raw, ',', false, GH_VALUE_ESCAPED, whole) : scalar(r, raw);
}

gh_json *gh_parameter_path(const gh_input_source *source, const gh_parameter *parameter,
                           gh_value_reader *reader)
{
    gh_str raw, text;
    char separator = ',';
    if (!find_raw(source, parameter->name, &raw) || raw.n == 0)
        return NULL;
    if (parameter->json)
        return gh_percent_decode(raw, false, reader->arena, &text) ? gh_value_json(reader, text, whole)
                                                                   : bad(reader);
    if (parameter->style == GH_STYLE_MATRIX)
        return matrix(reader, raw, parameter);
    if (parameter->style == GH_STYLE_LABEL) {
        if (raw.p[0] != '.')
            return bad(reader);
        raw = gh_str_cut(raw, 1, raw.n);
        separator = parameter->explode ? '.' : ',';
    }
    if (gh_value_is_array(parameter->schema))
        return gh_value_list(reader, raw, separator, GH_VALUE_ESCAPED, whole);
    if (gh_value_is_object(parameter->schema))
        return gh_value_members(reader, raw, separator, parameter->explode, GH_VALUE_ESCAPED, whole);
    return scalar(reader, raw);
}
