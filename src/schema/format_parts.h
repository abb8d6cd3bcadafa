/* The formats themselves, each of a whole text; for format.c. */
#ifndef GH_SCHEMA_FORMAT_PARTS_H
#define GH_SCHEMA_FORMAT_PARTS_H

#include "schema/format.h"

/* format_time.c */
gh_format_fn gh_format_date, gh_format_time, gh_format_date_time, gh_format_duration;
/* format_host.c */
gh_format_fn gh_format_ipv4, gh_format_ipv6, gh_format_hostname, gh_format_idn_hostname;
/* format_email.c */
gh_format_fn gh_format_email, gh_format_idn_email;
/* format_uri.c */
gh_format_fn gh_format_uri, gh_format_uri_reference, gh_format_iri, gh_format_iri_reference;
/* format_template.c */
gh_format_fn gh_format_uri_template;
/* format_number.c */
gh_format_number_fn gh_format_int32, gh_format_int64, gh_format_float, gh_format_double;

static inline bool gh_format_is_alpha(char c)
{
    return gh_lower(c) >= 'a' && gh_lower(c) <= 'z';
}

static inline bool gh_format_is_alnum(char c)
{
    return gh_format_is_alpha(c) || gh_is_digit(c);
}

#endif
