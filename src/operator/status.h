/* What a running server knows of itself, for `gatehouse status`. */
#ifndef GH_OPERATOR_STATUS_H
#define GH_OPERATOR_STATUS_H

#include "observe/condition.h"

/* Where rate limits are counted, and so what they amount to for all nodes together. */
enum gh_counted {
    GH_COUNTED_HERE,  /* by each node for itself: N nodes let in up to N times as much */
    GH_COUNTED_REDIS, /* for all nodes together: as they are written */
    GH_COUNTED_SHARE  /* Redis is unavailable: this node takes 1/nodes of each, as far as the rules say so */
};

enum { GH_STATUS_NODE = 64 };

typedef struct gh_status {
    char node[GH_STATUS_NODE + 1];
    uint64_t started_s; /* Unix time */
    uint64_t uptime_s;
    unsigned nodes;        /* 0: not known */
    unsigned other_secret; /* of these: they count with another secret_key */
    enum gh_counted counted;
    uint64_t leases,
        leased; /* with Redis: questions for leases and what was given back; limits counted from one */
    bool draining;
    gh_condition servers[GH_SERVER_COUNT];
    bool identity;          /* false: nothing that follows is there */
    uint64_t roster_age_ms; /* since it was known to be up to date */
    uint64_t sessions, keys, devices;
    bool shared;                       /* the records are on PostgreSQL */
    uint64_t spool_lines, spool_bytes; /* lines of the audit trail that wait for it */
    uint64_t rotation_due_s;           /* Unix time; 0: keys are changed by command only */
} gh_status;

#endif
