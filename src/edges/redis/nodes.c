/* Heartbeats: who is alive, by the server's clock.
 *
 * KEYS[1] is a sorted set of nodes by the time of their last heartbeat. Whoever beats also removes those that have
 * been silent for GH_REDIS_ALIVE_MS, and those that seem to come from the future, which a server's clock that was set
 * back leaves behind. */
#include "edges/redis/parts.h"

const gh_str gh_redis_node_script =
    GH_STR_INIT("local t = redis.call('TIME')\n"
                "local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
                "local keep = tonumber(ARGV[2])\n"
                "if ARGV[3] == '1' then\n"
                "  redis.call('ZADD', KEYS[1], now, ARGV[1])\n"
                "else\n"
                "  redis.call('ZREM', KEYS[1], ARGV[1])\n"
                "end\n"
                "redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - keep)\n"
                "redis.call('ZREMRANGEBYSCORE', KEYS[1], now + keep, '+inf')\n"
                "redis.call('PEXPIRE', KEYS[1], keep)\n"
                "return redis.call('ZCARD', KEYS[1])\n");

bool gh_redis_beat(gh_redis *r, bool alive)
{
    char memory[GH_REDIS_PREFIX_MAX + 16], digits[24];
    gh_buf key = gh_buf_over(memory, sizeof memory), keep = gh_buf_over(digits, sizeof digits);
    gh_buf_put(&key, gh_redis_key_prefix(r->shared));
    gh_buf_lit(&key, "nodes");
    gh_buf_u64(&keep, GH_REDIS_ALIVE_MS);
    gh_str words[] = {GH_STR("EVALSHA"),
                      (gh_str){r->sha[r->shared->n_scripts - 1], GH_REDIS_SHA_SIZE},
                      GH_STR("1"),
                      gh_buf_str(&key),
                      gh_str_of(r->shared->node),
                      gh_buf_str(&keep),
                      alive ? GH_STR("1") : GH_STR("0")};
    r->beat_ns = uv_hrtime();
    return gh_redis_command(r, GH_REDIS_STEP_BEAT, words, GH_COUNT(words));
}

/* After an outage the others have to find their way back, too: until they have, those who beat are not all there are. A
 * number that is too small would make this node's share too large, if Redis went away again. */
static void learn(const gh_redis *r, unsigned n)
{
    gh_redis_shared *s = r->shared;
    uint64_t back = gh_redis_back_ms(s);
    bool all_back = !r->away && (back == 0 || gh_redis_now_ms() >= back + GH_REDIS_ALIVE_MS);
    if (all_back || n > atomic_load_explicit(&s->nodes, memory_order_relaxed))
        atomic_store_explicit(&s->nodes, n, memory_order_relaxed);
}

bool gh_redis_beaten(gh_redis *r, enum gh_redis_kind kind)
{
    const int64_t *n = r->reader.values;
    if (kind != GH_REDIS_INTEGERS || r->reader.n != 1 || n[0] < 0 || n[0] > INT32_MAX)
        return false;
    atomic_store_explicit(&r->shared->round_trip_us, (uv_hrtime() - r->beat_ns) / 1000, memory_order_relaxed);
    if (r->state == GH_REDIS_LEAVING)
        gh_redis_finish(r);
    else
        learn(r, (unsigned)n[0]);
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
