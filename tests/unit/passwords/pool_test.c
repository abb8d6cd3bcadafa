#include "passwords/pool.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "sanitized.h"

static const gh_password_params small = {64 * 1024, 1};
static const gh_password_policy policy = {.min_length = GH_PASSWORD_LENGTH_DEFAULT};
/* Made by passlib 1.7.4 of "correct horse battery staple". */
static const char bcrypt_text[] = "$2b$04$mr5CJODcFtq1kUsZfK2LGuKiAEBR3GYPP92Ej4p4Q8yhY.caAegQ2";
#define STAPLE "correct horse battery staple"

/* --- jobs whose answers are waited for --- */

static sem_t answered;
static _Atomic unsigned answers;

static void note_answer(gh_password_job *job)
{
    /* Exactly once: the second time the context is not what it was. */
    if (job->context != &answered)
        abort();
    job->context = NULL;
    (void)atomic_fetch_add(&answers, 1);
    (void)sem_post(&answered);
}

static gh_password_job *new_job(unsigned work, const char *stored, const char *password,
                                const char *new_password)
{
    gh_password_job *job = calloc(1, sizeof *job);
    assert_non_null(job);
    job->work = work;
    job->params = small;
    job->policy = &policy;
    job->done = note_answer;
    job->context = &answered;
    assert_true(gh_password_text_set(&job->stored, gh_str_of(stored)));
    assert_true(gh_password_secret_set(&job->password, gh_str_of(password)));
    assert_true(gh_password_secret_set(&job->new_password, gh_str_of(new_password)));
    return job;
}

static gh_password_pool *new_pool(unsigned threads, size_t ceiling, size_t max_queue)
{
    const gh_password_pool_options options = {threads, ceiling, max_queue};
    const char *why = NULL;
    gh_password_pool *pool = gh_password_pool_new(&options, &why);
    if (pool == NULL)
        fail_msg("%s", why);
    return pool;
}

static void end_pool(gh_password_pool *pool)
{
    gh_password_pool_stop(pool);
    gh_password_pool_free(pool);
}

static void wait_for(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        while (sem_wait(&answered) != 0)
            ;
}

/* A job that holds its thread in done() until it is let go. */
static sem_t held, let_go;

static void hold_thread(gh_password_job *job)
{
    (void)job;
    (void)sem_post(&held);
    (void)sem_wait(&let_go);
}

static gh_password_job *occupy(gh_password_pool *pool)
{
    gh_password_job *job = new_job(GH_PASSWORD_CREATE, "", "", STAPLE);
    job->done = hold_thread;
    assert_true(gh_password_pool_submit(pool, job));
    (void)sem_wait(&held);
    return job;
}

/* --- what is done --- */

static gh_password_pool *all_kinds_pool;

static enum gh_password_outcome run(gh_password_job *job, gh_password_text *ret_made)
{
    assert_true(gh_password_pool_submit(all_kinds_pool, job));
    wait_for(1);
    for (size_t i = 0; i < sizeof job->password; i++)
        assert_int_equal(((const char *)&job->password)[i], 0);
    for (size_t i = 0; i < sizeof job->new_password; i++)
        assert_int_equal(((const char *)&job->new_password)[i], 0);
    enum gh_password_outcome outcome = job->outcome;
    *ret_made = job->made;
    free(job);
    return outcome;
}

static enum gh_password_result verify(const gh_password_text *stored, const char *password)
{
    return gh_password_verify((gh_str){stored->p, stored->n}, gh_str_of(password));
}

static void does_the_work_of_logins(void **state)
{
    (void)state;
    all_kinds_pool = new_pool(2, 1 << 20, 10);
    enum { LOGIN = GH_PASSWORD_VERIFY | GH_PASSWORD_UPGRADE };
    gh_password_text made, again;
    assert_int_equal(run(new_job(GH_PASSWORD_VERIFY, bcrypt_text, STAPLE, ""), &made), GH_PASSWORD_DONE);
    assert_int_equal(made.n, 0);
    assert_int_equal(run(new_job(LOGIN, bcrypt_text, "wrong", ""), &made), GH_PASSWORD_REFUSED_WRONG);
    assert_int_equal(made.n, 0);
    assert_int_equal(run(new_job(LOGIN, bcrypt_text, STAPLE, ""), &made), GH_PASSWORD_DONE);
    assert_int_equal(verify(&made, STAPLE), GH_PASSWORD_OK);
    /* What was upgraded is as it should be. */
    char text[GH_PASSWORD_STORED_MAX + 1];
    (void)snprintf(text, sizeof text, "%.*s", (int)made.n, made.p);
    assert_int_equal(run(new_job(LOGIN, text, STAPLE, ""), &again), GH_PASSWORD_DONE);
    assert_int_equal(again.n, 0);
    assert_int_equal(run(new_job(LOGIN, text, "wrong", ""), &again), GH_PASSWORD_REFUSED_WRONG);
    /* No account; an account whose hash is broken. */
    assert_int_equal(run(new_job(LOGIN, "", STAPLE, ""), &made), GH_PASSWORD_REFUSED_WRONG);
    assert_int_equal(run(new_job(LOGIN, "$2b$04$broken", STAPLE, ""), &made), GH_PASSWORD_NOT_READ);
    assert_int_equal(made.n, 0);
    assert_int_equal(gh_password_pool_read(all_kinds_pool).done, 7);
    end_pool(all_kinds_pool);
}

static void does_the_work_of_new_passwords(void **state)
{
    (void)state;
    all_kinds_pool = new_pool(2, 1 << 20, 10);
    enum { REGISTER = GH_PASSWORD_CHECK | GH_PASSWORD_CREATE, CHANGE = GH_PASSWORD_VERIFY | REGISTER };
    gh_password_text made;
    assert_int_equal(run(new_job(REGISTER, "", "", "purple train lantern"), &made), GH_PASSWORD_DONE);
    assert_int_equal(verify(&made, "purple train lantern"), GH_PASSWORD_OK);
    assert_int_equal(run(new_job(REGISTER, "", "", "passwordpassword"), &made), GH_PASSWORD_REFUSED_WEAK);
    assert_int_equal(made.n, 0);
    gh_password_job *derived = new_job(REGISTER, "", "", "alexander.hamilton1");
    derived->user.name = GH_STR("alexander.hamilton");
    assert_int_equal(run(derived, &made), GH_PASSWORD_REFUSED_WEAK);
    /* Without the check anything may be hashed. */
    assert_int_equal(run(new_job(GH_PASSWORD_CREATE, "", "", "x"), &made), GH_PASSWORD_DONE);
    assert_int_equal(verify(&made, "x"), GH_PASSWORD_OK);
    assert_int_equal(run(new_job(CHANGE, bcrypt_text, STAPLE, "purple train lantern"), &made),
                     GH_PASSWORD_DONE);
    assert_int_equal(verify(&made, "purple train lantern"), GH_PASSWORD_OK);
    /* The old one is looked at first: the answer to a weak new one tells nothing to who does not know it. */
    assert_int_equal(run(new_job(CHANGE, bcrypt_text, "wrong", "short"), &made), GH_PASSWORD_REFUSED_WRONG);
    assert_int_equal(run(new_job(CHANGE, bcrypt_text, STAPLE, "short"), &made), GH_PASSWORD_REFUSED_WEAK);
    assert_int_equal(made.n, 0);
    end_pool(all_kinds_pool);
}

static void takes_no_secret_that_is_too_long(void **state)
{
    (void)state;
    static char text[GH_PASSWORD_MAX + 1];
    static gh_password_secret secret = {.n = 7};
    gh_password_text stored = {.n = 7};
    assert_false(gh_password_secret_set(&secret, (gh_str){text, GH_PASSWORD_MAX + 1}));
    assert_false(gh_password_text_set(&stored, (gh_str){text, GH_PASSWORD_STORED_MAX + 1}));
    assert_true(secret.n == 7 && stored.n == 7);
    assert_true(gh_password_secret_set(&secret, (gh_str){text, GH_PASSWORD_MAX}));
    assert_true(gh_password_text_set(&stored, (gh_str){0}));
    assert_true(secret.n == GH_PASSWORD_MAX && stored.n == 0);
}

/* --- bounds --- */

static void refuses_when_the_queue_is_full(void **state)
{
    (void)state;
    gh_password_pool *pool = new_pool(1, 1 << 20, 3);
    gh_password_job *holder = occupy(pool), *jobs[4];
    for (size_t i = 0; i < 4; i++)
        jobs[i] = new_job(GH_PASSWORD_VERIFY, bcrypt_text, STAPLE, "");
    for (size_t i = 0; i < 3; i++)
        assert_true(gh_password_pool_submit(pool, jobs[i]));
    assert_false(gh_password_pool_submit(pool, jobs[3]));
    assert_int_equal(jobs[3]->password.n, strlen(STAPLE)); /* still the caller's */
    gh_password_pool_figures figures = gh_password_pool_read(pool);
    assert_true(figures.queued == 3 && figures.refused == 1 && figures.running == 0 && figures.done == 1);
    (void)sem_post(&let_go);
    wait_for(3);
    /* There is room again. */
    assert_true(gh_password_pool_submit(pool, jobs[3]));
    wait_for(1);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(jobs[i]->outcome, GH_PASSWORD_DONE);
    end_pool(pool);
    for (size_t i = 0; i < 4; i++)
        free(jobs[i]);
    free(holder);
}

static gh_handoff in_order;

static void hand_over(gh_password_job *job)
{
    gh_handoff_push(&in_order, &job->node);
    note_answer(job);
}

static void starts_jobs_in_their_order(void **state)
{
    (void)state;
    gh_password_pool *pool = new_pool(1, 1 << 20, 100);
    gh_password_job *holder = occupy(pool), *jobs[50];
    for (size_t i = 0; i < GH_COUNT(jobs); i++) {
        jobs[i] = new_job(GH_PASSWORD_CREATE, "", "", "x");
        jobs[i]->done = hand_over;
        assert_true(gh_password_pool_submit(pool, jobs[i]));
    }
    (void)sem_post(&let_go);
    wait_for(GH_COUNT(jobs));
    end_pool(pool);
    gh_handoff_node *node = gh_handoff_take(&in_order);
    for (size_t i = 0; i < GH_COUNT(jobs); i++, node = node->next)
        assert_ptr_equal(node, &jobs[i]->node);
    assert_null(node);
    assert_null(gh_handoff_take(&in_order));
    for (size_t i = 0; i < GH_COUNT(jobs); i++)
        free(jobs[i]);
    free(holder);
}

static void answers_without_work_what_waited_too_long(void **state)
{
    (void)state;
    gh_password_pool *pool = new_pool(1, 1 << 20, 10);
    gh_password_job *holder = occupy(pool);
    gh_password_job *late = new_job(GH_PASSWORD_CREATE, "", "", "x"),
                    *early = new_job(GH_PASSWORD_CREATE, "", "", "x");
    late->deadline_ns = gh_password_pool_now_ns();
    early->deadline_ns = late->deadline_ns + UINT64_C(3600000000000);
    assert_true(gh_password_pool_submit(pool, late) && gh_password_pool_submit(pool, early));
    while (gh_password_pool_now_ns() <= late->deadline_ns)
        ;
    (void)sem_post(&let_go);
    wait_for(2);
    assert_true(late->outcome == GH_PASSWORD_EXPIRED && late->made.n == 0 && late->new_password.n == 0);
    assert_true(early->outcome == GH_PASSWORD_DONE && early->made.n > 0);
    gh_password_pool_figures figures = gh_password_pool_read(pool);
    assert_true(figures.expired == 1 && figures.done == 2);
    end_pool(pool);
    free(late);
    free(early);
    free(holder);
}

/* Eight threads, room for two hashes: never three at a time. One that takes all the room is done among the others,
 * one that takes more is answered at once. */
static void keeps_to_the_memory_ceiling(void **state)
{
    (void)state;
    enum { EACH = 1 << 20, JOBS = 60 };
    gh_password_pool *pool = new_pool(8, 2 * EACH, JOBS + 2);
    gh_password_job *jobs[JOBS], *all, *more;
    for (size_t i = 0; i < JOBS; i++) {
        jobs[i] = new_job(GH_PASSWORD_CREATE, "", "", "x");
        jobs[i]->params = (gh_password_params){EACH, 3};
    }
    all = new_job(GH_PASSWORD_CREATE, "", "", "x");
    all->params = (gh_password_params){2 * EACH, 1};
    more = new_job(GH_PASSWORD_VERIFY, "$argon2id$v=19$m=3072,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
                   "x", "");
    for (size_t i = 0; i < JOBS; i++) {
        assert_true(gh_password_pool_submit(pool, jobs[i]));
        if (i == JOBS / 2)
            assert_true(gh_password_pool_submit(pool, all) && gh_password_pool_submit(pool, more));
    }
    uint64_t most = 0;
    while (gh_password_pool_read(pool).done < JOBS + 1) {
        uint64_t running = gh_password_pool_read(pool).running;
        most = running > most ? running : most;
    }
    wait_for(JOBS + 2);
    assert_in_range(most, 1, 2);
    assert_int_equal(all->outcome, GH_PASSWORD_DONE);
    assert_int_equal(more->outcome, GH_PASSWORD_OUT_OF_MEMORY);
    assert_int_equal(gh_password_pool_read(pool).out_of_memory, 1);
    end_pool(pool);
    for (size_t i = 0; i < JOBS; i++) {
        assert_int_equal(jobs[i]->outcome, GH_PASSWORD_DONE);
        free(jobs[i]);
    }
    free(all);
    free(more);
}

static size_t virtual_size(void)
{
    FILE *statm = fopen("/proc/self/statm", "r");
    char line[100] = "";
    assert_true(statm != NULL && fgets(line, sizeof line, statm) != NULL);
    (void)fclose(statm);
    return strtoul(line, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

/* A hash that could not be computed says nothing of the password: neither "wrong" nor "right". */
static void memory_that_is_out_is_no_wrong_password(void **state)
{
    (void)state;
    gh_password_pool *pool = new_pool(1, (size_t)1 << 30, 10);
    gh_password_job *jobs[5] = {
        new_job(GH_PASSWORD_VERIFY,
                "$argon2id$v=19$m=524288,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$c2FsdHNhbHRzYWx0c2FsdA", "x", ""),
        new_job(GH_PASSWORD_VERIFY, "$argon2id$v=19$m=524288,t=1,p=4$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA", "x",
                ""),
        new_job(GH_PASSWORD_VERIFY, "", "x", ""),
        new_job(GH_PASSWORD_CREATE, "", "", "x"),
        new_job(GH_PASSWORD_VERIFY | GH_PASSWORD_UPGRADE, bcrypt_text, STAPLE, ""),
    };
    for (size_t i = 2; i < 5; i++)
        jobs[i]->params.memory = 512 << 20;
    struct rlimit before, tight;
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    tight = before;
    tight.rlim_cur = virtual_size() + (200 << 20);
    assert_int_equal(setrlimit(RLIMIT_AS, &tight), 0);
    for (size_t i = 0; i < 5; i++)
        assert_true(gh_password_pool_submit(pool, jobs[i]));
    wait_for(5);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(jobs[i]->outcome, GH_PASSWORD_OUT_OF_MEMORY);
    /* A login that is right stays right; only its upgrade has to wait. */
    assert_true(jobs[4]->outcome == GH_PASSWORD_DONE && jobs[4]->made.n == 0);
    assert_int_equal(gh_password_pool_read(pool).out_of_memory, 4);
    end_pool(pool);
    for (size_t i = 0; i < 5; i++)
        free(jobs[i]);
}

static void estimates_the_wait(void **state)
{
    (void)state;
    enum { JOBS = 3000 };
    gh_password_pool *pool = new_pool(1, 1 << 30, JOBS);
    assert_int_equal(gh_password_pool_wait_s(pool), 1);
    gh_password_job *jobs[JOBS];
    for (size_t i = 0; i < JOBS; i++) {
        jobs[i] = new_job(GH_PASSWORD_CREATE, "", "", "x");
        jobs[i]->params = (gh_password_params){GH_PASSWORD_MEMORY_DEFAULT, GH_PASSWORD_PASSES_DEFAULT};
    }
    assert_true(gh_password_pool_submit(pool, jobs[0]));
    wait_for(1);
    for (size_t i = 1; i < JOBS; i++)
        assert_true(gh_password_pool_submit(pool, jobs[i]));
    unsigned wait = gh_password_pool_wait_s(pool);
    assert_in_range(wait, 2, 3600);
    end_pool(pool);
    wait_for(JOBS - 1);
    for (size_t i = 0; i < JOBS; i++)
        free(jobs[i]);
}

/* --- threads --- */

static _Atomic unsigned accepted;

typedef struct submitter {
    gh_password_pool *pool;
    gh_password_job *jobs[40];
    bool insists;
    size_t n_accepted;
} submitter;

static void *submit_all(void *data)
{
    submitter *s = data;
    for (size_t i = 0; i < GH_COUNT(s->jobs); i++) {
        bool taken = gh_password_pool_submit(s->pool, s->jobs[i]);
        while (!taken && s->insists) {
            (void)sched_yield();
            taken = gh_password_pool_submit(s->pool, s->jobs[i]);
        }
        if (!taken)
            break;
        s->n_accepted++;
        (void)atomic_fetch_add(&accepted, 1);
    }
    return NULL;
}

enum { SUBMITTERS = 6 };

static void start_submitters(submitter *all, pthread_t *threads, gh_password_pool *pool, bool insist)
{
    atomic_store(&accepted, 0);
    atomic_store(&answers, 0);
    for (size_t t = 0; t < SUBMITTERS; t++) {
        all[t] = (submitter){.pool = pool, .insists = insist};
        for (size_t i = 0; i < GH_COUNT(all[t].jobs); i++)
            all[t].jobs[i] = i % 2 == 0 ? new_job(GH_PASSWORD_VERIFY, "", "x", "")
                                        : new_job(GH_PASSWORD_CREATE, "", "", "x");
        assert_int_equal(pthread_create(&threads[t], NULL, submit_all, &all[t]), 0);
    }
}

/* The outcomes of what was accepted; frees all. Returns how many were stopped. */
static size_t finish_submitters(submitter *all)
{
    size_t stopped = 0;
    for (size_t t = 0; t < SUBMITTERS; t++) {
        for (size_t i = 0; i < GH_COUNT(all[t].jobs); i++) {
            gh_password_job *job = all[t].jobs[i];
            bool verifies = i % 2 == 0;
            if (i >= all[t].n_accepted)
                assert_ptr_equal(job->context, &answered);
            else if (job->outcome == GH_PASSWORD_STOPPED)
                stopped++;
            else
                assert_int_equal(job->outcome, verifies ? GH_PASSWORD_REFUSED_WRONG : GH_PASSWORD_DONE);
            free(job);
        }
    }
    return stopped;
}

static void many_threads_submit(void **state)
{
    (void)state;
    gh_password_pool *pool = new_pool(4, 200 * 1024, 5);
    submitter all[SUBMITTERS];
    pthread_t threads[SUBMITTERS];
    start_submitters(all, threads, pool, true);
    for (size_t t = 0; t < SUBMITTERS; t++)
        (void)pthread_join(threads[t], NULL);
    wait_for(SUBMITTERS * GH_COUNT(all[0].jobs));
    gh_password_pool_figures figures = gh_password_pool_read(pool);
    assert_int_equal(figures.done, SUBMITTERS * GH_COUNT(all[0].jobs));
    assert_true(figures.running == 0 && figures.queued == 0);
    assert_int_equal(atomic_load(&answers), figures.done);
    end_pool(pool);
    assert_int_equal(finish_submitters(all), 0);
}

/* Whenever the pool stops: what was accepted is answered once, before gh_password_pool_stop() returns; what comes
 * later is refused. */
static void stops_while_others_submit(void **state)
{
    (void)state;
    size_t stopped = 0;
    for (unsigned round = 0; round < 40; round++) {
        gh_password_pool *pool = new_pool(1 + round % 4, round % 2 == 0 ? 70 * 1024 : 1 << 20, 1 + round * 7);
        submitter all[SUBMITTERS];
        pthread_t threads[SUBMITTERS];
        start_submitters(all, threads, pool, false);
        while (atomic_load(&accepted) < round * 2 % 20)
            (void)sched_yield();
        gh_password_pool_stop(pool);
        unsigned at_stop = atomic_load(&answers);
        for (size_t t = 0; t < SUBMITTERS; t++)
            (void)pthread_join(threads[t], NULL);
        assert_int_equal(atomic_load(&answers), at_stop);
        assert_int_equal(atomic_load(&accepted), at_stop);
        gh_password_job *late = new_job(GH_PASSWORD_CREATE, "", "", "x");
        assert_false(gh_password_pool_submit(pool, late));
        free(late);
        gh_password_pool_free(pool);
        wait_for(at_stop);
        stopped += finish_submitters(all);
    }
    assert_true(stopped > 0);
}

static void stops_idle_and_full_pools(void **state)
{
    (void)state;
    end_pool(new_pool(5, 1 << 20, 1));
    gh_password_pool_free(NULL);
    gh_password_pool *pool = new_pool(1, 1 << 20, 20);
    gh_password_job *holder = occupy(pool), *jobs[20];
    for (size_t i = 0; i < GH_COUNT(jobs); i++) {
        jobs[i] = new_job(GH_PASSWORD_VERIFY, bcrypt_text, STAPLE, "");
        assert_true(gh_password_pool_submit(pool, jobs[i]));
    }
    pthread_t stopper;
    assert_int_equal(
        pthread_create(&stopper, NULL, (void *(*)(void *))(void (*)(void))gh_password_pool_stop, pool), 0);
    gh_password_job *late = new_job(GH_PASSWORD_VERIFY, "", "x", "");
    while (gh_password_pool_submit(pool, late)) /* full: refused in any case, until the queue is emptied */
        fail();
    (void)sem_post(&let_go);
    (void)pthread_join(stopper, NULL);
    wait_for(GH_COUNT(jobs));
    gh_password_pool_free(pool);
    for (size_t i = 0; i < GH_COUNT(jobs); i++) {
        assert_true(jobs[i]->outcome == GH_PASSWORD_STOPPED || jobs[i]->outcome == GH_PASSWORD_DONE);
        assert_int_equal(jobs[i]->password.n, 0);
        free(jobs[i]);
    }
    free(late);
    free(holder);
}

static int seen_policy, seen_nice;

static void look_at_priority(gh_password_job *job)
{
    seen_policy = sched_getscheduler(0);
    seen_nice = getpriority(PRIO_PROCESS, 0);
    note_answer(job);
}

static void works_at_the_lowest_priority(void **state)
{
    (void)state;
    gh_password_pool *pool = new_pool(1, 1 << 20, 1);
    gh_password_job *job = new_job(GH_PASSWORD_CREATE, "", "", "x");
    job->done = look_at_priority;
    assert_true(gh_password_pool_submit(pool, job));
    wait_for(1);
    end_pool(pool);
    free(job);
    assert_true(seen_policy == SCHED_IDLE || seen_nice == 19);
    assert_true(sched_getscheduler(0) == SCHED_OTHER ||
                sched_getscheduler(0) == SCHED_BATCH); /* and nobody else */
}

static void refuses_options_out_of_range(void **state)
{
    (void)state;
    static const gh_password_pool_options bad[] = {{0, 1, 1}, {GH_PASSWORD_THREADS_MAX + 1, 1, 1}, {1, 1, 0}};
    for (size_t i = 0; i < GH_COUNT(bad); i++) {
        const char *why = NULL;
        assert_null(gh_password_pool_new(&bad[i], &why));
        assert_non_null(why);
    }
    static const unsigned rows[][2] = {
        {0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 2}, {9, 4}, {2048, GH_PASSWORD_THREADS_MAX}};
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        assert_int_equal(gh_password_pool_threads(rows[i][0]), rows[i][1]);
}

static int prepare(void **state)
{
    (void)state;
    return !gh_crypto_init() || sem_init(&answered, 0, 0) != 0 || sem_init(&held, 0, 0) != 0 ||
           sem_init(&let_go, 0, 0) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_the_work_of_logins),
        cmocka_unit_test(does_the_work_of_new_passwords),
        cmocka_unit_test(takes_no_secret_that_is_too_long),
        cmocka_unit_test(refuses_when_the_queue_is_full),
        cmocka_unit_test(starts_jobs_in_their_order),
        cmocka_unit_test(answers_without_work_what_waited_too_long),
        cmocka_unit_test(keeps_to_the_memory_ceiling),
        cmocka_unit_test(memory_that_is_out_is_no_wrong_password),
        cmocka_unit_test(estimates_the_wait),
        cmocka_unit_test(many_threads_submit),
        cmocka_unit_test(stops_while_others_submit),
        cmocka_unit_test(stops_idle_and_full_pools),
        cmocka_unit_test(works_at_the_lowest_priority),
        cmocka_unit_test(refuses_options_out_of_range),
    };
    if (SANITIZED) /* they need address space of their own */
        cmocka_set_skip_filter("memory_that_is_out_is_no_wrong_password");
    return cmocka_run_group_tests(tests, prepare, NULL);
}
