/* The thread that asks for secrets again. */
#include <time.h>

#include "base/crypto.h"
#include "edges/secrets/aws_parts.h"

enum { RETRY_MIN_S = 2 /* doubled up to secrets.refresh */ };

/* Asks for one; what could not be reached for another is not waited for again. */
static enum gh_aws_result ask(gh_aws_secrets *s, gh_aws_entry *e, const gh_aws_entry *unreached,
                              bool *ret_changed)
{
    if (unreached == NULL)
        return gh_aws_fetch(s, &s->used, e, ret_changed);
    e->failing = true;
    memcpy(e->why, unreached->why, sizeof e->why);
    return GH_AWS_UNREACHED;
}

/* True: one has changed. */
static bool refresh(gh_aws_secrets *s)
{
    bool changed = false, all = true;
    const gh_aws_entry *unreached = NULL;
    (void)pthread_mutex_lock(&s->asking);
    gh_aws_adopt(s);
    for (gh_aws_entry *e = s->first; e != NULL && !gh_aws_is_stopped(s); e = e->next) {
        bool other = false;
        enum gh_aws_result result = e->in_use ? ask(s, e, unreached, &other) : GH_AWS_VALUE;
        if (result == GH_AWS_UNREACHED && unreached == NULL)
            unreached = e;
        all = all && result == GH_AWS_VALUE;
        changed = changed || other;
    }
    gh_aws_settle(s);
    if (all)
        atomic_store(&s->good_s, gh_aws_wall_s());
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
    gh_aws_adopt(s);
    gh_aws_settle(s);
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

/* A change that is not in use yet. */
typedef struct change {
    bool open;
    unsigned told; /* the last reading that had begun when it was told of: one that has it comes later */
} change;

static void tell(gh_aws_secrets *s, change *c)
{
    c->open = true;
    c->told = atomic_load(&s->begun);
    if (!gh_aws_is_stopped(s) && s->watch.changed != NULL)
        s->watch.changed(s->watch.data);
}

/* What the configuration could not follow is told of again: somebody may have mended it. So is what a reading found that was then
 * refused for another reason: to this thread it is not new. */
static void follow_change(gh_aws_secrets *s, change *c)
{
    unsigned found = atomic_load(&s->found);
    if (!c->open && found > atomic_load(&s->taken))
        *c = (change){.open = true, .told = found - 1};
    if (c->open && atomic_load(&s->taken) > c->told)
        c->open = false;
    if (c->open && atomic_load(&s->dropped) > c->told)
        tell(s, c);
}

static void *run(void *data)
{
    gh_aws_secrets *s = data;
    uint64_t retry_s = RETRY_MIN_S;
    change c = {.open = false};
    for (enum wake why; (why = wait_ms(s, next_ms(s, &retry_s))) != WAKE_END;) {
        if (why == WAKE_OTHER) {
            follow(s);
            continue;
        }
        if (refresh(s))
            tell(s, &c);
        else
            follow_change(s, &c);
    }
    return NULL;
}

void gh_aws_secrets_drop(gh_aws_secrets *s, unsigned reading)
{
    atomic_store(&s->dropped, reading);
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
    uint64_t now = gh_aws_wall_s(), good = atomic_load(&s->good_s), n = atomic_load(&s->n_in_use);
    return (gh_aws_figures){.requests = atomic_load(&s->requests),
                            .failures = atomic_load(&s->failures),
                            .in_use = n,
                            .failing = atomic_load(&s->n_failing),
                            .age_s = n == 0 || now < good ? 0 : now - good};
}
