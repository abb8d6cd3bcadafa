#include "config/compile.h"
#include "wire/field.h"

#include <stddef.h>

typedef struct header_row {
    uint16_t id;
    size_t offset; /* of the value in gh_headers_config */
    gh_str name;
    gh_str api, html; /* the profiles' values; absent: none */
    bool tls_only;
} header_row;

#define ROW(id, member, name, api, html, tls)                                                 \
    {                                                                                         \
        GH_FIELD_##id, offsetof(gh_headers_config, member), GH_STR_INIT(name), api, html, tls \
    }
#define NONE    \
    {           \
        NULL, 0 \
    }

/* clang-format off */
static const header_row rows[GH_SECURITY_HEADERS] = {
    ROW(X_CONTENT_TYPE_OPTIONS, content_type_options, "X-Content-Type-Options",
        GH_STR_INIT("nosniff"), GH_STR_INIT("nosniff"), false),
    ROW(X_FRAME_OPTIONS, frame_options, "X-Frame-Options",
        GH_STR_INIT("DENY"), GH_STR_INIT("DENY"), false),
    ROW(CONTENT_SECURITY_POLICY, content_security_policy, "Content-Security-Policy",
        GH_STR_INIT("default-src 'none'; frame-ancestors 'none'"),
        GH_STR_INIT("default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"), false),
    ROW(REFERRER_POLICY, referrer_policy, "Referrer-Policy",
        GH_STR_INIT("no-referrer"), GH_STR_INIT("strict-origin-when-cross-origin"), false),
    ROW(PERMISSIONS_POLICY, permissions_policy, "Permissions-Policy",
        GH_STR_INIT("camera=(), geolocation=(), microphone=()"),
        GH_STR_INIT("camera=(), geolocation=(), microphone=()"), false),
    ROW(STRICT_TRANSPORT_SECURITY, strict_transport_security, "Strict-Transport-Security",
        GH_STR_INIT("max-age=63072000; includeSubDomains"), GH_STR_INIT("max-age=63072000; includeSubDomains"), true),
    ROW(CROSS_ORIGIN_OPENER_POLICY, cross_origin_opener_policy, "Cross-Origin-Opener-Policy",
        NONE, GH_STR_INIT("same-origin"), false),
    ROW(CROSS_ORIGIN_RESOURCE_POLICY, cross_origin_resource_policy, "Cross-Origin-Resource-Policy",
        GH_STR_INIT("same-origin"), GH_STR_INIT("same-origin"), false),
    ROW(X_XSS_PROTECTION, xss_protection, "X-XSS-Protection",
        GH_STR_INIT("0"), GH_STR_INIT("0"), false),
};
/* clang-format on */

static gh_str set_value(const gh_headers_config *c, const header_row *row)
{
    gh_str value;
    if (c == NULL)
        return (gh_str){NULL, 0};
    memcpy(&value, (const char *)c + row->offset, sizeof value);
    return value;
}

/* What somebody set comes first, the route's before the one for all; a profile only fills in the rest. */
static gh_str value_of(const header_row *row, const gh_headers_config *base, const gh_headers_config *own)
{
    int profile = own != NULL && own->profile >= 0 ? own->profile : base->profile;
    gh_str value = set_value(own, row);
    if (value.p == NULL)
        value = set_value(base, row);
    if (value.p == NULL)
        value = profile == GH_HEADERS_HTML ? row->html : row->api;
    return gh_str_eq(value, GH_STR("off")) ? (gh_str){NULL, 0} : value;
}

bool gh_compile_headers(gh_policy *p, const gh_headers_config *base, const gh_headers_config *own,
                        gh_headers_policy *ret)
{
    char plain[8192], tls[8192], one[4096];
    gh_buf block = gh_buf_over(plain, sizeof plain), block_tls = gh_buf_over(tls, sizeof tls);
    ret->seen = 0;
    for (unsigned i = 0; i < GH_SECURITY_HEADERS; i++) {
        gh_security_header *h = &ret->items[i];
        gh_buf line = gh_buf_over(one, sizeof one);
        h->id = rows[i].id;
        h->tls_only = rows[i].tls_only;
        h->value = value_of(&rows[i], base, own);
        ret->seen |= GH_FIELD_BIT(h->id);
        if (h->value.p == NULL)
            continue;
        gh_buf_put(&line, rows[i].name);
        gh_buf_lit(&line, ": ");
        gh_buf_put(&line, h->value);
        gh_buf_lit(&line, "\r\n");
        if (!gh_compile_keep(p, &line, &h->line))
            return false;
        gh_buf_put(&block_tls, h->line);
        if (!h->tls_only)
            gh_buf_put(&block, h->line);
    }
    return gh_compile_keep(p, &block, &ret->block) && gh_compile_keep(p, &block_tls, &ret->block_tls);
}
