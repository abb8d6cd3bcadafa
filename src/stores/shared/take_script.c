#include "stores/shared/take_script.h"

#include "base/crypto.h"
#include "model/tally.h"

enum { SLIDING, BUCKET };

/* A key stays a little longer than its units count: for charges dated ahead, and for a clock that went back. */
enum { LIFE_EXTRA_MS = 3000 };

/* ---- what is sent: little-endian integers, as the scripts unpack them ---- */

static void put_int(gh_buf *b, uint64_t v, unsigned bytes)
{
    char text[8];
    for (unsigned i = 0; i < bytes; i++)
        text[i] = (char)(v >> 8 * i);
    gh_buf_put(b, (gh_str){text, bytes});
}

static void put_bulk(gh_buf *out, gh_str s)
{
    gh_buf_char(out, '$');
    gh_buf_u64(out, s.n);
    gh_buf_lit(out, "\r\n");
    gh_buf_put(out, s);
    gh_buf_lit(out, "\r\n");
}

static void put_key(gh_str prefix, const gh_limit *limit, uint64_t key, gh_buf *out)
{
    char memory[GH_TAKE_SCRIPT_KEY_MAX];
    gh_buf b = gh_buf_over(memory, sizeof memory);
    uint8_t hash[8];
    uint64_t h = gh_mix64(key ^ gh_mix64(limit->seed));
    for (unsigned i = 0; i < sizeof hash; i++)
        hash[i] = (uint8_t)(h >> (56 - 8 * i));
    gh_buf_put(&b, prefix);
    gh_buf_lit(&b, "l:");
    gh_buf_hex(&b, hash, sizeof hash);
    put_bulk(out, gh_buf_str(&b));
}

/* Time in which a bucket pays for units: whole milliseconds, and what is left in 1/requests ms. */
typedef struct span {
    uint64_t ms;
    uint32_t part;
} span;

static span span_of(const gh_limit *l, uint64_t units)
{
    uint64_t owed;
    if (__builtin_mul_overflow(units, l->window_ms, &owed) || owed / l->requests >> 48 != 0)
        return (span){(1ULL << 48) - 1, 0}; /* more than any bucket holds */
    return (span){owed / l->requests, (uint32_t)(owed % l->requests)};
}

static unsigned width_of(const gh_limit *l)
{
    return l->bits <= 8 ? 1 : l->bits <= 16 ? 2 : 4;
}

static void put_head(const gh_limit *l, uint8_t group, uint64_t want, uint32_t charge, uint32_t known,
                     gh_buf *b)
{
    bool bucket = l->kind == GH_LIMIT_BUCKET;
    uint64_t len = bucket ? span_of(l, l->burst).ms : l->tick_ms;
    uint64_t life = (bucket ? len : len * (l->ticks + 1U)) + LIFE_EXTRA_MS;
    put_int(b, bucket ? BUCKET : SLIDING, 1);
    put_int(b, group, 1);
    put_int(b, bucket ? 0 : width_of(l), 1);
    put_int(b, bucket ? 0 : l->ticks, 1);
    put_int(b, bucket ? span_of(l, want).ms : want, 6);
    put_int(b, charge, 4);
    put_int(b, l->requests, 4);
    put_int(b, len, 6);
    put_int(b, bucket ? span_of(l, known).ms : known, 6);
    gh_buf_u64(b, life); /* as text: the server takes it as it is */
    gh_buf_char(b, '\0');
}

/* ---- takes ---- */

static bool same_state(const gh_take *a, const gh_take *b)
{
    return a->key == b->key && a->limit->seed == b->limit->seed;
}

/* What takes before it in its group want of the same state, and it. */
static uint64_t want_of(gh_take *const *takes, unsigned i)
{
    uint64_t want = takes[i]->weight;
    for (unsigned k = i; k-- > 0 && takes[k]->group == takes[i]->group;)
        if (same_state(takes[k], takes[i]))
            want += takes[k]->weight;
    return want;
}

/* All that its group takes of the state, at the last take of it. */
static uint32_t charge_of(gh_take *const *takes, unsigned n, unsigned i)
{
    for (unsigned k = i + 1; k < n && takes[k]->group == takes[i]->group; k++)
        if (same_state(takes[k], takes[i]))
            return 0;
    uint64_t want = want_of(takes, i);
    return want > UINT32_MAX ? UINT32_MAX : (uint32_t)want; /* more than that does not pass */
}

static void put_take(gh_take *const *takes, unsigned n, unsigned i, uint32_t known, gh_buf *out)
{
    char memory[GH_TAKE_SCRIPT_ARG_MAX];
    gh_buf b = gh_buf_over(memory, sizeof memory);
    const gh_limit *l = takes[i]->limit;
    uint64_t want = want_of(takes, i);
    uint32_t charge = charge_of(takes, n, i);
    put_head(l, takes[i]->group, want, charge, known, &b);
    if (l->kind == GH_LIMIT_BUCKET) {
        span add = span_of(l, charge);
        put_int(&b, span_of(l, want).part, 4);
        put_int(&b, add.ms, 6);
        put_int(&b, add.part, 4);
        put_int(&b, span_of(l, l->burst).part, 4);
    }
    put_bulk(out, gh_buf_str(&b));
}

void gh_take_script_encode(gh_str prefix, gh_take *const *takes, const uint32_t *known, unsigned n,
                           gh_buf *out)
{
    for (unsigned i = 0; i < n; i++)
        put_key(prefix, takes[i]->limit, takes[i]->key, out);
    for (unsigned i = 0; i < n; i++)
        put_take(takes, n, i, known != NULL ? known[i] : 0, out);
}

/* ---- answers ---- */

/* What a bucket owes, from its two integers; what no bucket can owe becomes the most. */
static gh_tally tally_of(const gh_limit *l, int64_t ms, int64_t part, uint64_t units)
{
    uint64_t owed, more;
    gh_tally t = {.now_ms = 0};
    if (__builtin_mul_overflow((uint64_t)(ms > 0 ? ms : 0), l->requests, &owed) ||
        __builtin_add_overflow(owed, (uint64_t)(part > 0 ? part : 0), &owed) ||
        __builtin_mul_overflow(units, l->window_ms, &more) || __builtin_add_overflow(owed, more, &owed))
        owed = INT64_MAX;
    t.word[0] = owed < INT64_MAX ? owed : INT64_MAX;
    gh_tally_add(l, 0, &t);
    return t;
}

static void answer_bucket(gh_take *take, const int64_t *v, uint64_t want, bool taken)
{
    gh_tally t = tally_of(take->limit, v[0], v[1], taken ? want : 0);
    take->remaining = gh_tally_room(take->limit, &t);
    take->reset_ms = gh_tally_reset_ms(take->limit, &t);
    take->retry_ms = v[2] == 0 ? 0 : gh_tally_retry_ms(take->limit, &t, want);
    if (v[2] != 0 && take->retry_ms == 0)
        take->retry_ms = 1;
}

static uint64_t clip(int64_t v, uint64_t max)
{
    return v < 0 ? 0 : (uint64_t)v < max ? (uint64_t)v : max;
}

static void answer_sliding(gh_take *take, const int64_t *v, uint64_t want, bool taken)
{
    uint64_t all = take->limit->requests, room = clip(v[0], all);
    uint64_t longest = 2 * take->limit->tick_ms * take->limit->ticks;
    take->remaining = !taken ? room : room > want ? room - want : 0;
    take->reset_ms = take->remaining == all ? 0 : clip(v[1], longest);
    take->retry_ms = v[2] < 0 ? UINT64_MAX : clip(v[2], longest);
}

static bool all_passed(const int64_t *values, gh_take *const *takes, unsigned n, unsigned i)
{
    unsigned from = i;
    while (from > 0 && takes[from - 1]->group == takes[i]->group)
        from--;
    for (; from < n && takes[from]->group == takes[i]->group; from++)
        if (values[GH_TAKE_SCRIPT_VALUES * from + 2] != 0)
            return false;
    return true;
}

bool gh_take_script_decode(const int64_t *values, unsigned n_values, gh_take *const *takes, unsigned n)
{
    if (n_values != GH_TAKE_SCRIPT_VALUES * n)
        return false;
    for (unsigned i = 0; i < n; i++) {
        const int64_t *v = values + (size_t)GH_TAKE_SCRIPT_VALUES * i;
        gh_take *take = takes[i];
        uint64_t want = want_of(takes, i);
        bool taken = all_passed(values, takes, n, i);
        take->answer = v[2] == 0 ? GH_TAKE_OK : GH_TAKE_REFUSED;
        if (take->limit->kind == GH_LIMIT_BUCKET)
            answer_bucket(take, v, want, taken);
        else
            answer_sliding(take, v, want, taken);
    }
    return true;
}

/* ---- leases ---- */

static void put_bucket_lease(const gh_lease_ask *ask, gh_buf *b)
{
    const gh_limit *l = &ask->limit;
    span back = span_of(l, ask->back), add = span_of(l, ask->most);
    put_int(b, back.ms, 6);
    put_int(b, back.part, 4);
    put_int(b, ask->back_at, 6);
    put_int(b, span_of(l, ask->least).part, 4);
    put_int(b, span_of(l, l->burst).part, 4);
    put_int(b, ask->least, 4);
    put_int(b, l->window_ms, 6);
    put_int(b, add.ms, 6);
    put_int(b, add.part, 4);
}

void gh_lease_script_encode(gh_str prefix, const gh_lease_ask *ask, gh_buf *out)
{
    char memory[GH_TAKE_SCRIPT_ARG_MAX];
    gh_buf b = gh_buf_over(memory, sizeof memory);
    put_key(prefix, &ask->limit, ask->key, out);
    put_head(&ask->limit, 0, ask->least, ask->most, ask->known, &b);
    put_int(&b, ask->ahead_ms, 4);
    if (ask->limit.kind == GH_LIMIT_BUCKET) {
        put_bucket_lease(ask, &b);
    } else {
        put_int(&b, ask->back, 4);
        put_int(&b, ask->back_at, 6);
    }
    put_bulk(out, gh_buf_str(&b));
}

bool gh_lease_script_decode(const int64_t *v, unsigned n_values, const gh_lease_ask *ask, gh_lease_grant *ret)
{
    if (n_values != GH_LEASE_SCRIPT_VALUES || v[3] < 0 || (uint64_t)v[3] > ask->most || v[4] < 0)
        return false;
    const gh_limit *l = &ask->limit;
    gh_lease_grant g = {.units = (uint32_t)v[3], .dated = (uint64_t)v[4]};
    gh_take take = {.limit = l};
    if (l->kind == GH_LIMIT_BUCKET)
        answer_bucket(&take, (int64_t[]){v[0], v[1], v[2]}, g.units > 0 ? g.units : ask->least, g.units > 0);
    else
        answer_sliding(&take, v, 0, false); /* its room is what is left after the grant */
    g.room = take.remaining;
    g.reset_ms = take.reset_ms;
    g.retry_ms = g.units > 0 ? 0 : take.retry_ms;
    *ret = g;
    return true;
}
