/* Strings and numbers of JSON (RFC 8259 sections 6 and 7): the lexer of json.c, for nobody else. */
#ifndef GH_WIRE_JSON_LEXER_H
#define GH_WIRE_JSON_LEXER_H

#include "wire/json.h"

typedef struct gh_json_lexer {
    const char *at, *end; /* what is left to be read */
    const char *why;      /* after a refusal: as in gh_json_error */
    const char *wrong_at;
    bool too_large;
    const gh_json_limits *limits;
    gh_arena *arena; /* for strings that have escapes */
} gh_json_lexer;

/* Notes a refusal; returns false. */
bool gh_json_refuse(gh_json_lexer *lexer, const char *at, const char *why);
bool gh_json_refuse_size(gh_json_lexer *lexer, const char *at, const char *why);

/* at: behind the opening quote; afterwards behind the closing one. False: refused. */
GH_MUST_CHECK bool gh_json_lex_string(gh_json_lexer *lexer, gh_str *ret);
/* at: a digit or "-". */
GH_MUST_CHECK bool gh_json_lex_number(gh_json_lexer *lexer, gh_str *ret);

#endif
