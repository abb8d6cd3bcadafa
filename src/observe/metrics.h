/* Figures: each worker counts for itself, the admin listener adds them up.
 *
 * A counter is written by one thread only (relaxed load, add, relaxed store) and read by any. */
#ifndef GH_OBSERVE_METRICS_H
#define GH_OBSERVE_METRICS_H

#include <stdatomic.h>

#include "base/buf.h"

/* clang-format off */
/* X(identifier, "prometheus_name", counter|gauge, "help") */
#define GH_METRICS(X)                                                                                        \
    X(REQUESTS, "gatehouse_requests_total", counter, "Requests whose head was read.")                        \
    X(RATE_LIMIT_EXCEEDED, "rate_limit_exceeded_total", counter, "Requests refused because a rate limit was exceeded.") \
    X(RATE_LIMIT_OBSERVED, "rate_limit_observed_total", counter, "Requests that a rule in observe mode would have refused.") \
    X(REFUSED, "gatehouse_refused_total", counter, "Requests answered by Gatehouse itself with an error.")   \
    X(MALFORMED, "gatehouse_malformed_total", counter, "Messages that were not well-formed HTTP.")           \
    X(VALIDATION_REFUSED, "gatehouse_validation_refused_total", counter, "Requests refused because their input is not what is declared.") \
    X(DANGEROUS_REFUSED, "gatehouse_dangerous_content_refused_total", counter, "Requests refused because of dangerous content.") \
    X(UNDECLARED, "gatehouse_undeclared_total", counter, "Requests, refused or only reported, that the OpenAPI document does not declare.") \
    X(INPUT_REPORTED, "gatehouse_input_reported_total", counter, "Requests that input checks in observe mode would have refused.") \
    X(CONTRACT_DRIFT, "gatehouse_contract_drift_total", counter, "Answers of upstreams that are not what their OpenAPI document says.") \
    X(CONTRACT_SKIPPED, "gatehouse_contract_skipped_total", counter, "Answers whose body was not compared with the OpenAPI document: too large, coded, or no memory.") \
    X(BODIES_HELD, "gatehouse_bodies_held_bytes", gauge, "Memory that bodies which are looked into take now.") \
    X(BODY_MEMORY_FULL, "gatehouse_body_memory_full_total", counter, "Requests refused because validation.memory was full.") \
    X(LOGINS, "gatehouse_logins_total", counter, "Sign-ins and registrations that made a session.")          \
    X(LOGINS_FAILED, "gatehouse_logins_failed_total", counter, "Sign-ins with a wrong name or password.")    \
    X(LOGINS_SLOWED, "gatehouse_logins_slowed_total", counter, "Sign-ins refused because of too many attempts before them.") \
    X(REFRESHES, "gatehouse_refreshes_total", counter, "Refresh tokens and session cookies that were rotated.") \
    X(REFRESHES_REUSED, "gatehouse_refreshes_reused_total", counter, "Refresh tokens used again, whose families were ended.") \
    X(CREDENTIALS_REFUSED, "gatehouse_credentials_refused_total", counter, "Requests whose session, token or key was not let in.") \
    X(RIGHTS_REFUSED, "gatehouse_rights_refused_total", counter, "Requests of known callers who may not do this.") \
    X(CSRF_REFUSED, "gatehouse_csrf_refused_total", counter, "Requests refused because another site may have made them.") \
    X(IDENTITY_UNAVAILABLE, "gatehouse_identity_unavailable_total", counter, "Requests refused because records, passwords or keys were not at hand.") \
    X(ACCESS_ENDED, "gatehouse_access_ended_total", counter, "Exchanges cut because their caller's access had ended.") \
    X(CONNECTIONS, "gatehouse_connections_total", counter, "Client connections accepted.")                   \
    X(CONNECTIONS_OPEN, "gatehouse_connections_open", gauge, "Client connections open now.")                 \
    X(CONNECTIONS_REFUSED, "gatehouse_connections_refused_total", counter, "Client connections closed at once: too many.") \
    X(EXCHANGES_OPEN, "gatehouse_exchanges_open", gauge, "Requests in progress.")                            \
    X(BYTES_IN, "gatehouse_request_body_bytes_total", counter, "Bytes of request bodies forwarded.")         \
    X(BYTES_OUT, "gatehouse_response_body_bytes_total", counter, "Bytes of response bodies forwarded.")      \
    X(CLIENT_LEFT, "gatehouse_client_left_total", counter, "Clients that left before their answer was complete.") \
    X(UPSTREAM_REQUESTS, "gatehouse_upstream_requests_total", counter, "Requests sent to upstreams, retries counted.") \
    X(UPSTREAM_CONNECTS, "gatehouse_upstream_connects_total", counter, "Connections opened to upstreams.")   \
    X(UPSTREAM_RETRIES, "gatehouse_upstream_retries_total", counter, "Requests sent again after a failure.") \
    X(UPSTREAM_ERRORS, "gatehouse_upstream_errors_total", counter, "Exchanges that failed at the upstream.") \
    X(UPSTREAM_OPEN, "gatehouse_upstream_connections_open", gauge, "Connections to upstreams open now.")     \
    X(RELOADS, "gatehouse_reloads_total", counter, "Configurations taken into use after the first.")         \
    X(RELOADS_FAILED, "gatehouse_reloads_failed_total", counter, "Configurations refused at reload.")        \
    X(LOG_DROPPED, "gatehouse_log_dropped_total", counter, "Log lines dropped because the writer was behind.")

/* clang-format on */

enum gh_metric {
#define X(id, name, kind, help) GH_METRIC_##id,
    GH_METRICS(X)
#undef X
        GH_METRIC_COUNT
};

enum { GH_HISTOGRAM_BUCKETS = 16 };
/* clang-format off */
/* X(identifier, "prometheus_name", "help"); observations are nanoseconds, shown as seconds */
#define GH_HISTOGRAMS(X)                                                                            \
    X(RATE_LIMIT_CHECK, "rate_limit_check_duration_seconds", "Time to check the rate limits of a request (sampled).") \
    X(REQUEST, "gatehouse_request_duration_seconds", "Time from a request's head to the end of its response.") \
    X(UPSTREAM, "gatehouse_upstream_first_byte_seconds", "Time from sending a request upstream to its response's head.")

/* clang-format on */

enum gh_histogram_id {
#define X(id, name, help) GH_HISTOGRAM_##id,
    GH_HISTOGRAMS(X)
#undef X
        GH_HISTOGRAM_COUNT
};

typedef struct gh_histogram {
    _Atomic uint64_t buckets[GH_HISTOGRAM_BUCKETS + 1];
    _Atomic uint64_t sum_ns;
} gh_histogram;

typedef struct gh_metrics { /* one a worker; 64-byte aligned by its owner */
    _Atomic uint64_t values[GH_METRIC_COUNT];
    _Atomic uint64_t responses[6]; /* by status class: [2] is 2xx */
    gh_histogram histograms[GH_HISTOGRAM_COUNT];
} gh_metrics;

static inline void gh_metric_add(gh_metrics *m, enum gh_metric id, uint64_t n)
{
    atomic_store_explicit(&m->values[id], atomic_load_explicit(&m->values[id], memory_order_relaxed) + n,
                          memory_order_relaxed);
}

static inline void gh_metric_sub(gh_metrics *m, enum gh_metric id, uint64_t n)
{
    gh_metric_add(m, id, (uint64_t)0 - n);
}

void gh_histogram_record(gh_metrics *m, enum gh_histogram_id id, uint64_t ns);

/* The sum over n blocks of counters in the Prometheus text format 0.0.4. `extra` is appended as it is. */
void gh_metrics_render(gh_metrics *const *blocks, unsigned n, gh_str extra, gh_buf *out);

#endif
