/* What the two files of the feed share: feed.c is what others call, feed_thread.c what its thread does. */
#ifndef GH_RECORDS_POSTGRES_FEED_INSIDE_H
#define GH_RECORDS_POSTGRES_FEED_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "records/postgres/feed.h"
#include "records/postgres/follow.h"
#include "stores/shared/breaker.h"

enum { GH_FEED_MARGIN_MS = 100 /* who has just found it complete may take so long to go by that */ };

/* Something to be run by the thread. */
typedef struct gh_feed_run {
    void (*run)(void *data);
    void *data;
    bool over, done;
    struct gh_feed_run *next;
} gh_feed_run;

struct gh_feed {
    gh_feed_options options;
    pthread_t thread;
    int wake; /* an eventfd */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    gh_op *first, *last; /* that wait for a read to begin */
    uint64_t waiting;
    bool tell; /* something was committed here, and the others do not know */
    gh_feed_run *runs;
    bool following; /* the next read makes the roster complete */
    bool loaded;    /* it was complete once */
    bool closing;
    char why[GH_POSTGRES_WHY];    /* of the last failure */
    _Atomic uint64_t complete_ms; /* of CLOCK_BOOTTIME; 0: never yet, or it is being loaded */
    _Atomic uint64_t fillings;

    /* the thread's own */
    gh_follower follower;
    gh_breaker breaker;
    gh_op *taken, *taken_last; /* whose read has begun */
    uint64_t began_ms, told_ms;
    uint64_t began_boot_ms; /* began_ms by CLOCK_BOOTTIME */
    bool notified;
    bool incomplete; /* as was said last */
    bool lost;       /* likewise */

    _Atomic bool connected;
    _Atomic uint64_t reads, changes, loads, notices;
};

/* CLOCK_BOOTTIME. */
uint64_t gh_feed_boot_ms(void);
/* Does the roster count as complete, or did it margin_ms ago? */
bool gh_feed_is_complete(const gh_feed *f, uint64_t margin_ms);
/* The thread. data: the feed. */
void *gh_feed_serve(void *data);

#endif
