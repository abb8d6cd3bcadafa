/* What is remembered of a token's claims, whoever wrote them: texts within their bounds, roles that are words of the
 * claim. The first byte chooses the issuer: ourselves or another. */
#include "fuzz.h"
#include "identity/rights.h"
#include "identity/token_fill.h"

static gh_identity_policy policy;
static gh_issuer issuers[2];

static void set_up(void)
{
    issuers[0] = (gh_issuer){
        .issuer = GH_STR("gatehouse"), .roles_claim = GH_STR("roles"), .tier_claim = GH_STR("tier")};
    issuers[1] = (gh_issuer){.issuer = GH_STR("https://a.example"),
                             .roles_claim = GH_STR("/realm/roles"),
                             .tier_claim = GH_STR("plan")};
    policy.issuers = issuers;
    policy.n_issuers = 2;
    policy.roles[0].name = GH_STR("admin");
    policy.roles[1].name = GH_STR("user");
    policy.n_roles = 2;
    gh_hmac_key_init(&policy.keys.naming, GH_STR("naming"));
}

static bool has_member(const gh_json *list, gh_str word)
{
    const gh_json *item = list != NULL && list->type == GH_JSON_ARRAY ? list->first : NULL;
    while (item != NULL && !(item->type == GH_JSON_STRING && gh_str_eq(item->text, word)))
        item = item->next;
    return item != NULL;
}

/* Each word among them is a member of the claim as it stands: none was made of a part of one. */
static void check_roles(const gh_jwt_claims *c, const gh_cached_token *t)
{
    gh_str rest = GH_SHORT_STR(t->roles), word;
    const gh_json *list =
        t->issuer == 0 ? gh_json_lit(c->root, "roles") : gh_json_pointer(c->root, GH_STR("/realm/roles"));
    FUZZ_CHECK(t->roles.n <= GH_ROLES_TEXT_MAX);
    while (gh_str_next(&rest, ' ', &word))
        FUZZ_CHECK(word.n == 0 ? t->roles.n == 0 : has_member(list, word));
    FUZZ_CHECK(!has_member(list, GH_STR("admin")) || gh_word_in(GH_SHORT_STR(t->roles), GH_STR("admin")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_arena arena;
    gh_jwt_claims claims;
    gh_cached_token token;
    const char *why = NULL;
    if (size == 0)
        return 0;
    set_up();
    unsigned issuer = data[0] & 1;
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    if (gh_jwt_read((gh_str){(const char *)data + 1, size - 1}, &arena, &claims, &why) == GH_JWT_OK &&
        claims.sub.p != NULL && claims.exp != GH_JWT_NO_TIME) {
        if (gh_token_fill(&policy, issuer, &claims, &token, &why)) {
            FUZZ_CHECK((token.user != 0) == (issuer == 0) && token.issuer == issuer);
            FUZZ_CHECK(token.scoped == (claims.scope.p != NULL) &&
                       (token.jti != 0) == (claims.jti.p != NULL));
            FUZZ_CHECK(issuer == 0 || (token.session == 0 && token.device == 0));
            check_roles(&claims, &token);
        } else {
            FUZZ_CHECK(why != NULL);
        }
    }
    gh_arena_reset(&arena);
    return 0;
}
