/* Fields of a request that may be there once. */
#ifndef GH_CONTROLS_FIELDS_H
#define GH_CONTROLS_FIELDS_H

#include "wire/field.h"

/* How many there are; *ret: the first one's value, untouched when there is none. */
unsigned gh_fields_known(const gh_request *request, enum gh_field_id id, gh_str *ret);
/* By name, for names that have no number; letters' case does not count. */
unsigned gh_fields_named(const gh_request *request, gh_str name, gh_str *ret);

#endif
