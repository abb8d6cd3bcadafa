/* What an upstream answers, and whether it drifted from its contract. */
#include "unit.h"

#define INTEGER "{\"type\":\"integer\",\"minimum\":1}"

static gh_media ok[3], problem;
static gh_response responses[4];
static gh_operation operation;

static void make_operation(void)
{
    ok[0] = (gh_media){
        .range = GH_STR("application/json"), .kind = GH_MEDIA_JSON, .schema = unit_schema(INTEGER)};
    ok[1] = (gh_media){.range = GH_STR("text/*"), .kind = GH_MEDIA_TEXT, .schema = unit_schema(INTEGER)};
    ok[2] = (gh_media){.range = GH_STR("image/png"), .kind = GH_MEDIA_OPAQUE, .schema = unit_schema(INTEGER)};
    problem =
        (gh_media){.range = GH_STR("application/json"), .kind = GH_MEDIA_JSON, .schema = unit_schema("{}")};
    responses[0] = (gh_response){.status_low = 200, .status_high = 200, .media = ok, .n_media = 3};
    responses[1] = (gh_response){.status_low = 204, .status_high = 204, .media = ok, .n_media = 1};
    responses[2] = (gh_response){.status_low = 200, .status_high = 299};
    responses[3] = (gh_response){.status_low = 400, .status_high = 499, .media = &problem, .n_media = 1};
    operation = (gh_operation){.responses = responses, .n_responses = GH_COUNT(responses)};
}

static void looks_at_heads(void **state)
{
    (void)state;
    static const struct {
        unsigned status;
        const char *type; /* NULL: none */
        enum gh_drift drift;
        int media; /* of ok; -1: none */
    } rows[] = {
        {200, "application/json; charset=utf-8", GH_DRIFT_NONE, 0},
        {200, "text/html", GH_DRIFT_NONE, 1},
        {200, "image/png", GH_DRIFT_NONE, -1},
        {200, "image/gif", GH_DRIFT_MEDIA_TYPE, -1},
        {200, "json", GH_DRIFT_MEDIA_TYPE, -1},
        {200, NULL, GH_DRIFT_MEDIA_TYPE, -1},
        {204, NULL, GH_DRIFT_NONE, -1},
        {201, "image/gif", GH_DRIFT_NONE, -1},
        {404, "application/json", GH_DRIFT_NONE, -1}, /* its schema lets everything through */
        {404, "text/html", GH_DRIFT_MEDIA_TYPE, -1},
        {304, NULL, GH_DRIFT_STATUS, -1},
        {500, "application/json", GH_DRIFT_STATUS, -1},
    };
    make_operation();
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        const gh_media *media = &problem;
        gh_str type = rows[i].type == NULL ? (gh_str){NULL, 0} : gh_str_of(rows[i].type);
        enum gh_drift drift = gh_check_response_head(&operation, rows[i].status, type, &media);
        if (drift != rows[i].drift || media != (rows[i].media < 0 ? NULL : &ok[rows[i].media]))
            fail_msg("row %zu: %d", i, drift);
    }
    const gh_media *media;
    operation.n_responses = 0;
    assert_int_equal(gh_check_response_head(&operation, 500, GH_STR("x"), &media), GH_DRIFT_NONE);
    unit_reset();
}

static void looks_at_bodies(void **state)
{
    (void)state;
    static const struct {
        unsigned media;
        gh_str body;
        const char *findings;
    } rows[] = {
        {0, S("1"), ""},
        {0, S("0"), "body  minimum(1)"},
        {0, S(""), "body  json(...)"},
        {0, S("{"), "body  json(...)"},
        {1, S("1"), ""},
        {1, S("0"), "body  minimum(1)"},
        {1, S("\xff"), "body  text()"},
        {2, S("\xff"), ""},
    };
    make_operation();
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_finding items[UNIT_FINDINGS];
        gh_findings findings = {.items = items, .max = UNIT_FINDINGS};
        enum gh_drift drift =
            gh_check_response_body(&ok[rows[i].media], rows[i].body, &unit_limits, &unit_arena, &findings);
        if (drift != (rows[i].findings[0] == '\0' ? GH_DRIFT_NONE : GH_DRIFT_BODY) ||
            strcmp(unit_findings(&findings), rows[i].findings) != 0)
            fail_msg("row %zu: %d: %s", i, drift, unit_findings(&findings));
        assert_int_equal(
            gh_check_response_body(&ok[rows[i].media], rows[i].body, &unit_limits, &unit_arena, NULL), drift);
    }
    unit_reset();
}

static void what_can_not_be_checked_has_drifted(void **state)
{
    (void)state;
    gh_finding items[UNIT_FINDINGS];
    gh_findings findings = {.items = items, .max = UNIT_FINDINGS};
    gh_arena none;
    gh_arena_init(&none, NULL, 0, 0);
    make_operation();
    assert_int_equal(gh_check_response_body(&ok[1], GH_STR("1"), &unit_limits, &none, &findings),
                     GH_DRIFT_BODY);
    assert_int_equal(findings.n, 1);
    assert_int_equal(items[0].fault, GH_FAULT_TOO_COSTLY);
    unit_reset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_at_heads),
        cmocka_unit_test(looks_at_bodies),
        cmocka_unit_test(what_can_not_be_checked_has_drifted),
    };
    return cmocka_run_group_tests(tests, unit_start, unit_stop);
}
