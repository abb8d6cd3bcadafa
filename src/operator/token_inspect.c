/* `token inspect`: what a credential is, and whether it would let anybody in here now. */
#include "base/crypto.h"
#include "identity/answer.h"
#include "identity/secret.h"
#include "identity/token.h"
#include "operator/errand.h"
#include "operator/table.h"
#include "wire/jws.h"

/* What was found out. */
typedef struct finding {
    const char *kind; /* "access_token" ... */
    gh_id id;         /* 0: none */
    bool has_number;
    uint32_t number;       /* of a secret that is rotated */
    gh_str header, claims; /* JSON as it was in the token; absent: none */
    bool good;
    const char *why; /* why not, or a remark */
    gh_str name;     /* whose; absent: not known */
    uint64_t expires_s;
} finding;

static const char *standing(enum gh_lookup_answer answer)
{
    switch (answer) {
    case GH_LOOKUP_GOOD:
        return NULL;
    case GH_LOOKUP_UNAVAILABLE:
        return "nothing is known of it without the records";
    case GH_LOOKUP_UNKNOWN:
        return "there is none of this id, or it has ended";
    case GH_LOOKUP_MISMATCH:
        return "another secret has taken its place, or it was never given out";
    case GH_LOOKUP_EXPIRED:
        return "it has expired";
    case GH_LOOKUP_REVOKED:
        return "it was revoked";
    case GH_LOOKUP_DISABLED:
        return "the user is disabled";
    case GH_LOOKUP_ADDRESS_REFUSED:
        return "good from its networks only";
    }
    return NULL;
}

static void look_up(gh_errand *o, gh_lookup *l)
{
    l->now_s = o->now_s;
    l->peeks = true;
    l->idle_s = o->identity->session.idle_s;
    l->grace_s = o->identity->token.grace_s;
    if (o->with->roster != NULL)
        gh_roster_answer(o->with->roster, l, 1);
}

static void judge(gh_errand *o, gh_lookup *l, finding *f)
{
    look_up(o, l);
    f->good = l->answer == GH_LOOKUP_GOOD || l->answer == GH_LOOKUP_ADDRESS_REFUSED;
    f->why = standing((enum gh_lookup_answer)l->answer);
    f->expires_s = l->expires_s;
    if (l->subject.name.n > 0)
        f->name = gh_arena_copy(&o->arena, GH_SHORT_STR(l->subject.name));
}

static void inspect_key(gh_errand *o, gh_str text, finding *f)
{
    gh_secret secret;
    f->kind = "api_key";
    f->why = "its checksum is wrong (mistyped, or cut off), or its keys are no more";
    if (!gh_api_key_read(&o->identity->keys, o->identity->key.prefix, text, &secret))
        return;
    gh_lookup l = {.kind = GH_LOOKUP_API_KEY, .id = secret.id};
    memcpy(l.hash, secret.hash, sizeof l.hash);
    f->id = secret.id;
    judge(o, &l, f);
}

/* Of a refresh token the roster knows its family, not its number. */
static void judge_family(gh_errand *o, gh_id id, finding *f)
{
    f->good = o->with->roster != NULL && gh_roster_session_used(o->with->roster, id) != 0;
    f->why = f->good ? "the login is open; whether this is its newest token only a refresh tells"
                     : "the login has ended";
}

static void inspect_secret(gh_errand *o, enum gh_secret_kind kind, gh_str text, finding *f)
{
    static const char *const kinds[] = {"session", "refresh_token", "device_token"};
    gh_secret secret;
    f->kind = kinds[kind];
    f->why = "it has another shape (mistyped, or cut off), or its keys are no more";
    if (!gh_secret_read(&o->identity->keys, kind, text, &secret))
        return;
    f->id = secret.id;
    f->number = secret.number;
    f->has_number = kind != GH_SECRET_DEVICE;
    f->why = "it was not made here, or with another secret_key";
    if (!gh_secret_authentic(&o->identity->keys, kind, text))
        return;
    if (kind == GH_SECRET_REFRESH) {
        judge_family(o, secret.id, f);
        return;
    }
    gh_lookup l = {.kind = kind == GH_SECRET_SESSION ? GH_LOOKUP_SESSION : GH_LOOKUP_DEVICE, .id = secret.id};
    memcpy(l.hash, secret.hash, sizeof l.hash);
    judge(o, &l, f);
}

static void judge_token(gh_errand *o, const gh_cached_token *t, finding *f)
{
    gh_lookup l = {
        .kind = GH_LOOKUP_TOKEN, .id = t->session, .user = t->user, .jti = t->jti, .issued_s = t->issued_s};
    judge(o, &l, f);
    f->expires_s = t->expires_s;
    f->name = gh_arena_copy(&o->arena, GH_SHORT_STR(t->name));
}

static gh_str as_json(gh_errand *o, const gh_json *value, size_t room)
{
    char *memory = gh_arena_alloc(&o->arena, room);
    gh_buf b = gh_buf_over(memory, memory == NULL ? 0 : room);
    gh_json_write(&b, value);
    return gh_buf_ok(&b) ? gh_buf_str(&b) : (gh_str){NULL, 0};
}

/* 0: it is not there, or no whole number. */
static uint64_t moment_in(const gh_json *claims, const char *name)
{
    uint64_t s;
    const gh_json *value = gh_json_get(claims, gh_str_of(name));
    return value != NULL && value->type == GH_JSON_NUMBER && gh_str_u64(value->text, &s) ? s : 0;
}

/* Every check is the one that requests go through (identity/token.h). */
static void inspect_token(gh_errand *o, gh_str text, finding *f)
{
    gh_jws jws;
    gh_json_error error;
    gh_cached_token token;
    f->kind = "access_token";
    enum gh_jws_result read = gh_jws_read(text, &o->arena, &jws);
    f->why = gh_jws_why(read);
    if (read != GH_JWS_OK)
        return;
    const gh_json *claims = gh_json_read(jws.payload, &gh_json_limits_wide, &o->arena, &error);
    f->header = as_json(o, jws.header, 12 * text.n);
    f->expires_s = moment_in(claims, "exp");
    f->claims = claims == NULL ? (gh_str){NULL, 0} : as_json(o, claims, 12 * text.n);
    gh_txn *txn = gh_arena_new(&o->arena, gh_txn);
    if (txn == NULL) {
        f->why = "out of memory";
        return;
    }
    txn->policy = o->with->policy;
    txn->arena = &o->arena;
    txn->world.unix_s = o->now_s;
    enum gh_token_result result = gh_token_verify(txn, text, &token);
    f->why = txn->token_fault != NULL     ? txn->token_fault
             : result == GH_TOKEN_NO_KEYS ? "the keys of its issuer are not at hand"
                                          : "it has expired";
    if (result == GH_TOKEN_GOOD)
        judge_token(o, &token, f);
}

static bool inspect(gh_errand *o, gh_str text, finding *f)
{
    static const char *const prefixes[] = {"ghs_", "ghr_", "ghd_"};
    for (unsigned kind = 0; kind < GH_COUNT(prefixes); kind++)
        if (gh_str_starts(text, gh_str_of(prefixes[kind]))) {
            inspect_secret(o, (enum gh_secret_kind)kind, text, f);
            return true;
        }
    if (gh_api_key_looks_like(o->identity->key.prefix, text))
        inspect_key(o, text, f);
    else if (gh_str_find(text, '.') < text.n)
        inspect_token(o, text, f);
    else
        return false;
    return true;
}

static void put_json(gh_errand *o, const finding *f)
{
    gh_buf *out = gh_text_room(o->out, 1024 + f->header.n + f->claims.n + 6 * f->name.n);
    gh_buf_char(out, '{');
    gh_member_text(out, "kind", gh_str_of(f->kind));
    gh_member_id(out, "id", f->id);
    if (f->has_number)
        gh_member_number(out, "number", f->number);
    gh_member_text(out, "username", f->name);
    gh_member_time(out, "expires_at", f->expires_s);
    gh_member(out, "header");
    gh_buf_put(out, f->header.p == NULL ? GH_STR("null") : f->header);
    gh_member(out, "claims");
    gh_buf_put(out, f->claims.p == NULL ? GH_STR("null") : f->claims);
    gh_member_bool(out, "believed", f->good);
    gh_member_text(out, "why", gh_str_of(f->why));
    gh_buf_lit(out, "}\n");
}

static void put_text(gh_errand *o, const finding *f)
{
    char number[16];
    gh_buf b = gh_buf_over(number, sizeof number);
    gh_table t = gh_table_of(&o->arena, NULL, 2);
    gh_table_cell(&t, GH_STR("kind"));
    gh_table_cell(&t, gh_str_of(f->kind));
    if (f->id != 0) {
        gh_table_cell(&t, GH_STR("id"));
        gh_table_id(&t, f->id);
    }
    if (f->has_number) {
        gh_buf_u64(&b, f->number);
        gh_table_cell(&t, GH_STR("number"));
        gh_table_cell(&t, gh_buf_str(&b));
    }
    if (f->header.p != NULL) {
        gh_table_cell(&t, GH_STR("header"));
        gh_table_cell(&t, f->header);
        gh_table_cell(&t, GH_STR("claims"));
        gh_table_cell(&t, f->claims);
    }
    if (f->name.p != NULL) {
        gh_table_cell(&t, GH_STR("user"));
        gh_table_cell(&t, f->name);
    }
    if (f->expires_s != 0) {
        gh_table_cell(&t, GH_STR("expires"));
        gh_table_time(&t, f->expires_s);
    }
    gh_table_cell(&t, GH_STR("believed"));
    gh_table_cell(&t, f->good ? GH_STR("yes") : GH_STR("no"));
    if (f->why != NULL) {
        gh_table_cell(&t, GH_STR("because"));
        gh_table_cell(&t, gh_str_of(f->why));
    }
    gh_table_put(&t, o->out);
}

int gh_operate_token_inspect(gh_errand *o)
{
    finding f = {.kind = NULL};
    gh_str text = gh_str_trim(o->input);
    if (gh_str_starts(text, GH_STR("Bearer ")))
        text = gh_str_cut(text, 7, text.n);
    if (text.n == 0)
        return gh_misuse(o, "the token is empty");
    if (!inspect(o, text, &f))
        return gh_fail(
            o, "that is no JWT, and no session, refresh token, device token or API key of Gatehouse's");
    if (gh_wants_json(o))
        put_json(o, &f);
    else
        put_text(o, &f);
    return f.good ? GH_EXIT_OK : GH_EXIT_FAILED;
}
