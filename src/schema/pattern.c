#include "schema/pattern.h"

#include <stdlib.h>

#include "base/buf.h"
#include "schema/pattern_ambiguity.h"
#include "schema/pattern_backtrack.h"
#include "schema/pattern_parts.h"
#include "text/utf8.h"

enum { WORK_MAX = 32 << 20, OWN_MAX = 4 << 20, WHY_MAX = 400, QUOTED_MAX = 120 };

struct gh_pattern {
    gh_arena own;           /* what the parts and PCRE2's code are in */
    gh_pattern_parts parts; /* none: backtracking */
    gh_backtrack backtrack;
};

typedef struct compiler {
    gh_str text;
    gh_arena *arena; /* the caller's: for reasons */
    gh_arena work;
    const char *why;
} compiler;

/* "what, at character N". */
static void explain_fault(compiler *c, const gh_tree_fault *fault)
{
    char *memory = gh_arena_alloc(c->arena, WHY_MAX);
    c->why = fault->why;
    if (memory == NULL)
        return;
    gh_buf out = gh_buf_over(memory, WHY_MAX);
    gh_buf_printf(&out, "%s (at character %zu)", fault->why,
                  gh_utf8_count(gh_str_cut(c->text, 0, fault->at)) + 1);
    gh_buf_char(&out, '\0');
    if (gh_buf_ok(&out))
        c->why = memory;
}

/* Names the part of the pattern that is to blame. */
static void explain_part(compiler *c, const gh_node *part, const char *what)
{
    char *memory = gh_arena_alloc(c->arena, WHY_MAX);
    c->why = what;
    if (memory == NULL || part == NULL)
        return;
    gh_str text = gh_str_cut(c->text, part->at, part->to);
    gh_str shown = gh_utf8_first(text, QUOTED_MAX);
    gh_buf out = gh_buf_over(memory, WHY_MAX);
    gh_buf_printf(&out, "the part %.*s%s %s", (int)shown.n, shown.p, shown.n < text.n ? "..." : "", what);
    gh_buf_char(&out, '\0');
    if (gh_buf_ok(&out))
        c->why = memory;
}

/* The pattern and each lookaround in it, as each is tried by itself. */
static bool check_ambiguity(compiler *c, const gh_node *node, const gh_classes *classes)
{
    const gh_node *part;
    switch (gh_ambiguity_find(node, classes, &c->work, &part)) {
    case GH_AMBIGUITY_BEARABLE:
        return true;
    case GH_AMBIGUITY_EXPONENTIAL:
        explain_part(c, part,
                     "can match the same text in many ways, which takes too long; make the inner repetition "
                     "unambiguous, or move the lookarounds to the pattern's ends");
        return false;
    case GH_AMBIGUITY_POLYNOMIAL:
        explain_part(c, part,
                     "can share its text with the repetitions before and behind it, which takes too long; "
                     "put something between them that none of them matches");
        return false;
    case GH_AMBIGUITY_TOO_LARGE:
        break;
    }
    c->why =
        "it is too large to be checked for patterns that take too long; write it without lookarounds, or shorter";
    return false;
}

static bool check_looks(compiler *c, const gh_node *node, const gh_classes *classes)
{
    if (node->kind == GH_NODE_LOOK && !check_ambiguity(c, node->child, classes))
        return false;
    for (const gh_node *child = node->child; child != NULL; child = child->next)
        if (!check_looks(c, child, classes))
            return false;
    return true;
}

static gh_node *read_tree(compiler *c)
{
    gh_tree_fault fault;
    gh_node *root = gh_tree_read(c->text, &c->work, &fault);
    if (root == NULL)
        explain_fault(c, &fault);
    return root;
}

/* Taking it apart changes the tree, so backtracking reads its own. */
static bool build_backtrack(compiler *c, gh_pattern *pattern, bool check)
{
    gh_classes classes;
    gh_node *root = read_tree(c);
    if (root == NULL)
        return false;
    if (!gh_classes_of(root, &c->work, &classes)) {
        c->why = "it has too many different sets of characters";
        return false;
    }
    if (check && (!check_ambiguity(c, root, &classes) || !check_looks(c, root, &classes)))
        return false;
    return gh_backtrack_build(root, &c->work, &pattern->own, &pattern->backtrack, &c->why);
}

static bool build(compiler *c, gh_pattern *pattern, enum gh_pattern_engine engine)
{
    if (c->text.n > GH_PATTERN_LENGTH_MAX) {
        c->why = "it is longer than 4,000 bytes";
        return false;
    }
    if (engine != GH_PATTERN_BACKTRACKING) {
        gh_node *root = read_tree(c);
        if (root == NULL)
            return false;
        if (gh_parts_build(root, &c->work, &pattern->own, &pattern->parts))
            return true;
        pattern->parts = (gh_pattern_parts){0};
        gh_arena_reset(&c->work);
        gh_arena_reset(&pattern->own);
        c->why = "it has no automaton within the limits";
    }
    return engine != GH_PATTERN_AUTOMATA && build_backtrack(c, pattern, engine == GH_PATTERN_ANY);
}

gh_pattern *gh_pattern_new_with(gh_str text, enum gh_pattern_engine engine, gh_arena *arena,
                                const char **ret_why)
{
    compiler c = {.text = text, .arena = arena, .why = "out of memory"};
    gh_pattern *pattern = calloc(1, sizeof *pattern);
    if (pattern != NULL) {
        gh_arena_init(&c.work, NULL, 0, WORK_MAX);
        gh_arena_init(&pattern->own, NULL, 0, OWN_MAX);
        bool ok = build(&c, pattern, engine);
        gh_arena_reset(&c.work);
        if (ok)
            return pattern;
        gh_pattern_free(pattern);
    }
    *ret_why = c.why;
    return NULL;
}

gh_pattern *gh_pattern_new(gh_str text, gh_arena *arena, const char **ret_why)
{
    return gh_pattern_new_with(text, GH_PATTERN_ANY, arena, ret_why);
}

void gh_pattern_free(gh_pattern *pattern)
{
    if (pattern == NULL)
        return;
    gh_arena_reset(&pattern->own);
    free(pattern);
}

enum gh_pattern_engine gh_pattern_engine_of(const gh_pattern *pattern)
{
    return pattern->parts.n > 0 ? GH_PATTERN_AUTOMATA : GH_PATTERN_BACKTRACKING;
}

enum gh_match_result gh_pattern_match_counted(const gh_pattern *pattern, gh_str subject, gh_arena *scratch,
                                              size_t *ret_work)
{
    *ret_work = 0;
    if (pattern->parts.n > 0)
        return gh_parts_match(&pattern->parts, subject, ret_work) ? GH_MATCH_YES : GH_MATCH_NO;
    uint32_t limit = gh_backtrack_limit(&pattern->backtrack, subject.n);
    return gh_backtrack_match(&pattern->backtrack, subject, limit, scratch);
}

enum gh_match_result gh_pattern_match(const gh_pattern *pattern, gh_str subject, gh_arena *scratch)
{
    size_t work;
    return gh_pattern_match_counted(pattern, subject, scratch, &work);
}
