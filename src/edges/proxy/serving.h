/* The running server as its parts see it: start, signals and end, reload. Main thread only. */
#ifndef GH_EDGES_PROXY_SERVING_H
#define GH_EDGES_PROXY_SERVING_H

#include "base/crypto.h"
#include "edges/admin/admin.h"
#include "edges/admin/socket.h"
#include "edges/identity/service.h"
#include "edges/proxy/documents.h"
#include "edges/proxy/health.h"
#include "edges/proxy/server.h"
#include "edges/secrets/aws.h"
#include "observe/condition.h"

enum { GH_REPORT_SIZE = 65536 };

typedef struct gh_reload gh_reload;

typedef struct gh_serving {
    gh_serve_options options;
    gh_generation *generation;
    gh_generation *first; /* whose addresses are listened on */
    uv_loop_t loop;
    uv_signal_t signals[4];
    uv_async_t worker_ended;
    gh_worker *workers;
    gh_metrics *metrics; /* one a worker, and the main thread's last */
    gh_metrics **metrics_list;
    unsigned n_workers;
    atomic_uint running;
    gh_executors executors;
    gh_identity_service identity;
    gh_log_lane *records_lane; /* of whoever holds said_lock: threads of the records */
    pthread_mutex_t said_lock;
    gh_conditions conditions;            /* of outside servers */
    gh_redis_shared *redis;              /* NULL: limits are counted here */
    gh_counters_shared counters;         /* with it */
    uint64_t started_s;                  /* Unix time */
    uv_timer_t identity_timer;           /* looks whether keys are to be got or taken into use */
    atomic_bool ring_changed;            /* signing keys were rotated */
    bool renew_owed;                     /* keys have come, and the policy could not be made of them */
    uint64_t renewed_ms;                 /* when that was tried last */
    uint64_t refused_reason, refused_ms; /* of the last refusal that was said, and when; 0: none since */
    _Atomic uint64_t held;               /* bytes of all bodies that are looked into */
    gh_log *log;
    gh_log_lane *lane;
    gh_admin *admin;
    gh_admin_socket *commands; /* NULL: identity is off */
    gh_health *health;
    uint8_t key[GH_SIPHASH_KEY_SIZE];
    gh_aws_secrets *secrets;
    uv_async_t secret_changed;
    gh_log_lane *secrets_lane; /* of whoever holds the secrets: their thread, or a reload's */
    gh_documents *documents;   /* those of the generation */
    uv_timer_t document_timer;
    gh_reload *reload;  /* on its way on another thread; NULL: none */
    bool reload_again;  /* asked for meanwhile */
    bool secrets_again; /* likewise, by the operator */
    bool draining;
    atomic_bool stopping; /* for what waits on another thread */
    int folder_lock;      /* without identity: of the data folder, while the socket is in it */
} gh_serving;

/* serve_start.c: everything that is needed before the first request. False: said on standard error. The signals'
 * callback is the caller's; reading: see gh_aws_secrets_begin(). */
GH_MUST_CHECK bool gh_serving_start(gh_serving *s, unsigned reading, uv_signal_cb on_signal,
                                    uv_async_cb on_worker_ended);
/* One line on standard error: "gatehouse: WHAT: WHY". Always false. */
bool gh_serving_fail(const char *what, const char *why);

/* serve_wait.c: the start waits for a PostgreSQL that is away. */
typedef struct gh_serving_wait {
    uint64_t began_ms, said_ms; /* of uv_hrtime(); 0: not */
    uint32_t pause_ms;          /* the last one */
} gh_serving_wait;
/* Until the main loop has the signals: told to stop the process ends at once. */
void gh_serving_heed_signals(void);
/* A pause, which grows; what is waited for is said now and then. Always true. data: the gh_serving_wait. */
bool gh_serving_waits(void *data, const char *why);
/* It is there: said, where it was waited for. */
void gh_serving_waited(const gh_serving_wait *wait);

/* serve_servers.c: outside servers that the configuration names are in use from now on, and what is said of them is kept.
 * Before the log is opened and the records' first words. */
void gh_serving_use_servers(gh_serving *s, const gh_config *config);
/* For `gatehouse status`; on any thread. data: the gh_serving. */
void gh_serving_look(void *data, gh_status *ret);
/* What the records say goes to the log; on any thread. data: the gh_serving. */
void gh_serving_records_said(void *data, int level, const char *event, const char *text);

/* serve_redis.c: what all workers share of redis.url. False: said. */
GH_MUST_CHECK bool gh_serving_open_redis(gh_serving *s, const gh_config *config);
/* By what key a generation counts; before it is in use. The other nodes are told its fingerprint. */
void gh_serving_key(const gh_serving *s, gh_generation *g);
/* Of a new configuration; says so when it is another one. */
void gh_serving_use_redis_password(gh_serving *s, const gh_config *config);
void gh_serving_put_redis(gh_serving *s, gh_buf *out);
void gh_serving_look_at_leases(const gh_serving *s, gh_status *ret);

/* serve_commands.c: takes the operator's commands at the admin socket; without identity, where that can be in
 * data.folder, and `status` only. False: said. */
GH_MUST_CHECK bool gh_serving_take_commands(gh_serving *s);

/* serve_reload.c: reads the configuration again, on another thread; the old one stays when the new one is wrong.
 * again: by the operator: AWS is asked again for secrets that are known already. */
void gh_serving_reload(gh_serving *s, bool again);
/* serve_secrets.c: secrets that change while the server runs. False: said. */
GH_MUST_CHECK bool gh_serving_watch_secrets(gh_serving *s, unsigned reading);
/* The configuration of that reading is in use. */
void gh_serving_use_secrets(gh_serving *s, unsigned reading);
void gh_serving_put_secrets(gh_serving *s, gh_buf *out);
/* AWS among the outside servers, when it is in use. Any thread. */
void gh_serving_look_at_secrets(gh_serving *s);
/* serve_reload.c: says which OpenAPI documents are missing, and tries again every so often until they are there. */
void gh_serving_watch_documents(gh_serving *s);
/* Looks every so often whether keys of issuers are due, or the ring has changed. */
void gh_serving_watch_keys(gh_serving *s);

#endif
