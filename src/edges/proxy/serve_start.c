/* The start: limits, log, listeners, admin listener, workers. What fails is one clear line. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "edges/identity/figures.h"
#include "edges/proxy/listen.h"
#include "edges/proxy/serve_banner.h"
#include "edges/proxy/serving.h"

enum { BUFFER_SPARE = 24576 };

bool gh_serving_fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "gatehouse: %s: %s\n", what, why);
    return false;
}

static void page_metrics(void *data, gh_buf *out)
{
    gh_serving *s = data;
    char *extra = malloc(GH_REPORT_SIZE);
    if (extra == NULL)
        return;
    gh_buf b = gh_buf_over(extra, GH_REPORT_SIZE);
    gh_banner_metrics(s->generation, s->executors.state, uv_now(&s->loop), &b);
    gh_identity_metrics(&s->identity, &b);
    gh_serving_put_redis(s, &b);
    gh_serving_look_at_secrets(s);
    gh_conditions_metrics(&s->conditions, &b);
    gh_serving_put_secrets(s, &b);
    atomic_store(&s->metrics[s->n_workers].values[GH_METRIC_LOG_DROPPED], gh_log_dropped(s->log));
    gh_metrics_render(s->metrics_list, s->n_workers + 1, gh_buf_str(&b), out);
    free(extra);
}

static bool page_ready(void *data, gh_buf *out)
{
    gh_serving *s = data;
    return gh_banner_ready(s->generation, s->draining, uv_now(&s->loop), out);
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* By writing: permissions alone say nothing of a read-only or a special file system. */
static bool check_data_folder(const gh_config *config)
{
    char path[4096];
    if (config->data_folder.n == 0)
        return true;
    gh_buf name = gh_buf_over(path, sizeof path - 1);
    gh_buf_put(&name, config->data_folder);
    gh_buf_lit(&name, "/.gatehouse-XXXXXX");
    path[name.n] = '\0';
    errno = ENAMETOOLONG;
    int fd = gh_buf_ok(&name) ? mkstemp(path) : -1;
    if (fd >= 0) {
        (void)close(fd);
        (void)unlink(path);
        return true;
    }
    char what[512];
    (void)snprintf(what, sizeof what, "data folder %.*s is not writable", (int)config->data_folder.n,
                   config->data_folder.p);
    return gh_serving_fail(what, strerrordesc_np(errno));
}

static bool start_identity(gh_serving *s, const gh_config *config)
{
    const char *why = NULL;
    if (gh_identity_start(&s->identity, config, &s->executors, &why))
        return true;
    return gh_serving_fail("the password pool can't be started", why);
}

static bool open_log(gh_serving *s, const gh_config *config)
{
    bool terminal = gh_str_eq(config->log.file, GH_STR("-")) && isatty(STDOUT_FILENO) != 0;
    gh_log_options options = {.file = config->log.file,
                              .json = config->log.format == GH_LOG_JSON ||
                                      (config->log.format == GH_LOG_AUTO && !terminal),
                              .lanes = s->n_workers + 3};
    const char *why = NULL;
    s->log = gh_log_open(&options, &why);
    if (s->log == NULL) {
        char what[512];
        (void)snprintf(what, sizeof what, "the log %.*s can't be opened", (int)config->log.file.n,
                       config->log.file.p);
        return gh_serving_fail(what, why);
    }
    s->lane = gh_log_lane_of(s->log, s->n_workers);
    s->records_lane = gh_log_lane_of(s->log, s->n_workers + 1);
    s->secrets_lane = gh_log_lane_of(s->log, s->n_workers + 2);
    gh_serving_use_servers(s, config);
    s->identity.said_data = s;
    s->identity.ring_changed = &s->ring_changed;
    atomic_store(&s->identity.said, gh_serving_records_said);
    return true;
}

static bool open_listeners(gh_serving *s, const gh_config *config)
{
    const gh_str_list *addresses = &config->server.listen;
    int fds[256];
    for (unsigned i = 0; i < s->n_workers; i++) {
        s->workers[i].listeners = calloc(addresses->n, sizeof(gh_listener));
        if (s->workers[i].listeners == NULL)
            return gh_serving_fail("start", "out of memory");
    }
    for (unsigned a = 0; a < addresses->n; a++) {
        const char *why = NULL;
        bool is_unix = false;
        if (!gh_listen_open(addresses->items[a], fds, s->n_workers, &is_unix, &why)) {
            char what[300];
            (void)snprintf(what, sizeof what, "can't listen on %.*s", (int)addresses->items[a].n,
                           addresses->items[a].p);
            return gh_serving_fail(what, why);
        }
        for (unsigned i = 0; i < s->n_workers; i++) {
            gh_listener *l = &s->workers[i].listeners[s->workers[i].n_listeners++];
            l->fd = fds[i];
            l->unix_socket = is_unix;
        }
    }
    return true;
}

static bool prepare_worker(gh_serving *s, unsigned i, const gh_config *config)
{
    gh_worker *w = &s->workers[i];
    w->index = i;
    w->executors = &s->executors;
    w->counters_shared = s->redis == NULL ? NULL : &s->counters;
    w->jwks = s->identity.jwks;
    w->metrics = &s->metrics[i];
    w->lane = gh_log_lane_of(s->log, i);
    w->log_access = config->log.access != GH_OFF;
    w->buffers.size = (uint32_t)config->limits.head + BUFFER_SPARE;
    w->max_clients = (unsigned)((config->server.max_connections + s->n_workers - 1) / s->n_workers);
    w->held = &s->held;
    w->lines = malloc(GH_LINES_SIZE);
    w->scratch_memory = aligned_alloc(16, GH_SCRATCH_FIRST);
    w->response_fields = calloc(GH_RESPONSE_FIELDS, sizeof *w->response_fields);
    if (s->identity.records != NULL && (w->token_cache = gh_token_cache_new()) == NULL)
        return false;
    w->view = gh_view_new(w, gh_generation_ref(s->generation));
    w->ended = &s->worker_ended;
    w->running = &s->running;
    return w->lines != NULL && w->scratch_memory != NULL && w->response_fields != NULL && w->view != NULL;
}

static bool allocate(gh_serving *s, const gh_config *config)
{
    s->n_workers = (unsigned)config->server.workers;
    if (s->n_workers == 0)
        s->n_workers = uv_available_parallelism();
    if (s->n_workers > 256)
        s->n_workers = 256;
    gh_random(s->key, sizeof s->key);
    s->executors.state = gh_state_new(config->rate_limits.max_clients);
    s->workers = calloc(s->n_workers, sizeof *s->workers);
    s->metrics = aligned_alloc(64, ((s->n_workers + 1) * sizeof *s->metrics + 63) & ~(size_t)63);
    s->metrics_list = calloc(s->n_workers + 1, sizeof(gh_metrics *));
    if (s->executors.state == NULL || s->workers == NULL || s->metrics == NULL || s->metrics_list == NULL)
        return gh_serving_fail("start", "out of memory");
    memset(s->metrics, 0, (s->n_workers + 1) * sizeof *s->metrics);
    for (unsigned i = 0; i <= s->n_workers; i++)
        s->metrics_list[i] = &s->metrics[i];
    return true;
}

static bool start_admin(gh_serving *s, const gh_config *config)
{
    static gh_admin_pages pages = {.metrics = page_metrics, .ready = page_ready};
    if (gh_str_eq(config->admin.listen, GH_STR("off")))
        return true;
    const char *why = NULL;
    pages.data = s;
    s->admin = gh_admin_start(&s->loop, config->admin.listen, &pages, &why);
    if (s->admin != NULL)
        return true;
    return gh_serving_fail("admin listener (choose another address with --admin, or --admin off)", why);
}

static bool start_main_loop(gh_serving *s, uv_signal_cb on_signal, uv_async_cb on_worker_ended)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    int status = uv_loop_init(&s->loop);
    if (status == 0)
        status = uv_async_init(&s->loop, &s->worker_ended, on_worker_ended);
    s->worker_ended.data = s;
    if (status == 0)
        status = uv_timer_init(&s->loop, &s->document_timer);
    if (status == 0)
        status = uv_timer_init(&s->loop, &s->identity_timer);
    s->document_timer.data = s->identity_timer.data = s;
    for (size_t i = 0; status == 0 && i < GH_COUNT(numbers); i++) {
        s->signals[i].data = s;
        status = uv_signal_init(&s->loop, &s->signals[i]);
        if (status == 0)
            status = uv_signal_start(&s->signals[i], on_signal, numbers[i]);
    }
    return status == 0 || gh_serving_fail("start", uv_strerror(status));
}

static bool start_workers(gh_serving *s, const gh_config *config)
{
    atomic_store(&s->running, s->n_workers);
    gh_serving_key(s, s->generation);
    for (unsigned i = 0; i < s->n_workers; i++)
        if (!prepare_worker(s, i, config))
            return gh_serving_fail("start", "out of memory");
    for (unsigned i = 0; i < s->n_workers; i++) {
        int status = gh_worker_start(&s->workers[i]);
        if (status != 0)
            return gh_serving_fail("start", uv_strerror(status));
    }
    return true;
}

bool gh_serving_start(gh_serving *s, unsigned reading, uv_signal_cb on_signal, uv_async_cb on_worker_ended)
{
    const gh_config *config = s->generation->config;
    raise_descriptor_limit();
    (void)signal(SIGPIPE, SIG_IGN);
    return check_data_folder(config) && allocate(s, config) && open_log(s, config) &&
           gh_serving_open_redis(s, config) && start_identity(s, config) && open_listeners(s, config) &&
           start_main_loop(s, on_signal, on_worker_ended) && gh_serving_watch_secrets(s, reading) &&
           start_admin(s, config) && start_workers(s, config) && gh_serving_take_commands(s);
}
