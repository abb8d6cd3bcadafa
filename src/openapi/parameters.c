/* Parameters in path, query, header and cookie. */
#include "openapi/load.h"

static const char parameter_fields[] =
    "name in description required deprecated allowEmptyValue style explode "
    "allowReserved schema example examples content";

static bool read_in(gh_oa_load *l, const gh_oa_at *at, enum gh_in *ret)
{
    gh_oa_at in = gh_oa_lit(at, "in");
    if (in.node == NULL)
        return gh_oa_say(l, GH_OPENAPI_ERROR, at, "has no \"in\": query, path, header or cookie");
    if (!gh_oa_is(l, &in, GH_JSON_STRING))
        return false;
    for (unsigned i = GH_IN_QUERY; i <= GH_IN_COOKIE; i++) {
        if (gh_str_eq(in.node->text, gh_in_name((enum gh_in)i))) {
            *ret = (enum gh_in)i;
            return true;
        }
    }
    return gh_oa_say(l, GH_OPENAPI_ERROR, &in, "must be query, path, header or cookie%s",
                     gh_str_eq(in.node->text, GH_STR("body")) || gh_str_eq(in.node->text, GH_STR("formData"))
                         ? "; bodies are in requestBody since OpenAPI 3.0"
                         : "");
}

static bool is_in_template(const gh_path_pattern *pattern, gh_str name)
{
    for (unsigned i = 0; i < pattern->n_segments; i++)
        if (pattern->segments[i].text.p == NULL && gh_str_eq(pattern->segments[i].name, name))
            return true;
    return false;
}

static bool check_path_parameter(gh_oa_load *l, const gh_oa_at *at, const gh_parameter *p,
                                 const gh_path_pattern *pattern)
{
    char path[GH_OA_QUOTED_MAX], name[GH_OA_QUOTED_MAX];
    if (!p->required)
        (void)gh_oa_say(l, GH_OPENAPI_ERROR, at, "a path parameter needs \"required\": true");
    return is_in_template(pattern, p->name) ||
           gh_oa_say(l, GH_OPENAPI_ERROR, at, "the path %s has no parameter %s",
                     gh_oa_quoted(pattern->text, path), gh_oa_quoted(p->name, name));
}

/* OpenAPI passes over these; they are said elsewhere (content, security). */
static bool is_ignored_header(gh_str name)
{
    return gh_str_eq_nocase(name, GH_STR("Accept")) || gh_str_eq_nocase(name, GH_STR("Content-Type")) ||
           gh_str_eq_nocase(name, GH_STR("Authorization"));
}

static gh_str lower(gh_oa_load *l, gh_str text)
{
    char *to = gh_arena_alloc(l->arena, text.n);
    if (to == NULL) {
        (void)gh_oa_no_memory(l);
        return text;
    }
    for (size_t i = 0; i < text.n; i++)
        to[i] = gh_lower(text.p[i]);
    return (gh_str){to, text.n};
}

/* `content` with its one media type. */
static void read_content(gh_oa_load *l, const gh_oa_at *content, gh_parameter *p)
{
    gh_media *media = NULL;
    unsigned n = 0;
    if (!gh_oa_content(l, content, GH_SCHEMA_REQUEST, &media, &n))
        return;
    if (n != 1) {
        (void)gh_oa_say(l, GH_OPENAPI_ERROR, content, "must hold exactly one media type, not %u", n);
        return;
    }
    p->json = media[0].kind == GH_MEDIA_JSON;
    p->schema = p->json ? media[0].schema : NULL;
    if (!p->json)
        (void)gh_oa_say(l, GH_OPENAPI_UNENFORCED, content,
                        "of a parameter with content only JSON is looked into; any text passes");
}

/* What OpenAPI leaves without a meaning. */
static void look_at_types(gh_oa_load *l, const gh_oa_at *at, const gh_parameter *p)
{
    unsigned types = p->schema == NULL ? GH_TYPE_BITS_ALL : gh_schema_types(p->schema);
    unsigned groups = types & (GH_TYPE_BIT_ARRAY | GH_TYPE_BIT_OBJECT);
    bool only_groups = groups != 0 && (types & ~(groups | GH_TYPE_BIT_NULL)) == 0;
    if (p->json || !only_groups)
        return;
    if (p->in == GH_IN_COOKIE && p->explode)
        (void)gh_oa_say(
            l, GH_OPENAPI_UNENFORCED, at,
            "OpenAPI does not say how an array or object is put into cookies; set explode: false");
    if (p->style == GH_STYLE_DEEP_OBJECT && (types & GH_TYPE_BIT_ARRAY) != 0)
        (void)gh_oa_say(l, GH_OPENAPI_UNENFORCED, at, "OpenAPI does not say how deepObject writes an array");
}

static void read_value(gh_oa_load *l, const gh_oa_at *at, gh_parameter *p)
{
    gh_oa_at schema = gh_oa_lit(at, "schema"), content = gh_oa_lit(at, "content");
    gh_oa_style(l, at, (enum gh_in)p->in, &p->style, &p->explode);
    if (schema.node != NULL && content.node != NULL)
        (void)gh_oa_say(l, GH_OPENAPI_ERROR, at, "has both \"schema\" and \"content\"; one of them");
    else if (content.node != NULL)
        read_content(l, &content, p);
    else if (schema.node != NULL)
        p->schema = gh_oa_schema(l, &schema, GH_SCHEMA_REQUEST);
    else
        (void)gh_oa_say(l, GH_OPENAPI_UNENFORCED, at, "has no schema: any text passes");
    if (gh_oa_flag(l, at, GH_STR("allowReserved"), false))
        gh_oa_say_once(l, GH_OA_ONCE_RESERVED, GH_OPENAPI_UNENFORCED, at,
                       "allowReserved: reserved characters are taken escaped or as they are, everywhere");
    look_at_types(l, at, p);
}

/* False: an error, or one that OpenAPI passes over. */
static bool read_parameter(gh_oa_load *l, const gh_oa_at *at, const gh_path_pattern *pattern,
                           gh_parameter *ret)
{
    enum gh_in in = GH_IN_QUERY;
    if (!gh_oa_is(l, at, GH_JSON_OBJECT))
        return false;
    gh_oa_fields(l, at, parameter_fields);
    gh_oa_at name = gh_oa_lit(at, "name");
    if (name.node == NULL)
        (void)gh_oa_say(l, GH_OPENAPI_ERROR, at, "has no \"name\"");
    if (!read_in(l, at, &in) || !gh_oa_is(l, &name, GH_JSON_STRING))
        return false;
    if (name.node->text.n == 0)
        return gh_oa_say(l, GH_OPENAPI_ERROR, &name, "must not be empty");
    *ret = (gh_parameter){.name = name.node->text,
                          .in = (uint8_t)in,
                          .required = gh_oa_flag(l, at, GH_STR("required"), false),
                          .allow_empty = gh_oa_flag(l, at, GH_STR("allowEmptyValue"), false)};
    if (in == GH_IN_HEADER && is_ignored_header(ret->name)) {
        gh_oa_say_once(l, GH_OA_ONCE_IGNORED_HEADERS, GH_OPENAPI_UNENFORCED, at,
                       "OpenAPI passes over header parameters named Accept, Content-Type and Authorization");
        return false;
    }
    if (in == GH_IN_HEADER)
        ret->name = lower(l, ret->name);
    if (in == GH_IN_PATH && !check_path_parameter(l, at, ret, pattern))
        return false;
    read_value(l, at, ret);
    return true;
}

static bool is_same(const gh_parameter *a, const gh_parameter *b)
{
    return a->in == b->in && gh_str_eq(a->name, b->name);
}

static bool is_among(const gh_oa_parameters *list, const gh_parameter *p)
{
    for (unsigned i = 0; i < list->n; i++)
        if (is_same(&list->items[i], p))
            return true;
    return false;
}

gh_oa_parameters gh_oa_parameter_list(gh_oa_load *l, const gh_oa_at *list, const gh_path_pattern *pattern)
{
    gh_oa_parameters ret = {NULL, 0};
    char quoted[GH_OA_QUOTED_MAX];
    if (!gh_oa_is(l, list, GH_JSON_ARRAY) || list->node->n == 0)
        return ret;
    if (list->node->n > GH_OA_PARAMETERS_MAX) {
        (void)gh_oa_say(l, GH_OPENAPI_ERROR, list, "more than %d parameters", GH_OA_PARAMETERS_MAX);
        return ret;
    }
    ret.items = gh_arena_array(l->arena, list->node->n, sizeof *ret.items);
    if (ret.items == NULL) {
        (void)gh_oa_no_memory(l);
        return ret;
    }
    unsigned index = 0;
    for (const gh_json *item = list->node->first; item != NULL; item = item->next, index++) {
        gh_oa_at at = gh_oa_child(list, item, index), parameter;
        gh_parameter *p = &ret.items[ret.n];
        if (!gh_oa_follow(l, &at, &parameter) || !read_parameter(l, &parameter, pattern, p))
            continue;
        if (is_among(&ret, p))
            (void)gh_oa_say(l, GH_OPENAPI_ERROR, &at, "the parameter %s occurs twice",
                            gh_oa_quoted(p->name, quoted));
        else
            ret.n++;
    }
    return ret;
}

gh_oa_parameters gh_oa_parameters_merge(gh_oa_load *l, gh_oa_parameters of_path, gh_oa_parameters own)
{
    gh_oa_parameters ret = {NULL, 0};
    if (own.n == 0 || of_path.n == 0)
        return own.n == 0 ? of_path : own;
    ret.items = gh_arena_array(l->arena, (size_t)of_path.n + own.n, sizeof *ret.items);
    if (ret.items == NULL) {
        (void)gh_oa_no_memory(l);
        return own;
    }
    for (unsigned i = 0; i < of_path.n; i++)
        if (!is_among(&own, &of_path.items[i]))
            ret.items[ret.n++] = of_path.items[i];
    memcpy(ret.items + ret.n, own.items, own.n * sizeof *own.items);
    ret.n += own.n;
    return ret;
}
