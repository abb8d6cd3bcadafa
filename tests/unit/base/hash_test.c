#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "hex.h"

static void assert_bytes(const uint8_t *got, gh_str want)
{
    assert_memory_equal(got, want.p, want.n);
}

/* FIPS 180-4, the examples of NIST; the last is two blocks because of its padding. */
static void sha256_gives_the_published_vectors(void **state)
{
    (void)state;
    static const struct {
        gh_str data;
        const char *want;
    } rows[] = {
        {GH_STR_INIT(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {GH_STR_INIT("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {GH_STR_INIT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    uint8_t got[GH_SHA256_SIZE];
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_sha256(rows[i].data, got);
        assert_bytes(got, unhex(rows[i].want));
    }
    gh_sha256((gh_str){NULL, 0}, got);
    assert_bytes(got, unhex(rows[0].want));
}

/* RFC 4231, sections 4.2 to 4.8 but the truncated one. */
static void hmac_gives_the_published_vectors(void **state)
{
    (void)state;
    static char aa[131], dd[50], cd[50];
    memset(aa, 0xaa, sizeof aa);
    memset(dd, 0xdd, sizeof dd);
    memset(cd, 0xcd, sizeof cd);
    const struct {
        gh_str key, data;
        const char *want;
    } rows[] = {
        {unhex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"), GH_STR("Hi There"),
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {GH_STR("Jefe"), GH_STR("what do ya want for nothing?"),
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {{aa, 20}, {dd, 50}, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {unhex("0102030405060708090a0b0c0d0e0f10111213141516171819"),
         {cd, 50},
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {{aa, 131},
         GH_STR("Test Using Larger Than Block-Size Key - Hash Key First"),
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {{aa, 131},
         GH_STR(
             "This is a test using a larger than block-size key and a larger than block-size data. The key "
             "needs to be hashed before being used by the HMAC algorithm."),
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_hmac_key key;
        uint8_t got[GH_SHA256_SIZE];
        gh_hmac_key_init(&key, rows[i].key);
        for (unsigned again = 0; again < 2; again++) { /* a key is not used up */
            gh_hmac(&key, &rows[i].data, 1, got);
            assert_bytes(got, unhex(rows[i].want));
        }
        for (size_t cut = 0; cut <= rows[i].data.n; cut++) {
            const gh_str parts[] = {
                gh_str_cut(rows[i].data, 0, cut), {NULL, 0}, gh_str_cut(rows[i].data, cut, rows[i].data.n)};
            gh_hmac(&key, parts, 3, got);
            assert_bytes(got, unhex(rows[i].want));
        }
    }
}

/* A key of exactly one block is not hashed, one byte more is; RFC 2104 section 2. */
static void hmac_keys_around_a_block(void **state)
{
    (void)state;
    static const char key65[65] = {1, 2, 3};
    uint8_t hashed[GH_SHA256_SIZE], a[GH_SHA256_SIZE], b[GH_SHA256_SIZE];
    gh_hmac_key key;
    const gh_str data = GH_STR("data");
    gh_hmac_key_init(&key, (gh_str){key65, 64});
    gh_hmac(&key, &data, 1, a);
    gh_hmac_key_init(&key, (gh_str){key65, 3}); /* padded with zeros to the same */
    gh_hmac(&key, &data, 1, b);
    assert_memory_equal(a, b, sizeof a);
    gh_sha256((gh_str){key65, 65}, hashed);
    gh_hmac_key_init(&key, (gh_str){key65, 65});
    gh_hmac(&key, &data, 1, a);
    gh_hmac_key_init(&key, (gh_str){(const char *)hashed, sizeof hashed});
    gh_hmac(&key, &data, 1, b);
    assert_memory_equal(a, b, sizeof a);
}

/* RFC 5869 appendix A.3; then one with a label, by `openssl kdf`. */
static void hkdf_gives_the_published_vectors(void **state)
{
    (void)state;
    uint8_t got[42];
    gh_hkdf(unhex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"), GH_STR(""), got, 42);
    assert_bytes(
        got, unhex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"));
    gh_hkdf(unhex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"), GH_STR("session ids"),
            got, 40);
    assert_bytes(got,
                 unhex("6bc6f1f92012d827e2ff173946a9112818e3184571e3b5d2714fbc0d1c46669bf576199c1832b4a0"));
}

static void hkdf_labels_part_keys(void **state)
{
    (void)state;
    static uint8_t all[GH_HKDF_MAX], some[100], other[100];
    const gh_str secret = GH_STR("0123456789abcdef0123456789abcdef");
    gh_hkdf(secret, GH_STR("a"), all, sizeof all);
    gh_hkdf(secret, GH_STR("a"), some, sizeof some);
    gh_hkdf(secret, GH_STR("b"), other, sizeof other);
    assert_memory_equal(all, some, sizeof some); /* a shorter result is the beginning of the longer one */
    assert_memory_not_equal(some, other, sizeof some);
    gh_hkdf(secret, GH_STR("a"), NULL, 0);
}

/* The reference code's vectors of SipHash-2-4-128: key 00..0f, input 00..n-1. */
static void siphash128_gives_the_published_vectors(void **state)
{
    (void)state;
    uint8_t key[GH_SIPHASH_KEY_SIZE], got[GH_SIPHASH128_SIZE];
    char data[16];
    for (uint8_t i = 0; i < 16; i++)
        data[i] = (char)(key[i] = i);
    gh_siphash128(key, (gh_str){NULL, 0}, got);
    assert_bytes(got, unhex("a3817f04ba25a8e66df67214c7550293"));
    gh_siphash128(key, (gh_str){data, 1}, got);
    assert_bytes(got, unhex("da87c1d86b99af44347659119b22fc45"));
}

static const uint8_t *key_of(const char *text)
{
    return (const uint8_t *)unhex(text).p;
}

/* draft-irtf-cfrg-xchacha-03, appendix A.3.1: the text of RFC 8439 section 2.8.2 with the longer nonce. */
static void seal_gives_the_published_vector(void **state)
{
    (void)state;
    static const char text[] =
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
        "sunscreen would be it.";
    const gh_str plain = {text, sizeof text - 1}, about = unhex("50515253c0c1c2c3c4c5c6c7");
    const uint8_t *key = key_of("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
    const uint8_t *nonce = key_of("404142434445464748494a4b4c4d4e4f5051525354555657");
    const gh_str want = unhex("bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
                              "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
                              "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
                              "21f9664c97637da9768812f615c68b13b52e"
                              "c0875924c1c7987947deafd8780acf49");
    uint8_t sealed[sizeof text - 1 + GH_SEAL_EXTRA], opened[sizeof text - 1];
    gh_seal(key, nonce, about, plain, sealed);
    assert_int_equal(want.n, sizeof sealed);
    assert_bytes(sealed, want);
    assert_true(gh_open(key, nonce, about, want, opened));
    assert_bytes(opened, plain);
    memcpy(sealed, text, plain.n); /* in place */
    gh_seal(key, nonce, about, (gh_str){(char *)sealed, plain.n}, sealed);
    assert_bytes(sealed, want);
    assert_true(gh_open(key, nonce, about, (gh_str){(char *)sealed, sizeof sealed}, sealed));
    assert_bytes(sealed, plain);
}

static void a_changed_seal_does_not_open(void **state)
{
    (void)state;
    uint8_t key[GH_SEAL_KEY_SIZE] = {1}, nonce[GH_SEAL_NONCE_SIZE] = {2}, sealed[5 + GH_SEAL_EXTRA],
            opened[5];
    const gh_str text = {(char *)sealed, sizeof sealed};
    static const uint8_t zero[5];
    gh_seal(key, nonce, GH_STR("about"), GH_STR("plain"), sealed);
    for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        memset(opened, 0xee, sizeof opened);
        assert_false(gh_open(key, nonce, GH_STR("about"), text, opened));
        assert_memory_equal(opened, zero, sizeof zero);
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t n = 0; n < sizeof sealed; n++)
        assert_false(gh_open(key, nonce, GH_STR("about"), (gh_str){text.p, n}, opened));
    assert_false(gh_open(key, nonce, GH_STR("abouT"), text, opened));
    assert_false(gh_open(key, nonce, (gh_str){NULL, 0}, text, opened));
    key[31] ^= 1;
    assert_false(gh_open(key, nonce, GH_STR("about"), text, opened));
    key[31] ^= 1;
    nonce[23] ^= 1;
    assert_false(gh_open(key, nonce, GH_STR("about"), text, opened));
    nonce[23] ^= 1;
    assert_true(gh_open(key, nonce, GH_STR("about"), text, opened));
    assert_memory_equal(opened, "plain", 5);
}

static void nothing_can_be_sealed(void **state)
{
    (void)state;
    uint8_t key[GH_SEAL_KEY_SIZE] = {1}, nonce[GH_SEAL_NONCE_SIZE] = {2}, sealed[GH_SEAL_EXTRA], none[1];
    gh_seal(key, nonce, (gh_str){NULL, 0}, (gh_str){NULL, 0}, sealed);
    assert_true(gh_open(key, nonce, (gh_str){NULL, 0}, (gh_str){(char *)sealed, sizeof sealed}, none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_vectors),
        cmocka_unit_test(hmac_gives_the_published_vectors),
        cmocka_unit_test(hmac_keys_around_a_block),
        cmocka_unit_test(hkdf_gives_the_published_vectors),
        cmocka_unit_test(hkdf_labels_part_keys),
        cmocka_unit_test(siphash128_gives_the_published_vectors),
        cmocka_unit_test(seal_gives_the_published_vector),
        cmocka_unit_test(a_changed_seal_does_not_open),
        cmocka_unit_test(nothing_can_be_sealed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
