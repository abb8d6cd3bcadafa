/* The spool of the audit trail: lines that wait on this node's disk while there is no database.
 *
 * One file, audit.spool in the data folder, which is locked: one process uses it at a time. 32 bytes: "GHSPOOL1", a random 16 bytes that
 * are new whenever it was emptied, and how many lines found no room since then (8 bytes, big endian). Then line after line:
 * its length and its CRC-32 (4 bytes each, big endian), and spool_line.h. A line is kept when it is on disk (fdatasync).
 * What follows the last whole line was being written when the process was killed; it is cut off.
 *
 * It is emptied when all lines are in the database, never in part: what is sent twice is there once (gh_spool_line.id).
 *
 * Threads: any. */
#ifndef GH_RECORDS_POSTGRES_SPOOL_H
#define GH_RECORDS_POSTGRES_SPOOL_H

#include <pthread.h>

#include "records/postgres/spool_line.h"

enum { GH_SPOOL_MOST = 64 << 20 /* bytes of the file */ };

typedef struct gh_spool {
    int fd;     /* -1: there is none, and nothing is kept */
    int folder; /* the lock of the data folder */
    pthread_mutex_t lock;
    uint64_t most, size; /* size: up to the end of the last whole line */
    uint64_t lines, dropped;
    uint8_t generation[GH_SPOOL_ID];
} gh_spool;

/* Opens or makes it. *ret_cut: bytes at its end that were no line. False: `why` says in a sentence what is wrong, and it
 * keeps nothing. */
GH_MUST_CHECK bool gh_spool_open(gh_spool *s, const char *folder, uint64_t most, gh_buf *why,
                                 uint64_t *ret_cut);
/* One that keeps nothing, and counts nothing. */
void gh_spool_none(gh_spool *s);
void gh_spool_close(gh_spool *s);

enum gh_spool_answer {
    GH_SPOOL_KEPT,
    GH_SPOOL_DROPPED,      /* it is full, or the disk is; counted */
    GH_SPOOL_FIRST_DROPPED /* the same, and the first time since it was emptied */
};
enum gh_spool_answer gh_spool_keep(gh_spool *s, const gh_spool_line *line);

/* The line at *at, which is moved behind it; 0: the first one. Its texts are in `memory` (GH_SPOOL_LINE_MAX). False: there
 * is none, or the disk can't be read; gh_spool_empty() tells. */
GH_MUST_CHECK bool gh_spool_next(gh_spool *s, uint64_t *at, char *memory, gh_spool_line *ret);
/* All lines up to `at` and the number of those that were dropped are in the database: empties it, unless there is more
 * by now. */
void gh_spool_forget(gh_spool *s, uint64_t at, uint64_t dropped);

typedef struct gh_spool_state {
    uint64_t lines, bytes, dropped;  /* bytes: of the lines */
    uint8_t generation[GH_SPOOL_ID]; /* names this filling of it */
} gh_spool_state;
gh_spool_state gh_spool_look(gh_spool *s);

#endif
