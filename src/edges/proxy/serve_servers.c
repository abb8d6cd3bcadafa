/* Outside servers: what is said of them is kept for status and metrics, beside the line in the log. */
#include <string.h>

#include "edges/proxy/serving.h"

void gh_serving_use_servers(gh_serving *s, const gh_config *config)
{
    if (config->identity.enabled == GH_ON && config->postgresql.url.p != NULL) {
        gh_conditions_use(&s->conditions, GH_SERVER_POSTGRESQL, (gh_str){NULL, 0});
        if (s->identity.records != NULL)
            gh_conditions_ok(&s->conditions, GH_SERVER_POSTGRESQL);
    }
}

static bool is_shared(gh_serving *s)
{
    gh_condition c;
    gh_conditions_read(&s->conditions, GH_SERVER_POSTGRESQL, &c);
    return c.state != GH_CONDITION_UNUSED;
}

static void say(gh_serving *s, int level, const char *event, gh_str text)
{
    bool shared = is_shared(s);
    if (shared && strcmp(event, "records_unavailable") == 0)
        gh_conditions_lost(&s->conditions, s->records_lane, GH_SERVER_POSTGRESQL, text, text);
    else if (shared && strcmp(event, "records_recovered") == 0)
        gh_conditions_back(&s->conditions, s->records_lane, GH_SERVER_POSTGRESQL, text);
    else
        gh_log_event(s->records_lane, (enum gh_log_level)level, event, "%.*s", (int)text.n, text.p);
}

void gh_serving_records_said(void *data, int level, const char *event, const char *text)
{
    gh_serving *s = data;
    (void)pthread_mutex_lock(&s->said_lock);
    say(s, level, event, gh_str_of(text));
    (void)pthread_mutex_unlock(&s->said_lock);
}
