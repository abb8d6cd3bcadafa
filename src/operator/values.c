/* Values of options and arguments. */
#include "config/value_number.h"
#include "operator/errand.h"
#include "operator/fields.h"

static bool refuse(gh_errand *o, const char *what, gh_str text, const char *fault)
{
    (void)gh_misuse(o, "%s \"%s\" %s", what, gh_show(o, text), fault);
    return false;
}

static bool out_of_memory(gh_errand *o)
{
    (void)gh_no_memory(o);
    return false;
}

bool gh_read_user_name(gh_errand *o, gh_str text, gh_str *ret)
{
    const char *fault = gh_name_fault(text);
    if (fault != NULL)
        return refuse(o, "the name", text, fault);
    *ret = gh_lower_copy(&o->arena, text);
    return ret->p != NULL || out_of_memory(o);
}

bool gh_read_email(gh_errand *o, gh_str text, gh_str *ret)
{
    *ret = text;
    if (text.p == NULL)
        return true;
    const char *fault = gh_email_fault(text);
    if (fault != NULL)
        return refuse(o, "the address", text, fault);
    *ret = gh_lower_copy(&o->arena, text);
    return ret->p != NULL || out_of_memory(o);
}

static bool unknown_role(gh_errand *o, gh_str role)
{
    gh_str near = gh_nearest_role(o->identity, role);
    if (near.p != NULL)
        (void)gh_misuse(o, "there is no role \"%s\"; did you mean %s?", gh_show(o, role), gh_show(o, near));
    else
        (void)gh_misuse(o, "there is no role \"%s\"; identity.roles of the configuration has those there are",
                        gh_show(o, role));
    return false;
}

bool gh_read_role(gh_errand *o, gh_str role)
{
    return gh_identity_role(o->identity, role) < GH_ROLES_MAX || unknown_role(o, role);
}

bool gh_read_roles(gh_errand *o, gh_str *ret)
{
    char *memory = gh_arena_alloc(&o->arena, GH_ROLES_TEXT_MAX);
    gh_buf list = gh_buf_over(memory, memory == NULL ? 0 : GH_ROLES_TEXT_MAX);
    gh_str role;
    for (unsigned i = 0; (role = gh_option(o, "role", i)).p != NULL; i++) {
        if (!gh_read_role(o, role))
            return false;
        if (!gh_words_add(&list, role))
            return refuse(o, "the role", role, "is one too many: all names together have 192 bytes at most");
    }
    *ret = list.n > 0 ? gh_buf_str(&list) : o->identity->new_user_roles;
    return memory != NULL || out_of_memory(o);
}

bool gh_read_tier(gh_errand *o, gh_str text, gh_str *ret)
{
    const char *fault = gh_tier_fault(text);
    if (fault != NULL)
        return refuse(o, "the tier", text, fault);
    *ret = gh_str_eq(text, GH_STR("none")) ? GH_STR("") : text;
    return true;
}

bool gh_read_scopes(gh_errand *o, gh_str *ret)
{
    char *memory = gh_arena_alloc(&o->arena, GH_SCOPES_TEXT_MAX);
    gh_buf list = gh_buf_over(memory, memory == NULL ? 0 : GH_SCOPES_TEXT_MAX);
    gh_str scope;
    if (memory == NULL)
        return out_of_memory(o);
    for (unsigned i = 0; (scope = gh_option(o, "scope", i)).p != NULL; i++) {
        const char *fault = gh_scope_fault(scope);
        if (fault != NULL)
            return refuse(o, "the scope", scope, fault);
        if (!gh_words_add(&list, scope))
            return refuse(o, "the scope", scope, "is one too many: all together have 240 bytes at most");
        gh_str near = gh_nearest_permission(o->identity, scope);
        if (near.p != NULL && !gh_str_eq(near, scope))
            gh_note(o, "note: no permission is called \"%s\"; did you mean %s?", gh_show(o, scope),
                    gh_show(o, near));
    }
    *ret = list.n > 0 ? gh_buf_str(&list) : (gh_str){NULL, 0};
    return true;
}

bool gh_read_span(gh_errand *o, const char *name, uint64_t otherwise, uint64_t *ret_s)
{
    const char *why;
    uint64_t ms;
    gh_str text = gh_option(o, name, 0);
    if (text.p == NULL) {
        *ret_s = otherwise;
        return true;
    }
    if (!gh_value_duration(text, false, &ms, &why)) {
        (void)gh_misuse(o, "--%s: \"%s\" %s", name, gh_show(o, text), why);
        return false;
    }
    if (ms < 1000 || ms / 1000 > UINT32_MAX) {
        (void)gh_misuse(o, "--%s: \"%s\" is not between one second and a hundred years", name,
                        gh_show(o, text));
        return false;
    }
    *ret_s = ms / 1000;
    return true;
}

bool gh_read_number(gh_errand *o, const char *name, uint64_t least, uint64_t most, uint64_t *ret)
{
    gh_str text = gh_option(o, name, 0);
    if (text.p == NULL || (gh_str_u64(text, ret) && *ret >= least && *ret <= most))
        return true;
    (void)gh_misuse(o, "--%s: \"%s\" is not a number from %llu to %llu", name, gh_show(o, text),
                    (unsigned long long)least, (unsigned long long)most);
    return false;
}

bool gh_read_password(gh_errand *o, gh_str name, gh_str email, gh_str *ret_hash)
{
    const gh_password_user user = {.name = name, .email = email};
    enum gh_password_weakness weakness = gh_password_strength(o->input, &o->with->strength, &user);
    if (weakness != GH_PASSWORD_FINE) {
        char memory[512];
        gh_buf why = gh_buf_over(memory, sizeof memory);
        gh_password_weakness_say(weakness, &o->with->strength, &why);
        (void)gh_fail(o, "the password is refused (%.*s): %.*s", (int)gh_password_weakness_name(weakness).n,
                      gh_password_weakness_name(weakness).p, (int)why.n, why.p);
        return false;
    }
    char *memory = gh_arena_alloc(&o->arena, GH_PASSWORD_STORED_MAX);
    gh_buf hash = gh_buf_over(memory, memory == NULL ? 0 : GH_PASSWORD_STORED_MAX);
    if (memory == NULL || !gh_password_create(o->input, &o->with->password, &hash))
        return out_of_memory(o);
    *ret_hash = gh_buf_str(&hash);
    return true;
}
