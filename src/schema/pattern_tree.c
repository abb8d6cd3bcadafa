#include "schema/pattern_tree.h"

#include "schema/pattern_read.h"

bool gh_read_fail(gh_tree_reader *r, size_t at, const char *why)
{
    if (r->fault->why == NULL)
        *r->fault = (gh_tree_fault){why, at};
    return false;
}

bool gh_read_fail_memory(gh_tree_reader *r)
{
    return gh_read_fail(r, r->at, "it takes too much memory to read");
}

uint32_t gh_read_code_point(gh_tree_reader *r)
{
    const char *at = r->text.p + r->at;
    uint32_t c = gh_code_point_next(&at, r->text.p + r->text.n);
    r->at = (size_t)(at - r->text.p);
    return c;
}

bool gh_read_name(gh_tree_reader *r, gh_str *ret)
{
    size_t start = r->at;
    while (r->at < r->text.n) {
        char c = r->text.p[r->at], lower = gh_lower(c);
        bool letter = (lower >= 'a' && lower <= 'z') || c == '_' || c == '$';
        if (!letter && (r->at == start || !gh_is_digit(c)))
            break;
        r->at++;
    }
    *ret = gh_str_cut(r->text, start, r->at);
    if (ret->n == 0 || !gh_read_take(r, '>'))
        return gh_read_fail(r, start,
                            "a group's name is made of ASCII letters, digits, _ and $, and ends with >");
    return true;
}

gh_node *gh_read_new_node(gh_tree_reader *r, enum gh_node_kind kind, size_t at)
{
    gh_node *node = gh_arena_new(r->arena, gh_node);
    if (node == NULL) {
        (void)gh_read_fail_memory(r);
        return NULL;
    }
    node->kind = (uint8_t)kind;
    node->at = at;
    node->to = r->at;
    return node;
}

gh_node *gh_read_new_set(gh_tree_reader *r, enum gh_node_kind kind, size_t at, const gh_range_set *set)
{
    gh_node *node = gh_read_new_node(r, kind, at);
    gh_range_set *own = gh_arena_new(r->arena, gh_range_set);
    if (node == NULL || own == NULL) {
        (void)gh_read_fail_memory(r);
        return NULL;
    }
    *own = *set;
    node->set = own;
    return node;
}

static gh_node *new_character(gh_tree_reader *r, size_t at, uint32_t c)
{
    gh_range_set set = {0};
    if (!gh_range_set_add(&set, c, c, r->arena) || !gh_range_set_tidy(&set, r->arena)) {
        (void)gh_read_fail_memory(r);
        return NULL;
    }
    return gh_read_new_set(r, GH_NODE_SET, at, &set);
}

/* A reference's target is looked for at the end: it may come later. */
static gh_node *read_reference(gh_tree_reader *r, size_t at)
{
    if (!r->syntax_only) {
        (void)gh_read_fail(r, at,
                           "backreferences can't be checked in linear time; write out what may be repeated");
        return NULL;
    }
    if (gh_read_take(r, 'k')) {
        gh_group_name *name = gh_arena_new(r->arena, gh_group_name);
        if (name == NULL || !gh_read_take(r, '<') || !gh_read_name(r, &name->name)) {
            (void)gh_read_fail(r, at, "\\k needs a group's name");
            return NULL;
        }
        name->next = r->references;
        r->references = name;
    } else {
        uint32_t number = 0;
        while (r->at < r->text.n && gh_is_digit(r->text.p[r->at]) && number < GH_REPEAT_MAX)
            number = number * 10 + (uint32_t)(r->text.p[r->at++] - '0');
        if (number > r->highest_reference)
            r->highest_reference = number;
    }
    return gh_read_new_node(r, GH_NODE_EMPTY, at);
}

static gh_node *read_backslash(gh_tree_reader *r, size_t at, bool *ret_assertion)
{
    char c = r->at < r->text.n ? r->text.p[r->at] : '\0';
    if (c == 'b' || c == 'B') {
        r->at++;
        *ret_assertion = true;
        return gh_read_new_word_edge(r, at, c == 'B');
    }
    if ((c >= '1' && c <= '9') || c == 'k')
        return read_reference(r, at);
    gh_escape escape;
    if (!gh_read_escape(r, false, &escape))
        return NULL;
    return escape.is_set ? gh_read_new_set(r, GH_NODE_SET, at, &escape.set)
                         : new_character(r, at, escape.code_point);
}

static gh_node *refuse(gh_tree_reader *r, size_t at, const char *why)
{
    (void)gh_read_fail(r, at, why);
    return NULL;
}

static gh_node *read_dot(gh_tree_reader *r, size_t at)
{
    gh_range_set set;
    return gh_read_dot_set(r, &set) ? gh_read_new_set(r, GH_NODE_SET, at, &set) : NULL;
}

static gh_node *read_bracket(gh_tree_reader *r, size_t at)
{
    const gh_range_set *set = gh_read_class(r);
    return set == NULL ? NULL : gh_read_new_set(r, GH_NODE_SET, at, set);
}

/* An atom or an assertion; there is a byte to read. */
static gh_node *read_atom(gh_tree_reader *r, bool *ret_assertion)
{
    size_t at = r->at;
    uint32_t c = gh_read_code_point(r);
    *ret_assertion = false;
    switch (c) {
    case '^':
    case '$':
        *ret_assertion = true;
        return gh_read_new_end(r, at, c == '^');
    case '.':
        return read_dot(r, at);
    case '[':
        return read_bracket(r, at);
    case '(':
        *ret_assertion = gh_read_starts(r, GH_STR("?=")) || gh_read_starts(r, GH_STR("?!")) ||
                         gh_read_starts(r, GH_STR("?<=")) || gh_read_starts(r, GH_STR("?<!"));
        return gh_read_group(r, at);
    case '\\':
        return read_backslash(r, at, ret_assertion);
    case '*':
    case '+':
    case '?':
        return refuse(r, at, "there is nothing to repeat here");
    case '{':
        return refuse(r, at, "{ stands for a repetition; write {0,3} for up to 3, \\{ for the sign");
    case '}':
    case ']':
        return refuse(r, at, "an unmatched } or ]; write \\} or \\] for the sign");
    default:
        return new_character(r, at, c);
    }
}

/* Decimal digits; false: none are there. */
static bool read_number(gh_tree_reader *r, uint32_t *ret)
{
    size_t start = r->at;
    uint32_t value = 0;
    for (; r->at < r->text.n && gh_is_digit(r->text.p[r->at]); r->at++)
        if (value <= GH_REPEAT_MAX)
            value = value * 10 + (uint32_t)(r->text.p[r->at] - '0');
    *ret = value;
    return r->at > start;
}

/* "{n}", "{n,}", "{n,m}", behind the brace. */
static bool read_bounds(gh_tree_reader *r, size_t at, uint32_t *ret_min, uint32_t *ret_max)
{
    if (!read_number(r, ret_min))
        return gh_read_fail(r, at, "{ stands for a repetition; write {0,3} for up to 3, \\{ for the sign");
    *ret_max = *ret_min;
    if (gh_read_take(r, ',') && !read_number(r, ret_max))
        *ret_max = GH_REPEAT_NO_END;
    if (!gh_read_take(r, '}'))
        return gh_read_fail(r, at, "a repetition is not closed: } is missing");
    bool end = *ret_max != GH_REPEAT_NO_END;
    if (!r->syntax_only && (*ret_min > GH_REPEAT_MAX || (end && *ret_max > GH_REPEAT_MAX)))
        return gh_read_fail(r, at, "a repetition over 65,535; use maxLength for lengths");
    if (end && *ret_max < *ret_min)
        return gh_read_fail(r, at, "a repetition's second number is below its first");
    return true;
}

/* False: there is none, or a fault. */
static bool read_quantifier(gh_tree_reader *r, uint32_t *ret_min, uint32_t *ret_max)
{
    size_t at = r->at;
    *ret_min = gh_read_is(r, '+') ? 1 : 0;
    *ret_max = gh_read_is(r, '?') ? 1 : GH_REPEAT_NO_END;
    if (gh_read_take(r, '*') || gh_read_take(r, '+') || gh_read_take(r, '?'))
        return true;
    return gh_read_take(r, '{') && read_bounds(r, at, ret_min, ret_max);
}

static gh_node *read_term(gh_tree_reader *r)
{
    bool assertion;
    uint32_t min, max;
    gh_node *atom = read_atom(r, &assertion);
    size_t at = r->at;
    if (atom == NULL || !read_quantifier(r, &min, &max))
        return r->fault->why == NULL ? atom : NULL;
    if (assertion)
        return refuse(r, at, "an assertion can't be repeated");
    bool lazy = gh_read_take(r, '?');
    if (gh_read_is(r, '+'))
        return refuse(r, r->at, "possessive repetitions (a++) are not of ECMA-262");
    gh_node *node = gh_read_new_node(r, GH_NODE_REPEAT, atom->at);
    if (node == NULL)
        return NULL;
    node->min = min;
    node->max = max;
    node->lazy = lazy;
    node->child = atom;
    return node;
}

static gh_node *read_sequence(gh_tree_reader *r)
{
    size_t at = r->at;
    gh_node *first = NULL, *last = NULL;
    while (r->at < r->text.n && !gh_read_is(r, '|') && !gh_read_is(r, ')')) {
        gh_node *term = read_term(r);
        if (term == NULL)
            return NULL;
        term->previous = last;
        *(last == NULL ? &first : &last->next) = term;
        last = term;
    }
    if (first != NULL && first->next == NULL)
        return first;
    gh_node *node = gh_read_new_node(r, first == NULL ? GH_NODE_EMPTY : GH_NODE_SEQUENCE, at);
    if (node != NULL)
        node->child = first;
    return node;
}

gh_node *gh_read_choice(gh_tree_reader *r)
{
    size_t at = r->at;
    gh_node *first = read_sequence(r);
    if (first == NULL || !gh_read_is(r, '|'))
        return first;
    gh_node **last = &first->next;
    while (gh_read_take(r, '|')) {
        *last = read_sequence(r);
        if (*last == NULL)
            return NULL;
        last = &(*last)->next;
    }
    gh_node *node = gh_read_new_node(r, GH_NODE_CHOICE, at);
    if (node != NULL)
        node->child = first;
    return node;
}

/* Do all backreferences have their groups? */
static bool check_references(gh_tree_reader *r)
{
    if (r->highest_reference > r->groups)
        return gh_read_fail(r, r->at, "a backreference to a group that is not there");
    for (const gh_group_name *reference = r->references; reference != NULL; reference = reference->next) {
        const gh_group_name *name = r->names;
        while (name != NULL && !gh_str_eq(name->name, reference->name))
            name = name->next;
        if (name == NULL)
            return gh_read_fail(r, r->at, "a backreference to a group that is not there");
    }
    return true;
}

static gh_node *read_all(gh_tree_reader *r)
{
    gh_node *root = gh_read_choice(r);
    if (root == NULL || r->at == r->text.n)
        return root != NULL && check_references(r) ? root : NULL;
    return refuse(r, r->at, "an unmatched ); write \\) for the sign");
}

gh_node *gh_tree_read(gh_str text, gh_arena *arena, gh_tree_fault *ret)
{
    *ret = (gh_tree_fault){0};
    gh_tree_reader r = {.text = text, .arena = arena, .fault = ret};
    return read_all(&r);
}

bool gh_tree_is_pattern(gh_str text, gh_arena *arena)
{
    gh_tree_fault fault = {0};
    gh_tree_reader r = {.text = text, .arena = arena, .fault = &fault, .syntax_only = true};
    return read_all(&r) != NULL;
}
