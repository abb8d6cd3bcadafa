#include "model/policy.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { POLICY_CAP = 64 << 20, SCRATCH_SPARE = 16 << 20 };

gh_policy *gh_policy_new(void)
{
    gh_policy *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    gh_arena_init(&p->arena, NULL, 0, POLICY_CAP);
    atomic_init(&p->references, 1);
    return p;
}

gh_policy *gh_policy_ref(gh_policy *policy)
{
    atomic_fetch_add_explicit(&policy->references, 1, memory_order_relaxed);
    return policy;
}

void gh_policy_unref(gh_policy *policy)
{
    if (policy == NULL || atomic_fetch_sub_explicit(&policy->references, 1, memory_order_acq_rel) != 1)
        return;
    for (gh_owned *o = policy->owned; o != NULL; o = o->next)
        o->free(o->data);
    gh_arena_reset(&policy->arena);
    free(policy);
}

bool gh_policy_own(gh_policy *policy, void *data, void (*release)(void *data))
{
    gh_owned *o = gh_arena_new(&policy->arena, gh_owned);
    if (o == NULL)
        return false;
    *o = (gh_owned){.next = policy->owned, .free = release, .data = data};
    policy->owned = o;
    return true;
}

size_t gh_policy_scratch_cap(const gh_policy *policy)
{
    uint64_t max = policy->input.max_body;
    return max < (SIZE_MAX - SCRATCH_SPARE) / 4 ? (size_t)max * 4 + SCRATCH_SPARE : SIZE_MAX;
}

bool gh_policy_any_route(const gh_policy *policy, bool (*so)(const gh_route *route))
{
    for (unsigned i = 0; i < policy->n_routes; i++)
        if (so(&policy->routes[i]))
            return true;
    for (unsigned i = 0; i < policy->identity.n_endpoints; i++)
        if (so(&policy->identity.routes[i]))
            return true;
    return so(&policy->fallback);
}

unsigned gh_policy_method(const gh_policy *policy, gh_str name)
{
    for (unsigned i = 0; i < policy->n_methods; i++)
        if (gh_str_eq(policy->methods[i], name))
            return i;
    return GH_METHODS_MAX;
}

static bool host_and_method_fit(const gh_match *m, gh_str host, gh_method_set method)
{
    if (m->methods != 0 && (m->methods & method) == 0)
        return false;
    return m->n_hosts == 0 || gh_host_pattern_any(m->hosts, m->n_hosts, host);
}

bool gh_match_fits(const gh_match *m, gh_str host, gh_method_set method, gh_str path)
{
    if (!host_and_method_fit(m, host, method))
        return false;
    for (unsigned i = 0; i < m->n_paths; i++)
        if (gh_path_pattern_match(&m->paths[i], path, NULL))
            return true;
    return m->n_paths == 0;
}

bool gh_match_fits_spellings(const gh_match *m, gh_str host, gh_method_set method, gh_str path)
{
    if (!host_and_method_fit(m, host, method))
        return false;
    for (unsigned i = 0; i < m->n_paths; i++)
        if (gh_path_pattern_match_spellings(&m->paths[i], path))
            return true;
    return m->n_paths == 0;
}
