#include "contract/field_path.h"

static bool refuse(const char **ret_why, const char *why)
{
    *ret_why = why;
    return false;
}

/* One token of a JSON Pointer (RFC 6901 section 4), decoded; absent for "*". */
static bool parse_token(gh_str token, gh_arena *arena, gh_str *ret, const char **ret_why)
{
    *ret = (gh_str){NULL, 0};
    if (token.n == 0)
        return refuse(ret_why, "a name between slashes is empty");
    if (gh_str_eq(token, GH_STR("*")))
        return true;
    char *to = gh_arena_alloc(arena, token.n);
    if (to == NULL)
        return refuse(ret_why, "out of memory");
    gh_buf out = gh_buf_over(to, token.n);
    for (size_t i = 0; i < token.n; i++) {
        char c = token.p[i];
        if (c == '~') {
            char next = i + 1 < token.n ? token.p[++i] : '\0';
            if (next != '0' && next != '1')
                return refuse(ret_why, "\"~\" is written ~0, and \"/\" in a name ~1");
            c = next == '0' ? '~' : '/';
        }
        gh_buf_char(&out, c);
    }
    *ret = gh_buf_str(&out);
    return true;
}

static bool parse_pointer(gh_str pointer, gh_arena *arena, gh_field_path *ret, const char **ret_why)
{
    gh_str rest = gh_str_cut(pointer, 1, pointer.n), token;
    ret->in = GH_IN_BODY;
    while (gh_str_next(&rest, '/', &token)) {
        if (ret->n_steps == GH_FIELD_PATH_STEPS)
            return refuse(ret_why, "more than 16 levels");
        if (!parse_token(token, arena, &ret->steps[ret->n_steps], ret_why))
            return false;
        ret->n_steps++;
    }
    return true;
}

static bool parse_parameter(gh_str text, gh_arena *arena, gh_field_path *ret, const char **ret_why)
{
    static const struct {
        gh_str name;
        enum gh_in in;
    } places[] = {{GH_STR_INIT("query"), GH_IN_QUERY},
                  {GH_STR_INIT("path"), GH_IN_PATH},
                  {GH_STR_INIT("header"), GH_IN_HEADER},
                  {GH_STR_INIT("cookie"), GH_IN_COOKIE}};
    size_t dot = gh_str_find(text, '.');
    gh_str where = gh_str_cut(text, 0, dot), name = gh_str_cut(text, dot + 1, text.n);
    size_t i = 0;
    while (i < GH_COUNT(places) && !gh_str_eq(where, places[i].name))
        i++;
    if (i == GH_COUNT(places) || dot == text.n)
        return refuse(ret_why,
                      "neither \"*\", nor a name in the body like /prompt, nor query., path., header. or "
                      "cookie. with a name");
    if (name.n == 0)
        return refuse(ret_why, "the name of the parameter is missing");
    name = gh_arena_copy(arena, name);
    if (name.p == NULL)
        return refuse(ret_why, "out of memory");
    ret->in = (uint8_t)places[i].in;
    ret->name = name;
    return true;
}

bool gh_field_path_parse(gh_str text, gh_arena *arena, gh_field_path *ret, const char **ret_why)
{
    *ret = (gh_field_path){.text = text, .in = GH_IN_BODY};
    if (gh_str_eq(text, GH_STR("*"))) {
        ret->all = true;
        return true;
    }
    if (text.n > 0 && text.p[0] == '/')
        return parse_pointer(text, arena, ret, ret_why);
    return parse_parameter(text, arena, ret, ret_why);
}
