/* The ring under another secret_key: what the one before has sealed is sealed by the present one. All of it or nothing,
 * and what is sealed by the present one already (by another node a moment ago) stays as it is. */
#include "records/keyring.h"

enum { ARENA_CAP = 4 << 20 };

typedef struct reseal_job {
    const uint8_t *seal, *before;
    gh_arena arena; /* of this run; holds secrets */
    uint64_t now_s;
    uint32_t opened; /* by the secret before */
    bool sealed;     /* by neither */
    bool looks;      /* writes nothing yet */
} reseal_job;

typedef struct row {
    gh_str name, label; /* kid, or of a generation its label */
    uint32_t id;
    gh_sealed sealed;
} row;

/* What is sealed anew is read first: a statement that reads rows is over before they are changed. */
static row *read_rows(gh_work *w, reseal_job *job, enum gh_statement which, bool generations, uint32_t *ret_n)
{
    char memory[GH_KEYRING_LABEL];
    row *rows = NULL;
    uint32_t room = 0;
    *ret_n = 0;
    gh_query q = gh_query_of(w->sql, which);
    while (gh_query_row(&q)) {
        rows = gh_sql_grow(w->sql, &job->arena, rows, *ret_n, &room, sizeof *rows);
        if (rows == NULL)
            break;
        row *to = &rows[(*ret_n)++];
        if (generations) {
            to->id = (uint32_t)gh_column_u64(&q);
            to->label = gh_arena_copy(&job->arena, gh_keyring_generation_label(to->id, memory));
        } else {
            to->label = to->name = gh_column_text(&q, &job->arena);
            gh_column_skip(&q);
        }
        gh_column_blob(&q, to->sealed.nonce, sizeof to->sealed.nonce);
        to->sealed.text = gh_column_text(&q, &job->arena);
    }
    gh_query_end(&q);
    return rows;
}

/* True: *ret is sealed anew. */
static bool reseal(gh_work *w, reseal_job *job, gh_str label, const gh_sealed *sealed, uint8_t *memory,
                   gh_sealed *ret)
{
    gh_str plain = {NULL, 0};
    if (job->sealed || gh_keyring_unseal(w, job->seal, label, sealed, &job->arena, &plain))
        return false;
    job->sealed = !gh_keyring_unseal(w, job->before, label, sealed, &job->arena, &plain);
    if (job->sealed || job->looks || !gh_sql_ok(w->sql))
        return false;
    gh_keyring_seal(w, job->seal, label, plain, memory, ret);
    job->opened++;
    return true;
}

static void reseal_rows(gh_work *w, reseal_job *job, enum gh_statement read, enum gh_statement write,
                        bool generations)
{
    uint8_t memory[GH_KEYRING_PLAIN_MAX + GH_SEAL_EXTRA];
    uint32_t n = 0;
    gh_sealed sealed;
    const row *rows = read_rows(w, job, read, generations, &n);
    for (uint32_t i = 0; i < n; i++) {
        if (!reseal(w, job, rows[i].label, &rows[i].sealed, memory, &sealed))
            continue;
        gh_query q = gh_query_of(w->sql, write);
        if (generations)
            gh_bind_u64(&q, rows[i].id);
        else
            gh_bind_text(&q, rows[i].name);
        gh_bind_blob(&q, sealed.nonce, sizeof sealed.nonce);
        gh_bind_blob(&q, sealed.text.p, sealed.text.n);
        gh_query_run(&q);
    }
}

static void reseal_naming(gh_work *w, reseal_job *job)
{
    uint8_t stored[GH_KEYRING_NAMING_MAX], memory[GH_KEYRING_PLAIN_MAX + GH_SEAL_EXTRA];
    gh_sealed sealed, anew;
    if (gh_keyring_naming_read(w, stored, &sealed) &&
        reseal(w, job, gh_keyring_naming_label(), &sealed, memory, &anew))
        gh_keyring_naming_write(w, GH_SQL_SECRET_SET, &anew);
}

static void reseal_all(gh_work *w, reseal_job *job, bool looks)
{
    job->looks = looks;
    job->opened = 0;
    reseal_rows(w, job, GH_SQL_RING_ALL, GH_SQL_RING_SET, false);
    reseal_rows(w, job, GH_SQL_GENERATION_ALL, GH_SQL_GENERATION_SET, true);
    reseal_naming(w, job);
}

static void reseal_ring(gh_work *w, void *data)
{
    reseal_job *job = data;
    gh_arena_init(&job->arena, NULL, 0, ARENA_CAP);
    job->sealed = false;
    reseal_all(w, job, true);
    if (!job->sealed)
        reseal_all(w, job, false);
    if (!job->sealed && job->opened > 0) {
        w->now_s = job->now_s;
        (void)gh_work_effect(w, GH_EFFECT_RING);
        gh_audit(w, &(gh_event){.event = "secret_key_change"});
    }
    gh_arena_wipe(&job->arena);
    gh_arena_reset(&job->arena);
}

enum gh_keyring_result gh_records_reseal_ring(gh_records *records, const uint8_t seal[GH_SEAL_KEY_SIZE],
                                              const uint8_t before[GH_SEAL_KEY_SIZE], uint64_t now_s)
{
    reseal_job job = {.seal = seal, .before = before, .now_s = now_s};
    if (!gh_records_call(records, reseal_ring, &job))
        return GH_KEYRING_FAILED;
    return job.sealed ? GH_KEYRING_SEALED : GH_KEYRING_OK;
}
