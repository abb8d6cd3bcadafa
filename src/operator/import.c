#include "operator/import.h"

#include "operator/fields.h"
#include "operator/moment.h"
#include "operator/table.h"
#include "passwords/stored.h"
#include "wire/json.h"

/* A line is small, and what is in it is looked at by hand. */
static const gh_json_limits limits = {.depth = 2, .values = 256, .number = 20, .exponent = 0};

enum { SHOWN_MAX = 64 };

typedef struct reading {
    const gh_identity_policy *policy;
    gh_arena *arena;
    gh_import_user user;
    gh_buf *why;
} reading;

/* WHAT "TEXT" FAULT */
static bool refuse(reading *r, const char *what, gh_str text, const char *fault)
{
    gh_str shown = gh_shown(r->arena, gh_str_cut(text, 0, SHOWN_MAX));
    gh_buf_printf(r->why, "%s \"%.*s\" %s", what, (int)shown.n, shown.p == NULL ? "" : shown.p, fault);
    return false;
}

static bool say(reading *r, const char *sentence)
{
    gh_buf_put(r->why, gh_str_of(sentence));
    return false;
}

static bool text_of(reading *r, const gh_json *value, gh_str *ret)
{
    if (value->type == GH_JSON_STRING) {
        *ret = value->text;
        return true;
    }
    return refuse(r, "the member", value->key, "is not a text");
}

static bool set_name(reading *r, const gh_json *value)
{
    gh_str text;
    if (!text_of(r, value, &text))
        return false;
    const char *fault = gh_name_fault(text);
    if (fault != NULL)
        return refuse(r, "the username", text, fault);
    r->user.name = gh_lower_copy(r->arena, text);
    return r->user.name.p != NULL || say(r, "out of memory");
}

static bool set_email(reading *r, const gh_json *value)
{
    gh_str text;
    if (!text_of(r, value, &text))
        return false;
    const char *fault = gh_email_fault(text);
    if (fault != NULL)
        return refuse(r, "the email", text, fault);
    r->user.email = gh_lower_copy(r->arena, text);
    return r->user.email.p != NULL || say(r, "out of memory");
}

/* The hash itself is not shown: what is wrong with it says enough. */
static bool set_hash(reading *r, const gh_json *value)
{
    gh_str name;
    enum gh_password_fault fault;
    if (!text_of(r, value, &r->user.hash))
        return false;
    if (gh_password_hash_known(r->user.hash, &name, &fault))
        return true;
    gh_str text = gh_password_fault_text(fault);
    gh_buf_lit(r->why, "password_hash: ");
    gh_buf_put(r->why, text);
    return false;
}

static bool nearest_role(reading *r, gh_str role)
{
    gh_str best = {NULL, 0}, shown = gh_shown(r->arena, gh_str_cut(role, 0, SHOWN_MAX));
    unsigned distance = 3;
    for (unsigned i = 0; i < r->policy->n_roles; i++) {
        unsigned d = gh_str_distance(role, r->policy->roles[i].name, 2);
        if (d < distance) {
            distance = d;
            best = r->policy->roles[i].name;
        }
    }
    gh_buf_printf(r->why, "there is no role \"%.*s\"", (int)shown.n, shown.p == NULL ? "" : shown.p);
    if (best.p != NULL)
        gh_buf_printf(r->why, "; did you mean %.*s?", (int)best.n, best.p);
    return false;
}

static bool set_roles(reading *r, const gh_json *value)
{
    if (value->type != GH_JSON_ARRAY)
        return say(r, "roles is not a list");
    char *memory = gh_arena_alloc(r->arena, GH_ROLES_TEXT_MAX);
    gh_buf list = gh_buf_over(memory, memory == NULL ? 0 : GH_ROLES_TEXT_MAX);
    if (memory == NULL)
        return say(r, "out of memory");
    for (const gh_json *item = value->first; item != NULL; item = item->next) {
        if (item->type != GH_JSON_STRING)
            return say(r, "roles has something that is not a text");
        if (gh_identity_role(r->policy, item->text) == GH_ROLES_MAX)
            return nearest_role(r, item->text);
        if (!gh_words_add(&list, item->text))
            return say(r, "the names of roles are longer than 192 bytes together");
    }
    r->user.roles = gh_buf_str(&list);
    return true;
}

static bool set_tier(reading *r, const gh_json *value)
{
    gh_str text;
    if (!text_of(r, value, &text))
        return false;
    const char *fault = gh_tier_fault(text);
    r->user.tier = text;
    return fault == NULL || refuse(r, "the tier", text, fault);
}

static bool set_disabled(reading *r, const gh_json *value)
{
    r->user.disabled = value->type == GH_JSON_TRUE;
    return r->user.disabled || value->type == GH_JSON_FALSE || say(r, "disabled is neither true nor false");
}

/* RFC 3339, or Unix seconds. */
static bool set_created(reading *r, const gh_json *value)
{
    bool good = value->type == GH_JSON_STRING   ? gh_moment_read(value->text, &r->user.created_s)
                : value->type == GH_JSON_NUMBER ? gh_str_u64(value->text, &r->user.created_s)
                                                : false;
    return (good && r->user.created_s <= GH_MOMENT_MAX) ||
           say(r, "created_at is no moment: 2026-11-28T12:31:07Z, or seconds since 1970");
}

/* null: as if it was not there, but that nothing stands in for a tier that is null. */
static const struct {
    const char *name;
    bool (*set)(reading *r, const gh_json *value);
} members[] = {
    {"username", set_name}, {"email", set_email},       {"password_hash", set_hash}, {"roles", set_roles},
    {"tier", set_tier},     {"disabled", set_disabled}, {"created_at", set_created},
};

static bool unknown(reading *r, gh_str name)
{
    const char *best = NULL;
    unsigned distance = 4;
    for (size_t i = 0; i < GH_COUNT(members); i++) {
        unsigned d = gh_str_distance(name, gh_str_of(members[i].name), 3);
        if (d < distance) {
            distance = d;
            best = members[i].name;
        }
    }
    (void)refuse(r, "the member", name, "is not known");
    if (best != NULL)
        gh_buf_printf(r->why, "; did you mean %s?", best);
    return false;
}

static bool set(reading *r, const gh_json *member)
{
    for (size_t i = 0; i < GH_COUNT(members); i++) {
        if (!gh_str_eq(gh_str_of(members[i].name), member->key))
            continue;
        if (member->type == GH_JSON_NULL) {
            if (members[i].set == set_tier)
                r->user.tier = (gh_str){NULL, 0};
            return true;
        }
        return members[i].set(r, member);
    }
    return unknown(r, member->key);
}

bool gh_import_read(gh_str line, const gh_identity_policy *p, gh_arena *arena, gh_import_user *ret,
                    gh_buf *why)
{
    gh_json_error error = {.why = NULL};
    reading r = {.policy = p, .arena = arena, .why = why};
    r.user.roles = p->new_user_roles;
    r.user.tier = p->new_user_tier;
    if (line.n > GH_IMPORT_LINE_MAX)
        return say(&r, "the line is longer than 16 KiB");
    const gh_json *root = gh_json_read(line, &limits, arena, &error);
    if (root == NULL) {
        gh_buf_printf(why, "column %u: not JSON: %s", error.column, error.why);
        return false;
    }
    if (root->type != GH_JSON_OBJECT)
        return say(&r, "not a JSON object");
    for (const gh_json *member = root->first; member != NULL; member = member->next)
        if (!set(&r, member))
            return false;
    if (r.user.name.p == NULL)
        return say(&r, "username is missing");
    *ret = r.user;
    return true;
}
