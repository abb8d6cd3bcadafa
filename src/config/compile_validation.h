/* What the two halves of compiling routes[].validate share, and the endpoints with them. Internal to src/config. */
#ifndef GH_CONFIG_COMPILE_VALIDATION_H
#define GH_CONFIG_COMPILE_VALIDATION_H

#include "config/compile.h"

typedef struct own_schemas {
    gh_policy *p;
    const gh_config *config;
    gh_report *report;
    gh_schema_compiler *compiler; /* of all schemas in the configuration; the policy's */
    gh_json *document;
    bool named_are_bad; /* some of schemas.NAME can't be compiled, which has been reported */
} own_schemas;

/* compile_validation.c: makes the compiler of o->document. False: reported. */
GH_MUST_CHECK bool gh_own_open(own_schemas *o, bool formats);
/* The schema at a place of the document. False: reported. */
GH_MUST_CHECK bool gh_own_schema(own_schemas *o, const gh_json *at, const gh_schema **ret);
/* compile_operation.c: one route's operation; schemas: its member of the document. False: reported. */
GH_MUST_CHECK bool gh_own_operation(own_schemas *o, const gh_route_config *from, const gh_json *schemas,
                                    gh_route *to);

#endif
