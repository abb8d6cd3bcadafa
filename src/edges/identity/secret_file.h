/* The data folder, and in development a secret key that nobody has to invent. */
#ifndef GH_EDGES_IDENTITY_SECRET_FILE_H
#define GH_EDGES_IDENTITY_SECRET_FILE_H

#include "base/arena.h"

/* Makes the folder (mode 0700) when it is missing; its parent must be there. False: `why` says why, and what to do. */
GH_MUST_CHECK bool gh_data_folder_make(gh_str folder, char *why, size_t why_size);
/* The text of `secret_key` in the folder, made of 32 random bytes (mode 0600) when it is not there. */
GH_MUST_CHECK bool gh_secret_file_read(gh_str folder, gh_arena *arena, gh_str *ret, char *why,
                                       size_t why_size);

#endif
