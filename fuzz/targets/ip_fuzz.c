/* Addresses and blocks: what is parsed formats to text that parses to the same. */
#include "base/ip.h"

static void holds(bool condition)
{
    if (!condition)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_ip(gh_str text)
{
    gh_ip ip, again;
    if (!gh_ip_parse(text, &ip))
        return;
    char memory[GH_IP_TEXT_MAX];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_ip_format(&ip, &out);
    holds(gh_buf_ok(&out) && gh_ip_parse(gh_buf_str(&out), &again) && gh_ip_eq(&ip, &again));
}

static void check_cidr(gh_str text)
{
    gh_cidr net;
    const char *why = NULL;
    if (!gh_cidr_parse(text, &net, &why)) {
        holds(why != NULL);
        return;
    }
    holds(net.prefix <= (net.base.family == 4 ? 32 : 128));
    holds(gh_cidr_contains(&net, &net.base));
    for (unsigned bit = 0; bit < (net.base.family == 4 ? 32u : 128u); bit++) {
        gh_ip other = net.base;
        other.bytes[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
        holds(gh_cidr_contains(&net, &other) == (bit >= net.prefix));
        gh_ip masked = gh_ip_mask(&other, net.prefix);
        holds(gh_ip_eq(&masked, &net.base) == (bit >= net.prefix));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_str text = {(const char *)data, size};
    check_ip(text);
    check_cidr(text);
    return 0;
}
