/* Declared parameters as values: OpenAPI 3.1 section 4.8.12.3, the styles of serialisation. */
#ifndef GH_CONTRACT_PARAMETERS_H
#define GH_CONTRACT_PARAMETERS_H

#include "contract/names.h"
#include "contract/value.h"

typedef struct gh_parameters {
    const gh_operation *operation;
    const gh_input_source *source;
    const gh_input *input;
    gh_names query, cookies; /* over the pairs of input */
    bool *claimed;           /* of each pair of the query: some parameter took it */
} gh_parameters;

/* False: no memory. */
GH_MUST_CHECK bool gh_parameters_init(gh_parameters *p, const gh_operation *operation,
                                      const gh_input_source *source, const gh_input *input, gh_arena *arena);
/* The value of one parameter; its findings go to reader, whose `in` and `name` are set. NULL: it is not there, or
 * see reader->failed and reader->memory. *ret_empty: it is there without a value, and that is allowed. */
gh_json *gh_parameter_read(gh_parameters *p, const gh_parameter *parameter, gh_value_reader *reader,
                           bool *ret_empty);
/* Findings for the pairs of the query that no parameter took; call it after all were read. */
void gh_parameters_undeclared(const gh_parameters *p, gh_value_reader *reader);

#endif
