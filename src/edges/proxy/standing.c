/* Access that ends while its exchange goes on: a WebSocket, a stream of events, a long answer. All exchanges of known
 * callers are in the worker's list; twice a second each is looked up again for which a time has come, or since whose last
 * look somebody's access has ended: its own may have while its body was on the way. */
#include <time.h>

#include "edges/proxy/proxy.h"

enum { LOOK_MS = 400 };

void gh_standing_add(gh_exchange *x)
{
    gh_worker *w = x->client->worker;
    if (gh_likely(x->txn.principal.proof == GH_PROOF_NONE) || w->executors->roster == NULL)
        return;
    x->standing = true;
    x->standing_prev = NULL;
    x->standing_next = w->standing;
    if (w->standing != NULL)
        w->standing->standing_prev = x;
    w->standing = x;
    if (w->standing_timer.deadline == 0)
        gh_timer_set(&w->wheel, &w->standing_timer, uv_now(&w->loop) + LOOK_MS);
}

void gh_standing_remove(gh_exchange *x)
{
    gh_worker *w = x->client->worker;
    if (gh_likely(!x->standing))
        return;
    x->standing = false;
    if (x->standing_prev != NULL)
        x->standing_prev->standing_next = x->standing_next;
    else
        w->standing = x->standing_next;
    if (x->standing_next != NULL)
        x->standing_next->standing_prev = x->standing_prev;
}

/* Not by its secret: that may have been rotated since, and the session is the same. What cuts off access tokens by
 * their time ends no session. */
static gh_lookup question(const gh_principal *who, uint64_t now_s)
{
    return (gh_lookup){.kind = GH_LOOKUP_TOKEN,
                       .id = who->session,
                       .user = who->user,
                       .jti = who->jti,
                       .issued_s = who->proof == GH_PROOF_TOKEN ? who->issued_s : UINT64_MAX,
                       .now_s = now_s};
}

/* A key is asked for as it was: by its secret, from its address. */
static bool key_question(const gh_txn *txn, uint64_t now_s, gh_lookup *ret)
{
    for (unsigned i = 0; i < txn->n_lookups; i++) {
        if (txn->lookups[i].kind != GH_LOOKUP_API_KEY)
            continue;
        *ret = txn->lookups[i];
        ret->now_s = now_s;
        return true;
    }
    return false;
}

static bool in_force(gh_exchange *x, uint64_t now_s)
{
    gh_principal *who = &x->txn.principal;
    gh_lookup l = question(who, now_s);
    if (who->proof == GH_PROOF_API_KEY && !key_question(&x->txn, now_s, &l))
        return false;
    gh_roster_answer(x->client->worker->executors->roster, &l, 1);
    if (who->proof == GH_PROOF_API_KEY)
        who->expires_s = l.expires_s; /* a key that was rolled over lives for the overlap only */
    return l.answer == GH_LOOKUP_GOOD;
}

/* A token that was let in within its leeway may go on as long. */
static bool is_over(const gh_exchange *x, uint64_t now_s)
{
    const gh_principal *who = &x->txn.principal;
    uint64_t leeway_s = who->proof == GH_PROOF_TOKEN ? x->txn.policy->identity.token.leeway_s : 0;
    return who->expires_s != 0 && who->expires_s + leeway_s <= now_s;
}

/* A roster that is being loaded anew knows nobody: then it is looked at when it is whole again. */
static bool still_good(gh_exchange *x, uint64_t now_s, uint64_t epoch)
{
    const gh_executors *e = x->client->worker->executors;
    if (is_over(x, now_s))
        return false;
    if (epoch == x->looked_epoch || !gh_roster_is_complete(e))
        return true;
    bool good = in_force(x, now_s);
    if (!good && !gh_roster_is_complete(e))
        return true;
    x->looked_epoch = epoch;
    return good;
}

static enum gh_reason reason_of(enum gh_proof proof)
{
    switch (proof) {
    case GH_PROOF_TOKEN:
        return GH_REASON_TOKEN_REVOKED;
    case GH_PROOF_API_KEY:
        return GH_REASON_API_KEY_INVALID;
    case GH_PROOF_SESSION:
    case GH_PROOF_NONE:
        break;
    }
    return GH_REASON_SESSION_INVALID;
}

enum gh_reason gh_standing_ended(gh_exchange *x)
{
    enum gh_proof proof = x->txn.principal.proof;
    const gh_executors *e = x->client->worker->executors;
    const gh_roster *roster = e->roster;
    /* Nobody can say whether a session or key still counts; a token has proved itself. */
    if (proof != GH_PROOF_NONE && proof != GH_PROOF_TOKEN && roster != NULL && !gh_roster_is_complete(e))
        return GH_REASON_IDENTITY_UNAVAILABLE;
    if (proof == GH_PROOF_NONE || roster == NULL ||
        still_good(x, (uint64_t)time(NULL), gh_roster_epoch(roster)))
        return GH_REASON_NONE;
    return reason_of(proof);
}

void gh_standing_look(gh_timer *timer)
{
    gh_worker *w = GH_CONTAINER(timer, gh_worker, standing_timer);
    uint64_t epoch = gh_roster_epoch(w->executors->roster), now_s = (uint64_t)time(NULL);
    for (gh_exchange *x = w->standing, *next; x != NULL; x = next) {
        next = x->standing_next;
        if (still_good(x, now_s, epoch))
            continue;
        gh_metric_add(w->metrics, GH_METRIC_ACCESS_ENDED, 1);
        gh_log_event(w->lane, GH_LEVEL_INFO, "access_ended",
                     "an exchange under way was cut: its caller's access has ended");
        gh_client_reset(x->client);
    }
    if (w->standing != NULL)
        gh_timer_set(&w->wheel, &w->standing_timer, uv_now(&w->loop) + LOOK_MS);
    else
        gh_timer_clear(&w->standing_timer);
}
