/* Request heads: whatever is taken is well formed, and is taken at its last byte and no earlier. */
#include "fuzz.h"

#include "wire/h1_head.h"

enum { FIELDS = 32 };
static const gh_h1_limits limits = {4096, 1024, FIELDS};

static enum gh_h1_result read_head(const uint8_t *data, size_t size, gh_h1_head *ret)
{
    static gh_field fields[FIELDS];
    return gh_h1_read_request((gh_str){(const char *)data, size}, &limits, fields, ret);
}

static void check_field(const gh_field *f)
{
    FUZZ_CHECK(gh_is_token(f->name));
    FUZZ_CHECK(gh_field_classify(f->name) == f->id);
    for (size_t i = 0; i < f->value.n; i++) {
        unsigned char c = (unsigned char)f->value.p[i];
        FUZZ_CHECK(c == '\t' || (c >= ' ' && c != 0x7f));
    }
    FUZZ_CHECK(gh_str_trim(f->value).n == f->value.n);
}

static void check_head(const gh_h1_head *h)
{
    bool length = (h->seen & GH_FIELD_BIT(GH_FIELD_CONTENT_LENGTH)) != 0;
    bool chunked = (h->seen & GH_FIELD_BIT(GH_FIELD_TRANSFER_ENCODING)) != 0;
    FUZZ_CHECK(h->n_fields <= FIELDS && h->head_size <= limits.head && h->target.n <= limits.target);
    FUZZ_CHECK(gh_is_token(h->method) && h->target.n > 0);
    FUZZ_CHECK(!(length && chunked));
    FUZZ_CHECK((h->framing == GH_FRAMING_LENGTH) == length && (h->framing == GH_FRAMING_CHUNKED) == chunked);
    FUZZ_CHECK(h->host.p != NULL || h->minor == 0);
    for (unsigned i = 0; i < h->n_fields; i++)
        check_field(&h->fields[i]);
    unsigned first = gh_fields_find(h->fields, h->n_fields, GH_FIELD_HOST, 0);
    FUZZ_CHECK(gh_fields_find(h->fields, h->n_fields, GH_FIELD_HOST, first + 1) == h->n_fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_h1_head h;
    gh_str in = {(const char *)data, size};
    enum gh_h1_result did = read_head(data, size, &h);
    FUZZ_CHECK((did == GH_H1_DONE || did == GH_H1_MORE) == (h.error == NULL));
    if (did == GH_H1_MORE)
        FUZZ_CHECK(!gh_h1_head_complete(in, 0));
    if (did != GH_H1_DONE)
        return 0;
    check_head(&h);
    size_t whole = h.head_size;
    FUZZ_CHECK(gh_h1_head_complete((gh_str){in.p, whole}, whole - 1));
    for (size_t n = 0; n < whole; n += 1 + whole / 64)
        FUZZ_CHECK(read_head(data, n, &h) == GH_H1_MORE);
    FUZZ_CHECK(read_head(data, whole - 1, &h) == GH_H1_MORE);
    FUZZ_CHECK(read_head(data, whole, &h) == GH_H1_DONE && h.head_size == whole);
    return 0;
}
