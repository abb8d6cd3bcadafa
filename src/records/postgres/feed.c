#include "records/postgres/feed_inside.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

uint64_t gh_feed_boot_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* In this order: who sees a filling that has begun sees that the roster is not complete, or what it was filled with. */
uint64_t gh_feed_age_ms(const gh_feed *f, uint64_t *ret_fillings)
{
    *ret_fillings = atomic_load_explicit(&f->fillings, memory_order_acquire);
    uint64_t complete_ms = atomic_load_explicit(&f->complete_ms, memory_order_acquire);
    uint64_t now_ms = gh_feed_boot_ms();
    if (complete_ms == 0)
        return UINT64_MAX;
    return now_ms > complete_ms ? now_ms - complete_ms : 0;
}

bool gh_feed_is_complete(const gh_feed *f, uint64_t margin_ms)
{
    uint64_t fillings;
    return gh_feed_age_ms(f, &fillings) <= GH_FEED_COMPLETE_MS + margin_ms;
}

static void wake(gh_feed *f)
{
    uint64_t one = 1;
    (void)!write(f->wake, &one, sizeof one); /* can only fail when it is awake anyway */
}

static void submit(gh_feed *f, gh_op *op, bool tell)
{
    op->next = NULL;
    (void)pthread_mutex_lock(&f->lock);
    f->tell = f->tell || tell;
    bool at_once = !f->following && !gh_feed_is_complete(f, GH_FEED_MARGIN_MS);
    if (!at_once) {
        *(f->last == NULL ? &f->first : &f->last->next) = op;
        f->last = op;
        f->waiting++;
    }
    bool first = f->waiting == 1;
    (void)pthread_mutex_unlock(&f->lock);
    if (at_once)
        op->finished(op);
    else if (first)
        wake(f);
}

void gh_feed_submit(gh_feed *f, gh_op *op)
{
    submit(f, op, true);
}

void gh_feed_catch_up(gh_feed *f, gh_op *op)
{
    submit(f, op, false);
}

/* --- its beginning and end */

/* Signals are the main thread's. */
static bool start(gh_feed *f)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&f->thread, NULL, gh_feed_serve, f) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static void free_feed(gh_feed *f)
{
    (void)close(f->wake);
    (void)pthread_cond_destroy(&f->changed);
    (void)pthread_mutex_destroy(&f->lock);
    free(f);
}

gh_feed *gh_feed_open(const gh_feed_options *options)
{
    pthread_condattr_t monotonic;
    gh_feed *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    f->options = *options;
    gh_follow_init(&f->follower, options->roster);
    f->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    (void)pthread_mutex_init(&f->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&f->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    if (f->wake >= 0 && start(f))
        return f;
    free_feed(f);
    return NULL;
}

bool gh_feed_wait(gh_feed *f, uint64_t deadline_ms, char *why)
{
    struct timespec until = {.tv_sec = (time_t)(deadline_ms / 1000),
                             .tv_nsec = (long)(deadline_ms % 1000) * 1000000};
    bool late = false;
    (void)pthread_mutex_lock(&f->lock);
    while (!f->loaded && !late)
        late = pthread_cond_timedwait(&f->changed, &f->lock, &until) != 0;
    bool loaded = f->loaded;
    if (!loaded)
        memcpy(why, f->why, sizeof f->why);
    (void)pthread_mutex_unlock(&f->lock);
    return loaded;
}

void gh_feed_close(gh_feed *f)
{
    if (f == NULL)
        return;
    (void)pthread_mutex_lock(&f->lock);
    f->closing = true;
    (void)pthread_mutex_unlock(&f->lock);
    wake(f);
    (void)pthread_join(f->thread, NULL);
    free_feed(f);
}

bool gh_feed_call(gh_feed *f, void (*run)(void *data), void *data)
{
    gh_feed_run c = {.run = run, .data = data};
    (void)pthread_mutex_lock(&f->lock);
    if (!f->closing) {
        gh_feed_run **end = &f->runs;
        while (*end != NULL)
            end = &(*end)->next;
        *end = &c;
        wake(f);
        while (!c.over)
            (void)pthread_cond_wait(&f->changed, &f->lock);
    }
    (void)pthread_mutex_unlock(&f->lock);
    return c.done;
}

void gh_feed_read_stats(gh_feed *f, gh_feed_stats *ret)
{
    (void)pthread_mutex_lock(&f->lock);
    uint64_t waiting = f->waiting;
    (void)pthread_mutex_unlock(&f->lock);
    *ret = (gh_feed_stats){.connected = atomic_load_explicit(&f->connected, memory_order_relaxed),
                           .reads = atomic_load_explicit(&f->reads, memory_order_relaxed),
                           .changes = atomic_load_explicit(&f->changes, memory_order_relaxed),
                           .loads = atomic_load_explicit(&f->loads, memory_order_relaxed),
                           .notices = atomic_load_explicit(&f->notices, memory_order_relaxed),
                           .waiting = waiting};
}
