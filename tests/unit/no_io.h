/* A process that can't reach the world. */
#ifndef GH_TESTS_UNIT_NO_IO_H
#define GH_TESTS_UNIT_NO_IO_H

/* From here on a system call that opens, reaches or asks for anything kills the process with SIGSYS; what is left is memory,
 * threads, signals, the end, and writing to standard output and error. For the whole process, for good. */
void no_io_begin(void);

#endif
