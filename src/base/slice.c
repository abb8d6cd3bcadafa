#include "base/slice.h"

int gh_hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = gh_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool gh_str_eq_nocase(gh_str a, gh_str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (gh_lower(a.p[i]) != gh_lower(b.p[i]))
            return false;
    return true;
}

bool gh_str_starts(gh_str s, gh_str prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool gh_str_ends(gh_str s, gh_str suffix)
{
    return s.n >= suffix.n && (suffix.n == 0 || memcmp(s.p + (s.n - suffix.n), suffix.p, suffix.n) == 0);
}

size_t gh_str_find(gh_str s, char c)
{
    if (s.n == 0)
        return 0;
    const char *at = memchr(s.p, c, s.n);
    return at == NULL ? s.n : (size_t)(at - s.p);
}

gh_str gh_str_cut(gh_str s, size_t from, size_t to)
{
    if (to > s.n)
        to = s.n;
    if (from > to)
        from = to;
    return (gh_str){s.p == NULL ? NULL : s.p + from, to - from};
}

gh_str gh_str_trim(gh_str s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = gh_str_cut(s, 1, s.n);
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

bool gh_str_next(gh_str *rest, char sep, gh_str *ret_part)
{
    if (rest->p == NULL)
        return false;
    size_t at = gh_str_find(*rest, sep);
    *ret_part = gh_str_cut(*rest, 0, at);
    /* An absent slice marks the end, so that "a," still yields its empty last part. */
    *rest = at == rest->n ? (gh_str){NULL, 0} : gh_str_cut(*rest, at + 1, rest->n);
    return true;
}

bool gh_str_u64(gh_str s, uint64_t *ret)
{
    uint64_t v = 0;
    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!gh_is_digit(s.p[i]))
            return false;
        if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
            return false;
    }
    *ret = v;
    return true;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned gh_str_distance(gh_str a, gh_str b, unsigned max)
{
    enum { LONGEST = 64 };
    unsigned rows[3][LONGEST + 1];
    if (a.n > LONGEST || b.n > LONGEST)
        return max + 1;
    for (unsigned j = 0; j <= b.n; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i - 1) % 3], *two_above = rows[(i + 1) % 3];
        char c = gh_lower(a.p[i - 1]);
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.n; j++) {
            char d = gh_lower(b.p[j - 1]);
            row[j] = least(above[j - 1] + (c != d), least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && c == gh_lower(b.p[j - 2]) && d == gh_lower(a.p[i - 2]))
                row[j] = least(row[j], two_above[j - 2] + 1);
        }
    }
    return least(rows[a.n % 3][b.n], max + 1);
}
