/* Heartbeats: who is alive, by the server's clock, and who counts by another key.
 *
 * KEYS[1] is a sorted set of nodes by the time of their last heartbeat, KEYS[2] one of those that count by the same key as
 * who beats: its fingerprint is in the set's name. Whoever beats also removes those that have been silent for
 * GH_REDIS_ALIVE_MS, and those that seem to come from the future, which a server's clock that was set back leaves behind.
 * A node whose key has changed is silent in the set of the one before. */
#include "edges/redis/parts.h"

const gh_str gh_redis_node_script = GH_STR_INIT("local t = redis.call('TIME')\n"
                                                "local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
                                                "local keep = tonumber(ARGV[2])\n"
                                                "local n = {}\n"
                                                "for i, key in ipairs(KEYS) do\n"
                                                "  if ARGV[3] == '1' then\n"
                                                "    redis.call('ZADD', key, now, ARGV[1])\n"
                                                "  else\n"
                                                "    redis.call('ZREM', key, ARGV[1])\n"
                                                "  end\n"
                                                "  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - keep)\n"
                                                "  redis.call('ZREMRANGEBYSCORE', key, now + keep, '+inf')\n"
                                                "  redis.call('PEXPIRE', key, keep)\n"
                                                "  n[i] = redis.call('ZCARD', key)\n"
                                                "end\n"
                                                "return {n[1], math.max(n[1] - n[2], 0)}\n");

enum { NODES, OTHER_SECRET, BEAT_VALUES };

static void put_fingerprint(const gh_redis_shared *s, gh_buf *out)
{
    uint8_t bytes[8];
    uint64_t fingerprint = atomic_load_explicit(&s->fingerprint, memory_order_relaxed);
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(fingerprint >> (56 - 8 * i));
    gh_buf_hex(out, bytes, sizeof bytes);
}

bool gh_redis_beat(gh_redis *r, bool alive)
{
    char memory[GH_REDIS_PREFIX_MAX + 32], digits[24];
    gh_buf keys = gh_buf_over(memory, sizeof memory), keep = gh_buf_over(digits, sizeof digits);
    gh_buf_put(&keys, gh_redis_key_prefix(r->shared));
    gh_buf_lit(&keys, "nodes");
    size_t all = keys.n;
    gh_buf_char(&keys, ':');
    put_fingerprint(r->shared, &keys);
    gh_buf_u64(&keep, GH_REDIS_ALIVE_MS);
    gh_str words[] = {GH_STR("EVALSHA"), (gh_str){r->sha[r->shared->n_scripts - 1], GH_REDIS_SHA_SIZE},
                      GH_STR("2"),       gh_str_cut(gh_buf_str(&keys), 0, all),
                      gh_buf_str(&keys), gh_str_of(r->shared->node),
                      gh_buf_str(&keep), alive ? GH_STR("1") : GH_STR("0")};
    r->beat_ns = uv_hrtime();
    return gh_redis_command(r, GH_REDIS_STEP_BEAT, words, GH_COUNT(words));
}

static void keep(_Atomic unsigned *figure, unsigned n, bool all_back)
{
    if (all_back || n > atomic_load_explicit(figure, memory_order_relaxed))
        atomic_store_explicit(figure, n, memory_order_relaxed);
}

/* After an outage the others have to find their way back, too: until they have, those who beat are not all there are. A
 * number that is too small would make this node's share too large, if Redis went away again. */
static void learn(gh_redis *r, unsigned nodes, unsigned others)
{
    uint64_t back = gh_redis_back_ms(r->shared);
    bool all_back = !r->away && (back == 0 || gh_redis_now_ms() >= back + GH_REDIS_ALIVE_MS);
    keep(&r->shared->nodes, nodes, all_back);
    keep(&r->shared->other_secret, others, all_back);
    if (all_back || others > 0)
        gh_redis_say_other_secret(r, nodes, others);
}

bool gh_redis_beaten(gh_redis *r, enum gh_redis_kind kind)
{
    const int64_t *n = r->reader.values;
    if (kind != GH_REDIS_INTEGERS || r->reader.n != BEAT_VALUES || n[NODES] < 0 || n[NODES] > INT32_MAX ||
        n[OTHER_SECRET] < 0 || n[OTHER_SECRET] > n[NODES])
        return false;
    atomic_store_explicit(&r->shared->round_trip_us, (uv_hrtime() - r->beat_ns) / 1000, memory_order_relaxed);
    if (r->state == GH_REDIS_LEAVING)
        gh_redis_finish(r);
    else
        learn(r, (unsigned)n[NODES], (unsigned)n[OTHER_SECRET]);
    return true;
}

/* One loop a second; the others ask whether anybody is there when they have heard nothing, so that a connection that
 * has died is found before a request has to wait for it. */
void gh_redis_on_tick(uv_timer_t *tick)
{
    static const gh_str ping[] = {GH_STR_INIT("PING")};
    enum { EARLY_MS = 100 }; /* ticks are not exactly a second apart */
    gh_redis *r = tick->data;
    uint64_t now = uv_now(r->loop), due = atomic_load_explicit(&r->shared->beat_due, memory_order_relaxed);
    bool good = true;
    gh_redis_count(r);
    if (r->state != GH_REDIS_READY)
        return;
    if (now >= due &&
        atomic_compare_exchange_strong(&r->shared->beat_due, &due, now + GH_REDIS_TICK_MS - EARLY_MS))
        good = gh_redis_beat(r, true);
    else if (now - r->heard_ms >= GH_REDIS_TICK_MS - EARLY_MS && r->head == r->tail)
        good = gh_redis_command(r, GH_REDIS_STEP_PING, ping, GH_COUNT(ping));
    (void)good; /* no room: there is enough going on */
}
