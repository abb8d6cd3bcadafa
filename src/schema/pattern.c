#include "schema/pattern.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { MAX_LENGTH = 1000, MATCH_LIMIT = 200000, DEPTH_LIMIT = 2000, HEAP_LIMIT_KIB = 1024 };

struct gh_pattern {
    pcre2_code *code;
};

gh_pattern *gh_pattern_new(gh_str text, gh_arena *arena, const char **ret_why)
{
    int error;
    PCRE2_SIZE at;
    char why[160];
    if (text.n > MAX_LENGTH) {
        *ret_why = "it is longer than 1,000 characters";
        return NULL;
    }
    gh_pattern *pattern = malloc(sizeof *pattern);
    if (pattern == NULL) {
        *ret_why = "out of memory";
        return NULL;
    }
    pattern->code = pcre2_compile((PCRE2_SPTR)(text.n == 0 ? "" : text.p), text.n,
                                  PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX | PCRE2_NEVER_BACKSLASH_C,
                                  &error, &at, NULL);
    if (pattern->code != NULL)
        return pattern;
    if (pcre2_get_error_message(error, (PCRE2_UCHAR *)why, sizeof why) < 0)
        why[0] = '\0';
    *ret_why = gh_arena_copy(arena, gh_str_of(why)).p;
    if (*ret_why == NULL)
        *ret_why = "out of memory";
    free(pattern);
    return NULL;
}

void gh_pattern_free(gh_pattern *pattern)
{
    if (pattern == NULL)
        return;
    pcre2_code_free(pattern->code);
    free(pattern);
}

static void *take(size_t size, void *arena)
{
    return gh_arena_alloc(arena, size);
}

static void give_back(void *memory, void *arena)
{
    (void)memory;
    (void)arena;
}

enum gh_match_result gh_pattern_match(const gh_pattern *pattern, gh_str subject, gh_arena *scratch)
{
    pcre2_general_context *general = pcre2_general_context_create(take, give_back, scratch);
    if (general == NULL)
        return GH_MATCH_TOO_COSTLY;
    pcre2_match_context *context = pcre2_match_context_create(general);
    pcre2_match_data *data = pcre2_match_data_create(1, general);
    if (context == NULL || data == NULL)
        return GH_MATCH_TOO_COSTLY;
    if (pcre2_set_match_limit(context, MATCH_LIMIT) != 0 ||
        pcre2_set_depth_limit(context, DEPTH_LIMIT) != 0 ||
        pcre2_set_heap_limit(context, HEAP_LIMIT_KIB) != 0)
        return GH_MATCH_TOO_COSTLY;
    int found = pcre2_match(pattern->code, (PCRE2_SPTR)(subject.n == 0 ? "" : subject.p), subject.n, 0,
                            PCRE2_NO_UTF_CHECK, data, context);
    if (found >= 0)
        return GH_MATCH_YES;
    return found == PCRE2_ERROR_NOMATCH ? GH_MATCH_NO : GH_MATCH_TOO_COSTLY;
}
