/* Dates and times of RFC 3339 section 5.6, durations of its appendix A. */
#include "schema/format_parts.h"

/* Takes `count` digits off the front; -1: they are not there. */
static int take_digits(gh_str *text, size_t count)
{
    int value = 0;
    if (text->n < count)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (!gh_is_digit(text->p[i]))
            return -1;
        value = value * 10 + (text->p[i] - '0');
    }
    *text = gh_str_cut(*text, count, text->n);
    return value;
}

static bool take(gh_str *text, char c)
{
    if (text->n == 0 || gh_lower(text->p[0]) != c)
        return false;
    *text = gh_str_cut(*text, 1, text->n);
    return true;
}

static int days_of(int year, int month)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool take_date(gh_str *text)
{
    int year = take_digits(text, 4);
    if (year < 0 || !take(text, '-'))
        return false;
    int month = take_digits(text, 2);
    if (month < 1 || month > 12 || !take(text, '-'))
        return false;
    int day = take_digits(text, 2);
    return day >= 1 && day <= days_of(year, month);
}

/* "Z" or "+hh:mm": minutes to add to get from UTC to the time written. */
static bool take_offset(gh_str *text, int *ret_minutes)
{
    *ret_minutes = 0;
    if (take(text, 'z'))
        return true;
    int sign = take(text, '+') ? 1 : take(text, '-') ? -1 : 0;
    if (sign == 0)
        return false;
    int hours = take_digits(text, 2);
    if (hours < 0 || hours > 23 || !take(text, ':'))
        return false;
    int minutes = take_digits(text, 2);
    *ret_minutes = sign * (hours * 60 + minutes);
    return minutes >= 0 && minutes <= 59;
}

static bool take_fraction(gh_str *text)
{
    if (!take(text, '.'))
        return true;
    size_t n = 0;
    while (n < text->n && gh_is_digit(text->p[n]))
        n++;
    *text = gh_str_cut(*text, n, text->n);
    return n > 0;
}

/* A leap second is the last of a day in UTC (section 5.7). */
static bool take_time(gh_str *text)
{
    enum { DAY = 24 * 60 };
    int offset;
    int hours = take_digits(text, 2);
    if (hours < 0 || hours > 23 || !take(text, ':'))
        return false;
    int minutes = take_digits(text, 2);
    if (minutes < 0 || minutes > 59 || !take(text, ':'))
        return false;
    int seconds = take_digits(text, 2);
    if (seconds < 0 || seconds > 60 || !take_fraction(text) || !take_offset(text, &offset))
        return false;
    int utc = (hours * 60 + minutes - offset + DAY) % DAY;
    return seconds < 60 || utc == DAY - 1;
}

bool gh_format_date(gh_str text)
{
    return take_date(&text) && text.n == 0;
}

bool gh_format_time(gh_str text)
{
    return take_time(&text) && text.n == 0;
}

bool gh_format_date_time(gh_str text)
{
    return take_date(&text) && take(&text, 't') && take_time(&text) && text.n == 0;
}

/* Figures with designators out of `units`, each following directly on the one before ("PT1H1S" has a hole). */
static bool take_units(gh_str *text, const char *units)
{
    const char *next = NULL; /* the only unit that may come */
    while (text->n > 0 && gh_is_digit(text->p[0])) {
        size_t n = 0;
        while (n < text->n && gh_is_digit(text->p[n]))
            n++;
        const char *unit = n < text->n ? strchr(units, text->p[n]) : NULL;
        if (unit == NULL || *unit == '\0' || (next != NULL && unit != next))
            return false;
        next = unit + 1;
        *text = gh_str_cut(*text, n + 1, text->n);
    }
    return next != NULL;
}

bool gh_format_duration(gh_str text)
{
    if (text.n == 0 || text.p[0] != 'P')
        return false;
    gh_str rest = gh_str_cut(text, 1, text.n), weeks = rest;
    if (take_units(&weeks, "W") && weeks.n == 0)
        return true;
    if (rest.n > 0 && rest.p[0] != 'T' && !take_units(&rest, "YMD"))
        return false;
    if (rest.n == 0)
        return text.n > 1;
    if (rest.p[0] != 'T')
        return false;
    rest = gh_str_cut(rest, 1, rest.n);
    return take_units(&rest, "HMS") && rest.n == 0;
}
