/* AWS Signature Version 4.
 *
 * The cases are those of AWS's "Signature Version 4 Test Suite" (aws-sig-v4-test-suite, which AWS publishes with its
 * documentation and ships within its SDKs): the same credentials, host, time and service, each with the signature that is
 * published for it, and where the suite's *.creq and *.sts are quoted here, these as well. Requests that the suite has for
 * other jobs (dot segments, folded header lines, a query that is still to be encoded and sorted) are not Gatehouse's to
 * write: query and path are given in their canonical form. The last one is the example of a derived key in AWS's manual. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/sigv4.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define HOST                                                      \
    {                                                             \
        GH_STR_INIT("Host"), GH_STR_INIT("example.amazonaws.com") \
    }
#define DATE                                                       \
    {                                                              \
        GH_STR_INIT("X-Amz-Date"), GH_STR_INIT("20150830T123600Z") \
    }
#define TOKEN                                                                                                        \
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUu" \
    "wthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQc" \
    "HNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/o" \
    "LxBA=="
#define UNRESERVED "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static const gh_sigv4_signer suite = {.access_key_id = GH_STR_INIT("AKIDEXAMPLE"),
                                      .secret_access_key = GH_STR_INIT(SECRET),
                                      .region = GH_STR_INIT("us-east-1"),
                                      .service = GH_STR_INIT("service"),
                                      .time = GH_STR_INIT("20150830T123600Z")};

struct vector {
    const char *name, *method, *path, *query;
    gh_sigv4_header headers[6];
    const char *body, *names, *signature;
    const char *canonical, *hash; /* of its .creq and .sts; NULL: not quoted here */
};

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct vector vectors[] = {
    {"get-vanilla",
     "GET",
     "/",
     "",
     {HOST, DATE},
     "",
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
     "GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n" EMPTY,
     "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63"},
    {"get-header-key-duplicate",
     "GET",
     "/",
     "",
     {HOST,
      {GH_STR_INIT("My-Header1"), GH_STR_INIT("value2")},
      {GH_STR_INIT("My-Header1"), GH_STR_INIT("value2")},
      {GH_STR_INIT("My-Header1"), GH_STR_INIT("value1")},
      DATE},
     "",
     "host;my-header1;x-amz-date",
     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
     "GET\n/\n\nhost:example.amazonaws.com\nmy-header1:value2,value2,value1\nx-amz-date:20150830T123600Z\n\n"
     "host;my-header1;x-amz-date\n" EMPTY,
     "dc7f04a3abfde8d472b0ab1a418b741b7c67174dad1551b4117b15527fbe966c"},
    {"get-header-value-order",
     "GET",
     "/",
     "",
     {HOST,
      {GH_STR_INIT("My-Header1"), GH_STR_INIT("value4")},
      {GH_STR_INIT("My-Header1"), GH_STR_INIT("value1")},
      {GH_STR_INIT("My-Header1"), GH_STR_INIT("value3")},
      {GH_STR_INIT("My-Header1"), GH_STR_INIT("value2")},
      DATE},
     "",
     "host;my-header1;x-amz-date",
     "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
     NULL,
     NULL},
    {"get-header-value-trim",
     "GET",
     "/",
     "",
     {HOST,
      {GH_STR_INIT("My-Header1"), GH_STR_INIT(" value1")},
      {GH_STR_INIT("My-Header2"), GH_STR_INIT(" \"a   b   c\" ")},
      DATE},
     "",
     "host;my-header1;my-header2;x-amz-date",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
     "GET\n/\n\nhost:example.amazonaws.com\nmy-header1:value1\nmy-header2:\"a b c\"\nx-amz-date:20150830T123600Z\n\n"
     "host;my-header1;my-header2;x-amz-date\n" EMPTY,
     "a726db9b0df21c14f559d0a978e563112acb1b9e05476f0a6a1c7d68f28605c7"},
    {"get-unreserved",
     "GET",
     "/" UNRESERVED,
     "",
     {HOST, DATE},
     "",
     "host;x-amz-date",
     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
     NULL,
     NULL},
    {"get-utf8",
     "GET",
     "/%E1%88%B4",
     "",
     {HOST, DATE},
     "",
     "host;x-amz-date",
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
     NULL,
     NULL},
    {"get-vanilla-empty-query-key",
     "GET",
     "/",
     "Param1=value1",
     {HOST, DATE},
     "",
     "host;x-amz-date",
     "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
     NULL,
     NULL},
    {"get-vanilla-query-order-key-case",
     "GET",
     "/",
     "Param1=value1&Param2=value2",
     {HOST, DATE},
     "",
     "host;x-amz-date",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
     "GET\n/\nParam1=value1&Param2=value2\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
     "host;x-amz-date\n" EMPTY,
     "816cd5b414d056048ba4f7c5386d6e0533120fb1fcfa93762cf0fc39e2cf19e0"},
    {"get-vanilla-query-unreserved",
     "GET",
     "/",
     UNRESERVED "=" UNRESERVED,
     {HOST, DATE},
     "",
     "host;x-amz-date",
     "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
     NULL,
     NULL},
    {"get-vanilla-utf8-query",
     "GET",
     "/",
     "%E1%88%B4=bar",
     {HOST, DATE},
     "",
     "host;x-amz-date",
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
     "GET\n/\n%E1%88%B4=bar\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n" EMPTY,
     "eb30c5bed55734080471a834cc727ae56beb50e5f39d1bff6d0d38cb192a7073"},
    {"post-vanilla",
     "POST",
     "/",
     "",
     {HOST, DATE},
     "",
     "host;x-amz-date",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
     NULL,
     NULL},
    {"post-header-key-case",
     "POST",
     "/",
     "",
     {HOST, {GH_STR_INIT("x-AMZ-dATE"), GH_STR_INIT("20150830T123600Z")}},
     "",
     "host;x-amz-date",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
     NULL,
     NULL},
    {"post-header-key-sort",
     "POST",
     "/",
     "",
     {DATE, {GH_STR_INIT("My-Header1"), GH_STR_INIT("value1")}, HOST},
     "",
     "host;my-header1;x-amz-date",
     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
     NULL,
     NULL},
    {"post-header-value-case",
     "POST",
     "/",
     "",
     {HOST, {GH_STR_INIT("My-Header1"), GH_STR_INIT("VALUE1")}, DATE},
     "",
     "host;my-header1;x-amz-date",
     "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
     NULL,
     NULL},
    {"post-vanilla-query",
     "POST",
     "/",
     "Param1=value1",
     {HOST, DATE},
     "",
     "host;x-amz-date",
     "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
     NULL,
     NULL},
    {"post-sts-header-before",
     "POST",
     "/",
     "",
     {HOST, DATE, {GH_STR_INIT("X-Amz-Security-Token"), GH_STR_INIT(TOKEN)}},
     "",
     "host;x-amz-date;x-amz-security-token",
     "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
     NULL,
     NULL},
    {"post-x-www-form-urlencoded",
     "POST",
     "/",
     "",
     {{GH_STR_INIT("Content-Type"), GH_STR_INIT("application/x-www-form-urlencoded")}, HOST, DATE},
     "Param1=value1",
     "content-type;host;x-amz-date",
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
     "POST\n/\n\ncontent-type:application/x-www-form-urlencoded\nhost:example.amazonaws.com\n"
     "x-amz-date:20150830T123600Z\n\ncontent-type;host;x-amz-date\n"
     "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
     "42a5e5bb34198acb3e84da4f085bb7927f2bc277ca766e6d19c73c2154021281"},
    {"post-x-www-form-urlencoded-parameters",
     "POST",
     "/",
     "",
     {{GH_STR_INIT("Content-Type"), GH_STR_INIT("application/x-www-form-urlencoded; charset=utf8")},
      HOST,
      DATE},
     "Param1=value1",
     "content-type;host;x-amz-date",
     "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe",
     NULL,
     NULL},
};

static gh_sigv4_request request_of(const struct vector *v)
{
    unsigned n = 0;
    while (n < GH_COUNT(v->headers) && v->headers[n].name.p != NULL)
        n++;
    return (gh_sigv4_request){gh_str_of(v->method), gh_str_of(v->path), gh_str_of(v->query), v->headers, n,
                              gh_str_of(v->body)};
}

static void expect(const char *name, gh_str got, const char *expected)
{
    if (!gh_str_eq(got, gh_str_of(expected)))
        fail_msg("%s: %.*s\ninstead of %s", name, (int)got.n, got.p, expected);
}

static void test_suite(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(vectors); i++) {
        const struct vector *v = &vectors[i];
        gh_sigv4_request request = request_of(v);
        char memory[2048], work_memory[2048], expected[1024];
        gh_buf out = gh_buf_over(memory, sizeof memory), work = gh_buf_over(work_memory, sizeof work_memory);
        gh_buf wanted = gh_buf_over(expected, sizeof expected - 1);
        assert_true(gh_sigv4_authorization(&request, &suite, &work, &out));
        gh_buf_printf(&wanted,
                      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                      "SignedHeaders=%s, Signature=%s",
                      v->names, v->signature);
        expected[wanted.n] = '\0';
        expect(v->name, gh_buf_str(&out), expected);
        if (v->canonical == NULL)
            continue;
        expect(v->name, gh_buf_str(&work), v->canonical);
        out.n = wanted.n = 0;
        gh_sigv4_string_to_sign(&suite, gh_buf_str(&work), &out);
        gh_buf_printf(&wanted,
                      "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n%s",
                      v->hash);
        expected[wanted.n] = '\0';
        expect(v->name, gh_buf_str(&out), expected);
    }
}

/* "Deriving the signing key" of AWS's manual: IAM's ListUsers, whose signature is published with it. */
static void test_manual(void **state)
{
    static const gh_sigv4_header headers[] = {
        {GH_STR_INIT("Content-Type"), GH_STR_INIT("application/x-www-form-urlencoded; charset=utf-8")},
        {GH_STR_INIT("Host"), GH_STR_INIT("iam.amazonaws.com")},
        DATE};
    const gh_sigv4_request request = {
        GH_STR("GET"), GH_STR("/"),       GH_STR("Action=ListUsers&Version=2010-05-08"),
        headers,       GH_COUNT(headers), GH_STR("")};
    gh_sigv4_signer signer = suite;
    char memory[2048], work_memory[2048];
    gh_buf out = gh_buf_over(memory, sizeof memory), work = gh_buf_over(work_memory, sizeof work_memory);
    (void)state;
    signer.service = GH_STR("iam");
    assert_true(gh_sigv4_authorization(&request, &signer, &work, &out));
    assert_true(
        gh_str_ends(gh_buf_str(&out),
                    GH_STR("Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7")));
}

/* Each part is signed: another one gives another signature. */
static void test_every_part_counts(void **state)
{
    static const gh_sigv4_header headers[] = {HOST, DATE},
                                 other[] = {HOST, {GH_STR_INIT("X-Amz-Date"), GH_STR_INIT("x")}};
    const gh_sigv4_request base = {GH_STR("POST"), GH_STR("/"), GH_STR(""), headers, 2, GH_STR("{}")};
    gh_sigv4_request requests[] = {base, base, base, base, base};
    gh_sigv4_signer signers[] = {suite, suite, suite, suite, suite};
    char seen[10][600];
    (void)state;
    requests[0].method = GH_STR("PUT");
    requests[1].path = GH_STR("/a");
    requests[2].query = GH_STR("a=");
    requests[3].headers = other;
    requests[4].body = GH_STR("{ }");
    signers[0].secret_access_key = GH_STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEZ");
    signers[1].region = GH_STR("us-east-2");
    signers[2].service = GH_STR("services");
    signers[3].time = GH_STR("20150831T123600Z");
    for (size_t i = 0; i < 10; i++) {
        char work_memory[2048];
        gh_buf out = gh_buf_over(seen[i], sizeof seen[i] - 1),
               work = gh_buf_over(work_memory, sizeof work_memory);
        assert_true(gh_sigv4_authorization(i < 5 ? &requests[i] : &base, i < 5 ? &suite : &signers[i - 5],
                                           &work, &out));
        seen[i][out.n] = '\0';
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(strstr(seen[i], "Signature="), strstr(seen[k], "Signature="));
    }
}

/* What does not fit is said, and nothing is signed that is not whole. */
static void test_bounds(void **state)
{
    gh_sigv4_header headers[GH_SIGV4_HEADERS_MAX + 1] = {HOST, DATE};
    gh_sigv4_request request = {GH_STR("POST"), GH_STR("/"), GH_STR(""), headers, 2, GH_STR("{}")};
    gh_sigv4_signer signer = suite;
    char memory[600], work_memory[2048], secret[300];
    gh_buf out = gh_buf_over(memory, sizeof memory), work = gh_buf_over(work_memory, 40);
    (void)state;
    assert_false(gh_sigv4_authorization(&request, &suite, &work, &out));
    work = gh_buf_over(work_memory, sizeof work_memory);
    out = gh_buf_over(memory, 100);
    assert_false(gh_sigv4_authorization(&request, &suite, &work, &out));
    for (unsigned i = 2; i <= GH_SIGV4_HEADERS_MAX; i++)
        headers[i] = (gh_sigv4_header){GH_STR("x"), GH_STR("y")};
    request.n_headers = GH_SIGV4_HEADERS_MAX;
    work.n = 0;
    out = gh_buf_over(memory, sizeof memory);
    assert_true(gh_sigv4_authorization(&request, &suite, &work, &out));
    request.n_headers++;
    work.n = out.n = 0;
    assert_false(gh_sigv4_authorization(&request, &suite, &work, &out));
    request.n_headers = 2;
    memset(secret, 'a', sizeof secret);
    signer.secret_access_key = (gh_str){secret, sizeof secret};
    work = gh_buf_over(work_memory, sizeof work_memory);
    out = gh_buf_over(memory, sizeof memory);
    assert_false(gh_sigv4_authorization(&request, &signer, &work, &out));
    signer = suite;
    signer.time = GH_STR("20150830");
    work.n = out.n = 0;
    assert_false(gh_sigv4_authorization(&request, &signer, &work, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suite),
        cmocka_unit_test(test_manual),
        cmocka_unit_test(test_every_part_counts),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
