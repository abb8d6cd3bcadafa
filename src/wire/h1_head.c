#include "wire/h1_head.h"

#include "wire/chars.h"
#include "wire/h1_fields.h"

const char gh_h1_target_too_long[] = "target too long";

static enum gh_h1_result bad(gh_h1_head *h, const char *why)
{
    h->error = why;
    return GH_H1_BAD;
}

static void reader_init(gh_h1_reader *r, gh_str in, const gh_h1_limits *limits, gh_field *fields)
{
    *r = (gh_h1_reader){.at = in.p, .limits = limits};
    /* What is beyond the limit is not looked at: a head that is not over by then is too large. */
    r->end = in.n == 0 ? in.p : in.p + (in.n < limits->head ? in.n : limits->head);
    r->head.fields = fields;
}

static inline enum gh_h1_result read_line_end(gh_h1_reader *r, const char *why)
{
    if (r->at == r->end)
        return GH_H1_MORE;
    if (*r->at != '\r')
        return bad(&r->head, why);
    if (r->end - r->at < 2)
        return GH_H1_MORE;
    if (r->at[1] != '\n')
        return bad(&r->head, "carriage return without line feed");
    r->at += 2;
    return GH_H1_DONE;
}

/* Not a whole "HTTP/1.0" or "HTTP/1.1": cut short, another version, or no version at all. */
static enum gh_h1_result read_odd_version(gh_h1_reader *r)
{
    static const char form[] = "HTTP/0.0";
    for (size_t i = 0; i < sizeof form - 1; i++) {
        if (r->at + i == r->end)
            return GH_H1_MORE;
        char c = r->at[i];
        if (form[i] == '0' ? !gh_is_digit(c) : c != form[i])
            return bad(&r->head, "malformed HTTP version");
    }
    r->head.error = "HTTP version not supported";
    return GH_H1_VERSION;
}

static inline enum gh_h1_result read_version(gh_h1_reader *r)
{
    if (r->end - r->at < 8 || memcmp(r->at, "HTTP/1.", 7) != 0 || (r->at[7] != '0' && r->at[7] != '1'))
        return read_odd_version(r);
    r->head.minor = (uint8_t)(r->at[7] - '0');
    r->at += 8;
    return GH_H1_DONE;
}

static enum gh_h1_result read_method(gh_h1_reader *r)
{
    const char *start = r->at;
    r->at = gh_skip_token(start, r->end);
    if (r->at == r->end)
        return GH_H1_MORE;
    if (*r->at != ' ' || r->at == start)
        return bad(&r->head, "malformed method");
    r->head.method = (gh_str){start, (size_t)(r->at - start)};
    r->at++;
    return GH_H1_DONE;
}

static enum gh_h1_result read_target(gh_h1_reader *r)
{
    const char *start = r->at;
    r->at = gh_skip_visible(start, r->end);
    size_t n = (size_t)(r->at - start);
    if (n > r->limits->target) {
        r->head.error = gh_h1_target_too_long;
        return GH_H1_TOO_LARGE;
    }
    if (r->at == r->end)
        return GH_H1_MORE;
    if (*r->at != ' ' || n == 0)
        return bad(&r->head, "malformed request line");
    r->head.target = (gh_str){start, n};
    r->at++;
    return GH_H1_DONE;
}

static enum gh_h1_result read_request_line(gh_h1_reader *r)
{
    enum gh_h1_result did;
    if (r->at < r->end && *r->at == '\r') {
        did = read_line_end(r, "");
        if (did != GH_H1_DONE)
            return did;
    }
    did = read_method(r);
    if (did == GH_H1_DONE)
        did = read_target(r);
    if (did == GH_H1_DONE)
        did = read_version(r);
    return did == GH_H1_DONE ? read_line_end(r, "malformed request line") : did;
}

static enum gh_h1_result read_status(gh_h1_reader *r)
{
    unsigned status = 0;
    if (r->at == r->end)
        return GH_H1_MORE;
    if (*r->at++ != ' ')
        return bad(&r->head, "malformed status line");
    for (int i = 0; i < 3; i++, r->at++) {
        if (r->at == r->end)
            return GH_H1_MORE;
        if (!gh_is_digit(*r->at))
            return bad(&r->head, "malformed status");
        status = status * 10 + (unsigned)(*r->at - '0');
        if (i == 0 && (status < 1 || status > 5))
            return bad(&r->head, "status out of range");
    }
    r->head.status = status;
    return GH_H1_DONE;
}

static enum gh_h1_result read_status_line(gh_h1_reader *r)
{
    enum gh_h1_result did = read_version(r);
    if (did == GH_H1_DONE)
        did = read_status(r);
    if (did != GH_H1_DONE)
        return did;
    r->head.phrase = (gh_str){r->at, 0};
    if (r->at == r->end || *r->at != ' ')
        return read_line_end(r, "malformed status line");
    const char *start = ++r->at;
    r->at = gh_skip_value(start, r->end);
    r->head.phrase = (gh_str){start, (size_t)(r->at - start)};
    return read_line_end(r, "control character in reason phrase");
}

static inline enum gh_h1_result read_name(gh_h1_reader *r, gh_field *ret)
{
    char low[GH_FIELD_NAME_MAX];
    const char *start = r->at;
    const char *fold_end = r->end - start > GH_FIELD_NAME_MAX ? start + GH_FIELD_NAME_MAX : r->end;
    const char *at = gh_fold_token(start, fold_end, low);
    if (at == fold_end)
        at = gh_skip_token(at, r->end);
    r->at = at;
    if (at == r->end)
        return GH_H1_MORE;
    if (gh_unlikely(*at != ':' || at == start)) {
        bool space = *at == ' ' || *at == '\t';
        if (at == start)
            return bad(&r->head, space ? "folded field line" : "malformed field name");
        return bad(&r->head, space ? "white space after field name" : "malformed field name");
    }
    size_t n = (size_t)(at - start);
    ret->name = (gh_str){start, n};
    ret->id = (uint16_t)gh_field_of_lower(low, n);
    r->at = at + 1;
    return GH_H1_DONE;
}

static inline enum gh_h1_result read_value(gh_h1_reader *r, gh_field *ret)
{
    const char *start = r->at;
    while (start < r->end && (*start == ' ' || *start == '\t'))
        start++;
    const char *stop = gh_skip_value(start, r->end);
    r->at = stop;
    enum gh_h1_result did = read_line_end(r, "control character in field value");
    if (did != GH_H1_DONE)
        return did;
    while (stop > start && (stop[-1] == ' ' || stop[-1] == '\t'))
        stop--;
    ret->value = (gh_str){start, (size_t)(stop - start)};
    return GH_H1_DONE;
}

static enum gh_h1_result read_fields(gh_h1_reader *r)
{
    gh_h1_head *h = &r->head;
    while (r->at < r->end && *r->at != '\r') {
        if (h->n_fields == r->limits->fields) {
            h->error = "too many fields";
            return GH_H1_TOO_LARGE;
        }
        gh_field *f = &h->fields[h->n_fields];
        enum gh_h1_result did = read_name(r, f);
        if (did == GH_H1_DONE)
            did = read_value(r, f);
        if (did != GH_H1_DONE)
            return did;
        h->error = gh_h1_note_field(r, f);
        if (gh_unlikely(h->error != NULL))
            return GH_H1_BAD;
        h->n_fields++;
    }
    return read_line_end(r, "malformed field line");
}

/* What both kinds of message end with: `did` is the last step's result, `why` the verdict on the whole. */
static enum gh_h1_result finish(gh_h1_reader *r, gh_str in, enum gh_h1_result did, gh_h1_head *ret)
{
    gh_h1_head *h = &r->head;
    if (did == GH_H1_DONE && h->error != NULL)
        did = GH_H1_BAD;
    if (did == GH_H1_MORE && in.n >= r->limits->head) {
        h->error = "head too large";
        did = GH_H1_TOO_LARGE;
    }
    h->head_size = did == GH_H1_DONE ? (size_t)(r->at - in.p) : 0;
    *ret = *h;
    return did;
}

enum gh_h1_result gh_h1_read_request(gh_str in, const gh_h1_limits *limits, gh_field *fields, gh_h1_head *ret)
{
    gh_h1_reader r;
    reader_init(&r, in, limits, fields);
    r.request = true;
    enum gh_h1_result did = read_request_line(&r);
    if (did == GH_H1_DONE)
        did = read_fields(&r);
    if (did == GH_H1_DONE)
        r.head.error = gh_h1_judge_request(&r);
    return finish(&r, in, did, ret);
}

enum gh_h1_result gh_h1_read_response(gh_str in, const gh_h1_limits *limits, gh_field *fields, bool to_head,
                                      gh_h1_head *ret)
{
    gh_h1_reader r;
    reader_init(&r, in, limits, fields);
    enum gh_h1_result did = read_status_line(&r);
    if (did == GH_H1_DONE)
        did = read_fields(&r);
    if (did == GH_H1_DONE)
        r.head.error = gh_h1_judge_response(&r, to_head);
    return finish(&r, in, did, ret);
}

bool gh_h1_head_complete(gh_str in, size_t from)
{
    /* The last byte of what is sought is new, or the last look had found it. */
    size_t at = from;
    while (at < in.n) {
        at += gh_str_find(gh_str_cut(in, at, in.n), '\n');
        if (at == in.n)
            break;
        if (at == 0 || in.p[at - 1] != '\r')
            return true;
        if (at >= 3 && in.p[at - 2] == '\n' && in.p[at - 3] == '\r')
            return true;
        at++;
    }
    return false;
}
