/* Linked into the tests of the pure parts: they run as a process that can't do I/O, so that they pass is the proof
 * that these parts do none. */
#include "no_io.h"

__attribute__((constructor)) static void start(void)
{
    no_io_begin();
}
