#include "controls/fields.h"

unsigned gh_fields_known(const gh_request *request, enum gh_field_id id, gh_str *ret)
{
    unsigned n = 0;
    if ((request->seen & GH_FIELD_BIT(id)) == 0)
        return 0;
    for (unsigned i = 0; i < request->n_fields; i++)
        if (request->fields[i].id == id && n++ == 0)
            *ret = request->fields[i].value;
    return n;
}

unsigned gh_fields_named(const gh_request *request, gh_str name, gh_str *ret)
{
    unsigned n = 0;
    for (unsigned i = 0; i < request->n_fields; i++)
        if (gh_str_eq_nocase(request->fields[i].name, name) && n++ == 0)
            *ret = request->fields[i].value;
    return n;
}
