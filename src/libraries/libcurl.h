/* libcurl, loaded when it is first needed. A file that includes this calls curl_... as ever. */
#ifndef GH_LIBRARIES_LIBCURL_H
#define GH_LIBRARIES_LIBCURL_H

#include <curl/curl.h>

#include "libraries/loaded.h"

/* Each under its own name, and the page that they are in; NULL until it is loaded. */
typedef union gh_libcurl {
    struct {
#define FUNCTION(name) __typeof__(name) *name;
#include "libraries/libcurl.def"
#undef FUNCTION
    } functions;
    char page[GH_LIBRARY_PAGE];
} gh_libcurl;

extern gh_libcurl gh_libcurl_table;

/* As gh_library_load(), and makes it wipe the memory that it frees. Of what follows nothing may be called before it was true. */
GH_MUST_CHECK bool gh_libcurl_load(char *why);

/* Its own macros, which look at the types of arguments. */
#undef curl_easy_setopt
#undef curl_easy_getinfo
#define curl_easy_cleanup gh_libcurl_table.functions.curl_easy_cleanup
#define curl_easy_getinfo gh_libcurl_table.functions.curl_easy_getinfo
#define curl_easy_init gh_libcurl_table.functions.curl_easy_init
#define curl_easy_perform gh_libcurl_table.functions.curl_easy_perform
#define curl_easy_setopt gh_libcurl_table.functions.curl_easy_setopt
#define curl_easy_strerror gh_libcurl_table.functions.curl_easy_strerror
#define curl_global_init_mem gh_libcurl_table.functions.curl_global_init_mem
#define curl_slist_append gh_libcurl_table.functions.curl_slist_append
#define curl_slist_free_all gh_libcurl_table.functions.curl_slist_free_all

#endif
