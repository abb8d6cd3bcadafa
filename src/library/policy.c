/* From YAML text to a policy that owns the configuration it was compiled from. */
#include <gatehouse/policy.h>

#include "config/compile.h"

enum { ITEM_MAX = 2048 };

/* Whole lines only: half of one would mislead. */
static void put_report(const gh_report *report, char *errors, size_t size)
{
    if (errors == NULL || size == 0)
        return;
    gh_buf out = gh_buf_over(errors, size - 1);
    for (unsigned i = 0; i < report->n; i++) {
        char memory[ITEM_MAX];
        gh_buf line = gh_buf_over(memory, sizeof memory);
        gh_report one = {.items = &report->items[i], .n = 1};
        gh_report_print(&one, &line);
        if (gh_buf_ok(&line))
            gh_buf_put(&out, gh_buf_str(&line));
    }
    errors[out.n] = '\0';
}

/* The document's tree points into its text: it is copied. */
static bool read_document(void *data, const gh_upstream_config *upstream, gh_str name, gh_arena *arena,
                          gh_str *ret_text, const char **ret_why, bool *ret_later)
{
    const gh_policy_options *options = data;
    gh_str text = {NULL, 0};
    (void)upstream;
    *ret_later = false;
    *ret_why = "no reason is given";
    if (!options->read_document(options->data, name, &text, ret_why))
        return false;
    *ret_why = "out of memory";
    *ret_text = gh_arena_copy(arena, text);
    return ret_text->p != NULL;
}

static void free_config(void *config)
{
    gh_config_free(config);
}

static gh_policy *load(const gh_config_input *input, gh_report *report)
{
    gh_config *config = gh_config_load(input, report);
    if (config == NULL)
        return NULL;
    gh_policy *policy = gh_policy_compile(config, report);
    if (policy == NULL) {
        gh_config_free(config);
        return NULL;
    }
    if (!gh_policy_own(policy, config, free_config)) {
        gh_policy_unref(policy);
        gh_config_free(config);
        return NULL;
    }
    return policy;
}

gh_policy *gh_policy_load(gh_str yaml, const char *name, char *errors, size_t errors_size)
{
    return gh_policy_load_with(NULL, yaml, name, errors, errors_size);
}

gh_policy *gh_policy_load_with(const gh_policy_options *options, gh_str yaml, const char *name, char *errors,
                               size_t errors_size)
{
    gh_config_source source = {GH_SOURCE_YAML, name == NULL ? "policy" : name, yaml};
    gh_config_input input = {.sources = &source, .n_sources = 1, .no_upstream = true};
    gh_policy_options copy;
    if (options != NULL && options->read_document != NULL) {
        copy = *options;
        input.read_document = read_document;
        input.read_document_data = &copy;
    }
    gh_report report;
    gh_report_init(&report);
    gh_policy *policy = load(&input, &report);
    put_report(&report, errors, errors_size);
    gh_report_free(&report);
    return policy;
}

void gh_policy_free(gh_policy *policy)
{
    gh_policy_unref(policy);
}

uint64_t gh_policy_max_clients(const gh_policy *policy)
{
    return policy->max_clients;
}
