#include "wire/forwarded.h"

/* The entries of one field, from the right end of its last line to the left end of its first. */
typedef struct entries {
    const gh_field *fields;
    unsigned lines; /* lines [0, lines) are still to come */
    unsigned id;
    gh_str rest; /* of the current line; absent: take the line before */
    bool quotes; /* quoted-strings may hold commas */
} entries;

/* What one element of Forwarded says; absent what it does not say. */
typedef struct element {
    gh_str node, proto, host;
} element;

static const char not_trusted[] = "the peer is not a trusted proxy";
static const char unreadable[] = "an entry of the list is no address";
static const char too_many[] = "the list has more than 64 entries";
static const char odd_proto[] = "the forwarded protocol is neither http nor https";
static const char not_one[] = "X-Real-IP is not one address";

static void ignore(gh_client_address *a, const char *why)
{
    a->ignored = true;
    if (a->why == NULL)
        a->why = why;
}

/* Scans from the right, so that nothing a client wrote on the left can unbalance the quotes of
 * what a proxy wrote on the right. Returns text.n when there is no comma. */
static size_t last_comma_unquoted(gh_str text)
{
    bool quoted = false;
    for (size_t i = text.n; i-- > 0;) {
        if (text.p[i] == ',' && !quoted)
            return i;
        if (text.p[i] != '"')
            continue;
        size_t slashes = 0;
        while (quoted && slashes < i && text.p[i - 1 - slashes] == '\\')
            slashes++;
        if (slashes % 2 == 0)
            quoted = !quoted;
    }
    return text.n;
}

static size_t last_comma(gh_str text, bool quotes)
{
    if (text.n == 0)
        return 0;
    if (quotes && memchr(text.p, '"', text.n) != NULL)
        return last_comma_unquoted(text);
    const char *at = memrchr(text.p, ',', text.n);
    return at == NULL ? text.n : (size_t)(at - text.p);
}

static bool line_before(entries *e)
{
    while (e->lines > 0) {
        const gh_field *f = &e->fields[--e->lines];
        if (f->id == e->id) {
            e->rest = f->value.p == NULL ? GH_STR("") : f->value;
            return true;
        }
    }
    return false;
}

static bool next_entry(entries *e, gh_str *ret)
{
    if (e->rest.p == NULL && !line_before(e))
        return false;
    size_t comma = last_comma(e->rest, e->quotes);
    if (comma == e->rest.n) {
        *ret = gh_str_trim(e->rest);
        e->rest = (gh_str){NULL, 0};
    } else {
        *ret = gh_str_trim(gh_str_cut(e->rest, comma + 1, e->rest.n));
        e->rest.n = comma;
    }
    return true;
}

/* ":5678", or in Forwarded an obfuscated ":_x" (RFC 7239 section 6). */
static bool is_port(gh_str text, bool obfuscated)
{
    uint64_t port;
    if (obfuscated && text.n > 2 && text.p[1] == '_')
        return true;
    return text.n <= 6 && text.n > 1 && text.p[0] == ':' && gh_str_u64(gh_str_cut(text, 1, text.n), &port) &&
           port <= UINT16_MAX;
}

/* "1.2.3.4:5678", "[v6]" or "[v6]:5678" */
static bool read_decorated(gh_str text, bool obfuscated, gh_ip *ret)
{
    gh_str host, port;
    bool brackets = text.n > 0 && text.p[0] == '[';
    if (brackets) {
        size_t end = gh_str_find(text, ']');
        if (end == text.n)
            return false;
        host = gh_str_cut(text, 1, end);
        port = gh_str_cut(text, end + 1, text.n);
    } else {
        size_t colon = gh_str_find(text, ':');
        host = gh_str_cut(text, 0, colon);
        port = gh_str_cut(text, colon, text.n);
    }
    if (port.n > 0 && !is_port(port, obfuscated))
        return false;
    return (gh_str_find(host, ':') < host.n) == brackets && gh_ip_parse(host, ret);
}

static bool read_node(gh_str text, bool obfuscated, gh_ip *ret)
{
    return gh_ip_parse(text, ret) || read_decorated(text, obfuscated, ret);
}

bool gh_forwarded_node(gh_str text, gh_ip *ret)
{
    return read_node(text, false, ret);
}

/* More than a token's characters: "for=1.2.3.4:80" without quotes is against the RFC, but common
 * and clear. */
static bool is_bare(char c)
{
    return c > ' ' && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '=' && c != '\\';
}

static gh_str take_bare(gh_str *rest)
{
    size_t n = 0;
    while (n < rest->n && is_bare(rest->p[n]))
        n++;
    gh_str taken = gh_str_cut(*rest, 0, n);
    *rest = gh_str_cut(*rest, n, rest->n);
    return taken;
}

/* A token, or what stands inside a quoted-string, still with its backslashes. */
static bool take_value(gh_str *rest, gh_str *ret)
{
    if (rest->n == 0 || rest->p[0] != '"') {
        *ret = take_bare(rest);
        return ret->n > 0;
    }
    size_t end = 1;
    while (end < rest->n && rest->p[end] != '"')
        end += rest->p[end] == '\\' ? 2 : 1;
    if (end >= rest->n)
        return false;
    *ret = gh_str_cut(*rest, 1, end);
    *rest = gh_str_cut(*rest, end + 1, rest->n);
    return true;
}

/* name "=" value; a name twice is malformed (RFC 7239 section 4). */
static bool take_pair(gh_str *rest, element *e)
{
    gh_str name = take_bare(rest), value;
    if (name.n == 0 || rest->n == 0 || rest->p[0] != '=')
        return false;
    *rest = gh_str_cut(*rest, 1, rest->n);
    if (!take_value(rest, &value))
        return false;
    gh_str *place = gh_str_eq_nocase(name, GH_STR("for"))     ? &e->node
                    : gh_str_eq_nocase(name, GH_STR("proto")) ? &e->proto
                    : gh_str_eq_nocase(name, GH_STR("host"))  ? &e->host
                                                              : NULL;
    if (place == NULL)
        return true;
    /* No address, protocol or host needs a backslash. */
    if (place->p != NULL || gh_str_find(value, '\\') < value.n)
        return false;
    *place = value;
    return true;
}

static bool read_element(gh_str text, element *ret)
{
    element e = {.node = {NULL, 0}};
    for (;;) {
        text = gh_str_trim(text);
        if (text.n > 0 && text.p[0] != ';') {
            if (!take_pair(&text, &e))
                return false;
            text = gh_str_trim(text);
        }
        if (text.n == 0)
            break;
        if (text.p[0] != ';')
            return false;
        text = gh_str_cut(text, 1, text.n);
    }
    *ret = e;
    return true;
}

static void set_proto(gh_client_address *a, gh_str proto)
{
    bool secure = gh_str_eq_nocase(proto, GH_STR("https")) || gh_str_eq_nocase(proto, GH_STR("wss"));
    bool plain = gh_str_eq_nocase(proto, GH_STR("http")) || gh_str_eq_nocase(proto, GH_STR("ws"));
    a->secure = secure;
    a->secure_known = secure || plain;
    if (proto.p != NULL && !a->secure_known)
        ignore(a, odd_proto);
}

static void set_host(gh_client_address *a, gh_str host)
{
    a->host = host.n > 0 ? host : (gh_str){NULL, 0};
}

/* The element was written by a trusted hop, so its proto and host hold even if it hides the node. */
static bool read_forwarded(gh_str text, gh_ip *ret, gh_client_address *a)
{
    element e;
    if (!read_element(text, &e))
        return false;
    set_proto(a, e.proto);
    set_host(a, e.host);
    return read_node(e.node, true, ret);
}

/* Hops come right to left; those nearest to the client are kept. */
static void keep(gh_client_address *a, const gh_ip *ip)
{
    if (a->n_chain == GH_FORWARDED_CHAIN_MAX) {
        memmove(a->chain, a->chain + 1, (GH_FORWARDED_CHAIN_MAX - 1) * sizeof a->chain[0]);
        a->n_chain--;
    }
    a->chain[a->n_chain++] = *ip;
}

static void walk(const gh_forwarded_rules *rules, entries *e, gh_client_address *a)
{
    gh_str text;
    for (unsigned seen = 0; next_entry(e, &text); seen++) {
        gh_ip ip;
        if (seen == GH_FORWARDED_SCAN_MAX) {
            ignore(a, too_many);
            return;
        }
        if (!(e->quotes ? read_forwarded(text, &ip, a) : gh_forwarded_node(text, &ip))) {
            ignore(a, unreadable);
            return;
        }
        keep(a, &ip);
        if (!gh_cidr_any(rules->trusted, rules->n_trusted, &ip))
            return;
    }
}

static void real_ip(entries *e, gh_client_address *a)
{
    gh_str text, more;
    gh_ip ip;
    if (!next_entry(e, &text))
        return;
    if (next_entry(e, &more) || !gh_forwarded_node(text, &ip))
        ignore(a, not_one);
    else
        keep(a, &ip);
}

/* For each field that may matter: the index of its last line, plus one; 0: there is none. */
typedef struct last_lines {
    unsigned source, proto, host;
} last_lines;

static last_lines find_last(const gh_field *fields, unsigned n_fields, unsigned source)
{
    last_lines last = {0, 0, 0};
    uint64_t wanted = GH_FIELD_BIT(source) | GH_FIELD_BIT(GH_FIELD_X_FORWARDED_PROTO) |
                      GH_FIELD_BIT(GH_FIELD_X_FORWARDED_HOST);
    for (unsigned i = 0; i < n_fields; i++) {
        unsigned id = fields[i].id;
        if (id >= GH_FIELD_COUNT || (wanted >> id & 1) == 0)
            continue;
        if (id == source)
            last.source = i + 1;
        else if (id == GH_FIELD_X_FORWARDED_PROTO)
            last.proto = i + 1;
        else
            last.host = i + 1;
    }
    return last;
}

/* The last value of X-Forwarded-Proto or -Host is the trusted peer's own word; those before it may
 * be the client's. */
static gh_str last_value(const gh_field *fields, unsigned line)
{
    if (line == 0)
        return (gh_str){NULL, 0};
    entries e = {.fields = fields, .lines = line, .id = fields[line - 1].id};
    gh_str text;
    return next_entry(&e, &text) ? text : (gh_str){NULL, 0};
}

/* Turns the chain round, client first, and takes the client from it. */
static void conclude(gh_client_address *a, gh_str source)
{
    if (a->n_chain == 0)
        return;
    for (unsigned i = 0, j = a->n_chain - 1; i < j; i++, j--) {
        gh_ip other = a->chain[i];
        a->chain[i] = a->chain[j];
        a->chain[j] = other;
    }
    a->ip = a->chain[0];
    a->source = source;
}

static void start(gh_client_address *a, const gh_ip *peer)
{
    /* Not by a compound literal: that would clear the chain, most of the struct. */
    a->ip = *peer;
    a->source = GH_STR("peer");
    a->n_chain = 0;
    a->secure = a->secure_known = a->ignored = false;
    a->why = NULL;
    a->host = (gh_str){NULL, 0};
}

void gh_client_address_find(const gh_forwarded_rules *rules, const gh_ip *peer, const gh_field *fields,
                            unsigned n_fields, gh_client_address *ret)
{
    static const struct {
        gh_str name;
        unsigned id;
    } sources[] = {
        [GH_ADDRESS_PEER] = {GH_STR_INIT("peer"), GH_FIELD_UNKNOWN},
        [GH_ADDRESS_X_FORWARDED_FOR] = {GH_STR_INIT("x-forwarded-for"), GH_FIELD_X_FORWARDED_FOR},
        [GH_ADDRESS_X_REAL_IP] = {GH_STR_INIT("x-real-ip"), GH_FIELD_X_REAL_IP},
        [GH_ADDRESS_FORWARDED] = {GH_STR_INIT("forwarded"), GH_FIELD_FORWARDED},
    };
    start(ret, peer);
    if (rules->source == GH_ADDRESS_PEER)
        return;
    unsigned id = sources[rules->source].id;
    bool elements = rules->source == GH_ADDRESS_FORWARDED;
    last_lines last = find_last(fields, n_fields, id);
    entries e = {.fields = fields, .lines = last.source, .id = id, .quotes = elements};
    if (!gh_cidr_any(rules->trusted, rules->n_trusted, peer)) {
        if (last.source > 0)
            ignore(ret, not_trusted);
        return;
    }
    if (rules->source == GH_ADDRESS_X_REAL_IP)
        real_ip(&e, ret);
    else
        walk(rules, &e, ret);
    if (!elements) {
        set_proto(ret, last_value(fields, last.proto));
        set_host(ret, last_value(fields, last.host));
    }
    conclude(ret, sources[rules->source].name);
}
