/* The map alone: keys of one shard, as chance would bring them together only in very many; against a plain list. */
#include "stores/state/roster_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { KEYS = 2000 };

static uint64_t next_key;

static gh_roster_map *new_map(void)
{
    static const uint8_t secret[16] = "a key for tables";
    gh_roster_map *map = aligned_alloc(64, sizeof *map);
    assert_non_null(map);
    gh_roster_map_init(map, secret);
    next_key = 1;
    return map;
}

static void free_map(gh_roster_map *map)
{
    gh_roster_map_free(map);
    assert_int_equal(map->bytes, 0);
    free(map);
}

/* Another key that goes to this shard. */
static uint64_t key_in(const gh_roster_map *map, unsigned shard)
{
    while (gh_roster_map_hash(map, next_key) >> 56 != shard)
        next_key++;
    return next_key++;
}

static void put(gh_roster_map *map, uint64_t key, uint64_t value)
{
    assert_true(gh_roster_map_reserve(map, key));
    gh_roster_map_put(map, key, value);
}

static void assert_value(gh_roster_map *map, uint64_t key, uint64_t want)
{
    const gh_roster_slot *slot = gh_roster_map_peek(map, key);
    assert_int_equal(gh_roster_map_has(map, key), want != 0);
    assert_int_equal(slot == NULL ? 0 : slot->value, want);
}

static void an_empty_map_has_nothing(void **state)
{
    (void)state;
    gh_roster_map *map = new_map();
    assert_value(map, 1, 0);
    gh_roster_map_erase(map, 1);
    gh_roster_map_erase_up_to(map, UINT64_MAX);
    assert_int_equal(map->n, 0);
    assert_int_equal(map->bytes, 0);
    free_map(map);
}

/* All in one shard: it is full again before the others have been moved. */
static void a_shard_that_grows_alone(void **state)
{
    (void)state;
    static uint64_t keys[KEYS];
    gh_roster_map *map = new_map();
    uint64_t elsewhere = key_in(map, 200);
    put(map, elsewhere, 77);
    for (unsigned i = 0; i < KEYS; i++) {
        keys[i] = key_in(map, 7);
        put(map, keys[i], i + 1);
        assert_true(map->shard[7].n * 20 <= map->shard[7].cap * 17);
    }
    for (unsigned i = 0; i < KEYS; i++)
        assert_value(map, keys[i], i + 1);
    assert_value(map, elsewhere, 77);
    assert_value(map, key_in(map, 7), 0);
    assert_int_equal(map->n, KEYS + 1);
    free_map(map);
}

/* When all have moved only one mapping is left. */
static void the_old_mapping_is_given_back(void **state)
{
    (void)state;
    gh_roster_map *map = new_map();
    uint64_t most = 0;
    for (uint64_t key = 1; key <= 100000; key++) {
        put(map, key, key);
        most = map->bytes > most ? map->bytes : most;
        if (map->moved < GH_MAP_SHARDS)
            assert_true(map->bytes > sizeof(gh_roster_slot) * GH_MAP_SHARDS * map->cap ||
                        map->old_slots == NULL);
        else
            assert_int_equal(map->bytes, sizeof(gh_roster_slot) * GH_MAP_SHARDS * map->cap);
    }
    assert_true(most > map->bytes);
    for (uint64_t key = 1; key <= 100000; key++)
        assert_value(map, key, key);
    free_map(map);
}

/* Put, changed and erased by chance in a shard so full and small that keys go round its end all the time. */
static void one_shard_against_a_list(void **state)
{
    (void)state;
    enum { FEW = 24, STEPS = 40000 };
    uint64_t keys[FEW], values[FEW] = {0};
    gh_roster_map *map = new_map();
    for (unsigned i = 0; i < FEW; i++)
        keys[i] = key_in(map, 3);
    for (uint64_t step = 1; step <= STEPS; step++) {
        uint64_t random = gh_mix64(step);
        unsigned i = (unsigned)(random % FEW);
        if (random >> 60 == 0) {
            gh_roster_map_erase_up_to(map, step > 30 ? step - 30 : 0);
            for (unsigned k = 0; k < FEW; k++)
                values[k] = values[k] + 30 <= step ? 0 : values[k];
        } else if (random >> 62 == 1) {
            gh_roster_map_erase(map, keys[i]);
            values[i] = 0;
        } else {
            put(map, keys[i], step);
            values[i] = step;
        }
        uint64_t n = 0;
        for (unsigned k = 0; k < FEW; k++) {
            assert_value(map, keys[k], values[k]);
            n += values[k] != 0;
        }
        assert_int_equal(map->n, n);
        assert_int_equal(map->shard[3].n, n);
    }
    assert_true(map->shard[3].cap <= 48);
    free_map(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_has_nothing),
        cmocka_unit_test(a_shard_that_grows_alone),
        cmocka_unit_test(the_old_mapping_is_given_back),
        cmocka_unit_test(one_shard_against_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
