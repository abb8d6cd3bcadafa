/* The order of the controls, readable at a glance. */
#ifndef GH_CORE_PIPELINE_H
#define GH_CORE_PIPELINE_H

#include "model/control.h"

typedef struct gh_pipeline_row {
    enum gh_stage stage;
    const gh_control *control;
    const char *does; /* one line for people */
} gh_pipeline_row;

extern const gh_pipeline_row gh_pipeline[];
extern const unsigned gh_pipeline_rows;

gh_str gh_stage_name(enum gh_stage stage);
/* At load: fills in policy->controls with the rows that are in use. */
void gh_pipeline_select(gh_policy *policy);
/* The table as it applies to this policy, as text; controls not in use are marked "off". */
void gh_pipeline_print(const gh_policy *policy, gh_buf *out);

#endif
