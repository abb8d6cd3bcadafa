/* The spool's lines on their way into the audit trail. */
#include "records/postgres/transaction.h"

enum { PIECE = 256 /* lines in a transaction */ };

static void bind_line(gh_query *q, const gh_spool_line *line)
{
    const gh_op_actor *a = &line->actor;
    gh_bind_u64(q, line->at_s);
    gh_bind_text(q, gh_str_cut(line->event, 0, GH_EVENT_MAX));
    gh_bind_id(q, line->user);
    gh_bind_text(q, (gh_str){NULL, 0}); /* a name that was tried: not in these */
    gh_bind_id(q, a->user);
    gh_bind_id(q, a->session);
    gh_bind_id(q, a->key);
    gh_bind_id(q, a->device);
    gh_bind_ip(q, &a->address);
    gh_bind_text(q, gh_str_cut(a->user_agent, 0, GH_USER_AGENT_MAX));
    gh_bind_text(q, a->decision);
    gh_bind_text(q, line->detail);
    gh_bind_blob(q, line->id, sizeof line->id);
}

void gh_pg_write_line(gh_work *w, void *line)
{
    gh_query q = gh_query_of(w->sql, GH_PG_AUDIT_REPLAY);
    bind_line(&q, line);
    gh_query_run(&q);
}

typedef struct piece {
    gh_pg_records *records;
    uint64_t from, to; /* places in the spool */
    unsigned n;
} piece;

static void write_piece(gh_work *w, void *data)
{
    piece *p = data;
    char memory[GH_SPOOL_LINE_MAX];
    gh_spool_line line;
    p->to = p->from;
    for (p->n = 0; p->n < PIECE && gh_spool_next(&p->records->spool, &p->to, memory, &line); p->n++)
        gh_pg_write_line(w, &line);
}

/* How many found no room: as a line of its own, once for each filling of the spool. */
static void write_dropped(gh_work *w, void *data)
{
    const gh_spool_state *state = data;
    char memory[64];
    gh_buf detail = gh_buf_over(memory, sizeof memory);
    gh_buf_printf(&detail, "{\"lines\":%llu}", (unsigned long long)state->dropped);
    gh_spool_line line = {.at_s = w->now_s, .event = GH_STR("audit_dropped"), .detail = gh_buf_str(&detail)};
    memcpy(line.id, state->generation, sizeof line.id);
    gh_pg_write_line(w, &line);
}

static bool is_stopping(gh_pg_records *r)
{
    (void)pthread_mutex_lock(&r->common.lock);
    bool stopping = r->stopping;
    (void)pthread_mutex_unlock(&r->common.lock);
    return stopping;
}

/* Who is told to end does not wait for a long one: what is left is on disk. */
bool gh_pg_replay(gh_pg_records *r)
{
    gh_queue *queue = &r->common.queue;
    gh_spool_state state = gh_spool_look(&r->spool);
    piece p = {.records = r};
    if (state.lines == 0 && state.dropped == 0)
        return true;
    do {
        if (is_stopping(r) || !gh_queue_call(queue, GH_PG_ORDERLY, write_piece, &p))
            return false;
        p.from = p.to;
        atomic_fetch_add_explicit(&r->replayed, p.n, memory_order_relaxed);
    } while (p.n > 0);
    state = gh_spool_look(&r->spool);
    if (state.dropped > 0 && !gh_queue_call(queue, GH_PG_ORDERLY, write_dropped, &state))
        return false;
    gh_spool_forget(&r->spool, p.to, state.dropped);
    return gh_spool_look(&r->spool).lines == 0;
}
