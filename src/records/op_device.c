/* Devices: begun, confirmed, listed, ended. */
#include "base/crypto.h"
#include "records/work.h"

typedef struct device_row {
    gh_device_record record;
    gh_id user; /* 0: anonymous */
    uint8_t hash[GH_SECRET_HASH];
} device_row;

static void read_device(gh_query *q, gh_arena *arena, device_row *ret)
{
    device_row row = {0};
    row.record.id = gh_column_u64(q);
    row.user = gh_column_u64(q);
    gh_column_blob(q, row.hash, sizeof row.hash);
    row.record.name = gh_column_text(q, arena);
    row.record.confirmed = gh_column_u64(q) != 0;
    row.record.created_s = gh_column_u64(q);
    row.record.used_s = gh_column_u64(q);
    row.record.expires_s = gh_column_u64(q);
    *ret = row;
}

/* Of that user (0: anonymous); another's is not there. */
static bool find_device(gh_work *w, gh_id user, gh_id id, device_row *ret)
{
    gh_query q = gh_query_of(w->sql, GH_SQL_DEVICE_BY_ID);
    gh_bind_id(&q, id);
    bool found = gh_query_row(&q);
    if (found)
        read_device(&q, w->arena, ret);
    gh_query_end(&q);
    return found && gh_sql_ok(w->sql) && ret->user == user;
}

static uint64_t count_devices(gh_work *w, const gh_op_device_begin *o)
{
    gh_query q = gh_query_of(w->sql, o->user == 0 ? GH_SQL_DEVICE_COUNT_ANONYMOUS : GH_SQL_DEVICE_COUNT);
    if (o->user == 0)
        gh_bind_blob(&q, o->prefix, sizeof o->prefix);
    else
        gh_bind_id(&q, o->user);
    gh_bind_u64(&q, w->now_s);
    uint64_t n = gh_query_row(&q) ? gh_column_u64(&q) : 0;
    gh_query_end(&q);
    return n;
}

enum gh_op_status gh_do_device_begin(gh_work *w, gh_op *op)
{
    gh_op_device_begin *o = (gh_op_device_begin *)op;
    gh_account a;
    if (o->user != 0 && !gh_account_find(w, o->user, (gh_str){NULL, 0}, &a))
        return GH_OP_NOT_FOUND;
    if (count_devices(w, o) >= o->most)
        return GH_OP_CAP;
    gh_query q = gh_query_of(w->sql, GH_SQL_DEVICE_ADD);
    gh_bind_id(&q, o->id);
    gh_bind_id(&q, o->user);
    gh_bind_blob(&q, o->hash, sizeof o->hash);
    gh_bind_text(&q, gh_str_cut(o->name, 0, GH_LABEL_MAX));
    gh_bind_blob(&q, o->user == 0 ? o->prefix : NULL, sizeof o->prefix);
    gh_bind_u64(&q, w->now_s);
    gh_bind_u64(&q, w->now_s + o->timeout_s);
    gh_bind_u64(&q, o->generation);
    gh_query_run(&q);
    gh_audit_thing(w, "device_begin", o->user, "device", o->id);
    return GH_OP_OK;
}

static void device_effect(gh_work *w, const device_row *row)
{
    gh_account a;
    if (row->user != 0 && gh_account_find(w, row->user, (gh_str){NULL, 0}, &a))
        gh_account_effect(w, &a);
    gh_effect *e = gh_work_effect(w, GH_EFFECT_SET_DEVICE);
    e->only_grants = true;
    e->device = (gh_roster_device){.id = row->record.id, .user = row->user};
    memcpy(e->device.hash, row->hash, sizeof row->hash);
}

enum gh_op_status gh_do_device_confirm(gh_work *w, gh_op *op)
{
    gh_op_device_confirm *o = (gh_op_device_confirm *)op;
    device_row row;
    if (!find_device(w, o->user, o->id, &row))
        return GH_OP_NOT_FOUND;
    if (!gh_equal_secret((gh_str){(const char *)o->hash, sizeof o->hash},
                         (gh_str){(const char *)row.hash, sizeof row.hash}))
        return GH_OP_WRONG;
    if (row.record.confirmed)
        return GH_OP_OK;
    if (row.record.expires_s <= w->now_s)
        return GH_OP_EXPIRED;
    gh_sql_run2(w->sql, GH_SQL_DEVICE_CONFIRM, o->id, w->now_s);
    device_effect(w, &row);
    gh_audit_thing(w, "device_confirm", o->user, "device", o->id);
    return GH_OP_OK;
}

enum gh_op_status gh_do_device_list(gh_work *w, gh_op *op)
{
    gh_op_device_list *o = (gh_op_device_list *)op;
    device_row row;
    uint32_t room = 0;
    gh_query q = gh_query_of(w->sql, GH_SQL_DEVICES_OF_USER);
    gh_bind_id(&q, o->user);
    while (gh_query_row(&q)) {
        read_device(&q, w->arena, &row);
        if (!row.record.confirmed && row.record.expires_s <= w->now_s)
            continue;
        o->devices = gh_sql_grow(w->sql, w->arena, o->devices, o->n, &room, sizeof *o->devices);
        if (o->devices == NULL)
            break;
        o->devices[o->n++] = row.record;
    }
    gh_query_end(&q);
    return GH_OP_OK;
}

enum gh_op_status gh_do_device_end(gh_work *w, gh_op *op)
{
    const gh_op_device_end *o = (const gh_op_device_end *)op;
    device_row row;
    if (!find_device(w, o->user, o->id, &row))
        return GH_OP_NOT_FOUND;
    gh_query q = gh_query_of(w->sql, GH_SQL_SESSIONS_OF_DEVICE);
    gh_bind_id(&q, o->id);
    gh_ids sessions = gh_query_ids(&q, w->arena);
    for (uint32_t i = 0; i < sessions.n; i++)
        gh_session_end(w, sessions.id[i], o->token_s);
    gh_sql_run1(w->sql, GH_SQL_DEVICE_DELETE, o->id);
    gh_work_effect(w, GH_EFFECT_END_DEVICE)->id = o->id;
    gh_audit_thing(w, "device_end", o->user, "device", o->id);
    return GH_OP_OK;
}
