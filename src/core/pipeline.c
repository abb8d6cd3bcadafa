#include "core/pipeline.h"

#include "controls/controls.h"

/* clang-format off */
const gh_pipeline_row gh_pipeline[] = {
    /* stage              control                      what it does */
    {GH_STAGE_DOOR,      &gh_control_client_address, "who is at the other end, behind trusted proxies"},
    {GH_STAGE_DOOR,      &gh_control_target,         "one interpretation of path and query"},
    {GH_STAGE_DOOR,      &gh_control_hosts,          "only the host names that are ours"},
    {GH_STAGE_DOOR,      &gh_control_cors,           "preflights answered; CORS fields on every answer"},
    {GH_STAGE_DOOR,      &gh_control_methods,        "only allowed methods"},
    {GH_STAGE_DOOR,      &gh_control_routes,         "which route, which upstream"},
    {GH_STAGE_DOOR,      &gh_control_openapi,        "only paths and methods that the OpenAPI document declares"},
    {GH_STAGE_DOOR,      &gh_control_media_type,     "only bodies of declared types, and only where one is declared"},
    {GH_STAGE_DOOR,      &gh_control_body_size,      "declared length within the route's limit"},
    {GH_STAGE_DOOR,      &gh_control_credentials,    "what is presented to prove who asks, and only one of it"},
    {GH_STAGE_IDENTITY,  &gh_control_token,          "access tokens are genuine; those seen before cost no signature"},
    {GH_STAGE_STANDING,  &gh_control_standing,       "sessions, keys and tokens are still in force; who asks"},
    {GH_STAGE_RIGHTS,    &gh_control_csrf,           "what a browser sends by itself came from a page of ours"},
    {GH_STAGE_RIGHTS,    &gh_control_rights,         "what the route demands of its callers"},
    {GH_STAGE_ALLOWANCE, &gh_control_rate_limits,    "all limits in one all-or-nothing take; RateLimit fields"},
    {GH_STAGE_BODY,      &gh_control_csrf_form,      "the CSRF token of a form, where no header had one"},
    {GH_STAGE_BODY,      &gh_control_validation,     "parameters and body as the contract and the route declare them"},
    {GH_STAGE_BODY,      &gh_control_dangerous_content, "no text that looks like an attack, in the fields named"},
    {GH_STAGE_BODY,      &gh_control_sanitize,       "the fields named are rewritten to harmless texts"},
    {GH_STAGE_REPLY,     &gh_control_headers,        "security headers on every answer"},
};
/* clang-format on */

const unsigned gh_pipeline_rows = GH_COUNT(gh_pipeline);
_Static_assert(GH_COUNT(gh_pipeline) <= GH_CONTROLS_MAX, "room for every control");

gh_str gh_stage_name(enum gh_stage stage)
{
    static const gh_str names[] = {GH_STR_INIT("DOOR"),   GH_STR_INIT("IDENTITY"),  GH_STR_INIT("STANDING"),
                                   GH_STR_INIT("RIGHTS"), GH_STR_INIT("ALLOWANCE"), GH_STR_INIT("BODY"),
                                   GH_STR_INIT("TARGET"), GH_STR_INIT("REPLY")};
    return (unsigned)stage < GH_COUNT(names) ? names[stage] : GH_STR("?");
}

static bool in_use(const gh_policy *policy, const gh_control *control)
{
    return control->applies == NULL || control->applies(policy);
}

void gh_pipeline_select(gh_policy *policy)
{
    policy->n_controls = 0;
    for (unsigned s = 0; s < GH_STAGE_COUNT; s++)
        policy->stage_starts[s] = 0;
    for (unsigned i = 0; i < gh_pipeline_rows; i++) {
        if (!in_use(policy, gh_pipeline[i].control))
            continue;
        policy->controls[policy->n_controls++] = gh_pipeline[i].control;
        for (unsigned s = gh_pipeline[i].stage + 1u; s <= GH_STAGE_COUNT; s++)
            policy->stage_starts[s] = (uint8_t)policy->n_controls;
    }
}

void gh_pipeline_print(const gh_policy *policy, gh_buf *out)
{
    gh_buf_printf(out, "%-10s %-15s %-6s %-4s %-6s %-7s %s\n", "stage", "control", "in use", "asks", "judges",
                  "replies", "what it does");
    for (unsigned i = 0; i < gh_pipeline_rows; i++) {
        const gh_control *c = gh_pipeline[i].control;
        gh_buf_printf(out, "%-10s %-15s %-6s %-4s %-6s %-7s %s\n", gh_stage_name(gh_pipeline[i].stage).p,
                      c->name, in_use(policy, c) ? "yes" : "off", c->ask != NULL ? "yes" : "-",
                      c->judge != NULL ? "yes" : "-", c->reply != NULL ? "yes" : "-", gh_pipeline[i].does);
    }
}
