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
    gh_config_source source = {GH_SOURCE_YAML, name == NULL ? "policy" : name, yaml};
    gh_config_input input = {.sources = &source, .n_sources = 1, .no_upstream = true};
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
