/* The fields of a form as one object: input.c's part for forms. */
#ifndef GH_CONTRACT_FORM_OBJECT_H
#define GH_CONTRACT_FORM_OBJECT_H

#include "contract/value.h"

/* media: what is declared of this body; NULL: nothing. NULL: see *reader. */
gh_json *gh_form_object(gh_value_reader *reader, const gh_pairs *pairs, const gh_media *media);
gh_json *gh_parts_object(gh_value_reader *reader, const gh_parts *parts, const gh_media *media);

#endif
