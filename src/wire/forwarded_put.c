/* The writers of wire/forwarded.h. */
#include "wire/forwarded.h"

void gh_forwarded_put_xff(gh_buf *out, const gh_client_address *address, const gh_ip *peer)
{
    for (unsigned i = 0; i < address->n_chain; i++) {
        gh_ip_format(&address->chain[i], out);
        if (i + 1 < address->n_chain || peer->family != 0)
            gh_buf_lit(out, ", ");
    }
    gh_ip_format(peer, out);
}

static void put_for(gh_buf *out, const gh_ip *ip)
{
    if (ip->family == 6) {
        gh_buf_lit(out, "for=\"[");
        gh_ip_format(ip, out);
        gh_buf_lit(out, "]\"");
    } else if (ip->family == 4) {
        gh_buf_lit(out, "for=");
        gh_ip_format(ip, out);
    } else {
        gh_buf_lit(out, "for=unknown");
    }
}

static bool is_quotable(gh_str host)
{
    for (size_t i = 0; i < host.n; i++)
        if (host.p[i] <= ' ' || host.p[i] >= 0x7f || host.p[i] == '"' || host.p[i] == '\\')
            return false;
    return host.n > 0;
}

void gh_forwarded_put_rfc7239(gh_buf *out, const gh_client_address *address, const gh_ip *peer, gh_str proto,
                              gh_str host)
{
    for (unsigned i = 0; i < address->n_chain; i++) {
        put_for(out, &address->chain[i]);
        if (i == 0 && address->secure_known)
            gh_buf_put(out, address->secure ? GH_STR(";proto=https") : GH_STR(";proto=http"));
        gh_buf_lit(out, ", ");
    }
    put_for(out, peer);
    if (proto.n > 0) {
        gh_buf_lit(out, ";proto=");
        gh_buf_put(out, proto);
    }
    if (is_quotable(host)) {
        gh_buf_lit(out, ";host=\"");
        gh_buf_put(out, host);
        gh_buf_char(out, '"');
    }
}
