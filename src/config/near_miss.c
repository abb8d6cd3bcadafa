/* Slips of the pen in names that are not ours alone: REDIS_ULR for REDIS_URL. The environment is full of variables of others,
 * so little is said: of long names, of one or two slips, and of settings that nothing else has set. */
#include "config/load.h"

enum { SHORTEST = 8, SHORTEST_OF_TWO = 12 };

/* Other programs', on purpose. */
static bool is_of_others(gh_str name)
{
    static const gh_str names[] = {GH_STR_INIT("POSTGRES_PASSWORD"), GH_STR_INIT("POSTGRES_PASSWORD_FILE"),
                                   GH_STR_INIT("REDIS_URI"), GH_STR_INIT("REDIS_URLS")};
    for (size_t i = 0; i < GH_COUNT(names); i++)
        if (gh_str_eq(name, names[i]))
            return true;
    return gh_is_digit(name.p[name.n - 1]) || gh_str_starts(name, GH_STR("AWS_"));
}

static const gh_str database_url = GH_STR_INIT("DATABASE_URL");

void gh_near_miss_note(gh_load *l, const gh_named_value *value)
{
    bool database =
        gh_str_eq(value->name, database_url) && (gh_str_starts(value->value, GH_STR("postgresql://")) ||
                                                 gh_str_starts(value->value, GH_STR("postgres://")));
    if (database || (value->name.n >= SHORTEST && !is_of_others(value->name)))
        gh_named_add(l, &l->strange, *value);
}

/* Nothing could be meant by it, or a value is there: then the variable is somebody else's. */
static bool is_wanted(const gh_load *l, const gh_setting *s)
{
    const gh_config *c = l->config;
    const void *field = (const char *)c + s->at;
    if (field == &c->postgresql.url || field == &c->postgresql.password)
        if (c->identity.enabled == GH_OFF)
            return false;
    if (s->type == GH_TYPE_SECRET)
        return !gh_secret_is_set(l, field);
    return gh_load_place(l, field).file == NULL;
}

typedef struct nearest {
    gh_str wanted;
    char name[GH_SETTING_NAME_MAX];
    const gh_setting *setting;
    unsigned distance;
} nearest;

static void offer(nearest *n, const gh_setting *s, const char *known, const char *suffix)
{
    char name[GH_SETTING_NAME_MAX];
    gh_buf b = gh_buf_over(name, sizeof name - 1);
    gh_buf_printf(&b, "%s%s", known, suffix);
    name[b.n] = '\0';
    unsigned distance = gh_str_distance(n->wanted, gh_buf_str(&b), n->distance);
    if (!gh_buf_ok(&b) || distance >= n->distance)
        return;
    n->distance = distance;
    n->setting = s;
    memcpy(n->name, name, sizeof name);
}

static void find(nearest *n)
{
    const gh_setting *s;
    char name[GH_SETTING_NAME_MAX];
    for (unsigned i = 0; (s = gh_setting_at(i)) != NULL; i++)
        for (unsigned k = 1; gh_setting_name(s, k, name); k++) { /* the 0th begins with GATEHOUSE_ */
            if (gh_str_starts(gh_str_of(name), GH_STR("AWS_")))
                continue;
            offer(n, s, name, "");
            if (s->type == GH_TYPE_SECRET)
                offer(n, s, name, "_FILE");
        }
}

static void say_near(gh_load *l, const gh_named_value *value)
{
    nearest n = {.wanted = value->name, .distance = value->name.n >= SHORTEST_OF_TWO ? 3 : 2};
    char quoted[GH_QUOTED_MAX];
    find(&n);
    if (n.setting != NULL && is_wanted(l, n.setting))
        gh_load_warning(l, &value->place, "%s is not known; did you mean %s?", gh_quoted(value->name, quoted),
                        n.name);
}

/* Many programs have one. It may be meant for this one where nodes count together and each would have its own accounts. */
static void say_database(gh_load *l, const gh_named_value *value)
{
    const gh_config *c = l->config;
    if (gh_secret_is_set(l, &c->redis.url) && c->identity.enabled == GH_ON &&
        !gh_secret_is_set(l, &c->postgresql.url))
        gh_load_warning(
            l, &value->place,
            "DATABASE_URL is not read; if Gatehouse's records are to be there, set POSTGRESQL_URL");
}

void gh_near_misses_say(gh_load *l)
{
    for (unsigned i = 0; i < l->strange.n; i++) {
        const gh_named_value *value = &l->strange.items[i];
        if (gh_str_eq(value->name, database_url))
            say_database(l, value);
        else
            say_near(l, value);
    }
}
