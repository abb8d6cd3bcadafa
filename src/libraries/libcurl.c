#include "libraries/libcurl.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/crypto.h"

_Alignas(GH_LIBRARY_PAGE) gh_libcurl gh_libcurl_table;

static const char *const names[] = {
#define FUNCTION(name) #name,
#include "libraries/libcurl.def"
#undef FUNCTION
};
static gh_library library = {"libcurl.so.4", "libcurl4", names, GH_COUNT(names), &gh_libcurl_table, false};

/* --- its memory: its buffers have held requests and answers in the clear --- */

static void wipe_and_free(void *p)
{
    if (p != NULL)
        gh_wipe(p, malloc_usable_size(p));
    free(p);
}

static void *grow(void *p, size_t size)
{
    size_t old = p == NULL ? 0 : malloc_usable_size(p);
    void *fresh = malloc(size == 0 ? 1 : size);
    if (fresh == NULL || p == NULL)
        return fresh;
    memcpy(fresh, p, old < size ? old : size);
    wipe_and_free(p);
    return fresh;
}

static char *copy_text(const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = malloc(n);
    if (copy != NULL)
        memcpy(copy, text, n);
    return copy;
}

static void *get_memory(size_t size)
{
    return malloc(size);
}

static void *get_zeroed(size_t n, size_t size)
{
    return calloc(n, size);
}

static CURLcode begun;

static void begin(void)
{
    begun = curl_global_init_mem(CURL_GLOBAL_DEFAULT, get_memory, wipe_and_free, grow, copy_text, get_zeroed);
}

/* Nothing else in this process uses libcurl, so it is the first to begin with it. */
bool gh_libcurl_load(char *why)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (!gh_library_load(&library, why))
        return false;
    (void)pthread_once(&once, begin);
    if (begun == CURLE_OK)
        return true;
    gh_buf out = gh_buf_over(why, GH_LIBRARY_WHY - 1);
    gh_buf_printf(&out, "libcurl can't begin: %.200s", curl_easy_strerror(begun));
    why[out.n] = '\0';
    return false;
}
