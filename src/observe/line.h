/* The lines of the log: what is kept of a record between the worker and the writing thread, and how it
 * is written down. */
#ifndef GH_OBSERVE_LINE_H
#define GH_OBSERVE_LINE_H

#include "observe/log.h"

/* X(member of gh_access_record, longest bytes kept; a longer one ends in "...") */
#define GH_ACCESS_TEXTS(X) \
    X(decision, 64)        \
    X(client_source, 32)   \
    X(method, 32)          \
    X(host, 256)           \
    X(path, 2048)          \
    X(route, 128)          \
    X(upstream, 128)       \
    X(server, 256)         \
    X(reason, 64)          \
    X(user, 128)           \
    X(auth, 16)            \
    X(rule, 128)           \
    X(observed, 512)       \
    X(reports, 64)         \
    X(what, 384)           \
    X(user_agent, 512)     \
    X(detail, 512)

enum {
    GH_LINE_MAX = 32 * 1024, /* the longest line any record can give: each byte six characters */
    GH_RECORD_MAX = 6144,
    GH_EVENT_TEXT_MAX = 1024
};

typedef struct gh_event {
    uint64_t wall_us;
    enum gh_log_level level;
    gh_str name, text;
} gh_event;

/* What gh_record_read() found. */
typedef struct gh_record {
    bool is_access;
    gh_access_record access;
    gh_event event;
} gh_record;

/* How many bytes the record takes, and writing it to that many bytes of memory. */
size_t gh_record_access_size(const gh_access_record *record);
void gh_record_put_access(char *to, const gh_access_record *record);
size_t gh_record_event_size(const gh_event *event);
void gh_record_put_event(char *to, const gh_event *event);
/* Slices of *ret point into `bytes`. */
void gh_record_read(gh_str bytes, gh_record *ret);

/* The text of times, kept for the second it is in: making it anew costs more than the rest of a line. */
typedef struct gh_line_clock {
    uint64_t second;
    char text[20]; /* "2026-01-02T03:04:05" */
} gh_line_clock;

/* "2026-01-02T03:04:05.678" */
void gh_line_time(gh_line_clock *clock, uint64_t wall_us, gh_buf *out);

/* Each appends one line and its line break. */
void gh_line_json(gh_line_clock *clock, const gh_record *record, gh_buf *out);
void gh_line_text(gh_line_clock *clock, const gh_record *record, bool colour, gh_buf *out);

/* "info", "warning", "error" */
gh_str gh_log_level_name(enum gh_log_level level);

#endif
