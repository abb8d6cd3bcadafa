/* Time, randomness and secrets come in from outside, so that every test is deterministic. */
#ifndef GH_MODEL_WORLD_H
#define GH_MODEL_WORLD_H

#include <gatehouse/world.h>

#endif
