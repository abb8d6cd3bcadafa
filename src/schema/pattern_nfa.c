#include "schema/pattern_nfa.h"

typedef struct builder {
    gh_nfa *nfa;
    bool loose;
    unsigned left; /* how many more nodes may be visited: (((){9}){9}){9} has no states but many copies */
    const gh_node *loop; /* the outermost one we are in */
} builder;

enum { NONE = UINT16_MAX, VISITS_MAX = 200000 };

static uint16_t add(builder *b, gh_state state)
{
    gh_nfa *nfa = b->nfa;
    if (nfa->n == nfa->room)
        return NONE;
    state.loop = b->loop;
    nfa->states[nfa->n] = state;
    return (uint16_t)nfa->n++;
}

static uint16_t split(builder *b, uint16_t out, uint16_t other)
{
    if (out == NONE || other == NONE)
        return NONE;
    return add(b, (gh_state){.kind = GH_STATE_SPLIT, .out = out, .other = other});
}

/* Everything is built from its end: `next` is where it goes on; the entry is returned, NONE when it failed. */
static uint16_t build(builder *b, const gh_node *node, uint16_t next);

static uint16_t build_sequence(builder *b, const gh_node *node, uint16_t next)
{
    const gh_node *last = node->child;
    while (last->next != NULL)
        last = last->next;
    for (; last != NULL && next != NONE; last = last->previous)
        next = build(b, last, next);
    return next;
}

static uint16_t build_choice(builder *b, const gh_node *node, uint16_t next)
{
    uint16_t entry = build(b, node->child, next);
    for (const gh_node *child = node->child->next; child != NULL && entry != NONE; child = child->next)
        entry = split(b, entry, build(b, child, next));
    return entry;
}

/* Once or more, then `next`; *ret_again: what comes behind one round. */
static uint16_t build_loop(builder *b, const gh_node *child, uint16_t next)
{
    uint16_t again = add(b, (gh_state){.kind = GH_STATE_SPLIT, .other = next});
    if (again == NONE)
        return NONE;
    uint16_t body = build(b, child, again);
    if (body == NONE)
        return NONE;
    b->nfa->states[again].out = body;
    return body;
}

static uint16_t build_copies(builder *b, const gh_node *child, uint32_t count, uint16_t next)
{
    for (uint32_t i = 0; i < count && next != NONE; i++)
        next = build(b, child, next);
    return next;
}

/* Does it take no text, wherever it stands? */
static bool is_assertion(const gh_node *node)
{
    if (node->kind == GH_NODE_EMPTY || node->kind == GH_NODE_EDGE || node->kind == GH_NODE_LOOK)
        return true;
    if (node->kind == GH_NODE_SET || node->kind == GH_NODE_REPEAT)
        return false;
    for (const gh_node *child = node->child; child != NULL; child = child->next)
        if (!is_assertion(child))
            return false;
    return true;
}

/* A count when looking for ambiguity: one that can be gone through in many ways becomes a loop; of a fixed number of
 * code points, three stand for many. */
static void loosen(const gh_node *node, uint32_t *io_min, uint32_t *io_max)
{
    enum { MANY = 3 };
    if (node->max <= 1 || (node->min == node->max && node->max <= MANY))
        return;
    bool fixed = node->min == node->max && node->child->kind == GH_NODE_SET;
    *io_min = fixed ? MANY : node->min > 0;
    *io_max = fixed ? MANY : GH_REPEAT_NO_END;
}

static uint16_t build_repeat(builder *b, const gh_node *node, uint16_t next)
{
    const gh_node *child = node->child, *outer = b->loop;
    uint32_t min = node->min, max = node->max;
    if (b->loose)
        loosen(node, &min, &max);
    if (max == 0)
        return next;
    uint16_t entry = next;
    if (max == GH_REPEAT_NO_END) {
        if (b->loop == NULL)
            b->loop = node;
        entry = build_loop(b, child, next);
        entry = min == 0 ? split(b, entry, next) : build_copies(b, child, min - 1, entry);
    } else {
        for (uint32_t i = min; i < max && entry != NONE; i++)
            entry = split(b, build(b, child, entry), next);
        entry = build_copies(b, child, min, entry);
    }
    b->loop = outer;
    return entry;
}

static uint16_t build(builder *b, const gh_node *node, uint16_t next)
{
    if (next == NONE || b->left-- == 0)
        return NONE;
    if (b->loose && is_assertion(node))
        return next;
    switch ((enum gh_node_kind)node->kind) {
    case GH_NODE_EMPTY:
        return next;
    case GH_NODE_SET:
        return add(b, (gh_state){.kind = GH_STATE_SET, .set = node->set_index, .out = next});
    case GH_NODE_SEQUENCE:
        return build_sequence(b, node, next);
    case GH_NODE_CHOICE:
        return build_choice(b, node, next);
    case GH_NODE_REPEAT:
        return build_repeat(b, node, next);
    case GH_NODE_EDGE:
        b->nfa->has_edges = true;
        return add(b, (gh_state){.kind = GH_STATE_EDGE,
                                 .set = node->set_index,
                                 .behind = node->behind,
                                 .negated = node->negated,
                                 .out = next});
    case GH_NODE_LOOK:
        break;
    }
    return NONE;
}

bool gh_nfa_build(const gh_node *root, const gh_classes *classes, int mode, gh_arena *arena, unsigned room,
                  gh_nfa *ret)
{
    *ret = (gh_nfa){.classes = classes, .room = room};
    ret->states = gh_arena_array(arena, room, sizeof *ret->states);
    if (ret->states == NULL)
        return false;
    builder b = {.nfa = ret, .loose = mode == GH_NFA_LOOSE, .left = VISITS_MAX};
    uint16_t match = add(&b, (gh_state){.kind = GH_STATE_MATCH});
    ret->start = build(&b, root, match);
    return ret->start != NONE;
}
