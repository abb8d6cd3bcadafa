/* An exchange that waits for an operation: a password being hashed, a record being written. Its loop goes on; the
 * client may leave meanwhile, and the operation is then done for nobody. */
#include "edges/proxy/proxy.h"

/* Past this nobody waits any more. */
enum { WAIT_MS = 20000 };

void gh_wait_prepare(void *exchange, gh_op *op)
{
    gh_exchange *x = exchange;
    gh_worker *w = x->client->worker;
    op->finished = gh_mailbox_put;
    op->owner = &w->mailbox;
    op->asker = x;
    op->deadline_ms = uv_now(&w->loop) + GH_OP_BEGIN_MS;
}

static gh_op *awaited(const gh_exchange *x)
{
    return x->txn.ops[x->txn.n_ops - 1];
}

void gh_wait_begin(gh_exchange *x)
{
    gh_worker *w = x->client->worker;
    w->mailbox.out++;
    gh_scratch_end(x); /* the worker's next request has it */
    x->waiting = true;
    gh_timer_set(&w->wheel, &x->client->io.timer, uv_now(&w->loop) + WAIT_MS);
    gh_relay_settle(x);
}

void gh_wait_end(gh_exchange *x)
{
    if (gh_likely(!x->waiting))
        return;
    awaited(x)->asker = NULL;
    x->waiting = false;
}

void gh_wait_late(gh_exchange *x)
{
    gh_wait_end(x);
    gh_exchange_refuse(x, GH_REASON_IDENTITY_UNAVAILABLE, "an operation took too long");
}

void gh_wait_deliver(gh_worker *w)
{
    for (gh_op *op = gh_mailbox_take(&w->mailbox), *next; op != NULL; op = next) {
        next = op->mail_next;
        gh_exchange *x = op->asker;
        if (x != NULL) {
            gh_wait_end(x);
            gh_timer_clear(&x->client->io.timer);
            gh_exchange_decide(x);
        }
        gh_op_unref(op);
        w->mailbox.out--;
    }
    gh_worker_check_end(w);
}
