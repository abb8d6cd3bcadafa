/* SQL by its words: UNION SELECT, stacked statements, functions that wait, read files or run programs. */
#include "text/sql_token.h"

enum { FROM_WITHIN = 10 };

/* Is the statement over here, or cut off? "drop table reservations at 5" goes on. */
static bool is_end(const gh_sql_cursor *cursor)
{
    gh_sql_token t = gh_sql_peek(cursor);
    return t.kind == GH_SQL_END || t.kind == GH_SQL_COMMENT || t.kind == GH_SQL_QUOTE ||
           gh_sql_sign(&t, ";") || gh_sql_word(&t, "cascade");
}

/* A name, also "schema.table", "[table]" and "`table`". */
static bool take_name(gh_sql_cursor *cursor)
{
    for (unsigned i = 0; i < 3; i++) {
        bool quoted = gh_sql_peek(cursor).kind == GH_SQL_QUOTE || gh_sql_take_sign(cursor, GH_STR("["));
        if (quoted && gh_sql_peek(cursor).kind == GH_SQL_QUOTE)
            (void)gh_sql_next(cursor);
        if (gh_sql_next(cursor).kind != GH_SQL_WORD)
            return false;
        if (quoted && (gh_sql_peek(cursor).kind == GH_SQL_QUOTE || !gh_sql_take_sign(cursor, GH_STR("]"))))
            (void)gh_sql_next(cursor);
        if (!gh_sql_take_sign(cursor, GH_STR(".")))
            return true;
        (void)gh_sql_take_sign(cursor, GH_STR("."));
    }
    return true;
}

static const gh_str things[] = {GH_STR_INIT("table"), GH_STR_INIT("database"),  GH_STR_INIT("schema"),
                                GH_STR_INIT("view"),  GH_STR_INIT("index"),     GH_STR_INIT("user"),
                                GH_STR_INIT("role"),  GH_STR_INIT("procedure"), GH_STR_INIT("function"),
                                GH_STR_INIT("login"), GH_STR_INIT("trigger"),   GH_STR_INIT("column")};

/* Behind DROP, ALTER or CREATE: the thing and its name. */
static bool take_thing(gh_sql_cursor *cursor)
{
    gh_sql_token thing = gh_sql_next(cursor);
    if (!gh_sql_word_in(&thing, things, GH_COUNT(things)))
        return false;
    if (gh_sql_take_word(cursor, GH_STR("if"))) {
        (void)gh_sql_take_word(cursor, GH_STR("not"));
        (void)gh_sql_take_word(cursor, GH_STR("exists"));
    }
    return take_name(cursor);
}

static bool is_create(gh_sql_cursor cursor)
{
    static const gh_str behind[] = {GH_STR_INIT("as"), GH_STR_INIT("identified"), GH_STR_INIT("with"),
                                    GH_STR_INIT("returns")};
    if (gh_sql_take_word(&cursor, GH_STR("or")))
        (void)gh_sql_take_word(&cursor, GH_STR("replace"));
    if (!take_thing(&cursor))
        return false;
    gh_sql_token t = gh_sql_peek(&cursor);
    return is_end(&cursor) || gh_sql_sign(&t, "(") || gh_sql_word_in(&t, behind, GH_COUNT(behind));
}

static bool is_alter(gh_sql_cursor cursor)
{
    static const gh_str behind[] = {GH_STR_INIT("add"),   GH_STR_INIT("drop"),       GH_STR_INIT("modify"),
                                    GH_STR_INIT("alter"), GH_STR_INIT("rename"),     GH_STR_INIT("change"),
                                    GH_STR_INIT("with"),  GH_STR_INIT("identified"), GH_STR_INIT("set")};
    if (!take_thing(&cursor))
        return false;
    gh_sql_token t = gh_sql_peek(&cursor);
    return gh_sql_word_in(&t, behind, GH_COUNT(behind));
}

static bool is_insert(gh_sql_cursor cursor)
{
    if (!gh_sql_take_word(&cursor, GH_STR("into")) || !take_name(&cursor))
        return false;
    gh_sql_token t = gh_sql_peek(&cursor);
    return gh_sql_sign(&t, "(") || gh_sql_word(&t, "values") || gh_sql_word(&t, "select");
}

static bool is_update(gh_sql_cursor cursor)
{
    if (!take_name(&cursor) || !gh_sql_take_word(&cursor, GH_STR("set")) || !take_name(&cursor))
        return false;
    return gh_sql_take_sign(&cursor, GH_STR("="));
}

static bool is_delete(gh_sql_cursor cursor)
{
    if (!gh_sql_take_word(&cursor, GH_STR("from")) || !take_name(&cursor))
        return false;
    return is_end(&cursor) || gh_sql_take_word(&cursor, GH_STR("where"));
}

static bool is_exec(gh_sql_cursor cursor)
{
    gh_sql_token t = gh_sql_next(&cursor);
    if (gh_sql_word(&t, "master") || gh_sql_word(&t, "immediate"))
        return true;
    bool bracket = gh_sql_sign(&t, "(");
    if (bracket)
        t = gh_sql_next(&cursor);
    if (t.kind != GH_SQL_WORD)
        return false;
    if (gh_str_starts(t.text, GH_STR("xp_")) || gh_str_starts(t.text, GH_STR("sp_")))
        return true;
    return t.text.p[0] == '@' && (!bracket || gh_sql_take_sign(&cursor, GH_STR(")"))) && is_end(&cursor);
}

static bool is_select(gh_sql_cursor cursor);

bool gh_sql_statement(gh_sql_cursor cursor)
{
    gh_sql_token t = gh_sql_next(&cursor);
    if (t.kind != GH_SQL_WORD)
        return false;
    if (gh_sql_word(&t, "drop"))
        return take_thing(&cursor) && is_end(&cursor);
    if (gh_sql_word(&t, "truncate"))
        return ((void)gh_sql_take_word(&cursor, GH_STR("table")), take_name(&cursor)) && is_end(&cursor);
    if (gh_sql_word(&t, "create"))
        return is_create(cursor);
    if (gh_sql_word(&t, "alter"))
        return is_alter(cursor);
    if (gh_sql_word(&t, "insert"))
        return is_insert(cursor);
    if (gh_sql_word(&t, "update"))
        return is_update(cursor);
    if (gh_sql_word(&t, "delete"))
        return is_delete(cursor);
    if (gh_sql_word(&t, "exec") || gh_sql_word(&t, "execute"))
        return is_exec(cursor);
    if (gh_sql_word(&t, "shutdown"))
        return is_end(&cursor) || gh_sql_take_word(&cursor, GH_STR("with"));
    if (gh_sql_word(&t, "declare") || gh_sql_word(&t, "set")) {
        gh_sql_token name = gh_sql_next(&cursor);
        return name.kind == GH_SQL_WORD && name.text.p[0] == '@';
    }
    return gh_sql_word(&t, "select") && is_select(cursor);
}

/* Behind SELECT: what only a query has there, as "select a union representative" has not. */
static bool is_select(gh_sql_cursor cursor)
{
    static const gh_str values[] = {GH_STR_INIT("null"), GH_STR_INIT("distinct"), GH_STR_INIT("top")};
    (void)gh_sql_take_sign(&cursor, GH_STR("("));
    gh_sql_token t = gh_sql_next(&cursor);
    if (t.kind == GH_SQL_NUMBER || t.kind == GH_SQL_QUOTE || gh_sql_sign(&t, "*") || gh_sql_sign(&t, "(") ||
        gh_sql_word_in(&t, values, GH_COUNT(values)))
        return true;
    if (t.kind != GH_SQL_WORD)
        return false;
    if (t.text.p[0] == '@' || gh_sql_take_sign(&cursor, GH_STR("(")))
        return true;
    for (unsigned i = 0; i < FROM_WITHIN; i++) {
        t = gh_sql_next(&cursor);
        if (gh_sql_word(&t, "from"))
            return gh_sql_peek(&cursor).kind != GH_SQL_END;
        if (t.kind == GH_SQL_END || gh_sql_sign(&t, ";"))
            return false;
    }
    return false;
}

static bool is_union_select(gh_sql_cursor cursor)
{
    (void)(gh_sql_take_word(&cursor, GH_STR("all")) || gh_sql_take_word(&cursor, GH_STR("distinct")));
    for (unsigned i = 0; i < 4; i++)
        if (gh_sql_peek(&cursor).kind == GH_SQL_VERSION || !gh_sql_take_sign(&cursor, GH_STR("(")))
            break;
    gh_sql_token t = gh_sql_next(&cursor);
    if (gh_sql_word(&t, "select")) {
        if (is_select(cursor))
            return true;
        (void)gh_sql_next(&cursor); /* the first thing that is selected */
        return gh_sql_peek(&cursor).kind == GH_SQL_COMMENT || gh_sql_take_sign(&cursor, GH_STR(","));
    }
    return gh_sql_word(&t, "values") && gh_sql_take_sign(&cursor, GH_STR("("));
}

/* Is a condition or an expression of SQL before it? "; sleep(5)" and "time.sleep(5)" are programs. */
static bool in_expression(const gh_sql_token *before)
{
    static const gh_str words[] = {GH_STR_INIT("or"),     GH_STR_INIT("and"), GH_STR_INIT("xor"),
                                   GH_STR_INIT("select"), GH_STR_INIT("not"), GH_STR_INIT("where"),
                                   GH_STR_INIT("then"),   GH_STR_INIT("div"), GH_STR_INIT("like"),
                                   GH_STR_INIT("rlike")};
    static const char *const signs[] = {"||", "&&", "+", "-", "*", "/", "^", ",",
                                        "(",  "=",  "|", "&", "!", "<", ">"};
    if (before->kind == GH_SQL_QUOTE || before->kind == GH_SQL_NUMBER)
        return true;
    if (before->kind == GH_SQL_WORD)
        return gh_sql_word_in(before, words, GH_COUNT(words));
    for (size_t i = 0; before->kind == GH_SQL_SIGN && i < GH_COUNT(signs); i++)
        if (gh_str_eq(before->text, gh_str_of(signs[i])))
            return true;
    return false;
}

static bool is_whole_text(const gh_sql_token *before, const gh_sql_cursor *behind)
{
    gh_sql_token t = gh_sql_peek(behind);
    return before->kind == GH_SQL_END && (t.kind == GH_SQL_END || t.kind == GH_SQL_COMMENT);
}

/* sleep(5): where an expression is expected, or as all there is. */
static bool is_sleep(gh_sql_cursor cursor, const gh_sql_token before[3])
{
    if (!gh_sql_take_sign(&cursor, GH_STR("(")))
        return false;
    gh_sql_token t = gh_sql_next(&cursor);
    if (t.kind != GH_SQL_NUMBER && t.kind != GH_SQL_QUOTE && !gh_sql_sign(&t, "("))
        return false;
    if (in_expression(&before[0]))
        return true;
    return gh_sql_take_sign(&cursor, GH_STR(")")) && is_whole_text(&before[0], &cursor);
}

/* benchmark(5000000, md5(1)) */
static bool is_benchmark(gh_sql_cursor cursor)
{
    if (!gh_sql_take_sign(&cursor, GH_STR("(")) || gh_sql_next(&cursor).kind != GH_SQL_NUMBER ||
        !gh_sql_take_sign(&cursor, GH_STR(",")))
        return false;
    gh_sql_token name = gh_sql_next(&cursor);
    return gh_sql_sign(&name, "(") || (name.kind == GH_SQL_WORD && !gh_sql_word(&name, "function") &&
                                       gh_sql_take_sign(&cursor, GH_STR("(")));
}

/* char(65,66,67), char(65)+char(66), chr(65)||chr(66) */
static bool is_spelled(const gh_sql_token *word, gh_sql_cursor cursor)
{
    unsigned numbers = 0;
    if (!gh_sql_take_sign(&cursor, GH_STR("(")))
        return false;
    do {
        if (gh_sql_next(&cursor).kind != GH_SQL_NUMBER)
            return false;
        numbers++;
    } while (numbers < 3 && gh_sql_take_sign(&cursor, GH_STR(",")));
    if (numbers == 3)
        return true;
    if (!gh_sql_take_sign(&cursor, GH_STR(")")) ||
        !(gh_sql_take_sign(&cursor, GH_STR("||")) ||
          (gh_sql_word(word, "char") && gh_sql_take_sign(&cursor, GH_STR("+")))))
        return false;
    return gh_sql_take_word(&cursor, word->text);
}

/* "and (select count(*) from users) > 0", "||(select ...", "cast((select ..." */
static bool is_subquery(gh_sql_cursor cursor, const gh_sql_token before[3])
{
    static const gh_str words[] = {GH_STR_INIT("or"),    GH_STR_INIT("and"),    GH_STR_INIT("xor"),
                                   GH_STR_INIT("not"),   GH_STR_INIT("exists"), GH_STR_INIT("like"),
                                   GH_STR_INIT("rlike"), GH_STR_INIT("regexp"), GH_STR_INIT("having")};
    static const char *const signs[] = {"||", "&&", "+", "-", "*", "/", "^", "("};
    const gh_sql_token *t = &before[1];
    if (!gh_sql_sign(&before[0], "("))
        return false;
    bool there = t->kind == GH_SQL_QUOTE || t->kind == GH_SQL_NUMBER ||
                 gh_sql_word_in(t, words, GH_COUNT(words)) ||
                 (gh_sql_sign(t, "=") && (before[2].kind == GH_SQL_NUMBER || before[2].kind == GH_SQL_QUOTE));
    for (size_t i = 0; t->kind == GH_SQL_SIGN && i < GH_COUNT(signs); i++)
        there = there || gh_str_eq(t->text, gh_str_of(signs[i]));
    return there && is_select(cursor);
}

/* load_file('/etc/hosts'), load_file(0x2f65), load_file(char(47)): a program's own function takes a name. */
static bool is_load_file(gh_sql_cursor cursor)
{
    static const gh_str calls[] = {GH_STR_INIT("char"), GH_STR_INIT("concat"), GH_STR_INIT("unhex")};
    if (!gh_sql_take_sign(&cursor, GH_STR("(")))
        return false;
    gh_sql_token t = gh_sql_next(&cursor);
    return t.kind == GH_SQL_QUOTE || t.kind == GH_SQL_NUMBER ||
           (gh_sql_word_in(&t, calls, GH_COUNT(calls)) && gh_sql_take_sign(&cursor, GH_STR("(")));
}

/* Functions and procedures that nothing but an attack names. */
static bool is_telling(const gh_sql_token *word, gh_sql_cursor cursor)
{
    static const gh_str always[] = {GH_STR_INIT("pg_sleep"),     GH_STR_INIT("load_file"),
                                    GH_STR_INIT("extractvalue"), GH_STR_INIT("updatexml"),
                                    GH_STR_INIT("xp_cmdshell"),  GH_STR_INIT("xp_dirtree"),
                                    GH_STR_INIT("xp_regread"),   GH_STR_INIT("xp_fileexist")};
    static const gh_str packages[] = {GH_STR_INIT("dbms_pipe"),    GH_STR_INIT("dbms_lock"),
                                      GH_STR_INIT("utl_http"),     GH_STR_INIT("utl_inaddr"),
                                      GH_STR_INIT("dbms_session"), GH_STR_INIT("ctxsys")};
    if (gh_sql_word_in(word, packages, GH_COUNT(packages)))
        return gh_sql_take_sign(&cursor, GH_STR(".")) && gh_sql_next(&cursor).kind == GH_SQL_WORD;
    if (!gh_sql_word_in(word, always, GH_COUNT(always)))
        return false;
    gh_sql_token t = gh_sql_peek(&cursor);
    return gh_sql_sign(&t, "(") || (gh_str_starts(word->text, GH_STR("xp_")) && t.kind == GH_SQL_QUOTE);
}

static bool is_catalog(const gh_sql_token *word, const gh_sql_token *before)
{
    static const gh_str names[] = {GH_STR_INIT("information_schema"), GH_STR_INIT("sqlite_master"),
                                   GH_STR_INIT("sysobjects"),         GH_STR_INIT("syscolumns"),
                                   GH_STR_INIT("pg_shadow"),          GH_STR_INIT("all_tables"),
                                   GH_STR_INIT("user_tables")};
    return gh_sql_word(before, "from") && gh_sql_word_in(word, names, GH_COUNT(names));
}

static bool is_waitfor(gh_sql_cursor cursor)
{
    if (!gh_sql_take_word(&cursor, GH_STR("delay")) && !gh_sql_take_word(&cursor, GH_STR("time")))
        return false;
    gh_sql_token t = gh_sql_next(&cursor);
    return t.kind == GH_SQL_QUOTE || (t.kind == GH_SQL_WORD && t.text.p[0] == '@');
}

/* INTO OUTFILE '...', PROCEDURE ANALYSE( */
static bool is_into_file(const gh_sql_token *word, gh_sql_cursor cursor)
{
    static const gh_str kinds[] = {GH_STR_INIT("outfile"), GH_STR_INIT("dumpfile")};
    gh_sql_token kind = gh_sql_next(&cursor), t = gh_sql_next(&cursor);
    if (gh_sql_word(word, "procedure"))
        return gh_sql_word(&kind, "analyse") && gh_sql_sign(&t, "(");
    return gh_sql_word_in(&kind, kinds, GH_COUNT(kinds)) &&
           (t.kind == GH_SQL_QUOTE || t.kind == GH_SQL_NUMBER);
}

bool gh_sql_dangerous_word(const gh_sql_token *word, gh_sql_cursor behind, const gh_sql_token before[3])
{
    switch (word->text.p[0]) {
    case 'u':
        if (gh_sql_word(word, "union"))
            return is_union_select(behind);
        break;
    case 's':
        if (gh_sql_word(word, "select"))
            return is_subquery(behind, before);
        if (gh_sql_word(word, "sleep"))
            return is_sleep(behind, before);
        break;
    case 'b':
        if (gh_sql_word(word, "benchmark"))
            return is_benchmark(behind);
        break;
    case 'w':
        return gh_sql_word(word, "waitfor") && is_waitfor(behind);
    case 'c':
        if (gh_sql_word(word, "char") || gh_sql_word(word, "chr"))
            return is_spelled(word, behind);
        break;
    case 'e':
        if (gh_sql_word(word, "exec") || gh_sql_word(word, "execute"))
            return is_exec(behind);
        break;
    case 'i':
        if (gh_sql_word(word, "into"))
            return is_into_file(word, behind);
        break;
    case 'p':
        if (gh_sql_word(word, "procedure"))
            return is_into_file(word, behind);
        break;
    case '@':
        return gh_str_starts(word->text, GH_STR("@@")) &&
               (gh_sql_word(&before[0], "select") || gh_sql_word(&before[0], "and") ||
                gh_sql_word(&before[0], "or"));
    case 'l':
        if (gh_sql_word(word, "load_file"))
            return is_load_file(behind);
        break;
    default:
        break;
    }
    return is_telling(word, behind) || is_catalog(word, &before[0]);
}
