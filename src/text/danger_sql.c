/* Shapes of SQL injection: what breaks out of a string or a number and then says something to the database.
 *
 * One pass over tokens (sql_token.h); each rule looks a few tokens ahead. Not found, on purpose: a plain SELECT or
 * other single statement, which is how people talk about SQL and harms only who executes texts as they are. */
#include "text/danger_rules.h"
#include "text/sql_token.h"

enum { STRING_MAX = 256, BRACKETS_MAX = 6, TERMS_MAX = 4 };

/* A value in a condition. */
enum operand { NO_OPERAND, NUMBER, STRING, TRUTH, NAME, CALL };

struct reader {
    gh_sql_cursor cursor;
    gh_sql_token before[3]; /* the nearest first; END: none */
    unsigned quotes[3];     /* how many of ' " ` there were */
    bool starts_number;     /* the text is "1", "1)" and the like so far */
    bool is_statement;      /* the text begins with one that changes something */
};

static unsigned quote_index(char quote)
{
    return quote == '\'' ? 0 : quote == '"' ? 1 : 2;
}

static bool is_connective(const gh_sql_token *t)
{
    static const gh_str words[] = {GH_STR_INIT("or"), GH_STR_INIT("and"), GH_STR_INIT("xor")};
    return gh_sql_word_in(t, words, GH_COUNT(words)) || gh_sql_sign(t, "||") || gh_sql_sign(t, "&&");
}

static bool is_comparison(const gh_sql_token *t)
{
    static const char *const signs[] = {"=", "<", ">", "<=", ">=", "<>", "!=", "=="};
    for (size_t i = 0; t->kind == GH_SQL_SIGN && i < GH_COUNT(signs); i++)
        if (gh_str_eq(t->text, gh_str_of(signs[i])))
            return true;
    return false;
}

static bool is_equality(const gh_sql_token *t)
{
    return gh_sql_sign(t, "=") || gh_sql_sign(t, "<>") || gh_sql_sign(t, "!=") || gh_sql_sign(t, "==") ||
           gh_sql_word(t, "like");
}

static bool cuts(const gh_sql_cursor *cursor, bool letters_too)
{
    gh_sql_token t = gh_sql_peek(cursor);
    return t.kind == GH_SQL_COMMENT && gh_sql_cuts(cursor->s, t.end - t.text.n, letters_too);
}

/* Behind an opening quote: over the string and its end. False: it does not end, or not soon. */
static bool skip_string(gh_sql_cursor *cursor, char quote)
{
    gh_str ahead = gh_str_cut(cursor->s, cursor->at, cursor->at + STRING_MAX);
    size_t end = gh_str_find(ahead, quote);
    cursor->at += end == ahead.n ? end : end + 1;
    return end < ahead.n;
}

static enum operand take_operand(gh_sql_cursor *cursor)
{
    static const gh_str truths[] = {GH_STR_INIT("true"), GH_STR_INIT("false"), GH_STR_INIT("null")};
    static const char *const unary[] = {"(", "+", "-", "~", "!"};
    for (unsigned i = 0; i < BRACKETS_MAX; i++) {
        gh_sql_token t = gh_sql_next(cursor);
        bool skip = gh_sql_word(&t, "not") || gh_sql_word(&t, "binary") || t.kind == GH_SQL_VERSION;
        for (size_t k = 0; k < GH_COUNT(unary); k++)
            skip = skip || (t.kind == GH_SQL_SIGN && gh_str_eq(t.text, gh_str_of(unary[k])));
        if (skip)
            continue;
        if (t.kind == GH_SQL_NUMBER)
            return NUMBER;
        if (t.kind == GH_SQL_QUOTE)
            return skip_string(cursor, t.text.p[0]) ? STRING : NO_OPERAND;
        if (t.kind != GH_SQL_WORD)
            return NO_OPERAND;
        if (gh_sql_word_in(&t, truths, GH_COUNT(truths)))
            return TRUTH;
        while (gh_sql_take_sign(cursor, GH_STR(".")))
            if (gh_sql_next(cursor).kind != GH_SQL_WORD)
                return NO_OPERAND;
        gh_sql_token next = gh_sql_peek(cursor);
        return gh_sql_sign(&next, "(") ? CALL : NAME;
    }
    return NO_OPERAND;
}

/* Behind a value: does a comparison in words follow, with what it compares to? */
static bool is_worded_comparison(gh_sql_cursor cursor)
{
    static const gh_str likes[] = {GH_STR_INIT("like"),  GH_STR_INIT("rlike"), GH_STR_INIT("regexp"),
                                   GH_STR_INIT("ilike"), GH_STR_INIT("glob"),  GH_STR_INIT("between")};
    static const gh_str states[] = {GH_STR_INIT("null"), GH_STR_INIT("true"), GH_STR_INIT("false"),
                                    GH_STR_INIT("unknown")};
    (void)gh_sql_take_word(&cursor, GH_STR("not"));
    gh_sql_token word = gh_sql_next(&cursor), t = gh_sql_next(&cursor);
    if (gh_sql_word_in(&word, likes, GH_COUNT(likes)))
        return t.kind == GH_SQL_QUOTE || t.kind == GH_SQL_NUMBER;
    if (gh_sql_word(&word, "in"))
        return gh_sql_sign(&t, "(");
    if (!gh_sql_word(&word, "is"))
        return false;
    if (gh_sql_word(&t, "not"))
        t = gh_sql_next(&cursor);
    return gh_sql_word_in(&t, states, GH_COUNT(states));
}

/* Over "+ 1" and the like, and closing brackets. */
static void skip_terms(gh_sql_cursor *cursor)
{
    static const char *const signs[] = {"+", "-", "*", "/", "%", "^", "|", "&"};
    for (unsigned i = 0; i < TERMS_MAX; i++) {
        gh_sql_cursor ahead = *cursor;
        gh_sql_token t = gh_sql_next(&ahead);
        bool arithmetic = false;
        for (size_t k = 0; t.kind == GH_SQL_SIGN && k < GH_COUNT(signs); k++)
            arithmetic = arithmetic || gh_str_eq(t.text, gh_str_of(signs[k]));
        if (arithmetic && take_operand(&ahead) == NO_OPERAND)
            return;
        if (!arithmetic && !gh_sql_sign(&t, ")"))
            return;
        *cursor = ahead;
    }
}

/* Does the statement go on, or is it cut off, where a value has been? */
static bool goes_on(gh_sql_cursor cursor, bool odd)
{
    static const gh_str clauses[] = {GH_STR_INIT("limit"), GH_STR_INIT("group"), GH_STR_INIT("order"),
                                     GH_STR_INIT("union"), GH_STR_INIT("having")};
    gh_sql_token t = gh_sql_peek(&cursor);
    if (cuts(&cursor, odd))
        return true;
    if (gh_sql_take_sign(&cursor, GH_STR(";")))
        return gh_sql_peek(&cursor).kind == GH_SQL_COMMENT || gh_sql_statement(cursor);
    if (!gh_sql_word_in(&t, clauses, GH_COUNT(clauses)))
        return false;
    (void)gh_sql_next(&cursor);
    t = gh_sql_next(&cursor);
    return t.kind == GH_SQL_NUMBER || gh_sql_word(&t, "by") || gh_sql_word(&t, "all") ||
           gh_sql_word(&t, "select");
}

static bool is_known_call(gh_sql_cursor cursor)
{
    static const gh_str calls[] = {GH_STR_INIT("exists"),  GH_STR_INIT("ascii"), GH_STR_INIT("substring"),
                                   GH_STR_INIT("substr"),  GH_STR_INIT("mid"),   GH_STR_INIT("ord"),
                                   GH_STR_INIT("unicode"), GH_STR_INIT("elt"),   GH_STR_INIT("make_set"),
                                   GH_STR_INIT("ifnull"),  GH_STR_INIT("row"),   GH_STR_INIT("version")};
    for (unsigned i = 0; i < BRACKETS_MAX; i++) {
        gh_sql_token t = gh_sql_next(&cursor);
        if (t.kind == GH_SQL_WORD && !gh_sql_word(&t, "not"))
            return gh_sql_word_in(&t, calls, GH_COUNT(calls));
    }
    return false;
}

/* Behind a quote and OR or AND. odd: the quote is one that opens a string, as the text itself reads; then what
 * follows is no code about strings, and a column's name counts as much as a value. */
static bool is_condition(gh_sql_cursor cursor, bool odd)
{
    gh_sql_cursor start = cursor;
    enum operand left = take_operand(&cursor);
    if (left == NO_OPERAND)
        return false;
    if (left == CALL)
        return odd && is_known_call(start);
    if (left == NUMBER || left == STRING)
        skip_terms(&cursor);
    gh_sql_token t = gh_sql_peek(&cursor);
    if (left == NAME)
        return odd && ((is_comparison(&t) && !gh_sql_sign(&t, "==")) || is_worded_comparison(cursor));
    if (is_comparison(&t)) {
        (void)gh_sql_next(&cursor);
        return gh_sql_peek(&cursor).kind != GH_SQL_END;
    }
    return (is_worded_comparison(cursor) && (odd || left == NUMBER)) || goes_on(cursor, odd);
}

/* Behind OR or AND wherever: two literals of one kind that are compared, "1=1" or "'a'='a". */
static bool is_tautology(const struct reader *r)
{
    gh_sql_cursor cursor = r->cursor;
    enum operand left = take_operand(&cursor);
    if (left == TRUTH)
        return r->starts_number && (goes_on(cursor, true) || gh_sql_peek(&cursor).kind == GH_SQL_END);
    if (left != NUMBER && left != STRING)
        return false;
    gh_sql_token sign = gh_sql_next(&cursor), right = gh_sql_next(&cursor);
    if (!is_equality(&sign) && !(r->starts_number && is_comparison(&sign)))
        return false;
    return right.kind == (left == NUMBER ? GH_SQL_NUMBER : GH_SQL_QUOTE);
}

/* ORDER BY 10, GROUP BY 1, HAVING 1=1, LIMIT 1: behind what breaks out. */
static bool is_clause(gh_sql_cursor cursor)
{
    gh_sql_token t = gh_sql_next(&cursor);
    if (gh_sql_word(&t, "order") || gh_sql_word(&t, "group"))
        return gh_sql_take_word(&cursor, GH_STR("by")) &&
               (gh_sql_next(&cursor).kind == GH_SQL_NUMBER || cuts(&cursor, true));
    if (gh_sql_word(&t, "having"))
        return take_operand(&cursor) == NUMBER;
    return gh_sql_word(&t, "limit") && gh_sql_next(&cursor).kind == GH_SQL_NUMBER && cuts(&cursor, true);
}

/* Behind a quote: does something follow that talks to a database? */
static bool breaks_out(gh_sql_cursor cursor, bool odd)
{
    gh_sql_cursor start = cursor;
    for (unsigned i = 0; i < TERMS_MAX && gh_sql_take_sign(&cursor, GH_STR(")")); i++)
        continue;
    gh_sql_token t = gh_sql_peek(&cursor);
    if (t.kind == GH_SQL_COMMENT)
        return odd && gh_sql_cuts(cursor.s, t.end - t.text.n, true);
    if (is_clause(cursor))
        return true;
    (void)gh_sql_next(&cursor);
    if (is_connective(&t))
        return is_condition(cursor, odd);
    if (gh_sql_sign(&t, ";"))
        return cuts(&cursor, true);
    if (gh_sql_sign(&t, "=") || gh_sql_word(&t, "like")) {
        enum operand right = take_operand(&cursor);
        return (right == NUMBER || right == STRING) && start.at > 0 && cuts(&cursor, true);
    }
    return false;
}

static bool at_token(struct reader *r, const gh_sql_token *t)
{
    switch (t->kind) {
    case GH_SQL_QUOTE: {
        unsigned *count = &r->quotes[quote_index(t->text.p[0])];
        ++*count;
        return breaks_out(r->cursor, *count % 2 == 1);
    }
    case GH_SQL_WORD:
        return (is_connective(t) && is_tautology(r)) || gh_sql_dangerous_word(t, r->cursor, r->before);
    case GH_SQL_NUMBER:
        return r->starts_number &&
               (is_clause(r->cursor) ||
                (gh_danger_at(r->cursor.s, r->cursor.at, GH_STR("--")) && cuts(&r->cursor, true)));
    case GH_SQL_SIGN:
        if (gh_sql_sign(t, ";"))
            return gh_sql_statement(r->cursor) || (r->starts_number && cuts(&r->cursor, true));
        return is_connective(t) && is_tautology(r);
    case GH_SQL_VERSION:
        return t->text.n == sizeof "/*!50000" - 1;
    case GH_SQL_COMMENT:
        return r->is_statement && gh_sql_cuts(r->cursor.s, t->end - t->text.n, true);
    case GH_SQL_END:
        return false;
    }
    return false;
}

static bool is_injection(gh_sql_cursor cursor)
{
    struct reader r = {.cursor = cursor, .is_statement = gh_sql_statement(cursor)};
    for (;;) {
        bool first = r.cursor.at == 0;
        gh_sql_token t = gh_sql_next(&r.cursor);
        if (t.kind == GH_SQL_END)
            return false;
        if (first)
            r.starts_number = t.kind == GH_SQL_NUMBER || gh_sql_sign(&t, "-");
        else if (t.kind != GH_SQL_NUMBER && t.kind != GH_SQL_QUOTE && !gh_sql_sign(&t, ")") &&
                 !gh_sql_sign(&t, ";") && !is_connective(&t))
            r.starts_number = false;
        if (at_token(&r, &t))
            return true;
        memmove(r.before + 1, r.before, sizeof r.before - sizeof r.before[0]);
        r.before[0] = t;
    }
}

/* A comment may stand in a string, where it is none: then what is in it counts. */
bool gh_danger_sql(const gh_danger_view *view)
{
    gh_sql_cursor cursor = gh_sql_open(view->folded);
    if (is_injection(cursor))
        return true;
    if (memmem(view->folded.p, view->folded.n, "/*", 2) == NULL)
        return false;
    cursor.in_string = true;
    return is_injection(cursor);
}
