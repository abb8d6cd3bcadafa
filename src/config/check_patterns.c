/* What the checks of rules and routes have in common: sets of methods, hosts and paths. */
#include "config/load.h"
#include "wire/host_pattern.h"

bool gh_check_has(const gh_str_list *list, gh_str text)
{
    for (unsigned i = 0; i < list->n; i++)
        if (gh_str_eq(list->items[i], text))
            return true;
    return list->n == 0;
}

bool gh_check_pattern(gh_arena *arena, gh_str text, gh_path_pattern *ret)
{
    const char *why;
    unsigned column;
    return gh_path_pattern_compile(text, arena, ret, &why, &column);
}

enum relation { COVERS, MEETS };

/* Has one of the list the relation to the host? Two host patterns have a host in common only when one
 * covers the other. Hosts are short: what they compile to fits on the stack. */
static bool any_host(const gh_str_list *list, gh_str host, enum relation relation)
{
    _Alignas(16) char memory[1024];
    gh_arena arena;
    gh_host_pattern a, b;
    const char *why;
    for (unsigned i = 0; i < list->n; i++) {
        gh_arena_init(&arena, memory, sizeof memory, 0);
        if (!gh_host_pattern_compile(list->items[i], &arena, &a, &why) ||
            !gh_host_pattern_compile(host, &arena, &b, &why))
            continue;
        if (gh_host_pattern_covers(&a, &b) || (relation == MEETS && gh_host_pattern_covers(&b, &a)))
            return true;
    }
    return false;
}

bool gh_check_hosts_cover(gh_load *l, const gh_str_list *a, const gh_str_list *b)
{
    if (a->n == 0)
        return true;
    if (b->n == 0)
        b = &l->config->hosts.allowed;
    for (unsigned i = 0; i < b->n; i++)
        if (!any_host(a, b->items[i], COVERS))
            return false;
    return b->n > 0;
}

void gh_check_let_in(gh_load *l, const char *what, gh_str name, const gh_str_list *methods,
                     const gh_str_list *hosts)
{
    const gh_config *c = l->config;
    for (unsigned i = 0; i < methods->n; i++) {
        gh_str method = methods->items[i];
        gh_place place = gh_load_place(l, &methods->items[i]);
        if (!gh_check_has(&c->methods.allowed, method))
            gh_load_error(l, &place, "%s %.*s: %.*s never comes here: it is not in methods.allowed", what,
                          (int)name.n, name.p, (int)method.n, method.p);
    }
    for (unsigned i = 0; i < hosts->n; i++) {
        gh_str host = hosts->items[i];
        gh_place place = gh_load_place(l, &hosts->items[i]);
        if (!any_host(&c->hosts.allowed, host, MEETS))
            gh_load_error(l, &place,
                          "%s %.*s: %.*s never comes here: hosts.allowed (ALLOWED_HOSTS) does not let it in",
                          what, (int)name.n, name.p, (int)host.n, host.p);
    }
}
