/* The server: starts the workers, then waits on the main thread for signals and admin requests. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "config/compile.h"
#include "edges/identity/secret_file.h"
#include "edges/proxy/serve_banner.h"
#include "edges/proxy/serving.h"
#include "edges/secrets/environment.h"

enum { EXIT_START = 1, EXIT_CONFIG = 2 };

static void print_report(const gh_report *report)
{
    char *text = malloc(GH_REPORT_SIZE);
    if (text == NULL)
        return;
    gh_buf out = gh_buf_over(text, GH_REPORT_SIZE);
    gh_report_print(report, &out);
    (void)fwrite(text, 1, out.n, stderr);
    free(text);
}

static void drain(gh_serving *s)
{
    if (s->draining) {
        gh_log_event(s->lane, GH_LEVEL_WARNING, "stopped", "told to stop twice: not waiting any longer");
        gh_log_close(s->log);
        _exit(EXIT_START);
    }
    s->draining = true;
    atomic_store(&s->stopping, true);
    gh_log_event(s->lane, GH_LEVEL_INFO, "draining", "no new connections; requests in progress are finished");
    for (unsigned i = 0; i < s->n_workers; i++) {
        atomic_store(&s->workers[i].drain, true);
        gh_worker_wake(&s->workers[i]);
    }
}

static void close_everything(gh_serving *s)
{
    gh_aws_secrets_end(s->secrets);
    if (s->admin != NULL)
        gh_admin_stop(s->admin);
    gh_admin_socket_stop(s->commands);
    gh_health_stop(s->health);
    uv_close((uv_handle_t *)&s->document_timer, NULL);
    uv_close((uv_handle_t *)&s->identity_timer, NULL);
    for (size_t i = 0; i < GH_COUNT(s->signals); i++)
        uv_close((uv_handle_t *)&s->signals[i], NULL);
    uv_close((uv_handle_t *)&s->worker_ended, NULL);
    uv_close((uv_handle_t *)&s->secret_changed, NULL);
}

static void on_worker_ended(uv_async_t *async)
{
    gh_serving *s = async->data;
    if (atomic_load(&s->running) == 0)
        close_everything(s);
}

static void on_signal(uv_signal_t *signal, int number)
{
    gh_serving *s = signal->data;
    if (number == SIGHUP && !s->draining)
        gh_serving_reload(s, true);
    else if (number == SIGUSR1)
        gh_log_reopen(s->log);
    else if (number == SIGTERM || number == SIGINT)
        drain(s);
}

static void say_started(gh_serving *s)
{
    char text[4096];
    gh_buf b = gh_buf_over(text, sizeof text);
    if (isatty(STDERR_FILENO) != 0) {
        gh_banner_write(s->generation->config, s->n_workers, &b);
        (void)fwrite(text, 1, b.n, stderr);
    }
    b.n = 0;
    const gh_str_list *listen = &s->generation->config->server.listen;
    for (unsigned i = 0; i < listen->n; i++)
        gh_buf_printf(&b, "%s%.*s", i > 0 ? ", " : "", (int)listen->items[i].n, listen->items[i].p);
    gh_log_event(s->lane, GH_LEVEL_INFO, "started", "Gatehouse %s listens on %.*s", GH_VERSION, (int)b.n,
                 b.p);
    s->health = gh_health_start(&s->loop, s->generation, s->lane);
    gh_serving_watch_documents(s);
    gh_serving_watch_keys(s);
}

/* A socket's file outlives the socket: whoever starts next would have to guess whose it is. */
static void remove_socket_files(const gh_str_list *addresses)
{
    for (unsigned i = 0; i < addresses->n; i++) {
        char path[256];
        gh_str name = gh_str_cut(addresses->items[i], 5, addresses->items[i].n);
        if (!gh_str_starts(addresses->items[i], GH_STR("unix:")) || name.n >= sizeof path)
            continue;
        memcpy(path, name.p, name.n);
        path[name.n] = '\0';
        (void)unlink(path);
    }
}

static void free_all(gh_serving *s)
{
    remove_socket_files(&s->first->config->server.listen);
    for (unsigned i = 0; i < s->n_workers; i++) {
        (void)uv_thread_join(&s->workers[i].thread);
        free(s->workers[i].listeners);
        free(s->workers[i].lines);
        free(s->workers[i].scratch_memory);
        free(s->workers[i].response_fields);
        gh_token_cache_free(s->workers[i].token_cache);
        gh_counters_free(s->workers[i].counters);
        gh_generation_unref(atomic_exchange(&s->workers[i].next, NULL));
    }
    gh_identity_close(&s->identity);
    gh_aws_secrets_free(s->secrets);
    gh_log_event(s->lane, GH_LEVEL_INFO, "stopped", "all connections are closed");
    gh_log_close(s->log);
    (void)uv_loop_close(&s->loop);
    gh_generation_unref(s->generation);
    gh_generation_unref(s->first);
    gh_documents_free(s->documents);
    gh_redis_shared_free(s->redis);
    gh_state_free(s->executors.state);
    free(s->workers);
    free(s->metrics);
    free(s->metrics_list);
    gh_wipe(s->key, sizeof s->key);
}

static gh_config *read_config(gh_serving *s, gh_report *report)
{
    gh_serve_options options = s->options;
    s->documents = options.documents = gh_documents_new(NULL, &s->stopping);
    if (s->documents != NULL)
        return gh_serve_read_config(&options, report);
    gh_report_error(report, NULL, 0, 0, "out of memory");
    return NULL;
}

/* False: reported. What is wrong there is no mistake in the configuration's text. */
static bool open_identity(gh_serving *s, gh_config *config, gh_report *report)
{
    gh_serving_wait wait = {0};
    if (config->identity.enabled == GH_ON && config->postgresql.url.p != NULL)
        gh_serving_heed_signals();
    s->identity.waits = gh_serving_waits;
    s->identity.waits_data = &wait;
    bool done = gh_identity_open(&s->identity, config, report);
    s->identity.waits = NULL;
    if (done)
        gh_serving_waited(&wait);
    return done;
}

/* Wrong is what `check` finds wrong, too; all else could not be done, and may be another time. */
static int refused(const gh_serving *s, const gh_config *config, bool opened, bool compiled)
{
    char why[512];
    if (compiled || gh_aws_secrets_unreachable(s->secrets))
        return EXIT_START;
    if (config == NULL || opened)
        return EXIT_CONFIG;
    return gh_data_folder_look(config->data_folder, why, sizeof why) ? EXIT_START : EXIT_CONFIG;
}

int gh_serve_run(const gh_serve_options *options)
{
    /* One a process; its loop must stay where it is. */
    static gh_serving serving = {.conditions = GH_CONDITIONS_INIT, .said_lock = PTHREAD_MUTEX_INITIALIZER};
    gh_serving *s = &serving;
    gh_report report;
    gh_report_init(&report);
    s->options = *options;
    s->started_s = (uint64_t)time(NULL);
    if (!gh_crypto_init()) {
        (void)gh_serving_fail("start", "no source of randomness");
        return EXIT_START;
    }
    gh_policy *policy = NULL;
    s->options.secrets = s->secrets = gh_aws_secrets_new(gh_environment(), &s->stopping);
    if (s->secrets == NULL) {
        (void)gh_serving_fail("start", "out of memory");
        return EXIT_START;
    }
    unsigned reading = gh_aws_secrets_begin(s->secrets, false);
    gh_config *config = read_config(s, &report);
    s->identity.jwks = gh_key_sets_new(&s->stopping);
    bool opened = config != NULL && open_identity(s, config, &report);
    if (opened)
        policy = gh_policy_compile(config, &report);
    if (config != NULL)
        gh_config_forget_ring(config);
    if (policy != NULL)
        s->generation = gh_generation_new(config, policy, NULL, &report);
    print_report(&report);
    gh_report_free(&report);
    if (s->generation == NULL) {
        gh_documents_free(s->documents);
        gh_identity_close(&s->identity);
        int status = refused(s, config, opened, policy != NULL);
        if (config != NULL)
            gh_config_free(config);
        gh_aws_secrets_free(s->secrets);
        return status;
    }
    gh_documents_settle(s->documents, GH_DOCUMENTS_USED);
    if (!gh_serving_start(s, reading, on_signal, on_worker_ended))
        return EXIT_START;
    s->first = gh_generation_ref(s->generation);
    say_started(s);
    (void)uv_run(&s->loop, UV_RUN_DEFAULT);
    free_all(s);
    return 0;
}
