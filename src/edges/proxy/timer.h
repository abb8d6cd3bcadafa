/* Deadlines, cheap to move: a wheel of a tenth of a second a slot.
 *
 * Moving a deadline later is one store; the wheel finds out when it comes by. One wheel a worker. */
#ifndef GH_EDGES_PROXY_TIMER_H
#define GH_EDGES_PROXY_TIMER_H

#include <uv.h>

#include "base/attr.h"

enum { GH_WHEEL_SLOTS = 512, GH_WHEEL_TICK_MS = 100 };

typedef struct gh_timer gh_timer;
struct gh_timer {
    gh_timer *next, *prev; /* in a slot; NULL when not in the wheel */
    uint64_t deadline;     /* loop time in ms; 0: none */
    uint64_t due;          /* when the wheel looks at it next */
    void (*expired)(gh_timer *timer);
};

typedef struct gh_wheel {
    gh_timer slots[GH_WHEEL_SLOTS]; /* list heads */
    uint64_t tick;                  /* the last one looked at */
    unsigned n;
    uv_timer_t uv;
} gh_wheel;

GH_MUST_CHECK int gh_wheel_init(gh_wheel *wheel, uv_loop_t *loop);
void gh_wheel_close(gh_wheel *wheel);
/* Calls timer->expired once, at or soon after the deadline (loop time, ms). */
void gh_timer_set(gh_wheel *wheel, gh_timer *timer, uint64_t deadline);
/* The deadline goes; the node may stay in the wheel until it comes by. */
static inline void gh_timer_clear(gh_timer *timer)
{
    timer->deadline = 0;
}
/* Takes it out at once: before its memory goes. */
void gh_timer_remove(gh_wheel *wheel, gh_timer *timer);

#endif
