#include "records/postgres/spool_line.h"

enum { VERSION = 1 };

static void put_number(gh_buf *out, uint64_t n, unsigned bytes)
{
    while (bytes-- > 0)
        gh_buf_char(out, (char)(n >> (8 * bytes)));
}

static void put_text(gh_buf *out, gh_str text)
{
    put_number(out, text.p == NULL ? 0 : (uint64_t)text.n + 1, 4);
    if (text.p != NULL)
        gh_buf_put(out, text);
}

bool gh_spool_line_put(const gh_spool_line *line, gh_buf *out)
{
    const gh_op_actor *a = &line->actor;
    const uint64_t numbers[] = {line->at_s, line->user, a->user, a->session, a->key, a->device};
    const gh_str texts[] = {line->event, a->user_agent, a->decision, line->detail};
    size_t before = out->n;
    for (unsigned i = 0; i < GH_COUNT(texts); i++)
        if (texts[i].n > GH_SPOOL_LINE_MAX)
            return false;
    gh_buf_char(out, VERSION);
    gh_buf_put(out, (gh_str){(const char *)line->id, GH_SPOOL_ID});
    for (unsigned i = 0; i < GH_COUNT(numbers); i++)
        put_number(out, numbers[i], 8);
    gh_buf_char(out, (char)a->address.family);
    if (a->address.family != 0)
        gh_buf_put(out, (gh_str){(const char *)a->address.bytes, a->address.family == 4 ? 4 : 16});
    for (unsigned i = 0; i < GH_COUNT(texts); i++)
        put_text(out, texts[i]);
    return gh_buf_ok(out) && out->n - before <= GH_SPOOL_LINE_MAX;
}

/* The next n bytes. False: there are not so many. */
static bool take(gh_str *rest, size_t n, gh_str *ret)
{
    if (rest->n < n)
        return false;
    *ret = (gh_str){rest->p, n};
    rest->p += n;
    rest->n -= n;
    return true;
}

static bool take_number(gh_str *rest, unsigned bytes, uint64_t *ret)
{
    gh_str text;
    uint64_t n = 0;
    if (!take(rest, bytes, &text))
        return false;
    for (unsigned i = 0; i < bytes; i++)
        n = n << 8 | (uint8_t)text.p[i];
    *ret = n;
    return true;
}

static bool take_text(gh_str *rest, gh_str *ret)
{
    uint64_t n;
    *ret = (gh_str){NULL, 0};
    return take_number(rest, 4, &n) && (n == 0 || take(rest, (size_t)n - 1, ret));
}

static bool take_address(gh_str *rest, gh_ip *ret)
{
    uint64_t family;
    gh_str bytes = {NULL, 0};
    *ret = (gh_ip){0};
    if (!take_number(rest, 1, &family) || (family != 0 && family != 4 && family != 6))
        return false;
    if (family != 0 && !take(rest, family == 4 ? 4 : 16, &bytes))
        return false;
    ret->family = (uint8_t)family;
    if (bytes.n > 0)
        memcpy(ret->bytes, bytes.p, bytes.n);
    return true;
}

bool gh_spool_line_read(gh_str bytes, gh_spool_line *ret)
{
    gh_spool_line line = {0};
    gh_str id;
    uint64_t version;
    gh_op_actor *a = &line.actor;
    uint64_t *const numbers[] = {&line.at_s, &line.user, &a->user, &a->session, &a->key, &a->device};
    gh_str *const texts[] = {&line.event, &a->user_agent, &a->decision, &line.detail};
    if (bytes.n > GH_SPOOL_LINE_MAX || !take_number(&bytes, 1, &version) || version != VERSION ||
        !take(&bytes, GH_SPOOL_ID, &id))
        return false;
    memcpy(line.id, id.p, GH_SPOOL_ID);
    for (unsigned i = 0; i < GH_COUNT(numbers); i++)
        if (!take_number(&bytes, 8, numbers[i]))
            return false;
    if (!take_address(&bytes, &a->address))
        return false;
    for (unsigned i = 0; i < GH_COUNT(texts); i++)
        if (!take_text(&bytes, texts[i]))
            return false;
    if (bytes.n > 0 || line.event.p == NULL)
        return false;
    *ret = line;
    return true;
}

bool gh_spool_line_is_newer(gh_str bytes)
{
    return bytes.n > 0 && (uint8_t)bytes.p[0] > VERSION;
}
