/* What is done without being asked: the last uses are written down, and what has had its time goes. In small pieces, so
 * that operations need not wait for it; each piece is part of a transaction. */
#ifndef GH_RECORDS_SWEEP_H
#define GH_RECORDS_SWEEP_H

#include "records/work.h"

typedef struct gh_sweep_spans {
    uint32_t cookie_idle_s, token_idle_s; /* 0: none */
} gh_sweep_spans;

/* Access tokens made from now on live so long. What is remembered of ends and cut-offs is remembered for as long as any
 * token may be taken: also one that was made when they lived longer. */
void gh_sweep_token_life(gh_work *w, uint32_t access_s);
/* Up to a piece of what the roster has noted. True: there is more. */
bool gh_sweep_uses(gh_work *w);
/* These. */
void gh_sweep_write_uses(gh_work *w, const gh_roster_use *uses, unsigned n);
/* True: there is more. */
bool gh_sweep_expired(gh_work *w, const gh_sweep_spans *spans);

#endif
