/* The pool that carries password work off the event loops, bounded in threads, memory and queue.
 *
 * A flood of logins fills the queue and is refused there; it takes no more memory than the ceiling, and no
 * processor that anybody else wants: the threads run under SCHED_IDLE, or where that is refused at nice 19. The
 * scheduler lets every other thread go before such a one at once, and counts a processor that runs nothing else
 * for idle when it places a thread that wakes. Measured beside a thread that wakes 2000 times a second, its p99
 * was that without hashes under SCHED_IDLE and at nice 19, within the noise, and twice it at equal priority. The
 * price: while requests alone use every processor, logins hardly advance. They expire then and are answered so.
 *
 * A loop shares no lock with the threads: see passwords/handoff.h. Jobs start in the order they came; one that
 * finds no room in memory waits, and all behind it do, so that a large one is not starved. */
#ifndef GH_PASSWORDS_POOL_H
#define GH_PASSWORDS_POOL_H

#include "passwords/handoff.h"
#include "passwords/hash.h"
#include "passwords/strength.h"

/* What a job does, in this order; each step only if the one before went well. */
enum {
    GH_PASSWORD_VERIFY = 1, /* `password` against `stored` */
    GH_PASSWORD_UPGRADE =
        2, /* then a new hash of `password` into `made`, where `stored` is not as one made now */
    GH_PASSWORD_CHECK = 4,  /* the strength of `new_password` */
    GH_PASSWORD_CREATE = 8, /* a hash of `new_password` into `made` */
};

enum gh_password_outcome {
    GH_PASSWORD_DONE,          /* every step went well */
    GH_PASSWORD_REFUSED_WRONG, /* also for an account that does not exist */
    GH_PASSWORD_REFUSED_WEAK,  /* see `weakness` */
    GH_PASSWORD_NOT_READ,      /* `stored` is no text that can be verified */
    GH_PASSWORD_OUT_OF_MEMORY, /* nothing is known of the password; also: takes more than the ceiling */
    GH_PASSWORD_EXPIRED,       /* waited past its deadline; no work was done */
    GH_PASSWORD_STOPPED,       /* the pool was stopped; no work was done */
};

typedef struct gh_password_secret {
    size_t n;
    char p[GH_PASSWORD_MAX];
} gh_password_secret;

typedef struct gh_password_text {
    size_t n;
    char p[GH_PASSWORD_STORED_MAX];
} gh_password_text;

/* The caller's, in memory that stays until done() was called. Zero-initialise, fill in, submit. */
typedef struct gh_password_job {
    gh_handoff_node
        node;      /* the pool's until done(), the caller's from then on: to hand the job to its loop */
    unsigned work; /* GH_PASSWORD_VERIFY | ... */
    /* What new hashes cost, and the work for an account that does not exist. */
    gh_password_params params;
    gh_password_text stored; /* none (n is 0): there is no such account; as much work is done all the same */
    gh_password_secret password;     /* both are wiped when done() is called */
    gh_password_secret new_password; /* for GH_PASSWORD_CHECK and GH_PASSWORD_CREATE */
    /* For GH_PASSWORD_CHECK; what they point to stays until done(). */
    const gh_password_policy *policy;
    gh_password_user user;
    uint64_t deadline_ns; /* by gh_password_pool_now_ns(); 0: none */
    /* Called once, on a thread of the pool of the lowest priority: hand the job over (gh_handoff_push()) and
     * wake the loop; take no lock that a loop waits for. The pool does not touch the job after that. */
    void (*done)(struct gh_password_job *job);
    void *context; /* the caller's */

    enum gh_password_outcome outcome;
    enum gh_password_weakness weakness;
    gh_password_text made; /* none (n is 0): no new hash */

    size_t memory; /* the pool's: bytes that the job takes */
} gh_password_job;

typedef struct gh_password_pool gh_password_pool;

typedef struct gh_password_pool_options {
    unsigned threads;      /* 1..GH_PASSWORD_THREADS_MAX; see gh_password_pool_threads() */
    size_t memory_ceiling; /* bytes of all hashes at a time */
    size_t max_queue;      /* jobs that wait; at least 1 */
} gh_password_pool_options;

enum { GH_PASSWORD_THREADS_MAX = 256 };

/* Figures since the start, but for what is now. */
typedef struct gh_password_pool_figures {
    uint64_t running, queued; /* now */
    uint64_t done;            /* jobs whose work was done, however it came out */
    uint64_t refused;         /* by gh_password_pool_submit() */
    uint64_t expired, out_of_memory;
} gh_password_pool_figures;

/* The default number of threads: half of the processors. */
unsigned gh_password_pool_threads(unsigned processors);

/* NULL: *ret_why says why (options out of range, out of memory or threads). gh_crypto_init() was called before. */
GH_MUST_CHECK gh_password_pool *gh_password_pool_new(const gh_password_pool_options *options,
                                                     const char **ret_why);
/* Any thread, never waits. False: the queue is full, or the pool stops; the job is still the caller's, and its
 * passwords are to be wiped with gh_password_job_wipe(). */
GH_MUST_CHECK bool gh_password_pool_submit(gh_password_pool *pool, gh_password_job *job);
/* Whole seconds until a job that came now would be done, at least 1: for Retry-After. */
unsigned gh_password_pool_wait_s(const gh_password_pool *pool);
gh_password_pool_figures gh_password_pool_read(const gh_password_pool *pool);

/* Waits for the jobs that run, answers those that wait with GH_PASSWORD_STOPPED, ends the threads. Once. Submitting
 * meanwhile and afterwards is refused. */
void gh_password_pool_stop(gh_password_pool *pool);
/* After gh_password_pool_stop(), when nobody submits any more. NULL is ignored. */
void gh_password_pool_free(gh_password_pool *pool);

/* Nanoseconds of the monotonic clock. */
uint64_t gh_password_pool_now_ns(void);
/* False, with nothing set: too long. */
GH_MUST_CHECK bool gh_password_secret_set(gh_password_secret *secret, gh_str text);
GH_MUST_CHECK bool gh_password_text_set(gh_password_text *to, gh_str text);
void gh_password_job_wipe(gh_password_job *job);

#endif
