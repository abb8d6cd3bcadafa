/* Requests and their replies. */
#include <assert.h>
#include <stdlib.h>

#include "edges/redis/parts.h"

enum { ROOM_FIRST = 512, OWN_SLOTS = 64 /* for the connection's own commands, beside max_waiting */ };

bool gh_redis_queue_init(gh_redis *r)
{
    uint64_t n = 1;
    while (n < (uint64_t)r->shared->max_waiting + OWN_SLOTS)
        n *= 2;
    r->slots = calloc(n, sizeof *r->slots);
    r->mask = n - 1;
    return r->slots != NULL;
}

void gh_redis_put_bulk(gh_buf *out, gh_str s)
{
    gh_buf_char(out, '$');
    gh_buf_u64(out, s.n);
    gh_buf_lit(out, "\r\n");
    gh_buf_put(out, s);
    gh_buf_lit(out, "\r\n");
}

static gh_redis_slot *slot_at(gh_redis *r, uint64_t turn)
{
    return &r->slots[turn & r->mask];
}

static gh_redis_slot *add_slot(gh_redis *r, enum gh_redis_step step)
{
    gh_redis_slot *slot = slot_at(r, r->tail++);
    *slot = (gh_redis_slot){.step = (uint8_t)step};
    return slot;
}

bool gh_redis_command(gh_redis *r, enum gh_redis_step step, const gh_str *words, unsigned n)
{
    size_t room = 32;
    for (unsigned i = 0; i < n; i++)
        room += words[i].n + 32;
    gh_buf b = gh_redis_out_begin(r, room);
    if (b.p == NULL || r->tail - r->head > r->mask)
        return false;
    gh_buf_char(&b, '*');
    gh_buf_u64(&b, n);
    gh_buf_lit(&b, "\r\n");
    for (unsigned i = 0; i < n; i++)
        gh_redis_put_bulk(&b, words[i]);
    gh_redis_out_done(r, &b);
    (void)add_slot(r, step);
    return true;
}

/* Exactly n bulk strings? A request that wrote anything else would take the replies of others. */
static bool is_bulk_list(gh_str s, unsigned n)
{
    for (; n > 0; n--) {
        uint64_t length;
        size_t end = gh_str_find(s, '\r');
        if (end + 2 > s.n || s.p[0] != '$' || !gh_str_u64(gh_str_cut(s, 1, end), &length))
            return false;
        s = gh_str_cut(s, end + 2, s.n);
        if (length >= s.n || s.n - length < 2)
            return false;
        s = gh_str_cut(s, length + 2, s.n);
    }
    return s.n == 0;
}

static bool put_request(gh_redis *r, const gh_redis_request *q)
{
    for (size_t room = ROOM_FIRST;; room *= 2) {
        gh_buf b = gh_redis_out_begin(r, room);
        if (b.p == NULL)
            return false;
        gh_buf_char(&b, '*');
        gh_buf_u64(&b, 3 + (uint64_t)q->n_keys + q->n_args);
        gh_buf_lit(&b, "\r\n$7\r\nEVALSHA\r\n");
        gh_redis_put_bulk(&b, (gh_str){r->sha[q->script], GH_REDIS_SHA_SIZE});
        char digits[24];
        gh_buf number = gh_buf_over(digits, sizeof digits);
        gh_buf_u64(&number, q->n_keys);
        gh_redis_put_bulk(&b, gh_buf_str(&number));
        size_t head = b.n;
        q->encode(q, &b);
        if (!gh_buf_ok(&b))
            continue;
        bool good = is_bulk_list(gh_str_cut(gh_buf_str(&b), head, b.n), q->n_keys + q->n_args);
        assert(good && "encode() writes as many bulk strings as the request says");
        if (good)
            gh_redis_out_done(r, &b);
        return good;
    }
}

bool gh_redis_ask(gh_redis *r, gh_redis_request *q)
{
    assert(q->redis == NULL && q->script + 1 < r->shared->n_scripts);
    bool good = r->state == GH_REDIS_READY && r->tail - r->head < r->shared->max_waiting && put_request(r, q);
    if (!good) {
        r->unavailable++;
        return false;
    }
    q->redis = r;
    q->turn = r->tail;
    gh_redis_slot *slot = add_slot(r, GH_REDIS_STEP_TAKE);
    slot->request = q;
    slot->n_values = q->n_values;
    return true;
}

void gh_redis_leave(gh_redis_request *q)
{
    if (q->redis == NULL)
        return;
    slot_at(q->redis, q->turn)->request = NULL;
    q->redis = NULL;
}

static void answer(gh_redis *r, gh_redis_slot *slot, const gh_redis_reply *reply)
{
    gh_redis_request *q = slot->request;
    if (q == NULL)
        return;
    slot->request = NULL;
    q->redis = NULL;
    if (reply != NULL)
        r->answered++;
    else
        r->unavailable++;
    q->done(q, reply);
}

void gh_redis_answer_all(gh_redis *r)
{
    /* Whoever is told may leave others or close the connection; nobody can ask. */
    for (uint64_t i = r->head; i < r->tail; i++)
        answer(r, slot_at(r, i), NULL);
}

/* The server forgot the script: it is loaded again, and the command said again behind that. Its deadline stays. */
static void repeat(gh_redis *r, const gh_redis_slot *slot)
{
    gh_redis_request *q = slot->request;
    if (q == NULL)
        return;
    unsigned script = q->script;
    bool good = r->tail - r->head <= r->mask && (r->loading[script] || gh_redis_load(r, script));
    if (!good || !put_request(r, q)) {
        gh_redis_slot lost = *slot;
        answer(r, &lost, NULL);
        return;
    }
    q->turn = r->tail;
    gh_redis_slot *second = add_slot(r, GH_REDIS_STEP_TAKE);
    second->request = q;
    second->n_values = q->n_values;
    second->deadline = slot->deadline;
    second->again = true;
}

/* The same for the heartbeat. No room: the next one is soon. */
static void beat_again(gh_redis *r)
{
    unsigned script = r->shared->n_scripts - 1;
    if ((r->loading[script] || gh_redis_load(r, script)) && gh_redis_beat(r, r->state == GH_REDIS_READY))
        slot_at(r, r->tail - 1)->again = true;
}

/* The slot is still in the queue: gh_redis_fail() answers it with the others. */
static void refused(gh_redis *r, gh_redis_slot *slot)
{
    char why[GH_REDIS_WHY_SIZE];
    gh_buf b = gh_buf_over(why, sizeof why);
    gh_str error = gh_redis_reader_text(&r->reader);
    switch (gh_redis_explain((enum gh_redis_step)slot->step, error, &b)) {
    case GH_REDIS_TROUBLE_SCRIPT:
        if (slot->again || (slot->step != GH_REDIS_STEP_TAKE && slot->step != GH_REDIS_STEP_BEAT))
            break;
        r->head++;
        if (slot->step == GH_REDIS_STEP_BEAT)
            beat_again(r);
        else
            repeat(r, &(gh_redis_slot){.request = slot->request, .deadline = slot->deadline});
        return;
    case GH_REDIS_TROUBLE_REQUEST:
        r->head++;
        gh_redis_say_refused(r, gh_buf_str(&b));
        answer(r, slot, NULL);
        return;
    case GH_REDIS_TROUBLE_MOVED:
        (void)gh_redis_follow(r, error); /* the next trial goes there */
        break;
    case GH_REDIS_TROUBLE_SERVER:
        break;
    }
    gh_redis_fail(r, gh_buf_str(&b));
}

static bool take_own(gh_redis *r, const gh_redis_slot *slot, enum gh_redis_kind kind)
{
    switch ((enum gh_redis_step)slot->step) {
    case GH_REDIS_STEP_PING:
        return kind == GH_REDIS_TEXT;
    case GH_REDIS_STEP_LOAD:
        return gh_redis_loaded(r, slot->script, kind);
    case GH_REDIS_STEP_BEAT:
        return gh_redis_beaten(r, kind);
    case GH_REDIS_STEP_TAKE: /* its asker has left */
        return kind == GH_REDIS_INTEGERS && r->reader.n == slot->n_values;
    case GH_REDIS_STEP_AUTH:
    case GH_REDIS_STEP_SELECT:
    case GH_REDIS_STEP_NAME:
        break; /* said before it is ready */
    }
    return false;
}

void gh_redis_replied(gh_redis *r, enum gh_redis_kind kind)
{
    static const char unasked[] = "it says what nobody asked";
    if (r->head == r->sent) {
        gh_redis_fail(r, gh_str_of(unasked));
        return;
    }
    gh_redis_slot *slot = slot_at(r, r->head);
    if (r->state == GH_REDIS_GREETING) {
        gh_redis_slot copy = *slot;
        r->head++;
        gh_redis_greeted(r, &copy, kind);
        return;
    }
    if (kind == GH_REDIS_ERROR) {
        refused(r, slot);
        return;
    }
    if (slot->request == NULL) {
        gh_redis_slot copy = *slot;
        r->head++;
        if (!take_own(r, &copy, kind))
            gh_redis_fail(r, gh_str_of(unasked));
        return;
    }
    if (kind != GH_REDIS_INTEGERS || r->reader.n != slot->n_values) {
        gh_redis_fail(r, GH_STR("its answer is not one to what it was asked"));
        return;
    }
    r->head++;
    answer(r, slot, &(gh_redis_reply){r->reader.values, r->reader.n});
}

void gh_redis_sent(gh_redis *r)
{
    if (r->sent == r->tail)
        return;
    uint64_t deadline = gh_redis_now_ms() + r->shared->timeout_ms;
    for (; r->sent < r->tail; r->sent++) {
        gh_redis_slot *slot = slot_at(r, r->sent);
        if (slot->deadline == 0)
            slot->deadline = deadline;
    }
    if (r->state == GH_REDIS_READY && !uv_is_active((uv_handle_t *)&r->timer))
        gh_redis_wait(r, r->shared->timeout_ms);
}

void gh_redis_look_for_late(gh_redis *r)
{
    gh_redis_link *l = r->link;
    if (!gh_redis_receive(r) || r->link != l)
        return;
    uint64_t now = gh_redis_now_ms(), soonest = UINT64_MAX;
    for (uint64_t i = r->head; i < r->sent; i++) {
        uint64_t deadline = slot_at(r, i)->deadline;
        soonest = deadline < soonest ? deadline : soonest;
    }
    if (soonest <= now) {
        atomic_fetch_add_explicit(&r->shared->late, 1, memory_order_relaxed);
        gh_redis_failf(r, "it does not answer within %llu ms", (unsigned long long)r->shared->timeout_ms);
    } else if (soonest != UINT64_MAX) {
        gh_redis_wait(r, soonest - now);
    }
}
