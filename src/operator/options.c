#include "operator/options.h"

/* Further off than this, a name is another name and not a slip. */
enum { NEAR = 2 };

static const gh_cli_option help_option = {.name = "help", .letter = 'h', .help = "show this help"};

static const gh_cli_option *by_name(const gh_cli_command *command, gh_str name)
{
    for (unsigned i = 0; i < command->n_options; i++)
        if (gh_str_eq(gh_str_of(command->options[i].name), name))
            return &command->options[i];
    return gh_str_eq(name, GH_STR("help")) ? &help_option : NULL;
}

static const gh_cli_option *by_letter(const gh_cli_command *command, char letter)
{
    for (unsigned i = 0; i < command->n_options; i++)
        if (command->options[i].letter == letter)
            return &command->options[i];
    return letter == 'h' ? &help_option : NULL;
}

static const char *nearest_option(const gh_cli_command *command, gh_str name)
{
    const char *best = NULL;
    unsigned best_distance = NEAR + 1;
    for (unsigned i = 0; i < command->n_options; i++) {
        unsigned d = gh_str_distance(name, gh_str_of(command->options[i].name), NEAR);
        if (d < best_distance) {
            best_distance = d;
            best = command->options[i].name;
        }
    }
    return best;
}

static bool unknown(const gh_cli_command *command, const char *word, gh_str name, gh_buf *error)
{
    const char *near = nearest_option(command, name);
    gh_buf_printf(error, "unknown option %.100s", word);
    if (near != NULL)
        gh_buf_printf(error, "; did you mean --%s?", near);
    return false;
}

static bool give(gh_cli_args *args, const gh_cli_option *option, const char *value, gh_buf *error)
{
    if (option == &help_option) {
        args->help = true;
        return true;
    }
    if (option != NULL && !option->repeat && gh_cli_has(args, option->name)) {
        gh_buf_printf(error, "--%s was given twice", option->name);
        return false;
    }
    if (args->n_given == GH_CLI_VALUES_MAX) {
        gh_buf_printf(error, "more than %d options and arguments", GH_CLI_VALUES_MAX);
        return false;
    }
    args->given[args->n_given].option = option;
    args->given[args->n_given].value = value;
    args->n_given++;
    return true;
}

/* The words still to be read. */
typedef struct words {
    char *const *at;
    unsigned n;
} words;

static const char *next(words *w)
{
    if (w->n == 0)
        return NULL;
    w->n--;
    return *w->at++;
}

/* `attached`: the value in the same word, NULL when there is none. */
static bool read_value(gh_cli_args *args, const gh_cli_option *option, const char *attached, words *w,
                       gh_buf *error)
{
    if (option->value == NULL) {
        if (attached == NULL)
            return give(args, option, NULL, error);
        gh_buf_printf(error, "--%s takes no value", option->name);
        return false;
    }
    const char *value = attached != NULL ? attached : next(w);
    if (value == NULL) {
        gh_buf_printf(error, "--%s needs a value: --%s %s", option->name, option->name, option->value);
        return false;
    }
    return give(args, option, value, error);
}

static bool read_long(gh_cli_args *args, const char *word, words *w, gh_buf *error)
{
    gh_str text = gh_str_of(word + 2);
    size_t equals = gh_str_find(text, '=');
    gh_str name = gh_str_cut(text, 0, equals);
    const gh_cli_option *option = by_name(args->command, name);
    if (option == NULL)
        return unknown(args->command, word, name, error);
    return read_value(args, option, equals < text.n ? text.p + equals + 1 : NULL, w, error);
}

static bool read_short(gh_cli_args *args, const char *word, words *w, gh_buf *error)
{
    for (const char *at = word + 1; *at != '\0'; at++) {
        const gh_cli_option *option = by_letter(args->command, *at);
        if (option == NULL)
            return unknown(args->command, word, gh_str_of(word + 1), error);
        if (option->value != NULL)
            return read_value(args, option, at[1] != '\0' ? at + 1 : NULL, w, error);
        if (!give(args, option, NULL, error))
            return false;
    }
    return true;
}

/* A group of letters behind one minus. */
static bool is_short(const gh_cli_command *command, const char *word)
{
    if (word[0] != '-' || word[1] == '\0')
        return false;
    return !command->minus_words || word[2] == '\0';
}

static bool enough(const gh_cli_command *command, unsigned n_arguments, gh_buf *error)
{
    if (n_arguments >= command->min_arguments)
        return true;
    gh_buf_printf(error, "%s takes %s", command->name, command->arguments);
    return false;
}

bool gh_cli_parse(const gh_cli_command *command, unsigned argc, char *const *argv, gh_cli_args *ret,
                  gh_buf *error)
{
    gh_cli_args args = {.command = command};
    words w = {argv, argc};
    bool only_arguments = false;
    unsigned n_arguments = 0;
    for (const char *word; (word = next(&w)) != NULL;) {
        bool ok;
        if (!only_arguments && strcmp(word, "--") == 0) {
            only_arguments = true;
            continue;
        }
        if (!only_arguments && word[0] == '-' && word[1] == '-') {
            ok = read_long(&args, word, &w, error);
        } else if (!only_arguments && is_short(command, word)) {
            ok = read_short(&args, word, &w, error);
        } else {
            if (++n_arguments > command->max_arguments) {
                gh_buf_printf(error, "unexpected argument \"%.100s\"", word);
                return false;
            }
            ok = give(&args, NULL, word, error);
        }
        if (!ok)
            return false;
    }
    if (!args.help && !enough(command, n_arguments, error))
        return false;
    *ret = args;
    return true;
}

bool gh_cli_has(const gh_cli_args *args, const char *name)
{
    for (unsigned i = 0; i < args->n_given; i++)
        if (args->given[i].option != NULL && strcmp(args->given[i].option->name, name) == 0)
            return true;
    return false;
}

const char *gh_cli_value(const gh_cli_args *args, const char *name, unsigned index)
{
    for (unsigned i = 0; i < args->n_given; i++)
        if (args->given[i].option != NULL && strcmp(args->given[i].option->name, name) == 0 && index-- == 0)
            return args->given[i].value;
    return NULL;
}

const char *gh_cli_argument(const gh_cli_args *args, unsigned index)
{
    for (unsigned i = 0; i < args->n_given; i++)
        if (args->given[i].option == NULL && index-- == 0)
            return args->given[i].value;
    return NULL;
}

const gh_cli_command *gh_cli_find(const gh_cli_command *commands, unsigned n, const char *name)
{
    for (unsigned i = 0; i < n; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

const char *gh_cli_nearest_command(const gh_cli_command *commands, unsigned n, const char *name)
{
    const char *best = NULL;
    unsigned best_distance = NEAR + 1;
    for (unsigned i = 0; i < n; i++) {
        unsigned d = gh_str_distance(gh_str_of(name), gh_str_of(commands[i].name), NEAR);
        if (d < best_distance) {
            best_distance = d;
            best = commands[i].name;
        }
    }
    return best;
}

const char *gh_cli_word_in(const gh_cli_command *command, gh_str group)
{
    gh_str name = gh_str_of(command->name);
    bool within = gh_str_starts(name, group) && name.n > group.n && name.p[group.n] == ' ';
    return within ? name.p + group.n + 1 : NULL;
}

const gh_cli_command *gh_cli_find_in(const gh_cli_command *commands, unsigned n, gh_str group, gh_str word)
{
    for (unsigned i = 0; i < n; i++) {
        const char *second = gh_cli_word_in(&commands[i], group);
        if (second != NULL && gh_str_eq(gh_str_of(second), word))
            return &commands[i];
    }
    return NULL;
}

const char *gh_cli_nearest_in(const gh_cli_command *commands, unsigned n, gh_str group, gh_str word)
{
    const char *best = NULL;
    unsigned best_distance = NEAR + 1;
    for (unsigned i = 0; i < n; i++) {
        const char *second = gh_cli_word_in(&commands[i], group);
        unsigned d = second == NULL ? NEAR + 1 : gh_str_distance(word, gh_str_of(second), NEAR);
        if (d < best_distance) {
            best_distance = d;
            best = second;
        }
    }
    return best;
}
