/* What the texts of settings about identity must look like. */
#include "config/load.h"

static bool is_word(gh_str s, const char *more)
{
    gh_str others = gh_str_of(more);
    for (size_t i = 0; i < s.n; i++) {
        char c = gh_lower(s.p[i]);
        if (!((c >= 'a' && c <= 'z') || gh_is_digit(c) || gh_str_find(others, c) < others.n))
            return false;
    }
    return s.n > 0;
}

const char *gh_form_permission(gh_str s)
{
    if (s.n > 64)
        return "is too long: a permission has at most 64 characters";
    return is_word(s, "_-.:")
               ? NULL
               : "is not a permission: only letters, digits, \"_\", \"-\", \".\" and \":\" are, "
                 "as in content:read";
}

const char *gh_form_grant(gh_str s)
{
    gh_str role = gh_str_cut(s, sizeof "role:" - 1, s.n);
    if (gh_str_eq(s, GH_STR("*")))
        return NULL;
    if (gh_str_find(s, '*') < s.n)
        return "is not a permission: \"*\" stands for all of them only, alone; name each that is meant";
    if (gh_str_starts(s, GH_STR("role:")))
        return is_word(role, "_-.") ? NULL : "names no role: write role:NAME";
    return gh_form_permission(s);
}

const char *gh_form_scope(gh_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= 0x20 || s.p[i] >= 0x7f || s.p[i] == '"' || s.p[i] == '\\')
            return "is not a scope: only visible ASCII characters are, without \" and \\, as in content:read";
    return s.n > 0 && s.n <= 64 ? NULL : "is not a scope: one has 1 to 64 characters";
}

const char *gh_form_proof(gh_load *l, gh_str s)
{
    static const char *const names[] = {"session", "token", "api_key"};
    gh_nearest nearest = gh_nearest_to(s);
    char mean[GH_QUOTED_MAX];
    for (size_t i = 0; i < GH_COUNT(names); i++) {
        if (gh_str_eq(s, gh_str_of(names[i])))
            return NULL;
        gh_nearest_offer(&nearest, gh_str_of(names[i]));
    }
    return gh_load_reason(l, "is not one of session, token, api_key%s",
                          gh_did_you_mean(gh_nearest_name(&nearest), mean));
}

static const char *check_address(gh_str s)
{
    gh_str host = gh_str_cut(s, gh_str_find(s, '/') + 2, s.n);
    host = gh_str_cut(host, 0, gh_str_find(host, '/'));
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= 0x20 || s.p[i] >= 0x7f || s.p[i] == '#')
            return "is not an address: only visible ASCII characters are, without \"#\"";
    if (host.n == 0)
        return "names no host: write https://host/path";
    return NULL;
}

const char *gh_form_jwks(gh_str s)
{
    if (gh_str_starts(s, GH_STR("https://")) || gh_str_starts(s, GH_STR("http://")))
        return check_address(s);
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return "holds control characters";
    return NULL;
}
