/* Identity: what its settings must be together. Everything here is asked only when identity is on. */
#include "config/load.h"
#include "identity/key_generation.h"

static bool is_production(const gh_load *l)
{
    return l->config->profile == GH_PROFILE_PRODUCTION;
}

static void check_places(gh_load *l)
{
    const gh_config *c = l->config;
    gh_place enabled = gh_load_place(l, &c->identity.enabled);
    if (!is_production(l))
        return;
    if (c->data_folder.p == NULL)
        gh_load_error(
            l, &enabled, "identity.enabled: production needs data.folder, where %s, as in /var/lib/gatehouse",
            gh_secret_is_set(l, &c->postgresql.url)
                ? "audit lines wait while PostgreSQL is away, and the socket of the operator's commands is"
                : "accounts and keys are kept");
    if (!gh_secret_is_set(l, &c->secret_key))
        gh_load_error(
            l, &enabled,
            "identity.enabled: production needs secret_key (SECRET_KEY or SECRET_KEY_FILE): the one the "
            "server has, also for commands (--env-file); for a new server make one with: openssl rand -hex 32");
}

static void check_cookies(gh_load *l)
{
    const gh_identity_config *i = &l->config->identity;
    gh_place insecure = gh_load_place(l, &i->session.insecure_cookies),
             same_site = gh_load_place(l, &i->session.same_site),
             cookie = gh_load_place(l, &i->session.cookie);
    gh_str name = i->session.cookie;
    bool plain = i->session.insecure_cookies == GH_ON;
    if (plain && is_production(l))
        gh_load_error(
            l, &insecure,
            "identity.session.insecure_cookies: production refuses it: anyone on the way could take a "
            "session over; let TLS end before Gatehouse");
    if (i->session.same_site == GH_SAME_SITE_NONE && plain)
        gh_load_error(
            l, &same_site,
            "identity.session.same_site: none needs cookies with Secure, or browsers drop them; turn "
            "identity.session.insecure_cookies off");
    if (i->session.same_site == GH_SAME_SITE_NONE && i->csrf.enabled == GH_OFF)
        gh_load_error(
            l, &same_site,
            "identity.session.same_site: none without identity.csrf.enabled would let every page act as "
            "your users");
    if (gh_str_starts(name, GH_STR("__")))
        gh_load_error(l, &cookie,
                      "identity.session.cookie: is the name without a prefix: __Host- is put before it");
    if (gh_str_eq(name, GH_STR("device")) || gh_str_eq(name, GH_STR("csrf")))
        gh_load_error(l, &cookie, "identity.session.cookie: another cookie has the name %.*s", (int)name.n,
                      name.p);
}

/* In development plain cookies are for this machine. */
static void check_open(gh_load *l)
{
    const gh_config *c = l->config;
    for (unsigned i = 0; i < c->server.listen.n && c->identity.session.insecure_cookies == GH_ON; i++) {
        gh_str text = c->server.listen.items[i];
        gh_place place = gh_load_place(l, &c->server.listen.items[i]);
        if (gh_check_is_local(text))
            continue;
        gh_load_warning(
            l, &place,
            "server.listen: other machines reach %.*s, and identity.session.insecure_cookies sends "
            "sessions in the clear",
            (int)text.n, text.p);
    }
}

static void check_longer(gh_load *l, const char *name, const uint64_t *part, const char *whole_name,
                         uint64_t whole)
{
    gh_place place = gh_load_place(l, part);
    if (*part > whole)
        gh_load_error(l, &place, "%s must not be longer than %s", name, whole_name);
}

static void check_times(gh_load *l)
{
    const gh_identity_config *i = &l->config->identity;
    check_longer(l, "identity.session.idle_timeout", &i->session.idle_timeout,
                 "identity.session.max_age (MAX_SESSION_AGE)", i->session.max_age);
    check_longer(l, "identity.token.refresh_idle", &i->token.refresh_idle, "identity.token.refresh_lifetime",
                 i->token.refresh_lifetime);
    check_longer(l, "identity.token.access_lifetime", &i->token.access_lifetime,
                 "identity.token.refresh_lifetime", i->token.refresh_lifetime);
}

/* Nobody is signed out because keys are changed, and each key that may have made a cookie can be told by its hint. */
enum { RETIRING_MOST = GH_GENERATIONS_MOST / 2 /* the others are for changes by command */ };

static void check_rotation(gh_load *l)
{
    const gh_identity_config *i = &l->config->identity;
    gh_place overlap = gh_load_place(l, &i->rotation.overlap), every = gh_load_place(l, &i->rotation.every);
    if (i->rotation.overlap < gh_identity_longest(i))
        gh_load_error(l, &overlap,
                      "identity.rotation.overlap must not be shorter than identity.session.max_age and "
                      "identity.token.refresh_lifetime, or a change of keys would end sessions");
    if (i->rotation.every != 0 && i->rotation.overlap / i->rotation.every > RETIRING_MOST)
        gh_load_error(
            l, &every,
            "identity.rotation.every is too short: keys of identity.rotation.overlap / every = %llu "
            "changes would have to be kept, and %d is the most",
            (unsigned long long)(i->rotation.overlap / i->rotation.every), RETIRING_MOST);
}

static void check_previous(gh_load *l)
{
    const gh_config *c = l->config;
    gh_place place = gh_load_place(l, &c->secret_key_previous);
    if (c->secret_key_previous.p == NULL)
        return;
    if (!gh_secret_is_set(l, &c->secret_key))
        gh_load_error(l, &place, "secret_key_previous (SECRET_KEY_PREVIOUS) is set, and secret_key is not");
    else if (gh_str_eq(c->secret_key, c->secret_key_previous))
        gh_load_warning(l, &place,
                        "secret_key_previous (SECRET_KEY_PREVIOUS) is secret_key itself: remove it");
}

/* HS256 has no public key: whoever can verify can sign. */
static void check_algorithm(gh_load *l)
{
    const gh_identity_config *i = &l->config->identity;
    gh_place jwks = gh_load_place(l, &i->endpoints[GH_ENDPOINT_JWKS]),
             assertion = gh_load_place(l, &i->upstream.assertion);
    if (i->token.algorithm != GH_HS256)
        return;
    if (i->endpoints[GH_ENDPOINT_JWKS] == GH_ON)
        gh_load_error(
            l, &jwks,
            "identity.endpoints.jwks: with identity.token.algorithm HS256 there is no public key to show; "
            "use EdDSA, ES256 or RS256, or turn this off");
    if (i->upstream.assertion == GH_ON)
        gh_load_error(
            l, &assertion,
            "identity.upstream.assertion: with identity.token.algorithm HS256 the upstream would need "
            "secret_key to verify it; use EdDSA, ES256 or RS256");
}

static bool is_in(const gh_str_list *list, gh_str text)
{
    return list->n > 0 && gh_check_has(list, text);
}

/* Pages that may send cookies and get 403 for every unsafe request with them. */
static void check_cors(gh_load *l)
{
    const gh_config *c = l->config;
    gh_place place = gh_load_place(l, &c->identity.csrf.origins), header = gh_load_place(l, &c->cors.headers);
    bool listed = false;
    if (c->cors.enabled == GH_OFF || c->cors.credentials == GH_OFF || c->identity.csrf.enabled == GH_OFF)
        return;
    for (unsigned i = 0; i < c->cors.origins.n; i++) {
        gh_str origin = c->cors.origins.items[i];
        if (!is_in(&c->identity.csrf.origins, origin))
            gh_load_warning(l, &place,
                            "identity.csrf.origins: pages of %.*s may send cookies (cors.origins, "
                            "cors.credentials) but are not trusted: all they change gets 403",
                            (int)origin.n, origin.p);
    }
    for (unsigned i = 0; i < c->cors.headers.n; i++)
        listed = listed || gh_str_eq_nocase(c->cors.headers.items[i], c->identity.csrf.header);
    if (!listed)
        gh_load_warning(
            l, &header,
            "cors.headers: %.*s is not in it (identity.csrf.header), so pages of other origins can't "
            "send their CSRF token",
            (int)c->identity.csrf.header.n, c->identity.csrf.header.p);
}

static void check_csrf(gh_load *l)
{
    const gh_identity_config *i = &l->config->identity;
    gh_place enabled = gh_load_place(l, &i->csrf.enabled);
    if (i->csrf.enabled == GH_OFF && is_production(l))
        gh_load_warning(
            l, &enabled,
            "identity.csrf.enabled is off: only the cookies' SameSite keeps other pages from acting as "
            "your users");
    for (unsigned k = 0; k < i->csrf.origins.n; k++) {
        gh_place place = gh_load_place(l, &i->csrf.origins.items[k]);
        if (gh_str_eq(i->csrf.origins.items[k], GH_STR("*")))
            gh_load_error(l, &place, "identity.csrf.origins: \"*\" would trust every page; name the origins");
    }
    for (unsigned k = 0; k < i->csrf.exempt_paths.n; k++) {
        gh_place place = gh_load_place(l, &i->csrf.exempt_paths.items[k]);
        if (gh_str_eq(i->csrf.exempt_paths.items[k], GH_STR("/**")))
            gh_load_error(l, &place,
                          "identity.csrf.exempt_paths: with /** nothing is protected; if that is meant, set "
                          "identity.csrf.enabled: off");
    }
    check_cors(l);
}

/* OWASP's least costs of Argon2id with one lane; each is as strong as the others. */
static bool is_strong(uint64_t memory, uint64_t passes)
{
    enum { MIB = 1 << 20 };
    return passes >= 2 ? memory >= 19u * MIB : memory >= 46u * MIB;
}

static void check_password(gh_load *l)
{
    const gh_identity_config *i = &l->config->identity;
    gh_place time = gh_load_place(l, &i->password.hash_time),
             one = gh_load_place(l, &i->password.hash_memory);
    if (i->password.hash_memory > i->password.memory)
        gh_load_error(
            l, &one,
            "identity.password.hash_memory must not be more than identity.password.memory, or nobody "
            "could ever sign in");
    if (is_strong(i->password.hash_memory, i->password.hash_time))
        return;
    static const char text[] =
        "identity.password.hash_time: one pass is enough with hash_memory 46MiB or more only; "
        "set it to 2, or raise hash_memory";
    if (is_production(l))
        gh_load_error(l, &time, "%s", text);
    else
        gh_load_warning(l, &time, "%s", text);
}

/* What begins like a session's or device's secret (identity/secret.h) would be taken for one. */
static void check_key_prefix(gh_load *l)
{
    gh_str prefix = l->config->identity.api_keys.prefix;
    gh_place place = gh_load_place(l, &l->config->identity.api_keys.prefix);
    for (size_t i = 0; i < prefix.n; i++)
        if (prefix.p[i] == '_' || prefix.p[i] == '-' || prefix.p[i] == '.') {
            gh_load_error(l, &place,
                          "identity.api_keys.prefix: only letters and digits; \"_\" is put behind it");
            return;
        }
    if (gh_str_eq(prefix, GH_STR("ghs")) || gh_str_eq(prefix, GH_STR("ghr")) ||
        gh_str_eq(prefix, GH_STR("ghd")))
        gh_load_error(l, &place, "identity.api_keys.prefix: other secrets of Gatehouse begin with %.*s",
                      (int)prefix.n, prefix.p);
}

/* Endpoints come before routes. */
static void check_prefix(gh_load *l)
{
    const gh_config *c = l->config;
    gh_path_pattern own, pattern;
    gh_str below = gh_str_of(gh_load_reason(l, "%.*s/**", (int)c->identity.prefix.n, c->identity.prefix.p));
    if (!gh_check_pattern(&l->scratch, below, &own))
        return;
    for (unsigned i = 0; i < c->n_routes; i++) {
        const gh_route_config *r = &c->routes[i];
        if (gh_check_pattern(&l->scratch, r->path, &pattern) && gh_path_pattern_covers(&own, &pattern))
            gh_load_warning(
                l, &r->place,
                "route %.*s: is below identity.prefix (%.*s), where Gatehouse's own endpoints answer "
                "first",
                (int)r->name.n, r->name.p, (int)c->identity.prefix.n, c->identity.prefix.p);
    }
}

static void check_registration(gh_load *l)
{
    const gh_identity_config *i = &l->config->identity;
    gh_place place = gh_load_place(l, &i->registration);
    if (i->registration == GH_ON && i->endpoints[GH_ENDPOINT_REGISTER] == GH_OFF)
        gh_load_warning(l, &place,
                        "identity.registration: open has no effect: identity.endpoints.register is off");
}

void gh_check_identity(gh_load *l)
{
    if (l->config->identity.enabled == GH_OFF)
        return;
    check_places(l);
    check_cookies(l);
    check_open(l);
    check_times(l);
    check_rotation(l);
    check_previous(l);
    check_algorithm(l);
    check_csrf(l);
    check_password(l);
    check_key_prefix(l);
    check_prefix(l);
    check_registration(l);
}
