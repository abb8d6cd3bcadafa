/* Texts that many share (roles and tier of users, scopes and networks of keys), each held once and counted. Held and
 * released by one thread; read by any that got one through a lock. */
#ifndef GH_STORES_STATE_ROSTER_TEXT_H
#define GH_STORES_STATE_ROSTER_TEXT_H

#include <stdint.h>

#include "base/slice.h"

typedef struct gh_roster_text gh_roster_text;
struct gh_roster_text {
    gh_roster_text *next; /* of its bucket */
    uint64_t hash;
    uint32_t references, n;
    char p[]; /* any bytes */
};

typedef struct gh_roster_texts {
    uint8_t secret[16];
    gh_roster_text **bucket;
    size_t buckets, n; /* buckets: a power of two */
    _Atomic uint64_t bytes;
} gh_roster_texts;

/* False: no memory. */
GH_MUST_CHECK bool gh_roster_texts_init(gh_roster_texts *texts, const uint8_t secret[16]);
void gh_roster_texts_free(gh_roster_texts *texts);
/* NULL: no memory. */
GH_MUST_CHECK gh_roster_text *gh_roster_text_hold(gh_roster_texts *texts, gh_str s);
/* NULL is fine. */
void gh_roster_text_release(gh_roster_texts *texts, gh_roster_text *text);

static inline gh_str gh_roster_text_str(const gh_roster_text *text)
{
    return text == NULL ? (gh_str){NULL, 0} : (gh_str){text->p, text->n};
}

#endif
