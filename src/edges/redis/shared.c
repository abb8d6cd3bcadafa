/* Options, figures, the lines in the log. */
#include "edges/redis/shared.h"

#include <stdlib.h>

#include "base/crypto.h"
#include "edges/redis/parts.h"
#include "edges/secrets/locked.h"
#include "wire/chars.h"

enum {
    CONNECT_MS = 2000,
    MAX_WAITING = 16384,
    MAX_WAITING_EVER = 1 << 20,
    MAX_BYTES = 4 * 1024 * 1024,
    ERROR_LINES_MS = 10000, /* between two lines about refused requests */
    CA_FILE_MAX = 4096
};

static bool refuse(gh_buf *why, const char *text)
{
    gh_buf_put(why, gh_str_of(text));
    return false;
}

static bool is_password(gh_str text)
{
    return text.n > 0 && text.n <= GH_REDIS_PASSWORD_MAX && gh_str_find(text, '\0') == text.n;
}

static void set_password(gh_redis_shared *s, gh_str password)
{
    gh_buf b = gh_buf_over(s->url->password, GH_REDIS_PASSWORD_MAX);
    gh_wipe(s->url->password, sizeof s->url->password);
    gh_buf_put(&b, password);
}

static bool take_url(gh_redis_shared *s, const gh_redis_options *o, gh_buf *why)
{
    const char *reason = NULL;
    if (!gh_redis_url_parse(o->url, s->url, &reason)) {
        gh_buf_lit(why, "redis.url: ");
        return refuse(why, reason);
    }
    memcpy(s->url_password, s->url->password, sizeof s->url->password);
    if (o->password.p != NULL && !is_password(o->password))
        return refuse(why, "redis.password is empty, too long or has a NUL in it");
    if (o->password.p != NULL)
        set_password(s, o->password);
    if (s->url->user[0] != '\0' && s->url->password[0] == '\0')
        return refuse(
            why, "redis.url names a user but no password is set (a password alone is written :PASSWORD@)");
    gh_buf shown = gh_buf_over(s->shown, sizeof s->shown - 1);
    gh_redis_url_show(s->url, &shown);
    return true;
}

static bool take_prefix(gh_redis_shared *s, gh_str prefix, gh_buf *why)
{
    bool good = prefix.n > 0 && prefix.n <= GH_REDIS_PREFIX_MAX;
    for (size_t i = 0; good && i < prefix.n; i++)
        good = gh_char_is(prefix.p[i], GH_CHAR_REG_NAME);
    if (!good)
        return refuse(why, "redis.prefix is not 1 to 64 letters, digits, \"-\", \"_\" or \".\"");
    gh_buf b = gh_buf_over(s->prefix, sizeof s->prefix - 1);
    gh_buf_char(&b, '{');
    gh_buf_put(&b, prefix);
    gh_buf_lit(&b, "}:");
    return gh_buf_ok(&b);
}

static bool take_numbers(gh_redis_shared *s, const gh_redis_options *o, gh_buf *why)
{
    s->timeout_ms = o->timeout_ms;
    s->connect_ms = o->connect_ms != 0 ? o->connect_ms : CONNECT_MS;
    s->fixed_nodes = o->nodes;
    s->max_waiting = o->max_waiting != 0 ? o->max_waiting : MAX_WAITING;
    s->max_bytes = o->max_bytes != 0 ? o->max_bytes : MAX_BYTES;
    if (s->timeout_ms == 0)
        return refuse(why, "redis.timeout is 0");
    if (s->max_waiting > MAX_WAITING_EVER || o->n_scripts > GH_REDIS_SCRIPTS_MAX)
        return refuse(why, "more scripts or waiting requests than there may be");
    for (unsigned i = 0; i < o->n_scripts; i++)
        s->scripts[i] = o->scripts[i];
    s->scripts[o->n_scripts] = gh_redis_node_script;
    s->n_scripts = o->n_scripts + 1;
    return true;
}

static bool take_tls(gh_redis_shared *s, gh_str ca_file, gh_buf *why)
{
    char path[CA_FILE_MAX];
    if (s->url->scheme != GH_REDIS_TLS)
        return true;
    if (ca_file.n >= sizeof path)
        return refuse(why, "redis.ca_file is too long");
    if (ca_file.n > 0)
        memcpy(path, ca_file.p, ca_file.n);
    path[ca_file.n] = '\0';
    s->tls = gh_redis_tls_context(ca_file.n > 0 ? (gh_str){path, ca_file.n} : (gh_str){NULL, 0}, why);
    return s->tls != NULL;
}

static void name_node(gh_redis_shared *s)
{
    uint8_t id[GH_REDIS_NODE_SIZE / 2];
    gh_buf b = gh_buf_over(s->node, sizeof s->node - 1);
    gh_random(id, sizeof id);
    gh_buf_hex(&b, id, sizeof id);
}

static gh_redis_shared *new_shared(void)
{
    gh_redis_shared *s = calloc(1, sizeof *s);
    if (s == NULL || pthread_mutex_init(&s->lock, NULL) != 0) {
        free(s);
        return NULL;
    }
    s->url = gh_locked_pages.get(sizeof *s->url);
    s->url_password = gh_locked_pages.get(sizeof s->url->password);
    if (s->url != NULL && s->url_password != NULL)
        return s;
    gh_redis_shared_free(s);
    return NULL;
}

gh_redis_shared *gh_redis_shared_new(const gh_redis_options *options, char why[GH_REDIS_WHY_SIZE])
{
    gh_buf reason = gh_buf_over(why, GH_REDIS_WHY_SIZE - 1);
    gh_redis_shared *s = new_shared();
    if (s == NULL) {
        (void)refuse(&reason, "out of memory");
    } else if (!take_url(s, options, &reason) || !take_prefix(s, options->prefix, &reason) ||
               !take_numbers(s, options, &reason) || !take_tls(s, options->ca_file, &reason)) {
        gh_redis_shared_free(s);
        s = NULL;
    } else {
        name_node(s);
        s->conditions = options->conditions;
        gh_conditions_use(s->conditions, GH_SERVER_REDIS, gh_str_of(s->shown));
    }
    why[reason.n] = '\0';
    return s;
}

void gh_redis_shared_free(gh_redis_shared *s)
{
    if (s == NULL)
        return;
    gh_conditions_forget(s->conditions, GH_SERVER_REDIS);
    gh_redis_tls_context_free(s->tls);
    gh_locked_pages.give(s->url, sizeof *s->url); /* wipes it */
    gh_locked_pages.give(s->url_password, sizeof s->url->password);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

void gh_redis_use_fingerprint(gh_redis_shared *s, uint64_t fingerprint)
{
    atomic_store_explicit(&s->fingerprint, fingerprint, memory_order_relaxed);
}

enum gh_redis_password gh_redis_use_password(gh_redis_shared *s, gh_str password)
{
    gh_str next = password.p != NULL ? password : gh_str_of(s->url_password);
    if (!is_password(next) && (next.n > 0 || s->url->user[0] != '\0'))
        return GH_REDIS_PASSWORD_MISSING;
    (void)pthread_mutex_lock(&s->lock);
    bool same = gh_equal_secret(gh_str_of(s->url->password), next);
    if (!same)
        set_password(s, next);
    (void)pthread_mutex_unlock(&s->lock);
    if (same)
        return GH_REDIS_PASSWORD_SAME;
    atomic_store(&s->has_changed, true);
    atomic_store(&s->is_untried, true);
    return GH_REDIS_PASSWORD_CHANGED;
}

unsigned gh_redis_nodes(const gh_redis_shared *s)
{
    unsigned n = s->fixed_nodes != 0 ? s->fixed_nodes : atomic_load_explicit(&s->nodes, memory_order_relaxed);
    return n != 0 ? n : 1;
}

uint64_t gh_redis_back_ms(const gh_redis_shared *s)
{
    return atomic_load_explicit(&s->back_ms, memory_order_relaxed);
}

bool gh_redis_is_exposed(const gh_redis_shared *s)
{
    return gh_redis_url_is_exposed(s->url);
}

const char gh_redis_exposed[] =
    "redis.url names another machine and no TLS: its password and the counts can be read and changed on the way; "
    "rediss:// is safe";

gh_str gh_redis_key_prefix(const gh_redis_shared *s)
{
    return gh_str_of(s->prefix);
}

static uint64_t read_figure(_Atomic uint64_t *figure)
{
    return atomic_load_explicit(figure, memory_order_relaxed);
}

void gh_redis_read_figures(gh_redis_shared *s, uint64_t now_ms, gh_redis_figures *ret)
{
    *ret = (gh_redis_figures){.connections = atomic_load(&s->connections),
                              .ready = atomic_load(&s->ready),
                              .nodes = gh_redis_nodes(s),
                              .other_secret = atomic_load(&s->other_secret),
                              .answered = read_figure(&s->answered),
                              .unavailable = read_figure(&s->unavailable),
                              .late = read_figure(&s->late),
                              .connected = read_figure(&s->connected),
                              .outages = read_figure(&s->outages_begun),
                              .round_trip_us = read_figure(&s->round_trip_us)};
    (void)gh_outages_now(&s->outages, now_ms, &ret->away_ms);
    memcpy(ret->server, s->shown, sizeof ret->server);
    (void)pthread_mutex_lock(&s->lock);
    memcpy(ret->why, s->why, sizeof ret->why);
    (void)pthread_mutex_unlock(&s->lock);
}

void gh_redis_count(gh_redis *r)
{
    if (r->answered != 0)
        atomic_fetch_add_explicit(&r->shared->answered, r->answered, memory_order_relaxed);
    if (r->unavailable != 0)
        atomic_fetch_add_explicit(&r->shared->unavailable, r->unavailable, memory_order_relaxed);
    r->answered = r->unavailable = 0;
}

static void keep_reason(gh_redis_shared *s, gh_str why)
{
    gh_str kept = gh_str_cut(why, 0, sizeof s->why - 1);
    (void)pthread_mutex_lock(&s->lock);
    memcpy(s->why, kept.p, kept.n);
    s->why[kept.n] = '\0';
    (void)pthread_mutex_unlock(&s->lock);
}

void gh_redis_say_lost(gh_redis *r, gh_str why)
{
    gh_redis_shared *s = r->shared;
    char memory[GH_REDIS_WHY_SIZE + GH_REDIS_SHOWN_SIZE + 256];
    gh_buf text = gh_buf_over(memory, sizeof memory);
    keep_reason(s, why);
    gh_conditions_failed(s->conditions, GH_SERVER_REDIS, why);
    if (r->away)
        return;
    r->away = true;
    if (!gh_outages_begin(&s->outages, uv_now(r->loop)))
        return;
    atomic_fetch_add_explicit(&s->outages_begun, 1, memory_order_relaxed);
    gh_buf_printf(&text, "Redis at %s: %.*s; rate limits go on as each rule's outage says", s->shown,
                  (int)why.n, why.p);
    if (s->fixed_nodes == 0 && atomic_load_explicit(&s->nodes, memory_order_relaxed) == 0)
        gh_buf_lit(
            &text,
            "; redis.nodes is 0 and no heartbeat has been heard: this node counts as if it were alone, and takes "
            "the whole of each limit as its share; set redis.nodes");
    gh_conditions_lost(s->conditions, r->lane, GH_SERVER_REDIS, why, gh_buf_str(&text));
}

void gh_redis_say_back(gh_redis *r)
{
    char memory[GH_REDIS_SHOWN_SIZE + 64];
    gh_buf text = gh_buf_over(memory, sizeof memory);
    uint64_t away_ms = 0;
    if (!r->away) {
        if (gh_outages_now(&r->shared->outages, uv_now(r->loop), NULL) == 0)
            gh_conditions_ok(r->shared->conditions, GH_SERVER_REDIS);
        return;
    }
    r->away = false;
    if (!gh_outages_end(&r->shared->outages, uv_now(r->loop), &away_ms))
        return;
    gh_buf_printf(&text, "Redis at %s is back after %llu.%03u s", r->shared->shown,
                  (unsigned long long)(away_ms / 1000), (unsigned)(away_ms % 1000));
    gh_conditions_back(r->shared->conditions, r->lane, GH_SERVER_REDIS, gh_buf_str(&text));
}

void gh_redis_say_refused(gh_redis *r, gh_str why)
{
    uint64_t now = uv_now(r->loop), due = atomic_load_explicit(&r->shared->error_due, memory_order_relaxed);
    keep_reason(r->shared, why);
    if (now >= due && atomic_compare_exchange_strong(&r->shared->error_due, &due, now + ERROR_LINES_MS) &&
        r->lane != NULL)
        gh_log_event(r->lane, GH_LEVEL_ERROR, "redis_error", "Redis at %s: %.*s", r->shared->shown,
                     (int)why.n, why.p);
}

/* Lasting, since it is so for a moment whenever a key is changed, or a node is started anew with another. */
static void judge_other_secret(gh_redis_shared *s, uint64_t now, bool any, bool *ret_begins, bool *ret_over)
{
    (void)pthread_mutex_lock(&s->lock);
    if (!any)
        s->other_secret_ms = 0;
    else if (s->other_secret_ms == 0)
        s->other_secret_ms = now;
    *ret_over = s->other_secret_said && !any;
    *ret_begins = !s->other_secret_said && any && now >= s->other_secret_ms + GH_REDIS_ALIVE_MS;
    s->other_secret_said = any && (s->other_secret_said || *ret_begins);
    (void)pthread_mutex_unlock(&s->lock);
}

void gh_redis_say_other_secret(gh_redis *r, unsigned nodes, unsigned others)
{
    bool begins, over;
    judge_other_secret(r->shared, uv_now(r->loop), others > 0, &begins, &over);
    if (r->lane == NULL)
        return;
    if (begins)
        gh_log_event(
            r->lane, GH_LEVEL_WARNING, "redis_other_secret",
            "Redis at %s: %u of %u nodes count%s with another secret_key than this one, so clients get their limits "
            "more than once: give all nodes the same secret_key (while it is changed, this is so until all have it)",
            r->shared->shown, others, nodes, others == 1 ? "s" : "");
    if (over)
        gh_log_event(r->lane, GH_LEVEL_INFO, "redis_same_secret",
                     "Redis at %s: all nodes count with the same secret_key again", r->shared->shown);
}
