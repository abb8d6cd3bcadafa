#include "text/normal.h"

#include <utf8proc.h>

#include "text/decode.h"

/* The first code point that is not sure to be in form C wherever it stands. */
enum { FIRST_UNSURE = 0x300, CLUSTER_MAX = 32, PARTS_MAX = 4 };

/* Can nothing before this code point be put together or in order with it? */
static bool is_boundary(uint32_t code)
{
    if (code < FIRST_UNSURE)
        return true;
    if ((code >= 0x1160 && code < 0x1200) || (code >= 0xD7B0 && code < 0xD800) ||
        (code >= 0x16D63 && code < 0x16D6B))
        return false; /* vowels and finals of Hangul, vowels of Kirat Rai */
    const utf8proc_property_t *property = utf8proc_get_property((utf8proc_int32_t)code);
    return property->combining_class == 0 && property->category != UTF8PROC_CATEGORY_MN &&
           property->category != UTF8PROC_CATEGORY_MC && property->category != UTF8PROC_CATEGORY_ME;
}

/* Canonical order: marks by their class, stable. Quadratic in at most 128 parts. */
static void put_in_order(utf8proc_int32_t *parts, utf8proc_ssize_t n)
{
    for (utf8proc_ssize_t i = 1; i < n; i++) {
        utf8proc_int32_t part = parts[i];
        utf8proc_propval_t class = utf8proc_get_property(part)->combining_class;
        utf8proc_ssize_t at = i;
        for (; class != 0 && at > 0 && utf8proc_get_property(parts[at - 1])->combining_class > class; at--)
            parts[at] = parts[at - 1];
        parts[at] = part;
    }
}

/* Does it stay as it is when it stands alone? For those that come apart the answer is false, also if they are put
 * together again. */
static bool is_whole(uint32_t code)
{
    if (code < FIRST_UNSURE)
        return true;
    return !(code >= 0xAC00 && code < 0xD7A4) &&
           utf8proc_get_property((utf8proc_int32_t)code)->decomp_seqindex == UINT16_MAX;
}

static bool is_cluster_nfc(const uint32_t *codes, size_t n)
{
    utf8proc_int32_t parts[CLUSTER_MAX * PARTS_MAX];
    utf8proc_ssize_t size = 0, room = (utf8proc_ssize_t)GH_COUNT(parts);
    int last_class = 0;
    if (n == 1 && is_whole(codes[0]))
        return true;
    for (size_t i = 0; i < n; i++) {
        utf8proc_ssize_t got = utf8proc_decompose_char((utf8proc_int32_t)codes[i], parts + size, room - size,
                                                       UTF8PROC_DECOMPOSE, &last_class);
        if (got < 0 || got > room - size)
            return false;
        size += got;
    }
    put_in_order(parts, size);
    size = utf8proc_normalize_utf32(parts, size, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    if (size != (utf8proc_ssize_t)n)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((uint32_t)parts[i] != codes[i])
            return false;
    return true;
}

bool gh_text_is_nfc(gh_str text)
{
    uint32_t cluster[CLUSTER_MAX];
    size_t n = 0;
    while (text.n > 0) {
        uint32_t code = gh_text_next(&text);
        if (n > 0 && is_boundary(code)) {
            if (!is_cluster_nfc(cluster, n))
                return false;
            n = 0;
        }
        if (n == CLUSTER_MAX)
            return false;
        cluster[n++] = code;
    }
    return n == 0 || is_cluster_nfc(cluster, n);
}
