#include "contract/check.h"
#include "contract/value.h"

static const gh_str whole = {"", 0};

static const gh_response *find_response(const gh_operation *operation, unsigned status)
{
    for (unsigned i = 0; i < operation->n_responses; i++)
        if (status >= operation->responses[i].status_low && status <= operation->responses[i].status_high)
            return &operation->responses[i];
    return NULL;
}

/* RFC 9110 sections 15.2, 15.3.5 and 15.4.5 */
static bool has_no_body(unsigned status)
{
    return status < 200 || status == 204 || status == 304;
}

static bool is_readable(const gh_media *media)
{
    return (media->kind == GH_MEDIA_JSON || media->kind == GH_MEDIA_TEXT) && media->schema != NULL &&
           !gh_schema_is_true(media->schema);
}

enum gh_drift gh_check_response_head(const gh_operation *operation, unsigned status, gh_str content_type,
                                     const gh_media **ret_media)
{
    gh_media_type type;
    *ret_media = NULL;
    if (operation->n_responses == 0)
        return GH_DRIFT_NONE;
    const gh_response *response = find_response(operation, status);
    if (response == NULL)
        return GH_DRIFT_STATUS;
    if (response->n_media == 0 || has_no_body(status))
        return GH_DRIFT_NONE;
    if (!gh_media_type_parse(content_type, &type))
        return GH_DRIFT_MEDIA_TYPE;
    const gh_media *media = gh_media_find(response->media, response->n_media, gh_media_type_name(&type));
    if (media == NULL)
        return GH_DRIFT_MEDIA_TYPE;
    if (is_readable(media))
        *ret_media = media;
    return GH_DRIFT_NONE;
}

static gh_json *read_body(gh_value_reader *r, const gh_media *media, gh_str body)
{
    return media->kind == GH_MEDIA_JSON ? gh_value_json(r, body, whole) : gh_value_text(r, body, whole);
}

enum gh_drift gh_check_response_body(const gh_media *media, gh_str body, const gh_input_limits *limits,
                                     gh_arena *scratch, gh_findings *findings)
{
    gh_value_reader r = {.limits = limits, .arena = scratch, .findings = findings, .in = GH_IN_BODY};
    if (!is_readable(media))
        return GH_DRIFT_NONE;
    const gh_json *value = read_body(&r, media, body);
    if (value == NULL && r.memory)
        (void)gh_value_bad(&r, GH_FAULT_TOO_COSTLY, whole, (gh_str){NULL, 0});
    /* What can't be checked has drifted: too costly, no memory left. */
    if (value == NULL || gh_schema_evaluate(media->schema, value, scratch, findings) != GH_SCHEMA_VALID)
        return GH_DRIFT_BODY;
    return GH_DRIFT_NONE;
}
