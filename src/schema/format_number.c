/* OpenAPI's formats of numbers: ranges, by the value that is written, exactly. */
#include "schema/format_parts.h"
#include "wire/decimal.h"

static bool is_within(gh_str number, gh_str low, gh_str high)
{
    return gh_decimal_compare(number, low) >= 0 && gh_decimal_compare(number, high) <= 0;
}

bool gh_format_int32(gh_str number)
{
    return gh_decimal_integer(number) && is_within(number, GH_STR("-2147483648"), GH_STR("2147483647"));
}

bool gh_format_int64(gh_str number)
{
    return gh_decimal_integer(number) &&
           is_within(number, GH_STR("-9223372036854775808"), GH_STR("9223372036854775807"));
}

/* What does not become infinite when it is rounded to nearest: below the largest value and half a unit in its
 * last place (IEEE 754 section 4.3.1). Precision is not asked for. */
bool gh_format_float(gh_str number)
{
    gh_str bound = GH_STR("340282356779733661637539395458142568448");
    gh_str below = GH_STR("-340282356779733661637539395458142568448");
    return gh_decimal_compare(number, below) > 0 && gh_decimal_compare(number, bound) < 0;
}

bool gh_format_double(gh_str number)
{
    return is_within(number, GH_STR("-1.7976931348623157e308"), GH_STR("1.7976931348623157e308"));
}
