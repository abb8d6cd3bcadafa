/* What `gatehouse init` writes. */
#ifndef GH_CLI_TEMPLATES_H
#define GH_CLI_TEMPLATES_H

#include "base/buf.h"

typedef struct gh_template {
    const char *name; /* of --for */
    const char *upstream;
    const char *behind;  /* what to tell the API, so that it believes the forwarded address */
    const char *exempt;  /* paths without a rate limit */
    const char *example; /* a rule, and a route where there is a page for browsers */
} gh_template;

extern const gh_template gh_templates[];
extern const unsigned gh_n_templates;

/* gatehouse.yaml and .env.example */
void gh_template_yaml(const gh_template *t, gh_buf *out);
void gh_template_env(const gh_template *t, gh_buf *out);

#endif
