/* The commands of the operator, on the server that is running. */
#include <stdio.h>

#include "edges/identity/operator.h"
#include "edges/proxy/serving.h"
#include "records/own_file.h"

/* Commands work with the configuration of the moment; a reload meanwhile is no matter. */
static void *hold(void *data)
{
    gh_serving *s = data;
    return s->draining ? NULL : gh_generation_ref(s->generation);
}

static void release(void *data, void *held)
{
    (void)data;
    gh_generation_unref(held);
}

/* On a thread of the pool. */
static void ring_changed(void *data)
{
    gh_serving *s = data;
    atomic_store(&s->ring_changed, true);
}

static int run(void *data, void *held, const gh_operator_request *request, gh_text *out, gh_text *err)
{
    gh_serving *s = data;
    const gh_generation *g = held;
    gh_operator with = gh_identity_operator(&s->identity, g->config, g->policy);
    with.ring_changed = ring_changed;
    with.look = gh_serving_look;
    with.data = s;
    return gh_operator_run(&with, request, out, err);
}

/* Without identity nothing has looked at the folder or locked it yet; and no such server need have one. */
static bool may_use_folder(gh_serving *s, const gh_config *config)
{
    char text[512];
    gh_buf why = gh_buf_over(text, sizeof text);
    if (config->data_folder.p == NULL)
        return false;
    if (gh_own_folder(config->data_folder.p, &why)) {
        s->folder_lock = gh_own_lock(config->data_folder.p, &why);
        if (s->folder_lock >= 0)
            return true;
    }
    gh_log_event(s->lane, GH_LEVEL_WARNING, "status_not_there",
                 "gatehouse status can't ask this server: %.*s", (int)why.n, why.p);
    return false;
}

bool gh_serving_take_commands(gh_serving *s)
{
    const gh_config *config = s->generation->config;
    const gh_admin_work work = {.data = s, .hold = hold, .run = run, .release = release};
    const char *why = NULL;
    if (s->identity.records == NULL && !may_use_folder(s, config))
        return true;
    s->commands = gh_admin_socket_start(&s->loop, config->data_folder, &work, &why);
    if (s->commands != NULL)
        return true;
    char what[512];
    (void)snprintf(what, sizeof what, "can't listen on " GH_ADMIN_SOCKET_NAME " in the data folder %.*s",
                   (int)config->data_folder.n, config->data_folder.p);
    return gh_serving_fail(what, why);
}
