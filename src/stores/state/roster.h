/* The roster: what is known in memory of sessions, devices, API keys, their users, and of revocations, so that no
 * request waits for the disk to learn who asks. Sharded, a lock a shard held for the time of a copy.
 *
 * The records (src/records) are the truth: they fill it at start, and change it after a change is on disk and before
 * anybody is told. So it is changed by one thread and read by all. Only the time of a session's, key's or device's
 * last use is noted by readers; the records collect those by gh_roster_collect_used().
 *
 * Memory: one session with its user takes 300 bytes or less at a million of them. */
#ifndef GH_STORES_STATE_ROSTER_H
#define GH_STORES_STATE_ROSTER_H

#include "model/lookup.h"
#include "model/ops.h"

typedef struct gh_roster gh_roster;

/* hash_key: 16 secret bytes for its tables, copied. NULL: no memory. */
GH_MUST_CHECK gh_roster *gh_roster_new(const uint8_t hash_key[16]);
void gh_roster_free(gh_roster *roster);

/* Answers n lookups. Any thread. */
void gh_roster_answer(gh_roster *roster, gh_lookup *lookups, unsigned n);
/* Changes whenever somebody's access may have ended (a session, key, device or token; a user): who has seen this value
 * before need not look again. Any thread. */
uint64_t gh_roster_epoch(const gh_roster *roster);

/* All that follows: by the records' thread alone. False: no memory, and nothing was changed. */

typedef struct gh_roster_user {
    gh_id id;
    gh_str name, roles, tier;
    bool disabled;
    uint64_t cutoff_s; /* access tokens issued then or before are refused; 0: none */
} gh_roster_user;
/* Adds or changes; a user without sessions, keys and devices is not kept unless disabled or with a cut-off time that is
 * still of interest (until cutoff_until_s). */
GH_MUST_CHECK bool gh_roster_set_user(gh_roster *r, const gh_roster_user *user, uint64_t cutoff_until_s);
/* The user with all of its sessions, keys and devices. */
void gh_roster_drop_user(gh_roster *r, gh_id user);

typedef struct gh_roster_session {
    gh_id id, user, device;
    uint8_t
        kind; /* enum gh_session_kind: refresh families are known, but no request is let in by their secret */
    uint8_t hash[GH_SECRET_HASH];
    uint8_t before_hash[GH_SECRET_HASH]; /* of the secret before this one; all zeros: none */
    uint64_t rotated_s;                  /* when that one was replaced */
    uint64_t created_s, used_s, expires_s;
    gh_ip address;
} gh_roster_session;
/* Adds or changes. Its user must be there. */
GH_MUST_CHECK bool gh_roster_set_session(gh_roster *r, const gh_roster_session *session);
/* Access tokens of the session are refused from now on, too; that is remembered until then (0: it need not be). */
GH_MUST_CHECK bool gh_roster_end_session(gh_roster *r, gh_id session, uint64_t remember_until_s);

typedef struct gh_roster_key {
    gh_id id, user;
    uint8_t hash[GH_SECRET_HASH];
    gh_str scopes, tier; /* scopes absent: not narrowed */
    const gh_cidr *networks;
    unsigned n_networks; /* 0: from everywhere */
    uint64_t expires_s;  /* 0: never */
} gh_roster_key;
GH_MUST_CHECK bool gh_roster_set_key(gh_roster *r, const gh_roster_key *key);
void gh_roster_end_key(gh_roster *r, gh_id key);

typedef struct gh_roster_device {
    gh_id id, user; /* user 0: anonymous */
    uint8_t hash[GH_SECRET_HASH];
} gh_roster_device;
/* Confirmed ones only. */
GH_MUST_CHECK bool gh_roster_set_device(gh_roster *r, const gh_roster_device *device);
void gh_roster_end_device(gh_roster *r, gh_id device);

/* The token is refused until it expires by itself. */
GH_MUST_CHECK bool gh_roster_revoke_token(gh_roster *r, uint64_t jti, uint64_t expires_s);

/* Forgets what has had its time: revocations, cut-off times. Sessions are ended by the records. */
void gh_roster_sweep(gh_roster *r, uint64_t now_s);

enum gh_roster_what { GH_ROSTER_SESSION, GH_ROSTER_KEY, GH_ROSTER_DEVICE };
typedef struct gh_roster_use {
    uint8_t what;
    gh_id id;
    uint64_t used_s;
    gh_ip address;
} gh_roster_use;
/* Up to n uses that were noted since they were last collected; call again while it gives n. */
unsigned gh_roster_collect_used(gh_roster *r, gh_roster_use *ret, unsigned n);
/* When it was last used as far as is known here; 0: not known here. */
uint64_t gh_roster_session_used(gh_roster *r, gh_id session);

typedef struct gh_roster_stats {
    uint64_t sessions, keys, devices, users, revocations;
    uint64_t bytes; /* of all its memory */
} gh_roster_stats;
/* Any thread. */
void gh_roster_read_stats(gh_roster *r, gh_roster_stats *ret);

#endif
