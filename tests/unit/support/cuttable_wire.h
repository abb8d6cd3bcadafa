/* A wire to a port of the loopback interface that can be cut and held: connections go through it, on a thread of its own. */
#ifndef GH_TEST_SUPPORT_CUTTABLE_WIRE_H
#define GH_TEST_SUPPORT_CUTTABLE_WIRE_H

#include <stdbool.h>

typedef struct wire wire;

wire *wire_make(unsigned to_port);
void wire_free(wire *w);
unsigned wire_port(const wire *w);
/* Ends all connections; new ones are taken. */
void wire_cut(wire *w);
/* While held nothing passes, as when it is unplugged; new connections are taken and wait. */
void wire_hold(wire *w, bool held);
/* The next bytes that come from the far end are the last ones that pass, and they don't: the connection is cut. */
void wire_cut_at_answer(wire *w);
/* The next time this text and a NUL come from the far end they are the last that passes: the connection is cut there. */
void wire_cut_behind(wire *w, const char *text);
/* Bytes passed towards the far end so far. */
unsigned long wire_passed(wire *w);

#endif
