#include "wire/sigv4.h"

#include "base/hash.h"

enum { DATE = 8 };

static const gh_str algorithm = GH_STR_INIT("AWS4-HMAC-SHA256");
static const gh_str terminator = GH_STR_INIT("aws4_request");

/* By lower-case name, byte by byte. */
static int compare_names(gh_str a, gh_str b)
{
    for (size_t i = 0; i < a.n && i < b.n; i++)
        if (gh_lower(a.p[i]) != gh_lower(b.p[i]))
            return (unsigned char)gh_lower(a.p[i]) < (unsigned char)gh_lower(b.p[i]) ? -1 : 1;
    return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
}

/* The headers' order; those of one name stay as they were. Insertion: they are few. */
static unsigned sort(const gh_sigv4_request *r, const gh_sigv4_header *ret[GH_SIGV4_HEADERS_MAX])
{
    unsigned n = 0;
    for (; n < r->n_headers && n < GH_SIGV4_HEADERS_MAX; n++) {
        unsigned at = n;
        for (; at > 0 && compare_names(r->headers[n].name, ret[at - 1]->name) < 0; at--)
            ret[at] = ret[at - 1];
        ret[at] = &r->headers[n];
    }
    return n;
}

static void put_name(gh_buf *out, gh_str name)
{
    for (size_t i = 0; i < name.n; i++)
        gh_buf_char(out, gh_lower(name.p[i]));
}

/* Without spaces at its ends, and one for many within. */
static void put_value(gh_buf *out, gh_str value)
{
    bool space = false, any = false;
    for (size_t i = 0; i < value.n; i++) {
        bool blank = value.p[i] == ' ' || value.p[i] == '\t';
        if (!blank && space && any)
            gh_buf_char(out, ' ');
        if (!blank)
            gh_buf_char(out, value.p[i]);
        any = any || !blank;
        space = blank;
    }
}

static void put_headers(gh_buf *out, const gh_sigv4_header *const *sorted, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        bool again = i > 0 && compare_names(sorted[i - 1]->name, sorted[i]->name) == 0;
        if (!again) {
            put_name(out, sorted[i]->name);
            gh_buf_char(out, ':');
        }
        put_value(out, sorted[i]->value);
        bool more = i + 1 < n && compare_names(sorted[i]->name, sorted[i + 1]->name) == 0;
        gh_buf_char(out, more ? ',' : '\n');
    }
}

static void put_signed_names(gh_buf *out, const gh_sigv4_header *const *sorted, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (i > 0 && compare_names(sorted[i - 1]->name, sorted[i]->name) == 0)
            continue;
        if (i > 0)
            gh_buf_char(out, ';');
        put_name(out, sorted[i]->name);
    }
}

static void put_hash(gh_buf *out, gh_str data)
{
    uint8_t hash[GH_SHA256_SIZE];
    gh_sha256(data, hash);
    gh_buf_hex(out, hash, sizeof hash);
}

void gh_sigv4_canonical(const gh_sigv4_request *request, gh_buf *out)
{
    const gh_sigv4_header *sorted[GH_SIGV4_HEADERS_MAX];
    unsigned n = sort(request, sorted);
    if (n < request->n_headers)
        out->overflow = true;
    gh_buf_put(out, request->method);
    gh_buf_char(out, '\n');
    gh_buf_put(out, request->path);
    gh_buf_char(out, '\n');
    gh_buf_put(out, request->query);
    gh_buf_char(out, '\n');
    put_headers(out, sorted, n);
    gh_buf_char(out, '\n');
    put_signed_names(out, sorted, n);
    gh_buf_char(out, '\n');
    put_hash(out, request->body);
}

/* "20150830/us-east-1/service/aws4_request" */
static void put_scope(gh_buf *out, const gh_sigv4_signer *s)
{
    const gh_str parts[] = {gh_str_cut(s->time, 0, DATE), s->region, s->service, terminator};
    for (size_t i = 0; i < GH_COUNT(parts); i++) {
        if (i > 0)
            gh_buf_char(out, '/');
        gh_buf_put(out, parts[i]);
    }
}

void gh_sigv4_string_to_sign(const gh_sigv4_signer *signer, gh_str canonical, gh_buf *out)
{
    gh_buf_put(out, algorithm);
    gh_buf_char(out, '\n');
    gh_buf_put(out, signer->time);
    gh_buf_char(out, '\n');
    put_scope(out, signer);
    gh_buf_char(out, '\n');
    put_hash(out, canonical);
}

static void hmac_once(gh_str key, gh_str data, uint8_t ret[GH_SHA256_SIZE])
{
    gh_hmac_key prepared;
    gh_hmac_key_init(&prepared, key);
    gh_hmac(&prepared, &data, 1, ret);
    gh_wipe(&prepared, sizeof prepared);
}

/* The key of one day, region and service, and with it the signature. False: the secret is too long. */
static bool sign(const gh_sigv4_signer *s, gh_str text, uint8_t ret[GH_SHA256_SIZE])
{
    enum { SECRET_MAX = 256 };
    char memory[SECRET_MAX];
    uint8_t key[GH_SHA256_SIZE];
    const gh_str parts[] = {gh_str_cut(s->time, 0, DATE), s->region, s->service, terminator};
    gh_buf first = gh_buf_over(memory, sizeof memory);
    gh_buf_lit(&first, "AWS4");
    gh_buf_put(&first, s->secret_access_key);
    bool good = gh_buf_ok(&first);
    gh_str with = gh_buf_str(&first);
    for (size_t i = 0; good && i < GH_COUNT(parts); i++) {
        hmac_once(with, parts[i], key);
        with = (gh_str){(const char *)key, sizeof key};
    }
    if (good)
        hmac_once(with, text, ret);
    gh_wipe(memory, sizeof memory);
    gh_wipe(key, sizeof key);
    return good;
}

bool gh_sigv4_authorization(const gh_sigv4_request *request, const gh_sigv4_signer *signer, gh_buf *work,
                            gh_buf *out)
{
    enum { STRING_MAX = 512 };
    char memory[STRING_MAX];
    uint8_t signature[GH_SHA256_SIZE];
    const gh_sigv4_header *sorted[GH_SIGV4_HEADERS_MAX];
    gh_buf text = gh_buf_over(memory, sizeof memory);
    if (signer->time.n != GH_SIGV4_TIME_SIZE)
        return false;
    gh_sigv4_canonical(request, work);
    gh_sigv4_string_to_sign(signer, gh_buf_str(work), &text);
    if (!gh_buf_ok(work) || !gh_buf_ok(&text) || !sign(signer, gh_buf_str(&text), signature))
        return false;
    gh_buf_put(out, algorithm);
    gh_buf_lit(out, " Credential=");
    gh_buf_put(out, signer->access_key_id);
    gh_buf_char(out, '/');
    put_scope(out, signer);
    gh_buf_lit(out, ", SignedHeaders=");
    put_signed_names(out, sorted, sort(request, sorted));
    gh_buf_lit(out, ", Signature=");
    gh_buf_hex(out, signature, sizeof signature);
    return gh_buf_ok(out);
}
