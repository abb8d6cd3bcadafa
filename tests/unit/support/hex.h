/* Bytes written in hexadecimal, as the vectors of RFCs are; spaces between them are skipped. */
#ifndef GH_TEST_HEX_H
#define GH_TEST_HEX_H

#include <stdlib.h>

#include "base/slice.h"

/* The bytes of text, in memory that the test leaves to the end of its process. */
static inline gh_str unhex(const char *text)
{
    static uint8_t memory[1 << 16];
    static size_t used;
    uint8_t *begin = memory + used;
    size_t n = 0;
    for (; *text != '\0'; text++) {
        if (*text == ' ')
            continue;
        int high = gh_hex_value(text[0]), low = gh_hex_value(text[1]);
        if (high < 0 || low < 0 || used + n == sizeof memory)
            abort();
        begin[n++] = (uint8_t)(high << 4 | low);
        text++;
    }
    used += n;
    return (gh_str){(const char *)begin, n};
}

#endif
