/* The spool of the audit trail: lines that wait on this node's disk while there is no database.
 *
 * One file, audit.spool in the data folder, which is locked: one process uses it at a time. 32 bytes: "GHSPOOL1", a random 16 bytes that
 * are new whenever it was emptied or its number told, and how many lines were lost that nobody was told of (8 bytes, big endian). Then line after line:
 * its length and its CRC-32 (4 bytes each, big endian), and spool_line.h. A line is kept when it is on disk (fdatasync).
 * What follows the last whole line was being written when the process was killed; it is cut off. If it is more than one line can
 * be it was damaged on disk, and is put aside first, as below. What can't be read between whole lines was damaged, too: it stays until the others are in the database, then it is put into
 * audit.spool.bad (0600) as it stood, and counted among those that found no room.
 *
 * It is emptied when all lines are in the database, never in part: what is sent twice is there once (gh_spool_line.id).
 *
 * Threads: any. */
#ifndef GH_RECORDS_POSTGRES_SPOOL_H
#define GH_RECORDS_POSTGRES_SPOOL_H

#include <pthread.h>

#include "records/own_file.h"
#include "records/postgres/spool_line.h"

enum { GH_SPOOL_MOST = 64 << 20 /* bytes of the file */ };

typedef struct gh_spool {
    int fd;     /* -1: there is none, and nothing is kept */
    int folder; /* the lock of the data folder */
    pthread_mutex_t lock;
    uint64_t most, size; /* size: up to the end of the last whole line */
    uint64_t lines, dropped;
    uint8_t generation[GH_SPOOL_ID];
    char aside[GH_OWN_PATH]; /* audit.spool.bad */
    bool end_aside; /* what was cut off when it was opened is there, and counted as one that was dropped */
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
    GH_SPOOL_FIRST_DROPPED /* the same, and the first one that is not told */
};
enum gh_spool_answer gh_spool_keep(gh_spool *s, const gh_spool_line *line);

enum gh_spool_found {
    GH_SPOOL_END,
    GH_SPOOL_LINE,
    GH_SPOOL_BAD /* something that can't be read, up to the next line or the end */
};
/* What is at *at, which is moved behind it; 0: the first. Not beyond `until`, a gh_spool_state.end. A line's texts are in
 * `memory` (GH_SPOOL_LINE_MAX). */
GH_MUST_CHECK enum gh_spool_found gh_spool_next(gh_spool *s, uint64_t *at, uint64_t until, char *memory,
                                                gh_spool_line *ret);
/* All lines up to `at` are in the database: empties it, unless there is more by now. bad: how often BAD was found among
 * them; that is put aside before, and counted as dropped. *ret_emptied: it was. False: `why` says why that can't be, and all stays. */
GH_MUST_CHECK bool gh_spool_forget(gh_spool *s, uint64_t at, uint64_t bad, bool *ret_emptied, gh_buf *why);
/* That so many were dropped has been told; not on loops, as all of this. */
void gh_spool_told(gh_spool *s, uint64_t dropped);
/* So many more were, elsewhere. */
void gh_spool_add_dropped(gh_spool *s, uint64_t dropped);

typedef struct gh_spool_state {
    uint64_t lines, bytes, dropped;  /* bytes: of the lines */
    uint64_t end;                    /* the place behind the last one */
    uint8_t generation[GH_SPOOL_ID]; /* names this number of lines that were dropped */
} gh_spool_state;
gh_spool_state gh_spool_look(gh_spool *s);

#endif
