/* What a Redis says, as a whole and in pieces: the same replies and the same end, in bounds; and what an error of it
 * means. The first byte is the size of the pieces. */
#include "fuzz.h"

#include "base/buf.h"
#include "edges/redis/explain.h"
#include "edges/redis/reader.h"

enum { SAID_MAX = 1 << 16 };

static void explain(gh_str error, gh_buf *said)
{
    char memory[512];
    gh_str host;
    uint16_t port;
    for (int step = GH_REDIS_STEP_AUTH; step <= GH_REDIS_STEP_TAKE; step++) {
        gh_buf b = gh_buf_over(memory, sizeof memory);
        enum gh_redis_trouble trouble = gh_redis_explain((enum gh_redis_step)step, error, &b);
        FUZZ_CHECK(gh_buf_ok(&b) && b.n > 0);
        for (size_t i = 0; i < b.n; i++)
            FUZZ_CHECK(b.p[i] >= ' ' && b.p[i] < 0x7f);
        FUZZ_CHECK(trouble != GH_REDIS_TROUBLE_MOVED || gh_redis_moved_to(error, &host, &port));
        gh_buf_put(said, gh_buf_str(&b));
    }
}

static void put(const gh_redis_reader *r, enum gh_redis_kind kind, gh_buf *said)
{
    gh_buf_u64(said, kind);
    FUZZ_CHECK(kind != GH_REDIS_INTEGERS || r->n <= GH_REDIS_VALUES_MAX);
    FUZZ_CHECK(gh_redis_reader_text(r).n <= GH_REDIS_TEXT_MAX);
    for (unsigned i = 0; kind == GH_REDIS_INTEGERS && i < r->n; i++)
        gh_buf_printf(said, ",%lld", (long long)r->values[i]);
    gh_buf_put(said, gh_redis_reader_text(r));
    if (kind == GH_REDIS_ERROR)
        explain(gh_redis_reader_text(r), said);
}

static void read_all(gh_str in, size_t piece, gh_buf *said)
{
    static gh_redis_reader r;
    bool good = gh_redis_reader_init(&r);
    FUZZ_CHECK(good);
    for (size_t at = 0; good && at < in.n; at += piece) {
        enum gh_redis_kind kind = GH_REDIS_NONE;
        gh_str part = gh_str_cut(in, at, at + piece);
        good = gh_redis_reader_feed(&r, part.p, part.n);
        while (good && (good = gh_redis_reader_next(&r, &kind)) && kind != GH_REDIS_NONE)
            put(&r, kind, said);
    }
    gh_buf_put(said, good ? GH_STR(".") : GH_STR("!"));
    gh_redis_reader_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char memory[2][SAID_MAX];
    /* Longer ones end sooner when they come as a whole. */
    if (size < 2 || size > GH_REDIS_REPLY_MAX)
        return 0;
    gh_str in = {(const char *)data + 1, size - 1};
    gh_buf whole = gh_buf_over(memory[0], SAID_MAX), pieces = gh_buf_over(memory[1], SAID_MAX);
    read_all(in, in.n, &whole);
    read_all(in, 1 + (size_t)data[0] % 64, &pieces);
    if (gh_buf_ok(&whole) && gh_buf_ok(&pieces))
        FUZZ_CHECK(gh_str_eq(gh_buf_str(&whole), gh_buf_str(&pieces)));
    return 0;
}
