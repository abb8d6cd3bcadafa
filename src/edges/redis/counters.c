#include "edges/redis/counters_parts.h"

#include <stdlib.h>

enum {
    LEASES = 4096, /* keys of a loop of which something is remembered */
    SWEEP_MS = 250,
    TOLD_AT_ONCE = 64
};

/* ---- leases: questions that nobody waits for ---- */

static void on_sweep(uv_timer_t *timer);

static void encode_lease(const gh_redis_request *request, gh_buf *out)
{
    const question *q = (const question *)(const void *)request; /* its first member */
    gh_lease_script_encode(gh_redis_key_prefix(q->counters->shared->redis), &q->ask, out);
}

void gh_counters_wake_sweep(gh_counters *c)
{
    if (gh_leases_busy(c->leases) && !uv_is_active((uv_handle_t *)&c->sweep))
        (void)uv_timer_start(&c->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
}

/* What Redis should have been told, it still has to be. */
static void note_untold(gh_counters *c, const question *q)
{
    if (q->ask.known > 0)
        (void)gh_leases_note_alone(c->leases, &(gh_take){.limit = &q->ask.limit, .key = q->ask.key});
}

static void put_free(gh_counters *c, question *q)
{
    q->next = c->free;
    c->free = q;
}

static void lease_done(gh_redis_request *request, const gh_redis_reply *reply)
{
    question *q = GH_CONTAINER(request, question, request);
    gh_counters *c = q->counters;
    gh_lease_grant grant;
    bool known = reply != NULL && gh_lease_script_decode(reply->values, reply->n, &q->ask, &grant);
    gh_leases_grant(c->leases, &q->ask, known ? &grant : NULL, q->asked_ms, uv_now(c->sweep.loop));
    if (!known)
        note_untold(c, q);
    put_free(c, q);
    gh_counters_wake_sweep(c);
}

/* q->ask is set; the leases are told what becomes of it in any case. */
static void post(gh_counters *c, question *q, uint64_t now)
{
    q->request = (gh_redis_request){.script = GH_LEASE_SCRIPT,
                                    .n_keys = 1,
                                    .n_args = 1,
                                    .n_values = GH_LEASE_SCRIPT_VALUES,
                                    .encode = encode_lease,
                                    .done = lease_done};
    q->asked_ms = now;
    q->ask.known = gh_counters_known(c, &q->ask.limit, q->ask.key, now);
    if (!gh_redis_ask(c->redis, &q->request)) {
        gh_leases_grant(c->leases, &q->ask, NULL, now, now);
        note_untold(c, q);
        put_free(c, q);
        return;
    }
    count_figure(&c->figures.leases);
}

static question *get_free(gh_counters *c)
{
    question *q = c->free;
    if (q != NULL)
        c->free = q->next;
    return q;
}

/* Asks for more of what takes have been spent of, when it is time; after what they themselves ask for. */
static void refill(gh_counters *c, const gh_asking *a)
{
    for (unsigned i = 0; i < a->n; i++) {
        bool may = is_leased(&a->takes[i]) && !(a->how[i] & HOW_REFUSED) &&
                   !gh_counters_must_agree(c, &a->takes[i], a->now_ms);
        question *q = may ? get_free(c) : NULL;
        if (q == NULL)
            continue; /* or so many are under way: this key is counted exactly meanwhile */
        if (gh_leases_wants(c->leases, &a->takes[i], a->now_ms, &q->ask))
            post(c, q, a->now_ms);
        else
            put_free(c, q);
    }
}

/* Tells what was counted alone, little at a time (all nodes do so when Redis is back), and gives back what is over. */
static void on_sweep(uv_timer_t *timer)
{
    gh_counters *c = GH_CONTAINER(timer, gh_counters, sweep);
    uint64_t now = uv_now(timer->loop);
    if (!gh_leases_busy(c->leases))
        (void)uv_timer_stop(timer);
    question *q;
    for (unsigned told = 0; gh_redis_ready(c->redis) && (q = get_free(c)) != NULL;) {
        if (told < TOLD_AT_ONCE && gh_leases_alone(c->leases, &q->ask)) {
            told++;
        } else if (!gh_leases_over(c->leases, now, &q->ask)) {
            put_free(c, q);
            return;
        }
        post(c, q, now);
    }
}

/* ---- what needs no question ---- */

/* Answers those takes of a group that are known to be refused. */
static bool remembers(gh_counters *c, gh_asking *a, unsigned from, unsigned to)
{
    bool any = false;
    for (unsigned i = from; i < to; i++)
        if (is_shared(&a->takes[i]) && gh_leases_refuse(c->leases, &a->takes[i], a->now_ms))
            any = true;
    return any;
}

static void refuse_remembered(gh_counters *c, gh_asking *a)
{
    for (unsigned from = 0, to; from < a->n; from = to) {
        to = group_end(a, from);
        if (gh_likely(!remembers(c, a, from, to)))
            continue;
        gh_counters_look(c, a, from, to);
        if (remembers(c, a, from, to))
            mark_group(a, from, to, HOW_REFUSED);
        count_figure(&c->figures.remembered);
    }
}

/* True: the rest of the group has to be asked about. */
static bool spend(gh_counters *c, gh_asking *a, unsigned from, unsigned to)
{
    bool ask = false;
    for (unsigned i = from; i < to; i++) {
        gh_take *take = &a->takes[i];
        if (!is_shared(take))
            continue;
        uint32_t lot = 0;
        if (is_leased(take) && !gh_counters_must_agree(c, take, a->now_ms))
            lot = gh_leases_spend(c->leases, take, a->now_ms);
        a->how[i] |= lot != 0 ? HOW_LEASED : HOW_ASKED;
        a->note[i] = lot != 0 ? lot : a->note[i];
        ask = ask || lot == 0;
        if (lot != 0)
            count_figure(&c->figures.leased);
    }
    return ask;
}

/* Spends; groups for which that is enough have passed. True: others have not. */
static bool spend_all(gh_counters *c, gh_asking *a)
{
    bool ask = false;
    for (unsigned from = 0, to; from < a->n; from = to) {
        to = group_end(a, from);
        if (a->how[from] & HOW_ANSWERED)
            continue;
        if (!spend(c, a, from, to)) {
            mark_group(a, from, to, HOW_PASSED);
            continue;
        }
        ask = true;
        for (unsigned i = from; i < to; i++)
            if (a->how[i] & HOW_LEASED)
                gh_leases_hold(c->leases, &a->takes[i], a->note[i]);
    }
    return ask;
}

/* ---- the question ---- */

/* The takes it is about: those of groups without an answer. */
static unsigned list_asked(const gh_asking *a, gh_take **ret)
{
    unsigned n = 0;
    for (unsigned i = 0; i < a->n; i++)
        if ((a->how[i] & HOW_ASKED) && !(a->how[i] & HOW_ANSWERED))
            ret[n++] = &a->takes[i];
    return n;
}

static void encode_takes(const gh_redis_request *request, gh_buf *out)
{
    const gh_asking *a =
        (const gh_asking *)(const void *)((const char *)request - offsetof(gh_asking, request));
    gh_take *list[GH_TAKES_MAX];
    uint32_t known[GH_TAKES_MAX];
    unsigned n = list_asked(a, list);
    for (unsigned i = 0; i < n; i++)
        known[i] = a->note[list[i] - a->takes];
    gh_take_script_encode(gh_redis_key_prefix(a->counters->shared->redis), list, known, n, out);
}

/* Of a group that had to wait. */
static void settle_lots(gh_counters *c, const gh_asking *a, unsigned from, unsigned to, bool spent)
{
    for (unsigned i = from; i < to; i++)
        if (a->how[i] & HOW_LEASED)
            gh_leases_settle(c->leases, &a->takes[i], a->note[i], spent);
}

/* Nobody knows: what was taken elsewhere is given back, and it is counted as in an outage. */
static void fail(gh_counters *c, gh_asking *a, uint64_t now)
{
    for (unsigned from = 0, to; from < a->n; from = to) {
        to = group_end(a, from);
        if (a->how[from] & HOW_ANSWERED)
            continue;
        settle_lots(c, a, from, to, false);
        mark_group(a, from, to, HOW_REFUSED | HOW_AGAIN);
    }
    gh_counters_settle(c, a, now);
    for (unsigned i = 0; i < a->n; i++)
        if (a->how[i] & HOW_AGAIN)
            a->how[i] = 0;
    gh_counters_alone(c, a, now);
}

static void judge(gh_counters *c, gh_asking *a, unsigned from, unsigned to)
{
    bool pass = true;
    for (unsigned i = from; i < to; i++)
        pass = pass && (!(a->how[i] & HOW_ASKED) || a->takes[i].answer == GH_TAKE_OK);
    for (unsigned i = from; i < to; i++)
        if ((a->how[i] & HOW_ASKED) && (!pass || is_leased(&a->takes[i])))
            gh_leases_remember(c->leases, &a->takes[i], a->now_ms);
    settle_lots(c, a, from, to, pass);
    mark_group(a, from, to, pass ? HOW_PASSED : HOW_REFUSED);
}

static void takes_done(gh_redis_request *request, const gh_redis_reply *reply)
{
    gh_asking *a = GH_CONTAINER(request, gh_asking, request);
    gh_counters *c = a->counters;
    gh_take *list[GH_TAKES_MAX];
    uint64_t now = uv_now(c->sweep.loop);
    unsigned n = list_asked(a, list);
    a->counters = NULL;
    if (reply == NULL || !gh_take_script_decode(reply->values, reply->n, list, n)) {
        fail(c, a, now);
        a->answered(a);
        return;
    }
    for (unsigned from = 0, to; from < a->n; from = to) {
        to = group_end(a, from);
        if (!(a->how[from] & HOW_ANSWERED))
            judge(c, a, from, to);
    }
    gh_counters_settle(c, a, now);
    a->answered(a);
}

static bool ask(gh_counters *c, gh_asking *a)
{
    gh_take *list[GH_TAKES_MAX];
    unsigned n = list_asked(a, list);
    a->counters = c;
    a->request = (gh_redis_request){.script = GH_TAKE_SCRIPT,
                                    .n_keys = n,
                                    .n_args = n,
                                    .n_values = GH_TAKE_SCRIPT_VALUES * n,
                                    .encode = encode_takes,
                                    .done = takes_done};
    if (!gh_redis_ask(c->redis, &a->request)) {
        a->counters = NULL;
        return false;
    }
    count_figure(&c->figures.asked);
    return true;
}

static bool any_shared(const gh_asking *a)
{
    for (unsigned i = 0; i < a->n; i++)
        if (is_shared(&a->takes[i]))
            return true;
    return false;
}

bool gh_counters_take(gh_counters *c, gh_asking *a)
{
    a->counters = NULL;
    if (!any_shared(a)) {
        gh_state_take(c->shared->state, a->now_ms, a->takes, a->n);
        return true;
    }
    memset(a->how, 0, sizeof a->how[0] * a->n);
    a->nodes = gh_redis_nodes(c->shared->redis);
    if (!gh_redis_ready(c->redis)) {
        gh_counters_alone(c, a, a->now_ms);
        return true;
    }
    refuse_remembered(c, a);
    for (unsigned i = 0; i < a->n; i++) /* before anything of it is in the table */
        a->note[i] = gh_counters_known(c, a->takes[i].limit, a->takes[i].key, a->now_ms);
    gh_counters_reserve(c, a);
    bool needs = spend_all(c, a);
    gh_counters_settle(c, a, a->now_ms);
    if (needs && !ask(c, a)) {
        fail(c, a, a->now_ms);
        return true;
    }
    refill(c, a);
    return !needs;
}

void gh_counters_leave(gh_counters *c, gh_asking *a)
{
    if (a->counters == NULL)
        return;
    gh_redis_leave(&a->request);
    a->counters = NULL;
    for (unsigned from = 0, to; from < a->n; from = to) {
        to = group_end(a, from);
        if (!(a->how[from] & HOW_ANSWERED))
            settle_lots(c, a, from, to, true);
    }
}

/* ---- */

gh_counters *gh_counters_new(uv_loop_t *loop, gh_counters_shared *shared, gh_redis *redis)
{
    gh_counters *c = calloc(1, sizeof *c);
    gh_leases *leases = gh_leases_new(LEASES);
    if (c == NULL || leases == NULL || uv_timer_init(loop, &c->sweep) != 0) {
        gh_leases_free(leases);
        free(c);
        return NULL;
    }
    uv_unref((uv_handle_t *)&c->sweep);
    c->shared = shared;
    c->redis = redis;
    c->leases = leases;
    for (unsigned i = 0; i < QUESTIONS; i++) {
        c->questions[i].counters = c;
        put_free(c, &c->questions[i]);
    }
    return c;
}

void gh_counters_close(gh_counters *c)
{
    uv_close((uv_handle_t *)&c->sweep, NULL);
}

void gh_counters_free(gh_counters *c)
{
    if (c == NULL)
        return;
    gh_leases_free(c->leases);
    free(c);
}

const gh_counters_figures *gh_counters_figures_of(const gh_counters *c)
{
    return &c->figures;
}
