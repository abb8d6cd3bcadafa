#include "edges/secrets/aws_answer.h"

#include "base/base64url.h"
#include "operator/moment.h"
#include "wire/json.h"

static const gh_json_limits limits = {.depth = 32, .values = 10000, .number = 100, .exponent = 1000};

static const gh_json *read_object(gh_str body, gh_arena *arena)
{
    gh_json_error error;
    const gh_json *root = gh_json_read(body, &limits, arena, &error);
    return root != NULL && root->type == GH_JSON_OBJECT ? root : NULL;
}

static bool get_text(const gh_json *object, gh_str name, gh_str *ret)
{
    const gh_json *member = gh_json_get(object, name);
    if (member == NULL || member->type != GH_JSON_STRING)
        return false;
    *ret = member->text;
    return true;
}

/* Base64 with its padding (RFC 4648 section 4). */
static bool decode(gh_str text, gh_arena *arena, gh_str *ret)
{
    size_t n = text.n;
    for (unsigned i = 0; i < 2 && n > 0 && text.p[n - 1] == '='; i++)
        n--;
    char *memory = gh_arena_alloc(arena, n + 1);
    if (memory == NULL || text.n % 4 != 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = text.p[i];
        if (c == '-' || c == '_')
            return false;
        memory[i] = c == '+' ? '-' : c == '/' ? '_' : c;
    }
    if (!gh_base64url_read((gh_str){memory, n}, (uint8_t *)memory))
        return false;
    *ret = (gh_str){memory, gh_base64url_bytes(n)};
    return true;
}

bool gh_aws_read_value(gh_str body, gh_arena *arena, gh_aws_value *ret, const char **ret_why)
{
    gh_str text = {NULL, 0};
    const gh_json *root = read_object(body, arena);
    *ret_why = "its answer is not JSON that can be read";
    if (root == NULL)
        return false;
    if (get_text(root, GH_STR("SecretString"), &text)) {
        *ret = (gh_aws_value){.text = text};
        return true;
    }
    *ret_why = "its answer holds no SecretString and no SecretBinary";
    if (!get_text(root, GH_STR("SecretBinary"), &text))
        return false;
    *ret_why = "its SecretBinary is not base64";
    if (!decode(text, arena, &text))
        return false;
    *ret = (gh_aws_value){.text = text, .binary = true};
    return true;
}

bool gh_aws_read_member(gh_str secret, gh_str name, gh_arena *arena, gh_str *ret, bool *ret_missing,
                        const char **ret_why)
{
    const gh_json *root = read_object(secret, arena);
    *ret_missing = root != NULL && gh_json_get(root, name) == NULL;
    *ret_why = root == NULL   ? "it is not a JSON object, of which one member could be taken"
               : *ret_missing ? "its JSON object has no such member"
                              : "that member of its JSON object is not a string";
    return root != NULL && get_text(root, name, ret);
}

gh_str gh_aws_read_error(gh_str body, gh_arena *arena)
{
    enum { NAME_MAX_BYTES = 64 };
    gh_str name = {NULL, 0};
    const gh_json *root = read_object(body, arena);
    if (root == NULL || !get_text(root, GH_STR("__type"), &name))
        return (gh_str){NULL, 0};
    size_t hash = gh_str_find(name, '#');
    if (hash < name.n)
        name = gh_str_cut(name, hash + 1, name.n);
    for (size_t i = 0; i < name.n; i++) {
        char c = gh_lower(name.p[i]);
        if ((c < 'a' || c > 'z') && !gh_is_digit(c) && c != '.')
            return (gh_str){NULL, 0};
    }
    return name.n > 0 && name.n <= NAME_MAX_BYTES ? name : (gh_str){NULL, 0};
}

bool gh_aws_read_credentials(gh_str body, gh_arena *arena, gh_aws_credentials *ret, const char **ret_why)
{
    gh_aws_credentials c = {.expires_s = 0};
    gh_str code = GH_STR("Success"), expires = {NULL, 0};
    const gh_json *root = read_object(body, arena);
    *ret_why = "its answer is not JSON that can be read";
    if (root == NULL)
        return false;
    *ret_why = "its answer holds no credentials";
    (void)get_text(root, GH_STR("Code"), &code); /* an instance says it, a container does not */
    if (!gh_str_eq(code, GH_STR("Success")) || !get_text(root, GH_STR("AccessKeyId"), &c.access_key_id) ||
        !get_text(root, GH_STR("SecretAccessKey"), &c.secret_access_key) || c.access_key_id.n == 0 ||
        c.secret_access_key.n == 0 || !gh_aws_is_visible(c.access_key_id) ||
        !gh_aws_is_visible(c.secret_access_key))
        return false;
    if (get_text(root, GH_STR("Token"), &c.session_token) && !gh_aws_is_visible(c.session_token))
        return false;
    *ret_why = "its answer has an Expiration that is no time";
    if (get_text(root, GH_STR("Expiration"), &expires) && !gh_moment_read(expires, &c.expires_s))
        return false;
    *ret = c;
    return true;
}
