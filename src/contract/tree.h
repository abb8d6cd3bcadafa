/* The tree of path segments over the operations of a contract.
 *
 * A node is a prefix of templates that are the same up to there. Its literal children are found in one table for
 * the whole tree, by the node's number and the segment; so looking for a path costs its segments, not operations. */
#ifndef GH_CONTRACT_TREE_H
#define GH_CONTRACT_TREE_H

#include "contract/contract.h"

/* An operation at the end of a template. */
typedef struct gh_handler {
    const gh_operation *operation;
    struct gh_handler *next;
} gh_handler;

typedef struct gh_handlers {
    gh_handler *first;
    gh_str methods; /* "GET, HEAD" */
} gh_handlers;

typedef struct gh_contract_node {
    uint32_t param;    /* the child for any segment that is not empty; 0: none, node 0 is the root */
    uint32_t mixed;    /* the first of the children for segments of several pieces */
    uint32_t next;     /* of a child in that list */
    unsigned n_pieces; /* likewise */
    const gh_path_segment *pieces; /* likewise */
    gh_handlers here;              /* templates that end here */
    gh_handlers below;             /* patterns of a route that end with "**" behind this */
} gh_contract_node;

typedef struct gh_contract_edge {
    uint32_t from, to; /* to 0: a free place of the table */
    gh_str text;
} gh_contract_edge;

struct gh_contract_tree {
    gh_contract_node *nodes;
    uint32_t n_nodes, room;
    gh_contract_edge *edges; /* open addressing, at most half full */
    size_t n_edges;          /* places; a power of two */
};

/* The place where the edge is, or would be put. */
gh_contract_edge *gh_contract_edge_at(const gh_contract_tree *tree, uint32_t from, gh_str text);
/* gh_contract_find(), and how many nodes it looked at. */
GH_MUST_CHECK enum gh_contract_match gh_contract_search(const gh_contract *contract, gh_str method,
                                                        gh_str path, const gh_operation **ret,
                                                        gh_path_params *params, gh_str *ret_methods,
                                                        unsigned *ret_visits);

#endif
