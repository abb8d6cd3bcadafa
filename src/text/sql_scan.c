/* Can a text be an injection of SQL at all? One pass without tokens. What danger_sql.c and sql_words.c need before
 * they find anything is looked for here, only coarser: a trigger that is added there needs its row here, and the
 * fuzz target holds the two together. */
#include "text/danger_scan.h"

enum { GAP = 1, DIGIT = 2, WORD = 4, STOP = 8 };

/* clang-format off */
static const uint8_t kinds[256] = {
    [0 ... ' '] = GAP, ['*'] = GAP, ['/'] = GAP, /* "*" "/" is white space to the lexer */
    ['0' ... '9'] = DIGIT,
    ['a' ... 'z'] = WORD, ['A' ... 'Z'] = WORD, ['_'] = WORD, ['@'] = WORD, ['$'] = WORD, [0x80 ... 0xFF] = WORD,
    ['\''] = STOP, ['"'] = STOP, ['`'] = STOP, [';'] = STOP, ['|'] = STOP, ['&'] = STOP,
};

#define L(c) (UINT32_C(1) << ((c) - 'a'))
/* The second letters of the words below, by their first. */
static const uint32_t seconds[26] = {
    ['a' - 'a'] = L('n') | L('l'), ['b' - 'a'] = L('e'), ['c' - 'a'] = L('h') | L('t'), ['d' - 'a'] = L('b'),
    ['e' - 'a'] = L('x'), ['g' - 'a'] = L('r'), ['h' - 'a'] = L('a'), ['i' - 'a'] = L('n'),
    ['l' - 'a'] = L('o') | L('i'), ['o' - 'a'] = L('r'), ['p' - 'a'] = L('g') | L('r'),
    ['s' - 'a'] = L('e') | L('l') | L('q') | L('y'), ['u' - 'a'] = L('n') | L('p') | L('t') | L('s'),
    ['w' - 'a'] = L('a'), ['x' - 'a'] = L('p') | L('o'),
};
#undef L

/* What a rule begins with, and the characters one of which must come next; "": any, or nothing. */
static const struct trigger {
    gh_str word;
    const char *behind;
} triggers[] = {
    {GH_STR_INIT("union"), "(advs"},      {GH_STR_INIT("sleep"), "("},           {GH_STR_INIT("benchmark"), "("},
    {GH_STR_INIT("waitfor"), "dt"},       {GH_STR_INIT("char"), "("},            {GH_STR_INIT("chr"), "("},
    {GH_STR_INIT("exec"), "mi(xs@"},      {GH_STR_INIT("execute"), "mi(xs@"},    {GH_STR_INIT("into"), "od"},
    {GH_STR_INIT("procedure"), "a"},      {GH_STR_INIT("load_file"), "("},       {GH_STR_INIT("pg_sleep"), "("},
    {GH_STR_INIT("extractvalue"), "("},   {GH_STR_INIT("updatexml"), "("},       {GH_STR_INIT("xp_cmdshell"), ""},
    {GH_STR_INIT("xp_dirtree"), ""},      {GH_STR_INIT("xp_regread"), ""},       {GH_STR_INIT("xp_fileexist"), ""},
    {GH_STR_INIT("dbms_pipe"), "."},      {GH_STR_INIT("dbms_lock"), "."},       {GH_STR_INIT("utl_http"), "."},
    {GH_STR_INIT("utl_inaddr"), "."},     {GH_STR_INIT("dbms_session"), "."},    {GH_STR_INIT("ctxsys"), "."},
    {GH_STR_INIT("information_schema"), ""}, {GH_STR_INIT("sqlite_master"), ""}, {GH_STR_INIT("sysobjects"), ""},
    {GH_STR_INIT("syscolumns"), ""},      {GH_STR_INIT("pg_shadow"), ""},        {GH_STR_INIT("all_tables"), ""},
    {GH_STR_INIT("user_tables"), ""},
};

static const gh_str connectives[] = {GH_STR_INIT("or"), GH_STR_INIT("and"), GH_STR_INIT("xor")};
static const gh_str clauses[] = {GH_STR_INIT("order"), GH_STR_INIT("group"), GH_STR_INIT("having"), GH_STR_INIT("limit")};
static const gh_str statements[] = {
    GH_STR_INIT("drop"), GH_STR_INIT("truncate"), GH_STR_INIT("create"), GH_STR_INIT("alter"), GH_STR_INIT("insert"),
    GH_STR_INIT("update"), GH_STR_INIT("delete"), GH_STR_INIT("exec"), GH_STR_INIT("execute"), GH_STR_INIT("shutdown"),
    GH_STR_INIT("declare"), GH_STR_INIT("set"), GH_STR_INIT("select"),
};
/* clang-format on */

struct scan {
    gh_str s;
    bool comment;    /* there is the mark of a comment */
    bool equality;   /* there is a sign of a comparison */
    bool no_like;    /* nor the word for one: looked for */
    bool is_numeric; /* nothing but numbers, signs and connectives so far */
};

static unsigned kind_of(gh_str s, size_t i)
{
    return kinds[(uint8_t)s.p[i]];
}

static size_t skip_gap(gh_str s, size_t i)
{
    while (i < s.n && kind_of(s, i) == GAP)
        i++;
    return i;
}

static gh_str word_at(gh_str s, size_t i)
{
    size_t end = i;
    while (end < s.n && (kind_of(s, end) & (WORD | DIGIT)) != 0)
        end++;
    return gh_str_cut(s, i, end);
}

static bool is_in(gh_str word, const gh_str *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (gh_str_eq(word, words[i]))
            return true;
    return false;
}

static bool is_statement(gh_str s, size_t i)
{
    return is_in(word_at(s, skip_gap(s, i)), statements, GH_COUNT(statements));
}

/* Behind OR and the like: a literal and a comparison somewhere? */
static bool may_be_tautology(struct scan *scan, size_t i)
{
    gh_str s = scan->s;
    if (scan->is_numeric)
        return true;
    while (i < s.n && (kind_of(s, i) == GAP || memchr("(+-~!", s.p[i], 5) != NULL))
        i++;
    if (i == s.n)
        return false;
    bool literal = gh_is_digit(s.p[i]) || memchr("'\"`", s.p[i], 3) != NULL;
    if (!literal && (s.p[i] == 'n' || s.p[i] == 'b')) {
        gh_str word = word_at(s, i);
        literal = gh_str_eq(word, GH_STR("not")) || gh_str_eq(word, GH_STR("binary"));
    }
    if (!literal || scan->equality)
        return literal;
    if (!scan->no_like && memmem(s.p, s.n, "like", 4) != NULL)
        return true;
    scan->no_like = true;
    return false;
}

static bool may_break_out(const struct scan *scan, size_t i)
{
    gh_str s = scan->s;
    while (i < s.n && (kind_of(s, i) == GAP || s.p[i] == ')'))
        i++;
    if (i == s.n)
        return false;
    switch (s.p[i]) {
    case '-':
    case '#':
    case ';':
    case '=':
        return scan->comment;
    case '|':
    case '&':
        return gh_danger_at(s, i + 1, gh_str_cut(s, i, i + 1));
    case 'o':
    case 'a':
    case 'x':
    case 'g':
    case 'h':
    case 'l': {
        gh_str word = word_at(s, i);
        return is_in(word, connectives, GH_COUNT(connectives)) || is_in(word, clauses, GH_COUNT(clauses)) ||
               (scan->comment && gh_str_eq(word, GH_STR("like")));
    }
    default:
        return false;
    }
}

static bool is_behind_bracket(gh_str s, size_t i)
{
    while (i > 0 && kind_of(s, i - 1) == GAP)
        i--;
    return i > 0 && s.p[i - 1] == '(';
}

static bool is_trigger(gh_str s, gh_str word, size_t end)
{
    for (size_t i = 0; i < GH_COUNT(triggers); i++) {
        if (word.n != triggers[i].word.n || word.p[0] != triggers[i].word.p[0] ||
            !gh_str_eq(word, triggers[i].word))
            continue;
        size_t next = skip_gap(s, end);
        return triggers[i].behind[0] == '\0' ||
               (next < s.n &&
                gh_str_find(gh_str_of(triggers[i].behind), s.p[next]) < strlen(triggers[i].behind));
    }
    return false;
}

/* At a word; glued: to digits before it. */
static bool may_begin(struct scan *scan, size_t i, size_t end, bool glued)
{
    gh_str s = scan->s, word = gh_str_cut(s, i, end);
    unsigned first = (unsigned)(uint8_t)word.p[0] - 'a',
             second = word.n > 1 ? (unsigned)(uint8_t)word.p[1] - 'a' : 26;
    bool known = first < 26 && second < 26 && (seconds[first] >> second & 1) != 0;
    if (known && is_in(word, connectives, GH_COUNT(connectives)))
        return may_be_tautology(scan, end);
    if (known && scan->is_numeric && is_in(word, clauses, GH_COUNT(clauses)))
        return true;
    scan->is_numeric = scan->is_numeric && glued;
    if (word.n > 1 && word.p[0] == '@' && word.p[1] == '@')
        return true;
    if (known && gh_str_eq(word, GH_STR("select")))
        return is_behind_bracket(s, i);
    return known && is_trigger(s, word, end);
}

static bool at_stop(struct scan *scan, size_t i)
{
    gh_str s = scan->s;
    switch (s.p[i]) {
    case ';':
        return is_statement(s, i + 1);
    case '|':
    case '&':
        return i + 1 < s.n && s.p[i + 1] == s.p[i] && may_be_tautology(scan, i + 2);
    default:
        return may_break_out(scan, i + 1);
    }
}

bool gh_danger_may_sql(const gh_danger_view *view)
{
    gh_str s = view->folded;
    uint32_t seen = view->seen_folded;
    if ((seen & GH_SEEN_SLASH) != 0 && gh_danger_has_pair(s, '/', '*'))
        return true;
    struct scan scan = {.s = s, .equality = (seen & (GH_SEEN_EQUALS | GH_SEEN_LESS)) != 0};
    scan.comment =
        (seen & GH_SEEN_HASH) != 0 || ((seen & GH_SEEN_DASH) != 0 && gh_danger_has_pair(s, '-', '-'));
    size_t i = skip_gap(s, 0);
    scan.is_numeric = i < s.n && (gh_is_digit(s.p[i]) || s.p[i] == '-');
    if (scan.comment && (scan.is_numeric || is_statement(s, 0)))
        return true;
    while (i < s.n) {
        unsigned kind = kind_of(s, i);
        size_t at = i++;
        if (kind == STOP && at_stop(&scan, at))
            return true;
        if (kind != WORD)
            continue;
        while (i < s.n && (kind_of(s, i) & (WORD | DIGIT)) != 0)
            i++;
        if (may_begin(&scan, at, i, at > 0 && gh_is_digit(s.p[at - 1])))
            return true;
    }
    return false;
}
