/* The data folder: whose it is, who may write to it, and that one process uses it at a time. */
#ifndef GH_RECORDS_SQLITE_FOLDER_H
#define GH_RECORDS_SQLITE_FOLDER_H

#include "records/own_file.h"

typedef struct gh_folder {
    int lock;                   /* descriptor of gatehouse.lock, locked; -1: none */
    char database[GH_OWN_PATH]; /* path of gatehouse.db */
    char log[GH_OWN_PATH];      /* of its write-ahead log */
    bool unclean;               /* the log was there: the last one to use it was killed */
} gh_folder;

/* Locks the folder, and makes an empty database file if there is none; all files are the process's alone (0600). One that
 * is marked as moved is refused: who went on with it would have other records than the rest of the fleet.
 * False: `why` says in a sentence what is wrong and what to do. */
GH_MUST_CHECK bool gh_folder_open(gh_folder *folder, const char *path, gh_buf *why);
/* All that is in it is elsewhere now: `where`, for people, goes into gatehouse.moved. While the folder is open. */
GH_MUST_CHECK bool gh_folder_mark_moved(const char *path, gh_str where, gh_buf *why);
void gh_folder_close(gh_folder *folder);
/* Bytes of the database and its log. Any thread. */
uint64_t gh_folder_bytes(const gh_folder *folder);

#endif
