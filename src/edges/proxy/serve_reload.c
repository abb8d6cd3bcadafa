/* A reload: all or nothing, and without a request lost. */
#include <stdlib.h>
#include <time.h>

#include "base/hash.h"
#include "config/compile.h"
#include "edges/proxy/serving.h"

enum {
    RETRY_MS = 2000,
    AGAIN_MS = 600000 /* between two lines about the same refusal of what nobody asked for */
};

static void log_report(gh_serving *s, const gh_report *report)
{
    for (unsigned i = 0; i < report->n; i++) {
        const gh_report_item *item = &report->items[i];
        gh_log_event(s->lane, item->warning ? GH_LEVEL_WARNING : GH_LEVEL_ERROR, "configuration",
                     "%s:%u:%u: %.*s", item->file != NULL ? item->file : "configuration", item->line,
                     item->column, (int)item->text.n, item->text.p);
    }
}

static void say_restart(void *data, const char *path)
{
    gh_serving *s = data;
    gh_log_event(s->lane, GH_LEVEL_WARNING, "restart_needed", "%s: the new value needs a restart", path);
}

/* A reload on its way: read and compiled on a thread of the loop's pool, since an upstream may have to be asked for
 * its OpenAPI document; taken into use on the main thread. */
struct gh_reload {
    uv_work_t work;
    gh_serving *s;
    bool again;              /* when not renew: by the operator */
    unsigned reading;        /* when not renew: see gh_aws_secrets_begin() */
    bool renew;              /* the same configuration, with documents that were missing */
    bool ring_due;           /* when renew: a key's time is over */
    bool rotation_due;       /* when renew: the keys are to be changed */
    bool rotated;            /* they were, here */
    const char *not_rotated; /* why not; NULL: they were, or need not be */
    gh_documents *documents; /* when not renew: those of the new configuration */
    gh_generation *fresh;
    bool got_document; /* when renew: that is why */
    bool got_keys;     /* likewise */
    bool tried;        /* there was something to compile */
    bool compiled;     /* renew: what failed after it says nothing about the documents */
    gh_report report;
};

/* A password that comes with another URL, as that of another user, is none for the server and the user in use: it waits for
 * the restart that the URL needs. */
static bool use_password(const gh_reload *r, const gh_config *config, gh_report *report)
{
    gh_serving *s = r->s;
    return !gh_str_eq(s->first->config->postgresql.url, config->postgresql.url) ||
           gh_identity_use_password(&s->identity, config, report);
}

static gh_generation *read_generation(gh_reload *r)
{
    gh_serve_options options = r->s->options;
    options.documents = r->documents;
    r->reading = gh_aws_secrets_begin(r->s->secrets, r->again);
    gh_config *config = gh_serve_read_config(&options, &r->report);
    bool good = config != NULL && use_password(r, config, &r->report) &&
                gh_identity_attach(&r->s->identity, config, &r->report);
    gh_policy *policy = good ? gh_policy_compile(config, &r->report) : NULL;
    if (config != NULL)
        gh_config_forget_ring(config);
    gh_generation *fresh =
        policy == NULL ? NULL : gh_generation_new(config, policy, r->s->generation, &r->report);
    if (fresh != NULL && !gh_identity_follow(&r->s->identity, config, &r->report)) {
        gh_generation_unref(fresh);
        return NULL;
    }
    if (fresh == NULL && config != NULL)
        gh_config_free(config);
    return fresh;
}

static gh_generation *renew_generation(gh_reload *r)
{
    const gh_generation *old = r->s->generation;
    gh_policy *policy = NULL;
    if (gh_identity_attach(&r->s->identity, old->config, &r->report))
        policy = gh_policy_compile(old->config, &r->report);
    gh_config_forget_ring(old->config);
    r->compiled = policy != NULL;
    return policy == NULL ? NULL : gh_generation_renew(old, policy, &r->report);
}

/* True: the ring is another now, be it that another node was sooner. */
static bool rotate(gh_reload *r)
{
    const char *why = NULL;
    enum gh_keyring_result result = gh_identity_rotate_due(&r->s->identity, r->s->generation->config, &why);
    r->rotated = result == GH_KEYRING_OK;
    if (r->rotated || result == GH_KEYRING_NOT_DUE)
        return true;
    r->not_rotated = why;
    return false;
}

/* A document that was missing, keys of an issuer, a ring that was changed, is to be, or has a key whose time is over. */
static bool something_new(gh_reload *r)
{
    gh_serving *s = r->s;
    r->got_document = gh_documents_retry(s->documents);
    bool keys = s->identity.jwks != NULL && gh_key_sets_refresh(s->identity.jwks, (uint64_t)time(NULL));
    bool rotated = r->rotation_due && rotate(r);
    bool ring = atomic_exchange(&s->ring_changed, false) || r->ring_due || rotated;
    r->got_keys = keys || ring || s->renew_owed;
    return r->got_document || r->got_keys;
}

static void do_reload(uv_work_t *work)
{
    gh_reload *r = work->data;
    if (r->renew && !something_new(r))
        return;
    r->tried = true;
    r->fresh = r->renew ? renew_generation(r) : read_generation(r);
}

static void use(gh_serving *s, gh_generation *fresh)
{
    gh_serving_key(s, fresh);
    gh_health_stop(s->health);
    s->health = gh_health_start(&s->loop, fresh, s->lane);
    for (unsigned i = 0; i < s->n_workers; i++) {
        gh_generation *missed = atomic_exchange(&s->workers[i].next, gh_generation_ref(fresh));
        gh_generation_unref(missed); /* a worker that had not yet come to the one before */
        gh_worker_wake(&s->workers[i]);
    }
    gh_generation_unref(s->generation);
    s->generation = fresh;
}

static uint64_t reason_of(const gh_serving *s, const gh_report *report)
{
    uint64_t sum = report->errors;
    for (unsigned i = 0; i < report->n; i++) {
        uint8_t hash[GH_SIPHASH128_SIZE];
        uint64_t part;
        gh_siphash128(s->key, report->items[i].text, hash);
        memcpy(&part, hash, sizeof part);
        sum = sum * 31 + part;
    }
    return sum;
}

/* What is tried again by itself fails every two seconds, for as long as the reason is there: said once, and every ten
 * minutes. What the operator has asked for is always answered. */
static bool is_news(gh_serving *s, const gh_reload *r)
{
    uint64_t reason = reason_of(s, &r->report), now = uv_now(&s->loop);
    if (r->renew && r->fresh == NULL && s->refused_ms != 0 && reason == s->refused_reason &&
        now - s->refused_ms < AGAIN_MS)
        return false;
    s->refused_reason = reason;
    s->refused_ms = r->fresh == NULL ? now : 0;
    return true;
}

static void refused(gh_serving *s, const gh_reload *r, bool news)
{
    gh_metric_add(&s->metrics[s->n_workers], GH_METRIC_RELOADS_FAILED, 1);
    if (!news)
        return;
    gh_log_event(s->lane, GH_LEVEL_ERROR, "reload_refused",
                 "the new configuration has %u errors; the old one stays in use", r->report.errors);
}

static void take_new(gh_serving *s, gh_reload *r)
{
    gh_generation *fresh = r->fresh;
    /* Compared with what is in use since the start, not with what was read last. */
    gh_config_say_restarts(s->first->config, fresh->config, say_restart, s);
    /* The buffers and the counters' table were sized at start. */
    fresh->config->limits.head = s->first->config->limits.head;
    fresh->config->server.proxy_protocol = s->first->config->server.proxy_protocol;
    use(s, fresh);
    gh_serving_use_redis_password(s, fresh->config);
    gh_documents_settle(r->documents, GH_DOCUMENTS_USED);
    gh_documents_free(s->documents);
    s->documents = r->documents;
    r->documents = NULL;
    gh_serving_use_secrets(s, r->reading);
    gh_metric_add(&s->metrics[s->n_workers], GH_METRIC_RELOADS, 1);
    gh_log_event(s->lane, GH_LEVEL_INFO, "reloaded", "the new configuration is in use");
    gh_serving_watch_documents(s);
}

static void take_renewed(gh_serving *s, gh_reload *r)
{
    use(s, r->fresh);
    if (!r->got_document) {
        gh_log_event(s->lane, GH_LEVEL_INFO, "keys_changed", "new keys to verify or sign tokens are in use");
        return;
    }
    gh_documents_settle(s->documents, GH_DOCUMENTS_USED);
    unsigned missing = gh_documents_missing(s->documents);
    if (missing == 0)
        (void)uv_timer_stop(&s->document_timer);
    gh_log_event(s->lane, GH_LEVEL_INFO, "document_got",
                 "an OpenAPI document that was missing is in use; %u still missing", missing);
}

static void say_rotation(gh_serving *s, const gh_reload *r)
{
    if (r->rotated)
        gh_log_event(s->lane, GH_LEVEL_INFO, "keys_rotated",
                     "the keys were changed, as identity.rotation.every says; the next change is in as long");
    if (r->not_rotated != NULL)
        gh_log_event(s->lane, GH_LEVEL_WARNING, "keys_not_rotated", "%s", r->not_rotated);
}

static void reload_done(uv_work_t *work, int status)
{
    gh_reload *r = work->data;
    gh_serving *s = r->s;
    s->reload = NULL;
    say_rotation(s, r);
    if (status == 0 && !s->draining && r->tried) {
        bool news = is_news(s, r);
        if (news)
            log_report(s, &r->report);
        if (r->fresh == NULL && r->renew && r->got_document)
            gh_documents_settle(s->documents, r->compiled ? GH_DOCUMENTS_NOT_NOW : GH_DOCUMENTS_UNUSABLE);
        s->renew_owed = r->fresh == NULL && (r->got_keys || s->renew_owed);
        s->renewed_ms = uv_now(&s->loop);
        if (r->fresh == NULL && !r->renew)
            gh_aws_secrets_drop(s->secrets, r->reading);
        if (r->fresh == NULL)
            refused(s, r, news);
        else if (r->renew)
            take_renewed(s, r);
        else
            take_new(s, r);
        if (!r->renew && s->identity.jwks != NULL)
            gh_key_sets_keep(s->identity.jwks, s->generation->config);
    } else {
        gh_generation_unref(r->fresh);
    }
    gh_documents_free(r->documents);
    gh_report_free(&r->report);
    free(r);
    if (s->reload_again && !s->draining)
        gh_serving_reload(s, s->secrets_again);
}

typedef struct due {
    bool ring, rotation;
} due;

static void begin(gh_serving *s, bool renew, due d)
{
    gh_reload *r = calloc(1, sizeof *r);
    if (r == NULL)
        return;
    r->s = s;
    r->renew = renew;
    r->ring_due = d.ring;
    r->rotation_due = d.rotation;
    r->work.data = r;
    gh_report_init(&r->report);
    r->again = s->secrets_again;
    if (!renew)
        r->documents = gh_documents_new(s->documents, &s->stopping);
    bool good = renew || r->documents != NULL;
    if (good && uv_queue_work(&s->loop, &r->work, do_reload, reload_done) == 0) {
        s->reload = r;
        return;
    }
    gh_log_event(s->lane, GH_LEVEL_ERROR, "reload_failed", "out of memory");
    gh_documents_free(r->documents);
    gh_report_free(&r->report);
    free(r);
}

void gh_serving_reload(gh_serving *s, bool again)
{
    s->reload_again = s->reload != NULL;
    s->secrets_again = again || (s->reload_again && s->secrets_again);
    if (s->reload == NULL)
        begin(s, false, (due){false, false});
}

static void say_missing(void *data, const char *line)
{
    gh_serving *s = data;
    gh_log_event(s->lane, GH_LEVEL_WARNING, "document_missing",
                 "%s; what it declares is answered 503 until it is there", line);
}

static void try_documents(uv_timer_t *timer)
{
    gh_serving *s = timer->data;
    if (s->reload == NULL && !s->draining)
        begin(s, true, (due){false, false});
}

void gh_serving_watch_documents(gh_serving *s)
{
    if (gh_documents_missing(s->documents) == 0) {
        (void)uv_timer_stop(&s->document_timer);
        return;
    }
    gh_documents_say_missing(s->documents, say_missing, s);
    (void)uv_timer_start(&s->document_timer, try_documents, RETRY_MS, RETRY_MS);
}

static void say_no_keys(void *data, const char *line)
{
    gh_serving *s = data;
    gh_log_event(s->lane, GH_LEVEL_WARNING, "keys_missing", "%s", line);
}

static void look_for_keys(uv_timer_t *timer)
{
    gh_serving *s = timer->data;
    if (s->reload != NULL || s->draining || s->identity.jwks == NULL)
        return;
    uint64_t now_s = (uint64_t)time(NULL);
    bool sets_due = gh_key_sets_due(s->identity.jwks, now_s);
    const due d = {.ring = gh_identity_ring_due(&s->identity, now_s),
                   .rotation = gh_identity_rotation_due(&s->identity, now_s)};
    if (sets_due)
        gh_key_sets_say_missing(s->identity.jwks, say_no_keys, s);
    /* What came and could not be taken into use is still to be. */
    bool owed = s->renew_owed && uv_now(&s->loop) - s->renewed_ms >= RETRY_MS;
    if (sets_due || owed || d.ring || d.rotation || atomic_load(&s->ring_changed))
        begin(s, true, d);
}

void gh_serving_watch_keys(gh_serving *s)
{
    enum { LOOK_MS = 200 };
    if (s->identity.records == NULL)
        return;
    gh_key_sets_say_missing(s->identity.jwks, say_no_keys, s);
    (void)uv_timer_start(&s->identity_timer, look_for_keys, LOOK_MS, LOOK_MS);
}
