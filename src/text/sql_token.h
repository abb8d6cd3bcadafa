/* A lexer for SQL as attacks write it: any dialect, any quoting, comments for spaces. */
#ifndef GH_TEXT_SQL_TOKEN_H
#define GH_TEXT_SQL_TOKEN_H

#include "base/slice.h"

enum gh_sql_kind {
    GH_SQL_END,
    GH_SQL_WORD,    /* a name or keyword, in lower case; "@@version" too */
    GH_SQL_NUMBER,  /* 1, 1.5, 1e3, 0x41 */
    GH_SQL_QUOTE,   /* one ' or " or `; whether it opens or closes a string nobody can know */
    GH_SQL_COMMENT, /* "--", "#" or a comment that does not end */
    GH_SQL_VERSION, /* the "!50000" of a comment that MySQL executes */
    GH_SQL_SIGN     /* everything else */
};

typedef struct gh_sql_token {
    enum gh_sql_kind kind;
    gh_str text;
    size_t end; /* offset behind it */
} gh_sql_token;

typedef struct gh_sql_cursor {
    gh_str s; /* folded */
    size_t at;
    bool in_string;    /* read comments as if they were text */
    size_t last_close; /* of the last "*" "/" in s, so that looking for one is never in vain */
} gh_sql_cursor;

gh_sql_cursor gh_sql_open(gh_str folded);
gh_sql_token gh_sql_next(gh_sql_cursor *cursor);
/* The token that next() would give. */
gh_sql_token gh_sql_peek(const gh_sql_cursor *cursor);

static inline bool gh_sql_is(const gh_sql_token *token, enum gh_sql_kind kind, gh_str text)
{
    return token->kind == kind && gh_str_eq(token->text, text);
}

#define gh_sql_word(token, literal) gh_sql_is((token), GH_SQL_WORD, GH_STR(literal))
#define gh_sql_sign(token, literal) gh_sql_is((token), GH_SQL_SIGN, GH_STR(literal))

/* Is the next token this one? Takes it then. */
bool gh_sql_take_sign(gh_sql_cursor *cursor, gh_str text);
bool gh_sql_take_word(gh_sql_cursor *cursor, gh_str text);
/* Is the word one of n? */
bool gh_sql_word_in(const gh_sql_token *token, const gh_str *words, size_t n);

/* Does a comment that begins at `from` cut off the rest, as attacks end: nothing behind it, or
 * (letters_too) a few letters? */
bool gh_sql_cuts(gh_str s, size_t from, bool letters_too);

/* sql_words.c: does a statement that changes or runs something stand here, whole? */
bool gh_sql_statement(gh_sql_cursor cursor);

/* sql_words.c. `before`: the three tokens before the word, the nearest first. */
bool gh_sql_dangerous_word(const gh_sql_token *word, gh_sql_cursor behind, const gh_sql_token before[3]);

#endif
