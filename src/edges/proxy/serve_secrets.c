/* Secrets that are kept in AWS, while the server runs: one that changes makes a reload. */
#include "edges/proxy/serving.h"
#include "edges/secrets/locked.h"
#include "edges/secrets/protect.h"

static void said(void *data, int level, const char *event, const char *text)
{
    gh_serving *s = data;
    gh_str what = gh_str_of(text);
    if (strcmp(event, "secrets_unavailable") == 0)
        gh_conditions_lost(&s->conditions, s->secrets_lane, GH_SERVER_AWS, what, what);
    else if (strcmp(event, "secrets_recovered") == 0)
        gh_conditions_back(&s->conditions, s->secrets_lane, GH_SERVER_AWS, what);
    else
        gh_log_event(s->secrets_lane, level > 0 ? GH_LEVEL_WARNING : GH_LEVEL_INFO, event, "%s", text);
}

/* On the thread of the secrets. */
static void changed(void *data)
{
    gh_serving *s = data;
    (void)uv_async_send(&s->secret_changed);
}

static void on_changed(uv_async_t *async)
{
    gh_serving *s = async->data;
    if (s->draining)
        return;
    gh_log_event(s->lane, GH_LEVEL_INFO, "secret_changed",
                 "a secret has changed in AWS: the configuration is read again");
    gh_serving_reload(s, false);
}

/* That a configuration with some is in use says that they were got, once. */
void gh_serving_look_at_secrets(gh_serving *s)
{
    gh_aws_figures f = gh_aws_secrets_figures(s->secrets);
    if (f.in_use == 0) {
        gh_conditions_forget(&s->conditions, GH_SERVER_AWS);
        return;
    }
    gh_conditions_use(&s->conditions, GH_SERVER_AWS, (gh_str){NULL, 0});
    if (f.failing == 0)
        gh_conditions_ok(&s->conditions, GH_SERVER_AWS);
}

void gh_serving_use_secrets(gh_serving *s, unsigned reading)
{
    if (!gh_aws_secrets_use(s->secrets, reading, s->generation->config->secrets.refresh))
        gh_log_event(
            s->lane, GH_LEVEL_ERROR, "secrets_not_watched",
            "no thread can be started: a secret that changes in AWS is seen at the next reload only");
}

bool gh_serving_watch_secrets(gh_serving *s, unsigned reading)
{
    const gh_aws_watch watch = {said, changed, s};
    int status = uv_async_init(&s->loop, &s->secret_changed, on_changed);
    s->secret_changed.data = s;
    if (status != 0)
        return gh_serving_fail("start", uv_strerror(status));
    if (s->generation->config->secrets.core_dumps == GH_ON)
        gh_protect_not();
    if (gh_locked_refused())
        gh_log_event(
            s->lane, GH_LEVEL_WARNING, "secrets_not_locked",
            "the system does not let all secrets be locked in memory, so they could be swapped out: raise the limit "
            "of locked memory (ulimit -l, LimitMEMLOCK)");
    gh_aws_secrets_watch(s->secrets, &watch);
    gh_serving_use_secrets(s, reading);
    return true;
}

static void put(gh_buf *out, const char *name, const char *kind, const char *help, uint64_t value)
{
    gh_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", name, help, name, kind, name,
                  (unsigned long long)value);
}

void gh_serving_put_secrets(gh_serving *s, gh_buf *out)
{
    gh_aws_figures f = gh_aws_secrets_figures(s->secrets);
    put(out, "gatehouse_secrets", "gauge", "Secrets in AWS that are in use.", f.in_use);
    put(out, "gatehouse_secrets_failing", "gauge", "Of these, those that could not be got the last time.",
        f.failing);
    put(out, "gatehouse_secrets_age_seconds", "gauge", "Time since all of them were got.", f.age_s);
    put(out, "gatehouse_secrets_requests_total", "counter", "Requests to AWS Secrets Manager.", f.requests);
    put(out, "gatehouse_secrets_failures_total", "counter", "Those that failed.", f.failures);
}
