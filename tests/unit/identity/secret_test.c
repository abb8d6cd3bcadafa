#include "identity/secret.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "hex.h"
#include "identity.h"

static const gh_id id = UINT64_C(0x0123456789abcdef);

typedef struct made {
    char memory[GH_API_KEY_TEXT_MAX];
    gh_str text;
    gh_secret secret;
    size_t start;
} made;

static void fill(uint8_t *to, size_t n, uint8_t with)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(with + i);
}

static void make(const gh_identity_keys *keys, enum gh_secret_kind kind, uint8_t random, made *ret)
{
    uint8_t bytes[GH_SECRET_RANDOM];
    gh_buf out = gh_buf_over(ret->memory, sizeof ret->memory);
    fill(bytes, sizeof bytes, random);
    gh_secret_make(keys, kind, id, 7, bytes, &out, &ret->secret);
    assert_true(gh_buf_ok(&out));
    ret->text = gh_buf_str(&out);
}

static void make_key(const gh_identity_keys *keys, gh_str prefix, made *ret)
{
    uint8_t bytes[GH_SECRET_RANDOM];
    gh_buf out = gh_buf_over(ret->memory, sizeof ret->memory);
    fill(bytes, sizeof bytes, 1);
    gh_api_key_make(keys, prefix, id, bytes, &out, &ret->secret, &ret->start);
    assert_true(gh_buf_ok(&out));
    ret->text = gh_buf_str(&out);
}

static void a_secret_reads_back(void **state)
{
    (void)state;
    gh_identity_keys keys;
    identity_keys(&keys);
    static const char *prefixes[] = {"ghs_", "ghr_", "ghd_"};
    for (unsigned kind = GH_SECRET_SESSION; kind <= GH_SECRET_DEVICE; kind++) {
        made m;
        gh_secret read;
        make(&keys, kind, 1, &m);
        assert_int_equal(m.text.n, 84);
        assert_memory_equal(m.text.p, prefixes[kind], 4);
        assert_true(gh_secret_read(&keys, kind, m.text, &read));
        assert_true(read.id == id && read.number == (kind == GH_SECRET_DEVICE ? 0 : 7) &&
                    read.generation == 0);
        assert_memory_equal(read.hash, m.secret.hash, GH_SECRET_HASH);
        assert_true(gh_secret_authentic(&keys, kind, m.text));
        for (unsigned other = GH_SECRET_SESSION; other <= GH_SECRET_DEVICE; other++)
            assert_int_equal(gh_secret_read(&keys, other, m.text, &read), other == kind);
    }
}

/* One kind may not be made into another by changing its prefix: the MAC is over the kind, and so is the hash. */
static void a_secret_is_of_one_kind(void **state)
{
    (void)state;
    gh_identity_keys keys;
    made m;
    gh_secret read;
    identity_keys(&keys);
    make(&keys, GH_SECRET_SESSION, 1, &m);
    m.memory[2] = 'r';
    assert_true(gh_secret_read(&keys, GH_SECRET_REFRESH, m.text, &read));
    assert_memory_not_equal(read.hash, m.secret.hash, GH_SECRET_HASH);
    assert_false(gh_secret_authentic(&keys, GH_SECRET_REFRESH, m.text));
}

static void every_character_counts(void **state)
{
    (void)state;
    gh_identity_keys keys;
    made m;
    identity_keys(&keys);
    make(&keys, GH_SECRET_REFRESH, 1, &m);
    for (size_t i = 4; i < m.text.n; i++) {
        gh_secret read;
        char was = m.memory[i];
        m.memory[i] = was == 'A' ? 'B' : 'A';
        if (gh_secret_read(&keys, GH_SECRET_REFRESH, m.text, &read))
            assert_memory_not_equal(read.hash, m.secret.hash, GH_SECRET_HASH);
        assert_false(gh_secret_authentic(&keys, GH_SECRET_REFRESH, m.text));
        m.memory[i] = was;
    }
    assert_true(gh_secret_authentic(&keys, GH_SECRET_REFRESH, m.text));
}

static void other_keys_know_nothing_of_it(void **state)
{
    (void)state;
    gh_identity_keys keys, others;
    made m;
    gh_secret read;
    identity_keys(&keys);
    identity_keys(&others);
    gh_key_generation another = others.generations[0];
    gh_hmac_key_init(&another.authentic, GH_STR("another"));
    gh_hmac_key_init(&another.credential, GH_STR("yet another"));
    others.generations = &another;
    make(&keys, GH_SECRET_SESSION, 1, &m);
    assert_false(gh_secret_authentic(&others, GH_SECRET_SESSION, m.text));
    assert_true(gh_secret_read(&others, GH_SECRET_SESSION, m.text, &read));
    assert_memory_not_equal(read.hash, m.secret.hash, GH_SECRET_HASH);
}

static void other_shapes_are_none(void **state)
{
    (void)state;
    gh_identity_keys keys;
    made m;
    gh_secret read = {.id = 99};
    char text[128];
    identity_keys(&keys);
    make(&keys, GH_SECRET_SESSION, 1, &m);
    static const char *others[] = {"", "ghs_", "ghs", "GHS_", "ghs_AAAA", "\"ghs_\""};
    for (size_t i = 0; i < GH_COUNT(others); i++)
        assert_false(gh_secret_read(&keys, GH_SECRET_SESSION, gh_str_of(others[i]), &read));
    assert_false(gh_secret_read(&keys, GH_SECRET_SESSION, (gh_str){NULL, 0}, &read));
    for (size_t n = 0; n < m.text.n; n++)
        assert_false(gh_secret_read(&keys, GH_SECRET_SESSION, gh_str_cut(m.text, 0, n), &read));
    gh_buf longer = gh_buf_over(text, sizeof text);
    gh_buf_put(&longer, m.text);
    gh_buf_char(&longer, 'A');
    assert_false(gh_secret_read(&keys, GH_SECRET_SESSION, gh_buf_str(&longer), &read));
    static const char odd[] = "=+/ \t\x80";
    for (const char *c = odd; *c != '\0'; c++) {
        m.memory[20] = *c;
        assert_false(gh_secret_read(&keys, GH_SECRET_SESSION, m.text, &read));
        assert_false(gh_secret_authentic(&keys, GH_SECRET_SESSION, m.text));
    }
    assert_true(read.id == 99);
}

/* Ids are never 0 and have 63 bits. */
static void an_id_that_is_none_is_refused(void **state)
{
    (void)state;
    gh_identity_keys keys;
    uint8_t bytes[GH_SECRET_RANDOM] = {0};
    static const gh_id bad[] = {0, UINT64_C(1) << 63, UINT64_MAX};
    identity_keys(&keys);
    for (size_t i = 0; i < GH_COUNT(bad); i++) {
        char memory[GH_SECRET_TEXT_MAX];
        gh_buf out = gh_buf_over(memory, sizeof memory);
        gh_secret secret;
        gh_secret_make(&keys, GH_SECRET_SESSION, bad[i], 0, bytes, &out, &secret);
        assert_false(gh_secret_read(&keys, GH_SECRET_SESSION, gh_buf_str(&out), &secret));
        assert_false(gh_secret_authentic(&keys, GH_SECRET_SESSION, gh_buf_str(&out)));
    }
}

static void a_successor_opens_with_what_was_before_it_alone(void **state)
{
    (void)state;
    gh_identity_keys keys;
    made before, other, after;
    uint8_t nonce[GH_SEAL_NONCE_SIZE];
    char memory[GH_SECRET_TEXT_MAX + 40], opened[GH_SECRET_TEXT_MAX];
    gh_buf sealed = gh_buf_over(memory, sizeof memory);
    identity_keys(&keys);
    make(&keys, GH_SECRET_REFRESH, 1, &before);
    make(&keys, GH_SECRET_REFRESH, 2, &other);
    make(&keys, GH_SECRET_REFRESH, 3, &after);
    fill(nonce, sizeof nonce, 9);
    gh_secret_seal(&keys, before.text, nonce, after.text, &sealed);
    assert_true(gh_buf_ok(&sealed));
    assert_null(memmem(sealed.p, sealed.n, after.text.p + 4, 8));
    gh_buf out = gh_buf_over(opened, sizeof opened);
    assert_true(gh_secret_unseal(&keys, before.text, gh_buf_str(&sealed), &out));
    assert_true(gh_str_eq(gh_buf_str(&out), after.text));
    out.n = 0;
    assert_false(gh_secret_unseal(&keys, other.text, gh_buf_str(&sealed), &out));
    for (size_t n = 0; n < sealed.n; n++)
        assert_false(gh_secret_unseal(&keys, before.text, gh_str_cut(gh_buf_str(&sealed), 0, n), &out));
    for (size_t i = 0; i < sealed.n; i++) {
        memory[i] ^= 1;
        assert_false(gh_secret_unseal(&keys, before.text, gh_buf_str(&sealed), &out));
        memory[i] ^= 1;
    }
    gh_buf small = gh_buf_over(opened, after.text.n - 1);
    assert_false(gh_secret_unseal(&keys, before.text, gh_buf_str(&sealed), &small));
    assert_int_equal(out.n, 0);
}

static void an_api_key_reads_back(void **state)
{
    (void)state;
    gh_identity_keys keys;
    made m;
    gh_secret read;
    identity_keys(&keys);
    make_key(&keys, GH_STR("ghk"), &m);
    assert_int_equal(m.text.n, 4 + 64 + 7);
    assert_true(gh_str_starts(m.text, GH_STR("ghk_")));
    assert_int_equal(m.start, 16);
    assert_true(gh_api_key_read(&keys, GH_STR("ghk"), m.text, &read));
    assert_true(read.id == id && read.number == 0);
    assert_memory_equal(read.hash, m.secret.hash, GH_SECRET_HASH);
    assert_true(gh_api_key_looks_like(GH_STR("ghk"), m.text));
    assert_false(gh_api_key_read(&keys, GH_STR("gh"), m.text, &read));
    assert_false(gh_api_key_read(&keys, GH_STR("other"), m.text, &read));
}

/* What is shown of a key is of its id, which is no secret: another key of the same id begins with it too. */
static void what_is_shown_is_no_secret(void **state)
{
    (void)state;
    gh_identity_keys keys;
    made m;
    uint8_t other[GH_SECRET_RANDOM];
    char memory[GH_API_KEY_TEXT_MAX];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_secret secret;
    size_t start = 0;
    identity_keys(&keys);
    make_key(&keys, GH_STR("ghk"), &m);
    memset(other, 0xff, sizeof other);
    gh_api_key_make(&keys, GH_STR("ghk"), id, other, &out, &secret, &start);
    assert_int_equal(start, m.start);
    assert_memory_equal(memory, m.memory, start);
}

/* The checksum finds each single wrong digit, and any two neighbours that changed places. */
static void a_mistyped_key_is_none(void **state)
{
    (void)state;
    gh_identity_keys keys;
    made m;
    gh_secret read;
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    identity_keys(&keys);
    make_key(&keys, GH_STR("ghk"), &m);
    for (size_t i = 4; i < m.text.n; i++) {
        char was = m.memory[i];
        for (const char *d = digits; *d != '\0'; d++) {
            m.memory[i] = *d;
            assert_int_equal(gh_api_key_read(&keys, GH_STR("ghk"), m.text, &read), *d == was);
        }
        m.memory[i] = was;
    }
    for (size_t i = 4; i + 1 < m.text.n; i++) {
        char a = m.memory[i], b = m.memory[i + 1];
        m.memory[i] = b;
        m.memory[i + 1] = a;
        assert_int_equal(gh_api_key_read(&keys, GH_STR("ghk"), m.text, &read), a == b);
        m.memory[i] = a;
        m.memory[i + 1] = b;
    }
    m.memory[10] = 'U';
    assert_false(gh_api_key_read(&keys, GH_STR("ghk"), m.text, &read));
    for (size_t n = 0; n < m.text.n; n++)
        assert_false(gh_api_key_read(&keys, GH_STR("ghk"), gh_str_cut(m.text, 0, n), &read));
}

/* So that tools can find and check leaked keys. */
static void the_checksum_is_the_common_one(void **state)
{
    (void)state;
    gh_identity_keys keys;
    made m;
    uint8_t crc[4];
    identity_keys(&keys);
    make_key(&keys, GH_STR("ghk"), &m);
    /* zlib.crc32() of the 68 characters before it, by Python */
    assert_true(gh_base32_read(gh_str_cut(m.text, 68, 75), crc, sizeof crc));
    assert_memory_equal(crc, unhex("4c292ec7").p, 4);
}

static void names_differ_by_issuer_and_are_never_0(void **state)
{
    (void)state;
    gh_identity_keys keys;
    identity_keys(&keys);
    uint64_t a = gh_jti_hash(&keys, GH_STR("ab"), GH_STR("c"));
    assert_true(a != 0 && a == gh_jti_hash(&keys, GH_STR("ab"), GH_STR("c")));
    assert_true(a != gh_jti_hash(&keys, GH_STR("a"), GH_STR("bc")));
    assert_true(a != gh_jti_hash(&keys, (gh_str){NULL, 0}, GH_STR("abc")));
}

static void an_address_counts_by_its_prefix(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {{"192.0.2.1", "192.0.2.1", true},
                {"192.0.2.1", "192.0.2.2", false},
                {"2001:db8::1", "2001:db8::ffff:1", true},
                {"2001:db8::1", "2001:db8:0:0:ffff::1", true},
                {"2001:db8::1", "2001:db8:0:1::1", false}};
    gh_identity_keys keys;
    identity_keys(&keys);
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_ip a, b;
        uint8_t of_a[GH_SECRET_HASH], of_b[GH_SECRET_HASH];
        assert_true(gh_ip_parse(gh_str_of(rows[i].a), &a) && gh_ip_parse(gh_str_of(rows[i].b), &b));
        gh_prefix_hash(&keys, &a, of_a);
        gh_prefix_hash(&keys, &b, of_b);
        assert_int_equal(memcmp(of_a, of_b, sizeof of_a) == 0, rows[i].same);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_reads_back),
        cmocka_unit_test(a_secret_is_of_one_kind),
        cmocka_unit_test(every_character_counts),
        cmocka_unit_test(other_keys_know_nothing_of_it),
        cmocka_unit_test(other_shapes_are_none),
        cmocka_unit_test(an_id_that_is_none_is_refused),
        cmocka_unit_test(a_successor_opens_with_what_was_before_it_alone),
        cmocka_unit_test(an_api_key_reads_back),
        cmocka_unit_test(what_is_shown_is_no_secret),
        cmocka_unit_test(a_mistyped_key_is_none),
        cmocka_unit_test(the_checksum_is_the_common_one),
        cmocka_unit_test(names_differ_by_issuer_and_are_never_0),
        cmocka_unit_test(an_address_counts_by_its_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
