/* A control: one small file, ending in one const struct. It asks and judges; it never waits.
 *
 * The stage gives meaning to the answer: GH_STOP ends the stages with txn->verdict. */
#ifndef GH_MODEL_CONTROL_H
#define GH_MODEL_CONTROL_H

#include "model/txn.h"

/* The head of the answer on its way to the client, as edits. */
typedef struct gh_reply {
    unsigned status;
    const gh_field *fields; /* of the upstream's answer; none for our own */
    unsigned n_fields;
    uint64_t seen; /* known fields in it */
    uint64_t drop; /* bits of field ids that are not passed on */
    gh_buf *out;   /* lines added */
} gh_reply;

struct gh_control {
    const char *name;
    bool (*applies)(const gh_policy *policy);    /* at load: is it in use? NULL: always */
    void (*ask)(gh_txn *txn);                    /* adds operations to the stage's batch */
    enum gh_judgement (*judge)(gh_txn *txn);     /* with the answers in place */
    void (*reply)(gh_txn *txn, gh_reply *reply); /* on every answer, refusals too */
};

#endif
