/* YAML nodes into the configuration: each key is looked up in the table of settings by its path. */
#include "config/load.h"

enum { PATH_MAX_BYTES = 256, KEY_MAX = 64 };

struct walk {
    gh_load *l;
    gh_buf schema; /* "rate_limits.rules[].": as in the table */
    gh_buf shown;  /* "rate_limits.rules[2].": as people write it */
    char schema_text[PATH_MAX_BYTES], shown_text[PATH_MAX_BYTES];
    gh_str section; /* the last one before, in the same mapping; absent: none */
};

struct mark {
    size_t schema, shown;
};

static void apply_map(struct walk *w, const gh_node *map, void *base);

static struct mark push(struct walk *w, gh_str schema, gh_str shown)
{
    struct mark mark = {w->schema.n, w->shown.n};
    gh_buf_put(&w->schema, schema);
    gh_buf_put(&w->shown, shown);
    return mark;
}

static void pop(struct walk *w, struct mark mark)
{
    w->schema.n = mark.schema;
    w->shown.n = mark.shown;
}

/* The path so far, for messages. */
static const char *who(struct walk *w)
{
    w->shown_text[w->shown.n] = '\0';
    return w->shown_text;
}

void gh_part_defaults(gh_load *l, enum gh_part part, void *base)
{
    const gh_setting *s;
    if (part == GH_PART_ROUTE) {
        gh_route_config *route = base; /* these say "as the whole gateway" */
        route->max_body = UINT64_MAX;
        route->headers.profile = -1;
        route->dangerous_content.mode = -1;
        route->dangerous_content.max_length = UINT64_MAX;
        route->validate.body_required = -1;
    }
    if (part == GH_PART_RULE) {
        gh_rule_config *rule = base;
        rule->counting = rule->outage = -1;
    }
    for (unsigned i = 0; (s = gh_setting_at(i)) != NULL; i++)
        if (s->part == part && s->preset != NULL)
            (void)gh_value_set_text(l, s, s->path, (gh_named_value){.value = gh_str_of(s->preset)}, base);
}

/* "a.b" in "a.b.c" and in "a.b[].c"; the rest behind it in *ret_rest. */
static bool is_below(gh_str path, gh_str prefix, gh_str *ret_rest)
{
    if (!gh_str_starts(path, prefix))
        return false;
    *ret_rest = gh_str_cut(path, prefix.n, path.n);
    return true;
}

static bool is_section(gh_str path)
{
    const gh_setting *s;
    gh_str rest;
    for (unsigned i = 0; (s = gh_setting_at(i)) != NULL; i++)
        if (is_below(gh_str_of(s->path), path, &rest) && rest.n > 0 && rest.p[0] == '.')
            return true;
    return false;
}

static gh_str first_component(gh_str path)
{
    size_t n = 0;
    while (n < path.n && path.p[n] != '.' && path.p[n] != '[')
        n++;
    return gh_str_cut(path, 0, n);
}

static gh_str last_component(gh_str path)
{
    size_t n = path.n;
    while (n > 0 && path.p[n - 1] != '.')
        n--;
    return gh_str_cut(path, n, path.n);
}

/* The nearest name: first beside the wrong one, then the same word anywhere else. */
static const char *nearest_path(struct walk *w, gh_str key, char ret[GH_SETTING_NAME_MAX])
{
    gh_nearest nearest = gh_nearest_to(key);
    const gh_setting *s;
    gh_str rest;
    for (unsigned i = 0; (s = gh_setting_at(i)) != NULL; i++)
        if (is_below(gh_str_of(s->path), gh_buf_str(&w->schema), &rest))
            gh_nearest_offer(&nearest, first_component(rest));
    const char *name = gh_nearest_name(&nearest);
    if (name != NULL) {
        memcpy(ret, name, strlen(name) + 1);
        return ret;
    }
    for (unsigned i = 0; (s = gh_setting_at(i)) != NULL; i++) {
        gh_str path = gh_str_of(s->path);
        if (gh_str_distance(key, last_component(path), 1) <= (key.n > 4 ? 1u : 0u) &&
            path.n < GH_SETTING_NAME_MAX) {
            memcpy(ret, path.p, path.n + 1);
            return ret;
        }
    }
    return NULL;
}

/* Is the key one of the section before, and not indented? */
static bool is_of_section(struct walk *w, gh_str key)
{
    if (w->section.n == 0 || w->section.n > KEY_MAX || key.n > KEY_MAX)
        return false;
    struct mark mark = push(w, w->section, (gh_str){NULL, 0});
    gh_buf_char(&w->schema, '.');
    gh_buf_put(&w->schema, key);
    gh_str path = gh_buf_str(&w->schema);
    bool is = gh_setting_find(path) != NULL || is_section(path);
    pop(w, mark);
    return is;
}

static void say_unknown(struct walk *w, const gh_node *node)
{
    char quoted[GH_QUOTED_MAX], mean[GH_QUOTED_MAX], name[GH_SETTING_NAME_MAX];
    bool dotted = gh_str_find(node->key, '.') < node->key.n;
    const char *near = dotted ? NULL : nearest_path(w, node->key, name);
    gh_str in = gh_str_cut(gh_buf_str(&w->shown), 0, w->shown.n == 0 ? 0 : w->shown.n - 1);
    gh_load_error(w->l, &node->key_place, "unknown setting %s%s%.*s%s%s", gh_quoted(node->key, quoted),
                  in.n == 0 ? "" : " in ", (int)in.n, in.p, gh_did_you_mean(near, mean),
                  dotted ? "; write mappings within mappings, without dots" : "");
}

static void unknown(struct walk *w, const gh_node *node)
{
    if (gh_str_find(node->key, '.') == node->key.n && is_of_section(w, node->key)) {
        gh_load_error(w->l, &node->key_place, "%.*s belongs to the section %.*s above: indent it",
                      (int)node->key.n, node->key.p, (int)w->section.n, w->section.p);
        return;
    }
    say_unknown(w, node);
}

static bool has_key(const gh_node *map, gh_str key)
{
    for (const gh_node *c = map->first; c != NULL; c = c->next)
        if (gh_str_eq(c->key, key))
            return true;
    return false;
}

/* One element of a list of structures; the walk stands at its path. */
static void apply_element(struct walk *w, enum gh_part part, const gh_node *node, gh_place place,
                          void *element)
{
    const gh_part_row *row = gh_part_row_of(part);
    const gh_setting *s = gh_setting_find(gh_buf_str(&w->schema));
    memcpy((char *)element + row->place_at, &place, sizeof place);
    gh_part_defaults(w->l, part, element);
    if (s != NULL) { /* the element is one value: schemas.NAME */
        (void)gh_value_set(w->l, s, who(w), node, element);
        return;
    }
    if (node->kind != GH_NODE_MAP) {
        gh_load_error(w->l, &node->place, "%s: must be a mapping with keys and values", who(w));
        return;
    }
    for (unsigned i = 0; (s = gh_setting_at(i)) != NULL; i++) {
        gh_str name = last_component(gh_str_of(s->path));
        if (s->part == part && s->required && !has_key(node, name))
            gh_load_error(w->l, &place, "%s: has no %.*s", who(w), (int)name.n, name.p);
    }
    struct mark mark = push(w, GH_STR("."), GH_STR("."));
    apply_map(w, node, element);
    pop(w, mark);
}

static void *new_elements(struct walk *w, const gh_part_row *row, const gh_node *node, void *base)
{
    if (node->n > row->max) {
        gh_load_error(w->l, &node->place, "%s: must have at most %u items, not %u", who(w), row->max,
                      node->n);
        return NULL;
    }
    void *items = gh_arena_array(&w->l->config->arena, node->n == 0 ? 1 : node->n, row->size);
    if (items == NULL) {
        gh_load_no_memory(w->l);
        return NULL;
    }
    memcpy((char *)base + row->items_at, &items, sizeof items);
    memcpy((char *)base + row->count_at, &node->n, sizeof node->n);
    return items;
}

/* "upstreams:", a list. */
static void apply_list(struct walk *w, enum gh_part part, const gh_node *node, void *base)
{
    const gh_part_row *row = gh_part_row_of(part);
    char index[16];
    if (node->kind != GH_NODE_LIST) {
        gh_load_error(w->l, &node->place, "%s: must be a list: one \"- \" line for each item", who(w));
        return;
    }
    char *item = new_elements(w, row, node, base);
    if (item == NULL)
        return;
    unsigned i = 0;
    for (const gh_node *c = node->first; c != NULL; c = c->next, i++, item += row->size) {
        gh_buf b = gh_buf_over(index, sizeof index);
        gh_buf_printf(&b, "[%u]", i);
        struct mark mark = push(w, GH_STR("[]"), gh_buf_str(&b));
        apply_element(w, part, c, c->place, item);
        pop(w, mark);
    }
}

/* RFC 6901 section 3, of printable ASCII. */
static bool is_pointer(gh_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < ' ' || text.p[i] > '~' ||
            (text.p[i] == '~' && (i + 1 == text.n || (text.p[i + 1] != '0' && text.p[i + 1] != '1'))))
            return false;
    return text.n > 0 && text.p[0] == '/';
}

/* A name, which a mapping's key is. Claims are also named by JSON Pointers, as they may stand in objects. */
static bool read_name(struct walk *w, enum gh_part part, gh_str *name)
{
    static const gh_setting name_row = {.type = GH_TYPE_TEXT, .form = GH_FORM_NAME};
    const char *why;
    if (name->n > KEY_MAX)
        return false;
    return (part == GH_PART_CLAIM && is_pointer(*name)) || gh_value_form(w->l, &name_row, *name, name, &why);
}

/* "tiers:", a mapping from names. */
static void apply_named(struct walk *w, enum gh_part part, const gh_node *node, void *base)
{
    const gh_part_row *row = gh_part_row_of(part);
    char quoted[GH_QUOTED_MAX];
    if (node->kind != GH_NODE_MAP) {
        gh_load_error(w->l, &node->place, "%s: must be a mapping from names", who(w));
        return;
    }
    char *item = new_elements(w, row, node, base);
    if (item == NULL)
        return;
    for (const gh_node *c = node->first; c != NULL; c = c->next, item += row->size) {
        gh_str name = c->key;
        if (!read_name(w, part, &name)) {
            gh_load_error(w->l, &c->key_place,
                          "%s: %s is not a name of at most %d letters, digits, \"_\", \"-\" and \".\"%s",
                          who(w), gh_quoted(c->key, quoted), KEY_MAX,
                          part == GH_PART_CLAIM ? ", nor a JSON Pointer" : "");
            continue;
        }
        name = gh_arena_copy(&w->l->config->arena, name);
        if (name.p == NULL)
            gh_load_no_memory(w->l);
        memcpy(item + row->name_at, &name, sizeof name);
        struct mark mark = push(w, GH_STR(".*"), GH_STR("."));
        gh_buf_put(&w->shown, name);
        apply_element(w, part, c, c->key_place, item);
        pop(w, mark);
    }
}

static bool is_empty(const gh_node *node)
{
    return node->kind == GH_NODE_SCALAR && node->plain &&
           (node->text.n == 0 || gh_str_eq(node->text, GH_STR("~")));
}

static void apply_section(struct walk *w, const gh_node *node, void *base)
{
    char quoted[GH_QUOTED_MAX];
    if (is_empty(node))
        return; /* all that was in it is commented out */
    if (node->kind != GH_NODE_MAP) {
        size_t colon = node->kind == GH_NODE_SCALAR ? gh_str_find(node->text, ':') : 0;
        bool glued = node->kind == GH_NODE_SCALAR && colon < node->text.n;
        /* What stands behind the colon may be a secret. */
        gh_str text = gh_str_cut(node->text, 0, glued ? colon + 1 : node->text.n);
        gh_load_error(w->l, &node->place, "%s: must be a mapping with keys and values, not %s%s", who(w),
                      node->kind == GH_NODE_LIST ? "a list" : gh_quoted(text, quoted),
                      glued ? "; a space belongs behind the colon" : "");
        return;
    }
    struct mark mark = push(w, GH_STR("."), GH_STR("."));
    apply_map(w, node, base);
    pop(w, mark);
}

/* Is the path that of a list of structures? *ret_named: of a mapping from names. */
static bool find_part(struct walk *w, enum gh_part *ret, bool *ret_named)
{
    for (enum gh_part part = GH_PART_UPSTREAM; part <= GH_PART_ROUTE; part++) {
        gh_str rest;
        if (!is_below(gh_str_of(gh_part_row_of(part)->path), gh_buf_str(&w->schema), &rest))
            continue;
        *ret_named = gh_str_eq(rest, GH_STR(".*"));
        *ret = part;
        if (*ret_named || gh_str_eq(rest, GH_STR("[]")))
            return true;
    }
    return false;
}

static void apply_member(struct walk *w, const gh_node *node, void *base)
{
    struct mark mark = push(w, node->key, node->key);
    const gh_setting *s = gh_setting_find(gh_buf_str(&w->schema));
    enum gh_part part;
    bool named;
    if (s != NULL) {
        if (s->type == GH_TYPE_SECRET)
            gh_secret_seen_in_yaml(w->l, s, node, (gh_str *)(void *)((char *)base + s->at));
        if (!gh_value_set(w->l, s, who(w), node, base) && s->part == GH_PART_ROUTE &&
            s->type == GH_TYPE_TEXT && s->form == GH_FORM_PATH_PATTERN)
            memset((char *)base + s->at, 0, sizeof(gh_str)); /* not the default, which takes every request */
    } else if (find_part(w, &part, &named)) {
        if (named)
            apply_named(w, part, node, base);
        else if (!is_empty(node))
            apply_list(w, part, node, base);
    } else if (is_section(gh_buf_str(&w->schema))) {
        apply_section(w, node, base);
    } else {
        pop(w, mark);
        unknown(w, node);
    }
    pop(w, mark);
}

static void apply_map(struct walk *w, const gh_node *map, void *base)
{
    gh_str outer = w->section;
    w->section = (gh_str){NULL, 0};
    for (const gh_node *c = map->first; c != NULL; c = c->next) {
        bool word = c->key.n > 0 && c->key.n <= KEY_MAX;
        for (size_t i = 0; i < c->key.n && word; i++)
            word =
                (c->key.p[i] >= 'a' && c->key.p[i] <= 'z') || gh_is_digit(c->key.p[i]) || c->key.p[i] == '_';
        if (word)
            apply_member(w, c, base);
        else
            unknown(w, c);
        if (is_empty(c) || c->kind == GH_NODE_MAP)
            w->section = c->key;
    }
    w->section = outer;
}

void gh_yaml_apply(gh_load *l, const gh_node *root)
{
    struct walk w = {.l = l};
    w.schema = gh_buf_over(w.schema_text, sizeof w.schema_text);
    w.shown = gh_buf_over(w.shown_text, sizeof w.shown_text - 1);
    if (is_empty(root))
        return;
    if (root->kind != GH_NODE_MAP) {
        gh_load_error(l, &root->place,
                      "must be a mapping with keys and values, such as \"profile: production\"");
        return;
    }
    apply_map(&w, root, l->config);
}
