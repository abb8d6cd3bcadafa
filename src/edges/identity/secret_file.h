/* The data folder, and in development a secret key that nobody has to invent. */
#ifndef GH_EDGES_IDENTITY_SECRET_FILE_H
#define GH_EDGES_IDENTITY_SECRET_FILE_H

#include "base/arena.h"

/* Would it do, as far as can be told without making it? False: why has it. Whose it is does not count here: the
 * one who asks need not be who will run the server. */
GH_MUST_CHECK bool gh_data_folder_look(gh_str folder, char *why, size_t why_size);
/* Makes the folder (mode 0700) when it is missing; its parent must be there. False: `why` says why, and what to do. */
GH_MUST_CHECK bool gh_data_folder_make(gh_str folder, char *why, size_t why_size);
/* The text of `secret_key` in the folder, made of 32 random bytes (mode 0600) when it is not there. */
GH_MUST_CHECK bool gh_secret_file_read(gh_str folder, gh_arena *arena, gh_str *ret, char *why,
                                       size_t why_size);

#endif
