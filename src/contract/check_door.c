#include "contract/check.h"
#include "wire/field.h"

static bool has_body(const gh_request *request)
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

/* What is coded can't be looked into (RFC 9110 section 8.4: 415). */
static bool is_coded(const gh_request *request)
{
    gh_str coding;
    return !one_field(request, GH_FIELD_CONTENT_ENCODING, &coding) ||
           (coding.n > 0 && !gh_str_eq_nocase(coding, GH_STR("identity")));
}

/* Bytes, taken by a range whose schema no text can fit: an upstream that decodes whatever comes would read what was
 * compared with nothing. A type that was named is taken as it is (XML has objects, too). */
static bool cannot_fit(const gh_media *media)
{
    return gh_str_find(media->range, '*') < media->range.n && media->schema != NULL &&
           (gh_schema_types(media->schema) & GH_TYPE_BIT_STRING) == 0;
}

static const gh_media *accept(const gh_operation *operation, const gh_request *request,
                              const gh_media_type *type)
{
    const gh_media *media = gh_media_find(operation->media, operation->n_media, gh_media_type_name(type));
    if (media == NULL)
        return NULL;
    if (type->kind == GH_MEDIA_OPAQUE)
        return cannot_fit(media) ? NULL : media;
    return !gh_input_is_utf8(type) || (media->schema != NULL && is_coded(request)) ? NULL : media;
}

enum gh_door_fault gh_check_door(const gh_operation *operation, const gh_request *request,
                                 gh_media_type *ret_type, const gh_media **ret_media)
{
    gh_str value;
    *ret_type = (gh_media_type){.name_size = 0};
    *ret_media = NULL;
    if (!has_body(request))
        return GH_DOOR_FINE;
    if (!operation->body_declared)
        return GH_DOOR_BODY_UNWANTED;
    if (!one_field(request, GH_FIELD_CONTENT_TYPE, &value) ||
        (value.p != NULL && !gh_media_type_parse(value, ret_type)))
        return GH_DOOR_MEDIA_TYPE;
    if (operation->n_media == 0)
        return GH_DOOR_FINE;
    *ret_media = value.p == NULL ? NULL : accept(operation, request, ret_type);
    return *ret_media == NULL ? GH_DOOR_MEDIA_TYPE : GH_DOOR_FINE;
}
