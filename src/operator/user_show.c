/* `user list`, `user show` */
#include "identity/answer.h"
#include "operator/errand.h"
#include "operator/table.h"

enum { LIMIT = 100, LIMIT_MAX = 1000 };

/* What a record takes at most as JSON. */
static size_t room_of(const gh_user_record *u)
{
    return 512 + 6 * (u->name.n + u->email.n + 2 * u->roles.n + u->tier.n);
}

static void put_members(gh_buf *out, const gh_user_record *u)
{
    gh_member_id(out, "id", u->id);
    gh_member_text(out, "username", u->name);
    gh_member_text(out, "email", u->email);
    gh_member_words(out, "roles", u->roles);
    gh_member_word(out, "tier", u->tier);
    gh_member_bool(out, "disabled", u->disabled);
    gh_member_bool(out, "has_password", u->has_password);
    gh_member_time(out, "created_at", u->created_s);
    gh_member_time(out, "changed_at", u->changed_s);
    gh_member_time(out, "last_login_at", u->last_login_s);
    gh_member_time(out, "password_changed_at", u->password_s);
}

static const char *state_of(const gh_user_record *u)
{
    return u->disabled ? "disabled" : u->has_password ? "active" : "no password";
}

/* {"users":[...],"next":NAME}: what --after is given for the following ones; null: there are none. */
static void list_json(gh_errand *o, const gh_op_user_list *l)
{
    gh_text_lit(o->out, "{\"users\":[");
    for (uint32_t i = 0; i < l->n; i++) {
        gh_buf *out = gh_text_room(o->out, room_of(&l->users[i]));
        gh_buf_put(out, i == 0 ? GH_STR("\n{") : GH_STR(",\n{"));
        put_members(out, &l->users[i]);
        gh_buf_char(out, '}');
    }
    gh_str next = l->more && l->n > 0 ? l->users[l->n - 1].name : (gh_str){NULL, 0};
    gh_buf *out = gh_text_room(o->out, 6 * next.n + 32);
    gh_buf_lit(out, "\n]");
    gh_member_text(out, "next", next);
    gh_buf_lit(out, "}\n");
}

static void list_text(gh_errand *o, const gh_op_user_list *l)
{
    static const char *const heads[] = {"NAME", "ID", "ROLES", "TIER", "STATE", "LAST LOGIN"};
    gh_table t = gh_table_of(&o->arena, heads, GH_COUNT(heads));
    for (uint32_t i = 0; i < l->n; i++) {
        const gh_user_record *u = &l->users[i];
        gh_table_cell(&t, u->name);
        gh_table_id(&t, u->id);
        gh_table_cell(&t, u->roles);
        gh_table_cell(&t, u->tier);
        gh_table_cell(&t, gh_str_of(state_of(u)));
        gh_table_time(&t, u->last_login_s);
    }
    gh_table_put(&t, o->out);
    if (l->more && l->n > 0)
        gh_note(o, "there are more: gatehouse user list --after %s", gh_show(o, l->users[l->n - 1].name));
}

gh_op_user_list *gh_list_users(gh_errand *o, gh_str after, uint32_t most, bool with_hashes)
{
    gh_op_user_list *l = gh_op_make(USER_LIST, gh_op_user_list);
    if (l != NULL) {
        l->most = most;
        l->with_hashes = with_hashes;
        if (!gh_op_copy(&l->op, after, &l->after)) {
            gh_op_unref(&l->op);
            l = NULL;
        }
    }
    if (gh_do(o, l == NULL ? NULL : &l->op))
        return l;
    if (l != NULL)
        gh_op_unref(&l->op);
    return NULL;
}

int gh_operate_user_list(gh_errand *o)
{
    uint64_t limit = LIMIT;
    if (!gh_read_number(o, "limit", 1, LIMIT_MAX, &limit))
        return GH_EXIT_USAGE;
    gh_op_user_list *l = gh_list_users(o, gh_option(o, "after", 0), (uint32_t)limit, false);
    if (l == NULL)
        return GH_EXIT_FAILED;
    if (gh_wants_json(o))
        list_json(o, l);
    else
        list_text(o, l);
    gh_op_unref(&l->op);
    return GH_EXIT_OK;
}

static void show_json(gh_errand *o, const gh_op_user_get *g)
{
    gh_buf *out = gh_text_room(o->out, room_of(&g->user) + 128);
    gh_buf_char(out, '{');
    put_members(out, &g->user);
    gh_member_number(out, "sessions", g->sessions);
    gh_member_number(out, "keys", g->keys);
    gh_member_number(out, "devices", g->devices);
    gh_buf_lit(out, "}\n");
}

static void show_text(gh_errand *o, const gh_op_user_get *g)
{
    const gh_user_record *u = &g->user;
    char counts[96];
    gh_buf b = gh_buf_over(counts, sizeof counts);
    gh_buf_printf(&b, "%u sessions, %u API keys, %u devices", g->sessions, g->keys, g->devices);
    gh_table t = gh_table_of(&o->arena, NULL, 2);
    gh_table_cell(&t, GH_STR("name"));
    gh_table_cell(&t, u->name);
    gh_table_cell(&t, GH_STR("id"));
    gh_table_id(&t, u->id);
    gh_table_cell(&t, GH_STR("email"));
    gh_table_cell(&t, u->email);
    gh_table_cell(&t, GH_STR("roles"));
    gh_table_cell(&t, u->roles);
    gh_table_cell(&t, GH_STR("tier"));
    gh_table_cell(&t, u->tier);
    gh_table_cell(&t, GH_STR("state"));
    gh_table_cell(&t, gh_str_of(state_of(u)));
    gh_table_cell(&t, GH_STR("created"));
    gh_table_time(&t, u->created_s);
    gh_table_cell(&t, GH_STR("changed"));
    gh_table_time(&t, u->changed_s);
    gh_table_cell(&t, GH_STR("last login"));
    gh_table_time(&t, u->last_login_s);
    gh_table_cell(&t, GH_STR("password of"));
    gh_table_time(&t, u->password_s);
    gh_table_cell(&t, GH_STR("has"));
    gh_table_cell(&t, gh_buf_str(&b));
    gh_table_put(&t, o->out);
}

int gh_operate_user_show(gh_errand *o)
{
    gh_op_user_get *g = gh_find_user(o, gh_argument(o, 0));
    if (g == NULL)
        return GH_EXIT_FAILED;
    if (gh_wants_json(o))
        show_json(o, g);
    else
        show_text(o, g);
    gh_op_unref(&g->op);
    return GH_EXIT_OK;
}
