#include "text/dangerous.h"

#include "text/danger_rules.h"
#include "text/decode.h"
#include "text/normal.h"

gh_str gh_danger_name(enum gh_danger danger)
{
    static const gh_str names[GH_DANGER_COUNT] = {
#define X(id, name, text) GH_STR_INIT(name),
        GH_DANGERS(X)
#undef X
    };
    return danger < GH_DANGER_COUNT ? names[danger] : GH_STR("");
}

static bool is_not_normal(const gh_danger_view *view)
{
    return !gh_text_is_nfc(view->text);
}

static bool is_too_long(const gh_danger_view *view)
{
    gh_str rest = view->text;
    for (size_t n = 0; n < view->max_length && rest.n > 0; n++)
        (void)gh_text_next(&rest);
    return rest.n > 0;
}

/* One row a check, in the order of GH_DANGERS. `layers`: of escapes that are undone for it. */
static const struct rule {
    bool (*finds)(const gh_danger_view *view);
    unsigned layers;
} rules[GH_DANGER_COUNT] = {
    [GH_DANGER_SCRIPT] = {gh_danger_html, GH_DANGER_LAYERS},
    [GH_DANGER_SCRIPT_URL] = {gh_danger_scheme, GH_DANGER_LAYERS},
    [GH_DANGER_SQL] = {gh_danger_sql, GH_DANGER_LAYERS},
    [GH_DANGER_TRAVERSAL] = {gh_danger_path, GH_DANGER_LAYERS},
    [GH_DANGER_CRLF] = {gh_danger_break, GH_DANGER_LAYERS},
    [GH_DANGER_CONTROL] = {gh_danger_control, GH_DANGER_LAYERS},
    [GH_DANGER_BIDI] = {gh_danger_bidi, GH_DANGER_LAYERS},
    [GH_DANGER_NOT_NORMAL] = {is_not_normal, 0},
    [GH_DANGER_TOO_LONG] = {is_too_long, 0},
};

struct views {
    gh_danger_view items[GH_DANGER_LAYERS + 1];
    unsigned n;
};

/* The ways to look at the text, as many as differ. */
static bool make_views(gh_str text, size_t max_length, unsigned layers, gh_arena *scratch, struct views *ret)
{
    *ret = (struct views){.n = 1};
    ret->items[0] = (gh_danger_view){.text = text, .max_length = max_length};
    for (unsigned i = 0;; i++) {
        gh_danger_view *view = &ret->items[i];
        if (!gh_text_fold(view->text, scratch, &view->folded))
            return false;
        view->written = ret->items[0].folded;
        gh_str decoded;
        if (i == layers)
            return true;
        if (!gh_text_decode(view->text, scratch, &decoded))
            return false;
        if (decoded.p == view->text.p)
            return true;
        ret->items[i + 1] = (gh_danger_view){.text = decoded, .layers = i + 1, .max_length = max_length};
        ret->n++;
    }
}

static bool finds(const struct rule *rule, const struct views *views)
{
    for (unsigned i = 0; i < views->n && i <= rule->layers; i++)
        if (rule->finds(&views->items[i]))
            return true;
    return false;
}

enum gh_danger gh_danger_find_in_layers(gh_str text, gh_danger_set checks, size_t max_length, unsigned layers,
                                        gh_arena *scratch)
{
    struct views views;
    bool seen = make_views(text, max_length, layers, scratch, &views);
    for (unsigned danger = 0; danger < GH_DANGER_COUNT; danger++)
        if ((checks >> danger & 1) != 0 && (!seen || finds(&rules[danger], &views)))
            return (enum gh_danger)danger;
    return GH_DANGER_COUNT;
}

enum gh_danger gh_danger_find(gh_str text, gh_danger_set checks, size_t max_length, gh_arena *scratch)
{
    return checks == 0 || text.n == 0
               ? GH_DANGER_COUNT
               : gh_danger_find_in_layers(text, checks, max_length, GH_DANGER_LAYERS, scratch);
}
