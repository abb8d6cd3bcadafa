#include "operator/moment.h"

#include "schema/format.h"

enum { DAY = 86400, HOUR = 3600, MINUTE = 60, DAYS_OF_ERA = 146097, DAYS_TO_1970 = 719468 };

/* Eras of 400 years that begin on the first of March, so that the leap day is a year's last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    if (month <= 2)
        year--;
    int64_t era = year / 400, of_era = year % 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * DAYS_OF_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_1970;
}

/* The digits are there: the format was checked. */
static int64_t number(gh_str text, size_t at, size_t n)
{
    int64_t value = 0;
    for (size_t i = at; i < at + n; i++)
        value = value * 10 + (text.p[i] - '0');
    return value;
}

bool gh_moment_read(gh_str text, uint64_t *ret_unix_s)
{
    if (!gh_format_of(GH_STR("date-time"))(text) || text.n < GH_MOMENT_TEXT || number(text, 0, 4) < 1969)
        return false;
    int64_t at = days_of(number(text, 0, 4), number(text, 5, 2), number(text, 8, 2)) * DAY +
                 number(text, 11, 2) * HOUR + number(text, 14, 2) * MINUTE + number(text, 17, 2);
    char end = text.p[text.n - 1];
    if (end != 'Z' && end != 'z') {
        int64_t offset = number(text, text.n - 5, 2) * HOUR + number(text, text.n - 2, 2) * MINUTE;
        at += text.p[text.n - 6] == '-' ? offset : -offset;
    }
    if (at < 0 || (uint64_t)at > GH_MOMENT_MAX)
        return false;
    *ret_unix_s = (uint64_t)at;
    return true;
}
