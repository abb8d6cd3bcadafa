/* The access line of an exchange, and what is counted of it. */
#include <time.h>

#include "edges/proxy/proxy.h"

static void count_input(const gh_exchange *x)
{
    gh_metrics *m = x->client->worker->metrics;
    const gh_txn *txn = &x->txn;
    enum gh_reason reason = txn->verdict.reason;
    if (reason == GH_REASON_VALIDATION_ERROR || reason == GH_REASON_UNSUPPORTED_MEDIA_TYPE ||
        reason == GH_REASON_UNSUPPORTED_CONTENT_CODING || reason == GH_REASON_BODY_NOT_EXPECTED ||
        reason == GH_REASON_INPUT_TOO_COMPLEX)
        gh_metric_add(m, GH_METRIC_VALIDATION_REFUSED, 1);
    if (reason == GH_REASON_DANGEROUS_CONTENT)
        gh_metric_add(m, GH_METRIC_DANGEROUS_REFUSED, 1);
    if (reason == GH_REASON_BODY_MEMORY_FULL)
        gh_metric_add(m, GH_METRIC_BODY_MEMORY_FULL, 1);
    if (reason == GH_REASON_UNDECLARED_PATH || reason == GH_REASON_UNDECLARED_METHOD ||
        (txn->reports & GH_REPORT_UNDECLARED) != 0)
        gh_metric_add(m, GH_METRIC_UNDECLARED, 1);
    if ((txn->reports & (GH_REPORT_VALIDATION | GH_REPORT_DANGEROUS)) != 0)
        gh_metric_add(m, GH_METRIC_INPUT_REPORTED, 1);
    if ((txn->reports & GH_REPORT_RESPONSE) != 0)
        gh_metric_add(m, GH_METRIC_CONTRACT_DRIFT, 1);
}

/* What became of those who said who they are. */
static void count_identity(const gh_exchange *x)
{
    static const struct {
        uint16_t first, last; /* a run of the catalogue */
        uint16_t metric;
    } runs[] = {
        {GH_REASON_SESSION_INVALID, GH_REASON_USER_DISABLED, GH_METRIC_CREDENTIALS_REFUSED},
        {GH_REASON_PROOF_NOT_ACCEPTED, GH_REASON_DEVICE_REQUIRED, GH_METRIC_RIGHTS_REFUSED},
        {GH_REASON_ISSUER_UNAVAILABLE, GH_REASON_IDENTITY_UNAVAILABLE, GH_METRIC_IDENTITY_UNAVAILABLE},
        {GH_REASON_CSRF_CROSS_SITE, GH_REASON_CSRF_MISMATCH, GH_METRIC_CSRF_REFUSED},
        {GH_REASON_LOGIN_FAILED, GH_REASON_LOGIN_FAILED, GH_METRIC_LOGINS_FAILED},
        {GH_REASON_LOGIN_SLOWED, GH_REASON_LOGIN_SLOWED, GH_METRIC_LOGINS_SLOWED},
        {GH_REASON_PASSWORDS_BUSY, GH_REASON_PASSWORDS_BUSY, GH_METRIC_IDENTITY_UNAVAILABLE},
        {GH_REASON_REFRESH_REUSED, GH_REASON_REFRESH_REUSED, GH_METRIC_REFRESHES_REUSED}};
    unsigned reason = x->txn.verdict.reason;
    for (size_t i = 0; i < GH_COUNT(runs); i++)
        if (reason >= runs[i].first && reason <= runs[i].last)
            gh_metric_add(x->client->worker->metrics, (enum gh_metric)runs[i].metric, 1);
}

static void count_signed_in(const gh_exchange *x)
{
    const gh_txn *txn = &x->txn;
    if (gh_likely(txn->n_ops == 0) || txn->verdict.outcome != GH_OUTCOME_ANSWER)
        return;
    const gh_op *last = txn->ops[txn->n_ops - 1];
    if (last->kind == GH_OP_LOGIN_FINISH || (last->kind == GH_OP_USER_CREATE && x->status == 201))
        gh_metric_add(x->client->worker->metrics, GH_METRIC_LOGINS, 1);
    if (last->kind == GH_OP_REFRESH)
        gh_metric_add(x->client->worker->metrics, GH_METRIC_REFRESHES, 1);
}

static void count(gh_exchange *x)
{
    gh_worker *w = x->client->worker;
    if (gh_unlikely(x->txn.verdict.reason == GH_REASON_ISSUER_UNAVAILABLE) && w->jwks != NULL)
        gh_key_sets_want(w->jwks);
    if (gh_unlikely(x->txn.verdict.reason != GH_REASON_NONE || x->txn.reports != 0)) {
        count_input(x);
        count_identity(x);
    }
    count_signed_in(x);
    unsigned class = x->status / 100;
    if (class < GH_COUNT(w->metrics->responses)) {
        uint64_t n = atomic_load_explicit(&w->metrics->responses[class], memory_order_relaxed);
        atomic_store_explicit(&w->metrics->responses[class], n + 1, memory_order_relaxed);
    }
    gh_histogram_record(w->metrics, GH_HISTOGRAM_REQUEST, (uv_now(&w->loop) - x->started_ms) * 1000000);
}

/* Health checks that went well are noise: one in so many is written. */
static bool sampled_out(gh_exchange *x)
{
    gh_worker *w = x->client->worker;
    const gh_config *config = x->view->generation->config;
    if (x->status >= 400 || config->log.health_sample <= 1)
        return false;
    for (unsigned i = 0; i < config->log.health_paths.n; i++)
        if (gh_str_eq(config->log.health_paths.items[i], x->txn.target.path))
            return w->health_seen++ % config->log.health_sample != 0;
    return false;
}

static gh_str observed_rules(const gh_exchange *x, gh_buf *b)
{
    const gh_txn *txn = &x->txn;
    for (unsigned i = 0; i < txn->observed && i < GH_COUNT(txn->observed_rules); i++) {
        if (b->n > 0)
            gh_buf_char(b, ',');
        gh_buf_put(b, txn->policy->limits.rules[txn->observed_rules[i]].name);
    }
    return b->n > 0 ? gh_buf_str(b) : (gh_str){NULL, 0};
}

static gh_str reports(const gh_exchange *x, gh_buf *b)
{
    static const struct {
        unsigned bit;
        gh_str name;
    } names[] = {{GH_REPORT_UNDECLARED, GH_STR_INIT("undeclared")},
                 {GH_REPORT_VALIDATION, GH_STR_INIT("validation")},
                 {GH_REPORT_DANGEROUS, GH_STR_INIT("dangerous_content")},
                 {GH_REPORT_RESPONSE, GH_STR_INIT("response")}};
    for (size_t i = 0; i < GH_COUNT(names); i++) {
        if ((x->txn.reports & names[i].bit) == 0)
            continue;
        if (b->n > 0)
            gh_buf_char(b, ',');
        gh_buf_put(b, names[i].name);
    }
    return b->n > 0 ? gh_buf_str(b) : (gh_str){NULL, 0};
}

static gh_str field_value(const gh_exchange *x, enum gh_field_id id)
{
    if ((x->head.seen & GH_FIELD_BIT(id)) == 0)
        return (gh_str){NULL, 0};
    unsigned at = gh_fields_find(x->fields, x->head.n_fields, id, 0);
    return at < x->head.n_fields ? x->fields[at].value : (gh_str){NULL, 0};
}

void gh_access_write(gh_exchange *x)
{
    gh_worker *w = x->client->worker;
    gh_txn *txn = &x->txn;
    if (x->logged)
        return;
    x->logged = true;
    count(x);
    if (!w->log_access || sampled_out(x))
        return;
    struct timespec wall;
    (void)clock_gettime(CLOCK_REALTIME, &wall);
    uint64_t duration_us = (uv_hrtime() - x->started_ns) / 1000;
    char observed[256], reported[64];
    gh_buf o = gh_buf_over(observed, sizeof observed), p = gh_buf_over(reported, sizeof reported);
    bool refused = txn->verdict.reason != GH_REASON_NONE;
    gh_access_record r = {
        .wall_us = (uint64_t)wall.tv_sec * 1000000 + (uint64_t)wall.tv_nsec / 1000 - duration_us,
        .decision = gh_txn_id(txn),
        .client = txn->client.ip,
        .peer = x->client->peer,
        .client_source = txn->client.ip.family != 0 ? txn->client.source : (gh_str){NULL, 0},
        .method = x->head.method,
        .host = x->head.host,
        .path = txn->target.path.p != NULL ? txn->target.path : x->head.target,
        .route = txn->route->name,
        .status = x->status,
        .bytes_in = x->request_bytes,
        .bytes_out = x->answer_bytes,
        .duration_us = duration_us,
        .upstream_us = x->upstream_ns / 1000,
        .user = txn->principal.name,
        .auth = gh_proof_name(txn->principal.proof),
        .reason = refused ? gh_reason_of(txn->verdict.reason)->error : (gh_str){NULL, 0},
        .rule = txn->verdict.rule,
        .observed = observed_rules(x, &o),
        .reports = reports(x, &p),
        .what = txn->verdict.what,
        .user_agent = field_value(x, GH_FIELD_USER_AGENT),
        .detail = x->left                    ? GH_STR("the client left")
                  : txn->token_fault != NULL ? gh_str_of(txn->token_fault)
                                             : gh_str_of(txn->verdict.detail),
    };
    if (x->upstream != NULL)
        r.upstream = x->upstream->config->name;
    if (x->pool != NULL)
        r.server = gh_str_of(x->pool->server->name);
    gh_log_access(w->lane, &r);
}
