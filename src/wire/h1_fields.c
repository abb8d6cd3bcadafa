#include "wire/h1_fields.h"

#include "wire/authority.h"
#include "wire/chars.h"

/* Every field is compared with every option when a head is forwarded: thousands would cost milliseconds. */
enum { CONNECTION_OPTIONS_MAX = 64 };

static bool has(const gh_h1_head *h, enum gh_field_id id)
{
    return (h->seen & GH_FIELD_BIT(id)) != 0;
}

static const char *note_host(gh_h1_reader *r, gh_str value)
{
    gh_str host;
    uint16_t port;
    if (!r->request)
        return NULL;
    if (has(&r->head, GH_FIELD_HOST))
        return "several Host fields";
    if (!gh_authority_split(value, &host, &port))
        return "invalid Host";
    r->head.host = value;
    return NULL;
}

/* White space may be a HTAB, but not all readers of lengths think so: beside a framing field's value it is
 * refused. The value lies in its line, between a ":" and a CR. */
static bool tab_beside(gh_str value)
{
    const char *before = value.p - 1, *behind = value.p + value.n;
    while (*before == ' ')
        before--;
    while (*behind == ' ')
        behind++;
    return *before == '\t' || *behind == '\t';
}

static const char *note_content_length(gh_h1_reader *r, gh_str value)
{
    uint64_t n;
    if (has(&r->head, GH_FIELD_CONTENT_LENGTH))
        return "several Content-Length fields";
    if (!gh_str_u64(value, &n) || (value.n > 1 && value.p[0] == '0'))
        return "invalid Content-Length";
    /* Above this, a peer that counts in signed numbers would see another length. */
    if (n > INT64_MAX)
        return "Content-Length too large";
    r->head.content_length = n;
    return has(&r->head, GH_FIELD_TRANSFER_ENCODING) ? "Content-Length with Transfer-Encoding" : NULL;
}

static const char *note_transfer_encoding(gh_h1_reader *r, gh_str value)
{
    if (has(&r->head, GH_FIELD_TRANSFER_ENCODING))
        return "several Transfer-Encoding fields";
    if (r->head.minor == 0)
        return "Transfer-Encoding in HTTP/1.0";
    if (!gh_str_eq_nocase(value, GH_STR("chunked")))
        return "Transfer-Encoding is not chunked";
    return has(&r->head, GH_FIELD_CONTENT_LENGTH) ? "Content-Length with Transfer-Encoding" : NULL;
}

static const char *note_connection(gh_h1_reader *r, gh_str list)
{
    gh_str part;
    while (gh_str_next(&list, ',', &part)) {
        part = gh_str_trim(part);
        if (++r->n_options > CONNECTION_OPTIONS_MAX)
            return "too many Connection options";
        if (part.n == 0)
            continue;
        if (!gh_is_token(part))
            return "invalid Connection";
        if (gh_str_eq_nocase(part, GH_STR("keep-alive")))
            r->options |= GH_H1_KEEP_ALIVE;
        else if (gh_str_eq_nocase(part, GH_STR("close")))
            r->options |= GH_H1_CLOSE;
        else if (gh_str_eq_nocase(part, GH_STR("upgrade")))
            r->options |= GH_H1_UPGRADE;
    }
    return NULL;
}

static const char *note_expect(gh_h1_reader *r, gh_str value)
{
    if (!r->request)
        return NULL;
    if (has(&r->head, GH_FIELD_EXPECT))
        return "several Expect fields";
    if (!gh_str_eq_nocase(value, GH_STR("100-continue")))
        return "unknown expectation";
    /* RFC 9110 section 10.1.1: to be ignored in HTTP/1.0. */
    r->head.expect_continue = r->head.minor == 1;
    return NULL;
}

/* Fields whose forged twin would let a request lie to a CGI-like upstream. */
static bool worth_imitating(enum gh_field_id id)
{
    const uint64_t names = GH_FIELD_BIT(GH_FIELD_HOST) | GH_FIELD_BIT(GH_FIELD_CONNECTION) |
                           GH_FIELD_BIT(GH_FIELD_CONTENT_LENGTH) | GH_FIELD_BIT(GH_FIELD_CONTENT_TYPE) |
                           GH_FIELD_BIT(GH_FIELD_TRANSFER_ENCODING) | GH_FIELD_BIT(GH_FIELD_FORWARDED) |
                           GH_FIELD_BIT(GH_FIELD_X_FORWARDED_FOR) | GH_FIELD_BIT(GH_FIELD_X_FORWARDED_PROTO) |
                           GH_FIELD_BIT(GH_FIELD_X_FORWARDED_HOST) | GH_FIELD_BIT(GH_FIELD_X_FORWARDED_PORT) |
                           GH_FIELD_BIT(GH_FIELD_X_FORWARDED_PREFIX) |
                           GH_FIELD_BIT(GH_FIELD_X_FORWARDED_OTHER) | GH_FIELD_BIT(GH_FIELD_X_ORIGINAL) |
                           GH_FIELD_BIT(GH_FIELD_X_REWRITE_URL) |
                           GH_FIELD_BIT(GH_FIELD_X_HTTP_METHOD_OVERRIDE) | GH_FIELD_BIT(GH_FIELD_X_REAL_IP) |
                           GH_FIELD_BIT(GH_FIELD_X_GATEHOUSE);
    return (names & GH_FIELD_BIT(id)) != 0;
}

/* CGI and WSGI turn both "-" and "_" into "_", so "Content_Length" would be read as Content-Length there. */
static const char *note_unknown(const gh_h1_reader *r, gh_str name)
{
    char twin[GH_FIELD_NAME_MAX];
    if (!r->request || gh_str_find(name, '_') == name.n)
        return NULL;
    size_t n = name.n < sizeof twin ? name.n : sizeof twin;
    for (size_t i = 0; i < n; i++)
        twin[i] = name.p[i] == '_' ? '-' : gh_lower(name.p[i]);
    return worth_imitating(gh_field_of_lower(twin, name.n)) ? "field name imitates another with '_'" : NULL;
}

const char *gh_h1_note_odd_field(gh_h1_reader *r, const gh_field *f)
{
    if (f->id == GH_FIELD_UNKNOWN)
        return note_unknown(r, f->name);
    if (f->id == GH_FIELD_HOST)
        return note_host(r, f->value);
    if (f->id == GH_FIELD_CONNECTION)
        return note_connection(r, f->value);
    if (f->id == GH_FIELD_EXPECT)
        return note_expect(r, f->value);
    if (tab_beside(f->value))
        return "HTAB beside a framing field's value";
    if (f->id == GH_FIELD_CONTENT_LENGTH)
        return note_content_length(r, f->value);
    return note_transfer_encoding(r, f->value);
}

static void judge_connection(gh_h1_reader *r)
{
    gh_h1_head *h = &r->head;
    bool close = (r->options & GH_H1_CLOSE) != 0;
    h->keep_alive = !close && (h->minor == 1 || (r->options & GH_H1_KEEP_ALIVE) != 0);
    /* RFC 9110 section 7.8: an Upgrade in HTTP/1.0 is ignored. */
    h->upgrade = h->minor == 1 && (r->options & GH_H1_UPGRADE) != 0 && has(h, GH_FIELD_UPGRADE);
}

static enum gh_framing announced(const gh_h1_head *h, enum gh_framing otherwise)
{
    if (has(h, GH_FIELD_TRANSFER_ENCODING))
        return GH_FRAMING_CHUNKED;
    return has(h, GH_FIELD_CONTENT_LENGTH) ? GH_FRAMING_LENGTH : otherwise;
}

const char *gh_h1_judge_request(gh_h1_reader *r)
{
    gh_h1_head *h = &r->head;
    if (h->minor == 1 && !has(h, GH_FIELD_HOST))
        return "no Host field";
    judge_connection(r);
    h->framing = announced(h, GH_FRAMING_NONE);
    return NULL;
}

/* RFC 9112 section 6.3. */
const char *gh_h1_judge_response(gh_h1_reader *r, bool to_head)
{
    gh_h1_head *h = &r->head;
    bool never_body = h->status < 200 || h->status == 204;
    if (never_body && (has(h, GH_FIELD_TRANSFER_ENCODING) || h->content_length > 0))
        return "body announced for a status without one";
    judge_connection(r);
    if (never_body || h->status == 304 || to_head)
        h->framing = GH_FRAMING_NONE;
    else
        h->framing = announced(h, GH_FRAMING_CLOSE);
    if (h->framing == GH_FRAMING_CLOSE)
        h->keep_alive = false;
    return NULL;
}

bool gh_list_names(gh_str list, gh_str token)
{
    gh_str part;
    while (gh_str_next(&list, ',', &part))
        if (gh_str_eq_nocase(gh_str_trim(part), token))
            return true;
    return false;
}
