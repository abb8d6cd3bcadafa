/* Many at once, who ask one node or several: it must be as if they came one after the other. */
#ifndef GH_TEST_RECORDS_CROWD_H
#define GH_TEST_RECORDS_CROWD_H

#include <stdatomic.h>

#include "records_world.h"

enum { CROWD = 96 };

/* ask() is called CROWD times, i: 0 .. CROWD - 1, on many threads, which take the nodes in turn. How many got which status;
 * good until the next call. */
const _Atomic unsigned *crowd_asks(world *const *nodes, unsigned n, unsigned (*ask)(world *w, unsigned i));
/* Signs ada in with session 5000 + i, in the place of her oldest. */
unsigned crowd_ask_session_in_turn(world *w, unsigned i);

/* Of the last place of each cap exactly one gets it. At the end ada, who is each node's user, has 6 sessions and 4 keys. */
void crowd_fights_for_last_places(world *const *nodes, unsigned n);
/* Whoever comes with one refresh token gets the same successor. */
void crowd_refreshes_one_token(world *const *nodes, unsigned n, unsigned rounds);

#endif
