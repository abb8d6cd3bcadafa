#include "records/attempts.h"

enum kind { PAIR = 1, DEVICE, ADDRESS, ACCOUNT };

typedef struct counter {
    enum kind kind;
    gh_str who, place;
    uint32_t free;
    uint64_t n, last_s;
    bool told;
} counter;

void gh_attempt_hash_name(const gh_work *w, gh_str canonical, uint8_t ret[GH_SIPHASH128_SIZE])
{
    gh_siphash128(w->naming, canonical, ret);
}

static gh_str bytes(const void *p, size_t n)
{
    return (gh_str){p, n};
}

static void bind_key(gh_query *q, const counter *c)
{
    gh_bind_u64(q, c->kind);
    gh_bind_blob(q, c->who.p, c->who.n);
    gh_bind_blob(q, c->place.p, c->place.n);
}

static void run_key(gh_work *w, enum gh_statement which, const counter *c)
{
    gh_query q = gh_query_of(w->sql, which);
    bind_key(&q, c);
    gh_query_run(&q);
}

/* The counters of an attempt; returns how many. */
static unsigned counters_of(const gh_attempt *a, const gh_attempt_limits *limits, counter ret[3])
{
    gh_str who = bytes(a->who, sizeof a->who), place = bytes(a->place, sizeof a->place), none = GH_STR("");
    unsigned n = 0;
    if (a->device != 0) {
        ret[n++] = (counter){.kind = DEVICE,
                             .who = who,
                             .place = bytes(&a->device, sizeof a->device),
                             .free = limits->per_account};
        return n;
    }
    ret[n++] = (counter){.kind = PAIR, .who = who, .place = place, .free = limits->per_account};
    ret[n++] = (counter){.kind = ADDRESS, .who = none, .place = place, .free = limits->per_address};
    if (a->whole)
        ret[n++] = (counter){.kind = ACCOUNT, .who = who, .place = none, .free = limits->whole_account};
    return n;
}

static void read_counter(gh_work *w, counter *c, uint32_t window_s)
{
    gh_query q = gh_query_of(w->sql, GH_SQL_ATTEMPT_GET);
    bind_key(&q, c);
    if (gh_query_row(&q)) {
        c->n = gh_column_u64(&q);
        c->last_s = gh_column_u64(&q);
        c->told = gh_column_u64(&q) != 0;
    }
    gh_query_end(&q);
    if (c->last_s + window_s <= w->now_s)
        c->n = 0;
}

/* Seconds until it lets one more through; 0: now. */
static uint64_t wait_of(const gh_work *w, const counter *c, uint32_t window_s)
{
    if (c->n < c->free)
        return 0;
    uint64_t doubled = c->n - c->free;
    uint64_t span = doubled < 32 && UINT64_C(1) << doubled < window_s ? UINT64_C(1) << doubled : window_s;
    uint64_t until = c->last_s + span;
    return until <= w->now_s ? 0 : until - w->now_s;
}

static void count(gh_work *w, const counter *c, uint32_t window_s)
{
    gh_query q = gh_query_of(w->sql, GH_SQL_ATTEMPT_SET);
    bind_key(&q, c);
    gh_bind_u64(&q, c->n + 1);
    gh_bind_u64(&q, w->now_s);
    gh_bind_u64(&q, window_s);
    gh_query_run(&q);
}

static uint64_t write_down(gh_work *w, const gh_attempt *a, uint32_t window_s)
{
    gh_query q = gh_query_of(w->sql, GH_SQL_LOGIN_ADD);
    gh_bind_id(&q, a->user);
    gh_bind_u64(&q, a->password_n);
    gh_bind_blob(&q, a->who, sizeof a->who);
    gh_bind_blob(&q, a->place, sizeof a->place);
    gh_bind_id(&q, a->device);
    gh_bind_u64(&q, a->whole);
    gh_bind_u64(&q, w->now_s);
    gh_bind_u64(&q, window_s);
    uint64_t number = gh_query_row(&q) ? gh_column_u64(&q) : 0;
    gh_query_end(&q);
    return number;
}

/* Told to wait: the trail has it once, not for each knock. */
static void note_slowed(gh_work *w, const gh_attempt *a, counter *list, unsigned n, uint32_t window_s)
{
    bool news = false;
    for (unsigned i = 0; i < n; i++) {
        if (wait_of(w, &list[i], window_s) == 0 || list[i].told)
            continue;
        run_key(w, GH_SQL_ATTEMPT_TOLD, &list[i]);
        news = true;
    }
    if (news)
        gh_audit(w, &(gh_event){.event = "auth_attempt",
                                .user = a->user,
                                .detail = GH_STR("{\"success\":false,\"reason\":\"slowed\"}")});
}

void gh_attempt_begin(gh_work *w, const gh_attempt *attempt, const gh_attempt_limits *limits,
                      uint64_t *ret_number, uint64_t *ret_retry_s)
{
    counter list[3];
    uint32_t window_s = limits->window_s == 0 ? 1 : limits->window_s;
    unsigned n = counters_of(attempt, limits, list);
    uint64_t retry_s = 0;
    for (unsigned i = 0; i < n; i++) {
        read_counter(w, &list[i], window_s);
        uint64_t wait = wait_of(w, &list[i], window_s);
        if (wait > retry_s)
            retry_s = wait;
    }
    *ret_retry_s = retry_s;
    if (retry_s > 0) {
        note_slowed(w, attempt, list, n, window_s);
        return;
    }
    for (unsigned i = 0; i < n; i++)
        count(w, &list[i], window_s);
    *ret_number = write_down(w, attempt, window_s);
}

bool gh_attempt_take(gh_work *w, uint64_t number, gh_attempt *ret)
{
    gh_attempt a = {0};
    gh_query q = gh_query_of(w->sql, GH_SQL_LOGIN_GET);
    gh_bind_u64(&q, number);
    bool found = gh_query_row(&q);
    if (found) {
        a.user = gh_column_u64(&q);
        a.password_n = gh_column_u64(&q);
        gh_column_blob(&q, a.who, sizeof a.who);
        gh_column_blob(&q, a.place, sizeof a.place);
        a.device = gh_column_u64(&q);
        a.whole = gh_column_u64(&q) != 0;
    }
    gh_query_end(&q);
    if (!found || !gh_sql_ok(w->sql))
        return false;
    gh_sql_run1(w->sql, GH_SQL_LOGIN_DELETE, number);
    *ret = a;
    return true;
}

static bool session_is_there(gh_work *w, gh_id session)
{
    gh_query q = gh_query_of(w->sql, GH_SQL_SESSION_BY_ID);
    gh_bind_id(&q, session);
    bool there = session == 0 || gh_query_row(&q);
    gh_query_end(&q);
    return there;
}

bool gh_attempt_holds(gh_work *w, uint64_t number, const gh_account *a)
{
    gh_attempt attempt;
    if (number == 0)
        return true;
    return gh_attempt_take(w, number, &attempt) && attempt.user == a->record.id &&
           attempt.password_n == a->password_n && !a->record.disabled &&
           session_is_there(w, w->actor->session);
}

void gh_attempt_succeeded(gh_work *w, const gh_attempt *attempt)
{
    counter list[3];
    gh_attempt pair = *attempt;
    static const gh_attempt_limits any;
    unsigned n = counters_of(attempt, &any, list);
    for (unsigned i = 0; i < n; i++)
        run_key(w,
                list[i].kind == PAIR || list[i].kind == DEVICE ? GH_SQL_ATTEMPT_FORGET
                                                               : GH_SQL_ATTEMPT_TAKE_BACK,
                &list[i]);
    pair.device = 0;
    (void)counters_of(&pair, &any, list);
    run_key(w, GH_SQL_ATTEMPT_FORGET, &list[0]);
    gh_query q = gh_query_of(w->sql, GH_SQL_PLACE_ADD);
    gh_bind_id(&q, attempt->user);
    gh_bind_blob(&q, attempt->place, sizeof attempt->place);
    gh_bind_u64(&q, w->now_s);
    gh_query_run(&q);
}

void gh_attempt_take_back(gh_work *w, const gh_attempt *attempt)
{
    counter list[3];
    static const gh_attempt_limits any;
    unsigned n = counters_of(attempt, &any, list);
    for (unsigned i = 0; i < n; i++)
        run_key(w, GH_SQL_ATTEMPT_TAKE_BACK, &list[i]);
}

void gh_attempts_forget(gh_work *w, gh_str name, gh_str email)
{
    const gh_str names[] = {name, email};
    for (unsigned i = 0; i < GH_COUNT(names); i++) {
        uint8_t who[GH_SIPHASH128_SIZE];
        if (names[i].p == NULL)
            continue;
        gh_attempt_hash_name(w, names[i], who);
        gh_query q = gh_query_of(w->sql, GH_SQL_ATTEMPTS_FORGET_WHO);
        gh_bind_u64(&q, ADDRESS);
        gh_bind_blob(&q, who, sizeof who);
        gh_query_run(&q);
    }
}

bool gh_attempt_place_known(gh_work *w, gh_id user, const uint8_t place[GH_SECRET_HASH])
{
    gh_query q = gh_query_of(w->sql, GH_SQL_PLACE_KNOWN);
    gh_bind_id(&q, user);
    gh_bind_blob(&q, place, GH_SECRET_HASH);
    bool known = gh_query_row(&q);
    gh_query_end(&q);
    return known;
}
