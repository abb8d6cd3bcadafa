#include "wire/problem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void writes_what_is_there(void **state)
{
    (void)state;
    static const struct {
        gh_problem problem;
        const char *want;
    } rows[] = {
        {{.retry_after = -1}, "{\"type\":\"about:blank\"}"},
        {{.type = GH_STR_INIT("/problems/x"),
          .title = GH_STR_INIT("Too Many Requests"),
          .status = 429,
          .detail = GH_STR_INIT("60 requests a minute"),
          .instance = GH_STR_INIT("/a\r\nb"),
          .error = GH_STR_INIT("rate_limit_exceeded"),
          .message = GH_STR_INIT("Too many requests. Please try again later."),
          .retry_after = 37},
         "{\"type\":\"/problems/x\",\"title\":\"Too Many Requests\",\"status\":429,"
         "\"detail\":\"60 requests a minute\",\"instance\":\"/a\\r\\nb\",\"error\":\"rate_limit_exceeded\","
         "\"message\":\"Too many requests. Please try again later.\",\"retry_after\":37}"},
        {{.title = GH_STR_INIT(""), .retry_after = 0},
         "{\"type\":\"about:blank\",\"title\":\"\",\"retry_after\":0}"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char memory[512] = {0};
        gh_buf out = gh_buf_over(memory, sizeof memory - 1);
        gh_problem_put(&out, &rows[i].problem);
        assert_true(gh_buf_ok(&out));
        assert_string_equal(memory, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(writes_what_is_there)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
