/* API keys: made, rolled over, listed, ended. */
#include "records/api_key.h"

static bool find_key(gh_work *w, gh_id id, gh_key_row *ret)
{
    gh_query q = gh_query_of(w->sql, GH_SQL_KEY_BY_ID);
    gh_bind_id(&q, id);
    bool found = gh_query_row(&q);
    if (found)
        gh_key_read(&q, w->arena, ret);
    gh_query_end(&q);
    return found && gh_sql_ok(w->sql);
}

/* Those in use, and those that another has taken the place of and that live on for a while: of either there may be
 * `most`. A roll-over leaves the number of those in use as it is. */
static bool at_cap(gh_work *w, const gh_op_key_create *o, gh_id user)
{
    uint64_t in_use = 0, replaced = 0;
    gh_query q = gh_query_of(w->sql, GH_SQL_KEY_COUNTS);
    gh_bind_id(&q, user);
    gh_bind_u64(&q, w->now_s);
    if (gh_query_row(&q)) {
        in_use = gh_column_u64(&q);
        replaced = gh_column_u64(&q);
    }
    gh_query_end(&q);
    if (o->rolls == 0)
        return in_use >= o->most;
    return o->overlap_s > 0 ? replaced >= o->most : o->most == 0;
}

static gh_str given_or(gh_str given, gh_str old)
{
    return given.p != NULL ? given : old;
}

/* The new key's row; what the op leaves out is as that of the key it takes the place of. */
static gh_key_row new_row(const gh_work *w, const gh_op_key_create *o, const gh_account *a,
                          const gh_key_record *old)
{
    gh_key_row row = {.record = {.id = o->id,
                                 .user = a->record.id,
                                 .user_name = a->record.name,
                                 .name = gh_str_cut(given_or(o->name, old->name), 0, GH_LABEL_MAX),
                                 .start = gh_str_cut(o->start, 0, GH_KEY_START_MAX),
                                 .scopes = given_or(o->scopes, old->scopes),
                                 .tier = given_or(o->tier, old->tier),
                                 .networks = given_or(o->networks, old->networks),
                                 .created_s = w->now_s,
                                 .generation = o->generation,
                                 .expires_s = o->expires_s != 0 ? o->expires_s : old->expires_s}};
    if (row.record.expires_s > INT64_MAX)
        row.record.expires_s = INT64_MAX;
    if (row.record.tier.n == 0)
        row.record.tier = (gh_str){NULL, 0};
    if (row.record.networks.n == 0)
        row.record.networks = (gh_str){NULL, 0};
    memcpy(row.hash, o->hash, sizeof row.hash);
    return row;
}

static void write_row(gh_work *w, const gh_key_row *row)
{
    const gh_key_record *r = &row->record;
    gh_query q = gh_query_of(w->sql, GH_SQL_KEY_ADD);
    gh_bind_id(&q, r->id);
    gh_bind_id(&q, r->user);
    gh_bind_blob(&q, row->hash, sizeof row->hash);
    gh_bind_text(&q, r->name);
    gh_bind_text(&q, r->start);
    gh_bind_text(&q, r->scopes);
    gh_bind_text(&q, r->tier);
    gh_bind_text(&q, r->networks);
    gh_bind_u64(&q, r->created_s);
    gh_bind_u64(&q, r->expires_s);
    gh_bind_u64(&q, r->generation);
    gh_query_run(&q);
}

static void end_key(gh_work *w, gh_id key)
{
    gh_sql_run1(w->sql, GH_SQL_KEY_DELETE, key);
    gh_work_effect(w, GH_EFFECT_END_KEY)->id = key;
}

/* The old one lives on for the overlap, never longer than before. */
static void replace(gh_work *w, const gh_op_key_create *o, gh_key_row *old)
{
    uint64_t until = w->now_s + o->overlap_s;
    gh_roster_key key;
    if (o->overlap_s == 0) {
        end_key(w, old->record.id);
        return;
    }
    if (old->record.expires_s == 0 || old->record.expires_s > until)
        old->record.expires_s = until;
    gh_sql_run3(w->sql, GH_SQL_KEY_REPLACE, old->record.id, old->record.expires_s, o->id);
    if (gh_key_for_roster(w->arena, old, &key))
        gh_work_effect(w, GH_EFFECT_SET_KEY)->key = key;
    else
        gh_sql_fail(w->sql, GH_SQL_NO_MEMORY);
}

/* The key that is to be rolled over: the user's own, in use, not replaced yet. */
static bool can_roll(gh_work *w, const gh_op_key_create *o, gh_id user, gh_key_row *ret)
{
    return find_key(w, o->rolls, ret) && ret->record.user == user && ret->record.replaced_by == 0 &&
           !gh_key_over(&ret->record, w->now_s);
}

static enum gh_op_status create(gh_work *w, gh_op_key_create *o, const gh_account *a, gh_key_row *old)
{
    gh_key_row row = new_row(w, o, a, &old->record);
    gh_roster_key key;
    if (row.record.scopes.n > GH_SCOPES_TEXT_MAX || row.record.tier.n > GH_TIER_MAX ||
        !gh_key_for_roster(w->arena, &row, &key))
        return GH_OP_WRONG;
    write_row(w, &row);
    if (o->rolls != 0)
        replace(w, o, old);
    gh_account_effect(w, a);
    gh_effect *e = gh_work_effect(w, GH_EFFECT_SET_KEY);
    e->only_grants = true;
    e->key = key;
    gh_audit_thing(w, "key_create", a->record.id, o->rolls == 0 ? "key" : "rolled_key", o->id);
    o->key = row.record;
    return GH_OP_OK;
}

/* The operator rolls a key over without saying whose it is. */
static bool find_owner(gh_work *w, const gh_op_key_create *o, gh_account *ret)
{
    gh_key_row row;
    gh_id user = o->user;
    if (user == 0 && o->user_name.p == NULL && o->rolls != 0 && find_key(w, o->rolls, &row))
        user = row.record.user;
    return gh_account_find(w, user, o->user_name, ret);
}

enum gh_op_status gh_do_key_create(gh_work *w, gh_op *op)
{
    gh_op_key_create *o = (gh_op_key_create *)op;
    gh_key_row old = {0};
    gh_account a;
    if (!find_owner(w, o, &a))
        return GH_OP_NOT_FOUND;
    if (a.record.disabled)
        return GH_OP_DISABLED;
    if (o->rolls != 0 && !can_roll(w, o, a.record.id, &old))
        return GH_OP_NOT_FOUND;
    if (at_cap(w, o, a.record.id))
        return GH_OP_CAP;
    return create(w, o, &a, &old);
}

enum gh_op_status gh_do_key_list(gh_work *w, gh_op *op)
{
    gh_op_key_list *o = (gh_op_key_list *)op;
    gh_key_row row;
    gh_account a = {0};
    uint32_t room = 0;
    bool all = o->user == 0 && o->user_name.p == NULL;
    if (!all && !gh_account_find(w, o->user, o->user_name, &a))
        return GH_OP_NOT_FOUND;
    gh_query q = gh_query_of(w->sql, all ? GH_SQL_KEYS_ALL : GH_SQL_KEYS_OF_USER);
    if (!all)
        gh_bind_id(&q, a.record.id);
    while (gh_query_row(&q)) {
        gh_key_read(&q, w->arena, &row);
        if (gh_key_over(&row.record, w->now_s))
            continue;
        o->keys = gh_sql_grow(w->sql, w->arena, o->keys, o->n, &room, sizeof *o->keys);
        if (o->keys == NULL)
            break;
        o->keys[o->n++] = row.record;
    }
    gh_query_end(&q);
    return GH_OP_OK;
}

enum gh_op_status gh_do_key_end(gh_work *w, gh_op *op)
{
    const gh_op_key_end *o = (const gh_op_key_end *)op;
    gh_key_row row;
    if (!find_key(w, o->id, &row) || (o->user != 0 && row.record.user != o->user))
        return GH_OP_NOT_FOUND;
    end_key(w, o->id);
    gh_audit_thing(w, "key_end", row.record.user, "key", o->id);
    return GH_OP_OK;
}
