/* API keys as rows and as the roster has them. */
#ifndef GH_RECORDS_API_KEY_H
#define GH_RECORDS_API_KEY_H

#include "records/work.h"

typedef struct gh_key_row {
    gh_key_record record;
    uint8_t hash[GH_SECRET_HASH];
} gh_key_row;

enum { GH_KEY_NETWORKS_MAX = 64, GH_KEY_NETWORKS_TEXT = 2048, GH_KEY_START_MAX = 32 };

/* The columns of KEY_BY_ID and its like; texts are copied into the arena. */
void gh_key_read(gh_query *q, gh_arena *arena, gh_key_row *ret);
/* Blocks with a space between each, in the arena; absent or empty: none. False: one is no block, or there are too many;
 * or no memory. */
GH_MUST_CHECK bool gh_key_networks(gh_arena *arena, gh_str text, const gh_cidr **ret, unsigned *ret_n);
/* Its shape for the roster. False: as above. */
GH_MUST_CHECK bool gh_key_for_roster(gh_arena *arena, const gh_key_row *row, gh_roster_key *ret);

static inline bool gh_key_over(const gh_key_record *key, uint64_t now_s)
{
    return key->expires_s != 0 && key->expires_s <= now_s;
}

#endif
