/* An exchange that waits: for an operation (a password being hashed, a record being written), for the roster to catch up, for
 * counters in Redis. Its loop goes on; the client may leave meanwhile, and what was asked is then done for nobody. */
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

void gh_wait_begin(gh_exchange *x)
{
    gh_worker *w = x->client->worker;
    if (x->drive.wait != GH_WAIT_TAKES)
        w->mailbox.out++;
    gh_scratch_end(x); /* the worker's next request has it */
    gh_timer_set(&w->wheel, &x->client->io.timer, uv_now(&w->loop) + WAIT_MS);
    gh_relay_settle(x);
}

void gh_wait_end(gh_exchange *x)
{
    if (gh_likely(x->drive.wait == GH_WAIT_NOTHING))
        return;
    if (x->drive.wait == GH_WAIT_OP)
        x->txn.ops[x->txn.n_ops - 1]->asker = NULL;
    gh_drive_leave(&x->drive, x->client->worker->counters);
}

void gh_wait_late(gh_exchange *x)
{
    bool counting = x->drive.wait == GH_WAIT_TAKES;
    gh_wait_end(x);
    gh_exchange_refuse(x, counting ? GH_REASON_LIMITS_UNAVAILABLE : GH_REASON_IDENTITY_UNAVAILABLE,
                       counting ? "the counters took too long" : "an operation took too long");
}

static void go_on(gh_exchange *x)
{
    gh_timer_clear(&x->client->io.timer);
    gh_exchange_decide(x);
}

void gh_wait_answered(gh_asking *asking)
{
    gh_drive_state *drive = GH_CONTAINER(asking, gh_drive_state, asking);
    go_on(GH_CONTAINER(drive, gh_exchange, drive));
}

void gh_wait_deliver(gh_worker *w)
{
    for (gh_op *op = gh_mailbox_take(&w->mailbox), *next; op != NULL; op = next) {
        next = op->mail_next;
        gh_exchange *x = op->asker;
        op->asker = NULL;
        if (x != NULL)
            go_on(x);
        gh_op_unref(op);
        w->mailbox.out--;
    }
    gh_worker_check_end(w);
}
