#include <gatehouse/ip.h>

#include "base/ip.h"

gh_str gh_ip_text(const gh_ip *ip, char memory[GH_IP_TEXT_MAX])
{
    gh_buf out = gh_buf_over(memory, GH_IP_TEXT_MAX - 1);
    if (ip->family == 4 || ip->family == 6)
        gh_ip_format(ip, &out);
    else
        gh_buf_char(&out, '-');
    memory[out.n] = '\0';
    return gh_buf_str(&out);
}
