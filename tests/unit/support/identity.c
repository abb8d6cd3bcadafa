#include "identity.h"

static void derive(gh_hmac_key *ret, gh_str label)
{
    uint8_t bytes[32];
    gh_hkdf(GH_STR("a secret for tests, of 32 bytes!"), label, bytes, sizeof bytes);
    gh_hmac_key_init(ret, (gh_str){(const char *)bytes, sizeof bytes});
}

void identity_keys(gh_identity_keys *ret)
{
    derive(&ret->credential, GH_STR("credential"));
    derive(&ret->authentic, GH_STR("authentic"));
    derive(&ret->csrf, GH_STR("csrf"));
    derive(&ret->naming, GH_STR("naming"));
    derive(&ret->seal, GH_STR("seal"));
    gh_hkdf(GH_STR("a secret for tests, of 32 bytes!"), GH_STR("ring"), ret->ring, sizeof ret->ring);
    gh_hkdf(GH_STR("a secret for tests, of 32 bytes!"), GH_STR("token-cache"), ret->cache, sizeof ret->cache);
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
