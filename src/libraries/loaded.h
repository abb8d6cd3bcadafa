/* Libraries that are loaded when they are first needed: few configurations do, and what they bring with them (Kerberos,
 * LDAP, GnuTLS, SSH) would be half the memory of a process at rest and most of the time it takes to start. */
#ifndef GH_LIBRARIES_LOADED_H
#define GH_LIBRARIES_LOADED_H

#include "base/slice.h"

enum { GH_LIBRARY_WHY = 256 };

/* One library: its file as the system's loader finds it, the package that brings it, and the functions that are wanted. */
typedef struct gh_library {
    const char *file, *package;
    const char *const *names;
    unsigned n;
    void *to; /* a pointer: there the functions' addresses are then, in the order of their names */
    bool loaded;
} gh_library;

/* Loads it, or has done so: for the rest of the process, and its addresses where nothing can change them. Any thread may ask
 * at any time. False: `why` (of GH_LIBRARY_WHY) says what is missing and what to do. */
GH_MUST_CHECK bool gh_library_load(gh_library *library, char *why);

#endif
