/* Media types (RFC 9110 section 8.3): Content-Type read strictly. */
#ifndef GH_WIRE_MEDIA_TYPE_H
#define GH_WIRE_MEDIA_TYPE_H

#include "base/slice.h"

enum { GH_MEDIA_NAME_MAX = 127, GH_MEDIA_BOUNDARY_MAX = 70 };

/* What a body of this type is to a reader. */
enum gh_media_kind {
    GH_MEDIA_OPAQUE,    /* bytes */
    GH_MEDIA_JSON,      /* application/json, text/json, anything +json */
    GH_MEDIA_FORM,      /* application/x-www-form-urlencoded */
    GH_MEDIA_MULTIPART, /* multipart/form-data */
    GH_MEDIA_TEXT       /* text/... */
};

typedef struct gh_media_type {
    char name[GH_MEDIA_NAME_MAX + 1]; /* "type/subtype" in lower case, with a NUL */
    uint8_t name_size;
    enum gh_media_kind kind;
    char charset[32];                         /* lower case, NUL; empty: none given */
    char boundary[GH_MEDIA_BOUNDARY_MAX + 1]; /* of multipart, unquoted (RFC 2046 section 5.1.1); NUL */
    uint8_t boundary_size;
} gh_media_type;

/* False: malformed, a parameter twice, a charset with an odd name, or a boundary that is not RFC 2046's. */
GH_MUST_CHECK bool gh_media_type_parse(gh_str text, gh_media_type *ret);
static inline gh_str gh_media_type_name(const gh_media_type *m)
{
    return (gh_str){m->name, m->name_size};
}
/* Does a declared "type/subtype", "type/" "*" or "*" "/" "*" (lower case, parameters ignored) take `name`? */
bool gh_media_range_takes(gh_str range, gh_str name);

#endif
