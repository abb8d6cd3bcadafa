#include "cli/commands.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/records.h"
#include "edges/proxy/server.h"
#include "operator/operator.h"

/* The proxy is not run here: these take its place and keep what they were called with. */
static struct {
    unsigned calls;
    char config_file[64], env_file[64], upstream[64], listen[2][64], admin[64];
    unsigned n_listen;
    bool demo;
} seen;

static void keep(char to[64], gh_str text)
{
    (void)snprintf(to, 64, "%.*s", (int)text.n, text.p == NULL ? "" : text.p);
}

int gh_serve_run(const gh_serve_options *options)
{
    seen.calls++;
    keep(seen.config_file, gh_str_of(options->config_file));
    keep(seen.env_file, gh_str_of(options->env_file));
    keep(seen.upstream, options->upstream);
    keep(seen.admin, options->admin_listen);
    seen.n_listen = options->listen.n;
    for (unsigned i = 0; i < options->listen.n && i < 2; i++)
        keep(seen.listen[i], options->listen.items[i]);
    seen.demo = options->demo;
    return GH_EXIT_OK;
}

gh_config *gh_serve_read_config(const gh_serve_options *options, gh_report *report)
{
    (void)gh_serve_run(options);
    gh_report_error(report, "gatehouse.yaml", 3, 5, "a mistake");
    return NULL;
}

static char folder[64];
static char out_text[64 * 1024], err_text[64 * 1024];

static int enter_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/gatehouse-cli-XXXXXX");
    memset(&seen, 0, sizeof seen);
    return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"gatehouse.yaml", ".env.example", ".env", "out", "err", "x.yaml"};
    for (size_t i = 0; i < GH_COUNT(names); i++)
        (void)unlink(names[i]);
    return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void read_into(const char *name, char *text, size_t size)
{
    FILE *f = fopen(name, "re");
    assert_non_null(f);
    size_t n = fread(text, 1, size - 1, f);
    text[n] = '\0';
    (void)fclose(f);
}

static int divert(int fd, const char *name)
{
    int before = dup(fd);
    int file = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(before >= 0 && file >= 0);
    (void)dup2(file, fd);
    (void)close(file);
    return before;
}

static void restore(int fd, int before)
{
    (void)dup2(before, fd);
    (void)close(before);
}

enum { WORDS = 8 };

/* Runs `gatehouse words...`; what it printed is in out_text and err_text. */
static int run(const char *const words[WORDS])
{
    char *argv[WORDS + 2] = {strdup("gatehouse")};
    int argc = 1;
    for (; words[argc - 1] != NULL; argc++)
        argv[argc] = strdup(words[argc - 1]);
    (void)fflush(stdout);
    int out = divert(STDOUT_FILENO, "out"), err = divert(STDERR_FILENO, "err");
    int status = gh_cli_main(argc, argv);
    (void)fflush(stdout);
    (void)fflush(stderr);
    restore(STDOUT_FILENO, out);
    restore(STDERR_FILENO, err);
    read_into("out", out_text, sizeof out_text);
    read_into("err", err_text, sizeof err_text);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    return status;
}

#define RUN(...) run((const char *const[WORDS]){__VA_ARGS__})

static void exit_status_and_messages(void **state)
{
    (void)state;
    static const struct {
        const char *words[WORDS];
        int status;
        const char *out, *err; /* a part of what is printed; NULL: nothing is */
    } rows[] = {
        {{NULL}, 2, NULL, "Usage: gatehouse COMMAND"},
        {{"--help"}, 0, "Usage: gatehouse COMMAND", NULL},
        {{"help"}, 0, "Gatehouse puts accounts, tokens, ", NULL},
        {{"help", "serve"}, 0, "Usage: gatehouse serve", NULL},
        {{"help", "sreve"}, 2, NULL, "did you mean serve?"},
        {{"token", "mint", "--help"}, 0, "Usage: gatehouse token mint --user NAME [--scope SCOPE]...", NULL},
        {{"serve", "gatehouse.yaml"}, 2, NULL, "did you mean -c gatehouse.yaml?"},
        {{"check", "x.yml"}, 2, NULL, "did you mean -c x.yml?"},
        {{"-h"}, 0, "Commands:\n", NULL},
        {{"--version"}, 0, "gatehouse ", NULL},
        {{"version"}, 0, "\nlibuv ", NULL},
        {{"reference"}, 0, "timeouts.client_head", NULL},
        {{"reference", "--markdown"}, 0, "`timeouts.client_head`", NULL},
        {{"version", "x"}, 2, NULL, "unexpected argument \"x\"\nSee: gatehouse version --help\n"},
        {{"serv"}, 2, NULL, "unknown command \"serv\"; did you mean serve?\nSee: gatehouse --help\n"},
        {{"frobnicate"}, 2, NULL, "unknown command \"frobnicate\"\n"},
        {{"--listen"}, 2, NULL, "unknown option \"--listen\""},
        {{"serve", "--lisen", "x"},
         2,
         NULL,
         "unknown option --lisen; did you mean --listen?\nSee: gatehouse serve"},
        {{"user"}, 2, NULL, "Usage: gatehouse user COMMAND"},
        {{"user", "-h"}, 0, "Usage: gatehouse user COMMAND", NULL},
        {{"user", "ad"},
         2,
         NULL,
         "unknown command \"user ad\"; did you mean user add?\nSee: gatehouse user --help\n"},
        {{"key", "add"}, 2, NULL, "unknown command \"key add\"\n"},
        {{"user", "add"}, 2, NULL, "user add takes NAME\nSee: gatehouse user add --help\n"},
        {{"user", "show", "a", "b"}, 2, NULL, "unexpected argument \"b\"\nSee: gatehouse user show --help\n"},
        {{"user", "list", "--jsn"}, 2, NULL, "unknown option --jsn; did you mean --json?"},
        {{"serve", "--help"}, 0, "Usage: gatehouse serve [UPSTREAM] [-c FILE]", NULL},
        {{"serve", "a", "b"}, 2, NULL, "unexpected argument \"b\""},
        {{"check"}, 2, NULL, "gatehouse.yaml:3:5: error: a mistake"},
        {{"init"}, 2, NULL, "--for fastapi, express, generic\n"},
        {{"init", "--for", "rails"}, 2, NULL, "no template \"rails\"; there are: --for fastapi"},
        {{"health", "--admin", "127.0.0.1:1"}, 1, NULL, "127.0.0.1:1: nobody answers there\n"},
        {{"health", "--admin", "nonsense"}, 1, NULL, "nonsense: "},
        {{"health", "--admin", "unix:/nonexistent"}, 1, NULL, "unix:/nonexistent: "},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        int status = run(rows[i].words);
        if (status != rows[i].status)
            fail_msg("row %zu: status %d", i, status);
        const struct {
            const char *got, *want;
        } streams[] = {{out_text, rows[i].out}, {err_text, rows[i].err}};
        for (size_t k = 0; k < GH_COUNT(streams); k++)
            if (streams[k].want == NULL ? streams[k].got[0] != '\0'
                                        : strstr(streams[k].got, streams[k].want) == NULL)
                fail_msg("row %zu: %s", i, streams[k].got);
    }
}

static void each_command_explains_itself(void **state)
{
    (void)state;
    for (unsigned i = 0; i < gh_cli_n_commands; i++) {
        const gh_cli_command *c = &gh_cli_commands[i];
        assert_true(gh_str_ends(gh_str_of(c->summary), GH_STR(".")));
        assert_true((c->run != NULL) != (c->commands != NULL));
        assert_int_equal(RUN(c->name, "--help"), GH_EXIT_OK);
        assert_non_null(strstr(out_text, c->summary));
        for (unsigned k = 0; k < c->n_options; k++) {
            char name[64];
            (void)snprintf(name, sizeof name, "--%s", c->options[k].name);
            assert_non_null(strstr(out_text, name));
            assert_non_null(strstr(out_text, c->options[k].help));
        }
        for (gh_str rest = gh_str_of(out_text), line; gh_str_next(&rest, '\n', &line);)
            if (line.n > 110)
                fail_msg("%s --help: too wide: %.*s", c->name, (int)line.n, line.p);
    }
    assert_int_equal(RUN("--help"), GH_EXIT_OK);
    for (unsigned i = 0; i < gh_cli_n_commands; i++)
        assert_non_null(strstr(out_text, gh_cli_commands[i].summary));
}

static void each_of_the_operators_commands_explains_itself(void **state)
{
    (void)state;
    for (unsigned i = 0; i < GH_OPERATOR_N_COMMANDS; i++) {
        const gh_cli_command *c = &gh_operator_commands[i];
        char group[32];
        size_t n = strcspn(c->name, " ");
        (void)snprintf(group, sizeof group, "%.*s", (int)n, c->name);
        assert_true(gh_str_ends(gh_str_of(c->summary), GH_STR(".")));
        assert_non_null(c->operate);
        bool alone = c->name[n] == '\0';
        assert_int_equal(alone ? RUN(group, "--help") : RUN(group, c->name + n + 1, "--help"), GH_EXIT_OK);
        assert_non_null(strstr(out_text, c->summary));
        for (unsigned k = 0; k < c->n_options; k++) {
            char name[64];
            (void)snprintf(name, sizeof name, "--%s", c->options[k].name);
            assert_non_null(strstr(out_text, name));
            assert_non_null(strstr(out_text, c->options[k].help));
        }
        for (gh_str rest = gh_str_of(out_text), line; gh_str_next(&rest, '\n', &line);)
            if (line.n > 110)
                fail_msg("%s --help: too wide: %.*s", c->name, (int)line.n, line.p);
        assert_int_equal(RUN(group, "--help"), GH_EXIT_OK);
        assert_non_null(strstr(out_text, c->summary));
        assert_int_equal(RUN("help", group), GH_EXIT_OK);
        assert_non_null(strstr(out_text, c->summary));
    }
}

static void serve_hands_on_its_options(void **state)
{
    (void)state;
    assert_int_equal(RUN("serve", "http://127.0.0.1:8000", "--listen", "a:1", "--listen=b:2", "--admin=off",
                         "--env-file=e"),
                     GH_EXIT_OK);
    assert_int_equal(seen.calls, 1);
    assert_string_equal(seen.upstream, "http://127.0.0.1:8000");
    assert_int_equal(seen.n_listen, 2);
    assert_string_equal(seen.listen[0], "a:1");
    assert_string_equal(seen.listen[1], "b:2");
    assert_string_equal(seen.admin, "off");
    assert_string_equal(seen.env_file, "e");
    assert_string_equal(seen.config_file, "");
    assert_false(seen.demo);
}

static void the_working_directorys_file_is_taken(void **state)
{
    (void)state;
    assert_int_equal(RUN("init", "--for", "generic"), GH_EXIT_OK);
    assert_int_equal(RUN("serve"), GH_EXIT_OK);
    assert_string_equal(seen.config_file, "gatehouse.yaml");
    assert_int_equal(RUN("serve", "-c", "other.yaml"), GH_EXIT_OK);
    assert_string_equal(seen.config_file, "other.yaml");
    assert_int_equal(RUN("check"), GH_EXIT_USAGE);
    assert_string_equal(seen.config_file, "gatehouse.yaml");
    assert_int_equal(RUN("demo"), GH_EXIT_OK);
    assert_string_equal(seen.config_file, "");
}

static void demo_brings_its_upstream(void **state)
{
    (void)state;
    assert_int_equal(setenv("CORS_ENABLED", "false", 1), 0);
    assert_int_equal(unsetenv("RATE_LIMIT_PER_MINUTE"), 0);
    assert_int_equal(RUN("demo", "--listen", "127.0.0.1:7777"), GH_EXIT_OK);
    assert_true(seen.demo);
    assert_int_equal(strncmp(seen.upstream, "http://127.0.0.1:", 17), 0);
    assert_non_null(strstr(out_text, "http://127.0.0.1:7777/hello"));
    assert_string_equal(getenv("RATE_LIMIT_PER_MINUTE"), "10");
    assert_string_equal(getenv("CORS_ENABLED"), "false"); /* what the user set stays */
    assert_int_equal(unsetenv("CORS_ENABLED"), 0);
}

static mode_t mode_of(const char *name)
{
    struct stat st;
    assert_int_equal(stat(name, &st), 0);
    return st.st_mode & 0777;
}

static void init_writes_and_does_not_overwrite(void **state)
{
    (void)state;
    char before[8192], after[8192];
    (void)umask(022);
    assert_int_equal(RUN("init", "--for=fastapi"), GH_EXIT_OK);
    read_into("gatehouse.yaml", before, sizeof before);
    assert_non_null(strstr(before, "uvicorn"));
    assert_int_equal(access(".env.example", R_OK), 0);
    assert_int_equal(access(".env", F_OK), -1);

    assert_int_equal(RUN("init", "--for=express"), GH_EXIT_FAILED);
    assert_non_null(strstr(err_text, "gatehouse.yaml: is there already; --force overwrites it"));
    read_into("gatehouse.yaml", after, sizeof after);
    assert_string_equal(before, after);

    assert_int_equal(RUN("init", "--for=express", "--force"), GH_EXIT_OK);
    read_into("gatehouse.yaml", after, sizeof after);
    assert_non_null(strstr(after, "trust proxy"));

    assert_int_equal(RUN("init", "--for=generic", "-o", "x.yaml"), GH_EXIT_OK);
    assert_non_null(strstr(out_text, "kept  .env.example"));
    assert_int_equal(RUN("init", "--for=generic", "-o", "/nonexistent/x.yaml"), GH_EXIT_FAILED);
    assert_int_equal(RUN("init", "--for=generic", "-o", "-"), GH_EXIT_OK);
    assert_non_null(strstr(out_text, "upstreams:\n"));
}

static void init_makes_a_secret_once(void **state)
{
    (void)state;
    char first[1024], second[1024];
    assert_int_equal(RUN("init", "--for=generic", "--env"), GH_EXIT_OK);
    assert_null(strstr(out_text, "SECRET_KEY="));
    read_into(".env", first, sizeof first);
    assert_int_equal(mode_of(".env"), 0600);
    const char *key = strstr(first, "\nSECRET_KEY=");
    assert_non_null(key);
    assert_int_equal(strspn(key + 12, "0123456789abcdef"), 64);
    assert_string_equal(key + 12 + 64, "\n");

    assert_int_equal(RUN("init", "--for=generic", "--env", "--force"), GH_EXIT_FAILED);
    assert_non_null(strstr(err_text, ".env: is there already and is never overwritten"));
    read_into(".env", second, sizeof second);
    assert_string_equal(first, second);

    assert_int_equal(unlink(".env"), 0);
    assert_int_equal(RUN("init", "--for=generic", "--env", "--force"), GH_EXIT_OK);
    read_into(".env", second, sizeof second);
    assert_string_not_equal(first, second);
}

static const char *packaged(const char *name)
{
    static char text[32 * 1024];
    char path[512];
    const char *root = getenv("GATEHOUSE_SOURCE_ROOT");
    if (root == NULL)
        skip();
    (void)snprintf(path, sizeof path, "%s/packaging/%s", root, name);
    read_into(path, text, sizeof text);
    return text;
}

/* "            serve) choices="..." of this command; absent when there is none. */
static gh_str completion_of(const char *text, const char *command)
{
    char start[64];
    (void)snprintf(start, sizeof start,
                   strchr(command, ' ') == NULL ? " %s) choices=" : " \"%s\") choices=", command);
    const char *at = strstr(text, start);
    return at == NULL ? (gh_str){NULL, 0} : (gh_str){at, strcspn(at, "\n")};
}

static void check_completion(const char *text, const gh_cli_command *commands, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const gh_cli_command *c = &commands[i];
        gh_str line = completion_of(text, c->name);
        if (line.p == NULL)
            fail_msg("no completion for %s", c->name);
        for (unsigned k = 0; k < c->n_options; k++) {
            char name[64];
            (void)snprintf(name, sizeof name, "--%s", c->options[k].name);
            if (memmem(line.p, line.n, name, strlen(name)) == NULL)
                fail_msg("completion of %s lacks %s", c->name, name);
        }
    }
}

/* The second words behind the first. */
static void check_words(const char *text, const gh_cli_command *commands, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const char *name = commands[i].name;
        char group[32], word[32];
        size_t length = strcspn(name, " ");
        if (name[length] == '\0')
            continue;
        (void)snprintf(group, sizeof group, "%.*s", (int)length, name);
        (void)snprintf(word, sizeof word, "%s", name + length + 1);
        gh_str line = completion_of(text, group);
        assert_non_null(line.p);
        if (memmem(line.p, line.n, word, strlen(word)) == NULL)
            fail_msg("completion lacks %s", name);
    }
}

static void completion_knows_every_option(void **state)
{
    (void)state;
    const char *text = packaged("completion/gatehouse.bash");
    check_completion(text, gh_cli_commands, gh_cli_n_commands);
    check_completion(text, gh_operator_commands, GH_OPERATOR_N_COMMANDS);
    check_completion(text, gh_cli_records_commands, GH_CLI_N_RECORDS_COMMANDS);
    check_words(text, gh_operator_commands, GH_OPERATOR_N_COMMANDS);
    check_words(text, gh_cli_records_commands, GH_CLI_N_RECORDS_COMMANDS);
}

static void check_manual(const char *text, const gh_cli_command *commands, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const gh_cli_command *c = &commands[i];
        char name[64];
        (void)snprintf(name, sizeof name, ".It Cm %s\n", c->name);
        if (strstr(text, name) == NULL)
            fail_msg("the manual lacks %s", c->name);
        for (unsigned k = 0; k < c->n_options; k++) {
            (void)snprintf(name, sizeof name, " -%s", c->options[k].name);
            if (strstr(text, name) == NULL)
                fail_msg("the manual lacks --%s of %s", c->options[k].name, c->name);
        }
    }
}

static void manual_knows_every_option(void **state)
{
    (void)state;
    const char *text = packaged("gatehouse.1");
    check_manual(text, gh_cli_commands, gh_cli_n_commands);
    check_manual(text, gh_operator_commands, GH_OPERATOR_N_COMMANDS);
    check_manual(text, gh_cli_records_commands, GH_CLI_N_RECORDS_COMMANDS);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, enter_folder, leave_folder)
    const struct CMUnitTest tests[] = {
        TEST(exit_status_and_messages),
        TEST(each_command_explains_itself),
        TEST(each_of_the_operators_commands_explains_itself),
        TEST(serve_hands_on_its_options),
        TEST(the_working_directorys_file_is_taken),
        TEST(demo_brings_its_upstream),
        TEST(init_writes_and_does_not_overwrite),
        TEST(init_makes_a_secret_once),
        TEST(completion_knows_every_option),
        TEST(manual_knows_every_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
