#include "edges/identity/service.h"

#include <stdio.h>
#include <time.h>

#include "base/crypto.h"
#include "base/hash.h"
#include "base/signing_generate.h"
#include "edges/identity/secret_file.h"
#include "edges/secrets/locked.h"

enum { ARENA_CAP = 1 << 20, RING_CAP = 1 << 20, WHY_SIZE = 512, MAX_QUEUE = 4096 };

static bool refuse(gh_report *report, const char *why)
{
    gh_report_error(report, NULL, 0, 0, "identity: %s", why);
    return false;
}

static uint64_t wall_s(void)
{
    return (uint64_t)time(NULL);
}

static uint64_t monotonic_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* What the records have to say before there is a log goes where errors of the start go. */
static void say(void *data, int level, const char *event, const char *text)
{
    gh_identity_service *s = data;
    void (*said)(void *, int, const char *, const char *) = atomic_load(&s->said);
    if (said != NULL)
        said(s->said_data, level, event, text);
    else if (level > 0)
        (void)fprintf(stderr, "gatehouse: %s: %s\n", event, text);
}

static bool find_secret(gh_identity_service *s, gh_config *config, gh_report *report)
{
    char why[WHY_SIZE];
    if (config->secret_key.n > 0) {
        s->secret = gh_arena_copy(&s->arena, config->secret_key);
        return s->secret.p != NULL || refuse(report, "out of memory");
    }
    return gh_secret_file_read(config->data_folder, &s->arena, &s->secret, why, sizeof why) ||
           refuse(report, why);
}

/* folder: NUL-terminated. A token is taken for as long as its issuer's clock may be off, too. */
static gh_records_options options_of(gh_identity_service *s, const gh_config *config, const char *folder)
{
    const gh_identity_config *c = &config->identity;
    return (gh_records_options){.folder = folder,
                                .roster = s->roster,
                                .cleanup_s = (uint32_t)c->session.cleanup_interval,
                                .access_s = (uint32_t)(c->token.access_lifetime + c->token.leeway),
                                .cookie_idle_s = (uint32_t)c->session.idle_timeout,
                                .token_idle_s = (uint32_t)c->token.refresh_idle,
                                .max_queue = MAX_QUEUE,
                                .said = say,
                                .said_data = s,
                                .now_s = wall_s,
                                .now_ms = monotonic_ms};
}

static bool open_records(gh_identity_service *s, const gh_config *config, gh_report *report)
{
    char why[WHY_SIZE];
    uint8_t key[16];
    gh_str folder = gh_arena_copy(&s->arena, config->data_folder);
    gh_random(key, sizeof key);
    s->roster = gh_roster_new(key);
    if (folder.p == NULL || s->roster == NULL)
        return refuse(report, "out of memory");
    const gh_records_options options = options_of(s, config, folder.p);
    s->records = gh_records_open(&options, why, sizeof why);
    return s->records != NULL || refuse(report, why);
}

bool gh_identity_rotate(gh_identity_service *s, int algorithm, uint32_t keep_s, char kid[64],
                        const char **ret_why)
{
    char der[GH_SIGNING_PRIVATE_MAX];
    gh_buf b = gh_buf_over(der, sizeof der);
    gh_signing_key *key = gh_signing_key_generate((enum gh_signing_alg)algorithm, ret_why);
    if (key == NULL)
        return false;
    bool good = gh_signing_key_put_private(key, &b);
    gh_str name = gh_signing_key_kid(key);
    gh_stored_key fresh = {.kid = name,
                           .algorithm = gh_signing_alg_name((enum gh_signing_alg)algorithm),
                           .pkcs8 = gh_buf_str(&b),
                           .created_s = wall_s()};
    *ret_why = "the key can't be written down";
    if (good) {
        *ret_why = "the records can't be written; the log says why";
        good = gh_records_rotate_keys(s->records, s->seal, &fresh, wall_s(), keep_s);
    }
    if (good) {
        gh_buf text = gh_buf_over(kid, 63);
        gh_buf_put(&text, name);
        kid[text.n] = '\0';
    }
    gh_wipe(der, sizeof der);
    gh_signing_key_free(key);
    return good;
}

/* When the last token that a retiring key has signed is refused for its age; 0: the key goes on. From then on the key
 * could only be of use to who has stolen it. */
static uint64_t end_of(const gh_stored_key *key, const gh_config *config)
{
    const gh_identity_config *c = &config->identity;
    return key->state == GH_KEY_RETIRING ? key->changed_s + c->token.access_lifetime + 2 * c->token.leeway
                                         : 0;
}

bool gh_identity_ring_due(gh_identity_service *s, uint64_t now_s)
{
    enum { AGAIN_S = 10 };
    uint64_t due_s = atomic_load(&s->ring_due_s);
    if (due_s == 0 || now_s < due_s)
        return false;
    atomic_store(&s->ring_due_s, now_s + AGAIN_S);
    return true;
}

/* The ring of the moment, in place of the one before. */
static bool read_ring(gh_identity_service *s, gh_config *config, unsigned *ret_n)
{
    gh_stored_key *stored = NULL;
    unsigned n = 0, kept = 0;
    uint64_t now_s = wall_s(), due_s = 0;
    gh_config_forget_ring(config);
    gh_arena_init_from(&config->ring_memory, &gh_locked_pages, RING_CAP);
    if (!gh_records_read_keys(s->records, s->seal, &config->ring_memory, &stored, &n))
        return false;
    gh_identity_ring_key *ring = gh_arena_array(&config->ring_memory, n + 1, sizeof *ring);
    if (ring == NULL)
        return false;
    for (unsigned i = 0; i < n; i++) {
        uint64_t end_s = end_of(&stored[i], config);
        if (end_s != 0 && end_s <= now_s)
            continue;
        if (end_s != 0 && (due_s == 0 || end_s < due_s))
            due_s = end_s;
        gh_identity_ring_key *to = &ring[kept++];
        *to = (gh_identity_ring_key){
            .kid = stored[i].kid, .state = (enum gh_key_state)stored[i].state, .pkcs8 = stored[i].pkcs8};
        if (!gh_signing_alg_read(stored[i].algorithm, &to->alg))
            return false;
    }
    atomic_store(&s->ring_due_s, due_s);
    config->identity_ring = ring;
    config->n_identity_ring = kept;
    *ret_n = kept;
    return true;
}

/* The first key is in use at once; a second one waits, so that verifiers elsewhere know it before it signs. */
static bool fill_ring(gh_identity_service *s, gh_config *config, gh_report *report)
{
    char kid[64];
    const char *why = NULL;
    unsigned n = 0;
    if (!read_ring(s, config, &n))
        return refuse(report, "the signing keys can't be read: were they made with another secret_key?");
    if (n > 0 || config->identity.token.algorithm == GH_HS256)
        return true;
    for (unsigned i = 0; i < 2; i++)
        if (!gh_identity_rotate(s, config->identity.token.algorithm, 0, kid, &why))
            return refuse(report, why);
    return read_ring(s, config, &n) || refuse(report, "the new signing key can't be read");
}

static bool use_secret(const gh_identity_service *s, gh_config *config)
{
    config->secret_key = s->secret;
    config->read_jwks = gh_key_sets_read;
    config->read_jwks_data = s->jwks;
    return s->jwks == NULL || gh_key_sets_use_ca(s->jwks, config->identity.ca_file);
}

bool gh_identity_open(gh_identity_service *s, gh_config *config, gh_report *report)
{
    char why[WHY_SIZE];
    if (config->identity.enabled == GH_OFF)
        return true;
    gh_arena_init_from(&s->arena, &gh_locked_pages, ARENA_CAP);
    if (!gh_data_folder_make(config->data_folder, why, sizeof why))
        return refuse(report, why);
    if (!find_secret(s, config, report))
        return false;
    gh_hkdf(s->secret, GH_STR("ring"), s->seal, sizeof s->seal);
    return (use_secret(s, config) || refuse(report, "identity.ca_file is too long")) &&
           open_records(s, config, report) && fill_ring(s, config, report);
}

bool gh_identity_attach(gh_identity_service *s, gh_config *config, gh_report *report)
{
    unsigned n = 0;
    if (config->identity.enabled == GH_OFF)
        return true;
    if (s->records == NULL)
        return refuse(report, "switching identity on needs a restart");
    /* What is on disk and in memory is hashed and sealed by keys of the one in use: another would open nothing of it. */
    if (config->secret_key.n > 0 && !gh_equal_secret(config->secret_key, s->secret))
        return refuse(
            report,
            "secret_key is another one than at the start, and sessions, API keys and signing keys hang on "
            "that: put the old one back; changing it needs a restart, which ends them all");
    if (!use_secret(s, config))
        return refuse(report, "identity.ca_file is too long");
    return read_ring(s, config, &n) || refuse(report, "the signing keys can't be read");
}

static bool submit_record(void *data, gh_op *op)
{
    return gh_records_submit(data, op);
}

bool gh_identity_follow(gh_identity_service *s, const gh_config *config, gh_report *report)
{
    if (s->records == NULL)
        return true;
    const gh_records_options options = options_of(s, config, NULL);
    gh_password_executor_follow(&s->passwords, &config->identity);
    return gh_records_adjust(s->records, &options) || refuse(report, "the records can't be written");
}

bool gh_identity_start(gh_identity_service *s, const gh_config *config, gh_executors *executors,
                       const char **ret_why)
{
    if (s->records == NULL)
        return true;
    if (!gh_password_executor_start(&s->passwords, &config->identity, ret_why))
        return false;
    executors->roster = s->roster;
    executors->submit[GH_OP_RECORDS] = submit_record;
    executors->data[GH_OP_RECORDS] = s->records;
    executors->submit[GH_OP_PASSWORDS] = gh_password_executor_submit;
    executors->data[GH_OP_PASSWORDS] = &s->passwords;
    return true;
}

void gh_identity_close(gh_identity_service *s)
{
    gh_password_executor_stop(&s->passwords);
    gh_records_close(s->records);
    gh_roster_free(s->roster);
    gh_key_sets_free(s->jwks);
    gh_arena_wipe(&s->arena);
    gh_arena_reset(&s->arena);
    s->records = NULL;
    s->roster = NULL;
}
