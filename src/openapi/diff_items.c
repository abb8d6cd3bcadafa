/* Items of arrays, and choices between schemas. */
#include "openapi/diff.h"

enum { CHOICES_MAX = 256 };

static const gh_json anything = {.type = GH_JSON_TRUE};

/* Pydantic 1 writes them as "items". */
static const gh_json *tuple_of(const gh_oa_view *view)
{
    const gh_json *items = gh_oa_view_get(view, GH_STR("prefixItems"));
    if (items == NULL)
        items = gh_oa_view_get(view, GH_STR("items"));
    return items != NULL && items->type == GH_JSON_ARRAY ? items : NULL;
}

void gh_oa_compare_items(const gh_oa_comparison *c)
{
    static const char digits[] = "0123456789";
    const gh_json *a = gh_oa_view_get(&c->before, GH_STR("items")),
                  *b = gh_oa_view_get(&c->after, GH_STR("items"));
    if ((a != NULL && a->type != GH_JSON_ARRAY) || (b != NULL && b->type != GH_JSON_ARRAY))
        gh_oa_diff_later(c->d, a == NULL ? &anything : a, b == NULL ? &anything : b, c->step, GH_STR("*"));
    const gh_json *first = tuple_of(&c->before), *second = tuple_of(&c->after);
    if (first == NULL && second == NULL)
        return;
    if (first == NULL || second == NULL || first->n != second->n) {
        gh_oa_change(c->d, c->step, GH_OA_BREAKING, "prefixItems: %u -> %u items",
                     first == NULL ? 0 : first->n, second == NULL ? 0 : second->n);
        return;
    }
    const gh_json *y = second->first;
    unsigned i = 0;
    for (const gh_json *x = first->first; x != NULL && y != NULL; x = x->next, y = y->next, i++)
        gh_oa_diff_later(c->d, x, y, c->step, i < 10 ? (gh_str){digits + i, 1} : GH_STR("..."));
}

/* What tells alternatives apart: the schema they name, their title, or all they are. */
static bool is_alike(const gh_json *a, const gh_json *b)
{
    gh_str ref = gh_oa_ref_of(a), other = gh_oa_ref_of(b);
    if (ref.p != NULL || other.p != NULL)
        return ref.p != NULL && other.p != NULL && gh_str_eq(ref, other);
    const gh_json *title = gh_json_lit(a, "title"), *second = gh_json_lit(b, "title");
    if (title != NULL && second != NULL)
        return gh_json_equal(title, second);
    return gh_json_equal(a, b);
}

static const gh_json *find_alike(const gh_json *list, const gh_json *alternative)
{
    unsigned n = 0;
    for (const gh_json *item = list->first; item != NULL && n < CHOICES_MAX; item = item->next, n++)
        if (is_alike(alternative, item))
            return item;
    return NULL;
}

static void describe(gh_buf *out, const gh_json *alternative)
{
    char shown[GH_OA_SHOWN_MAX];
    gh_str ref = gh_oa_ref_of(alternative);
    const gh_json *title = gh_json_lit(alternative, "title"), *type = gh_json_lit(alternative, "type");
    if (ref.p != NULL)
        gh_buf_put(out, gh_str_of(gh_oa_show_text(ref, shown)));
    else
        gh_buf_put(out, gh_str_of(gh_oa_show(title != NULL  ? title
                                             : type != NULL ? type
                                                            : alternative,
                                             shown)));
}

static void compare_lists(const gh_oa_comparison *c, const gh_json *list, const gh_json *other, bool added)
{
    unsigned n = 0;
    for (const gh_json *item = list->first; item != NULL && n < CHOICES_MAX; item = item->next, n++) {
        char text[GH_OA_SHOWN_MAX * 2];
        const gh_json *alike = find_alike(other, item);
        if (alike != NULL) {
            if (!added)
                gh_oa_diff_later(c->d, item, alike, c->step, (gh_str){NULL, 0});
            continue;
        }
        gh_buf b = gh_buf_over(text, sizeof text - 1);
        describe(&b, item);
        text[b.n] = '\0';
        gh_oa_change(c->d, c->step, added ? GH_OA_WIDER : GH_OA_NARROWER, "alternative %s %s", text,
                     added ? "added" : "removed");
    }
}

void gh_oa_compare_choices(const gh_oa_comparison *c)
{
    const gh_json *a = c->before.choice, *b = c->after.choice;
    if (a == NULL && b == NULL)
        return;
    if (a == NULL || b == NULL)
        gh_oa_change(c->d, c->step, GH_OA_BREAKING,
                     a == NULL ? "now one of several alternatives" : "no longer one of several alternatives");
    else if (a->n > CHOICES_MAX || b->n > CHOICES_MAX) {
        if (!gh_json_equal(a, b))
            gh_oa_change(c->d, c->step, GH_OA_BREAKING, "the alternatives changed");
    } else {
        compare_lists(c, a, b, false);
        compare_lists(c, b, a, true);
    }
}
