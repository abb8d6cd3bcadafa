#include "identity/secret.h"

#include "base/base64url.h"
#include "base/crc32.h"
#include "identity/key_generation.h"

/* The bytes of a session secret, refresh token or device token. */
enum { AT_NUMBER = 8, AT_RANDOM = 12, AT_MAC = AT_RANDOM + GH_SECRET_RANDOM, MAC = 16, RAW = AT_MAC + MAC };
/* Its text. */
enum { PREFIX = 4, RAW_TEXT = 80, TEXT = PREFIX + RAW_TEXT };
_Static_assert(RAW % 3 == 0 && RAW / 3 * 4 == RAW_TEXT, "the text has no bits left over");
_Static_assert((size_t)TEXT <= GH_SECRET_TEXT_MAX, "room for the text");

/* An API key: id, random and, but for generation 0, the generation; then the checksum. KEY_SHOWN digits are of the id
 * alone. */
enum {
    KEY_AT_GENERATION = 8 + GH_SECRET_RANDOM,
    GENERATION_RAW = 5,
    KEY_RAW_MOST = KEY_AT_GENERATION + GENERATION_RAW,
    CHECK_RAW = 4,
    CHECK_TEXT = 7,
    KEY_SHOWN = 12
};
_Static_assert(KEY_AT_GENERATION % 5 == 0 && KEY_RAW_MOST % 5 == 0, "the text has no bits left over");

/* Of session secrets and refresh tokens the number has the generation's hint above it. */
enum { HINT_SHIFT = 24 };
_Static_assert((uint32_t)GH_SECRET_NUMBER_MAX >> HINT_SHIFT == 0, "no number is a hint");

static gh_str prefix_of(enum gh_secret_kind kind)
{
    static const gh_str prefixes[] = {GH_STR_INIT("ghs_"), GH_STR_INIT("ghr_"), GH_STR_INIT("ghd_")};
    return prefixes[kind];
}

static gh_str bytes_of(const uint8_t *p, size_t n)
{
    return (gh_str){(const char *)p, n};
}

static void put_number(uint8_t *to, uint64_t value, unsigned n)
{
    for (unsigned i = n; i-- > 0; value >>= 8)
        to[i] = (uint8_t)value;
}

static uint64_t read_number(const uint8_t *from, unsigned n)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < n; i++)
        value = value << 8 | from[i];
    return value;
}

/* Ids have 63 bits and are never 0. */
static bool is_id(uint64_t id)
{
    return id != 0 && id >> 63 == 0;
}

static void hash_credential(const gh_key_generation *by, gh_str text, uint8_t ret[GH_SECRET_HASH])
{
    uint8_t whole[GH_SHA256_SIZE];
    gh_hmac(&by->credential, &text, 1, whole);
    memcpy(ret, whole, GH_SECRET_HASH);
    gh_wipe(whole, sizeof whole);
}

static void authenticate(const gh_key_generation *by, enum gh_secret_kind kind, const uint8_t *raw,
                         uint8_t ret[MAC])
{
    uint8_t whole[GH_SHA256_SIZE];
    const gh_str parts[] = {prefix_of(kind), bytes_of(raw, AT_MAC)};
    gh_hmac(&by->authentic, parts, GH_COUNT(parts), whole);
    memcpy(ret, whole, MAC);
    gh_wipe(whole, sizeof whole);
}

bool gh_secret_looks_like(enum gh_secret_kind kind, gh_str text)
{
    return text.n == TEXT && gh_str_starts(text, prefix_of(kind));
}

/* A device's token is made once and lives for years: in the place of a number it has its whole generation. */
static uint32_t number_field(enum gh_secret_kind kind, uint32_t generation, uint32_t number)
{
    return kind == GH_SECRET_DEVICE ? generation
                                    : (uint32_t)gh_key_generation_hint(generation) << HINT_SHIFT | number;
}

static uint32_t read_number_field(const uint8_t *raw)
{
    return (uint32_t)read_number(raw + AT_NUMBER, AT_RANDOM - AT_NUMBER);
}

/* raw has RAW bytes. *ret_by: whose keys would have made it. */
static bool read_raw(const gh_identity_keys *keys, enum gh_secret_kind kind, gh_str text, uint8_t *raw,
                     const gh_key_generation **ret_by)
{
    if (!gh_secret_looks_like(kind, text) || !gh_base64url_read(gh_str_cut(text, PREFIX, TEXT), raw) ||
        !is_id(read_number(raw, AT_NUMBER)))
        return false;
    uint32_t field = read_number_field(raw);
    *ret_by = kind == GH_SECRET_DEVICE ? gh_key_generation_find(keys, field)
                                       : gh_key_generation_hinted(keys, (uint8_t)(field >> HINT_SHIFT));
    return *ret_by != NULL;
}

void gh_secret_make(const gh_identity_keys *keys, enum gh_secret_kind kind, gh_id id, uint32_t number,
                    const uint8_t random[GH_SECRET_RANDOM], gh_buf *out, gh_secret *ret)
{
    const gh_key_generation *by = gh_key_generation_active(keys);
    uint8_t raw[RAW];
    char memory[TEXT];
    gh_buf text = gh_buf_over(memory, sizeof memory);
    put_number(raw, id, AT_NUMBER);
    put_number(raw + AT_NUMBER, number_field(kind, by->id, number), AT_RANDOM - AT_NUMBER);
    memcpy(raw + AT_RANDOM, random, GH_SECRET_RANDOM);
    authenticate(by, kind, raw, raw + AT_MAC);
    gh_buf_put(&text, prefix_of(kind));
    gh_base64url_put(&text, bytes_of(raw, RAW));
    gh_buf_put(out, gh_buf_str(&text));
    *ret = (gh_secret){.id = id, .generation = by->id, .number = number};
    hash_credential(by, gh_buf_str(&text), ret->hash);
    gh_wipe(raw, sizeof raw);
    gh_wipe(memory, sizeof memory);
}

bool gh_secret_read(const gh_identity_keys *keys, enum gh_secret_kind kind, gh_str text, gh_secret *ret)
{
    const gh_key_generation *by = NULL;
    uint8_t raw[RAW];
    bool right = read_raw(keys, kind, text, raw, &by);
    if (right) {
        ret->id = read_number(raw, AT_NUMBER);
        ret->generation = by->id;
        ret->number = kind == GH_SECRET_DEVICE ? 0 : read_number_field(raw) & GH_SECRET_NUMBER_MAX;
        hash_credential(by, text, ret->hash);
    }
    gh_wipe(raw, sizeof raw);
    return right;
}

bool gh_secret_authentic(const gh_identity_keys *keys, enum gh_secret_kind kind, gh_str text)
{
    const gh_key_generation *by = NULL;
    uint8_t raw[RAW], mac[MAC];
    bool right = read_raw(keys, kind, text, raw, &by);
    if (right) {
        authenticate(by, kind, raw, mac);
        right = gh_equal_secret(bytes_of(mac, MAC), bytes_of(raw + AT_MAC, MAC));
    }
    gh_wipe(raw, sizeof raw);
    gh_wipe(mac, sizeof mac);
    return right;
}

static gh_str successor_label(void)
{
    return GH_STR("successor");
}

void gh_secret_seal(const gh_identity_keys *keys, gh_str before, const uint8_t nonce[GH_SEAL_NONCE_SIZE],
                    gh_str successor, gh_buf *out)
{
    uint8_t key[GH_SHA256_SIZE], sealed[GH_SECRET_TEXT_MAX + GH_SEAL_EXTRA];
    _Static_assert((int)GH_SHA256_SIZE == (int)GH_SEAL_KEY_SIZE, "the hash is the key");
    if (successor.n > GH_SECRET_TEXT_MAX) {
        out->overflow = true;
        return;
    }
    gh_hmac(&gh_key_generation_active(keys)->seal, &before, 1, key);
    gh_seal(key, nonce, successor_label(), successor, sealed);
    gh_buf_put(out, bytes_of(nonce, GH_SEAL_NONCE_SIZE));
    gh_buf_put(out, bytes_of(sealed, successor.n + GH_SEAL_EXTRA));
    gh_wipe(key, sizeof key);
}

static bool unseal(const gh_key_generation *by, gh_str before, gh_str sealed, uint8_t *ret_plain)
{
    uint8_t key[GH_SHA256_SIZE];
    gh_hmac(&by->seal, &before, 1, key);
    bool right = gh_open(key, (const uint8_t *)sealed.p, successor_label(),
                         gh_str_cut(sealed, GH_SEAL_NONCE_SIZE, sealed.n), ret_plain);
    gh_wipe(key, sizeof key);
    return right;
}

/* The keys may have been rotated since, or be rotated here a moment later than where it was sealed. */
bool gh_secret_unseal(const gh_identity_keys *keys, gh_str before, gh_str sealed, gh_buf *out)
{
    uint8_t plain[GH_SECRET_TEXT_MAX];
    const size_t extra = (size_t)GH_SEAL_NONCE_SIZE + GH_SEAL_EXTRA;
    bool right = false;
    if (sealed.n < extra || sealed.n - extra > sizeof plain || sealed.n - extra > gh_buf_room(out))
        return false;
    for (unsigned i = 0; i < keys->n_generations && !right; i++)
        right = !keys->generations[i].kept && unseal(&keys->generations[i], before, sealed, plain);
    if (right)
        gh_buf_put(out, bytes_of(plain, sealed.n - extra));
    gh_wipe(plain, sizeof plain);
    return right;
}

/* raw has KEY_RAW_MOST bytes; returns how many are used. */
static size_t fill_key(uint32_t generation, gh_id id, const uint8_t random[GH_SECRET_RANDOM], uint8_t *raw)
{
    put_number(raw, id, 8);
    memcpy(raw + 8, random, GH_SECRET_RANDOM);
    put_number(raw + KEY_AT_GENERATION, generation, GENERATION_RAW);
    return generation == 0 ? KEY_AT_GENERATION : KEY_RAW_MOST;
}

void gh_api_key_make(const gh_identity_keys *keys, gh_str prefix, gh_id id,
                     const uint8_t random[GH_SECRET_RANDOM], gh_buf *out, gh_secret *ret, size_t *ret_start)
{
    const gh_key_generation *by = gh_key_generation_active(keys);
    uint8_t raw[KEY_RAW_MOST], check[CHECK_RAW];
    char memory[GH_API_KEY_TEXT_MAX];
    gh_buf text = gh_buf_over(memory, sizeof memory);
    size_t n = fill_key(by->id, id, random, raw);
    gh_buf_put(&text, prefix);
    gh_buf_char(&text, '_');
    gh_base32_put(&text, raw, n);
    put_number(check, gh_crc32(gh_buf_str(&text)), CHECK_RAW);
    gh_base32_put(&text, check, CHECK_RAW);
    if (!gh_buf_ok(&text))
        out->overflow = true;
    gh_buf_put(out, gh_buf_str(&text));
    *ret = (gh_secret){.id = id, .generation = by->id};
    hash_credential(by, gh_buf_str(&text), ret->hash);
    *ret_start = prefix.n + 1 + KEY_SHOWN;
    gh_wipe(raw, sizeof raw);
    gh_wipe(memory, sizeof memory);
}

bool gh_api_key_looks_like(gh_str prefix, gh_str text)
{
    return gh_str_starts(text, prefix) && text.n > prefix.n && text.p[prefix.n] == '_';
}

/* Digits and checksum. raw has KEY_RAW_MOST bytes; *ret_n: how many are used. */
static bool read_key(gh_str prefix, gh_str text, uint8_t *raw, size_t *ret_n)
{
    uint8_t check[CHECK_RAW];
    size_t from = prefix.n + 1;
    if (!gh_api_key_looks_like(prefix, text) || text.n <= from + CHECK_TEXT)
        return false;
    size_t to = text.n - CHECK_TEXT, n = (to - from) / 8 * 5;
    *ret_n = n;
    return (to - from) % 8 == 0 && (n == KEY_AT_GENERATION || n == KEY_RAW_MOST) &&
           gh_base32_read(gh_str_cut(text, from, to), raw, n) && is_id(read_number(raw, 8)) &&
           gh_base32_read(gh_str_cut(text, to, text.n), check, CHECK_RAW) &&
           read_number(check, CHECK_RAW) == gh_crc32(gh_str_cut(text, 0, to));
}

/* NULL: of none that is there. Each key has one text, so generation 0 is not written. */
static const gh_key_generation *generation_of_key(const gh_identity_keys *keys, const uint8_t *raw, size_t n)
{
    uint64_t id = n == KEY_AT_GENERATION ? 0 : read_number(raw + KEY_AT_GENERATION, GENERATION_RAW);
    if (id > UINT32_MAX || (id == 0 && n != KEY_AT_GENERATION))
        return NULL;
    return gh_key_generation_find(keys, (uint32_t)id);
}

bool gh_api_key_read(const gh_identity_keys *keys, gh_str prefix, gh_str text, gh_secret *ret)
{
    uint8_t raw[KEY_RAW_MOST];
    size_t n = 0;
    const gh_key_generation *by = read_key(prefix, text, raw, &n) ? generation_of_key(keys, raw, n) : NULL;
    if (by != NULL) {
        *ret = (gh_secret){.id = read_number(raw, 8), .generation = by->id};
        hash_credential(by, text, ret->hash);
    }
    gh_wipe(raw, sizeof raw);
    return by != NULL;
}

uint64_t gh_jti_hash(const gh_identity_keys *keys, gh_str issuer, gh_str jti)
{
    uint8_t size[8], hash[GH_SHA256_SIZE];
    put_number(size, issuer.n, sizeof size);
    const gh_str parts[] = {GH_STR("jti"), bytes_of(size, sizeof size), issuer, jti};
    gh_hmac(&keys->naming, parts, GH_COUNT(parts), hash);
    uint64_t name = read_number(hash, 8);
    return name != 0 ? name : 1;
}

enum { IPV6_PREFIX = 64 };

void gh_prefix_hash(const gh_identity_keys *keys, const gh_ip *address, uint8_t ret[GH_SECRET_HASH])
{
    uint8_t hash[GH_SHA256_SIZE];
    gh_ip ip = address->family == 6 ? gh_ip_mask(address, IPV6_PREFIX) : *address;
    const uint8_t family = ip.family;
    const gh_str parts[] = {GH_STR("prefix"), bytes_of(&family, 1), bytes_of(ip.bytes, sizeof ip.bytes)};
    gh_hmac(&keys->naming, parts, GH_COUNT(parts), hash);
    memcpy(ret, hash, GH_SECRET_HASH);
}
