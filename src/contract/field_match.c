#include "contract/field_match.h"

bool gh_field_match_open(gh_field_match *match, unsigned most, gh_arena *arena)
{
    *match = (gh_field_match){.paths = gh_arena_array(arena, most, sizeof(gh_field_path *)),
                              .ids = gh_arena_array(arena, most, sizeof(unsigned)),
                              .steps = gh_arena_array(arena, most, sizeof(uint8_t))};
    return match->paths != NULL && match->ids != NULL && match->steps != NULL;
}

void gh_field_match_add(gh_field_match *match, const gh_field_path *path, unsigned id)
{
    if (path->in != GH_IN_BODY)
        return;
    match->paths[match->n] = path;
    match->ids[match->n] = id;
    match->n++;
}

int gh_field_match_all(const gh_field_match *match)
{
    for (unsigned i = 0; i < match->n; i++)
        if (match->paths[i]->all)
            return (int)match->ids[i];
    return GH_FIELD_NONE;
}

int gh_field_match_down(gh_field_match *match, unsigned depth, gh_str token, bool *ret_alive)
{
    int found = GH_FIELD_NONE;
    *ret_alive = false;
    for (unsigned i = 0; i < match->n; i++) {
        const gh_field_path *path = match->paths[i];
        if (match->steps[i] != depth || path->all || path->n_steps <= depth)
            continue;
        gh_str step = path->steps[depth];
        if (step.p != NULL && !gh_str_eq(step, token))
            continue;
        match->steps[i]++;
        if (path->n_steps > depth + 1)
            *ret_alive = true;
        else if (found == GH_FIELD_NONE)
            found = (int)match->ids[i];
    }
    return found;
}

int gh_field_match_field(gh_field_match *match, gh_str name, bool *ret_alive)
{
    int id = gh_field_match_down(match, 0, name, ret_alive);
    size_t bracket = gh_str_find(name, '[');
    if (id != GH_FIELD_NONE || *ret_alive || bracket == name.n)
        return id;
    id = gh_field_match_down(match, 0, gh_str_cut(name, 0, bracket), ret_alive);
    for (unsigned i = 0; id == GH_FIELD_NONE && *ret_alive && i < match->n; i++)
        if (match->steps[i] > 0)
            id = (int)match->ids[i];
    return id;
}

void gh_field_match_up(gh_field_match *match, unsigned depth)
{
    for (unsigned i = 0; i < match->n; i++)
        if (match->steps[i] > depth)
            match->steps[i] = (uint8_t)depth;
}
