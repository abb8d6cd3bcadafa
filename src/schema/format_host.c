/* IP addresses (RFC 2673 section 3.2, RFC 4291 section 2.2) and host names (RFC 1123 section 2.1). */
#include <gatehouse/ip.h>

#include "schema/format_parts.h"

enum { NAME_MAX_BYTES = 253, LABEL_MAX_BYTES = 63 };

bool gh_format_ipv4(gh_str text)
{
    gh_ip ip;
    return gh_str_find(text, ':') == text.n && gh_ip_parse(text, &ip);
}

bool gh_format_ipv6(gh_str text)
{
    gh_ip ip;
    return gh_str_find(text, ':') < text.n && gh_ip_parse(text, &ip);
}

/* Letters, digits and "-" within; `wide`: everything beyond ASCII too. */
static bool is_label(gh_str label, bool wide)
{
    if (label.n == 0 || label.n > LABEL_MAX_BYTES || label.p[0] == '-' || label.p[label.n - 1] == '-')
        return false;
    for (size_t i = 0; i < label.n; i++)
        if (!gh_format_is_alnum(label.p[i]) && label.p[i] != '-' && !(wide && (label.p[i] & 0x80) != 0))
            return false;
    return true;
}

static bool is_name(gh_str text, bool wide)
{
    gh_str label;
    if (text.n == 0 || text.n > NAME_MAX_BYTES)
        return false;
    while (gh_str_next(&text, '.', &label))
        if (!is_label(label, wide))
            return false;
    return true;
}

bool gh_format_hostname(gh_str text)
{
    return is_name(text, false);
}

bool gh_format_idn_hostname(gh_str text)
{
    return is_name(text, true);
}
