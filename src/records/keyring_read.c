/* The ring, read: signing keys and generations as they are now, all of one moment. */
#include "records/keyring.h"

typedef struct read_job {
    const uint8_t *seal;
    gh_arena *arena;
    gh_arena_mark empty; /* the arena before */
    gh_stored_ring *ring;
    bool sealed; /* by another secret key */
} read_job;

static void read_keys(gh_work *w, read_job *job)
{
    gh_sealed sealed;
    uint32_t room = 0;
    gh_stored_ring *r = job->ring;
    gh_query q = gh_query_of(w->sql, GH_SQL_RING_ALL);
    while (!job->sealed && gh_query_row(&q)) {
        r->keys = gh_sql_grow(w->sql, job->arena, r->keys, r->n_keys, &room, sizeof *r->keys);
        if (r->keys == NULL)
            break;
        gh_stored_key *key = &r->keys[r->n_keys++];
        key->kid = gh_column_text(&q, job->arena);
        key->algorithm = gh_column_text(&q, job->arena);
        gh_column_blob(&q, sealed.nonce, sizeof sealed.nonce);
        sealed.text = gh_column_peek(&q);
        job->sealed = !gh_keyring_unseal(w, job->seal, key->kid, &sealed, job->arena, &key->pkcs8);
        key->state = (uint8_t)gh_column_u64(&q);
        key->created_s = gh_column_u64(&q);
        key->changed_s = gh_column_u64(&q);
    }
    gh_query_end(&q);
}

static void read_generations(gh_work *w, read_job *job)
{
    char memory[GH_KEYRING_LABEL];
    gh_sealed sealed;
    uint32_t room = 0;
    gh_stored_ring *r = job->ring;
    gh_query q = gh_query_of(w->sql, GH_SQL_GENERATION_ALL);
    while (!job->sealed && gh_query_row(&q)) {
        r->generations =
            gh_sql_grow(w->sql, job->arena, r->generations, r->n_generations, &room, sizeof *r->generations);
        if (r->generations == NULL)
            break;
        gh_stored_generation *g = &r->generations[r->n_generations++];
        g->id = (uint32_t)gh_column_u64(&q);
        gh_column_blob(&q, sealed.nonce, sizeof sealed.nonce);
        sealed.text = gh_column_peek(&q);
        job->sealed = !gh_keyring_unseal(w, job->seal, gh_keyring_generation_label(g->id, memory), &sealed,
                                         job->arena, &g->secret);
        g->state = (uint8_t)gh_column_u64(&q);
        g->created_s = gh_column_u64(&q);
        g->changed_s = gh_column_u64(&q);
    }
    gh_query_end(&q);
}

static void read_naming(gh_work *w, read_job *job)
{
    uint8_t memory[GH_KEYRING_NAMING_MAX];
    gh_sealed sealed;
    if (!job->sealed && gh_keyring_naming_read(w, memory, &sealed))
        job->sealed = !gh_keyring_unseal(w, job->seal, gh_keyring_naming_label(), &sealed, job->arena,
                                         &job->ring->naming);
}

static void read_ring(gh_work *w, void *data)
{
    read_job *job = data;
    gh_arena_return(job->arena, &job->empty);
    *job->ring = (gh_stored_ring){.keys = NULL};
    job->sealed = false;
    read_keys(w, job);
    read_generations(w, job);
    read_naming(w, job);
}

enum gh_keyring_result gh_records_read_ring(gh_records *records, const uint8_t seal[GH_SEAL_KEY_SIZE],
                                            gh_arena *arena, gh_stored_ring *ret)
{
    gh_stored_ring ring;
    read_job job = {.seal = seal, .arena = arena, .empty = gh_arena_now(arena), .ring = &ring};
    if (!gh_records_call(records, read_ring, &job))
        return GH_KEYRING_FAILED;
    if (job.sealed)
        return GH_KEYRING_SEALED;
    *ret = ring;
    return GH_KEYRING_OK;
}

typedef struct count_job {
    uint64_t now_s;
    gh_arena *arena;
    gh_arena_mark empty;
    gh_generation_use *uses;
    uint32_t n;
} count_job;

static void count(gh_work *w, void *data)
{
    count_job *job = data;
    uint32_t room = 0;
    gh_arena_return(job->arena, &job->empty);
    job->uses = NULL;
    job->n = 0;
    gh_query q = gh_query_of(w->sql, GH_SQL_GENERATION_USES);
    gh_bind_u64(&q, job->now_s);
    while (gh_query_row(&q)) {
        job->uses = gh_sql_grow(w->sql, job->arena, job->uses, job->n, &room, sizeof *job->uses);
        if (job->uses == NULL)
            break;
        gh_generation_use *use = &job->uses[job->n++];
        use->id = (uint32_t)gh_column_u64(&q);
        use->state = (uint8_t)gh_column_u64(&q);
        use->created_s = gh_column_u64(&q);
        use->changed_s = gh_column_u64(&q);
        use->sessions = gh_column_u64(&q);
        use->keys = gh_column_u64(&q);
        use->devices = gh_column_u64(&q);
    }
    gh_query_end(&q);
}

bool gh_records_count_generations(gh_records *records, uint64_t now_s, gh_arena *arena,
                                  gh_generation_use **ret, unsigned *ret_n)
{
    count_job job = {.now_s = now_s, .arena = arena, .empty = gh_arena_now(arena)};
    if (!gh_records_call(records, count, &job))
        return false;
    *ret = job.uses;
    *ret_n = job.n;
    return true;
}
