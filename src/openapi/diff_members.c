/* Members of objects: named, required, and all the others. */
#include "openapi/diff.h"

static const gh_json anything = {.type = GH_JSON_TRUE};

/* Required of who writes: not what only the server sets (OpenAPI 3.1 section 4.8.24.3). */
static bool is_required(const gh_oa_comparison *c, const gh_oa_view *view, const gh_json *property)
{
    gh_oa_side *side = view == &c->before ? &c->d->before : &c->d->after;
    if (!gh_oa_view_requires(view, property->key))
        return false;
    const gh_json *schema = gh_oa_deref(c->d, side, property);
    const gh_json *not_here =
        c->d->response ? gh_json_lit(schema, "writeOnly") : gh_json_lit(schema, "readOnly");
    return not_here == NULL || not_here->type != GH_JSON_TRUE;
}

static void property_removed(const gh_oa_comparison *c, const gh_oa_step *step)
{
    /* Where anything may be sent besides, it may still be sent. */
    bool refused = c->d->response || gh_oa_view_closed(&c->after);
    gh_oa_change(c->d, step, refused ? GH_OA_BREAKING : GH_OA_FINE, "removed");
}

static void property_added(const gh_oa_comparison *c, const gh_oa_step *step, bool required)
{
    gh_oa_change(c->d, step, required && !c->d->response ? GH_OA_BREAKING : GH_OA_FINE,
                 required ? "added, required" : "added");
}

static void property_stayed(const gh_oa_comparison *c, const gh_json *a, const gh_json *b)
{
    const gh_oa_step step = {c->step, a->key};
    bool was = is_required(c, &c->before, a), is = is_required(c, &c->after, b);
    if (was != is)
        gh_oa_change(c->d, &step, is ? GH_OA_NARROWER : GH_OA_WIDER,
                     is ? "now required" : "no longer required");
    gh_oa_diff_later(c->d, a, b, c->step, a->key);
}

/* Calls for each property of one view, once; where two parts have it, the first one's counts. */
static void each_property(const gh_oa_comparison *c, const gh_oa_view *of, bool added)
{
    for (unsigned i = 0; i < of->n; i++) {
        const gh_json *properties = gh_json_lit(of->parts[i], "properties");
        if (properties == NULL || properties->type != GH_JSON_OBJECT)
            continue;
        for (const gh_json *p = properties->first; p != NULL && !c->d->no_memory; p = p->next) {
            const gh_oa_step step = {c->step, p->key};
            const gh_json *other = gh_oa_view_property(added ? &c->before : &c->after, p->key);
            if (gh_oa_view_property(of, p->key) != p)
                continue;
            if (other != NULL && !added)
                property_stayed(c, p, other);
            else if (other == NULL && added)
                property_added(c, &step, is_required(c, of, p));
            else if (other == NULL)
                property_removed(c, &step);
        }
    }
}

/* Names that are required and are no property of either: they may be members all the same. */
static void compare_required(const gh_oa_comparison *c)
{
    for (size_t i = 0; i < c->after.n_required; i++) {
        const gh_json *name = c->after.required[i];
        const gh_oa_step step = {c->step, name->text};
        if (gh_oa_view_property(&c->after, name->text) == NULL &&
            gh_oa_view_property(&c->before, name->text) == NULL &&
            !gh_oa_view_requires(&c->before, name->text))
            gh_oa_change(c->d, &step, GH_OA_NARROWER, "now required");
    }
}

static void compare_additional(const gh_oa_comparison *c)
{
    const gh_str keyword = GH_STR_INIT("additionalProperties");
    const gh_json *a = gh_oa_view_get(&c->before, keyword), *b = gh_oa_view_get(&c->after, keyword);
    bool was = gh_oa_view_closed(&c->before), is = gh_oa_view_closed(&c->after);
    if (was != is) {
        gh_oa_change(c->d, c->step, is ? GH_OA_NARROWER : GH_OA_WIDER,
                     is ? "members that are not named are now refused"
                        : "members that are not named are now taken");
        return;
    }
    if ((a != NULL || b != NULL) && !is)
        gh_oa_diff_later(c->d, a == NULL ? &anything : a, b == NULL ? &anything : b, c->step, GH_STR("*"));
}

void gh_oa_compare_members(const gh_oa_comparison *c)
{
    each_property(c, &c->before, false);
    each_property(c, &c->after, true);
    compare_required(c);
    compare_additional(c);
}
