/* The table of core/pipeline.c keeps its promises, and the documentation shows the same one. */
#include <stdio.h>
#include <stdlib.h>

#include "decide.h"

#include "core/pipeline.h"

static void stages_ascend(void **state)
{
    (void)state;
    for (unsigned i = 0; i < gh_pipeline_rows; i++) {
        assert_true((unsigned)gh_pipeline[i].stage < GH_STAGE_COUNT);
        assert_true(i == 0 || gh_pipeline[i - 1].stage <= gh_pipeline[i].stage);
    }
}

static void each_control_once_and_good_for_something(void **state)
{
    (void)state;
    for (unsigned i = 0; i < gh_pipeline_rows; i++) {
        const gh_control *c = gh_pipeline[i].control;
        assert_true(c->ask != NULL || c->judge != NULL || c->reply != NULL);
        assert_true(c->ask == NULL || c->judge != NULL);
        assert_true(strlen(gh_pipeline[i].does) > 0);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(gh_pipeline[k].control->name, c->name);
    }
}

static bool asks_here(enum gh_stage stage)
{
    return stage == GH_STAGE_IDENTITY || stage == GH_STAGE_STANDING || stage == GH_STAGE_ALLOWANCE;
}

/* What a request has paid for is not refused afterwards: in a stage that charges only those judge that
 * asked, behind it nobody does. (What is found while asking is refused before anything is charged.) What is in the
 * body is the exception: reading and checking it costs more than anything before, so it is not to be had for free.
 * IDENTITY charges a limit of its own, for what it is about to do. */
static void who_charges_refuses_last(void **state)
{
    (void)state;
    bool charged = false;
    for (unsigned i = 0; i < gh_pipeline_rows; i++) {
        const gh_control *c = gh_pipeline[i].control;
        assert_true(asks_here(gh_pipeline[i].stage) || c->ask == NULL);
        charged = charged || gh_pipeline[i].stage == GH_STAGE_ALLOWANCE;
        assert_true(!charged || c->judge == NULL || c->ask != NULL || gh_pipeline[i].stage == GH_STAGE_BODY);
        assert_true(gh_pipeline[i].stage != GH_STAGE_REPLY || c->judge == NULL);
    }
    assert_true(charged);
}

static void the_address_and_the_target_come_first(void **state)
{
    (void)state;
    static const char *const order[] = {"client_address", "target",     "hosts",      "routes",
                                        "openapi",        "media_type", "body_size",  "credentials",
                                        "token",          "standing",   "csrf",       "rights",
                                        "rate_limits",    "csrf_form",  "validation", "dangerous_content",
                                        "sanitize"};
    unsigned at = 0;
    for (unsigned i = 0; i < gh_pipeline_rows && at < GH_COUNT(order); i++)
        at += strcmp(gh_pipeline[i].control->name, order[at]) == 0;
    assert_int_equal(at, GH_COUNT(order));
}

/* The next row "| STAGE | `control` | what |" of *rest, as "STAGE control". */
static bool next_row(gh_str *rest, char *ret, size_t size)
{
    gh_str line, stage, control;
    while (gh_str_next(rest, '\n', &line)) {
        if (!gh_str_starts(line, GH_STR("| ")) || gh_str_find(line, '`') == line.n)
            continue;
        (void)gh_str_next(&line, '|', &stage);
        (void)gh_str_next(&line, '|', &stage);
        (void)gh_str_next(&line, '`', &control);
        (void)gh_str_next(&line, '`', &control);
        stage = gh_str_trim(stage);
        snprintf(ret, size, "%.*s %.*s", (int)stage.n, stage.p, (int)control.n, control.p);
        return true;
    }
    return false;
}

static void the_documentation_shows_this_table(void **state)
{
    (void)state;
    static char text[65536];
    char row[128], expected[128];
    FILE *f = fopen(GH_SOURCE_ROOT "/docs/architecture.md", "rb");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    assert_int_equal(fclose(f), 0);
    text[n] = '\0';
    const char *begin = strstr(text, "<!-- pipeline: begin -->"),
               *end = strstr(text, "<!-- pipeline: end -->");
    assert_true(begin != NULL && end != NULL && begin < end);
    gh_str rest = {begin, (size_t)(end - begin)};
    for (unsigned i = 0; i < gh_pipeline_rows; i++) {
        assert_true(next_row(&rest, row, sizeof row));
        snprintf(expected, sizeof expected, "%s %s", gh_stage_name(gh_pipeline[i].stage).p,
                 gh_pipeline[i].control->name);
        assert_string_equal(row, expected);
    }
    assert_false(next_row(&rest, row, sizeof row));
}

static void only_what_is_in_use_is_selected(void **state)
{
    (void)state;
    decide *all =
        decide_new("cors: {enabled: on, origins: [https://a.example]}\n"
                   "dangerous_content: {checks: [script]}\n"
                   "routes: [{name: r, validate: {content_types: [text/plain]}, sanitize: {text: [/a]}}]\n"
                   "secret_key: 4d9f2c81b7e6350a4d9f2c81b7e6350a\n"
                   "identity: {enabled: on, token: {algorithm: HS256}}\n");
    decide *few = decide_new("headers: {enabled: off}\nrate_limits: {enabled: off}");
    /* But the OpenAPI document, which is a file. */
    assert_int_equal(all->policy->n_controls, gh_pipeline_rows - 1);
    assert_int_equal(few->policy->n_controls, gh_pipeline_rows - 14);
    for (unsigned i = 0, at = 0; i < gh_pipeline_rows; i++) {
        unsigned s = gh_pipeline[i].stage;
        if (strcmp(gh_pipeline[i].control->name, "openapi") == 0)
            continue;
        assert_ptr_equal(all->policy->controls[at], gh_pipeline[i].control);
        assert_in_range(at, all->policy->stage_starts[s], all->policy->stage_starts[s + 1] - 1);
        at++;
    }
    assert_int_equal(few->policy->stage_starts[GH_STAGE_ALLOWANCE], few->policy->n_controls);
    assert_int_equal(few->policy->stage_starts[GH_STAGE_COUNT], few->policy->n_controls);
    decide_free(all);
    decide_free(few);
}

static void printed_it_says_what_is_off(void **state)
{
    (void)state;
    char text[8192];
    gh_buf out = gh_buf_over(text, sizeof text - 1);
    decide *d = decide_new("");
    gh_pipeline_print(d->policy, &out);
    assert_true(gh_buf_ok(&out));
    text[out.n] = '\0';
    assert_non_null(strstr(text, "\nDOOR       cors            off    -    yes    yes "));
    assert_non_null(strstr(text, "\nALLOWANCE  rate_limits     yes    yes  yes    yes "));
    assert_non_null(strstr(text, "\nREPLY      headers         yes    -    -      yes "));
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stages_ascend),
        cmocka_unit_test(each_control_once_and_good_for_something),
        cmocka_unit_test(who_charges_refuses_last),
        cmocka_unit_test(the_address_and_the_target_come_first),
        cmocka_unit_test(the_documentation_shows_this_table),
        cmocka_unit_test(only_what_is_in_use_is_selected),
        cmocka_unit_test(printed_it_says_what_is_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
