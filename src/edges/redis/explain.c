#include "edges/redis/explain.h"

#include "base/ip.h"
#include "wire/authority.h"

/* By the first word of the error. Without a sentence: see explain_other(). */
static const struct {
    gh_str code;
    enum gh_redis_trouble trouble;
    const char *sentence;
} codes[] = {
    {GH_STR_INIT("NOSCRIPT"), GH_REDIS_TROUBLE_SCRIPT,
     "it does not keep the scripts that are loaded into it"},
    {GH_STR_INIT("WRONGPASS"), GH_REDIS_TROUBLE_SERVER,
     "it refuses the user or the password (redis.url, REDIS_URL; redis.password, REDIS_PASSWORD, REDIS_PASSWORD_FILE)"},
    {GH_STR_INIT("NOAUTH"), GH_REDIS_TROUBLE_SERVER,
     "it wants a password (redis.password, REDIS_PASSWORD, REDIS_PASSWORD_FILE)"},
    {GH_STR_INIT("READONLY"), GH_REDIS_TROUBLE_SERVER,
     "it is a replica that takes no writes: redis.url must name the primary"},
    {GH_STR_INIT("LOADING"), GH_REDIS_TROUBLE_SERVER, "it is still reading its data from disk"},
    {GH_STR_INIT("OOM"), GH_REDIS_TROUBLE_SERVER, "its memory is full (maxmemory)"},
    {GH_STR_INIT("MISCONF"), GH_REDIS_TROUBLE_SERVER, "it takes no writes because it can't save its data"},
    {GH_STR_INIT("BUSY"), GH_REDIS_TROUBLE_SERVER, "it is busy with a script that does not end"},
    {GH_STR_INIT("DENIED"), GH_REDIS_TROUBLE_SERVER,
     "it is in protected mode and takes connections from its own machine only"},
    {GH_STR_INIT("MASTERDOWN"), GH_REDIS_TROUBLE_SERVER, "it is a replica that has lost its primary"},
    {GH_STR_INIT("NOREPLICAS"), GH_REDIS_TROUBLE_SERVER,
     "it takes no writes because too few replicas follow it (min-replicas-to-write)"},
    {GH_STR_INIT("CLUSTERDOWN"), GH_REDIS_TROUBLE_SERVER, "its cluster is down"},
    {GH_STR_INIT("ASK"), GH_REDIS_TROUBLE_SERVER, "its cluster is moving the keys to another node"},
    {GH_STR_INIT("TRYAGAIN"), GH_REDIS_TROUBLE_SERVER, "its cluster is moving the keys to another node"},
    {GH_STR_INIT("CROSSSLOT"), GH_REDIS_TROUBLE_REQUEST, "it wants all keys of a script in one slot"},
};

static const char *const step_names[] = {
    [GH_REDIS_STEP_AUTH] = "AUTH",           [GH_REDIS_STEP_SELECT] = "SELECT",
    [GH_REDIS_STEP_NAME] = "CLIENT SETNAME", [GH_REDIS_STEP_PING] = "PING",
    [GH_REDIS_STEP_LOAD] = "SCRIPT LOAD",    [GH_REDIS_STEP_BEAT] = "EVALSHA of the heartbeat",
    [GH_REDIS_STEP_TAKE] = "EVALSHA",
};

static bool has(gh_str error, const char *words)
{
    return error.n > 0 && memmem(error.p, error.n, words, strlen(words)) != NULL;
}

static gh_str code_of(gh_str error)
{
    return gh_str_cut(error, 0, gh_str_find(error, ' '));
}

/* The server's words, as far as they are its own. */
static void put_words(gh_str error, gh_buf *out)
{
    enum { SHOWN = 120 };
    static const char repeats[] = ", with args beginning";
    const char *args = error.n > 0 ? memmem(error.p, error.n, repeats, sizeof repeats - 1) : NULL;
    gh_str words = gh_str_cut(error, 0, args != NULL ? (size_t)(args - error.p) : SHOWN);
    words = gh_str_cut(words, 0, SHOWN);
    for (size_t i = 0; i < words.n; i++)
        gh_buf_char(out, words.p[i] >= ' ' && words.p[i] < 0x7f ? words.p[i] : '?');
}

static enum gh_redis_trouble explain_moved(gh_str error, gh_buf *out)
{
    gh_str host;
    uint16_t port;
    gh_buf_lit(out, "it is a node of a Redis Cluster, and another one has the keys");
    if (!gh_redis_moved_to(error, &host, &port))
        return GH_REDIS_TROUBLE_SERVER;
    gh_buf_printf(out, ": %.*s port %u; redis.url should name that one", host.n > 0 ? (int)host.n : 9,
                  host.n > 0 ? host.p : "this host", port);
    return GH_REDIS_TROUBLE_MOVED;
}

/* Errors that Redis calls just ERR: what they say depends on what was asked. */
static enum gh_redis_trouble explain_other(enum gh_redis_step step, gh_str error, gh_buf *out)
{
    if (has(error, "max number of clients")) {
        gh_buf_lit(out, "it has as many clients as it takes (maxclients)");
        return GH_REDIS_TROUBLE_SERVER;
    }
    if (step == GH_REDIS_STEP_AUTH) {
        gh_buf_lit(out, "it refuses AUTH: a password is set here but not there, or it knows no ACL users");
        return GH_REDIS_TROUBLE_SERVER;
    }
    if (step == GH_REDIS_STEP_SELECT) {
        gh_buf_lit(out, "it has no database of the number in redis.url (a Redis Cluster has only 0)");
        return GH_REDIS_TROUBLE_SERVER;
    }
    if (has(error, "ACL failure in script") || has(error, "The user executing the script can't")) {
        gh_buf_printf(out, "its ACL does not let this user do all that a script does (%s)", step_names[step]);
        return step == GH_REDIS_STEP_TAKE ? GH_REDIS_TROUBLE_REQUEST : GH_REDIS_TROUBLE_SERVER;
    }
    gh_buf_printf(out, "it refuses %s: ", step_names[step]);
    put_words(error, out);
    return step == GH_REDIS_STEP_TAKE ? GH_REDIS_TROUBLE_REQUEST : GH_REDIS_TROUBLE_SERVER;
}

/* Before Redis 7 an error inside a script comes wrapped: "ERR Error running script (...): @user_script:1: -OOM ...". */
static gh_str unwrap(gh_str error)
{
    const char *inner =
        gh_str_starts(error, GH_STR("ERR Error ")) ? memmem(error.p, error.n, ": -", 3) : NULL;
    return inner == NULL ? error : gh_str_cut(error, (size_t)(inner - error.p) + 3, error.n);
}

enum gh_redis_trouble gh_redis_explain(enum gh_redis_step step, gh_str error, gh_buf *out)
{
    error = unwrap(error);
    gh_str code = code_of(error);
    if (gh_str_eq(code, GH_STR("MOVED")))
        return explain_moved(error, out);
    if (gh_str_eq(code, GH_STR("NOPERM"))) {
        gh_buf_printf(out, "its ACL does not let this user do all that Gatehouse does (%s)",
                      step_names[step]);
        return GH_REDIS_TROUBLE_SERVER;
    }
    for (size_t i = 0; i < GH_COUNT(codes); i++)
        if (gh_str_eq(code, codes[i].code)) {
            gh_buf_put(out, gh_str_of(codes[i].sentence));
            return codes[i].trouble;
        }
    return explain_other(step, error, out);
}

bool gh_redis_moved_to(gh_str error, gh_str *ret_host, uint16_t *ret_port)
{
    gh_str rest = error, word, slot, target, host;
    uint64_t number;
    uint16_t port;
    if (!gh_str_next(&rest, ' ', &word) || !gh_str_next(&rest, ' ', &slot) ||
        !gh_str_next(&rest, ' ', &target) || rest.p != NULL || !gh_str_u64(slot, &number))
        return false;
    /* The last colon: Redis writes IPv6 addresses without brackets. */
    const char *colon = target.n > 0 ? memrchr(target.p, ':', target.n) : NULL;
    if (colon == NULL || !gh_str_u64(gh_str_cut(target, (size_t)(colon - target.p) + 1, target.n), &number) ||
        number == 0 || number > UINT16_MAX)
        return false;
    gh_str name = gh_str_cut(target, 0, (size_t)(colon - target.p));
    gh_ip ip;
    if (name.n > 0 && !gh_ip_parse(name, &ip) &&
        (!gh_authority_split(name, &host, &port) || !gh_str_eq(host, name)))
        return false;
    *ret_host = name;
    *ret_port = (uint16_t)number;
    return true;
}
