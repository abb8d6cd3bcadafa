#include "records/work.h"

void gh_account_read(gh_query *q, gh_arena *arena, gh_account *ret)
{
    gh_account a = {0};
    a.record.id = gh_column_u64(q);
    a.record.name = gh_column_text(q, arena);
    a.record.email = gh_column_text(q, arena);
    a.record.roles = gh_column_text(q, arena);
    a.record.tier = gh_column_text(q, arena);
    a.record.disabled = gh_column_u64(q) != 0;
    a.record.created_s = gh_column_u64(q);
    a.record.changed_s = gh_column_u64(q);
    a.record.last_login_s = gh_column_u64(q);
    a.record.password_s = gh_column_u64(q);
    a.hash = gh_column_text(q, arena);
    a.record.has_password = a.hash.p != NULL;
    a.password_n = gh_column_u64(q);
    a.cutoff_s = gh_column_u64(q);
    a.until_s = gh_column_u64(q);
    *ret = a;
}

bool gh_account_find(gh_work *w, gh_id id, gh_str name, gh_account *ret)
{
    bool by_id = id != 0 || name.p == NULL;
    gh_str key = by_id ? (gh_str){NULL, 0} : gh_canonical(w, name, GH_EMAIL_MAX);
    gh_query q = gh_query_of(w->sql, by_id ? GH_SQL_USER_BY_ID : GH_SQL_USER_BY_NAME);
    if (by_id)
        gh_bind_id(&q, id);
    else
        gh_bind_text(&q, key);
    *ret = (gh_account){0};
    bool found = gh_query_row(&q);
    if (found)
        gh_account_read(&q, w->arena, ret);
    gh_query_end(&q);
    return found && gh_sql_ok(w->sql);
}

#define PUT_SHORT(text, from)                                 \
    do {                                                      \
        gh_str cut = gh_str_cut((from), 0, sizeof((text).p)); \
        (text).n = (uint8_t)cut.n;                            \
        if (cut.n > 0)                                        \
            memcpy((text).p, cut.p, cut.n);                   \
    } while (0)

gh_subject gh_account_subject(const gh_account *a)
{
    gh_subject subject = {.user = a->record.id};
    PUT_SHORT(subject.name, a->record.name);
    PUT_SHORT(subject.tier, a->record.tier);
    PUT_SHORT(subject.roles, a->record.roles);
    return subject;
}

gh_effect *gh_work_effect(gh_work *w, enum gh_effect_kind kind)
{
    static _Thread_local gh_effect nowhere;
    gh_effect *effect = gh_effects_add(&w->effects, kind);
    if (effect != NULL)
        return effect;
    gh_sql_fail(w->sql, GH_SQL_NO_MEMORY);
    return &nowhere;
}

void gh_account_effect(gh_work *w, const gh_account *a)
{
    gh_effect *e = gh_work_effect(w, GH_EFFECT_SET_USER);
    e->user = (gh_roster_user){.id = a->record.id,
                               .name = a->record.name,
                               .roles = a->record.roles,
                               .tier = a->record.tier,
                               .disabled = a->record.disabled,
                               .cutoff_s = a->cutoff_s};
    e->until_s = a->until_s;
}

/* No further ahead is a token dated: clocks are allowed to differ by more, unless it is set otherwise. */
enum { AHEAD_S = 10 };

void gh_account_cut_off(gh_work *w, gh_account *a)
{
    if (a->cutoff_s < w->now_s)
        a->cutoff_s = w->now_s;
    else if (a->cutoff_s < w->now_s + AHEAD_S)
        a->cutoff_s++; /* again in this second: a token that was given in between is dated behind the last one */
    uint64_t until_s = a->cutoff_s + gh_work_access_s(w);
    if (a->until_s < until_s)
        a->until_s = until_s;
    gh_sql_run3(w->sql, GH_SQL_CUTOFF_SET, a->record.id, a->cutoff_s, a->until_s);
}

gh_str gh_canonical(gh_work *w, gh_str text, size_t most)
{
    if (text.n == 0 || text.n > most)
        return (gh_str){NULL, 0};
    char *p = gh_arena_alloc(w->arena, text.n);
    if (p == NULL) {
        gh_sql_fail(w->sql, GH_SQL_NO_MEMORY);
        return (gh_str){NULL, 0};
    }
    for (size_t i = 0; i < text.n; i++)
        p[i] = gh_lower(text.p[i]);
    return (gh_str){p, text.n};
}
