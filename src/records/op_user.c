/* Users: made, shown, changed. op_account.c exports and erases them. */
#include "base/crypto.h"
#include "records/attempts.h"
#include "records/roles.h"

/* No name is another's e-mail address, so that signing in by one or the other always means one user. */
static bool taken(gh_work *w, gh_id but, gh_str name, gh_str email)
{
    gh_query q = gh_query_of(w->sql, GH_SQL_USER_TAKEN);
    gh_bind_u64(&q, but);
    gh_bind_text(&q, name);
    gh_bind_text(&q, email);
    bool found = gh_query_row(&q);
    gh_query_end(&q);
    return found;
}

static void write_user(gh_work *w, const gh_user_record *u, gh_str hash)
{
    gh_query q = gh_query_of(w->sql, GH_SQL_USER_ADD);
    gh_bind_id(&q, u->id);
    gh_bind_text(&q, u->name);
    gh_bind_text(&q, u->email);
    gh_bind_text(&q, hash);
    gh_bind_text(&q, u->roles);
    gh_bind_text(&q, u->tier);
    gh_bind_u64(&q, u->created_s);
    gh_bind_u64(&q, u->changed_s);
    gh_bind_u64(&q, u->password_s);
    gh_bind_u64(&q, u->disabled);
    gh_query_run(&q);
}

static enum gh_op_status exists(gh_work *w, const gh_op_user_create *o)
{
    if (!o->if_absent)
        gh_audit(w, &(gh_event){.event = "register",
                                .detail = GH_STR("{\"success\":false,\"reason\":\"exists\"}")});
    return GH_OP_EXISTS;
}

/* What can't be is refused before anything is written. */
static bool can_be(const gh_op_user_create *o, gh_str name, gh_str email)
{
    return name.p != NULL && (o->email.n == 0 || email.p != NULL) && gh_roles_ok(o->roles) &&
           o->tier.n <= GH_TIER_MAX;
}

static gh_account new_account(const gh_work *w, const gh_op_user_create *o, gh_id id)
{
    gh_account a = {.hash = o->hash};
    a.record = (gh_user_record){.id = id,
                                .roles = o->roles.p == NULL ? GH_STR("") : o->roles,
                                .tier = o->tier.n == 0 ? (gh_str){NULL, 0} : o->tier,
                                .disabled = o->disabled,
                                .has_password = o->hash.p != NULL,
                                .created_s = o->created_s == 0 ? w->now_s : o->created_s,
                                .changed_s = w->now_s,
                                .password_s = o->hash.p == NULL ? 0 : w->now_s};
    return a;
}

enum gh_op_status gh_do_user_create(gh_work *w, gh_op *op)
{
    gh_op_user_create *o = (gh_op_user_create *)op;
    uint8_t random[8];
    gh_str name = gh_canonical(w, o->name, GH_USER_NAME_MAX), email = gh_canonical(w, o->email, GH_EMAIL_MAX);
    if (!can_be(o, name, email))
        return GH_OP_WRONG;
    if (taken(w, 0, name, email))
        return exists(w, o);
    gh_random(random, sizeof random);
    gh_account a = new_account(w, o, gh_id_of_random(random));
    a.record.name = name;
    a.record.email = email;
    write_user(w, &a.record, o->hash);
    if (o->disabled)
        gh_account_effect(w, &a);
    gh_audit(w,
             &(gh_event){.event = "register", .user = a.record.id, .detail = GH_STR("{\"success\":true}")});
    if (o->with_session) {
        if (gh_session_add(w, &a, &o->session, 0, &o->bound) != GH_OP_OK)
            gh_sql_fail(w->sql, GH_SQL_MISUSE); /* no cap can be reached by the first one */
        gh_sql_run2(w->sql, GH_SQL_USER_LOGGED_IN, a.record.id, w->now_s);
        a.record.last_login_s = w->now_s;
    }
    o->user = a.record;
    o->subject = gh_account_subject(&a);
    return GH_OP_OK;
}

enum gh_op_status gh_do_user_get(gh_work *w, gh_op *op)
{
    gh_op_user_get *o = (gh_op_user_get *)op;
    gh_account a;
    if (!gh_account_find(w, o->id, o->name, &a))
        return GH_OP_NOT_FOUND;
    o->user = a.record;
    gh_query q = gh_query_of(w->sql, GH_SQL_USER_COUNTS);
    gh_bind_id(&q, a.record.id);
    gh_bind_u64(&q, w->now_s);
    if (gh_query_row(&q)) {
        o->sessions = (uint32_t)gh_column_u64(&q);
        o->keys = (uint32_t)gh_column_u64(&q);
        o->devices = (uint32_t)gh_column_u64(&q);
    }
    gh_query_end(&q);
    return GH_OP_OK;
}

enum gh_op_status gh_do_user_list(gh_work *w, gh_op *op)
{
    gh_op_user_list *o = (gh_op_user_list *)op;
    uint32_t most = o->most < 1 ? 1 : o->most > 1000 ? 1000 : o->most;
    gh_str after = o->after.p == NULL ? GH_STR("") : o->after;
    gh_user_record *users = gh_arena_array(w->arena, most, sizeof *users);
    if (users == NULL) {
        gh_sql_fail(w->sql, GH_SQL_NO_MEMORY);
        return GH_OP_UNAVAILABLE;
    }
    gh_query q = gh_query_of(w->sql, GH_SQL_USERS_AFTER);
    gh_bind_text(&q, after);
    gh_bind_u64(&q, most + 1);
    o->users = users;
    while (gh_query_row(&q)) {
        if (o->n == most) {
            o->more = true;
            break;
        }
        gh_account a;
        gh_account_read(&q, w->arena, &a);
        users[o->n] = a.record;
        if (o->with_hashes)
            users[o->n].hash = a.hash;
        o->n++;
    }
    gh_query_end(&q);
    return GH_OP_OK;
}

/* --- changes */

/* Sessions first, then the account: in this order all operations take what they write, so none waits for one that waits
 * for it. */
static void change_password(gh_work *w, const gh_op_user_change *o, gh_account *a)
{
    (void)gh_sessions_end(w, a->record.id, o->keep_session, 0);
    gh_query q = gh_query_of(w->sql, GH_SQL_USER_SET_PASSWORD);
    gh_bind_id(&q, a->record.id);
    gh_bind_text(&q, o->hash);
    gh_bind_u64(&q, w->now_s);
    gh_query_run(&q);
    a->record.has_password = true;
    a->record.password_s = w->now_s;
    gh_attempts_forget(w, a->record.name, a->record.email);
    gh_audit(w, &(gh_event){.event = "password_change", .user = a->record.id});
}

static void audit_role(gh_work *w, gh_id user, const char *what, gh_str role)
{
    char memory[96];
    gh_buf detail = gh_buf_over(memory, sizeof memory);
    gh_buf_printf(&detail, "{\"%s\":\"%.*s\"}", what, (int)role.n, role.p);
    gh_audit(w, &(gh_event){.event = "role_change", .user = user, .detail = gh_buf_str(&detail)});
}

/* True: they are other ones now. */
static bool change_roles(gh_work *w, const gh_op_user_change *o, gh_account *a, gh_str roles)
{
    gh_str before = a->record.roles;
    if (gh_str_eq(before, roles))
        return false;
    if (o->remove_role.n > 0 && gh_roles_have(before, o->remove_role))
        audit_role(w, a->record.id, "removed", o->remove_role);
    if (o->add_role.n > 0 && !gh_roles_have(before, o->add_role))
        audit_role(w, a->record.id, "added", o->add_role);
    a->record.roles = roles;
    return true;
}

static bool change_tier(gh_work *w, const gh_op_user_change *o, gh_account *a)
{
    gh_str tier = o->tier.n == 0 ? (gh_str){NULL, 0} : o->tier;
    if (!o->set_tier || gh_str_eq(tier, a->record.tier))
        return false;
    a->record.tier = tier;
    gh_audit(w, &(gh_event){.event = "tier_change", .user = a->record.id});
    return true;
}

static bool change_state(gh_work *w, const gh_op_user_change *o, gh_account *a)
{
    if (!o->set_disabled || o->disabled == a->record.disabled)
        return false;
    a->record.disabled = o->disabled;
    if (o->disabled)
        (void)gh_sessions_end(w, a->record.id, 0, 0);
    gh_audit(w, &(gh_event){.event = o->disabled ? "user_disable" : "user_enable", .user = a->record.id});
    return true;
}

static void write_changes(gh_work *w, const gh_user_record *u)
{
    gh_query q = gh_query_of(w->sql, GH_SQL_USER_SET);
    gh_bind_id(&q, u->id);
    gh_bind_text(&q, u->email);
    gh_bind_text(&q, u->roles);
    gh_bind_text(&q, u->tier);
    gh_bind_u64(&q, u->disabled);
    gh_bind_u64(&q, u->changed_s);
    gh_query_run(&q);
}

static enum gh_op_status look_at_change(gh_work *w, const gh_op_user_change *o, gh_id user, gh_str email,
                                        gh_str roles)
{
    if (o->email.n > 0 && email.p == NULL)
        return GH_OP_WRONG;
    if ((o->add_role.n > 0 && !gh_role_name_ok(o->add_role)) || (o->set_tier && o->tier.n > GH_TIER_MAX))
        return GH_OP_WRONG;
    if (roles.p == NULL)
        gh_sql_fail(w->sql, GH_SQL_NO_MEMORY);
    if (roles.n > GH_ROLES_TEXT_MAX)
        return GH_OP_CAP;
    if (email.p != NULL && taken(w, user, email, email))
        return GH_OP_EXISTS;
    return GH_OP_OK;
}

enum gh_op_status gh_do_user_change(gh_work *w, gh_op *op)
{
    gh_op_user_change *o = (gh_op_user_change *)op;
    gh_account a;
    if (!gh_account_find(w, o->id, o->name, &a))
        return GH_OP_NOT_FOUND;
    if (!gh_attempt_holds(w, o->attempt, &a))
        return GH_OP_WRONG;
    gh_str email = gh_canonical(w, o->email, GH_EMAIL_MAX);
    gh_str roles = gh_roles_changed(w->arena, a.record.roles, o->add_role, o->remove_role);
    enum gh_op_status status = look_at_change(w, o, a.record.id, email, roles);
    if (status != GH_OP_OK)
        return status;
    if (email.p != NULL && !gh_str_eq(email, a.record.email)) {
        a.record.email = email;
        gh_audit(w, &(gh_event){.event = "email_change", .user = a.record.id});
    }
    bool rights = change_roles(w, o, &a, roles);
    rights = change_tier(w, o, &a) || rights;
    rights = change_state(w, o, &a) || rights;
    if (o->hash.p != NULL && o->keep_session == 0)
        rights = true; /* nobody stays: tokens that belong to no session end with the others */
    if (rights)
        gh_account_cut_off(w, &a);
    if (o->hash.p != NULL)
        change_password(w, o, &a);
    a.record.changed_s = w->now_s;
    write_changes(w, &a.record);
    if (rights)
        gh_account_effect(w, &a);
    o->user = a.record;
    return GH_OP_OK;
}
