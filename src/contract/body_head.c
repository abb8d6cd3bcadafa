/* What the head says of a request's body. */
#include "contract/input.h"
#include "wire/field.h"

bool gh_body_announced(const gh_request *request)
{
    return request->framing != GH_FRAMING_NONE &&
           !(request->framing == GH_FRAMING_LENGTH && request->content_length == 0);
}

/* The value of a field that is there once; absent: not at all. False: several. */
static bool one_field(const gh_request *request, enum gh_field_id id, gh_str *ret)
{
    unsigned at = gh_fields_find(request->fields, request->n_fields, id, 0);
    *ret = at < request->n_fields ? request->fields[at].value : (gh_str){NULL, 0};
    return at == request->n_fields ||
           gh_fields_find(request->fields, request->n_fields, id, at + 1) == request->n_fields;
}

bool gh_body_coded(const gh_request *request)
{
    gh_str coding;
    return !one_field(request, GH_FIELD_CONTENT_ENCODING, &coding) ||
           (coding.n > 0 && !gh_str_eq_nocase(coding, GH_STR("identity")));
}

bool gh_body_type(const gh_request *request, gh_media_type *ret)
{
    gh_str value;
    *ret = (gh_media_type){.name_size = 0};
    return one_field(request, GH_FIELD_CONTENT_TYPE, &value) &&
           (value.p == NULL || gh_media_type_parse(value, ret));
}
