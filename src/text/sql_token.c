#include "text/sql_token.h"

#include "text/danger_rules.h"

enum { CUT_REST_MAX = 5 };

gh_sql_cursor gh_sql_open(gh_str folded)
{
    gh_sql_cursor cursor = {.s = folded};
    for (size_t i = folded.n; i > 1; i--) {
        if (folded.p[i - 1] != '/' || folded.p[i - 2] != '*')
            continue;
        cursor.last_close = i - 2;
        break;
    }
    return cursor;
}

static char at(gh_str s, size_t i)
{
    return i < s.n ? s.p[i] : '\0';
}

/* At a comment of the form that may end: behind it, or SIZE_MAX when it does not. */
static size_t comment_end(const gh_sql_cursor *c, size_t i)
{
    if (c->in_string || c->last_close < i + 2)
        return SIZE_MAX;
    const char *p = c->s.p + i + 2;
    const char *close = memmem(p, c->s.n - i - 2, "*/", 2);
    return close == NULL ? SIZE_MAX : (size_t)(close - c->s.p) + 2;
}

/* Over white space, comments and the brackets of comments that MySQL executes. */
static size_t skip_gap(const gh_sql_cursor *c, size_t i)
{
    while (i < c->s.n) {
        char a = c->s.p[i], b = at(c->s, i + 1);
        if (gh_danger_is_space(a) || (a >= 0 && a < ' ')) {
            i++;
        } else if (a == '*' && b == '/') {
            i += 2;
        } else if (a == '/' && b == '*' && at(c->s, i + 2) != '!') {
            size_t end = comment_end(c, i);
            if (end == SIZE_MAX)
                return i;
            i = end;
        } else {
            return i;
        }
    }
    return i;
}

static bool is_word_start(char c)
{
    return gh_danger_is_letter(c) || c == '_' || c == '@' || c == '$' || (unsigned char)c >= 0x80;
}

static size_t word_end(gh_str s, size_t i)
{
    while (i < s.n && (is_word_start(s.p[i]) || gh_is_digit(s.p[i])))
        i++;
    return i;
}

/* "1or" is a number and a word to some databases. */
static bool is_glued(gh_str letters)
{
    static const gh_str words[] = {GH_STR_INIT("or"), GH_STR_INIT("and"), GH_STR_INIT("xor"),
                                   GH_STR_INIT("union")};
    for (size_t i = 0; i < GH_COUNT(words); i++)
        if (gh_str_eq(letters, words[i]))
            return true;
    return false;
}

static bool is_all_hex(gh_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (gh_hex_value(s.p[i]) < 0)
            return false;
    return true;
}

/* At a digit: "12", "1.5", "0x41" and "1e3" are numbers, "5th" is a word. */
static gh_sql_token number_at(gh_str s, size_t i)
{
    size_t end = i;
    while (end < s.n && gh_is_digit(s.p[end]))
        end++;
    if (at(s, end) == '.' && gh_is_digit(at(s, end + 1)))
        for (end++; end < s.n && gh_is_digit(s.p[end]);)
            end++;
    size_t letters = word_end(s, end);
    gh_str tail = gh_str_cut(s, end, letters);
    bool number = tail.n == 0 ||
                  (end - i == 1 && tail.p[0] == 'x' && is_all_hex(gh_str_cut(tail, 1, tail.n))) ||
                  (tail.n > 1 && tail.p[0] == 'e' && gh_is_digit(tail.p[1]));
    if (is_glued(tail)) {
        letters = end;
        number = true;
    }
    return (gh_sql_token){number ? GH_SQL_NUMBER : GH_SQL_WORD, gh_str_cut(s, i, letters), letters};
}

static size_t sign_size(gh_str s, size_t i)
{
    static const char pairs[][3] = {"||", "&&", "<=", ">=", "<>", "!=", "==", ":=", ">>", "<<"};
    for (size_t k = 0; k < GH_COUNT(pairs); k++)
        if (s.p[i] == pairs[k][0] && at(s, i + 1) == pairs[k][1])
            return 2;
    return 1;
}

static gh_sql_token token_at(const gh_sql_cursor *c, size_t i)
{
    gh_str s = c->s;
    if (i >= s.n)
        return (gh_sql_token){GH_SQL_END, {NULL, 0}, s.n};
    char a = s.p[i], b = at(s, i + 1);
    if (gh_is_digit(a))
        return number_at(s, i);
    if (is_word_start(a)) {
        size_t end = word_end(s, i);
        return (gh_sql_token){GH_SQL_WORD, gh_str_cut(s, i, end), end};
    }
    if (a == '\'' || a == '"' || a == '`')
        return (gh_sql_token){GH_SQL_QUOTE, gh_str_cut(s, i, i + 1), i + 1};
    if (a == '/' && b == '*') {
        size_t end = i + 3;
        while (end < s.n && end < i + 9 && gh_is_digit(s.p[end]))
            end++;
        /* Not a comment that ends: skip_gap() has taken those. What MySQL executes is read as if it stood free. */
        enum gh_sql_kind kind = at(s, i + 2) == '!' ? GH_SQL_VERSION : GH_SQL_COMMENT;
        return (gh_sql_token){kind, gh_str_cut(s, i, end), kind == GH_SQL_VERSION ? end : i + 2};
    }
    if ((a == '-' && b == '-') || a == '#')
        return (gh_sql_token){GH_SQL_COMMENT, gh_str_cut(s, i, i + 1 + (a == '-')), i + 1 + (a == '-')};
    size_t size = sign_size(s, i);
    return (gh_sql_token){GH_SQL_SIGN, gh_str_cut(s, i, i + size), i + size};
}

gh_sql_token gh_sql_peek(const gh_sql_cursor *cursor)
{
    return token_at(cursor, skip_gap(cursor, cursor->at));
}

gh_sql_token gh_sql_next(gh_sql_cursor *cursor)
{
    gh_sql_token token = gh_sql_peek(cursor);
    cursor->at = token.end;
    return token;
}

static bool take(gh_sql_cursor *cursor, enum gh_sql_kind kind, gh_str text)
{
    gh_sql_token token = gh_sql_peek(cursor);
    if (!gh_sql_is(&token, kind, text))
        return false;
    cursor->at = token.end;
    return true;
}

bool gh_sql_take_sign(gh_sql_cursor *cursor, gh_str text)
{
    return take(cursor, GH_SQL_SIGN, text);
}

bool gh_sql_take_word(gh_sql_cursor *cursor, gh_str text)
{
    return take(cursor, GH_SQL_WORD, text);
}

bool gh_sql_word_in(const gh_sql_token *token, const gh_str *words, size_t n)
{
    for (size_t i = 0; token->kind == GH_SQL_WORD && i < n; i++)
        if (gh_str_eq(token->text, words[i]))
            return true;
    return false;
}

bool gh_sql_cuts(gh_str s, size_t from, bool letters_too)
{
    gh_str rest = gh_str_cut(s, from, s.n);
    bool dashes = gh_str_starts(rest, GH_STR("--"));
    size_t i = dashes || gh_str_starts(rest, GH_STR("/*")) ? 2 : 1, letters = 0;
    while (i < rest.n &&
           (gh_danger_is_space(rest.p[i]) || (dashes && (rest.p[i] == '-' || rest.p[i] == '+'))))
        i++;
    while (dashes && letters_too && i < rest.n && letters < CUT_REST_MAX && gh_danger_is_word(rest.p[i])) {
        letters++;
        i++;
    }
    return i == rest.n;
}
