/* Bytes become takes and what a server answers to them: what is sent is always so many bulk strings, within its bounds,
 * and whatever is answered becomes figures that can be. */
#include <stdlib.h>

#include "fuzz.h"
#include "stores/shared/take_script.h"

typedef struct feed {
    const uint8_t *p;
    size_t n;
} feed;

static uint64_t next(feed *f, unsigned bytes)
{
    uint64_t v = 0;
    for (; bytes > 0; bytes--) {
        v = v << 8 | (f->n > 0 ? *f->p : 0);
        f->p += f->n > 0;
        f->n -= f->n > 0;
    }
    return v;
}

static gh_limit some_limit(feed *f)
{
    gh_limit l = {.kind = next(f, 1) % 2 ? GH_LIMIT_BUCKET : GH_LIMIT_SLIDING,
                  .requests = next(f, 4),
                  .window_ms = 1000 + next(f, 5) % (366 * 86400000ULL),
                  .burst = 1 + next(f, 2),
                  .seed = next(f, 1)};
    const char *why;
    if (!gh_limit_compile(&l, &why)) {
        l = (gh_limit){.requests = 5, .window_ms = 1000, .seed = l.seed};
        FUZZ_CHECK(gh_limit_compile(&l, &why));
    }
    return l;
}

static unsigned count_bulks(gh_str text)
{
    unsigned n = 0;
    for (; text.n > 0; n++) {
        uint64_t bytes = 0;
        size_t end = gh_str_find(text, '\r');
        FUZZ_CHECK(text.p[0] == '$' && gh_str_u64(gh_str_cut(text, 1, end), &bytes));
        FUZZ_CHECK(bytes <= GH_TAKE_SCRIPT_ARG_MAX); /* and a key is no longer */
        FUZZ_CHECK(end + 4 + bytes <= text.n);
        text = gh_str_cut(text, end + 4 + (size_t)bytes, text.n);
    }
    return n;
}

static void check_figures(const gh_take *t)
{
    uint64_t all = t->limit->kind == GH_LIMIT_BUCKET ? t->limit->burst : t->limit->requests;
    FUZZ_CHECK(t->remaining <= all);
    FUZZ_CHECK(t->answer == GH_TAKE_OK || t->answer == GH_TAKE_REFUSED);
    FUZZ_CHECK((t->answer == GH_TAKE_OK) == (t->retry_ms == 0));
}

static void try_takes(feed *f)
{
    static char memory[GH_TAKES_MAX * 2 * (GH_TAKE_SCRIPT_KEY_MAX + 16)];
    gh_limit limits[GH_TAKES_MAX];
    gh_take takes[GH_TAKES_MAX], *list[GH_TAKES_MAX];
    uint32_t known[GH_TAKES_MAX];
    int64_t values[GH_TAKE_SCRIPT_VALUES * GH_TAKES_MAX];
    unsigned n = 1 + (unsigned)next(f, 1) % GH_TAKES_MAX;
    uint8_t group = 0;
    for (unsigned i = 0; i < n; i++) {
        limits[i] = some_limit(f);
        group = (uint8_t)(group + next(f, 1) % 2);
        takes[i] = (gh_take){
            .limit = &limits[i], .key = next(f, 1) % 4, .weight = (uint32_t)next(f, 4), .group = group};
        list[i] = &takes[i];
        known[i] = (uint32_t)next(f, 4);
    }
    gh_buf b = gh_buf_over(memory, sizeof memory);
    gh_take_script_encode(GH_STR("{gatehouse}:"), list, next(f, 1) % 2 ? known : NULL, n, &b);
    FUZZ_CHECK(gh_buf_ok(&b) && count_bulks(gh_buf_str(&b)) == 2 * n);
    for (unsigned i = 0; i < GH_COUNT(values); i++)
        values[i] = (int64_t)next(f, next(f, 1) % 2 ? 8 : 1);
    unsigned values_n =
        next(f, 1) % 4 == 0 ? (unsigned)next(f, 1) % (unsigned)GH_COUNT(values) : GH_TAKE_SCRIPT_VALUES * n;
    if (!gh_take_script_decode(values, values_n, list, n))
        return;
    FUZZ_CHECK(values_n == GH_TAKE_SCRIPT_VALUES * n);
    for (unsigned i = 0; i < n; i++)
        check_figures(&takes[i]);
}

static void try_lease(feed *f)
{
    char memory[2 * (GH_TAKE_SCRIPT_KEY_MAX + 16)];
    gh_buf b = gh_buf_over(memory, sizeof memory);
    gh_lease_ask ask = {.limit = some_limit(f),
                        .key = next(f, 8),
                        .least = (uint32_t)next(f, 4),
                        .most = (uint32_t)next(f, 4),
                        .back = (uint32_t)next(f, 4),
                        .known = (uint32_t)next(f, 4),
                        .back_at = next(f, 6),
                        .ahead_ms = (uint32_t)next(f, 2)};
    gh_lease_script_encode(GH_STR("{gatehouse}:"), &ask, &b);
    FUZZ_CHECK(gh_buf_ok(&b) && count_bulks(gh_buf_str(&b)) == 2);
    int64_t values[GH_LEASE_SCRIPT_VALUES + 1];
    for (unsigned i = 0; i < GH_COUNT(values); i++)
        values[i] = (int64_t)next(f, next(f, 1) % 2 ? 8 : 1);
    gh_lease_grant g;
    if (!gh_lease_script_decode(values, GH_LEASE_SCRIPT_VALUES - 1 + (unsigned)next(f, 1) % 3, &ask, &g))
        return;
    uint64_t all = ask.limit.kind == GH_LIMIT_BUCKET ? ask.limit.burst : ask.limit.requests;
    FUZZ_CHECK(g.units <= ask.most && g.room <= all);
    FUZZ_CHECK(g.units == 0 || g.retry_ms == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    feed f = {data, size};
    try_takes(&f);
    try_lease(&f);
    return 0;
}
