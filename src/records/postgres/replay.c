/* The spool's lines on their way into the audit trail. */
#include "records/postgres/transaction.h"

enum {
    PIECE = 256, /* lines in a transaction */
    ROUNDS = 8   /* of lines that came while others were written down */
};

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
    uint64_t from, to, until; /* places in the spool */
    unsigned n, bad;          /* lines; and what could not be read */
} piece;

static void write_piece(gh_work *w, void *data)
{
    piece *p = data;
    char memory[GH_SPOOL_LINE_MAX];
    gh_spool_line line;
    enum gh_spool_found found = GH_SPOOL_LINE;
    p->to = p->from;
    p->n = p->bad = 0;
    while (p->n + p->bad < PIECE && found != GH_SPOOL_END) {
        found = gh_spool_next(&p->records->spool, &p->to, p->until, memory, &line);
        p->bad += found == GH_SPOOL_BAD;
        p->n += found == GH_SPOOL_LINE;
        if (found == GH_SPOOL_LINE)
            gh_pg_write_line(w, &line);
    }
}

/* How many found no room: or could not be read: as a line of its own. */
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

/* All that is there by now. Who is told to end does not wait for a long one: what is left is on disk. */
static bool write_round(piece *p, uint64_t *ret_bad)
{
    gh_pg_records *r = p->records;
    p->until = gh_spool_look(&r->spool).end;
    while (p->from < p->until) {
        if (is_stopping(r) || !gh_queue_call(&r->common.queue, GH_PG_ORDERLY, write_piece, p))
            return false;
        p->from = p->to;
        *ret_bad += p->bad;
        atomic_fetch_add_explicit(&r->replayed, p->n, memory_order_relaxed);
    }
    return true;
}

static void say_bad(gh_pg_records *r, uint64_t bad, bool aside, const gh_buf *why)
{
    char text[GH_POSTGRES_WHY];
    gh_buf b = gh_buf_over(text, sizeof text - 1);
    gh_buf_printf(&b, "%llu lines of audit.spool can't be read; ", (unsigned long long)bad);
    if (aside)
        gh_buf_lit(&b, "they are in audit.spool.bad now, and counted as dropped");
    else
        gh_buf_printf(&b, "all of it stays until they can be put aside: %.*s", (int)why->n, why->p);
    text[b.n] = '\0';
    gh_records_say(&r->common, 2, "audit_spool_damaged", text);
}

/* All lines up to there are in the database. */
static bool forget(gh_pg_records *r, uint64_t at, uint64_t bad)
{
    char memory[GH_POSTGRES_WHY / 2];
    gh_buf why = gh_buf_over(memory, sizeof memory);
    bool emptied = false;
    bool done = gh_spool_forget(&r->spool, at, bad, &emptied, &why);
    bool aside = emptied && bad > 0;
    if (aside)
        atomic_fetch_add_explicit(&r->dropped, bad, memory_order_relaxed);
    if (aside || (!done && !r->spool_stuck))
        say_bad(r, bad, aside, &why);
    r->spool_stuck = !done;
    return done;
}

/* Lines that come meanwhile wait behind the others, and are written down in the next round. Where they come as fast as they
 * are written down, new ones go past those that wait from then on: the trail's times tell their order as well. */
static bool write_lines(gh_pg_records *r)
{
    piece p = {.records = r};
    uint64_t bad = 0;
    bool done = gh_spool_look(&r->spool).lines == 0;
    for (unsigned round = 0; !done && round < 2 * ROUNDS; round++) {
        atomic_store(&r->spool_passed, round >= ROUNDS);
        if (!write_round(&p, &bad) || !forget(r, p.from, bad))
            break;
        done = gh_spool_look(&r->spool).lines == 0;
    }
    atomic_store(&r->spool_passed, false);
    return done;
}

void gh_pg_collect_refused(gh_pg_records *r)
{
    uint64_t refused = atomic_exchange(&r->refused, 0);
    if (refused > 0)
        gh_spool_add_dropped(&r->spool, refused);
}

bool gh_pg_replay(gh_pg_records *r)
{
    gh_pg_collect_refused(r);
    if (!write_lines(r))
        return false;
    gh_spool_state state = gh_spool_look(&r->spool);
    if (state.dropped == 0)
        return true;
    if (!gh_queue_call(&r->common.queue, GH_PG_ORDERLY, write_dropped, &state))
        return false;
    gh_spool_told(&r->spool, state.dropped);
    return true;
}
