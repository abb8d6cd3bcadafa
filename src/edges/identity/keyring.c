#include "edges/identity/keyring.h"

#include <time.h>

#include "base/hash.h"
#include "edges/secrets/locked.h"

enum { RING_CAP = 4 << 20, AGAIN_S = 10, ROTATE_AGAIN_S = 60, WHY_SIZE = 1024 };

static bool refuse(gh_report *report, const char *why)
{
    gh_report_error(report, NULL, 0, 0, "identity: %s", why);
    return false;
}

static uint64_t wall_s(void)
{
    return (uint64_t)time(NULL);
}

/* For how long tokens of a retiring signing key are believed: until the last of them is refused for its age. From then on
 * the key could only be of use to who has stolen it. */
static uint64_t keep_s(const gh_config *config)
{
    return config->identity.token.access_lifetime + 2 * config->identity.token.leeway;
}

/* --- read */

static void sooner(uint64_t *due_s, uint64_t end_s)
{
    if (*due_s == 0 || end_s < *due_s)
        *due_s = end_s;
}

/* Without the keys whose time is over. *due_s: when the next one's is. */
static bool fill_keys(gh_config *config, const gh_stored_ring *from, uint64_t now_s, uint64_t *due_s)
{
    gh_identity_ring_key *ring = gh_arena_array(&config->ring_memory, from->n_keys + 1, sizeof *ring);
    unsigned kept = 0;
    if (ring == NULL)
        return false;
    for (unsigned i = 0; i < from->n_keys; i++) {
        const gh_stored_key *key = &from->keys[i];
        uint64_t end_s = key->state == GH_KEY_RETIRING ? key->changed_s + keep_s(config) : 0;
        if (end_s != 0 && end_s <= now_s)
            continue;
        if (end_s != 0)
            sooner(due_s, end_s);
        gh_identity_ring_key *to = &ring[kept++];
        *to = (gh_identity_ring_key){
            .kid = key->kid, .state = (enum gh_key_state)key->state, .pkcs8 = key->pkcs8};
        if (!gh_signing_alg_read(key->algorithm, &to->alg))
            return false;
    }
    config->identity_ring = ring;
    config->n_identity_ring = kept;
    return true;
}

static bool fill_generations(gh_config *config, const gh_stored_ring *from, uint64_t now_s, uint64_t *due_s)
{
    gh_identity_generation *to = gh_arena_array(&config->ring_memory, from->n_generations + 1, sizeof *to);
    if (to == NULL)
        return false;
    for (unsigned i = 0; i < from->n_generations; i++) {
        const gh_stored_generation *g = &from->generations[i];
        uint64_t end_s = g->state == GH_KEY_RETIRING ? g->changed_s + config->identity.rotation.overlap : 0;
        bool kept = end_s != 0 && end_s <= now_s;
        to[i] = (gh_identity_generation){
            .id = g->id, .state = (enum gh_key_state)g->state, .kept = kept, .secret = g->secret};
        if (end_s != 0 && !kept)
            sooner(due_s, end_s);
    }
    config->identity_generations = to;
    config->n_identity_generations = from->n_generations;
    config->identity_naming = from->naming;
    return true;
}

static uint64_t rotation_due(const gh_config *config, const gh_stored_ring *ring)
{
    uint64_t every_s = config->identity.rotation.every;
    for (unsigned i = 0; i < ring->n_generations; i++)
        if (ring->generations[i].state == GH_KEY_ACTIVE && every_s != 0)
            return ring->generations[i].changed_s + every_s;
    return 0;
}

static enum gh_keyring_result read_ring(gh_identity_service *s, gh_config *config)
{
    gh_stored_ring ring;
    uint64_t now_s = wall_s(), due_s = 0;
    gh_config_forget_ring(config);
    gh_arena_init_from(&config->ring_memory, &gh_locked_pages, RING_CAP);
    enum gh_keyring_result result = gh_records_read_ring(s->records, s->seal, &config->ring_memory, &ring);
    if (result != GH_KEYRING_OK)
        return result;
    if (!fill_keys(config, &ring, now_s, &due_s) || !fill_generations(config, &ring, now_s, &due_s))
        return GH_KEYRING_FAILED;
    atomic_store(&s->ring_due_s, due_s);
    atomic_store(&s->rotation_due_s, rotation_due(config, &ring));
    return GH_KEYRING_OK;
}

bool gh_identity_read_ring(gh_identity_service *s, gh_config *config, gh_report *report)
{
    enum gh_keyring_result result = read_ring(s, config);
    if (result == GH_KEYRING_SEALED)
        return refuse(report,
                      "secret_key has been changed elsewhere, and its keys can't be opened with the one in "
                      "use here: start this node with the new one");
    return result == GH_KEYRING_OK || refuse(report, "the keys can't be read; those in use go on");
}

/* --- another secret_key */

static void seal_of(gh_str secret, uint8_t ret[GH_SEAL_KEY_SIZE])
{
    gh_hkdf(secret, GH_STR("ring"), ret, GH_SEAL_KEY_SIZE);
}

static enum gh_keyring_result reseal(gh_identity_service *s, const uint8_t seal[GH_SEAL_KEY_SIZE],
                                     gh_str before)
{
    uint8_t old[GH_SEAL_KEY_SIZE];
    seal_of(before, old);
    enum gh_keyring_result result = gh_records_reseal_ring(s->records, seal, old, wall_s());
    gh_wipe(old, sizeof old);
    return result;
}

static bool refuse_sealed(gh_report *report, bool previous)
{
    return refuse(
        report,
        previous ? "the keys in the records can be opened neither with secret_key nor with "
                   "secret_key_previous: they were sealed with another one; give that one as "
                   "secret_key_previous (SECRET_KEY_PREVIOUS)"
                 : "the keys in the records were sealed with another secret_key: give that one again, or "
                   "give it as secret_key_previous (SECRET_KEY_PREVIOUS) beside the new one, and nobody is "
                   "signed out");
}

/* A new one that comes without the one in use would open nothing: it is not taken. */
bool gh_identity_change_secret(gh_identity_service *s, const gh_config *config, gh_report *report)
{
    uint8_t seal[GH_SEAL_KEY_SIZE];
    if (config->secret_key.p == NULL || gh_str_eq(config->secret_key, s->secret))
        return true;
    if (config->secret_key_previous.p == NULL || !gh_str_eq(config->secret_key_previous, s->secret)) {
        gh_report_warning(
            report, NULL, 0, 0,
            "secret_key has changed, and secret_key_previous (SECRET_KEY_PREVIOUS) is not the one in "
            "use, which goes on: nothing could be opened with the new one alone");
        return true;
    }
    gh_str secret = gh_arena_copy(&s->arena, config->secret_key);
    if (secret.p == NULL)
        return refuse(report, "out of memory");
    seal_of(secret, seal);
    if (reseal(s, seal, s->secret) != GH_KEYRING_OK)
        return refuse(report, "the keys could not be sealed with the new secret_key; the one before goes on");
    memcpy(s->seal, seal, sizeof s->seal);
    gh_wipe(seal, sizeof seal);
    s->secret = secret;
    return true;
}

/* --- begun */

static enum gh_keyring_result read_or_reseal(gh_identity_service *s, gh_config *config)
{
    enum gh_keyring_result result = read_ring(s, config);
    if (result != GH_KEYRING_SEALED || config->secret_key_previous.p == NULL)
        return result;
    result = reseal(s, s->seal, config->secret_key_previous);
    return result == GH_KEYRING_OK ? read_ring(s, config) : result;
}

static bool is_whole(const gh_config *config)
{
    return config->n_identity_generations > 0 && config->identity_naming.p != NULL &&
           (config->n_identity_ring > 0 || config->identity.token.algorithm == GH_HS256);
}

static bool refuse_records(const gh_identity_service *s, gh_report *report)
{
    char memory[WHY_SIZE];
    gh_buf why = gh_buf_over(memory, sizeof memory - 1);
    gh_buf_lit(&why, "the keys in the records can't be read: ");
    gh_records_put_trouble(s->records, &why);
    memory[why.n] = '\0';
    return refuse(report, memory);
}

bool gh_identity_begin_ring(gh_identity_service *s, gh_config *config, gh_report *report)
{
    char memory[GH_NEW_KEYS_WHY];
    const char *why = NULL;
    seal_of(s->secret, s->seal);
    enum gh_keyring_result result = read_or_reseal(s, config);
    if (result == GH_KEYRING_SEALED)
        return refuse_sealed(report, config->secret_key_previous.p != NULL);
    if (result != GH_KEYRING_OK)
        return refuse_records(s, report);
    if (is_whole(config))
        return true;
    const gh_new_keys with = {.records = s->records,
                              .seal = s->seal,
                              .algorithm = (enum gh_signing_alg)config->identity.token.algorithm,
                              .now_s = wall_s(),
                              .why = memory};
    if (!gh_new_keys_begin(&with, s->secret, &why))
        return refuse(report, why);
    return read_ring(s, config) == GH_KEYRING_OK || refuse_records(s, report);
}

/* --- changed when it is time */

static bool is_due(_Atomic uint64_t *due_s, uint64_t now_s, uint64_t again_s)
{
    uint64_t due = atomic_load(due_s);
    if (due == 0 || now_s < due)
        return false;
    atomic_store(due_s, now_s + again_s);
    return true;
}

bool gh_identity_ring_due(gh_identity_service *s, uint64_t now_s)
{
    return is_due(&s->ring_due_s, now_s, AGAIN_S);
}

bool gh_identity_rotation_due(gh_identity_service *s, uint64_t now_s)
{
    return is_due(&s->rotation_due_s, now_s, ROTATE_AGAIN_S);
}

enum gh_keyring_result gh_identity_rotate_due(gh_identity_service *s, const gh_config *config,
                                              const char **ret_why)
{
    const gh_new_keys with = {.records = s->records,
                              .seal = s->seal,
                              .algorithm = (enum gh_signing_alg)config->identity.token.algorithm,
                              .now_s = wall_s()};
    const gh_rotation rotation = {.keep_s = keep_s(config),
                                  .overlap_s = config->identity.rotation.overlap,
                                  .every_s = config->identity.rotation.every,
                                  .settle_s = s->settle_s};
    return gh_new_keys_rotate(&with, &rotation, ret_why);
}
