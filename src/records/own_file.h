/* Files in the data folder: the process's own, and nobody else's to change. */
#ifndef GH_RECORDS_OWN_FILE_H
#define GH_RECORDS_OWN_FILE_H

#include "base/buf.h"

enum { GH_OWN_PATH = 4096 };

/* Whoever may write to the folder could put another file in a file's place: it must be our own, and ours alone to write to.
 * False: `why` says in a sentence what is wrong and what to do. */
GH_MUST_CHECK bool gh_own_folder(const char *folder, gh_buf *why);
/* folder/name, NUL-terminated. False: too long. */
GH_MUST_CHECK bool gh_own_path(const char *folder, const char *name, char ret[GH_OWN_PATH], gh_buf *why);
/* A regular file that only its owner may read (0600), made if need be; a link is not followed. -1: `why` says why. */
GH_MUST_CHECK int gh_own_file(const char *path, gh_buf *why);
/* One process uses the folder at a time, whatever its records are on: a descriptor of gatehouse.lock, locked until it is
 * closed. -1: `why` names the other one. */
GH_MUST_CHECK int gh_own_lock(const char *folder, gh_buf *why);

#endif
