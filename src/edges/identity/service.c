#include "edges/identity/service.h"

#include <stdio.h>
#include <time.h>

#include "base/crypto.h"
#include "edges/identity/keyring.h"
#include "edges/identity/secret_file.h"
#include "edges/secrets/locked.h"

enum {
    ARENA_CAP = 1 << 20,
    WHY_SIZE = 1024,
    MAX_QUEUE = 4096,
    SETTLE_S = 10 /* so long after they were made new keys are known to all nodes for certain */
};

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

/* On a thread of the records. */
static void ring_changed(void *data)
{
    gh_identity_service *s = data;
    if (s->ring_changed != NULL)
        atomic_store(s->ring_changed, true);
}

static bool waits(void *data, const char *why)
{
    const gh_identity_service *s = data;
    return s->waits(s->waits_data, why);
}

/* What PostgreSQL is reached by. Texts of a configuration end with a NUL. */
static void set_postgres(gh_records_options *o, const gh_config *config)
{
    if (config->postgresql.url.p == NULL)
        return;
    o->postgres.url = config->postgresql.url.p;
    o->postgres.password = config->postgresql.password.p;
    o->postgres.ca_file = config->postgresql.ca_file.p;
    o->postgres.cert_file = config->postgresql.cert_file.p;
    o->postgres.key_file = config->postgresql.key_file.p;
    o->postgres.connections = (uint32_t)config->postgresql.connections;
    o->postgres.timeout_ms = (uint32_t)config->postgresql.timeout;
    o->postgres.memory = &gh_locked_pages;
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
    gh_records_options options = options_of(s, config, folder.p);
    options.ring_changed = ring_changed;
    set_postgres(&options, config);
    if (s->waits != NULL)
        options.postgres.waits = waits;
    s->shared = options.postgres.url != NULL;
    s->settle_s = s->shared ? SETTLE_S : 0;
    s->records = gh_records_open(&options, why, sizeof why);
    return s->records != NULL || refuse(report, why);
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
    return (use_secret(s, config) || refuse(report, "identity.ca_file is too long")) &&
           open_records(s, config, report) && gh_identity_begin_ring(s, config, report);
}

bool gh_identity_attach(gh_identity_service *s, gh_config *config, gh_report *report)
{
    if (config->identity.enabled == GH_OFF)
        return true;
    if (s->records == NULL)
        return refuse(report, "switching identity on needs a restart");
    if (!gh_identity_change_secret(s, config, report))
        return false;
    if (!use_secret(s, config))
        return refuse(report, "identity.ca_file is too long");
    return gh_identity_read_ring(s, config, report);
}

bool gh_identity_use_password(gh_identity_service *s, const gh_config *config, gh_report *report)
{
    if (s->records == NULL || !s->shared)
        return true;
    return gh_records_use_password(s->records, config->postgresql.password.p) ||
           refuse(report, "out of memory");
}

static bool submit_record(void *data, gh_op *op)
{
    return gh_records_submit(data, op);
}

static uint64_t age_ms(void *data, uint64_t *ret_fillings)
{
    return gh_records_age_ms(data, ret_fillings);
}

bool gh_identity_follow(gh_identity_service *s, const gh_config *config, gh_report *report)
{
    if (s->records == NULL)
        return true;
    const gh_records_options options = options_of(s, config, NULL);
    gh_password_executor_follow(&s->passwords, &config->identity);
    if (s->executors != NULL)
        atomic_store(&s->executors->outage_tokens_ms, config->identity.outage_tokens);
    return gh_records_adjust(s->records, &options) || refuse(report, "the records can't be written");
}

bool gh_identity_start(gh_identity_service *s, const gh_config *config, gh_executors *executors,
                       const char **ret_why)
{
    if (s->records == NULL)
        return true;
    if (!gh_password_executor_start(&s->passwords, &config->identity, ret_why))
        return false;
    s->executors = executors;
    executors->roster = s->roster;
    executors->age_ms = s->shared ? age_ms : NULL;
    atomic_store(&executors->outage_tokens_ms, config->identity.outage_tokens);
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
