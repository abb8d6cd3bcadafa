/* What changed in one operation: its parameters, body and answers. */
#include "openapi/diff.h"

enum { PART_MAX = 256 };

/* Both lists of one operation: its own, and those of its path that it does not declare itself. */
typedef struct parameters {
    const gh_json *items[GH_OA_PARAMETERS_SEEN];
    unsigned n;
} parameters;

static gh_str text_of(const gh_json *object, gh_str name)
{
    const gh_json *value = gh_json_get(object, name);
    return value != NULL && value->type == GH_JSON_STRING ? value->text : (gh_str){NULL, 0};
}

static bool flag_of(const gh_json *object, gh_str name)
{
    const gh_json *value = gh_json_get(object, name);
    return value != NULL && value->type == GH_JSON_TRUE;
}

static bool is_in(const gh_json *parameter, const char *in)
{
    return gh_str_eq(text_of(parameter, GH_STR("in")), gh_str_of(in));
}

static bool is_same_name(const gh_json *a, const gh_json *b)
{
    gh_str x = text_of(a, GH_STR("name")), y = text_of(b, GH_STR("name"));
    return is_in(a, "header") ? gh_str_eq_nocase(x, y) : gh_str_eq(x, y);
}

static void add_parameters(gh_oa_diff *d, gh_oa_side *side, const gh_json *list, parameters *ret)
{
    if (list == NULL || list->type != GH_JSON_ARRAY)
        return;
    for (const gh_json *item = list->first; item != NULL; item = item->next) {
        const gh_json *parameter = gh_oa_deref(d, side, item);
        bool known = parameter == NULL;
        for (unsigned i = 0; i < ret->n && !known; i++)
            known = gh_str_eq(text_of(ret->items[i], GH_STR("in")), text_of(parameter, GH_STR("in"))) &&
                    is_same_name(ret->items[i], parameter);
        if (known)
            continue;
        if (ret->n == GH_OA_PARAMETERS_SEEN) {
            d->cut = true;
            return;
        }
        ret->items[ret->n++] = parameter;
    }
}

static void parameters_of(gh_oa_diff *d, gh_oa_side *side, const gh_oa_operation *o, parameters *ret)
{
    ret->n = 0;
    add_parameters(d, side, gh_json_lit(o->operation, "parameters"), ret);
    add_parameters(d, side, gh_json_lit(o->item, "parameters"), ret);
}

/* The number of {name} in a template, from 1; 0: it is not there. */
static unsigned position_in(gh_str path, gh_str name)
{
    unsigned n = 0;
    for (size_t i = 0; i < path.n; i++) {
        if (path.p[i] != '{')
            continue;
        n++;
        gh_str rest = gh_str_cut(path, i + 1, path.n);
        if (gh_str_eq(gh_str_cut(rest, 0, gh_str_find(rest, '}')), name))
            return n;
    }
    return 0;
}

/* A path's parameters are told by where they stand: their names are nobody's business but the document's. */
static bool is_same(const gh_json *a, gh_str a_path, const gh_json *b, gh_str b_path)
{
    if (!gh_str_eq(text_of(a, GH_STR("in")), text_of(b, GH_STR("in"))))
        return false;
    if (!is_in(a, "path"))
        return is_same_name(a, b);
    unsigned x = position_in(a_path, text_of(a, GH_STR("name")));
    unsigned y = position_in(b_path, text_of(b, GH_STR("name")));
    return x == y && (x != 0 || is_same_name(a, b));
}

static const gh_json *find_parameter(const parameters *in, gh_str path, const gh_json *like, gh_str like_path)
{
    for (unsigned i = 0; i < in->n; i++)
        if (is_same(like, like_path, in->items[i], path))
            return in->items[i];
    return NULL;
}

/* "query q", as what the following lines are about. */
static void begin_part(gh_oa_diff *d, const char *what, gh_str name, char memory[PART_MAX])
{
    char shown[GH_OA_SHOWN_MAX];
    gh_buf b = gh_buf_over(memory, PART_MAX);
    gh_buf_put(&b, gh_str_of(what));
    if (name.n > 0) {
        gh_buf_char(&b, ' ');
        gh_str quoted = gh_str_of(gh_oa_show_text(name, shown));
        gh_buf_put(&b, quoted.n > 2 ? gh_str_cut(quoted, 1, quoted.n - 1) : quoted);
    }
    d->part = gh_buf_str(&b);
}

static void begin_parameter(gh_oa_diff *d, const gh_json *parameter, char memory[PART_MAX])
{
    static const char *const places[] = {"query", "path", "header", "cookie"};
    const char *place = "parameter";
    for (size_t i = 0; i < GH_COUNT(places); i++)
        if (is_in(parameter, places[i]))
            place = places[i];
    begin_part(d, place, text_of(parameter, GH_STR("name")), memory);
}

static const gh_json *first_media(const gh_json *object)
{
    const gh_json *content = gh_json_lit(object, "content");
    return content != NULL && content->type == GH_JSON_OBJECT ? content->first : NULL;
}

static const gh_json *schema_of(const gh_json *parameter)
{
    const gh_json *media = first_media(parameter);
    return media != NULL ? gh_json_lit(media, "schema") : gh_json_lit(parameter, "schema");
}

static bool explodes(const gh_json *parameter)
{
    const gh_json *explode = gh_json_lit(parameter, "explode");
    gh_str style = text_of(parameter, GH_STR("style"));
    bool form = style.p == NULL ? is_in(parameter, "query") || is_in(parameter, "cookie")
                                : gh_str_eq(style, GH_STR("form"));
    return explode == NULL ? form : explode->type == GH_JSON_TRUE;
}

static gh_str style_of(const gh_json *parameter)
{
    gh_str style = text_of(parameter, GH_STR("style"));
    if (style.p != NULL)
        return style;
    return is_in(parameter, "query") || is_in(parameter, "cookie") ? GH_STR("form") : GH_STR("simple");
}

static void compare_parameter(gh_oa_diff *d, const gh_json *a, const gh_json *b)
{
    bool was = flag_of(a, GH_STR("required")), is = flag_of(b, GH_STR("required"));
    if (was != is)
        gh_oa_change(d, NULL, is ? GH_OA_NARROWER : GH_OA_WIDER, is ? "now required" : "no longer required");
    bool written = !gh_str_eq(style_of(a), style_of(b)) || explodes(a) != explodes(b) ||
                   (first_media(a) == NULL) != (first_media(b) == NULL);
    if (written)
        gh_oa_change(d, NULL, GH_OA_BREAKING, "is written in another way (style, explode or content)");
    if (flag_of(a, GH_STR("allowEmptyValue")) && !flag_of(b, GH_STR("allowEmptyValue")))
        gh_oa_change(d, NULL, GH_OA_NARROWER, "may no longer be empty");
    gh_oa_diff_schemas(d, schema_of(a), schema_of(b));
}

static void compare_parameters(gh_oa_diff *d, const gh_oa_operation *before, const gh_oa_operation *after)
{
    char part[PART_MAX];
    parameters old, new;
    parameters_of(d, &d->before, before, &old);
    parameters_of(d, &d->after, after, &new);
    for (unsigned i = 0; i < old.n; i++) {
        const gh_json *other = find_parameter(&new, after->path, old.items[i], before->path);
        begin_parameter(d, old.items[i], part);
        if (other == NULL)
            gh_oa_change(d, NULL, GH_OA_FINE, "removed");
        else
            compare_parameter(d, old.items[i], other);
    }
    for (unsigned i = 0; i < new.n; i++) {
        bool required = flag_of(new.items[i], GH_STR("required"));
        if (find_parameter(&old, before->path, new.items[i], after->path) != NULL)
            continue;
        begin_parameter(d, new.items[i], part);
        gh_oa_change(d, NULL, required && !is_in(new.items[i], "path") ? GH_OA_BREAKING : GH_OA_FINE,
                     required ? "added, required" : "added");
    }
}

/* ---- bodies ---- */

static void compare_content(gh_oa_diff *d, const gh_json *a, const gh_json *b, const char *what,
                            gh_str status)
{
    char part[PART_MAX], shown[GH_OA_SHOWN_MAX];
    const gh_json *old = gh_json_lit(a, "content"), *new = gh_json_lit(b, "content");
    begin_part(d, what, status, part);
    const gh_json *first = old != NULL && old->type == GH_JSON_OBJECT ? old->first : NULL;
    for (const gh_json *m = first; m != NULL; m = m->next) {
        const gh_json *other = gh_json_get(new, m->key);
        if (other == NULL)
            gh_oa_change(d, NULL, GH_OA_BREAKING, "the type %s removed", gh_oa_show_text(m->key, shown));
        else
            gh_oa_diff_schemas(d, gh_json_lit(m, "schema"), gh_json_lit(other, "schema"));
    }
    first = new != NULL &&new->type == GH_JSON_OBJECT ? new->first : NULL;
    for (const gh_json *m = first; m != NULL; m = m->next)
        if (gh_json_get(old, m->key) == NULL)
            gh_oa_change(d, NULL, GH_OA_FINE, "the type %s added", gh_oa_show_text(m->key, shown));
}

static void compare_body(gh_oa_diff *d, const gh_oa_operation *before, const gh_oa_operation *after)
{
    const gh_json *a = gh_oa_deref(d, &d->before, gh_json_lit(before->operation, "requestBody"));
    const gh_json *b = gh_oa_deref(d, &d->after, gh_json_lit(after->operation, "requestBody"));
    bool was = flag_of(a, GH_STR("required")), is = flag_of(b, GH_STR("required"));
    d->part = GH_STR("request body");
    if (a == NULL && b != NULL)
        gh_oa_change(d, NULL, is ? GH_OA_BREAKING : GH_OA_FINE, is ? "added, required" : "added");
    if (a != NULL && b == NULL)
        gh_oa_change(d, NULL, GH_OA_BREAKING, "removed");
    if (a == NULL || b == NULL)
        return;
    if (was != is)
        gh_oa_change(d, NULL, is ? GH_OA_NARROWER : GH_OA_WIDER, is ? "now required" : "no longer required");
    compare_content(d, a, b, "request body", (gh_str){NULL, 0});
}

static void compare_responses(gh_oa_diff *d, const gh_oa_operation *before, const gh_oa_operation *after)
{
    char part[PART_MAX];
    const gh_json *old = gh_json_lit(before->operation, "responses");
    const gh_json *new = gh_json_lit(after->operation, "responses");
    d->response = true;
    const gh_json *first = old != NULL && old->type == GH_JSON_OBJECT ? old->first : NULL;
    for (const gh_json *m = first; m != NULL; m = m->next) {
        const gh_json *other = gh_json_get(new, m->key);
        if (other != NULL) {
            compare_content(d, gh_oa_deref(d, &d->before, m), gh_oa_deref(d, &d->after, other), "response",
                            m->key);
            continue;
        }
        begin_part(d, "response", m->key, part);
        gh_oa_change(d, NULL, GH_OA_BREAKING, "removed");
    }
    first = new != NULL &&new->type == GH_JSON_OBJECT ? new->first : NULL;
    for (const gh_json *m = first; m != NULL; m = m->next) {
        begin_part(d, "response", m->key, part);
        if (gh_json_get(old, m->key) == NULL)
            gh_oa_change(d, NULL, GH_OA_FINE, "added");
    }
    d->response = false;
}

/* ---- security ---- */

static const gh_json *security_of(const gh_oa_side *side, const gh_json *operation)
{
    const gh_json *own = gh_json_lit(operation, "security");
    const gh_json *list = own != NULL ? own : gh_json_lit(side->refs.document, "security");
    return list != NULL && list->type == GH_JSON_ARRAY && list->n > 0 ? list : NULL;
}

/* Is every way in still one? */
static bool all_among(const gh_json *list, const gh_json *other)
{
    enum { WAYS_MAX = 64 };
    unsigned n = 0;
    for (const gh_json *item = list == NULL ? NULL : list->first; item != NULL && n < WAYS_MAX;
         item = item->next, n++) {
        const gh_json *at = other == NULL ? NULL : other->first;
        for (unsigned k = 0; at != NULL && k < WAYS_MAX && !gh_json_equal(item, at); k++)
            at = at->next;
        if (at == NULL)
            return false;
    }
    return true;
}

static void compare_security(gh_oa_diff *d, const gh_oa_operation *before, const gh_oa_operation *after)
{
    char old[GH_OA_SHOWN_MAX], new[GH_OA_SHOWN_MAX];
    const gh_json *a = security_of(&d->before, before->operation),
                  *b = security_of(&d->after, after->operation);
    bool kept = a == NULL ? b == NULL : b == NULL || all_among(a, b);
    d->part = GH_STR("security");
    if (!kept || (a != NULL && b == NULL) || !all_among(b, a))
        gh_oa_change(d, NULL, kept ? GH_OA_FINE : GH_OA_BREAKING, "%s -> %s", gh_oa_show(a, old),
                     gh_oa_show(b, new));
}

void gh_oa_diff_operation(gh_oa_diff *d, const gh_oa_operation *before, const gh_oa_operation *after)
{
    d->response = false;
    compare_parameters(d, before, after);
    compare_body(d, before, after);
    compare_responses(d, before, after);
    compare_security(d, before, after);
    d->part = (gh_str){NULL, 0};
}
