/* What waits for the records' threads: operations, in their order, and jobs, which are work that is no operation. */
#ifndef GH_RECORDS_QUEUE_H
#define GH_RECORDS_QUEUE_H

#include <pthread.h>

#include "model/op.h"

struct gh_work;

struct gh_queue;

typedef struct gh_records_job {
    struct gh_queue *queue; /* that it waits in */
    void (*run)(struct gh_work *w, void *data);
    void *data;
    int how; /* the executor's own; 0: as an operation */
    bool over, done;
    struct gh_records_job *next;
} gh_records_job;

typedef struct gh_queue gh_queue;
struct gh_queue {
    pthread_mutex_t lock;
    pthread_cond_t wake, answered;
    gh_op *first, *last;
    uint32_t waiting, most;
    gh_records_job *jobs;
    bool closing;
};

void gh_queue_init(gh_queue *q, uint32_t most);
void gh_queue_destroy(gh_queue *q);

/* --- who asks; any thread */

/* Takes a reference. False: it is full or being closed; BUSY and retry_s are set. */
GH_MUST_CHECK bool gh_queue_put(gh_queue *q, gh_op *op);
/* Puts it and waits until it is finished. `put` is gh_queue_put() or what stands before it. */
void gh_queue_do(gh_queue *q, gh_op *op, bool (*put)(void *data, gh_op *op), void *data);
/* Has the job run and waits. False: it failed, or the queue is being closed. */
GH_MUST_CHECK bool gh_queue_call(gh_queue *q, int how, void (*run)(struct gh_work *w, void *data),
                                 void *data);
/* Nothing more is taken in; threads that wait wake up. */
void gh_queue_close(gh_queue *q);
uint32_t gh_queue_waiting(gh_queue *q);
bool gh_queue_closing(gh_queue *q);

/* --- the records' threads */

typedef struct gh_queue_taken {
    unsigned n;          /* operations */
    gh_records_job *job; /* NULL: none */
    bool over;           /* neither, nothing waits any more, and it is being closed */
} gh_queue_taken;
/* Waits until there is something, or until that time of the monotonic clock (ms). Up to `most` operations. */
gh_queue_taken gh_queue_take(gh_queue *q, uint64_t until_ms, gh_op **ret, unsigned most);
void gh_queue_job_over(gh_records_job *job, bool done);

#endif
