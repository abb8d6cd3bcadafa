#include "contract/tree.h"

#include "base/buf.h"
#include "base/crypto.h"

typedef struct builder {
    gh_contract_tree *tree;
    gh_arena *arena;
} builder;

/* No secret in it: the table is the contract's, and a request only looks. */
static uint64_t hash_of(uint32_t from, gh_str text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ from;
    for (size_t i = 0; i < text.n; i++)
        hash = (hash ^ (unsigned char)text.p[i]) * UINT64_C(0x100000001b3);
    return gh_mix64(hash);
}

gh_contract_edge *gh_contract_edge_at(const gh_contract_tree *tree, uint32_t from, gh_str text)
{
    size_t mask = tree->n_edges - 1;
    for (size_t i = (size_t)hash_of(from, text) & mask;; i = (i + 1) & mask) {
        gh_contract_edge *edge = &tree->edges[i];
        if (edge->to == 0 || (edge->from == from && gh_str_eq(edge->text, text)))
            return edge;
    }
}

static bool same_pieces(const gh_contract_node *node, const gh_path_segment *pieces, unsigned n)
{
    for (unsigned i = 0; i < n && node->n_pieces == n; i++) {
        gh_str a = node->pieces[i].text, b = pieces[i].text;
        bool same = a.p == NULL || b.p == NULL ? a.p == b.p : gh_str_eq(a, b);
        if (!same)
            return false;
    }
    return node->n_pieces == n;
}

static size_t literal_bytes(const gh_path_segment *pieces, unsigned n)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < n; i++)
        bytes += pieces[i].text.n;
    return bytes;
}

/* The list is in the order of how much of a segment is literal: the most exact first. */
static uint32_t mixed_child(builder *b, uint32_t from, const gh_path_segment *pieces, unsigned n)
{
    gh_contract_node *nodes = b->tree->nodes;
    uint32_t *link = &nodes[from].mixed;
    for (uint32_t at = *link; at != 0; at = nodes[at].next)
        if (same_pieces(&nodes[at], pieces, n))
            return at;
    while (*link != 0 &&
           literal_bytes(nodes[*link].pieces, nodes[*link].n_pieces) >= literal_bytes(pieces, n))
        link = &nodes[*link].next;
    uint32_t made = b->tree->n_nodes++;
    nodes[made].pieces = pieces;
    nodes[made].n_pieces = n;
    nodes[made].next = *link;
    *link = made;
    return made;
}

static uint32_t child_of(builder *b, uint32_t from, const gh_path_segment *pieces, unsigned n)
{
    gh_contract_tree *tree = b->tree;
    if (n > 1)
        return mixed_child(b, from, pieces, n);
    if (pieces->text.p == NULL) {
        if (tree->nodes[from].param == 0)
            tree->nodes[from].param = tree->n_nodes++;
        return tree->nodes[from].param;
    }
    gh_contract_edge *edge = gh_contract_edge_at(tree, from, pieces->text);
    if (edge->to == 0)
        *edge = (gh_contract_edge){.from = from, .to = tree->n_nodes++, .text = pieces->text};
    return edge->to;
}

/* The handlers at the end of a pattern. */
static gh_handlers *walk(builder *b, const gh_path_pattern *pattern)
{
    uint32_t at = 0;
    for (unsigned i = 0, n; i < pattern->n_segments; i += n) {
        n = 1;
        while (i + n < pattern->n_segments && pattern->segments[i + n].joined)
            n++;
        at = child_of(b, at, &pattern->segments[i], n);
    }
    return pattern->rest ? &b->tree->nodes[at].below : &b->tree->nodes[at].here;
}

enum added { ADDED, ADDED_TWICE, ADDED_NO_MEMORY };

static enum added add_operation(builder *b, const gh_operation *operation, const gh_operation **ret_first)
{
    gh_handler **link = &walk(b, &operation->pattern)->first;
    for (; *link != NULL; link = &(*link)->next) {
        if (gh_str_eq((*link)->operation->method, operation->method)) {
            *ret_first = (*link)->operation;
            return ADDED_TWICE;
        }
    }
    *link = gh_arena_new(b->arena, gh_handler);
    if (*link == NULL)
        return ADDED_NO_MEMORY;
    (*link)->operation = operation;
    return ADDED;
}

static const gh_str get = {"GET", 3}, head = {"HEAD", 4};

static bool has_method(const gh_handlers *handlers, gh_str method)
{
    const gh_handler *handler = handlers->first;
    while (handler != NULL && !gh_str_eq(handler->operation->method, method))
        handler = handler->next;
    return handler != NULL;
}

static bool list_methods(gh_handlers *handlers, gh_arena *arena)
{
    size_t size = sizeof ", HEAD";
    if (handlers->first == NULL)
        return true;
    for (const gh_handler *h = handlers->first; h != NULL; h = h->next)
        size += h->operation->method.n + 2;
    char *memory = gh_arena_alloc(arena, size);
    if (memory == NULL)
        return false;
    gh_buf out = gh_buf_over(memory, size);
    bool adds_head = !has_method(handlers, head);
    for (const gh_handler *h = handlers->first; h != NULL; h = h->next) {
        gh_buf_put(&out, out.n > 0 ? GH_STR(", ") : GH_STR(""));
        gh_buf_put(&out, h->operation->method);
        if (adds_head && gh_str_eq(h->operation->method, get))
            gh_buf_lit(&out, ", HEAD");
    }
    handlers->methods = gh_buf_str(&out);
    return gh_buf_ok(&out);
}

static bool new_tree(builder *b, const gh_contract *contract)
{
    size_t segments = 0, places = 2;
    for (unsigned i = 0; i < contract->n_operations; i++)
        segments += contract->operations[i].pattern.n_segments;
    if (segments >= UINT32_MAX / 4)
        return false;
    while (places < 2 * segments)
        places *= 2;
    gh_contract_tree *tree = gh_arena_new(b->arena, gh_contract_tree);
    if (tree == NULL)
        return false;
    tree->nodes = gh_arena_array(b->arena, segments + 1, sizeof *tree->nodes);
    tree->edges = gh_arena_array(b->arena, places, sizeof *tree->edges);
    tree->n_edges = places;
    tree->n_nodes = 1;
    b->tree = tree;
    return tree->nodes != NULL && tree->edges != NULL;
}

static bool needs_whole(const gh_media *media)
{
    switch (media->kind) {
    case GH_MEDIA_JSON:
    case GH_MEDIA_FORM:
    case GH_MEDIA_MULTIPART:
        return media->schema != NULL;
    case GH_MEDIA_TEXT:
        return media->schema != NULL && !gh_schema_is_true(media->schema);
    case GH_MEDIA_OPAQUE:
        break;
    }
    /* Bytes stream, whatever is said of them; a range may still turn out to be JSON. */
    return gh_str_find(media->range, '*') < media->range.n && media->schema != NULL &&
           !gh_schema_is_true(media->schema);
}

static bool reads_body(const gh_operation *operation)
{
    unsigned i = 0;
    while (i < operation->n_media && !needs_whole(&operation->media[i]))
        i++;
    return i < operation->n_media;
}

bool gh_contract_finish(gh_contract *contract, gh_arena *arena, unsigned *ret_first, unsigned *ret_second)
{
    builder b = {.arena = arena};
    *ret_first = *ret_second = 0;
    if (!new_tree(&b, contract))
        return false;
    for (unsigned i = 0; i < contract->n_operations; i++) {
        gh_operation *operation = &contract->operations[i];
        const gh_operation *first = NULL;
        operation->reads_body = reads_body(operation);
        enum added added = add_operation(&b, operation, &first);
        if (added == ADDED_TWICE) {
            *ret_first = (unsigned)(first - contract->operations);
            *ret_second = i;
        }
        if (added != ADDED)
            return false;
    }
    for (uint32_t i = 0; i < b.tree->n_nodes; i++)
        if (!list_methods(&b.tree->nodes[i].here, arena) || !list_methods(&b.tree->nodes[i].below, arena))
            return false;
    contract->tree = b.tree;
    return true;
}
