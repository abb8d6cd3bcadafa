#include "stores/state/embedded.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "stores/state/table.h"

/* Five kilobytes, of which most calls use few hundred bytes: not worth filling with zeros each time. */
#if defined(__has_attribute) && __has_attribute(uninitialized)
#define UNSET __attribute__((uninitialized))
#else
#define UNSET
#endif

enum {
    SHARDS = 256,
    LINES_MIN = 16,
    /* Units between two sweeps of a shard (9 hours): what expired is emptied long before its time,
     * a serial number of 32 bits, could be taken for one ahead. */
    SWEEP_UNITS = 1 << 20
};

typedef struct shard {
    alignas(64) pthread_mutex_t lock;
    uint64_t now_ms; /* the latest time seen: within a shard time never goes back */
    uint64_t swept;  /* units */
    uint64_t evicted, full;
    gh_table table;
} shard;

struct gh_state {
    gh_line *lines;
    size_t bytes;
    shard shards[SHARDS];
};

/* What one take is about, for the length of one call. */
typedef struct place {
    shard *shard;
    uint64_t hash;
    gh_table_key key;
    unsigned first;   /* the first take of the call with the same state; it holds the rest */
    gh_slot *slot;    /* NULL: not in the table */
    uint64_t pending; /* units that earlier takes of the group want */
    gh_tally tally;
} place;

typedef struct call {
    gh_state *s;
    uint64_t now_ms;
    gh_take *takes;
    unsigned n;
    uint64_t shards[SHARDS / 64]; /* a bit for each shard the takes need */
    place place[GH_TAKES_MAX];
} call;

/* Lines of a shard: slots for its mean share of the keys by 1.4, and six standard deviations of it. */
static uint64_t lines_for(uint64_t max_clients)
{
    uint64_t mean = max_clients / SHARDS + 1, root = 1;
    while (root * root < mean)
        root++;
    uint64_t lines = (mean * 14 / 10 + 6 * root) / GH_LINE_SLOTS;
    return lines < LINES_MIN ? LINES_MIN : lines & ~1ULL; /* table.h wants it even */
}

gh_state *gh_state_new(uint64_t max_clients)
{
    if (max_clients > UINT32_MAX)
        return NULL;
    uint64_t lines = lines_for(max_clients);
    gh_state *s = aligned_alloc(64, sizeof *s);
    if (!s)
        return NULL;
    memset(s, 0, sizeof *s);
    s->bytes = SHARDS * lines * sizeof(gh_line);
    void *map =
        mmap(NULL, s->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED) {
        free(s);
        return NULL;
    }
    s->lines = map;
    for (unsigned i = 0; i < SHARDS; i++) {
        pthread_mutex_init(&s->shards[i].lock, NULL);
        s->shards[i].table = (gh_table){.line = s->lines + i * lines, .lines = (uint32_t)lines};
    }
    return s;
}

void gh_state_free(gh_state *s)
{
    if (!s)
        return;
    for (unsigned i = 0; i < SHARDS; i++)
        pthread_mutex_destroy(&s->shards[i].lock);
    munmap(s->lines, s->bytes);
    free(s);
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xD6E8FEB86659FD93u;
    x ^= x >> 32;
    x *= 0xD6E8FEB86659FD93u;
    return x ^ x >> 32;
}

static uint64_t units(uint64_t ms)
{
    return ms / GH_TALLY_UNIT_MS;
}

/* Where each take's state may be; the lines are on their way into the cache while the locks are taken. */
static void locate(call *c)
{
    for (unsigned i = 0; i < c->n; i++) {
        const gh_take *take = &c->takes[i];
        place *p = &c->place[i];
        unsigned at = (unsigned)(mix(take->key) >> 56);
        c->shards[at / 64] |= 1ULL << at % 64;
        p->shard = &c->s->shards[at];
        p->hash = mix(take->key ^ mix(take->limit->seed));
        p->key = gh_table_key_of(&p->shard->table, p->hash, take->limit->wide);
        __builtin_prefetch(&p->shard->table.line[p->key.line[0]], 1);
        __builtin_prefetch(&p->shard->table.line[p->key.line[1]], 1);
        p->first = 0;
        /* The tag tells wide from narrow, should two limits of one seed differ in that. */
        while (c->place[p->first].hash != p->hash || c->place[p->first].key.tag != p->key.tag)
            p->first++;
    }
}

/* Nothing in a shard outlives its last use by more than 2^31 units; after that long all of it is old. */
static void sweep(shard *sh, uint64_t now)
{
    bool everything = now - sh->swept > UINT32_MAX / 2;
    gh_table_sweep(&sh->table, (uint32_t)now, everything);
    sh->swept = now;
}

static void lock_shards(call *c)
{
    for (unsigned w = 0; w < SHARDS / 64; w++) {
        for (uint64_t bits = c->shards[w]; bits; bits &= bits - 1) {
            shard *sh = &c->s->shards[w * 64 + (unsigned)__builtin_ctzll(bits)];
            pthread_mutex_lock(&sh->lock);
            if (sh->now_ms < c->now_ms)
                sh->now_ms = c->now_ms;
            if (gh_unlikely(units(sh->now_ms) - sh->swept >= SWEEP_UNITS))
                sweep(sh, units(sh->now_ms));
        }
    }
}

static void unlock_shards(call *c)
{
    for (unsigned w = 0; w < SHARDS / 64; w++)
        for (uint64_t bits = c->shards[w]; bits; bits &= bits - 1)
            pthread_mutex_unlock(&c->s->shards[w * 64 + (unsigned)__builtin_ctzll(bits)].lock);
}

static void load(call *c, unsigned i)
{
    place *p = &c->place[i];
    if (p->first != i)
        return;
    const gh_limit *limit = c->takes[i].limit;
    uint64_t now = units(p->shard->now_ms), until = 0, word[GH_TALLY_WORDS];
    p->pending = 0;
    p->slot = gh_table_find(&p->shard->table, &p->key);
    if (p->slot) {
        uint32_t life = gh_slot_life(p->slot, (uint32_t)now);
        until = life ? now + life : 0;
        word[0] = p->slot->word;
        if (limit->wide)
            memcpy(&word[1], p->slot + 1, sizeof *p->slot);
    }
    gh_tally_load(limit, p->shard->now_ms, until, word, &p->tally);
}

static void store(const gh_limit *limit, place *p)
{
    uint64_t word[GH_TALLY_WORDS];
    p->slot->until = (uint32_t)gh_tally_save(limit, &p->tally, word);
    p->slot->tag = p->key.tag | gh_tally_level(limit, &p->tally);
    p->slot->word = word[0];
    if (limit->wide)
        memcpy(p->slot + 1, &word[1], sizeof *p->slot);
}

/* Whether there is room for one take besides those before it in its group. */
static bool ask(call *c, unsigned i)
{
    gh_take *take = &c->takes[i];
    place *p = &c->place[c->place[i].first];
    uint64_t want = p->pending + take->weight;
    take->answer = GH_TAKE_OK;
    take->retry_ms = 0;
    if (want <= gh_tally_room(take->limit, &p->tally)) {
        p->pending = want;
        return true;
    }
    take->answer = GH_TAKE_REFUSED;
    take->retry_ms = gh_tally_retry_ms(take->limit, &p->tally, want);
    if (take->retry_ms != UINT64_MAX)
        take->retry_ms += p->shard->now_ms - c->now_ms;
    /* Refused: blocked, and not to be pushed out, even if a lighter request might still pass. */
    if (p->slot)
        p->slot->tag |= GH_TALLY_BLOCKED;
    return false;
}

static void report(const call *c, unsigned i)
{
    gh_take *take = &c->takes[i];
    const place *p = &c->place[c->place[i].first];
    take->remaining = gh_tally_room(take->limit, &p->tally);
    take->reset_ms = gh_tally_reset_ms(take->limit, &p->tally);
    if (take->reset_ms)
        take->reset_ms += p->shard->now_ms - c->now_ms;
}

static bool find_place(call *c, unsigned i)
{
    place *p = &c->place[c->place[i].first];
    gh_table_pins pins UNSET;
    pins.n = 0;
    for (unsigned j = 0; j < c->n; j++)
        if (c->place[j].first == j && c->place[j].slot)
            pins.slot[pins.n++] = c->place[j].slot;
    unsigned evicted = 0;
    uint32_t now = (uint32_t)units(p->shard->now_ms);
    p->slot = gh_table_place(&p->shard->table, &p->key, now, &pins, &evicted);
    p->shard->evicted += evicted;
    if (p->slot)
        return true;
    p->shard->full++;
    c->takes[i].answer = GH_TAKE_FULL;
    c->takes[i].retry_ms = (uint64_t)gh_table_wait(&p->shard->table, &p->key, now) * GH_TALLY_UNIT_MS;
    return false;
}

/* A slot for every new key of the group. One that is not used in the end, because another found none,
 * stays expired and so free. */
static bool find_places(call *c, unsigned from, unsigned to)
{
    bool all = true;
    for (unsigned i = from; i < to; i++)
        if (!c->place[c->place[i].first].slot && c->takes[i].weight)
            all &= find_place(c, i);
    return all;
}

static void judge(call *c, unsigned from, unsigned to)
{
    bool pass = true;
    for (unsigned i = from; i < to; i++)
        pass &= ask(c, i);
    pass = pass && find_places(c, from, to);
    for (unsigned i = from; i < to; i++) {
        place *p = &c->place[c->place[i].first];
        p->pending = 0;
        if (pass && c->takes[i].weight) {
            gh_tally_add(c->takes[i].limit, c->takes[i].weight, &p->tally);
            store(c->takes[i].limit, p);
        }
        report(c, i);
    }
}

/* Locked until unlock_shards(). */
static void begin(call *c, gh_state *s, uint64_t now_ms, gh_take *takes, unsigned n)
{
    assert(n <= GH_TAKES_MAX);
    c->s = s;
    c->now_ms = now_ms;
    c->takes = takes;
    c->n = n;
    memset(c->shards, 0, sizeof c->shards);
    locate(c);
    lock_shards(c);
    for (unsigned i = 0; i < n; i++)
        load(c, i);
}

void gh_state_take(gh_state *s, uint64_t now_ms, gh_take *takes, unsigned n)
{
    call c UNSET;
    begin(&c, s, now_ms, takes, n);
    for (unsigned from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && takes[to].group == takes[from].group;)
            to++;
        judge(&c, from, to);
    }
    unlock_shards(&c);
}

void gh_state_charge(gh_state *s, uint64_t now_ms, gh_take *takes, unsigned n)
{
    call c UNSET;
    begin(&c, s, now_ms, takes, n);
    for (unsigned i = 0; i < n; i++) {
        place *p = &c.place[c.place[i].first];
        uint64_t room = gh_tally_room(takes[i].limit, &p->tally), units = takes[i].weight;
        if (room > takes[i].remaining && units < room - takes[i].remaining)
            units = room - takes[i].remaining;
        if (units > room)
            units = room;
        if (units == 0 || (!p->slot && !find_place(&c, i)))
            continue;
        gh_tally_add(takes[i].limit, units, &p->tally);
        store(takes[i].limit, p);
    }
    unlock_shards(&c);
}

void gh_state_give_back(gh_state *s, uint64_t now_ms, uint64_t taken_ms, gh_take *takes, unsigned n)
{
    call c UNSET;
    begin(&c, s, now_ms, takes, n);
    for (unsigned i = 0; i < n; i++) {
        place *p = &c.place[c.place[i].first];
        if (!p->slot || p->tally.used == 0)
            continue; /* has made room for others meanwhile */
        gh_tally_give_back(takes[i].limit, takes[i].weight, taken_ms, &p->tally);
        store(takes[i].limit, p);
    }
    unlock_shards(&c);
}

void gh_state_read_stats(gh_state *s, uint64_t now_ms, gh_state_stats *ret)
{
    gh_state_stats sum = {.bytes = s->bytes, .slots = s->bytes / sizeof(gh_slot)};
    for (unsigned i = 0; i < SHARDS; i++) {
        shard *sh = &s->shards[i];
        pthread_mutex_lock(&sh->lock);
        sum.live += gh_table_live(&sh->table, (uint32_t)units(now_ms));
        sum.evicted += sh->evicted;
        sum.full += sh->full;
        pthread_mutex_unlock(&sh->lock);
    }
    *ret = sum;
}
