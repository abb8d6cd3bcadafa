/* What is asked of input, for all routes: bounds, shapes, and the parts that a route puts together. */
#include "config/compile.h"

/* Longer numbers are refused as too large: what reads them behind us may take time that grows with the square. */
enum { NUMBER_MAX = 400, EXPONENT_MAX = 400, PART_HEAD_MAX = 8192, PART_NAME_MAX = 1024 };

static void compile_bounds(gh_policy *p, const gh_config *config)
{
    p->input.status = (unsigned)config->validation.status;
    p->input.fastapi = config->validation.errors == GH_ERRORS_FASTAPI;
    p->input.max_errors = (unsigned)config->validation.max_errors;
    p->input.max_body = config->validation.max_body;
    p->input.max_memory = config->validation.memory;
    p->input.limits.json = (gh_json_limits){.depth = (unsigned)config->validation.max_depth,
                                            .values = config->validation.max_values,
                                            .number = NUMBER_MAX,
                                            .exponent = EXPONENT_MAX};
    p->input.limits.pairs = (unsigned)config->validation.max_fields;
    p->input.limits.parts = (gh_part_limits){
        .parts = (unsigned)config->validation.max_parts, .head = PART_HEAD_MAX, .name = PART_NAME_MAX};
    p->input.undeclared = (enum gh_undeclared)config->openapi.undeclared_paths;
    p->input.responses = config->openapi.responses != GH_OFF;
}

bool gh_compile_input(gh_policy *p, const gh_config *config, gh_report *report)
{
    static const gh_place nowhere = {NULL, 0, 0};
    compile_bounds(p, config);
    p->input.n_exempt = config->openapi.exempt_paths.n;
    bool good = gh_compile_paths(p, &config->openapi.exempt_paths, &p->input.exempt, report, &nowhere);
    good = gh_compile_validation(p, config, report) && good;
    good = gh_compile_texts(p, config, report) && good;
    return gh_compile_contracts(p, config, report) && good;
}
