/* Escapes and character classes of patterns. */
#include "schema/pattern_property.h"
#include "schema/pattern_read.h"

static const gh_range digits[] = {{'0', '9'}};
static const gh_range words[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
/* WhiteSpace and LineTerminator (ECMA-262 sections 12.2 and 12.3). */
static const gh_range spaces[] = {{0x09, 0x0d},     {0x20, 0x20},     {0xa0, 0xa0},     {0x1680, 0x1680},
                                  {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f},
                                  {0x3000, 0x3000}, {0xfeff, 0xfeff}};
static const gh_range line_ends[] = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};

static bool make_set(gh_tree_reader *r, const gh_range *items, size_t n, bool negated, gh_range_set *ret)
{
    gh_range_set set = {0};
    if (!gh_range_set_add_all(&set, items, n, r->arena))
        return gh_read_fail_memory(r);
    if (negated && !gh_range_set_invert(&set, &set, r->arena))
        return gh_read_fail_memory(r);
    *ret = set;
    return true;
}

bool gh_read_word_set(gh_tree_reader *r, gh_range_set *ret)
{
    return make_set(r, words, GH_COUNT(words), false, ret);
}

bool gh_read_dot_set(gh_tree_reader *r, gh_range_set *ret)
{
    return make_set(r, line_ends, GH_COUNT(line_ends), true, ret);
}

static enum gh_property_result find_property(gh_tree_reader *r, gh_str name, gh_range_set *ret)
{
    for (const gh_known_property *p = r->properties; p != NULL; p = p->next) {
        if (gh_str_eq(p->name, name)) {
            *ret = p->set;
            return GH_PROPERTY_FOUND;
        }
    }
    gh_known_property *known = gh_arena_new(r->arena, gh_known_property);
    if (known == NULL)
        return GH_PROPERTY_NO_MEMORY;
    enum gh_property_result result = gh_property_find(name, r->syntax_only ? NULL : ret, r->arena);
    if (result != GH_PROPERTY_FOUND)
        return result;
    ret->room = ret->n;
    *known = (gh_known_property){.name = name, .set = *ret, .next = r->properties};
    r->properties = known;
    return GH_PROPERTY_FOUND;
}

/* \p{...}: behind the letter. */
static bool read_property(gh_tree_reader *r, bool negated, gh_range_set *ret)
{
    size_t start = r->at;
    if (!gh_read_take(r, '{'))
        return gh_read_fail(r, start, "\\p needs a property in braces, as in \\p{Lu}");
    size_t end = start + 1 + gh_str_find(gh_str_cut(r->text, start + 1, r->text.n), '}');
    if (end >= r->text.n)
        return gh_read_fail(r, start, "the brace of \\p{ is not closed");
    gh_range_set set = {0};
    gh_str name = gh_str_cut(r->text, start + 1, end);
    switch (find_property(r, name, &set)) {
    case GH_PROPERTY_FOUND:
        break;
    case GH_PROPERTY_UNKNOWN:
        return gh_read_fail(r, start,
                            "\\p{...} with a property that ECMA-262 does not name; "
                            "write for example \\p{Lu} or \\p{Script=Greek}");
    case GH_PROPERTY_NO_MEMORY:
        return gh_read_fail_memory(r);
    }
    r->at = end + 1;
    if (negated && !gh_range_set_invert(&set, &set, r->arena))
        return gh_read_fail_memory(r);
    *ret = set;
    return true;
}

/* Exactly `count` hexadecimal digits. */
static bool read_hex(gh_tree_reader *r, unsigned count, uint32_t *ret)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < count; i++) {
        int digit = r->at + i < r->text.n ? gh_hex_value(r->text.p[r->at + i]) : -1;
        if (digit < 0)
            return false;
        value = value << 4 | (uint32_t)digit;
    }
    r->at += count;
    *ret = value;
    return true;
}

/* Behind \u: "{...}", four digits, or eight as two surrogates with another \u between. */
static bool read_unicode(gh_tree_reader *r, uint32_t *ret)
{
    size_t start = r->at;
    if (gh_read_take(r, '{')) {
        uint32_t value = 0;
        while (value <= GH_CODE_POINT_MAX && r->at < r->text.n && gh_hex_value(r->text.p[r->at]) >= 0)
            value = value << 4 | (uint32_t)gh_hex_value(r->text.p[r->at++]);
        if (r->at == start + 1 || value > GH_CODE_POINT_MAX || !gh_read_take(r, '}'))
            return gh_read_fail(r, start, "\\u{...} takes the hexadecimal number of a code point");
        *ret = value;
        return true;
    }
    if (!read_hex(r, 4, ret))
        return gh_read_fail(r, start, "\\u needs four hexadecimal digits, or braces");
    size_t behind = r->at;
    uint32_t low;
    if (*ret >= 0xd800 && *ret <= 0xdbff && gh_read_take(r, '\\') && gh_read_take(r, 'u') &&
        read_hex(r, 4, &low) && low >= 0xdc00 && low <= 0xdfff)
        *ret = 0x10000 + ((*ret - 0xd800) << 10) + (low - 0xdc00);
    else
        r->at = behind;
    return true;
}

static const char *advice_for(char c)
{
    switch (c) {
    case 'A':
        return "\\A is not of ECMA-262; write ^";
    case 'Z':
    case 'z':
        return "\\Z and \\z are not of ECMA-262; write $";
    case 'G':
    case 'K':
    case 'h':
    case 'H':
    case 'R':
    case 'X':
    case 'Q':
    case 'E':
    case 'N':
    case 'a':
    case 'e':
        return "this escape is not of ECMA-262; other validators refuse it or read it differently";
    default:
        return "letters and digits may not be escaped when the escape has no meaning; write the character alone";
    }
}

/* Escapes that stand for one code point. */
static bool read_character(gh_tree_reader *r, size_t start, bool in_class, uint32_t *ret)
{
    static const char names[] = "fnrtv", values[] = "\f\n\r\t\v";
    char c = r->text.p[r->at++];
    const char *name = c == '\0' ? NULL : strchr(names, c);
    if (name != NULL) {
        *ret = (uint8_t)values[name - names];
    } else if (c == 'c') {
        char letter = r->at < r->text.n ? gh_lower(r->text.p[r->at]) : '\0';
        if (letter < 'a' || letter > 'z')
            return gh_read_fail(r, start, "\\c needs a letter");
        *ret = (uint32_t)letter & 0x1f;
        r->at++;
    } else if (c == '0') {
        if (r->at < r->text.n && gh_is_digit(r->text.p[r->at]))
            return gh_read_fail(r, start, "octal escapes are not of ECMA-262; write \\xHH");
        *ret = 0;
    } else if (c == 'x') {
        if (!read_hex(r, 2, ret))
            return gh_read_fail(r, start, "\\x needs two hexadecimal digits");
    } else if (c == 'u') {
        return read_unicode(r, ret);
    } else if (c == 'b' && in_class) {
        *ret = '\b';
    } else if (c >= ' ' && c < 0x7f && !gh_is_digit(c) && (gh_lower(c) < 'a' || gh_lower(c) > 'z')) {
        /* ECMA-262 with the u flag allows syntax characters only; "\@" means "@" everywhere, so it may be written. */
        *ret = (uint8_t)c;
    } else {
        return gh_read_fail(r, start, advice_for(c));
    }
    return true;
}

bool gh_read_escape(gh_tree_reader *r, bool in_class, gh_escape *ret)
{
    size_t start = r->at - 1;
    if (r->at == r->text.n)
        return gh_read_fail(r, start, "a backslash at the end");
    char c = r->text.p[r->at];
    bool negated = c == 'D' || c == 'W' || c == 'S' || c == 'P';
    *ret = (gh_escape){.is_set = true};
    switch (gh_lower(c)) {
    case 'd':
        r->at++;
        return make_set(r, digits, GH_COUNT(digits), negated, &ret->set);
    case 'w':
        r->at++;
        return make_set(r, words, GH_COUNT(words), negated, &ret->set);
    case 's':
        r->at++;
        return make_set(r, spaces, GH_COUNT(spaces), negated, &ret->set);
    case 'p':
        r->at++;
        return read_property(r, negated, &ret->set);
    default:
        ret->is_set = false;
        return read_character(r, start, in_class, &ret->code_point);
    }
}

static bool read_class_atom(gh_tree_reader *r, gh_escape *ret)
{
    size_t start = r->at;
    *ret = (gh_escape){0};
    if (gh_read_starts(r, GH_STR("[:")) || gh_read_starts(r, GH_STR("[.")) ||
        gh_read_starts(r, GH_STR("[="))) {
        char kind = r->text.p[start + 1];
        size_t end = start + 2;
        while (end < r->text.n && r->text.p[end] >= 'a' && r->text.p[end] <= 'z')
            end++;
        if (end > start + 2 && r->text.n - end >= 2 && r->text.p[end] == kind && r->text.p[end + 1] == ']')
            return gh_read_fail(r, start,
                                "POSIX classes are not of ECMA-262; write the characters, as in [a-z]");
    }
    if (gh_read_take(r, '\\'))
        return gh_read_escape(r, true, ret);
    ret->code_point = gh_read_code_point(r);
    return true;
}

/* One atom, or a range of two. */
static bool read_class_part(gh_tree_reader *r, gh_range_set *set)
{
    size_t start = r->at;
    gh_escape low, high;
    if (!read_class_atom(r, &low))
        return false;
    bool range = gh_read_is(r, '-') && r->text.n - r->at >= 2 && r->text.p[r->at + 1] != ']';
    if (!range)
        return (low.is_set ? gh_range_set_add_all(set, low.set.items, low.set.n, r->arena)
                           : gh_range_set_add(set, low.code_point, low.code_point, r->arena)) ||
               gh_read_fail_memory(r);
    r->at++;
    if (!read_class_atom(r, &high))
        return false;
    if (low.is_set || high.is_set)
        return gh_read_fail(r, start,
                            "a range in a class must begin and end with a character; write \\- for the sign");
    if (low.code_point > high.code_point)
        return gh_read_fail(r, start, "a range in a class ends before it begins");
    return gh_range_set_add(set, low.code_point, high.code_point, r->arena) || gh_read_fail_memory(r);
}

const gh_range_set *gh_read_class(gh_tree_reader *r)
{
    size_t start = r->at - 1;
    gh_range_set *set = gh_arena_new(r->arena, gh_range_set);
    if (set == NULL) {
        (void)gh_read_fail_memory(r);
        return NULL;
    }
    bool negated = gh_read_take(r, '^');
    while (r->at < r->text.n && !gh_read_is(r, ']'))
        if (!read_class_part(r, set))
            return NULL;
    if (!gh_read_take(r, ']')) {
        (void)gh_read_fail(r, start, "a class is not closed: ] is missing");
        return NULL;
    }
    if (!gh_range_set_tidy(set, r->arena) || (negated && !gh_range_set_invert(set, set, r->arena))) {
        (void)gh_read_fail_memory(r);
        return NULL;
    }
    return set;
}
