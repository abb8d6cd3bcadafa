#include "contract/input.h"

#include "contract/form_object.h"
#include "contract/value.h"
#include "wire/field.h"

typedef struct reading {
    const gh_input_source *source;
    const gh_operation *operation;
    gh_value_reader r;
    gh_input *input;
} reading;

static const gh_str whole = {"", 0}; /* the pointer of all of it */

/* Turns a result into a finding; true: the pairs are there. */
static bool check_pairs(gh_value_reader *r, enum gh_pairs_result result)
{
    switch (result) {
    case GH_PAIRS_OK:
        return true;
    case GH_PAIRS_BAD:
        (void)gh_value_bad(r, GH_FAULT_FORM, whole,
                           GH_STR("a broken escape, a control character, or text that is not UTF-8"));
        break;
    case GH_PAIRS_TOO_MANY:
        (void)gh_value_bad(r, GH_FAULT_FORM, whole, GH_STR("too many fields"));
        break;
    case GH_PAIRS_MEMORY:
        (void)gh_value_no_memory(r);
        break;
    }
    return false;
}

static void read_query(reading *x)
{
    gh_value_reader *r = &x->r;
    r->in = GH_IN_QUERY;
    r->name = whole;
    x->input->query_read =
        check_pairs(r, gh_form_read(x->source->query, r->limits->pairs, r->arena, &x->input->query));
}

static void read_cookies(reading *x)
{
    const gh_request *request = x->source->request;
    gh_value_reader *r = &x->r;
    unsigned at = gh_fields_find(request->fields, request->n_fields, GH_FIELD_COOKIE, 0);
    r->in = GH_IN_COOKIE;
    r->name = whole;
    if (at == request->n_fields) {
        x->input->cookies_read = true;
        return;
    }
    /* RFC 6265 section 5.4: one field. Of two, servers take the first, the last, or both. */
    if (gh_fields_find(request->fields, request->n_fields, GH_FIELD_COOKIE, at + 1) < request->n_fields) {
        (void)gh_value_bad(r, GH_FAULT_REPEATED, whole, (gh_str){NULL, 0});
        return;
    }
    x->input->cookies_read = check_pairs(
        r, gh_cookie_read(request->fields[at].value, r->limits->pairs, r->arena, &x->input->cookies));
}

static bool has_cookie_parameters(const gh_operation *operation)
{
    unsigned i = 0;
    while (operation != NULL && i < operation->n_parameters && operation->parameters[i].in != GH_IN_COOKIE)
        i++;
    return operation != NULL && i < operation->n_parameters;
}

bool gh_input_is_utf8(const gh_media_type *type)
{
    gh_str charset = gh_str_of(type->charset);
    if (charset.n == 0 || gh_str_eq(charset, GH_STR("utf-8")))
        return true;
    return type->kind == GH_MEDIA_TEXT && gh_str_eq(charset, GH_STR("us-ascii"));
}

static gh_json *read_parts(reading *x, const gh_media *media)
{
    gh_value_reader *r = &x->r;
    const gh_media_type *type = &x->input->type;
    const char *why = "";
    switch (gh_multipart_read(x->source->body, (gh_str){type->boundary, type->boundary_size},
                              &r->limits->parts, r->arena, &x->input->parts, &why)) {
    case GH_MULTIPART_OK:
        return gh_parts_object(r, &x->input->parts, media);
    case GH_MULTIPART_MEMORY:
        return gh_value_no_memory(r);
    case GH_MULTIPART_BAD:
    case GH_MULTIPART_TOO_LARGE:
        break;
    }
    return gh_value_bad(r, GH_FAULT_FORM, whole, gh_str_of(why));
}

static gh_json *read_body(reading *x)
{
    gh_value_reader *r = &x->r;
    const gh_media_type *type = &x->input->type;
    const gh_media *media = x->operation == NULL ? NULL
                                                 : gh_media_find(x->operation->media, x->operation->n_media,
                                                                 gh_media_type_name(type));
    if (type->kind != GH_MEDIA_OPAQUE && !gh_input_is_utf8(type))
        return gh_value_bad(r, GH_FAULT_TEXT, whole, (gh_str){NULL, 0});
    switch (type->kind) {
    case GH_MEDIA_JSON:
        return gh_value_json(r, x->source->body, whole);
    case GH_MEDIA_FORM:
        if (!check_pairs(r, gh_form_read(x->source->body, r->limits->pairs, r->arena, &x->input->form)))
            return NULL;
        return gh_form_object(r, &x->input->form, media);
    case GH_MEDIA_MULTIPART:
        return read_parts(x, media);
    case GH_MEDIA_TEXT:
        return gh_value_text(r, x->source->body, whole);
    case GH_MEDIA_OPAQUE:
        break;
    }
    return NULL;
}

enum gh_input_result gh_input_read(const gh_input_source *source, const gh_operation *operation,
                                   const gh_input_limits *limits, gh_arena *scratch, gh_findings *findings,
                                   gh_input *ret)
{
    reading x = {.source = source,
                 .operation = operation,
                 .r = {.limits = limits, .arena = scratch, .findings = findings},
                 .input = ret};
    *ret = (gh_input){.query_read = false};
    read_query(&x);
    if (has_cookie_parameters(operation))
        read_cookies(&x);
    bool has_body = source->has_body && source->body.n > 0;
    x.r.in = GH_IN_BODY;
    x.r.name = (gh_str){NULL, 0};
    if (!gh_body_type(source->request, &ret->type)) {
        x.r.in = GH_IN_HEADER;
        x.r.name = GH_STR("content-type");
        if (has_body) /* else it says nothing about anything */
            (void)gh_value_bad(&x.r, GH_FAULT_PARAMETER, whole, (gh_str){NULL, 0});
    } else if (has_body && ret->type.name_size > 0) {
        ret->body = read_body(&x);
    }
    if (x.r.memory)
        return GH_INPUT_MEMORY;
    return x.r.failed ? GH_INPUT_BAD : GH_INPUT_OK;
}
