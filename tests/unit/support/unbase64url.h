/* Bytes written in base64url, as the RFCs of JOSE give them. */
#ifndef GH_TEST_UNBASE64URL_H
#define GH_TEST_UNBASE64URL_H

#include <stdlib.h>

#include "base/base64url.h"

/* The bytes of text, in memory that the test leaves to the end of its process. */
static inline gh_str unbase64url(const char *text)
{
    static uint8_t memory[1 << 16];
    static size_t used;
    uint8_t *begin = memory + used;
    gh_str in = gh_str_of(text);
    size_t n = gh_base64url_bytes(in.n);
    if (n > sizeof memory - used || !gh_base64url_read(in, begin))
        abort();
    used += n;
    return (gh_str){(const char *)begin, n};
}

#endif
