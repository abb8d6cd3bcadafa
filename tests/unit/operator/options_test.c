#include "operator/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const gh_cli_option options[] = {
    {.name = "config", .letter = 'c', .value = "FILE", .help = "the file"},
    {.name = "listen", .value = "ADDR", .repeat = true, .help = "where"},
    {.name = "force", .letter = 'f', .help = "do it"},
    {.name = "verbose", .letter = 'v', .help = "say more"},
};
static const gh_cli_command commands[] = {
    {.name = "serve",
     .arguments = "[UPSTREAM]",
     .max_arguments = 1,
     .summary = "Serve.",
     .options = options,
     .n_options = GH_COUNT(options)},
    {.name = "version", .arguments = "", .summary = "Versions."},
};

enum { WORDS = 6 };

static bool parse(const char *const *words, gh_cli_args *ret, char *text, size_t size)
{
    char *argv[WORDS];
    unsigned n = 0;
    for (; n < WORDS && words[n] != NULL; n++) {
        argv[n] = strdup(words[n]); /* argv is not const; the test's words are */
        assert_non_null(argv[n]);
    }
    gh_buf error = gh_buf_over(text, size - 1);
    bool ok = gh_cli_parse(&commands[0], n, argv, ret, &error);
    text[error.n] = '\0';
    for (unsigned i = 0; ok && i < ret->n_given; i++) /* point to what outlives argv */
        for (unsigned k = 0; k < n; k++)
            if (ret->given[i].value != NULL && ret->given[i].value >= argv[k] &&
                ret->given[i].value <= argv[k] + strlen(argv[k]))
                ret->given[i].value = words[k] + (ret->given[i].value - argv[k]);
    for (unsigned i = 0; i < n; i++)
        free(argv[i]);
    return ok;
}

static void assert_same(const char *got, const char *want)
{
    if (want == NULL)
        assert_null(got);
    else if (got == NULL)
        fail_msg("nothing, not %s", want);
    else
        assert_string_equal(got, want);
}

static void right_lines_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *words[WORDS];
        const char *config, *listen[2], *argument;
        bool force, verbose, help;
    } rows[] = {
        {{NULL}, NULL, {NULL}, NULL, false, false, false},
        {{"--config", "a.yaml", "http://h"}, "a.yaml", {NULL}, "http://h", false, false, false},
        {{"--config=a.yaml"}, "a.yaml", {NULL}, NULL, false, false, false},
        {{"--config="}, "", {NULL}, NULL, false, false, false},
        {{"--config=a=b"}, "a=b", {NULL}, NULL, false, false, false},
        {{"-c", "a.yaml"}, "a.yaml", {NULL}, NULL, false, false, false},
        {{"-ca.yaml"}, "a.yaml", {NULL}, NULL, false, false, false},
        {{"-fvc", "a.yaml"}, "a.yaml", {NULL}, NULL, true, true, false},
        {{"up", "--listen", "x", "--listen=y"}, NULL, {"x", "y"}, "up", false, false, false},
        {{"--force", "-v"}, NULL, {NULL}, NULL, true, true, false},
        {{"--", "--force"}, NULL, {NULL}, "--force", false, false, false},
        {{"-"}, NULL, {NULL}, "-", false, false, false},
        {{"--config", "--force"}, "--force", {NULL}, NULL, false, false, false},
        {{"--help"}, NULL, {NULL}, NULL, false, false, true},
        {{"-h", "up"}, NULL, {NULL}, "up", false, false, true},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_cli_args args;
        char text[256];
        if (!parse(rows[i].words, &args, text, sizeof text))
            fail_msg("row %zu: %s", i, text);
        assert_same(gh_cli_value(&args, "config", 0), rows[i].config);
        assert_same(gh_cli_value(&args, "listen", 0), rows[i].listen[0]);
        assert_same(gh_cli_value(&args, "listen", 1), rows[i].listen[1]);
        assert_same(gh_cli_argument(&args, 0), rows[i].argument);
        assert_int_equal(gh_cli_has(&args, "force"), rows[i].force);
        assert_int_equal(gh_cli_has(&args, "verbose"), rows[i].verbose);
        assert_int_equal(args.help, rows[i].help);
    }
}

static void wrong_lines_say_why(void **state)
{
    (void)state;
    static const struct {
        const char *words[WORDS];
        const char *why;
    } rows[] = {
        {{"--confg", "x"}, "unknown option --confg; did you mean --config?"},
        {{"--confg=x"}, "unknown option --confg=x; did you mean --config?"},
        {{"--zzzzzzzz"}, "unknown option --zzzzzzzz"},
        {{"--conf"}, "unknown option --conf; did you mean --config?"},
        {{"-x"}, "unknown option -x"},
        {{"-fx"}, "unknown option -fx"},
        {{"--config"}, "--config needs a value: --config FILE"},
        {{"-c"}, "--config needs a value: --config FILE"},
        {{"--force=yes"}, "--force takes no value"},
        {{"--config=a", "-c", "b"}, "--config was given twice"},
        {{"--force", "--force"}, "--force was given twice"},
        {{"one", "two"}, "unexpected argument \"two\""},
        {{"--", "one", "--listen"}, "unexpected argument \"--listen\""},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_cli_args args;
        char text[256];
        if (parse(rows[i].words, &args, text, sizeof text))
            fail_msg("row %zu was taken", i);
        assert_string_equal(text, rows[i].why);
    }
}

static void too_many_are_refused(void **state)
{
    (void)state;
    char word[] = "--listen=x";
    char *argv[GH_CLI_VALUES_MAX + 1];
    char text[256];
    gh_cli_args args;
    gh_buf error = gh_buf_over(text, sizeof text);
    for (unsigned i = 0; i < GH_COUNT(argv); i++)
        argv[i] = word;
    assert_true(gh_cli_parse(&commands[0], GH_CLI_VALUES_MAX, argv, &args, &error));
    assert_int_equal(args.n_given, GH_CLI_VALUES_MAX);
    assert_false(gh_cli_parse(&commands[0], GH_CLI_VALUES_MAX + 1, argv, &args, &error));
}

static void commands_are_found_and_guessed(void **state)
{
    (void)state;
    static const struct {
        const char *name, *found, *nearest;
    } rows[] = {
        {"serve", "serve", "serve"}, {"sevre", NULL, "serve"}, {"versio", NULL, "version"},
        {"Serve", NULL, "serve"},    {"zzz", NULL, NULL},      {"", NULL, NULL},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        const gh_cli_command *found = gh_cli_find(commands, GH_COUNT(commands), rows[i].name);
        assert_same(found == NULL ? NULL : found->name, rows[i].found);
        assert_same(gh_cli_nearest_command(commands, GH_COUNT(commands), rows[i].name), rows[i].nearest);
    }
}

static void synopsis_is_made_from_the_table(void **state)
{
    (void)state;
    char text[512];
    gh_buf out = gh_buf_over(text, sizeof text);
    gh_cli_synopsis(&commands[0], &out);
    assert_true(
        gh_str_eq(gh_buf_str(&out), GH_STR("serve [UPSTREAM] [-c FILE] [--listen ADDR]... [-f] [-v]")));
}

static bool parse_of(const gh_cli_command *command, const char *const *words, gh_cli_args *ret, char *text,
                     size_t size)
{
    unsigned n = 0;
    while (words[n] != NULL)
        n++;
    gh_buf error = gh_buf_over(text, size - 1);
    bool ok = gh_cli_parse(command, n, (char *const *)(uintptr_t)words, ret, &error);
    text[error.n] = '\0';
    return ok;
}

static const gh_cli_command pairs[] = {
    {.name = "user role",
     .arguments = "USER +ROLE|-ROLE...",
     .min_arguments = 2,
     .max_arguments = 9,
     .minus_words = true,
     .options = options,
     .n_options = 3},
    {.name = "user list", .arguments = ""},
    {.name = "users list", .arguments = ""},
    {.name = "key list", .arguments = ""},
};

static void words_with_a_minus_can_be_arguments(void **state)
{
    (void)state;
    gh_cli_args args;
    char text[256];
    assert_true(parse_of(&pairs[0],
                         (const char *const[]){"alice", "+admin", "-user", "-c", "f", "-force", NULL}, &args,
                         text, sizeof text));
    assert_same(gh_cli_argument(&args, 1), "+admin");
    assert_same(gh_cli_argument(&args, 2), "-user");
    assert_same(gh_cli_argument(&args, 3), "-force");
    assert_same(gh_cli_argument(&args, 4), NULL);
    assert_same(gh_cli_value(&args, "config", 0), "f");
    assert_false(gh_cli_has(&args, "force"));
    assert_false(
        parse_of(&pairs[0], (const char *const[]){"alice", "--user", NULL}, &args, text, sizeof text));
    assert_string_equal(text, "unknown option --user");
}

static void too_few_are_refused(void **state)
{
    (void)state;
    gh_cli_args args;
    char text[256];
    assert_false(parse_of(&pairs[0], (const char *const[]){"alice", NULL}, &args, text, sizeof text));
    assert_string_equal(text, "user role takes USER +ROLE|-ROLE...");
    assert_true(parse_of(&pairs[0], (const char *const[]){"--help", NULL}, &args, text, sizeof text));
    assert_true(args.help);
}

static void second_words_are_found_and_guessed(void **state)
{
    (void)state;
    static const struct {
        const char *group, *word, *found, *nearest;
    } rows[] = {
        {"user", "list", "user list", "list"},
        {"user", "lits", NULL, "list"},
        {"key", "list", "key list", "list"},
        {"user", "rolle", NULL, "role"},
        {"user", "erase", NULL, NULL},
        {"use", "list", NULL, NULL},
        {"user", "", NULL, NULL},
        {"", "list", NULL, NULL},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_str group = gh_str_of(rows[i].group), word = gh_str_of(rows[i].word);
        const gh_cli_command *found = gh_cli_find_in(pairs, GH_COUNT(pairs), group, word);
        assert_same(found == NULL ? NULL : found->name, rows[i].found);
        assert_same(gh_cli_nearest_in(pairs, GH_COUNT(pairs), group, word), rows[i].nearest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_lines_are_read),
        cmocka_unit_test(wrong_lines_say_why),
        cmocka_unit_test(too_many_are_refused),
        cmocka_unit_test(commands_are_found_and_guessed),
        cmocka_unit_test(words_with_a_minus_can_be_arguments),
        cmocka_unit_test(too_few_are_refused),
        cmocka_unit_test(second_words_are_found_and_guessed),
        cmocka_unit_test(synopsis_is_made_from_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
