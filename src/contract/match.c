#include "contract/tree.h"

/* More nodes than any path looks at in a contract that people wrote: of two ways at each of thirteen segments. */
enum { VISITS_MAX = 10000 };

typedef struct search {
    const gh_contract_tree *tree;
    gh_str method;
    const gh_operation *found;
    gh_str methods; /* of the first template that fits, without the method */
    unsigned visits;
} search;

static const gh_operation *find_method(const gh_handlers *handlers, gh_str method)
{
    for (const gh_handler *h = handlers->first; h != NULL; h = h->next)
        if (gh_str_eq(h->operation->method, method))
            return h->operation;
    return NULL;
}

static bool take(search *s, const gh_handlers *handlers)
{
    if (handlers->first == NULL)
        return false;
    s->found = find_method(handlers, s->method);
    if (s->found == NULL && gh_str_eq(s->method, GH_STR("HEAD")))
        s->found = find_method(handlers, GH_STR("GET"));
    if (s->found == NULL && s->methods.p == NULL)
        s->methods = handlers->methods;
    return s->found != NULL;
}

/* rest: the segments to come; absent at the end. Deep as the tree, which has at most GH_PATH_SEGMENTS_MAX levels;
 * a node has one parent, so none is looked at twice. NOLINTNEXTLINE(misc-no-recursion) */
static bool visit(search *s, uint32_t number, gh_str rest)
{
    const gh_contract_node *node = &s->tree->nodes[number];
    gh_str part;
    if (++s->visits > VISITS_MAX)
        return false;
    if (!gh_str_next(&rest, '/', &part))
        return take(s, &node->here) || take(s, &node->below);
    uint32_t literal = gh_contract_edge_at(s->tree, number, part)->to;
    if (literal != 0 && visit(s, literal, rest))
        return true;
    for (uint32_t at = node->mixed; at != 0; at = s->tree->nodes[at].next) {
        const gh_contract_node *mixed = &s->tree->nodes[at];
        if (gh_path_pieces_match(mixed->pieces, mixed->n_pieces, part, NULL) && visit(s, at, rest))
            return true;
    }
    if (part.n > 0 && node->param != 0 && visit(s, node->param, rest))
        return true;
    return take(s, &node->below);
}

enum gh_contract_match gh_contract_search(const gh_contract *contract, gh_str method, gh_str path,
                                          const gh_operation **ret, gh_path_params *params,
                                          gh_str *ret_methods, unsigned *ret_visits)
{
    search s = {.tree = contract->tree, .method = method};
    bool found =
        s.tree != NULL && path.n > 0 && path.p[0] == '/' && visit(&s, 0, gh_str_cut(path, 1, path.n));
    *ret_visits = s.visits;
    if (found && (params == NULL || gh_path_pattern_match(&s.found->pattern, path, params))) {
        *ret = s.found;
        return GH_CONTRACT_FOUND;
    }
    if (s.methods.p == NULL)
        return GH_CONTRACT_NO_PATH;
    if (ret_methods != NULL)
        *ret_methods = s.methods;
    return GH_CONTRACT_NO_METHOD;
}

enum gh_contract_match gh_contract_find(const gh_contract *contract, gh_str method, gh_str path,
                                        const gh_operation **ret, gh_path_params *params, gh_str *ret_methods)
{
    unsigned visits;
    return gh_contract_search(contract, method, path, ret, params, ret_methods, &visits);
}

const gh_media *gh_media_find(const gh_media *media, unsigned n, gh_str name)
{
    const gh_media *best = NULL;
    size_t most = 0;
    for (unsigned i = 0; i < n; i++) {
        gh_str range = media[i].range;
        if (!gh_media_range_takes(range, name))
            continue;
        /* An exact one has no "*", and of two ranges the wide one has more of them at its end. */
        size_t star = gh_str_find(range, '*'), rank = star == range.n ? SIZE_MAX : star + 1;
        if (rank > most) {
            best = &media[i];
            most = rank;
        }
    }
    return best;
}
