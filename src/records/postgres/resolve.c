#include "records/postgres/resolve.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

static _Atomic unsigned under_way;

/* Shared by who asks and the thread; who is last frees it. */
typedef struct question {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    unsigned holders;
    bool over;
    enum gh_resolved result;
    char addresses[GH_RESOLVE_ADDRESSES][GH_IP_TEXT_MAX];
    unsigned n;
    char host[];
} question;

static void let_go(question *q)
{
    (void)pthread_mutex_lock(&q->lock);
    bool last = --q->holders == 0;
    (void)pthread_mutex_unlock(&q->lock);
    if (!last)
        return;
    (void)pthread_cond_destroy(&q->answered);
    (void)pthread_mutex_destroy(&q->lock);
    free(q);
}

static enum gh_resolved result_of(int code)
{
    if (code == 0)
        return GH_RESOLVED;
    return code == EAI_NONAME || code == EAI_NODATA ? GH_RESOLVE_UNKNOWN : GH_RESOLVE_FAILED;
}

static void add(question *q, const struct sockaddr *address)
{
    gh_ip ip = {0};
    if (q->n == GH_RESOLVE_ADDRESSES)
        return;
    if (address->sa_family == AF_INET) {
        ip.family = 4;
        memcpy(ip.bytes, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        ip.family = 6;
        memcpy(ip.bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
    } else {
        return;
    }
    gh_str text = gh_ip_text(&ip, q->addresses[q->n]);
    q->addresses[q->n++][text.n] = '\0';
}

static void *ask(void *data)
{
    question *q = data;
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
    int code = getaddrinfo(q->host, NULL, &hints, &found);
    (void)pthread_mutex_lock(&q->lock);
    for (const struct addrinfo *a = found; code == 0 && a != NULL; a = a->ai_next)
        add(q, a->ai_addr);
    q->result = result_of(code);
    q->over = true;
    (void)pthread_cond_signal(&q->answered);
    (void)pthread_mutex_unlock(&q->lock);
    if (found != NULL)
        freeaddrinfo(found);
    (void)atomic_fetch_sub(&under_way, 1);
    let_go(q);
    return NULL;
}

static question *make(const char *host)
{
    gh_str name = gh_str_of(host);
    question *q = calloc(1, sizeof *q + name.n + 1);
    pthread_condattr_t monotonic;
    if (q == NULL)
        return NULL;
    memcpy(q->host, name.p, name.n);
    q->holders = 2;
    (void)pthread_mutex_init(&q->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&q->answered, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    return q;
}

/* Signals are the main thread's. */
static bool begin(question *q)
{
    sigset_t all, before;
    pthread_attr_t detached;
    pthread_t thread;
    (void)pthread_attr_init(&detached);
    (void)pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool begun = pthread_create(&thread, &detached, ask, q) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&detached);
    return begun;
}

static enum gh_resolved wait_for(question *q, uint64_t deadline_ms,
                                 char ret[GH_RESOLVE_ADDRESSES][GH_IP_TEXT_MAX], unsigned *ret_n)
{
    struct timespec until = {.tv_sec = (time_t)(deadline_ms / 1000),
                             .tv_nsec = (long)(deadline_ms % 1000) * 1000000};
    bool late = false;
    (void)pthread_mutex_lock(&q->lock);
    while (!q->over && !late)
        late = pthread_cond_timedwait(&q->answered, &q->lock, &until) != 0;
    enum gh_resolved result = q->over ? q->result : GH_RESOLVE_LATE;
    if (result == GH_RESOLVED) {
        memcpy(ret, q->addresses, sizeof q->addresses);
        *ret_n = q->n;
    }
    (void)pthread_mutex_unlock(&q->lock);
    return result;
}

enum gh_resolved gh_resolve(const char *host, uint64_t deadline_ms,
                            char ret[GH_RESOLVE_ADDRESSES][GH_IP_TEXT_MAX], unsigned *ret_n)
{
    if (atomic_fetch_add(&under_way, 1) >= GH_RESOLVE_MOST) {
        (void)atomic_fetch_sub(&under_way, 1);
        return GH_RESOLVE_LATE;
    }
    question *q = make(host);
    if (q == NULL || !begin(q)) {
        (void)atomic_fetch_sub(&under_way, 1);
        if (q != NULL)
            q->holders = 1;
        if (q != NULL)
            let_go(q);
        return GH_RESOLVE_NO_MEMORY;
    }
    enum gh_resolved result = wait_for(q, deadline_ms, ret, ret_n);
    let_go(q);
    return result == GH_RESOLVED && *ret_n == 0 ? GH_RESOLVE_UNKNOWN : result;
}
