#include "passwords/pool.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "passwords/job.h"

struct gh_password_pool {
    gh_password_pool_options options;
    /* What loops touch: no lock. Every job that is handed in and every thread that must end has one post. */
    gh_handoff incoming;
    sem_t wake;
    atomic_bool stopping;
    _Atomic size_t queued; /* handed in and not yet started; also a submission that is about to be refused */
    /* The threads' own. Who holds `picking` takes the next job, and waits for room with it. */
    pthread_mutex_t picking;
    gh_handoff_node *waiting; /* oldest first */
    pthread_mutex_t lock;
    pthread_cond_t room;
    size_t in_use; /* bytes of the jobs that run */
    /* Figures. */
    _Atomic uint64_t running, done, refused, expired, out_of_memory;
    _Atomic uint64_t mean_ns;     /* of a job's work, of late; 0: none yet */
    _Atomic size_t recent_memory; /* of the job that was done last */
    unsigned started;
    pthread_t threads[];
};

uint64_t gh_password_pool_now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

unsigned gh_password_pool_threads(unsigned processors)
{
    return processors < 4                             ? 1
           : processors / 2 > GH_PASSWORD_THREADS_MAX ? GH_PASSWORD_THREADS_MAX
                                                      : processors / 2;
}

/* --- the loops' side --- */

bool gh_password_pool_submit(gh_password_pool *pool, gh_password_job *job)
{
    /* Counted before looking at `stopping`: a thread that saw none queued after the pool stops may end. */
    size_t before = atomic_fetch_add(&pool->queued, 1);
    if (before >= pool->options.max_queue || atomic_load(&pool->stopping)) {
        (void)atomic_fetch_sub(&pool->queued, 1);
        (void)atomic_fetch_add_explicit(&pool->refused, 1, memory_order_relaxed);
        /* A thread may have seen this one and wait for it. */
        if (atomic_load(&pool->stopping))
            (void)sem_post(&pool->wake);
        return false;
    }
    gh_handoff_push(&pool->incoming, &job->node);
    (void)sem_post(&pool->wake);
    return true;
}

unsigned gh_password_pool_wait_s(const gh_password_pool *pool)
{
    enum { SECOND = 1000000000 };
    uint64_t slots = pool->options.threads;
    size_t memory = atomic_load_explicit(&pool->recent_memory, memory_order_relaxed);
    if (memory > 0 && pool->options.memory_ceiling / memory < slots)
        slots = pool->options.memory_ceiling / memory;
    uint64_t jobs = atomic_load_explicit(&pool->queued, memory_order_relaxed) + 1;
    uint64_t each = atomic_load_explicit(&pool->mean_ns, memory_order_relaxed);
    uint64_t seconds =
        (uint64_t)((double)jobs * (double)each / (double)(slots == 0 ? 1 : slots) / SECOND) + 1;
    return seconds > 3600 ? 3600 : (unsigned)seconds;
}

gh_password_pool_figures gh_password_pool_read(const gh_password_pool *pool)
{
    return (gh_password_pool_figures){
        .running = atomic_load_explicit(&pool->running, memory_order_relaxed),
        .queued = atomic_load_explicit(&pool->queued, memory_order_relaxed),
        .done = atomic_load_explicit(&pool->done, memory_order_relaxed),
        .refused = atomic_load_explicit(&pool->refused, memory_order_relaxed),
        .expired = atomic_load_explicit(&pool->expired, memory_order_relaxed),
        .out_of_memory = atomic_load_explicit(&pool->out_of_memory, memory_order_relaxed),
    };
}

/* --- the threads --- */

static void answer(gh_password_job *job, enum gh_password_outcome outcome)
{
    job->outcome = outcome;
    gh_password_job_wipe(job);
    job->done(job);
}

/* The oldest job, NULL when there is none. Under `picking`. */
static gh_password_job *oldest(gh_password_pool *pool)
{
    if (pool->waiting == NULL)
        pool->waiting = gh_handoff_take(&pool->incoming);
    gh_handoff_node *node = pool->waiting;
    if (node == NULL)
        return NULL;
    pool->waiting = node->next;
    return GH_CONTAINER(node, gh_password_job, node);
}

/* Waits until the job fits. GH_PASSWORD_DONE: it may start, and its memory is taken. Under `picking`. */
static enum gh_password_outcome admit(gh_password_pool *pool, gh_password_job *job)
{
    size_t ceiling = pool->options.memory_ceiling;
    job->memory = gh_password_job_memory(job);
    if (job->memory > ceiling)
        return GH_PASSWORD_OUT_OF_MEMORY;
    (void)pthread_mutex_lock(&pool->lock);
    while (!atomic_load(&pool->stopping) && pool->in_use > ceiling - job->memory)
        (void)pthread_cond_wait(&pool->room, &pool->lock);
    enum gh_password_outcome outcome = GH_PASSWORD_DONE;
    if (atomic_load(&pool->stopping))
        outcome = GH_PASSWORD_STOPPED;
    else if (job->deadline_ns != 0 && gh_password_pool_now_ns() > job->deadline_ns)
        outcome = GH_PASSWORD_EXPIRED;
    else
        pool->in_use += job->memory;
    (void)pthread_mutex_unlock(&pool->lock);
    return outcome;
}

static void give_back(gh_password_pool *pool, size_t memory)
{
    (void)pthread_mutex_lock(&pool->lock);
    pool->in_use -= memory;
    (void)pthread_cond_signal(&pool->room);
    (void)pthread_mutex_unlock(&pool->lock);
}

static void count(_Atomic uint64_t *counter)
{
    (void)atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* An eighth of what is new. Two threads at once may lose one of their figures: it is an estimate. */
static void note_duration(gh_password_pool *pool, uint64_t ns)
{
    uint64_t mean = atomic_load_explicit(&pool->mean_ns, memory_order_relaxed);
    mean = mean == 0 ? ns : mean - mean / 8 + ns / 8;
    atomic_store_explicit(&pool->mean_ns, mean, memory_order_relaxed);
}

static void carry_out(gh_password_pool *pool, gh_password_job *job)
{
    uint64_t started = gh_password_pool_now_ns();
    enum gh_password_outcome outcome = gh_password_job_perform(job);
    note_duration(pool, gh_password_pool_now_ns() - started);
    atomic_store_explicit(&pool->recent_memory, job->memory, memory_order_relaxed);
    if (outcome == GH_PASSWORD_OUT_OF_MEMORY)
        count(&pool->out_of_memory);
    count(&pool->done);
    /* Before the room is given back: never do more run than there is room for, also in the figures. */
    (void)atomic_fetch_sub(&pool->running, 1);
    give_back(pool, job->memory);
    answer(job, outcome);
}

/* Takes a job and does it or answers it. False: there was none. */
static bool serve_one(gh_password_pool *pool)
{
    (void)pthread_mutex_lock(&pool->picking);
    gh_password_job *job = oldest(pool);
    if (job == NULL) {
        (void)pthread_mutex_unlock(&pool->picking);
        return false;
    }
    enum gh_password_outcome outcome = admit(pool, job);
    if (outcome == GH_PASSWORD_DONE)
        (void)atomic_fetch_add(&pool->running, 1);
    (void)atomic_fetch_sub(&pool->queued, 1);
    (void)pthread_mutex_unlock(&pool->picking);
    if (outcome == GH_PASSWORD_DONE) {
        carry_out(pool, job);
        return true;
    }
    if (outcome == GH_PASSWORD_EXPIRED)
        count(&pool->expired);
    else if (outcome == GH_PASSWORD_OUT_OF_MEMORY)
        count(&pool->out_of_memory);
    answer(job, outcome);
    return true;
}

static void lower_priority(void)
{
    struct sched_param none = {0};
    if (pthread_setschedparam(pthread_self(), SCHED_IDLE, &none) != 0)
        (void)setpriority(PRIO_PROCESS, (id_t)gettid(), 19);
}

static void *work(void *data)
{
    gh_password_pool *pool = data;
    lower_priority();
    for (;;) {
        if (sem_wait(&pool->wake) != 0 || serve_one(pool))
            continue;
        if (atomic_load(&pool->stopping) && atomic_load(&pool->queued) == 0)
            break;
    }
    /* For the next of the threads: posts may have been used up by what was queued. */
    (void)sem_post(&pool->wake);
    return NULL;
}

/* --- start and end --- */

static bool start_threads(gh_password_pool *pool)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = 0;
    while (failed == 0 && pool->started < pool->options.threads) {
        failed = pthread_create(&pool->threads[pool->started], NULL, work, pool);
        if (failed == 0)
            (void)pthread_setname_np(pool->threads[pool->started++], "gatehouse-hash");
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed == 0;
}

gh_password_pool *gh_password_pool_new(const gh_password_pool_options *options, const char **ret_why)
{
    if (options->threads == 0 || options->threads > GH_PASSWORD_THREADS_MAX || options->max_queue == 0) {
        *ret_why = "the number of threads or the length of the queue is out of range";
        return NULL;
    }
    gh_password_pool *pool = calloc(1, sizeof *pool + options->threads * sizeof pool->threads[0]);
    if (pool == NULL) {
        *ret_why = "out of memory";
        return NULL;
    }
    pool->options = *options;
    (void)sem_init(&pool->wake, 0, 0);
    (void)pthread_mutex_init(&pool->picking, NULL);
    (void)pthread_mutex_init(&pool->lock, NULL);
    (void)pthread_cond_init(&pool->room, NULL);
    if (start_threads(pool))
        return pool;
    *ret_why = "out of threads";
    gh_password_pool_stop(pool);
    gh_password_pool_free(pool);
    return NULL;
}

void gh_password_pool_stop(gh_password_pool *pool)
{
    (void)pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->stopping, true);
    (void)pthread_cond_broadcast(&pool->room);
    (void)pthread_mutex_unlock(&pool->lock);
    (void)sem_post(&pool->wake);
    for (unsigned i = 0; i < pool->started; i++)
        (void)pthread_join(pool->threads[i], NULL);
}

void gh_password_pool_free(gh_password_pool *pool)
{
    if (pool == NULL)
        return;
    (void)sem_destroy(&pool->wake);
    (void)pthread_mutex_destroy(&pool->picking);
    (void)pthread_mutex_destroy(&pool->lock);
    (void)pthread_cond_destroy(&pool->room);
    free(pool);
}
