/* Signing in by password: may it be tried, and what comes of it. The comparison itself is done elsewhere, between the
 * two. */
#include "records/attempts.h"

/* Of the user himself and confirmed: a device that is proved to be another's counts as none. */
static gh_id own_device(gh_work *w, gh_id user, gh_id device)
{
    gh_query q = gh_query_of(w->sql, GH_SQL_DEVICE_BY_ID);
    gh_bind_id(&q, device);
    bool own = gh_query_row(&q);
    if (own) {
        gh_column_skip(&q); /* its id */
        own = gh_column_u64(&q) == user && user != 0;
        gh_column_skip(&q);
        gh_column_skip(&q);
        own = gh_column_u64(&q) != 0 && own;
    }
    gh_query_end(&q);
    return own ? device : 0;
}

/* What is counted is what was typed; of a signed-in user who changes his password, his name. */
static gh_str counted_name(gh_work *w, const gh_op_login_begin *o, const gh_account *a)
{
    if (o->user != 0)
        return a->record.name.p != NULL ? a->record.name : GH_STR("");
    gh_str name = gh_canonical(w, o->name, GH_EMAIL_MAX);
    return name.p != NULL ? name : gh_str_cut(o->name, 0, GH_EMAIL_MAX);
}

/* The same statements whether there is such a user or not. */
enum gh_op_status gh_do_login_begin(gh_work *w, gh_op *op)
{
    gh_op_login_begin *o = (gh_op_login_begin *)op;
    gh_account a;
    bool found = gh_account_find(w, o->user, o->name, &a);
    gh_attempt attempt = {.user = a.record.id, .password_n = a.password_n};
    gh_attempt_hash_name(w, counted_name(w, o, &a), attempt.who);
    memcpy(attempt.place, o->prefix, sizeof attempt.place);
    attempt.device = own_device(w, a.record.id, o->device);
    attempt.whole = !gh_attempt_place_known(w, a.record.id, o->prefix) && attempt.device == 0;
    gh_attempt_begin(w, &attempt, &o->limits, &o->attempt, &op->retry_s);
    if (op->retry_s > 0)
        return GH_OP_SLOWED;
    if (!found)
        return GH_OP_OK;
    o->found = a.record.id;
    o->disabled = a.record.disabled;
    o->stored = a.hash;
    o->found_name = a.record.name;
    o->email = a.record.email;
    return GH_OP_OK;
}

/* Who types his password where the name should be must not find it in the trail: kept is what a name is made of. */
static bool could_be_a_name(gh_str text)
{
    static const char marks[] = "_.@+-";
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool letter = (c >= 'a' && c <= 'z') || gh_is_digit(c);
        if (!letter && memchr(marks, c, sizeof marks - 1) == NULL)
            return false;
    }
    return text.n > 0;
}

/* Of a disabled account no password is compared (identity/endpoint_login.c): `right` says nothing of it then, and the
 * event says what is so either way. The name that was typed is kept only when it is nobody's; who has it later takes it
 * along when he is erased. */
static enum gh_op_status refuse(gh_work *w, const gh_op_login_finish *o, const gh_account *a, bool right)
{
    static const gh_str reasons[] = {GH_STR_INIT("{\"success\":false,\"reason\":\"unknown\"}"),
                                     GH_STR_INIT("{\"success\":false,\"reason\":\"disabled\"}"),
                                     GH_STR_INIT("{\"success\":false,\"reason\":\"wrong\"}")};
    bool known = a->record.id != 0, disabled = a->record.disabled;
    gh_str none = {NULL, 0}, name = known ? none : gh_canonical(w, o->tried, GH_EMAIL_MAX);
    gh_audit(w, &(gh_event){.event = "auth_attempt",
                            .user = a->record.id,
                            .name = could_be_a_name(name) ? name : none,
                            .detail = reasons[!known     ? 0
                                              : disabled ? 1
                                                         : 2]});
    return right && disabled ? GH_OP_DISABLED : GH_OP_WRONG;
}

static void upgrade(gh_work *w, gh_id user, gh_str hash)
{
    if (hash.n == 0)
        return;
    gh_query q = gh_query_of(w->sql, GH_SQL_USER_UPGRADE_HASH);
    gh_bind_id(&q, user);
    gh_bind_text(&q, hash);
    gh_query_run(&q);
}

/* The session that the browser had, whosever it was: a new sign-in is a new id. */
static void end_replaced(gh_work *w, gh_id session)
{
    gh_query q = gh_query_of(w->sql, GH_SQL_SESSION_BY_ID);
    gh_bind_id(&q, session);
    gh_session_row row;
    bool found = gh_query_row(&q);
    if (found)
        gh_session_read(&q, &row);
    gh_query_end(&q);
    if (!found)
        return;
    gh_session_end(w, session, 0);
    gh_audit_thing(w, "session_end", row.s.user, "replaced_session", session);
}

/* Again the same statements for who is unknown and whose password is wrong. */
enum gh_op_status gh_do_login_finish(gh_work *w, gh_op *op)
{
    gh_op_login_finish *o = (gh_op_login_finish *)op;
    gh_attempt attempt = {0};
    gh_account a = {0};
    bool begun = gh_attempt_take(w, o->attempt, &attempt);
    if (o->unseen) {
        if (begun)
            gh_attempt_take_back(w, &attempt);
        return GH_OP_WRONG;
    }
    bool found = gh_account_find(w, o->user, (gh_str){NULL, 0}, &a);
    /* Compared with the password that is his now, and by an attempt that was let through? */
    bool right = found && o->right && begun && attempt.user == o->user && attempt.password_n == a.password_n;
    if (!right || a.record.disabled)
        return refuse(w, o, &a, right);
    upgrade(w, o->user, o->upgraded);
    gh_attempt_succeeded(w, &attempt);
    enum gh_op_status status = gh_session_add(w, &a, &o->session, o->replaces, &o->bound);
    bool in = status == GH_OP_OK;
    gh_audit(w, &(gh_event){.event = "auth_attempt",
                            .user = o->user,
                            .detail = in ? GH_STR("{\"success\":true}")
                                         : GH_STR("{\"success\":false,\"reason\":\"too_many_sessions\"}")});
    if (!in)
        return status;
    if (o->replaces != 0)
        end_replaced(w, o->replaces);
    gh_sql_run2(w->sql, GH_SQL_USER_LOGGED_IN, o->user, w->now_s);
    o->subject = gh_account_subject(&a);
    o->cutoff_s = a.cutoff_s;
    return GH_OP_OK;
}
