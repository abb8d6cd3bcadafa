/* What a user may ask for by law: all that is known of him, and that it be gone. */
#include "records/api_key.h"
#include "records/attempts.h"
#include "wire/json_text.h"

static void put_key(gh_buf *out, const char *key)
{
    if (out->n > 0 && out->p[out->n - 1] != '{')
        gh_buf_char(out, ',');
    gh_buf_printf(out, "\"%s\":", key);
}

static void put_text(gh_buf *out, const char *key, gh_str text)
{
    if (text.p == NULL)
        return;
    put_key(out, key);
    gh_json_string(out, text);
}

static void put_number(gh_buf *out, const char *key, uint64_t n)
{
    put_key(out, key);
    gh_buf_u64(out, n);
}

static void put_bool(gh_buf *out, const char *key, bool value)
{
    put_key(out, key);
    gh_buf_put(out, value ? GH_STR("true") : GH_STR("false"));
}

static void put_id(gh_buf *out, const char *key, gh_id id)
{
    if (id == 0)
        return;
    put_key(out, key);
    gh_buf_char(out, '"');
    gh_id_put(out, id);
    gh_buf_char(out, '"');
}

static void put_address(gh_buf *out, const gh_ip *address)
{
    char memory[GH_IP_TEXT_MAX];
    if (address->family != 0)
        put_text(out, "address", gh_ip_text(address, memory));
}

/* The next thing of an array. */
static void open_thing(gh_buf *out)
{
    if (out->n > 0 && out->p[out->n - 1] == '}')
        gh_buf_char(out, ',');
    gh_buf_char(out, '{');
}

static void put_user(gh_buf *out, const gh_user_record *u)
{
    put_key(out, "user");
    gh_buf_char(out, '{');
    put_id(out, "id", u->id);
    put_text(out, "name", u->name);
    put_text(out, "email", u->email);
    put_text(out, "roles", u->roles);
    put_text(out, "tier", u->tier);
    put_bool(out, "disabled", u->disabled);
    put_bool(out, "has_password", u->has_password);
    put_number(out, "created", u->created_s);
    put_number(out, "changed", u->changed_s);
    put_number(out, "last_login", u->last_login_s);
    put_number(out, "password_changed", u->password_s);
    gh_buf_char(out, '}');
}

static void put_sessions(gh_work *w, gh_id user, gh_buf *out)
{
    gh_op_session_list list = {.user = user};
    (void)gh_do_session_list(w, &list.op);
    put_key(out, "sessions");
    gh_buf_char(out, '[');
    for (uint32_t i = 0; i < list.n; i++) {
        const gh_session_record *s = &list.sessions[i];
        open_thing(out);
        put_id(out, "id", s->id);
        put_text(out, "kind", s->kind == GH_SESSION_COOKIE ? GH_STR("cookie") : GH_STR("token"));
        put_id(out, "device", s->device);
        put_address(out, &s->address);
        put_text(out, "user_agent", s->user_agent);
        put_number(out, "created", s->created_s);
        put_number(out, "used", s->used_s);
        put_number(out, "expires", s->expires_s);
        gh_buf_char(out, '}');
    }
    gh_buf_char(out, ']');
}

static void put_devices(gh_work *w, gh_id user, gh_buf *out)
{
    gh_op_device_list list = {.user = user};
    (void)gh_do_device_list(w, &list.op);
    put_key(out, "devices");
    gh_buf_char(out, '[');
    for (uint32_t i = 0; i < list.n; i++) {
        const gh_device_record *d = &list.devices[i];
        open_thing(out);
        put_id(out, "id", d->id);
        put_text(out, "name", d->name);
        put_bool(out, "confirmed", d->confirmed);
        put_number(out, "created", d->created_s);
        put_number(out, "used", d->used_s);
        gh_buf_char(out, '}');
    }
    gh_buf_char(out, ']');
}

static void put_keys(gh_work *w, gh_id user, gh_buf *out)
{
    gh_op_key_list list = {.user = user};
    (void)gh_do_key_list(w, &list.op);
    put_key(out, "api_keys");
    gh_buf_char(out, '[');
    for (uint32_t i = 0; i < list.n; i++) {
        const gh_key_record *k = &list.keys[i];
        open_thing(out);
        put_id(out, "id", k->id);
        put_text(out, "name", k->name);
        put_text(out, "start", k->start);
        put_text(out, "scopes", k->scopes);
        put_text(out, "tier", k->tier);
        put_text(out, "networks", k->networks);
        put_number(out, "created", k->created_s);
        put_number(out, "used", k->used_s);
        put_number(out, "expires", k->expires_s);
        gh_buf_char(out, '}');
    }
    gh_buf_char(out, ']');
}

static void put_event(gh_query *q, gh_buf *out)
{
    open_thing(out);
    put_number(out, "id", gh_column_u64(q));
    put_number(out, "at", gh_column_u64(q));
    put_text(out, "event", gh_column_peek(q));
    put_id(out, "user", gh_column_u64(q));
    put_text(out, "name", gh_column_peek(q));
    put_id(out, "by_user", gh_column_u64(q));
    put_id(out, "by_session", gh_column_u64(q));
    put_id(out, "by_key", gh_column_u64(q));
    put_id(out, "by_device", gh_column_u64(q));
    gh_ip address = gh_column_ip(q);
    put_address(out, &address);
    put_text(out, "user_agent", gh_column_peek(q));
    put_text(out, "decision", gh_column_peek(q));
    gh_str detail = gh_column_peek(q);
    if (detail.n > 0) {
        put_key(out, "detail"); /* it is JSON */
        gh_buf_put(out, detail);
    }
    gh_buf_char(out, '}');
}

/* The newest first, while there is room. True: all of them. */
static bool put_events(gh_work *w, gh_id user, gh_buf *out)
{
    bool complete = true;
    gh_query q = gh_query_of(w->sql, GH_SQL_AUDIT_OF_USER);
    gh_bind_id(&q, user);
    put_key(out, "events");
    gh_buf_char(out, '[');
    while (gh_query_row(&q)) {
        size_t before = out->n;
        put_event(&q, out);
        if (gh_buf_ok(out) && gh_buf_room(out) > 64)
            continue;
        out->n = before;
        out->overflow = false;
        complete = false;
        break;
    }
    gh_query_end(&q);
    gh_buf_char(out, ']');
    put_bool(out, "events_complete", complete);
    return complete;
}

static bool put_everything(gh_work *w, const gh_user_record *u, gh_buf *out)
{
    gh_buf_char(out, '{');
    put_user(out, u);
    put_sessions(w, u->id, out);
    put_devices(w, u->id, out);
    put_keys(w, u->id, out);
    if (!gh_buf_ok(out))
        return false;
    bool complete = put_events(w, u->id, out);
    gh_buf_char(out, '}');
    return complete;
}

/* Into the smallest buffer that takes it all; the largest takes as many events as there is room for. */
enum gh_op_status gh_do_user_export(gh_work *w, gh_op *op)
{
    static const size_t sizes[] = {64 << 10, 512 << 10, 2560 << 10};
    gh_op_user_export *o = (gh_op_user_export *)op;
    gh_account a;
    gh_buf out = {0};
    bool complete = false;
    if (!gh_account_find(w, o->id, (gh_str){NULL, 0}, &a))
        return GH_OP_NOT_FOUND;
    for (unsigned i = 0; i < GH_COUNT(sizes) && !complete; i++) {
        char *memory = gh_arena_alloc(w->arena, sizes[i]);
        if (memory == NULL)
            break;
        out = gh_buf_over(memory, sizes[i]);
        complete = put_everything(w, &a.record, &out);
    }
    if (out.p == NULL || !gh_buf_ok(&out))
        gh_sql_fail(w->sql, GH_SQL_NO_MEMORY);
    gh_audit(w, &(gh_event){.event = "user_export", .user = o->id});
    o->json = gh_buf_str(&out);
    return GH_OP_OK;
}

static void anonymise(gh_work *w, const gh_user_record *u)
{
    gh_query q = gh_query_of(w->sql, GH_SQL_AUDIT_ANONYMISE);
    gh_bind_id(&q, u->id);
    gh_bind_text(&q, u->name);
    gh_bind_text(&q, u->email);
    gh_query_run(&q);
}

/* His rows in other tables go with the user's own. His access tokens are refused by the cut-off, which outlives him. His
 * sessions are ended one by one, as what is open by them is cut by that. */
enum gh_op_status gh_do_user_erase(gh_work *w, gh_op *op)
{
    const gh_op_user_erase *o = (const gh_op_user_erase *)op;
    gh_account a;
    if (!gh_account_find(w, o->id, o->name, &a))
        return GH_OP_NOT_FOUND;
    if (!gh_attempt_holds(w, o->attempt, &a))
        return GH_OP_WRONG;
    (void)gh_sessions_end(w, a.record.id, 0, 0); /* each by its id: what is open by one of them is to end */
    gh_account_cut_off(w, &a);
    gh_attempts_forget(w, a.record.name, a.record.email);
    gh_sql_run1(w->sql, GH_SQL_USER_ERASE, a.record.id);
    anonymise(w, &a.record);
    gh_work_effect(w, GH_EFFECT_DROP_USER)->id = a.record.id;
    gh_effect *e = gh_work_effect(w, GH_EFFECT_SET_USER);
    e->user = (gh_roster_user){.id = a.record.id, .cutoff_s = a.cutoff_s};
    e->until_s = a.until_s;
    gh_op_actor himself = {.user = a.record.id, .decision = w->actor->decision};
    const gh_op_actor *actor = w->actor->user == a.record.id ? &himself : w->actor; /* not from where */
    gh_audit_by(w, actor, &(gh_event){.event = "user_erase", .user = a.record.id});
    w->scrub = true;
    return GH_OP_OK;
}
