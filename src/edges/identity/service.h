/* Identity as a running server has it: the data folder with the records, the roster, the password pool, the ring of
 * keys. Main thread, but where said. */
#ifndef GH_EDGES_IDENTITY_SERVICE_H
#define GH_EDGES_IDENTITY_SERVICE_H

#include "config/config.h"
#include "edges/executors.h"
#include "edges/identity/key_sets.h"
#include "edges/identity/password_executor.h"
#include "operator/new_keys.h"
#include "records/records.h"

typedef struct gh_identity_service {
    gh_records *records; /* NULL: identity is off */
    gh_roster *roster;
    bool shared;             /* the records are in PostgreSQL, and other nodes' too */
    gh_executors *executors; /* that were started; NULL: not yet */
    atomic_bool
        *ring_changed; /* set when another node has changed the signing keys; the caller's, NULL: none */
    gh_password_executor passwords;
    gh_key_sets *jwks; /* of outside issuers */
    gh_str secret;     /* secret_key that is in use; in arena */
    uint8_t seal[GH_SEAL_KEY_SIZE];
    uint32_t settle_s;           /* how long other nodes may take to know new keys; 0: there are none */
    _Atomic uint64_t ring_due_s; /* Unix time: the next retiring key's time is over then; 0: there is none */
    _Atomic uint64_t rotation_due_s; /* Unix time: the keys are to be changed then; 0: by command only */
    gh_arena arena;
    /* Something for the log; on any thread. Before it is set: standard error. */
    void (*_Atomic said)(void *data, int level, const char *event, const char *text);
    void *said_data;
    /* While the records are opened PostgreSQL is away; `why` says where and what. True: after a pause, here, it is tried
     * again. NULL: nobody waits for it. */
    bool (*waits)(void *data, const char *why);
    void *waits_data;
} gh_identity_service;

/* At the start, with a configuration that was read and is not compiled yet: makes sure of folder, secret, records and
 * signing keys, and gives the configuration the ring, until gh_config_forget_ring(). Nothing where identity is off. False: reported. */
GH_MUST_CHECK bool gh_identity_open(gh_identity_service *s, gh_config *config, gh_report *report);
/* Is there a retiring key in use whose time is over? Then the ring is to be attached anew, without it. Says so again only
 * after a while, should that fail. Any thread. */
bool gh_identity_ring_due(gh_identity_service *s, uint64_t now_s);
/* Are the keys to be changed, as identity.rotation.every says? Says so again only after a while. Any thread. */
bool gh_identity_rotation_due(gh_identity_service *s, uint64_t now_s);
/* Changes them, unless somebody else has meanwhile: NOT_DUE. After either the ring is to be attached anew. Not on a loop;
 * one at a time, as below. Neither: *ret_why says why. */
GH_MUST_CHECK enum gh_keyring_result gh_identity_rotate_due(gh_identity_service *s, const gh_config *config,
                                                            const char **ret_why);
/* At a reload: the present ring, and the same secret, unless there is a new one beside the one in use as
 * secret_key_previous: then the ring is sealed anew with that. Any thread, one at a time. False: reported. */
GH_MUST_CHECK bool gh_identity_attach(gh_identity_service *s, gh_config *config, gh_report *report);
/* At a reload, before all else, for the one before may be refused by now: how PostgreSQL is reached from now on. As above. */
GH_MUST_CHECK bool gh_identity_use_password(gh_identity_service *s, const gh_config *config,
                                            gh_report *report);
/* Of a reload's configuration that is right: what is not in the policy follows it, too. As above. */
GH_MUST_CHECK bool gh_identity_follow(gh_identity_service *s, const gh_config *config, gh_report *report);
/* Before workers start: their executors. False: *ret_why says why. */
GH_MUST_CHECK bool gh_identity_start(gh_identity_service *s, const gh_config *config, gh_executors *executors,
                                     const char **ret_why);
/* When no worker asks any more: does what waits, ends all threads. */
void gh_identity_close(gh_identity_service *s);

#endif
