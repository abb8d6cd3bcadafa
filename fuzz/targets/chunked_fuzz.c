/* The chunked decoder: pieces of any size give the same body, verdict and end; what is written reads back.
 * The first byte is the size of the pieces. */
#include "fuzz.h"

#include "wire/h1_body.h"

enum { ROOM = 65536 };

typedef struct outcome {
    enum gh_chunk_result result;
    size_t used;
    gh_buf body;
} outcome;

static outcome decode(gh_str in, size_t piece, char *memory)
{
    outcome o = {GH_CHUNK_MORE, 0, gh_buf_over(memory, ROOM)};
    gh_chunked c;
    gh_chunked_init(&c);
    while (o.used < in.n && o.result == GH_CHUNK_MORE) {
        gh_str part = gh_str_cut(in, o.used, o.used + piece), data;
        size_t before = part.n;
        while ((o.result = gh_chunked_next(&c, &part, &data)) == GH_CHUNK_DATA) {
            FUZZ_CHECK(data.n > 0);
            gh_buf_put(&o.body, data);
        }
        FUZZ_CHECK(o.result != GH_CHUNK_MORE || part.n == 0);
        o.used += before - part.n;
    }
    FUZZ_CHECK(gh_buf_ok(&o.body));
    return o;
}

static void check_round_trip(const outcome *o)
{
    static char wire[ROOM * 2], memory[ROOM];
    gh_buf w = gh_buf_over(wire, sizeof wire);
    for (size_t at = 0, n = 1; at < o->body.n; at += n, n = n * 2 + 1)
        gh_chunked_put(&w, gh_str_cut(gh_buf_str(&o->body), at, at + n));
    gh_chunked_put_end(&w);
    FUZZ_CHECK(gh_buf_ok(&w));
    outcome again = decode(gh_buf_str(&w), 4096, memory);
    FUZZ_CHECK(again.result == GH_CHUNK_END && again.used == w.n);
    FUZZ_CHECK(gh_str_eq(gh_buf_str(&again.body), gh_buf_str(&o->body)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char whole_memory[ROOM], pieces_memory[ROOM];
    if (size < 2 || size > ROOM)
        return 0;
    gh_str in = {(const char *)data + 1, size - 1};
    outcome whole = decode(in, in.n, whole_memory);
    outcome pieces = decode(in, (size_t)data[0] + 1, pieces_memory);
    FUZZ_CHECK(whole.result == pieces.result && whole.used == pieces.used);
    FUZZ_CHECK(gh_str_eq(gh_buf_str(&whole.body), gh_buf_str(&pieces.body)));
    check_round_trip(&whole);
    return 0;
}
