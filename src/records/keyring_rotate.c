/* The ring, changed: begun, and moved on. Each is one transaction, so that of several that do it at once, be they other
 * nodes, one does it and the others find it done. */
#include "records/keyring.h"

static void add_key(gh_work *w, const uint8_t *seal, const gh_stored_key *key, enum gh_key_state state,
                    uint64_t now_s)
{
    uint8_t memory[GH_KEYRING_PLAIN_MAX + GH_SEAL_EXTRA];
    gh_sealed sealed;
    gh_keyring_seal(w, seal, key->kid, key->pkcs8, memory, &sealed);
    gh_query q = gh_query_of(w->sql, GH_SQL_RING_ADD);
    gh_bind_text(&q, key->kid);
    gh_bind_text(&q, key->algorithm);
    gh_bind_blob(&q, sealed.nonce, sizeof sealed.nonce);
    gh_bind_blob(&q, sealed.text.p, sealed.text.n);
    gh_bind_u64(&q, state);
    gh_bind_u64(&q, now_s);
    gh_query_run(&q);
}

static void add_generation(gh_work *w, const uint8_t *seal, uint32_t id, gh_str secret,
                           enum gh_key_state state, uint64_t now_s)
{
    uint8_t memory[GH_KEYRING_PLAIN_MAX + GH_SEAL_EXTRA];
    char label[GH_KEYRING_LABEL];
    gh_sealed sealed;
    gh_keyring_seal(w, seal, gh_keyring_generation_label(id, label), secret, memory, &sealed);
    gh_query q = gh_query_of(w->sql, GH_SQL_GENERATION_ADD);
    gh_bind_u64(&q, id);
    gh_bind_blob(&q, sealed.nonce, sizeof sealed.nonce);
    gh_bind_blob(&q, sealed.text.p, sealed.text.n);
    gh_bind_u64(&q, state);
    gh_bind_u64(&q, now_s);
    gh_query_run(&q);
}

static uint64_t count_keys(gh_work *w, uint64_t *ret_next)
{
    uint64_t all = 0;
    *ret_next = 0;
    gh_query q = gh_query_of(w->sql, GH_SQL_RING_COUNTS);
    gh_bind_u64(&q, GH_KEY_NEXT);
    if (gh_query_row(&q)) {
        all = gh_column_u64(&q);
        *ret_next = gh_column_u64(&q);
    }
    gh_query_end(&q);
    return all;
}

static bool any_generation(gh_work *w)
{
    gh_query q = gh_query_of(w->sql, GH_SQL_GENERATION_ALL);
    bool any = gh_query_row(&q);
    gh_query_end(&q);
    return any;
}

/* --- begun */

typedef struct begin_job {
    const uint8_t *seal;
    const gh_keyring_beginning *with;
} begin_job;

static void begin_naming(gh_work *w, const begin_job *job)
{
    uint8_t stored[GH_KEYRING_NAMING_MAX], memory[GH_KEYRING_PLAIN_MAX + GH_SEAL_EXTRA];
    gh_sealed sealed;
    if (gh_keyring_naming_read(w, stored, &sealed) || !gh_sql_ok(w->sql))
        return;
    gh_keyring_seal(w, job->seal, gh_keyring_naming_label(), job->with->naming, memory, &sealed);
    gh_keyring_naming_write(w, GH_SQL_SECRET_ADD, &sealed);
}

static void begin_ring(gh_work *w, void *data)
{
    const begin_job *job = data;
    const gh_keyring_beginning *with = job->with;
    uint64_t next;
    if (with->active != NULL && count_keys(w, &next) == 0) {
        add_key(w, job->seal, with->active, GH_KEY_ACTIVE, with->now_s);
        add_key(w, job->seal, with->next, GH_KEY_NEXT, with->now_s);
    }
    if (!any_generation(w)) {
        add_generation(w, job->seal, 0, with->secret, GH_KEY_ACTIVE, with->now_s);
        add_generation(w, job->seal, 1, with->next_secret, GH_KEY_NEXT, with->now_s);
    }
    begin_naming(w, job);
    (void)gh_work_effect(w, GH_EFFECT_RING);
}

bool gh_records_begin_ring(gh_records *records, const uint8_t seal[GH_SEAL_KEY_SIZE],
                           const gh_keyring_beginning *with)
{
    begin_job job = {seal, with};
    return gh_records_call(records, begin_ring, &job);
}

/* --- moved on */

typedef struct rotate_job {
    const uint8_t *seal;
    const gh_keyring_rotation *with;
    enum gh_keyring_result result;
} rotate_job;

/* The generations as they are. */
typedef struct standing {
    uint32_t newest;           /* the next one */
    bool sealed;               /* by another secret_key than ours: somebody has changed it */
    uint64_t active_s, next_s; /* since when; when it was made */
    unsigned in_force;
} standing;

static void count(const gh_keyring_rotation *with, enum gh_key_state state, uint64_t created_s,
                  uint64_t changed_s, standing *ret)
{
    switch (state) {
    case GH_KEY_NEXT:
        ret->next_s = created_s;
        ret->in_force++;
        break;
    case GH_KEY_ACTIVE:
        ret->active_s = changed_s;
        ret->in_force++;
        break;
    case GH_KEY_RETIRING:
        ret->in_force += changed_s + with->overlap_s > with->now_s;
        break;
    }
}

static void look(gh_work *w, const rotate_job *job, standing *ret)
{
    char label[GH_KEYRING_LABEL];
    gh_sealed sealed;
    *ret = (standing){0};
    gh_query q = gh_query_of(w->sql, GH_SQL_GENERATION_ALL);
    while (gh_query_row(&q)) {
        uint32_t id = (uint32_t)gh_column_u64(&q);
        gh_column_blob(&q, sealed.nonce, sizeof sealed.nonce);
        sealed.text = gh_column_peek(&q);
        if (ret->in_force == 0) { /* the first row */
            ret->newest = id;
            ret->sealed = !gh_keyring_opens(job->seal, gh_keyring_generation_label(id, label), &sealed);
        }
        enum gh_key_state state = (enum gh_key_state)gh_column_u64(&q);
        uint64_t created_s = gh_column_u64(&q);
        count(job->with, state, created_s, gh_column_u64(&q), ret);
    }
    gh_query_end(&q);
}

static enum gh_keyring_result may_rotate(const gh_keyring_rotation *with, const standing *s)
{
    if (s->sealed)
        return GH_KEYRING_SEALED;
    if (with->every_s != 0 && s->active_s + with->every_s > with->now_s)
        return GH_KEYRING_NOT_DUE;
    /* Those of the beginning were there before any node was. */
    if (s->newest > 1 && s->next_s + with->settle_s > with->now_s)
        return GH_KEYRING_TOO_SOON;
    return s->in_force < GH_GENERATIONS_MOST && s->newest < UINT32_MAX ? GH_KEYRING_OK : GH_KEYRING_FULL;
}

/* Exactly one is active, whatever was there. */
static void rotate_keys(gh_work *w, const rotate_job *job)
{
    const gh_keyring_rotation *with = job->with;
    uint64_t next, all = count_keys(w, &next);
    gh_sql_run3(w->sql, GH_SQL_RING_SWEEP, GH_KEY_RETIRING, with->now_s, with->keep_s);
    if (next > 0) {
        gh_sql_run3(w->sql, GH_SQL_RING_MOVE, GH_KEY_ACTIVE, GH_KEY_RETIRING, with->now_s);
        gh_sql_run3(w->sql, GH_SQL_RING_MOVE, GH_KEY_NEXT, GH_KEY_ACTIVE, with->now_s);
    }
    add_key(w, job->seal, with->fresh, all == 0 ? GH_KEY_ACTIVE : GH_KEY_NEXT, with->now_s);
}

/* Those whose overlap is over stay as long as an API key or a device is compared with them, or a session that nobody has
 * swept away yet. */
static void rotate_generations(gh_work *w, const rotate_job *job, uint32_t newest)
{
    const gh_keyring_rotation *with = job->with;
    gh_sql_run3(w->sql, GH_SQL_GENERATION_SWEEP, GH_KEY_RETIRING, with->now_s, with->overlap_s);
    gh_sql_run3(w->sql, GH_SQL_GENERATION_MOVE, GH_KEY_ACTIVE, GH_KEY_RETIRING, with->now_s);
    gh_sql_run3(w->sql, GH_SQL_GENERATION_MOVE, GH_KEY_NEXT, GH_KEY_ACTIVE, with->now_s);
    add_generation(w, job->seal, newest + 1, with->secret, GH_KEY_NEXT, with->now_s);
}

static void audit(gh_work *w, uint64_t now_s, uint32_t active)
{
    char memory[64];
    gh_buf detail = gh_buf_over(memory, sizeof memory);
    gh_buf_printf(&detail, "{\"generation\":%u}", (unsigned)active);
    w->now_s = now_s;
    gh_audit(w, &(gh_event){.event = "key_rotate", .detail = gh_buf_str(&detail)});
}

static void rotate_ring(gh_work *w, void *data)
{
    rotate_job *job = data;
    standing s;
    look(w, job, &s);
    job->result = may_rotate(job->with, &s);
    if (job->result != GH_KEYRING_OK)
        return;
    if (job->with->fresh != NULL)
        rotate_keys(w, job);
    rotate_generations(w, job, s.newest);
    (void)gh_work_effect(w, GH_EFFECT_RING);
    audit(w, job->with->now_s, s.newest);
}

enum gh_keyring_result gh_records_rotate_ring(gh_records *records, const uint8_t seal[GH_SEAL_KEY_SIZE],
                                              const gh_keyring_rotation *with)
{
    rotate_job job = {seal, with, GH_KEYRING_FAILED};
    return gh_records_call(records, rotate_ring, &job) ? job.result : GH_KEYRING_FAILED;
}
