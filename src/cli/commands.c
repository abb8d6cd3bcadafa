#include "cli/commands.h"

#include <stdio.h>

#include "cli/records.h"
#include "operator/operator.h"

#define OPTION_LISTEN                                                             \
    {                                                                             \
        .name = "listen", .value = "ADDR", .repeat = true,                        \
        .help = "where clients connect: 127.0.0.1:8080, [::1]:8080 or unix:/path" \
    }
#define OPTION_ADMIN                                                               \
    {                                                                              \
        .name = "admin", .value = "ADDR",                                          \
        .help = "where /metrics, /healthz and /readyz are: 127.0.0.1:9080, or off" \
    }

#define OPTION_OPENAPI                                                                               \
    {                                                                                                \
        .name = "openapi", .value = "DOC",                                                           \
        .help = "let in only what this OpenAPI document declares: a file, or upstream:/openapi.json" \
    }

static const gh_cli_option serve_options[] = {GH_CLI_CONFIG, OPTION_OPENAPI, OPTION_LISTEN, OPTION_ADMIN,
                                              GH_CLI_ENV_FILE};
static const gh_cli_option demo_options[] = {GH_CLI_CONFIG, OPTION_LISTEN, OPTION_ADMIN, GH_CLI_ENV_FILE};
static const gh_cli_option check_options[] = {GH_CLI_CONFIG, OPTION_OPENAPI, GH_CLI_ENV_FILE};
static const gh_cli_option pipeline_options[] = {
    GH_CLI_CONFIG,
    GH_CLI_ENV_FILE,
    {.name = "json", .help = "for programs"},
};
static const gh_cli_option reference_options[] = {
    {.name = "markdown", .help = "as a page of documentation"},
};
static const gh_cli_option init_options[] = {
    {.name = "for", .value = "NAME", .help = "what the API is made with: fastapi, express or generic"},
    {.name = "output", .letter = 'o', .value = "FILE", .help = "gatehouse.yaml by default; - prints it"},
    {.name = "env", .help = "write a .env with a new SECRET_KEY as well"},
    {.name = "force", .help = "overwrite gatehouse.yaml and .env.example"},
};
static const gh_cli_option health_options[] = {
    {.name = "admin", .value = "ADDR", .help = "the admin listener; 127.0.0.1:9080 by default"},
};

static const gh_cli_option openapi_options[] = {
    {.name = "prefix", .value = "PATH", .help = "what stands before every path of the document, as in /v1"},
    {.name = "json", .help = "for programs"},
};

#define OPERATOR                                                                                                     \
    "They work on a running server by the socket gatehouse.sock in its data folder, and on the folder itself when\n" \
    "none runs. Exit status: 0 done; 1 not done; 2 wrong usage or configuration."
#define GROUP(word, about)                                                              \
    {                                                                                   \
        .name = (word), .arguments = "", .summary = (about), .details = OPERATOR,       \
        .commands = gh_operator_commands, .n_commands = GH_COUNT(gh_operator_commands), \
    }

const gh_cli_command gh_cli_commands[] = {
    {.name = "serve",
     .arguments = "[UPSTREAM]",
     .max_arguments = 1,
     .summary = "Protect an API: answer on 127.0.0.1:8080, forward what is allowed.",
     .details = "UPSTREAM is where the API answers: http://127.0.0.1:8000 or unix:/path. It wins over the\n"
                "configuration's upstreams. SIGHUP reads the configuration again, SIGTERM finishes what is\n"
                "in progress and ends.",
     .options = serve_options,
     .n_options = GH_COUNT(serve_options),
     .run = gh_cmd_serve},
    {.name = "demo",
     .arguments = "",
     .summary = "Try Gatehouse without an API: one comes along that shows what it receives.",
     .details = "Prints commands to try. The limit is ten requests a minute, so that it is soon seen;\n"
                "RATE_LIMIT_PER_MINUTE sets another.",
     .options = demo_options,
     .n_options = GH_COUNT(demo_options),
     .run = gh_cmd_demo},
    {.name = "init",
     .arguments = "",
     .summary = "Write a gatehouse.yaml and a .env.example to start from.",
     .options = init_options,
     .n_options = GH_COUNT(init_options),
     .run = gh_cmd_init},
    {.name = "check",
     .arguments = "[UPSTREAM]",
     .max_arguments = 1,
     .summary = "Say everything that is wrong with the configuration, without starting.",
     .options = check_options,
     .n_options = GH_COUNT(check_options),
     .run = gh_cmd_check},
    {.name = "pipeline",
     .arguments = "[UPSTREAM]",
     .max_arguments = 1,
     .summary = "Show the order of the controls, and which of them the configuration uses.",
     .options = pipeline_options,
     .n_options = GH_COUNT(pipeline_options),
     .run = gh_cmd_pipeline},
    GROUP("user", "Make, change, list, import, export and erase accounts."),
    GROUP("key", "Make, list, roll over and revoke API keys; rotate the keys that sign tokens."),
    GROUP("session", "List and end the sessions of accounts."),
    GROUP("status", "Show a running server, the servers it needs, and which keys are still in use."),
    GROUP("token", "Look into tokens and API keys, or make an access token."),
    {.name = "records",
     .arguments = "",
     .summary = "Put the records of all nodes into PostgreSQL: roles, schema, moving them there or back.",
     .details = "Exit status: 0 done; 1 not done; 2 wrong usage or configuration.",
     .commands = gh_cli_records_commands,
     .n_commands = GH_COUNT(gh_cli_records_commands)},
    {.name = "openapi",
     .arguments = "check FILE | diff OLD NEW",
     .max_arguments = 3,
     .summary = "Say what of an OpenAPI document can be enforced, or what changed between two.",
     .details =
         "FILE is OpenAPI 3.0 or 3.1, in JSON or YAML; - reads standard input.\n"
         "check ends with status 0, or 1 when the document cannot be used. diff ends with status 0 when\n"
         "no change breaks clients, 1 when one does, 2 when a document cannot be used.",
     .options = openapi_options,
     .n_options = GH_COUNT(openapi_options),
     .run = gh_cmd_openapi},
    {.name = "reference",
     .arguments = "",
     .summary = "Print every setting: its type, bounds, default and environment names.",
     .options = reference_options,
     .n_options = GH_COUNT(reference_options),
     .run = gh_cmd_reference},
    {.name = "version",
     .arguments = "",
     .summary = "Print the versions of Gatehouse and of the libraries it runs with.",
     .run = gh_cmd_version},
    {.name = "health",
     .arguments = "",
     .summary = "Ask a running Gatehouse whether it is ready: exit status 0, or 1.",
     .details = "For container health checks. GATEHOUSE_ADMIN_LISTEN names the address as well.",
     .options = health_options,
     .n_options = GH_COUNT(health_options),
     .run = gh_cmd_health},
};
const unsigned gh_cli_n_commands = GH_COUNT(gh_cli_commands);

static int usage_error(const char *command, gh_str what)
{
    (void)fprintf(stderr, "gatehouse: %.*s\nSee: gatehouse %s%s--help\n", (int)what.n, what.p,
                  command == NULL ? "" : command, command == NULL ? "" : " ");
    return GH_EXIT_USAGE;
}

static int unknown_command(const char *name)
{
    char text[256];
    gh_buf b = gh_buf_over(text, sizeof text);
    const char *near = gh_cli_nearest_command(gh_cli_commands, gh_cli_n_commands, name);
    gh_buf_printf(&b, "unknown %s \"%.100s\"", name[0] == '-' ? "option" : "command", name);
    if (near != NULL)
        gh_buf_printf(&b, "; did you mean %s?", near);
    return usage_error(NULL, gh_buf_str(&b));
}

/* command NULL: help for all. */
static int print_help(const gh_cli_command *command, FILE *to)
{
    char text[8192];
    gh_buf b = gh_buf_over(text, sizeof text);
    if (command == NULL)
        gh_cli_help(gh_cli_commands, gh_cli_n_commands, &b);
    else
        gh_cli_command_help(command, &b);
    (void)fwrite(b.p, 1, b.n, to);
    return GH_EXIT_OK;
}

/* An operator's command of one word is in the table of those. NULL: none of that name. */
static const gh_cli_command *find(const char *name)
{
    const gh_cli_command *command = gh_cli_find(gh_cli_commands, gh_cli_n_commands, name), *alone = NULL;
    if (command != NULL && command->commands != NULL)
        alone = gh_cli_find(command->commands, command->n_commands, name);
    return alone != NULL ? alone : command;
}

/* `gatehouse help [COMMAND]`, as many programs have it. */
static int help_on(const char *name)
{
    const gh_cli_command *command = name == NULL ? NULL : find(name);
    return name != NULL && command == NULL ? unknown_command(name) : print_help(command, stdout);
}

/* Reads what follows the command's name, and does it. */
static int run(const gh_cli_command *command, unsigned argc, char *const *argv)
{
    char text[512];
    gh_buf error = gh_buf_over(text, sizeof text);
    gh_cli_args args;
    if (!gh_cli_parse(command, argc, argv, &args, &error))
        return usage_error(command->name, gh_buf_str(&error));
    if (args.help)
        return print_help(command, stdout);
    return command->run != NULL ? command->run(&args) : gh_cmd_operator(&args);
}

static int unknown_word(const gh_cli_command *group, const char *word)
{
    char text[256];
    gh_buf b = gh_buf_over(text, sizeof text);
    const char *near =
        gh_cli_nearest_in(group->commands, group->n_commands, gh_str_of(group->name), gh_str_of(word));
    gh_buf_printf(&b, "unknown command \"%s %.100s\"", group->name, word);
    if (near != NULL)
        gh_buf_printf(&b, "; did you mean %s %s?", group->name, near);
    return usage_error(group->name, gh_buf_str(&b));
}

/* The second word of two. */
static int run_group(const gh_cli_command *group, unsigned argc, char *const *argv)
{
    if (argc == 0) {
        (void)print_help(group, stderr);
        return GH_EXIT_USAGE;
    }
    if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)
        return print_help(group, stdout);
    const gh_cli_command *command =
        gh_cli_find_in(group->commands, group->n_commands, gh_str_of(group->name), gh_str_of(argv[0]));
    return command == NULL ? unknown_word(group, argv[0]) : run(command, argc - 1, argv + 1);
}

int gh_cli_main(int argc, char **argv)
{
    if (argc < 2) {
        (void)print_help(NULL, stderr);
        return GH_EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return print_help(NULL, stdout);
    if (strcmp(name, "help") == 0)
        return help_on(argc > 2 ? argv[2] : NULL);
    if (strcmp(name, "--version") == 0)
        name = "version";
    const gh_cli_command *command = find(name);
    if (command == NULL)
        return unknown_command(name);
    unsigned n = (unsigned)argc - 2;
    return command->commands != NULL ? run_group(command, n, argv + 2) : run(command, n, argv + 2);
}
