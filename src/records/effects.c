#include "records/effects.h"

gh_effect *gh_effects_add(gh_effects *effects, enum gh_effect_kind kind)
{
    gh_effect *effect = gh_arena_new(effects->arena, gh_effect);
    if (effect == NULL)
        return NULL;
    effect->kind = (uint8_t)kind;
    if (effects->last == NULL)
        effects->first = effect;
    else
        effects->last->next = effect;
    effects->last = effect;
    return effect;
}

void gh_effects_drop_after(gh_effects *effects, gh_effect *last)
{
    effects->last = last;
    if (last == NULL)
        effects->first = NULL;
    else
        last->next = NULL;
}

bool gh_effect_apply(gh_roster *roster, const gh_effect *e)
{
    switch ((enum gh_effect_kind)e->kind) {
    case GH_EFFECT_SET_USER:
        return gh_roster_set_user(roster, &e->user, e->until_s);
    case GH_EFFECT_DROP_USER:
        gh_roster_drop_user(roster, e->id);
        return true;
    case GH_EFFECT_SET_SESSION:
        return gh_roster_set_session(roster, &e->session);
    case GH_EFFECT_END_SESSION:
        return gh_roster_end_session(roster, e->id, e->until_s);
    case GH_EFFECT_SET_KEY:
        return gh_roster_set_key(roster, &e->key);
    case GH_EFFECT_END_KEY:
        gh_roster_end_key(roster, e->id);
        return true;
    case GH_EFFECT_SET_DEVICE:
        return gh_roster_set_device(roster, &e->device);
    case GH_EFFECT_END_DEVICE:
        gh_roster_end_device(roster, e->id);
        return true;
    case GH_EFFECT_REVOKE_TOKEN:
        return gh_roster_revoke_token(roster, e->jti, e->until_s);
    case GH_EFFECT_USED:
        gh_roster_used(roster, &e->used);
        return true;
    case GH_EFFECT_RING:
        return true;
    }
    return true;
}
