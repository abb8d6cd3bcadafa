#include "schema/pattern_backtrack.h"

#include "base/buf.h"
#include "schema/pattern_pcre2.h"

enum {
    TEXT_MAX = 256 << 10, /* of the pattern written for PCRE2 */
    NEST_MAX = 500,
    STEPS_BASE = 20000,
    STEPS_A_BYTE = 200,
    STEPS_MAX = 4000000,
    MEMORY_MAX = 4 << 20, /* while it runs */
    WEIGHT_UNIT = 16
};

/* Sets are written out code point by code point: what they mean was settled when the pattern was read. */
static void put_set(gh_buf *out, const gh_range_set *set)
{
    if (set->n == 0) {
        gh_buf_lit(out, "(?!)");
        return;
    }
    if (gh_range_set_is_all(set)) {
        gh_buf_lit(out, "(?s:.)");
        return;
    }
    gh_buf_char(out, '[');
    for (size_t i = 0; i < set->n; i++) {
        gh_buf_printf(out, "\\x{%x}", set->items[i].from);
        if (set->items[i].to > set->items[i].from)
            gh_buf_printf(out, "-\\x{%x}", set->items[i].to);
    }
    gh_buf_char(out, ']');
}

static void put_edge(gh_buf *out, const gh_node *node)
{
    if (node->negated && gh_range_set_is_all(node->set)) {
        gh_buf_char(out, node->behind ? '^' : '$');
        return;
    }
    gh_buf_printf(out, "(?%s%c", node->behind ? "<" : "", node->negated ? '!' : '=');
    put_set(out, node->set);
    gh_buf_char(out, ')');
}

static void put_node(gh_buf *out, const gh_node *node);

static void put_group(gh_buf *out, const char *opening, const gh_node *node)
{
    gh_buf_put(out, gh_str_of(opening));
    put_node(out, node);
    gh_buf_char(out, ')');
}

static void put_repeat(gh_buf *out, const gh_node *node)
{
    if (node->max == 0)
        return;
    put_group(out, "(?:", node->child);
    gh_buf_printf(out, "{%u,", node->min);
    if (node->max != GH_REPEAT_NO_END)
        gh_buf_printf(out, "%u", node->max);
    gh_buf_put(out, node->lazy ? GH_STR("}?") : GH_STR("}"));
}

static void put_node(gh_buf *out, const gh_node *node)
{
    switch ((enum gh_node_kind)node->kind) {
    case GH_NODE_EMPTY:
        break;
    case GH_NODE_SET:
        put_set(out, node->set);
        break;
    case GH_NODE_SEQUENCE:
        for (const gh_node *child = node->child; child != NULL; child = child->next)
            put_node(out, child);
        break;
    case GH_NODE_CHOICE:
        gh_buf_lit(out, "(?:");
        for (const gh_node *child = node->child; child != NULL; child = child->next) {
            put_node(out, child);
            gh_buf_char(out, child->next == NULL ? ')' : '|');
        }
        break;
    case GH_NODE_REPEAT:
        put_repeat(out, node);
        break;
    case GH_NODE_EDGE:
        put_edge(out, node);
        break;
    case GH_NODE_LOOK:
        put_group(out, node->behind ? (node->negated ? "(?<!" : "(?<=") : (node->negated ? "(?!" : "(?="),
                  node->child);
        break;
    }
}

/* The longest run that PCRE2 takes without counting a step: what a counted repetition takes at least. */
static uint32_t longest_run(const gh_node *node)
{
    uint32_t longest = node->kind == GH_NODE_REPEAT && node->child->kind == GH_NODE_SET ? node->min : 1;
    for (const gh_node *child = node->child; child != NULL; child = child->next) {
        uint32_t run = longest_run(child);
        longest = run > longest ? run : longest;
    }
    return longest;
}

static const char *explain(int error)
{
    if (error == PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH)
        return "each alternative of a lookbehind must have a fixed length, unless it stands before the last $";
    return "it is too large";
}

bool gh_backtrack_build(const gh_node *root, gh_arena *arena, gh_arena *own, gh_backtrack *ret,
                        const char **ret_why)
{
    int error = PCRE2_ERROR_HEAP_FAILED;
    PCRE2_SIZE at;
    char *memory = gh_arena_alloc(arena, TEXT_MAX);
    pcre2_general_context *general = gh_pcre2_over(own);
    pcre2_compile_context *context = general == NULL ? NULL : pcre2_compile_context_create(general);
    *ret_why = "it is too large";
    if (memory == NULL || context == NULL || pcre2_set_parens_nest_limit(context, NEST_MAX) != 0)
        return false;
    /* Where the search begins is part of the pattern: PCRE2 counts its steps anew for each start otherwise. */
    gh_buf out = gh_buf_over(memory, TEXT_MAX);
    gh_buf_lit(&out, "(?s:.)*?");
    put_node(&out, root);
    if (!gh_buf_ok(&out))
        return false;
    /* NO_AUTO_POSSESS: a run that is never given back would be scanned again from each start without a step. */
    ret->code = pcre2_compile((PCRE2_SPTR)out.p, out.n,
                              PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ANCHORED | PCRE2_NO_AUTO_POSSESS,
                              &error, &at, context);
    ret->weight = 1 + longest_run(root) / WEIGHT_UNIT;
    if (ret->code == NULL)
        *ret_why = explain(error);
    return ret->code != NULL;
}

uint32_t gh_backtrack_limit(const gh_backtrack *backtrack, size_t subject_length)
{
    size_t steps = subject_length > STEPS_MAX / STEPS_A_BYTE ? STEPS_MAX : subject_length * STEPS_A_BYTE;
    steps += STEPS_BASE;
    return (uint32_t)(steps > STEPS_MAX ? STEPS_MAX : steps) / backtrack->weight;
}

/* Runs with all its memory in `work`. */
static int run(const gh_backtrack *backtrack, gh_str subject, uint32_t limit, gh_arena *work)
{
    pcre2_general_context *general = gh_pcre2_over(work);
    pcre2_match_context *context = general == NULL ? NULL : pcre2_match_context_create(general);
    pcre2_match_data *data = general == NULL ? NULL : pcre2_match_data_create(1, general);
    if (context == NULL || data == NULL || pcre2_set_match_limit(context, limit) != 0 ||
        pcre2_set_depth_limit(context, limit) != 0 || pcre2_set_heap_limit(context, MEMORY_MAX >> 10) != 0)
        return PCRE2_ERROR_NOMEMORY;
    return pcre2_match(backtrack->code, (PCRE2_SPTR)(subject.n == 0 ? "" : subject.p), subject.n, 0,
                       PCRE2_NO_UTF_CHECK, data, context);
}

enum gh_match_result gh_backtrack_match(const gh_backtrack *backtrack, gh_str subject, uint32_t limit,
                                        const gh_arena *scratch)
{
    _Alignas(16) char first[8192];
    gh_arena work;
    gh_arena_init(&work, first, sizeof first, scratch->left < MEMORY_MAX ? scratch->left : MEMORY_MAX);
    int found = run(backtrack, subject, limit, &work);
    gh_arena_reset(&work);
    if (found >= 0)
        return GH_MATCH_YES;
    return found == PCRE2_ERROR_NOMATCH ? GH_MATCH_NO : GH_MATCH_TOO_COSTLY;
}
