#include "text/dangerous.h"

#include "text/danger_rules.h"
#include "text/danger_scan.h"
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
    bool (*may)(const gh_danger_view *view); /* false: it finds nothing */
    unsigned layers;
} rules[GH_DANGER_COUNT] = {
    [GH_DANGER_SCRIPT] = {gh_danger_html, gh_danger_may_html, GH_DANGER_LAYERS},
    [GH_DANGER_SCRIPT_URL] = {gh_danger_scheme, gh_danger_may_scheme, GH_DANGER_LAYERS},
    [GH_DANGER_SQL] = {gh_danger_sql, gh_danger_may_sql, GH_DANGER_LAYERS},
    [GH_DANGER_TRAVERSAL] = {gh_danger_path, gh_danger_may_path, GH_DANGER_LAYERS},
    [GH_DANGER_CRLF] = {gh_danger_break, gh_danger_may_break, GH_DANGER_LAYERS},
    [GH_DANGER_CONTROL] = {gh_danger_control, gh_danger_may_control, GH_DANGER_LAYERS},
    [GH_DANGER_BIDI] = {gh_danger_bidi, gh_danger_may_bidi, GH_DANGER_LAYERS},
    [GH_DANGER_NOT_NORMAL] = {is_not_normal, gh_danger_may_not_normal, 0},
    [GH_DANGER_TOO_LONG] = {is_too_long, gh_danger_may_too_long, 0},
};

struct views {
    gh_danger_view items[GH_DANGER_LAYERS + 1];
    unsigned n;
    bool slowly; /* read every view, whatever is in it */
};

/* Is text the same folded? */
static bool is_folded(const gh_danger_view *view)
{
    return (view->seen & (GH_SEEN_UPPER | GH_SEEN_HIGH | GH_SEEN_NUL)) == 0;
}

static bool fold(gh_danger_view *view, gh_arena *scratch)
{
    view->seen = gh_danger_seen(view->text);
    view->folded = view->text;
    view->seen_folded = view->seen;
    if (is_folded(view))
        return true;
    if (!gh_text_fold(view->text, scratch, &view->folded))
        return false;
    if ((view->seen & GH_SEEN_HIGH) != 0)
        view->seen_folded = gh_danger_seen(view->folded);
    return true;
}

/* The ways to look at the text, as many as differ. */
static bool make_views(gh_str text, size_t max_length, unsigned layers, gh_arena *scratch,
                       struct views *views)
{
    views->n = 1;
    views->items[0] = (gh_danger_view){.text = text, .max_length = max_length};
    for (unsigned i = 0;; i++) {
        gh_danger_view *view = &views->items[i];
        if (!fold(view, scratch))
            return false;
        view->written = views->items[0].folded;
        gh_str decoded;
        if (i == layers || (view->seen & GH_SEEN_ESCAPE) == 0)
            return true;
        if (!gh_text_decode(view->text, scratch, &decoded))
            return false;
        if (decoded.p == view->text.p)
            return true;
        views->items[i + 1] = (gh_danger_view){.text = decoded, .layers = i + 1, .max_length = max_length};
        views->n++;
    }
}

static bool finds(const struct rule *rule, const struct views *views)
{
    for (unsigned i = 0; i < views->n && i <= rule->layers; i++)
        if ((views->slowly || rule->may(&views->items[i])) && rule->finds(&views->items[i]))
            return true;
    return false;
}

static enum gh_danger find(gh_str text, gh_danger_set checks, size_t max_length, unsigned layers, bool slowly,
                           gh_arena *scratch)
{
    struct views views;
    views.slowly = slowly;
    bool seen = make_views(text, max_length, layers, scratch, &views);
    for (unsigned danger = 0; danger < GH_DANGER_COUNT; danger++)
        if ((checks >> danger & 1) != 0 && (!seen || finds(&rules[danger], &views)))
            return (enum gh_danger)danger;
    return GH_DANGER_COUNT;
}

enum gh_danger gh_danger_find_in_layers(gh_str text, gh_danger_set checks, size_t max_length, unsigned layers,
                                        gh_arena *scratch)
{
    return find(text, checks, max_length, layers, false, scratch);
}

enum gh_danger gh_danger_find_slowly(gh_str text, gh_danger_set checks, size_t max_length, gh_arena *scratch)
{
    if (text.n == 0)
        return GH_DANGER_COUNT;
    return find(text, checks, max_length, GH_DANGER_LAYERS, true, scratch);
}

enum gh_danger gh_danger_find(gh_str text, gh_danger_set checks, size_t max_length, gh_arena *scratch)
{
    if (checks == 0 || text.n == 0)
        return GH_DANGER_COUNT;
    return find(text, checks, max_length, GH_DANGER_LAYERS, false, scratch);
}
