/* What the texts of settings about input must look like. */
#include "config/load.h"
#include "contract/field_path.h"
#include "text/dangerous.h"
#include "wire/field.h"

static bool is_visible(gh_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= 0x20 || s.p[i] >= 0x7f)
            return false;
    return s.n > 0;
}

const char *gh_form_document(gh_str s)
{
    gh_str path = gh_str_cut(s, sizeof "upstream:" - 1, s.n);
    if (gh_str_starts(s, GH_STR("http://")) || gh_str_starts(s, GH_STR("https://")))
        return "is not got over the network: write upstream:/openapi.json to ask the upstream for it, or a file's name";
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return "holds control characters";
    if (!gh_str_starts(s, GH_STR("upstream:")))
        return NULL;
    if (path.n == 0 || path.p[0] != '/' || !is_visible(path) || gh_str_find(path, '#') < path.n)
        return "names no path of the upstream: write upstream:/openapi.json";
    return NULL;
}

const char *gh_form_prefix(gh_load *l, gh_str s)
{
    gh_path_pattern pattern;
    if (s.p[0] != '/' || gh_str_ends(s, GH_STR("/")))
        return "is not a prefix: it must begin with \"/\" and not end with it, as in /v1";
    if (!gh_check_pattern(&l->scratch, s, &pattern) || pattern.n_params > 0 || pattern.rest)
        return "is not a prefix: it must be a path without parameters, as in /v1";
    return NULL;
}

const char *gh_form_media_range(gh_load *l, gh_str s, gh_str *ret)
{
    size_t slash = gh_str_find(s, '/');
    gh_str type = gh_str_cut(s, 0, slash), subtype = gh_str_cut(s, slash + 1, s.n);
    if (gh_str_find(s, ';') < s.n)
        return "must have no parameters: only type and subtype are compared, as in application/json";
    if (!gh_is_token(type) || !gh_is_token(subtype) ||
        (gh_str_eq(type, GH_STR("*")) && !gh_str_eq(subtype, GH_STR("*"))))
        return "is not a media type: write application/json, image/* or */*";
    char *lower = gh_arena_alloc(&l->scratch, s.n);
    if (lower == NULL)
        return "needs more memory than there is";
    for (size_t i = 0; i < s.n; i++)
        lower[i] = gh_lower(s.p[i]);
    *ret = (gh_str){lower, s.n};
    return NULL;
}

const char *gh_form_danger(gh_load *l, gh_str s)
{
    static const char *const names[] = {
#define X(id, name, text) name,
        GH_DANGERS(X)
#undef X
    };
    gh_nearest nearest = gh_nearest_to(s);
    char mean[GH_QUOTED_MAX];
    for (size_t i = 0; i < GH_COUNT(names); i++) {
        if (gh_str_eq(s, gh_str_of(names[i])))
            return NULL;
        gh_nearest_offer(&nearest, gh_str_of(names[i]));
    }
    if (gh_nearest_name(&nearest) != NULL)
        return gh_load_reason(l, "is not a check%s", gh_did_you_mean(gh_nearest_name(&nearest), mean));
    return "is not a check: there are script, script_url, sql, traversal, crlf, control, bidi, not_normal and too_long";
}

const char *gh_form_field(gh_load *l, gh_str s, bool of_body)
{
    gh_field_path path;
    const char *why;
    if (!gh_field_path_parse(s, &l->scratch, &path, &why))
        return gh_load_reason(l, "is not a field: %s", why);
    if (of_body && (path.in != GH_IN_BODY || path.all))
        return "is no field of the body, and only those can be rewritten: write /prompt";
    return NULL;
}
