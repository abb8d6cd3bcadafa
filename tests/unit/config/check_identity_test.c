/* Settings of identity that are refused, alone or together, and what is said of them. */
#include "load_helper.h"

#define UP "upstreams: [{name: a, servers: [http://a:1]}]\n"
#define ON UP "identity:\n  enabled: on\n"
#define PROD UP "profile: production\nhosts: {allowed: [api.example.com]}\nidentity:\n  enabled: on\n"
#define DATA                                                        \
    UP "profile: production\nhosts: {allowed: [api.example.com]}\n" \
       "data: {folder: /var/lib/gatehouse}\nidentity:\n  enabled: on\n"
#define KEY "4d9f2c81b7e6350a4d9f2c81b7e6350a"

struct check {
    const char *yaml, *report;
};

/* Most of these have no route that demands anybody, which would be warned of. */
#define DENY "GATEHOUSE_IDENTITY_DENY_BY_DEFAULT=on"

static void expect_all(const struct check *checks, size_t n, const char *variable)
{
    for (size_t i = 0; i < n; i++)
        expect_report(&(given){.yaml = checks[i].yaml, .environment = {DENY, variable}}, checks[i].report);
}

static void test_profile(void **state)
{
    static const struct check checks[] = {
        {ON, ""},
        {PROD,
         "g.yaml:5:12: error: identity.enabled: production needs data.folder, where accounts and keys are kept, as in /var/lib/gatehouse\n"
         "g.yaml:5:12: error: identity.enabled: production needs secret_key (SECRET_KEY or SECRET_KEY_FILE): the one the server has, also for commands (--env-file); for a new server make one with: openssl rand -hex 32\n"},
        {DATA,
         "g.yaml:6:12: error: identity.enabled: production needs secret_key (SECRET_KEY or SECRET_KEY_FILE): the one the server has, also for commands (--env-file); for a new server make one with: openssl rand -hex 32\n"},
        {ON "  session: {insecure_cookies: on}\n", ""},
        {ON "  session: {insecure_cookies: on}\nserver: {listen: [127.0.0.1:1, 0.0.0.0:2, unix:/a]}\n",
         "g.yaml:5:32: warning: server.listen: other machines reach 0.0.0.0:2, and identity.session.insecure_cookies sends sessions in the clear\n"},
        {ON "  csrf: {enabled: off}\n", ""},
        {ON "  password: {hash_time: 1}\n",
         "g.yaml:4:25: warning: identity.password.hash_time: one pass is enough with hash_memory 46MiB or more only; set it to 2, or raise hash_memory\n"},
        {ON "  password: {hash_time: 1, hash_memory: 46MiB}\n", ""},
    };
    static const struct check with_postgresql[] = {
        {PROD,
         "g.yaml:5:12: error: identity.enabled: production needs data.folder, where audit lines wait while PostgreSQL is away, "
         "and the socket of the operator's commands is, as in /var/lib/gatehouse\n"
         "g.yaml:5:12: error: identity.enabled: production needs secret_key (SECRET_KEY or SECRET_KEY_FILE): the one the server has, also for commands (--env-file); for a new server make one with: openssl rand -hex 32\n"
         "environment: error: postgresql.url needs secret_key (SECRET_KEY or SECRET_KEY_FILE), the same on every node; make one with: openssl rand -hex 32 (for records that were in a folder it is what stands in its file secret_key)\n"}};
    (void)state;
    expect_all(checks, GH_COUNT(checks), NULL);
    expect_all(with_postgresql, 1, "POSTGRESQL_URL=postgresql://h/d");
}

static void test_production(void **state)
{
    static const struct check checks[] = {
        {DATA, ""},
        {DATA "  session: {insecure_cookies: on}\n",
         "g.yaml:7:31: error: identity.session.insecure_cookies: production refuses it: anyone on the way could take a session over; let TLS end before Gatehouse\n"},
        {DATA "  csrf: {enabled: off}\n",
         "g.yaml:7:19: warning: identity.csrf.enabled is off: only the cookies' SameSite keeps other pages from acting as your users\n"},
        {DATA "  password: {hash_time: 1}\n",
         "g.yaml:7:25: error: identity.password.hash_time: one pass is enough with hash_memory 46MiB or more only; set it to 2, or raise hash_memory\n"},
        {DATA "  registration: open\n", ""},
        {DATA "  issuers: [{name: i, issuer: x, audiences: [a], jwks: http://127.0.0.1/jwks}]\n",
         "g.yaml:7:56: error: issuer i: production gets jwks over https:// only, or from a file\n"},
    };
    (void)state;
    expect_all(checks, GH_COUNT(checks), "SECRET_KEY=" KEY);
}

static void test_cookies(void **state)
{
    static const struct check checks[] = {
        {ON "  session: {same_site: none, insecure_cookies: on}\n",
         "g.yaml:4:24: error: identity.session.same_site: none needs cookies with Secure, or browsers drop them; turn identity.session.insecure_cookies off\n"},
        {ON "  session: {same_site: none}\n", ""},
        {ON "  session: {same_site: none}\n  csrf: {enabled: off}\n",
         "g.yaml:4:24: error: identity.session.same_site: none without identity.csrf.enabled would let every page act as your users\n"},
        {ON "  session: {cookie: __Host-session}\n",
         "g.yaml:4:21: error: identity.session.cookie: is the name without a prefix: __Host- is put before it\n"},
        {ON "  session: {cookie: csrf}\n",
         "g.yaml:4:21: error: identity.session.cookie: another cookie has the name csrf\n"},
        {ON "  session: {cookie: device}\n",
         "g.yaml:4:21: error: identity.session.cookie: another cookie has the name device\n"},
        {ON "  session: {cookie: \"a b\"}\n",
         "g.yaml:4:21: error: identity.session.cookie: \"a b\" is not a name: only letters, digits, \"_\", \"-\" and \".\" are\n"},
        {ON "  session: {same_site: strickt}\n",
         "g.yaml:4:24: error: identity.session.same_site: \"strickt\" is not one of lax, strict, none (did you mean strict?)\n"},
    };
    (void)state;
    expect_all(checks, GH_COUNT(checks), NULL);
}

static void test_times(void **state)
{
    static const struct check checks[] = {
        {ON "  session: {max_age: 10m}\n", ""},
        {ON "  session: {max_age: 10m, idle_timeout: 11m}\n",
         "g.yaml:4:41: error: identity.session.idle_timeout must not be longer than identity.session.max_age (MAX_SESSION_AGE)\n"},
        {ON "  session: {max_age: 10m, idle_timeout: 0}\n", ""},
        {ON "  session: {max_age: 600}\n", ""},
        {ON "  session: {max_age: 1500ms}\n",
         "g.yaml:4:22: error: identity.session.max_age: \"1500ms\" is not a whole number of seconds\n"},
        {ON "  token: {refresh_lifetime: 10m}\n", ""},
        {ON "  token: {refresh_lifetime: 10m, refresh_idle: 1h, access_lifetime: 11m}\n",
         "g.yaml:4:48: error: identity.token.refresh_idle must not be longer than identity.token.refresh_lifetime\n"
         "g.yaml:4:69: error: identity.token.access_lifetime must not be longer than identity.token.refresh_lifetime\n"},
    };
    (void)state;
    expect_all(checks, GH_COUNT(checks), NULL);
}

static void test_algorithm(void **state)
{
    static const struct check checks[] = {
        {ON "  token: {algorithm: HS256}\n", ""},
        {ON "  token: {algorithm: HS256}\n  endpoints: {jwks: on}\n",
         "g.yaml:5:21: error: identity.endpoints.jwks: with identity.token.algorithm HS256 there is no public key to show; use EdDSA, ES256 or RS256, or turn this off\n"},
        {ON "  token: {algorithm: HS256}\n  endpoints: {jwks: off}\n  upstream: {assertion: on}\n",
         "g.yaml:6:25: error: identity.upstream.assertion: with identity.token.algorithm HS256 the upstream would need secret_key to verify it; use EdDSA, ES256 or RS256\n"},
        {ON "  token: {algorithm: none}\n",
         "g.yaml:4:22: error: identity.token.algorithm: \"none\" is not one of EdDSA, ES256, RS256, HS256\n"},
        {ON "  token: {algorithm: HS512}\n",
         "g.yaml:4:22: error: identity.token.algorithm: \"HS512\" is not one of EdDSA, ES256, RS256, HS256\n"},
    };
    (void)state;
    expect_all(checks, GH_COUNT(checks), NULL);
}

static void test_csrf(void **state)
{
    static const struct check checks[] = {
        {ON "  csrf: {exempt_paths: [/hook, \"/**\"]}\n",
         "g.yaml:4:32: error: identity.csrf.exempt_paths: with /** nothing is protected; if that is meant, set identity.csrf.enabled: off\n"},
        {ON "  csrf: {origins: [\"*\"]}\n",
         "g.yaml:4:20: error: identity.csrf.origins: \"*\" would trust every page; name the origins\n"},
        {ON
         "  csrf: {origins: [https://a.example]}\ncors: {enabled: on, credentials: on, origins: [https://a.example, https://b.example]}\n",
         "g.yaml:4:19: warning: identity.csrf.origins: pages of https://b.example may send cookies (cors.origins, cors.credentials) but are not trusted: all they change gets 403\n"},
        {ON "cors: {enabled: on, credentials: on, origins: [https://a.example], headers: [Accept]}\n",
         "g.yaml:4:77: warning: cors.headers: X-CSRF-Token is not in it (identity.csrf.header), so pages of other origins can't send their CSRF token\n"},
        {ON "cors: {enabled: on, credentials: on, origins: [https://a.example]}\n", ""},
        {ON "  csrf: {origins: []}\ncors: {enabled: on, credentials: on, origins: [https://a.example]}\n",
         "g.yaml:4:19: warning: identity.csrf.origins: pages of https://a.example may send cookies (cors.origins, cors.credentials) but are not trusted: all they change gets 403\n"},
    };
    (void)state;
    expect_all(checks, GH_COUNT(checks), NULL);
}

static void test_others(void **state)
{
    static const struct check checks[] = {
        {ON
         "  new_user_roles: [user, aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n  roles: {user: [], aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: []}\n",
         "g.yaml:4:19: error: identity.new_user_roles: the names are too long together: at most 192 bytes\n"},
        {ON "  password: {hash_memory: 512MiB}\n",
         "g.yaml:4:27: error: identity.password.hash_memory must not be more than identity.password.memory, or nobody could ever sign in\n"},
        {ON "  password: {min_length: 7}\n",
         "g.yaml:4:26: error: identity.password.min_length: \"7\" is out of range: it must be 8 to 64\n"},
        {ON "  api_keys: {prefix: my_key}\n",
         "g.yaml:4:22: error: identity.api_keys.prefix: only letters and digits; \"_\" is put behind it\n"},
        {ON "  api_keys: {prefix: ghs}\n",
         "g.yaml:4:22: error: identity.api_keys.prefix: other secrets of Gatehouse begin with ghs\n"},
        {ON "  registration: open\n  endpoints: {register: off}\n",
         "g.yaml:4:17: warning: identity.registration: open has no effect: identity.endpoints.register is off\n"},
        {ON "  verifications: [1/minute]\n",
         "g.yaml:4:18: error: identity.verifications: must be one value, not a list\n"},
        {ON "  verifications: many\n",
         "g.yaml:4:18: error: identity.verifications: \"many\" is not a limit: write 100/minute, 10/5m or {requests: 10, window: 5m}\n"},
        {ON "  verifications: {requests: 5, window: 1h}\n", ""},
        {ON "  sesion: {}\n",
         "g.yaml:4:3: error: unknown setting \"sesion\" in identity (did you mean session?)\n"},
        {ON "  endpoints: {logn: off}\n",
         "g.yaml:4:15: error: unknown setting \"logn\" in identity.endpoints (did you mean login?)\n"},
        {ON "  prefix: /auth/\n",
         "g.yaml:4:11: error: identity.prefix: \"/auth/\" is not a prefix: it must begin with \"/\" and not end with it, as in /v1\n"},
        {ON "routes: [{name: r, path: /api/auth/login}, {name: s, path: /api}]\n",
         "g.yaml:4:10: warning: route r: is below identity.prefix (/api/auth), where Gatehouse's own endpoints answer first\n"},
        {UP "identity: {roles: {x: [a:b]}, issuers: [{name: i, issuer: i, audiences: [a], jwks: f}]}\n",
         "g.yaml:2:20: warning: identity.roles has no effect: identity.enabled is off\n"
         "g.yaml:2:41: warning: identity.issuers has no effect: identity.enabled is off\n"},
    };
    (void)state;
    expect_all(checks, GH_COUNT(checks), NULL);
}

static void test_roles(void **state)
{
    static const struct check checks[] = {
        {ON "  roles: {user: [a:b, \"role:admn\"], admin: [\"*\"]}\n",
         "g.yaml:4:23: error: identity.roles.user: there is no role \"admn\" (did you mean admin?)\n"},
        {ON "  roles: {user: [\"role:b\"], b: [\"role:c\"], c: [\"role:user\"], d: [\"role:user\"]}\n",
         "g.yaml:4:11: error: identity.roles.user: includes itself, directly or through other roles; take one role: out of the circle\n"
         "g.yaml:4:29: error: identity.roles.b: includes itself, directly or through other roles; take one role: out of the circle\n"
         "g.yaml:4:44: error: identity.roles.c: includes itself, directly or through other roles; take one role: out of the circle\n"},
        {ON "  roles: {user: [\"role:user\"]}\n",
         "g.yaml:4:11: error: identity.roles.user: includes itself, directly or through other roles; take one role: out of the circle\n"},
        {ON "  roles: {member: [a:b]}\n",
         "g.yaml:4:11: error: identity.roles has no role user, which new accounts get; name theirs in identity.new_user_roles, or [] for none\n"},
        {ON "  roles: {member: [a:b]}\n  new_user_roles: [menber]\n",
         "g.yaml:5:20: error: identity.new_user_roles: there is no role \"menber\" (did you mean member?)\n"},
        {ON "  roles: {member: [a:b]}\n  new_user_roles: []\n", ""},
        {ON "  roles: {user: [\"content:*\"]}\n",
         "g.yaml:4:18: error: identity.roles.user: \"content:*\" is not a permission: \"*\" stands for all of them only, alone; name each that is meant\n"},
        {ON "  roles: {user: [\"a b\"]}\n",
         "g.yaml:4:18: error: identity.roles.user: \"a b\" is not a permission: only letters, digits, \"_\", \"-\", \".\" and \":\" are, as in content:read\n"},
        {ON "  roles: {user: [\"role:\"]}\n",
         "g.yaml:4:18: error: identity.roles.user: \"role:\" names no role: write role:NAME\n"},
        {ON "  roles: {user: []}\n", ""},
        {ON "  roles: {\"a b\": []}\n",
         "g.yaml:4:11: error: identity.roles: \"a b\" is not a name of at most 64 letters, digits, \"_\", \"-\" and \".\"\n"
         "error: identity.roles has no role user, which new accounts get; name theirs in identity.new_user_roles, or [] for none\n"},
    };
    (void)state;
    expect_all(checks, GH_COUNT(checks), NULL);
}

static void test_issuers(void **state)
{
    static const struct check checks[] = {
        {ON
         "  issuers: [{name: i, issuer: https://i.example, audiences: [a], jwks: https://i.example/jwks}]\n",
         ""},
        {ON "  issuers: [{name: i}]\n", "g.yaml:4:13: error: identity.issuers[0]: has no issuer\n"
                                        "g.yaml:4:13: error: identity.issuers[0]: has no audiences\n"
                                        "g.yaml:4:13: error: identity.issuers[0]: has no jwks\n"},
        {ON "  issuers: [{name: gatehouse, issuer: gatehouse, audiences: [a], jwks: f}]\n",
         "g.yaml:4:20: error: issuer gatehouse: this is what our own tokens are named; choose another name\n"
         "g.yaml:4:39: error: issuer gatehouse: its iss is identity.token.issuer, our own; each issuer has one of its own\n"},
        {ON
         "  issuers: [{name: i, issuer: x, audiences: [a], jwks: f}, {name: i, issuer: x, audiences: [b], jwks: g}]\n",
         "g.yaml:4:67: error: two issuers have the name i\n"
         "g.yaml:4:78: error: issuer i: i has the same iss, and a token could be of either; give each issuer once, with all its audiences\n"},
        {ON "  issuers: [{name: i, issuer: x, audiences: [a], jwks: http://i.example/jwks}]\n",
         "g.yaml:4:56: error: issuer i: jwks over http:// could be changed on its way, and with it who may sign; use https:// or a file (http:// is for this machine only)\n"},
        {ON
         "  issuers: [{name: i, issuer: x, audiences: [a], jwks: \"http://127.0.0.1:80/jwks\"}, {name: k, issuer: y, audiences: [a], jwks: \"http://[::1]/jwks\"}, {name: l, issuer: z, audiences: [a], jwks: \"http://localhost:1\"}]\n",
         ""},
        {ON "  issuers: [{name: i, issuer: x, audiences: [a], jwks: \"http://127.0.0.1.evil.example/\"}]\n",
         "g.yaml:4:56: error: issuer i: jwks over http:// could be changed on its way, and with it who may sign; use https:// or a file (http:// is for this machine only)\n"},
        {ON "  issuers: [{name: i, issuer: x, audiences: [a], jwks: \"https://u:p@i.example/\"}]\n",
         "g.yaml:4:56: error: issuer i: jwks holds a user name or a password, which are not sent; remove them\n"},
        {ON "  issuers: [{name: i, issuer: x, audiences: [a], jwks: \"https:///jwks\"}]\n",
         "g.yaml:4:56: error: identity.issuers[0].jwks: \"https:///jwks\" names no host: write https://host/path\n"},
        {ON "  issuers: [{name: i, issuer: x, audiences: [a], jwks: \"https://a b/\"}]\n",
         "g.yaml:4:56: error: identity.issuers[0].jwks: \"https://a b/\" is not an address: only visible ASCII characters are, without \"#\"\n"},
        {ON "  issuers: [{name: i, issuer: x, audiences: [], jwks: f}]\n",
         "g.yaml:4:45: error: identity.issuers[0].audiences: must have 1 to 16 items, not 0\n"},
    };
    (void)state;
    expect_all(checks, GH_COUNT(checks), NULL);
}

/* Identity is switched on, and nobody is asked who he is. */
static void test_open(void **state)
{
#define EVERYTHING                                                                                 \
    "g.yaml:3:12: warning: identity is on, but no route demands anybody: everything is open; add " \
    "require to routes, or identity.deny_by_default: on\n"
#define UNNAMED                                                                                  \
    "g.yaml:3:12: warning: paths that no route names are open to anybody; add a route for /**, " \
    "or identity.deny_by_default: on\n"
    static const struct check checks[] = {
        {ON, EVERYTHING},
        {ON "  deny_by_default: on\n", ""},
        {ON "routes: [{name: a, path: /a}, {name: b, path: /b, require: {public: on}}]\n", EVERYTHING},
        {ON "routes: [{name: a, path: /a, require: {user: on}}]\n", UNNAMED},
        {ON "routes: [{name: a, path: /a, require: {device: on}}, {name: b, path: /b}]\n", UNNAMED},
        {ON "routes: [{name: a, path: /a, require: {user: on}}, {name: b, methods: [GET]}]\n", UNNAMED},
        {ON "routes: [{name: a, path: /a, require: {user: on}}, {name: b, path: \"/**\"}]\n", ""},
        {ON "routes: [{name: a, require: {user: on}}]\n", ""},
        {ON "unmatched: refuse\nroutes: [{name: a, path: /a, require: {user: on}}]\n", ""},
        {ON "routes: [{name: a, require: {public: on}}]\n", ""},
        {ON "rate_limits: {rules: [{name: d, scope: device, limits: [1/minute]}]}\n", UNNAMED},
        {ON "rate_limits: {rules: [{name: d, scope: user, limits: [1/minute]}]}\n", EVERYTHING},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(checks); i++)
        expect_report(&(given){.yaml = checks[i].yaml}, checks[i].report);
}

static void test_require(void **state)
{
    static const struct check checks[] = {
        {UP "routes: [{name: r, require: {user: on}}]\n",
         "g.yaml:2:36: error: route r: require needs identity.enabled: on, or nobody would be asked who they are\n"},
        {UP "routes: [{name: r, require: {public: on}}]\n",
         "g.yaml:2:38: error: route r: require needs identity.enabled: on, or nobody would be asked who they are\n"},
        {UP "routes: [{name: r, path: \"/u/{id}\", require: {claims: {user: \"{id}\"}}}]\n",
         "g.yaml:2:56: error: route r: require needs identity.enabled: on, or nobody would be asked who they are\n"},
        {UP
         "rate_limits: {rules: [{name: r, scope: user, limits: [1/minute]}, {name: s, scope: session, limits: [1/minute]}, {name: t, scope: api_key, limits: [1/minute]}]}\n",
         "g.yaml:2:40: error: rule r: this scope needs identity.enabled: on, or nobody is known\n"
         "g.yaml:2:84: error: rule s: this scope needs identity.enabled: on, or nobody is known\n"
         "g.yaml:2:131: error: rule t: this scope needs identity.enabled: on, or nobody is known\n"},
        {ON
         "rate_limits: {rules: [{name: r, scope: user, limits: [1/minute]}, {name: s, scope: session, limits: [1/minute]}, {name: t, scope: api_key, limits: [1/minute]}]}\n",
         ""},
        {ON "routes: [{name: r, require: {roles: [admin, moderater]}}]\n",
         "g.yaml:4:45: error: route r: require.roles: there is no role \"moderater\" (did you mean moderator?)\n"},
        {ON "routes: [{name: r, require: {permissions: [content:reed, users:manage]}}]\n",
         "g.yaml:4:44: warning: route r: require.permissions: no role names content:reed (did you mean content:read?)\n"},
        {ON "routes: [{name: r, require: {permissions: [\"*\"]}}]\n",
         "g.yaml:4:44: error: routes[0].require.permissions: \"*\" is not a permission: only letters, digits, \"_\", \"-\", \".\" and \":\" are, as in content:read\n"},
        {ON "routes: [{name: r, require: {public: on, roles: [admin]}}]\n",
         "g.yaml:4:38: error: route r: require.public is for everybody; remove it, or the other demands\n"},
        {ON "routes: [{name: r, require: {public: on, device: on}}]\n",
         "g.yaml:4:38: error: route r: require.public is for everybody; remove it, or the other demands\n"},
        {ON "routes: [{name: r, path: \"/users/{id}\", require: {claims: {user: \"{uid}\"}}}]\n",
         "g.yaml:4:60: error: route r: require.claims.user: the route's path has no {uid} (did you mean id?)\n"},
        {ON "routes: [{name: r, path: \"/users/{id}\", require: {claims: {user: \"u-{id}\"}}}]\n",
         "g.yaml:4:60: error: route r: require.claims.user: must be \"{PARAMETER}\", the whole of it, or a fixed text\n"},
        {ON
         "routes: [{name: r, path: \"/users/{id}\", require: {claims: {user: \"{id}\", tier: premium}, unless_role: admin}}]\n",
         ""},
        {ON
         "routes: [{name: r, require: {claims: {\"/realm/plan\": gold, \"/https:~1~1x.example~1plan\": gold}}}]\n",
         ""},
        {ON "routes: [{name: r, require: {claims: {\"/a~2\": gold}}}]\n",
         "g.yaml:4:39: error: routes[0].require.claims: \"/a~2\" is not a name of at most 64 letters, digits, \"_\", \"-\" and \".\", nor a JSON Pointer\n"},
        {ON "routes: [{name: r, require: {unless_role: admin}}]\n",
         "g.yaml:4:43: error: route r: require.unless_role has no effect without require.claims\n"},
        {ON
         "routes: [{name: r, path: \"/users/{id}\", require: {claims: {user: \"{id}\"}, unless_role: root}}]\n",
         "g.yaml:4:88: error: route r: require.unless_role: there is no role \"root\"\n"},
        {ON "routes: [{name: r, require: {proofs: [session, tokens]}}]\n",
         "g.yaml:4:48: error: routes[0].require.proofs: \"tokens\" is not one of session, token, api_key (did you mean token?)\n"},
        {ON "routes: [{name: r, require: {scopes: [\"a b\", \"\", a:b]}}]\n",
         "g.yaml:4:39: error: routes[0].require.scopes: \"a b\" is not a scope: only visible ASCII characters are, without \" and \\, as in content:read\n"
         "g.yaml:4:46: error: routes[0].require.scopes: \"\" is not a scope: one has 1 to 64 characters\n"},
        {ON "routes: [{name: r, require: {roles: []}}]\n",
         "g.yaml:4:37: error: routes[0].require.roles: must have 1 to 64 items, not 0\n"},
        {ON "routes: [{name: r, require: [user]}]\n",
         "g.yaml:4:29: error: routes[0].require: must be a mapping with keys and values, not a list\n"},
    };
    (void)state;
    expect_all(checks, GH_COUNT(checks), NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_profile), cmocka_unit_test(test_production), cmocka_unit_test(test_cookies),
        cmocka_unit_test(test_times),   cmocka_unit_test(test_algorithm),  cmocka_unit_test(test_csrf),
        cmocka_unit_test(test_others),  cmocka_unit_test(test_roles),      cmocka_unit_test(test_issuers),
        cmocka_unit_test(test_open),    cmocka_unit_test(test_require),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
