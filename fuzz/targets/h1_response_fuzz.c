/* Response heads; the first byte's lowest bit says whether a HEAD request is answered. */
#include "fuzz.h"

#include "wire/h1_head.h"

enum { FIELDS = 32 };
static const gh_h1_limits limits = {4096, 1024, FIELDS};

static enum gh_h1_result read_head(gh_str in, bool to_head, gh_h1_head *ret)
{
    static gh_field fields[FIELDS];
    return gh_h1_read_response(in, &limits, fields, to_head, ret);
}

static void check_head(const gh_h1_head *h, bool to_head)
{
    bool bodiless = to_head || h->status < 200 || h->status == 204 || h->status == 304;
    FUZZ_CHECK(h->status >= 100 && h->status <= 599);
    FUZZ_CHECK(bodiless == (h->framing == GH_FRAMING_NONE));
    FUZZ_CHECK(!(h->framing == GH_FRAMING_CLOSE && h->keep_alive));
    for (size_t i = 0; i < h->phrase.n; i++)
        FUZZ_CHECK((unsigned char)h->phrase.p[i] >= ' ' || h->phrase.p[i] == '\t');
    for (unsigned i = 0; i < h->n_fields; i++) {
        FUZZ_CHECK(gh_is_token(h->fields[i].name));
        FUZZ_CHECK(memchr(h->fields[i].value.p, '\r', h->fields[i].value.n) == NULL);
        FUZZ_CHECK(memchr(h->fields[i].value.p, '\n', h->fields[i].value.n) == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    gh_h1_head h;
    bool to_head = (data[0] & 1) != 0;
    gh_str in = {(const char *)data + 1, size - 1};
    enum gh_h1_result did = read_head(in, to_head, &h);
    FUZZ_CHECK((did == GH_H1_DONE || did == GH_H1_MORE) == (h.error == NULL));
    if (did == GH_H1_MORE)
        FUZZ_CHECK(!gh_h1_head_complete(in, 0));
    if (did != GH_H1_DONE)
        return 0;
    check_head(&h, to_head);
    size_t whole = h.head_size;
    FUZZ_CHECK(read_head((gh_str){in.p, whole - 1}, to_head, &h) == GH_H1_MORE);
    FUZZ_CHECK(read_head((gh_str){in.p, whole / 2}, to_head, &h) == GH_H1_MORE);
    FUZZ_CHECK(read_head((gh_str){in.p, whole}, to_head, &h) == GH_H1_DONE);
    return 0;
}
