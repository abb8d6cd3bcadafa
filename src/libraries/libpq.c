#include "libraries/libpq.h"

_Alignas(GH_LIBRARY_PAGE) gh_libpq gh_libpq_table;

static const char *const names[] = {
#define FUNCTION(name) #name,
#include "libraries/libpq.def"
#undef FUNCTION
};
static gh_library library = {"libpq.so.5", "libpq5", names, GH_COUNT(names), &gh_libpq_table, false};

bool gh_libpq_load(char *why)
{
    return gh_library_load(&library, why);
}
