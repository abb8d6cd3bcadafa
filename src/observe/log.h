/* The logs: one line a request, one line an event. Never blocks a worker.
 *
 * Each worker has a lane (a ring of its own); one thread writes them out. A full lane drops access lines and
 * counts them; the next line written says how many. Nothing a client sends can break a line: all text is
 * escaped (JSON) or has its control and non-ASCII bytes shown as \xNN (text). */
#ifndef GH_OBSERVE_LOG_H
#define GH_OBSERVE_LOG_H

#include <gatehouse/ip.h>

#include "base/buf.h"

typedef struct gh_log gh_log;
typedef struct gh_log_lane gh_log_lane;

enum gh_log_level { GH_LEVEL_INFO, GH_LEVEL_WARNING, GH_LEVEL_ERROR };

typedef struct gh_log_options {
    gh_str file;    /* "-": standard output */
    bool json;      /* false: readable text */
    unsigned lanes; /* one for each thread that writes: a worker, the main thread, ... */
} gh_log_options;

/* One request. Slices are copied before gh_log_access() returns. Absent slices and zeros are left out. */
typedef struct gh_access_record {
    uint64_t wall_us; /* since the epoch, when the head was complete */
    gh_str decision;  /* the decision id */
    gh_ip client, peer;
    gh_str client_source; /* "peer", "x-forwarded-for", ... */
    gh_str method, host, path, route, upstream, server;
    unsigned status;                   /* what the client was told; 0: it left before */
    uint64_t bytes_in, bytes_out;      /* of bodies */
    uint64_t duration_us, upstream_us; /* whole exchange; until the upstream's head */
    gh_str user, auth; /* who asks, by name, and how that was proved: "session", "token", "api_key" */
    gh_str reason;     /* of a refusal: its name in the catalogue */
    gh_str rule;       /* the rate limit rule that refused */
    gh_str observed;   /* names of rules that would have refused, comma-separated */
    gh_str reports;    /* what input checks only reported, comma-separated */
    gh_str what;       /* the first finding of a refusal */
    gh_str user_agent, detail;
} gh_access_record;

/* NULL: the file can't be opened, *ret_why says why. Starts the writing thread. */
GH_MUST_CHECK gh_log *gh_log_open(const gh_log_options *options, const char **ret_why);
/* Writes what is left and ends the thread. */
void gh_log_close(gh_log *log);
gh_log_lane *gh_log_lane_of(gh_log *log, unsigned lane);
void gh_log_access(gh_log_lane *lane, const gh_access_record *record);
/* event: a name of the events' catalogue in docs/logging.md ("upstream_down"); text: for people. */
void gh_log_event(gh_log_lane *lane, enum gh_log_level level, const char *event, const char *fmt, ...)
    GH_PRINTF(4, 5);
/* Closes and opens the file again (log rotation); any thread. */
void gh_log_reopen(gh_log *log);
/* Lines dropped since the start, for whatever reason; any thread. */
uint64_t gh_log_dropped(const gh_log *log);

#endif
