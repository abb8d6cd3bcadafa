#include "operator/fields.h"

#include "identity/rights.h"
#include "schema/format.h"

static bool is_letter(char c)
{
    return gh_lower(c) >= 'a' && gh_lower(c) <= 'z';
}

const char *gh_name_fault(gh_str name)
{
    if (name.n == 0)
        return "is empty";
    if (name.n > GH_USER_NAME_MAX)
        return "is longer than 64 bytes";
    if (!is_letter(name.p[0]) && !gh_is_digit(name.p[0]))
        return "does not begin with a letter or digit";
    for (size_t i = 0; i < name.n; i++)
        if (!is_letter(name.p[i]) && !gh_is_digit(name.p[i]) && memchr("._-@+", name.p[i], 5) == NULL)
            return "has other characters than letters, digits and . _ - @ +";
    return NULL;
}

const char *gh_email_fault(gh_str email)
{
    if (email.n > GH_EMAIL_MAX)
        return "is longer than 254 bytes";
    for (size_t i = 0; i < email.n; i++)
        if (email.p[i] < 0x21 || email.p[i] > 0x7e)
            return "is not an e-mail address";
    return gh_format_of(GH_STR("email"))(email) ? NULL : "is not an e-mail address";
}

const char *gh_tier_fault(gh_str tier)
{
    if (tier.n > GH_TIER_MAX)
        return "is longer than 32 bytes";
    for (size_t i = 0; i < tier.n; i++)
        if (!is_letter(tier.p[i]) && !gh_is_digit(tier.p[i]) && memchr("._-", tier.p[i], 3) == NULL)
            return "has other characters than letters, digits and . _ -";
    return tier.n == 0 ? "is empty" : NULL;
}

const char *gh_scope_fault(gh_str scope)
{
    for (size_t i = 0; i < scope.n; i++)
        if (scope.p[i] < 0x21 || scope.p[i] > 0x7e || scope.p[i] == '"' || scope.p[i] == '\\')
            return "has other characters than a scope may have";
    return scope.n == 0 ? "is empty" : NULL;
}

gh_str gh_lower_copy(gh_arena *arena, gh_str text)
{
    char *p = gh_arena_alloc(arena, text.n + 1);
    for (size_t i = 0; p != NULL && i < text.n; i++)
        p[i] = gh_lower(text.p[i]);
    return (gh_str){p, p == NULL ? 0 : text.n};
}

bool gh_words_add(gh_buf *list, gh_str word)
{
    if (gh_word_in(gh_buf_str(list), word))
        return true;
    if (list->n > 0)
        gh_buf_char(list, ' ');
    gh_buf_put(list, word);
    return gh_buf_ok(list);
}
