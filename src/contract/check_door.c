#include "contract/check.h"

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
    return !gh_input_is_utf8(type) || (media->schema != NULL && gh_body_coded(request)) ? NULL : media;
}

enum gh_door_fault gh_check_door(const gh_operation *operation, const gh_request *request,
                                 gh_media_type *ret_type, const gh_media **ret_media)
{
    *ret_type = (gh_media_type){.name_size = 0};
    *ret_media = NULL;
    if (!gh_body_announced(request))
        return GH_DOOR_FINE;
    if (!operation->body_declared)
        return GH_DOOR_BODY_UNWANTED;
    if (!gh_body_type(request, ret_type))
        return GH_DOOR_MEDIA_TYPE;
    if (operation->n_media == 0)
        return GH_DOOR_FINE;
    *ret_media = ret_type->name_size == 0 ? NULL : accept(operation, request, ret_type);
    return *ret_media == NULL ? GH_DOOR_MEDIA_TYPE : GH_DOOR_FINE;
}
