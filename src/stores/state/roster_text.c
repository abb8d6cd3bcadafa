#include "stores/state/roster_text.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/crypto.h"

enum { BUCKETS_MIN = 64 };

bool gh_roster_texts_init(gh_roster_texts *texts, const uint8_t secret[16])
{
    memset(texts, 0, sizeof *texts);
    memcpy(texts->secret, secret, sizeof texts->secret);
    texts->bucket = calloc(BUCKETS_MIN, sizeof(gh_roster_text *));
    if (texts->bucket == NULL)
        return false;
    texts->buckets = BUCKETS_MIN;
    texts->bytes = BUCKETS_MIN * sizeof(gh_roster_text *);
    return true;
}

void gh_roster_texts_free(gh_roster_texts *texts)
{
    for (size_t i = 0; i < texts->buckets; i++)
        while (texts->bucket[i] != NULL) {
            gh_roster_text *text = texts->bucket[i];
            texts->bucket[i] = text->next;
            free(text);
        }
    free(texts->bucket);
    texts->buckets = 0;
}

static gh_roster_text **bucket_of(const gh_roster_texts *texts, uint64_t hash)
{
    return &texts->bucket[hash & (texts->buckets - 1)];
}

/* Without memory for more buckets they are just longer. */
static void grow(gh_roster_texts *texts)
{
    size_t n = texts->buckets, more = n * 2;
    gh_roster_text **bucket = calloc(more, sizeof(gh_roster_text *)), **old = texts->bucket;
    if (bucket == NULL)
        return;
    texts->bucket = bucket;
    texts->buckets = more;
    for (size_t i = 0; i < n; i++)
        for (gh_roster_text *text = old[i], *next; text != NULL; text = next) {
            next = text->next;
            gh_roster_text **at = bucket_of(texts, text->hash);
            text->next = *at;
            *at = text;
        }
    free(old);
    (void)atomic_fetch_add_explicit(&texts->bytes, n * sizeof(gh_roster_text *), memory_order_relaxed);
}

gh_roster_text *gh_roster_text_hold(gh_roster_texts *texts, gh_str s)
{
    uint64_t hash = gh_siphash64(texts->secret, s.p, s.n);
    for (gh_roster_text *text = *bucket_of(texts, hash); text != NULL; text = text->next)
        if (text->hash == hash && gh_str_eq(gh_roster_text_str(text), s)) {
            text->references++;
            return text;
        }
    gh_roster_text *text = s.n > UINT32_MAX / 2 ? NULL : malloc(sizeof *text + s.n);
    if (text == NULL)
        return NULL;
    if (texts->n >= texts->buckets)
        grow(texts);
    gh_roster_text **at = bucket_of(texts, hash);
    *text = (gh_roster_text){.next = *at, .hash = hash, .references = 1, .n = (uint32_t)s.n};
    if (s.n > 0)
        memcpy(text->p, s.p, s.n);
    *at = text;
    texts->n++;
    (void)atomic_fetch_add_explicit(&texts->bytes, sizeof *text + s.n, memory_order_relaxed);
    return text;
}

void gh_roster_text_release(gh_roster_texts *texts, gh_roster_text *text)
{
    if (text == NULL || --text->references > 0)
        return;
    gh_roster_text **at = bucket_of(texts, text->hash);
    while (*at != text)
        at = &(*at)->next;
    *at = text->next;
    texts->n--;
    (void)atomic_fetch_sub_explicit(&texts->bytes, sizeof *text + text->n, memory_order_relaxed);
    free(text);
}
