#include "edges/secrets/environment.h"

#include "base/crypto.h"
#include "config/settings.h"
#include "edges/secrets/locked.h"

enum { SECRETS_MAX = 4 << 20, TABLE_MAX = 16 << 20 };

extern char **environ;

/* Those that are no setting: of AWS's containers. */
static const char *const others[] = {"AWS_CONTAINER_AUTHORIZATION_TOKEN"};

static bool is_secret(gh_str name)
{
    const gh_setting *s;
    char text[GH_SETTING_NAME_MAX];
    for (size_t i = 0; i < GH_COUNT(others); i++)
        if (gh_str_eq(name, gh_str_of(others[i])))
            return true;
    for (unsigned i = 0; (s = gh_setting_at(i)) != NULL; i++)
        for (unsigned k = 0; s->type == GH_TYPE_SECRET && gh_setting_name(s, k, text); k++)
            if (gh_str_eq(name, gh_str_of(text)))
                return true;
    return false;
}

/* Copies one variable and wipes its value where it stands. NULL: no memory, nothing is changed. */
static const char *move(gh_arena *locked, char *variable, size_t name)
{
    gh_str copy = gh_arena_copy(locked, gh_str_of(variable));
    if (copy.p != NULL)
        gh_wipe(variable + name + 1, copy.n - name - 1);
    return copy.p;
}

const char *const *gh_environment(void)
{
    static gh_arena locked, table; /* one environment a process */
    static const char **taken;
    size_t n = 0;
    if (taken != NULL)
        return taken;
    while (environ != NULL && environ[n] != NULL)
        n++;
    gh_arena_init_from(&locked, &gh_locked_pages, SECRETS_MAX);
    gh_arena_init(&table, NULL, 0, TABLE_MAX);
    const char **to = gh_arena_array(&table, n + 1, sizeof *to);
    if (to == NULL)
        return (const char *const *)environ;
    for (size_t i = 0; i < n; i++) {
        gh_str text = gh_str_of(environ[i]);
        size_t name = gh_str_find(text, '=');
        const char *moved = name + 1 < text.n && is_secret(gh_str_cut(text, 0, name))
                                ? move(&locked, environ[i], name)
                                : NULL;
        to[i] = moved != NULL ? moved : environ[i];
    }
    taken = to;
    return taken;
}

gh_str gh_environment_get(const char *const *environment, const char *name)
{
    gh_str wanted = gh_str_of(name);
    for (; environment != NULL && *environment != NULL; environment++) {
        gh_str text = gh_str_of(*environment);
        if (gh_str_starts(text, wanted) && wanted.n + 1 < text.n && text.p[wanted.n] == '=')
            return gh_str_cut(text, wanted.n + 1, text.n);
    }
    return (gh_str){NULL, 0};
}
