/* A shared credentials file of any bytes. */
#include <stdlib.h>

#include "edges/secrets/aws_profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_within(gh_str part, gh_str whole)
{
    return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_aws_credentials c;
    const char *why = NULL;
    gh_str text = {(const char *)data, size};
    enum gh_aws_profile result = gh_aws_read_profile(text, GH_STR("default"), &c, &why);
    if (result == GH_AWS_PROFILE_UNUSABLE && why == NULL)
        abort();
    if (result != GH_AWS_PROFILE_FOUND)
        return 0;
    if (c.access_key_id.n == 0 || c.secret_access_key.n == 0 || !gh_aws_is_visible(c.session_token) ||
        !is_within(c.access_key_id, text) || !is_within(c.secret_access_key, text) ||
        !is_within(c.session_token, text))
        abort();
    return 0;
}
