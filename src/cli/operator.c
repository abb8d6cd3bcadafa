/* The operator's commands: what they take is read here, and they are done where reach.h says. */
#include <stdio.h>
#include <unistd.h>

#include "cli/bulk.h"
#include "cli/commands.h"
#include "cli/secret_input.h"
#include "text/utf8.h"

enum { OUTPUT_MAX = GH_OPERATOR_OUTPUT_MAX };

static bool add(gh_cli_words *w, const char *word)
{
    gh_str text = gh_str_of(word);
    if (gh_utf8_valid(text) != text.n) {
        (void)fprintf(stderr, "gatehouse: an argument is not UTF-8 text\n");
        return false;
    }
    if (w->n == GH_OPERATOR_WORDS_MAX) {
        (void)fprintf(stderr, "gatehouse: too many arguments\n");
        return false;
    }
    w->list[w->n++] = text;
    return true;
}

static bool add_option(gh_cli_words *w, const gh_cli_option *option, const char *value)
{
    char *memory = w->memory + w->used;
    gh_buf b = gh_buf_over(memory, sizeof w->memory - w->used);
    gh_buf_printf(&b, "--%s%s%s", option->name, value == NULL ? "" : "=", value == NULL ? "" : value);
    gh_buf_char(&b, '\0');
    if (!gh_buf_ok(&b)) {
        (void)fprintf(stderr, "gatehouse: the arguments are too long\n");
        return false;
    }
    w->used += b.n;
    return add(w, memory);
}

/* Options in one form, then the arguments. What says where the configuration is stays here. */
static bool collect(const gh_cli_args *args, gh_cli_words *w)
{
    gh_str rest = gh_str_of(args->command->name), word;
    w->n = 0;
    w->used = 0;
    while (gh_str_next(&rest, ' ', &word))
        w->list[w->n++] = word;
    for (unsigned i = 0; i < args->n_given; i++) {
        const gh_cli_option *o = args->given[i].option;
        if (o != NULL && strcmp(o->name, "config") != 0 && strcmp(o->name, "env-file") != 0 &&
            strcmp(o->name, "data") != 0 && !add_option(w, o, args->given[i].value))
            return false;
    }
    if (!args->command->minus_words && gh_cli_argument(args, 0) != NULL && !add(w, "--"))
        return false;
    for (unsigned i = 0; gh_cli_argument(args, i) != NULL; i++)
        if (!add(w, gh_cli_argument(args, i)))
            return false;
    return true;
}

static bool read_secret(const gh_cli_args *args, gh_text *ret)
{
    if (args->command->input == GH_CLI_TOKEN)
        return gh_cli_read_secret("Token", false, ret);
    if (args->command->input != GH_CLI_PASSWORD || gh_cli_has(args, "no-password"))
        return true;
    return gh_cli_read_secret("Password", true, ret);
}

/* What can't be undone is asked for: `yes` is an option of such commands. */
static bool confirm(const gh_cli_args *args, gh_cli_words *w)
{
    char question[512];
    bool asks = false;
    for (unsigned i = 0; i < args->command->n_options; i++)
        asks = asks || strcmp(args->command->options[i].name, "yes") == 0;
    if (!asks || gh_cli_has(args, "yes"))
        return true;
    const char *who = gh_cli_argument(args, 0);
    (void)snprintf(question, sizeof question, "This can't be undone. Type \"%.200s\" again to do it", who);
    if (!gh_cli_confirm(question, gh_str_of(who)))
        return false;
    for (unsigned i = w->n++; i > 2; i--) /* before the "--" */
        w->list[i] = w->list[i - 1];
    w->list[2] = GH_STR("--yes");
    return true;
}

void gh_cli_print(FILE *to, const gh_text *text)
{
    (void)fwrite(text->b.p == NULL ? "" : text->b.p, 1, text->b.n, to);
}

static int do_once(gh_cli_reach *reach, const gh_cli_words *w, const gh_text *secret)
{
    gh_text out = {.cap = OUTPUT_MAX}, err = {.cap = OUTPUT_MAX};
    const gh_operator_request request = {.argv = w->list, .argc = w->n, .input = gh_text_str(secret)};
    int status = gh_cli_reach_do(reach, &request, &out, &err);
    gh_cli_print(stderr, &err);
    gh_cli_print(stdout, &out);
    gh_text_free(&out);
    gh_text_free(&err);
    if (fflush(stdout) != 0 && status == GH_EXIT_OK)
        status = GH_EXIT_FAILED;
    return status;
}

static int run(const gh_cli_args *args, gh_cli_reach *reach, const gh_cli_words *w, const gh_text *secret)
{
    int status = gh_cli_reach_open(args, reach);
    if (status == GH_EXIT_OK) {
        if (args->command->input == GH_CLI_LINES)
            status = gh_cli_import(args, reach, w);
        else if (gh_cli_exports_all(args))
            status = gh_cli_export(reach, w);
        else
            status = do_once(reach, w, secret);
    }
    gh_cli_reach_close(reach);
    return status;
}

int gh_cmd_operator(const gh_cli_args *args)
{
    static gh_cli_words words; /* one a process */
    static gh_cli_reach reach;
    gh_text secret = {.cap = 0};
    if (!collect(args, &words) || !confirm(args, &words))
        return GH_EXIT_USAGE;
    int status = read_secret(args, &secret) ? run(args, &reach, &words, &secret) : GH_EXIT_FAILED;
    gh_text_free(&secret);
    return status;
}
