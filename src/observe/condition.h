/* Conditions: does each outside server (Redis, PostgreSQL, AWS) answer? What `gatehouse status`, the metrics and the log
 * say of them comes from here.
 *
 * Whoever talks with a server finds out for the whole process when it is lost and when it is back (a breaker, a count of
 * the connections that are without it), and says so here: that writes the one line of the log. Any thread. */
#ifndef GH_OBSERVE_CONDITION_H
#define GH_OBSERVE_CONDITION_H

#include <pthread.h>

#include "observe/log.h"

/* X(identifier, "the name in metrics and status", "the name for people") */
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
    GH_CONDITION_UNUSED,
    GH_CONDITION_UNTRIED, /* in use, and nothing has been heard of it yet */
    GH_CONDITION_OK,
    GH_CONDITION_UNAVAILABLE
};

enum { GH_CONDITION_TEXT = 511 };

/* What is known of a server. */
typedef struct gh_condition {
    enum gh_condition_state state;
    uint64_t since_s;                   /* Unix time of the last change; 0: there was none */
    uint64_t failed_s;                  /* Unix time of the last failure; 0: none */
    uint64_t outages;                   /* how often it has become unavailable */
    char where[GH_CONDITION_TEXT + 1];  /* host and port, never a password; "": not said */
    char reason[GH_CONDITION_TEXT + 1]; /* of the last failure, also when it is over; "": none */
} gh_condition;

typedef struct gh_conditions {
    pthread_mutex_t lock;
    gh_condition servers[GH_SERVER_COUNT];
} gh_conditions;

#define GH_CONDITIONS_INIT                \
    {                                     \
        .lock = PTHREAD_MUTEX_INITIALIZER \
    }

/* All that follows: `all` may be NULL, then nothing is kept (and a line is written all the same). Texts that are too long
 * are cut. */

/* The server is in use from now on. */
void gh_conditions_use(gh_conditions *all, enum gh_server_kind server, gh_str where);
/* No longer. */
void gh_conditions_forget(gh_conditions *all, enum gh_server_kind server);
/* It answers; says nothing: of a first time. */
void gh_conditions_ok(gh_conditions *all, enum gh_server_kind server);
/* One more failure meanwhile; says nothing. */
void gh_conditions_failed(gh_conditions *all, enum gh_server_kind server, gh_str reason);
/* It is lost, or back: the line redis_unavailable, redis_recovered and so on, with `text`. lane: of the calling thread;
 * NULL: no line. reason: what is kept of it; a sentence without its dot. */
void gh_conditions_lost(gh_conditions *all, gh_log_lane *lane, enum gh_server_kind server, gh_str reason,
                        gh_str text);
void gh_conditions_back(gh_conditions *all, gh_log_lane *lane, enum gh_server_kind server, gh_str text);

void gh_conditions_read(gh_conditions *all, enum gh_server_kind server, gh_condition *ret);
/* gatehouse_server_up and gatehouse_server_outages_total, of servers that are in use. */
void gh_conditions_metrics(gh_conditions *all, gh_buf *out);
/* "redis", "Redis" */
gh_str gh_server_name(enum gh_server_kind server);
gh_str gh_server_title(enum gh_server_kind server);
/* "unused", "untried", "ok", "unavailable" */
gh_str gh_condition_state_name(enum gh_condition_state state);

#endif
