/* `session list`, `session end` */
#include "identity/answer.h"
#include "operator/errand.h"
#include "operator/table.h"

static const char *kind_of(const gh_session_record *s)
{
    return s->kind == GH_SESSION_COOKIE ? "cookie" : "token";
}

static gh_str address_of(const gh_session_record *s, char memory[GH_IP_TEXT_MAX])
{
    return s->address.family == 0 ? (gh_str){NULL, 0} : gh_ip_text(&s->address, memory);
}

static void list_json(gh_errand *o, const gh_op_session_list *l)
{
    gh_text_lit(o->out, "{\"sessions\":[");
    for (uint32_t i = 0; i < l->n; i++) {
        const gh_session_record *s = &l->sessions[i];
        char memory[GH_IP_TEXT_MAX];
        gh_buf *out = gh_text_room(o->out, 512 + 6 * (s->user_agent.n + s->device_name.n));
        gh_buf_put(out, i == 0 ? GH_STR("\n{") : GH_STR(",\n{"));
        gh_member_id(out, "id", s->id);
        gh_member_text(out, "kind", gh_str_of(kind_of(s)));
        gh_member_text(out, "address", address_of(s, memory));
        gh_member_text(out, "user_agent", s->user_agent);
        gh_member_id(out, "device", s->device);
        gh_member_text(out, "device_name", s->device_name);
        gh_member_time(out, "created_at", s->created_s);
        gh_member_time(out, "last_used_at", s->used_s);
        gh_member_time(out, "expires_at", s->expires_s);
        gh_buf_char(out, '}');
    }
    gh_text_lit(o->out, "\n]}\n");
}

static void list_text(gh_errand *o, const gh_op_session_list *l)
{
    static const char *const heads[] = {"ID",      "KIND",   "ADDRESS",   "LAST USE",
                                        "EXPIRES", "DEVICE", "USER AGENT"};
    gh_table t = gh_table_of(&o->arena, heads, GH_COUNT(heads));
    for (uint32_t i = 0; i < l->n; i++) {
        const gh_session_record *s = &l->sessions[i];
        char memory[GH_IP_TEXT_MAX];
        gh_table_id(&t, s->id);
        gh_table_cell(&t, gh_str_of(kind_of(s)));
        gh_table_cell(&t, address_of(s, memory));
        gh_table_time(&t, s->used_s);
        gh_table_time(&t, s->expires_s);
        gh_table_cell(&t, s->device_name);
        gh_table_cell(&t, s->user_agent);
    }
    gh_table_put(&t, o->out);
}

int gh_operate_session_list(gh_errand *o)
{
    gh_op_user_get *user = gh_find_user(o, gh_argument(o, 0));
    if (user == NULL)
        return GH_EXIT_FAILED;
    gh_op_session_list *l = gh_op_make(SESSION_LIST, gh_op_session_list);
    if (l != NULL) {
        l->user = user->user.id;
        l->idle_s_cookie = o->identity->session.idle_s;
    }
    gh_op_unref(&user->op);
    bool good = gh_do(o, l == NULL ? NULL : &l->op);
    if (good && gh_wants_json(o))
        list_json(o, l);
    else if (good)
        list_text(o, l);
    if (l != NULL)
        gh_op_unref(&l->op);
    return good ? GH_EXIT_OK : GH_EXIT_FAILED;
}

static int end(gh_errand *o, gh_id user, gh_id session)
{
    gh_op_session_end *e = gh_op_make(SESSION_END, gh_op_session_end);
    int status = GH_EXIT_FAILED;
    if (e != NULL) {
        e->user = user;
        e->session = session;
        e->token_s = o->identity->token.access_s + o->identity->token.leeway_s;
    }
    if (gh_do(o, e == NULL ? NULL : &e->op)) {
        status = GH_EXIT_OK;
        if (session != 0 && e->op.status != GH_OP_OK)
            status = gh_fail(o, "there is no session %s, or it has ended", gh_show(o, gh_argument(o, 0)));
        else
            gh_note(o, "%u session%s ended", e->ended, e->ended == 1 ? "" : "s");
    }
    if (e != NULL)
        gh_op_unref(&e->op);
    return status;
}

int gh_operate_session_end(gh_errand *o)
{
    gh_id session;
    gh_str id = gh_argument(o, 0), who = gh_option(o, "user", 0);
    if ((id.p == NULL) == (who.p == NULL))
        return gh_misuse(o, "say which: the id of a session, or --user NAME for all of a user's");
    if (id.p != NULL)
        return gh_read_id(o, "session", id, &session) ? end(o, 0, session) : GH_EXIT_USAGE;
    gh_op_user_get *user = gh_find_user(o, who);
    if (user == NULL)
        return GH_EXIT_FAILED;
    gh_id of = user->user.id;
    gh_op_unref(&user->op);
    return end(o, of, 0);
}
