/* `token mint` */
#include "base/crypto.h"
#include "identity/answer.h"
#include "identity/token.h"
#include "operator/errand.h"

enum { LIFE = 300 };

static void random_bytes(void *data, void *out, size_t n)
{
    (void)data;
    gh_random(out, n);
}

/* False: longer than a name, tier or list of roles can be. */
static bool fill_subject(const gh_user_record *u, gh_subject *ret)
{
    if (u->name.n > GH_USER_NAME_MAX || u->tier.n > GH_TIER_MAX || u->roles.n > GH_ROLES_TEXT_MAX)
        return false;
    *ret = (gh_subject){.user = u->id};
    ret->name.n = (uint8_t)u->name.n;
    ret->tier.n = (uint8_t)u->tier.n;
    ret->roles.n = (uint8_t)u->roles.n;
    memcpy(ret->name.p, u->name.p, u->name.n);
    if (u->tier.n > 0)
        memcpy(ret->tier.p, u->tier.p, u->tier.n);
    if (u->roles.n > 0)
        memcpy(ret->roles.p, u->roles.p, u->roles.n);
    return true;
}

/* Before the token is shown: one that is not in the audit trail is not made. */
static bool audit(gh_errand *o, gh_id user, uint64_t life_s, gh_str scopes)
{
    gh_op_audit *a = gh_op_make(AUDIT, gh_op_audit);
    size_t size = 64 + 12 * scopes.n;
    char *memory = a == NULL ? NULL : gh_arena_alloc(&a->op.arena, size);
    if (memory != NULL) {
        gh_buf detail = gh_buf_over(memory, size);
        gh_buf_char(&detail, '{');
        gh_member_number(&detail, "expires_in", life_s);
        gh_member_words(&detail, "scopes", scopes);
        gh_buf_char(&detail, '}');
        a->event = GH_STR("token_minted");
        a->user = user;
        a->detail = gh_buf_str(&detail);
    }
    bool good = gh_do(o, memory == NULL ? NULL : &a->op);
    if (a != NULL)
        gh_op_unref(&a->op);
    return good;
}

static int mint(gh_errand *o, const gh_user_record *u, uint64_t life_s, gh_str scopes)
{
    gh_subject subject;
    static const uint8_t no_key[16]; /* nothing is counted here */
    const gh_world world = {.key = no_key, .random = random_bytes, .unix_s = o->now_s};
    if (!fill_subject(u, &subject))
        return gh_fail(o, "the account has a longer name, tier or list of roles than a token can hold");
    const gh_token_request request = {
        .subject = &subject, .auth_time_s = o->now_s, .scopes = scopes, .life_s = (uint32_t)life_s};
    if (!audit(o, u->id, life_s, scopes))
        return GH_EXIT_FAILED;
    gh_buf *out = gh_text_room(o->out, GH_TOKEN_TEXT_MAX + 1);
    if (!gh_token_mint(o->identity, &world, &request, out))
        return gh_fail(o, "the token could not be signed");
    gh_buf_char(out, '\n');
    return GH_EXIT_OK;
}

int gh_operate_token_mint(gh_errand *o)
{
    uint64_t life_s, most = o->identity->token.access_s;
    gh_str scopes, who = gh_option(o, "user", 0);
    if (who.p == NULL)
        return gh_misuse(o, "whose token is it? --user NAME");
    if (!gh_read_span(o, "expires", LIFE < most ? LIFE : most, &life_s) || !gh_read_scopes(o, &scopes))
        return GH_EXIT_USAGE;
    /* What is revoked is remembered for so long, and no longer. */
    if (life_s > most)
        return gh_misuse(o, "--expires: a token lives %llu s at most (identity.token.access_lifetime)",
                         (unsigned long long)most);
    gh_op_user_get *user = gh_find_user(o, who);
    if (user == NULL)
        return GH_EXIT_FAILED;
    int status = user->user.disabled
                     ? gh_fail(o, "%s is disabled, and no token of it would be believed", gh_show(o, who))
                     : mint(o, &user->user, life_s, scopes);
    gh_op_unref(&user->op);
    return status;
}
