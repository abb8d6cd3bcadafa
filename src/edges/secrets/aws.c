#include "edges/secrets/aws.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/crypto.h"
#include "edges/secrets/aws_request.h"
#include "edges/secrets/file.h"
#include "edges/secrets/locked.h"

enum {
    WORK_MAX = 4 << 20,   /* bytes of one request: its answer, decoded */
    VALUE_MAX = 1 << 20,  /* of what is kept of one secret */
    ATTEMPTS = 3,         /* at start, where there is no last good value */
    FIRST_PAUSE_MS = 200, /* then five times that */
    RETRY_MIN_S = 2,      /* of the thread: doubled up to secrets.refresh */
    NAME_SIZE = 96
};

/* A version of a secret, of one region and endpoint. */
typedef struct entry {
    struct entry *next;
    gh_arena memory; /* of all that follows */
    gh_str id, region, endpoint;
    bool previous;
    gh_arena value_memory;
    gh_aws_value value; /* text absent: there is no such version */
    bool got;           /* there is a value */
    bool stale;         /* it is asked for again when it is read next */
    bool asked, in_use; /* by the reading on its way; by the configuration in use */
    bool failing;
    char why[GH_SECRET_HTTP_WHY];
} entry;

typedef struct settings {
    gh_arena memory;
    gh_aws_settings is;
} settings;

struct gh_aws_secrets {
    const atomic_bool *stop;
    gh_aws_watch watch;
    /* `asking` guards all up to the next comment, also while AWS is asked: for seconds. */
    pthread_mutex_t asking;
    gh_aws_chain chain;
    entry *first;
    settings read, used; /* of the reading on its way, and of the configuration in use */
    unsigned reading;    /* its number */
    bool adopted;        /* its configuration is in use, and so is what it asked for */
    bool have_settings;  /* it has asked for something */
    bool down;           /* AWS could not be reached in this reading: not tried again for what has a value */
    bool said_failing;
    /* Any thread. */
    atomic_bool unreachable;
    _Atomic unsigned taken; /* the reading whose configuration is in use */
    _Atomic uint64_t refresh_s;
    _Atomic uint64_t requests, failures, n_in_use, n_failing, good_s;
    /* `lock` guards the thread's sleep. */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool ending, nudged, running;
    pthread_t thread;
};

static uint64_t wall_s(void)
{
    return (uint64_t)time(NULL);
}

gh_aws_secrets *gh_aws_secrets_new(const char *const *environment, const atomic_bool *stop)
{
    pthread_condattr_t monotonic;
    gh_aws_secrets *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    gh_secret_http_init();
    s->stop = stop;
    gh_aws_chain_init(&s->chain, environment, stop);
    gh_arena_init_from(&s->read.memory, &gh_locked_pages, VALUE_MAX);
    gh_arena_init_from(&s->used.memory, &gh_locked_pages, VALUE_MAX);
    (void)pthread_mutex_init(&s->asking, NULL);
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&s->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    atomic_store(&s->good_s, wall_s());
    return s;
}

static void free_entry(entry *e)
{
    gh_arena_reset(&e->value_memory);
    gh_arena_reset(&e->memory);
    free(e);
}

void gh_aws_secrets_end(gh_aws_secrets *s)
{
    if (!s->running)
        return;
    (void)pthread_mutex_lock(&s->lock);
    s->ending = true;
    (void)pthread_cond_signal(&s->wake);
    (void)pthread_mutex_unlock(&s->lock);
    (void)pthread_join(s->thread, NULL);
    s->running = false;
}

void gh_aws_secrets_free(gh_aws_secrets *s)
{
    if (s == NULL)
        return;
    while (s->first != NULL) {
        entry *next = s->first->next;
        free_entry(s->first);
        s->first = next;
    }
    gh_aws_chain_free(&s->chain);
    gh_arena_reset(&s->read.memory);
    gh_arena_reset(&s->used.memory);
    (void)pthread_mutex_destroy(&s->asking);
    (void)pthread_mutex_destroy(&s->lock);
    (void)pthread_cond_destroy(&s->wake);
    free(s);
}

void gh_aws_secrets_watch(gh_aws_secrets *s, const gh_aws_watch *watch)
{
    s->watch = *watch;
}

/* --- one secret --- */

static bool is_stopped(const gh_aws_secrets *s)
{
    return s->stop != NULL && atomic_load(s->stop);
}

static enum gh_aws_result ask_once(gh_aws_secrets *s, const settings *with, entry *e, gh_arena *work,
                                   gh_aws_value *ret)
{
    gh_aws_credentials credentials;
    const gh_aws_request request = {.id = e->id,
                                    .region = e->region,
                                    .endpoint = e->endpoint,
                                    .ca_file = with->is.ca_file,
                                    .previous = e->previous,
                                    .now_s = wall_s(),
                                    .stop = s->stop};
    (void)atomic_fetch_add(&s->requests, 1);
    if (!gh_aws_chain_get(&s->chain, &with->is, request.now_s, work, &credentials, e->why))
        return GH_AWS_AGAIN;
    return gh_aws_get_secret(&request, &credentials, work, ret, e->why);
}

/* Keeps what came. *ret_changed: it is another one than before. */
static enum gh_aws_result keep(entry *e, const gh_aws_value *value, bool *ret_changed)
{
    bool same = e->got && e->value.binary == value->binary &&
                (e->value.text.p == NULL) == (value->text.p == NULL) &&
                gh_equal_secret(e->value.text, value->text);
    if (!same) {
        gh_arena fresh;
        gh_arena_init_from(&fresh, &gh_locked_pages, VALUE_MAX);
        gh_str text = value->text.p == NULL ? value->text : gh_arena_copy(&fresh, value->text);
        if (value->text.p != NULL && text.p == NULL)
            return GH_AWS_AGAIN;
        gh_arena_reset(&e->value_memory);
        e->value_memory = fresh;
        e->value = (gh_aws_value){text, value->binary};
        *ret_changed = e->got;
    }
    e->got = true;
    e->stale = false;
    e->why[0] = '\0';
    return GH_AWS_VALUE;
}

/* Asks AWS for it. Credentials that were not taken are got anew, once. */
static enum gh_aws_result fetch(gh_aws_secrets *s, const settings *with, entry *e, bool *ret_changed)
{
    enum gh_aws_result result = GH_AWS_STRANGER;
    for (unsigned i = 0; i < 2 && result == GH_AWS_STRANGER; i++) {
        gh_arena work;
        gh_aws_value value;
        gh_arena_init_from(&work, &gh_locked_pages, WORK_MAX);
        result = ask_once(s, with, e, &work, &value);
        if (result == GH_AWS_VALUE)
            result = keep(e, &value, ret_changed);
        if (result == GH_AWS_STRANGER)
            gh_aws_chain_forget(&s->chain);
        gh_arena_reset(&work);
    }
    e->failing = result != GH_AWS_VALUE;
    if (e->failing)
        (void)atomic_fetch_add(&s->failures, 1);
    return result;
}

/* False: told to stop. */
static bool pause_ms(const gh_aws_secrets *s, unsigned ms)
{
    enum { SLICE_MS = 50 };
    for (unsigned slept = 0; slept < ms && !is_stopped(s); slept += SLICE_MS) {
        const struct timespec slice = {.tv_nsec = SLICE_MS * 1000000L};
        (void)nanosleep(&slice, NULL);
    }
    return !is_stopped(s);
}

/* As often as it may help: without a value nothing can start. */
static enum gh_aws_result fetch_patiently(gh_aws_secrets *s, entry *e)
{
    bool changed = false;
    unsigned ms = FIRST_PAUSE_MS;
    enum gh_aws_result result = fetch(s, &s->read, e, &changed);
    for (unsigned i = 1; i < ATTEMPTS && result == GH_AWS_AGAIN && !e->got; i++, ms *= 5) {
        if (!pause_ms(s, ms))
            break;
        result = fetch(s, &s->read, e, &changed);
    }
    return result;
}

/* --- what is said --- */

static void put_name(const entry *e, gh_buf *out)
{
    gh_buf_lit(out, "aws:");
    gh_buf_put(out, gh_str_cut(e->id, 0, NAME_SIZE));
    gh_buf_put(out, e->previous ? GH_STR(" (AWSPREVIOUS)") : GH_STR(""));
}

/* Counts, and says when all is well again or no longer is: one line a change. */
static void settle(gh_aws_secrets *s)
{
    char text[512];
    gh_buf b = gh_buf_over(text, sizeof text - 1);
    const entry *failing = NULL;
    uint64_t n = 0, n_failing = 0;
    for (const entry *e = s->first; e != NULL; e = e->next) {
        n += e->in_use;
        n_failing += e->in_use && e->failing;
        if (e->in_use && e->failing)
            failing = e;
    }
    atomic_store(&s->n_in_use, n);
    atomic_store(&s->n_failing, n_failing);
    if ((failing != NULL) == s->said_failing || s->watch.said == NULL)
        return;
    s->said_failing = failing != NULL;
    if (failing != NULL) {
        put_name(failing, &b);
        gh_buf_printf(&b, " can't be got: %s; its last value stays in use", failing->why);
        text[b.n] = '\0';
        s->watch.said(s->watch.data, 1, "secrets_unavailable", text);
        return;
    }
    s->watch.said(s->watch.data, 0, "secrets_available", "the secrets in AWS can be got again");
}

/* --- readings --- */

/* What the last reading asked for is in use, when its configuration is. */
static void adopt(gh_aws_secrets *s)
{
    if (s->reading == 0 || s->adopted || atomic_load(&s->taken) != s->reading)
        return;
    s->adopted = true;
    for (entry *e = s->first; e != NULL; e = e->next)
        e->in_use = e->asked;
    if (!s->have_settings)
        return;
    settings old = s->used;
    s->used = s->read;
    s->read = old;
}

unsigned gh_aws_secrets_begin(gh_aws_secrets *s, bool again)
{
    (void)pthread_mutex_lock(&s->asking);
    adopt(s);
    s->reading++;
    s->adopted = s->have_settings = s->down = false;
    atomic_store(&s->unreachable, false);
    for (entry *e = s->first; e != NULL; e = e->next) {
        e->asked = false;
        e->stale = e->stale || again;
    }
    unsigned reading = s->reading;
    (void)pthread_mutex_unlock(&s->asking);
    return reading;
}

static bool copy_text(gh_arena *arena, gh_str from, gh_str *ret)
{
    *ret = from.p == NULL ? from : gh_arena_copy(arena, from);
    return (from.p == NULL) == (ret->p == NULL);
}

/* The configuration does not live as long. */
static bool copy_settings(settings *to, const gh_config *c)
{
    gh_arena_reset(&to->memory);
    return copy_text(&to->memory, c->secrets.aws.region, &to->is.region) &&
           copy_text(&to->memory, c->secrets.aws.endpoint, &to->is.endpoint) &&
           copy_text(&to->memory, c->secrets.aws.ca_file, &to->is.ca_file) &&
           copy_text(&to->memory, c->secrets.aws.access_key_id, &to->is.access_key_id) &&
           copy_text(&to->memory, c->secrets.aws.secret_access_key, &to->is.secret_access_key) &&
           copy_text(&to->memory, c->secrets.aws.session_token, &to->is.session_token);
}

/* New ones go to the end: the present version is asked for before the one before it. Were a secret rotated between the two the
 * other way about, the one that was in use until then would be neither. */
static entry *find(gh_aws_secrets *s, const gh_secret_reference *what, gh_str region)
{
    entry **end = &s->first;
    for (; *end != NULL; end = &(*end)->next)
        if (gh_str_eq((*end)->id, what->name) && gh_str_eq((*end)->region, region) &&
            (*end)->previous == what->previous && gh_str_eq((*end)->endpoint, s->read.is.endpoint))
            return *end;
    entry *e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
    gh_arena_init_from(&e->memory, &gh_locked_pages, VALUE_MAX);
    gh_arena_init_from(&e->value_memory, &gh_locked_pages, VALUE_MAX);
    e->previous = what->previous;
    if (!copy_text(&e->memory, what->name, &e->id) || !copy_text(&e->memory, region, &e->region) ||
        !copy_text(&e->memory, s->read.is.endpoint, &e->endpoint)) {
        free_entry(e);
        return NULL;
    }
    *end = e;
    return e;
}

static bool refuse(gh_secret_text *ret, const char *why)
{
    gh_buf b = gh_buf_over(ret->why, sizeof ret->why - 1);
    gh_buf_put(&b, gh_str_cut(gh_str_of(why), 0, sizeof ret->why - 1));
    ret->why[b.n] = '\0';
    return false;
}

/* The value as a whole, or one member of it, into the configuration's memory. */
static bool give(const entry *e, const gh_secret_reference *what, gh_arena *arena, gh_secret_text *ret)
{
    gh_arena work;
    gh_str text = e->value.text;
    const char *why = "out of memory";
    bool missing = false, good = true;
    if (text.p == NULL)
        return true; /* no version before */
    gh_arena_init_from(&work, &gh_locked_pages, WORK_MAX);
    if (what->key.p != NULL)
        good = gh_aws_read_member(text, what->key, &work, &text, &missing, &why);
    if (good) {
        ret->text = gh_arena_copy(arena, text);
        ret->binary = e->value.binary;
        good = ret->text.p != NULL;
    }
    gh_arena_reset(&work);
    return good || (missing && what->previous) || refuse(ret, why);
}

static bool read_entry(gh_aws_secrets *s, entry *e, const gh_secret_reference *what, gh_arena *arena,
                       gh_secret_text *ret)
{
    e->asked = true;
    if (s->down && !e->got)
        return refuse(ret, "AWS can't be asked now, as for another secret");
    if (!e->got || (e->stale && !s->down)) {
        enum gh_aws_result result = fetch_patiently(s, e);
        s->down = s->down || result == GH_AWS_AGAIN;
        if (!e->got && result == GH_AWS_AGAIN)
            atomic_store(&s->unreachable, true);
    }
    if (!e->got)
        return refuse(ret, e->why);
    return give(e, what, arena, ret);
}

static bool read_aws(gh_aws_secrets *s, const gh_config *config, const gh_secret_reference *what,
                     gh_arena *arena, gh_secret_text *ret)
{
    gh_str region = gh_aws_region_of(what->name);
    if (!s->have_settings && !copy_settings(&s->read, config))
        return refuse(ret, "out of memory");
    s->have_settings = true;
    if (region.p == NULL)
        region = s->read.is.region;
    if (region.p == NULL)
        return refuse(
            ret,
            "which region it is in is not known: set secrets.aws.region (AWS_REGION), or name it by its ARN");
    if (!gh_aws_is_region(region))
        return refuse(ret, "its region is none: write eu-central-1, say");
    entry *e = find(s, what, region);
    return e == NULL ? refuse(ret, "out of memory") : read_entry(s, e, what, arena, ret);
}

bool gh_secrets_read(void *data, const gh_config *config, const gh_secret_reference *what, gh_arena *arena,
                     gh_secret_text *ret)
{
    gh_aws_secrets *s = data;
    if (what->kind == GH_SECRET_FILE)
        return gh_secrets_read_file(what->name, arena, ret);
    ret->later = s == NULL;
    if (s == NULL)
        return true;
    (void)pthread_mutex_lock(&s->asking);
    bool good = read_aws(s, config, what, arena, ret);
    settle(s);
    (void)pthread_mutex_unlock(&s->asking);
    return good;
}

bool gh_aws_secrets_unreachable(const gh_aws_secrets *s)
{
    return s != NULL && atomic_load(&s->unreachable);
}

/* --- the thread --- */

/* True: one has changed. */
static bool refresh(gh_aws_secrets *s)
{
    bool changed = false, all = true;
    (void)pthread_mutex_lock(&s->asking);
    adopt(s);
    for (entry *e = s->first; e != NULL && !is_stopped(s); e = e->next) {
        if (!e->in_use)
            continue;
        bool other = false;
        all = fetch(s, &s->used, e, &other) == GH_AWS_VALUE && all;
        changed = changed || other;
    }
    settle(s);
    if (all)
        atomic_store(&s->good_s, wall_s());
    (void)pthread_mutex_unlock(&s->asking);
    return changed;
}

/* A tenth more or less, so that the nodes of a fleet do not ask all at once. */
static uint64_t jittered_ms(uint64_t seconds)
{
    uint64_t random, ms = seconds * 1000;
    gh_random(&random, sizeof random);
    return ms - ms / 10 + random % (ms / 5 + 1);
}

enum wake { WAKE_END, WAKE_OTHER, WAKE_TIME };

/* Sleeps; WAKE_OTHER: another configuration is in use. */
static enum wake wait_ms(gh_aws_secrets *s, uint64_t ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    (void)pthread_mutex_lock(&s->lock);
    int status = 0;
    while (!s->ending && !s->nudged && status == 0)
        status = pthread_cond_timedwait(&s->wake, &s->lock, &until);
    enum wake why = s->ending ? WAKE_END : s->nudged ? WAKE_OTHER : WAKE_TIME;
    s->nudged = false;
    (void)pthread_mutex_unlock(&s->lock);
    return why;
}

static void follow(gh_aws_secrets *s)
{
    (void)pthread_mutex_lock(&s->asking);
    adopt(s);
    settle(s);
    (void)pthread_mutex_unlock(&s->asking);
}

/* When to ask again: by the setting, or sooner and ever less often while something fails. */
static uint64_t next_ms(const gh_aws_secrets *s, uint64_t *retry_s)
{
    uint64_t refresh_s = atomic_load(&s->refresh_s);
    if (atomic_load(&s->n_failing) == 0) {
        *retry_s = RETRY_MIN_S;
        return jittered_ms(refresh_s);
    }
    uint64_t seconds = *retry_s < refresh_s ? *retry_s : refresh_s;
    *retry_s *= *retry_s < refresh_s ? 2 : 1;
    return jittered_ms(seconds);
}

static void *run(void *data)
{
    gh_aws_secrets *s = data;
    uint64_t retry_s = RETRY_MIN_S;
    unsigned told = 0; /* the reading in use when a change was told of; 0: none is open */
    for (enum wake why; (why = wait_ms(s, next_ms(s, &retry_s))) != WAKE_END;) {
        if (why == WAKE_OTHER) {
            follow(s);
            continue;
        }
        bool changed = refresh(s);
        unsigned taken = atomic_load(&s->taken);
        if (changed)
            told = taken;
        /* What the configuration could not follow is told of again each time: somebody may have mended it. */
        if (told != taken)
            told = 0;
        if (told != 0 && !is_stopped(s) && s->watch.changed != NULL)
            s->watch.changed(s->watch.data);
    }
    return NULL;
}

bool gh_aws_secrets_use(gh_aws_secrets *s, unsigned reading, uint64_t refresh_s)
{
    atomic_store(&s->taken, reading);
    atomic_store(&s->refresh_s, refresh_s == 0 ? 1 : refresh_s);
    if (s->running) {
        (void)pthread_mutex_lock(&s->lock);
        s->nudged = true;
        (void)pthread_cond_signal(&s->wake);
        (void)pthread_mutex_unlock(&s->lock);
        return true;
    }
    /* Only the reading on its way could have added one, and it is over. */
    follow(s);
    bool any = atomic_load(&s->n_in_use) > 0;
    s->running = any && pthread_create(&s->thread, NULL, run, s) == 0;
    return s->running || !any;
}

gh_aws_figures gh_aws_secrets_figures(gh_aws_secrets *s)
{
    uint64_t now = wall_s(), good = atomic_load(&s->good_s), n = atomic_load(&s->n_in_use);
    return (gh_aws_figures){.requests = atomic_load(&s->requests),
                            .failures = atomic_load(&s->failures),
                            .in_use = n,
                            .failing = atomic_load(&s->n_failing),
                            .age_s = n == 0 || now < good ? 0 : now - good};
}
