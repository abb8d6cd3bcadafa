#include "edges/secrets/aws_profile.h"

static gh_str trim(gh_str s)
{
    s = gh_str_trim(s);
    if (gh_str_ends(s, GH_STR("\r")))
        s = gh_str_trim(gh_str_cut(s, 0, s.n - 1));
    return s;
}

/* "[name]", also "[profile name]" as in AWS's other file. */
static bool is_section(gh_str line, gh_str *ret_name)
{
    if (line.n < 2 || line.p[0] != '[')
        return false;
    gh_str name = trim(gh_str_cut(line, 1, gh_str_find(line, ']')));
    static const gh_str word = GH_STR_INIT("profile ");
    if (gh_str_starts(name, word))
        name = trim(gh_str_cut(name, word.n, name.n));
    *ret_name = name;
    return true;
}

static void take(gh_str line, gh_aws_credentials *c)
{
    size_t equals = gh_str_find(line, '=');
    if (equals == line.n)
        return;
    gh_str name = trim(gh_str_cut(line, 0, equals)), value = trim(gh_str_cut(line, equals + 1, line.n));
    if (gh_str_eq_nocase(name, GH_STR("aws_access_key_id")))
        c->access_key_id = value;
    else if (gh_str_eq_nocase(name, GH_STR("aws_secret_access_key")))
        c->secret_access_key = value;
    else if (gh_str_eq_nocase(name, GH_STR("aws_session_token")))
        c->session_token = value.n > 0 ? value : (gh_str){NULL, 0};
}

enum gh_aws_profile gh_aws_read_profile(gh_str text, gh_str profile, gh_aws_credentials *ret,
                                        const char **ret_why)
{
    gh_aws_credentials c = {.expires_s = 0};
    gh_str line, name;
    bool within = false, found = false;
    while (gh_str_next(&text, '\n', &line)) {
        bool nested = line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t');
        line = trim(line);
        if (line.n == 0 || nested || line.p[0] == '#' || line.p[0] == ';')
            continue;
        if (is_section(line, &name))
            found = (within = gh_str_eq(name, profile)) || found;
        else if (within)
            take(line, &c);
    }
    if (!found)
        return GH_AWS_PROFILE_ABSENT;
    *ret_why =
        "has no aws_access_key_id and aws_secret_access_key (roles, SSO and credential_process are not read)";
    if (c.access_key_id.n == 0 || c.secret_access_key.n == 0)
        return GH_AWS_PROFILE_UNUSABLE;
    *ret_why = "has a key with characters that no key has";
    if (!gh_aws_is_visible(c.access_key_id) || !gh_aws_is_visible(c.secret_access_key) ||
        !gh_aws_is_visible(c.session_token))
        return GH_AWS_PROFILE_UNUSABLE;
    *ret = c;
    return GH_AWS_PROFILE_FOUND;
}
