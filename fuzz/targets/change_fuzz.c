/* Rows of `change`: what is read is written again as the same bytes, and whatever it says a roster takes it or refuses it,
 * and is empty when it is cleared. */
#include "fuzz.h"
#include "records/postgres/change.h"

static gh_roster *roster;

static void set_up(void)
{
    static const uint8_t key[16] = "a key for tables";
    if (roster == NULL)
        roster = gh_roster_new(key);
    FUZZ_CHECK(roster != NULL);
}

static void apply(const gh_effects *effects)
{
    gh_roster_stats stats;
    for (const gh_effect *e = effects->first; e != NULL; e = e->next) {
        bool applied = gh_effect_apply(roster, e);
        FUZZ_CHECK(applied || e->kind == GH_EFFECT_SET_SESSION || e->kind == GH_EFFECT_SET_KEY ||
                   e->kind == GH_EFFECT_SET_DEVICE); /* of a user who is not there */
    }
    gh_roster_clear(roster);
    gh_roster_read_stats(roster, &stats);
    FUZZ_CHECK(stats.users == 0 && stats.sessions == 0 && stats.keys == 0 && stats.devices == 0 &&
               stats.revocations == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_arena arena;
    gh_effects effects;
    gh_str again;
    set_up();
    gh_arena_init(&arena, NULL, 0, 16 << 20);
    if (gh_change_decode((gh_str){(const char *)data, size}, &arena, &effects)) {
        FUZZ_CHECK(effects.first != NULL);
        FUZZ_CHECK(gh_change_encode(effects.first, &arena, &again));
        FUZZ_CHECK(gh_str_eq(again, (gh_str){(const char *)data, size}));
        apply(&effects);
    }
    gh_arena_reset(&arena);
    return 0;
}
