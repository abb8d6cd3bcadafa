#include "config/load.h"

void gh_load_no_memory(gh_load *l)
{
    l->out_of_memory = true;
}

void gh_load_set_place(gh_load *l, const void *field, gh_place place)
{
    if (place.file == NULL)
        return; /* a default */
    if (l->n_places == l->cap_places) {
        unsigned cap = l->cap_places == 0 ? 256 : l->cap_places * 2;
        struct gh_place_of *places = gh_arena_array(&l->scratch, cap, sizeof *places);
        if (places == NULL) {
            gh_load_no_memory(l);
            return;
        }
        if (l->n_places > 0)
            memcpy(places, l->places, l->n_places * sizeof *places);
        l->places = places;
        l->cap_places = cap;
    }
    l->places[l->n_places++] = (struct gh_place_of){field, place};
}

/* A search from the end: the last setting counts. Only errors look, so it need not be fast. */
gh_place gh_load_place(const gh_load *l, const void *field)
{
    for (unsigned i = l->n_places; i > 0; i--)
        if (l->places[i - 1].field == field)
            return l->places[i - 1].place;
    return (gh_place){0};
}

const char *gh_quoted(gh_str s, char ret[GH_QUOTED_MAX])
{
    enum { SHOWN = 64 };
    gh_buf b = gh_buf_over(ret, GH_QUOTED_MAX - 8); /* room for dots, a quote and the NUL */
    gh_buf_char(&b, '"');
    size_t i = 0;
    for (; i < s.n && b.n < SHOWN; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c >= 0x7f)
            gh_buf_printf(&b, "\\x%02x", c);
        else
            gh_buf_char(&b, s.p[i]);
    }
    b.cap = GH_QUOTED_MAX;
    gh_buf_put(&b, i < s.n ? GH_STR("...\"") : GH_STR("\""));
    gh_buf_char(&b, '\0');
    return ret;
}

const char *gh_did_you_mean(const char *name, char ret[GH_QUOTED_MAX])
{
    gh_buf b = gh_buf_over(ret, GH_QUOTED_MAX - 1);
    if (name != NULL)
        gh_buf_printf(&b, " (did you mean %s?)", name);
    ret[b.n] = '\0';
    return ret;
}

gh_nearest gh_nearest_to(gh_str wanted)
{
    unsigned most = wanted.n < 4 ? 1 : wanted.n < 8 ? 2 : 3;
    return (gh_nearest){.wanted = wanted, .distance = most + 1};
}

void gh_nearest_offer(gh_nearest *nearest, gh_str name)
{
    unsigned distance = gh_str_distance(nearest->wanted, name, nearest->distance);
    if (distance > 1 && nearest->wanted.n >= 3 && gh_str_starts(name, nearest->wanted))
        distance = 1; /* "prod" for "production" */
    if (distance >= nearest->distance || name.n >= sizeof nearest->best)
        return;
    nearest->distance = distance;
    memcpy(nearest->best, name.p, name.n);
    nearest->best[name.n] = '\0';
}

const char *gh_nearest_name(const gh_nearest *nearest)
{
    return nearest->best[0] == '\0' ? NULL : nearest->best;
}
