#include "passwords/blocklist.h"

#include <stdlib.h>

#include "base/crypto.h"
#include "passwords/hash.h"
#include "passwords/words.h"
#include "text/utf8.h"

struct gh_password_blocklist {
    uint8_t key[GH_SIPHASH_KEY_SIZE];
    size_t n;
    uint64_t hashes[]; /* ascending */
};

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static size_t count_lines(gh_str text)
{
    size_t n = 0;
    for (gh_str line; gh_str_next(&text, '\n', &line);)
        n++;
    return n;
}

static void add_line(gh_password_blocklist *list, gh_str line)
{
    char folded[GH_PASSWORD_MAX];
    if (gh_str_ends(line, GH_STR("\r")))
        line.n--;
    if (line.n == 0 || line.n > sizeof folded || gh_utf8_valid(line) < line.n)
        return;
    size_t n = gh_password_fold(line, true, folded, sizeof folded);
    list->hashes[list->n++] = gh_siphash64(list->key, folded, n);
}

gh_password_blocklist *gh_password_blocklist_new(gh_str text)
{
    size_t lines = count_lines(text);
    gh_password_blocklist *list = malloc(sizeof *list + lines * sizeof list->hashes[0]);
    if (list == NULL)
        return NULL;
    gh_random(list->key, sizeof list->key);
    list->n = 0;
    for (gh_str line; gh_str_next(&text, '\n', &line);)
        add_line(list, line);
    qsort(list->hashes, list->n, sizeof list->hashes[0], compare);
    return list;
}

void gh_password_blocklist_free(gh_password_blocklist *list)
{
    free(list);
}

size_t gh_password_blocklist_size(const gh_password_blocklist *list)
{
    return list->n;
}

bool gh_password_blocklist_has(const gh_password_blocklist *list, gh_str folded)
{
    uint64_t hash = gh_siphash64(list->key, folded.p, folded.n);
    return bsearch(&hash, list->hashes, list->n, sizeof hash, compare) != NULL;
}
