#include "edges/identity/operator.h"

#include <time.h>

static uint64_t wall_s(void)
{
    return (uint64_t)time(NULL);
}

gh_operator gh_identity_operator(const gh_identity_service *s, const gh_config *config,
                                 const gh_policy *policy)
{
    const gh_identity_config *c = &config->identity;
    return (gh_operator){.records = s->records,
                         .roster = s->roster,
                         .policy = policy,
                         .password = {(size_t)c->password.hash_memory, (unsigned)c->password.hash_time},
                         .strength = {.min_length = policy->identity.password.min_length},
                         .algorithm = (enum gh_signing_alg)c->token.algorithm,
                         .settle_s = s->settle_s,
                         .now_s = wall_s};
}
