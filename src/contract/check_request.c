#include "contract/check.h"
#include "contract/parameters.h"

static const gh_str whole = {"", 0};

typedef struct check {
    gh_parameters parameters;
    gh_value_reader r;
    bool invalid;
} check;

/* A schema's findings know nothing of where the value came from. */
static void name_findings(check *c, unsigned from)
{
    for (unsigned i = from; c->r.findings != NULL && i < c->r.findings->n; i++) {
        c->r.findings->items[i].in = c->r.in;
        c->r.findings->items[i].name = c->r.name;
    }
}

static enum gh_schema_result evaluate(check *c, const gh_schema *schema, const gh_json *value)
{
    unsigned from = c->r.findings == NULL ? 0 : c->r.findings->n;
    if (schema == NULL)
        return GH_SCHEMA_VALID;
    enum gh_schema_result result = gh_schema_evaluate(schema, value, c->r.arena, c->r.findings);
    name_findings(c, from);
    return result;
}

static enum gh_schema_result check_parameter(check *c, const gh_parameter *parameter)
{
    bool empty;
    c->r.in = parameter->in;
    c->r.name = parameter->name;
    c->r.failed = false;
    const gh_json *value = gh_parameter_read(&c->parameters, parameter, &c->r, &empty);
    if (c->r.memory)
        return GH_SCHEMA_MEMORY;
    if (value != NULL)
        return evaluate(c, parameter->schema, value);
    if (!c->r.failed && !empty && parameter->required)
        (void)gh_value_bad(&c->r, GH_FAULT_REQUIRED, whole, (gh_str){NULL, 0});
    return c->r.failed ? GH_SCHEMA_INVALID : GH_SCHEMA_VALID;
}

/* Notes INVALID and goes on; false: stop. */
static bool goes_on(check *c, enum gh_schema_result result)
{
    c->invalid = c->invalid || result == GH_SCHEMA_INVALID;
    return result == GH_SCHEMA_VALID || result == GH_SCHEMA_INVALID;
}

static enum gh_schema_result check_parameters_in(check *c, enum gh_in in)
{
    const gh_operation *operation = c->parameters.operation;
    for (unsigned i = 0; i < operation->n_parameters; i++) {
        if (operation->parameters[i].in != in)
            continue;
        enum gh_schema_result result = check_parameter(c, &operation->parameters[i]);
        if (!goes_on(c, result))
            return result;
    }
    if (in == GH_IN_QUERY && operation->parameters_closed) {
        c->r.in = GH_IN_QUERY;
        c->r.failed = false;
        gh_parameters_undeclared(&c->parameters, &c->r);
        c->invalid = c->invalid || c->r.failed;
    }
    return GH_SCHEMA_VALID;
}

static bool has_body(const gh_input_source *source)
{
    return source->has_body ? source->body.n > 0 : gh_body_announced(source->request);
}

static enum gh_schema_result check_body(check *c)
{
    const gh_operation *operation = c->parameters.operation;
    const gh_input *input = c->parameters.input;
    c->r.in = GH_IN_BODY;
    c->r.name = (gh_str){NULL, 0};
    if (!has_body(c->parameters.source)) {
        if (!operation->body_required)
            return GH_SCHEMA_VALID;
        (void)gh_value_bad(&c->r, GH_FAULT_REQUIRED, whole, (gh_str){NULL, 0});
        return GH_SCHEMA_INVALID;
    }
    const gh_media *media =
        gh_media_find(operation->media, operation->n_media, gh_media_type_name(&input->type));
    if (media == NULL && operation->n_media > 0) {
        /* The door has refused it already, where it was asked. */
        (void)gh_value_bad(&c->r, GH_FAULT_TYPE, whole, operation->media[0].range);
        return GH_SCHEMA_INVALID;
    }
    return media == NULL || input->body == NULL ? GH_SCHEMA_VALID : evaluate(c, media->schema, input->body);
}

enum gh_schema_result gh_check_request(const gh_operation *operation, const gh_input_source *source,
                                       const gh_input *input, const gh_input_limits *limits,
                                       gh_arena *scratch, gh_findings *findings)
{
    static const enum gh_in order[] = {GH_IN_PATH, GH_IN_QUERY, GH_IN_HEADER, GH_IN_COOKIE};
    check c = {.r = {.limits = limits, .arena = scratch, .findings = findings}};
    if (!gh_parameters_init(&c.parameters, operation, source, input, scratch))
        return GH_SCHEMA_MEMORY;
    for (size_t i = 0; i < GH_COUNT(order); i++) {
        enum gh_schema_result result = check_parameters_in(&c, order[i]);
        if (!goes_on(&c, result))
            return result;
    }
    enum gh_schema_result result = check_body(&c);
    if (!goes_on(&c, result))
        return result;
    return c.invalid ? GH_SCHEMA_INVALID : GH_SCHEMA_VALID;
}
