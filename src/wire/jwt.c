#include "wire/jwt.h"

#include "wire/jws.h"

/* Room for what other issuers put in; deep enough for the nested roles that some have. */
static const gh_json_limits claims_limits = {.depth = 8, .values = 512, .number = 32, .exponent = 32};

const gh_jwt_claims gh_jwt_no_claims = {
    .exp = GH_JWT_NO_TIME, .nbf = GH_JWT_NO_TIME, .iat = GH_JWT_NO_TIME, .auth_time = GH_JWT_NO_TIME};

static const char *const whys[] = {
    [GH_JWT_OK] = "fine",
    [GH_JWT_NO_MEMORY] = "no memory left",
    [GH_JWT_NOT_AN_OBJECT] = "claims that are no JSON object, or have a name twice",
    [GH_JWT_CLAIM_WRONG] = "a claim of another type or size than it may have",
    [GH_JWT_TYPE_WRONG] = "a token of another type (typ)",
    [GH_JWT_CLAIM_MISSING] = "a claim is missing",
    [GH_JWT_ISSUER_WRONG] = "another issuer",
    [GH_JWT_AUDIENCE_WRONG] = "another audience",
    [GH_JWT_EXPIRED] = "expired",
    [GH_JWT_NOT_YET_VALID] = "not valid yet",
    [GH_JWT_FROM_THE_FUTURE] = "issued in the future",
    [GH_JWT_LIVES_TOO_LONG] = "valid for longer than is allowed",
};

const char *gh_jwt_why(enum gh_jwt_result result)
{
    return whys[result];
}

static bool text_fits(const gh_json *v, size_t max)
{
    if (v->type != GH_JSON_STRING || v->text.n == 0 || v->text.n > max)
        return false;
    for (size_t i = 0; i < v->text.n; i++) {
        if ((uint8_t)v->text.p[i] < ' ' || v->text.p[i] == 0x7f)
            return false;
    }
    return true;
}

/* Words of printable characters, one space between (RFC 6749 section 3.3). */
static bool scope_fits(const gh_json *v)
{
    char before = ' ';
    if (!text_fits(v, GH_JWT_SCOPE_MAX))
        return false;
    for (size_t i = 0; i < v->text.n; i++) {
        char c = v->text.p[i];
        if (c > '~' || c < ' ' || c == '"' || c == '\\' || (c == ' ' && before == ' '))
            return false;
        before = c;
    }
    return before != ' ';
}

static bool read_text(const gh_json *v, gh_str *ret)
{
    if (!text_fits(v, GH_JWT_TEXT_MAX))
        return false;
    *ret = v->text;
    return true;
}

static bool read_time(const gh_json *v, int64_t *ret)
{
    uint64_t seconds;
    if (v->type != GH_JSON_NUMBER)
        return false;
    gh_str whole = gh_str_cut(v->text, 0, gh_str_find(v->text, '.'));
    gh_str fraction = gh_str_cut(v->text, whole.n + 1, v->text.n);
    for (size_t i = 0; i < fraction.n; i++) {
        if (!gh_is_digit(fraction.p[i]))
            return false;
    }
    if (!gh_str_u64(whole, &seconds) || seconds > (uint64_t)GH_JWT_TIME_MAX)
        return false;
    *ret = (int64_t)seconds;
    return true;
}

/* One text where `single` allows it, or an array of texts. */
static enum gh_jwt_result read_list(const gh_json *v, bool single, unsigned max, gh_arena *arena,
                                    const gh_str **ret)
{
    unsigned n = 0;
    const gh_json *item = v->type == GH_JSON_ARRAY ? v->first : v;
    if (v->type == GH_JSON_ARRAY ? v->n > max : !single)
        return GH_JWT_CLAIM_WRONG;
    gh_str *list = gh_arena_array(arena, max, sizeof *list);
    if (list == NULL)
        return GH_JWT_NO_MEMORY;
    for (; item != NULL && (n == 0 || v->type == GH_JSON_ARRAY); item = item->next) {
        if (!read_text(item, &list[n++]))
            return GH_JWT_CLAIM_WRONG;
    }
    *ret = list;
    return GH_JWT_OK;
}

/* The claims that are a text or a time. */
static const struct {
    const char *name;
    enum { TEXT, TIME } form;
    size_t at;
} simple[] = {
    {"iss", TEXT, offsetof(gh_jwt_claims, iss)},
    {"sub", TEXT, offsetof(gh_jwt_claims, sub)},
    {"jti", TEXT, offsetof(gh_jwt_claims, jti)},
    {"sid", TEXT, offsetof(gh_jwt_claims, sid)},
    {"client_id", TEXT, offsetof(gh_jwt_claims, client_id)},
    {"tier", TEXT, offsetof(gh_jwt_claims, tier)},
    {"exp", TIME, offsetof(gh_jwt_claims, exp)},
    {"nbf", TIME, offsetof(gh_jwt_claims, nbf)},
    {"iat", TIME, offsetof(gh_jwt_claims, iat)},
    {"auth_time", TIME, offsetof(gh_jwt_claims, auth_time)},
};

static enum gh_jwt_result read_simple(const gh_json *root, gh_jwt_claims *to, const char **ret_claim)
{
    for (size_t i = 0; i < GH_COUNT(simple); i++) {
        const gh_json *v = gh_json_get(root, gh_str_of(simple[i].name));
        void *field = (char *)to + simple[i].at;
        if (v == NULL || (simple[i].form == TEXT ? read_text(v, field) : read_time(v, field)))
            continue;
        *ret_claim = simple[i].name;
        return GH_JWT_CLAIM_WRONG;
    }
    return GH_JWT_OK;
}

/* The claims that are lists. */
static enum gh_jwt_result read_lists(const gh_json *root, gh_arena *arena, gh_jwt_claims *to,
                                     const char **ret_claim)
{
    const gh_json *aud = gh_json_lit(root, "aud"), *roles = gh_json_lit(root, "roles"),
                  *scope = gh_json_lit(root, "scope");
    enum gh_jwt_result result = GH_JWT_OK;
    const char *claim = "aud";
    if (aud != NULL) {
        result = read_list(aud, true, GH_JWT_AUDIENCES_MAX, arena, &to->aud);
        to->aud_n = aud->type == GH_JSON_ARRAY ? aud->n : 1;
    }
    if (result == GH_JWT_OK && roles != NULL) {
        claim = "roles";
        result = read_list(roles, false, GH_JWT_ROLES_MAX, arena, &to->roles);
        to->roles_n = roles->n;
    }
    if (result == GH_JWT_OK && scope != NULL) {
        claim = "scope";
        result = scope_fits(scope) ? GH_JWT_OK : GH_JWT_CLAIM_WRONG;
        to->scope = scope->text;
    }
    if (result == GH_JWT_CLAIM_WRONG)
        *ret_claim = claim;
    return result;
}

enum gh_jwt_result gh_jwt_read(gh_str payload, gh_arena *arena, gh_jwt_claims *ret, const char **ret_claim)
{
    gh_json_error error;
    gh_jwt_claims claims = gh_jwt_no_claims;
    claims.root = gh_json_read(payload, &claims_limits, arena, &error);
    if (claims.root == NULL || claims.root->type != GH_JSON_OBJECT)
        return GH_JWT_NOT_AN_OBJECT;
    enum gh_jwt_result result = read_simple(claims.root, &claims, ret_claim);
    if (result == GH_JWT_OK)
        result = read_lists(claims.root, arena, &claims, ret_claim);
    if (result == GH_JWT_OK)
        *ret = claims;
    return result;
}

static bool type_fits(gh_str typ, const gh_jwt_rules *rules)
{
    gh_str type = typ.p == NULL ? GH_STR("JWT") : typ;
    for (unsigned i = 0; i < rules->types_n; i++) {
        if (gh_jws_type_is(type, rules->types[i]))
            return true;
    }
    return rules->types_n == 0 && gh_jws_type_is(type, GH_STR("at+jwt"));
}

/* The name of a claim that must be there and is not, or NULL. */
static const char *missing(const gh_jwt_claims *c, const gh_jwt_rules *rules)
{
    const struct {
        const char *name;
        bool is_missing;
    } rows[] = {
        {"iss", c->iss.p == NULL},
        {"aud", c->aud_n == 0},
        {"exp", c->exp == GH_JWT_NO_TIME},
        {"sub", rules->need_sub && c->sub.p == NULL},
        {"jti", rules->need_jti && c->jti.p == NULL},
        {"iat", rules->need_iat && c->iat == GH_JWT_NO_TIME},
        {"sid", rules->need_sid && c->sid.p == NULL},
        {"client_id", rules->need_client_id && c->client_id.p == NULL},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        if (rows[i].is_missing)
            return rows[i].name;
    }
    return NULL;
}

static bool audience_fits(const gh_jwt_claims *c, const gh_jwt_rules *rules)
{
    for (unsigned i = 0; i < c->aud_n; i++) {
        for (unsigned k = 0; k < rules->audiences_n; k++) {
            if (gh_str_eq(c->aud[i], rules->audiences[k]))
                return true;
        }
    }
    return false;
}

static enum gh_jwt_result check_times(const gh_jwt_claims *c, const gh_jwt_rules *rules, int64_t now)
{
    int64_t leeway = rules->leeway_s, from = c->iat == GH_JWT_NO_TIME ? now : c->iat;
    if (now - leeway >= c->exp)
        return GH_JWT_EXPIRED;
    if (c->nbf != GH_JWT_NO_TIME && now + leeway < c->nbf)
        return GH_JWT_NOT_YET_VALID;
    if (c->iat != GH_JWT_NO_TIME && now + leeway < c->iat)
        return GH_JWT_FROM_THE_FUTURE;
    return rules->max_lifetime_s != 0 && c->exp - from > rules->max_lifetime_s ? GH_JWT_LIVES_TOO_LONG
                                                                               : GH_JWT_OK;
}

enum gh_jwt_result gh_jwt_check(const gh_jwt_claims *claims, gh_str typ, const gh_jwt_rules *rules,
                                int64_t now_s, const char **ret_claim)
{
    if (!type_fits(typ, rules))
        return GH_JWT_TYPE_WRONG;
    const char *name = missing(claims, rules);
    if (name != NULL) {
        *ret_claim = name;
        return GH_JWT_CLAIM_MISSING;
    }
    if (!gh_str_eq(claims->iss, rules->issuer))
        return GH_JWT_ISSUER_WRONG;
    if (!audience_fits(claims, rules))
        return GH_JWT_AUDIENCE_WRONG;
    return check_times(claims, rules, now_s);
}

bool gh_jwt_scope_has(gh_str scope, gh_str token)
{
    gh_str rest = scope, word;
    while (gh_str_next(&rest, ' ', &word)) {
        if (word.n > 0 && gh_str_eq(word, token))
            return true;
    }
    return false;
}
