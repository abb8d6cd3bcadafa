/* The same bytes to this parser and to strict llhttp (Node.js): what Gatehouse takes, llhttp must take too, and
 * must see the same message in it: method, target, status, version, fields, length, body, end, persistence.
 * A difference is how request smuggling begins. Input that starts with "HTTP/" is a response.
 *
 * llhttp may accept what Gatehouse refuses. The legitimate differences the other way, each left out below:
 *  - methods: llhttp knows a fixed list, HTTP lets a method be any token;
 *  - targets: llhttp parses the target along with the head, Gatehouse afterwards, so heads whose target
 *    gh_target_parse refuses count as refused;
 *  - Proxy-Connection: llhttp reads it as Connection, Gatehouse drops it (RFC 9112 appendix C.2.2);
 *  - a HTAB in Connection: llhttp then misses the option beside it;
 *  - HTTP/1.0 with both "close" and "keep-alive", or with Upgrade: llhttp keeps alive and upgrades,
 *    Gatehouse does neither, which is the safe side;
 *  - 304 with a length: llhttp leaves it to its user to say that there is no body, so it is told so;
 *  - trailers: Gatehouse drops them unread, so a Content-Length or Transfer-Encoding there is no failure;
 *  - chunk extensions: llhttp 8.1 knows neither a further extension behind a token value ("a=b;c") nor a
 *    backslash in a quoted value, both of which RFC 9112 section 7.1.1 has. */
#include "fuzz.h"

#include <llhttp.h>

#include "wire/h1_body.h"
#include "wire/h1_head.h"
#include "wire/target.h"

enum { FIELDS = 64, ROOM = 65536 };

typedef struct theirs {
    gh_str target, names[FIELDS], values[FIELDS];
    unsigned n_names, n_values;
    bool no_body, tab_near_options, head_done, in_trailer, done, keep_alive, needs_eof;
    char body[ROOM];
    size_t body_n;
} theirs;

static int grow(gh_str *s, const char *at, size_t n)
{
    if (s->p == NULL)
        s->p = at;
    FUZZ_CHECK(s->p + s->n == at);
    s->n += n;
    return 0;
}

static int on_url(llhttp_t *p, const char *at, size_t n)
{
    theirs *t = p->data;
    return grow(&t->target, at, n);
}

static int on_name(llhttp_t *p, const char *at, size_t n)
{
    theirs *t = p->data;
    return t->head_done || t->n_names == FIELDS ? 0 : grow(&t->names[t->n_names], at, n);
}

static int on_value(llhttp_t *p, const char *at, size_t n)
{
    theirs *t = p->data;
    return t->head_done || t->n_values == FIELDS ? 0 : grow(&t->values[t->n_values], at, n);
}

static int on_name_end(llhttp_t *p)
{
    theirs *t = p->data;
    t->n_names += !t->head_done;
    return 0;
}

static int on_value_end(llhttp_t *p)
{
    theirs *t = p->data;
    t->n_values += !t->head_done;
    return 0;
}

static int on_head(llhttp_t *p)
{
    theirs *t = p->data;
    t->head_done = true;
    t->keep_alive = llhttp_should_keep_alive(p) != 0;
    t->needs_eof = llhttp_message_needs_eof(p) != 0;
    return t->no_body ? 1 : 0;
}

static int on_chunk_header(llhttp_t *p)
{
    theirs *t = p->data;
    t->in_trailer = p->content_length == 0;
    return 0;
}

static int on_body(llhttp_t *p, const char *at, size_t n)
{
    theirs *t = p->data;
    FUZZ_CHECK(n <= ROOM - t->body_n);
    memcpy(t->body + t->body_n, at, n);
    t->body_n += n;
    return 0;
}

static int on_done(llhttp_t *p)
{
    theirs *t = p->data;
    t->done = true;
    return HPE_PAUSED;
}

/* The body by our own reading: its bytes, and how much input it takes. */
typedef struct body {
    enum gh_chunk_result state; /* END, MORE or BAD */
    size_t n, used;
    char bytes[ROOM];
} body;

static void read_chunks(gh_str in, body *b)
{
    gh_chunked c;
    gh_str data, rest = in;
    gh_chunked_init(&c);
    while ((b->state = gh_chunked_next(&c, &rest, &data)) == GH_CHUNK_DATA) {
        memcpy(b->bytes + b->n, data.p, data.n);
        b->n += data.n;
    }
    b->used = in.n - rest.n;
}

static void read_body(const gh_h1_head *h, gh_str in, body *b)
{
    b->n = 0;
    b->used = 0;
    b->state = GH_CHUNK_END;
    if (h->framing == GH_FRAMING_CHUNKED) {
        read_chunks(in, b);
        return;
    }
    if (h->framing == GH_FRAMING_NONE)
        return;
    uint64_t length = h->framing == GH_FRAMING_CLOSE ? UINT64_MAX : h->content_length;
    b->n = in.n < length ? in.n : (size_t)length;
    b->state = in.n < length ? GH_CHUNK_MORE : GH_CHUNK_END;
    b->used = b->n;
    if (b->n > 0)
        memcpy(b->bytes, in.p, b->n);
}

static void compare_fields(const gh_h1_head *h, const theirs *t)
{
    FUZZ_CHECK(t->n_names == h->n_fields && t->n_values == h->n_fields);
    for (unsigned i = 0; i < h->n_fields; i++) {
        FUZZ_CHECK(gh_str_eq(t->names[i], h->fields[i].name));
        /* llhttp leaves trailing white space to its user. */
        FUZZ_CHECK(gh_str_eq(gh_str_trim(t->values[i]), h->fields[i].value));
    }
}

static bool has(const gh_h1_head *h, enum gh_field_id id)
{
    return (h->seen & GH_FIELD_BIT(id)) != 0;
}

static void compare_head(const gh_h1_head *h, const llhttp_t *p, const theirs *t, bool response)
{
    if (!t->head_done)
        fprintf(stderr, "llhttp: %s\n", llhttp_get_error_reason(p));
    FUZZ_CHECK(t->head_done);
    FUZZ_CHECK(p->http_major == 1 && p->http_minor == h->minor);
    if (response)
        FUZZ_CHECK(p->status_code == h->status);
    else {
        FUZZ_CHECK(gh_str_eq(gh_str_of(llhttp_method_name((llhttp_method_t)p->method)), h->method));
        FUZZ_CHECK(gh_str_eq(t->target, h->target));
    }
    compare_fields(h, t);
    FUZZ_CHECK(t->needs_eof == (h->framing == GH_FRAMING_CLOSE) || t->no_body);
    if (has(h, GH_FIELD_PROXY_CONNECTION) || t->tab_near_options)
        return;
    if (h->keep_alive && !t->no_body)
        FUZZ_CHECK(t->keep_alive);
    if (!h->keep_alive && h->minor == 1)
        FUZZ_CHECK(!t->keep_alive);
}

static void compare_body(const body *ours, const theirs *t, size_t their_end, size_t head_size)
{
    FUZZ_CHECK(ours->n == t->body_n && memcmp(ours->bytes, t->body, ours->n) == 0);
    FUZZ_CHECK(t->done == (ours->state == GH_CHUNK_END));
    if (t->done)
        FUZZ_CHECK(their_end == head_size + ours->used);
}

/* RTSP's and PRI are methods to llhttp only in their own protocols; CONNECT changes what a target is. */
static bool is_common_method(gh_str m)
{
#define XX(number, name, text)       \
    if (gh_str_eq(m, GH_STR(#text))) \
        return HTTP_##name != HTTP_CONNECT;
    HTTP_METHOD_MAP(XX)
#undef XX
    return false;
}

static bool in_scope(const gh_h1_head *h, bool response)
{
    bool own_sense = h->minor == 0 && has(h, GH_FIELD_UPGRADE);
    if (response)
        return !own_sense && h->status != 101;
    gh_arena arena;
    gh_target target;
    const char *why;
    gh_arena_init(&arena, NULL, 0, ROOM);
    bool taken = gh_target_parse(h->target, &arena, &target, &why);
    gh_arena_reset(&arena);
    if (has(h, GH_FIELD_PROXY_CONNECTION) && has(h, GH_FIELD_UPGRADE))
        own_sense = true;
    return taken && !own_sense && is_common_method(h->method);
}

/* May llhttp refuse a body that Gatehouse takes? */
static bool known_refusal(llhttp_errno_t e, const theirs *t, gh_str rest)
{
    if (t->in_trailer)
        return e == HPE_INVALID_TRANSFER_ENCODING || e == HPE_INVALID_CONTENT_LENGTH ||
               e == HPE_UNEXPECTED_CONTENT_LENGTH;
    size_t value = gh_str_find(rest, '=');
    gh_str behind = gh_str_cut(rest, value, rest.n);
    if (e == HPE_INVALID_CHUNK_SIZE)
        return gh_str_find(behind, ';') < behind.n;
    return e == HPE_STRICT && gh_str_find(behind, '\\') < behind.n;
}

static llhttp_errno_t run_theirs(llhttp_t *p, gh_str in, bool response, theirs *t)
{
    static llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    settings.on_url = on_url;
    settings.on_header_field = on_name;
    settings.on_header_value = on_value;
    settings.on_header_field_complete = on_name_end;
    settings.on_header_value_complete = on_value_end;
    settings.on_headers_complete = on_head;
    settings.on_chunk_header = on_chunk_header;
    settings.on_body = on_body;
    settings.on_message_complete = on_done;
    llhttp_init(p, response ? HTTP_RESPONSE : HTTP_REQUEST, &settings);
    p->data = t;
    return llhttp_execute(p, in.p, in.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const gh_h1_limits limits = {16384, 8192, FIELDS};
    static gh_field fields[FIELDS];
    static theirs t;
    static body ours;
    gh_h1_head h;
    gh_str in = {(const char *)data, size};
    bool response = gh_str_starts(in, GH_STR("HTTP/"));
    if (size > ROOM)
        return 0;
    enum gh_h1_result did = response ? gh_h1_read_response(in, &limits, fields, false, &h)
                                     : gh_h1_read_request(in, &limits, fields, &h);
    if (did != GH_H1_DONE || !in_scope(&h, response))
        return 0;
    gh_str rest = gh_str_cut(in, h.head_size, in.n);
    read_body(&h, rest, &ours);
    memset(&t, 0, offsetof(theirs, body));
    t.body_n = 0;
    llhttp_t p;
    t.tab_near_options = has(&h, GH_FIELD_CONNECTION) && memchr(in.p, '\t', h.head_size) != NULL;
    t.no_body = response && h.framing == GH_FRAMING_NONE;
    llhttp_errno_t e = run_theirs(&p, in, response, &t);
    bool ok = e == HPE_OK || e == HPE_PAUSED || e == HPE_PAUSED_UPGRADE;
    compare_head(&h, &p, &t, response);
    if (ours.state == GH_CHUNK_BAD)
        return 0;
    if (!ok && h.framing == GH_FRAMING_CHUNKED && known_refusal(e, &t, rest))
        return 0;
    if (!ok)
        fprintf(stderr, "llhttp: %s\n", llhttp_get_error_reason(&p));
    FUZZ_CHECK(ok);
    compare_body(&ours, &t, e == HPE_OK ? size : (size_t)(llhttp_get_error_pos(&p) - in.p), h.head_size);
    return 0;
}
