/* Files of accounts, in parts: none is held in memory as a whole, and each part is a request of its own. */
#ifndef GH_CLI_BULK_H
#define GH_CLI_BULK_H

#include <stdio.h>

#include "cli/reach.h"

/* A command as it is sent. */
typedef struct gh_cli_words {
    gh_str list[GH_OPERATOR_WORDS_MAX + 4]; /* four more are added here */
    unsigned n;
    char memory[65536];
    size_t used;
} gh_cli_words;

void gh_cli_print(FILE *to, const gh_text *text);

/* `user import` */
int gh_cli_import(const gh_cli_args *args, gh_cli_reach *reach, const gh_cli_words *words);
/* `user export` of everybody */
bool gh_cli_exports_all(const gh_cli_args *args);
int gh_cli_export(gh_cli_reach *reach, const gh_cli_words *words);

#endif
