/* What AWS's endpoints answer: the first byte says which of them. */
#include <stdlib.h>

#include "edges/secrets/aws_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(gh_str text)
{
    if (text.p == NULL && text.n > 0)
        abort();
}

static void read_value(gh_str body, gh_arena *arena)
{
    gh_aws_value value;
    gh_str text;
    const char *why = NULL;
    bool missing = false;
    if (!gh_aws_read_value(body, arena, &value, &why)) {
        if (why == NULL)
            abort();
        return;
    }
    check_text(value.text);
    if (gh_aws_read_member(value.text, GH_STR("k"), arena, &text, &missing, &why) && missing)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_arena arena;
    gh_aws_credentials c;
    const char *why = NULL;
    if (size == 0 || size > 64 << 10)
        return 0;
    gh_str body = {(const char *)data + 1, size - 1};
    gh_arena_init(&arena, NULL, 0, 4 << 20);
    if (data[0] % 3 == 0) {
        read_value(body, &arena);
    } else if (data[0] % 3 == 1) {
        gh_str name = gh_aws_read_error(body, &arena);
        for (size_t i = 0; i < name.n; i++)
            if (name.p[i] <= ' ' || name.p[i] > '~')
                abort(); /* it goes into a log */
    } else if (gh_aws_read_credentials(body, &arena, &c, &why)) {
        if (c.access_key_id.n == 0 || !gh_aws_is_visible(c.access_key_id) ||
            !gh_aws_is_visible(c.session_token))
            abort(); /* they go into headers */
    }
    gh_arena_reset(&arena);
    return 0;
}
