/* How parameters and fields of forms are written (OpenAPI 3.1 section 4.8.12.3). */
#include "openapi/load.h"

enum {
    PATH = 1 << GH_IN_PATH,
    QUERY = 1 << GH_IN_QUERY,
    HEADER = 1 << GH_IN_HEADER,
    COOKIE = 1 << GH_IN_COOKIE
};
enum { BODY = 1 << GH_IN_BODY }; /* fields of a form: as in a query */

static const struct {
    gh_str name;
    enum gh_param_style style;
    unsigned where;
} styles[] = {
    {GH_STR_INIT("simple"), GH_STYLE_SIMPLE, PATH | HEADER},
    {GH_STR_INIT("form"), GH_STYLE_FORM, QUERY | COOKIE | BODY},
    {GH_STR_INIT("spaceDelimited"), GH_STYLE_SPACE_DELIMITED, QUERY | BODY},
    {GH_STR_INIT("pipeDelimited"), GH_STYLE_PIPE_DELIMITED, QUERY | BODY},
    {GH_STR_INIT("deepObject"), GH_STYLE_DEEP_OBJECT, QUERY | BODY},
    {GH_STR_INIT("label"), GH_STYLE_LABEL, PATH},
    {GH_STR_INIT("matrix"), GH_STYLE_MATRIX, PATH},
};

static enum gh_param_style standard_of(enum gh_in in)
{
    return in == GH_IN_PATH || in == GH_IN_HEADER ? GH_STYLE_SIMPLE : GH_STYLE_FORM;
}

void gh_oa_style(gh_oa_load *l, const gh_oa_at *object, enum gh_in in, uint8_t *ret_style, bool *ret_explode)
{
    char quoted[GH_OA_QUOTED_MAX];
    gh_str where = gh_in_name(in);
    gh_oa_at at = gh_oa_lit(object, "style");
    enum gh_param_style style = standard_of(in);
    if (gh_oa_is(l, &at, GH_JSON_STRING)) {
        size_t i = 0;
        while (i < GH_COUNT(styles) && !gh_str_eq(styles[i].name, at.node->text))
            i++;
        if (i < GH_COUNT(styles) && (styles[i].where & 1U << in) != 0)
            style = styles[i].style;
        else
            (void)gh_oa_say(l, GH_OPENAPI_ERROR, &at, "%s is no style of a %.*s",
                            gh_oa_quoted(at.node->text, quoted), (int)where.n, where.p);
    }
    *ret_style = (uint8_t)style;
    /* Objects of brackets are always one pair a member. */
    bool standard = style == GH_STYLE_FORM || style == GH_STYLE_DEEP_OBJECT;
    *ret_explode = gh_oa_flag(l, object, GH_STR("explode"), standard) || style == GH_STYLE_DEEP_OBJECT;
}
