#include "operator/errand.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/crypto.h"
#include "operator/table.h"
#include "text/utf8.h"

enum { MEMORY_MAX = 64 << 20, SHOWN_MAX = 120, MESSAGE_MAX = 2048 };

GH_PRINTF(2, 0) static void say(gh_errand *o, const char *fmt, va_list args)
{
    char memory[MESSAGE_MAX];
    int n = vsnprintf(memory, sizeof memory, fmt, args);
    gh_text_lit(o->err, "gatehouse: ");
    gh_text_put(o->err, (gh_str){memory, n < 0                       ? 0
                                         : (size_t)n < sizeof memory ? (size_t)n
                                                                     : sizeof memory - 1});
    gh_text_lit(o->err, "\n");
}

int gh_fail(gh_errand *o, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say(o, fmt, args);
    va_end(args);
    return GH_EXIT_FAILED;
}

int gh_misuse(gh_errand *o, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say(o, fmt, args);
    va_end(args);
    gh_text_printf(o->err, "See: gatehouse %s --help\n", o->args->command->name);
    return GH_EXIT_USAGE;
}

void gh_note(gh_errand *o, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say(o, fmt, args);
    va_end(args);
}

int gh_no_memory(gh_errand *o)
{
    return gh_fail(o, "out of memory");
}

const char *gh_show(gh_errand *o, gh_str text)
{
    gh_str shown = gh_shown(&o->arena, gh_str_cut(text, 0, SHOWN_MAX));
    gh_str whole = gh_arena_copy(&o->arena, shown);
    return whole.p == NULL ? "?" : whole.p;
}

gh_str gh_option(const gh_errand *o, const char *name, unsigned index)
{
    return gh_str_of(gh_cli_value(o->args, name, index));
}

gh_str gh_argument(const gh_errand *o, unsigned index)
{
    return gh_str_of(gh_cli_argument(o->args, index));
}

bool gh_wants_json(const gh_errand *o)
{
    return gh_cli_has(o->args, "json");
}

gh_id gh_new_id(void)
{
    uint8_t bytes[8];
    gh_random(bytes, sizeof bytes);
    return gh_id_of_random(bytes);
}

int gh_fail_records(gh_errand *o)
{
    char memory[MESSAGE_MAX];
    gh_buf why = gh_buf_over(memory, sizeof memory - 1);
    gh_records_put_trouble(o->with->records, &why);
    memory[why.n] = '\0';
    return gh_fail(o, "nothing was done: %s", memory);
}

bool gh_do(gh_errand *o, gh_op *op)
{
    if (op == NULL) {
        (void)gh_no_memory(o);
        return false;
    }
    op->now_s = o->now_s;
    gh_records_do(o->with->records, op);
    if (op->status == GH_OP_BUSY)
        (void)gh_fail(o, "the records have too much to do; nothing was done: try again");
    else if (op->status == GH_OP_UNAVAILABLE)
        (void)gh_fail_records(o);
    else if (op->status == GH_OP_UNSURE)
        (void)gh_fail(
            o,
            "the database went away while this was being done: look whether it was, then repeat it if not");
    else
        return true;
    return false;
}

/* The two words, each in a string of its own for the parser of options. */
static bool copy_words(gh_errand *o, const gh_operator_request *request, char **words)
{
    for (unsigned i = 0; i < request->argc; i++) {
        gh_str copy = gh_arena_copy(&o->arena, request->argv[i]);
        if (copy.p == NULL || memchr(copy.p, '\0', copy.n) != NULL)
            return false;
        words[i] = (char *)(uintptr_t)copy.p;
    }
    return true;
}

static int unknown(gh_errand *o, const gh_operator_request *request)
{
    (void)gh_fail(o, "unknown command \"%s %s\"", request->argc > 0 ? gh_show(o, request->argv[0]) : "",
                  request->argc > 1 ? gh_show(o, request->argv[1]) : "");
    return GH_EXIT_USAGE;
}

static int run(gh_errand *o, const gh_operator_request *request, gh_cli_args *args)
{
    char *words[GH_OPERATOR_WORDS_MAX];
    char message[512];
    gh_buf error = gh_buf_over(message, sizeof message);
    unsigned named = 1; /* of its words */
    if (request->argc < 1 || request->argc > GH_OPERATOR_WORDS_MAX || !copy_words(o, request, words))
        return unknown(o, request);
    const gh_cli_command *command = gh_cli_find(gh_operator_commands, GH_OPERATOR_N_COMMANDS, words[0]);
    if (command == NULL && request->argc > 1) {
        named = 2;
        command =
            gh_cli_find_in(gh_operator_commands, GH_OPERATOR_N_COMMANDS, request->argv[0], request->argv[1]);
    }
    if (command == NULL)
        return unknown(o, request);
    args->command = command;
    o->args = args;
    if (!gh_cli_parse(command, request->argc - named, words + named, args, &error))
        return gh_misuse(o, "%s", gh_show(o, gh_buf_str(&error)));
    if (o->with->records == NULL && command->operate != gh_operate_status)
        return gh_fail(o, "identity is off on this server: it has no accounts, sessions or keys");
    if (command->input != GH_CLI_NO_INPUT && request->input.n > GH_OPERATOR_INPUT_MAX)
        return gh_misuse(o, "more than %d bytes on standard input", GH_OPERATOR_INPUT_MAX);
    return command->operate(o);
}

int gh_operator_run(const gh_operator *with, const gh_operator_request *request, gh_text *out, gh_text *err)
{
    gh_errand o = {.with = with,
                   .identity = &with->policy->identity,
                   .input = request->input,
                   .out = out,
                   .err = err,
                   .now_s = with->now_s()};
    gh_arena_init(&o.arena, NULL, 0, MEMORY_MAX);
    gh_cli_args args;
    int status = run(&o, request, &args);
    if (!gh_buf_ok(&out->b)) {
        gh_text_free(out);
        out->b.overflow = false;
        status = gh_fail(&o, "the answer is too long; ask for a part of it (--after, --limit, one user)");
    }
    gh_arena_wipe(&o.arena);
    gh_arena_reset(&o.arena);
    return status;
}
