/* Values of a document, of the kind they have to be. */
#include "openapi/load.h"

static const char *const type_names[] = {
    [GH_JSON_NULL] = "null",       [GH_JSON_FALSE] = "true or false", [GH_JSON_TRUE] = "true or false",
    [GH_JSON_NUMBER] = "a number", [GH_JSON_STRING] = "a text",       [GH_JSON_ARRAY] = "an array",
    [GH_JSON_OBJECT] = "an object"};

bool gh_oa_is(gh_oa_load *l, const gh_oa_at *at, enum gh_json_type type)
{
    if (at->node == NULL)
        return false;
    bool flag = type == GH_JSON_FALSE && at->node->type == GH_JSON_TRUE;
    if (at->node->type == type || flag)
        return true;
    bool comment = at->node->type == GH_JSON_NULL && gh_str_eq(at->token, GH_STR("$ref"));
    return gh_oa_say(l, GH_OPENAPI_ERROR, at, "must be %s, not %s%s", type_names[type],
                     type_names[at->node->type],
                     comment ? "; in YAML # begins a comment: put quotes around it" : "");
}

gh_str gh_oa_text(gh_oa_load *l, const gh_oa_at *object, gh_str name)
{
    gh_oa_at at = gh_oa_member(object, name);
    return gh_oa_is(l, &at, GH_JSON_STRING) ? at.node->text : (gh_str){NULL, 0};
}

bool gh_oa_flag(gh_oa_load *l, const gh_oa_at *object, gh_str name, bool standard)
{
    gh_oa_at at = gh_oa_member(object, name);
    return gh_oa_is(l, &at, GH_JSON_FALSE) ? at.node->type == GH_JSON_TRUE : standard;
}

bool gh_oa_is_extension(gh_str name)
{
    return gh_str_starts(name, GH_STR("x-"));
}

/* Further off than this, a name is another name and not a slip. */
enum { NEAR = 2 };

static bool is_known(const char *known, gh_str name, gh_str *ret_near)
{
    gh_str rest = gh_str_of(known), word;
    unsigned best = NEAR + 1;
    while (gh_str_next(&rest, ' ', &word)) {
        if (gh_str_eq(word, name))
            return true;
        unsigned distance = name.n > 64 ? best : gh_str_distance(name, word, NEAR);
        if (distance < best) {
            best = distance;
            *ret_near = word;
        }
    }
    return false;
}

void gh_oa_fields(gh_oa_load *l, const gh_oa_at *object, const char *known)
{
    char quoted[GH_OA_QUOTED_MAX];
    for (const gh_json *m = object->node->first; m != NULL; m = m->next) {
        gh_str near = {NULL, 0};
        if (gh_oa_is_extension(m->key) || is_known(known, m->key, &near))
            continue;
        gh_oa_at at = gh_oa_child(object, m, 0);
        if (near.p != NULL)
            (void)gh_oa_say(l, GH_OPENAPI_ERROR, &at, "%s is not known here; did you mean %.*s?",
                            gh_oa_quoted(m->key, quoted), (int)near.n, near.p);
        else
            (void)gh_oa_say(l, GH_OPENAPI_UNENFORCED, &at, "%s is not known here and is passed over",
                            gh_oa_quoted(m->key, quoted));
    }
}

void gh_oa_beside_reference(gh_oa_load *l, const gh_oa_at *at)
{
    static const char texts[] =
        "$ref summary description title deprecated example examples default externalDocs";
    char quoted[GH_OA_QUOTED_MAX];
    for (const gh_json *m = at->node->first; m != NULL; m = m->next) {
        gh_str near;
        gh_oa_at member = gh_oa_child(at, m, 0);
        if (!gh_oa_is_extension(m->key) && !is_known(texts, m->key, &near))
            (void)gh_oa_say(l, GH_OPENAPI_UNENFORCED, &member, "%s stands beside a $ref and is passed over",
                            gh_oa_quoted(m->key, quoted));
    }
}

bool gh_oa_follow(gh_oa_load *l, const gh_oa_at *at, gh_oa_at *ret)
{
    char quoted[GH_OA_QUOTED_MAX];
    *ret = *at;
    for (unsigned hops = 0; hops < GH_OA_HOPS_MAX; hops++) {
        const char *why;
        gh_str pointer;
        if (ret->node == NULL)
            return false;
        gh_oa_at ref = gh_oa_lit(ret, "$ref");
        if (ret->node->type != GH_JSON_OBJECT || ref.node == NULL)
            return true;
        if (!gh_oa_is(l, &ref, GH_JSON_STRING))
            return false;
        gh_oa_beside_reference(l, ret);
        const gh_json *found = gh_oa_refs_find(&l->refs, ref.node->text, l->arena, &pointer, &why);
        if (found == NULL)
            return gh_oa_say(l, GH_OPENAPI_ERROR, &ref, "%s: %s", gh_oa_quoted(ref.node->text, quoted), why);
        *ret = (gh_oa_at){.node = found, .token = pointer};
    }
    return gh_oa_say(l, GH_OPENAPI_ERROR, at, "its $ref leads back to itself");
}
