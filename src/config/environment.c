/* Names and values, from the environment or a .env file, into the configuration. */
#include "config/load.h"

static const char secret_suffix[] = "_FILE";

void gh_named_add(gh_load *l, gh_named_values *values, gh_named_value value)
{
    if (values->n == values->cap) {
        unsigned cap = values->cap == 0 ? 64 : values->cap * 2;
        gh_named_value *items = gh_arena_array(&l->scratch, cap, sizeof *items);
        if (items == NULL) {
            gh_load_no_memory(l);
            return;
        }
        if (values->n > 0)
            memcpy(items, values->items, values->n * sizeof *items);
        values->items = items;
        values->cap = cap;
    }
    values->items[values->n++] = value;
}

/* Kubernetes tells every pod of a service named "gatehouse" so; it is not meant for us. */
static bool is_service_link(gh_str name)
{
    return gh_str_eq(name, GH_STR("GATEHOUSE_PORT")) || gh_str_starts(name, GH_STR("GATEHOUSE_PORT_")) ||
           gh_str_starts(name, GH_STR("GATEHOUSE_SERVICE_"));
}

void gh_environment_read(gh_load *l, const char *const *environment, gh_named_values *ret)
{
    for (; environment != NULL && *environment != NULL; environment++) {
        gh_str text = gh_str_of(*environment);
        size_t equals = gh_str_find(text, '=');
        gh_str name = gh_str_cut(text, 0, equals);
        if (equals < text.n && !is_service_link(name))
            gh_named_add(l, ret,
                         (gh_named_value){name, gh_str_cut(text, equals + 1, text.n), {"environment", 0, 0}});
    }
}

/* Which setting has the name? *ret_rank: which of its names it is. *ret_file: it is the name of a file that holds the
 * value. */
static const gh_setting *find_by_name(gh_str name, unsigned *ret_rank, bool *ret_file)
{
    const gh_setting *s;
    char text[GH_SETTING_NAME_MAX];
    for (unsigned i = 0; (s = gh_setting_at(i)) != NULL; i++)
        for (unsigned k = 0; gh_setting_name(s, k, text); k++) {
            gh_str rest, known = gh_str_of(text);
            if (!gh_str_starts(name, known))
                continue;
            rest = gh_str_cut(name, known.n, name.n);
            *ret_file = s->type == GH_TYPE_SECRET && gh_str_eq(rest, gh_str_of(secret_suffix));
            *ret_rank = k;
            if (rest.n == 0 || *ret_file)
                return s;
        }
    return NULL;
}

static void unknown(gh_load *l, const gh_named_value *value)
{
    gh_nearest nearest = gh_nearest_to(value->name);
    const gh_setting *s;
    char name[GH_SETTING_NAME_MAX], quoted[GH_QUOTED_MAX], mean[GH_QUOTED_MAX];
    for (unsigned i = 0; (s = gh_setting_at(i)) != NULL; i++)
        for (unsigned k = 0; gh_setting_name(s, k, name); k++)
            gh_nearest_offer(&nearest, gh_str_of(name));
    gh_load_error(l, &value->place, "unknown name %s%s; names that begin with GATEHOUSE_ are Gatehouse's own",
                  gh_quoted(value->name, quoted), gh_did_you_mean(gh_nearest_name(&nearest), mean));
}

static void set(gh_load *l, const gh_setting *s, gh_named_value value, bool file)
{
    char who[2 * GH_SETTING_NAME_MAX + 8];
    gh_buf b = gh_buf_over(who, sizeof who - 1);
    gh_buf_printf(&b, "%.*s", (int)value.name.n, value.name.p);
    gh_buf_printf(&b, " (%s)", s->path);
    who[b.n] = '\0';
    if (value.value.n == 0 && !gh_value_is_list(s)) {
        gh_load_error(l, &value.place, "%s: is empty; give it a value, or remove it to have the default",
                      who);
        return;
    }
    if (gh_str_ends(value.name, GH_STR("_PER_MINUTE")))
        l->per_minute = value.place;
    if (!file) {
        (void)gh_value_set_text(l, s, who, value, l->config);
        return;
    }
    gh_str *field = (gh_str *)(void *)((char *)l->config + s->at);
    const gh_secret_reference reference = {.kind = GH_SECRET_FILE, .name = value.value};
    who[value.name.n] = '\0'; /* the name says it: SECRET_KEY_FILE */
    if (gh_secret_refer(l, s, who, &value.place, &reference, field))
        gh_load_set_place(l, field, value.place);
}

/* One thing said twice, and not alike. */
static bool contradicts(gh_load *l, const gh_setting *s, const gh_named_value *first,
                        const gh_named_value *second)
{
    char line[32] = "";
    if (gh_str_eq(first->name, second->name) && gh_str_eq(first->value, second->value))
        return false;
    if (!gh_str_eq(first->name, second->name) && gh_str_eq(first->value, second->value) &&
        !gh_str_ends(first->name, gh_str_of(secret_suffix)) &&
        !gh_str_ends(second->name, gh_str_of(secret_suffix)))
        return false;
    gh_buf b = gh_buf_over(line, sizeof line - 1);
    if (first->place.line > 0)
        gh_buf_printf(&b, " on line %u", first->place.line);
    line[b.n] = '\0';
    gh_load_error(l, &second->place, "%.*s and %.*s%s both set %s, but not alike; keep one of them",
                  (int)second->name.n, second->name.p, (int)first->name.n, first->name.p, line, s->path);
    return true;
}

/* The last value of each setting so far, at its place in the table. */
struct seen {
    const gh_named_value *value;
    unsigned rank;
};

/* Is the value passed over: a contradiction, or one that another name of the same setting outranks? */
static bool is_passed_over(gh_load *l, const gh_setting *s, const struct seen *before,
                           const gh_named_value *value, unsigned rank)
{
    if (s->in_order && value->value.n == 0)
        return true;
    if (before->value == NULL)
        return false;
    if (s->in_order && before->rank != rank)
        return before->rank < rank;
    return contradicts(l, s, before->value, value);
}

void gh_named_apply(gh_load *l, const gh_named_values *values)
{
    const gh_setting *first = gh_setting_at(0), *s;
    unsigned n = 0;
    while (gh_setting_at(n) != NULL)
        n++;
    struct seen *seen = gh_arena_array(&l->scratch, n, sizeof *seen);
    if (seen == NULL) {
        gh_load_no_memory(l);
        return;
    }
    for (unsigned i = 0; i < values->n; i++) {
        const gh_named_value *value = &values->items[i];
        bool file = false;
        unsigned rank = 0;
        s = find_by_name(value->name, &rank, &file);
        if (s == NULL) {
            if (gh_str_starts(value->name, GH_STR("GATEHOUSE_")))
                unknown(l, value);
            else
                gh_near_miss_note(l, value);
            continue;
        }
        struct seen *before = &seen[s - first];
        if (is_passed_over(l, s, before, value, rank))
            continue;
        *before = (struct seen){value, rank};
        set(l, s, *value, file);
    }
}
