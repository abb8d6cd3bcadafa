/* Changes on their way from node to node: what an operation did to the roster (records/effects.h), as the bytes of one row
 * of the table `change`. Pure.
 *
 * Version byte 1, then the effects one after the other. Each: its kind as a byte, then what it has. Ids 8 bytes, big endian,
 * 1..2^63-1 (0 where one may be absent); hashes 16 bytes; numbers in groups of seven bits, the lowest first, the shortest
 * form only; texts their length as a number and UTF-8; addresses 0, or 4 or 6 and the bytes. The reader takes exactly what
 * the writer writes: a row that reads is written again as the same bytes.
 *
 * A reader that meets a version or kind it does not know must not guess (a newer Gatehouse wrote it): the feed then reads
 * the whole roster anew. */
#ifndef GH_RECORDS_POSTGRES_CHANGE_H
#define GH_RECORDS_POSTGRES_CHANGE_H

#include "records/effects.h"

enum { GH_CHANGE_VERSION = 1, GH_CHANGE_NETWORKS = 64 /* of a key */ };

/* All effects of the list as one row's bytes, in the arena. False: no memory, or one that can't be (no id, a text longer
 * than model/principal.h says). An empty list is no bytes: nothing is to be told. */
GH_MUST_CHECK bool gh_change_encode(const gh_effect *first, gh_arena *arena, gh_str *ret);

/* Effects in the order they were written, in the arena; their texts point into the bytes. False: it is no row of ours; or
 * no memory. */
GH_MUST_CHECK bool gh_change_decode(gh_str bytes, gh_arena *arena, gh_effects *ret);

#endif
