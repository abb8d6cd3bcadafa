#include "identity/csrf_token.h"

#include "base/base64url.h"
#include "identity/key_generation.h"

enum { AT_RANDOM = 8, AT_MAC = AT_RANDOM + GH_CSRF_RANDOM, MAC = 24, RAW = AT_MAC + MAC };
_Static_assert(RAW % 3 == 0 && RAW / 3 * 4 == GH_CSRF_TEXT, "the text has no bits left over");

static gh_str bytes_of(const uint8_t *p, size_t n)
{
    return (gh_str){(const char *)p, n};
}

static void sign(const gh_key_generation *by, const uint8_t *raw, uint8_t ret[MAC])
{
    uint8_t whole[GH_SHA256_SIZE];
    const gh_str part = bytes_of(raw, AT_MAC); /* both parts have a fixed length: no separator is needed */
    gh_hmac(&by->csrf, &part, 1, whole);
    memcpy(ret, whole, MAC);
}

void gh_csrf_make(const gh_identity_keys *keys, gh_id session, const uint8_t random[GH_CSRF_RANDOM],
                  gh_buf *out)
{
    uint8_t raw[RAW];
    for (unsigned i = 0; i < AT_RANDOM; i++)
        raw[i] = (uint8_t)(session >> (56 - 8 * i));
    memcpy(raw + AT_RANDOM, random, GH_CSRF_RANDOM);
    sign(gh_key_generation_active(keys), raw, raw + AT_MAC);
    gh_base64url_put(out, bytes_of(raw, RAW));
}

static bool is_signed(const gh_key_generation *by, const uint8_t *raw)
{
    uint8_t mac[MAC];
    sign(by, raw, mac);
    return gh_equal_secret(bytes_of(mac, MAC), bytes_of(raw + AT_MAC, MAC));
}

/* Does not say which keys made it: the active ones mostly, else one of the others in force. */
static bool is_ours(const gh_identity_keys *keys, const uint8_t *raw)
{
    bool right = is_signed(gh_key_generation_active(keys), raw);
    for (unsigned i = 0; i < keys->n_generations && !right; i++)
        right = !keys->generations[i].kept && i != keys->active && is_signed(&keys->generations[i], raw);
    return right;
}

enum gh_csrf_result gh_csrf_check(const gh_identity_keys *keys, gh_id session, gh_str token)
{
    uint8_t raw[RAW];
    gh_id of = 0;
    if (token.n != GH_CSRF_TEXT || !gh_base64url_read(token, raw))
        return GH_CSRF_MISMATCH;
    if (!is_ours(keys, raw))
        return GH_CSRF_MISMATCH;
    for (unsigned i = 0; i < AT_RANDOM; i++)
        of = of << 8 | raw[i];
    return of == session ? GH_CSRF_GOOD : GH_CSRF_STALE;
}
