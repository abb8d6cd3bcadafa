/* The command line: one constant table of commands, and everything that is derived from it. */
#ifndef GH_CLI_OPTIONS_H
#define GH_CLI_OPTIONS_H

#include "base/buf.h"

enum { GH_CLI_VALUES_MAX = 64 };

typedef struct gh_cli_option {
    const char *name;  /* "listen": --listen */
    char letter;       /* 'c': -c; 0: none */
    const char *value; /* "ADDR": what the value is called; NULL: takes none */
    bool repeat;       /* may be given more than once */
    const char *help;
} gh_cli_option;

typedef struct gh_cli_args gh_cli_args;

typedef struct gh_cli_command {
    const char *name;
    const char *arguments; /* "[UPSTREAM]", "" when there are none */
    unsigned max_arguments;
    const char *summary; /* one line */
    const char *details; /* more, for the command's own help; may be NULL */
    const gh_cli_option *options;
    unsigned n_options;
    int (*run)(const gh_cli_args *args); /* returns the exit status */
} gh_cli_command;

/* What was given. Points into argv. */
struct gh_cli_args {
    const gh_cli_command *command;
    bool help;
    struct {
        const gh_cli_option *option; /* NULL: an argument */
        const char *value;           /* NULL: an option without a value */
    } given[GH_CLI_VALUES_MAX];
    unsigned n_given;
};

/* Reads what follows the command's name. False: *error says what is wrong and what to do. */
GH_MUST_CHECK bool gh_cli_parse(const gh_cli_command *command, unsigned argc, char *const *argv,
                                gh_cli_args *ret, gh_buf *error);
/* Was the option given? */
bool gh_cli_has(const gh_cli_args *args, const char *name);
/* The option's value (the index-th, when it may repeat); NULL: not given. */
const char *gh_cli_value(const gh_cli_args *args, const char *name, unsigned index);
/* The index-th argument; NULL: not given. */
const char *gh_cli_argument(const gh_cli_args *args, unsigned index);

/* The command of this name; NULL: none. */
const gh_cli_command *gh_cli_find(const gh_cli_command *commands, unsigned n, const char *name);
/* The nearest name to a mistyped one, NULL when nothing is near. */
const char *gh_cli_nearest_command(const gh_cli_command *commands, unsigned n, const char *name);

/* Help texts. */
void gh_cli_help(const gh_cli_command *commands, unsigned n, gh_buf *out);
void gh_cli_command_help(const gh_cli_command *command, gh_buf *out);
/* "serve [UPSTREAM] [-c FILE] [--listen ADDR]...": one line, as in the manual. */
void gh_cli_synopsis(const gh_cli_command *command, gh_buf *out);

#endif
