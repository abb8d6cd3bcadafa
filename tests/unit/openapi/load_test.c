#include "openapi_unit.h"

#define HEAD "openapi: 3.1.0\ninfo: {title: T, version: '1'}\n"
#define HEAD30 "openapi: 3.0.3\ninfo: {title: T, version: '1'}\n"
#define OK "responses: {'200': {description: ok}}"

/* What is said of a document, line for line. */
static const struct {
    const char *document, *messages;
} cases[] = {
    {HEAD "paths: {}\n", ""},
    {HEAD "paths: {/a: {get: {" OK "}}}\n", ""},
};

static void messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(cases); i++) {
        char text[16384];
        gh_openapi *o = unit_load(cases[i].document, NULL);
        unit_messages(o, 7, text, sizeof text);
        if (strcmp(text, cases[i].messages) != 0)
            fail_msg("%s:\n%s", cases[i].document, text);
        unit_forget(o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
