/* Attempts to sign in: counted when they begin, so that no number of them at once gets through.
 *
 * Counters, each of which may say "wait":
 *   pair     name and address prefix; with a device of this account name and device instead, which then is the only one:
 *            a known device keeps its own budget, whatever others do to the account or from this address
 *   address  address prefix, whatever the name
 *   account  name, from everywhere but the places where this account was signed in to of late
 * Names are counted by the keyed hash of what was typed, also those that are nobody's: that a counter stands, and that
 * a name and an e-mail address are the same person's, can't be seen from outside.
 *
 * Up to its free number a counter says nothing; each further attempt must wait twice as long since the last, from one
 * second to its window; after a window without one it is forgotten. An attempt that is told to wait counts nowhere. The clock
 * counts whole seconds, so a wait may be up to one shorter. */
#ifndef GH_RECORDS_ATTEMPTS_H
#define GH_RECORDS_ATTEMPTS_H

#include "records/work.h"

typedef struct gh_attempt {
    gh_id user;                      /* 0: unknown */
    uint64_t password_n;             /* of the password it is compared with */
    uint8_t who[GH_SIPHASH128_SIZE]; /* hash of the name */
    uint8_t place[GH_SECRET_HASH];   /* of the address prefix */
    gh_id device;                    /* this account's; 0: none */
    bool whole;                      /* counted by account, too */
} gh_attempt;

void gh_attempt_hash_name(const gh_work *w, gh_str canonical, uint8_t ret[GH_SIPHASH128_SIZE]);
/* Counts it and gives its number, or says how long to wait (then *ret_retry_s is not 0). */
void gh_attempt_begin(gh_work *w, const gh_attempt *attempt, const gh_attempt_limits *limits,
                      uint64_t *ret_number, uint64_t *ret_retry_s);
/* Takes it out of the list of those begun. False: it is not there. */
GH_MUST_CHECK bool gh_attempt_take(gh_work *w, uint64_t number, gh_attempt *ret);
/* What was begun with a password that was right may only be done while that is the password, and while the session that
 * asks is there: either may have been ended meanwhile, by somebody who takes his account back. 0: nothing was begun. */
GH_MUST_CHECK bool gh_attempt_holds(gh_work *w, uint64_t number, const gh_account *a);
/* It was right: its pair is forgotten, the others do not count it, and its place is known. */
void gh_attempt_succeeded(gh_work *w, const gh_attempt *attempt);
/* Nobody looked at the password: the counters do not count it. */
void gh_attempt_take_back(gh_work *w, const gh_attempt *attempt);
/* Of a user whose password is new or who is erased: all that was counted by these names. */
void gh_attempts_forget(gh_work *w, gh_str name, gh_str email);
/* Does the account know the place? */
bool gh_attempt_place_known(gh_work *w, gh_id user, const uint8_t place[GH_SECRET_HASH]);

#endif
