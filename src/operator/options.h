/* The command line: constant tables of commands, and everything that is derived from them. The program reads its
 * arguments by these, and the admin socket those that are sent to it. */
#ifndef GH_OPERATOR_OPTIONS_H
#define GH_OPERATOR_OPTIONS_H

#include "base/buf.h"

enum { GH_CLI_VALUES_MAX = 64 };
/* Done; could not be done; wrong usage or configuration. */
enum { GH_EXIT_OK, GH_EXIT_FAILED, GH_EXIT_USAGE };

typedef struct gh_cli_option {
    const char *name;  /* "listen": --listen */
    char letter;       /* 'c': -c; 0: none */
    const char *value; /* "ADDR": what the value is called; NULL: takes none */
    bool repeat;       /* may be given more than once */
    bool required;     /* shown as such; the command itself looks whether it is there */
    const char *help;
} gh_cli_option;

/* Options of every command that reads the configuration. */
#define GH_CLI_CONFIG                                                                     \
    {                                                                                     \
        .name = "config", .letter = 'c', .value = "FILE",                                 \
        .help = "the configuration; gatehouse.yaml in the working directory if it exists" \
    }
#define GH_CLI_DATA                                                                         \
    {                                                                                       \
        .name = "data", .value = "FOLDER",                                                  \
        .help = "data.folder of a running server, which is asked without any configuration" \
    }
#define GH_CLI_ENV_FILE                                                         \
    {                                                                           \
        .name = "env-file", .value = "FILE",                                    \
        .help = "variables to read; .env in the working directory if it exists" \
    }

typedef struct gh_cli_args gh_cli_args;

typedef struct gh_errand gh_errand; /* operator/errand.h */

/* What a command takes besides its arguments, because it is a secret or too much for them. */
enum gh_cli_input {
    GH_CLI_NO_INPUT,
    GH_CLI_PASSWORD, /* from a terminal twice, without echo, or one line of standard input */
    GH_CLI_TOKEN,    /* the same, once */
    GH_CLI_LINES     /* a file's, or of standard input */
};

typedef struct gh_cli_command gh_cli_command;
struct gh_cli_command {
    const char *name;      /* "serve"; of an operator's command both words: "user add", or one: "status" */
    const char *arguments; /* "[UPSTREAM]", "" when there are none */
    unsigned min_arguments, max_arguments;
    const char *summary; /* one line */
    const char *details; /* more, for the command's own help; may be NULL */
    const gh_cli_option *options;
    unsigned n_options;
    int (*run)(const gh_cli_args *args); /* returns the exit status; NULL: one of the next two */
    /* A first word: its commands are those of this table whose names begin with it. */
    const gh_cli_command *commands;
    unsigned n_commands;
    int (*operate)(gh_errand *errand); /* an operator's command: on the records, by operator.h */
    enum gh_cli_input input;
    bool minus_words; /* "-user" is an argument; of the short options -c and -h are left */
};

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

/* "user" and "add": the command "user add". `group` is "user". NULL: none. */
const gh_cli_command *gh_cli_find_in(const gh_cli_command *commands, unsigned n, gh_str group, gh_str word);
/* The second word of the command when it belongs to the group, else NULL. */
const char *gh_cli_word_in(const gh_cli_command *command, gh_str group);
/* The nearest second word, NULL when nothing is near. */
const char *gh_cli_nearest_in(const gh_cli_command *commands, unsigned n, gh_str group, gh_str word);

/* Help texts. */
void gh_cli_help(const gh_cli_command *commands, unsigned n, gh_buf *out);
/* Of a first word: its commands. */
void gh_cli_command_help(const gh_cli_command *command, gh_buf *out);
/* "serve [UPSTREAM] [-c FILE] [--listen ADDR]...": one line, as in the manual. */
void gh_cli_synopsis(const gh_cli_command *command, gh_buf *out);

#endif
