#include "observe/log.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "observe/line.h"
#include "observe/ring.h"
#include "observe/sink.h"

enum {
    RING_SIZE = 256 * 1024,
    EVENTS_ONLY = 16 * 1024, /* the last part of a lane that access lines may not use */
    OUT_SIZE = 128 * 1024,
    NAP_NS = 2000000 /* how long lines are gathered before the next write */
};

/* What the writing thread does. After work it naps for a moment, so that under load it is not woken for
 * every line; only when nothing came does it sleep until somebody wakes it. */
enum { AWAKE, NAPPING, ASLEEP };

struct gh_log_lane {
    gh_ring ring;
    gh_log *log;
    _Atomic uint64_t dropped_access, dropped_events; /* written by the producer */
};

struct gh_log {
    _Alignas(64) _Atomic uint32_t state;
    _Alignas(64) atomic_bool closing, reopening;
    bool json, colour;
    unsigned n_lanes;
    gh_log_lane *lanes;
    pthread_t thread;
    gh_sink sink;
    /* the writing thread's own */
    gh_line_clock clock;
    gh_buf out;
    uint64_t reported_access, reported_events, reported_lost;
};

static void wake(gh_log *log)
{
    if (atomic_exchange_explicit(&log->state, AWAKE, memory_order_seq_cst) != AWAKE)
        (void)syscall(SYS_futex, &log->state, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/* Sleeps while log->state is `state`, for at most `ns` (0: for ever). */
static void sleep_in(gh_log *log, uint32_t state, long ns)
{
    struct timespec limit = {.tv_nsec = ns};
    (void)syscall(SYS_futex, &log->state, FUTEX_WAIT_PRIVATE, state, ns == 0 ? NULL : &limit, NULL, 0);
}

static uint64_t wall_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* --- the producer's side --- */

static void add_relaxed(_Atomic uint64_t *counter)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

static void publish(gh_log_lane *lane)
{
    gh_ring_commit(&lane->ring);
    uint32_t state = atomic_load_explicit(&lane->log->state, memory_order_seq_cst);
    if (gh_likely(state == AWAKE) || (state == NAPPING && gh_ring_used(&lane->ring) < RING_SIZE / 2))
        return;
    wake(lane->log);
}

void gh_log_access(gh_log_lane *lane, const gh_access_record *record)
{
    char *to = gh_ring_reserve(&lane->ring, gh_record_access_size(record), EVENTS_ONLY);
    if (to == NULL) {
        add_relaxed(&lane->dropped_access);
        return;
    }
    gh_record_put_access(to, record);
    publish(lane);
}

void gh_log_event(gh_log_lane *lane, enum gh_log_level level, const char *event, const char *fmt, ...)
{
    char text[GH_EVENT_TEXT_MAX + 1];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    /* One byte more than is kept tells the record that the text was cut. */
    size_t length = n < 0 ? 0 : (size_t)n > GH_EVENT_TEXT_MAX ? GH_EVENT_TEXT_MAX + 1 : (size_t)n;
    gh_event e = {.wall_us = wall_us(), .level = level, .name = gh_str_of(event), .text = {text, length}};
    char *to = gh_ring_reserve(&lane->ring, gh_record_event_size(&e), 0);
    if (to == NULL) {
        add_relaxed(&lane->dropped_events);
        return;
    }
    gh_record_put_event(to, &e);
    publish(lane);
}

/* --- the writing thread --- */

static void flush(gh_log *log)
{
    (void)gh_sink_write(&log->sink, gh_buf_str(&log->out));
    log->out.n = 0;
}

static void put_line(gh_log *log, const gh_record *record)
{
    if (gh_buf_room(&log->out) < GH_LINE_MAX)
        flush(log);
    if (log->json)
        gh_line_json(&log->clock, record, &log->out);
    else
        gh_line_text(&log->clock, record, log->colour, &log->out);
}

static uint64_t total(const gh_log *log, bool events)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < log->n_lanes; i++)
        sum += atomic_load_explicit(events ? &log->lanes[i].dropped_events : &log->lanes[i].dropped_access,
                                    memory_order_relaxed);
    return sum;
}

uint64_t gh_log_dropped(const gh_log *log)
{
    return total(log, false) + total(log, true) + atomic_load_explicit(&log->sink.lost, memory_order_relaxed);
}

/* Says in the log itself what is missing from it, as soon as the log can be written. */
static void report_dropped(gh_log *log)
{
    if (log->sink.failing)
        return;
    uint64_t access = total(log, false), events = total(log, true);
    uint64_t lost = atomic_load_explicit(&log->sink.lost, memory_order_relaxed);
    if (access == log->reported_access && events == log->reported_events && lost == log->reported_lost)
        return;
    char text[160];
    gh_buf b = gh_buf_over(text, sizeof text);
    gh_buf_printf(&b,
                  "%llu access lines and %llu events were dropped because the writer was behind, "
                  "%llu lines because the log could not be written",
                  (unsigned long long)(access - log->reported_access),
                  (unsigned long long)(events - log->reported_events),
                  (unsigned long long)(lost - log->reported_lost));
    gh_record record = {.event = {.wall_us = wall_us(),
                                  .level = GH_LEVEL_WARNING,
                                  .name = GH_STR_INIT("log_dropped"),
                                  .text = gh_buf_str(&b)}};
    put_line(log, &record);
    log->reported_access = access;
    log->reported_events = events;
    log->reported_lost = lost;
}

/* Writes out what is in the lane now; what comes meanwhile waits for the next turn, so that no lane
 * starves another. */
static bool drain_lane(gh_log *log, gh_log_lane *lane)
{
    size_t done = 0;
    gh_str bytes;
    while (done < RING_SIZE && (bytes = gh_ring_peek(&lane->ring)).p != NULL) {
        gh_record record;
        gh_record_read(bytes, &record);
        put_line(log, &record);
        done += bytes.n + GH_RING_HEADER;
        gh_ring_pop(&lane->ring, bytes);
    }
    return done > 0;
}

static bool drain(gh_log *log)
{
    bool any = false;
    for (unsigned i = 0; i < log->n_lanes; i++)
        any |= drain_lane(log, &log->lanes[i]);
    report_dropped(log);
    flush(log);
    return any;
}

static bool nothing_to_do(const gh_log *log)
{
    for (unsigned i = 0; i < log->n_lanes; i++)
        if (!gh_ring_empty(&log->lanes[i].ring))
            return false;
    return !atomic_load(&log->closing) && !atomic_load(&log->reopening);
}

static void *write_lines(void *data)
{
    gh_log *log = data;
    for (;;) {
        bool closing = atomic_load(&log->closing);
        if (atomic_exchange(&log->reopening, false)) {
            gh_sink_reopen(&log->sink);
            log->colour = !log->json && gh_sink_is_terminal(&log->sink);
        }
        bool any = drain(log);
        if (closing && !any)
            return NULL;
        if (closing)
            continue;
        uint32_t rest = any ? NAPPING : ASLEEP;
        atomic_store_explicit(&log->state, rest, memory_order_seq_cst);
        /* Looked at after having said so: who publishes later sees it and wakes us. */
        if (any || nothing_to_do(log))
            sleep_in(log, rest, any ? NAP_NS : 0);
        atomic_store_explicit(&log->state, AWAKE, memory_order_seq_cst);
    }
}

/* --- opening and closing --- */

static void free_log(gh_log *log)
{
    for (unsigned i = 0; log->lanes != NULL && i < log->n_lanes; i++)
        gh_ring_free(&log->lanes[i].ring);
    gh_sink_close(&log->sink);
    free(log->lanes);
    free(log->out.p);
    free(log);
}

static bool make_lanes(gh_log *log, unsigned n)
{
    log->lanes = n == 0 || n > 4096 ? NULL : aligned_alloc(64, n * sizeof *log->lanes);
    if (log->lanes == NULL)
        return false;
    memset(log->lanes, 0, n * sizeof *log->lanes);
    log->n_lanes = n;
    for (unsigned i = 0; i < n; i++) {
        log->lanes[i].log = log;
        if (!gh_ring_init(&log->lanes[i].ring, RING_SIZE))
            return false;
    }
    return true;
}

static bool start_thread(gh_log *log)
{
    /* No signal is handled here. SIGPIPE stays pending, so a write to a pipe nobody reads fails with EPIPE. */
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&log->thread, NULL, write_lines, log);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed == 0)
        (void)pthread_setname_np(log->thread, "gatehouse-log");
    return failed == 0;
}

gh_log *gh_log_open(const gh_log_options *options, const char **ret_why)
{
    gh_log *log = aligned_alloc(64, sizeof *log);
    if (log == NULL) {
        *ret_why = "out of memory";
        return NULL;
    }
    memset(log, 0, sizeof *log);
    log->json = options->json;
    if (!gh_sink_open(&log->sink, options->file, &log->closing, ret_why)) {
        free(log);
        return NULL;
    }
    log->colour = !log->json && gh_sink_is_terminal(&log->sink);
    log->out = gh_buf_over(malloc(OUT_SIZE), OUT_SIZE);
    if (log->out.p == NULL || !make_lanes(log, options->lanes) || !start_thread(log)) {
        *ret_why = "out of memory or threads";
        free_log(log);
        return NULL;
    }
    return log;
}

void gh_log_close(gh_log *log)
{
    if (log == NULL)
        return;
    atomic_store(&log->closing, true);
    wake(log);
    (void)pthread_join(log->thread, NULL);
    free_log(log);
}

gh_log_lane *gh_log_lane_of(gh_log *log, unsigned lane)
{
    return lane < log->n_lanes ? &log->lanes[lane] : &log->lanes[log->n_lanes - 1];
}

void gh_log_reopen(gh_log *log)
{
    atomic_store(&log->reopening, true);
    wake(log);
}
