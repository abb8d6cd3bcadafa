#include "records/queue.h"

#include <time.h>

void gh_queue_init(gh_queue *q, uint32_t most)
{
    pthread_condattr_t monotonic;
    *q = (gh_queue){.most = most};
    (void)pthread_mutex_init(&q->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&q->wake, &monotonic);
    (void)pthread_cond_init(&q->answered, NULL);
    (void)pthread_condattr_destroy(&monotonic);
}

void gh_queue_destroy(gh_queue *q)
{
    (void)pthread_cond_destroy(&q->wake);
    (void)pthread_cond_destroy(&q->answered);
    (void)pthread_mutex_destroy(&q->lock);
}

bool gh_queue_put(gh_queue *q, gh_op *op)
{
    (void)pthread_mutex_lock(&q->lock);
    bool taken = !q->closing && q->waiting < q->most;
    if (taken) {
        op->next = NULL;
        *(q->last == NULL ? &q->first : &q->last->next) = gh_op_ref(op);
        q->last = op;
        q->waiting++;
        (void)pthread_cond_signal(&q->wake);
    }
    (void)pthread_mutex_unlock(&q->lock);
    if (!taken) {
        op->status = GH_OP_BUSY;
        op->retry_s = 1;
    }
    return taken;
}

typedef struct waiter {
    gh_queue *queue;
    bool over;
} waiter;

static void wake_waiter(gh_op *op)
{
    waiter *w = op->owner;
    gh_queue *q = w->queue;
    (void)pthread_mutex_lock(&q->lock);
    w->over = true;
    (void)pthread_cond_broadcast(&q->answered);
    (void)pthread_mutex_unlock(&q->lock);
    gh_op_unref(op);
}

void gh_queue_do(gh_queue *q, gh_op *op, bool (*put)(void *data, gh_op *op), void *data)
{
    waiter w = {q, false};
    op->owner = &w; /* cppcheck-suppress autoVariables ; it is waited for below */
    op->finished = wake_waiter;
    if (!put(data, op))
        return;
    (void)pthread_mutex_lock(&q->lock);
    while (!w.over)
        (void)pthread_cond_wait(&q->answered, &q->lock);
    (void)pthread_mutex_unlock(&q->lock);
}

bool gh_queue_call(gh_queue *q, int how, void (*run)(struct gh_work *w, void *data), void *data)
{
    gh_records_job c = {.queue = q, .run = run, .data = data, .how = how};
    (void)pthread_mutex_lock(&q->lock);
    if (!q->closing) {
        gh_records_job **end = &q->jobs;
        while (*end != NULL)
            end = &(*end)->next;
        *end = &c;
        (void)pthread_cond_signal(&q->wake);
        while (!c.over)
            (void)pthread_cond_wait(&q->answered, &q->lock);
    }
    (void)pthread_mutex_unlock(&q->lock);
    return c.done;
}

void gh_queue_close(gh_queue *q)
{
    (void)pthread_mutex_lock(&q->lock);
    q->closing = true;
    (void)pthread_cond_broadcast(&q->wake);
    (void)pthread_mutex_unlock(&q->lock);
}

uint32_t gh_queue_waiting(gh_queue *q)
{
    (void)pthread_mutex_lock(&q->lock);
    uint32_t waiting = q->waiting;
    (void)pthread_mutex_unlock(&q->lock);
    return waiting;
}

bool gh_queue_closing(gh_queue *q)
{
    (void)pthread_mutex_lock(&q->lock);
    bool closing = q->closing;
    (void)pthread_mutex_unlock(&q->lock);
    return closing;
}

gh_queue_taken gh_queue_take(gh_queue *q, uint64_t until_ms, gh_op **ret, unsigned most)
{
    struct timespec until = {.tv_sec = (time_t)(until_ms / 1000),
                             .tv_nsec = (long)(until_ms % 1000) * 1000000};
    gh_queue_taken t = {0};
    (void)pthread_mutex_lock(&q->lock);
    while (q->first == NULL && q->jobs == NULL && !q->closing)
        if (pthread_cond_timedwait(&q->wake, &q->lock, &until) != 0)
            break; /* something is due */
    while (q->first != NULL && t.n < most) {
        ret[t.n++] = q->first;
        q->first = q->first->next;
    }
    if (q->first == NULL)
        q->last = NULL;
    q->waiting -= t.n;
    t.job = q->jobs;
    if (q->jobs != NULL)
        q->jobs = q->jobs->next;
    t.over = q->closing && t.n == 0 && t.job == NULL;
    (void)pthread_mutex_unlock(&q->lock);
    return t;
}

void gh_queue_job_over(gh_records_job *job, bool done)
{
    gh_queue *q = job->queue;
    (void)pthread_mutex_lock(&q->lock);
    job->done = done;
    job->over = true;
    (void)pthread_cond_broadcast(&q->answered);
    (void)pthread_mutex_unlock(&q->lock);
}
