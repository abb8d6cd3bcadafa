#include "schema/evaluate.h"
#include "text/utf8.h"

/* Of a finding's pointer: names in it come from the client. */
enum { POINTER_MAX = 200, ELLIPSIS = 3 };

/* Cuts off what goes beyond the maximum, not inside a code point. */
static void cut(gh_buf *out)
{
    size_t room = POINTER_MAX - ELLIPSIS;
    gh_str kept = {out->p, out->n < room ? out->n : room};
    out->n = gh_utf8_valid(kept);
    out->overflow = false;
    gh_buf_lit(out, "\xe2\x80\xa6");
}

static void put_token(gh_buf *out, const gh_schema_spot *spot)
{
    if (spot->key.p != NULL) {
        /* In pieces, so that as much as there is room for is there. */
        gh_buf_char(out, '/');
        for (size_t i = 0; i < spot->key.n; i++) {
            char c = spot->key.p[i];
            gh_buf_put(out, c == '~' ? GH_STR("~0") : c == '/' ? GH_STR("~1") : (gh_str){&c, 1});
        }
        return;
    }
    gh_buf_char(out, '/');
    gh_buf_u64(out, spot->index);
}

/* The frames from the outermost on: they are linked the other way. */
static void put_spots(gh_buf *out, const gh_schema_spot *spot)
{
    const gh_schema_spot *way[GH_SCHEMA_DEPTH + 2];
    size_t n = 0;
    for (; spot != NULL && n < GH_COUNT(way); spot = spot->up)
        way[n++] = spot;
    while (n > 0 && gh_buf_ok(out))
        put_token(out, way[--n]);
}

static gh_str pointer_to(gh_schema_run *r, const gh_schema_spot *at)
{
    char text[POINTER_MAX];
    gh_buf out = gh_buf_over(text, sizeof text);
    if (at == NULL)
        return GH_STR("");
    put_spots(&out, at);
    if (!gh_buf_ok(&out))
        cut(&out);
    return gh_arena_copy(r->scratch, gh_buf_str(&out));
}

bool gh_schema_fault(gh_schema_run *r, enum gh_fault fault, const gh_schema_spot *at, gh_str limit)
{
    gh_findings *f = r->findings;
    if (f == NULL || r->stopped != GH_SCHEMA_VALID)
        return false;
    r->certain = true;
    gh_str pointer = {NULL, 0};
    if (f->n < f->max)
        pointer = pointer_to(r, at);
    if (pointer.p == NULL)
        f->omitted++;
    else
        f->items[f->n++] =
            (gh_finding){.in = GH_IN_BODY, .fault = (uint8_t)fault, .pointer = pointer, .limit = limit};
    return false;
}

bool gh_schema_fault_surely(gh_schema_run *r, enum gh_fault fault, const gh_schema_spot *at)
{
    uint8_t stopped = r->stopped;
    r->stopped = GH_SCHEMA_VALID;
    (void)gh_schema_fault(r, fault, at, GH_STR(""));
    r->stopped = stopped;
    return false;
}

/* Which fault names the type: null beside it does not count. */
static enum gh_fault fault_of(unsigned types, bool text)
{
    unsigned alone = types == GH_TYPE_BIT_NULL ? types : types & ~(unsigned)GH_TYPE_BIT_NULL;
    switch (alone) {
    case GH_TYPE_BIT_STRING:
        return GH_FAULT_STRING;
    case GH_TYPE_BIT_INTEGER:
        return text ? GH_FAULT_INTEGER_TEXT : GH_FAULT_INTEGER;
    case GH_TYPE_BIT_NUMBER:
    case GH_TYPE_BIT_NUMBER | GH_TYPE_BIT_INTEGER:
        return text ? GH_FAULT_NUMBER_TEXT : GH_FAULT_NUMBER;
    case GH_TYPE_BIT_BOOLEAN:
        return text ? GH_FAULT_BOOLEAN_TEXT : GH_FAULT_BOOLEAN;
    case GH_TYPE_BIT_ARRAY:
        return GH_FAULT_ARRAY;
    case GH_TYPE_BIT_OBJECT:
        return GH_FAULT_OBJECT;
    case GH_TYPE_BIT_NULL:
        return GH_FAULT_NULL;
    default:
        return GH_FAULT_TYPE;
    }
}

bool gh_schema_type_fault(gh_schema_run *r, unsigned types, gh_str limit, const gh_schema_spot *at, bool text)
{
    if (r->findings == NULL)
        return false;
    if (limit.p == NULL)
        limit = gh_schema_types_text(types, r->scratch);
    return gh_schema_fault(r, fault_of(types, text), at, limit);
}
