/* Outside issuers, and their keys out of what read_jwks gives. */
#include "config/compile_identity.h"
#include "wire/jwk.h"

typedef struct issuing {
    gh_policy *p;
    const gh_config *config;
    gh_report *report;
    const gh_issuer_config *from;
    gh_issuer *to;
} issuing;

#define report_error(s, ...)                                                                            \
    gh_report_error((s)->report, (s)->from->place.file, (s)->from->place.line, (s)->from->place.column, \
                    __VA_ARGS__)
#define report_warning(s, ...)                                                                            \
    gh_report_warning((s)->report, (s)->from->place.file, (s)->from->place.line, (s)->from->place.column, \
                      __VA_ARGS__)

static bool no_memory(const issuing *s)
{
    report_error(s, "out of memory while compiling the issuer %.*s", (int)s->from->name.n, s->from->name.p);
    return false;
}

/* "application/at+JWT" is "at+jwt" (RFC 7515 section 4.1.9). */
static bool compile_types(issuing *s)
{
    const gh_str prefix = GH_STR("application/");
    gh_issuer *to = s->to;
    to->types = gh_arena_array(&s->p->arena, s->from->types.n + 1u, sizeof *to->types);
    if (to->types == NULL)
        return no_memory(s);
    for (unsigned i = 0; i < s->from->types.n; i++) {
        gh_str type = s->from->types.items[i];
        char *lower = gh_arena_alloc(&s->p->arena, type.n + 1);
        if (lower == NULL)
            return no_memory(s);
        for (size_t k = 0; k < type.n; k++)
            lower[k] = gh_lower(type.p[k]);
        type.p = lower;
        to->types[to->n_types++] = gh_str_starts(type, prefix) ? gh_str_cut(type, prefix.n, type.n) : type;
    }
    return true;
}

static void free_set(void *set)
{
    gh_jwks_free(set);
}

/* What is wrong with a file is to be corrected; what is wrong with what the network gives may right itself, and until
 * then the issuer's tokens are refused. */
static bool set_aside(issuing *s, const char *why, gh_str kid)
{
    int n = (int)s->from->name.n;
    const char *p = s->from->name.p;
    s->to->keys_missing = true;
    if (gh_str_starts(s->from->jwks, GH_STR("http"))) {
        report_warning(s, "issuer %.*s: its keys can't be used, and its tokens are refused: %s%s%.*s", n, p,
                       why, kid.n > 0 ? ": key " : "", (int)kid.n, kid.p);
        return true;
    }
    report_error(s, "issuer %.*s: %.*s: %s%s%.*s", n, p, (int)s->from->jwks.n, s->from->jwks.p, why,
                 kid.n > 0 ? ": key " : "", (int)kid.n, kid.p);
    return false;
}

static bool use_keys(issuing *s, const gh_jwks *set)
{
    gh_issuer *to = s->to;
    to->keys = gh_arena_array(&s->p->arena, set->n + 1u, sizeof *to->keys);
    if (to->keys == NULL)
        return no_memory(s);
    for (unsigned i = 0; i < set->n; i++)
        to->keys[to->n_keys++] =
            (gh_ring_key){.kid = set->keys[i].kid, .key = set->keys[i].key, .state = GH_KEY_RETIRING};
    if (to->n_keys > 0)
        return true;
    return set_aside(s, set->skipped_why != NULL ? set->skipped_why : "there is no key in it",
                     (gh_str){NULL, 0});
}

static bool read_keys(issuing *s, gh_str text)
{
    gh_jwks *set = gh_arena_new(&s->p->arena, gh_jwks);
    gh_jwks_error e = {.why = "is not right"};
    if (set == NULL)
        return no_memory(s);
    if (!gh_jwks_read(text, &s->p->arena, set, &e))
        return set_aside(s, e.why, e.kid);
    if (!gh_policy_own(s->p, set, free_set)) {
        gh_jwks_free(set);
        return no_memory(s);
    }
    return use_keys(s, set);
}

static bool get_keys(issuing *s)
{
    const gh_config *c = s->config;
    gh_jwks_text got = {.why = "key sets can't be read here"};
    bool there = c->read_jwks != NULL &&
                 c->read_jwks(c->read_jwks_data, s->from->name, s->from->jwks, &s->p->arena, &got);
    s->to->tried_s = got.tried_s;
    if (there)
        return read_keys(s, got.text);
    s->to->keys_missing = true;
    if (got.later)
        return true;
    report_error(s, "issuer %.*s: its keys (%.*s) can't be read: %s", (int)s->from->name.n, s->from->name.p,
                 (int)s->from->jwks.n, s->from->jwks.p, got.why);
    return false;
}

bool gh_compile_issuers(gh_policy *p, const gh_config *config, gh_report *report)
{
    bool good = true;
    for (unsigned i = 0; i < config->identity.n_issuers && p->identity.issuers != NULL; i++) {
        issuing s = {p, config, report, &config->identity.issuers[i],
                     &p->identity.issuers[p->identity.n_issuers++]};
        *s.to = (gh_issuer){.name = s.from->name,
                            .issuer = s.from->issuer,
                            .audiences = s.from->audiences.items,
                            .n_audiences = s.from->audiences.n,
                            .roles_claim = s.from->roles_claim,
                            .tier_claim = s.from->tier_claim,
                            .jwks = s.from->jwks,
                            .max_lifetime_s = s.from->max_lifetime};
        good = compile_types(&s) && get_keys(&s) && good;
    }
    return good;
}
