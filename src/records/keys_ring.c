/* The ring of signing keys, on disk. */
#include "base/hash.h"
#include "model/identity.h"
#include "records/inside.h"

enum { KEY_MAX = 8192 /* bytes of a private key */ };

typedef struct read_job {
    const uint8_t *seal;
    gh_arena *arena;
    gh_arena_mark empty; /* the arena before */
    gh_stored_key *keys;
    uint32_t n;
    bool unreadable; /* sealed by another secret key */
} read_job;

/* The key as it was given to gh_records_rotate_keys(). False: it was not sealed by this one. */
static bool open_key(read_job *job, gh_str kid, const uint8_t nonce[GH_SEAL_NONCE_SIZE], gh_str sealed,
                     gh_str *ret)
{
    if (sealed.n < GH_SEAL_EXTRA)
        return false;
    uint8_t *plain = gh_arena_alloc(job->arena, sealed.n);
    if (plain == NULL || !gh_open(job->seal, nonce, kid, sealed, plain))
        return false;
    *ret = (gh_str){(char *)plain, sealed.n - GH_SEAL_EXTRA};
    return true;
}

static void read_ring(gh_work *w, void *data)
{
    read_job *job = data;
    uint8_t nonce[GH_SEAL_NONCE_SIZE];
    uint32_t room = 0;
    gh_arena_return(job->arena, &job->empty);
    job->keys = NULL;
    job->n = 0;
    job->unreadable = false;
    gh_query q = gh_query_of(w->sql, GH_SQL_RING_ALL);
    while (!job->unreadable && gh_query_row(&q)) {
        job->keys = gh_sql_grow(w->sql, job->arena, job->keys, job->n, &room, sizeof *job->keys);
        if (job->keys == NULL)
            break;
        gh_stored_key *key = &job->keys[job->n++];
        key->kid = gh_column_text(&q, job->arena);
        key->algorithm = gh_column_text(&q, job->arena);
        gh_column_blob(&q, nonce, sizeof nonce);
        job->unreadable = !open_key(job, key->kid, nonce, gh_column_peek(&q), &key->pkcs8);
        key->state = (uint8_t)gh_column_u64(&q);
        key->created_s = gh_column_u64(&q);
        key->changed_s = gh_column_u64(&q);
    }
    gh_query_end(&q);
}

bool gh_records_read_keys(gh_records *records, const uint8_t seal[GH_SEAL_KEY_SIZE], gh_arena *arena,
                          gh_stored_key **ret, unsigned *ret_n)
{
    read_job job = {.seal = seal, .arena = arena, .empty = gh_arena_now(arena)};
    if (!gh_records_call(records, read_ring, &job))
        return false;
    if (job.unreadable) {
        gh_records_say(records, 2, "signing_keys_unreadable",
                       "the signing keys were stored under another secret_key: give that one again");
        return false;
    }
    *ret = job.keys;
    *ret_n = job.n;
    return true;
}

typedef struct rotate_job {
    const uint8_t *seal;
    const gh_stored_key *fresh;
    uint64_t now_s;
    uint32_t keep_s;
} rotate_job;

static void add_key(gh_work *w, const rotate_job *job, enum gh_key_state state)
{
    uint8_t nonce[GH_SEAL_NONCE_SIZE], sealed[KEY_MAX + GH_SEAL_EXTRA];
    const gh_stored_key *key = job->fresh;
    if (key->pkcs8.n > KEY_MAX) {
        gh_sql_fail(w->sql, GH_SQL_MISUSE);
        return;
    }
    gh_random(nonce, sizeof nonce);
    gh_seal(job->seal, nonce, key->kid, key->pkcs8, sealed);
    gh_query q = gh_query_of(w->sql, GH_SQL_RING_ADD);
    gh_bind_text(&q, key->kid);
    gh_bind_text(&q, key->algorithm);
    gh_bind_blob(&q, nonce, sizeof nonce);
    gh_bind_blob(&q, sealed, key->pkcs8.n + GH_SEAL_EXTRA);
    gh_bind_u64(&q, state);
    gh_bind_u64(&q, job->now_s);
    gh_query_run(&q);
}

/* Exactly one is active, whatever was there. */
static void rotate_ring(gh_work *w, void *data)
{
    const rotate_job *job = data;
    uint64_t all = 0, next = 0;
    gh_query q = gh_query_of(w->sql, GH_SQL_RING_COUNTS);
    gh_bind_u64(&q, GH_KEY_NEXT);
    if (gh_query_row(&q)) {
        all = gh_column_u64(&q);
        next = gh_column_u64(&q);
    }
    gh_query_end(&q);
    gh_sql_run3(w->sql, GH_SQL_RING_SWEEP, GH_KEY_RETIRING, job->now_s, job->keep_s);
    if (next > 0) {
        gh_sql_run3(w->sql, GH_SQL_RING_MOVE, GH_KEY_ACTIVE, GH_KEY_RETIRING, job->now_s);
        gh_sql_run3(w->sql, GH_SQL_RING_MOVE, GH_KEY_NEXT, GH_KEY_ACTIVE, job->now_s);
    }
    add_key(w, job, all == 0 ? GH_KEY_ACTIVE : GH_KEY_NEXT);
    w->now_s = job->now_s;
    (void)gh_work_effect(w, GH_EFFECT_RING);
    gh_audit(w, &(gh_event){.event = "key_rotate"});
}

bool gh_records_rotate_keys(gh_records *records, const uint8_t seal[GH_SEAL_KEY_SIZE],
                            const gh_stored_key *fresh, uint64_t now_s, uint32_t keep_s)
{
    rotate_job job = {seal, fresh, now_s, keep_s};
    return gh_records_call(records, rotate_ring, &job);
}
