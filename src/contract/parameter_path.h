/* Parameters in the path: the styles simple, label and matrix (RFC 6570 sections 3.2.2, 3.2.5 and 3.2.7). */
#ifndef GH_CONTRACT_PARAMETER_PATH_H
#define GH_CONTRACT_PARAMETER_PATH_H

#include "contract/value.h"

/* NULL: the path has none of that name, or see *reader. */
gh_json *gh_parameter_path(const gh_input_source *source, const gh_parameter *parameter,
                           gh_value_reader *reader);

#endif
