/* PROXY protocol: the first byte picks the version. A whole header is whole only at its last byte, and
 * what follows it changes nothing. */
#include "wire/proxy_protocol.h"

static void holds(bool condition)
{
    if (!condition)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef enum gh_proxy_result reader(gh_str in, gh_proxy_header *ret);

static void check(reader *read, gh_str in, size_t max)
{
    gh_proxy_header h = {.used = 0}, again;
    enum gh_proxy_result result = read(in, &h);
    holds(result != GH_PROXY_BAD || (h.error != NULL && h.used == 0));
    holds(result != GH_PROXY_MORE || in.n < max);
    if (result != GH_PROXY_DONE)
        return;
    holds(h.used > 0 && h.used <= in.n && h.used <= max);
    holds(h.local == (h.source.family == 0) && h.local == (h.destination.family == 0));
    for (size_t n = 0; n < h.used; n++)
        holds(read((gh_str){in.p, n}, &again) == GH_PROXY_MORE);
    holds(read((gh_str){in.p, h.used}, &again) == GH_PROXY_DONE && again.used == h.used);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    gh_str in = {(const char *)data + 1, size - 1};
    if (data[0] == '1')
        check(gh_proxy_v1_read, in, GH_PROXY_V1_MAX);
    else
        check(gh_proxy_v2_read, in, GH_PROXY_V2_MAX);
    return 0;
}
