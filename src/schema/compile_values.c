#include "schema/compile.h"

#include "wire/decimal.h"

enum { LIMIT_MAX = 200 };

/* A value in a message. False: no room for it. */
static bool put_value(gh_buf *out, const gh_json *v)
{
    size_t n = out->n;
    if (v->type == GH_JSON_STRING) {
        gh_buf_char(out, '\'');
        gh_buf_put(out, v->text);
        gh_buf_char(out, '\'');
    } else {
        gh_json_write(out, v);
    }
    if (gh_buf_ok(out))
        return true;
    out->n = n;
    out->overflow = false;
    return false;
}

/* "'a', 'b' or 'c'", or "'a', 'b' or 40 more" */
static gh_str list_values(const gh_json *first, uint32_t n, gh_arena *arena)
{
    char text[LIMIT_MAX + 40];
    gh_buf out = gh_buf_over(text, LIMIT_MAX);
    uint32_t i = 0;
    for (const gh_json *v = first; i < n; v = v->next, i++) {
        size_t before = out.n;
        if (i > 0)
            gh_buf_put(&out, i + 1 == n ? GH_STR(" or ") : GH_STR(", "));
        if (!gh_buf_ok(&out) || !put_value(&out, v)) {
            out.n = before;
            break;
        }
    }
    out.overflow = false;
    out.cap = sizeof text;
    if (i == 0)
        gh_buf_put(&out, n == 1 ? GH_STR("a fixed value") : GH_STR("a list of values"));
    else if (i < n)
        gh_buf_printf(&out, " or %u more", n - i);
    return gh_arena_copy(arena, gh_buf_str(&out));
}

static const gh_schema_values *values_of(gh_schema_work *w, const gh_json *first, uint32_t n,
                                         enum gh_fault fault)
{
    gh_arena *arena = w->c->arena;
    gh_schema_values *values = gh_arena_new(arena, gh_schema_values);
    if (values == NULL || !gh_schema_names_init(&values->texts, n, arena))
        return NULL;
    values->others = gh_arena_array(arena, n, sizeof(const gh_json *));
    values->fault = (uint8_t)fault;
    values->limit = list_values(first, n, arena);
    if (values->others == NULL || values->limit.p == NULL)
        return NULL;
    uint32_t i = 0;
    for (const gh_json *v = first; i < n; v = v->next, i++) {
        if (v->type == GH_JSON_STRING)
            (void)gh_schema_names_add(&values->texts, v->text);
        else
            values->others[values->n_others++] = v;
    }
    return values;
}

bool gh_schema_compile_values(gh_schema_work *w)
{
    const gh_json *list = w->values[GH_KEYWORD_ENUM], *constant = w->values[GH_KEYWORD_CONST];
    gh_schema *s = w->schema;
    if (list != NULL && (s->values = values_of(w, list->first, list->n, GH_FAULT_ENUM)) == NULL)
        return gh_schema_no_memory(w->c);
    if (constant != NULL && (s->constant = values_of(w, constant, 1, GH_FAULT_CONST)) == NULL)
        return gh_schema_no_memory(w->c);
    return true;
}

static gh_schema_bound bound_of(const gh_json *number)
{
    gh_schema_bound b = {.text = {NULL, 0}};
    if (number != NULL) {
        b.text = number->text;
        b.small = gh_schema_small(number->text, &b.value);
    }
    return b;
}

/* In OpenAPI 3.0 true makes the bound beside it exclusive; a number there is meant as in later drafts. */
static bool exclusive(gh_schema_work *w, enum gh_schema_keyword keyword, gh_schema_bound *inclusive,
                      gh_schema_bound *ret)
{
    const gh_json *v = w->values[keyword];
    if (v == NULL)
        return true;
    if (v->type == GH_JSON_NUMBER) {
        *ret = bound_of(v);
        return true;
    }
    if (v->type != GH_JSON_TRUE && v->type != GH_JSON_FALSE)
        return gh_schema_wrong_value(w, v, "must be a number");
    if (w->c->options.dialect != GH_SCHEMA_OPENAPI_3_0)
        return gh_schema_wrong_value(w, v,
                                     "true or false here is of an older draft: must be the number itself");
    if (v->type == GH_JSON_TRUE) {
        *ret = *inclusive;
        *inclusive = (gh_schema_bound){.text = {NULL, 0}};
    }
    return true;
}

bool gh_schema_compile_numbers(gh_schema_work *w)
{
    const gh_json *multiple = w->values[GH_KEYWORD_MULTIPLE_OF], *format = w->values[GH_KEYWORD_FORMAT];
    gh_schema_numbers n = {
        .minimum = bound_of(w->values[GH_KEYWORD_MINIMUM]),
        .maximum = bound_of(w->values[GH_KEYWORD_MAXIMUM]),
        .multiple_of = bound_of(multiple),
    };
    if (!exclusive(w, GH_KEYWORD_EXCLUSIVE_MINIMUM, &n.minimum, &n.exclusive_minimum) ||
        !exclusive(w, GH_KEYWORD_EXCLUSIVE_MAXIMUM, &n.maximum, &n.exclusive_maximum))
        return false;
    if (multiple != NULL && gh_decimal_compare(multiple->text, GH_STR("0")) <= 0)
        return gh_schema_wrong_value(w, multiple, "must be above 0");
    if (format != NULL && w->c->options.assert_formats) {
        n.format = gh_format_number_of(format->text);
        n.format_name = format->text;
    }
    if (n.minimum.text.p == NULL && n.maximum.text.p == NULL && n.exclusive_minimum.text.p == NULL &&
        n.exclusive_maximum.text.p == NULL && n.multiple_of.text.p == NULL && n.format == NULL)
        return true;
    gh_schema_numbers *numbers = gh_arena_new(w->c->arena, gh_schema_numbers);
    if (numbers == NULL)
        return gh_schema_no_memory(w->c);
    *numbers = n;
    w->schema->numbers = numbers;
    return true;
}

/* An integer, 0 or more, in any notation: 3, 3.0, 30e-1. What is larger than a size counts as the largest. */
static bool read_count(gh_str text, size_t *ret)
{
    int64_t value;
    if (gh_schema_small(text, &value) && value >= 0) {
        *ret = (size_t)value;
        return true;
    }
    if (!gh_decimal_integer(text) || gh_decimal_compare(text, GH_STR("0")) < 0)
        return false;
    /* Rare enough for bisection. */
    uint64_t low = 0, high = UINT64_C(1) << 62;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        char digits[24];
        gh_buf out = gh_buf_over(digits, sizeof digits);
        gh_buf_u64(&out, middle);
        if (gh_decimal_compare(text, gh_buf_str(&out)) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret = (size_t)low;
    return true;
}

bool gh_schema_compile_count(gh_schema_work *w, enum gh_schema_keyword keyword, gh_schema_count *ret)
{
    const gh_json *v = w->values[keyword];
    if (v == NULL)
        return true;
    if (v->type != GH_JSON_NUMBER || !read_count(v->text, &ret->value))
        return gh_schema_wrong_value(w, v, "must be an integer, 0 or more");
    ret->text = v->text;
    return true;
}

bool gh_schema_compile_pattern(gh_schema_work *w, gh_str text, const gh_json *at, const gh_pattern **ret)
{
    const char *why = NULL;
    gh_schema_pattern_list *item = gh_arena_new(w->c->arena, gh_schema_pattern_list);
    if (item == NULL)
        return gh_schema_no_memory(w->c);
    item->pattern = gh_pattern_new(text, w->c->arena, &why);
    if (item->pattern == NULL)
        return gh_schema_wrong_value(w, at, why);
    item->next = w->c->patterns;
    w->c->patterns = item;
    *ret = item->pattern;
    return true;
}

static bool format_is_known(gh_schema_work *w, const gh_json *format)
{
    char text[128];
    gh_buf out = gh_buf_over(text, sizeof text - 1);
    if (format == NULL || !w->c->options.known_only || gh_format_known(format->text))
        return true;
    gh_str near = gh_format_nearest(format->text);
    gh_buf_lit(&out, "not a format that is known");
    if (near.p != NULL)
        gh_buf_printf(&out, "; did you mean \"%.*s\"?", (int)near.n, near.p);
    gh_str why = gh_arena_copy(w->c->arena, gh_buf_str(&out));
    return gh_schema_wrong_value(w, format, why.p == NULL ? "not a format that is known" : why.p);
}

bool gh_schema_compile_texts(gh_schema_work *w)
{
    const gh_json *pattern = w->values[GH_KEYWORD_PATTERN], *format = w->values[GH_KEYWORD_FORMAT];
    gh_schema_texts t = {.format = NULL};
    if (!format_is_known(w, format) || !gh_schema_compile_count(w, GH_KEYWORD_MIN_LENGTH, &t.min) ||
        !gh_schema_compile_count(w, GH_KEYWORD_MAX_LENGTH, &t.max))
        return false;
    if (pattern != NULL) {
        t.pattern_text = pattern->text;
        if (!gh_schema_compile_pattern(w, pattern->text, pattern, &t.pattern))
            return false;
    }
    if (format != NULL && w->c->options.assert_formats) {
        t.format = gh_format_of(format->text);
        t.format_name = format->text;
    }
    if (t.min.text.p == NULL && t.max.text.p == NULL && t.pattern == NULL && t.format == NULL)
        return true;
    gh_schema_texts *texts = gh_arena_new(w->c->arena, gh_schema_texts);
    if (texts == NULL)
        return gh_schema_no_memory(w->c);
    *texts = t;
    w->schema->texts = texts;
    return true;
}
