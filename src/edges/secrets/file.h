/* A secret in a file of its own: Docker's and Kubernetes' secrets, systemd's credentials. */
#ifndef GH_EDGES_SECRETS_FILE_H
#define GH_EDGES_SECRETS_FILE_H

#include "config/config.h"

enum { GH_SECRET_FILE_MAX = 64 * 1024 };

/* The file's bytes as they are, in the arena; nothing of them is left elsewhere. Warns (ret->why) of a file that everybody
 * may read or change. False: ret->why says why. Blocks: never on a worker's loop. */
GH_MUST_CHECK bool gh_secrets_read_file(gh_str path, gh_arena *arena, gh_secret_text *ret);

#endif
