#include "wire/ratelimit_fields.h"

#include "wire/structured.h"

static int64_t capped(uint64_t v)
{
    return v > (uint64_t)GH_SF_INTEGER_MAX ? GH_SF_INTEGER_MAX : (int64_t)v;
}

bool gh_ratelimit_put_policy(gh_buf *out, const gh_ratelimit_item *items, unsigned n)
{
    size_t start = out->n;
    for (unsigned i = 0; i < n; i++) {
        const gh_ratelimit_item *item = &items[i];
        if (!gh_sf_member_string(out, start, item->name) ||
            !gh_sf_param_integer(out, GH_STR("q"), capped(item->quota)) ||
            (item->window_s > 0 && !gh_sf_param_integer(out, GH_STR("w"), capped(item->window_s)))) {
            out->n = start;
            return false;
        }
    }
    return n > 0;
}

bool gh_ratelimit_put(gh_buf *out, const gh_ratelimit_item *items, unsigned n)
{
    size_t start = out->n;
    for (unsigned i = 0; i < n; i++) {
        const gh_ratelimit_item *item = &items[i];
        if (!gh_sf_member_string(out, start, item->name) ||
            !gh_sf_param_integer(out, GH_STR("r"), capped(item->remaining)) ||
            (item->reset_s > 0 && !gh_sf_param_integer(out, GH_STR("t"), capped(item->reset_s)))) {
            out->n = start;
            return false;
        }
    }
    return n > 0;
}

const gh_ratelimit_item *gh_ratelimit_tightest(const gh_ratelimit_item *items, unsigned n)
{
    const gh_ratelimit_item *best = NULL;
    for (unsigned i = 0; i < n; i++) {
        const gh_ratelimit_item *item = &items[i];
        if (best == NULL || item->remaining < best->remaining ||
            (item->remaining == best->remaining && item->reset_s > best->reset_s))
            best = item;
    }
    return best;
}

void gh_ratelimit_put_legacy(gh_buf *out, const gh_ratelimit_item *item)
{
    gh_buf_lit(out, "X-RateLimit-Limit: ");
    gh_buf_u64(out, item->quota);
    gh_buf_lit(out, "\r\nX-RateLimit-Remaining: ");
    gh_buf_u64(out, item->remaining);
    gh_buf_lit(out, "\r\nX-RateLimit-Reset: ");
    gh_buf_u64(out, item->reset_s);
    gh_buf_lit(out, "\r\nX-RateLimit-Window: ");
    gh_buf_u64(out, item->window_s);
    gh_buf_lit(out, "\r\n");
}
