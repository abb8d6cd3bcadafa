#include "wire/jws.h"

#include "base/base64url.h"
#include "wire/json_text.h"

/* A header is flat; the rest is room for members that are ignored. */
static const gh_json_limits header_limits = {.depth = 4, .values = 64, .number = 20, .exponent = 20};

static const char *const whys[] = {
    [GH_JWS_OK] = "fine",
    [GH_JWS_NO_MEMORY] = "no memory left",
    [GH_JWS_TOO_LONG] = "a token of more than 8192 bytes",
    [GH_JWS_ENCRYPTED] = "an encrypted token (JWE)",
    [GH_JWS_NOT_THREE_PARTS] = "not three parts with dots between",
    [GH_JWS_NOT_BASE64URL] = "a part that is not base64url in its one form",
    [GH_JWS_NOT_AN_OBJECT] = "a header that is no JSON object, or has a name twice",
    [GH_JWS_CRIT] = "an extension that must be understood (crit)",
    [GH_JWS_JKU] = "a place to fetch keys from (jku)",
    [GH_JWS_JWK] = "an embedded key (jwk)",
    [GH_JWS_X5U] = "a place to fetch certificates from (x5u)",
    [GH_JWS_X5C] = "embedded certificates (x5c)",
    [GH_JWS_B64] = "a payload in another form (b64)",
    [GH_JWS_ZIP] = "a compressed payload (zip)",
    [GH_JWS_ENC] = "an encrypted payload (enc)",
    [GH_JWS_ALG_MISSING] = "no algorithm (alg)",
    [GH_JWS_ALG_NONE] = "an unsigned token (alg none)",
    [GH_JWS_ALG_UNKNOWN] = "an algorithm that is not spoken here",
    [GH_JWS_KID_WRONG] = "a kid that is no text of 1 to 128 printable characters",
    [GH_JWS_TYP_WRONG] = "a typ that is no text of 1 to 64 printable characters",
    [GH_JWS_CTY_WRONG] = "a cty that is no text of 1 to 64 printable characters",
    [GH_JWS_NO_PAYLOAD] = "no payload, or a detached one",
    [GH_JWS_NO_SIGNATURE] = "no signature",
    [GH_JWS_ALG_NOT_OF_KEY] = "an algorithm that is not the key's",
    [GH_JWS_SIGNATURE_WRONG] = "a signature that is not the key's",
};

const char *gh_jws_why(enum gh_jws_result result)
{
    return whys[result];
}

/* Members that no token may have, whatever is in them. */
static const struct {
    gh_str name;
    enum gh_jws_result result;
} refused[] = {{GH_STR_INIT("crit"), GH_JWS_CRIT}, {GH_STR_INIT("jku"), GH_JWS_JKU},
               {GH_STR_INIT("jwk"), GH_JWS_JWK},   {GH_STR_INIT("x5u"), GH_JWS_X5U},
               {GH_STR_INIT("x5c"), GH_JWS_X5C},   {GH_STR_INIT("b64"), GH_JWS_B64},
               {GH_STR_INIT("zip"), GH_JWS_ZIP},   {GH_STR_INIT("enc"), GH_JWS_ENC}};

static enum gh_jws_result decode(gh_str part, gh_arena *arena, gh_str *ret)
{
    size_t n = gh_base64url_bytes(part.n);
    uint8_t *bytes = gh_arena_alloc(arena, n + 1); /* never nothing */
    if (bytes == NULL)
        return GH_JWS_NO_MEMORY;
    if (!gh_base64url_read(part, bytes))
        return GH_JWS_NOT_BASE64URL;
    *ret = (gh_str){(const char *)bytes, n};
    return GH_JWS_OK;
}

/* A member that is a text of 1 to max printable characters, or not there. */
static bool read_text(const gh_json *header, gh_str name, size_t max, gh_str *ret)
{
    const gh_json *member = gh_json_get(header, name);
    if (member == NULL)
        return true;
    if (member->type != GH_JSON_STRING || member->text.n == 0 || member->text.n > max)
        return false;
    for (size_t i = 0; i < member->text.n; i++) {
        if (member->text.p[i] < ' ' || member->text.p[i] > '~')
            return false;
    }
    *ret = member->text;
    return true;
}

/* "application/" may be left out where no other slash follows. */
static gh_str without_application(gh_str type)
{
    const gh_str prefix = GH_STR("application/");
    gh_str rest = gh_str_cut(type, prefix.n, type.n);
    return gh_str_eq_nocase(gh_str_cut(type, 0, prefix.n), prefix) && gh_str_find(rest, '/') == rest.n ? rest
                                                                                                       : type;
}

bool gh_jws_type_is(gh_str typ, gh_str type)
{
    return gh_str_eq_nocase(without_application(typ), without_application(type));
}

static enum gh_jws_result read_alg(const gh_json *header, enum gh_signing_alg *ret)
{
    const gh_json *alg = gh_json_lit(header, "alg");
    if (alg == NULL || alg->type != GH_JSON_STRING)
        return GH_JWS_ALG_MISSING;
    if (gh_str_eq_nocase(alg->text, GH_STR("none")))
        return GH_JWS_ALG_NONE;
    return gh_signing_alg_read(alg->text, ret) ? GH_JWS_OK : GH_JWS_ALG_UNKNOWN;
}

static enum gh_jws_result read_header(gh_str text, gh_arena *arena, gh_jws *ret)
{
    gh_json_error error;
    const gh_json *header = gh_json_read(text, &header_limits, arena, &error);
    if (header == NULL || header->type != GH_JSON_OBJECT)
        return GH_JWS_NOT_AN_OBJECT;
    for (size_t i = 0; i < GH_COUNT(refused); i++) {
        if (gh_json_get(header, refused[i].name) != NULL)
            return refused[i].result;
    }
    enum gh_jws_result result = read_alg(header, &ret->alg);
    if (result != GH_JWS_OK)
        return result;
    if (!read_text(header, GH_STR("kid"), GH_JWS_KID_MAX, &ret->kid))
        return GH_JWS_KID_WRONG;
    if (!read_text(header, GH_STR("typ"), GH_JWS_TYPE_MAX, &ret->typ))
        return GH_JWS_TYP_WRONG;
    if (!read_text(header, GH_STR("cty"), GH_JWS_TYPE_MAX, &ret->cty))
        return GH_JWS_CTY_WRONG;
    ret->header = header;
    return GH_JWS_OK;
}

/* Cuts the token at its dots. */
static enum gh_jws_result split(gh_str token, gh_str parts[3])
{
    gh_str rest = token, part;
    unsigned n = 0;
    for (; gh_str_next(&rest, '.', &part); n++) {
        if (n < 3)
            parts[n] = part;
    }
    return n == 3 ? GH_JWS_OK : n == 5 ? GH_JWS_ENCRYPTED : GH_JWS_NOT_THREE_PARTS;
}

static enum gh_jws_result read_parts(const gh_str parts[3], gh_arena *arena, gh_jws *ret)
{
    gh_str header;
    enum gh_jws_result result = decode(parts[0], arena, &header);
    if (result == GH_JWS_OK)
        result = read_header(header, arena, ret);
    if (result == GH_JWS_OK)
        result = decode(parts[1], arena, &ret->payload);
    if (result == GH_JWS_OK)
        result = decode(parts[2], arena, &ret->signature);
    if (result != GH_JWS_OK)
        return result;
    return ret->payload.n == 0 ? GH_JWS_NO_PAYLOAD : ret->signature.n == 0 ? GH_JWS_NO_SIGNATURE : GH_JWS_OK;
}

enum gh_jws_result gh_jws_read(gh_str token, gh_arena *arena, gh_jws *ret)
{
    gh_str parts[3];
    gh_jws jws = {0};
    if (token.n > GH_JWS_MAX)
        return GH_JWS_TOO_LONG;
    enum gh_jws_result result = split(token, parts);
    if (result == GH_JWS_OK)
        result = read_parts(parts, arena, &jws);
    if (result != GH_JWS_OK)
        return result;
    jws.signing_input = (gh_str){token.p, parts[0].n + 1 + parts[1].n};
    *ret = jws;
    return GH_JWS_OK;
}

enum gh_jws_result gh_jws_verify(const gh_jws *jws, const gh_signing_key *key)
{
    if (jws->alg != gh_signing_key_alg(key))
        return GH_JWS_ALG_NOT_OF_KEY;
    return gh_verify(key, jws->signing_input, jws->signature) ? GH_JWS_OK : GH_JWS_SIGNATURE_WRONG;
}

static void put_header(gh_buf *out, const gh_signing_key *key, gh_str typ)
{
    gh_buf_lit(out, "{\"alg\":\"");
    gh_buf_put(out, gh_signing_alg_name(gh_signing_key_alg(key)));
    gh_buf_lit(out, "\",");
    if (typ.p != NULL) {
        gh_buf_lit(out, "\"typ\":");
        gh_json_string(out, typ);
        gh_buf_char(out, ',');
    }
    gh_buf_lit(out, "\"kid\":\"");
    gh_buf_put(out, gh_signing_key_kid(key));
    gh_buf_lit(out, "\"}");
}

bool gh_jws_put(gh_buf *out, const gh_signing_key *key, gh_str typ, gh_str payload)
{
    char memory[512];
    uint8_t signature[GH_SIGNATURE_MAX];
    size_t begin = out->n, n = 0;
    gh_buf header = gh_buf_over(memory, sizeof memory);
    put_header(&header, key, typ);
    gh_base64url_put(out, gh_buf_str(&header));
    gh_buf_char(out, '.');
    gh_base64url_put(out, payload);
    if (!gh_buf_ok(&header) || !gh_buf_ok(out) ||
        !gh_sign(key, (gh_str){out->p + begin, out->n - begin}, signature, &n))
        return false;
    gh_buf_char(out, '.');
    gh_base64url_put(out, (gh_str){(const char *)signature, n});
    return gh_buf_ok(out) && out->n - begin <= GH_JWS_MAX;
}
