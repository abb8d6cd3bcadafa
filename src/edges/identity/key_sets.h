/* The JWK Sets of outside issuers (RFC 7517): got from files and by https, kept, and got again. Never on a worker's
 * loop: at start, at reload, and when one is due, on another thread. One thread at a time. */
#ifndef GH_EDGES_IDENTITY_KEY_SETS_H
#define GH_EDGES_IDENTITY_KEY_SETS_H

#include <stdatomic.h>

#include "config/config.h"

typedef struct gh_key_sets gh_key_sets;

enum {
    GH_KEY_SETS_MAX = 256 * 1024, /* bytes of one */
    GH_KEY_SETS_REFRESH_S = 900,  /* got again after so long, or when a token names a key that is not in it */
    GH_KEY_SETS_COOL_DOWN_S =
        GH_ISSUER_COOL_DOWN_S /* but not sooner than this after the last time, whether it came or not */
};

/* stop: becomes true: give up. NULL: no memory. */
gh_key_sets *gh_key_sets_new(const atomic_bool *stop);
void gh_key_sets_free(gh_key_sets *jwks); /* NULL is fine */
/* Certificates to trust for https, a PEM file, in place of the system's; absent: the system's. False: too long. */
GH_MUST_CHECK bool gh_key_sets_use_ca(gh_key_sets *jwks, gh_str file);

/* For gh_config.read_jwks; data: a gh_key_sets, or NULL: files are read, and nobody is asked. What was got before is given
 * again; one that can't be got now is `later`, unless an older text is there: that one is given (stale if error).
 * ret->tried_s lives as long as the key sets, which must outlive the policies' last use. */
gh_read_jwks_fn gh_key_sets_read;

/* Gets those again that are due at now_s, or that were asked for by gh_key_sets_want(). True: a text has changed or come, so
 * that the policy is to be compiled again. */
GH_MUST_CHECK bool gh_key_sets_refresh(gh_key_sets *jwks, uint64_t now_s);
/* Those that no issuer of the configuration in use has are neither got again nor spoken of. */
void gh_key_sets_keep(gh_key_sets *jwks, const gh_config *config);
/* A token named a key that is in none. Any thread. */
void gh_key_sets_want(gh_key_sets *jwks);
/* Is there something for gh_key_sets_refresh() to do? Any thread. */
bool gh_key_sets_due(gh_key_sets *jwks, uint64_t now_s);
/* One line for each that is missing, and why. */
void gh_key_sets_say_missing(const gh_key_sets *jwks, void (*say)(void *data, const char *line), void *data);

#endif
