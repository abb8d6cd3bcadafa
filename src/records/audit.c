#include "records/work.h"

static gh_str cut_user_agent(gh_str text)
{
    return gh_str_cut(text, 0, GH_USER_AGENT_MAX);
}

void gh_audit(gh_work *w, const gh_event *event)
{
    gh_audit_by(w, w->actor, event);
}

void gh_audit_by(gh_work *w, const gh_op_actor *actor, const gh_event *event)
{
    gh_query q = gh_query_of(w->sql, GH_SQL_AUDIT_ADD);
    gh_bind_u64(&q, w->now_s);
    gh_bind_text(&q, gh_str_of(event->event));
    gh_bind_id(&q, event->user);
    gh_bind_text(&q, event->name);
    gh_bind_id(&q, actor->user);
    gh_bind_id(&q, actor->session);
    gh_bind_id(&q, actor->key);
    gh_bind_id(&q, actor->device);
    gh_bind_ip(&q, &actor->address);
    gh_bind_text(&q, cut_user_agent(actor->user_agent));
    gh_bind_text(&q, actor->decision);
    gh_bind_text(&q, event->detail);
    gh_query_run(&q);
}

void gh_audit_thing(gh_work *w, const char *event, gh_id user, const char *what, gh_id id)
{
    char memory[96];
    gh_buf detail = gh_buf_over(memory, sizeof memory);
    gh_buf_printf(&detail, "{\"%s\":\"", what);
    gh_id_put(&detail, id);
    gh_buf_lit(&detail, "\"}");
    gh_audit(w, &(gh_event){.event = event, .user = user, .detail = gh_buf_str(&detail)});
}

enum gh_op_status gh_do_audit(gh_work *w, gh_op *op)
{
    const gh_op_audit *o = (const gh_op_audit *)op;
    char name[GH_EVENT_MAX + 1];
    gh_str event = gh_str_cut(o->event, 0, GH_EVENT_MAX);
    if (event.n > 0)
        memcpy(name, event.p, event.n);
    name[event.n] = '\0';
    gh_audit(w, &(gh_event){.event = name, .user = o->user, .detail = o->detail});
    return GH_OP_OK;
}
