/* Groups and assertions of patterns. */
#include "schema/pattern_read.h"

enum { DEPTH_MAX = 64 };

static gh_node *new_edge(gh_tree_reader *r, size_t at, const gh_range_set *set, bool behind, bool negated)
{
    gh_node *node = gh_read_new_set(r, GH_NODE_EDGE, at, set);
    if (node != NULL) {
        node->behind = behind;
        node->negated = negated;
    }
    return node;
}

static gh_node *pair(gh_tree_reader *r, enum gh_node_kind kind, gh_node *a, gh_node *b)
{
    if (a == NULL || b == NULL)
        return NULL;
    gh_node *node = gh_read_new_node(r, kind, a->at);
    if (node != NULL) {
        node->child = a;
        a->next = b;
        b->previous = a;
    }
    return node;
}

/* "^" and "$": there is nothing at all on that side. */
gh_node *gh_read_new_end(gh_tree_reader *r, size_t at, bool behind)
{
    gh_range_set none = {0}, all;
    if (!gh_range_set_invert(&none, &all, r->arena)) {
        (void)gh_read_fail_memory(r);
        return NULL;
    }
    return new_edge(r, at, &all, behind, true);
}

/* \b: a word character on one side only; \B: on both or none. */
gh_node *gh_read_new_word_edge(gh_tree_reader *r, size_t at, bool negated)
{
    gh_range_set w;
    if (!gh_read_word_set(r, &w))
        return NULL;
    gh_node *first =
        pair(r, GH_NODE_SEQUENCE, new_edge(r, at, &w, true, false), new_edge(r, at, &w, false, !negated));
    gh_node *second =
        pair(r, GH_NODE_SEQUENCE, new_edge(r, at, &w, true, true), new_edge(r, at, &w, false, negated));
    return pair(r, GH_NODE_CHOICE, first, second);
}

/* A lookaround at one neighbour is an EDGE, when `body` is a set, an assertion "$" (or "^", behind), or a choice of
 * such. Gathers the neighbours that fit in *set; *ret_end: nothing there fits too. */
static bool gather_neighbours(gh_tree_reader *r, const gh_node *body, bool behind, gh_range_set *set,
                              bool *ret_end)
{
    if (body->kind == GH_NODE_SET)
        return gh_range_set_add_all(set, body->set->items, body->set->n, r->arena);
    if (body->kind == GH_NODE_EDGE && body->behind == behind && body->negated &&
        gh_range_set_is_all(body->set)) {
        *ret_end = true;
        return true;
    }
    if (body->kind != GH_NODE_CHOICE)
        return false;
    for (const gh_node *child = body->child; child != NULL; child = child->next)
        if (child->kind == GH_NODE_CHOICE || !gather_neighbours(r, child, behind, set, ret_end))
            return false;
    return true;
}

static gh_node *new_look(gh_tree_reader *r, size_t at, gh_node *body, bool behind, bool negated)
{
    gh_range_set set = {0};
    bool end = false;
    if (gather_neighbours(r, body, behind, &set, &end)) {
        /* "One of the set, or the end" is "not one of all the others". */
        if (!gh_range_set_tidy(&set, r->arena) || (end && !gh_range_set_invert(&set, &set, r->arena))) {
            (void)gh_read_fail_memory(r);
            return NULL;
        }
        return new_edge(r, at, &set, behind, negated != end);
    }
    gh_node *node = gh_read_new_node(r, GH_NODE_LOOK, at);
    if (node != NULL) {
        node->behind = behind;
        node->negated = negated;
        node->child = body;
    }
    return node;
}

/* "(?<name>" behind "(?<". */
static bool read_group_name(gh_tree_reader *r, size_t at)
{
    gh_group_name *name = gh_arena_new(r->arena, gh_group_name);
    if (name == NULL)
        return gh_read_fail_memory(r);
    if (!gh_read_name(r, &name->name))
        return false;
    for (const gh_group_name *other = r->names; other != NULL; other = other->next)
        if (gh_str_eq(other->name, name->name))
            return gh_read_fail(r, at, "two groups have the same name");
    name->next = r->names;
    r->names = name;
    return true;
}

typedef struct group {
    bool look, behind, negated;
} group;

static bool take(gh_tree_reader *r, gh_str text)
{
    bool is = gh_read_starts(r, text);
    r->at += is ? text.n : 0;
    return is;
}

static const char *advice_for_group(gh_tree_reader *r)
{
    if (take(r, GH_STR("P<")))
        return "(?P<name>...) is not of ECMA-262; write (?<name>...)";
    if (take(r, GH_STR("#")))
        return "comments are not of ECMA-262";
    if (take(r, GH_STR(">")))
        return "atomic groups are not of ECMA-262; write (?:...)";
    if (take(r, GH_STR("R")) || take(r, GH_STR("&")) || take(r, GH_STR("P>")) ||
        (r->at < r->text.n && gh_is_digit(r->text.p[r->at])))
        return "recursion is not of ECMA-262";
    return "this kind of group is not of ECMA-262 (inline flags, conditions and the like are not)";
}

/* What follows "(". */
static bool read_group_kind(gh_tree_reader *r, size_t at, group *ret)
{
    *ret = (group){0};
    if (take(r, GH_STR("?:")))
        return true;
    if (take(r, GH_STR("?=")) || take(r, GH_STR("?!"))) {
        *ret = (group){.look = true, .negated = r->text.p[r->at - 1] == '!'};
        return true;
    }
    if (take(r, GH_STR("?<=")) || take(r, GH_STR("?<!"))) {
        *ret = (group){.look = true, .behind = true, .negated = r->text.p[r->at - 1] == '!'};
        return true;
    }
    r->groups++;
    if (take(r, GH_STR("?<")))
        return read_group_name(r, at);
    if (gh_read_take(r, '?'))
        return gh_read_fail(r, at, advice_for_group(r));
    if (gh_read_is(r, '*') && r->text.n - r->at >= 2 && r->text.p[r->at + 1] >= 'A' &&
        r->text.p[r->at + 1] <= 'Z')
        return gh_read_fail(r, at, "verbs are not of ECMA-262");
    return true;
}

gh_node *gh_read_group(gh_tree_reader *r, size_t at)
{
    group kind;
    if (!read_group_kind(r, at, &kind))
        return NULL;
    if (++r->depth > DEPTH_MAX) {
        (void)gh_read_fail(r, at, "groups are nested more than 64 deep");
        return NULL;
    }
    gh_node *body = gh_read_choice(r);
    r->depth--;
    if (body == NULL)
        return NULL;
    if (!gh_read_take(r, ')')) {
        (void)gh_read_fail(r, at, "a group is not closed: ) is missing");
        return NULL;
    }
    if (kind.look)
        return new_look(r, at, body, kind.behind, kind.negated);
    body->at = at;
    body->to = r->at;
    return body;
}
