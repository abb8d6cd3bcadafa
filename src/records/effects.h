/* What an operation changes in memory: collected while it runs, done when its transaction is on disk. */
#ifndef GH_RECORDS_EFFECTS_H
#define GH_RECORDS_EFFECTS_H

#include "stores/state/roster.h"

enum gh_effect_kind {
    GH_EFFECT_SET_USER,
    GH_EFFECT_DROP_USER,
    GH_EFFECT_SET_SESSION,
    GH_EFFECT_END_SESSION,
    GH_EFFECT_SET_KEY,
    GH_EFFECT_END_KEY,
    GH_EFFECT_SET_DEVICE,
    GH_EFFECT_END_DEVICE,
    GH_EFFECT_REVOKE_TOKEN,
    GH_EFFECT_USED, /* a session, key or device, on another node */
    GH_EFFECT_RING  /* the ring of signing keys is another: nothing in the roster */
};

typedef struct gh_effect gh_effect;
struct gh_effect {
    uint8_t kind;
    /* It only lets somebody in who was not: without it he is refused, which is safe. All others end something, or may,
     * and must not be lost. */
    bool only_grants;
    gh_effect *next;
    gh_id id;         /* DROP_USER, END_* */
    uint64_t until_s; /* SET_USER: of the cut-off; END_SESSION; REVOKE_TOKEN: its end */
    uint64_t jti;     /* REVOKE_TOKEN */
    union {
        gh_roster_user user;
        gh_roster_session session;
        gh_roster_key key;
        gh_roster_device device;
        gh_roster_use used;
    };
};

/* In the order they came; memory of the arena. */
typedef struct gh_effects {
    gh_arena *arena;
    gh_effect *first, *last;
} gh_effects;

/* At the end; zeroed. NULL: no memory. */
GH_MUST_CHECK gh_effect *gh_effects_add(gh_effects *effects, enum gh_effect_kind kind);
/* Drops what was added since `last` was the last one (NULL: all). */
void gh_effects_drop_after(gh_effects *effects, gh_effect *last);
/* False: no memory, and nothing was changed. */
GH_MUST_CHECK bool gh_effect_apply(gh_roster *roster, const gh_effect *effect);

#endif
