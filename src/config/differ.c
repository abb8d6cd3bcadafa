/* Which settings say something else in another configuration. */
#include "base/crypto.h"
#include "config/settings.h"

static bool same_texts(const gh_str_list *a, const gh_str_list *b)
{
    bool same = a->n == b->n;
    for (unsigned i = 0; same && i < a->n; i++)
        same = gh_str_eq(a->items[i], b->items[i]);
    return same;
}

bool gh_setting_differs(const gh_setting *s, const gh_config *a, const gh_config *b)
{
    const void *x = (const char *)a + s->at, *y = (const char *)b + s->at;
    switch (s->type) {
    case GH_TYPE_SWITCH:
    case GH_TYPE_WORD:
        return *(const int *)x != *(const int *)y;
    case GH_TYPE_NUMBER:
    case GH_TYPE_DURATION:
    case GH_TYPE_SIZE:
        return *(const uint64_t *)x != *(const uint64_t *)y;
    case GH_TYPE_TEXT:
        return !gh_str_eq(*(const gh_str *)x, *(const gh_str *)y);
    case GH_TYPE_SECRET:
        return !gh_equal_secret(*(const gh_str *)x, *(const gh_str *)y);
    case GH_TYPE_TEXTS:
        return !same_texts(x, y);
    case GH_TYPE_CIDRS:
    case GH_TYPE_NUMBERS:
    case GH_TYPE_RATES:
    case GH_TYPE_RATE:
    case GH_TYPE_SCHEMA:
        break; /* none of these needs a restart: nobody asks */
    }
    return false;
}

void gh_config_say_restarts(const gh_config *used, const gh_config *fresh,
                            void (*say)(void *data, const char *path), void *data)
{
    const gh_setting *s;
    for (unsigned i = 0; (s = gh_setting_at(i)) != NULL; i++)
        if (s->restart && s->part == GH_PART_CONFIG && gh_setting_differs(s, used, fresh))
            say(data, s->path);
}
