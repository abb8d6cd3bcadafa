/* Where the log's lines go: a file, a pipe, a terminal or a socket. Used by the writing thread alone.
 *
 * A write that fails (disk full, reader gone) loses the lines in hand: they are counted, one message goes to
 * standard error, and each later write tries again. When one succeeds another message says so. */
#ifndef GH_OBSERVE_SINK_H
#define GH_OBSERVE_SINK_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/slice.h"

typedef struct gh_sink {
    char *path; /* NULL: standard output */
    int fd;
    enum { GH_SINK_FILE, GH_SINK_SOCKET, GH_SINK_PIPE } kind;
    bool failing;
    bool torn;               /* the last thing written is a part of a line */
    unsigned last_polls;     /* without an answer since *stop */
    uint64_t lost_here;      /* lines since it began to fail */
    _Atomic uint64_t lost;   /* lines in all */
    const atomic_bool *stop; /* when true, do not wait long for a reader that does not read */
} gh_sink;

/* file: "-" or a path. False: *ret_why says why. */
GH_MUST_CHECK bool gh_sink_open(gh_sink *s, gh_str file, const atomic_bool *stop, const char **ret_why);
void gh_sink_close(gh_sink *s);
/* Opens the path again; keeps the old file when that fails. */
void gh_sink_reopen(gh_sink *s);
/* Whole lines. False: some of them were lost. */
bool gh_sink_write(gh_sink *s, gh_str lines);
bool gh_sink_is_terminal(const gh_sink *s);

#endif
