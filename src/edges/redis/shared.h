/* What all connections of one process to its Redis share: where it is and with what it is spoken to, the scripts, TLS,
 * the number of nodes, and what is known of an outage.
 *
 * Made by the main thread before the loops, freed after them. The fields that change are atomic, or under a lock that
 * is held for a copy only. */
#ifndef GH_EDGES_REDIS_SHARED_H
#define GH_EDGES_REDIS_SHARED_H

#include "base/buf.h"
#include "observe/condition.h"

enum {
    GH_REDIS_SCRIPTS_MAX = 4,
    GH_REDIS_WHY_SIZE = 512,
    GH_REDIS_SHOWN_SIZE = 320,
    GH_REDIS_PREFIX_MAX = 64
};

typedef struct gh_redis_shared gh_redis_shared;

/* Everything is copied, but the scripts, which must live as long as what is made of it. */
typedef struct gh_redis_options {
    gh_str url;            /* redis.url; a secret */
    gh_str password;       /* redis.password: in place of the URL's; absent: none */
    gh_str ca_file;        /* redis.ca_file: PEM; absent: the system's */
    gh_str prefix;         /* redis.prefix: letters, digits, "-", "_", "." */
    uint64_t timeout_ms;   /* redis.timeout: of one answer, from the write on */
    uint64_t connect_ms;   /* from a trial's begin to its last answer; 0: 2 s */
    unsigned nodes;        /* redis.nodes; 0: as many as heartbeats say */
    unsigned max_waiting;  /* requests of one loop; 0: 16384 */
    size_t max_bytes;      /* of commands of one loop that the socket does not take; 0: 4 MiB */
    const gh_str *scripts; /* Lua; a request names one by its index */
    unsigned n_scripts;
    gh_conditions *conditions; /* what is known of the server is kept there; NULL: nowhere */
} gh_redis_options;

/* NULL: why says in one sentence which option is wrong; never a secret. */
GH_MUST_CHECK gh_redis_shared *gh_redis_shared_new(const gh_redis_options *options,
                                                   char why[GH_REDIS_WHY_SIZE]);
/* After the last connection. Wipes the secrets. */
void gh_redis_shared_free(gh_redis_shared *s);

/* redis.nodes, or the number of nodes that the last heartbeat found alive; at least 1. Any thread. */
unsigned gh_redis_nodes(const gh_redis_shared *s);
/* The key that clients are counted by has this fingerprint from now on; zero at first. Heartbeats carry it, so that nodes
 * find out when they count by different keys: each for itself, and nobody would notice. Any thread. */
void gh_redis_use_fingerprint(gh_redis_shared *s, uint64_t fingerprint);
enum gh_redis_password { GH_REDIS_PASSWORD_SAME, GH_REDIS_PASSWORD_CHANGED, GH_REDIS_PASSWORD_MISSING };
/* redis.password of a new configuration (absent: the URL's): connections are made with it from now on, those that are there stay.
 * MISSING: the user in the URL would have none (or it is one that options must not have), and the one before stays in use. Any
 * thread. */
GH_MUST_CHECK enum gh_redis_password gh_redis_use_password(gh_redis_shared *s, gh_str password);
/* When one of the connections that had lost the server found it again, the last time; 0: never. uv_hrtime() in ms. What
 * was counted before then may be forgotten there. Any thread. */
uint64_t gh_redis_back_ms(const gh_redis_shared *s);
/* Another machine, without TLS: what is said to it can be read and changed on the way. Any thread. */
bool gh_redis_is_exposed(const gh_redis_shared *s);
/* What is said of that. */
extern const char gh_redis_exposed[];
/* "{PREFIX}:": what every key begins with, so that all are in one slot of a Redis Cluster. */
gh_str gh_redis_key_prefix(const gh_redis_shared *s);

/* For metrics and status. */
typedef struct gh_redis_figures {
    unsigned connections, ready; /* of this process */
    unsigned nodes;
    unsigned other_secret;            /* of these, as heartbeats say: they count by another key */
    uint64_t away_ms;                 /* 0: no outage */
    uint64_t answered, unavailable;   /* requests */
    uint64_t late;                    /* deadlines missed */
    uint64_t connected;               /* times a connection became ready */
    uint64_t outages;                 /* times "redis_unavailable" was said */
    uint64_t round_trip_us;           /* of the last heartbeat; 0: none yet */
    char why[GH_REDIS_WHY_SIZE];      /* of the present outage, or of the last; "" */
    char server[GH_REDIS_SHOWN_SIZE]; /* "host:port" */
} gh_redis_figures;

/* Any thread. */
void gh_redis_read_figures(gh_redis_shared *s, uint64_t now_ms, gh_redis_figures *ret);

#endif
