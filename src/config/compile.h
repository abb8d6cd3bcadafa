/* From a configuration to the policy the request path reads. */
#ifndef GH_CONFIG_COMPILE_H
#define GH_CONFIG_COMPILE_H

#include "config/config.h"
#include "model/policy.h"

/* NULL: the report says what can't be. The policy copies nothing of the configuration it can borrow: the
 * configuration must outlive it. Pure but for config->read_document, which is called once for each upstream that
 * has an OpenAPI document, and config->read_jwks, once for each outside issuer; what is missing for now is no error
 * (gh_input_policy.contract_missing, gh_issuer.keys_missing). With identity on it needs secret_key, and the signing
 * keys in identity_ring unless they are HS256: secrets are copied, and wiped with the policy. */
GH_MUST_CHECK gh_policy *gh_policy_compile(const gh_config *config, gh_report *report);

/* The parts, one a control; false: reported. */
GH_MUST_CHECK bool gh_compile_cors(gh_policy *p, const gh_config *config, gh_report *report);
GH_MUST_CHECK bool gh_compile_limits(gh_policy *p, const gh_config *config, gh_report *report);
GH_MUST_CHECK bool gh_compile_input(gh_policy *p, const gh_config *config, gh_report *report);
GH_MUST_CHECK bool gh_compile_identity(gh_policy *p, const gh_config *config, gh_report *report);
/* Of gh_compile_input(): routes[].validate, dangerous_content and sanitize, OpenAPI documents. */
GH_MUST_CHECK bool gh_compile_validation(gh_policy *p, const gh_config *config, gh_report *report);
GH_MUST_CHECK bool gh_compile_texts(gh_policy *p, const gh_config *config, gh_report *report);
GH_MUST_CHECK bool gh_compile_contracts(gh_policy *p, const gh_config *config, gh_report *report);
/* base: the settings for all; own: the route's, NULL for the fallback. */
GH_MUST_CHECK bool gh_compile_headers(gh_policy *p, const gh_headers_config *base,
                                      const gh_headers_config *own, gh_headers_policy *ret);

/* What the parts share. */
GH_MUST_CHECK bool gh_compile_match(gh_policy *p, const gh_str_list *hosts, const gh_str_list *methods,
                                    const gh_str_list *paths, gh_match *ret, gh_report *report,
                                    const gh_place *place);
GH_MUST_CHECK bool gh_compile_method_set(gh_policy *p, const gh_str_list *methods, gh_method_set *ret);
GH_MUST_CHECK bool gh_compile_paths(gh_policy *p, const gh_str_list *paths, gh_path_pattern **ret,
                                    gh_report *report, const gh_place *place);
/* "a, b, c" in the policy's arena. */
GH_MUST_CHECK bool gh_compile_join(gh_policy *p, const gh_str_list *items, gh_str *ret);
/* A text put together in a scratch buffer, kept in the policy's arena. */
GH_MUST_CHECK bool gh_compile_keep(gh_policy *p, const gh_buf *text, gh_str *ret);

#endif
