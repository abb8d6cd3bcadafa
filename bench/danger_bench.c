/* What looking for dangerous content costs a text: CSV on standard output, nanoseconds of CPU time, the median of
 * several batches. The texts are ordinary ones of a size, and one that is hard to look at.
 *   danger_bench [--quick] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "text/dangerous.h"

enum { BATCHES = 15, BATCH = 4000, LONGEST = 1000, MEMORY = 16384 };

/* clang-format off */
static const struct kind {
    gh_str name, text; /* the text is repeated up to the size */
    bool dangerous;    /* may be */
} kinds[] = {
    {GH_STR_INIT("prose"), GH_STR_INIT("The band's second record came out in May, and it isn't like the first: 12 songs, "
        "most of them slow. We didn't expect that many people (over 500!) to come; they sang along until late. "), false},
    {GH_STR_INIT("names"), GH_STR_INIT("Ren\xc3\xa9" "e O'Neill, Bj\xc3\xb6rn \xc3\x85str\xc3\xb6m, Mary-Jane Smith, "
        "Jos\xc3\xa9 Garc\xc3\xad" "a Lorca, "), false},
    {GH_STR_INIT("code"), GH_STR_INIT("for (int i = 0; i < n; i++) {\n    if (items[i] != NULL && items[i]->size > 0)\n"
        "        total += items[i]->size;\n    puts(\"next\");\n}\n"), false},
    {GH_STR_INIT("json"), GH_STR_INIT("{\"id\": 4711, \"name\": \"North Hall\", \"tags\": [\"a\", \"b\"], \"open\": true, "
        "\"url\": \"https://example.com/hall?id=4711\"}, "), false},
    {GH_STR_INIT("typographic"), GH_STR_INIT("\xe2\x80\x9cWell\xe2\x80\x9d \xe2\x80\x94 she said \xe2\x80\x94 \xe2\x80\x9cit\xe2\x80\x99s a long "
        "way, n\xc3\xa4mlich 5 \xe2\x82\xac by bus.\xe2\x80\x9d "), false},
    {GH_STR_INIT("cyrillic"), GH_STR_INIT("\xd0\x9c\xd0\xbe\xd1\x81\xd0\xba\xd0\xb2\xd0\xb0 \xd0\xb8 \xd0\xbf\xd0\xb5\xd1\x81\xd0\xbd\xd1\x8f "), false},
    {GH_STR_INIT("worst"), GH_STR_INIT("a <b c='d'> %2541 x/* &#x41; {e: 'f'} "), true},
};
/* clang-format on */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* other programs do not count */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static gh_str text_of(const struct kind *kind, size_t size, char memory[LONGEST])
{
    gh_buf out = gh_buf_over(memory, size);
    for (size_t i = 0; i < size; i++)
        gh_buf_char(&out, kind->text.p[i % kind->text.n]);
    return gh_buf_str(&out);
}

/* Nanoseconds a text; negative when an ordinary one was not let through. */
static double median_ns(gh_str text, bool dangerous, unsigned batch)
{
    enum { SEVEN = (1 << GH_DANGER_NOT_NORMAL) - 1 };
    static _Alignas(16) char memory[MEMORY];
    double ns[BATCHES];
    bool refused = false;
    for (unsigned k = 0; k < BATCHES; k++) {
        double begin = seconds();
        for (unsigned i = 0; i < batch; i++) {
            gh_arena scratch;
            gh_arena_init(&scratch, memory, sizeof memory, 0);
            refused |= gh_danger_find(text, SEVEN, SIZE_MAX, &scratch) != GH_DANGER_COUNT;
        }
        ns[k] = (seconds() - begin) * 1e9 / batch;
    }
    qsort(ns, BATCHES, sizeof ns[0], by_value);
    return refused && !dangerous ? -1 : ns[BATCHES / 2];
}

int main(int argc, char **argv)
{
    static const size_t sizes[] = {20, 43, 200, LONGEST};
    bool quick = argc > 1 && gh_str_eq(gh_str_of(argv[1]), GH_STR("--quick"));
    puts("text,bytes,ns_per_text");
    for (size_t i = 0; i < GH_COUNT(kinds); i++) {
        for (size_t k = 0; k < GH_COUNT(sizes); k++) {
            char memory[LONGEST];
            double ns = median_ns(text_of(&kinds[i], sizes[k], memory), kinds[i].dangerous,
                                  quick ? BATCH / 10 : BATCH);
            printf("%s,%zu,%.0f\n", kinds[i].name.p, sizes[k], ns);
            if (ns < 0)
                return 1;
        }
    }
    return 0;
}
