/* The roster: what is known in memory of sessions, devices, API keys, their users, and of revocations, so that no
 * request waits for the disk to learn who asks. Sharded, a lock a shard held for the time of a copy.
 *
 * The records (src/records) are the truth: they fill it at start, and change it after a change is on disk and before
 * anybody is told. So it is changed by one thread and read by all. Only the time of a session's, key's or device's
 * last use is noted by readers; the records collect those by gh_roster_collect_used().
 *
 * Memory: one session with its user takes 300 bytes or less at a million of them. None of it is given back while the
 * roster lives: what has ended makes room for what comes. */
#ifndef GH_STORES_STATE_ROSTER_H
#define GH_STORES_STATE_ROSTER_H

#include "model/lookup.h"
#include "model/ops.h"

typedef struct gh_roster gh_roster;

/* hash_key: 16 secret bytes for its tables, copied. NULL: no memory. */
GH_MUST_CHECK gh_roster *gh_roster_new(const uint8_t hash_key[16]);
void gh_roster_free(gh_roster *roster);

/* Answers n lookups. Any thread.
 *
 * A wrong secret is told before anything else about a session or key; then come its expiry, the user's being disabled,
 * and last the address. A token's session may be unknown (it ended by itself); one that is known must be its user's.
 * What is not answered is zero or empty afterwards. */
void gh_roster_answer(gh_roster *roster, gh_lookup *lookups, unsigned n);
/* Changes whenever somebody's access may have ended (a session, key, device or token; a user): who has seen this value
 * before need not look again. Any thread. */
uint64_t gh_roster_epoch(const gh_roster *roster);

/* All that follows: by the records' thread alone. False: no memory, or what is given can't be (no id, a text longer than
 * model/principal.h says, a user who is not there), and nothing was changed. */

typedef struct gh_roster_user {
    gh_id id;
    gh_str name, roles, tier;
    bool disabled;
    uint64_t cutoff_s; /* access tokens issued then or before are refused; 0: none */
} gh_roster_user;
/* Adds or changes; the change is there for each of the user's sessions, keys and devices when it returns. A user without
 * any is kept until the next sweep, and longer only when disabled or with a cut-off time that is still of interest (until
 * cutoff_until_s). */
GH_MUST_CHECK bool gh_roster_set_user(gh_roster *r, const gh_roster_user *user, uint64_t cutoff_until_s);
bool gh_roster_has_user(const gh_roster *r, gh_id user);
/* The user with all of its sessions, keys and devices. A cut-off time that was set stays, without the person, as long as
 * it is of interest: who shall be erased gets one first, or tokens that were issued stay good. */
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
/* Adds or changes. Its user must be there. The later time of use is kept, be it from here or from the records. */
GH_MUST_CHECK bool gh_roster_set_session(gh_roster *r, const gh_roster_session *session);
/* Access tokens of the session are refused from now on, too; that is remembered until then (0: it need not be). Also for
 * a session that is not known here. */
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

/* The token is refused until it expires by itself: expires_s must have in it whatever leeway its expiry is given. */
GH_MUST_CHECK bool gh_roster_revoke_token(gh_roster *r, uint64_t jti, uint64_t expires_s);

/* Forgets what has had its time: revocations, cut-off times, users without anything. Sessions are ended by the records.
 * Takes some 10 ms for a million users, during which readers go on. */
void gh_roster_sweep(gh_roster *r, uint64_t now_s);

/* Forgets everything: to be filled anew. Of readers each finds either what was there or nothing. Uses that were not collected
 * are lost. */
void gh_roster_clear(gh_roster *r);

enum gh_roster_what { GH_ROSTER_SESSION, GH_ROSTER_KEY, GH_ROSTER_DEVICE };
typedef struct gh_roster_use {
    uint8_t what;
    gh_id id;
    uint64_t used_s;
    gh_ip address;
} gh_roster_use;
/* Up to n uses that were noted since they were last collected, in no order; call again while it gives n. What they take
 * of memory when their session has ended is given back here, so it must be called now and then. */
unsigned gh_roster_collect_used(gh_roster *r, gh_roster_use *ret, unsigned n);
/* It was used elsewhere: the later time counts, and is not collected here. Of one that is not known nothing is noted. */
void gh_roster_used(gh_roster *r, const gh_roster_use *use);
/* When it was last used as far as is known here; 0: not known here. Any thread. */
uint64_t gh_roster_session_used(gh_roster *r, gh_id session);

typedef struct gh_roster_stats {
    uint64_t sessions, keys, devices, users, revocations;
    uint64_t bytes; /* of all its memory */
} gh_roster_stats;
/* Any thread. */
void gh_roster_read_stats(gh_roster *r, gh_roster_stats *ret);

#endif
