#include "identity/rights.h"

#include "identity/claims.h"
#include "wire/form.h"

bool gh_word_in(gh_str list, gh_str word)
{
    gh_str part;
    while (word.n > 0 && gh_str_next(&list, ' ', &part))
        if (gh_str_eq(part, word))
            return true;
    return false;
}

static gh_role_set roles_of(const gh_identity_policy *p, gh_str names)
{
    gh_role_set set = 0;
    gh_str name;
    while (gh_str_next(&names, ' ', &name)) {
        unsigned i = gh_identity_role(p, name);
        if (i < p->n_roles)
            set |= UINT64_C(1) << i;
    }
    return set;
}

static gh_permission_set permissions_of(const gh_identity_policy *p, gh_role_set roles)
{
    gh_permission_set set = {{0}};
    for (unsigned i = 0; i < p->n_roles; i++)
        for (unsigned w = 0; (roles >> i & 1) != 0 && w < GH_COUNT(set.word); w++)
            set.word[w] |= p->roles[i].permissions.word[w];
    return set;
}

static gh_permission_set narrowed(const gh_identity_policy *p, gh_permission_set set, gh_str scopes)
{
    for (unsigned i = 0; i < p->n_permissions; i++)
        if (gh_permission_in(&set, i) && !gh_word_in(scopes, p->permissions[i]))
            set.word[i / 64] &= ~(UINT64_C(1) << (i % 64));
    return set;
}

void gh_rights_fill(const gh_identity_policy *p, gh_principal *principal)
{
    principal->role_set = roles_of(p, principal->roles);
    principal->permissions = permissions_of(p, principal->role_set);
    if (principal->scopes.p != NULL)
        principal->permissions = narrowed(p, principal->permissions, principal->scopes);
}

static bool demands_permissions(const gh_require *r)
{
    for (unsigned w = 0; w < GH_COUNT(r->all_permissions.word); w++)
        if (r->all_permissions.word[w] != 0)
            return true;
    return false;
}

bool gh_rights_demand(const gh_require *r)
{
    return !r->public_route && (r->user || r->proofs != 0 || r->has_any_role || r->any_role != 0 ||
                                r->n_scopes > 0 || r->n_claims > 0 || demands_permissions(r));
}

/* A permission that the roles give and the scopes took away is a matter of the scope: a better token would do. */
static enum gh_reason judge_permissions(const gh_txn *txn, const gh_require *r, gh_str *ret_scope)
{
    const gh_identity_policy *p = &txn->policy->identity;
    enum gh_reason reason = GH_REASON_NONE;
    if (!demands_permissions(r))
        return reason;
    gh_permission_set of_roles = permissions_of(p, txn->principal.role_set);
    for (unsigned i = 0; i < p->n_permissions; i++) {
        if (!gh_permission_in(&r->all_permissions, i) || gh_permission_in(&txn->principal.permissions, i))
            continue;
        if (!gh_permission_in(&of_roles, i))
            return GH_REASON_PERMISSION_REQUIRED;
        if (reason == GH_REASON_NONE)
            *ret_scope = p->permissions[i];
        reason = GH_REASON_INSUFFICIENT_SCOPE;
    }
    return reason;
}

/* Who is not narrowed by scopes has all of them, as far as we gave the credential out; an outside issuer's token
 * without scopes was given none. */
static enum gh_reason judge_scopes(const gh_txn *txn, const gh_require *r, gh_str *ret_scope)
{
    const gh_principal *who = &txn->principal;
    if (who->scopes.p == NULL && who->issuer.p == NULL)
        return GH_REASON_NONE;
    for (unsigned i = 0; i < r->n_scopes; i++)
        if (!gh_word_in(who->scopes, r->scopes[i])) {
            *ret_scope = r->scopes[i];
            return GH_REASON_INSUFFICIENT_SCOPE;
        }
    return GH_REASON_NONE;
}

/* The first pattern that fits is the one whose parameters are meant, as everywhere. */
static bool parameter_of(const gh_txn *txn, const gh_match *match, unsigned index, gh_str *ret)
{
    gh_path_params params;
    for (unsigned i = 0; i < match->n_paths; i++)
        if (gh_path_pattern_match(&match->paths[i], txn->target.path, &params))
            return index < params.n && gh_percent_decode(params.values[index], false, txn->arena, ret);
    return false;
}

static enum gh_reason judge_claims(const gh_txn *txn, const gh_route *route)
{
    const gh_require *r = &route->require;
    const gh_identity_policy *p = &txn->policy->identity;
    unsigned free_role = r->any_role_unless.n > 0 ? gh_identity_role(p, r->any_role_unless) : GH_ROLES_MAX;
    if (free_role < p->n_roles && (txn->principal.role_set >> free_role & 1) != 0)
        return GH_REASON_NONE;
    for (unsigned i = 0; i < r->n_claims; i++) {
        gh_str want = r->claims[i].value, has;
        if (want.p == NULL && !parameter_of(txn, &route->match, r->claims[i].parameter, &want))
            return GH_REASON_CLAIM_MISMATCH;
        if (!gh_claim_of(txn, r->claims[i].claim, &has) || has.n == 0 || !gh_str_eq(has, want))
            return GH_REASON_CLAIM_MISMATCH;
    }
    return GH_REASON_NONE;
}

enum gh_reason gh_rights_judge(const gh_txn *txn, const gh_route *route, gh_str *ret_scope)
{
    const gh_require *r = &route->require;
    const gh_principal *who = &txn->principal;
    enum gh_reason reason = GH_REASON_NONE;
    if (gh_rights_demand(r)) {
        if (who->proof == GH_PROOF_NONE)
            return GH_REASON_CREDENTIALS_REQUIRED;
        if (r->proofs != 0 && (r->proofs >> who->proof & 1) == 0)
            return GH_REASON_PROOF_NOT_ACCEPTED;
        if ((r->has_any_role || r->any_role != 0) && (r->any_role & who->role_set) == 0)
            return GH_REASON_ROLE_REQUIRED;
        reason = judge_permissions(txn, r, ret_scope);
        if (reason == GH_REASON_NONE)
            reason = judge_scopes(txn, r, ret_scope);
        if (reason == GH_REASON_NONE)
            reason = judge_claims(txn, route);
    }
    if (reason == GH_REASON_NONE && r->device && !r->public_route && who->device == 0)
        return GH_REASON_DEVICE_REQUIRED;
    return reason;
}
