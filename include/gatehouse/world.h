/* What the library is told of the world: it has no clock and no randomness of its own. */
#ifndef GATEHOUSE_WORLD_H
#define GATEHOUSE_WORLD_H

#include <stddef.h>
#include <stdint.h>

typedef struct gh_world {
    uint64_t now_ms;    /* a monotonic clock, in milliseconds; any origin */
    const uint8_t *key; /* 16 secret bytes, the same for the life of a state store */
    void (*random)(void *data, void *out, size_t n); /* fills out with n unpredictable bytes */
    void *random_data;
    /* Unix time in seconds (RFC 7519 NumericDate); 0: not known, and no token or session is let in */
    uint64_t unix_s;
} gh_world;

#endif
