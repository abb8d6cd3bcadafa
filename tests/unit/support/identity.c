#include "identity.h"

#include <stdio.h>
#include <string.h>

#include "base/base64url.h"
#include "base/signing.h"
#include "identity/csrf_token.h"
#include "identity/key_generation.h"
#include "identity/secret.h"
#include "identity/token.h"

static const gh_str secret_key = GH_STR_INIT("a secret for tests, of 32 bytes!");

void identity_keys(gh_identity_keys *ret)
{
    static gh_key_generation only;
    uint8_t bytes[32];
    gh_key_generation_init(&only, 0, GH_KEY_ACTIVE, false, secret_key);
    *ret = (gh_identity_keys){.generations = &only, .n_generations = 1};
    gh_hkdf(secret_key, GH_STR("naming"), bytes, sizeof bytes);
    gh_hmac_key_init(&ret->naming, (gh_str){(const char *)bytes, sizeof bytes});
    gh_hkdf(secret_key, GH_STR("ring"), ret->ring, sizeof ret->ring);
    gh_hkdf(secret_key, GH_STR("token-cache"), ret->cache, sizeof ret->cache);
}

void identity_roles(gh_identity_policy *p)
{
    static const gh_str permissions[] = {GH_STR_INIT("items:read"), GH_STR_INIT("items:write"),
                                         GH_STR_INIT("users:manage"), GH_STR_INIT("limits:bypass")};
    for (unsigned i = 0; i < GH_COUNT(permissions); i++)
        p->permissions[i] = permissions[i];
    p->n_permissions = GH_COUNT(permissions);
    p->roles[0] = (gh_role){GH_STR("user"), {{3, 0}}};
    p->roles[1] = (gh_role){GH_STR("admin"), {{15, 0}}};
    p->roles[2] = (gh_role){GH_STR("idle"), {{0, 0}}};
    p->n_roles = 3;
}

void identity_cookies(gh_identity_policy *p)
{
    p->session.name = GH_STR("__Host-session");
    p->session.device_name = GH_STR("__Host-device");
    p->session.csrf_name = GH_STR("__Host-csrf");
    p->session.attributes = GH_STR("; Path=/; Secure; SameSite=Lax");
}

static gh_signing_key *signing_key(enum identity_signer signer)
{
    /* PKCS#8 of Ed25519 (RFC 8410 section 7): the head, then any 32 bytes */
    uint8_t der[48] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                       0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
    const char *why = NULL;
    memset(der + 16, 'a' + (int)signer, 32);
    gh_signing_key *key = gh_signing_key_private((gh_str){(const char *)der, sizeof der}, &why);
    assert_non_null(key);
    return key;
}

static bool read_jwks(void *data, gh_str issuer, gh_str jwks, gh_arena *arena, gh_jwks_text *ret)
{
    char text[GH_SIGNING_JWK_MAX + 32];
    gh_buf out = gh_buf_over(text, sizeof text);
    (void)data, (void)jwks;
    static const _Atomic uint64_t tried_s = UINT64_C(1700000000); /* the moment decide_new() begins at */
    ret->tried_s = &tried_s;
    if (gh_str_eq(issuer, GH_STR("away"))) {
        ret->why = "a test";
        ret->later = true;
        return false;
    }
    gh_signing_key *key = signing_key(IDENTITY_OUTSIDE);
    gh_buf_lit(&out, "{\"keys\":[");
    assert_true(gh_signing_key_put_jwk(key, &out));
    gh_buf_lit(&out, "]}");
    gh_signing_key_free(key);
    ret->text = gh_arena_copy(arena, gh_buf_str(&out));
    return ret->text.p != NULL;
}

static void prepare(gh_config *config)
{
    static uint8_t der[64];
    static gh_identity_ring_key ring;
    gh_buf out = gh_buf_over((char *)der, sizeof der);
    gh_signing_key *key = signing_key(IDENTITY_OURS);
    assert_true(gh_signing_key_put_private(key, &out));
    gh_signing_key_free(key);
    ring = (gh_identity_ring_key){.alg = GH_EDDSA, .state = GH_KEY_ACTIVE, .pkcs8 = gh_buf_str(&out)};
    config->secret_key = GH_STR("4d9f2c81b7e6350a4d9f2c81b7e6350a");
    config->identity_ring = &ring;
    config->n_identity_ring = 1;
    config->read_jwks = read_jwks;
}

decide *identity_new(const char *yaml)
{
    return decide_new_with(yaml, prepare);
}

void identity_user(decide *d, gh_id user, const char *name, const char *roles, const char *tier)
{
    const gh_roster_user u = {
        .id = user, .name = gh_str_of(name), .roles = gh_str_of(roles), .tier = gh_str_of(tier)};
    assert_true(gh_roster_set_user(d->roster, &u, 0));
}

static const char *keep(decide *d, const gh_buf *text)
{
    assert_true(gh_buf_ok(text));
    return decide_text(d, "%.*s", (int)text->n, text->p);
}

const char *identity_session(decide *d, gh_id user, gh_id session, gh_id device)
{
    char memory[GH_SECRET_TEXT_MAX];
    uint8_t random[GH_SECRET_RANDOM];
    gh_buf text = gh_buf_over(memory, sizeof memory);
    gh_secret secret;
    memset(random, (int)session, sizeof random);
    gh_secret_make(&d->policy->identity.keys, GH_SECRET_SESSION, session, 1, random, &text, &secret);
    gh_roster_session s = {.id = session,
                           .user = user,
                           .device = device,
                           .kind = GH_SESSION_COOKIE,
                           .created_s = d->world.unix_s,
                           .used_s = d->world.unix_s,
                           .expires_s = d->world.unix_s + 86400,
                           .address = d->peer};
    memcpy(s.hash, secret.hash, sizeof s.hash);
    assert_true(gh_roster_set_session(d->roster, &s));
    return keep(d, &text);
}

const char *identity_api_key(decide *d, gh_id user, gh_id key, const char *scopes, const char *tier)
{
    char memory[GH_API_KEY_TEXT_MAX];
    uint8_t random[GH_SECRET_RANDOM];
    gh_buf text = gh_buf_over(memory, sizeof memory);
    gh_secret secret;
    size_t start = 0;
    memset(random, (int)key, sizeof random);
    gh_api_key_make(&d->policy->identity.keys, d->policy->identity.key.prefix, key, random, &text, &secret,
                    &start);
    gh_roster_key k = {.id = key, .user = user, .tier = gh_str_of(tier)};
    if (scopes != NULL)
        k.scopes = gh_str_of(scopes);
    memcpy(k.hash, secret.hash, sizeof k.hash);
    assert_true(gh_roster_set_key(d->roster, &k));
    return keep(d, &text);
}

const char *identity_device(decide *d, gh_id user, gh_id device)
{
    char memory[GH_SECRET_TEXT_MAX];
    uint8_t random[GH_SECRET_RANDOM];
    gh_buf text = gh_buf_over(memory, sizeof memory);
    gh_secret secret;
    memset(random, (int)device, sizeof random);
    gh_secret_make(&d->policy->identity.keys, GH_SECRET_DEVICE, device, 1, random, &text, &secret);
    gh_roster_device x = {.id = device, .user = user};
    memcpy(x.hash, secret.hash, sizeof x.hash);
    assert_true(gh_roster_set_device(d->roster, &x));
    return keep(d, &text);
}

const char *identity_csrf(decide *d, gh_id session)
{
    char memory[GH_CSRF_TEXT];
    uint8_t random[GH_CSRF_RANDOM] = {7};
    gh_buf text = gh_buf_over(memory, sizeof memory);
    gh_csrf_make(&d->policy->identity.keys, session, random, &text);
    return keep(d, &text);
}

/* Another one each time, and the same in every run. */
static void count_on(void *data, void *out, size_t n)
{
    static unsigned calls;
    (void)data;
    memset(out, 0, n);
    memcpy(out, &calls, sizeof calls < n ? sizeof calls : n);
    calls++;
}

const char *identity_token(decide *d, const char *name, const char *roles, gh_id user, gh_id session,
                           const char *scopes)
{
    char memory[GH_TOKEN_TEXT_MAX];
    gh_buf text = gh_buf_over(memory, sizeof memory);
    gh_subject who = {.user = user};
    who.name.n = (uint8_t)strlen(name);
    memcpy(who.name.p, name, who.name.n);
    who.roles.n = (uint8_t)strlen(roles);
    memcpy(who.roles.p, roles, who.roles.n);
    gh_token_request request = {.subject = &who, .session = session};
    if (scopes != NULL)
        request.scopes = gh_str_of(scopes);
    gh_world world = d->world;
    world.random = count_on;
    assert_true(gh_token_mint(&d->policy->identity, &world, &request, &text));
    return keep(d, &text);
}

const char *identity_sign(decide *d, enum identity_signer signer, const char *header, const char *payload)
{
    char memory[GH_TOKEN_TEXT_MAX * 2];
    uint8_t signature[GH_SIGNATURE_MAX];
    size_t n = 0;
    gh_buf text = gh_buf_over(memory, sizeof memory);
    gh_signing_key *key = signing_key(signer);
    gh_base64url_put(&text, gh_str_of(header));
    gh_buf_char(&text, '.');
    gh_base64url_put(&text, gh_str_of(payload));
    assert_true(gh_sign(key, gh_buf_str(&text), signature, &n));
    gh_signing_key_free(key);
    gh_buf_char(&text, '.');
    gh_base64url_put(&text, (gh_str){(const char *)signature, n});
    return keep(d, &text);
}

const char *identity_kid(decide *d, enum identity_signer signer)
{
    gh_signing_key *key = signing_key(signer);
    gh_str kid = gh_signing_key_kid(key);
    const char *text = decide_text(d, "%.*s", (int)kid.n, kid.p);
    gh_signing_key_free(key);
    return text;
}
