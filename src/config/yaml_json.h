/* The YAML half of config/document.h. */
#ifndef GH_CONFIG_YAML_JSON_H
#define GH_CONFIG_YAML_JSON_H

#include "config/document.h"

/* As gh_document_read(), for YAML alone; ret's line and column are left to the caller. */
GH_MUST_CHECK gh_json *gh_yaml_json_read(gh_str text, gh_arena *arena, gh_json_error *ret);

/* What a plain scalar stands for (YAML 1.2 section 10.3.2): sets type and, of a number, its text in JSON's form. A
 * text is borrowed. False: *ret_why, a constant text. */
GH_MUST_CHECK bool gh_yaml_scalar(gh_str plain, gh_arena *arena, gh_json *ret, const char **ret_why);

#endif
