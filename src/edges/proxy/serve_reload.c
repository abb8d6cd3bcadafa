/* A reload: all or nothing, and without a request lost. */
#include "edges/proxy/serving.h"

static void log_report(gh_serving *s, const gh_report *report)
{
    for (unsigned i = 0; i < report->n; i++) {
        const gh_report_item *item = &report->items[i];
        gh_log_event(s->lane, item->warning ? GH_LEVEL_WARNING : GH_LEVEL_ERROR, "configuration",
                     "%s:%u:%u: %.*s", item->file != NULL ? item->file : "configuration", item->line,
                     item->column, (int)item->text.n, item->text.p);
    }
}

static bool same_list(const gh_str_list *a, const gh_str_list *b)
{
    bool same = a->n == b->n;
    for (unsigned i = 0; same && i < a->n; i++)
        same = gh_str_eq(a->items[i], b->items[i]);
    return same;
}

/* What a running process does not change: said by name, so that nobody waits for it. Compared with what is
 * in use since the start, not with what was read last. */
static void say_what_needs_restart(gh_serving *s, const gh_config *fresh)
{
    const gh_config *used = s->first->config;
    const struct {
        const char *name;
        bool differs;
    } settings[] = {
        {"profile", used->profile != fresh->profile},
        {"secret_key", !gh_str_eq(used->secret_key, fresh->secret_key)},
        {"data.folder", !gh_str_eq(used->data_folder, fresh->data_folder)},
        {"server.listen", !same_list(&used->server.listen, &fresh->server.listen)},
        {"server.workers", used->server.workers != fresh->server.workers},
        {"server.max_connections", used->server.max_connections != fresh->server.max_connections},
        {"server.proxy_protocol", used->server.proxy_protocol != fresh->server.proxy_protocol},
        {"admin.listen", !gh_str_eq(used->admin.listen, fresh->admin.listen)},
        {"limits.head", used->limits.head != fresh->limits.head},
        {"rate_limits.max_clients", used->rate_limits.max_clients != fresh->rate_limits.max_clients},
        {"log.file", !gh_str_eq(used->log.file, fresh->log.file)},
        {"log.format", used->log.format != fresh->log.format},
    };
    for (size_t i = 0; i < GH_COUNT(settings); i++)
        if (settings[i].differs)
            gh_log_event(s->lane, GH_LEVEL_WARNING, "restart_needed", "%s: the new value needs a restart",
                         settings[i].name);
}

static gh_generation *read_generation(gh_serving *s, gh_report *report)
{
    gh_config *config = gh_serve_read_config(s->options, report);
    if (config == NULL)
        return NULL;
    gh_generation *fresh = gh_generation_new(config, s->generation, report);
    if (fresh == NULL)
        gh_config_free(config);
    return fresh;
}

void gh_serving_reload(gh_serving *s)
{
    gh_report report;
    gh_report_init(&report);
    gh_metrics *mine = &s->metrics[s->n_workers];
    gh_generation *fresh = read_generation(s, &report);
    log_report(s, &report);
    if (fresh == NULL) {
        gh_metric_add(mine, GH_METRIC_RELOADS_FAILED, 1);
        gh_log_event(s->lane, GH_LEVEL_ERROR, "reload_refused",
                     "the new configuration has %u errors; the old one stays in use", report.errors);
        gh_report_free(&report);
        return;
    }
    say_what_needs_restart(s, fresh->config);
    /* The buffers and the counters' table were sized at start. */
    fresh->config->limits.head = s->first->config->limits.head;
    fresh->config->server.proxy_protocol = s->first->config->server.proxy_protocol;
    gh_health_stop(s->health);
    s->health = gh_health_start(&s->loop, fresh, s->lane);
    for (unsigned i = 0; i < s->n_workers; i++) {
        gh_generation *missed = atomic_exchange(&s->workers[i].next, gh_generation_ref(fresh));
        gh_generation_unref(missed); /* a worker that had not yet come to the one before */
        gh_worker_wake(&s->workers[i]);
    }
    gh_generation_unref(s->generation);
    s->generation = fresh;
    gh_metric_add(mine, GH_METRIC_RELOADS, 1);
    gh_log_event(s->lane, GH_LEVEL_INFO, "reloaded", "the new configuration is in use");
    gh_report_free(&report);
}
