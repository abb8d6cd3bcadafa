/* The ring of keys as a running server uses it: begun at the first start, read for each policy, changed by the schedule,
 * sealed anew with another secret_key. Parts of service.c; threads as there. False: reported. */
#ifndef GH_EDGES_IDENTITY_KEYRING_H
#define GH_EDGES_IDENTITY_KEYRING_H

#include "edges/identity/service.h"

/* At the start, with s->secret and the records. What secret_key_previous has sealed is sealed by secret_key from now on.
 * The configuration has the ring. */
GH_MUST_CHECK bool gh_identity_begin_ring(gh_identity_service *s, gh_config *config, gh_report *report);
/* The ring of the moment, in place of the one before. */
GH_MUST_CHECK bool gh_identity_read_ring(gh_identity_service *s, gh_config *config, gh_report *report);
/* Is there a new secret_key, with the one in use beside it? Then it is in use. One without the other is no error: the one
 * in use goes on, and that is reported as a warning. */
GH_MUST_CHECK bool gh_identity_change_secret(gh_identity_service *s, const gh_config *config,
                                             gh_report *report);

#endif
