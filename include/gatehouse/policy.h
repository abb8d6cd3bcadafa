/* The policy: a configuration, checked and compiled. It says what is let in and how often.
 *
 * The language is the YAML of the gateway's own file (docs/configuration.md); what only a server needs (`server`,
 * `timeouts`, `upstreams`, `log` ...) may be there and is checked, but `upstreams` may be left out: the
 * program that calls the library is the server. */
#ifndef GATEHOUSE_POLICY_H
#define GATEHOUSE_POLICY_H

#include <gatehouse/str.h>
#include <stdint.h>

GH_BEGIN_DECLS

/* Threads: immutable, all threads may use one policy at the same time. */
typedef struct gh_policy gh_policy;

/* Reads yaml (at most 4 MiB; no file, no environment), checks and compiles all of it.
 * name: how messages call the text, as in "NAME:3:5: error: ..."; copied, may be NULL.
 * errors: gets one line for every error and warning, each ended by a line feed, and a NUL at the end; lines
 * that do not fit are left out whole. May be NULL with errors_size 0.
 * NULL: there was an error, or memory ran out. Free with gh_policy_free(). */
GH_API GH_MUST_CHECK gh_policy *gh_policy_load(gh_str yaml, const char *name, char *errors,
                                               size_t errors_size);
/* What the language needs of the world while a policy is loaded. Start from all zeros. */
typedef struct gh_policy_options {
    /* Gets the OpenAPI document that `openapi.document` names, JSON or YAML. ret_text: borrowed until
     * gh_policy_load_with() returns. False: ret_why says why, a text that lives as long.
     * NULL: naming a document is an error. */
    bool (*read_document)(void *data, gh_str name, gh_str *ret_text, const char **ret_why);
    void *data;
} gh_policy_options;

/* The same with options, which are not kept; NULL: none. */
GH_API GH_MUST_CHECK gh_policy *gh_policy_load_with(const gh_policy_options *options, gh_str yaml,
                                                    const char *name, char *errors, size_t errors_size);
/* The caller sees to it that no decision begun with it is still in use. NULL is fine. */
GH_API void gh_policy_free(gh_policy *policy);
/* rate_limits.max_clients: for gh_state_new(). */
GH_API uint64_t gh_policy_max_clients(const gh_policy *policy);

GH_END_DECLS

#endif
