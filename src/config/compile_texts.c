/* dangerous_content and sanitize into what a route's controls read. */
#include "config/compile.h"
#include "contract/texts.h"

static bool no_memory(gh_report *report)
{
    gh_report_error(report, NULL, 0, 0, "out of memory while compiling dangerous_content and sanitize");
    return false;
}

/* The texts have been parsed once, when they were read: only memory can be missing. */
static bool compile_fields(gh_policy *p, const gh_str_list *list, gh_field_path **ret)
{
    const char *why = NULL;
    *ret = gh_arena_array(&p->arena, list->n + 1u, sizeof **ret);
    for (unsigned i = 0; *ret != NULL && i < list->n; i++)
        if (!gh_field_path_parse(list->items[i], &p->arena, &(*ret)[i], &why))
            return false;
    return *ret != NULL;
}

static gh_danger_set checks_of(const gh_str_list *list)
{
    gh_danger_set set = 0;
    for (unsigned i = 0; i < list->n; i++)
        for (unsigned d = 0; d < GH_DANGER_COUNT; d++)
            if (gh_str_eq(list->items[i], gh_danger_name((enum gh_danger)d)))
                set |= UINT32_C(1) << d;
    return set;
}

/* own: the route's, NULL for the fallback. */
static bool compile_dangers(gh_policy *p, const gh_dangerous_config *all, const gh_dangerous_config *own,
                            gh_input_policy *to)
{
    const gh_str_list *checks = own != NULL && own->checks.items != NULL ? &own->checks : &all->checks;
    const gh_str_list *fields = own != NULL && own->fields.items != NULL ? &own->fields : &all->fields;
    int mode = own != NULL && own->mode >= 0 ? own->mode : all->mode;
    to->dangers = checks_of(checks);
    to->dangers_observe = mode == GH_MODE_OBSERVE;
    to->danger_length = own != NULL && own->max_length != UINT64_MAX ? own->max_length : all->max_length;
    if (to->dangers == 0)
        return true;
    to->n_danger_fields = fields->n;
    if (!compile_fields(p, fields, &to->danger_fields))
        return false;
    for (unsigned i = 0; i < fields->n; i++)
        to->texts_in_body =
            to->texts_in_body || to->danger_fields[i].all || to->danger_fields[i].in == GH_IN_BODY;
    return true;
}

static bool add_rewrites(gh_policy *p, const gh_str_list *list, enum gh_rewrite_how how, size_t max_length,
                         gh_input_policy *to)
{
    const char *why = NULL;
    for (unsigned i = 0; i < list->n; i++) {
        gh_rewrite *r = &to->rewrites[to->n_rewrites];
        if (!gh_field_path_parse(list->items[i], &p->arena, &r->field, &why))
            return false;
        r->how = (uint8_t)how;
        r->max_length = max_length;
        to->n_rewrites++;
    }
    return true;
}

static bool compile_rewrites(gh_policy *p, const gh_sanitize_config *from, gh_input_policy *to)
{
    unsigned n = from->text.n + from->filename.n;
    if (n == 0)
        return true;
    to->rewrites = gh_arena_array(&p->arena, n, sizeof *to->rewrites);
    to->texts_in_body = true;
    return to->rewrites != NULL && add_rewrites(p, &from->text, GH_REWRITE_TEXT, from->max_length, to) &&
           add_rewrites(p, &from->filename, GH_REWRITE_FILENAME, from->max_length, to);
}

bool gh_compile_texts(gh_policy *p, const gh_config *config, gh_report *report)
{
    const gh_dangerous_config *all = &config->dangerous_content;
    bool good = compile_dangers(p, all, NULL, &p->fallback.input);
    for (unsigned i = 0; i < config->n_routes && p->routes != NULL && good; i++)
        good = compile_dangers(p, all, &config->routes[i].dangerous_content, &p->routes[i].input) &&
               compile_rewrites(p, &config->routes[i].sanitize, &p->routes[i].input);
    return good || no_memory(report);
}
