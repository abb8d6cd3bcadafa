/* A line of the audit trail as it waits on this node's disk for a database. Pure.
 *
 * Version byte 1; the id, 16 bytes; then at_s, user, the actor's user, session, key and device, 8 bytes each, big endian;
 * the address: 0, or 4 or 6 and its bytes; then event, user agent, decision and detail: their length as 4 bytes, big
 * endian, with 1 added to it (0: absent), and the bytes. Nothing follows. */
#ifndef GH_RECORDS_POSTGRES_SPOOL_LINE_H
#define GH_RECORDS_POSTGRES_SPOOL_LINE_H

#include "base/buf.h"
#include "model/op.h"

enum { GH_SPOOL_ID = 16, GH_SPOOL_LINE_MAX = 16384 };

typedef struct gh_spool_line {
    uint8_t id[GH_SPOOL_ID]; /* random: however often it is written to the trail, it is there once */
    uint64_t at_s;
    gh_id user;
    gh_op_actor actor;
    gh_str event, detail;
} gh_spool_line;

/* False: it is longer than GH_SPOOL_LINE_MAX, or than the buffer. */
GH_MUST_CHECK bool gh_spool_line_put(const gh_spool_line *line, gh_buf *out);
/* Texts point into `bytes`. False: it is not what gh_spool_line_put() writes. */
GH_MUST_CHECK bool gh_spool_line_read(gh_str bytes, gh_spool_line *ret);

/* Of one that can't be read: because a newer Gatehouse wrote it. */
bool gh_spool_line_is_newer(gh_str bytes);

#endif
