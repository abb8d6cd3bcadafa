/* A server that a test makes misbehave: it says what it is told, or passes on what a real Redis says, in pieces, late
 * or not at all. One thread; any number of connections, one after the other. */
#ifndef GH_TESTS_REDIS_RELAY_H
#define GH_TESTS_REDIS_RELAY_H

#include <pthread.h>
#include <stdatomic.h>

#include "redis_server.h"

typedef struct redis_relay {
    const redis_server *behind; /* NULL: none; it only says `words` */
    const char *words;          /* said to whoever connects, before all else; NULL: nothing */
    size_t n_words;
    bool hang_up;        /* closes behind its words */
    size_t piece;        /* bytes of the server's to be passed on at a time; 0: as they come */
    atomic_bool hold;    /* what the server says is kept back */
    atomic_bool inject;  /* once: says ":77" of its own accord */
    atomic_uint clients; /* so far */
    uint16_t port;
    int fd;
    atomic_bool stop;
    pthread_t thread;
} redis_relay;

void redis_relay_start(redis_relay *relay);
void redis_relay_stop(redis_relay *relay);

#endif
