/* Replies of Redis (RESP2) out of bytes that come in any pieces: hiredis' reader, writing into fixed memory.
 *
 * Taken: an integer, a flat array of at most GH_REDIS_VALUES_MAX integers, a short text, an error, nothing (nil).
 * Whatever else, a reply that is too long or arrays in arrays: an error from which there is no way back. */
#ifndef GH_EDGES_REDIS_READER_H
#define GH_EDGES_REDIS_READER_H

#include <stdint.h>

#include "base/slice.h"

struct redisReader;

enum {
    GH_REDIS_VALUES_MAX = 256,
    GH_REDIS_TEXT_MAX = 256,       /* longer texts are cut */
    GH_REDIS_REPLY_MAX = 16 * 1024 /* bytes of one reply */
};

enum gh_redis_kind { GH_REDIS_NONE, GH_REDIS_INTEGERS, GH_REDIS_TEXT, GH_REDIS_ERROR, GH_REDIS_NIL };

typedef struct gh_redis_reader {
    struct redisReader *reader;
    enum gh_redis_kind kind; /* of the reply that is being read */
    unsigned n;              /* values, or bytes of text */
    int64_t values[GH_REDIS_VALUES_MAX];
    char text[GH_REDIS_TEXT_MAX];
} gh_redis_reader;

/* Must not move afterwards. False: no memory. */
GH_MUST_CHECK bool gh_redis_reader_init(gh_redis_reader *r);
void gh_redis_reader_free(gh_redis_reader *r);
/* Bytes that came. False: no memory, or one that failed is fed. */
GH_MUST_CHECK bool gh_redis_reader_feed(gh_redis_reader *r, const char *bytes, size_t n);
/* The next whole reply is in *r until the next call. *ret_kind NONE: there is none yet. False: no reply of Redis, or
 * none that is taken. */
GH_MUST_CHECK bool gh_redis_reader_next(gh_redis_reader *r, enum gh_redis_kind *ret_kind);

static inline gh_str gh_redis_reader_text(const gh_redis_reader *r)
{
    return (gh_str){r->text, r->kind == GH_REDIS_TEXT || r->kind == GH_REDIS_ERROR ? r->n : 0};
}

#endif
