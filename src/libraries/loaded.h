/* Libraries that are loaded when they are first needed: few configurations do, and what they bring with them (Kerberos,
 * LDAP, GnuTLS, SSH) is as much memory as all the rest of a plain proxy at rest, and most of the time that a start takes. */
#ifndef GH_LIBRARIES_LOADED_H
#define GH_LIBRARIES_LOADED_H

#include "base/slice.h"

enum {
    GH_LIBRARY_WHY = 256,
    GH_LIBRARY_PAGE = 65536 /* bytes; no page of memory is larger on what this runs on */
};

/* One library: its file as the system's loader finds it, the package that brings it, and the functions that are wanted. */
typedef struct gh_library {
    const char *file, *package;
    const char *const *names;
    unsigned n;
    void *table; /* their addresses in that order; static, GH_LIBRARY_PAGE bytes, aligned to as many */
    bool loaded;
} gh_library;

/* Loads it, or has done so: for the rest of the process, and nothing can write to its table any more. Any thread may ask at any
 * time. False: `why` (of GH_LIBRARY_WHY) says what is missing and what to do; the table is all NULL. */
GH_MUST_CHECK bool gh_library_load(gh_library *library, char *why);

#endif
