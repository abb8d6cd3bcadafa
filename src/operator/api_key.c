/* `key create`, `list`, `revoke`, `roll` */
#include "base/crypto.h"
#include "identity/answer.h"
#include "identity/rights.h"
#include "identity/secret.h"
#include "operator/errand.h"
#include "operator/fields.h"
#include "operator/table.h"
#include "text/utf8.h"

enum {
    NAME_MAX_BYTES = 64,
    NETWORKS_MAX = 16,
    NETWORKS_TEXT = NETWORKS_MAX * (GH_IP_TEXT_MAX + 4),
    GENERATION_ROOM = 32,
    DAY = 86400
};

static gh_op *give_up(gh_op *op)
{
    gh_op_unref(op);
    return NULL;
}

static bool read_key_name(gh_errand *o, gh_str *ret)
{
    *ret = gh_option(o, "name", 0);
    if (ret->n <= NAME_MAX_BYTES && gh_utf8_valid(*ret) == ret->n)
        return true;
    (void)gh_misuse(o, "--name \"%s\" is longer than %d bytes, or not UTF-8", gh_show(o, *ret),
                    NAME_MAX_BYTES);
    return false;
}

static bool read_networks(gh_errand *o, gh_str *ret)
{
    char *memory = gh_arena_alloc(&o->arena, NETWORKS_TEXT);
    gh_buf list = gh_buf_over(memory, memory == NULL ? 0 : NETWORKS_TEXT);
    gh_cidr network;
    gh_str text;
    const char *why = NULL;
    unsigned n = 0;
    for (; (text = gh_option(o, "network", n)).p != NULL; n++) {
        if (!gh_cidr_parse(text, &network, &why)) {
            (void)gh_misuse(o, "--network \"%s\": %s", gh_show(o, text), why);
            return false;
        }
        if (n == NETWORKS_MAX || !gh_words_add(&list, text)) {
            (void)gh_misuse(o, "more than %d networks", NETWORKS_MAX);
            return false;
        }
    }
    *ret = n > 0 ? gh_buf_str(&list) : (gh_str){NULL, 0};
    return true;
}

/* The end of its life; 0: never. */
static bool read_end(gh_errand *o, uint64_t *ret)
{
    uint64_t span, most = o->identity->key.max_age_s;
    if (!gh_read_span(o, "expires", 0, &span))
        return false;
    if (most > 0 && (span == 0 || span > most)) {
        (void)gh_misuse(o, "identity.api_keys.max_lifetime lets a key live %llu s at most: --expires %llus",
                        (unsigned long long)most, (unsigned long long)most);
        return false;
    }
    *ret = span == 0 ? 0 : o->now_s + span;
    return true;
}

/* Id, secret and its hash. The text lives in the errand's memory, which is wiped. */
static bool make_secret(gh_errand *o, gh_op_key_create *k, gh_str *ret_text)
{
    uint8_t random[GH_SECRET_RANDOM];
    gh_secret secret;
    size_t start;
    char *memory = gh_arena_alloc(&o->arena, GH_API_KEY_TEXT_MAX);
    gh_buf text = gh_buf_over(memory, memory == NULL ? 0 : GH_API_KEY_TEXT_MAX);
    if (memory == NULL)
        return false;
    gh_random(random, sizeof random);
    k->id = gh_new_id();
    gh_api_key_make(&o->identity->keys, o->identity->key.prefix, k->id, random, &text, &secret, &start);
    gh_wipe(random, sizeof random);
    memcpy(k->hash, secret.hash, sizeof k->hash);
    k->generation = secret.generation;
    *ret_text = gh_buf_str(&text);
    return gh_buf_ok(&text) && gh_op_copy(&k->op, gh_str_cut(*ret_text, 0, start), &k->start);
}

static void put_members(gh_buf *out, const gh_key_record *k)
{
    gh_member_text(out, "username", k->user_name);
    gh_members_key(out, k);
    gh_member_number(out, "generation", k->generation);
}

static size_t room_of(const gh_key_record *k)
{
    return gh_answer_room(k->user_name) + gh_members_key_room(k) + GENERATION_ROOM;
}

/* The key alone on standard output, so that it can be piped. */
static void print_key(gh_errand *o, const gh_op_key_create *k, gh_str text)
{
    if (gh_wants_json(o)) {
        gh_buf *out = gh_text_room(o->out, room_of(&k->key) + 2 * text.n);
        gh_buf_char(out, '{');
        gh_member_text(out, "key", text);
        put_members(out, &k->key);
        gh_buf_lit(out, "}\n");
        return;
    }
    char memory[GH_ID_TEXT];
    gh_buf id = gh_buf_over(memory, sizeof memory);
    gh_id_put(&id, k->id);
    gh_text_put(o->out, text);
    gh_text_lit(o->out, "\n");
    gh_note(o, "the API key %.*s of %s is shown this once; only its hash is kept", (int)id.n, id.p,
            gh_show(o, k->key.user_name));
}

static int done(gh_errand *o, gh_op_key_create *k, gh_str text)
{
    int status = GH_EXIT_OK;
    switch ((enum gh_op_status)k->op.status) {
    case GH_OP_OK:
        print_key(o, k, text);
        break;
    case GH_OP_CAP:
        status = gh_fail(o,
                         "the user has as many API keys as identity.api_keys.max_per_user allows (%u); "
                         "gatehouse key revoke ends one",
                         o->identity->key.most);
        break;
    case GH_OP_DISABLED:
        status = gh_fail(o, "the user is disabled; gatehouse user enable unlocks the account");
        break;
    case GH_OP_NOT_FOUND:
    case GH_OP_UNAVAILABLE:
    case GH_OP_EXISTS:
    case GH_OP_SLOWED:
    case GH_OP_EXPIRED:
    case GH_OP_REUSED:
    case GH_OP_WRONG:
    case GH_OP_BUSY:
    case GH_OP_UNSURE:
        status = gh_fail(o, k->rolls != 0 ? "there is no such API key; gatehouse key list shows them"
                                          : "the account is not there any more");
    }
    gh_op_unref(&k->op);
    return status;
}

/* A scope gives nothing that the user does not have. */
static void note_scopes(gh_errand *o, const gh_user_record *u, gh_str scopes)
{
    gh_principal who = {.roles = u->roles};
    gh_str scope;
    gh_rights_fill(o->identity, &who);
    while (gh_str_next(&scopes, ' ', &scope)) {
        unsigned i = gh_identity_permission(o->identity, scope);
        if (i >= GH_PERMISSIONS_MAX || !gh_permission_in(&who.permissions, i))
            gh_note(o, "note: %s has no permission %s: the scope gives the key nothing until then",
                    gh_show(o, u->name), gh_show(o, scope));
    }
}

int gh_operate_key_create(gh_errand *o)
{
    gh_str name, scopes, networks, tier = gh_option(o, "tier", 0), text = {NULL, 0};
    uint64_t end;
    if (!read_key_name(o, &name) || !gh_read_scopes(o, &scopes) || !read_networks(o, &networks) ||
        !read_end(o, &end) || (tier.p != NULL && !gh_read_tier(o, tier, &tier)))
        return GH_EXIT_USAGE;
    gh_op_user_get *user = gh_find_user(o, gh_argument(o, 0));
    if (user == NULL)
        return GH_EXIT_FAILED;
    note_scopes(o, &user->user, scopes);
    gh_op_key_create *k = gh_op_make(KEY_CREATE, gh_op_key_create);
    if (k != NULL) {
        k->user = user->user.id;
        k->expires_s = end;
        k->most = o->identity->key.most;
        if (!make_secret(o, k, &text) || !gh_op_copy(&k->op, name, &k->name) ||
            !gh_op_copy(&k->op, scopes, &k->scopes) || !gh_op_copy(&k->op, networks, &k->networks) ||
            (tier.n > 0 && !gh_op_copy(&k->op, tier, &k->tier)))
            k = (gh_op_key_create *)give_up(&k->op);
    }
    gh_op_unref(&user->op);
    if (gh_do(o, k == NULL ? NULL : &k->op))
        return done(o, k, text);
    if (k != NULL)
        gh_op_unref(&k->op);
    return GH_EXIT_FAILED;
}

int gh_operate_key_roll(gh_errand *o)
{
    gh_id old;
    uint64_t overlap;
    gh_str text = {NULL, 0};
    if (!gh_read_id(o, "key", gh_argument(o, 0), &old) || !gh_read_span(o, "overlap", DAY, &overlap))
        return GH_EXIT_USAGE;
    gh_op_key_create *k = gh_op_make(KEY_CREATE, gh_op_key_create);
    if (k != NULL) {
        k->rolls = old;
        k->overlap_s = (uint32_t)overlap;
        k->most = o->identity->key.most;
        if (!make_secret(o, k, &text))
            k = (gh_op_key_create *)give_up(&k->op);
    }
    if (gh_do(o, k == NULL ? NULL : &k->op))
        return done(o, k, text);
    if (k != NULL)
        gh_op_unref(&k->op);
    return GH_EXIT_FAILED;
}

static void list_json(gh_errand *o, const gh_op_key_list *l)
{
    gh_text_lit(o->out, "{\"keys\":[");
    for (uint32_t i = 0; i < l->n; i++) {
        gh_buf *out = gh_text_room(o->out, room_of(&l->keys[i]));
        gh_buf_put(out, i == 0 ? GH_STR("\n{") : GH_STR(",\n{"));
        put_members(out, &l->keys[i]);
        gh_buf_char(out, '}');
    }
    gh_text_lit(o->out, "\n]}\n");
}

static void list_text(gh_errand *o, const gh_op_key_list *l)
{
    static const char *const heads[] = {"ID",      "START",    "USER",       "NAME", "SCOPES",
                                        "CREATED", "LAST USE", "EXPIRES AT", "KEYS"};
    gh_table t = gh_table_of(&o->arena, heads, GH_COUNT(heads));
    for (uint32_t i = 0; i < l->n; i++) {
        const gh_key_record *k = &l->keys[i];
        gh_table_id(&t, k->id);
        gh_table_cell(&t, k->start);
        gh_table_cell(&t, k->user_name);
        gh_table_cell(&t, k->name);
        gh_table_cell(&t, k->scopes);
        gh_table_time(&t, k->created_s);
        gh_table_time(&t, k->used_s);
        gh_table_time(&t, k->expires_s);
        gh_table_number(&t, k->generation);
    }
    gh_table_put(&t, o->out);
}

int gh_operate_key_list(gh_errand *o)
{
    gh_id user = 0;
    if (gh_argument(o, 0).p != NULL) {
        gh_op_user_get *g = gh_find_user(o, gh_argument(o, 0));
        if (g == NULL)
            return GH_EXIT_FAILED;
        user = g->user.id;
        gh_op_unref(&g->op);
    }
    gh_op_key_list *l = gh_op_make(KEY_LIST, gh_op_key_list);
    if (l != NULL)
        l->user = user;
    bool good = gh_do(o, l == NULL ? NULL : &l->op);
    if (good && gh_wants_json(o))
        list_json(o, l);
    else if (good)
        list_text(o, l);
    if (l != NULL)
        gh_op_unref(&l->op);
    return good ? GH_EXIT_OK : GH_EXIT_FAILED;
}

int gh_operate_key_revoke(gh_errand *o)
{
    gh_id id;
    if (!gh_read_id(o, "key", gh_argument(o, 0), &id))
        return GH_EXIT_USAGE;
    gh_op_key_end *e = gh_op_make(KEY_END, gh_op_key_end);
    if (e != NULL)
        e->id = id;
    bool good = gh_do(o, e == NULL ? NULL : &e->op);
    if (good && e->op.status != GH_OP_OK) {
        (void)gh_fail(o, "there is no API key %s; gatehouse key list shows them",
                      gh_show(o, gh_argument(o, 0)));
        good = false;
    } else if (good) {
        gh_note(o, "the API key %s is revoked", gh_show(o, gh_argument(o, 0)));
    }
    if (e != NULL)
        gh_op_unref(&e->op);
    return good ? GH_EXIT_OK : GH_EXIT_FAILED;
}
