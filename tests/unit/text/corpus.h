/* Files of texts, one a line, for the tests of this directory. */
#ifndef GH_TEST_CORPUS_H
#define GH_TEST_CORPUS_H

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "text/utf8.h"

enum { CORPUS_FILE_MAX = 1 << 20 };

static char corpus_file[CORPUS_FILE_MAX];

/* The text of tests/unit/text/NAME; fails the program when it cannot be read. */
static gh_str corpus_read(const char *name)
{
    char path[512];
    gh_buf at = gh_buf_over(path, sizeof path - 1);
    gh_buf_printf(&at, GH_SOURCE_ROOT "/tests/unit/text/%s", name);
    path[at.n] = '\0';
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        abort();
    size_t n = fread(corpus_file, 1, sizeof corpus_file, file);
    if (n == sizeof corpus_file || fclose(file) != 0)
        abort();
    return (gh_str){corpus_file, n};
}

/* The next line that is no comment and not empty. */
static bool corpus_next(gh_str *rest, gh_str *ret)
{
    while (gh_str_next(rest, '\n', ret))
        if (ret->n > 0 && !gh_str_starts(*ret, GH_STR("# ")))
            return true;
    return false;
}

/* What stands for a character that a line cannot hold: its size in the line, 0: none. */
static size_t corpus_sign(gh_str s, uint32_t *ret)
{
    static const struct {
        gh_str sign;
        uint32_t code;
    } signs[] = {{GH_STR_INIT("\xe2\x90\xa4"), '\n'},
                 {GH_STR_INIT("\xe2\x90\x8d"), '\r'},
                 {GH_STR_INIT("\xe2\x90\x89"), '\t'},
                 {GH_STR_INIT("\xe2\x90\x80"), 0}};
    for (size_t i = 0; i < GH_COUNT(signs); i++) {
        *ret = signs[i].code;
        if (gh_str_starts(s, signs[i].sign))
            return signs[i].sign.n;
    }
    size_t end = gh_str_find(gh_str_cut(s, 0, 10), '}');
    *ret = 0;
    if (!gh_str_starts(s, GH_STR("\\u{")) || end >= 10 || end == s.n)
        return 0;
    for (size_t i = 3; i < end; i++)
        *ret = *ret << 4 | (uint32_t)gh_hex_value(s.p[i]);
    return end + 1;
}

/* A line with the signs put to what they stand for, in `to`, which is as large. */
static gh_str corpus_text(gh_str line, char *to)
{
    gh_buf out = gh_buf_over(to, line.n);
    while (line.n > 0) {
        uint32_t code;
        char bytes[4];
        size_t size = corpus_sign(line, &code);
        if (size > 0)
            gh_buf_put(&out, (gh_str){bytes, gh_utf8_put(bytes, code)});
        else
            gh_buf_char(&out, line.p[0]);
        line = gh_str_cut(line, size > 0 ? size : 1, line.n);
    }
    return gh_buf_str(&out);
}

#endif
