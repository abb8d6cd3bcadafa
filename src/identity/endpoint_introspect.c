/* POST /introspect (RFC 7662): is this token good, and whose? Of one that is not, nothing is said but that. Times in it
 * are Unix seconds, as the RFC has them. */
#include "identity/answer.h"
#include "identity/outcome.h"
#include "identity/presented.h"
#include "identity/steps.h"

static enum gh_judgement inactive(gh_txn *txn)
{
    gh_answer answer = gh_answer_begin(txn, 0);
    gh_buf_lit(&answer.body, "{\"active\":false}");
    return gh_answer_end(txn, 200, &answer);
}

enum gh_judgement gh_ask_introspect(gh_txn *txn)
{
    gh_presented *presented = gh_arena_new(txn->arena, gh_presented);
    if (presented == NULL)
        return gh_refuse_memory(txn);
    if (gh_presented_read(txn, presented) == GH_STOP)
        return GH_STOP;
    txn->memo = presented;
    if (presented->no_keys)
        return gh_txn_refuse(txn, GH_REASON_ISSUER_UNAVAILABLE, NULL);
    if (presented->kind == GH_PRESENTED_NOTHING)
        return inactive(txn);
    return gh_presented_look(txn, presented);
}

static void put_times(gh_buf *out, uint64_t issued_s, uint64_t expires_s)
{
    if (issued_s != 0)
        gh_member_number(out, "iat", issued_s);
    if (expires_s != 0)
        gh_member_number(out, "exp", expires_s);
}

static void put_scope(gh_buf *out, bool scoped, gh_str scopes)
{
    if (scoped)
        gh_member_text(out, "scope", scopes);
}

static void put_ours(gh_buf *out, const gh_identity_policy *p)
{
    gh_member_text(out, "iss", p->issuers[0].issuer);
    gh_member_text(out, "client_id", p->token.client_id);
}

static void put_access(gh_buf *out, const gh_identity_policy *p, const gh_cached_token *t)
{
    gh_member_text(out, "kind", GH_STR("access_token"));
    gh_member_text(out, "token_type", GH_STR("Bearer"));
    if (t->issuer == 0) {
        put_ours(out, p);
        gh_member_text(out, "aud", p->token.audience);
    } else {
        gh_member_text(out, "iss", p->issuers[t->issuer].issuer);
    }
    if (t->user != 0)
        gh_member_id(out, "sub", t->user);
    else
        gh_member_text(out, "sub", GH_SHORT_STR(t->name));
    gh_member_text(out, "username", GH_SHORT_STR(t->name));
    put_scope(out, t->scoped, GH_SHORT_STR(t->scopes));
    gh_member_words(out, "roles", GH_SHORT_STR(t->roles));
    gh_member_word(out, "tier", GH_SHORT_STR(t->tier));
    put_times(out, t->issued_s, t->expires_s);
}

/* A refresh token or an API key: what is known of it is what was looked up. */
static void put_secret(gh_buf *out, const gh_identity_policy *p, const char *kind, const gh_lookup *l)
{
    const gh_subject *s = &l->subject;
    gh_member_text(out, "kind", gh_str_of(kind));
    put_ours(out, p);
    gh_member_id(out, "sub", s->user);
    gh_member_text(out, "username", GH_SHORT_STR(s->name));
    put_scope(out, l->scoped, GH_SHORT_STR(l->scopes));
    gh_member_words(out, "roles", GH_SHORT_STR(s->roles));
    gh_member_word(out, "tier", l->tier.n > 0 ? GH_SHORT_STR(l->tier) : GH_SHORT_STR(s->tier));
    put_times(out, l->created_s, l->expires_s);
}

static enum gh_judgement active(gh_txn *txn, const gh_presented *presented, const gh_lookup *lookup)
{
    const gh_identity_policy *p = &txn->policy->identity;
    const gh_issuer *issuer = &p->issuers[presented->token.issuer];
    gh_answer answer =
        gh_answer_begin(txn, GH_MEMBER_USER_ROOM + 6 * GH_SCOPES_TEXT_MAX +
                                 2 * sizeof presented->token.name * 6 + gh_answer_room(issuer->issuer) +
                                 gh_answer_room(p->token.audience) + gh_answer_room(p->token.client_id));
    gh_buf_lit(&answer.body, "{\"active\":true");
    switch (presented->kind) {
    case GH_PRESENTED_NOTHING:
        break;
    case GH_PRESENTED_ACCESS:
        put_access(&answer.body, p, &presented->token);
        break;
    case GH_PRESENTED_REFRESH:
        put_secret(&answer.body, p, "refresh_token", lookup);
        break;
    case GH_PRESENTED_API_KEY:
        put_secret(&answer.body, p, "api_key", lookup);
        break;
    }
    gh_buf_char(&answer.body, '}');
    return gh_answer_end(txn, 200, &answer);
}

enum gh_judgement gh_judge_introspect(gh_txn *txn)
{
    const gh_lookup *lookup = gh_last_lookup(txn);
    switch ((enum gh_lookup_answer)lookup->answer) {
    case GH_LOOKUP_UNAVAILABLE:
        return gh_txn_refuse(txn, GH_REASON_IDENTITY_UNAVAILABLE, "a lookup was not answered");
    case GH_LOOKUP_GOOD:
        return active(txn, txn->memo, lookup);
    case GH_LOOKUP_UNKNOWN:
    case GH_LOOKUP_MISMATCH:
    case GH_LOOKUP_EXPIRED:
    case GH_LOOKUP_REVOKED:
    case GH_LOOKUP_DISABLED:
    case GH_LOOKUP_ADDRESS_REFUSED:
        break;
    }
    return inactive(txn);
}
