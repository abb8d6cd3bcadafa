#include "schema/pattern_parts.h"

/* Every part reads the subject once. */
enum { PARTS_MAX = 16 };

typedef struct builder {
    gh_arena *arena, *own;
    gh_pattern_part items[PARTS_MAX];
    size_t n;
} builder;

static bool has_look(const gh_node *node)
{
    if (node->kind == GH_NODE_LOOK)
        return true;
    for (const gh_node *child = node->child; child != NULL; child = child->next)
        if (has_look(child))
            return true;
    return false;
}

static bool add(builder *b, gh_node *root, bool negated)
{
    gh_classes classes;
    gh_nfa nfa;
    if (b->n == PARTS_MAX || !gh_classes_of(root, b->arena, &classes) ||
        !gh_nfa_build(root, &classes, GH_NFA_EXACT, b->arena, GH_NFA_STATES_MAX, &nfa) ||
        !gh_dfa_build(&nfa, b->arena, b->own, &b->items[b->n].dfa))
        return false;
    b->items[b->n++].negated = negated;
    return true;
}

static bool is_end(const gh_node *node, bool behind)
{
    return node->kind == GH_NODE_EDGE && node->behind == behind && node->negated &&
           gh_range_set_is_all(node->set);
}

static gh_node *copy_of(builder *b, const gh_node *node)
{
    gh_node *copy = gh_arena_new(b->arena, gh_node);
    if (copy != NULL) {
        *copy = *node;
        copy->next = copy->previous = NULL;
    }
    return copy;
}

/* Makes `end` and the body of `look` a pattern: "^body", or "body$". */
static bool add_look(builder *b, const gh_node *end, const gh_node *look)
{
    gh_node *sequence = gh_arena_new(b->arena, gh_node);
    gh_node *first = copy_of(b, look->behind ? look->child : end);
    gh_node *second = copy_of(b, look->behind ? end : look->child);
    if (sequence == NULL || first == NULL || second == NULL)
        return false;
    sequence->kind = GH_NODE_SEQUENCE;
    sequence->child = first;
    first->next = second;
    second->previous = first;
    return add(b, sequence, look->negated);
}

static void unlink_node(gh_node *sequence, gh_node *node)
{
    *(node->previous == NULL ? &sequence->child : &node->previous->next) = node->next;
    if (node->next != NULL)
        node->next->previous = node->previous;
}

/* From one end of the sequence inwards, as long as nothing is taken: lookarounds next to "^" (or "$") hold at the
 * subject's start (or end), so they are patterns of their own. */
static bool take_ends(builder *b, gh_node *sequence, bool behind)
{
    const gh_node *end = NULL;
    gh_node *first = sequence->child, *at;
    while (!behind && first->next != NULL)
        first = first->next;
    for (at = first; at != NULL && (at->kind == GH_NODE_LOOK || at->kind == GH_NODE_EDGE);
         at = behind ? at->next : at->previous)
        if (is_end(at, behind))
            end = at;
    for (at = first; end != NULL && at != NULL && (at->kind == GH_NODE_LOOK || at->kind == GH_NODE_EDGE);) {
        gh_node *next = behind ? at->next : at->previous;
        if (at->kind == GH_NODE_LOOK && at->behind != behind) {
            if (!add_look(b, end, at))
                return false;
            unlink_node(sequence, at);
        }
        at = next;
    }
    return true;
}

static bool add_alternative(builder *b, gh_node *root)
{
    if (root->kind == GH_NODE_SEQUENCE && (!take_ends(b, root, true) || !take_ends(b, root, false)))
        return false;
    if (has_look(root) || !add(b, root, false))
        return false;
    b->items[b->n - 1].last = true;
    return true;
}

bool gh_parts_build(gh_node *root, gh_arena *arena, gh_arena *own, gh_pattern_parts *ret)
{
    builder *b = gh_arena_new(arena, builder);
    if (b == NULL)
        return false;
    b->arena = arena;
    b->own = own;
    if (root->kind == GH_NODE_CHOICE && has_look(root)) {
        for (gh_node *child = root->child, *next; child != NULL; child = next) {
            next = child->next;
            if (!add_alternative(b, child))
                return false;
        }
    } else if (!add_alternative(b, root)) {
        return false;
    }
    ret->n = b->n;
    ret->items = gh_arena_array(own, b->n, sizeof *ret->items);
    if (ret->items != NULL)
        memcpy(ret->items, b->items, b->n * sizeof *ret->items);
    return ret->items != NULL;
}

bool gh_parts_match(const gh_pattern_parts *parts, gh_str subject, size_t *io_work)
{
    bool holds = true;
    for (size_t i = 0; i < parts->n; i++) {
        const gh_pattern_part *part = &parts->items[i];
        size_t read;
        if (holds) {
            holds = gh_dfa_match(&part->dfa, subject, &read) != part->negated;
            *io_work += read;
        }
        if (part->last && holds)
            return true;
        holds = holds || part->last;
    }
    return false;
}
