/* The start waits for a PostgreSQL that is away. Nothing listens yet, and there is no log: standard error is told. */
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "edges/proxy/serving.h"

enum { FIRST_MS = 500, MOST_MS = 5000, SAY_MS = 30000 };

static volatile sig_atomic_t is_waiting;

/* Nothing is under way that has to be brought to an end: what was begun there is undone, and nobody was answered. */
static void end_at_once(int number)
{
    static const char text[] = "gatehouse: told to stop while it waited for PostgreSQL\n";
    (void)number;
    if (is_waiting != 0)
        (void)!write(STDERR_FILENO, text, sizeof text - 1);
    _exit(0);
}

/* Also where the process is the first one of a container, which no signal ends by itself. */
void gh_serving_heed_signals(void)
{
    (void)signal(SIGTERM, end_at_once);
    (void)signal(SIGINT, end_at_once);
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGUSR1, SIG_IGN);
}

/* Many nodes that wait do not come all at once. */
static void pause_ms(uint64_t ms)
{
    uint64_t random;
    gh_random(&random, sizeof random);
    ms -= random % (ms / 4);
    struct timespec span = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&span, NULL);
}

bool gh_serving_waits(void *data, const char *why)
{
    gh_serving_wait *w = data;
    uint64_t now_ms = uv_hrtime() / 1000000;
    if (w->began_ms == 0)
        w->began_ms = now_ms;
    if (w->said_ms == 0 || now_ms >= w->said_ms + SAY_MS) {
        (void)fprintf(stderr, "gatehouse: %s: waiting for it, and trying again until it is there\n", why);
        w->said_ms = now_ms;
    }
    w->pause_ms = w->pause_ms == 0 ? FIRST_MS : w->pause_ms < MOST_MS / 2 ? 2 * w->pause_ms : MOST_MS;
    is_waiting = 1;
    pause_ms(w->pause_ms);
    return true;
}

void gh_serving_waited(const gh_serving_wait *w)
{
    is_waiting = 0;
    if (w->began_ms != 0)
        (void)fprintf(stderr, "gatehouse: PostgreSQL is there after %llu s\n",
                      (unsigned long long)((uv_hrtime() / 1000000 - w->began_ms) / 1000));
}
