/* What an error reply of Redis means, in a sentence for people.
 *
 * Pure. The server's own words are shown only where they can't hold what was sent: never of a reply to AUTH, and never
 * the arguments that Redis repeats of a command it does not know. */
#ifndef GH_EDGES_REDIS_EXPLAIN_H
#define GH_EDGES_REDIS_EXPLAIN_H

#include "base/buf.h"

/* What was asked. */
enum gh_redis_step {
    GH_REDIS_STEP_AUTH,
    GH_REDIS_STEP_SELECT,
    GH_REDIS_STEP_NAME, /* CLIENT SETNAME */
    GH_REDIS_STEP_PING,
    GH_REDIS_STEP_LOAD, /* SCRIPT LOAD */
    GH_REDIS_STEP_BEAT, /* the heartbeat's EVALSHA */
    GH_REDIS_STEP_TAKE  /* a request's EVALSHA */
};

enum gh_redis_trouble {
    GH_REDIS_TROUBLE_REQUEST, /* this request alone failed */
    GH_REDIS_TROUBLE_SERVER,  /* so would all others: the server is of no use now */
    GH_REDIS_TROUBLE_SCRIPT,  /* it does not know the script (any more) */
    GH_REDIS_TROUBLE_MOVED    /* a node of a cluster that is not the one */
};

/* error: the reply's text without its "-". Writes the sentence's end ("it ...") to out. */
enum gh_redis_trouble gh_redis_explain(enum gh_redis_step step, gh_str error, gh_buf *out);

/* Where "MOVED slot host:port" sends: host without brackets, "" when it is the same host. False: nowhere. */
GH_MUST_CHECK bool gh_redis_moved_to(gh_str error, gh_str *ret_host, uint16_t *ret_port);

#endif
