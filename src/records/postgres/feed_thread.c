#include <poll.h>
#include <unistd.h>

#include "base/crypto.h"
#include "records/postgres/feed_inside.h"

enum {
    GAP_MS = 2,        /* between the beginnings of two reads: many that wait cost little more than one */
    TELL_GAP_MS = 20,  /* between two notices */
    FOREVER_MS = 60000 /* as long as nothing is due */
};

/* --- who waits */

/* All that wait now; with the lock held. */
static void take_waiting(gh_feed *f)
{
    if (f->first == NULL)
        return;
    *(f->taken_last == NULL ? &f->taken : &f->taken_last->next) = f->first;
    f->taken_last = f->last;
    f->first = f->last = NULL;
    f->waiting = 0;
}

static void finish_taken(gh_feed *f)
{
    gh_op *op = f->taken;
    f->taken = f->taken_last = NULL;
    while (op != NULL) {
        gh_op *next = op->next;
        op->finished(op);
        op = next;
    }
}

/* While nobody is let in anyway nobody has to wait. */
static void finish_what_needs_no_read(gh_feed *f)
{
    (void)pthread_mutex_lock(&f->lock);
    bool all = !f->following && !gh_feed_is_complete(f, GH_FEED_MARGIN_MS);
    if (all)
        take_waiting(f);
    (void)pthread_mutex_unlock(&f->lock);
    if (all)
        finish_taken(f);
}

/* --- what is said */

static void say_state(gh_feed *f)
{
    bool complete = gh_feed_is_complete(f, 0);
    char why[GH_POSTGRES_WHY];
    (void)pthread_mutex_lock(&f->lock);
    memcpy(why, f->why, sizeof why);
    (void)pthread_mutex_unlock(&f->lock);
    if (complete == !f->incomplete || (!complete && why[0] == '\0'))
        return;
    f->incomplete = !complete;
    if (f->options.said == NULL)
        return;
    if (complete)
        f->options.said(f->options.data, 0, "roster_complete", "what other nodes change is known here again");
    else
        f->options.said(f->options.data, 2, "roster_incomplete", why);
}

/* A connection that was only ended is opened anew at once, and that is no outage. One that can't be is; and one that is
 * gone when the roster is incomplete already: the server hangs. */
static void say_lost(gh_feed *f, const char *why)
{
    f->lost = true;
    if (f->options.lost != NULL)
        f->options.lost(f->options.data, why);
}

static void say_back(gh_feed *f)
{
    if (!f->lost)
        return;
    f->lost = false;
    if (f->options.back != NULL)
        f->options.back(f->options.data);
}

static void set_why(gh_feed *f, const char *why)
{
    gh_str text = gh_str_cut(gh_str_of(why), 0, sizeof f->why - 1);
    (void)pthread_mutex_lock(&f->lock);
    memcpy(f->why, text.p, text.n);
    f->why[text.n] = '\0';
    (void)pthread_mutex_unlock(&f->lock);
}

/* --- its states */

static uint64_t random_number(void)
{
    uint64_t n;
    gh_random(&n, sizeof n);
    return n;
}

static void set_following(gh_feed *f, bool following)
{
    (void)pthread_mutex_lock(&f->lock);
    f->following = following;
    (void)pthread_mutex_unlock(&f->lock);
}

static void go_away(gh_feed *f, const char *why, bool unreachable)
{
    set_following(f, false);
    set_why(f, why);
    gh_follow_close(&f->follower);
    if (unreachable || !gh_feed_is_complete(f, 0))
        say_lost(f, why);
    atomic_store_explicit(&f->connected, false, memory_order_relaxed);
    (void)gh_breaker_bad(&f->breaker, gh_postgres_now_ms(), random_number());
}

static void connect_now(gh_feed *f)
{
    char why[GH_POSTGRES_WHY] = "";
    if (!gh_follow_connect(&f->follower, &f->options.server, why)) {
        go_away(f, why, true);
        return;
    }
    (void)gh_breaker_good(&f->breaker, gh_postgres_now_ms());
    atomic_store_explicit(&f->connected, true, memory_order_relaxed);
    f->began_ms = 0; /* a read is due */
    set_following(f, f->follower.loaded);
}

static void tell_ring(gh_feed *f)
{
    if (f->options.ring_changed != NULL)
        f->options.ring_changed(f->options.data);
}

/* The roster counts as empty before it is emptied. */
static void load(gh_feed *f)
{
    char why[GH_POSTGRES_WHY] = "";
    atomic_store_explicit(&f->complete_ms, 0, memory_order_release);
    atomic_fetch_add_explicit(&f->fillings, 1, memory_order_release);
    finish_what_needs_no_read(f);
    if (!gh_follow_load(&f->follower, f->options.now_s(), why)) {
        go_away(f, why, false);
        return;
    }
    atomic_fetch_add_explicit(&f->loads, 1, memory_order_relaxed);
    f->began_ms = 0;
    set_following(f, true);
    tell_ring(f);
}

/* --- a read */

static bool begin_read(gh_feed *f)
{
    f->began_ms = gh_postgres_now_ms();
    f->began_boot_ms = gh_feed_boot_ms();
    f->notified = false;
    (void)pthread_mutex_lock(&f->lock);
    take_waiting(f);
    bool tell = f->tell && f->began_ms >= f->told_ms + TELL_GAP_MS;
    f->tell = f->tell && !tell;
    (void)pthread_mutex_unlock(&f->lock);
    return tell;
}

static void end_read(gh_feed *f, const gh_followed_what *what)
{
    atomic_fetch_add_explicit(&f->changes, what->changes, memory_order_relaxed);
    (void)pthread_mutex_lock(&f->lock);
    atomic_store_explicit(&f->complete_ms, f->began_boot_ms, memory_order_release);
    bool first = !f->loaded;
    f->loaded = true;
    if (first)
        (void)pthread_cond_broadcast(&f->changed);
    (void)pthread_mutex_unlock(&f->lock);
    set_why(f, "");
    finish_taken(f);
    say_back(f);
    f->notified = gh_postgres_notified(&f->follower.c); /* it may have come beside the answer */
    if (what->ring)
        tell_ring(f);
}

static void read_now(gh_feed *f)
{
    char why[GH_POSTGRES_WHY] = "";
    gh_followed_what what = {0, false};
    bool tell = begin_read(f);
    enum gh_followed result = gh_follow_read(&f->follower, tell, &what, why);
    atomic_fetch_add_explicit(&f->reads, 1, memory_order_relaxed);
    if (tell && result != GH_FOLLOW_LOST) {
        f->told_ms = f->began_ms;
        atomic_fetch_add_explicit(&f->notices, 1, memory_order_relaxed);
    } else if (tell) {
        (void)pthread_mutex_lock(&f->lock);
        f->tell = true;
        (void)pthread_mutex_unlock(&f->lock);
    }
    switch (result) {
    case GH_FOLLOWED:
        end_read(f, &what);
        return;
    case GH_FOLLOW_LOST:
        go_away(f, why, false);
        return;
    case GH_FOLLOW_MISSED:
        set_following(f, false);
        set_why(f, why);
        if (!gh_sql_ok(&f->follower.c.sql))
            go_away(f, why, false);
        return;
    }
}

/* --- the thread */

static void run_what_is_asked(gh_feed *f)
{
    (void)pthread_mutex_lock(&f->lock);
    while (f->runs != NULL) {
        gh_feed_run *c = f->runs;
        f->runs = c->next;
        bool closing = f->closing;
        (void)pthread_mutex_unlock(&f->lock);
        if (!closing)
            c->run(c->data);
        (void)pthread_mutex_lock(&f->lock);
        c->done = !closing;
        c->over = true;
        (void)pthread_cond_broadcast(&f->changed);
    }
    (void)pthread_mutex_unlock(&f->lock);
}

/* When there is something to do next, if nobody calls. */
static uint64_t next_due(gh_feed *f)
{
    uint64_t due = f->began_ms + GH_FEED_POLL_MS;
    if (!f->follower.open) {
        uint64_t fillings, age_ms = gh_feed_age_ms(f, &fillings),
                           open_ms = GH_FEED_COMPLETE_MS + GH_FEED_MARGIN_MS;
        uint64_t closes_ms = gh_postgres_now_ms() + open_ms - age_ms + 1;
        return age_ms <= open_ms && closes_ms < f->breaker.trial_ms ? closes_ms : f->breaker.trial_ms;
    }
    if (!f->follower.loaded)
        return 0;
    (void)pthread_mutex_lock(&f->lock);
    bool waiting = f->first != NULL, tell = f->tell;
    (void)pthread_mutex_unlock(&f->lock);
    if (tell && f->told_ms + TELL_GAP_MS < due)
        due = f->told_ms + TELL_GAP_MS;
    if (waiting || f->notified || due < f->began_ms + GAP_MS)
        due = f->began_ms + GAP_MS;
    return due;
}

static void look_alive(gh_feed *f)
{
    if (f->follower.open && !gh_postgres_alive(&f->follower.c))
        go_away(f, f->follower.c.sql.why, false);
}

/* Until then, or until something comes. */
static void wait_until(gh_feed *f, uint64_t due_ms)
{
    uint64_t now_ms = gh_postgres_now_ms(), count;
    struct pollfd fds[2] = {{.fd = f->wake, .events = POLLIN}, {.fd = -1, .events = POLLIN}};
    if (due_ms <= now_ms)
        return;
    uint64_t left = due_ms - now_ms < FOREVER_MS ? due_ms - now_ms : FOREVER_MS;
    if (f->follower.open)
        fds[1].fd = gh_postgres_socket(&f->follower.c);
    (void)poll(fds, 2, (int)left);
    if (fds[0].revents != 0)
        (void)!read(f->wake, &count, sizeof count);
    if (f->follower.open && fds[1].revents != 0) {
        f->notified = gh_postgres_notified(&f->follower.c) || f->notified;
        look_alive(f);
    }
}

static void do_next(gh_feed *f)
{
    uint64_t now_ms = gh_postgres_now_ms();
    if (!f->follower.open && gh_breaker_try(&f->breaker, now_ms))
        connect_now(f);
    else if (f->follower.open && !f->follower.loaded)
        load(f);
    else if (f->follower.open && next_due(f) <= now_ms)
        read_now(f);
}

static bool is_closing(gh_feed *f)
{
    (void)pthread_mutex_lock(&f->lock);
    bool closing = f->closing;
    (void)pthread_mutex_unlock(&f->lock);
    return closing;
}

void *gh_feed_serve(void *data)
{
    gh_feed *f = data;
    (void)pthread_setname_np(pthread_self(), "gh-feed");
    gh_breaker_init(&f->breaker, gh_postgres_now_ms());
    for (; !is_closing(f); run_what_is_asked(f)) {
        do_next(f);
        look_alive(f);
        finish_what_needs_no_read(f);
        say_state(f);
        wait_until(f, next_due(f));
    }
    run_what_is_asked(f);
    gh_follow_close(&f->follower);
    (void)pthread_mutex_lock(&f->lock);
    take_waiting(f);
    (void)pthread_mutex_unlock(&f->lock);
    finish_taken(f);
    return NULL;
}
