#include "operator/options.h"

void gh_cli_synopsis(const gh_cli_command *command, gh_buf *out)
{
    gh_buf_put(out, gh_str_of(command->name));
    if (command->arguments[0] != '\0')
        gh_buf_printf(out, " %s", command->arguments);
    for (unsigned i = 0; i < command->n_options; i++) {
        const gh_cli_option *o = &command->options[i];
        const char *open = o->required ? " " : " [";
        if (o->letter != 0)
            gh_buf_printf(out, "%s-%c", open, o->letter);
        else
            gh_buf_printf(out, "%s--%s", open, o->name);
        if (o->value != NULL)
            gh_buf_printf(out, " %s", o->value);
        if (o->required)
            continue;
        gh_buf_put(out, o->repeat ? GH_STR("]...") : GH_STR("]"));
    }
}

void gh_cli_help(const gh_cli_command *commands, unsigned n, gh_buf *out)
{
    gh_buf_lit(
        out, "Gatehouse puts accounts, tokens, rate limits, CORS and strict HTTP in front of an HTTP API.\n\n"
             "Usage: gatehouse COMMAND [ARGUMENTS]\n\n"
             "  gatehouse serve http://127.0.0.1:8000    protect the API on port 8000\n"
             "  gatehouse demo                           try it without an API of your own\n\n"
             "Commands:\n");
    for (unsigned i = 0; i < n; i++)
        gh_buf_printf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    gh_buf_lit(out,
               "\nEach command explains itself: gatehouse COMMAND --help\n"
               "Exit status: 0 done; 1 could not start, or not ready; 2 wrong usage or configuration.\n");
}

static void put_group(const gh_cli_command *command, gh_buf *out)
{
    gh_str group = gh_str_of(command->name);
    gh_buf_printf(out, "%s\n\nUsage: gatehouse %s COMMAND [ARGUMENTS]\n", command->summary, command->name);
    if (command->details != NULL)
        gh_buf_printf(out, "\n%s\n", command->details);
    gh_buf_lit(out, "\nCommands:\n");
    for (unsigned i = 0; i < command->n_commands; i++) {
        const char *word = gh_cli_word_in(&command->commands[i], group);
        if (word != NULL)
            gh_buf_printf(out, "  %-10s %s\n", word, command->commands[i].summary);
    }
    gh_buf_printf(out, "\nEach explains itself: gatehouse %s COMMAND --help\n", command->name);
}

/* "Usage: gatehouse serve ...", on further lines where it is too long for one. */
static void put_usage(const gh_cli_command *command, gh_buf *out)
{
    enum { WIDTH = 100 };
    char memory[512];
    gh_buf synopsis = gh_buf_over(memory, sizeof memory);
    gh_cli_synopsis(command, &synopsis);
    gh_str rest = gh_buf_str(&synopsis), word;
    size_t column = sizeof "Usage: gatehouse" - 1;
    gh_buf_lit(out, "Usage: gatehouse");
    while (gh_str_next(&rest, '[', &word)) {
        bool first = word.p == memory;
        if (!first && column + word.n > WIDTH) {
            out->n--; /* the blank before */
            gh_buf_lit(out, "\n                      ");
            column = 22;
        }
        gh_buf_put(out, first ? GH_STR(" ") : GH_STR("["));
        gh_buf_put(out, word);
        column += word.n + 1;
    }
    gh_buf_char(out, '\n');
}

void gh_cli_command_help(const gh_cli_command *command, gh_buf *out)
{
    if (command->commands != NULL) {
        put_group(command, out);
        return;
    }
    gh_buf_printf(out, "%s\n\n", command->summary);
    put_usage(command, out);
    if (command->details != NULL)
        gh_buf_printf(out, "\n%s\n", command->details);
    gh_buf_lit(out, "\nOptions:\n");
    for (unsigned i = 0; i < command->n_options; i++) {
        const gh_cli_option *o = &command->options[i];
        char left[64];
        gh_buf name = gh_buf_over(left, sizeof left - 1);
        if (o->letter != 0)
            gh_buf_printf(&name, "-%c, ", o->letter);
        else
            gh_buf_lit(&name, "    ");
        gh_buf_printf(&name, "--%s%s%s", o->name, o->value == NULL ? "" : " ",
                      o->value == NULL ? "" : o->value);
        left[name.n] = '\0';
        gh_buf_printf(out, "  %-24s %s%s\n", left, o->help, o->repeat ? " (may be repeated)" : "");
    }
    gh_buf_lit(out, "  -h, --help               show this help\n");
}
