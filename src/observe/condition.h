/* Conditions: does each outside server (Redis, PostgreSQL, AWS) answer? What `gatehouse status`, the metrics and the log
 * say of them comes from here.
 *
 * Each thread or connection that talks with a server takes a seat and reports what it finds, as often as it likes: what
 * changes nothing costs a comparison. A server is unavailable as soon as one seat says so, and ok again when no seat says
 * so any more: an outage is one line in the log when it begins and one when it ends, however many find it out. Who has
 * reported that it is unavailable must go on trying, or leave the seat; else the server never gets well.
 *
 * A seat belongs to one thread; everything else may be called on any thread. */
#ifndef GH_OBSERVE_CONDITION_H
#define GH_OBSERVE_CONDITION_H

#include <pthread.h>

#include "base/buf.h"

/* X(identifier, "the name in log, metrics and status", "the name for people") */
#define GH_SERVERS(X)                         \
    X(REDIS, "redis", "Redis")                \
    X(POSTGRESQL, "postgresql", "PostgreSQL") \
    X(AWS, "aws", "AWS Secrets Manager")

enum gh_server_kind {
#define X(id, name, title) GH_SERVER_##id,
    GH_SERVERS(X)
#undef X
        GH_SERVER_COUNT
};

enum gh_condition_state {
    GH_CONDITION_UNUSED, /* nobody has a seat */
    GH_CONDITION_UNTRIED,
    GH_CONDITION_OK,
    GH_CONDITION_UNAVAILABLE
};

enum { GH_CONDITION_TEXT = 255 };

/* What is known of a server. */
typedef struct gh_condition {
    enum gh_condition_state state;
    uint64_t since_s;                   /* Unix time of the last change; 0: there was none */
    uint64_t failed_s;                  /* Unix time of the last report that it is unavailable; 0: never */
    uint64_t outages;                   /* how often it has become unavailable */
    char where[GH_CONDITION_TEXT + 1];  /* as its first seat says: host and port, never a password */
    char reason[GH_CONDITION_TEXT + 1]; /* of the last such report, also when it is ok again; "": never */
} gh_condition;

typedef struct gh_condition_entry { /* one server, under the lock */
    gh_condition seen;
    unsigned seats, ok, unavailable;
    uint64_t changed_ms; /* monotonic: how long an outage was */
} gh_condition_entry;

/* level: an enum gh_log_level; on the thread that reports, one call at a time. */
typedef void gh_condition_said(void *data, int level, const char *event, const char *text);

typedef struct gh_conditions {
    pthread_mutex_t lock;
    gh_condition_entry servers[GH_SERVER_COUNT];
    gh_condition_said *said;
    void *said_data;
} gh_conditions;

#define GH_CONDITIONS_INIT                \
    {                                     \
        .lock = PTHREAD_MUTEX_INITIALIZER \
    }

/* From now on changes are said: events server_ok and server_unavailable. What is unavailable already is said at once.
 * said NULL: no longer. */
void gh_conditions_tell(gh_conditions *all, gh_condition_said *said, void *data);
void gh_conditions_read(gh_conditions *all, enum gh_server_kind server, gh_condition *ret);
/* gatehouse_server_up and gatehouse_server_outages_total, of servers that are in use. */
void gh_conditions_metrics(gh_conditions *all, gh_buf *out);
/* "redis", "Redis" */
gh_str gh_server_name(enum gh_server_kind server);
gh_str gh_server_title(enum gh_server_kind server);
/* "ok", "unavailable", "untried", "unused" */
gh_str gh_condition_state_name(enum gh_condition_state state);

typedef struct gh_condition_seat {
    gh_conditions *all; /* NULL: reports go nowhere */
    enum gh_server_kind server;
    enum gh_condition_state state; /* what it has reported last */
} gh_condition_seat;

/* all may be NULL. where: as in gh_condition; what is too long is cut. */
void gh_condition_join(gh_condition_seat *seat, gh_conditions *all, enum gh_server_kind server, gh_str where);
void gh_condition_ok(gh_condition_seat *seat);
/* reason: a sentence without its dot, of what went wrong: "connection refused"; never a secret. Each report is kept as
 * the last one. */
void gh_condition_unavailable(gh_condition_seat *seat, gh_str reason);
/* Before the thread ends or the connection is given up. */
void gh_condition_leave(gh_condition_seat *seat);

#endif
