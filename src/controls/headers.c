/* Security headers on every answer, and never weaker than the upstream's own.
 *
 * The common case, an upstream that sends none of them, is one copy of a block rendered at load. */
#include "controls/controls.h"

static bool applies(const gh_policy *policy)
{
    return policy->headers_enabled;
}

/* Position in a list ordered from strict to lax; the list's length for an unknown value. */
static unsigned rank(const gh_str *order, unsigned n, gh_str value)
{
    for (unsigned i = 0; i < n; i++)
        if (gh_str_eq_nocase(order[i], value))
            return i;
    return n;
}

static bool stricter_by(const gh_str *order, unsigned n, gh_str theirs, gh_str ours)
{
    return rank(order, n, theirs) < rank(order, n, ours);
}

static uint64_t max_age_of(gh_str value)
{
    gh_str part;
    uint64_t age = 0;
    while (gh_str_next(&value, ';', &part)) {
        part = gh_str_trim(part);
        if (part.n > 8 && gh_str_eq_nocase(gh_str_cut(part, 0, 8), GH_STR("max-age=")) &&
            gh_str_u64(gh_str_cut(part, 8, part.n), &age))
            return age;
    }
    return 0;
}

static bool names_directive(gh_str value, gh_str name)
{
    gh_str part;
    while (gh_str_next(&value, ';', &part))
        if (gh_str_eq_nocase(gh_str_trim(part), name))
            return true;
    return false;
}

static bool hsts_at_least(gh_str theirs, gh_str ours)
{
    if (max_age_of(theirs) < max_age_of(ours))
        return false;
    return names_directive(theirs, GH_STR("includeSubDomains")) ||
           !names_directive(ours, GH_STR("includeSubDomains"));
}

/* Does the upstream's value stay, because ours would be weaker or can't be compared with it? */
static bool theirs_stays(uint16_t id, gh_str theirs, gh_str ours)
{
    static const gh_str frame[] = {GH_STR_INIT("DENY"), GH_STR_INIT("SAMEORIGIN")};
    static const gh_str referrer[] = {GH_STR_INIT("no-referrer"),
                                      GH_STR_INIT("same-origin"),
                                      GH_STR_INIT("strict-origin"),
                                      GH_STR_INIT("strict-origin-when-cross-origin"),
                                      GH_STR_INIT("origin"),
                                      GH_STR_INIT("origin-when-cross-origin"),
                                      GH_STR_INIT("no-referrer-when-downgrade"),
                                      GH_STR_INIT("unsafe-url")};
    static const gh_str opener[] = {GH_STR_INIT("same-origin"), GH_STR_INIT("same-origin-allow-popups"),
                                    GH_STR_INIT("unsafe-none")};
    static const gh_str resource[] = {GH_STR_INIT("same-origin"), GH_STR_INIT("same-site"),
                                      GH_STR_INIT("cross-origin")};
    if (ours.p == NULL)
        return true;
    switch (id) {
    case GH_FIELD_X_FRAME_OPTIONS:
        return stricter_by(frame, GH_COUNT(frame), theirs, ours);
    case GH_FIELD_REFERRER_POLICY:
        return stricter_by(referrer, GH_COUNT(referrer), theirs, ours);
    case GH_FIELD_CROSS_ORIGIN_OPENER_POLICY:
        return stricter_by(opener, GH_COUNT(opener), theirs, ours);
    case GH_FIELD_CROSS_ORIGIN_RESOURCE_POLICY:
        return stricter_by(resource, GH_COUNT(resource), theirs, ours);
    case GH_FIELD_STRICT_TRANSPORT_SECURITY:
        return hsts_at_least(theirs, ours);
    case GH_FIELD_CONTENT_SECURITY_POLICY:
    case GH_FIELD_PERMISSIONS_POLICY:
        return true; /* made for the page it came with: not to be judged by comparing texts */
    default:
        return false;
    }
}

static bool says_something(const gh_reply *r, uint16_t id)
{
    for (unsigned i = 0; i < r->n_fields; i++)
        if (r->fields[i].id == id && r->fields[i].value.n > 0)
            return true;
    return false;
}

static void put_one(const gh_txn *txn, gh_reply *r, const gh_security_header *h)
{
    bool sends = h->value.p != NULL && (!h->tls_only || txn->secure);
    if ((r->seen & GH_FIELD_BIT(h->id)) == 0) {
        if (sends)
            gh_buf_put(r->out, h->line);
        return;
    }
    unsigned at = gh_fields_find(r->fields, r->n_fields, h->id, 0);
    bool single = gh_fields_find(r->fields, r->n_fields, h->id, at + 1) >= r->n_fields;
    bool usable = single || h->id == GH_FIELD_CONTENT_SECURITY_POLICY;
    /* A field without a value is no policy: it must not take the place of ours. */
    usable = usable && says_something(r, h->id);
    /* RFC 6797 section 7.2: not over plain http. */
    if (h->tls_only && !txn->secure) {
        r->drop |= GH_FIELD_BIT(h->id);
        return;
    }
    if (usable && theirs_stays(h->id, r->fields[at].value, h->value))
        return;
    if (sends) {
        r->drop |= GH_FIELD_BIT(h->id);
        gh_buf_put(r->out, h->line);
    }
}

static void reply(gh_txn *txn, gh_reply *r)
{
    const gh_headers_policy *h = &txn->route->headers;
    r->drop |= GH_FIELD_BIT(GH_FIELD_SERVER) | GH_FIELD_BIT(GH_FIELD_X_POWERED_BY);
    if (gh_likely((r->seen & h->seen) == 0)) {
        gh_buf_put(r->out, txn->secure ? h->block_tls : h->block);
        return;
    }
    for (unsigned i = 0; i < GH_SECURITY_HEADERS; i++)
        put_one(txn, r, &h->items[i]);
}

const gh_control gh_control_headers = {.name = "headers", .applies = applies, .reply = reply};
